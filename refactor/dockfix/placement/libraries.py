"""Which shared libraries the program needs that are in the image only because another package brings them along."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from dockfix import knowledge
from dockfix.context.manifests.manifest import ALL
from dockfix.context.program.model import UNKNOWN, Use
from dockfix.dataclass import dataclass
from dockfix.facts import Facts
from dockfix.lazy import regex
from dockfix.managers.protocol import Packages
from dockfix.model.reason import Reason, at, doubt
from dockfix.runtimes.closure import closure, distributions

# Libraries that come along with compilers, and what in the sources shows that they are used
_NAMED = {
    "libgomp1": rb"libgomp|-fopenmp",
    "libgfortran5": rb"libgfortran",
    "libatomic1": rb"libatomic",
    "libquadmath0": rb"libquadmath",
}
# The names of fonts, and the folders of other data
_DATA = rb"[\w.+-]+\.(?:ttf|otf|ttc|pfb|t1)\b|/usr/share/[\w.+-]+"
_PROSE = (".md", ".rst", ".txt", ".css", ".html")
_SYSTEM = regex(r"/(?:usr/(?:local/)?)?lib(?:64)?/")


@dataclass(frozen=True)
class Wanted:
    """What something needs: packages, without t64, by the release that the base image may be of; libraries that code loads.

    ``known`` is what is known of the packages of the image's system.
    """

    known: Packages
    packages: Mapping[str, frozenset[str]]
    loads: tuple[str, ...]


def wanted(facts: Facts) -> Wanted:
    """The libraries that the Python packages, the sources and the code ask for."""
    known = known_packages(facts)
    packages = {
        suite: frozenset(
            name.removesuffix("t64") for name in known.equivalents((*_of_distributions(facts, suite), *_named(facts)))
        )
        for suite in suites(facts) or known.known_suites()
    }
    return Wanted(
        known,
        packages,
        tuple(use.word for use in facts.program.loads if UNKNOWN not in use.word.rpartition("/")[2]),
    )


def known_packages(facts: Facts) -> Packages:
    """What is known of the packages of the image's system."""
    assert facts.system is not None and facts.final.image is not None  # a stage of an unknown system is not divided
    return facts.system.manager.packages_on(facts.final.image)


def brought(asked: Wanted, package: str, *, recommended: bool) -> tuple[str, ...] | Reason:
    """The libraries that something needs and that leave the image with a package; why they cannot be named, where they can't.

    ``recommended`` tells whether the package was installed with what it recommends.
    """
    lost = {suite: _lost(asked, package, suite, recommended) for suite in asked.packages}
    names = frozenset().union(*lost.values())
    # what one release lacks may as well be installed there, if it goes by the same name
    other = [name for name in sorted(names) if not all(asked.known.is_named_so(name, suite) for suite in lost)]
    if not other or len(set(lost.values())) == 1:
        return tuple(sorted(names))
    name = other[0].removesuffix("t64")
    return doubt(f"the name of {name}, which it brings, depends on the release of the base image, which is not certain")


def lost_on_slim(facts: Facts) -> dict[str, str] | Reason:
    """The packages of the libraries that the code loads and that only the full image has, each with the reason.

    Why they are not known, where they aren't.
    """
    found: dict[str, str] = {}
    for use in facts.program.loads:
        if _may_be_any(use) or UNKNOWN in use.word.rpartition("/")[2]:
            return at(f"{use.file}:{use.line} loads a library whose name is worked out when it runs")
        names = {
            frozenset(name for name in knowledge.full_libraries(suite) if knowledge.holds(name, use.word))
            for suite in suites(facts) or knowledge.known_suites()
        }
        if len(names) > 1:
            return at(
                f"{use.file}:{use.line} loads {use.word}, whose package depends on the Debian release, which is not certain"
            )
        found |= dict.fromkeys(names.pop(), f"{use.file}:{use.line} loads {use.word}")
    return found


def not_on_slim(facts: Facts, libraries: Iterable[str]) -> frozenset[str] | None:
    """The packages with those of some shared libraries that the slim image lacks; None where one of them is not known."""
    found: set[str] = set()
    for suite in suites(facts) or knowledge.known_suites():
        there = knowledge.slim_libraries(suite)
        for name in libraries:
            if name in there:
                continue
            packages = {each for each in knowledge.full_libraries(suite) if knowledge.holds(each, name)}
            if len(packages) != 1:
                return None
            found |= packages
    # in a release that has not all of them by these names, an install would fail
    each = suites(facts) or knowledge.known_suites()
    return frozenset(found) if all(knowledge.is_named_so(name, suite) for name in found for suite in each) else None


