"""Paths of URLs in code, by what is done with them: a request is compared with them, a router is given them. Text search only."""

from __future__ import annotations

import re
from collections.abc import Iterable

from dockfix.lazy import regex
from dockfix.namedtuple import NamedTuple

_STRINGS = rb"(?:[rbfu]*[\"'][^\"'\n]*[\"']\s*,\s*)*[rbfu]*$"
# What a string, or one of several, is compared with
_COMPARED = regex(
    rb"([\w.\[\]\"'()]+)(?:\.(?:startswith|endswith|removeprefix)\(|\s*(?:==|!=|\bin\b)\s*)\s*[\[({]*\s*" + _STRINGS
)
# The path of a request, as web frameworks have it
_REQUESTED = rb"(?i:\b(?:request|req|scope|url|websocket)\b[\w.\[\]\"'()]*path)"
_OF_REQUEST = regex(_REQUESTED)
_GIVEN_TO_ROUTER = regex(rb"\.add_(?:resource|url_rule|route|view|handler)\((?:[^()\"'\n]*,)?\s*" + _STRINGS)
# A pair of a route and what answers it
_OPENS_PAIR = regex(rb"(?<![\w)\]])\(\s*[rbfu]*$")
_ANSWERED_BY = regex(rb"\s*,\s*[\w.]*(?:(?<!File)(?<!Stream)Handler|View|Controller)\b")
_ASSIGNED = regex(rb"\s*(\w+)[ \t]*(?::[ \t]*[\w.\[\]]+[ \t]*)?=[ \t]*[rbu]*[\"']/")
# What a page in the code asks for, and what opens a file
_FETCHED = regex(rb"(?<![\w.])(?:window\.)?fetch\(\s*$")
_OPENED = regex(rb"(?:\b(?:open|Path|join|exists|makedirs|mkdir|listdir|FileResponse|send_file)\(\s*[rbfu]*)$")
_METHODS = rb"get|post|put|patch|delete|head|options|route|websocket|api_route"
# What stands before a name that a router is given, or a client of tests
_TO_ROUTER = regex(
    rb"(?:@[\w.]+\(\s*|\.(?:add_api_route|add_url_rule|add_route|add_api_websocket_route|mount)\(\s*|\b(?:re_path|Route|Mount)\(\s*"
    rb"|\bprefix\s*=\s*)(?:path\s*=\s*)?(?:\w+\.)*$"
)
_TO_CLIENT = regex(rb"\bclient\.(?:get|post|put|patch|delete|head|options|request)\(\s*(?:\w+\.)*$")
_IMPORTED = regex(rb"(?:^|\n)[ \t]*(?:from[ \t]+[\w.]+[ \t]+)?import\b(?:[^\n(]*|[ \t]*\([^)]*)$")


def asks_for(data: bytes, start: int) -> bool:
    """Whether the string that starts at a place of code is compared with the path of a request, or is a route."""
    first = max(0, start - 300)
    compared = _COMPARED.search(data, first, start)
    if compared is not None and (_OF_REQUEST.search(compared[1]) or _is_requested(data, compared[1])):
        return True
    if _GIVEN_TO_ROUTER.search(data, first, start) or _FETCHED.search(data, first, start):
        return True
    end = data.find(data[start : start + 1], start + 1) + 1
    if end > 0 and _is_answered(data, data[start + 1 : end - 1]) and not _OPENED.search(data, first, start):
        return True
    return end > 0 and _OPENS_PAIR.search(data, first, start) is not None and _ANSWERED_BY.match(data, end) is not None


def _is_answered(data: bytes, path: bytes) -> bool:
    """Whether the file itself has a route of this path, by a decorator of a web framework."""
    return (
        re.search(
            rb"@\w[\w.]*\.(?:" + _METHODS + rb")\(\s*(?:path\s*=\s*)?[rbfu]*[\"']" + re.escape(path) + rb"[\"']", data
        )
        is not None
    )


def _is_requested(data: bytes, name: bytes) -> bool:
    """Whether a name only ever stands for the path of a request in this file."""
    if not re.fullmatch(rb"\w+", name) or re.search(rb"\bdef\s+\w+\s*\([^)]*\b" + name + rb"\b", data):
        return False
    values = re.findall(rb"(?m)^[ \t]*" + name + rb"[ \t]*(?::[^=\n]+)?=(?!=)([^\n#]*)", data)
    return bool(values) and all(map(_OF_REQUEST.search, values))


class Uses(NamedTuple):
    """How a file uses a name: whether it gives it to a router, and whether it does anything else with it."""

    routed: bool
    other: bool


def name_of_path(line: bytes) -> bytes:
    """The name that a line gives to a string with a path, b"" where it gives none."""
    assigned = _ASSIGNED.match(line)
    return assigned[1] if assigned is not None else b""


def uses_of(wanted: bytes, file: str, data: bytes) -> Uses | None:
    """How a file uses a name beside importing it and giving it a path; None where it does not."""
    if wanted not in data:
        return None
    routed = other = False
    for match in re.finditer(rb"\b" + wanted + rb"\b", data):
        start = match.start()
        line = data[data.rfind(b"\n", 0, start) + 1 : data.find(b"\n", start) + 1 or None]
        before = data[max(0, start - 300) : start]
        if name_of_path(line) == wanted or _IMPORTED.search(before):
            continue
        if _TO_ROUTER.search(before):
            routed = True
        elif not _TO_CLIENT.search(before):
            other = True
    return Uses(routed, other) if routed or other else None


def only_routed(uses: Iterable[tuple[str, Uses]]) -> bool:
    """Whether files give a name to routers, and none does anything else with it."""
    found = [each for _, each in uses]
    return any(each.routed for each in found) and not any(each.other for each in found)
