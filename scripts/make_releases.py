#!/usr/bin/env python3
"""Writes refactor/dockfix/knowledge/python_releases.txt: what releases of well-known Python packages require, and are.

    scripts/make_releases.py [--add] FOLDER…

Each FOLDER holds git repositories (OWNER+NAME/repo, or any git directory below it). All that ``poetry.lock`` and ``uv.lock`` said in any
commit is read: a lock lists, for each release, its files and what its metadata requires. No registry is asked. Packages that the locks
and requirements files of one repository alone name are left out, and so are locks in which the project alters what packages require.

A lock leaves out what its project can't need: requirements and wheels for other Pythons than it is for. So each release is written with
the Pythons that the locks were for. The versions that are asked for are left out, too: who reads the table asks for names alone. Extras
that serve to develop a package are left out.

With --add the table keeps what it has, and gets the releases and extras that it does not have yet: then fewer repositories do. What
scripts/look_into_sources.py has marked stays so.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from packaging.version import InvalidVersion, Version

from dockfix.knowledge import normalise
from dockfix.knowledge.releases import LATEST, MACHINES, NO_PYTHON, SHIPPED, Need, Release, rendered, shipped
from dockfix.runtimes.closure import requirement
from dockfix.runtimes.wheels import Target, brings

LOCKS = ("poetry.lock", "uv.lock")
REPOSITORIES = 2  # in whose locks or requirements files a package has to be
PYTHONS = range(6, 16)  # the minor versions for which markers are worked out
_BLOCK = re.compile(r"(?m)^\[\[package\]\]\n")
_LATER = re.compile(r"(?m)^\[(?!\[?package[.\]])")
_HEAD = re.compile(r'(?m)^name = "([^"]+)"\nversion = "([^"]+)"')
# A lock for some systems alone, and one whose project alters what packages require
_PARTIAL = re.compile(
    r"(?m)^(?:supported-markers|overrides|excludes|override-dependencies)\b|^\[\[manifest\.dependency-metadata\]\]"
)
_REQUIRES_PYTHON = re.compile(r'(?m)^(?:python-versions|requires-python) = "([^"]*)"')
_CLAUSE = re.compile(r"\s*(>=|<=|==|!=|~=|[<>^~=]?)\s*v?3(?:\.(\d+))?(?:\.(\d+|\*))?(?:\.\*)?\s*")
_NAME = re.compile(r"\s*([A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?)\s*(?:\[([^\]]*)\])?([^;]*)(?:;(.*))?")
# Extras that only develop; a "group-…" is how uv marks a group of the project that the lock is of
_TO_DEVELOP = re.compile(
    r"(?:dev|test|docs?)(?:s|-.*)?|(?:nox|tox|style|stubs|types?|typing|mypy|ci|check|cover|quality|tutorial|release|build|format)"
    r"|(?:develop|document|lint|bench|cov|example|testing|pep8|group-).*"
)
_OLD = re.compile(r"pp|cp\d+t|cp(?:2\d|3[0-6])-(?!abi3)")  # and what is for no Python that the table is about
_LEGACY = {"manylinux1": "2_5", "manylinux2010": "2_12", "manylinux2014": "2_17"}
_PLATFORM = re.compile(r"(?:manylinux_(\d+)_(\d+)|(manylinux\w+?))_(x86_64|aarch64)")


class Told(NamedTuple):
    """What one lock tells of a release: the Pythons, what it requires (None: not all of it) and the names of its files."""

    pythons: tuple[int, int]
    requires: frozenset[str] | None
    files: frozenset[str]


class Edge(NamedTuple):
    """What uv's lock says that a package brings: a name, the version where there are several, extras and when."""

    name: str
    version: str
    extras: tuple[str, ...]
    marker: str


class Node(NamedTuple):
    """A package of uv's lock: ``brings`` without an extra ("") and with each, or, of a project (``local``), all in one."""

    name: str
    version: str
    local: bool
    brings: dict[str, tuple[Edge, ...]]


