import random
import socket

import netifaces
from fastapi import FastAPI

QUOTES = {
    "knuth": "Premature optimization is the root of all evil.",
    "hoare": "There are two ways of constructing a software design.",
    "perlis": "A language that doesn't affect the way you think about programming is not worth knowing.",
}

app = FastAPI()


@app.get("/healthz")
def healthz():
    return {"status": "ok"}


@app.get("/")
def quote(author: str | None = None):
    name = author if author in QUOTES else random.choice(sorted(QUOTES))
    return {"author": name, "text": QUOTES[name], "served_by": socket.gethostname(), "via": netifaces.interfaces()}
