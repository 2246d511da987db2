"""What the files of platforms say; see context/platforms.py."""

from __future__ import annotations

import pytest

from dockfix.context.platforms import deployed


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("fly.toml", "["),
        ("fly.toml", 'mounts = "x"\n'),
        ("fly.toml", '[build]\nimage = "shop:1"\n'),
        ("render.yaml", "services: x\n"),
        ("render.yaml", "a: [\n"),
        ("render.yaml", ""),
        ("heroku.yml", "run:\n  web: x\n"),
        ("other.toml", "[mounts]\n"),
    ],
)
def test_what_says_nothing_of_mounts_and_commands(file: str, text: str) -> None:
    found = deployed(file, text.encode())
    assert not any(each.service.volumes or each.service.runs for each in found)


def test_the_dockerfile_lies_relative_to_the_file() -> None:
    (found,) = deployed(
        "deploy/fly.prod.toml", b'[build]\ndockerfile = "../Dockerfile"\n[experimental]\ncmd = ["a", "b"]\n'
    )
    assert (found.dockerfile, found.service.words, found.service.runs) == ("Dockerfile", ("a", "b"), ("'a' 'b'",))
