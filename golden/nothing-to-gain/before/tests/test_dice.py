import pytest

from dice import roll


def test_seeded_rolls_repeat():
    assert roll("3d6", seed=1) == roll("3d6", seed=1)


def test_nonsense():
    with pytest.raises(ValueError):
        roll("six")
