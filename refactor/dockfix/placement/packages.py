"""Divides the system packages of a stage between its builder and its runtime part."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import field, replace

from dockfix import knowledge
from dockfix.dataclass import dataclass
from dockfix.facts import Facts
from dockfix.knowledge.node_packages import brings_node, fetches_node, node_compilers
from dockfix.lazy import regex
from dockfix.managers.protocol import Packages, Role, SystemManager
from dockfix.managers.verbs import system_install, tells_server
from dockfix.model.actions import Package
from dockfix.model.reason import Declared, Reason, at, doubt
from dockfix.model.stages import Step, Unit
from dockfix.placement.libraries import brought, development_name, known_packages, suites, wanted
from dockfix.runtimes.closure import distributions
from dockfix.runtimes.needs import needed, run_time_compiler


@dataclass(frozen=True)
class Division:
    """``replaced`` maps a package that the runtime stage loses to what it gets instead (nothing, or runtime libraries);
    ``runtime_only`` are packages that no build needs, ``of_the_base`` those of ``replaced`` that the base image brings itself. ``kept``
    says why a package that only builds stays; a reason that *doubts* is for want of knowledge: nothing was seen to need it.
    ``doubts`` say why one that goes could be needed.
    """

    replaced: Mapping[Package, tuple[str, ...]] = field(default_factory=dict)
    kept: Mapping[Package, Reason] = field(default_factory=dict)
    runtime_only: frozenset[Package] = frozenset()
    of_the_base: frozenset[Package] = frozenset()
    doubts: tuple[Reason, ...] = ()

    @property
    def gains(self) -> bool:
        """Whether the runtime stage is smaller for it."""
        return bool(self.replaced.keys() - self.of_the_base)

    def stays(self, package: Package) -> bool:
        """Whether the runtime stage installs it, or something in its place."""
        return bool(self.replaced.get(package, (package.name,)))


def divide(
    facts: Facts,
    installs: Iterable[tuple[Step, Unit]],
    staying: list[tuple[Step, Unit]],
    building: list[tuple[Step, Unit]],
    removed: Collection[Package] = (),
) -> Division:
    """Decides for every package that the ``installs`` name.

    ``staying`` are the commands of the runtime stage, ``building`` those of the builder, both in order. ``removed`` are packages that
    the file removes again: whatever they are for, the program does not need them, nor what they brought where that is removed, too.
    """
    known = known_packages(facts)
    alone = facts.system is not None and facts.system.manager.removes_unneeded
    named = [
        (step, unit, package)
        for step, unit in installs
        if (install := system_install(unit.effects.action)) is not None
        for package in install.asked
    ]
    steps = (step for stage in facts.final.lineage for step in stage.steps)
    order = {id(step): number for number, step in enumerate(steps)}
    last_opaque = _last_opaque(staying)
    commands = {name for _, _, package in named for name in _commands(facts, package)}
    needs = needed(facts, sorted(commands), staying) if commands else {}
    compiler = run_time_compiler(facts)
    headers = _needs_headers(facts) if any(known.role(package.name) == "dev" for _, _, package in named) else None
    keep, drop = facts.hints.keep, facts.hints.drop
    others = {
        order[id(step)]: _programs_of_others(facts, named, order, order[id(step)], removed) for step, _, _ in named
    }
    replaced: dict[Package, tuple[str, ...]] = {}
    kept: dict[Package, Reason] = {}
    for step, unit, package in named:
        role = "git" if _is_for_fetching(facts, package) else _role(facts, package)
        if package.name in keep or package.name in drop:
            if package.name in drop:
                replaced[package] = ()
            elif role in {"build", "dev", "git"}:
                kept[package] = at(facts.hints.keeps)
            continue
        gone = package in removed
        if role not in {"build", "dev", "git"} and not gone:
            continue
        if last_opaque is not None and order[id(step)] <= order[id(last_opaque)]:
            kept[package] = at(f"what the {last_opaque.keyword} in line {last_opaque.line} needs is unknown")
            continue
        needing = _run_by(staying) if gone and alone else needs
        theirs = others[order[id(step)]] if package not in removed else frozenset()
        used = next(
            (f"{needing[name]} ({name})" for name in sorted(_commands(facts, package) - theirs) if name in needing), ""
        )
        if used:
            kept[package] = at(used)
        elif gone and (alone or role != "dev"):
            replaced[package] = () if alone else known.instead(package.name, None) or ()
        elif role != "git" and compiler and compiler.weight == "blocks":
            kept[package] = compiler
        else:
            _divide_by_role(facts, (unit, package, role), headers, replaced, kept)
    _name_once(known, [package for _, _, package in named], replaced)
    _add_libraries(facts, named, replaced, kept)
    _put_back(facts, named, replaced, kept)
    lines = {package: step.line for step, _, package in named}
    kept = {
        package: replace(reason.at(lines[package]), about=Declared("PACKAGE", package.name))
        for package, reason in kept.items()
    }
    runtime_only = _runtime_only(known, [package for _, _, package in named], building)
    full = facts.final.image is not None and facts.final.image.variant == "full"
    of_the_base = frozenset(
        package for package in replaced if full and knowledge.in_full_image(package.name, suites(facts))
    )
    return Division(replaced, kept, runtime_only, of_the_base, tuple(_about_compilers(known, replaced, compiler)))


def _programs_of_others(
    facts: Facts,
    named: Iterable[tuple[Step, Unit, Package]],
    order: Mapping[int, int],
    last: int,
    removed: Collection[Package],
) -> frozenset[str]:
    """The programs that packages have which stay in any case, and are asked for by a step of this number at the latest."""
    return frozenset(
        program
        for step, _, package in named
        if order[id(step)] <= last
        and package not in removed
        and package.name not in facts.hints.drop
        and _role(facts, package) in {"run", "unknown"}
        for program in known_packages(facts).commands(package.name)
    )


def _run_by(staying: Iterable[tuple[Step, Unit]]) -> Mapping[str, str]:
    """The programs that commands run, each with the reason: the program finds none that was removed with all that it brought."""
    return {
        name: f"the {step.keyword} in line {step.line} runs it" for step, unit in staying for name in unit.effects.tools
    }


def _role(facts: Facts, package: Package) -> Role:
    """What a package is for: on images of Node.js the interpreter that compiling takes is for nothing else, unless something calls it."""
    if facts.is_javascript and package.name in node_compilers()[0]:
        return "build"
    if facts.front_ends and (brings_node(package.name) or _fetches(facts, package)):
        return "build"
    return known_packages(facts).role(package.name)


def _fetches(facts: Facts, package: Package) -> bool:
    """Whether a package serves to take the front end's language from another server than the system's own."""
    for step in facts.final.steps:
        actions = [unit.effects.action for unit in step.units]
        told = [number for number, each in enumerate(actions) if tells_server(each)]
        installs = [system_install(each) for each in actions[: told[-1]]] if told else []
        here = any(install is not None and package in install.asked for install in installs)
        if told and fetches_node(package.name, alone=here):
            return True
    return False


def _commands(facts: Facts, package: Package) -> frozenset[str]:
    """The programs that leave the image with a package."""
    found = known_packages(facts).commands(package.name)
    return found | node_compilers()[1] if facts.is_javascript and package.name in node_compilers()[0] else found


def _about_compilers(known: Packages, replaced: Iterable[Package], compiler: Reason | None) -> Iterator[Reason]:
    """That something may compile at run time, where what compiles leaves the image."""
    leaves = any(known.role(package.name) in {"build", "dev"} for package in replaced)
    if leaves and compiler is not None and compiler.weight == "doubts":
        yield compiler


def _divide_by_role(
    facts: Facts,
    named: tuple[Unit, Package, str],
    headers: Reason | None,
    replaced: dict[Package, tuple[str, ...]],
    kept: dict[Package, Reason],
) -> None:
    """Decides for a package that nothing is seen to need, by what it is for."""
    unit, package, role = named
    known = known_packages(facts)
    if known.modules(package.name) is None:
        kept[package] = doubt("which Python packages come along with it depends on the release, which is not certain")
    elif role == "build":
        embedded = known.embedded(package.name) if any(map(knowledge.embeds_python, distributions(facts))) else ()
        if embedded is None:
            kept[package] = doubt("the name of the library of Python depends on the release, which is not certain")
        else:
            replaced[package] = (*_left_by(known, unit, package), *embedded)
    elif role == "dev":
        _divide_dev(facts, package, headers, replaced, kept)
    elif fetches_with_git(facts):
        replaced[package] = ()
    else:
        kept[package] = doubt("nothing shows what it is for")


def _left_by(known: Packages, unit: Unit, package: Package) -> tuple[str, ...]:
    """What stands in for a package that only building needs."""
    recommended = () if _leaves_out_recommended(unit) else known.recommended(package.name)
    return (*(known.instead(package.name, None) or ()), *(known.modules(package.name) or ()), *recommended)


def _name_once(known: Packages, named: Iterable[Package], replaced: dict[Package, tuple[str, ...]]) -> None:
    """Takes out of what stands in for packages that is asked for anyway, or twice, or that one which stays depends on."""
    there = {package.name for package in named if package not in replaced}
    there |= {module for name in there for module in known.modules(name) or ()}
    for package, instead in replaced.items():
        replaced[package] = tuple(name for name in instead if name not in there)
        there |= set(instead)


def _runtime_only(known: Packages, named: list[Package], building: list[tuple[Step, Unit]]) -> frozenset[Package]:
    """The packages that no command of the builder needs."""
    if _last_opaque(building):
        return frozenset()
    tools = frozenset(name for _, unit in building for name in unit.effects.tools)
    return frozenset(
        package
        for package in named
        if known.role(package.name) == "run" and package.name not in tools and not known.commands(package.name) & tools
    )


def _leaves_out_recommended(unit: Unit) -> bool:
    install = system_install(unit.effects.action)
    manager = install.manager if install is not None else None
    return isinstance(manager, SystemManager) and manager.is_minimal(unit.command)


def _divide_dev(
    facts: Facts,
    package: Package,
    headers: Reason | None,
    replaced: dict[Package, tuple[str, ...]],
    kept: dict[Package, Reason],
) -> None:
    """Decides for a -dev package; ``headers`` says why all of them have to stay, None for no reason."""
    libraries = known_packages(facts).instead(package.name, suites(facts))
    if headers:
        kept[package] = headers
    elif libraries is None:
        # one that another release lets it have is known, but has not the same name in all that the base image may be
        elsewhere = any(
            known_packages(facts).instead(package.name, frozenset({each})) is not None
            for each in known_packages(facts).known_suites()
        )
        what = f"release of {facts.system.title}" if facts.system is not None else "release"
        kept[package] = doubt(
            f"its runtime library is not certain for every {what} that the base image may be"
            if elsewhere
            else f"the runtime library of {package.name} is not known"
        )
    else:
        replaced[package] = (*libraries, *(known_packages(facts).modules(package.name) or ()))


def _needs_headers(facts: Facts) -> Reason | None:
    """Why runtime libraries cannot stand in for any -dev package, None where they can."""
    by_name = next(
        (reason for name in sorted(distributions(facts)) if (reason := knowledge.needs_dev_packages(name))), ""
    )
    return at(by_name) if by_name else development_name(facts)


_REPOSITORY = regex(r"\"(?:repository|bugs|homepage|funding)\"\s*:\s*(?:\{[^{}]*\}|\"[^\"]*\")")
# A package that npm and its like fetch with git: https://docs.npmjs.com/cli/v11/configuring-npm/package-json#git-urls-as-dependencies
_FROM_GIT = regex(r"[\"'@ ](?:git\+(?:ssh|https?|file)|git|ssh)://|\"(?:github|gitlab|bitbucket|gist):")


def fetches_with_git(facts: Facts) -> bool:
    """Whether what installs is the one that needs git: to fetch a package, or for the version of the one that it builds."""
    node = (each for each in facts.manifests if each.into.runtime == "node")
    names = {name for install in node for name in facts.manifests[install].files}
    if any(_FROM_GIT.search(_without_repository(facts.context.read(name) or "")) for name in sorted(names)):
        return True
    return any(
        package.source == "vcs" for manifest in facts.manifests.values() for package in manifest.packages
    ) or any(
        "git" in knowledge.calls(name) for manifest in facts.manifests.values() for name in manifest.build_requirements
    )


def _without_repository(text: str) -> str:
    """A manifest without what only says where its project is kept."""
    return _REPOSITORY.sub("", text)


def _is_for_fetching(facts: Facts, package: Package) -> bool:
    """Whether a package brings nothing but what git fetches with, as pip has it do."""
    if not any(package.name in client.packages for client in knowledge.clients()):
        return False
    files = [name for manifest in facts.manifests.values() for name in manifest.files]
    texts = [*(unit.command.text for _, unit, _ in facts.installs), *(facts.context.read(name) or "" for name in files)]
    return any("git+ssh://" in text for text in texts)


def _last_opaque(staying: list[tuple[Step, Unit]]) -> Step | None:
    return next((step for step, unit in reversed(staying) if unit.effects.opaque), None)


def _put_back(
    facts: Facts,
    named: list[tuple[Step, Unit, Package]],
    replaced: dict[Package, tuple[str, ...]],
    kept: dict[Package, Reason],
) -> None:
    """Keeps what would go in vain, because a package that stays brings it, or recommends it where that is installed, too."""
    known = known_packages(facts)
    staying = {
        package.name: known.brings(package.name, suites(facts))
        | (frozenset() if _leaves_out_recommended(unit) else known.recommends(package.name, suites(facts)))
        for _, unit, package in named
        if package not in replaced
    }
    for package in list(replaced):
        owner = next((name for name, comes in staying.items() if package.name in comes), "")
        if owner and package.name not in facts.hints.drop:
            del replaced[package]
            kept[package] = at(f"{owner}, which stays, brings it")


def _add_libraries(
    facts: Facts,
    named: list[tuple[Step, Unit, Package]],
    replaced: dict[Package, tuple[str, ...]],
    kept: dict[Package, Reason],
) -> None:
    """Adds the libraries that came along with a package that goes and that something needs, and those that are asked for.

    Where such a library cannot be named, the package stays, unless the user has it dropped.
    """
    if not replaced:
        return
    asked, known = wanted(facts), known_packages(facts)
    brings: dict[Package, tuple[str, ...]] = {}
    for _, unit, package in named:
        found = (
            brought(asked, package.name, recommended=not _leaves_out_recommended(unit)) if package in replaced else ()
        )
        unnamed = [] if isinstance(found, Reason) else [name for name in found if not known.has(name)]
        if unnamed:
            found = doubt(f"{unnamed[0]}, which it brings, may have another name in this release")
        if isinstance(found, Reason):
            if package.name in facts.hints.drop:
                continue
            del replaced[package]
            kept[package] = found
        elif found:
            brings[package] = found
    there = {package.name for _, _, package in named if package not in replaced} | {
        name for names in replaced.values() for name in names
    }
    if replaced:
        first = next(iter(replaced))
        brings[first] = (*brings.get(first, ()), *sorted(facts.hints.keep))
    releases = [frozenset({suite}) for suite in asked.packages]
    come = [frozenset().union(*(known.brings(name, release) for name in there)) for release in releases]
    there |= frozenset.intersection(*come) - facts.hints.keep if come else frozenset()
    for package, names in brings.items():
        added = [name for name in dict.fromkeys(names) if name not in there]
        replaced[package] = (*replaced[package], *added)
        there |= set(added)
