import psycopg2
from flask import Flask, jsonify

app = Flask(__name__)


@app.get("/healthz")
def healthz():
    return jsonify(driver=psycopg2.__file__)
