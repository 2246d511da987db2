"""Packages of JavaScript that only development needs, where nothing in the whole file does: no install has to bring them."""

from __future__ import annotations

from collections.abc import Iterator

from dockfix.context.manifests.package_tree import PackageTree
from dockfix.facts import Facts
from dockfix.facts.install_scripts import may_need_others
from dockfix.facts.javascript import development, lock, needed_in_production
from dockfix.managers.verbs import language_install, of_language
from dockfix.model.actions import Build, Install, Remove
from dockfix.model.reason import Reason, doubt
from dockfix.model.stages import Step, Unit


def never_needed(facts: Facts) -> frozenset[str]:
    """Those that a project and the members of its workspace ask for; none where a build, a script or the program may need one."""
    names = frozenset(facts.ask(development)) if facts.is_javascript else frozenset[str]()
    return names if names and not any(_needs(facts)) else frozenset()


def _needs(facts: Facts) -> Iterator[Reason | bool | None]:
    """What may need one of them."""
    yield needed_in_production(facts)
    yield facts.unknown
    yield not facts.startup.programs
    yield any(map(_chooses, facts.installs))
    yield any(may_use(unit) for _, unit in facts.final.units)
    yield any(manifest.needs_source or manifest.runs_own or manifest.unknown for manifest in facts.manifests.values())
    yield scripts_of_packages(facts)


def _chooses(found: tuple[Step, Unit, Install]) -> bool:
    """Whether an install is given more than the project's own files."""
    _, _, install = found
    return bool(install.dynamic or install.asked or install.blocked)


def may_use(unit: Unit) -> bool:
    """Whether a command of a RUN may run a package, or takes packages away."""
    effects = unit.effects
    removes = isinstance(effects.action, Remove) and of_language(effects.action)
    return (
        effects.unbounded or removes or (isinstance(effects.action, Build) and language_install(effects.action) is None)
    )


def scripts_of_packages(facts: Facts) -> Reason | None:
    """A package for production that may look for others when it is installed, as @prisma/client does for prisma."""
    if all(manifest.runs is not None and not manifest.runs for manifest in facts.manifests.values()):
        return None  # no script is run at all
    tree = facts.ask(lock)
    if not isinstance(tree, PackageTree):
        return doubt(f"which packages run a script when they are installed is not known: {tree}")
    found = may_need_others(facts, tree)
    return doubt(f"{found} runs a script when it is installed, which may need others") if found else None
