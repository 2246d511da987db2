import os
from contextlib import asynccontextmanager

from fastapi import FastAPI, WebSocket, WebSocketDisconnect
from fastapi.responses import ORJSONResponse

from broker import make_broker
from crypto import seal, unseal
from db import Message, create_tables, session
from sqlalchemy import select


@asynccontextmanager
async def lifespan(app: FastAPI):
    await create_tables()
    app.state.broker = make_broker(os.getenv("REDIS_URL"))
    yield


app = FastAPI(title="chat-service", lifespan=lifespan, default_response_class=ORJSONResponse)


@app.get("/health")
async def health():
    return {"status": "ok"}


@app.get("/rooms/{room}/messages")
async def history(room: str):
    async with session() as db:
        rows = (await db.scalars(select(Message).where(Message.room == room).order_by(Message.id))).all()
    return [{"id": row.id, "text": unseal(row.body)} for row in rows]


@app.post("/rooms/{room}/messages", status_code=201)
async def post(room: str, text: str):
    async with session() as db:
        message = Message(room=room, body=seal(text))
        db.add(message)
        await db.commit()
    await app.state.broker.publish(room, text)
    return {"id": message.id}


@app.websocket("/ws/{room}")
async def chat(socket: WebSocket, room: str):
    await socket.accept()
    try:
        while True:
            text = await socket.receive_text()
            await post(room, text)
            await socket.send_text(f"{room}: {text}")
    except WebSocketDisconnect:
        pass
