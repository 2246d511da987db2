"""What BuildKit demands of the arguments of each instruction, beyond what its parser needs to split them.

After https://github.com/moby/buildkit, frontend/dockerfile/instructions/parse.go. A flag that is unknown to us is left
to BuildKit, as it may be newer than this, unless the instruction takes none at all or its name is almost a known one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from difflib import get_close_matches

from dockfix.lazy import regex
from dockfix.namedtuple import NamedTuple
from dockfix.syntax.heredoc import opener
from dockfix.syntax.lexer import LexError
from dockfix.syntax.nodes import Flag, Instruction
from dockfix.syntax.words import BadPairs, NotStrings, json_array, key_values, quoted_words

_SWITCHES = frozenset(("link", "keep-git-dir", "unpack", "parents"))
_REPEATABLE = frozenset(("exclude", "mount", "device"))
_UNCHECKED = frozenset(("ARG", "STOPSIGNAL"))
_FLAGS = {
    "ADD": ("chown", "chmod", "link", "keep-git-dir", "checksum", "unpack", "exclude"),
    "COPY": ("chown", "chmod", "link", "from", "parents", "exclude"),
    "FROM": ("platform",),
    "HEALTHCHECK": ("interval", "timeout", "start-period", "start-interval", "retries"),
    "RUN": ("mount", "network", "security", "device"),
}
_DURATION = regex(r"[-+]?0|\+?(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+", re.ASCII)
_COUNT = regex(r"\+?\d{1,9}|-0+", re.ASCII)
_STAGE_NAME = regex(r"[a-z][a-z0-9_.-]*", re.ASCII | re.IGNORECASE)


class Fault(NamedTuple):
    """What is wrong with an instruction and what to do; ``offset`` is where, in the instruction's text."""

    offset: int
    message: str
    hint: str


def faults(node: Instruction) -> Iterator[Fault]:
    """What BuildKit refuses in one known instruction."""
    keyword = node.keyword
    yield from _flag_faults(node)
    start = node.logical.raw(node.args_start) if node.args else node.keyword_span[0]
    for message, hint in _CHECKS.get(keyword, _no_check)(node):
        yield Fault(start, message, hint)


_Findings = Iterator[tuple[str, str]]


def _no_check(node: Instruction) -> _Findings:
    return iter(())


def _exec_form(keyword: str, args: str) -> _Findings:
    try:
        json_array(args)
    except NotStrings:
        yield f"the JSON array of {keyword} holds more than strings", 'put every item in double quotes: ["a", "1"]'


def _command(node: Instruction) -> _Findings:
    return _exec_form(node.keyword, node.args)


def _some(node: Instruction) -> _Findings:
    if not node.args:
        yield f"{node.keyword} needs an argument", f"write what {node.keyword} applies to, or remove the line"


def _shell(node: Instruction) -> _Findings:
    yield from _command(node)
    if not node.json:
        yield "SHELL needs a JSON array", 'write it as SHELL ["/bin/bash", "-c"]'


def _volume(node: Instruction) -> _Findings:
    yield from _some(node)
    yield from _command(node)
    if any(not word.strip() for word in node.words):
        yield "VOLUME has an empty path", "write the path of a directory"


def _copy(node: Instruction) -> _Findings:
    yield from _command(node)
    words = node.words
    if len(words) < 2:
        yield f"{node.keyword} needs a source and a destination", f"write it as {node.keyword} <source> <destination>"
        return
    try:
        bad = opener(words[-1]) is not None
    except LexError:
        bad = False
    if bad:
        yield f"{node.keyword} has a heredoc where its destination should be", "write the path of the destination last"


def _pairs(node: Instruction) -> _Findings:
    keyword = node.keyword
    try:
        found = key_values(node.args, node.escape)
    except BadPairs as error:
        yield f"{keyword} has no value for {error}", f"write it as {keyword} name=value, with quotes around blanks"
        return
    if not found:
        yield from _some(node)
    elif any(not key for key, _ in found):
        yield f"{keyword} has a value without a name", f"write it as {keyword} name=value"


def _arg(node: Instruction) -> _Findings:
    words = quoted_words(node.args, node.escape)
    if not words:
        yield from _some(node)
    elif any(word.startswith("=") for word in words):
        yield "ARG has a value without a name", "write it as ARG name=value"


