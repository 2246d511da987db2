"""On which ports the servers that a command line starts listen."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from dockfix.context.program.model import Port
from dockfix.knowledge import PythonProgram, package_manager, server_in, starts_another
from dockfix.lazy import regex

_OPTION = regex(
    r"(?:--?bind|-b|--port|-p|--server\.port|--http(?:-socket)?|--socket|--listen|--server_port|--port-number|--https?)"
)
_SET = regex(r"(?m)^[ \t]*(?:export[ \t]+|readonly[ \t]+)?(\w+)=[\"']?([^\s\"';&|]+)[\"']?[ \t]*$")
_VARIABLE = regex(r"\$(?:\{(\w+)(?::?-([^}]*))?\}|(\w+))")


def ports_of_command(
    text: str, file: str, line: int, counts: Callable[[PythonProgram], bool] = lambda _: True
) -> tuple[Port, ...]:
    """The ports of the servers among the commands of a script; None in one for a port that is worked out at run time.

    Commands are cut by their looks, so that those within ``if``, ``case`` and ``sh -c`` count, too. ``counts`` says which servers do.
    """
    found: list[Port] = []
    settings = [(match[1], match[2]) for match in _SET.finditer(text)]
    variables = {name: value for name, value in settings if [each for each, _ in settings].count(name) == 1}
    for number, piece in _pieces(text):
        words = [word.strip("\"'[](),") for word in piece.split()]
        shown = " ".join(posixpath.basename(word) if word.startswith(("/", "./")) else word for word in words)
        server = server_in(shown)
        if server is None or not counts(server[1]) or _only_names(words):
            continue
        name, program = server
        given = [_resolved(port, env, variables) for port, env in _given(words, name)]
        configured = any(
            word in {"-c", "--config", "--ini"} or word.startswith("--config=") or word.endswith(".ini")
            for word in words
        )
        if given:
            found += [Port(port, file, line + number, name, env) for port, env in given if port != 0]
        elif program.port and not configured:
            found.append(
                Port(program.port, file, line + number, f"{name}, its default", program.variable, is_default=True)
            )
    return tuple(dict.fromkeys(found))


def _only_names(words: Sequence[str]) -> bool:
    """Whether a command names a server to install or print it, and does not start it."""
    first = posixpath.basename(words[0]) if words else ""
    return first == "echo" or (package_manager(first) is not None and not starts_another(first, frozenset(words[1:])))


def _resolved(port: int | None, env: str, variables: Mapping[str, str]) -> tuple[int | None, str]:
    """The port with the variable that decides, for one that the script itself sets: ``APP_PORT=${PORT:-8000}``."""
    for _ in range(3):
        if port is not None or env not in variables:
            break
        port, env = port_of(variables[env]) or (None, env)
    return port, env


def _pieces(text: str) -> Iterator[tuple[int, str]]:
    """The commands of a script with the number of the line on which each starts."""
    # a continued command stands on one line, and those after it keep theirs
    joined = re.sub(r"(?:[^\n]*\\\r?\n)+[^\n]*", _on_one_line, text)
    for number, row in enumerate(joined.split("\n")):
        if not row.lstrip().startswith("#"):
            for piece in re.split(r";|&&|\|\|?|\bthen\b|\bdo\b|\belse\b", row):
                yield number, piece


def _on_one_line(match: re.Match[str]) -> str:
    return re.sub(r"\\\r?\n", " ", match[0]) + "\n" * match[0].count("\n")


def _given(words: Sequence[str], name: str) -> list[tuple[int | None, str]]:
    """The ports that options give; 0 for a socket that has none."""
    found: list[tuple[int | None, str]] = []
    plain = re.search(r"runserver|http\.server|testserver", name)  # their address is a word of its own
    after = next((number for number, word in enumerate(words) if plain and plain[0] in word), len(words))
    for number, word in enumerate(words):
        option, equals, value = word.partition("=")
        if _OPTION.fullmatch(option) and (equals or number + 1 < len(words)):
            value = value if equals else words[number + 1]
        elif re.match(r"-[bp][\d:.$]", word):
            value = word[2:]
        elif number > after and re.fullmatch(r"(?:[\w.\[\]:]*:)?(?:\d{1,5}|\$\S+)", word):
            value = word
        else:
            continue
        if value.startswith(("unix:", "/", "fd://")) or value.endswith(".sock"):
            found.append((0, ""))
        elif port := port_of(value):
            found.append(port)
    return found


def port_of(value: str) -> tuple[int | None, str] | None:
    """The port of ``8000``, ``:8000``, ``0.0.0.0:$PORT`` and the like, with the variable that decides; None for no port."""
    variable = _VARIABLE.search(value)
    if variable:
        default = variable[2] or ""
        return int(default) if default.isdecimal() and default.isascii() else None, variable[1] or variable[3]
    match = re.search(r"(?:^|:)(\d{1,5})$", value.strip())
    return (int(match[1]), "") if match and 0 < int(match[1]) < 65536 else None
