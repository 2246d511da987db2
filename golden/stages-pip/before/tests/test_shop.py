from shop import app


def test_price():
    assert app.test_client().get("/price").json == {"total": 42}
