"""A small service on the full image, which links to libpq and is asked by curl."""

import psycopg2
from flask import Flask
from lxml import etree

app = Flask(__name__)


@app.get("/")
def index():
    root = etree.fromstring("<answer>slim</answer>")
    return f"{root.text} with libpq {psycopg2.__libpq_version__ // 10000}"
