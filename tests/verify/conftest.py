from __future__ import annotations

from pathlib import Path

import pytest
from verify_images import REFERENCE

from dockfix.verify import process, starting
from dockfix.verify.engines import Engine
from fake_docker import FakeDocker


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeDocker:
    """A fake docker, the only engine on PATH."""
    fake = FakeDocker(tmp_path / "fake")
    monkeypatch.setenv("PATH", f"{fake.bin}:/usr/bin:/bin")
    monkeypatch.setattr(process, "POLL", 0.002)  # its calls are short
    return fake


@pytest.fixture
def fake_engine(docker: FakeDocker, monkeypatch: pytest.MonkeyPatch) -> Engine:
    monkeypatch.setattr(starting, "POLL", 0.02)
    monkeypatch.setattr(starting, "SETTLE", 0.1)
    """An engine with one image, whose containers are watched at a quicker pace."""
    made: Engine = docker.engine()
    file = docker.root / "Dockerfile"
    file.write_text("FROM scratch\n", "utf-8")
    made.call("build", "-t", REFERENCE, "-f", str(file), ".")
    return made
