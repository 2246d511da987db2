"""Prints how many Dockerfiles of a list dockfix splits, with and without --unsafe, and why it leaves the others.

    python scripts/reach.py [--details] [--clone URL] LIST FOLDER

LIST has a line for each Dockerfile: repository, commit, path and, where it is given, the build context, separated by tabs.
FOLDER holds the repositories as ``owner/name`` or ``owner+name``: a tree as it lies there, or a git repository, out of which the
commit's tree is taken. With --clone, one that isn't there is cloned from URL/owner/name. Nothing of a repository is run.

Who has something to gain by a split: compilers or -dev packages are installed, or a group of packages only for the build; the base is a
full image where a slim one exists; a package manager beside pip, or a project's development dependencies, would stay in the image.
A full base that gives way in one stage counts as a split: there the packages need no builder of their own. So do packages for development
that an install leaves out, where they are all there is to gain.
No gain are packages that the RUN which installs them removes again, a manager that the container starts itself (CMD, ENTRYPOINT, a
script or a Compose file runs ``uv run``, ``poetry run``), and development dependencies where it starts a server for development, or a
program or code that runs one of them (``ts-node``, ``require("dotenv")``): they are needed, whatever package.json says. Nor are they
where the container starts a manager that would install them then (``uv run`` without ``--no-dev``): it would fetch them at each start.

Not countable are Dockerfiles that cannot be built as they are committed: because a file that names packages to install isn't there, a
placeholder stands for the base image, or the packages of the base's release of Debian are no longer where apt looks for them. They have
nothing to gain. How many these are is printed.
"""

from __future__ import annotations

import argparse
import csv
import posixpath
import re
import subprocess
import sys
import tarfile
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from dockfix.context.manifests.locked import DEV
from dockfix.engine import FileResult, Settings, run
from dockfix.engine.runner import gather
from dockfix.facts import Facts
from dockfix.facts.installs import calls_at_start, groups_there, missing_manifest
from dockfix.facts.javascript import development, packages_of
from dockfix.knowledge import apk, base_image, packages_are_gone, role
from dockfix.managers.protocol import LanguageManager
from dockfix.model.actions import Refresh
from dockfix.syntax import ImageRef, decode, parse, problems
from dockfix.syntax import image as reference_of

SPLIT = "multi-stage"
SMALLER = "slim-base"
LEANER = "production-dependencies"
MODES = (("default", False), ("--unsafe", True))
FAMILIES = (
    *("python", "python-slim", "python-alpine", "node", "node-slim", "node-alpine"),
    *("bun", "alpine", "debian", "ubuntu", "uv image", "other"),
)
MANAGERS = ("uv", "poetry", "pipenv", "pdm", "conda", "project", "pip", "npm", "yarn", "pnpm", "bun", "none")
GAINS = ("compilers", "-dev packages", "build group", "full base", "manager", "dev group")
_OWN = frozenset({"uv", "poetry", "pipenv", "pdm"})
_CONDA = frozenset({"conda", "mamba", "micromamba"})
_WITHOUT_DEV = re.compile(
    r"--(?:no-dev|only[= ]main|without[= ]\S*dev|prod|production|no-default-groups|no-group[= ]dev)\b"
)
_DEV_GROUP = re.compile(
    r"(?m)^\s*(?:\[tool\.poetry\.(?:dev-dependencies|group\.dev\S*)\]|\[dependency-groups\]|dev-dependencies\s*=)"
)
_PROJECT = re.compile(r"(?:^|\s)(?:-e\s+|--editable[ =])?\.(?:/|\[[\w,-]+\])?(?:\s|$)")
# What tells one place from another in a reason, so that reasons of one kind are counted together
_PARTICULAR = re.compile(r"\S*[\d/._:=@*<>-]\S*|\b[A-Z]{2,}\b")


class Line(NamedTuple):
    """A Dockerfile of the list; ``context`` is "" where dockfix finds it itself."""

    repository: str
    commit: str
    path: str
    context: str = ""

    @property
    def name(self) -> str:
        """How a table names it."""
        return f"{self.repository} {self.path}"


