"""Keeps notes, one a file."""

from pathlib import Path

from flask import Flask, request
from markupsafe import _speedups, escape

NOTES = Path("/var/lib/notes")
app = Flask(__name__)


@app.get("/health")
def health():
    return {"ok": True, "compiled": _speedups.__name__}


@app.post("/notes/<name>")
def keep(name):
    (NOTES / f"{len(list(NOTES.iterdir()))}.txt").write_text(request.get_data(as_text=True))
    return {"kept": str(escape(name))}
