"""The settings of two images: what a container runs, as whom, where, with which environment."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from dockfix.knowledge import DEFAULT_PATH
from dockfix.knowledge.runtime_images import own_variables
from dockfix.model.reason import Declared, Part
from dockfix.verify.image import Image
from dockfix.verify.verdict import Finding

_PATH = Declared("ENV", "PATH")
_OURS = "dockfix."  # labels of this name are ours
_NO_HEALTHCHECK = ["NONE"]


def compare_config(before: Image, after: Image, declared: frozenset[Declared]) -> list[Finding]:
    """What differs in the settings; ``declared`` names what may.

    The folders of the old PATH must be in the new one, in their order, even where PATH is declared. Another base image may bring other
    variables of its own.
    """
    swapped = any(each.part == "FROM" for each in declared)
    allowed = declared | (_of_the_base(before, after) if swapped else frozenset())
    found = [Finding("config", str(part), said) for part, said in _differences(before, after) if part not in allowed]
    if _PATH in allowed:
        old, new = before.path.split(":"), iter(after.path.split(":"))
        if swapped:  # official images of Python have a folder twice
            old = [folder for number, folder in enumerate(old) if folder not in old[number + 1 :]]
        found += [
            Finding("config", str(_PATH), f"PATH no longer has {folder} where it was: {after.path}")
            for folder in old
            if folder not in new
        ][:1]  # looking for a folder uses up those in front of it
    return sorted(found, key=lambda finding: (finding.subject, finding.message))


def _of_the_base(before: Image, after: Image) -> frozenset[Declared]:
    """The variables that base images set for themselves, as far as one of the two images has them and the other has not, and PATH."""
    go, come = own_variables()
    names = {*(go & before.env.keys() - after.env.keys()), *(come & after.env.keys() - before.env.keys()), "PATH"}
    names |= (go & come) & before.env.keys() & after.env.keys()
    return frozenset(Declared("ENV", name) for name in names)


def _differences(before: Image, after: Image) -> Iterator[tuple[Declared, str]]:
    for part, value in _VALUES.items():
        old, new = value(before.config), value(after.config)
        if old != new:
            yield Declared(part), f"{part} is {_shown(new)} instead of {_shown(old)}"
    yield from _mapping("ENV", {"PATH": DEFAULT_PATH} | dict(before.env), {"PATH": DEFAULT_PATH} | dict(after.env))
    yield from _mapping("LABEL", _labels(before), _labels(after))


def _mapping(part: Part, before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[tuple[Declared, str]]:
    for name in sorted({*before, *after}):
        old, new = before.get(name), after.get(name)
        if old != new:
            yield Declared(part, name), f"{part} {name} is {_shown(new)} instead of {_shown(old)}"


def _labels(image: Image) -> dict[str, str]:
    return {name: value for name, value in (image.config.get("Labels") or {}).items() if not name.startswith(_OURS)}


def _healthcheck(config: Mapping[str, Any]) -> dict[str, Any] | None:
    check = {key: value for key, value in (config.get("Healthcheck") or {}).items() if value}
    return None if not check or check.get("Test") == _NO_HEALTHCHECK else check


# The instructions with one value each: how it is read from the configuration, None where there is none
_VALUES: dict[Part, Callable[[Mapping[str, Any]], Any]] = {
    "CMD": lambda config: config.get("Cmd") or None,
    "ENTRYPOINT": lambda config: config.get("Entrypoint") or None,
    "EXPOSE": lambda config: sorted(config.get("ExposedPorts") or ()) or None,
    "HEALTHCHECK": _healthcheck,
    "ONBUILD": lambda config: config.get("OnBuild") or None,
    "SHELL": lambda config: config.get("Shell") or None,
    "STOPSIGNAL": lambda config: config.get("StopSignal") or None,
    "USER": lambda config: config.get("User") or None,
    "VOLUME": lambda config: sorted(config.get("Volumes") or ()) or None,
    "WORKDIR": lambda config: config.get("WorkingDir") or "/",
}


def _shown(value: object) -> str:
    return (
        "not set"
        if value is None
        else value
        if isinstance(value, str) and value
        else json.dumps(value, ensure_ascii=False)
    )
