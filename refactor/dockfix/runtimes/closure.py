"""All the Python packages that come into an image, and what each needs of its system, as far as that is known for certain.

What they are is told by locks; what each is, by the files that a lock lists, by what real images were seen to hold, or by what locks of
public projects said of its release.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from typing import Literal

from dockfix import knowledge
from dockfix.context.manifests.locked import EVERY, Distribution, Locked, LockError
from dockfix.context.manifests.manifest import ALL, Manifest
from dockfix.dataclass import dataclass
from dockfix.facts import Facts
from dockfix.knowledge.releases import MACHINES, Release, with_files, with_requires
from dockfix.knowledge.seen import Book, Seen, book
from dockfix.lazy import regex
from dockfix.model.actions import Install
from dockfix.model.reason import Reason, at
from dockfix.namedtuple import NamedTuple
from dockfix.runtimes.wheels import Target, brings, holds, kind_of

Kind = Literal["pure", "binary", "compiled", "unknown"]
# What an image may be built for where nothing says it: https://docs.docker.com/build/building/multi-platform/
_MACHINES = {"linux/amd64": "x86_64", "linux/arm64": "aarch64", "linux/arm64/v8": "aarch64", "linux/arm/v7": "armv7l"}
_USUAL = ("linux/amd64", "linux/arm64")
PLATFORMS = {machine: platform for platform, machine in reversed(_MACHINES.items())}
_WORST: tuple[Kind, ...] = ("compiled", "binary", "pure")
# Installers, which need nothing of the system in any version
_FREE = frozenset({"pip", "setuptools", "wheel"})
_NO_VERSION = "?"
_MUSL = (1, 2)  # of every Alpine from 3.13 on
_REQUIREMENT = regex(r"\s*([A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?)\s*(?:\[([\w\s.,-]*)\])?[^;]*(?:;(.*))?")


@dataclass(frozen=True)
class Held:
    """One distribution, and what comes of it.

    ``needs`` are the shared libraries that it needs of the system, None where that is not known. ``lack`` says what is not known of
    it, "" where all is, and ``known_on`` on which machines all is; ``seen`` tells whether it is because an image was seen to hold it.
    """

    distribution: Distribution
    kind: Kind
    needs: frozenset[str] | None = frozenset()
    lack: str = ""
    known_on: frozenset[str] = frozenset()
    seen: bool = False


@dataclass(frozen=True)
class Closure:
    """``held`` are the distributions; ``unlocked`` says why others may come, or other versions of them.

    ``names`` are those of all that may come: of what locks bring, and of what else is asked for with what such packages were seen to bring.
    """

    held: tuple[Held, ...] = ()
    unlocked: tuple[str, ...] = ()
    names: frozenset[str] = frozenset()


class Requirement(NamedTuple):
    """What the metadata of a distribution requires: a normalised name, the extras that it is asked for with, and when ("": always)."""

    name: str
    extras: frozenset[str]
    marker: str


@lru_cache(maxsize=4096)
def requirement(text: str) -> Requirement | None:
    """A requirement as metadata writes it; None for what is none."""
    match = _REQUIREMENT.fullmatch(text)
    if match is None:
        return None
    extras = frozenset(map(knowledge.normalise, re.findall(r"[\w.-]+", match[2] or "")))
    return Requirement(knowledge.normalise(match[1]), extras, (match[3] or "").strip())


def distributions(facts: Facts) -> frozenset[str]:
    """The names, normalised, of the packages that are asked for, and of all that they are known to bring."""
    return facts.ask(closure).names


def targets(facts: Facts) -> tuple[Target, ...] | Reason:
    """What the packages are installed for: each machine and each release that the image may be of."""
    image, system = facts.final.image, facts.system
    if image is None or system is None:
        return at("the base image is not known")
    numbers = re.fullmatch(r"(\d+)\.(\d+)(?:\.(\d+))?", image.version)
    if numbers is None:
        return at(f"the base image's tag does not say which release of Python it has ({image.version or 'no version'})")
    python, patch = (int(numbers[1]), int(numbers[2])), int(numbers[3]) if numbers[3] else None
    releases = {facts.hints.release} if facts.hints.release else image.releases
    versions = {name: knowledge.c_library(name) for name in releases or ()}
    if system.libc == "musl":
        versions = {"": _MUSL}
    if not versions or None in versions.values():
        return at("the release of the base image is not certain")
    return tuple(
        Target(python, system.libc, version, machine, name, patch)
        for machine in _machines(facts)
        for name, version in sorted(versions.items())
        if version is not None
    )


def _machines(facts: Facts) -> tuple[str, ...]:
    flag = next((each.value for each in facts.final.start.flags if each.name == "platform"), None)
    asked = (flag,) if flag and "$" not in flag else tuple(sorted(facts.hints.platforms)) or _USUAL
    return tuple(dict.fromkeys(_MACHINES.get(each, each.rpartition("/")[2]) for each in asked))


def closure(facts: Facts) -> Closure:
    """What all installs of the file bring together."""
    known = book(facts.hints.knowledge)
    wanted = targets(facts)
    if isinstance(wanted, Reason):
        return Closure((), (wanted.text,), frozenset(_brought(facts.distributions, known)))
    asked = _Asked(wanted, known, facts.hints.later)
    found: dict[tuple[str, str], Held] = {}
    unlocked: list[str] = []
    names: set[str] = set()
    for install, manifest in facts.manifests.items():
        if install.into.runtime not in {"", "python"}:
            continue  # packages of other languages have names of their own
        chosen, open_ends = _installed(install, manifest, asked)
        unlocked += open_ends
        names |= {each.name for each in chosen} if chosen and not open_ends else manifest.names - {""}
        for each in chosen:
            held = _held(each, asked, not manifest.compiled.isdisjoint({each.name, ALL}))
            key = (each.name, each.version)
            if key not in found or held.lack:
                found[key] = held
    more = _brought(names, known) if unlocked else names
    return Closure(tuple(found.values()), tuple(dict.fromkeys(unlocked)), frozenset(more))


@dataclass(frozen=True)
class _Asked:
    """What decides which packages come: the targets, what was seen, and whether any version counts as one that was seen."""

    targets: tuple[Target, ...]
    known: Book
    later: bool

    def seen(self, each: Distribution) -> tuple[Seen, ...]:
        """What was seen of a distribution: of its version, or of any where that counts as well."""
        return self.known.of(each.name, each.version or _NO_VERSION) or (self.known.of(each.name) if self.later else ())

    def of_pypi(self, each: Distribution) -> bool:
        """Whether the table of PyPI's releases speaks of a distribution; all targets are of one Python and one C library."""
        return each.source == "index" and bool(each.version) and self.targets[0].libc == "glibc"


