"""What the books say, by HTTP."""

from importlib.metadata import version

from flask import Flask, jsonify

app = Flask(__name__)


@app.get("/health")
def health():
    return jsonify(service="ledger", version=version("ledger"))


def main():
    print("ledger", version("ledger"))
