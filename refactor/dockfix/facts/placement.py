"""Where each step of a single stage goes when the stage is split: to the builder, the runtime stage, or both."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from dockfix.facts import Facts
from dockfix.facts.leftovers import drop_covered, drop_idle_apt, drop_removed
from dockfix.facts.packages import Division, divide
from dockfix.facts.prefix import system_python_blocker
from dockfix.facts.slim import Slim, slim
from dockfix.model.commands import pip as pip_model
from dockfix.model.effects import (
    AptChange,
    AptClean,
    AptInstall,
    AptUpdate,
    PipCacheClean,
    PipInstall,
    ShellState,
    VenvCreate,
    overlap,
)
from dockfix.model.stages import Step, Unit

# What compiling and installing a Python package may read besides what it is given: tools, headers, configuration
_BUILD_READS = (
    "/usr",
    "/opt",
    "/lib",
    "/bin",
    "/sbin",
    "/tmp",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    *pip_model.CONFIGURATION,
)
_APT_READS = ("/etc/apt", "/usr/share/keyrings", "/etc/ssl", "/var/lib/apt", "/etc/dpkg", "/etc/debconf.conf")
_RUNTIME_ONLY = {"LABEL", "EXPOSE", "CMD", "ENTRYPOINT", "HEALTHCHECK", "STOPSIGNAL", "VOLUME", "MAINTAINER"}
_SETTINGS = {"ENV", "ARG", "WORKDIR", "SHELL", "USER"}
_INSTALLERS = re.compile(r"\b(pip[0-9.]*|poetry|pipenv|pdm|uv|conda|mamba|easy_install|setup\.py|virtualenv)\b")


@dataclass(frozen=True)
class Refusal:
    """Why a stage is not split; ``line`` 0 for the file as a whole."""

    reason: str
    line: int = 0


@dataclass(frozen=True)
class Placement:
    """``builder`` and ``runtime`` map a step to the indices of the units that go there (all of a step without units: ()).

    A step that a mapping lacks does not go there. ``division`` says what becomes of the apt packages; ``installs`` are the
    steps that fill the virtual environment, in order. ``dropped`` are commands that only removed again what the builder
    alone has now.
    """

    builder: dict[Step, tuple[int, ...]]
    runtime: dict[Step, tuple[int, ...]]
    division: Division
    installs: tuple[Step, ...]
    environment: str
    dropped: tuple[str, ...] = ()
    notes: tuple[tuple[int, str], ...] = ()


def place(facts: Facts) -> Placement | Refusal:
    """Places every step of a single-stage file, or says why it stays as it is.

    Before the ``virtualenv`` transform has run, the placement is the one that there will be after it.
    """
    refusal = _precondition(facts)
    if refusal:
        return refusal
    stage = facts.final
    prefix = facts.installs[0][2].prefix
    if not prefix:
        blocker = system_python_blocker(facts)
        if blocker:
            return Refusal(*blocker)
    installs = tuple(dict.fromkeys(step for step, _, _ in facts.installs))
    last = stage.steps.index(installs[-1])
    first = stage.steps.index(installs[0])
    for step in installs:
        mixed = next((unit for unit in step.units if unit.effects.unbounded), None)
        if mixed:
            return Refusal(
                f"the RUN mixes pip install with a command whose effects are unknown: "
                f"{mixed.effects.opaque or mixed.command.text}",
                step.line,
            )
    builder = _builder(stage.steps[: last + 1], facts)
    runtime: dict[Step, tuple[int, ...]] = {}
    staying: list[tuple[Step, Unit]] = []
    for number, step in enumerate(stage.steps):
        stays = tuple(index for index, unit in enumerate(step.units) if not _is_install(unit, prefix))
        if step.units and not [
            index for index in stays if not isinstance(step.units[index].effects.action, ShellState)
        ]:
            continue
        runtime[step] = stays
        staying += [(step, step.units[index]) for index in stays]
        unbounded = next((step.units[index] for index in stays if step.units[index].effects.unbounded), None)
        if unbounded and first <= number <= last and len(installs) > 1:
            return Refusal("it runs between two pip installs, and what it needs of the first is unknown", step.line)
        if unbounded and number <= last and _INSTALLERS.search(unbounded.command.text):
            return Refusal("it may install Python packages in a way that dockfix does not know", step.line)
    early = _needs_environment_early(facts, prefix, staying, first)
    if early:
        return early
    division = divide(facts, [pair for step in stage.steps for pair in _apt_units(step)], staying, _units(builder))
    slimmer = "slim-base" in facts.enabled and isinstance(slim(facts, staying), Slim)
    if not division.replaced and not slimmer and not facts.option("multi-stage.always"):
        return _no_gain(facts, division)
    drop_covered(facts, builder, runtime)
    dropped = drop_removed(facts, builder, runtime)
    drop_idle_apt(runtime, division)
    return Placement(
        builder,
        runtime,
        division,
        installs,
        prefix,
        dropped,
        tuple(
            (package_line(facts, package), f"{package.name} stays: {reason}")
            for package, reason in division.kept.items()
        ),
    )


def _units(placed: dict[Step, tuple[int, ...]]) -> list[tuple[Step, Unit]]:
    return [(step, step.units[index]) for step, indices in placed.items() for index in indices]


def _needs_environment_early(facts: Facts, prefix: str, staying: list[tuple[Step, Unit]], first: int) -> Refusal | None:
    """Refuses where a command of the runtime stage may use an environment that it would get only later."""
    steps = facts.final.steps
    made = next(
        (
            number
            for number, step in enumerate(steps)
            for unit in step.units
            if isinstance(unit.effects.action, VenvCreate) and unit.effects.action.path == prefix
        ),
        None,
    )
    if made is None:
        return None
    between = set(steps[made:first])
    for step, unit in staying:
        effects = unit.effects
        if step in between and (effects.unbounded or overlap((*effects.reads, *effects.writes), (prefix,))):
            return Refusal("it may use the virtual environment before anything is installed in it", step.line)
    return None


def package_line(facts: Facts, package: object) -> int:
    """The line of the RUN that installs a package."""
    for step, unit in facts.final.units:
        action = unit.effects.action
        if isinstance(action, AptInstall) and any(each is package for each in action.packages):
            return step.line
    return 0


def _no_gain(facts: Facts, division: Division) -> Refusal:
    if division.kept:
        package, reason = next(iter(division.kept.items()))
        return Refusal(
            f"no gain, because every package has to stay in the image ({package.name}: {reason})",
            package_line(facts, package),
        )
    return Refusal("no gain, because no apt package that only building needs is installed")


def _precondition(facts: Facts) -> Refusal | None:
    model, stage = facts.model, facts.final
    if len(model.stages) > 1:
        return Refusal("it is multi-stage already", stage.start.line)
    if stage.python is None:
        base = stage.base or "whose name depends on an ARG without a default"
        return Refusal(f"the base image {base} is not an official Python image", stage.start.line)
    if stage.python.variant not in {"full", "slim"}:
        return Refusal(f"the base image is not Debian-based ({stage.python.variant})", stage.start.line)
    if stage.of("ONBUILD"):
        return Refusal("ONBUILD instructions run in other people's builds", stage.of("ONBUILD")[0].line)
    if not facts.installs:
        return _without_pip(facts)
    for step, _, install in facts.installs:
        reason = install.blocker or _install_blocker(facts, install)
        if reason:
            return Refusal(reason, step.line)
    prefixes = {install.prefix for _, _, install in facts.installs}
    if len(prefixes) > 1:
        return Refusal("pip installs into more than one place", facts.installs[-1][0].line)
    for step, unit in stage.units:
        action = unit.effects.action
        if isinstance(action, AptChange) and action.verb not in {"upgrade", "dist-upgrade", "full-upgrade"}:
            return Refusal("the file removes packages again by itself", step.line)
    if facts.installer and facts.installer.runs:
        return Refusal(f"{facts.installer.reason}, and what that needs is unknown")
    return None


def _without_pip(facts: Facts) -> Refusal:
    for step, unit in facts.final.units:
        match = _INSTALLERS.search(unit.command.text)
        if match and unit.effects.opaque:
            what = (
                "pip is used in a way"
                if match[0].startswith("pip") and match[0] != "pipenv"
                else f"{match[0]} is used, which"
            )
            return Refusal(
                f"{what} that dockfix does not split yet"
                if what.endswith("way")
                else f"{what} dockfix does not split yet",
                step.line,
            )
    return Refusal("no gain, because no pip install was found")


def _install_blocker(facts: Facts, install: PipInstall) -> str:
    if install.editable:
        return "an editable install leaves build results in the source folder"
    for path in (*install.requirements, *install.constraints):
        manifest = facts.manifests.get(path)
        if manifest is not None and manifest.editable:
            return f"{manifest.files[0]} asks for an editable install ({manifest.editable[0]})"
    return ""


def _is_install(unit: Unit, environment: str) -> bool:
    """Whether what a command leaves lies in the environment that is carried; a virtual environment that nothing fills stays."""
    action = unit.effects.action
    return isinstance(action, PipInstall | PipCacheClean) or (
        isinstance(action, VenvCreate) and action.path == environment
    )


def _apt_units(step: Step) -> Iterable[tuple[Step, Unit]]:
    return ((step, unit) for unit in step.units if isinstance(unit.effects.action, AptInstall))


def _builder(steps: tuple[Step, ...], facts: Facts) -> dict[Step, tuple[int, ...]]:
    """The steps that the installs may need: a backward slice over what they read."""
    wanted: list[str] = []
    everything = False
    chosen: dict[Step, tuple[int, ...]] = {}
    for step in reversed(steps):
        if step.keyword in _RUNTIME_ONLY:
            continue
        if step.keyword in _SETTINGS:
            chosen[step] = ()
            continue
        if step.copy is not None:
            effects = step.all_effects[0]
            if everything or effects.opaque or overlap(effects.writes, wanted):
                chosen[step] = ()
            continue
        indices: list[int] = []
        for index in reversed(range(len(step.units))):
            effects = step.units[index].effects
            action = effects.action
            if isinstance(action, PipInstall | VenvCreate):
                wanted += [*effects.reads, *_manifest_reads(facts, step.units[index]), *_BUILD_READS]
            elif isinstance(action, AptInstall | AptUpdate | AptClean | AptChange):
                wanted += _APT_READS
            elif isinstance(action, PipCacheClean):
                pass
            elif isinstance(action, ShellState):
                if not indices:
                    continue
            elif effects.unbounded:
                everything = True
            elif everything or overlap(effects.writes, wanted):
                wanted += effects.reads
            else:
                continue
            indices.insert(0, index)
        if indices:
            chosen[step] = tuple(indices)
    return {step: chosen[step] for step in steps if step in chosen}


def _manifest_reads(facts: Facts, unit: Unit) -> tuple[str, ...]:
    """What requirements files draw in: files that they include, beside them, and local projects, below pip's own directory."""
    action = unit.effects.action
    if not isinstance(action, PipInstall):
        return ()
    reads: list[str] = []
    for path in (*action.requirements, *action.constraints):
        manifest = facts.manifests.get(path)
        plain = (
            manifest is not None
            and manifest.complete
            and len(manifest.files) == 1
            and not manifest.local_paths
            and not manifest.find_links
        )
        if not plain:
            reads.append(path.rsplit("/", 1)[0] or "/")
        for name in (*manifest.local_paths, *manifest.editable, *manifest.find_links) if manifest is not None else ():
            reads.append(unit.state.path(name.removeprefix("file:").partition("[")[0]) or "/")
    return tuple(reads)
