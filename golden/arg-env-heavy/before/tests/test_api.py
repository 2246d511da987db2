from weather.api import station


def test_station():
    assert station("fabra")["altitude"] == 411