def _installed(install: Install, manifest: Manifest, asked: _Asked) -> tuple[list[Distribution], list[str]]:
    """The distributions that one install brings, and why there may be others."""
    lock = manifest.locked
    if not isinstance(lock, Locked):
        names = {each.name for each in manifest.packages}
        local = (*manifest.projects, *manifest.editable, *install.projects, *install.editable)
        plain = manifest.unknown is None and not local and "" not in names
        if not asked.later or not plain or any(each.source != "index" for each in manifest.packages):
            return [], [str(lock)]
        return _followed({name: Distribution(name, "") for name in sorted(names)}, {}, {}, asked)
    try:
        chosen = lock.closure(install.groups, partial(holds, targets=asked.targets))
    except LockError as error:
        return [], [f"{lock.file}: {error.message}"]
    if lock.closed:
        return list(chosen), []
    extras = {each.name: each.extras for each in lock.roots.get(EVERY, ())}
    # what is asked for elsewhere alone, by a marker, limits nothing here
    wanted = {each.name for each in lock.roots.get(EVERY, ())}
    limits = {each.name: each for each in lock.distributions if each.name not in wanted}
    return _followed({each.name: each for each in chosen}, extras, limits, asked)


def _followed(
    first: Mapping[str, Distribution],
    extras: Mapping[str, frozenset[str]],
    limits: Mapping[str, Distribution],
    asked: _Asked,
) -> tuple[list[Distribution], list[str]]:
    """Distributions with all that they were seen to bring, and why there may be more; ``limits`` give others their versions."""
    found = dict(first)
    todo = [(each, extras.get(each.name, frozenset())) for each in first.values()]
    done: set[tuple[str, frozenset[str]]] = set()
    open_ends: list[str] = []
    while todo:
        each, wanted = todo.pop()
        if (each.name, wanted) in done or each.name in _FREE:
            continue
        done.add((each.name, wanted))
        brought = _brings(each, wanted, asked)
        if brought is None:
            what = f"{each.name}[{','.join(sorted(wanted))}] {each.version}".rstrip() if wanted else _named(each)
            why = ": it may come from another index than PyPI" if each.source == "url" else ""
            open_ends.append(f"{_place(each)}what {what} brings is not known{why}")
        for name, more in sorted(brought or (), key=lambda pair: (pair[0], sorted(pair[1]))):
            if name not in found:
                given = limits.get(name) or (Distribution(name, "") if asked.later or name in _FREE else None)
                if given is None:
                    where = f"{each.file} pins all but does not name" if each.file else "nothing pins"
                    open_ends.append(f"{where} {name}, which {each.name} brings")
                    continue
                found[name] = given
            todo.append((found[name], more))
    return list(found.values()), sorted(open_ends)


def _brings(each: Distribution, extras: frozenset[str], asked: _Asked) -> set[tuple[str, frozenset[str]]] | None:
    """What a distribution requires where it is asked for with these extras, None where that is not known."""
    seen = asked.seen(each)
    if seen:
        return {pair for entry in seen for pair in _required(entry, asked.targets, extras)}
    python = asked.targets[0].python
    released = with_requires(each.name, each.version, python) if asked.of_pypi(each) else ()
    if not released or not all(_knows(entry, released, extras, python) for entry in released):
        return None
    return {
        (need.name, frozenset(need.extras))
        for entry in released
        for need in entry.requires
        if need.extra in {"", *extras} and need.pythons[0] <= python[1] <= need.pythons[1]
    }