@dataclass(frozen=True)
class Reach:
    """What dockfix makes of one Dockerfile: for each mode whether it is split, made smaller, and the reasons against a split.

    One that is not ``countable`` could not be built, and has no ``gains``. ``smaller_because`` is why its base stays by default.
    """

    line: Line
    family: str
    manager: str
    gains: tuple[str, ...]
    split: tuple[bool, bool]
    smaller: tuple[bool, bool]
    reasons: tuple[tuple[str, ...], tuple[str, ...]]
    problem: str = ""
    countable: bool = True
    smaller_because: tuple[str, ...] = ()


def read_list(path: Path) -> list[Line]:
    """The lines of a list. Raises ValueError for one with too few fields."""
    found = []
    with path.open(encoding="utf-8", newline="") as lines:
        for number, fields in enumerate(csv.reader(lines, delimiter="\t"), 1):
            if not fields or fields[0].startswith("#"):
                continue
            if not 3 <= len(fields) <= 4:
                raise ValueError(f"{path}:{number}: expected repository, commit, path and maybe a context")
            found.append(Line(*fields))
    return found


@contextmanager
def tree_of(line: Line, folder: Path, clone: str) -> Iterator[Path]:
    """The folder with the files of a line's commit. Raises FileNotFoundError, or CalledProcessError where git fails."""
    flat = folder / line.repository.replace("/", "+")
    found = next((each for each in (folder / line.repository, flat) if each.is_dir()), None)
    if found is None and clone:
        found = flat
        source = f"{clone.rstrip('/')}/{line.repository}"
        subprocess.run(["git", "clone", "--quiet", "--bare", source, str(found)], check=True)
    if found is None:
        raise FileNotFoundError(f"{line.repository} is not in {folder}")
    if not (found / ".git").exists() and not (found / "HEAD").is_file():
        yield found
        return
    with tempfile.TemporaryDirectory(prefix="reach-") as place:
        packed = Path(place, "tree.tar")
        subprocess.run(["git", "-C", str(found), "archive", "--output", str(packed), line.commit], check=True)
        root = Path(place, "tree")
        with tarfile.open(packed) as archive:
            archive.extractall(root, filter=_harmless)
        yield root


def _harmless(member: tarfile.TarInfo, folder: str) -> tarfile.TarInfo | None:
    """What of a tree is unpacked: no link that leads out of it, as a committed environment has one to its Python."""
    try:
        return tarfile.data_filter(member, folder)
    except tarfile.FilterError:
        return None


def family_of(facts: Facts) -> str:
    """The kind of the base image."""
    reference = _base(facts)
    if reference is None:
        return "other"
    if reference.repository.endswith("astral-sh/uv"):
        return "uv image"
    name = reference.repository.removeprefix("library/")
    if name in FAMILIES and name not in ("python", "node"):
        return name
    official = base_image(reference.registry, reference.repository, reference.tag or "latest")
    if official is None or not official.runtime:
        return "other"
    if official.runner:
        return official.runner
    return {"full": official.runtime}.get(official.variant, f"{official.runtime}-{official.variant}")


def commands_of(facts: Facts) -> list[list[str]]:
    """The words of each command that the image's own stages run, wrapped ones too."""
    return [words for commands in _runs(facts) for words in commands]


def _runs(facts: Facts) -> list[list[list[str]]]:
    """The same for each RUN."""
    found: dict[int, list[list[str]]] = {}
    for stage in facts.final.lineage:
        for step, unit in stage.units:
            parts = unit.command.parts or (unit.command,)
            words = [[word.value or "" for word in part.words] for part in parts if part.words]
            found.setdefault(id(step), []).extend(words)
    return list(found.values())


def manager_of(commands: Sequence[Sequence[str]]) -> str:
    """What installs the packages of a language: a program, "project" for pip with a project, "none"."""
    called = {_program(words) for words in commands}
    for name in ("uv", "poetry", "pipenv", "pdm"):
        if name in called:
            return name
    if called & _CONDA:
        return "conda"
    installs = [words for words in commands if _is_pip_install(words)]
    if any(_PROJECT.search(" ".join(words)) for words in installs):
        return "project"
    others = next((name for name in ("pnpm", "yarn", "bun", "npm") if name in called), "none")
    return "pip" if installs else others


