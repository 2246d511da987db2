import re
from pathlib import Path

import aiofiles
from aiohttp import web

DATA = Path(__file__).parent / "data"
NAME = re.compile(r"[a-z0-9-]{1,40}")


def path_of(request):
    name = request.match_info["name"]
    if not NAME.fullmatch(name):
        raise web.HTTPBadRequest(text="a name is made of a-z, 0-9 and -")
    return DATA / f"{name}.txt"


async def listing(request):
    return web.json_response(sorted(path.stem for path in DATA.glob("*.txt")))


async def read(request):
    path = path_of(request)
    if not path.exists():
        raise web.HTTPNotFound(text="no such note")
    async with aiofiles.open(path) as file:
        return web.Response(text=await file.read())


async def write(request):
    async with aiofiles.open(path_of(request), "w") as file:
        await file.write(await request.text())
    return web.Response(status=204)


def make_app(argv=None):
    DATA.mkdir(exist_ok=True)
    app = web.Application()
    app.add_routes([web.get("/notes", listing), web.get("/notes/{name}", read), web.put("/notes/{name}", write)])
    return app
