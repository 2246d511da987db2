import os

import uvicorn
from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader

app = FastAPI()
pages = Environment(loader=FileSystemLoader(os.path.join(os.path.dirname(__file__), "templates")), autoescape=True)


@app.get("/", response_class=HTMLResponse)
def index(name: str = "Docker"):
    return pages.get_template("hello.html").render(name=name)


if __name__ == "__main__":
    print("timezone:", os.getenv("TZ", "not set"))
    uvicorn.run(app, host="0.0.0.0", port=8000)
