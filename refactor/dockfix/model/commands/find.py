"""``find``, where it removes or changes files of the application's own folders, and starts nothing of others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dockfix.lazy import regex
from dockfix.model.commands.protocol import CommandModel
from dockfix.model.effects import Effects, opaque, within
from dockfix.model.state import State
from dockfix.syntax.shell import Command, Word

# Folders of the system and of the languages: what is taken away there may be of packages that a split has elsewhere
_OF_SYSTEM = (
    *(
        "/usr/lib",
        "/usr/local",
        "/usr/share",
        "/usr/bin",
        "/usr/sbin",
        "/lib",
        "/lib64",
        "/bin",
        "/sbin",
        "/etc",
        "/root",
    ),
    *("/var/lib", "/var/cache", "/var/log"),
)
_AROUND = frozenset({"/", "/usr", "/var", "/opt", "/home"})
# https://www.gnu.org/software/findutils/manual/html_mono/find.html: tests and options with how many words behind them
_TESTS = """
-name -iname -path -ipath -wholename -regex -iregex -regextype -type -size -perm -user -group -newer -mtime -mmin -ctime -atime -maxdepth
-mindepth
"""
_ALONE = """
! ( ) -not -o -or -a -and -depth -d -xdev -mount -empty -executable -readable -print -print0 -prune -delete -true -false
"""
_EXPRESSIONS = {**dict.fromkeys(_TESTS.split(), 1), **dict.fromkeys(_ALONE.split(), 0)}
_RUNS = frozenset({"-exec", "-execdir"})
_REMOVERS = frozenset({"rm", "rmdir", "touch"})
_OPENS = regex(r"[ugoa]*\+[rwxX]+|0?(?:755|775|777|644|664|666)")  # modes that close nothing


def _find(command: Command, state: State) -> Effects:
    words = list(command.args)
    start = next((number for number, word in enumerate(words) if _begins(word)), len(words))
    values = [state.value(word) for word in words[:start]] or ["."]
    paths = [state.path(value) if value else None for value in values]
    if any(path is None or _is_of_system(path) for path in paths):
        return opaque("what find finds there is not known")
    programs = _started(words[start:])
    if programs is None:
        return opaque("what find starts is not known")
    found = tuple(path for path in paths if path is not None)
    changes = bool(programs) or any(word.value == "-delete" for word in words[start:])
    return Effects(reads=found, writes=found if changes else (), tools=frozenset({"find", *programs}))


def _is_of_system(path: str) -> bool:
    return path in _AROUND or any(char in path for char in "*?[{") or any(within(path, each) for each in _OF_SYSTEM)


def _begins(word: Word) -> bool:
    return word.value is None or word.value.startswith("-") or word.value in {"!", "("}


def _started(words: Sequence[Word]) -> frozenset[str] | None:
    """The programs that an expression starts, and that only remove files or open them to others; None where it may do anything else."""
    rest, found = iter(words), set[str]()
    for word in rest:
        if word.value in _RUNS:
            name = _program(rest)
            if name is None:
                return None
            found.add(name)
        elif word.value not in _EXPRESSIONS:
            return None
        else:
            for _ in range(_EXPRESSIONS[word.value]):
                next(rest, None)
    return frozenset(found)


def _program(rest: Iterator[Word]) -> str | None:
    """The program of one action, up to its end; None where it does more than these may."""
    given: list[str | None] = []
    for word in rest:
        if word.value in {";", "+"}:
            break
        given.append(word.value)
    name, *others = given or [None]
    plain = [each for each in others if each is not None and not each.startswith("-") and each != "{}"]
    if name in _REMOVERS:
        return name if not plain else None
    return name if name == "chmod" and len(plain) == 1 and _OPENS.fullmatch(plain[0]) else None


MODELS: dict[str, CommandModel] = {"find": _find}
