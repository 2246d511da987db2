"""Orders, kept in MySQL."""

import logging

import MySQLdb
from fastapi import FastAPI

logging.basicConfig(filename="/app/logs/orders.log", level=logging.INFO)
app = FastAPI()


@app.get("/health")
def health():
    logging.info("asked for health")
    return {"status": "ok", "client": MySQLdb.get_client_info()}
