from fastapi.testclient import TestClient

from main import app


def test_post_and_history():
    with TestClient(app) as client:
        assert client.post("/rooms/lobby/messages", params={"text": "hi"}).status_code == 201
        assert client.get("/rooms/lobby/messages").json()[-1]["text"] == "hi"


def test_websocket_echoes():
    with TestClient(app) as client, client.websocket_connect("/ws/lobby") as socket:
        socket.send_text("hello")
        assert socket.receive_text() == "lobby: hello"