def data_lost_on_slim(facts: Facts) -> dict[str, str] | Reason:
    """The packages of the fonts and other data that the code names and that only the full image has, each with the reason.

    Why they are not known, where they aren't.
    """
    own = {name.rpartition("/")[2] for taken in facts.copies.values() for name in taken.files}
    found: dict[str, str] = {}
    for mention in facts.application.search(_DATA):
        if mention.file.endswith(_PROSE) or mention.word in own:
            continue
        packages = {
            frozenset(knowledge.full_data(mention.word, suite)) for suite in suites(facts) or knowledge.known_suites()
        }
        where = f"{mention.file}:{mention.line} names {mention.word}"
        if len(packages) > 1:
            return at(f"{where}, whose package depends on the Debian release, which is not certain")
        found |= dict.fromkeys(packages.pop(), where)
    for package, pattern in knowledge.looked_up().items():
        said = (each for each in facts.application.says(pattern) if not each.file.endswith(_PROSE))
        first = next(said, None) if knowledge.in_full_image(package, suites(facts)) else None
        if first is not None:
            found[package] = f"{first.file}:{first.line} looks into it ({first.word.strip('(')})"
    return found


def suites(facts: Facts) -> frozenset[str] | None:
    """The releases that the base image may be of; None where they are not known."""
    if facts.hints.release in known_packages(facts).known_suites():
        return frozenset({facts.hints.release})
    return facts.final.image.debian_releases if facts.final.image else None


def _lost(asked: Wanted, package: str, suite: str, recommended: bool) -> frozenset[str]:
    return frozenset(
        name
        for name in asked.known.alongside(package, frozenset({suite}), recommended=recommended)
        if name.removesuffix("t64") in asked.packages[suite]
        or any(asked.known.holds(name, word) for word in asked.loads)
    )


def _of_distributions(facts: Facts, suite: str) -> set[str]:
    """What the Python packages need, as Debian's packages; those that pip compiles, for certain or for want of a wheel, with what they
    are linked with.

    Which have a wheel for musl is not known: there all of them count as compiled.
    """
    compiled = {name for manifest in facts.manifests.values() for name in manifest.compiled}
    compiled |= {each.distribution.name for each in facts.ask(closure).held if each.kind == "compiled"}
    musl = facts.system is not None and facts.system.libc == "musl"
    found = {"libgomp1"} if ALL in compiled else set()
    for distribution in distributions(facts):
        told = musl or distribution in compiled or ALL in compiled
        needs = knowledge.python_needs(distribution)
        if needs is not None:
            found |= {
                *(needs.packages(frozenset({_debian(suite)}), compiled=told or not needs.wheel_bundles) or ()),
                *knowledge.needs_libraries(distribution, compiled=told),
            }
    return found


def _debian(suite: str) -> str:
    """A Debian release, by whose names the libraries of Python packages are looked up: the one asked for, or the newest."""
    known = knowledge.known_suites()
    return suite if suite in known else known[-1]


def _named(facts: Facts) -> list[str]:
    return [name for name, pattern in _NAMED.items() if facts.application.search(pattern)]


def development_name(facts: Facts) -> Reason | None:
    """Why runtime libraries may not do for what is loaded, None where they do.

    A name without a version is in -dev packages alone.
    """
    own = {name.rpartition("/")[2] for name in facts.context.files() or ()}
    for mention in facts.application.search(rb"\blib[\w+-]+\.so(?![\w.*])"):
        if not mention.file.rpartition("/")[2].startswith(".") and mention.word not in own:
            return at(f"{mention.file}:{mention.line} names a library in the way that only -dev packages bring it")
    for step in facts.final.steps:
        found = re.search(r"\blib[\w+-]+\.so(?![\w.*])", step.instruction.args) if step.keyword != "RUN" else None
        if found and found[0] not in own:
            return at(
                f"the {step.keyword} in line {step.line} names a library in the way that only -dev packages bring it"
            )
    unknown = next((use for use in facts.program.loads if _may_be_any(use)), None)
    if unknown:
        return at(f"{unknown.file}:{unknown.line} loads a library whose name is worked out when it runs")
    return None


def _may_be_any(use: Use) -> bool:
    """Whether what is loaded may be a library of the system, of any name. (find_library looks for names with a version.)"""
    folder, sign, name = use.word.rpartition("/")
    return (
        use.how != "find_library"
        and UNKNOWN in name
        and (not sign or UNKNOWN in folder or _SYSTEM.match(f"{folder}/") is not None)
    )
