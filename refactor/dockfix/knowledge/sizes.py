"""How large the packages of Debian are that may leave an image, with all that they bring."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import cache

from dockfix.knowledge.apt import known_suites, parts
from dockfix.knowledge.tables import table
from dockfix.namedtuple import NamedTuple

KIB = 1024


class _Sized(NamedTuple):
    size: int
    brings: tuple[str, ...]
    recommends: tuple[str, ...]


def covers(suite: str) -> bool:
    """Whether the sizes of a release are known."""
    return bool(_sizes(suite))


def installed(
    names: Iterable[str], suite: str, there: Collection[str] = (), *, recommended: bool = False
) -> frozenset[str]:
    """What comes along when these packages are installed in a release, of those that may leave an image and are not in the slim one.

    With ``recommended`` what packages recommend comes, too. Of a package that is not known, or is ``there`` already, nothing comes.
    """
    known = _sizes(suite)
    todo, found = list(names), set[str]()
    while todo:
        name = todo.pop()
        package = known.get(name)
        if package is not None and name not in found and name not in there:
            found.add(name)
            todo += package.brings
            todo += package.recommends if recommended else ()
    return frozenset(found)


def comes_with(names: Iterable[str], suite: str) -> frozenset[str] | None:
    """The same with what packages recommend, and those that are asked for; None where not all of what comes is known."""
    asked = frozenset(names)
    return asked | installed(asked, suite, recommended=True) if asked <= _sizes(suite).keys() else None


def is_beyond_slim(name: str, suite: str) -> bool:
    """Whether a package of a release is known not to be in the slim image."""
    return name in _sizes(suite)


def full_image(suite: str) -> frozenset[str]:
    """All packages that the full image of a release has and the slim one has not."""
    return parts("apt_full_image", "all", frozenset({suite}))


def size_of(names: Iterable[str], suite: str, *, documents: bool = True) -> int:
    """The bytes that packages of a release take when they are installed; those that are not known take none.

    Without ``documents`` it is what they take in a slim image, which leaves these out.
    """
    known = _sizes(suite)
    left_out: Mapping[str, int] = {} if documents else table("apt_documents")["left_out"]
    return KIB * sum(max(known[name].size - left_out.get(name, 0), 0) for name in names if name in known)


@cache
def _sizes(suite: str) -> Mapping[str, _Sized]:
    found: dict[str, _Sized] = {}
    if suite not in known_suites():
        return found
    for line in table(f"apt_sizes_{suite}")["packages"][suite].splitlines():
        head, _, recommended = line.partition(" ; ")
        name, size, *brings = head.split()
        found[name] = _Sized(int(size), tuple(brings), tuple(recommended.split()))
    return found
