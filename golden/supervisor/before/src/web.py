from pathlib import Path

from flask import Flask

app = Flask(__name__)
BEAT = Path("/run/worker.beat")


@app.route("/status")
def status():
    return {"web": "up", "worker": "up" if BEAT.exists() else "starting"}
