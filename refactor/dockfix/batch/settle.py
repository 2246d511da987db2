"""The one place where results become files: it settles who writes what, and writes it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from dockfix.engine.results import Failure, FileChange, FileResult


class Settler:
    """Takes the results of a run one after the other; with ``apply``, writes their files.

    Two Dockerfiles of a run may want the same file beside them (``.dockerignore``). Where each only adds lines to it, the
    later one adds those that the earlier has not; of another file (``compose.yaml``) each may change other lines. Otherwise it fails as a
    whole, in a preview too, which shall say what would happen.
    """

    def __init__(self, apply: bool) -> None:
        self._apply = apply
        self._tidied: set[Path] = set()
        self._claims: dict[
            Path, tuple[FileChange, str]
        ] = {}  # real file: what is to be, and the Dockerfile that it is for

    def settle(self, result: FileResult) -> FileResult:
        """The result with only the files that it writes itself, or with a failure where it cannot write them."""
        if self._apply:
            self._tidy(result)
        if not result.changed:
            return result
        own: list[FileChange] = []
        for change in result.files:
            claim, owner = self._claims.get(Path(change.path).resolve(), (None, ""))
            if claim is None or change.before == claim.after:  # the later one has seen what the earlier wrote
                own.append(change)
            elif claim.after != change.after:
                join = _joined if change.path.endswith("ignore") else _merged
                after = join(claim, change)
                if after is None:
                    message = f"{change.path} would need another text than the one for {owner}"
                    return _failed(result, Failure(message, hint="run dockfix on this file alone"))
                if after != claim.after:
                    own.append(replace(change, before=claim.after, after=after))
        if self._apply and own:
            from dockfix.batch.write import WriteError, write_together

            try:
                write_together(own)
            except WriteError as error:
                return _failed(result, error.failure)
        for change in own:
            claim, _ = self._claims.get(Path(change.path).resolve(), (change, ""))
            self._claims[Path(change.path).resolve()] = (replace(change, before=claim.before), result.path)
        if not own:
            return replace(result, files=(), changes=())
        return replace(result, files=tuple(own))

    def _tidy(self, result: FileResult) -> None:
        """Removes what a run that was killed has left beside the files that this one is about."""
        from dockfix.batch.leftovers import remove_leftovers

        for folder in {Path(path).resolve().parent for path in (result.path, *(each.path for each in result.files))}:
            if folder not in self._tidied:
                self._tidied.add(folder)
                remove_leftovers(folder)


def _failed(result: FileResult, failure: Failure) -> FileResult:
    return replace(result, failures=(*result.failures, failure))


def _joined(first: FileChange, second: FileChange) -> str | None:
    """The text with what both add to a file; None where one of them does more than adding lines at its end."""
    before = (first.before or "").rstrip()
    if first.before != second.before or not (first.after.startswith(before) and second.after.startswith(before)):
        return None
    there = {line.strip() for line in first.after.splitlines()}
    added = [line for line in second.after[len(before) :].splitlines() if line.strip() and line.strip() not in there]
    newline = "\r\n" if "\r\n" in first.after else "\n"
    return first.after + "".join(line + newline for line in added)


def _merged(first: FileChange, second: FileChange) -> str | None:
    """The text with the lines that both change; None where these are the same ones, or neighbours."""
    before = first.before
    if before is None or before != second.before:
        return None
    old = before.splitlines(keepends=True)
    edits = sorted((*_edits(old, first.after), *_edits(old, second.after)), key=lambda edit: edit[:2])
    if any(last >= start for (_, last, _), (start, _, _) in pairwise(edits)):
        return None
    lines = list(old)
    for start, last, new in reversed(edits):
        lines[start:last] = new
    return "".join(lines)


def _edits(old: list[str], after: str) -> Iterator[tuple[int, int, list[str]]]:
    """The lines that are replaced, from and to, each with those that take their place."""
    from difflib import SequenceMatcher

    new = after.splitlines(keepends=True)
    for kind, first, last, start, end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind != "equal":
            yield first, last, new[start:end]
