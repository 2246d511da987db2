"""``if [ … ]; then …; fi``: the commands that it may run, where the condition is a plain test."""

from __future__ import annotations

from collections.abc import Sequence

from dockfix.lazy import regex
from dockfix.namedtuple import NamedTuple

_IF = regex(
    r"if\s+(?:!\s+)?(?:\[\s[^;\n`]*\]|\[\[\s[^;\n`]*\]\]|test\s[^;\n`]*)\s*(?:;|\n)\s*then\b(.*?)[;\n]\s*(?:else\b(.*?)[;\n]\s*)?fi\s*"
)
_OTHER = regex(r"(?:^|[;\n&|]|\b(?:then|else|do)\b)\s*(?:if|elif|for|while|until|case|select|function)\b")


_FILE = regex(r"(?<=\s)-[a-zA-Z]\s+([\"']?)([^\s\"'$;]+)\1(?=[\s;])")
_UNCLEAR = regex(r"(?<=\s)-[defrswxLhSbcgku]\s+[\"']?[^\s\"']*\$")


class Branches(NamedTuple):
    """The texts of the branches, and the paths that the condition asks for."""

    texts: Sequence[str] = ()
    asked: Sequence[str] = ()


def branches(text: str) -> Branches:
    """What a text may run; no texts where it is something else, or has more in it than commands."""
    found = _IF.fullmatch(text.strip().replace("\\\n", " "))
    condition = text.partition("then")[0]
    if found is None or "$(" in condition or _UNCLEAR.search(condition):
        return Branches()
    texts = tuple(each.strip() for each in found.groups() if each)
    if any(_OTHER.search(each) for each in texts):
        return Branches()
    return Branches(texts, tuple(each[2] for each in _FILE.finditer(condition)))
