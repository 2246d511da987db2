import pytest

from todo import store
from todo.app import app


@pytest.fixture()
def client(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "PATH", tmp_path / "todo.db")
    store.init()
    return app.test_client()


def test_add(client):
    assert client.post("/todos", data={"text": "milk"}).json[0]["text"] == "milk"
