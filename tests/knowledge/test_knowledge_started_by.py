"""What programs start by what they are told, and what is looked up: see knowledge/programs.toml and knowledge/full_image.toml."""

from __future__ import annotations

import re

import pytest

from dockfix.knowledge import full_programs, in_full_image, looked_up, started_by, starters
from dockfix.knowledge.tables import table


@pytest.mark.parametrize(
    ("program", "rest", "started"),
    [
        ("tar", " xJf a.tar -C /", "xz"),
        ("tar", " -C /tmp -xJf a", "xz"),
        ("tar", "', '-cJf', '/tmp/out', path])", "xz"),
        ("tar", " xf a.tar.xz", "xz"),
        ("tar", " --xz -xf a", "xz"),
        ("tar", " xjf a", "bzip2"),
        ("tar", " -xf a.tbz2", "bzip2"),
        ("tar", " xzf a.tar.gz", ""),
        ("tar", " -xzf a.tar.gz -C /opt/Java", ""),
        ("tar", " --strip-components=1 -xf a.tar", ""),
        ("git", " clone git@git.example.org:team/data.git", "ssh"),
        ("git", "', 'clone', 'ssh://git.example.org/data.git'", "ssh"),
        ("git", " clone https://git.example.org/data.git", ""),
        ("git", " commit --author x@example.org", ""),
        ("rsync", " -az host:data/ /data/", "ssh"),
        ("rsync", " -az me@host:data/ /data/", "ssh"),
        ("rsync", " -az /a/ /b/", ""),
        ("rsync", " -az rsync://host/a /b/", ""),
        ("rsync", " -az host::module /b/", ""),
        ("svn", " co svn+ssh://svn.example.org/a", "ssh"),
        ("hg", " clone https://hg.example.org/a", ""),
    ],
)
def test_what_a_command_line_has_started(program: str, rest: str, started: str) -> None:
    assert " ".join(started_by(program, rest)) == started


def test_each_is_in_the_full_image_of_every_release() -> None:
    programs = full_programs(None)
    assert all(name in programs for each in table("programs")["starts"] for name in each["programs"].split())
    assert all(in_full_image(package, None) for package in looked_up())
    assert all(re.compile(pattern) for pattern in looked_up().values())
    assert "tar" in starters()
