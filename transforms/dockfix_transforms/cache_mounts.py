"""The ``cache-mounts`` transform."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

from dockfix.engine.transform import Edit, Outcome, Safety
from dockfix.facts import Facts
from dockfix.knowledge import role
from dockfix.model.commands import pip as pip_model
from dockfix.model.effects import AptClean, AptInstall, AptUpdate, PipCacheClean, PipInstall
from dockfix.model.stages import Stage, Step, script_of
from dockfix.syntax import Instruction
from dockfix.syntax.cut import command_spans, cut

from ._layout import own_comments

_PIP = "--mount=type=cache,target=/root/.cache/pip"
_APT = (
    "--mount=type=cache,target=/var/cache/apt,sharing=locked",
    "--mount=type=cache,target=/var/lib/apt,sharing=locked",
)
_KEEP_ARCHIVES = "rm -f /etc/apt/apt.conf.d/docker-clean"
# apt, other than apt-get, removes what it has downloaded unless it is told not to (apt.conf(5))
_KEEP_DOWNLOADS = " && echo 'Binary::apt::APT::Keep-Downloaded-Packages \"true\";' > /etc/apt/apt.conf.d/keep-cache"
_MOVED_CACHE = ("PIP_CACHE_DIR", "XDG_CACHE_HOME", "HOME")
_CONFIGURED = re.compile(r"(?m)^\s*(?:no-)?cache-dir\s*[=:]")
_PIP_CACHE = re.compile(r"(?:/root|~|\$HOME|\$\{HOME\})/\.cache(?:/pip(?![\w.-])|/?(?=[\s\"',]|$))")
_APT_CACHE = re.compile(r"/var/(?:cache|lib)/apt(?![\w.-])")
_OLD_SYNTAX = re.compile(r"docker/dockerfile(?::1\.[01](?:\.|$)|:.*experimental)|docker/dockerfile-upstream")


class CacheMounts:
    """Keep the caches of pip and apt between builds.

    What it does
        Gives each RUN that installs Python packages a BuildKit cache mount on pip's cache, and takes away what would
        defeat it: ``--no-cache-dir`` and the removal of the cache. In a builder stage the RUNs that install apt packages get
        mounts on apt's archives and lists, with ``sharing=locked``; the removal of the lists goes, and so does docker-clean,
        which would empty the archives. The final stage keeps plain apt RUNs, so that nothing of it changes.

    Why
        A change of one requirement then downloads and compiles one package, not all of them. The cache never
        lands in the image.

    Example
        RUN pip install --no-cache-dir \\       RUN --mount=type=cache,target=/root/.cache/pip \\
            -r requirements.txt                     pip install -r requirements.txt

    Fix safety
        Safe. Where packages may be compiled the cache gets an id of its own for the base image, since a wheel that was linked
        with one image's libraries may not work in another. Needs BuildKit, Docker's builder since version 23. Left alone where
        pip does not run as root, where a variable or pip's configuration moves or disables the cache, or where an older front
        end is pinned by ``# syntax=``.
    """

    id: ClassVar[str] = "cache-mounts"
    title: ClassVar[str] = "keep pip's and apt's caches between builds"
    safety: ClassVar[Safety] = "safe"
    order: ClassVar[int] = 50
    atomic: ClassVar[bool] = False
    options: ClassVar[Mapping[str, str]] = {}

    def apply(self, facts: Facts) -> Outcome:
        """Adds mounts RUN by RUN."""
        pinned = next(
            (node for node in facts.tree.directives if node.name == "syntax" and _OLD_SYNTAX.search(node.value)), None
        )
        edits: list[Edit] = []
        refusals: list[tuple[int, str]] = []
        for stage in facts.model.stages:
            apt = _apt_runs(facts, stage)
            for step in stage.of("RUN"):
                pip = _wants_pip(step)
                if not pip and step not in apt:
                    continue
                reason = (
                    f"the front end {pinned.value} has no cache mounts"
                    if pinned
                    else _blocker(facts, stage, step)
                    if pip
                    else ""
                )
                if reason:
                    refusals.append((step.line, reason))
                    pip = False
                if not pip and (step not in apt or pinned):
                    continue
                edit = _edit(facts, stage, step, pip, step in apt)
                if edit and apt and step is apt[0]:
                    edits += _keeping_archives(facts, edit, stage)
                elif edit:
                    edits.append(edit)
        return Outcome(edits, refusals=refusals)


def _wants_pip(step: Step) -> bool:
    mounts = [flag.value or "" for flag in step.instruction.flags if flag.name == "mount"]
    return any(isinstance(unit.effects.action, PipInstall) for unit in step.units) and not any(
        "type=cache" in mount and "pip" in mount for mount in mounts
    )


def _taken_out(facts: Facts, cache: re.Pattern[str]) -> bool:
    """Whether another stage or a command takes files out of a cache: a mount keeps them out of the image."""
    for stage in facts.model.stages:
        for step in stage.steps:
            flags = " ".join(flag.value or "" for flag in step.instruction.flags if "from=" in (flag.value or ""))
            sources = " ".join(step.copy.sources) if step.copy is not None and step.copy.origin is not None else ""
            if cache.search(f"{sources} {flags}") or any(
                cache.search(unit.command.text) and unit.command.name != "rm" for unit in step.units
            ):
                return True
    return False


def _blocker(facts: Facts, stage: Stage, step: Step) -> str:
    if stage.python is not None and stage.python.variant == "windows":
        return "pip's cache lies elsewhere on Windows"
    if not step.state.is_root:
        return "pip does not run as root here, so its cache lies elsewhere"
    if _taken_out(facts, _PIP_CACHE):
        return "files are taken out of pip's cache"
    if any(flag.name == "mount" and "/root/.cache" in (flag.value or "") for flag in step.instruction.flags):
        return "another mount lies over the cache"
    for unit in step.units:
        variables = {**unit.state.args, **unit.state.env, **dict(unit.command.assignments)}
        if not isinstance(unit.effects.action, PipInstall):
            continue
        if any(name in variables for name in _MOVED_CACHE):
            return f"{next(name for name in _MOVED_CACHE if name in variables)} moves pip's cache"
        if "PIP_NO_CACHE_DIR" in variables:
            return "PIP_NO_CACHE_DIR switches pip's cache off"
        if any("cache-dir" in word.text and "no-cache" not in word.text for word in unit.command.words):
            return "--cache-dir moves pip's cache"
        configuration = _configuration(facts, stage, unit.state.env)
        if configuration:
            return f"{configuration} moves pip's cache or switches it off"
    for unit in step.units:
        if (
            unit.effects.action is None
            and any(path.startswith("/root/.cache") or path == "/root" for path in unit.effects.writes)
            and unit.command.name == "rm"
        ):
            return f"{unit.command.text} would fail on a mounted cache"
        if unit.effects.opaque and ".cache" in unit.command.text:
            return "a command of the RUN works on the cache itself"
    return ""


def _configuration(facts: Facts, stage: Stage, variables: Mapping[str, str]) -> str:
    """What of pip's configuration says something of its cache: a file of the build context, or a command; "" for nothing."""
    if any(
        re.match(r"\S*pip[0-9.]* config .*cache-dir", unit.command.text)
        for stage in facts.model.stages
        for _, unit in stage.units
    ):
        return "pip config"
    for path in (*pip_model.CONFIGURATION_FILES, variables.get("PIP_CONFIG_FILE", "")):
        name = facts.layouts.of(stage).file(path)
        if name is not None and _CONFIGURED.search(facts.context.read(name) or ""):
            return name
    return ""


