"""What Python distributions need at run time that pip does not bring."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from dockfix.knowledge.apt import loaded_from
from dockfix.knowledge.tables import table
from dockfix.lazy import regex
from dockfix.namedtuple import NamedTuple


def normalise(name: str) -> str:
    """A distribution's name in the form of https://packaging.python.org/en/latest/specifications/name-normalization/.

    ``packaging.utils.canonicalize_name`` gives the same; to import it takes longer than to read a whole Dockerfile.
    """
    plain = name.lower().replace("_", "-").replace(".", "-")
    while "--" in plain:
        plain = plain.replace("--", "-")
    return plain


class Needs(NamedTuple):
    """What a distribution needs of the system.

    ``libraries`` are Debian packages that it needs when it runs, however it was installed; ``linked`` those that it needs
    besides if it was compiled and not taken from its wheel (see ``wheel_bundles``): a -dev package stands for its runtime
    libraries, for which ``packages`` has the names. ``commands`` are programs that it starts, ``build`` the Debian packages
    that compiling it needs (none where pip has nothing to compile). ``wheel_bundles`` tells whether its wheel for Linux
    (manylinux, x86_64) holds all that would be linked; False where there is none, or it needs ``libraries``. ``checked``
    names the wheel that was looked into, "" where ``source`` is all there is.
    """

    libraries: tuple[str, ...] = ()
    linked: tuple[str, ...] = ()
    commands: frozenset[str] = frozenset()
    build: tuple[str, ...] = ()
    wheel_bundles: bool = False
    why: str = ""
    source: str = ""
    checked: str = ""

    def packages(self, suites: frozenset[str] | None, *, compiled: bool = False) -> tuple[str, ...] | None:
        """The Debian packages with the libraries, by the names they have in these releases.

        With ``compiled`` those of ``linked`` are among them. None where the names of one are not certain, because a release
        is unknown or they differ.
        """
        found: list[str] = []
        for name in (*self.libraries, *(self.linked if compiled else ())):
            names = loaded_from(name, suites)
            if names is None:
                return None
            found += names
        return tuple(dict.fromkeys(found))


@cache
def python_needs(distribution: str) -> Needs | None:
    """What a distribution needs of the system; None where nothing is known of it."""
    name = normalise(distribution)
    data = _needs().get(name)
    started, loaded = calls(name), needs_libraries(name)
    if data is None:
        return Needs(loaded, commands=started) if started or loaded else None
    compilers = ("gcc", "libc6-dev") if data["wheel"] == "none" or "build" in data else ()
    if "compiler" in data:
        compilers = ("g++", "libc6-dev")
    return Needs(
        tuple(dict.fromkeys((*data.get("libraries", "").split(), *loaded))),
        tuple(data.get("linked", "").split()),
        frozenset(data.get("commands", "").split()) | started,
        (*compilers, *data.get("build", "").split()),
        data["wheel"] == "whole",
        data["why"],
        data["source"],
        data.get("checked", ""),
    )


# The module that an import in a Python file begins with
_IMPORT = regex(rb"(?m)^[ \t]*(?:from|import)[ \t]+(\w+)")


class Compiles(NamedTuple):
    """Why a distribution needs a compiler when it runs; ``asked`` finds what asks it to compile, None where it does so by itself."""

    why: str
    asked: re.Pattern[bytes] | None


class AsksToCompile(NamedTuple):
    """When a distribution asks others to compile: where ``unless`` is found in what the application says, or ``beside`` is installed."""

    unless: re.Pattern[bytes] | None
    beside: str


def compiles_for_others() -> frozenset[str]:
    """The distributions that compile what others ask for, and nothing unasked."""
    return frozenset(name for group in table("python_packages")["asks_to_compile"] for name in group["of"].split())


def asks_to_compile(distribution: str) -> AsksToCompile | None:
    """When a distribution that was looked into asks others to compile; None where it was not."""
    return _asking().get(normalise(distribution))


def compiles_at_run_time(distribution: str) -> Compiles | None:
    """What is known of a distribution that compiles when it runs; None where nothing of the kind is known."""
    return _compilers().get(normalise(distribution))


@cache
def has_models_loaded() -> re.Pattern[bytes]:
    """What stands in code or settings of a program that has torch at work: its name, or that of a module that uses it."""
    data = table("python_packages")["loads_models"]
    groups = [group for group in table("python_packages")["compiles"] if "asked" in group]
    names = {name for group in groups for name in group["distributions"].split()}
    words = "|".join(sorted(re.escape(name).replace(r"\-", "[-_]") for name in names))
    modules = "|".join(data["modules"].split())
    imported = rf"(?m:^)[ \t]*(?:from|import)[ \t]+(?:{modules})\b"
    return regex(rf"{data['named']}|(?<![\w-])(?:{words})(?![\w-])|{imported}".encode())


def compiles_nothing(source: bytes) -> bool:
    """Whether an object's compile() in a Python file starts no compiler: it is of a module that the file imports."""
    imported = {name.decode() for name in _IMPORT.findall(source)}
    makers = {name.replace("-", "_") for name in _compilers()}
    return not imported.isdisjoint(table("python_packages")["compiles_nothing"]["modules"].split()) and not (
        imported & (makers | {"transformers", "diffusers"})
    )


