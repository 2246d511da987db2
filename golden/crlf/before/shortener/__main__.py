import asyncio

from .web import make_app


async def main():
    make_app().listen(8888)
    print("listening on 8888")
    await asyncio.Event().wait()


asyncio.run(main())
