import click
from aiohttp import web

from . import encode

routes = web.RouteTableDef()


@routes.get("/{latitude}/{longitude}")
async def geohash(request):
    try:
        latitude, longitude = (float(request.match_info[key]) for key in ("latitude", "longitude"))
    except ValueError:
        raise web.HTTPBadRequest(text="latitude and longitude are numbers")
    return web.json_response({"geohash": encode(latitude, longitude)})


@click.command()
@click.option("--host", default="0.0.0.0")
@click.option("--port", default=8300)
def main(host, port):
    app = web.Application()
    app.add_routes(routes)
    web.run_app(app, host=host, port=port)
