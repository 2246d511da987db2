"""Paths that code, scripts and settings name, told from those of URLs. Text search only."""

from __future__ import annotations

import re
from functools import cache

from dockfix.context.texts import Mention, mentions
from dockfix.context.web_paths import asks_for
from dockfix.knowledge import heads_of_routes, usual_routes
from dockfix.lazy import regex

_FIRST = (
    rb"/(?:var|data|srv|mnt|media|opt|home|root|run|logs?|etc|usr|storage|uploads?|config|app|apps|code|src|work|workspace"
    rb"|models?|cache|shared|exports?|outputs?|inputs?|backups?|db|database|volumes?|state|secrets|certs|static|public"
    rb"|downloads?|files|private|persist\w*|library|project)(?![\w.+-])"
)
# What stands before the path in a URL of a file or a socket: unix:/run/a.sock, file:///a, sqlite:////a.db
LOCAL_URL = r"(?:(?:\w+\+)?(?:unix|file|socket):(?://)?|[A-Za-z]\w*(?:\+\w+)?:///)"
LOCAL_URL_BYTES = LOCAL_URL.encode()
LOCAL = regex(LOCAL_URL_BYTES + rb"(?=/)")
# A string that starts as a path does, or as a URL: most others are passed over by one look
_OPENING = rb"""["'](?=/|[\w+]+:)"""
_QUOTED_PATH = regex(
    _OPENING + rb"""(?:""" + LOCAL_URL_BYTES + rb""")?(""" + _FIRST + rb"""(?:/[^"'\s{}<>$\\]*+)?+)(?!<)"""
)
# The slash first, for which re looks many times as fast as for what must not stand before it
_BARE_PATH = regex(rb"(/(?<![\w./${}~:+-]/)" + _FIRST.removeprefix(b"/") + rb"""(?:/[^"'\s{}<>$\\;|&()`,:=]*)?)""")
# A path of a URL, by what stands before it: a call of a web framework or client, something of that name
_WEB = regex(
    rb"(?i)(?:\.(?:get|post|put|patch|delete|head|options|websocket|mount|add_\w+|include_router|redirect|route)"
    rb"|route|redirect\w*|url_for|re_path|(?-i:\bpath|\bMount))\(\s*[rbfu]*$|(?-i:[\"']Location[\"'])\s*:\s*[rbfu]*$"
    rb"|(?:url|uri|href|endpoint|prefix|route)\w*[\"']?\s*[=:]\s*[rbfu]*$"
    rb"|(?:url|uri|host|base|endpoint)\w*[\"'\])}]*\s*\+\s*[rbfu]*$|://[^\"']*[\"']\s*\+\s*[rbfu]*$"
)
_BEHIND = regex(rb"(?<=[\s;])#")
_IN_COMMENT = regex(rb"[\s)\]},;:]#\s")  # behind code; a # in a string has no blank on both sides, as a rule
# What is done with a path that is only read, behind the string that holds it
_ONLY_READ = regex(
    rb"\s*\)\s*\.(?:read_text|read_bytes|exists|is_file|is_dir|stat|open\(\s*(?:[\"']r[bt]?[\"'])?\s*\))"
)
_ONLY_OPENED = regex(
    rb"\s*(?:,\s*(?:mode\s*=\s*)?[\"']r[bt]?[\"']\s*)?(?:,\s*(?:encoding|errors|newline)\s*=\s*[^,()]*)*\)"
)
_OPENS = regex(rb"(?<![\w.])open\(\s*[rbfu]*$")
# A path that a client is told by name
_ASKS_BY_NAME = regex(
    rb"(?i)(?:client|session|requests?|http\w*|api\w*|factory|browser)\.(?:get|post|put|patch|delete|head|options|request|generic)"
    rb"\((?:[^()]*,)?\s*path\s*=\s*[rbfu]*$"
)
# The name that a string is given, and what stands before a name that is put behind the address of a server
_ASSIGNED = regex(rb"(?<![\w.])(\w+)[ \t]*(?::[ \t]*\w+[ \t]*)?=[ \t]*[rbfu]*$")
_ADDRESS = rb"(?:\w*(?:url|uri|host|endpoint|api|server|domain|address)\w*|base)"
_BEHIND_ADDRESS = regex(
    rb"(?i)(?:(?<![\w.])(?:\w+\.)*"
    + _ADDRESS
    + rb"[\"'\])}]*\s*\+\s*|\{(?:\w+\.)*"
    + _ADDRESS
    + rb"(?:\.rstrip\([^()]*\))?\}/?\{"
    rb"|\burljoin\([^,()]*,\s*)(?:\w+\.)*$"
)
# A value of a mapping, after which the string that follows is a key
_MAPPED = regex(rb""":\s*[rbfu]*(?:"[^"\n]*"|'[^'\n]*')\s*,\s*$""")
_WEB_LINE = regex(rb"(?i)\s*(?:@\w|[\w.]*(?:url|uri|href|endpoint|route)\w*\s*[=:])")
# A string that is a path by what stands before it or by its end, whatever its folder is called
_ANY_PATH = regex(
    _OPENING + rb"""(?:""" + LOCAL_URL_BYTES + rb""")?(/[A-Za-z0-9_][\w.@+-]*(?:/[^"'\s{}<>$\\?&=:*]*)?)["']"""
)
_PATH_NAME = regex(
    rb"(?i)(?:dir(?:ectory|name)?|(?<!root_)(?<!url_)(?<!base_)(?<!script_)(?<!cookie_)(?<!static_)(?<!api_)(?<!mount_)path|file(?:name)?|folder|stor(?:e|age)"
    rb"|database|db|cache|log|sock(?:et)?|pid|root|home|outputs?|uploads?|data|volume|dest(?:ination)?|save\w*|default|connect|open|chdir|listdir)"
    rb"[\"']?(?:\s*:\s*\w+)?\s*(?:[=:,(]|\bor\b)\s*[rbfu]*$"
)
_DATA_FILE = regex(
    rb"(?i).*\.(?:db|sqlite3?|jsonl?|ya?ml|toml|ini|cfg|conf|log|csv|pid|sock|lock|pkl|pem|key|crt|parquet|h5|bin|dat|npz?)"
)
# What a folder or a file is called before the string that names it, or what makes one
FOLDER_NAME = regex(
    rb"(?i)(?:dir(?:ector(?:y|ies)|name|s)?|files?|filename|folders?|stor(?:e|age)|volumes?|makedirs|mkdir|open|chdir|listdir|(?-i:\bPath))[\"']?(?:\s*:\s*\w+)?"
    rb"\s*[=:,(]\s*[rbfu]*[\"']?$"
)
# What an English sentence goes on with after "make", and a Makefile has no target of
PROSE = regex(
    r"make\s+(?:sure|certain|it|its|an?|the|this|that|these|those|your|our|my|their|use|any|some|every|sense"
    r"|changes|you|them|another|multiple|requests?|calls?|copies|room|possible|easier|better)\b"
)


