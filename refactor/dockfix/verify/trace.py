"""From what is missing in a new image to the package that brings it in the original."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from dockfix.managers.registry import system_managers
from dockfix.verify.engines import Engine
from dockfix.verify.measure import Original, Proof
from dockfix.verify.running import Conditions, package_of

_LIBRARY = re.compile(r"([\w.+-]+\.so[\w.]*): cannot open shared object|^([\w.+-]+\.so[\w.]*)$")


def missing_packages(engine: Engine, original: Original, proof: Proof, conditions: Conditions) -> dict[str, str]:
    """The packages of the original whose libraries or programs a proof found missing, each with the reason."""
    found: dict[str, str] = {}
    entries = original.image.snapshot.entries
    manager = next((each for each in system_managers() if each.database.there(entries)), None)
    if manager is None:
        return found
    for what, path in _paths(original, proof):
        package = package_of(engine, original.reference, path, manager, conditions)
        if package:
            found.setdefault(package, f"{what} belongs to it")
    return found


def _paths(original: Original, proof: Proof) -> Iterator[tuple[str, str]]:
    """What is missing, and where the original has it."""
    snapshot = original.image.snapshot
    by_name: Mapping[str, list[str]] = _libraries(original)
    for finding in proof.findings:
        if finding.check == "commands":
            path = snapshot.which(finding.subject, original.image.path)
            if path:
                yield finding.subject, snapshot.resolve(path) or path
            continue
        for text in (finding.subject, finding.message):
            match = _LIBRARY.search(text)
            name = match and (match[1] or match[2])
            for path in by_name.get(name or "", ())[:1]:
                yield str(name), path


def _libraries(original: Original) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for path in original.image.snapshot.entries:
        name = path.rsplit("/", 1)[-1]
        if ".so" in name and path in original.image.snapshot.owned:
            found.setdefault(name, []).append(path)
    return found
