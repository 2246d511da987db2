from fastapi.testclient import TestClient

from main import app

client = TestClient(app)


def test_health():
    assert client.get("/health").json()["status"] == "ok"


def test_sign_up_and_log_in():
    body = {"name": "Mina", "email": "mina@example.com", "password": "s3cret-pass"}
    assert client.post("/users", json=body).status_code == 201
    token = client.post("/token", data={"username": body["email"], "password": body["password"]}).json()["access_token"]
    assert client.get("/me", headers={"Authorization": f"Bearer {token}"}).json()["name"] == "Mina"
