import magic


def test_pdf():
    assert magic.from_buffer(b"%PDF-1.4\n", mime=True) == "application/pdf"