def gains_of(facts: Facts, commands: Sequence[Sequence[str]], family: str) -> tuple[str, ...]:
    """What of the image would not have to be in it."""
    found = set()
    for run_commands in _runs(facts):
        for number, words in enumerate(run_commands):
            removed = {word for later in run_commands[number + 1 :] for word in _removed(later)}
            found |= set(_build_packages(words, removed))
    base = _base(facts)
    if family in ("python", "node") or (family == "uv image" and base is not None and _is_full_uv(base.tag or "")):
        found.add("full base")
    manager = manager_of(commands)
    if (manager in _OWN or family == "uv image") and not facts.startup.programs.keys() & ({manager} & _OWN):
        found.add("manager")
    if any(_installs_dev(words) for words in commands) and _has_dev_group(facts, manager) and not _at_start(facts):
        found.add("dev group")
    if facts.is_javascript and _has_dev_packages(facts):
        found.add("dev group")
    return tuple(each for each in GAINS if each in found)


def reach_of(line: Line, root: Path) -> Reach:
    """What dockfix makes of a Dockerfile below ``root``."""
    dockerfile = root / line.path
    context = root / line.context if line.context else None
    tree = parse(decode(dockerfile.read_bytes()))
    if broken := tuple(problems(tree)):
        return _unread(line, broken[0].message)
    facts = gather(dockerfile, tree, context)
    commands = commands_of(facts)
    family = family_of(facts)
    results = [run(dockerfile, Settings(unsafe=unsafe), context=context) for _, unsafe in MODES]
    for result in results:
        if result.failures:
            return _unread(line, result.failures[0].message)
    default, unsafe = results
    placeholder = "*" in (facts.final.lineage[0].base or "")
    countable = not (_lacks_a_manifest(facts) or placeholder or _packages_are_gone(facts))
    gains = gains_of(facts, commands, family) if countable else ()
    enough = {
        SPLIT,
        *((SMALLER,) if family in ("node", "python") else ()),
        *((LEANER,) if gains == ("dev group",) else ()),
    }
    return Reach(
        line,
        family,
        manager_of(commands),
        gains,
        (any(_did(default, each) for each in enough), any(_did(unsafe, each) for each in enough)),
        (_did(default, SMALLER), _did(unsafe, SMALLER)),
        (_against(default), _against(unsafe)),
        countable=countable,
        smaller_because=_said(default, SMALLER),
    )


def kind_of(reason: str) -> str:
    """A reason without what is particular to one file."""
    return re.sub(r"(?:… ?)+(?=…)", "", _PARTICULAR.sub("…", reason))


def table(reached: Sequence[Reach]) -> list[str]:
    """The shares, as lines of Markdown."""
    read = [each for each in reached if not each.problem]
    gaining = [each for each in read if each.gains]
    lines = [
        f"{len(reached)} Dockerfiles, {len(read)} read, {len(gaining)} with something to gain.",
        f"Not countable, as they cannot be built as committed: {sum(not each.countable for each in read)}.",
        "",
        "| | files | with a gain | split | of those with a gain | split --unsafe | of those with a gain |",
        "|---|---:|---:|---:|---:|---:|---:|",
        _row("all", read),
        *(_row(family, part) for family in FAMILIES if (part := [each for each in read if each.family == family])),
        *(_row(name, part) for name in MANAGERS if (part := [each for each in read if each.manager == name])),
        *(_row(f"gain: {gain}", part) for gain in GAINS if (part := [each for each in read if gain in each.gains])),
    ]
    alone = [sum(each.smaller[mode] and not each.split[mode] for each in gaining) for mode in range(len(MODES))]
    smaller = f"A smaller base without a split, where there is something to gain: {alone[0]} by default, {alone[1]} with --unsafe."
    lines += ["", smaller]
    for number, (mode, _) in enumerate(MODES):
        lines += ["", f"Reasons against a split, {mode}, where there is something to gain:", ""]
        kinds = Counter(
            kind_of(reason) for each in gaining if not each.split[number] for reason in each.reasons[number][:1]
        )
        lines += [f"- {count} × {kind}" for kind, count in kinds.most_common()]
    return lines