def _knows(entry: Release, released: Iterable[Release], extras: frozenset[str], python: tuple[int, int]) -> bool:
    """Whether the extras of a release are known: an entry of other Pythons may leave out some that one for this Python has."""
    alike = (each for each in released if each.covers(python) and not set(each.versions).isdisjoint(entry.versions))
    return any(extras <= {need.extra for need in each.requires} for each in (entry, *alike))


def _required(entry: Seen, wanted: Iterable[Target], extras: frozenset[str]) -> Iterator[tuple[str, frozenset[str]]]:
    """What a distribution requires where it is asked for with these extras: names, each with the extras that it is asked for with."""
    for text in entry.requires:
        required = requirement(text)
        if required is not None and (
            not required.marker or any(brings(required.marker, each, extras) for each in wanted)
        ):
            yield required.name, required.extras


def _brought(names: Iterable[str], known: Book) -> Iterator[str]:
    """What packages of these names, of whichever version, were seen to bring."""
    todo, seen = list(names), set[str]()
    while todo:
        name = todo.pop()
        if name not in seen:
            seen.add(name)
            for entry in known.of(name):
                required = [each for text in entry.requires if (each := requirement(text)) is not None]
                todo += [each.name for each in required if "extra" not in each.marker]
    return iter(seen)


def _held(each: Distribution, asked: _Asked, told: bool) -> Held:
    """What comes of a distribution on all the targets; ``told`` says that it is compiled in any case."""
    if each.name in _FREE:
        return Held(each, "pure")
    kinds: set[Kind] = set()
    needs: set[str] = set()
    from_images = False
    done: set[str] = set()
    for target in asked.targets:
        seen = [entry for entry in asked.seen(each) if _fits(entry, target)]
        kind = _kind(each, target, seen, asked, told)
        if kind == "none":
            continue  # nothing of it can be installed there, so that no image is built for it
        kinds.add(kind)
        from_images = from_images or (bool(seen) and each.files is None)
        found = _needs(each, kind, seen)
        if found is None:
            where = f" on {target.machine}" if len({other.machine for other in asked.targets}) > 1 else ""
            return Held(each, kind, None, f"{_named(each)}{where}", frozenset(done - {target.machine}))
        needs |= found
        done.add(target.machine)  # whose targets follow one another
    if not kinds:
        return Held(each, "unknown", None, _named(each))
    worst = next(kind for kind in ("compiled", "binary", "pure") if kind in kinds)
    return Held(each, worst, frozenset(needs), seen=from_images or bool(needs))


def _fits(entry: Seen, target: Target) -> bool:
    """Whether what was seen in one image holds for a target.

    Python alone is the same on every machine. A wheel that was taken on one release may be too new for an older C library, where it is
    compiled, and what is compiled is linked with what that release has.
    """
    if (entry.python, entry.libc) != (target.minor, target.libc):
        return False
    if entry.kind == "pure":
        return True
    if entry.kind == "binary" and entry.system != target.system:
        version = knowledge.c_library(entry.system)
        return entry.machine == target.machine and version is not None and version <= target.libc_version
    return (entry.machine, entry.system) == (target.machine, target.system)


def _kind(
    each: Distribution, target: Target, seen: Sequence[Seen], asked: _Asked, told: bool
) -> Kind | Literal["none"]:
    if each.source in {"vcs", "path"}:
        return "unknown"
    if told:
        return "compiled"
    if each.files is not None:
        return kind_of(each.files, target)
    kinds: set[Kind] = {entry.kind for entry in seen} or _released(each, target, asked)
    return next((kind for kind in _WORST if kind in kinds), "unknown")


def _released(each: Distribution, target: Target, asked: _Asked) -> set[Kind]:
    """What the table says comes of a distribution: one kind, or nothing."""
    released = with_files(each.name, each.version) if asked.of_pypi(each) and target.machine in MACHINES else ()
    kinds = {kind_of(entry.files, target) for entry in released}
    if len(kinds) != 1:
        return set()
    # a lock that is for other Pythons leaves out the wheels for this one
    listed = all(entry.covers(target.python) for entry in released)
    return {kind for kind in kinds if kind in {"pure", "binary"} or (kind == "compiled" and listed)}


def _needs(each: Distribution, kind: Kind, seen: Iterable[Seen]) -> set[str] | None:
    """The shared libraries that it needs besides those that the tables name; None where that is not known."""
    if kind == "pure":
        return set()
    entries = [entry for entry in seen if entry.kind == kind]
    if entries:
        return {name for entry in entries for name in entry.needs}
    table = knowledge.python_needs(each.name)
    return set() if kind != "unknown" and table is not None and table.source else None


def _named(each: Distribution) -> str:
    return f"{each.name} {each.version}".rstrip()


def _place(each: Distribution) -> str:
    return f"{each.file}:{each.line}: " if each.file and each.line else ""
