"""Access: who the image names as a user is one, and where the program runs as another user it can still write where it could."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from dockfix.engine.nets.view import Pair, Run, Seen, Violation
from dockfix.facts.overwritten import brought_again
from dockfix.facts.ownership import gets_owner, made_folders, new_folders
from dockfix.lazy import regex
from dockfix.model.commands.users import DATABASE
from dockfix.model.effects import within
from dockfix.model.reason import Declared
from dockfix.model.stages import Step

# Users and groups that are in Debian's, Ubuntu's or Alpine's base images, or in those of a language
_USERS = """
root daemon bin sys adm man lp mail news www-data backup list games staff users nobody nogroup _apt node ubuntu wheel shadow
"""
_KNOWN = frozenset(_USERS.split())
_NAME = regex(r"[A-Za-z_][\w.-]*")
_ROOT = {"", "0", "root"}


def users(pair: Pair) -> Iterator[Violation]:
    """The users and groups that the edit names and that nothing in the stage makes."""
    image = pair.new.stage.image
    known = _KNOWN | pair.old.ask(_named).keys() | ({image.user.name} if image is not None and image.user else set())
    for name, line in pair.new.ask(_named).items():
        if name not in known and not _made(pair.new, name):
            yield Violation(f"line {line} names the user {name}, which nothing makes")
            return
    for seen in pair.change.after.stages[:-1]:
        for name, line in seen.ask(_named).items():
            if name not in _KNOWN and _made(pair.old, name) and not _made(seen, name):
                yield Violation(f"line {line} names the user {name}, which nothing makes in its stage")
                return


def _named(seen: Seen) -> Mapping[str, int]:
    """The users and groups that a stage names in USER, ``--chown`` and ``chown``, each with a line."""
    texts: list[tuple[str, int]] = []
    for step in (step for stage in seen.stage.lineage for step in stage.steps):
        if step.keyword == "USER":
            texts.append((step.instruction.args, step.line))
        elif step.copy is not None:
            texts += [(flag.value or "", step.line) for flag in step.instruction.flags if flag.name == "chown"]
    texts += [(owner, run.step.line) for run in seen.runs if (owner := _owner(run))]
    return {name: line for text, line in texts for name in text.split(":") if _NAME.fullmatch(name)}


def _made(seen: Seen, name: str) -> bool:
    """Whether a command of a stage makes a user or group, or may."""
    word = re.compile(rf"(?<![\w-]){re.escape(name)}(?![\w-])")
    return any(_makes_users(run) and word.search(run.text) for run in seen.runs)


def _makes_users(run: Run) -> bool:
    effects = run.unit.effects
    return effects.unbounded or any(path in DATABASE for path in effects.writes)


def _owner(run: Run) -> str:
    """To whom a command gives files, "" where it does not."""
    if run.unit.command.name not in {"chown", "chgrp"}:
        return ""
    return next((word.value or "" for word in run.unit.command.args if not word.text.startswith("-")), "")


def root(pair: Pair) -> Iterator[Violation]:
    """A program that had no rights of root and gets them: nothing can declare that."""
    before, after = pair.old.stage.end, pair.new.stage.end
    if before.user and not before.is_root and after.is_root:
        yield Violation(f"the program would run as root instead of {before.user}")


def writable(pair: Pair) -> Iterator[Violation]:
    """What the program could write as root and cannot as the user that it becomes."""
    before, after = pair.old.stage.end, pair.new.stage.end
    if before.is_root and not after.is_root and after.user is not None:
        for path, said in _kept_closed(pair, after.workdir or "/"):
            if not pair.change.declared.allow_file(path, "OWNER"):
                yield Violation(said, (Declared("OWNER", path),))
                return


def _kept_closed(pair: Pair, workdir: str) -> Iterator[tuple[str, str]]:
    """The paths that would stay root's, each with what that means."""
    facts, given = pair.change.before.facts, list(_given(pair.new))
    for path in (workdir, *facts.ask(made_folders), *facts.ask(new_folders)):
        handed = any(path == each or (below and within(path, each)) for each, below, _ in given)
        if not handed and not any(path != folder and within(path, folder) for folder in _carried(pair.new)):
            yield path, f"{path} would belong to root, and the program could no longer write it"
    opaque = [
        number for number, run in enumerate(pair.new.runs) if run.unit.effects.unbounded and run.unit.state.is_root
    ]
    if opaque and not any(below and number > opaque[-1] and within(workdir, each) for each, below, number in given):
        yield workdir, f"what {pair.new.runs[opaque[-1]].text} leaves in {workdir} would belong to root"
    for step in pair.new.stage.of("COPY", "ADD"):
        target = step.copy.target if step.copy is not None else None
        again = brought_again(pair.change.after.facts, step)
        owned = _has_owner(step) or (bool(again) and all(map(_has_owner, again)))
        owned = owned or any(below and within(target or "/", each) for each, below, _ in given)
        if target and not owned and gets_owner(pair.change.after.facts, step):
            yield target, f"what the {step.keyword} in line {step.line} copies would belong to root"


def _has_owner(step: Step) -> bool:
    return any(flag.name == "chown" for flag in step.instruction.flags)


def _carried(seen: Seen) -> Iterator[str]:
    """The folders that come from another stage and belong, with all that lies below, to another than root."""
    for step in seen.stage.of("COPY"):
        owner = next((flag.value or "" for flag in step.instruction.flags if flag.name == "chown"), "")
        if step.copy is not None and step.copy.origin is not None and owner.partition(":")[0] not in _ROOT:
            yield step.copy.target or ""


def _given(seen: Seen) -> Iterator[tuple[str, bool, int]]:
    """The paths that commands give to another than root, whether with all that lies below, and when."""
    for number, run in enumerate(seen.runs):
        if _owner(run).partition(":")[0] not in _ROOT:
            below = any(re.match(r"-\w*R|--recursive", word.text) for word in run.unit.command.args)
            yield from ((path, below, number) for path in run.unit.effects.writes)
