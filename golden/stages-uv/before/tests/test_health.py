from fastapi.testclient import TestClient

from app.main import app


def test_health():
    answer = TestClient(app).get("/health").json()
    assert answer["status"] == "ok"
