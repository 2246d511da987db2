import os
import time
from pathlib import Path

import yaml
from fastapi import FastAPI, HTTPException

CONFIG = yaml.safe_load((Path(os.environ["CONFIG_DIR"]) / "stations.yaml").read_text())
app = FastAPI(title="weather", version=os.environ["APP_VERSION"])


@app.get("/version")
def version():
    return {
        "greeting": os.environ["GREETING"],
        "sha": os.environ["GIT_SHA"],
        "home": os.environ["APP_HOME"],
        "zone": time.tzname[0],
    }


@app.get("/stations/{name}")
def station(name: str):
    try:
        return CONFIG["stations"][name]
    except KeyError:
        raise HTTPException(404, f"no station called {name}") from None
