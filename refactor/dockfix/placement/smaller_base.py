"""Whether the last part can start from a smaller image, and what it then has to install.

That is the slim image instead of the full one, and the official image instead of one that only adds a manager to it.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from dockfix import knowledge
from dockfix.context.program.model import UNKNOWN
from dockfix.dataclass import dataclass
from dockfix.facts import Facts
from dockfix.facts.left_open import left_open
from dockfix.lazy import regex
from dockfix.managers.protocol import LanguageManager
from dockfix.managers.registry import by_program
from dockfix.managers.verbs import system_install
from dockfix.model.actions import Provide, Refresh
from dockfix.model.reason import Declared, Reason, at, doubt
from dockfix.model.stages import Step, Unit
from dockfix.placement import smaller_javascript
from dockfix.placement.libraries import data_lost_on_slim, lost_on_slim, not_on_slim, suites
from dockfix.runtimes.closure import PLATFORMS, closure, distributions, targets
from dockfix.runtimes.needs import needed, run_time_compiler

# Python's own module for Tk, whose libraries only the full image has
_TK = rb"(?m)^\s*(?:import|from)\s+(?:tkinter|turtle|_tkinter)\b"


_SHOWN = "which libraries of the full image the Python packages need shows only in a build"
_MANY = 3  # names that are told
_LIBRARY = regex(r".*\.so(?:\.\d+)*")

_CHOSEN = "a build argument chooses its tag"
_NOT_FULL = "the base image is not a full Python image with a plain tag, nor one of Node.js"


@dataclass(frozen=True)
class SmallerBase:
    """``image`` is the slim reference; ``packages`` are those to install, each with the reason; ``tk`` whether Tk is used.

    ``doubt`` says why it could be too little, None where all that needs something of the full image is known. ``seen`` are the
    distributions of which that is known because another image was seen to hold them.
    """

    image: str
    packages: dict[str, str]
    tk: bool
    doubt: Reason | None
    seen: tuple[str, ...] = ()
    without: tuple[LanguageManager, ...] = ()
    declares: frozenset[Declared] = frozenset()


def smaller_base(facts: Facts, staying: Iterable[tuple[Step, Unit]], there: frozenset[str]) -> SmallerBase | Reason:
    """What the final stage needs on the slim image, or why the full one stays.

    ``staying`` are its commands, ``there`` the system packages that it installs by itself.
    """
    staying = list(staying)
    stage = facts.final
    reference = stage.start.words[0] if stage.start.words else ""
    plain = _plain(facts, staying, reference)
    if plain is not None and stage.image is not None and stage.image.variant != "full":
        return plain
    image = knowledge.slim_reference(plain.image if plain is not None else reference)
    if stage.image is None or stage.image.variant != "full" or not stage.image.with_slim or image is None:
        return at(_CHOSEN if "$" in reference else _NOT_FULL)
    unlisted = _without_index(staying)
    if unlisted is not None:
        return unlisted
    if facts.is_javascript:
        return _of_javascript(facts, image, staying, there)
    unread = facts.ask(left_open)
    if facts.unknown and unread is None:
        return facts.unknown
    unclear = next((step for step, unit in staying if unit.effects.opaque), None)
    if unclear:
        return at(f"what the {unclear.keyword} in line {unclear.line} needs of the full image is unknown")
    compilers = needed(facts, sorted(knowledge.full_compilers()), staying)
    reason = next(iter(compilers.values()), "")
    compiler = at(reason) if reason else run_time_compiler(facts)
    if compiler and compiler.weight == "blocks":
        return compiler
    loaded = lost_on_slim(facts)
    if isinstance(loaded, Reason):
        return loaded
    data = data_lost_on_slim(facts)
    if isinstance(data, Reason):
        return data
    releases = suites(facts)
    programs = knowledge.full_programs(releases)
    packages = {programs[name]: why for name, why in needed(facts, sorted(programs), staying).items()}
    held = facts.ask(closure).held
    compiled = {each.distribution.name for each in held if each.kind == "compiled"}
    lacks = list[str]()
    for distribution in sorted(distributions(facts)):
        needs = knowledge.python_needs(distribution)
        if needs is None:
            continue
        here = distribution in compiled or not needs.wheel_bundles
        names = needs.packages(releases, compiled=here)
        if names is None:
            lacks.append(f"{distribution}, whose libraries have other names in another release")
            names = needs.packages(releases)
        for name in names or ():
            packages.setdefault(name, f"the Python package {distribution} needs it")
    for each in held:
        if each.lack:
            lacks.append(each.lack)
            continue
        lost = not_on_slim(facts, each.needs or ())
        if lost is None:
            lacks.append(f"{each.distribution.name}, which needs {' '.join(sorted(each.needs or ()))}")
        for name in lost or ():
            packages.setdefault(name, f"the Python package {each.distribution.name} is linked with it")
    packages = {**loaded, **data, **packages}
    tk = bool(facts.application.search(_TK))
    if tk:
        packages["libtk8.6"] = "the code imports tkinter"
    for name in sorted(facts.hints.keep):
        packages.setdefault(name, facts.hints.keeps)
    return SmallerBase(
        image,
        _not_there(packages, there),
        tk,
        _and_compiler(unread or _doubt(facts, lacks) or _not_read(facts, staying), compiler)
        or (plain.doubt if plain is not None else None),
        tuple(each.distribution.name for each in held if each.seen),
        plain.without if plain is not None else (),
        plain.declares if plain is not None else frozenset(),
    )


def _without_index(staying: Iterable[tuple[Step, Unit]]) -> Reason | None:
    """An install of system packages before any index is there: it passes where the full image has them already, and there alone."""
    for step, unit in staying:
        if isinstance(unit.effects.action, Refresh):
            return None
        install = system_install(unit.effects.action)
        if install is not None and not install.fetches_index:
            said = f"{unit.command.shown} passes without lists of packages only where they are installed already"
            return at(f"{said}, as in the full image", step.line)
    return None


def _plain(facts: Facts, staying: Iterable[tuple[Step, Unit]], reference: str) -> SmallerBase | None:
    """The official image that the base is made of, where nothing needs the managers that were added to it; None for no such image."""
    stage = facts.final
    plain = knowledge.plain_reference(reference)
    if plain is None or stage.image is None or not stage.of("CMD", "ENTRYPOINT"):
        return None
    programs = {posixpath.basename(path) for path in stage.image.tools}
    if needed(facts, sorted({*programs, *stage.image.tools}), staying):
        return None
    managers = dict.fromkeys(by_program().get(name) for name in sorted(programs))
    without = tuple(manager for manager in managers if isinstance(manager, LanguageManager))
    titles = " and ".join(manager.title for manager in without)
    why = doubt(
        f"{plain} may have another patch release of Python than the image of {titles} was made of", Declared("FROM")
    )
    return SmallerBase(plain, {}, True, why, (), without, frozenset(Declared("PROGRAM", name) for name in programs))


def _of_javascript(
    facts: Facts, image: str, staying: list[tuple[Step, Unit]], there: frozenset[str]
) -> SmallerBase | Reason:
    """The same for an image of Node.js."""
    unclear = next((step for step, unit in staying if unit.effects.opaque), None)
    if unclear is not None:
        return at(f"what the {unclear.keyword} in line {unclear.line} needs of the full image is unknown")
    found = smaller_javascript.packages(facts, staying, there)
    if isinstance(found, Reason):
        return found
    found |= {name: facts.hints.keeps for name in sorted(facts.hints.keep) if name not in found}
    return SmallerBase(
        image, _not_there(found, there), True, smaller_javascript.in_doubt(facts, staying) or _not_read(facts, staying)
    )


def _not_there(packages: Mapping[str, str], there: frozenset[str]) -> dict[str, str]:
    """The packages to install, with the reasons, in alphabetical order: without those that are there, or come along with others."""
    come = knowledge.needless({*packages, *there})
    return {name: why for name, why in sorted(packages.items()) if name not in there | come}


def _and_compiler(doubted: Reason | None, compiler: Reason | None) -> Reason | None:
    """A doubt, and one about what compiles at run time."""
    if doubted is None or compiler is None:
        return doubted if compiler is None else replace(compiler, about=Declared("FROM"))
    return replace(doubted, text=f"{doubted.text}, and {compiler.text}", answers=(*doubted.answers, *compiler.answers))


def _not_read(facts: Facts, staying: Iterable[tuple[Step, Unit]]) -> Reason | None:
    """Something that comes into the image, is no package and may be linked with a library of the full one."""
    about = Declared("FROM")
    library = next((name for name in sorted(facts.files) if _LIBRARY.fullmatch(name)), None)
    if library is not None:
        return doubt(f"what {library} is linked with shows only in a build", about)
    roots = tuple(install.into.root for _, _, install in facts.installs)
    for step in facts.final.of("COPY", "ADD"):
        copy = step.copy
        carried = copy is not None and all(_lies_in(source, roots) for source in copy.sources)
        provides = any(isinstance(effects.action, Provide) for effects in step.all_effects)
        if copy is not None and step not in facts.copies and not (copy.inline or carried or provides):
            return doubt(
                f"what the {step.keyword} in line {step.line} brings may need a library of the full image", about
            )
    fetches = knowledge.downloaders() | {"git"}
    for step, unit in staying:
        if unit.effects.tools & fetches:
            return doubt(
                f"what the {step.keyword} in line {step.line} fetches may need a library of the full image", about
            )
    return None


def _lies_in(path: str, roots: Iterable[str]) -> bool:
    return any(f"{path.rstrip('/')}/".startswith(f"{root.rstrip('/')}/") for root in roots)


def _known_on(facts: Facts, lacks: Sequence[str]) -> str:
    """For which platforms nothing would be in doubt, as the end of a sentence; "" where there are none."""
    lacking = [each for each in facts.ask(closure).held if each.lack]
    known = frozenset.intersection(*(each.known_on for each in lacking)) if len(lacking) == len(lacks) else frozenset()
    platforms = " ".join(sorted(PLATFORMS.get(each, each) for each in known))
    key = facts.hints.settings.get("platforms", "")
    return f"; for {platforms} alone all is known{f' ({key})' if key else ''}" if platforms else ""


def _doubt(facts: Facts, lacks: Sequence[str]) -> Reason | None:
    """Why the slim image could have too little; ``lacks`` names the packages whose needs are not known."""
    about = Declared("FROM")
    unlocked = facts.ask(closure).unlocked
    if unlocked:
        why = targets(facts)
        if isinstance(why, Reason):
            return doubt(f"{_SHOWN}: {why.text}" if facts.manifests else why.text, about)
        return doubt(f"{_SHOWN}: {unlocked[0]}; with uv pip compile, or another lock, it could be certain", about)
    if lacks:
        more = f" and {len(lacks) - _MANY} more" if len(lacks) > _MANY else ""
        return doubt(
            f"{_SHOWN}, for what is not known of {', '.join(lacks[:_MANY])}{more}{_known_on(facts, lacks)}", about
        )
    unclear = next(
        (use for use in (*facts.program.runs, *facts.processes.runs) if UNKNOWN in use.word.rpartition("/")[2]), None
    )
    if unclear is not None:
        return doubt(f"{unclear.file}:{unclear.line} runs a program whose name is worked out when it runs", about)
    return None
