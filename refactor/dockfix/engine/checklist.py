"""A checklist for an image: what of it holds for a Dockerfile as it stands, what would hold with the changes, and why the rest does not.

The items are those of guides for small and safe images; what only a build or a scanner can tell is said to be open.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from dockfix import knowledge
from dockfix.engine.nets.packages import left_behind
from dockfix.engine.nets.view import View
from dockfix.engine.registry import transforms
from dockfix.engine.results import Item, Note
from dockfix.facts import Facts, from_context
from dockfix.facts.runs_only import runs_only
from dockfix.managers.verbs import language_install, only_installers, system_install
from dockfix.model.stages import Step

_LIMITS = {"python": 200_000_000, "node": 300_000_000}  # bytes of an image


class _Found(NamedTuple):
    """Whether an item holds, None where it is no matter or open (``open``); why, and where."""

    holds: bool | None
    why: str
    line: int = 0
    is_open: bool = False
    limit: int = 0


def checklist(before: View, after: View, notes: Mapping[str, Iterable[Note]]) -> tuple[Item, ...]:
    """The items for a file; ``notes`` are those of the run by kind: changes, unsafe, refusals."""
    return tuple(_item(*each, before, after, notes) for each in _ITEMS)


def _item(
    name: str,
    title: str,
    ask: Callable[[View], _Found],
    before: View,
    after: View,
    notes: Mapping[str, Iterable[Note]],
) -> Item:
    by = [each.id for each in transforms() if name in each.sees_to]
    old, new = ask(before), ask(after)
    if old.holds is None and new.holds is not False:
        return Item(name, title, "open" if old.is_open else "no matter", old.why, old.line, limit=old.limit)
    if old.holds and new.holds is not False:
        return Item(name, title, "met", new.why or old.why, new.line or old.line)
    if new.holds is not False:
        made = sorted(
            (note for note in notes["changes"] if note.transform in by), key=lambda note: by.index(note.transform)
        )
        why = made[0].message if made else new.why
        return Item(name, title, "would be met", why, old.line, tuple(dict.fromkeys(note.transform for note in made)))
    for kind in ("unsafe", "refusals"):
        said = next((note for name in by for note in notes[kind] if note.transform == name), None)
        if said is not None:
            more = f"{said.transform} would see to it with --unsafe: " if kind == "unsafe" else f"{said.transform}: "
            return Item(name, title, "not met", f"{old.why}; {more}{said.message}", old.line or said.line)
    asked = next((each for each in transforms() if name in each.sees_to and each.safety == "on request"), None)
    more = f"; --select {asked.id} would see to it" if asked is not None else ""
    return Item(name, title, "not met", f"{old.why}{more}", old.line)


# --- the items --------------------------------------------------------------------------------------------------------


def _syntax(view: View) -> _Found:
    found = next((node for node in view.tree.directives if node.name == "syntax"), None)
    if found is not None:
        return _Found(True, found.value, found.line)
    return _Found(False, "no front end is named: the engine's own builds it", 1)


def _slim(view: View) -> _Found:
    stage = view.facts.final
    line, image = stage.lineage[0].start.line, stage.image
    if image is None:
        if runs_only(stage.base or "") is not None:
            return _Found(True, f"{stage.base} only runs programs", line)
        return _Found(None, f"{stage.base or 'the base image'} is not known", line, True)
    if image.variant == "full":
        return _Found(False, f"{stage.base} is a full image", line)
    return _Found(True, f"{stage.base}", line)


def _stages(view: View) -> _Found:
    stages = view.facts.model.stages
    start = stages[-1].start.line
    carried = next((step for step in stages[-1].of("COPY") if step.copy is not None and step.copy.origin), None)
    if carried is not None and len(stages) > 1:
        return _Found(True, f"{len(stages)} stages", carried.line)
    return _Found(
        False, "one stage builds and runs" if len(stages) == 1 else "the last stage takes nothing from others", start
    )


def _installs(facts: Facts) -> list[Step]:
    """The steps that install packages of a language."""
    return list(
        dict.fromkeys(
            step
            for stage in facts.model.stages
            for step, unit in stage.units
            if (install := language_install(unit.effects.action)) is not None and not only_installers(install)
        )
    )


def _dependencies_first(view: View) -> _Found:
    facts = view.facts
    installs = _installs(facts)
    if not installs:
        return _Found(None, "no packages of a language are installed")
    manifests = {name for manifest in facts.every_manifest.values() for name in manifest.files}
    for step in installs:
        stage = facts.stage_of[step]
        for each in stage.steps[: stage.steps.index(step)]:
            taken = facts.copies.get(each)
            if from_context(each) and (taken is None or not taken.files <= manifests):
                return _Found(
                    False,
                    f"the {each.keyword} in line {each.line} brings more than manifests before the install",
                    each.line,
                )
    return _Found(True, "manifests come before the source", installs[0].line)


def _cache_mounts(view: View) -> _Found:
    installs = _installs(view.facts)
    if not installs:
        return _Found(None, "no packages of a language are installed")
    for step in installs:
        mounts = [flag.value or "" for flag in step.instruction.flags if flag.name == "mount"]
        if not any("type=cache" in mount for mount in mounts):
            return _Found(False, "what is downloaded is fetched anew by each build", step.line)
    return _Found(True, "", installs[0].line)


def _user(view: View) -> _Found:
    end, step = view.facts.final.end, view.facts.final.last("USER")
    line = step.line if step is not None else 0
    if end.user is None:
        return _Found(None, "whom the base image runs as is not known", line, True)
    if end.is_root:
        return _Found(False, "the program runs as root", line)
    return _Found(True, f"it runs as {end.user}", line)


def _health(view: View) -> _Found:
    step = view.facts.final.last("HEALTHCHECK")
    if step is None or step.instruction.inner is None:
        return _Found(False, "nothing asks whether the program still answers", step.line if step is not None else 0)
    return _Found(True, "", step.line)


def _ignore_file(view: View) -> _Found:
    context = view.facts.context
    if not any(from_context(step) for stage in view.facts.model.stages for step in stage.of("COPY", "ADD")):
        return _Found(None, "nothing of the build context is copied")
    if context.read(context.ignore_name) is None:
        return _Found(False, f"there is no {context.ignore_name}")
    return _Found(True, context.ignore_name)


def _leftovers(view: View) -> _Found:
    final = view.stages[-1]
    for run in final.runs:
        install = system_install(run.unit.effects.action)
        for package in install.asked if install is not None else ():
            if knowledge.build_only(package.name) is not None:
                return _Found(False, f"{package.name}, which only building needs, is in the image", run.step.line)
    left = left_behind(final)
    if left:
        return _Found(False, f"{left[0][0]} stays in the image", left[0][1])
    return _Found(True, "")


def _scan(view: View) -> _Found:
    return _Found(None, "dockfix scans nothing; trivy image or docker scout does", 0, True)


def _size(view: View) -> _Found:
    limit = _LIMITS["node" if view.facts.is_javascript else "python"]
    return _Found(None, f"--apply --verify measures whether it stays below {limit // 1_000_000} MB", 0, True, limit)


_ITEMS: tuple[tuple[str, str, Callable[[View], _Found]], ...] = (
    ("front end", "names the Dockerfile front end", _syntax),
    ("small base", "runs on a slim base image", _slim),
    ("stages", "builds in another stage than it runs in", _stages),
    ("dependencies first", "installs dependencies before the source is there", _dependencies_first),
    ("downloads", "keeps downloads between builds", _cache_mounts),
    ("user", "runs as a user without root's rights", _user),
    ("health check", "has a HEALTHCHECK", _health),
    ("ignore file", "keeps files out of the build context", _ignore_file),
    ("leftovers", "leaves nothing behind that only building needs", _leftovers),
    ("scan", "passes a scan for vulnerabilities", _scan),
    ("size", "is small", _size),
)
