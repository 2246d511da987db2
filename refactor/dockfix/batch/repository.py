"""Where a file lies in its git repository, and which rules of that repository say that git ignores it."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from dockfix.batch.rules import Rules, taken_out


def repository(folder: Path) -> Path | None:
    """The nearest folder with a ``.git`` (which is a file in a worktree or submodule), upwards from an absolute one."""
    return next((place for place in (folder, *folder.parents) if (place / ".git").exists()), None)


def patch_name(path: str) -> str:
    """The name of a file in a patch for ``-p1``: relative to its repository, or else to the current folder.

    Links are resolved first, since neither git nor patch writes through a link. Without a repository, a file outside of
    the current folder keeps its full path without the leading slash (``patch -p1 -d /`` takes it).
    """
    real = Path(path).resolve()
    root = repository(real.parent) or Path.cwd().resolve()
    try:
        return real.relative_to(root).as_posix()
    except ValueError:
        return real.relative_to(real.anchor).as_posix()


def outer_rules(folder: Path) -> tuple[Rules, ...]:
    """The ignore rules of the repository that reach into an absolute folder from above, outermost first.

    There are none for a folder that git itself ignores: who names it nevertheless means what lies in it.
    """
    root = repository(folder)
    chain: tuple[Rules, ...] = ()
    if root is None:
        return chain
    way = [*(place for place in reversed(folder.parents) if place.is_relative_to(root)), folder]
    for place, below in pairwise(way):
        chain = inner_rules(place, chain)
        if taken_out(chain, below, folder=True):
            return ()
    return chain


def inner_rules(folder: Path, outer: tuple[Rules, ...]) -> tuple[Rules, ...]:
    """``outer`` and the rules in ``folder`` itself. A repository of its own (a submodule) starts afresh, as in git."""
    if (folder / ".git").exists():
        outer = _lines(_common_directory(folder) / "info" / "exclude", folder)
    return outer + _lines(folder / ".gitignore", folder)


def _common_directory(root: Path) -> Path:
    """The folder that holds ``info/exclude``: https://git-scm.com/docs/gitrepository-layout ("commondir")."""
    git = root / ".git"
    if git.is_dir():
        return git
    try:
        git = root / git.read_text("utf-8", "surrogateescape").removeprefix("gitdir:").strip()
        return git / (git / "commondir").read_text("utf-8", "surrogateescape").strip()
    except (OSError, ValueError):  # a submodule has no commondir; a damaged file has no rules
        return git


def _lines(file: Path, root: Path) -> tuple[Rules, ...]:
    """The rules in a file of patterns; none where it does not exist or cannot be read (git only warns then)."""
    try:
        text = file.read_bytes().decode("utf-8-sig", "surrogateescape")
    except OSError:
        return ()
    return (Rules(root, tuple(line.removesuffix("\r") for line in text.split("\n")), file),)
