"""The tables: what is asked for, looked up release by release, and written in an order that depends on nothing else."""

from __future__ import annotations

import fnmatch
import re
import textwrap
import tomllib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from apt_tables.index import Index

KNOWLEDGE = Path(__file__).resolve().parents[2] / "refactor/dockfix/knowledge"


@dataclass(frozen=True)
class Wanted:
    """What apt_packages.toml and apt_roles.toml ask for.

    ``packages`` to ``not_followed`` are for the runtime libraries; ``installed`` are all whose commands and
    recommendations are looked up, ``matters`` the recommended packages that are told (patterns), ``stands_for`` what apt
    takes for a name that several packages provide, ``other_programs`` whose commands are not taken for a package's own, and
    ``of_shells`` the commands that shells have themselves.
    ``leaving`` are the packages (patterns, too) that may leave an image, ``used`` the libraries that Python packages use
    (a -dev package stands for its runtime libraries), ``in_base`` the -dev packages whose libraries every image has,
    ``full_image`` the packages that the full images install, ``builds`` those that only building needs, headers apart,
    ``slim_image`` those that the slim images install, and ``of_python`` those of the system's own Python that only build.
    """

    packages: tuple[str, ...]
    headers_only: frozenset[str]
    same_as: Mapping[str, str]
    left_out: frozenset[str]
    not_followed: frozenset[str]
    installed: frozenset[str] = frozenset()
    matters: tuple[str, ...] = ()
    stands_for: Mapping[str, str] | None = None
    other_programs: frozenset[str] = frozenset()
    of_shells: frozenset[str] = frozenset()
    leaving: frozenset[str] = frozenset()
    used: frozenset[str] = frozenset()
    in_base: frozenset[str] = frozenset()
    full_image: tuple[str, ...] = ()
    builds: frozenset[str] = frozenset()
    slim_image: tuple[str, ...] = ()
    of_python: frozenset[str] = frozenset()


def wanted() -> Wanted:
    """What the hand-made tables ask for; lists in them are separated by white space."""
    data, roles = _table("apt_packages"), _table("apt_roles")
    packages = tuple(data["packages"].split())
    headers_only = frozenset(data["headers_only"]["packages"].split())
    left_out = frozenset(name for group in data["left_out"] for name in group["packages"].split())
    groups = [*roles["build_only"], *roles["run_only"], *roles["in_python_base"], roles["git"]]
    named = frozenset(name for group in groups for name in group["packages"].split() if not re.search(r"[*?\[]", name))
    return Wanted(
        packages,
        headers_only,
        data["same_as"],
        left_out,
        frozenset(data["not_followed"]["packages"].split()),
        left_out
        | headers_only
        | named
        | {*packages, *data["same_as"], *roles["commands"], *data["installed"]["packages"].split()},
        tuple(data["recommended"]["matters"].split()),
        data["recommended"]["stands_for"],
        frozenset(data["commands"]["not_followed"].split()),
        frozenset(data["commands"]["of_shells"].split()),
        frozenset(name for group in (*roles["build_only"], roles["git"]) for name in group["packages"].split()),
        _used(),
        frozenset(name for group in roles["in_python_base"] for name in group["packages"].split()),
        tuple(_table("full_image")["packages"]["names"].split()),
        frozenset(name for group in roles["build_only"] for name in group["packages"].split()),
        tuple(_table("full_image")["packages"]["slim"].split()),
        frozenset(name for group in _table("system_python")["build_only"] for name in group["packages"].split()),
    )


def _used() -> frozenset[str]:
    needs = [f"{group.get('libraries', '')} {group.get('linked', '')}" for group in _table("python_needs")["needs"]]
    loaded = [group["packages"] for group in _table("python_packages")["libraries"]]
    named = _table("apt_packages")["libraries"]["packages"]
    return frozenset(" ".join([*needs, *loaded, named]).split())


def _table(name: str) -> dict[str, Any]:
    return tomllib.loads((KNOWLEDGE / f"{name}.toml").read_text(encoding="utf-8"))


def runtime(index: Index, wanted: Wanted) -> dict[str, list[str]]:
    """The runtime libraries of each -dev package that the release has, names in order."""
    table: dict[str, list[str]] = {}
    for name in sorted({*wanted.packages, *wanted.headers_only, *wanted.same_as} - wanted.left_out):
        if index.find(name) is None:
            continue
        libraries = index.runtime(wanted.same_as.get(name, name), wanted.not_followed)
        if name in wanted.headers_only:
            table[name] = []
        elif libraries:
            table[name] = sorted(libraries)
    return table


def commands(index: Index, programs: Mapping[str, Collection[str]], wanted: Wanted) -> dict[str, list[str]]:
    """The programs of each package that the release has: an empty list says that it brings none.

    Those of a package that may leave an image are also what leaves with it, compilers and the C library's headers apart.
    """
    replaced, leaving = runtime(index, wanted), _leaving(index, wanted)
    base = _base(index, wanted) | index.closure(("gcc", "libc6-dev")) | wanted.other_programs
    table: dict[str, list[str]] = {}
    for name in _there(index, wanted):
        gone = index.closure([name]) - index.closure(replaced.get(name, ())) - base if name in leaving else ()
        found = {program for package in gone for program in programs.get(package, ())} - wanted.of_shells
        table[name] = sorted(found | index.commands(name, programs, wanted.other_programs))
    return table


