import asyncio

import notes
from aiohttp.test_utils import TestClient, TestServer


def test_write_and_read(tmp_path, monkeypatch):
    monkeypatch.setattr(notes, "DATA", tmp_path)

    async def scenario():
        async with TestClient(TestServer(notes.make_app())) as client:
            await client.put("/notes/a", data="hello")
            assert await (await client.get("/notes/a")).text() == "hello"

    asyncio.run(scenario())
