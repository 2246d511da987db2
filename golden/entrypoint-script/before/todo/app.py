import netifaces
from flask import Flask, jsonify, request

from .store import connect

app = Flask(__name__)


@app.route("/ping")
def ping():
    return jsonify(pong=True, interfaces=netifaces.interfaces())


@app.route("/todos", methods=["GET", "POST"])
def todos():
    with connect() as db:
        if request.method == "POST":
            db.execute("insert into todo (text) values (?)", (request.form["text"],))
        return jsonify([dict(row) for row in db.execute("select * from todo order by id")])
