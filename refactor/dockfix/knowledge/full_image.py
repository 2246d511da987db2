"""The difference between the full and the slim official Python images."""

from __future__ import annotations

import re
from collections.abc import Mapping

from dockfix.knowledge.apt import parts
from dockfix.knowledge.tables import table
from dockfix.lazy import regex

_TAG = regex(r"(?P<image>(?:[\w.:-]+/)*python)(?::(?P<tag>[\w.-]+))?")
_SUITE = regex(r"(?:(?P<version>[\w.]+(?:-rc)?)-)?(?P<suite>[a-z]+)")


def slim_reference(reference: str) -> str | None:
    """The slim image of the same Python and the same Debian release as a full one; None where the reference says neither.

    ``python:3.11`` gives ``python:3.11-slim``, ``python:3.11-bookworm`` gives ``python:3.11-slim-bookworm``.
    """
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


def full_programs() -> Mapping[str, str]:
    """The programs that only the full image has and that a package brings back, with that package."""
    found: dict[str, str] = table("full_image")["programs"]
    return found


def full_compilers() -> frozenset[str]:
    """The programs of the full image that only building needs."""
    return frozenset(table("full_image")["compilers"]["programs"].split())


def full_libraries(suite: str) -> frozenset[str]:
    """The packages of a Debian release with the libraries that only the full image has, as far as is known."""
    return parts("apt_full_image", "python", frozenset({suite}))


def in_full_image(package: str, suites: frozenset[str] | None) -> bool:
    """Whether the full image, and not the slim one, brings a package itself, in every release that it may be of."""
    asked = suites or frozenset(table("apt_full_image")["indices"])
    return all(package in parts("apt_full_image", "all", frozenset({suite})) for suite in asked)
