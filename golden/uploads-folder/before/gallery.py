"""Keeps what is uploaded."""

import os
from pathlib import Path

from flask import Flask

app = Flask(__name__)
FOLDER = Path(os.environ["UPLOADS"])


@app.get("/keep/<name>")
def keep(name):
    (FOLDER / f"{name}.txt").write_text("kept")
    return {"files": sorted(file.name for file in FOLDER.iterdir())}
