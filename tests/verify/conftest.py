from __future__ import annotations

from pathlib import Path

import pytest

from dockfix.verify import process
from fake_docker import FakeDocker


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeDocker:
    """A fake docker, the only engine on PATH."""
    fake = FakeDocker(tmp_path / "fake")
    monkeypatch.setenv("PATH", f"{fake.bin}:/usr/bin:/bin")
    monkeypatch.setattr(process, "POLL", 0.002)  # its calls are short
    return fake
