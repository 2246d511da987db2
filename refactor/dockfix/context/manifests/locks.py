"""Which files of a build context are locks, and how each is read."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from dockfix.context.build_context import BuildContext
from dockfix.context.manifests.locked import Locked, LockError, Unread
from dockfix.lazy import regex

_Lock = TypeVar("_Lock")
_STANDARD = regex(r"pylock(?:\.[^.]+)?\.toml")


def is_lock(path: str) -> bool:
    """Whether a file is a lock by its name."""
    return _reader(posixpath.basename(path)) is not None


def read_lock(context: BuildContext, path: str) -> Locked | Unread:
    """The lock at a context-relative path, or why it says nothing; read once for all Dockerfiles that share it."""
    beside = posixpath.join(posixpath.dirname(path), "pyproject.toml")
    whole, project = context.read(path), context.read(beside)
    if whole is None:
        return Unread(path, 0, "it is not in the build context, or larger than 8 MiB")
    return context.disk.once(("lock", path, whole, project), partial(parse_lock, path, whole, project))


def parse_lock(path: str, whole: str, project: str | None = None) -> Locked | Unread:
    """The same for a text; ``project`` is that of the pyproject.toml beside it, None where there is none."""
    return or_unread(path, partial(_read, path, whole, project))


def or_unread(path: str, read: Callable[[], _Lock]) -> _Lock | Unread:
    """What a reader makes of a lock, or what is wrong with its text."""
    import json
    import tomllib

    try:
        return read()
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))
        return Unread(path, int(line[1]) if line else 0, "it is not valid TOML")
    except json.JSONDecodeError as error:
        return Unread(path, error.lineno, "it is not valid JSON")
    except RecursionError:
        return Unread(path, 0, "it is nested too deep")
    except LockError as error:
        return Unread(path, error.line, error.message)


def _read(path: str, whole: str, project: str | None) -> Locked:
    reader = _reader(posixpath.basename(path))
    if reader is None:
        raise LockError("it is no lock by its name")
    return reader(whole, path, project)


def _graph(whole: str, path: str, project: str | None) -> Locked:
    from dockfix.context.manifests.uv_lock import read

    return read(whole, path)


def _with_project(whole: str, path: str, project: str | None) -> Locked:
    from dockfix.context.manifests.poetry_lock import read

    return read(whole, path, project)


def _flat(whole: str, path: str, project: str | None) -> Locked:
    from dockfix.context.manifests.pdm_lock import read

    return read(whole, path)


def _sections(whole: str, path: str, project: str | None) -> Locked:
    from dockfix.context.manifests.pipfile_lock import read

    return read(whole, path)


def _standard(whole: str, path: str, project: str | None) -> Locked:
    from dockfix.context.manifests.pylock import read

    return read(whole, path)


_READERS = {"uv.lock": _graph, "poetry.lock": _with_project, "pdm.lock": _flat, "Pipfile.lock": _sections}


def _reader(name: str) -> Callable[[str, str, str | None], Locked] | None:
    return _standard if _STANDARD.fullmatch(name) else _READERS.get(name)
