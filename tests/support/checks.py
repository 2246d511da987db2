"""Checks for tests of transforms: a Dockerfile, what becomes of it, and a diff where it becomes something else.

A text whose first line is empty and whose second is indented is written as Python code is: that line and the indent are left out.
"""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterable, Mapping
from difflib import unified_diff
from pathlib import Path
from textwrap import dedent

import results
from dockfix.engine import FileResult, Settings, run

APP = "import os\nprint('hello')\n"
REQUIREMENTS = "requests==2.32.3\n"
ALWAYS = {"app.py": APP, "requirements.txt": REQUIREMENTS}


def dockfix(
    folder: Path,
    dockerfile: str,
    files: Mapping[str, str] | None = None,
    settings: Settings | None = None,
    *,
    without: Collection[str] = (),
    path: str = "Dockerfile",
    context: Path | None = None,
) -> FileResult:
    """Runs dockfix on a Dockerfile in ``folder``; app.py and requirements.txt are there beside ``files``, but for those ``without``."""
    content = {**ALWAYS, **(files or {}), path: dockerfile}
    content = {name: text for name, text in content.items() if name not in without}
    for name, text in content.items():
        target = folder / name
        if name.endswith("/"):  # an empty folder
            target.mkdir(parents=True, exist_ok=True)
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text.encode("utf-8", "surrogateescape"))
    return run(folder / path, settings or Settings(), context=context)


def check_transformed(
    before: str,
    after: str,
    *,
    select: Iterable[str],
    files: Mapping[str, str] | None = None,
    options: Mapping[str, object] | None = None,
    unsafe: bool = False,
) -> FileResult:
    """The transforms ``select`` make ``after`` of ``before``, with either line end; the result, for more questions to it."""
    __tracebackhide__ = True
    settings = Settings(frozenset(select), unsafe=unsafe, options=options or {})
    source, wanted = _written(before), _written(after)
    assert source != wanted, "the text after is the text before: this is what check_noop is for"
    result = _one(source, wanted, files, settings)
    if "\r" not in source:
        _one(source.replace("\n", "\r\n"), wanted.replace("\n", "\r\n"), files, settings)
    return result


def check_noop(
    dockerfile: str,
    *,
    select: Iterable[str],
    files: Mapping[str, str] | None = None,
    options: Mapping[str, object] | None = None,
    unsafe: bool = False,
    refused: str = "",
    held_back: str = "",
) -> FileResult:
    """The transforms ``select`` write no file; the result, for more questions to it.

    ``refused`` is a part of the reason that is given, ``held_back`` a part of why the change waits for ``--unsafe``. Without
    either, nothing may be said: there is nothing to do.
    """
    __tracebackhide__ = True
    chosen = frozenset(select)
    source = _written(dockerfile)
    result = _one(source, source, files, Settings(chosen, unsafe=unsafe, options=options or {}))
    if result.files:
        raise AssertionError(f"{result.files[0].path} is written\n{notes(result)}")
    for kind, part, told in (("refused", refused, results.refusal), ("held back", held_back, results.unsafe)):
        said = [reason for each in sorted(chosen) if (reason := told(result, each))]
        if part and not any(part in each for each in said):
            raise AssertionError(f"not {kind} because of {part!r}\n{notes(result)}")
        if not refused and not held_back and said:
            raise AssertionError(f"{kind}, although there is nothing to do\n{notes(result)}")
    return result


def notes(result: FileResult) -> str:
    """All that a result says, a line each."""
    kinds = {"change": result.changes, "refusal": result.refusals, "unsafe": result.unsafe, "warning": result.warnings}
    said = [f"{kind}: {note.transform}: {note.message} (line {note.line})" for kind in kinds for note in kinds[kind]]
    failed = [f"failure: {failure.message} (line {failure.line})" for failure in result.failures]
    return "".join(f"{line}\n" for line in said + failed)


def _written(text: str) -> str:
    return dedent(text[1:]) if text.startswith(("\n ", "\n\t")) else text


def _one(source: str, wanted: str, files: Mapping[str, str] | None, settings: Settings) -> FileResult:
    __tracebackhide__ = True
    with tempfile.TemporaryDirectory(prefix="dockfix-test-") as folder:
        result = dockfix(Path(folder), source, files, settings)
    got = results.text_of(result) or source
    if got != wanted or result.failures or results.broken(result):
        raise AssertionError(f"not what was expected\n{_diff(wanted, got)}{notes(result)}")
    return result


def _diff(wanted: str, got: str) -> str:
    """The difference line by line, with line ends and blanks to be seen where they are not plain."""
    old, new = ([_visible(line) for line in text.splitlines(keepends=True)] for text in (wanted, got))
    return "".join(f"{line}\n" for line in unified_diff(old, new, "expected", "got", lineterm=""))


def _visible(line: str) -> str:
    text, end = line.rstrip("\r\n"), line[len(line.rstrip("\r\n")) :]
    shown = text if text == text.rstrip() else repr(text)
    return shown + {"\n": "", "": "  (no line break)"}.get(end, f"  {end!r}")
