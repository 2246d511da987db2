from guestlist import app


def test_three_guests():
    assert b"3 guests" in app.test_client().get("/").data
