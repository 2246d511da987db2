"""The ``dockerignore`` transform."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from dockfix.context.submodules import absent
from dockfix.engine.options import Option
from dockfix.engine.transform import Outcome, Transform, refuse
from dockfix.facts import Facet, Facts
from dockfix.facts.unknown_base import unread_install
from dockfix.knowledge.ignore_groups import IgnoreGroup, ignore_groups
from dockfix.model.reason import Declared, unseen
from dockfix.model.stages import Stage

from ._ignore_choice import EVERYTHING, Chooser, is_known, language_installs
from ._ignore_loss import breaks, taken_away


class Dockerignore(Transform):
    """Keep files out of the build context that the image does not need.

    What it does
        Makes a ``.dockerignore`` where a COPY takes a whole folder: for what would be a leak or break the image as soon as it
        is there (version control, ``.env`` and keys, compiled files, environments), and for what the context has now of caches,
        editors' folders and documents that nothing names; files of the context's own folder only where a COPY may take them.
        With ``dockerignore.everything=true`` it names all of these. One that is there already keeps its lines; what it lacks goes
        below them, in one block: which of an author's groups a pattern belongs to would be a guess, the last line that matches
        counts, and a later run adds to the same block.

    Why
        A smaller context is sent faster, a change of a README rebuilds nothing, and secrets stay out of the image.

    Example
        (no .dockerignore)                      .git
                                                **/.env
                                                **/__pycache__

    Fix safety
        Safe. A pattern is left out where it would take away a file that a COPY, a requirements file, another Dockerfile
        or the sources name; a key that the program reads stays, with a warning. Unsafe is keeping out a ``.env`` that the
        program reads by itself, unless a Compose file gives it the same settings. Where the version comes from git, no file that
        git may track is taken away.
    """

    facets: ClassVar[frozenset[Facet]] = frozenset({"ignore file"})
    title: ClassVar[str] = "keep files out of the build context"
    after: ClassVar[frozenset[str]] = frozenset({"cache-mounts"})
    may_break: ClassVar[tuple[str, ...]] = ("files",)
    options: ClassVar[tuple[Option[Any], ...]] = (EVERYTHING,)
    sees_to: ClassVar[frozenset[str]] = frozenset({"ignore file"})

    def apply(self, facts: Facts) -> Outcome:
        """Writes the file that goes with the Dockerfile."""
        if not is_known(facts) and not _is_built_elsewhere(facts):
            unread = facts.ask(unread_install)
            said = unread.text if unread is not None else "neither pip nor npm nor their like install anything here"
            return refuse(f"{said}, so which files the image needs is not known")
        submodule = absent(facts.context, facts.copies.values())
        if submodule and not facts.located.certain:
            return refuse(
                f"{submodule} is a git submodule whose files are not here, so what a COPY takes of it is unknown"
            )
        if not facts.located.certain:
            return refuse(f"the build context is not known: {facts.located.reason}")
        if not any(copied.directories for copied in facts.copies.values()):
            return refuse("no COPY takes a folder, so only the named files reach the image")
        if facts.context.files() is None:
            return refuse("the build context could not be read completely")
        name = facts.context.ignore_name
        existing = facts.context.read(name) if facts.context.exists(name) else None
        if existing is None and facts.context.exists(name):
            return refuse(f"{name} could not be read")
        if submodule:
            said = f"{submodule} is a git submodule whose files are not here, and may have some that a pattern would take away"
            chosen = self._chosen(facts, existing, name)
            return replace(chosen, doubts=(*chosen.doubts, unseen(said)), certain=None) if chosen.files else chosen
        return self._chosen(facts, existing, name)

    def _chosen(self, facts: Facts, existing: str | None, name: str) -> Outcome:
        """The file with all patterns that take nothing away that is needed."""
        chooser = Chooser(facts, facts.context.file_names, existing)
        runtimes = _runtimes(facts)
        for group in ignore_groups():
            if (existing is None or group.complete) and group.runtime in {"", *runtimes}:
                chooser.add(group)
        certain = self._outcome(chooser, chooser.certain, name)
        if chooser.env_reader is None:
            return certain
        whole = self._outcome(chooser, chooser.chosen, name)
        if not whole.files:
            return certain
        return replace(
            whole,
            file_reason=f"{whole.file_reason}, and .env",
            refusals=(),
            warnings=(),
            doubts=(chooser.env_reader,),
            certain=certain,
        )

    def _outcome(self, chooser: Chooser, chosen: Mapping[IgnoreGroup, Sequence[str]], name: str) -> Outcome:
        """The file with these patterns."""
        if not chosen or chooser.is_idle(chosen):
            return Outcome(warnings=chooser.warnings)
        text = chooser.text(chosen)
        if breaks(chooser.facts, text):
            return refuse("the patterns would take away a file that a COPY names")
        what = f"{name} keeps out of the build context what the image does not need"
        lost = tuple(taken_away(chooser.facts, text))
        moved = _handed_on(chooser.facts, lost)
        if moved:
            said = f"{moved} comes to an image of another kind, which may hand it out"
            return refuse(said, chooser.facts.final.start.line)
        declares = frozenset(Declared("FILE", path) for path, _ in lost)
        return Outcome(files={name: text}, file_reason=what, warnings=chooser.warnings, declares=declares)


def _handed_on(facts: Facts, lost: Iterable[tuple[str, Stage]]) -> str:
    """A path of what a stage without a language of its own is given from another one, which has it elsewhere; "" for none."""
    final = facts.final
    if final.image is not None and final.image.runtime:
        return ""
    others = {path for path, stage in lost if stage is not final}
    return next((path for path, stage in lost if stage is final and path not in others), "") if others else ""


def _runtimes(facts: Facts) -> frozenset[str]:
    """The languages of an image: that of its base, or else those of what is installed, and those that were brought to it."""
    image = facts.final.image
    brought = frozenset(install.into.runtime for _, _, install in facts.front_ends)
    if image is not None and image.runtime:
        return brought | {image.runtime}
    return brought | frozenset(
        install.into.runtime for stage in facts.model.stages for install in language_installs(stage)
    )


def _is_built_elsewhere(facts: Facts) -> bool:
    """Whether packages are installed in another stage, and no folder goes to a stage whose base and language are not known."""
    known = {
        stage
        for stage in facts.model.stages
        if (stage.image is not None and stage.image.runtime) or any(True for _ in language_installs(stage))
    }
    taking = {facts.stage_of[step] for step, copied in facts.copies.items() if copied.directories}
    return any(any(True for _ in language_installs(stage)) for stage in known) and taking <= known
