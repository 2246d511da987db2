from flask import Flask

from . import git

app = Flask(__name__)


@app.get("/version")
def version():
    return {"git": git.version()}


@app.get("/log/<name>")
def log(name):
    return {"name": name, "log": git.log(git.ensure(name))}
