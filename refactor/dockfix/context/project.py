"""What the files of a Python project name."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator
from typing import Any

from dockfix.context.manifests.toml import tables_of
from dockfix.knowledge import normalise
from dockfix.lazy import regex
from dockfix.namedtuple import NamedTuple

# Those that may name what it depends on
_FILES = ("pyproject.toml", "setup.py", "setup.cfg", "requirements.txt", "Pipfile")
WORD = regex(r"[A-Za-z0-9][A-Za-z0-9._-]*")


class Project(NamedTuple):
    """``build_requirements`` are the normalised names of what only the build takes; ``words`` are all the other words, among
    them everything that is installed, in whichever tool's settings it stands.
    """

    build_requirements: frozenset[str]
    words: tuple[str, ...]

    @staticmethod
    def read(text: str) -> Project | None:
        """What the text of a file names; None where it is no TOML of the usual form."""
        try:
            data = dict(tables_of(text))
        except (ValueError, RecursionError):
            return None
        build = data.pop("build-system", {})
        requires = build.get("requires", []) if isinstance(build, dict) else None
        tools = data.pop("tool", {})
        if not isinstance(requires, list) or not isinstance(tools, dict):
            return None
        names = frozenset(
            normalise(match[0]) for each in requires if isinstance(each, str) and (match := WORD.match(each))
        )
        words = list(_words(data))
        for tool, settings in tools.items():
            # the table of a build tool's settings has the tool's name
            words += [*(() if normalise(tool) in names else (tool,)), *_words(settings)]
        return Project(names, tuple(words))


def words_of_project(
    path: str, read: Callable[[str], str | None], at: Callable[[str], str | None]
) -> frozenset[str] | None:
    """Every word, normalised, of the files that may name what the project at ``path`` in the image depends on.

    ``at`` gives the file of the build context that lies at a path, ``read`` its text. None where the project has no such file.
    """
    texts = {name: read(file) for name in _FILES if (file := at(posixpath.join(path, name)))}
    words: list[str] = []
    for name, text in texts.items():
        if text is not None:
            project = Project.read(text) if name == "pyproject.toml" else None
            words += project.words if project else WORD.findall(text)
    return frozenset(normalise(word) for word in words) if texts else None


def _words(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from WORD.findall(key)
            yield from _words(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _words(inner)
    elif isinstance(value, str):
        yield from WORD.findall(value)