def _from(node: Instruction) -> _Findings:
    words = node.words
    if not words:
        yield "FROM names no image", "write it as FROM image:tag, or FROM scratch"
    elif len(words) != 1 and not (len(words) == 3 and words[1].upper() == "AS"):
        comment = next((word for word in words if word.startswith("#")), None)
        yield (
            "FROM takes an image and, if need be, AS and a name",
            "put the comment on a line of its own" if comment else "write it as FROM image:tag AS name",
        )
    elif len(words) == 3 and not _STAGE_NAME.fullmatch(words[2]):
        yield (
            f"{words[2]} can't be the name of a stage",
            "begin it with a letter; letters, digits, -, _ and . may follow",
        )


def _onbuild(node: Instruction) -> _Findings:
    inner = node.inner
    if inner is None:
        yield from _some(node)
    elif inner.keyword in ("ONBUILD", "FROM", "MAINTAINER"):
        yield f"ONBUILD can't trigger {inner.keyword}", "use an instruction that works in a stage, such as RUN or COPY"
    else:
        if inner.keyword in ("RUN", "CMD", "ENTRYPOINT", "SHELL", "COPY", "ADD", "VOLUME"):
            yield from _command(inner)
        if inner.keyword in ("ENV", "LABEL") and inner.args:
            yield from _pairs(inner)
        if inner.keyword == "HEALTHCHECK" and inner.inner is not None:
            yield from _exec_form("HEALTHCHECK", inner.inner.args)


def _healthcheck(node: Instruction) -> _Findings:
    words = node.words
    if not node.args:
        yield from _some(node)
        return
    kind = node.args.split(maxsplit=1)[0].upper()
    if node.inner is not None:
        yield from _exec_form("HEALTHCHECK", node.inner.args)
        if len(words) < 2:
            yield "HEALTHCHECK CMD has no command", "write the command after CMD"
    elif kind != "NONE":
        yield f"HEALTHCHECK {kind} is unknown", "write HEALTHCHECK CMD and a command, or HEALTHCHECK NONE"
    elif len(words) > 1:
        yield "HEALTHCHECK NONE takes no arguments", "remove what follows NONE"


_CHECKS: dict[str, Callable[[Instruction], _Findings]] = {
    "ADD": _copy,
    "ARG": _arg,
    "CMD": _command,
    "COPY": _copy,
    "ENTRYPOINT": _command,
    "ENV": _pairs,
    "EXPOSE": _some,
    "FROM": _from,
    "HEALTHCHECK": _healthcheck,
    "LABEL": _pairs,
    "MAINTAINER": _some,
    "ONBUILD": _onbuild,
    "RUN": _command,
    "SHELL": _shell,
    "STOPSIGNAL": _some,
    "USER": _some,
    "VOLUME": _volume,
    "WORKDIR": _some,
}


def _flag_faults(node: Instruction) -> Iterator[Fault]:
    keyword = node.keyword
    if not node.flags or keyword in _UNCHECKED or node.words[:1] in (("NONE",), ("none",)):
        return
    known = _FLAGS.get(keyword, ())
    seen = set()
    for flag in node.flags:
        name = flag.name
        if not known:
            yield Fault(flag.start, f"{keyword} takes no flags such as --{name}", "remove it")
        elif name not in known:
            if near := get_close_matches(name, known, 1, 0.75):
                yield Fault(flag.start, f"{keyword} has no flag --{name}", f"did you mean --{near[0]}?")
        elif name in seen and name not in _REPEATABLE:
            yield Fault(flag.start, f"--{name} is given twice", "keep one of them")
        elif problem := _value_fault(keyword, flag):
            yield Fault(flag.start, *problem)
        seen.add(name)


def _value_fault(keyword: str, flag: Flag) -> tuple[str, str] | None:
    name, value = flag.name, flag.value
    if name in _SWITCHES:
        if value is None or value.lower() in ("true", "false"):
            return None
        return f"--{name} is true or false, not {value or 'empty'}", f"write --{name}"
    if value is None:
        return f"--{name} has no value", f"write it as --{name}=value, without blanks"
    if keyword != "HEALTHCHECK" or not value:
        return None
    if name == "retries":
        return None if _COUNT.fullmatch(value) else (f"--retries is a number, not {value}", "write it as --retries=3")
    if _DURATION.fullmatch(value):
        return None
    return f"--{name} is a time with its unit, not {value}", f"write it as --{name}=30s"
