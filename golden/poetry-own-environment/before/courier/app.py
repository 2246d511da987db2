from flask import Flask

app = Flask(__name__)


@app.get("/healthz")
def healthz():
    return {"ok": True}


def main():
    app.run(host="0.0.0.0", port=8000)
