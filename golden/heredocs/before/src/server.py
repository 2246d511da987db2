"""Tells who asks, and from where this host can be reached."""
import configparser
from pathlib import Path

import bottle
import netifaces

SETTINGS = configparser.ConfigParser(interpolation=None)
SETTINGS.read("/etc/netinfo/settings.ini")
REPORTS = Path(__file__).parent / "reports"


@bottle.get("/")
def index():
    greeting = SETTINGS["server"]["greeting"].replace("$remote_addr", bottle.request.remote_addr)
    hidden = SETTINGS["interfaces"]["hide"].split()
    names = [name for name in netifaces.interfaces() if name not in hidden]
    return {"greeting": greeting, "interfaces": names, "template": SETTINGS["server"]["greeting"]}


@bottle.get("/build")
def build():
    bottle.response.content_type = "text/plain"
    return (REPORTS / "build.txt").read_text()


@bottle.post("/reports/<name:re:[a-z]+>")
def report(name):
    (REPORTS / f"{name}.txt").write_bytes(bottle.request.body.read())
    return {"saved": name}


if __name__ == "__main__":
    bottle.run(server="waitress", host="0.0.0.0", port=SETTINGS["server"].getint("port"))
