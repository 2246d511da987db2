"""Which of a distribution's files an installer takes: by the tags of its wheels, for one Python on one system.

Format: https://packaging.python.org/en/latest/specifications/platform-compatibility-tags/
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from typing import Literal

from dockfix.dataclass import dataclass
from dockfix.lazy import regex

Kind = Literal["pure", "binary", "compiled", "none"]
# The older names of platforms, by the version of the C library that they stand for
_LEGACY = {(2, 5): "manylinux1", (2, 12): "manylinux2010", (2, 17): "manylinux2014"}
_OLDEST = {"glibc": 5, "musl": 0}
_LAST_PATCH = 99
_CHOSEN = regex(r"\b(?:extras?|dependency_groups)\b")


@dataclass(frozen=True)
class Target:
    """What wheels are for: ``python`` is the minor version, ``patch`` the patch release, None where it may be any.

    ``libc_version`` is that of the C library; ``machine`` is as in the tags ("x86_64"), ``system`` the code name of the release.
    """

    python: tuple[int, int]
    libc: Literal["glibc", "musl"]
    libc_version: tuple[int, int]
    machine: str
    system: str = ""
    patch: int | None = None

    @property
    def minor(self) -> str:
        """The Python version as people write it, such as 3.11."""
        return f"{self.python[0]}.{self.python[1]}"

    def __str__(self) -> str:
        return f"Python {self.minor} on {self.machine}"


_EVERYWHERE = ("-py3-none-any.whl", "-py2.py3-none-any.whl")  # what fits any Python 3, without asking packaging


def kind_of(files: Iterable[str], target: Target) -> Kind:
    """What comes of these files: Python alone, a wheel with binary code, a build from source, or "none" where nothing fits."""
    files = tuple(files)
    wheels = [file for file in files if file.endswith(".whl")]
    if wheels and all(file.endswith(_EVERYWHERE) for file in wheels):
        return "pure"
    ranks = _ranks(target)
    best: tuple[int, bool] | None = None
    source = False
    for file in files:
        if not file.endswith(".whl"):
            source = source or file.endswith((".tar.gz", ".zip", ".tar.bz2", ".tgz", ".tar.xz"))
            continue
        for tag, pure in _tags(file):
            rank = ranks.get(tag)
            if rank is not None and (best is None or rank < best[0]):
                best = (rank, pure)
    if best is None:
        return "compiled" if source else "none"
    return "pure" if best[1] else "binary"


@lru_cache(maxsize=16384)
def _tags(file: str) -> tuple[tuple[str, bool], ...]:
    """The tags of a wheel, each with whether it is of Python alone; none where its name is not that of a wheel."""
    from packaging.tags import parse_tag

    parts = file.removesuffix(".whl").split("-")
    if len(parts) not in {5, 6}:
        return ()
    return tuple((str(tag), tag.platform == "any" and tag.abi == "none") for tag in parse_tag("-".join(parts[-3:])))


@lru_cache(maxsize=64)
def _ranks(target: Target) -> Mapping[str, int]:
    """The tags that fit, the best one first."""
    from packaging.tags import compatible_tags, cpython_tags

    interpreter = f"cp{target.python[0]}{target.python[1]}"
    platforms = list(_platforms(target))
    tags = [
        *cpython_tags(target.python, [interpreter], platforms),
        *compatible_tags(target.python, interpreter, platforms),
    ]
    found: dict[str, int] = {}
    for number, tag in enumerate(tags):
        found.setdefault(str(tag), number)
    return found


def _platforms(target: Target) -> Iterable[str]:
    major, newest = target.libc_version
    many = "manylinux" if target.libc == "glibc" else "musllinux"
    for minor in range(newest, _OLDEST[target.libc] - 1, -1):
        yield f"{many}_{major}_{minor}_{target.machine}"
        if target.libc == "glibc" and (major, minor) in _LEGACY:
            yield f"{_LEGACY[major, minor]}_{target.machine}"
    yield f"linux_{target.machine}"


def holds(marker: str, targets: Iterable[Target]) -> bool:
    """Whether a marker of a lock holds on any of the targets; one that cannot be worked out does.

    So does one that speaks of extras or groups: which of them are installed is the lock's own matter.
    """
    return _CHOSEN.search(marker) is not None or any(_holds(marker, each, "") for each in targets)


def brings(marker: str, target: Target, extras: Collection[str]) -> bool:
    """Whether a marker in a distribution's metadata holds where it is asked for with these extras."""
    return any(_holds(marker, target, extra) for extra in ("", *extras))


@lru_cache(maxsize=8192)
def _holds(marker: str, target: Target, extra: str) -> bool:
    from packaging.markers import InvalidMarker, Marker, UndefinedComparison, UndefinedEnvironmentName

    # which patch release it is may not be known, so that any of them counts
    patches = (0, _LAST_PATCH) if target.patch is None else (target.patch,)
    try:
        parsed = Marker(marker)
        return any(parsed.evaluate({**_environment(target, patch), "extra": extra}) for patch in patches)
    except (InvalidMarker, UndefinedComparison, UndefinedEnvironmentName, TypeError, ValueError, KeyError):
        return True


def _environment(target: Target, patch: int) -> dict[str, str]:
    full = f"{target.minor}.{patch}"
    return {
        "implementation_name": "cpython",
        "implementation_version": full,
        "os_name": "posix",
        "platform_machine": target.machine,
        "platform_python_implementation": "CPython",
        "platform_release": "",
        "platform_system": "Linux",
        "platform_version": "",
        "python_full_version": full,
        "python_version": target.minor,
        "sys_platform": "linux",
    }
