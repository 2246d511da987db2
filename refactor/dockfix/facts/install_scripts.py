"""What the install scripts of Node.js's packages leave outside of node_modules: a browser in the home of the user who installs."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator

from dockfix.context.manifests.package_tree import LockedPackage, PackageTree
from dockfix.facts import Facts
from dockfix.facts.build_scripts import behind
from dockfix.facts.javascript import lock, locks_beside, only_hands_out
from dockfix.knowledge.node_needs import Fills, fills
from dockfix.knowledge.node_packages import looks_for_others, stays_in_project, stays_inside
from dockfix.knowledge.npm_scripts import runs_inside
from dockfix.lazy import regex
from dockfix.model.actions import Build
from dockfix.model.reason import Reason, at, doubt
from dockfix.namedtuple import NamedTuple

# A range of versions of one major version
_RANGE = regex(r"\s*[\^~=v]*(\d+)(?:\.[\dx*]+){0,2}\s*")
# Fetches a browser: https://pptr.dev/browsers-api, https://playwright.dev/docs/browsers
_FETCHES = regex(r"\b(?:puppeteer|browsers|playwright|rebrowser)\b.*\binstall\b|node_modules/\S*install")
_NO = frozenset({"", "0", "false", "no", "off"})


class Filled(NamedTuple):
    """A folder outside of node_modules that the install of a package fills, and in which the package looks when it runs."""

    package: str
    folder: str


def filled(facts: Facts) -> tuple[Filled, ...] | Reason:
    """The folders that are known to be filled; why one of them is not known. None matters where files are only handed out."""
    if facts.ask(only_hands_out):
        return ()
    tree = facts.ask(lock)
    if not isinstance(tree, PackageTree):
        project = facts.javascript.project
        asked = project.asked_for if project is not None else {}
        needed = project.dependencies if project is not None else {}
        named = [name for name in sorted(asked) if name in fills() and not _is_off(facts, fills()[name])]
        ranges = {name: _RANGE.fullmatch(asked[name]) for name in named}
        unclear = next(
            (name for name in named if ranges[name] is None or not fills()[name].since or name not in needed), ""
        )
        if unclear:
            return at(f"which folder {unclear} fills when it is installed is not known: {tree}")
        majors = {name: LockedPackage(name, match[1]) for name, match in ranges.items() if match is not None}
        folders = {name: _folder(facts, each, fills()[name]) for name, each in majors.items()}
        unknown = next((folder for folder in folders.values() if isinstance(folder, Reason)), None)
        return unknown or tuple(Filled(name, str(folder)) for name, folder in folders.items() if folder)
    found: list[Filled] = []
    for package in _scripts(facts, tree):
        known = fills().get(package.name)
        if known is None or _is_off(facts, known):
            continue
        folder = _folder(facts, package, known)
        if isinstance(folder, Reason):
            return folder
        found += [Filled(package.name, folder)] if folder else []
    fetched = [text for text in _commands(facts) if _FETCHES.search(text)]
    for package in tree.packages if fetched else ():
        known = fills().get(package.name)
        if known is None or not any(_family(package.name) in text for text in fetched):
            continue
        folder = _folder(facts, package, known)
        if isinstance(folder, Reason):
            return folder
        found += [Filled(package.name, folder)] if folder else []
    return tuple(dict.fromkeys(found))


def _commands(facts: Facts) -> Iterator[str]:
    """What RUNs start, and the scripts of the project itself that an install runs."""
    for _, unit in facts.final.units:
        yield unit.command.text
        if isinstance(unit.effects.action, Build):
            yield from (" ".join(word or "" for word in each.words) for each in behind(facts, unit).commands)
    project = facts.javascript.project
    yield from (each.command for each in (project.lifecycle if project is not None else ()))


def _family(package: str) -> str:
    """The name that stands in the commands of a package and of those that belong to it: ``playwright`` for ``@playwright/test``."""
    return package.removeprefix("@").partition("/")[0].partition("-")[0]


def left_elsewhere(facts: Facts) -> Reason | None:
    """Why it is not known what the scripts of packages leave outside of their folder, beside what is known to be ``filled``."""
    return _left(facts, _is_known)


def left_outside_project(facts: Facts) -> Reason | None:
    """The same for what they leave outside of the project, whose folder comes whole."""
    return _left(facts, lambda package: _is_known(package) or stays_in_project(package.name))


def _left(facts: Facts, is_known: Callable[[LockedPackage], bool]) -> Reason | None:
    if facts.ask(only_hands_out):
        return None  # what hands out files looks for nothing of the packages
    tree = facts.ask(lock)
    if not isinstance(tree, PackageTree):
        return doubt(f"what packages leave outside of node_modules is not known: {tree}")
    asked = facts.javascript.project.dependencies if facts.javascript.project is not None else {}
    unnamed = next((name for name in sorted(asked) if name not in tree.names), "")
    if unnamed:
        return doubt(f"{tree.file} does not name {unnamed}, and so not what its install leaves outside of node_modules")
    unsure = next((each for each in _scripts(facts, tree) if not is_known(each)), None)
    for beside in facts.ask(locks_beside) if unsure is None else ():
        if not isinstance(beside, PackageTree):
            return doubt(f"what packages leave outside of node_modules is not known: {beside}")
        tree = beside
        # (what one of these fills is not carried)
        unsure = next((each for each in _scripts(facts, beside) if not is_known(each) or each.name in fills()), None)
        if unsure is not None:
            break
    if unsure is None:
        return None
    if unsure.install_script is None:
        said = f"{tree.file} does not say whether {unsure.name} runs a script when it is installed"
        return doubt(f"{said}, and so not what that leaves outside of node_modules")
    return doubt(
        f"what the install script of the npm package {unsure.name} leaves outside of node_modules is not known"
    )


def may_need_others(facts: Facts, tree: PackageTree) -> str:
    """The first package whose install script may look for others that the project asks for; "" where none does."""
    ran = (each for each in _scripts(facts, tree) if looks_for_others(each.name) or not _is_known(each))
    return next((each.name for each in ran), "")


def unsure_script(facts: Facts) -> str:
    """The first package that is certain to run a script when it is installed, of which nothing is known; "" where there is none."""
    tree = facts.ask(lock)
    scripts = _scripts(facts, tree) if isinstance(tree, PackageTree) else ()
    return next((each.name for each in scripts if each.install_script and not _is_known(each)), "")


def _is_known(package: LockedPackage) -> bool:
    return stays_inside(package.name) or package.name in fills() or runs_inside(package.name, package.version)


def _scripts(facts: Facts, tree: PackageTree) -> Iterator[LockedPackage]:
    """The packages for production that may run a script when they are installed: those that are for another system are not."""
    for each in tree.production:
        if each.is_for("linux") and may_run_script(facts, each):
            yield each


def may_run_script(facts: Facts, package: LockedPackage) -> bool:
    """Whether a package may run a script when it is installed: it has one, or may have, and the manager lets it."""
    runs = (manifest.runs for manifest in facts.manifests.values())
    has_one = package.install_script is not False and not package.link
    return has_one and any(names is None or package.name in names for names in runs)


def downloads_nothing(facts: Facts, package: str) -> bool:
    """Whether a package would fetch a program when it is installed, a variable keeps it from that, and no command fetches one."""
    known = fills().get(package)
    if known is None or not _is_off(facts, known):
        return False
    return not any(_FETCHES.search(unit.command.text) for _, unit in facts.final.units)


def _is_off(facts: Facts, known: Fills) -> bool:
    """Whether a variable tells the script to do nothing."""
    variables = _variables(facts)
    return any(str(variables.get(name, "")).lower() not in _NO for name in known.off)


def _variables(facts: Facts) -> dict[str, str | None]:
    """What is set where packages are installed."""
    return {name: value for _, unit, _ in facts.installs for name, value in unit.state.env.items()}


def _folder(facts: Facts, package: LockedPackage, known: Fills) -> str | Reason:
    """The folder that a package fills, "" for one within its own."""
    major = package.version.partition(".")[0]
    if not major.isdecimal():
        return at(f"which folder {package.name} {package.version} fills when it is installed is not known")
    if int(major) < known.since:
        return ""
    settings = next((name for name in sorted(facts.files) if posixpath.basename(name) in known.configs), "")
    if settings:
        return at(f"{settings} may say which folder {package.name} fills when it is installed")
    variables = _variables(facts)
    told = variables.get(known.moved_by, "") if known.moved_by else ""
    home = variables.get("HOME", "/root" if all(unit.state.is_root for _, unit, _ in facts.installs) else None)
    folder = told or (posixpath.join(home, known.folder) if home else "")
    if not folder.startswith("/") or "$" in folder:
        return at(f"which folder {package.name} fills when it is installed is not known")
    return posixpath.normpath(folder)
