"""The entries of tests/catalogue/ and tests/decisions/: how they are written, and what dockfix makes of one.

A file holds the entries of one topic, each written from what Docker, Debian and Python do, before its result was looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Generic, Literal, TypeVar

import schema
from checks import ALWAYS, dockfix, notes
from dockfix.engine import FileResult, Settings
from dockfix.managers.commands import model_of
from dockfix.syntax import parse
from results import ignore_of, installed, text_of

TESTS = Path(__file__).parent.parent
SHAPES = {path.stem: path.read_text("utf-8") for path in sorted((TESTS / "shapes").glob("*.Dockerfile"))}


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What an entry shows: a Dockerfile, written out or of a shape, and its build context."""

    name: Annotated[str, "what could break, in a sentence"]
    shape: Annotated[str, "a Dockerfile of `tests/shapes/`, into which `base`, `packages` and `start` are put"] = (
        "plain"
    )
    dockerfile: Annotated[str, "the Dockerfile written out, in place of a shape"] = ""
    base: Annotated[str, "its base image"] = "python:3.11-slim-bookworm"
    packages: Annotated[str, "the packages that apt installs"] = "gcc"
    start: Annotated[str, "its CMD or ENTRYPOINT instruction"] = 'CMD ["python", "app.py"]'
    path: Annotated[str, "where the Dockerfile lies below the folder of the files"] = "Dockerfile"
    context: Annotated[str, "as `--context`, below the folder of the files; found by dockfix where left out"] = ""
    files: Annotated[dict[str, str], "files of the build context; app.py and requirements.txt are there anyway"] = (
        field(default_factory=dict)
    )
    without: Annotated[list[str], "of app.py and requirements.txt those that are not there"] = field(
        default_factory=list
    )
    only: Annotated[list[str], "as `--select`"] = field(default_factory=list)
    options: Annotated[dict[str, Any], "as `--set`"] = field(default_factory=dict)
    unsafe: Annotated[bool, "as `--unsafe`"] = False

    def __post_init__(self) -> None:
        if not self.dockerfile and self.shape not in SHAPES:
            raise ValueError(f"there is no shape {self.shape}: {', '.join(SHAPES)}")
        if unknown := set(self.without) - set(ALWAYS):
            raise ValueError(f"{', '.join(sorted(unknown))} would not be there anyway")

    def written(self) -> str:
        """The Dockerfile."""
        text = self.dockerfile or SHAPES[self.shape]
        for name in ("base", "packages", "start"):
            text = text.replace(f"{{{name}}}", getattr(self, name))
        return text


@dataclass(frozen=True)
class Said:
    """What a text says and what not; each instruction of it is one line, without its continuations."""

    has: Annotated[list[str], "texts that stand there"] = field(default_factory=list)
    lacks: Annotated[list[str], "texts that do not stand there"] = field(default_factory=list)
    like: Annotated[list[str], "regular expressions that find something there"] = field(default_factory=list)

    def faults(self, text: str) -> Iterator[str]:
        """What does not hold of a text."""
        yield from (f"lacks {each!r}" for each in self.has if each not in text)
        yield from (f"has {each!r}" for each in self.lacks if each in text)
        yield from (f"has nothing like {each!r}" for each in self.like if not re.search(each, text, re.MULTILINE))


@dataclass(frozen=True, kw_only=True)
class Breakage(Shown):
    """One way in which a split, a user, a cache mount or a .dockerignore could break an image, and what must hold."""

    id: Annotated[str, "a name by which a test or a golden case says that it covers the entry"] = ""
    split: Annotated[bool | None, "whether the image gets more stages than it had"] = None
    unchanged: Annotated[bool, "the Dockerfile is not touched"] = False
    applied: Annotated[list[str], "transforms that change something"] = field(default_factory=list)
    idle: Annotated[list[str], "transforms that change nothing"] = field(default_factory=list)
    refused: Annotated[dict[str, str], "transforms that leave something as it is, with a part of the reason"] = field(
        default_factory=dict
    )
    held_back: Annotated[dict[str, str], "transforms that wait for `--unsafe`, with a part of the reason"] = field(
        default_factory=dict
    )
    left: Annotated[
        dict[str, str],
        "transforms that change nothing, with a part of the reason, whether they wait for `--unsafe` or not",
    ] = field(default_factory=dict)
    warned: Annotated[str, "a part of a warning"] = ""
    keeps: Annotated[list[str], "apt packages that the final stage installs"] = field(default_factory=list)
    drops: Annotated[list[str], "apt packages that the final stage does not install"] = field(default_factory=list)
    sent: Annotated[list[str], "paths of the build context that .dockerignore lets through"] = field(
        default_factory=list
    )
    kept_out: Annotated[list[str], "paths that .dockerignore keeps out of the build context"] = field(
        default_factory=list
    )
    order: Annotated[list[str], "texts of the Dockerfile that stand in this order"] = field(default_factory=list)
    text: Said = field(default_factory=Said)
    builder: Said = field(default_factory=Said)
    runtime: Said = field(default_factory=Said)
    ignore: Said = field(default_factory=Said)
    said: Said = field(default_factory=Said)

    def only_named(self) -> bool:
        """Whether it shows nothing itself, because something else covers it."""
        return self == Breakage(name=self.name, id=self.id)


