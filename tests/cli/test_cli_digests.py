"""dockfix digests: the base images' digests, as the registry or the engine says. The engine is a fake program."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dockfix.cli.app import cli
from fake_docker import FakeDocker

NEW, OLD = "sha256:" + "ab" * 32, "sha256:" + "cd" * 32


@pytest.fixture
def docker(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> FakeDocker:
    fake = FakeDocker(tmp_path_factory.mktemp("engine") / "fake")
    monkeypatch.setenv("PATH", f"{fake.bin}:/usr/bin:/bin")
    return fake


def invoke(*args: str) -> Result:
    return CliRunner().invoke(cli, args, prog_name="dockfix")


def test_what_it_prints_is_what_pin_base_takes(docker: FakeDocker, put: Callable[..., Path]) -> None:
    docker.set(registry={"python:3.11-slim": NEW, "reg.io:5000/a/b": OLD})
    put("Dockerfile", "FROM python:3.11-slim AS a\nFROM a\nFROM reg.io:5000/a/b\nFROM scratch\n")
    path = put("web/Dockerfile", "ARG V=1\nFROM python:3.11-slim\nFROM python:$V\nFROM x@" + NEW + "\n")
    result = invoke("digests")
    assert (result.exit_code, result.stdout, result.stderr) == (
        0,
        f"python:3.11-slim={NEW}\nreg.io:5000/a/b={OLD}\n",
        "",
    )
    assert len(docker.argv("buildx", "imagetools")) == 2
    done = invoke("--select", "pin-base", "--set", f"pin-base.to={result.stdout}", "--apply", "web")
    assert done.exit_code == 0
    assert f"FROM python:3.11-slim@{NEW}\nFROM python:$V" in path.read_text()


@pytest.mark.parametrize(
    ("image", "pulled"),
    [
        ("python:3.11", [f"python@{OLD}"]),
        ("python:3.11", [f"docker.io/library/python@{OLD}"]),
        ("a/b", [f"docker.io/a/b@{OLD}"]),
        ("reg.io/a/b:1", [f"other.io/a/b@{NEW}", f"reg.io/a/b@{OLD}"]),
    ],
)
def test_without_a_registry_what_was_pulled_counts(
    docker: FakeDocker, put: Callable[..., Path], image: str, pulled: list[str]
) -> None:
    docker.set(pulled={image: pulled})
    put(text=f"FROM {image}\n")
    assert invoke("digests").stdout == f"{image}={OLD}\n"


@pytest.mark.parametrize("pulled", [None, [], [f"other@{OLD}"], [f"python@{OLD}", f"python@{NEW}"]])
def test_nothing_is_guessed(docker: FakeDocker, put: Callable[..., Path], pulled: object) -> None:
    docker.set(pulled={} if pulled is None else {"python:3.11": pulled}, registry={"python:3.12": NEW})
    put(text="FROM python:3.11\nFROM python:3.12\n")
    result = invoke("digests")
    assert (result.exit_code, result.stdout) == (2, f"python:3.12={NEW}\n")
    assert result.stderr.startswith(
        "error: python:3.11: its digest is not known: python:3.11: not found\nhint: the registry must answer"
    )


def test_without_buildx_no_registry_is_asked(docker: FakeDocker, put: Callable[..., Path]) -> None:
    docker.set(
        version="podman version 5.0.0", buildx=False, pulled={"python:3.11": [f"docker.io/library/python@{OLD}"]}
    )
    put(text="FROM python:3.11\n")
    assert invoke("digests").stdout == f"python:3.11={OLD}\n"
    assert docker.argv("buildx") == []


def test_nothing_is_asked_where_nothing_is_to_be_pinned(docker: FakeDocker, put: Callable[..., Path]) -> None:
    put(text=f"FROM python@{NEW}\n")
    result = invoke("digests")
    assert (result.exit_code, result.stdout) == (0, "")
    assert docker.calls == []


def test_what_cannot_be_read(docker: FakeDocker, put: Callable[..., Path]) -> None:
    docker.set(registry={"python:3.11": NEW})
    put("a/Dockerfile", "FROM python:3.11\nBAD x\n")
    put("b/Dockerfile", "FROM python:3.11\n")
    result = invoke("digests", "a/Dockerfile", "b/Dockerfile", "c/Dockerfile")
    assert (result.exit_code, result.stdout) == (2, f"python:3.11={NEW}\n")
    assert "a/Dockerfile" in result.stderr and "c/Dockerfile" in result.stderr


def test_no_engine(put: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    put(text="FROM python:3.11\n")
    result = invoke("digests")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("error: no container engine answers")