def libraries(index: Index, files: Mapping[str, Collection[str]], wanted: Wanted) -> dict[str, list[str]]:
    """The files, by which programs ask for a library, of each package with libraries that another may bring along."""
    return {name: sorted(files.get(name, ())) for name in sorted(_told(index, wanted))}


def recommends(index: Index, wanted: Wanted) -> dict[str, list[str]]:
    """What matters of the packages that come along by recommendation only.

    With a package that may leave an image, libraries that Python packages use matter, too.
    """
    table: dict[str, list[str]] = {}
    used = _used_libraries(index, wanted) - _base(index, wanted)
    leaving = _leaving(index, wanted)
    for name in _there(index, wanted):
        found = index.recommended(name, wanted.stands_for or {})
        table[name] = sorted(
            other
            for other in found
            if any(fnmatch.fnmatchcase(other, pattern) for pattern in wanted.matters)
            or (other in used and name in leaving)
        )
    return table


def alongside(index: Index, wanted: Wanted) -> dict[str, list[str]]:
    """The libraries that come along with each package that may leave an image, and that would leave with it.

    They are those of its dependencies that Python packages use or that -dev packages stand for, less what the libraries
    that take its place depend on, and less what every image has.
    """
    replaced, base = runtime(index, wanted), _base(index, wanted)
    told = _told(index, wanted)
    return {
        name: sorted((index.closure([name]) - index.closure(replaced.get(name, ())) - base) & told)
        for name in sorted(_leaving(index, wanted))
    }


def brings(index: Index, wanted: Wanted) -> dict[str, list[str]]:
    """What comes along with libraries, and with packages that only build, where they stay, of what could be asked for beside them.

    That are the libraries that Python packages use, and the packages that only building needs, by name and not by pattern.
    """
    asked = (_used_libraries(index, wanted) | wanted.builds) - _base(index, wanted)
    return {
        name: sorted(found)
        for name in sorted(_told(index, wanted) | wanted.builds)
        if (found := (index.closure([name]) - {name}) & asked)
    }


def full_image(index: Index, wanted: Wanted) -> dict[str, list[str]]:
    """What the full Python image has and the slim one has not: the libraries, of those that are told, and all packages."""
    found = _full(index, wanted)
    return {"all": sorted(found), "python": sorted(found & _told(index, wanted))}


def slim_image(index: Index, files: Mapping[str, Collection[str]], wanted: Wanted) -> dict[str, list[str]]:
    """The shared libraries that the slim Python image has; apt, which every image of Debian has, brings some of them."""
    found = _base(index, wanted) | index.closure([*wanted.slim_image, "apt"])
    return {"python": sorted({file for name in found for file in files.get(name, ())})}


def sizes(index: Index, wanted: Wanted) -> dict[str, str]:
    """For each package that may leave an image, and all that comes along with it: its size in KiB, and what it brings directly.

    What comes by recommendation stands behind a semicolon. Of other packages that images install only what they bring of these is told.
    What the slim image has is left out.
    """
    base = _base(index, wanted) | index.closure([*wanted.slim_image, "apt"])
    python = {name for name in wanted.of_python if index.find(name)}
    told = index.with_recommended({*_leaving(index, wanted), *python, *wanted.full_image}) - base

    def names(asked: Iterable[str]) -> set[str]:
        return {package.name for package in map(index.find, asked) if package is not None} & told

    table: dict[str, str] = {}
    for name in sorted(told):
        package = index.find(name)
        if package is not None:
            brought, recommended = names(package.depends), names(package.recommends)
            parts = [str(package.size), *sorted(brought)]
            table[name] = " ".join([*parts, *([";", *sorted(recommended - brought)] if recommended - brought else [])])
    for name in _there(index, wanted):
        found = index.find(name)
        if found is not None and found.name not in told:
            others = [package for each in index.closure([name]) - told if (package := index.find(each)) is not None]
            brought = names(each for package in others for each in package.depends)
            if brought:
                table[name] = " ".join(["0", *sorted(brought)])
    return table


def full_programs(index: Index, programs: Mapping[str, Collection[str]], wanted: Wanted) -> dict[str, list[str]]:
    """The programs of each package of the full Python image that does not only build."""
    return {
        name: sorted(found)
        for name in sorted(running(index, wanted))
        if (found := set(programs.get(name, ())) - wanted.of_shells)
    }


def full_data(index: Index, data: Mapping[str, Collection[str]], wanted: Wanted) -> dict[str, list[str]]:
    """The fonts of each such package, and its folders in /usr/share that no other of them has."""
    found = {name: set(data.get(name, ())) for name in sorted(running(index, wanted))}
    shared = Counter(each for names in found.values() for each in names if each.startswith("/"))
    return {name: left for name, names in found.items() if (left := sorted(each for each in names if shared[each] < 2))}


