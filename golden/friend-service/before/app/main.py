import os

import httpx
from fastapi import FastAPI, HTTPException

from .graph import FriendGraph

USER_SERVICE_URL = os.getenv("USER_SERVICE_URL", "http://user-service:8005")

app = FastAPI(title="friend-service")
graph = FriendGraph()


@app.get("/health")
async def health():
    return {"status": "ok"}


@app.put("/friends/{a}/{b}", status_code=204)
async def befriend(a: str, b: str):
    if a == b:
        raise HTTPException(422, "a user cannot befriend themselves")
    graph.add(a, b)


@app.get("/friends/{user}")
async def friends(user: str):
    return {"user": user, "friends": sorted(graph.of(user))}


@app.get("/friends/{user}/suggestions")
async def suggestions(user: str):
    return {"user": user, "suggestions": graph.suggest(user)}


@app.get("/upstream")
async def upstream():
    async with httpx.AsyncClient(timeout=2) as client:
        try:
            return {"user_service": (await client.get(f"{USER_SERVICE_URL}/health")).status_code}
        except httpx.HTTPError as error:
            raise HTTPException(503, f"user service: {type(error).__name__}") from error
