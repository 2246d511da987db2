import sys

sys.path.insert(0, "src")


def test_status():
    from web import app

    assert app.test_client().get("/status").json["web"] == "up"