def calls(distribution: str) -> frozenset[str]:
    """The executables that a distribution starts when it runs, as far as is known."""
    return _executables().get(normalise(distribution), frozenset())


def calls_if_asked(distribution: str) -> re.Pattern[bytes] | None:
    """What has a distribution start its executables, in the files and commands of a project; None where it may do so by itself."""
    return _asked().get(normalise(distribution))


def needs_libraries(distribution: str, *, compiled: bool = False) -> tuple[str, ...]:
    """The apt packages with shared libraries that a distribution loads and its wheels do not hold, as far as is known.

    Only libraries that commonly come along with a build package, and would be lost with it, are listed. The names are
    the same in all of Debian 11 to 13. ``compiled`` asks for those, too, that its wheels hold and a compile takes from the
    system.
    """
    return _libraries(compiled).get(normalise(distribution), ())


def needs_dev_packages(distribution: str) -> str | None:
    """Why runtime libraries cannot stand in for -dev packages where a distribution is used; None where they can."""
    return _dev_needed().get(normalise(distribution))


def embeds_python(distribution: str) -> bool:
    """Whether a distribution has an interpreter built in, and so is linked with the library of the Python it was compiled for."""
    return bool(_needs().get(normalise(distribution), {}).get("embeds"))


def loads_by_name(distribution: str) -> bool:
    """Whether a distribution is Python alone and uses a library of the system, which it then looks for by name."""
    data = _needs().get(normalise(distribution))
    return data is not None and data["wheel"] == "pure" and bool(data.get("libraries"))


@cache
def _needs() -> dict[str, dict[str, Any]]:
    return {name: group for group in table("python_needs")["needs"] for name in group["distributions"].split()}


@cache
def _compilers() -> dict[str, Compiles]:
    found: dict[str, Compiles] = {}
    for group in table("python_packages")["compiles"]:
        asked = regex(group["asked"].encode()) if "asked" in group else None
        found |= dict.fromkeys(group["distributions"].split(), Compiles(group["why"], asked))
    return found


@cache
def _asking() -> dict[str, AsksToCompile]:
    found: dict[str, AsksToCompile] = {}
    for group in table("python_packages")["asks_to_compile"]:
        unless = regex(group["unless"].encode()) if "unless" in group else None
        found |= dict.fromkeys(group["distributions"].split(), AsksToCompile(unless, group.get("beside", "")))
    return found


@cache
def _executables() -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for group in table("python_packages")["calls"]:
        for name in group["distributions"].split():
            found[name] = found.get(name, frozenset()) | frozenset(group["executables"].split())
    return found


@cache
def _asked() -> dict[str, re.Pattern[bytes]]:
    groups = [group for group in table("python_packages")["calls"] if "asked" in group]
    return {name: regex(group["asked"].encode()) for group in groups for name in group["distributions"].split()}


@cache
def _libraries(compiled: bool) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for group in table("python_packages")["libraries"]:
        if group.get("compiled") and not compiled:
            continue
        for name in group["distributions"].split():
            found[name] = tuple(dict.fromkeys((*found.get(name, ()), *group["packages"].split())))
    return found


@cache
def _dev_needed() -> dict[str, str]:
    groups = table("python_packages")["dlopen"]
    return {name: group["why"] for group in groups if group["dev_needed"] for name in group["distributions"].split()}
