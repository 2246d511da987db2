"""The ``secrets`` transform."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import Any, ClassVar

from dockfix.context.dockerignore import Ignore
from dockfix.engine.options import Option
from dockfix.engine.transform import Edit, Outcome, Transform
from dockfix.facts import Facts, from_context
from dockfix.knowledge.ignore_groups import ignore_groups
from dockfix.managers.verbs import language_install
from dockfix.model.actions import Install
from dockfix.model.effects import within
from dockfix.model.reason import Declared, Reason, at
from dockfix.model.stages import Stage, Step, Unit
from dockfix.placement.decision import place
from dockfix.placement.plan import Placement
from dockfix.syntax import Instruction, pairs
from dockfix.syntax.rewrite import with_flags
from dockfix.syntax.shell_form import prepend

from ._credentials import STAYS, holds, in_text, is_key_file, is_name, is_value, may_hold
from ._runs import chained

_MARK = "dockfix-credential"
# Programs that put words of their command line into a file that they write
_WRITES_WORDS = {"echo", "printf", "tee", "sed", "git", "pip"}
_ASKS_WHETHER_SET = r"\$\{%s[-+?=]|-v\s+%s\b|\bset\s+-\w*u|\bnounset\b|\bprintenv\b|\benv\b"


MOUNT = Option(
    "secrets.mount",
    False,
    "turns an ARG whose use is clear into a secret mount; the image is then built with --secret",
)


class Secrets(Transform):
    """Point out passwords, tokens and keys that stay in the image.

    What it does
        Warns of credentials in ENV, ARG and LABEL, in URLs and headers, of key files that are copied, and of files that a RUN
        writes an ARG's credential into. With ``secrets.mount=true`` an ARG that is clearly a credential, has no default and
        is used by plain RUNs alone becomes a secret of BuildKit. An ARG that ``multi-stage`` keeps out of the image is in order.

    Why
        Whoever has the image has them: ``docker history`` shows ARG and ENV, and a file that a later RUN removes is still in
        its layer.

    Example
        ARG INDEX_TOKEN                         RUN --mount=type=secret,id=INDEX_TOKEN \\
        RUN fetch $INDEX_TOKEN                      export INDEX_TOKEN="$(cat /run/secrets/INDEX_TOKEN)" \\
                                                    && fetch $INDEX_TOKEN

    Fix safety
        By default nothing is changed. The change asks for another build command: ``--secret id=INDEX_TOKEN,env=INDEX_TOKEN`` in
        place of ``--build-arg``; without it the variable is empty, as it was. Another value does not run the RUN again
        where its layer is in the cache: build with ``--no-cache`` then. Placeholders, empty values, paths and values that
        come from elsewhere are passed over. An ARG is left where another instruction, a file or a command that is
        not known may read it too; what a requirements file names is known.
    """

    title: ClassVar[str] = "point out credentials that stay in the image"
    options: ClassVar[tuple[Option[Any], ...]] = (MOUNT,)

    def apply(self, facts: Facts) -> Outcome:
        """Looks through the stages whose layers are in the image."""
        warnings: list[Reason] = []
        refusals: list[Reason] = []
        edits: list[Edit] = []
        mounts: dict[Step, list[str]] = {}
        mount = MOUNT.of(facts.options)
        for stage in facts.final.lineage:
            for step in stage.steps:
                warnings += [at(text, step.line) for text in dict.fromkeys(_found(facts, step))]
                for name in _credentials(step):
                    uses = _uses(facts, stage, step, name)
                    if name not in facts.ask(_kept_out):
                        warnings += [at(text, use.line) for use in uses for text in _written(use, name)]
                    reason = _unclear(facts, stage, step, name, uses) if mount else "no"
                    if not reason:
                        edits.append(
                            Edit(
                                step.instruction,
                                (),
                                step.line,
                                f"{name} is no longer in docker history; build with "
                                f"--secret id={name},env={name} in place of --build-arg {name}",
                            )
                        )
                        for use in uses:
                            mounts.setdefault(use, []).append(name)
                        continue
                    if mount:
                        refusals.append(at(reason, step.line))
                    if name in facts.ask(_kept_out):
                        continue
                    warnings.append(
                        at(
                            f"what is given for {name} shows in docker history: "
                            "a secret of BuildKit (RUN --mount=type=secret) does not",
                            step.line,
                        )
                    )
        for use, names in mounts.items():
            node = _mounted(facts, use, names)
            if node is None:  # one by one they could
                return Outcome(
                    warnings=warnings, refusals=[*refusals, at("its secrets could not be mounted", use.line)]
                )
            edits.append(Edit(use.instruction, (node,), use.line, ""))
        mounted = frozenset(Declared("ARG", name) for names in mounts.values() for name in names)
        return Outcome(edits, warnings=warnings, refusals=refusals, declares=mounted)


def _kept_out(facts: Facts) -> frozenset[str]:
    """The build arguments that a split will keep out of the image."""
    placement = facts.ask(place) if "parts" in facts.hints.facets else None
    if not isinstance(placement, Placement) or placement.only_base or placement.doubts:
        return frozenset()
    return frozenset(declared.name for declared in placement.declares if declared.part == "ARG")


def _found(facts: Facts, step: Step) -> Iterator[str]:
    """The credentials that stand in an instruction or in a file that it copies."""
    node = step.instruction
    if node.keyword in {"ENV", "ARG"}:
        for name, value in pairs(node, {}):
            if value is not None and is_name(name) and is_value(value):
                yield f"the value of {name} {STAYS}"
    if node.keyword in {"ENV", "LABEL"}:
        given = {name: _MARK if is_name(name) else "" for name in step.state.args if name not in step.state.env}
        for name, value in pairs(node, {**step.state.variables, **given}):
            if value is not None and _MARK in value:
                yield f"{name} takes the value of an ARG and keeps it in the image"
    yield from in_text(node.logical.text)
    if from_context(step):
        names = sorted(_key_files(facts, step))
        if names:
            first, others = posixpath.basename(names[0]), len(names) - 1
            more = f" and {others} other{'s' * (others > 1)}" if others else ""
            yield f"{first}{more} stay{'' if others else 's'} in the image, even where a later RUN removes {'them' if others else 'it'}"


def _key_files(facts: Facts, step: Step) -> Iterator[str]:
    """The files with credentials that a COPY takes; those that ``dockerignore`` sees to are its own to name."""
    sources = step.copy.sources if step.copy else ()
    yield from (name for name in sources if name not in facts.copies[step].files and is_key_file(name))
    existing = facts.context.exists(facts.context.ignore_name)
    kept_out = Ignore(
        tuple(
            pattern
            for group in ignore_groups()
            if group.needed == "secret" and (group.complete or not existing)
            for pattern, _ in group.patterns
        )
        if "ignore file" in facts.hints.facets
        else ()
    )
    for name in facts.copies[step].files:
        held = is_key_file(name) or (may_hold(name) and holds(name, facts.context.read(name) or ""))
        if held and (any(posixpath.normpath(source) == name for source in sources) or not kept_out.ignores(name)):
            yield name


def _credentials(step: Step) -> tuple[str, ...]:
    """The names of the credentials that an ARG takes from the build command: all but those whose real value stands in it."""
    assigned = pairs(step.instruction, {}) if step.keyword == "ARG" else ()
    return tuple(name for name, value in assigned if is_name(name) and (not value or not is_value(value)))


def _word(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![A-Za-z0-9_]){re.escape(name)}(?![A-Za-z0-9_])")


def _uses(facts: Facts, stage: Stage, step: Step, name: str) -> list[Step]:
    """The steps below an ARG that name it, or install from a requirements file that does: pip fills in ``${NAME}``."""
    below = stage.steps[stage.steps.index(step) + 1 :]
    manifests = _manifests(facts, name).keys()
    return [
        each
        for each in below
        if _word(name).search(each.instruction.text)
        or any(
            (install := language_install(unit.effects.action)) is not None and manifests & _read_by(facts, install)
            for unit in each.units
        )
    ]


def _read_by(facts: Facts, install: Install) -> frozenset[str]:
    """The files, by their path in the image, that an install is given."""
    manifest = facts.manifests.get(install)
    return frozenset((*install.files, *(manifest.closures if manifest is not None else ())))


def _manifests(facts: Facts, name: str) -> dict[str, tuple[str, ...]]:
    """The requirements files, by their path in the image, that name a variable themselves or in a file that they include."""
    return {
        path: files
        for manifest in facts.manifests.values()
        for path, files in manifest.closures.items()
        if any(f"${{{name}}}" in (facts.context.read(file) or "") for file in files)
    }


def _written(step: Step, name: str) -> Iterator[str]:
    """The files that a RUN writes a credential into and leaves."""
    for number, unit in enumerate(step.units):
        writes = (
            unit.command.name in _WRITES_WORDS and language_install(unit.effects.action) is None and not _unsets(unit)
        )
        if writes and _word(name).search(unit.command.text) and unit.effects.writes:
            later = step.units[number + 1 :]
            if not any(_unsets(each) or _removes(each, path) for each in later for path in unit.effects.writes):
                yield f"{name} stays in {unit.effects.writes[0]}, which {unit.command.name} writes and nothing removes in this RUN"


def _unsets(unit: Unit) -> bool:
    return unit.command.name == "git" and "--unset" in unit.command.text


def _removes(unit: Unit, path: str) -> bool:
    return unit.command.name == "rm" and any(
        within(path, gone) or gone == f"{path}/.git" for gone in unit.effects.writes
    )


def _unclear(facts: Facts, stage: Stage, step: Step, name: str, uses: list[Step]) -> str:
    """Why it is not clear what a credential is used for, "" where only plain RUNs of the stage use it."""
    word = _word(name)
    given = pairs(step.instruction, {})
    if len(given) != 1:
        return f"{name} is not the only one in its ARG"
    if given[0][1]:
        return f"{name} has a default, which a secret has not"
    if name in facts.model.global_args or any(other.parent is stage for other in facts.model.stages):
        return f"{name} is seen by other stages too"
    if not uses:
        return f"no RUN names {name}, so what reads it is not known"
    for each in stage.steps[stage.steps.index(step) + 1 :]:
        if each in uses:
            reason = _unfit(facts, each, name, given[0][1] is None)
            if reason:
                return reason
            continue
        # what the application's code names is searched below
        reads = next(
            (unit for unit in each.units if unit.effects.opaque or (unit.effects.application and facts.unknown)), None
        )
        if reads:
            return f"{reads.command.called} in line {each.line} may read {name} too"
    others = [
        node
        for node in facts.tree.instructions
        if node is not step.instruction and word.search(node.text) and node not in [each.instruction for each in uses]
    ]
    if others:
        return f"line {others[0].line} names {name} too"
    known = {file for files in _manifests(facts, name).values() for file in files}
    mention = next(
        (
            each
            for each in facts.application.search(word.pattern.encode())
            if each.file not in known and not posixpath.basename(each.file).lower().startswith("dockerfile")
        ),
        None,
    )
    return f"{mention.file}:{mention.line} names {name} too" if mention else ""


def _unfit(facts: Facts, step: Step, name: str, unset: bool) -> str:
    """Why a step that uses a credential cannot take it from a mount; ``unset``: the variable is not set where none is given."""
    if not chained(step) or _mounted(facts, step, [name]) is None:
        return f"{step.keyword} in line {step.line} uses {name}, and is not commands joined by &&"
    if any(_word(name).search(flag.value or "") for flag in step.instruction.flags):
        return f"a flag of the RUN in line {step.line} names {name}"
    if unset and re.search(_ASKS_WHETHER_SET % (name, name), step.instruction.args):
        return f"the RUN in line {step.line} asks whether {name} is set"
    return ""


def _mounted(facts: Facts, step: Step, names: list[str]) -> Instruction | None:
    """A RUN with secrets mounted and put into the variables that its commands know; None where that can't be done."""
    mode = "" if step.state.is_root else ",mode=0444"  # who else may run it could not read the file
    exports = [f'export {name}="$(cat /run/secrets/{name})"' for name in names]
    run = prepend(facts.tree, step.instruction, exports)
    return run and with_flags(facts.tree, run, [f"--mount=type=secret,id={name}{mode}" for name in names])
