"""One page."""

import os

from flask import Flask

app = Flask(__name__)


@app.get("/")
def index():
    return {"root": os.getuid() == 0}
