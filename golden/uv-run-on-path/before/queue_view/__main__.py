"""Shows how long the queue is."""

import multidict._multidict
from aiohttp import web


async def health(request):
    return web.json_response({"queue": 0, "compiled": multidict._multidict.__name__})


app = web.Application()
app.add_routes([web.get("/health", health)])
web.run_app(app, port=8080)