def details(reached: Iterable[Reach]) -> list[str]:
    """Each file that has something to gain and that is not split by default, by its first reason, as lines of Markdown."""
    groups: defaultdict[str, list[Reach]] = defaultdict(list)
    for each in reached:
        if each.problem:
            groups[f"not read: {kind_of(each.problem)}"].append(each)
        elif each.gains and not each.split[0]:
            groups[kind_of(_first(each))].append(each)
    lines = []
    for kind, those in sorted(groups.items(), key=lambda item: (-len(item[1]), item[0])):
        lines += ["", f"### {len(those)} × {kind}", ""]
        for each in those:
            more = "; with --unsafe it is" if each.split[1] else ""
            lines.append(f"- {each.line.name} ({each.family}, {each.manager}; {', '.join(each.gains)}){more}")
            lines += [f"  - {reason}" for reason in ((*each.reasons[0], *each.smaller_because) or (each.problem,))]
    return lines


def _first(each: Reach) -> str:
    """What the others come with: a split that only serves a smaller base has that base's reason."""
    return next(
        (reason for reason in (*each.reasons[0], *each.smaller_because) if "(comes with " not in reason),
        each.reasons[0][0],
    )


def _row(name: str, part: Sequence[Reach]) -> str:
    gaining = [each for each in part if each.gains]
    cells = [name, str(len(part)), str(len(gaining))]
    for number in range(len(MODES)):
        cells.append(_share([each.split[number] for each in part]))
        cells.append(_share([each.split[number] for each in gaining]))
    return f"| {' | '.join(cells)} |"


def _share(those: Sequence[bool]) -> str:
    return f"{sum(those)} ({sum(those) / len(those):.0%})" if those else "–"


def _did(result: FileResult, transform: str) -> bool:
    return any(each.transform == transform for each in result.changes)


def _against(result: FileResult) -> tuple[str, ...]:
    """Why a file wasn't split: the refusals, else the doubts, else that nothing was said."""
    if _did(result, SPLIT):
        return ()
    return _said(result, SPLIT) or ("nothing is said of it",)


def _said(result: FileResult, transform: str) -> tuple[str, ...]:
    said = (*result.refusals, *result.unsafe, *result.warnings)
    return tuple(each.message for each in said if each.transform == transform)


def _unread(line: Line, problem: str) -> Reach:
    return Reach(line, "other", "none", (), (False, False), (False, False), ((), ()), problem)


def _base(facts: Facts) -> ImageRef | None:
    written = facts.final.lineage[0].base
    return None if written is None else reference_of(written)


def _program(words: Sequence[str]) -> str:
    """The name of the program that a command runs; ``python -m poetry`` is poetry."""
    if len(words) > 2 and re.fullmatch(r"(?:.*/)?python[\d.]*", words[0]) and words[1] == "-m":
        return words[2]
    return words[0].rpartition("/")[2]


def _is_pip_install(words: Sequence[str]) -> bool:
    return re.fullmatch(r"pip[\d.]*", _program(words)) is not None and "install" in words


def _lacks_a_manifest(facts: Facts) -> bool:
    """Whether a file that an install reads is not there, so that the image cannot be built."""
    missing = {posixpath.basename(name) for copied in facts.copies.values() for name in copied.missing}
    return missing_manifest(facts) is not None or any(
        posixpath.basename(path) in missing and facts.lying_at(path, step, unit) is None
        for step, unit, install in facts.installs
        for path in install.files
    )


def _packages_are_gone(facts: Facts) -> bool:
    """Whether apt is asked for packages where the base image's release has none any more, and nothing tells it of another place."""
    base = _base(facts)
    if base is None or not packages_are_gone(base.registry, base.repository, base.tag):
        return False
    told = any("sources.list" in step.instruction.text for stage in facts.final.lineage for step in stage.steps)
    refreshes = any(
        isinstance(unit.effects.action, Refresh) for stage in facts.final.lineage for _, unit in stage.units
    )
    return refreshes and not told