def running(index: Index, wanted: Wanted) -> set[str]:
    """The packages of the full Python image, and not of the slim one, that do not only build."""
    leaving = _leaving(index, wanted)
    found = [package for name in _full(index, wanted) if (package := index.find(name)) is not None]
    kept = {package.name for package in found if package.name not in leaving and not package.is_development}
    return (kept | {"git"}) - {package.name for package in found if package.section in {"devel", "perl"}}


def _full(index: Index, wanted: Wanted) -> set[str]:
    return index.closure(wanted.full_image) - _base(index, wanted) - index.closure(wanted.slim_image)


def _base(index: Index, wanted: Wanted) -> set[str]:
    """What every Debian-based Python image has, as far as is known."""
    replaced = runtime(index, wanted)
    return index.closure([*index.required(), *(name for each in wanted.in_base for name in replaced.get(each, ()))])


def _leaving(index: Index, wanted: Wanted) -> frozenset[str]:
    """The packages of a release that may leave an image."""
    patterns = [name for name in wanted.leaving if re.search(r"[*?\[]", name)]
    names = {
        *runtime(index, wanted),
        *wanted.leaving,
        *(name for each in patterns for name in fnmatch.filter(index.names(), each)),
    }
    return frozenset(name for name in names if index.find(name))


def _told(index: Index, wanted: Wanted) -> frozenset[str]:
    """The libraries of which it is told what brings them: those that Python packages use, or that -dev packages stand for."""
    return _used_libraries(index, wanted) | {name for names in runtime(index, wanted).values() for name in names}


def _used_libraries(index: Index, wanted: Wanted) -> frozenset[str]:
    """The libraries that Python packages use, by the names they have in the release."""
    found: set[str] = set()
    for name in wanted.used:
        package = index.find(wanted.same_as.get(name, name))
        if package is not None:
            found |= (
                index.runtime(package.name, wanted.not_followed) or set() if package.is_development else {package.name}
            )
    return frozenset(found)


def _there(index: Index, wanted: Wanted) -> list[str]:
    return [name for name in sorted(wanted.installed) if index.find(name)]


def render_runtime(dates: Mapping[str, str], tables: Mapping[str, Mapping[str, Sequence[str]]]) -> str:
    """One line a package: what all releases say, or what each of them says, in their order."""
    lines = _head("The runtime libraries of -dev packages, by Debian release.", dates)
    lines += [
        "# What holds for all releases, or for each in turn. '-': nothing is known; '': headers alone.",
        "[packages]",
    ]
    for name in _all_names(tables.values()):
        values = [" ".join(table[name]) if name in table else "-" for table in tables.values()]
        lines.append(f"{_key(name)} = '{values[0] if len(set(values)) == 1 else ' | '.join(values)}'")
    return "\n".join(lines) + "\n"


def render_parts(title: str, dates: Mapping[str, str], tables: Mapping[str, Mapping[str, Sequence[str]]]) -> str:
    """One line a package: what the releases that have it agree on, then, where they differ, what each of them adds.

    The packages of which there is nothing to say are listed together, which is a great deal faster to read.
    """
    lines = _head(title, dates)
    lines += [
        "# What all releases that have the package say; then what each of them adds. '-': it hasn't the package.",
        "[packages]",
    ]
    without: list[str] = []
    for name in _all_names(tables.values()):
        found = [set(table[name]) for table in tables.values() if name in table]
        common = set.intersection(*found)
        parts = [
            sorted(common),
            *(sorted(set(table[name]) - common) if name in table else ["-"] for table in tables.values()),
        ]
        if not any(found):
            without.append(name)
        else:
            lines.append(
                f"{_key(name)} = '{' | '.join(' '.join(part) for part in (parts if any(parts[1:]) else parts[:1]))}'"
            )
    names = textwrap.wrap(" ".join(without), 120, break_long_words=False, break_on_hyphens=False)
    return (
        "\n".join([*lines, "", "# Looked up, and nothing was found.", "[without]", "packages = '''", *names, "'''"])
        + "\n"
    )


def render_sizes(title: str, dates: Mapping[str, str], tables: Mapping[str, Mapping[str, str]]) -> str:
    """A text for each release, with a line for each package: they are taken apart only when they are asked for."""
    lines = _head(title, dates)
    lines += ["# A package, its size in KiB, what it depends on; behind a semicolon what it recommends.", "[packages]"]
    for suite, table in tables.items():
        lines += [f'{suite} = """', *(f"{name} {said}" for name, said in table.items()), '"""']
    return "\n".join(lines) + "\n"


def _head(title: str, dates: Mapping[str, str]) -> list[str]:
    return [
        f"# {title} Made by scripts/make_apt_tables.py: don't edit.",
        "",
        "# The releases, oldest first, and the dates of their indices (main, amd64).",
        "[indices]",
        *(f'{suite} = "{date}"' for suite, date in dates.items()),
        "",
    ]


def _all_names(tables: Iterable[Mapping[str, Sequence[str]]]) -> list[str]:
    return sorted({name for table in tables for name in table})


def _key(name: str) -> str:
    return name if re.fullmatch(r"[\w-]+", name) else f'"{name}"'
