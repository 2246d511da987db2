"""The difference between the full and the slim official images of a language."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from dockfix.knowledge.apt import parts
from dockfix.knowledge.base_images import base_image
from dockfix.knowledge.tables import table
from dockfix.lazy import regex

_TAG = regex(r"(?P<image>(?:[\w.:-]+/)*python)(?::(?P<tag>[\w.-]+))?")
_OF_UV = regex(r"(ghcr\.io/astral-sh/uv:[\w.-]*python[\w.-]*-(?:bullseye|bookworm|trixie))")
_OF_NODE = regex(r"(?P<image>(?:[\w.:-]+/)*node)(?::(?P<tag>[\w.-]+))?")
_SUITE = regex(r"(?:(?P<version>[\w.]+(?:-rc)?)-)?(?P<suite>[a-z]+)")


def slim_reference(reference: str) -> str | None:
    """The slim image of the same language and the same Debian release as a full one; None where the reference says neither.

    ``python:3.11`` gives ``python:3.11-slim``, ``python:3.11-bookworm`` gives ``python:3.11-slim-bookworm``; ``node:20-bookworm`` gives
    ``node:20-bookworm-slim``.
    """
    node = _OF_NODE.fullmatch(reference)
    if node is not None:
        tag = node["tag"] or "latest"
        known = base_image("", "node", tag)
        if known is None or known.variant != "full":
            return None
        return f"{node['image']}:slim" if tag in {"latest", "current"} else f"{node['image']}:{tag}-slim"
    uv = _OF_UV.fullmatch(reference)
    if uv is not None:
        return f"{uv[1]}-slim"
    match = _TAG.fullmatch(reference)
    if match is None:
        return None
    tag = match["tag"] or "latest"
    if tag == "latest":
        return f"{match['image']}:slim"
    suites = table("base_images")["suites"]
    found = _SUITE.fullmatch(tag)
    if found and found["suite"] in suites:
        return f"{match['image']}:{found['version'] + '-' if found['version'] else ''}slim-{found['suite']}"
    return f"{match['image']}:{tag}-slim" if re.fullmatch(r"\d+(?:\.\d+)*(?:-rc|(?:a|b|rc)\d+)?", tag) else None


def plain_reference(reference: str) -> str | None:
    """The official image that another one is made of, where that has nothing more but a manager of packages; None for any other.

    ``ghcr.io/astral-sh/uv:python3.12-bookworm-slim`` gives ``python:3.12-slim-bookworm``.
    """
    group = _adds_only(reference)
    match = re.fullmatch(group["tag"], reference.partition(":")[2]) if group is not None else None
    if match is None or "-rc" in reference:
        return None
    variant = match["alpine"] or f"{'slim-' if match['slim'] else ''}{match['suite']}"
    return f"python:{match['version']}-{variant}"


def added_variables(reference: str) -> tuple[str, ...]:
    """The variables that such an image sets besides those of the official one."""
    group = _adds_only(reference)
    return tuple(group["adds_only"].split()) if group is not None else ()


def _adds_only(reference: str) -> Mapping[str, Any] | None:
    name = reference.partition(":")[0]
    groups = table("other_images")["made_of_python"]
    return next((group for group in groups if "adds_only" in group and name in group["images"].split()), None)


def full_programs(suites: frozenset[str] | None, *, has_python: bool = True) -> Mapping[str, str]:
    """The programs that only the full image has and that a package brings back, with that package.

    They are those of every release that the image may be of. The slim image of Python has one of its own, beside Debian's; without
    it (``has_python`` is False) Debian's is one of them, too.
    """
    asked = suites or frozenset(table("apt_full_programs")["indices"])
    found: dict[str, str] = {}
    for package in table("apt_full_programs")["packages"]:
        each = [parts("apt_full_programs", package, frozenset({suite})) for suite in asked]
        of_python = package.startswith("python3")
        if not (package.startswith("cpp") or (of_python and has_python)):
            found |= dict.fromkeys(sorted(frozenset.intersection(*each)), "python3" if of_python else package)
    by_hand: dict[str, str] = table("full_image")["programs"]
    return found | by_hand


def needless(packages: Iterable[str]) -> frozenset[str]:
    """Those of some packages that come along with another of them."""
    asked = frozenset(packages)
    brought = table("full_image")["brings"]
    return asked & {library for package in asked & brought.keys() for library in brought[package].split()}


def full_data(word: str, suite: str) -> frozenset[str]:
    """The packages of a release that hold a font of this name, or a folder at this path, and that only the full image has."""
    data = table("apt_full_data")["packages"]
    return frozenset(package for package in data if word in parts("apt_full_data", package, frozenset({suite})))


def looked_up() -> Mapping[str, bytes]:
    """Packages that only the full image has with files that programs look up, each with a pattern of what does in code."""
    return {each["package"]: each["code"].encode() for each in table("full_image")["looked_up"]}


def full_compilers() -> frozenset[str]:
    """The programs of the full image that only building needs."""
    return frozenset(table("full_image")["compilers"]["programs"].split())


def full_libraries(suite: str) -> frozenset[str]:
    """The packages of a Debian release with the libraries that only the full image has, as far as is known."""
    return parts("apt_full_image", "python", frozenset({suite}))


def slim_libraries(suite: str) -> frozenset[str]:
    """The shared libraries, by their files' names, that the slim image of a Debian release has."""
    return parts("apt_slim_image", "python", frozenset({suite}))


def may_be_in_full_image(package: str, suites: frozenset[str] | None) -> bool:
    """Whether the full image brings a package that the slim one doesn't in one of the releases that it may be of."""
    asked = suites or frozenset(table("apt_full_image")["indices"])
    return package in parts("apt_full_image", "all", asked)


def in_full_image(package: str, suites: frozenset[str] | None) -> bool:
    """Whether the full image, and not the slim one, brings a package, or all of it that counts, in every release that it may be of."""
    if package in table("full_image")["nothing_new"].split():
        return True
    asked = suites or frozenset(table("apt_full_image")["indices"])
    return all(package in parts("apt_full_image", "all", frozenset({suite})) for suite in asked)
