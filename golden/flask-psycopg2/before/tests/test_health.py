from inventory import create_app


def test_health():
    assert create_app().test_client().get("/health").json["status"] == "ok"


def test_items_without_a_database():
    assert create_app("host=127.0.0.1 port=1").test_client().get("/items").status_code == 503