@cache
def route() -> re.Pattern[bytes]:
    """A route that programs usually answer, or one below a folder of such routes."""
    routes = "|".join(sorted(map(re.escape, usual_routes()))).encode()
    heads = "|".join(sorted(heads_of_routes())).encode()
    return regex(rb"(?:" + routes + rb")/?(?![\w./+-])|/(?:" + heads + rb")(?=/)")


def quoted_paths(name: str, data: bytes) -> list[Mention]:
    """The absolute paths in the strings of Python source, up to where something is filled in."""
    if not any(start in data for start in (b'"/', b"'/", b":/")):
        return []
    usual = mentions(name, data, _QUOTED_PATH, _on_disk, 1)
    others = mentions(name, data, _ANY_PATH, _is_path, 1)
    return sorted(dict.fromkeys((*usual, *others)), key=lambda each: each.line)


def bare_paths(name: str, data: bytes) -> list[Mention]:
    """The absolute paths in a script."""
    return mentions(name, data, _BARE_PATH, counts, 1)


def _is_path(data: bytes, start: int) -> bool:
    """Whether a string of code that starts with a slash is a path of the file system, by what stands around it."""
    if not _on_disk(data, start):
        return False
    if LOCAL.match(data, start + 1):
        return True
    text = data[start + 1 : data.find(data[start : start + 1], start + 1)]
    if route().match(data, start + 1) and not FOLDER_NAME.search(data, max(0, start - 120), start):
        return False
    if _DATA_FILE.fullmatch(text) is not None:
        return True
    before = data[max(0, start - 120) : start]
    return _PATH_NAME.search(before) is not None and not _MAPPED.search(before)


def before_in_line(data: bytes, start: int) -> bytes:
    """The part of the line before a place."""
    return data[data.rfind(b"\n", 0, start) + 1 : start]


def may_run(data: bytes, start: int) -> bool:
    """Whether a place in a text may be a command: not in a comment that fills its line, not prose."""
    return not before_in_line(data, start).lstrip().startswith((b"#", b";", b"//")) and not (
        data.startswith(b"make", start) and PROSE.match(data[start : start + 40].decode("latin-1"))
    )


def counts(data: bytes, start: int) -> bool:
    """The same in a script or in settings, where a comment may stand behind something, too: outside of any quotes."""
    before = before_in_line(data, start)
    told = (before[: match.start()].replace(b"\\'", b"").replace(b'\\"', b"") for match in _BEHIND.finditer(before))
    return may_run(data, start) and all(any(text.count(quote) % 2 for quote in (b"'", b'"', b"`")) for text in told)


def _only_read(data: bytes, start: int) -> bool:
    """Whether code only reads the path in the string that starts at a place."""
    end = data.find(data[start : start + 1], start + 1) + 1
    if _OPENS.search(data, max(0, start - 20), start):
        return end > 0 and _ONLY_OPENED.match(data, end) is not None
    return end > 0 and _ONLY_READ.match(data, end) is not None


def _on_disk(data: bytes, start: int) -> bool:
    """Whether a path in a Python string looks like one of the file system rather than of a URL."""
    before = before_in_line(data, start)
    text = data[start + 1 : data.find(data[start : start + 1], start + 1)]
    if before.lstrip().startswith(b"#") or _IN_COMMENT.search(before):
        return False
    if LOCAL.match(text):
        return True
    if b":/" in text or text.startswith(b"/html/"):
        return False  # a list of folders to search; a path in a document
    return (
        not _only_read(data, start)
        and not _WEB_LINE.match(before)
        and not _WEB.search(data, max(0, start - 200), start)
        and not _ASKS_BY_NAME.search(data, max(0, start - 200), start)
        and not _follows_an_address(data, before, start)
        and not asks_for(data, start)
    )


def _follows_an_address(data: bytes, before: bytes, start: int) -> bool:
    """Whether a string has a name which code only ever puts behind the address of a server."""
    assigned = _ASSIGNED.search(before)
    if assigned is None:
        return False
    own = start - len(before) + assigned.start(1)
    uses = [each.start() for each in re.finditer(rb"\b" + assigned[1] + rb"\b", data) if each.start() != own]
    return bool(uses) and all(_BEHIND_ADDRESS.search(data, max(0, use - 80), use) for use in uses)
