from shortener.web import LINKS, shorten


def test_shorten_is_stable():
    assert shorten("https://example.com") == shorten("https://example.com")
    assert "https://example.com" in LINKS.values()
