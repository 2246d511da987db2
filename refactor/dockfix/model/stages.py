"""The model of a Dockerfile: its stages, and for each instruction the state before it and the effects of its commands."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import field, replace
from types import MappingProxyType

from dockfix.dataclass import dataclass
from dockfix.knowledge import BaseImage, base_image, posix_shells, starts_as_root
from dockfix.lazy import cached_property, regex
from dockfix.model.actions import Action, Build
from dockfix.model.commands import brought_by as state_with
from dockfix.model.commands import state_after
from dockfix.model.effects import Effects, opaque
from dockfix.model.state import State
from dockfix.syntax import Dockerfile, Instruction, expand, pairs
from dockfix.syntax import image as reference_of
from dockfix.syntax.limits import MOST_COMMANDS, MOST_VARIABLES, too_many
from dockfix.syntax.shell import Command, Script, parse_script, quoted
from dockfix.syntax.shell_form import ShellForm, shell_form

EffectsOf = Callable[[Command, State], Effects]
BeneathOf = Callable[[str], "Beneath | None"]
_MAX_RUNS = 2_000
_MAX_STATES = 4


_PLAIN_FOLDER = regex(r"(?:[\w./-]|\$\w+|\$\{\w+\})+")


@dataclass(frozen=True)
class Unit:
    """One command of a RUN with its effects."""

    command: Command
    effects: Effects
    state: State


@dataclass(frozen=True)
class Copy:
    """A COPY or ADD: ``target`` is the absolute destination (None: unknown); ``origin`` is the value of ``--from``."""

    sources: tuple[str, ...]
    target: str | None
    target_is_folder: bool
    origin: str | None
    inline: bool

    @property
    def fetched(self) -> dict[str, str]:
        """The files that an ADD fetches, each with its address."""
        found = {}
        for source in self.sources:
            if "://" in source and self.target is not None and self.origin is None:
                name = posixpath.basename(source)
                found[posixpath.join(self.target, name) if self.target_is_folder else self.target] = source
        return found


BroughtBy = Callable[[Copy], Action | None]
ToldBy = Callable[[Copy, State], Mapping[tuple[str, str], str | None]]


def brings_nothing(copy: Copy) -> None:
    """What a COPY or ADD does to packages where no manager is known."""


@dataclass(frozen=True, eq=False)
class Step:
    """An instruction of a stage, the state before it, and what it does.

    ``units`` are a RUN's commands; ``action`` is what a COPY or ADD does to packages: it may bring a manager.
    """

    instruction: Instruction
    state: State
    units: tuple[Unit, ...] = ()
    copy: Copy | None = None
    action: Action | None = None

    @cached_property
    def keyword(self) -> str:
        """The instruction's keyword."""
        return self.instruction.keyword

    @property
    def line(self) -> int:
        """The instruction's line in the user's file."""
        return self.instruction.line

    @cached_property
    def shell_form(self) -> ShellForm | None:
        """What writes a RUN, CMD or ENTRYPOINT again, by the commands and words of its units; None where no shell that is known runs it."""
        return _read(self.instruction, self.state.shell)

    @cached_property
    def all_effects(self) -> tuple[Effects, ...]:
        """The effects of every unit, or of the instruction."""
        if self.copy is not None:
            target = () if self.copy.target is None else (self.copy.target,)
            return (
                (opaque("its destination is unknown"),)
                if self.copy.target is None
                else (Effects(writes=target, action=self.action),)
            )
        return tuple(unit.effects for unit in self.units)


@dataclass(frozen=True, eq=False)
class Beneath:
    """What another Dockerfile builds that a stage starts from: its last stage, and the Dockerfile as people see it."""

    dockerfile: str
    stage: Stage


