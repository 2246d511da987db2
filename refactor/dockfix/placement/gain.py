"""About how much smaller an image becomes, from the sizes of the system's packages. An estimate, and never a promise."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from dockfix.dataclass import dataclass
from dockfix.facts import Facts
from dockfix.knowledge import BaseImage, sizes
from dockfix.managers.protocol import SystemManager
from dockfix.managers.verbs import system_install
from dockfix.model.actions import Package
from dockfix.model.stages import Step, Unit
from dockfix.placement.libraries import suites

# What `python -m venv` adds to an image, byte code included: pip, up to Python 3.11 setuptools, too (measured with 3.11 to 3.13)
WITH_BUILDERS, ALONE = 22_000_000, 13_000_000

# For less, nobody reads a second stage
LEAST = 5_000_000


@dataclass(frozen=True)
class Gain:
    """The bytes that leave the image by the ``parts`` alone, and by the smaller ``base`` after that; None where nothing is known."""

    parts: int | None = None
    base: int | None = None


def gain(
    facts: Facts,
    installs: Iterable[tuple[Step, Unit]],
    replaced: Mapping[Package, tuple[str, ...]],
    smaller: Iterable[str] | None,
    managers: int,
    made: int,
    by_base: int,
) -> Gain:
    """What leaves where ``replaced`` are the packages that go, each with what it gets instead; of all releases the least.

    ``smaller`` are the packages that the smaller image would get, None where the base stays; ``managers`` are the bytes of the managers of
    packages that only the builder gets, ``by_base`` of those that only the larger image has, ``made`` those of an environment that comes
    with the split.
    """
    installs = list(installs)
    releases = sorted(suites(facts) or ())
    if not releases or not all(map(sizes.covers, releases)):
        return Gain()
    found = [_in_release(facts, suite, installs, replaced, smaller, made) for suite in releases]
    bases = [base for _, base in found if base is not None]
    return Gain(min(parts for parts, _ in found) + managers, min(bases) + by_base if bases else None)


def of_environment(image: BaseImage | None) -> int:
    """The bytes that an environment with an installer of its own adds to an image before anything is installed."""
    return WITH_BUILDERS if image is not None and image.has_wheel else ALONE


def _in_release(
    facts: Facts,
    suite: str,
    installs: list[tuple[Step, Unit]],
    replaced: Mapping[Package, tuple[str, ...]],
    smaller: Iterable[str] | None,
    made: int,
) -> tuple[int, int | None]:
    full = (
        sizes.full_image(suite)
        if facts.final.image is not None and facts.final.image.variant == "full"
        else frozenset()
    )
    before, after = set(full), set(full)
    wanted: set[str] = set()
    for _, unit in installs:
        install = system_install(unit.effects.action)
        if install is None:
            continue
        manager = install.manager
        recommended = not (isinstance(manager, SystemManager) and manager.is_minimal(unit.command))
        asked = [package.name for package in install.asked]
        stay = [name for package in install.asked for name in replaced.get(package, (package.name,))]
        before |= sizes.installed(asked, suite, full, recommended=recommended)
        after |= sizes.installed(stay, suite, full, recommended=recommended)
        wanted |= sizes.installed(stay, suite, recommended=recommended)
    slim = not full and facts.final.base is not None and "slim" in facts.final.base
    parts = sizes.size_of(before - after, suite, documents=not slim)
    if smaller is None or parts > made:
        parts, made = parts - made, 0
    base = None if smaller is None else sizes.size_of(after - wanted - sizes.installed(smaller, suite), suite) - made
    return parts, base
