"""What a part with JavaScript needs on the slim image: programs of the full one, and libraries of packages with compiled code."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from dockfix import knowledge
from dockfix.context.manifests.package_tree import LockedPackage, PackageTree
from dockfix.context.program.model import UNKNOWN
from dockfix.facts import Facts
from dockfix.facts.install_scripts import downloads_nothing, may_run_script
from dockfix.facts.javascript import lock, locks_beside, needed_in_production, only_hands_out
from dockfix.knowledge.apt import loaded_from
from dockfix.knowledge.node_needs import needs_are_known, node_needs
from dockfix.knowledge.node_packages import is_program_of_node_alone, needs_only_node
from dockfix.knowledge.npm_scripts import runs_only_node
from dockfix.managers.commands import call_of
from dockfix.managers.protocol import LanguageManager
from dockfix.managers.registry import by_program
from dockfix.managers.verbs import system_install
from dockfix.model.reason import Declared, Reason, at, doubt
from dockfix.model.stages import Step, Unit
from dockfix.placement.libraries import suites
from dockfix.runtimes.needs import needed

# What names the certificates of the system: Node.js has its own
_CERTIFICATES = rb"/etc/ssl/certs|\bSSL_CERT_(?:FILE|DIR)\b|--use-(?:openssl|system)-ca\b"
_CA = "ca-certificates"
# What the slim images are for
_SYSTEMS = (("x64", "glibc"), ("arm64", "glibc"))


def packages(facts: Facts, staying: Sequence[tuple[Step, Unit]], there: Iterable[str]) -> dict[str, str] | Reason:
    """The packages of the system to install there, each with the reason; why the full image stays, where it does.

    ``there`` are those that the stage installs by itself.
    """
    brought = {name for package in there for name in knowledge.commands(package)}
    compilers = needed(facts, sorted(knowledge.full_compilers()), staying)
    reason = next((why for name, why in compilers.items() if name not in brought), "")
    if reason:
        return at(reason)
    programs = knowledge.full_programs(suites(facts), has_python=False)
    found = {programs[name]: why for name, why in needed(facts, sorted(programs), staying).items()}
    found |= {name: why for name, why in _libraries(facts, staying).items() if name not in found}
    where = _names_certificates(facts)
    if where:
        found[_CA] = f"{where} names the certificates of the system"
    elif any(name in found for name in ("curl", "wget", "git")):
        found[_CA] = "what fetches over HTTPS takes its certificates"
    return found


def _names_certificates(facts: Facts) -> str:
    """Where something names the certificates of the system, "" for nowhere."""
    for mention in facts.application.search(_CERTIFICATES):
        return f"{mention.file}:{mention.line}"
    told = [(f"ENV in line {step.line}", step.instruction.original) for step in facts.final.of("ENV")]
    told += [(service.file, setting) for service in facts.services for setting in service.settings]
    named = re.compile(_CERTIFICATES.decode())
    return next((where for where, text in (*told, *facts.startup.texts.items()) if named.search(text)), "")


def _libraries(facts: Facts, staying: Sequence[tuple[Step, Unit]]) -> dict[str, str]:
    """The packages of the system with libraries that compiled code is known to load, each with the reason."""
    tree, found = facts.ask(lock), dict[str, str]()
    names = [name for _, unit in staying for name in for_all(unit)]
    if isinstance(tree, PackageTree) and not facts.ask(only_hands_out):
        trees = (tree, *(each for each in facts.ask(locks_beside) if isinstance(each, PackageTree)))
        names += [each.name for one in trees for each in _in_use(facts, one) if not each.link]
    for name in names:
        needs = node_needs(name)
        if needs is None or downloads_nothing(facts, name) or _cannot_run(facts, name):
            continue
        for library in (*needs.libraries, *(needs.linked if needs.prebuilt == "none" else ())):
            for package in loaded_from(library, suites(facts)) or ():
                found.setdefault(package, f"the package {name} needs it")
    return found


def _is_knownfor_all(package: str) -> bool:
    """Whether all is known that a package takes that is installed for all, with all that it brings."""
    needs = node_needs(package)
    return is_program_of_node_alone(package) or (needs is not None and needs.all and needs.prebuilt != "none")


def in_doubt(facts: Facts, staying: Sequence[tuple[Step, Unit]]) -> Reason | None:
    """Why that could be too little, None where all that needs something of the full image is known."""
    about = Declared("FROM")
    compiler = next(iter(needed(facts, sorted(knowledge.full_compilers()), staying).values()), "")
    if compiler:
        return doubt(f"what is compiled while the program runs may need headers of the full image: {compiler}", about)
    for step, unit in staying:
        unknown = next((name for name in for_all(unit) if not _is_knownfor_all(name)), None)
        if unknown is not None:
            said = f"what {unknown or 'the package'} in line {step.line} needs of the full image, to be installed or to run"
            return doubt(f"{said}, is not known", about)
    if facts.ask(only_hands_out):
        return None
    tree = facts.ask(lock)
    project = facts.javascript.project
    installs_nothing = not facts.installs and (project is None or not project.asked_for)
    if not isinstance(tree, PackageTree) and not installs_nothing:
        return doubt(f"which libraries of the full image the packages need shows only in a build: {tree}", about)
    names = tree.names if isinstance(tree, PackageTree) else frozenset()
    unnamed = next((name for name in sorted(project.dependencies if project else ()) if name not in names), "")
    if unnamed:
        return doubt(f"{tree.file} does not name {unnamed}, which {project.file if project else ''} asks for", about)
    beside = facts.ask(locks_beside)
    unread = next((each for each in beside if not isinstance(each, PackageTree)), None)
    if unread is not None:
        return doubt(f"which libraries of the full image the packages need shows only in a build: {unread}", about)
    trees = (each for each in (tree, *beside) if isinstance(each, PackageTree))
    here = (
        each for one in trees for each in _in_use(facts, one) if any(each.fits("linux", *system) for system in _SYSTEMS)
    )
    native = next((each.name for each in here if _is_native(facts, each)), "")
    if native:
        return doubt(f"which libraries of the full image the package {native} needs shows only in a build", about)
    if facts.unknown is not None:
        return doubt(f"which programs of the full image are called is not known: {facts.unknown.text}", about)
    unclear = next((use for use in facts.program.runs if UNKNOWN in use.word.rpartition("/")[2]), None)
    if unclear is not None:
        return doubt(f"{unclear.file}:{unclear.line} runs a program whose name is worked out when it runs", about)
    return None


def _in_use(facts: Facts, tree: PackageTree) -> tuple[LockedPackage, ...]:
    """The packages of a lock that may run in the image: those of development, too, where something may need them."""
    return tree.production if facts.ask(needed_in_production) is None else tree.packages


def needs_no_builder(facts: Facts) -> bool:
    """Whether the slim image can do all that is installed: fetched from a registry, nothing compiled, no script that takes more."""
    tree, root = facts.ask(lock), facts.javascript.project
    if not isinstance(tree, PackageTree) or root is None or any(install.asked for _, _, install in facts.installs):
        return False
    projects = (root, *facts.javascript.files.members(root).values())
    installed = [each for each in tree.packages if any(each.fits("linux", *system) for system in _SYSTEMS)]
    return (
        all(
            (each.install_script is False or _takes_only_node(each)) and each.source == "registry" and not each.link
            for each in installed
        )
        and tree.names.issuperset(name for each in projects for name in each.asked_for)
        and not any(each.lifecycle for each in projects)
    )


def for_all(unit: Unit) -> tuple[str, ...]:
    """The packages that a command installs for all programs."""
    call = call_of(unit.command)
    manager = by_program().get(call.command.name or "")
    return manager.for_all(call, unit.state) if isinstance(manager, LanguageManager) else ()


def _takes_only_node(package: LockedPackage) -> bool:
    """Whether the script that a package runs when it is installed is known to take nothing but Node.js."""
    return needs_only_node(package.name) or runs_only_node(package.name, package.version)


def _is_native(facts: Facts, package: LockedPackage) -> bool:
    """Whether a package may have compiled code that is linked with libraries of the system."""
    compiles = may_run_script(facts, package) and not _takes_only_node(package)
    may_be = compiles or package.os or package.cpu or package.libc
    return (
        bool(may_be)
        and not package.link
        and not (
            needs_are_known(package.name) or downloads_nothing(facts, package.name) or _cannot_run(facts, package.name)
        )
    )


def _cannot_run(facts: Facts, package: str) -> bool:
    """Whether the compiled code of a package misses a library in the image as it stands: the full one lacks it, and nothing brings it."""
    needs = node_needs(package)
    if needs is None or not needs.vital:
        return False
    stage = facts.final
    if any(system_install(unit.effects.action) is not None or "-deps" in unit.command.text for _, unit in stage.units):
        return False
    if any(flag.name == "from" for step in stage.of("COPY") for flag in step.instruction.flags):
        return False
    return not any(knowledge.may_be_in_full_image(name, suites(facts)) for name in needs.vital)