def _apt_runs(facts: Facts, stage: Stage) -> list[Step]:
    """The RUNs of a builder stage that may share apt's caches; all of its RUNs that use apt, or none."""
    if (
        stage is facts.final
        or any(other.parent is stage for other in facts.model.stages)
        or _taken_out(facts, _APT_CACHE)
    ):
        return []
    runs: list[Step] = []
    for step in stage.of("RUN"):
        uses = [unit for unit in step.units if isinstance(unit.effects.action, AptInstall | AptUpdate)]
        if any(
            re.search(r"\bapt(-get|itude)?\b|\bdpkg\b", unit.command.text) for unit in step.units if unit.effects.opaque
        ):
            return []
        if any(flag.name == "mount" and "apt" in (flag.value or "") for flag in step.instruction.flags):
            return []
        if uses and not step.state.is_root:
            return []
        if uses and not isinstance(uses[0].effects.action, AptUpdate):
            return []  # its lists come from an earlier layer, which a mount would hide
        if uses:
            runs.append(step)
    installs = any(isinstance(unit.effects.action, AptInstall) for step in runs for unit in step.units)
    return runs if installs else []


def _identity(stage: Stage) -> str:
    """An id of its own for a cache in which compiled wheels land.

    pip does not ask which libraries, or which libc, a wheel of its cache was linked with; another base image must not get it.
    """
    compiles = (
        stage.python is None
        or stage.python.variant != "slim"
        or any(
            role(package.name) in {"build", "dev"}
            for _, unit in stage.units
            if isinstance(unit.effects.action, AptInstall)
            for package in unit.effects.action.packages
        )
    )
    base = re.sub(r"[^A-Za-z0-9]+", "-", (stage.base or stage.start.words[0]).partition("@")[0]).strip("-")
    return f",id=pip-{base}" if compiles else ""


