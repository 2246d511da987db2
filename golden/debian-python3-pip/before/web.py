"""Tells whether the service is up, and which library it asks the database with."""

import psycopg2
from flask import Flask

app = Flask(__name__)


@app.get("/healthz")
def healthz():
    return {"ok": True, "libpq": psycopg2.__libpq_version__ > 0}


if __name__ == "__main__":
    app.run(host="0.0.0.0", port=5000)
