from falcon import testing
from feeds.wsgi import application


def test_feed_has_both_entries():
    assert testing.TestClient(application).simulate_get("/diary.atom").text.count("<entry>") == 2
