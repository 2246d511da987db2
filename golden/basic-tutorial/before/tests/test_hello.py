import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "app"))

from main import index  # noqa: E402


def test_hello():
    assert "Hello, Docker!" in index()
