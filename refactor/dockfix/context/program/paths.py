"""Texts and paths with parts that are not known, and the places that paths start from."""

from __future__ import annotations

import posixpath
import re

from dockfix.context.program.model import UNKNOWN, Base
from dockfix.namedtuple import NamedTuple

HOLE = "\0"  # a part that is worked out at run time
CODE = "\1"  # the root of the build context, before paths made from __file__
TEMP = "\2"  # the folder for temporary files
PACKAGES = "\3"  # the folder of Python's installed packages


class Value(NamedTuple):
    """A text with holes, and the environment variable that it depends on."""

    text: str
    env: str = ""


def place(text: str) -> tuple[str, Base]:
    """The path of a value in the form of ``Write``."""
    base: Base = "cwd"
    text = text.removeprefix("file://")
    if text.startswith(CODE):
        text, base = text[1:].lstrip("/"), "code"
    elif text.startswith(TEMP):
        text, base = text[1:].lstrip("/"), "temp"
    elif text.startswith(PACKAGES):
        text, base = text[1:].lstrip("/"), "packages"
    elif text.startswith("~"):
        text, base = text[1:].lstrip("/"), "home"
    elif text.startswith("/"):
        base = "root"
    elif text.startswith(HOLE):
        return UNKNOWN, "unknown"
    shown = re.sub(rf"{HOLE}+", UNKNOWN, text)
    folder = shown.endswith("/") and len(shown) > 1
    clean = posixpath.normpath(shown) if shown else "."
    return clean + "/" * folder if clean != "/" else clean, base


def shown(text: str) -> str:
    """A text for people: holes as question marks, without the marks of folders."""
    return re.sub(rf"{HOLE}+", UNKNOWN, text).replace(CODE, "").replace(PACKAGES, "").replace(TEMP, "/tmp")


def join(first: str, second: str) -> str:
    """Two parts of a path as os.path.join puts them together; an absolute second part wins."""
    if second.startswith(("/", CODE, TEMP, PACKAGES, "~")) or not first:
        return second
    return first + second if first.endswith("/") else f"{first}/{second}"


def above(path: str) -> str:
    """The folder that a path lies in."""
    head = path[:1] if path[:1] in {CODE, TEMP, PACKAGES} else ""
    rest = path[len(head) :].rstrip("/")
    if head and (not rest or rest.endswith("/..")):
        return f"{head}{rest}/.."
    if rest in {".", ".."}:
        return f"{rest}/.." if rest == ".." else ".."
    if "/" in rest:
        return head + (rest.rpartition("/")[0] or "/" * (not head))
    return head or (HOLE if HOLE in rest else ".")
