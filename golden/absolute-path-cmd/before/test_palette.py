from palette import palette


def test_three():
    assert palette(3) == ["#d92626", "#26d926", "#2626d9"]
