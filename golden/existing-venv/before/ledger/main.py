import os
import sys
from decimal import Decimal

import psycopg2
from fastapi import FastAPI, HTTPException

app = FastAPI(title="ledger")


def balance_of(account: str) -> Decimal:
    with psycopg2.connect(os.environ["DATABASE_URL"], connect_timeout=2) as connection, connection.cursor() as cursor:
        cursor.execute("select coalesce(sum(amount), 0) from bookings where account = %s", (account,))
        return cursor.fetchone()[0]


@app.get("/health")
def health():
    return {"status": "ok", "prefix": sys.prefix}


@app.get("/accounts/{account}")
def account(account: str):
    try:
        return {"account": account, "balance": str(balance_of(account))}
    except (KeyError, psycopg2.OperationalError):
        raise HTTPException(503, "no database") from None
