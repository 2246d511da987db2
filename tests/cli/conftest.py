from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import fake_engine
import pytest
from click.testing import CliRunner, Result

from dockfix.cli.app import cli

PLAIN = "FROM python:3.11\nRUN pip install flask\n"


@pytest.fixture(autouse=True)
def _own_world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test runs in an empty folder, without settings from outside."""
    for name in [name for name in os.environ if name.startswith("DOCKFIX_") or name in ("NO_COLOR", "FORCE_COLOR")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def put(tmp_path: Path) -> Callable[..., Path]:
    """Writes a file, by default a Dockerfile that has something to change."""

    def write(name: str = "Dockerfile", text: str | bytes = PLAIN) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


@pytest.fixture
def dockfix(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Runs the command line in this process, on the fake engine."""
    monkeypatch.setattr("dockfix.engine.run", fake_engine.run)

    def invoke(*args: str, **options: object) -> Result:
        return CliRunner().invoke(cli, args, prog_name="dockfix", **options)  # type: ignore[arg-type]

    return invoke


@pytest.fixture
def spawn() -> Callable[..., subprocess.CompletedProcess[bytes]]:
    """Runs it in a process of its own, on the fake engine."""

    def call(*args: str, **options: object) -> subprocess.CompletedProcess[bytes]:
        settings = {"capture_output": True, "timeout": 60, **options}
        return subprocess.run([sys.executable, fake_engine.SCRIPT, *args], check=False, **settings)  # type: ignore[call-overload,no-any-return]

    return call
