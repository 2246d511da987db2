"""What the interpreters of two images have at hand: the packages, and the modules that can be imported."""

from __future__ import annotations

from collections.abc import Iterator

from dockfix.model.reason import Declared
from dockfix.runtimes.protocol import Runtime
from dockfix.runtimes.registry import runtimes
from dockfix.verify.compare.leaving import is_left_behind, leaving
from dockfix.verify.image import Image, RuntimeFacts
from dockfix.verify.verdict import Finding


def compare_packages(
    before: Image,
    after: Image,
    declared: frozenset[Declared] = frozenset(),
    asked: frozenset[str] = frozenset(),
) -> list[Finding]:
    """The packages that are gone or of another version; those that only install others do not count.

    Nor does what leaves with a manager that is ``declared``, unless the project has ``asked`` for it.
    """
    found = []
    for runtime, old, new in _in_both(before, after):
        left = leaving(old, declared, asked)
        for name, version in sorted(old.packages.items()):
            now = new.packages.get(name)
            if name in runtime.installers or now == version or (now is None and name in left):
                continue
            if now is None:
                said = name if name.endswith(f"@{version}") else f"{name} {version}"
                found.append(Finding("packages", name, f"{said} is not installed"))
            elif name not in runtime.any_version:
                found.append(Finding("packages", name, f"{name} is {now} instead of {version}"))
    return found


def compare_modules(
    before: Image,
    after: Image,
    declared: frozenset[Declared] = frozenset(),
    asked: frozenset[str] = frozenset(),
) -> list[Finding]:
    """The modules that could be imported before and cannot now.

    Those that are ``declared`` do not count, nor those of what leaves with a manager (see ``compare_packages``).
    """
    found = []
    for runtime, old, new in _in_both(before, after):
        without = {*runtime.installers, *(each.name for each in declared if each.part == "MODULE")}
        without |= _modules_of(old, leaving(old, declared, asked) - new.packages.keys())
        for name, fault in sorted(old.modules.items()):
            error = new.modules.get(name, "it is not there")
            if not fault and error and name not in without and not is_left_behind(name, declared):
                found.append(Finding("modules", name, f"{name} cannot be imported: {error}"))
    return found


def _modules_of(facts: RuntimeFacts, names: frozenset[str]) -> frozenset[str]:
    """The modules that these packages have, and no other one has."""
    own = {module for name in names if name in facts.made_of for module in facts.made_of[name].modules}
    return frozenset(own).difference(*(each.modules for name, each in facts.made_of.items() if name not in names))


def _in_both(before: Image, after: Image) -> Iterator[tuple[Runtime, RuntimeFacts, RuntimeFacts]]:
    for runtime in runtimes():
        old, new = before.runtimes.get(runtime.id), after.runtimes.get(runtime.id)
        if old is not None and new is not None:
            yield runtime, old, new
