"""What every transform has to leave as it was. A pass that breaks one of these is rolled back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from dockfix.engine.nets.access import root, users, writable
from dockfix.engine.nets.artefacts import (
    artefacts,
    artefacts_of_commands,
    base_images,
    builds,
    installs,
    made_elsewhere,
    managers,
)
from dockfix.engine.nets.commands import commands, files_of_commands, installs_as_before
from dockfix.engine.nets.configuration import settings
from dockfix.engine.nets.files import files, owners
from dockfix.engine.nets.packages import leftovers, lists, packages, packages_of_commands, packages_of_installs
from dockfix.engine.nets.text import comments, text, words
from dockfix.engine.nets.view import Change, Declarations, Pair, View, Violation, told
from dockfix.model.reason import Declared

_OF_FILES: tuple[Callable[[Change], Iterator[Violation]], ...] = (words, settings, installs, installs_as_before)
_OF_STAGES: tuple[Callable[[Pair], Iterator[Violation]], ...] = (
    base_images,
    commands,
    artefacts,
    builds,
    made_elsewhere,
    artefacts_of_commands,
    managers,
    packages,
    packages_of_commands,
    packages_of_installs,
    lists,
)
_OF_COPIES: tuple[Callable[[Pair], Iterator[Violation]], ...] = (files, files_of_commands)
_OF_THE_IMAGE: tuple[Callable[[Pair], Iterator[Violation]], ...] = (leftovers, owners, users, root, writable)


def violations(before: View, after: View, declares: Iterable[Declared]) -> list[Violation]:
    """What an edit broke; empty where all holds."""
    declared = Declarations(declares)
    change = Change(before, after, declared)
    found = list(text(change))
    if found:
        return found
    found = [violation for net in _OF_FILES for violation in net(change)]
    found += _of_stage(change.image, (*_OF_STAGES, *_OF_THE_IMAGE))
    for seen in before.stages[:-1]:
        pair = change.pair(seen)
        if pair is not None:
            found += _of_stage(pair, _OF_STAGES)
        else:
            found.append(Violation(f"the stage {seen.stage.name or seen.stage.index} would be gone"))
    if not found:
        said = "the transform declares that it alters {}, which stays as it is; it must not"
        found += [Violation(said.format(part), advice="") for part in declared.idle()]
    return found


def _of_stage(pair: Pair, nets: Iterable[Callable[[Pair], Iterator[Violation]]]) -> list[Violation]:
    """What is broken of one stage; a net whose part of it is as it was has nothing to say."""
    asked = [*(nets if pair.is_rewritten else ()), *(_OF_COPIES if pair.is_rewritten or pair.gets_others else ())]
    return [violation for net in asked for violation in net(pair)]


__all__ = ["View", "Violation", "comments", "told", "violations"]