@dataclass(frozen=True, eq=False)
class Stage:
    """A build stage: its FROM, the base image as written with ARGs filled in, and its steps.

    ``image`` is the known one at the bottom; ``beneath`` is what another Dockerfile of the repository builds in between.
    """

    index: int
    start: Instruction
    name: str
    base: str | None
    parent: Stage | None
    image: BaseImage | None
    steps: tuple[Step, ...]
    end: State
    beneath: Beneath | None = None

    @cached_property
    def lineage(self) -> tuple[Stage, ...]:
        """The stages whose layers are in this one's image: those that it is built on, the first of all first, and itself."""
        found = [self]
        while found[-1].parent is not None:
            found.append(found[-1].parent)
        return tuple(reversed(found))

    def of(self, *keywords: str) -> tuple[Step, ...]:
        """The steps with one of these keywords."""
        if len(keywords) == 1:
            return self._by_keyword.get(keywords[0], ())
        return tuple([step for step in self.steps if step.keyword in keywords])

    @cached_property
    def _by_keyword(self) -> Mapping[str, tuple[Step, ...]]:
        found: dict[str, list[Step]] = {}
        for step in self.steps:
            found.setdefault(step.keyword, []).append(step)
        return {keyword: tuple(steps) for keyword, steps in found.items()}

    @property
    def units(self) -> Iterator[tuple[Step, Unit]]:
        """Every command of every RUN, in order."""
        for step in self.steps:
            for unit in step.units:
                yield step, unit

    def after(self, step: Step) -> State:
        """The state that holds once a step of this stage is done."""
        following = self.steps[self.steps.index(step) + 1 :]
        return following[0].state if following else self.end

    def last(self, keyword: str) -> Step | None:
        """The step with this keyword that counts: the last one."""
        steps = self.of(keyword)
        return steps[-1] if steps else None


@dataclass(frozen=True, eq=False)
class Model:
    """A whole Dockerfile."""

    tree: Dockerfile
    stages: tuple[Stage, ...]
    global_args: Mapping[str, str | None] = field(default_factory=dict)

    @cached_property
    def final(self) -> Stage:
        """The stage that becomes the image."""
        return self.stages[-1]


class Known:
    """The steps of the trees that a run has come to: an edit leaves most instructions as they are, in the state in which they were.

    ``effects_of`` gives the effects of a command in a state, ``brought_by`` what a COPY or ADD does to packages: the model itself knows
    no program by name.
    """

    def __init__(self, effects_of: EffectsOf, brought_by: BroughtBy = brings_nothing) -> None:
        self._effects_of, self._brought_by = effects_of, brought_by
        self._steps: dict[Instruction, tuple[State, Mapping[str, str | None], Step, State]] = {}

    def step(
        self, node: Instruction, state: State, global_args: Mapping[str, str | None], told_by: ToldBy | None = None
    ) -> tuple[Step, State]:
        """The step that an instruction is in a state, and the state after it; ``told_by`` is the same for all of a run."""
        known = self._steps.get(node)
        if known is not None:
            before, given, step, after = known
            if (before is state or before == state) and (given is global_args or given == global_args):
                return step, after
        step, after = _step(node, state, global_args, self._effects_of, self._brought_by)
        told = told_by(step.copy, state) if told_by is not None and step.copy is not None else {}
        if told:
            after = replace(after, settings={**after.settings, **told})
        self._steps[node] = state, global_args, step, after
        return step, after


def build(
    tree: Dockerfile,
    known: Known,
    beneath_of: BeneathOf | None = None,
    told_by: ToldBy | None = None,
    given: Mapping[str, str] = MappingProxyType({}),
) -> Model:
    """The model of a tree without problems (its first instructions are ARG and FROM).

    Raises BeyondLimitError for what is beyond the limits. ``beneath_of`` gives what lies beneath a base image that is not known by
    its name, ``told_by`` what files that a COPY brings tell managers. ``given`` are the values of arguments above the first FROM
    that have no default.
    """
    stages: list[Stage] = []
    global_args: dict[str, str | None] = {}
    instructions = list(tree.instructions)
    starts = [index for index, node in enumerate(instructions) if node.keyword == "FROM"]
    for node in instructions[: starts[0] if starts else 0]:
        declared = pairs(node, {key: value for key, value in global_args.items() if value is not None})
        global_args.update((name, given.get(name) if value is None else value) for name, value in declared)
    for position, start in enumerate(starts):
        stop = starts[position + 1] if position + 1 < len(starts) else len(instructions)
        body = instructions[start + 1 : stop]
        stages.append(_stage(position, instructions[start], body, stages, global_args, known, beneath_of, told_by))
    _bound(stages)
    return Model(tree, tuple(stages), global_args)


