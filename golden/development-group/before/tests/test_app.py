import pytest

from app import app


@pytest.fixture
def client():
    return app.test_client()


def test_health(client):
    assert client.get("/healthz").json == {"ok": True}
