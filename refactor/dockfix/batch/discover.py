"""Which files a command line means: the named ones, and every Dockerfile below the named folders."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from dockfix.batch.repository import inner_rules, outer_rules
from dockfix.batch.rules import Rules, said_by, taken_out
from dockfix.engine.results import Failure
from dockfix.namedtuple import NamedTuple

NAMES = ("Dockerfile", "Containerfile")
PREFIXES = tuple(f"{name}{mark}" for name in NAMES for mark in "._-")
SUFFIXES = (".Dockerfile", ".dockerfile")
# Named like a Dockerfile, and none: ignore files, leftovers of editors and tools, templates, documents.
NOT_SUFFIXES = (
    ".dockerignore", ".containerignore",
    "~", ".orig", ".bak", ".backup", ".old", ".rej", ".save", ".swp", ".swo", ".tmp",
    ".j2", ".jinja", ".jinja2", ".tmpl", ".tpl", ".template", "-template", "_template", ".in", ".erb", ".ejs", ".hbs", ".mustache", ".m4",
    ".md", ".rst", ".html",
)  # fmt: skip
NOT_PREFIXES = (".#", "._")
# Folders with other people's files.
NEVER = frozenset({".git", ".hg", ".svn", "node_modules", ".venv", ".tox", ".nox", "__pycache__"})

Excludes = Callable[[Path], tuple[Rules, ...]]


class Target(NamedTuple):
    """One file to work on, by the path that the user sees, or the reason why it cannot be worked on."""

    path: str
    failure: Failure | None = None


class Found(NamedTuple):
    """The targets sorted by path, each real file once, and the named folders in which no Dockerfile was found, each with why.

    Why is a clause on a Dockerfile that git ignores; "" where there is none.

    ``left`` are symbolic links below the named folders that lead out of these, and where to.
    """

    targets: tuple[Target, ...]
    empty: tuple[tuple[str, str], ...] = ()
    left: tuple[tuple[str, str], ...] = ()


def is_dockerfile(name: str) -> bool:
    """Whether a file of this name is taken for a Dockerfile when its folder was named."""
    named = name in NAMES or name.startswith(PREFIXES) or name.endswith(SUFFIXES)
    return named and not name.endswith(NOT_SUFFIXES) and not name.startswith(NOT_PREFIXES)


def os_failure(error: OSError, path: Path) -> Failure:
    """An error of the operating system about ``path`` in plain words."""
    if error.errno == errno.ELOOP:
        return Failure("the symbolic link leads back to itself")
    if isinstance(error, FileNotFoundError):
        return Failure("the symbolic link leads nowhere" if path.is_symlink() else "no such file or folder")
    if isinstance(error, PermissionError):
        return Failure("permission denied", hint="check the permissions of the file and of its folder")
    reason = error.strerror or str(error)
    return Failure(reason[:1].lower() + reason[1:])


def place(path: Path) -> Path:
    """The absolute path of a file with the links of its folder, but not its own, resolved."""
    return path.parent.resolve() / path.name


def discover(paths: Sequence[str], excludes: Excludes, *, force: bool = False) -> Found:
    """Find the files that ``paths`` mean.

    A named file or folder is taken whatever the rules say, unless ``force`` holds it to ``excludes`` (which gives the
    exclude rules for an absolute folder). Below a named folder, the rules of git and of ``excludes`` decide; links to
    folders are not followed, and links to files only where these lie below the folder too: nobody named what is elsewhere.
    """
    search = _Search(excludes)
    for name in dict.fromkeys(paths):
        path = Path(name)
        try:
            folder = stat.S_ISDIR(path.stat().st_mode)
        except OSError as error:
            search.fail(name, os_failure(error, path))
            continue
        except ValueError:  # a NUL in the name
            search.fail(name, Failure("not a usable path"))
            continue
        at = path.resolve() if folder else place(path)
        if force and named_out(at, folder, excludes(at.parent)):
            continue
        if not folder:
            search.add(name, at, path.is_symlink())
        elif not search.below(name, at):
            search.empty.append((name, search.ignored.get(name, "")))
    targets = (*search.targets.values(), *search.failed.values())
    left = sorted((shown, str(real)) for real, shown in search.left.items() if real not in search.targets)
    return Found(tuple(sorted(targets, key=lambda target: target.path)), tuple(search.empty), tuple(left))


def named_out(at: Path, folder: bool, rules: Iterable[Rules]) -> bool:
    """Whether an absolute path is left out although it was named: by exclude rules, or as part of a folder of NEVER."""
    within = at.parts if folder else at.parts[:-1]
    return not NEVER.isdisjoint(within) or any(each.cover(at, folder) for each in rules)


class _Search:
    def __init__(self, excludes: Excludes) -> None:
        self.excludes = excludes
        self.targets: dict[Path, Target] = {}  # by real path: a file with two names is done once
        self.failed: dict[str, Target] = {}
        self.empty: list[tuple[str, str]] = []
        self.ignored: dict[
            str, str
        ] = {}  # by the named folder: the first Dockerfile that git's rules take out, and which rule
        self.left: dict[Path, str] = {}

    def fail(self, name: str, failure: Failure) -> None:
        self.failed[name] = Target(name, failure)

    def add(self, name: str, at: Path, link: bool, tree: Path | None = None) -> None:
        """Take in a file; a link that leads out of the folder ``tree`` is left."""
        real = at
        if link:
            try:
                at.stat()
            except OSError as error:
                self.fail(name, os_failure(error, at))
                return
            real = at.resolve()
            if tree is not None and not real.is_relative_to(tree):
                self.left[real] = name
                return
        known = self.targets.get(real)
        if known is None or (not link and Path(known.path).is_symlink()):  # its own name wins over that of a link
            self.targets[real] = Target(name)

    def below(self, name: str, at: Path) -> bool:
        """Take in what lies below a folder; whether there was anything, Dockerfile or error."""
        outer = outer_rules(at)
        off = {rules for rules in self.excludes(at.parent) + self.excludes(at) if rules.cover(at, folder=True)}
        found = False
        pending = [("" if name in (".", "./") else name, at, outer)]
        while pending:
            label, folder, chain = pending.pop()
            try:
                entries = list(os.scandir(folder))
            except OSError as error:
                self.fail(label or name, os_failure(error, folder))
                found = True
                continue
            if any(entry.name in (".git", ".gitignore") for entry in entries):
                chain = inner_rules(folder, chain)
            rules = tuple(rules for rules in self.excludes(folder) if rules not in off)
            for entry in entries:
                is_folder = entry.is_dir(follow_symlinks=False)
                if entry.name in NEVER if is_folder else not is_dockerfile(entry.name):
                    continue
                if not is_folder and not entry.is_symlink() and not entry.is_file():
                    continue
                if entry.is_symlink() and _is_folder(entry):
                    continue
                inside = folder / entry.name
                shown = str(Path(label, entry.name))
                if taken_out(chain, inside, is_folder):
                    rule = "" if is_folder else said_by(chain, inside)
                    if rule:
                        self.ignored.setdefault(name, f"{os.path.normpath(Path(label, rule))} has git ignore {shown}")
                    continue
                if any(rule.verdict(inside, is_folder) for rule in rules):
                    continue
                if is_folder:
                    pending.append((shown, inside, chain))
                else:
                    found = True
                    self.add(shown, inside, entry.is_symlink(), at)
        return found


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link in a circle
        return False
