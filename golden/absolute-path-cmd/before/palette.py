import colorsys

import netifaces
from flask import Flask, jsonify

app = Flask(__name__)


def palette(count):
    """That many colours, evenly spread over the hues."""
    colours = (colorsys.hls_to_rgb(i / count, 0.5, 0.7) for i in range(count))
    return ["#" + "".join(f"{round(part * 255):02x}" for part in colour) for colour in colours]


@app.route("/palette/<int:count>")
def show(count):
    return jsonify(palette(min(max(count, 1), 64)))


@app.route("/health")
def health():
    return jsonify(ok=True, interfaces=len(netifaces.interfaces()))
