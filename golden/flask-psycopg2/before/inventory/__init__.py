import os

from flask import Flask, jsonify

from . import db


def create_app(dsn=None):
    app = Flask(__name__)
    app.config["DSN"] = dsn or os.environ.get("DATABASE_URL", "dbname=inventory")

    @app.get("/health")
    def health():
        return jsonify(status="ok", libpq=db.libpq_version())

    @app.get("/items")
    def items():
        try:
            return jsonify(items=db.items(app.config["DSN"]))
        except db.Unavailable as error:
            return jsonify(error=str(error)), 503

    return app
