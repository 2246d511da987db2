"""The ``multi-stage`` transform."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import ClassVar

from dockfix.engine.transform import Edit, Outcome, Safety, refuse
from dockfix.facts import Facts, from_context
from dockfix.facts.placement import Placement, Refusal, place
from dockfix.model.effects import AptInstall, Package
from dockfix.model.reason import Declared
from dockfix.model.stages import Step
from dockfix.syntax import Blank, Comment, Instruction, Node

from ._layout import leading
from ._runs import Trim, trim

BUILDER = "builder"
_PRAGMA = re.compile(r"(hadolint|dockfix|tally|checkov|trivy|kics|nosemgrep|semgrep)\b")


class MultiStage:
    """Split the image into a builder and a runtime stage.

    What it does
        The builder installs the Python packages into the virtual environment, with the compilers and headers that this
        takes. The runtime stage copies the environment and keeps everything else as it was, in its order. Packages that
        only build are left out of it; a ``-dev`` package gives way to its runtime library.

    Why
        Compilers and headers make an image hundreds of megabytes larger and give an intruder tools to work with. The program
        needs neither.

    Example
        FROM python:3.11-slim                   FROM python:3.11-slim AS builder
        RUN apt-get install -y gcc curl         RUN apt-get install -y gcc
        RUN pip install -r requirements.txt     RUN pip install -r requirements.txt
                                                FROM python:3.11-slim AS runtime
                                                RUN apt-get install -y curl
                                                COPY --from=builder /opt/venv /opt/venv

    Fix safety
        Safe where the application's code could be read. A package goes only if it is known to be needed for building alone, and
        no command that stays, no CMD, ENTRYPOINT, HEALTHCHECK, script or code of the application names what it brings. A step
        whose effects are unknown stays in the runtime stage with everything before it. Where nothing would leave the image, no
        split is made (``multi-stage.always`` makes it all the same). Unsafe where the code is not at hand.
    """

    id: ClassVar[str] = "multi-stage"
    title: ClassVar[str] = "split into a builder and a runtime stage"
    safety: ClassVar[Safety] = "safe"
    order: ClassVar[int] = 30
    atomic: ClassVar[bool] = True
    options: ClassVar[Mapping[str, str]] = {
        "always": "split even where nothing leaves the image",
        "keep": "packages that the runtime stage has to have, such as libpq5",
        "drop": "packages that only the builder needs, whatever else is known of them",
        "suite": "the Debian release of the base image, where its tag does not say, such as bookworm",
    }

    def apply(self, facts: Facts) -> Outcome:
        """Rebuilds the stage as two."""
        placement = place(facts)
        if isinstance(placement, Refusal):
            return refuse(placement.reason, placement.line)
        if not placement.environment:
            return refuse("it needs the virtualenv transform, which was not applied")
        return _Splitter(facts, placement).outcome()


class _Splitter:
    """Writes the two stages of one placement."""

    def __init__(self, facts: Facts, placement: Placement) -> None:
        self.facts = facts
        self.tree = facts.tree
        self.placement = placement
        self.runtime_name = facts.final.name or "runtime"
        self.copied = False

    def outcome(self) -> Outcome:
        """The edits: FROM is renamed, every other node goes, and the last one is replaced by both bodies."""
        steps = self.facts.final.steps
        start = self.facts.final.start
        if start.inner_comments or len(start.words) not in {1, 3} or self.runtime_name == BUILDER:
            return refuse("the FROM instruction could not be taken apart", start.line)
        builder: list[Node] = []
        runtime: list[Node] = []
        for step in steps:
            above = leading(self.tree, step.instruction)
            built = self._part(step, self.placement.builder, dict.fromkeys(self.placement.division.runtime_only, ()))
            stays = self._part(step, self.placement.runtime, self.placement.division.replaced)
            if built is None or stays is None:
                return refuse("its text could not be divided without loss", step.line)
            if built:
                builder += [*above, *built]
            runtime += self._copy_environment(step, above)
            if stays or not built:
                runtime += [*_without_comments(above, bool(built)), *stays]
        # a node that stands in both stages has to be two nodes: edits go by identity
        there = set(builder)
        second = [_twin(node) if node in there else node for node in runtime]
        while builder and isinstance(builder[-1], Blank):
            builder.pop()
        last = steps[-1].instruction
        body = [
            node
            for step in steps
            for node in (*leading(self.tree, step.instruction), step.instruction)
            if node is not last
        ]
        edits = [Edit(node, (), node.line, "") for node in body]
        edits.append(Edit(start, self._from("", BUILDER), start.line, self._reason()))
        edits.append(Edit(last, (*builder, *self._from("\n", self.runtime_name), *second), steps[-1].line, ""))
        return Outcome(
            edits,
            refusals=self.placement.notes,
            unsafe=self.facts.unknown or self.facts.requirements_unknown,
            declares=frozenset(Declared("RUN", text) for text in self.placement.dropped) | self._replaced(),
        )

    def _replaced(self) -> frozenset[Declared]:
        """The packages that leave the image, each with what takes its place."""
        replaced = self.placement.division.replaced
        asked = [
            package
            for _, unit in self.facts.final.units
            if isinstance(unit.effects.action, AptInstall)
            for package in unit.effects.action.packages
        ]
        left = {package.name for package in asked if package not in replaced}
        left |= {name for instead in replaced.values() for name in instead}
        return frozenset(
            Declared("PACKAGE", package.name, instead)
            for package, instead in replaced.items()
            if package.name not in left
        )

    def _reason(self) -> str:
        replaced = self.placement.division.replaced
        gone = [package.name for package, instead in replaced.items() if not instead]
        swapped = [
            f"{package.name} {'becomes' if package.name.endswith('-dev') else 'leaves behind'} {' '.join(instead)}"
            for package, instead in replaced.items()
            if instead
        ]
        parts = [f"{_enumerate(gone)} {'stay' if len(gone) > 1 else 'stays'} in the builder"] if gone else []
        return "; ".join(parts + swapped) or "the packages are installed in a builder"

    def _from(self, blank: str, name: str) -> tuple[Node, ...]:
        """A FROM with the flags and the image as written."""
        start = self.facts.final.start
        flags = [start.text[flag.start : flag.end] for flag in start.flags]
        return self.tree.snippet(f"{blank}FROM {' '.join([*flags, start.words[0]])} AS {name}\n", start.line)

    def _part(
        self, step: Step, placed: Mapping[Step, tuple[int, ...]], packages: Mapping[Package, tuple[str, ...]]
    ) -> tuple[Node, ...] | None:
        """What one stage gets of a step: () where nothing, None where its text cannot be divided."""
        return trim(self.tree, step, Trim(placed[step], packages)) if step in placed else ()

    def _copy_environment(self, step: Step, above: tuple[Node, ...]) -> tuple[Node, ...]:
        """The COPY of the virtual environment, at the place where the first install stood."""
        if self.copied or step is not self._environment_step():
            return ()
        self.copied = True
        path = self.placement.environment
        blank = tuple(node for node in above if isinstance(node, Blank))[:1]
        return (*blank, *self.tree.snippet(f"COPY --from={BUILDER} {path} {path}\n", step.line))

    def _environment_step(self) -> Step:
        """The step that makes the environment, if only settings and manifests stand between it and the first install."""
        steps = self.facts.final.steps
        first = steps.index(self.placement.installs[0])
        for position in range(first - 1, -1, -1):
            step = steps[position]
            if step not in self.placement.runtime and step.units:
                return step
            if step.keyword != "ENV" and not (from_context(step) and step in self.placement.builder):
                break
        return steps[first]


def _without_comments(nodes: tuple[Node, ...], elsewhere: bool) -> tuple[Node, ...]:
    """The lines above an instruction; without the comments, and with one blank line at most, where the builder has them.

    Comments that a linter reads hold for the instruction wherever it stands.
    """
    if not elsewhere:
        return nodes
    pragmas = [node for node in nodes if isinstance(node, Comment) and _PRAGMA.match(node.content)]
    return (*[node for node in nodes if isinstance(node, Blank)][:1], *pragmas)


def _twin(node: Node) -> Node:
    return (
        Instruction(node.text, node.line, node.escape)
        if isinstance(node, Instruction)
        else type(node)(node.text, node.line)
    )


def _enumerate(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
