"""Writes the stages of ``named-stages``: what parts the builder, and what each new stage gets."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterable, Sequence
from dataclasses import field

from dockfix.dataclass import dataclass
from dockfix.engine.transform import Edit, Outcome, refuse
from dockfix.facts import Facts
from dockfix.facts.rejected import cannot_pass
from dockfix.knowledge.targets import BASE, DEV, DEVELOPMENT, RELEASE, TEST
from dockfix.model.actions import ShellState
from dockfix.model.reason import Declared, Reason, at
from dockfix.model.stages import Step, Unit
from dockfix.model.state import State
from dockfix.placement.decision import place
from dockfix.placement.plan import Placement
from dockfix.placement.targets import Pieces, pieces, repeated
from dockfix.placement.tests_of import Tests, names_tests, only_tests, served, tests_of
from dockfix.syntax import Instruction, Node, pairs, replace_nodes, snippet
from dockfix.syntax.rewrite import with_image

from ._compose import targets_of, with_stages
from ._layout import declared_files, enumerated, leading, twin

BUILT = "build"
_MODE, _PRODUCTION = "NODE_ENV", "production"


def named_stages(facts: Facts, wanted: frozenset[str]) -> Outcome:
    """The edits, or why there are none."""
    there = {stage.name.lower() for stage in facts.model.stages}
    if len(facts.model.stages) == 1:
        return refuse(_unsplit(facts))
    if len(facts.model.stages) > 2:
        missing = [name for name in (BASE, DEVELOPMENT, TEST, DEV) if name in wanted - there]
        return (
            refuse(f"the file has several stages, to which no {' or '.join(missing)} is added")
            if missing
            else Outcome()
        )
    found = pieces(facts)
    return refuse(found) if isinstance(found, Reason) else _Writer(facts, found, wanted).outcome()


def _unsplit(facts: Facts) -> Reason:
    """Why the image is still one stage."""
    reason = facts.ask(cannot_pass) or facts.decide(place)
    if isinstance(reason, Placement):
        doubt = next(iter(reason.doubts), None)
        if doubt is None:
            return at("they take a builder, which multi-stage was not to make")
        return at(f"they take a builder, which multi-stage makes only with --unsafe here: {doubt.text}", doubt.line)
    return Reason(f"the image stays one stage: {reason.text}", reason.place, reason.weight)


@dataclass
class _Stage:
    name: str
    start: str
    nodes: list[Node] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)


class _Writer:
    """Writes the stages of one file."""

    def __init__(self, facts: Facts, found: Pieces, wanted: frozenset[str]) -> None:
        self.facts, self.found, self.wanted = facts, found, wanted
        self.line = facts.final.start.line
        self.refusals: list[Reason] = []

    def outcome(self) -> Outcome:
        """The edits: FROM lines in the builder, more stages below it."""
        builder = self.found.builder
        edits, parent = self._parted()
        stages: list[_Stage] = []
        both = {TEST, DEV} <= self.wanted
        developing = self.found.developing
        alone: list[Node] = []
        if developing is not None:
            made = self._developing(parent)
            if made is None:
                return refuse("the install could not be written again", self.found.step.line)
            if both or DEVELOPMENT in self.wanted:
                stages.append(_Stage(DEVELOPMENT, parent, made))
                parent = DEVELOPMENT
            else:
                alone = made
        checked = self._names_of_development(alone or [node for stage in stages for node in stage.nodes])
        if isinstance(checked, Reason):
            return refuse(checked)
        for name in (TEST, DEV):
            if name in self.wanted:
                stage = self._test(parent, checked) if name == TEST else self._dev(parent)
                if name in (builder.name.lower(), self.facts.final.name.lower()):
                    stage = at("a stage has this name", builder.start.line)
                if isinstance(stage, Reason):
                    self.refusals.append(Reason(f"no stage {name}: {stage.text}", stage.place, stage.weight))
                    continue
                stage.nodes[:0] = [twin(node) for node in alone]
                stages.append(stage)
        names = {stage.name for stage in stages}
        if not names & {TEST, DEV} and {TEST, DEV} & self.wanted:
            return Outcome(refusals=tuple(self.refusals))
        targets = targets_of(self.facts, names)
        files, lost = with_stages(self.facts, targets)
        if lost is not None:
            return Outcome(refusals=(*self.refusals, lost))
        gone, declared = self._without_tests() if TEST in names else ([], frozenset[Declared]())
        written = [node for stage in stages for node in (*self._head(stage), *stage.nodes)]
        start = self.facts.final.start
        above = next(iter(leading(self.facts.tree, start)), start)
        listed = enumerated([*self._parts(edits), *(stage.name for stage in stages)])
        said = f"{listed} can be built by their names; the last stage stays the one that is built without"
        named = with_image(start, name=RELEASE) if RELEASE in self.wanted and not start.words[1:] else None
        last = named or start
        edits.append(Edit(above, (*written, last if above is start else above), builder.start.line, said))
        if named is not None and above is not start:
            edits.append(Edit(start, (named,), start.line, f"it gets a name, {RELEASE}"))
        declared |= declared_files(self.facts, files)
        told = ", ".join(f"{service.name} builds {stage}" for service, stage in targets.items())
        return Outcome([*edits, *gone], files, f"Compose: {told}", tuple(self.refusals), declares=frozenset(declared))

    # --- the builder ---------------------------------------------------------------------------------------------------

    def _parted(self) -> tuple[list[Edit], str]:
        """The FROM lines that part the builder, and the stage that others start from."""
        found, builder = self.found, self.found.builder
        heads: list[tuple[Step, str]] = (
            [(found.first, BASE)] if BASE in self.wanted else []
        )  # with what ends each piece
        parent = builder.name
        if found.developing is None and found.behind is not None:
            heads.append((found.behind, DEVELOPMENT))
            parent = DEVELOPMENT if found.behind is found.pruned else parent
            if found.is_built and found.pruned is not None:
                heads.append((found.pruned, BUILT))
                parent = BUILT
        names = [*(name for _, name in heads), builder.name]
        edits: list[Edit] = []
        if heads:
            start = with_image(builder.start, name=names[0])
            edits.append(Edit(builder.start, (start,) if start is not None else (), builder.start.line, ""))
        for (step, name), following in zip(heads, names[1:], strict=True):
            above = next(iter(leading(self.facts.tree, step.instruction)), step.instruction)
            arguments = [
                each.instruction.text.strip()
                for each in builder.steps[: builder.steps.index(step)]
                if each.keyword == "ARG"
            ]
            lines = "".join(f"{line}\n" for line in (f"\nFROM {name} AS {following}", *arguments))
            edits.append(Edit(above, (*snippet(self.facts.tree, lines, step.line), above), step.line, ""))
        return edits, parent

    def _parts(self, edits: Iterable[Edit]) -> list[str]:
        """The names that the builder's pieces get."""
        nodes = [
            node
            for edit in edits
            for node in edit.replacement
            if isinstance(node, Instruction) and node.keyword == "FROM"
        ]
        return [node.words[2] for node in nodes if len(node.words) == 3]

    def _developing(self, parent: str) -> list[Node] | None:
        """The install once more, with what serves development; None where that can't be written."""
        found = self.found
        form = found.step.shell_form
        if form is None or found.developing is None:
            return None
        recipe = found.developing.recipe
        drop = [
            number
            for number, unit in enumerate(found.step.units)
            if unit is not found.unit and not (number < found.step.units.index(found.unit) and _is_state(unit))
        ]
        run = form.edited(drop=drop, insert=recipe.insert, remove=recipe.remove)
        if run is None:
            return None
        state = found.unit.state
        lines = [f"COPY {name} {_target(path, name, state)}" for path, name in found.developing.files.items()]
        ended = Instruction(run.text.rstrip() + self.facts.tree.newline, run.line, run.escape)
        return (
            [*snippet(self.facts.tree, "".join(f"{line}\n" for line in lines), found.step.line), twin(ended)]
            if lines
            else [twin(ended)]
        )

    def _names_of_development(self, nodes: Sequence[Node]) -> frozenset[str] | Reason:
        """The distributions that an install for development may bring, as it is in the new file; why it brings nothing more."""
        facts, found = self.facts, self.found
        if found.developing is None:
            return facts.every_manifest[found.install].names
        lines = snippet(facts.tree, f"\nFROM {found.builder.name} AS x-{DEVELOPMENT}\n", self.line)
        start = facts.final.start
        tree = replace_nodes(
            facts.tree, {start: (*lines, *map(twin, nodes), *snippet(facts.tree, "\n", self.line), start)}
        )
        after = facts.with_tree(tree, {})
        stage = after.model.stages[1]
        installs = [install for step, _, install in after.installs if after.stage_of[step] is stage]
        if not installs:
            return at("what the install for development brings is not known", found.step.line)
        manifest = after.every_manifest[installs[-1]]
        if manifest.unknown is not None:
            return at(f"what serves development is not known: {manifest.unknown}", found.step.line)
        return manifest.names

    # --- the stages to test and to develop in --------------------------------------------------------------------------

    def _test(self, parent: str, names: frozenset[str]) -> _Stage | Reason:
        steps = list(repeated(self.facts, self.found, container=False))
        stage = self._stage(TEST, parent, steps)
        there = [*self.found.builder.steps, *self.facts.final.steps]
        tests = tests_of(self.facts, self.found, names, there, self._python())
        if isinstance(tests, Reason):
            return tests
        stage.nodes += self._added(tests)
        stage.nodes += self._lines(self._environment(TEST, stage.steps), f"CMD {json.dumps(list(tests.command))}")
        return stage

    def _dev(self, parent: str) -> _Stage:
        command = served(self.facts, self.found)
        steps = list(repeated(self.facts, self.found, container=True))
        if command:
            steps = [step for step in steps if step.keyword not in {"CMD", "ENTRYPOINT", "HEALTHCHECK"}]
        stage = self._stage(DEV, parent, steps)
        told = f"CMD {json.dumps(list(command))}" if command else ""
        stage.nodes += self._lines(self._environment("development", stage.steps), told)
        return stage

    def _stage(self, name: str, parent: str, steps: list[Step]) -> _Stage:
        newline = self.facts.tree.newline
        nodes: list[Node] = []
        steps = [step for step in steps if not (step.keyword == "ENV" and _variables(step) == {_MODE: _PRODUCTION})]
        for step in steps:
            node = step.instruction
            nodes.append(
                Instruction(node.text.rstrip() + newline if not node.heredocs else node.text, node.line, node.escape)
            )
        return _Stage(name, parent, nodes, steps)

    def _environment(self, value: str, steps: Iterable[Step]) -> str:
        """NODE_ENV for a stage that is not for production, where the builder or a step of it says that it is."""
        told = self.found.builder.end.env.get(_MODE)
        for step in steps:
            told = _variables(step).get(_MODE, told) if step.keyword == "ENV" else told
        return f"ENV {_MODE}={value}" if told == _PRODUCTION else ""

    def _added(self, tests: Tests) -> tuple[Node, ...]:
        """The COPY of tests that the image has none of."""
        files = [name for name, to in tests.copied if to == posixpath.basename(name) and not self._is_folder(name)]
        lines = [f"COPY {name} ./{to}" for name, to in tests.copied if name not in files]
        lines += [f"COPY {' '.join(files)} ./"] if files else []
        return self._lines(*lines)

    def _is_folder(self, name: str) -> bool:
        return self.facts.context.is_dir(name)

    def _python(self) -> str:
        """How the interpreter of the packages is called: by its name where PATH finds it first."""
        root = self.found.install.into.root
        path = self.facts.final.end.env.get("PATH", "").split(":")
        carried = self.found.install.into.carried
        own = (
            carried is not None
            and carried.paths.get(root) == root
            and f"{root}/bin" not in path
            and root != "/usr/local"
        )
        return f"{root}/bin/python" if own else "python"

    def _lines(self, *lines: str) -> tuple[Node, ...]:
        text = "".join(f"{line}\n" for line in lines if line)
        return snippet(self.facts.tree, text, self.line) if text else ()

    def _head(self, stage: _Stage) -> tuple[Node, ...]:
        return snippet(self.facts.tree, f"\nFROM {stage.start} AS {stage.name}\n", self.line)

    # --- what is around ------------------------------------------------------------------------------------------------

    def _without_tests(self) -> tuple[list[Edit], frozenset[Declared]]:
        """Takes what copies tests alone out of the image, where nothing that may run names them."""
        facts = self.facts
        edits: list[Edit] = []
        declared: set[Declared] = set()
        for step in facts.final.of("COPY"):
            taken = facts.copies.get(step)
            target = step.copy.target if step.copy is not None else None
            if taken is None or target is None or not taken.known or not only_tests(taken.files):
                continue
            if facts.unlocated is not None or names_tests(facts, taken.files):
                continue
            edits.append(Edit(step.instruction, (), step.line, "only tests are copied, which run in another stage"))
            declared |= {Declared("FILE", path) for name in taken.files for path in facts.layout.by(step, name)}
        return edits, frozenset(declared)


def _variables(step: Step) -> dict[str, str | None]:
    return dict(pairs(step.instruction, step.state.variables))


def _target(path: str, name: str, state: State) -> str:
    """Where a file goes, as one writes it: its folder, from the working directory, where it keeps its name."""
    folder, base = posixpath.split(path)
    if base != posixpath.basename(name):
        return state.spelled(path)
    inside = posixpath.relpath(folder, state.workdir or "/")
    return f"{state.spelled(folder)}/" if inside.startswith("..") else "./" if inside == "." else f"./{inside}/"


def _is_state(unit: Unit) -> bool:
    return isinstance(unit.effects.action, ShellState)
