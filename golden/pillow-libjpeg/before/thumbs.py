"""Makes a thumbnail and says how large it is."""

import io

from flask import Flask
from PIL import Image

app = Flask(__name__)


@app.get("/thumb/<int:size>")
def thumb(size):
    image = Image.new("RGB", (400, 300), "teal")
    image.thumbnail((size, size))
    buffer = io.BytesIO()
    image.save(buffer, "JPEG")
    again = Image.open(io.BytesIO(buffer.getvalue()))
    return {"format": again.format, "width": again.width}
