"""Says which network interfaces there are."""

import netifaces
from fastapi import FastAPI

app = FastAPI()


@app.get("/healthz")
def healthz():
    return {"status": "ok"}


@app.get("/interfaces")
def interfaces():
    return netifaces.interfaces()
