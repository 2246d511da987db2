"""What the interpreters of two images have at hand: the packages, and the modules that can be imported."""

from __future__ import annotations

from collections.abc import Iterator

from dockfix.model.reason import Declared
from dockfix.runtimes.protocol import Runtime
from dockfix.runtimes.registry import runtimes
from dockfix.verify.image import Image, RuntimeFacts
from dockfix.verify.verdict import Finding


def compare_packages(before: Image, after: Image) -> list[Finding]:
    """The packages that are gone or of another version; those that only install others do not count."""
    found = []
    for runtime, old, new in _in_both(before, after):
        for name, version in sorted(old.packages.items()):
            now = new.packages.get(name)
            if name in runtime.installers or now == version:
                continue
            if now is None:
                found.append(Finding("packages", name, f"{name} {version} is not installed"))
            elif name not in runtime.any_version:
                found.append(Finding("packages", name, f"{name} is {now} instead of {version}"))
    return found


def compare_modules(before: Image, after: Image, declared: frozenset[Declared] = frozenset()) -> list[Finding]:
    """The modules that could be imported before and cannot now; those that are ``declared`` do not count."""
    found = []
    for runtime, old, new in _in_both(before, after):
        for name, fault in sorted(old.modules.items()):
            error = new.modules.get(name, "it is not there")
            if not fault and error and name not in runtime.installers and Declared("MODULE", name) not in declared:
                found.append(Finding("modules", name, f"{name} cannot be imported: {error}"))
    return found


def _in_both(before: Image, after: Image) -> Iterator[tuple[Runtime, RuntimeFacts, RuntimeFacts]]:
    for runtime in runtimes():
        old, new = before.runtimes.get(runtime.id), after.runtimes.get(runtime.id)
        if old is not None and new is not None:
            yield runtime, old, new
