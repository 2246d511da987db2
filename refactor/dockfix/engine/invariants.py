"""What every transform has to leave as it was. A pass that breaks one of these is rolled back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from dockfix.managers.verbs import language_install
from dockfix.model.actions import Clean, Install, Make, Provide, Refresh, ShellState
from dockfix.model.reason import Declared
from dockfix.model.stages import Model, Stage
from dockfix.syntax import Comment, Directive, Dockerfile, Instruction, pairs, parse, problems

_LAST_WINS: Mapping[str, Declared] = {
    "CMD": Declared("CMD"),
    "ENTRYPOINT": Declared("ENTRYPOINT"),
    "HEALTHCHECK": Declared("HEALTHCHECK"),
    "STOPSIGNAL": Declared("STOPSIGNAL"),
}
_COLLECTED: Mapping[str, Declared] = {
    "EXPOSE": Declared("EXPOSE"),
    "VOLUME": Declared("VOLUME"),
    "ONBUILD": Declared("ONBUILD"),
}


def configuration(stage: Stage) -> Mapping[Declared, object]:
    """The image configuration that a stage gives, part by part, with variables filled in as far as they are known."""
    chain = stage.lineage
    result: dict[Declared, object] = {}
    labels: dict[str, object] = {}
    for each in chain:
        for step in each.steps:
            if step.keyword in _LAST_WINS:
                shell = step.state.shell if step.instruction.json is None else None
                result[_LAST_WINS[step.keyword]] = (_words(step.instruction), shell)
            elif step.keyword in _COLLECTED:
                part = _COLLECTED[step.keyword]
                result[part] = (*_tuple(result.get(part)), _words(step.instruction))
            elif step.keyword == "LABEL":
                labels.update(pairs(step.instruction, step.state.variables))
    end = stage.end
    result |= {Declared("LABEL", name): value for name, value in labels.items()}
    result |= {Declared("ENV", name): value for name, value in end.env.items()}
    return result | {Declared("WORKDIR"): end.workdir, Declared("USER"): end.user, Declared("SHELL"): end.shell}


def _tuple(value: object) -> tuple[object, ...]:
    return value if isinstance(value, tuple) else ()


def _words(node: Instruction) -> object:
    return node.json if node.json is not None else (tuple((flag.name, flag.value) for flag in node.flags), node.args)


def comments(tree: Dockerfile) -> Counter[str]:
    """Every comment and directive with how often it stands: own lines, inside continuations, inside RUN heredocs."""
    found: Counter[str] = Counter()
    for node in tree.nodes:
        if isinstance(node, Comment | Directive):
            found[node.text.strip()] += 1
        elif isinstance(node, Instruction):
            found.update(comment.strip() for comment in node.inner_comments)
            for heredoc in node.heredocs:
                found.update(line.strip() for line in heredoc.body.split("\n") if line.lstrip().startswith("#"))
    return found


@dataclass(frozen=True)
class Violation:
    """What an edit broke, in words; ``undeclared`` are the declarations that would have allowed it, none where nothing would."""

    text: str
    undeclared: tuple[Declared, ...] = ()

    def __str__(self) -> str:
        """With what the author of the transform, or else the user, can do about it."""
        if self.undeclared:
            wanted = " and ".join(declared.source for declared in self.undeclared)
            return f"{self.text}; the transform has to declare {wanted}"
        return f"{self.text}; please report this"


def violations(before: Model, after: Model, declares: frozenset[Declared]) -> list[Violation]:
    """What an edit broke; empty where all holds."""
    found: list[Violation] = []
    reparsed = parse(str(after.tree))
    if [node.text for node in reparsed.nodes] != [node.text for node in after.tree.nodes]:
        found.append(Violation("the new text reads differently when parsed again"))
    found += [
        Violation(f"the new text has an error in line {problem.line}: {problem.message}")
        for problem in problems(reparsed)[:1]
    ]
    kept = comments(after.tree)
    lost = [text for text in comments(before.tree) if not kept[text]]
    found += [Violation(f"a comment is lost: {text}") for text in lost[:1]]
    old, new = configuration(before.final), configuration(after.final)
    for part in sorted(old.keys() | new.keys(), key=str):
        if old.get(part) != new.get(part) and part not in declares:
            said = f"{part} of the image would change from {old.get(part)!r} to {new.get(part)!r}"
            found.append(Violation(said, (part,)))
    if not _same_installs(_installs(before), _installs(after)):
        found.append(Violation("the Python packages that are installed would change"))
    if _bodies(before.tree) - _bodies(after.tree):
        found.append(Violation("a heredoc is lost"))
    found += _lost_steps(before.final, after.final, declares)
    return found


class _Asked(NamedTuple):
    """What a manager is asked to install, whatever the place and the cache."""

    manager: str
    manifests: tuple[str, ...]
    constraints: tuple[str, ...]
    words: tuple[str, ...]
    projects: tuple[str, ...]
    editable: tuple[str, ...]
    groups: frozenset[str]


def _installs(model: Model) -> Counter[_Asked]:
    """What managers of languages are asked to install over all stages."""
    return Counter(
        _Asked(
            install.manager.id,
            install.manifests,
            install.constraints,
            tuple(package.word.text for package in install.asked),
            install.projects,
            install.editable,
            install.groups,
        )
        for stage in model.stages
        for _, unit in stage.units
        if (install := language_install(unit.effects.action)) is not None
    )


def _same_installs(before: Counter[_Asked], after: Counter[_Asked]) -> bool:
    """Whether all installs are there still, and others only bring beforehand what one of them brings without its projects."""
    added = after - before
    return not before - after and all(
        any(
            each._replace(projects=()) == one._replace(projects=()) and set(each.projects) < set(one.projects)
            for one in before
        )
        for each in added
    )


def _bodies(tree: Dockerfile) -> Counter[str]:
    return Counter(heredoc.body for node in tree.instructions if node.keyword != "RUN" for heredoc in node.heredocs)


def _lost_steps(before: Stage, after: Stage, declares: frozenset[Declared]) -> list[Violation]:
    """Commands that must stay in the final stage, in their order, and do not."""
    movable = (Install, Make, Provide, Refresh, Clean, ShellState)
    kept = iter([unit.command.text for _, unit in after.units])
    return [
        Violation(
            f"the RUN in line {step.line} would no longer run: {unit.command.text}",
            (Declared("RUN", unit.command.text),),
        )
        for step, unit in before.units
        if not isinstance(unit.effects.action, movable)
        and Declared("RUN", unit.command.text) not in declares
        and unit.command.text not in kept
    ][:1]
