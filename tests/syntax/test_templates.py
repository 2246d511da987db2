"""Which files are templates of a Dockerfile, and not one."""

from __future__ import annotations

from pathlib import Path

import pytest

from dockfix.engine.runner import Settings, run
from dockfix.syntax import parse, problems, template_sign


def shown(text: str, path: str = "Dockerfile") -> tuple[int, str] | None:
    tree = parse(text)
    return template_sign(tree, path, problems(tree))


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("FROM python:3.12\n{% if x %}\nRUN a\n{% endif %}\n", (2, "{%")),
        ("FROM {{ base }}\nRUN a\n", (1, "{{")),
        ("{{- if .Values.x }}\nFROM a\n{{- end }}\n", (1, "{{")),
        ("<% if x %>\nFROM a\n<% end %>\n", (1, "<%")),
        ("FROM a\n{# a note #}\nRUN b\n", (2, "{#")),
    ],
)
def test_what_buildkit_stops_at(text: str, sign: tuple[int, str]) -> None:
    assert shown(text) == sign


@pytest.mark.parametrize("path", ["Dockerfile.j2", "Dockerfile.tmpl", "{{cookiecutter.name}}/Dockerfile"])
def test_a_name_that_says_so(path: str) -> None:
    text = "FROM python:3.12\nRUN pip install {{ packages }}\n"
    assert shown(text, path) == (2, "{{")
    assert shown(text) is None
    assert shown("FROM python:3.12\n", path) is None


def test_a_plain_file_that_gives_a_template_to_a_command() -> None:
    assert shown("FROM a\nRUN docker inspect -f '{{.Id}}' b\n") is None
    assert shown("FROM a\nRUN docker inspect -f '{{.Id}}' b\nBOGUS\n") is None


def test_a_template_is_left_with_one_word(tmp_path: Path) -> None:
    """It is no failure, which would end a batch with an error."""
    file = tmp_path / "Dockerfile"
    file.write_text("FROM {{ base }}\n{% for x in y %}\nRUN {{ x }}\n{% endfor %}\n")
    found = run(file, Settings())
    assert not found.failures
    assert not found.changed
    assert [(each.line, each.message) for each in found.warnings] == [
        (1, "it is a template, as {{ shows, and is left: run dockfix on what is made of it")
    ]
