"""How tests read a result."""

from __future__ import annotations

from collections.abc import Callable

from dockfix.engine import FileResult
from dockfix.managers.commands import model_of
from dockfix.managers.verbs import system_install
from dockfix.syntax import parse

Project = Callable[..., FileResult]


def text_of(result: FileResult) -> str:
    """The Dockerfile that a result would write; "" where it stays as it is."""
    return next((change.after for change in result.files if change.path.endswith("Dockerfile")), "")


def ignore_of(result: FileResult) -> str:
    """The .dockerignore that a result would write."""
    return next((change.after for change in result.files if change.path.endswith(".dockerignore")), "")


def refusal(result: FileResult, transform: str) -> str:
    """What a transform said about leaving things as they are."""
    return "; ".join(note.message for note in result.refusals if note.transform == transform)


def unsafe(result: FileResult, transform: str) -> str:
    """What a transform would do with --unsafe, and why it is unsafe."""
    return "; ".join(note.message for note in result.unsafe if note.transform == transform)


def stages(text: str) -> tuple[str, str]:
    """The two stages of a split Dockerfile, without the runtime stage's FROM. Fails where it is not split."""
    builder, split, runtime = text.partition(" AS runtime\n")
    assert split, f"it is not split: {text}"
    return builder, runtime


def installed(text: str) -> set[str]:
    """The apt packages that the final stage installs."""
    return {
        package.name
        for _, unit in model_of(parse(text)).final.units
        if (install := system_install(unit.effects.action)) is not None
        for package in install.asked
    }


def broken(result: FileResult) -> list[str]:
    """What a result says of dockfix's own faults: a transform that failed, was rolled back, or would change its result again."""
    told = ("please report this", "rolled back, because", "left out, because it failed")
    return [note.message for note in result.warnings if any(each in note.message for each in told)]
