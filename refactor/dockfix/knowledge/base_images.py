"""The official Python images: which tags there are, and what they are built on."""

from __future__ import annotations

import re
from functools import cache
from typing import Literal, NamedTuple

from dockfix.knowledge.tables import table

# What an engine sets PATH to where the image says nothing: https://github.com/moby/buildkit, util/system/path.go. The official
# Python images put /usr/local/bin before it, which is on it already
DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

Variant = Literal["full", "slim", "alpine", "windows"]


class BaseImage(NamedTuple):
    """A base image that is known: an official Python image.

    ``runtime`` is the language that it brings. ``version`` is what the tag says of it ("3.11", "3.11.9", "3.14.0rc1", "3.14-rc";
    "" where it says nothing); ``releases`` the releases of Debian or Alpine that it may be built on: None where it may be older than
    the tables, or is of another system.
    """

    runtime: str
    version: str
    variant: Variant
    releases: frozenset[str] | None

    @property
    def system(self) -> str:
        """debian, alpine or windows."""
        return self.variant if self.variant in ("alpine", "windows") else "debian"


@cache
def base_image(registry: str, repository: str, tag: str | None) -> BaseImage | None:
    """The official Python image that a reference names; None where it is another image or has no tag of a known form.

    Without a tag it is "latest". A reference by digest alone says nothing of the version: it is none of these.
    """
    if not _is_official(registry, repository):
        return None
    match = _expression().fullmatch(tag or "latest")
    if match is None:
        return None
    version = match["version"] or ""
    pre = match["pre"] or ""
    if pre and version.count(".") != (1 if pre == "-rc" else 2):
        return None
    variant, suite = _variant(match["variant"] or match["alone"] or "")
    if variant == "windows":
        return BaseImage("python", version + pre, variant, None)
    if variant == "alpine":
        return BaseImage("python", version + pre, variant, frozenset({suite}) if suite else _on_alpine(version, pre))
    if suite:
        return BaseImage("python", version + pre, variant, frozenset({suite}))
    return BaseImage("python", version + pre, variant, None if match["rc"] else _built_on(version, pre))


def c_library(release: str) -> tuple[int, int] | None:
    """The version of the GNU C library in a Debian release, None where it is not known."""
    text = table("base_images")["glibc"].get(release)
    if text is None:
        return None
    major, minor = text.split(".")
    return int(major), int(minor)


def starts_as_root(registry: str, repository: str) -> bool:
    """Whether an image is one of those official ones whose commands are known to run as root."""
    return not registry and repository.removeprefix("library/") in table("base_images")["start_as_root"]


def _is_official(registry: str, repository: str) -> bool:
    if repository == "library/python" or repository.endswith("/library/python"):
        return True
    host = not registry or registry == "localhost" or "." in registry or ":" in registry
    return host and repository == "python"


@cache
def _expression() -> re.Pattern[str]:
    suites = "|".join(table("base_images")["suites"])
    variant = rf"slim(?:-(?:{suites}))?|{suites}|alpine(?:\d+\.\d+)?|windowsservercore(?:-(?:ltsc)?\d+)?"
    version = r"(?P<version>\d+(?:\.\d+){0,2})(?P<pre>-rc|(?:a|b|rc)\d+)?"
    return re.compile(rf"latest|(?P<alone>{variant})|(?:{version}|(?P<rc>rc))(?:-(?P<variant>{variant}))?")


def _variant(text: str) -> tuple[Variant, str]:
    """The variant and the release that a tag's last part names ("" where it names none)."""
    if text.startswith("alpine"):
        return "alpine", text[6:]
    if text.startswith("windowsservercore"):
        return "windows", ""
    if text.startswith("slim"):
        return "slim", text[5:]
    return "full", text


def _built_on(version: str, pre: str) -> frozenset[str] | None:
    """The releases that a tag without a release may be built on; None unless they are all known and in the tables."""
    data = table("base_images")
    minor = ".".join(version.split(".")[:2])
    if pre:
        suites = data["prereleases"].get(minor, ())
    elif version.count(".") == 2:
        first = data["first_patch"].get(minor, {})
        suites = _at_patch(first, int(version.split(".")[2]))
    else:
        suites = data["floating"].get(version, ())
    return frozenset(suites) if suites and set(suites) <= set(data["current"]) else None


def _on_alpine(version: str, pre: str) -> frozenset[str] | None:
    """The releases of Alpine that a tag without a release may be built on: an image moves to the next one twice a year."""
    data = table("base_images")["alpine"]
    minor = ".".join(version.split(".")[:2])
    known = not pre and (version in data["floating"] or minor in data["since"])
    return frozenset(data["releases"]) if known else None


def _at_patch(first: dict[str, int], patch: int) -> list[str]:
    # A move to another release happened between two patch releases, so the patch of that time was built on both.
    last = dict(zip(first, [*first.values()][1:], strict=False))
    return [suite for suite, start in first.items() if start <= patch <= last.get(suite, patch)]