def _bound(stages: Iterable[Stage]) -> None:
    """Raises BeyondLimitError for a file with more commands than dockfix looks into."""
    count = 0
    for step in (step for stage in stages for step in stage.steps):
        count += len(step.units)
        if count > MOST_COMMANDS:
            raise too_many(step.line, "the RUNs have", MOST_COMMANDS, "commands", "put them in a script, and COPY that")


def _stage(
    index: int,
    start: Instruction,
    body: list[Instruction],
    earlier: list[Stage],
    global_args: Mapping[str, str | None],
    steps_of: Known,
    beneath_of: BeneathOf | None,
    told_by: ToldBy | None,
) -> Stage:
    words = start.words
    base = expand(words[0], {key: value for key, value in global_args.items() if value is not None}) if words else None
    name = words[2] if len(words) == 3 and words[1].lower() == "as" else ""
    parent = next((stage for stage in earlier if base and stage.name.lower() == base.lower()), None)
    known = parent.image if parent else _known(base)
    beneath = beneath_of(base) if beneath_of is not None and base and not parent and known is None else None
    if beneath is not None:
        known = beneath.stage.image
        state = replace(beneath.stage.end, args={})
    else:
        state = replace(parent.end, args={}) if parent else _at_first(base, known)
    steps: list[Step] = []
    for node in body:
        step, state = steps_of.step(node, state, global_args, told_by)
        steps.append(step)
    beneath = parent.beneath if parent is not None else beneath
    return Stage(index, start, name, base, parent, known, tuple(steps), state, beneath)


def _known(base: str | None) -> BaseImage | None:
    if base is None:
        return None
    reference = reference_of(base)
    if reference.digest and not reference.tag:
        return None  # it may be any version, and any system
    return base_image(reference.registry, reference.repository, reference.tag or "latest")


def _at_first(base: str | None, known: BaseImage | None) -> State:
    """The state in which a base image leaves its first step."""
    prefix, runtime = (known.own_prefix, known.runtime) if known is not None else ("", "")
    workdir = known.workdir if known is not None else "/"
    return State(workdir, user="" if _is_root(base, known) else None, own_prefix=prefix, runtime=runtime)


def _is_root(base: str | None, known: BaseImage | None) -> bool:
    """Whether the base image is known to run commands as root."""
    if known is not None or base is None:
        return known is not None
    reference = reference_of(base)
    return starts_as_root(reference.registry, reference.repository)


def _step(
    node: Instruction,
    state: State,
    global_args: Mapping[str, str | None],
    effects_of: EffectsOf,
    brought_by: BroughtBy,
) -> tuple[Step, State]:
    keyword = node.keyword
    if keyword == "RUN":
        units, after = _run(node, state, effects_of)
        return Step(node, state, units), after
    if keyword in {"COPY", "ADD"}:
        copy = _copy(node, state)
        action = brought_by(copy)
        after = replace(state, fetched={**state.fetched, **copy.fetched})
        return Step(node, state, copy=copy, action=action), state_with(action, after)
    return Step(node, state), _declare(node, state, global_args)


def _written(workdir: str, state: State) -> str:
    """A directory that build arguments choose as a path below it can be written, "" where it cannot."""
    if not _PLAIN_FOLDER.fullmatch(workdir):
        return ""
    if workdir.startswith(("/", "$")):
        return workdir.rstrip("/")
    return f"{state.workdir_text}/{workdir.rstrip('/')}" if state.workdir_text else ""


def _declare(node: Instruction, state: State, global_args: Mapping[str, str | None]) -> State:
    """The state after an instruction that only changes state."""
    keyword = node.keyword
    if keyword == "ENV":
        given = {key: value or "" for key, value in pairs(node, state.variables)}
        chosen = state.chosen | set(given) if state.chosen_by(node.args) else state.chosen - set(given)
        env = {**state.env, **given}
        if len(env) > MOST_VARIABLES:
            raise too_many(
                node.line, "ENV sets", MOST_VARIABLES, "variables", "put them in a file that the program reads"
            )
        return replace(state, env=env, chosen=frozenset(chosen))
    if keyword == "ARG":
        declared = {
            key: global_args.get(key) if value is None else value for key, value in pairs(node, state.variables)
        }
        return replace(state, args={**state.args, **declared}, chosen=state.chosen | set(declared))
    if keyword == "WORKDIR":
        path = expand(_argument(node), state.variables)
        chosen_by = state.chosen_by(node.args) or ("" if path and path.startswith("/") else state.workdir_chosen)
        moved = state.with_workdir(path) if path else replace(state, workdir=None)
        text = _written(_argument(node), state) if path and chosen_by else ""
        return replace(moved, workdir_chosen=chosen_by, workdir_text=text)
    if keyword == "USER":
        return replace(state, user=expand(_argument(node), state.variables))
    if keyword == "SHELL":
        return replace(state, shell=node.json or ())
    return state


