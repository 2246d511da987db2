import pytest
from geohash_server import encode


def test_known_value():
    assert encode(57.64911, 10.40744, 11) == "u4pruydqqvj"


def test_length():
    with pytest.raises(ValueError):
        encode(0, 0, 13)
