"""How a container is run where a Compose file says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from dockfix.engine.runner import gather
from dockfix.syntax import parse
from dockfix.verify.manner import Manner, manner_of

DOCKERFILE = 'FROM python:3.11-slim\nCOPY . .\nCMD ["python", "app.py"]\n'


def manner(folder: Path, compose: str, **files: str) -> Manner:
    (folder / "Dockerfile").write_text(DOCKERFILE)
    if compose:
        (folder / "compose.yaml").write_text(compose)
    for name, text in files.items():
        (folder / name).write_text(text)
    return manner_of(gather(folder / "Dockerfile", parse(DOCKERFILE)))


WEB = "services:\n  web:\n    build: .\n"


def test_without_a_compose_file_the_image_says_it(tmp_path: Path) -> None:
    assert manner(tmp_path, "") == Manner()
    assert Manner().arguments == ()


@pytest.mark.parametrize(("service", "arguments", "words"), [
    ("environment:\n      - A=1\n      - B\n      - C=${D}\n      - E=${F:-g}", ("--env", "A=1", "--env", "E=g"), ()),
    ("environment: {A: x y, N: 1}", ("--env", "A=x y", "--env", "N=1"), ()),
    ("command: python app.py --port '80 81'", (), ("python", "app.py", "--port", "80 81")),
    ("command: [sh, -c, 'echo $$HOME']", (), ("sh", "-c", "echo $HOME")),
    ("entrypoint: ['/start.sh', a]\n    command: b", ("--entrypoint", "/start.sh"), ("a", "b")),
    ("user: '1000:1000'\n    working_dir: /srv", ("--user", "1000:1000", "--workdir", "/srv"), ()),
    ("volumes:\n      - data:/data\n      - /cache\n    tmpfs: /run", ("--volume", "/data", "--volume", "/cache", "--tmpfs", "/run"), ()),
])  # fmt: skip
def test_what_a_service_says(tmp_path: Path, service: str, arguments: tuple[str, ...], words: tuple[str, ...]) -> None:
    found = manner(tmp_path, f"{WEB}    {service}\nvolumes:\n  data:\n")
    assert (found.arguments, found.words, found.left) == (arguments, words, ())
    assert found.where.startswith("the service web of ")
    assert found.where.endswith("compose.yaml")


def test_the_settings_of_its_files_count(tmp_path: Path) -> None:
    found = manner(
        tmp_path, f"{WEB}    env_file: web.env\n    environment: {{A: 2}}\n", **{"web.env": "A=1\nDATA=/data\n"}
    )
    assert found.environment == ("A=1", "DATA=/data", "A=2")  # what stands last counts


def test_folders_of_the_user_are_not_mounted(tmp_path: Path) -> None:
    found = manner(tmp_path, f"{WEB}    volumes:\n      - ./data:/data\n")
    assert (found.arguments, found.left) == ((), ("./data:/data",))


def test_the_service_that_runs_the_images_own_command_is_the_one(tmp_path: Path) -> None:
    worker = "services:\n  worker:\n    build: .\n    command: work\n  web:\n    build: .\n"
    assert manner(tmp_path, worker).where.startswith("the service web of ")
