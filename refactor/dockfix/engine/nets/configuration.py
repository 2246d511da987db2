"""The configuration of the image, as the instructions of its stages give it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dockfix.engine.nets.view import Change, Seen, Violation
from dockfix.model.reason import Declared
from dockfix.syntax import Instruction, pairs

_LAST_WINS: Mapping[str, Declared] = {
    "CMD": Declared("CMD"),
    "ENTRYPOINT": Declared("ENTRYPOINT"),
    "HEALTHCHECK": Declared("HEALTHCHECK"),
    "MAINTAINER": Declared("MAINTAINER"),
    "STOPSIGNAL": Declared("STOPSIGNAL"),
}
# What may say another thing and has to be there all the same
_STAYS = frozenset({"CMD", "ENTRYPOINT", "HEALTHCHECK"})
_COLLECTED: Mapping[str, Declared] = {
    "EXPOSE": Declared("EXPOSE"),
    "ONBUILD": Declared("ONBUILD"),
    "VOLUME": Declared("VOLUME"),
}


def settings(change: Change) -> Iterator[Violation]:
    """What the image's configuration would say otherwise, apart from what is declared."""
    old, new = change.image.old.ask(_configuration), change.image.new.ask(_configuration)
    if old == new:
        return
    for part in sorted((part for part in old.keys() | new.keys() if old.get(part) != new.get(part)), key=str):
        if change.declared.allow(part.part, part.name) is None:
            said = f"{part} of the image would change from {old.get(part)!r} to {new.get(part)!r}"
            yield Violation(said, (part,))
        elif part.part in _STAYS and part not in new:
            yield Violation(f"{part} of the image would be gone")


def _configuration(seen: Seen) -> Mapping[Declared, object]:
    """The configuration of an image, part by part, with variables filled in as far as they are known; build arguments too."""
    found: dict[Declared, object] = {}
    collected: dict[Declared, list[object]] = {}
    for name, value in seen.view.facts.model.global_args.items():
        collected.setdefault(Declared("ARG", name), []).append(value)
    for stage in seen.stage.lineage:
        for step in stage.steps:
            keyword, node = step.keyword, step.instruction
            if keyword in _LAST_WINS:
                found[_LAST_WINS[keyword]] = (_words(node), step.state.shell if node.json is None else None)
            elif keyword in _COLLECTED:
                collected.setdefault(_COLLECTED[keyword], []).append(_words(node))
            elif keyword == "LABEL":
                found.update((Declared("LABEL", name), value) for name, value in pairs(node, step.state.variables))
            elif keyword == "ARG":
                for name, value in pairs(node, step.state.variables):
                    collected.setdefault(Declared("ARG", name), []).append(value)
    end = seen.stage.end
    found |= {part: tuple(values) for part, values in collected.items()}
    found |= {Declared("ENV", name): value for name, value in end.env.items()}
    return found | {Declared("SHELL"): end.shell, Declared("USER"): end.user, Declared("WORKDIR"): end.workdir}


def _words(node: Instruction) -> object:
    return node.json if node.json is not None else (tuple((flag.name, flag.value) for flag in node.flags), node.args)