def _edit(facts: Facts, stage: Stage, step: Step, pip: bool, apt: bool) -> Edit | None:
    """The RUN with its mounts and without what would defeat them."""
    parsed = script_of(step.instruction, step.state.shell)
    if parsed is None or step.instruction.json is not None:
        return None
    dropped = {
        index
        for index, unit in enumerate(step.units)
        if (pip and isinstance(unit.effects.action, PipCacheClean))
        or (apt and isinstance(unit.effects.action, AptClean))
    }
    if len(dropped) == len(step.units):
        return None
    commands = [unit.command for unit in step.units]
    removed = command_spans(step.instruction.text, parsed[0].text, commands, dropped, step.raw)
    words = [
        word
        for index, unit in enumerate(step.units)
        if pip and index not in dropped and isinstance(unit.effects.action, PipInstall)
        for word in unit.effects.action.no_cache
    ]
    removed += [step.raw(word.start, word.end) for word in words]
    text = cut(step.instruction.text, facts.tree.escape, removed, keep_comments=True)
    mounts = [*((_APT) if apt else ()), *((_PIP + _identity(stage),) if pip else ())]
    run = Instruction(_insert(facts, text, mounts), step.line, facts.tree.escape)
    return Edit(step.instruction, (run,), step.line, _reason(pip, apt, bool(words or dropped)))


def _keeping_archives(facts: Facts, edit: Edit, stage: Stage) -> list[Edit]:
    """The edit of the first apt RUN, with a RUN above it and its comments that stops the image from emptying apt's archives."""
    plain = any(unit.command.name == "apt" for _, unit in stage.units)
    keep = _KEEP_DOWNLOADS if plain else ""
    comments = own_comments(facts.tree, edit.node) if isinstance(edit.node, Instruction) else ()
    new = facts.tree.snippet(f"RUN {_KEEP_ARCHIVES}{keep}\n" + ("\n" if comments else ""), edit.line)
    if comments:
        return [Edit(comments[0], (*new, comments[0]), edit.line, ""), edit]
    return [replace(edit, replacement=(*new, *edit.replacement))]


def _insert(facts: Facts, text: str, mounts: list[str]) -> str:
    """``text`` with flags put behind the keyword, each on its own line, as the file continues its lines."""
    end = len(text) - len(text.lstrip()) + len("RUN")
    rest = text[end:].lstrip(" \t")
    newline = facts.tree.newline
    joint = f" {facts.tree.escape}{newline}    "
    return f"{text[:end]} {joint.join(mounts)}{joint}{rest}"


def _reason(pip: bool, apt: bool, cleaned: bool) -> str:
    what = "apt and pip keep their caches" if apt and pip else f"{'apt' if apt else 'pip'} keeps its cache"
    return f"{what} between builds" + ("; what switched it off or emptied it goes" if cleaned else "")