def _at_start(facts: Facts) -> bool:
    """Whether the container starts a manager that would install the packages for development."""
    managers = {each.manager for each in facts.manifests if isinstance(each.manager, LanguageManager)}
    return any(
        manager.at_start(call, groups_there(facts, manager) - {DEV}, facts.final.end)
        for manager in managers
        for _, call in calls_at_start(facts, manager)
    )


def _removed(words: Sequence[str]) -> Sequence[str]:
    """The packages and groups that a command removes."""
    removes = {
        "apt": ("remove", "purge"),
        "apt-get": ("remove", "purge"),
        "aptitude": ("remove", "purge"),
        "apk": ("del",),
    }
    return words if set(words).intersection(removes.get(_program(words), ())) else ()


def _build_packages(words: Sequence[str], removed: Set[str]) -> Iterator[str]:
    """Which gains the system packages of a command are; those ``removed`` in the same layer are none."""
    program = _program(words)
    if any(
        word in ("-t", "--virtual") and group in removed for word, group in zip(words, [*words[1:], ""], strict=True)
    ) or any(word.startswith("--virtual=") and word.partition("=")[2] in removed for word in words):
        return
    words = [word for word in words if word not in removed or word == program]
    if program in ("apt", "apt-get", "aptitude") and "install" in words:
        roles = [role(re.split(r"[=:/]", word)[0]) for word in words]
    elif program == "apk" and "add" in words:
        roles = [apk.role(re.split(r"[=<>~@]", word)[0]) for word in words]
        if any(word in ("-t", "--virtual") or word.startswith("--virtual=") for word in words):
            yield "build group"
    else:
        return
    yield from ("compilers",) * ("build" in roles)
    yield from ("-dev packages",) * ("dev" in roles)


def _is_full_uv(tag: str) -> bool:
    return (
        "slim" not in tag
        and "alpine" not in tag
        and re.search(r"python|bookworm|trixie|bullseye|debian", tag) is not None
    )


def _installs_dev(words: Sequence[str]) -> bool:
    program, text = _program(words), " ".join(words)
    if program == "pipenv":
        return "--dev" in words or "-d" in words
    started = (program == "uv" and "sync" in words) or (
        program in ("poetry", "pdm") and {"install", "sync"} & set(words)
    )
    return bool(started) and not _WITHOUT_DEV.search(text)


def _has_dev_group(facts: Facts, manager: str) -> bool:
    if manager == "pipenv":
        return True
    projects = [path for path in facts.context.files() or () if path.endswith("pyproject.toml")]
    return any(_DEV_GROUP.search(facts.context.read(path) or "") for path in projects)


def _has_dev_packages(facts: Facts) -> bool:
    """Whether packages come into the image that package.json asks for in development alone, and what is started runs none of them."""
    brought = any(DEV in facts.groups_of(install) for _, _, install in facts.installs)
    names = development(facts)
    started = {name for each in facts.javascript.started.commands for name in packages_of(facts, each.program)}
    loaded = {each.module for each in facts.javascript.program.packages}
    runs_one = not names.keys().isdisjoint(started | loaded)
    return brought and bool(names) and not runs_one and facts.javascript.started.development is None


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("list", type=Path, help="tab-separated: repository, commit, path, context")
    parser.add_argument("folder", type=Path, help="where the repositories lie")
    parser.add_argument("--clone", default="", metavar="URL", help="clone what is missing from URL/owner/name")
    parser.add_argument(
        "--details", action="store_true", help="name each file that could gain and isn't split by default"
    )
    options = parser.parse_args(arguments)
    reached = []
    for line in read_list(options.list):
        try:
            with tree_of(line, options.folder, options.clone) as root:
                reached.append(reach_of(line, root))
        except (OSError, subprocess.CalledProcessError) as error:
            reached.append(_unread(line, str(error)))
    print("\n".join([*table(reached), *(details(reached) if options.details else ())]))
    return 1 if any(each.problem for each in reached) else 0


if __name__ == "__main__":
    sys.exit(main())
