"""How Python source starts other programs, by the looks of its text."""

from __future__ import annotations

import re

from dockfix.lazy import regex
from dockfix.namedtuple import NamedTuple

# Texts that say so wherever they stand, and expressions. Each of these starts with a fixed text, for which re looks many times as fast
# as for one that starts with a choice
_STARTS = (b"subprocess", b"check_output", b"getoutput", b"run_process", b"open_process")
_MAY_START = tuple(
    regex(pattern)
    for pattern in (
        rb"os\.(?<!\wos\.)(?:system|popen|exec|spawn|posix_spawn)",
        rb"from(?<!\wfrom)\s+os\s+import\b",
        rb"which(?<!\wwhich)\s*\(",
        rb"import(?<!\wimport)\s+which\b",
        rb"Popen(?<!\wPopen)\b",
        rb"system(?<!\wsystem)\s*\(",
        rb"popen(?<!\wpopen)\s*\(",
        rb"spawn(?<!\wspawn)\s*\(",
    )
)
_STARTERS = regex(
    rb"(?m)^\s*(?:from|import)\s+(?:pexpect|invoke|fabric|pty|envoy|delegator|sarge|plumbum|sh)\b",
)
_NAMES_OF_STARTERS = frozenset(
    {b"pexpect", b"invoke", b"fabric", b"pty", b"envoy", b"delegator", b"sarge", b"plumbum", b"sh"}
)
_BY_NAME = regex(rb"(?m)^\s*(?:from|import)\s+(?:plumbum|sh)\b")
_NAMED = frozenset({b"plumbum", b"sh"})
# Calls that start nothing of the name that they are handed
_TELLS = (
    r"(?<!\w)(?:_*(?:put|set|log|print|debug|info|warn(?:ing)?|error|exception|has|add_section)(?:_\w+)?"
    r"|(?:starts|ends)with|(?:set|has|get)attr)"
)
# What does not stand in a word
_NO_WORD = bytes(code if re.match(rb"\w", bytes([code])) else 32 for code in range(256))


class Starting(NamedTuple):
    """How a file of Python may start other programs: in any of the usual ways, or by calling functions that have their names."""

    usual: bool
    by_name: bool


def starts_programs(name: str, data: bytes) -> Starting | None:
    """How a file does; None where it does not."""
    words = data.translate(_NO_WORD).split()
    by_name = not _NAMED.isdisjoint(words) and _BY_NAME.search(data) is not None
    usual = (
        any(text in data for text in _STARTS)
        or any(pattern.search(data) for pattern in _MAY_START)
        or (not _NAMES_OF_STARTERS.isdisjoint(words) and _STARTERS.search(data) is not None)
    )
    return Starting(usual, by_name) if usual or by_name else None


def is_only_told(line: str, word: str) -> bool:
    """Whether a word of code is a string of its own that is handed to what starts nothing by its name: ``put("httpd", ...)``, a log."""
    return re.search(rf"{_TELLS}\(\s*[rbuf]*([\"']){re.escape(word)}\1", line) is not None