def _argument(node: Instruction) -> str:
    return node.args.strip().strip("\"'")


def _copy(node: Instruction, state: State) -> Copy:
    words = [expand(word, state.variables) for word in node.words]
    flags = {flag.name: flag.value for flag in node.flags}
    target = state.path(words[-1]) if words and words[-1] is not None else None
    sources = tuple(word if word is not None else raw for word, raw in zip(words[:-1], node.words[:-1], strict=True))
    ends = (words[-1] or "") if words else ""
    folder = ends.endswith(("/", "/.")) or ends in {".", ".."} or len(sources) > 1
    if "parents" in flags or None in words[:-1]:
        target = None
    return Copy(sources, target, folder, flags.get("from"), bool(node.heredocs))


def _read(node: Instruction, shell: tuple[str, ...] | None) -> ShellForm | None:
    """The shell form of an instruction; None where no shell runs it whose language dockfix reads."""
    form = shell_form(node)
    programs = (posixpath.basename(shell[0]) if shell else "", form.shebang if form is not None else "")
    return form if all(not program or program in posix_shells() for program in programs) else None


def _run(node: Instruction, state: State, effects_of: EffectsOf) -> tuple[tuple[Unit, ...], State]:
    """The commands of a RUN and the state after it: the same ones where the same text was looked at in the same state.

    An edit leaves most instructions as they are, and many Dockerfiles share theirs.
    """
    key = node.text, node.escape, effects_of
    for before, units, after in _known_runs.get(key, ()):
        if before == state:
            return units, after
    if len(_known_runs) >= _MAX_RUNS:
        _known_runs.clear()
    units, after = _read_run(node, state, effects_of)
    _known_runs[key] = ((state, units, after), *_known_runs.get(key, ())[: _MAX_STATES - 1])
    return units, after


def _read_run(node: Instruction, state: State, effects_of: EffectsOf) -> tuple[tuple[Unit, ...], State]:
    form = _read(node, state.shell)
    if form is None:
        if node.json and not any("$" in word for word in node.json):
            units = _units(parse_script(quoted(node.json)), state, effects_of)[0]
            return tuple(replace(unit, effects=_unmovable(unit.effects)) for unit in units), state
        whole = Command(node.args, 0, len(node.args))
        return (Unit(whole, opaque("it is not run by a shell that dockfix reads"), state),), state
    units, after = _units(form.script, state, effects_of)
    kept = {name: getattr(after, name) for name in ("environments", "fetched", "settings", "brought", "added")}
    return units, replace(state, **kept)


def _units(script: Script, state: State, effects_of: EffectsOf) -> tuple[tuple[Unit, ...], State]:
    units: list[Unit] = []
    for written in script.commands:
        command = _named(written, state)
        effects = effects_of(command, state)
        units.append(Unit(command, effects, state))
        state = state_after(command, effects, state)
    return tuple(units), state


def _named(command: Command, state: State) -> Command:
    """A command with the name of its program, where a variable that is known here gives its folder: ``$POETRY_HOME/bin/pip``."""
    first = command.words[0] if command.words else None
    if first is None or first.value is not None or "/" not in first.text:
        return command
    name = replace(state, args={}).value(first)  # a build argument may be another one
    if name is None or not name.startswith("/") or " " in name:
        return command
    return command._replace(words=(first._replace(value=name), *command.args))


def _unmovable(effects: Effects) -> Effects:
    """Effects of an exec-form RUN: what is known stays known, but no word of it has a place in the text: only a build stays one."""
    whole = effects.action is None or isinstance(effects.action, Build)
    return effects if whole else opaque("it is written in exec form")


# Texts of RUNs with the states in which they were looked at. Threads may overwrite each other's: then it is worked out again
_known_runs: dict[tuple[str, str, EffectsOf], tuple[tuple[State, tuple[Unit, ...], State], ...]] = {}
