"""Why something is not done or could be wrong, and which parts of an image a change alters on purpose."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import field, replace
from typing import Literal

from dockfix.dataclass import dataclass
from dockfix.model.answers import Answer, Started

Weight = Literal["blocks", "doubts", "unseen"]
Part = Literal[
    "ARG",
    "CMD",
    "DISTRIBUTION",
    "ENTRYPOINT",
    "ENV",
    "EXPOSE",
    "FILE",
    "FROM",
    "GROUP",
    "HEALTHCHECK",
    "LABEL",
    "MAINTAINER",
    "MODULE",
    "ONBUILD",
    "OWNER",
    "PACKAGE",
    "PROGRAM",
    "RUN",
    "SHELL",
    "STOPSIGNAL",
    "USER",
    "VOLUME",
    "WORKDIR",
]


@dataclass(frozen=True)
class Place:
    """A 1-based line (0: none) of the Dockerfile (``file`` "") or of a file of the build context."""

    line: int = 0
    file: str = ""


@dataclass(frozen=True)
class Reason:
    """Why something is not done, or could be wrong: ``text`` is a clause without a full stop.

    ``weight`` says what could settle it: nothing, it is never done ("blocks"); a build ("doubts"); not even a build ("unseen").
    ``about`` is the part of the image that it speaks of, where it speaks of one. ``answers`` are what would answer a doubt, all of them.
    """

    text: str
    place: Place = field(default=Place())
    weight: Weight = "blocks"
    about: Declared | None = None
    answers: tuple[Answer, ...] = ()

    def at(self, line: int) -> Reason:
        """The same with a line of the Dockerfile."""
        return replace(self, place=Place(line))

    def behind(self, asked: str) -> Reason:
        """The same, as the reason why ``asked`` is not known."""
        return replace(self, text=f"{asked} is not known: {self.text}")

    @property
    def line(self) -> int:
        """The line of the Dockerfile that it speaks of, 0 where it speaks of the whole file or of another file."""
        return 0 if self.place.file else self.place.line


@dataclass(frozen=True)
class Declared:
    """A part of the image that an edit alters on purpose.

    ``name`` is the variable of an ENV or ARG, the label, the text of a RUN's command, the image of a FROM as written,
    the path of a FILE in the image (or of a folder around it), the path of what stays with its OWNER, a GROUP of
    dependencies that an install brings, the name of a PACKAGE, MODULE or PROGRAM, that of a DISTRIBUTION, which
    leaves with all that only it brings; "" where there is only one of its kind, or where all of them are meant. ``instead`` are the
    system packages that take the place of a PACKAGE, or of what the image of a FROM brought; the paths that arrive of a FILE, a folder
    of which the rest does not.
    """

    part: Part
    name: str = ""
    instead: tuple[str, ...] = ()

    def __str__(self) -> str:
        """As a Dockerfile names it, such as ``ENV PATH``."""
        return f"{self.part} {self.name}" if self.name else self.part

    def covers(self, other: Declared) -> bool:
        """Whether the other is the same part, or one of all those of its kind where this one has no name."""
        return self.part == other.part and self.name in {"", other.name}

    @property
    def source(self) -> str:
        """As a transform writes it, such as ``Declared("ENV", "PATH")``."""
        words = [json.dumps(word, ensure_ascii=False) for word in (self.part, self.name) if word]
        if self.instead:
            words.append(f"instead=({' '.join(f'{json.dumps(name)},' for name in self.instead)})")
        return f"Declared({', '.join(words)})"


def at(text: str, line: int = 0) -> Reason:
    """Why something is not done, with a line of the Dockerfile."""
    return Reason(text, Place(line))


def doubt(text: str, about: Declared | None = None, answers: Sequence[Answer] = (Started(),)) -> Reason:
    """Why something could be wrong, which a build can tell, and what of it does."""
    return Reason(text, weight="doubts", about=about, answers=tuple(answers))


def unseen(text: str) -> Reason:
    """Why something could be wrong, which no build can tell."""
    return Reason(text, weight="unseen")
