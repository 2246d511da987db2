from quotes import quote


def test_author():
    assert quote("hoare")["text"].startswith("There are two ways")
