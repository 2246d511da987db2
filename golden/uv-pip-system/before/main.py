"""Says which PostgreSQL client it speaks with."""

import psycopg2
from flask import Flask

app = Flask(__name__)


@app.get("/health")
def health():
    return {"libpq": psycopg2.__libpq_version__}


app.run(host="0.0.0.0", port=5000)
