"""What Alpine's packages are for. Made by hand, and not looked up in Alpine's indices: see the head of the table."""

from __future__ import annotations

from functools import cache
from typing import Literal

from dockfix.knowledge.tables import table

ApkRole = Literal["build", "dev", "run", "git", "unknown"]


def apk_role(package: str) -> ApkRole:
    """What an Alpine package is for, as ``role`` says it of Debian's.

    The name comes without a version or repository (``gcc``, not ``gcc>12`` or ``gcc@edge``). The group names of ``apk add
    --virtual`` that are common (``.build-deps``) are "build".
    """
    if package in _build_only() or package in table("apk_packages")["virtual"]["packages"].split():
        return "build"
    if package.endswith("-dev"):
        return "dev"
    if package == "git":
        return "git"
    return "run" if package in table("apk_packages")["run_only"]["packages"].split() else "unknown"


def apk_runtime(package: str, releases: frozenset[str] | None) -> tuple[str, ...] | None:
    """The packages that stand in for one that only builds, or for a -dev package, once everything is compiled.

    ``releases`` are those of Alpine that the base may be of ("3.19"; None: unknown). The result is empty where nothing is
    needed, and None where nothing is certain: the package or a release is unknown, or the names differ between the releases.
    """
    data = table("apk_packages")
    if (built := _build_only().get(package)) is not None:
        return tuple(built.split())
    by_release = data["by_release"].get(package)
    if not releases:
        return None
    if by_release:
        names = {by_release.get(release) for release in releases}
        found = names.pop()
        return None if names or found is None else tuple(found.split())
    if not releases.issubset(data["releases"]) or not package.endswith("-dev"):
        return None
    line = data["runtime"].get(package)
    return None if line is None else tuple(line.split())


@cache
def _build_only() -> dict[str, str]:
    groups = table("apk_packages")["build_only"]
    return {name: group.get("runtime", "") for group in groups for name in group["packages"].split()}