def repositories(folders: Iterable[Path]) -> Iterator[Path]:
    """The git directories below folders."""
    for folder in folders:
        heads = (head for depth in ("HEAD", "*/HEAD", "*/*/HEAD", "*/*/*/HEAD") for head in folder.glob(depth))
        yield from sorted({head.parent for head in heads if (head.parent / "objects").is_dir()})


def blobs(folders: Iterable[Path], *names: str) -> Iterator[tuple[str, str, str]]:
    """The repository, the name and the text of each file of these names in any commit."""
    for repository in repositories(folders):
        git = ["git", "--git-dir", str(repository)]
        patterns = [form + name for name in names for form in ("", "*/")]
        log = [*git, "log", "--raw", "--no-renames", "--no-abbrev", "--format=", "--", *patterns]
        lines = subprocess.run(log, capture_output=True, text=True, check=False).stdout.splitlines()
        named = {
            words[3]: line.rpartition("/")[2].rpartition("\t")[2] for line in lines if len(words := line.split()) > 5
        }
        named.pop("0" * 40, None)
        if not named:
            continue
        with subprocess.Popen([*git, "cat-file", "--batch"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as reader:
            assert reader.stdin is not None and reader.stdout is not None
            for blob, name in named.items():
                reader.stdin.write(f"{blob}\n".encode())
                reader.stdin.flush()
                answer = reader.stdout.readline().split()
                if len(answer) == 3:
                    data = reader.stdout.read(int(answer[2]) + 1)
                    yield str(repository), name, data.decode("utf-8", "replace").replace("\r\n", "\n")
            reader.stdin.close()


def pythons_of(whole: str) -> tuple[int, int] | None:
    """The minor versions of Python 3 that a lock is for, the lowest and the highest; None where that is not plain."""
    # poetry's has one for each package, too, and its own at the end
    match = _REQUIRES_PYTHON.search(whole, max(0, whole.rfind("\n[metadata]\n")))
    if match is None or not match[1]:
        return None
    lowest, highest = 0, LATEST
    for clause in match[1].split(","):
        if re.fullmatch(r"\s*(?:<\s*4(?:\.0)*|!=.*|\*)\s*", clause):
            continue
        found = _CLAUSE.fullmatch(clause)
        if found is None:
            return None
        sign, minor, patch = found[1], int(found[2] or 0), found[3]
        if sign in {">=", "^", ">"}:
            lowest = max(lowest, minor)
        elif sign == "<":
            highest = min(highest, minor - (patch in {None, "0"}))
        elif sign == "<=":
            highest = min(highest, minor)
        elif sign == "~=" and patch is None:
            lowest = max(lowest, minor)
        else:
            lowest, highest = max(lowest, minor), min(highest, minor)
    return (lowest, highest) if lowest and lowest <= highest else None


def told(folders: Sequence[Path]) -> dict[tuple[str, str], list[Told]]:
    """What the locks tell of each release, by its normalised name and its version."""
    found: defaultdict[tuple[str, str], list[Told]] = defaultdict(list)
    named: defaultdict[str, set[str]] = defaultdict(set)
    done: set[tuple[object, ...]] = set()
    for repository, _, whole in blobs(folders, "*requirements*.txt"):
        for line in whole.splitlines():
            if match := _NAME.match(line):
                named[normalise(match[1])].add(repository)
    for repository, name, whole in blobs(folders, *LOCKS):
        pythons = pythons_of(whole)
        if pythons is None or _PARTIAL.search(whole):
            continue
        blocks = [text for block in _BLOCK.split(whole)[1:] if _HEAD.match(text := _LATER.split(block)[0])]
        always = reached(blocks, pythons) if name == "uv.lock" else {}
        for block in blocks:
            head = _HEAD.match(block)
            assert head is not None
            package = normalise(head[1])
            named[package].add(repository)
            extras = always.get((package, head[2])) if name == "uv.lock" else frozenset()
            key = (package, head[2], pythons, name, extras)
            if key not in done:
                done.add(key)
                if (tells := _read(head[1], block, whole, pythons, name, extras)) is not None:
                    found[package, head[2]].append(tells)
    return {key: tells for key, tells in found.items() if len(named[key[0]]) >= REPOSITORIES}


def reached(blocks: Sequence[str], pythons: tuple[int, int]) -> dict[tuple[str, str], frozenset[str]]:
    """The packages of uv's lock that come on each of its Pythons, each with the extras that do ("": without one).

    Of all others the lock leaves out what they would bring where they themselves do not come.
    """
    nodes = [node for block in blocks if (node := _node(block)) is not None]
    by_name: defaultdict[str, list[Node]] = defaultdict(list)
    for node in nodes:
        by_name[node.name].append(node)
    found: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    todo = [edge for node in nodes if node.local for edges in node.brings.values() for edge in edges]
    while todo:
        edge = todo.pop()
        for node in by_name[edge.name]:
            if node.local or edge.version not in {"", node.version} or not _always(edge.marker, pythons):
                continue
            there = found[node.name, node.version]
            new = {"", *edge.extras} - there
            there |= new
            todo += [other for extra in new for other in node.brings.get(extra, ())]
    return {key: frozenset(extras) for key, extras in found.items()}


@lru_cache(maxsize=1 << 18)
def _node(block: str) -> Node | None:
    try:
        entry = tomllib.loads(f"[[package]]\n{block}")["package"][0]
        local = not {"registry", "git", "url", "path"} & entry["source"].keys()
        parts = {"": entry.get("dependencies", [])}
        for kind in ("optional-dependencies", *(("dev-dependencies", "dependency-groups") if local else ())):
            parts |= {
                f"{kind} {name}" if local else normalise(name): value for name, value in entry.get(kind, {}).items()
            }
        return Node(
            normalise(entry["name"]),
            entry.get("version", ""),
            local,
            {name: tuple(map(_edge, given)) for name, given in parts.items()},
        )
    except (tomllib.TOMLDecodeError, KeyError, TypeError, AttributeError):
        return None


def _edge(given: Mapping[str, Any]) -> Edge:
    extras = tuple(map(normalise, given.get("extra", ())))
    return Edge(normalise(given["name"]), given.get("version", ""), extras, given.get("marker", ""))


@lru_cache(maxsize=1 << 16)
def _always(marker: str, pythons: tuple[int, int]) -> bool:
    """Whether a marker holds on each of these Pythons on Linux."""
    if not marker:
        return True
    minors = [minor for minor in PYTHONS if pythons[0] <= minor <= pythons[1]]
    return "extra" not in marker and all(brings(marker, each, ()) for minor in minors for each in _targets(minor))


def _read(
    name: str, block: str, whole: str, pythons: tuple[int, int], lock: str, extras: frozenset[str] | None
) -> Told | None:
    """What one block of a lock tells; None for what is from no index, and what is not understood."""
    try:
        entry = tomllib.loads(f"[[package]]\n{block}")["package"][0]
        if not _is_of_the_index(entry, lock):
            return None
        files = frozenset(_files(entry, name, whole))
        if not files or extras is None:
            return Told(pythons, None, files) if files else None
        return Told(pythons, frozenset(_of_poetry(entry) if lock == "poetry.lock" else _of_uv(entry, extras)), files)
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError, AttributeError):
        return None


def _is_of_the_index(entry: Mapping[str, Any], lock: str) -> bool:
    if lock == "uv.lock":
        return entry["source"].get("registry", "").startswith("https://pypi.org/")
    return "source" not in entry


def _files(entry: Mapping[str, Any], name: str, whole: str) -> Iterator[str]:
    given = [*entry.get("files", []), *entry.get("wheels", [])]
    if "sdist" in entry:
        given.append(entry["sdist"])
    for each in given:
        yield (each.get("file") or each.get("url") or "").rpartition("/")[2]
    if not given:  # poetry's older locks have them at their end
        match = re.search(rf'(?ms)^"?{re.escape(name)}"? = \[\n(.*?)^\]', whole[whole.rfind("[metadata.files]") :])
        yield from re.findall(r'file = "([^"]+)"', match[1] if match else "")


def _of_poetry(entry: Mapping[str, Any]) -> Iterator[str]:
    """What a package requires, with what its extras bring that the project asks for: of others the lock has no markers."""
    extras = {normalise(extra): {_bare(each) for each in names} for extra, names in entry.get("extras", {}).items()}
    for name, given in entry.get("dependencies", {}).items():
        for each in given if isinstance(given, list) else [given]:
            details = each if isinstance(each, dict) else {}
            asked, marker = details.get("extras", []), details.get("markers", "")
            if not details.get("optional") or "extra ==" in marker:
                yield _text(name, asked, marker)
                continue
            for extra, names in extras.items():
                if normalise(name) in names:
                    yield _text(name, asked, _with(marker, extra))


def _bare(requirement: str) -> str:
    match = _NAME.fullmatch(requirement)
    return normalise(match[1]) if match else ""


def _of_uv(entry: Mapping[str, Any], extras: frozenset[str]) -> Iterator[str]:
    """The same of uv's lock, with the extras that come on each Python."""
    for each in entry.get("dependencies", []):
        yield _text(each["name"], each.get("extra", []), each.get("marker", ""))
    for extra, given in entry.get("optional-dependencies", {}).items():
        for each in given if normalise(extra) in extras else ():
            yield _text(each["name"], each.get("extra", []), _with(each.get("marker", ""), extra))


def _with(marker: str, extra: str) -> str:
    own = f"extra == '{normalise(extra)}'"
    return f"({marker}) and {own}" if " or " in marker else f"{marker} and {own}" if marker else own


def _text(name: str, extras: Iterable[str], marker: str) -> str:
    """A requirement without its versions."""
    asked = ",".join(sorted(map(normalise, extras)))
    marker = re.sub(r"\s+", " ", marker.replace('"', "'")).strip()
    return f"{normalise(name)}{f'[{asked}]' if asked else ''}{f'; {marker}' if marker else ''}"


def tags(files: Iterable[str]) -> tuple[str, ...]:
    """The tags of wheels for Linux, in few words; "sdist" where there is one."""
    found: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    words = set()
    for file in files:
        if not file.endswith(".whl"):
            words |= {"sdist"} if file.endswith((".tar.gz", ".zip", ".tar.bz2", ".tgz", ".tar.xz")) else set()
            continue
        python, abi, platform = file.removesuffix(".whl").split("-")[-3:]
        if platform == "any":
            words.add("pure" if abi == "none" and re.search(r"py3(?!\d)|py2\.py3", python) else f"{python}-{abi}-any")
            continue
        for each in platform.split("."):
            match = _PLATFORM.fullmatch(each)
            if match is not None and not _OLD.search(f"{python}-{abi}"):
                version = f"{match[1]}_{match[2]}" if match[1] else _LEGACY.get(match[3], "")
                if version:
                    found[python, abi].add(f"{version}_{match[4]}")
    grouped: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for (python, abi), platforms in found.items():
        own = "" if abi.removesuffix("m") == python else abi
        grouped[own, ".".join(sorted(_oldest(platforms)))].append(python)
    for (abi, platform), pythons in grouped.items():
        words.add("-".join((".".join(sorted(pythons, key=_number)), *([abi] if abi else []), platform)))
    return tuple(sorted(words))


def _number(python: str) -> tuple[int, str]:
    found = re.search(r"3(\d+)", python)
    return int(found[1]) if found else 0, python


def _oldest(platforms: Iterable[str]) -> set[str]:
    """For each machine the one with the oldest C library: newer ones take it, too."""
    best: dict[str, tuple[int, str]] = {}
    for each in platforms:
        major, minor, machine = each.split("_", 2)
        number = int(major) * 1000 + int(minor)
        best[machine] = min(best.get(machine, (number, each)), (number, each))
    return {each for _, each in best.values()}


def releases(tells: Mapping[tuple[str, str], list[Told]]) -> Iterator[Release]:
    """One entry for each release and each span of Pythons that the locks were for.

    One whose span lies in another one's is left out, where that knows its extras.
    """
    for (name, version), given in tells.items():
        try:
            if Version(version).is_prerelease or Version(version).local:
                continue
        except InvalidVersion:
            continue
        files = tags(file for each in given for file in each.files)
        if not files:
            continue
        spans: defaultdict[tuple[int, int], set[str]] = defaultdict(set)
        for each in given:
            if each.requires is not None:
                spans[each.pythons] |= each.requires
        if not spans:
            yield Release(name, (version,), NO_PYTHON, files, ())
        entries = {span: _entry(name, version, span, files, requires) for span, requires in spans.items()}
        for span, entry in entries.items():
            wider = [other for key, other in entries.items() if key != span and key[0] <= span[0] and span[1] <= key[1]]
            if not any(_extras(entry) <= _extras(other) for other in wider):
                yield entry


def _entry(name: str, version: str, span: tuple[int, int], files: tuple[str, ...], requires: Iterable[str]) -> Release:
    needs = _merged(need for text in requires for need in _need(text))
    return Release(name, (version,), span, files, tuple(sorted(needs)))


def added(there: Sequence[Release], found: Iterable[Release]) -> list[Release]:
    """The releases of a table, and those that it does not have yet; those, too, that tell of extras which it does not know of a release."""
    known: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for each in there:
        for version in each.versions:
            known[each.name, version] |= {"", *_extras(each)}
    return [*there, *(each for each in found if {"", *_extras(each)} - known[each.name, each.versions[0]])]


def _extras(release: Release) -> set[str]:
    return {need.extra for need in release.requires if need.extra}


def _merged(needs: Iterable[Need]) -> Iterator[Need]:
    """One for each name and extra, for all the Pythons that any speaks of."""
    found: dict[tuple[str, str], Need] = {}
    for each in needs:
        old = found.setdefault((each.name, each.extra), each)
        pythons = min(old.pythons[0], each.pythons[0]), max(old.pythons[1], each.pythons[1])
        extras = tuple(sorted({*old.extras, *each.extras}))
        found[each.name, each.extra] = Need(each.name, extras, pythons, each.extra)
    return iter(found.values())


def _need(text: str) -> Iterator[Need]:
    """A requirement of a lock as the table has it: none where it never comes to a Python on Linux."""
    found = requirement(text)
    if found is None:
        return
    extras = re.findall(r"extra == '([^']+)'", found.marker)
    for extra in map(normalise, extras or [""]):
        if _TO_DEVELOP.fullmatch(extra):
            continue
        asked = found.marker.replace(extra.replace("-", "_"), extra)
        minors = [
            minor for minor in PYTHONS if not asked or any(brings(asked, each, [extra]) for each in _targets(minor))
        ]
        if minors:
            first = minors[0] if minors[0] != PYTHONS[0] else 0
            last = minors[-1] if minors[-1] != PYTHONS[-1] else LATEST
            yield Need(found.name, tuple(sorted(found.extras)), (first, last), extra)


@cache
def _targets(minor: int) -> tuple[Target, ...]:
    return tuple(Target((3, minor), "glibc", (2, 36), machine) for machine in sorted(MACHINES))


def main(arguments: list[str]) -> int:
    adds = arguments[:1] == ["--add"]
    folders = arguments[adds:]
    if not folders or folders[0].startswith("-"):
        print(__doc__)
        return 2
    found = list(releases(told([Path(each) for each in folders])))
    found = added(shipped(), found) if adds else found
    SHIPPED.write_text(rendered(found), "utf-8")
    print(
        f"{len({each.name for each in found})} packages, {len({(each.name, each.versions) for each in found})} releases"
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