@dataclass(frozen=True, kw_only=True)
class Decision(Shown):
    """What becomes of one apt package in the stage that runs."""

    shape: Annotated[str, "a Dockerfile of `tests/shapes/`, into which `base` and `packages` are put"] = "tidy"
    package: Annotated[str, "the package, one of `packages`"]
    decision: Annotated[
        Literal["leave", "keep", "replace"],
        "`leave`: only the build needs it. `keep`: the program needs it, or nobody can know that it does not. "
        "`replace`: it gives way to others",
    ]
    instead: Annotated[list[str], "with `replace`: the packages that take its place"] = field(default_factory=list)
    why: Annotated[str, "why that is so, in a sentence"]
    source: Annotated[str, "where that is written"] = ""
    corrected: Annotated[str, "what was wrong about the label at first"] = ""
    split: Annotated[bool, "whether the image gets a second stage"] = True
    undecided: Annotated[bool, "it stays, itself or as its runtime library, although it could go"] = False
    covers: Annotated[list[str], "entries of `tests/catalogue/` that this one shows: `topic/id`"] = field(
        default_factory=list
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.package not in self.packages.split():
            raise ValueError(f"{self.package} is not among the packages")
        if bool(self.instead) != (self.decision == "replace"):
            raise ValueError("instead is given where the decision is replace, and only there")


Keys = TypeVar("Keys", bound=Shown)


@dataclass(frozen=True)
class Entry(Generic[Keys]):
    """One entry and where it is written; ``line`` is 1-based."""

    path: Path
    line: int
    keys: Keys

    @property
    def place(self) -> str:
        return f"{self.path.relative_to(TESTS.parent)}:{self.line}"

    @property
    def topic(self) -> str:
        return self.path.stem

    def __str__(self) -> str:
        return f"{self.topic}/{self.keys.name}"


def load(folder: str, kind: type[Keys]) -> list[Entry[Keys]]:
    """The entries of all files in a folder of tests/. Raises SchemaError, with file and line, for one that is not as declared."""
    return [entry for path in sorted((TESTS / folder).glob("*.toml")) for entry in read(path, kind)]


def read(path: Path, kind: type[Keys]) -> list[Entry[Keys]]:
    """The entries of one file, a list of [[entry]]. Raises SchemaError as ``load`` does."""
    place = path.relative_to(TESTS.parent) if path.is_relative_to(TESTS.parent) else path
    text = path.read_text("utf-8")
    data = schema.parse(text, str(place))
    lines = [number for number, line in enumerate(text.split("\n"), 1) if line == "[[entry]]"]
    if set(data) != {"entry"} or len(lines) != len(data["entry"]):
        raise schema.SchemaError(f"{place}: a file is a list of [[entry]], each on a line of its own")
    found = zip(lines, data["entry"], strict=True)
    return [Entry(path, line, schema.read(kind, each, f"{place}:{line}")) for line, each in found]


def see(keys: Shown, folder: Path) -> Seen:
    """Runs dockfix on what an entry shows, in ``folder``."""
    settings = Settings(frozenset(keys.only) or None, unsafe=keys.unsafe, options=keys.options)
    context = folder / keys.context if keys.context else None
    result = dockfix(
        folder, keys.written(), keys.files, settings, without=keys.without, path=keys.path, context=context
    )
    return Seen(keys.written(), result)


@dataclass(frozen=True)
class Seen:
    """What dockfix makes of an entry."""

    before: str
    result: FileResult

    @property
    def after(self) -> str:
        return text_of(self.result) or self.before

    @property
    def split(self) -> bool:
        """Whether there are more stages than there were."""
        return len(model_of(parse(self.after)).stages) > len(model_of(parse(self.before)).stages)

    @property
    def installed(self) -> set[str]:
        """The apt packages that the final stage installs."""
        return installed(self.after)

    def texts(self) -> dict[str, str]:
        """The texts that an entry may speak of, with each instruction on one line; builder and runtime only where there are two stages.

        What is said is a line for each note: ``refusal: multi-stage: …``.
        """
        joined = re.sub(r"[ \t]*\\\n\s*", " ", self.after)
        found = {"text": joined, "ignore": ignore_of(self.result), "said": notes(self.result)}
        if len(model_of(parse(self.after)).stages) == 2:
            found["builder"], _, found["runtime"] = joined.rpartition("\nFROM ")
        return found

    def shown(self) -> str:
        """The Dockerfile that it has become, and what was said."""
        return f"\n{self.after}\n{notes(self.result)}"
