"""Comments that are more than words to a reader: linters and updaters act on them."""

from __future__ import annotations

import re
from functools import cache
from typing import Literal

from dockfix.knowledge.tables import table
from dockfix.lazy import regex
from dockfix.namedtuple import NamedTuple


class Linter(NamedTuple):
    """A program that reads comments of one form; the head of ``linters.toml`` explains ``reads``."""

    name: str
    form: re.Pattern[str]
    reads: Literal["next line", "instruction", "file", "text"]
    example: str


@cache
def linters() -> tuple[Linter, ...]:
    """Every form of comment that a program reads; a program with several forms stands here several times."""
    return tuple(
        Linter(each["name"], regex(each["form"], re.IGNORECASE), each["reads"], each["example"])
        for each in table("linters")["linter"]
    )


def reader_of(comment: str) -> Linter | None:
    """The program that reads a comment, given as ``Comment.content``; None where it is for people."""
    return next((linter for linter in linters() if linter.form.match(comment)), None)
