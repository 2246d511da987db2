"""Which programs the part that stays in the runtime stage needs, and why."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterable, Iterator
from functools import cache

from dockfix import knowledge
from dockfix.context.application import Mention, application
from dockfix.context.javascript import parse_package
from dockfix.context.manifests.locked import Locked
from dockfix.facts import Facts
from dockfix.facts.how_it_is_run import by_hand
from dockfix.facts.javascript import runs_program
from dockfix.lazy import regex
from dockfix.model.actions import Build
from dockfix.model.answers import Worked
from dockfix.model.reason import Reason, at, doubt
from dockfix.model.stages import Step, Unit
from dockfix.runtimes.closure import closure, distributions
from dockfix.syntax import decode, encode

# Programs that settings may name and code then starts; other names of commands are words of English, too
_IN_SETTINGS = frozenset({"gcc", "g++", "cc", "c++", "clang", "cmake", "git", "gfortran", "pkg-config"})
# What only says of which kind a repository is, or where a package comes from, whose installer is asked for by itself
_KIND = regex(rb"(?i)[\"']?\b(?:type|vcs|scm|provider)[\"']?\s*[:=]\s*[\"']?git\b|[{,]\s*git\s*=\s*[\"']")
_PROSE = (".md", ".rst", ".txt")
_LISTS = (*_PROSE, ".lock", "pyproject.toml", "Pipfile", ".ipynb")  # which say what is installed, or are to be read
_SETTINGS = regex(r"(?i).*\.(ya?ml|toml|json|ini|cfg|env)$")


def needed(facts: Facts, programs: Collection[str], staying: Iterable[tuple[Step, Unit]]) -> dict[str, str]:
    """Those of ``programs`` that something needs at run time, each with the reason.

    Looked at are the commands that stay, what the container starts, the programs that the application's code names, and
    what its Python packages call.
    """
    found: dict[str, str] = {}
    staying = list(staying)
    for step, unit in staying:
        for name in unit.effects.tools & set(programs):
            found.setdefault(name, f"the {step.keyword} in line {step.line} runs it")
    started = {**facts.ask(by_hand).programs, **facts.startup.programs}
    for name in programs:
        if name in started:
            found.setdefault(name, f"{started[name]} runs it")
    for distribution in sorted(distributions(facts) | facts.managed):
        needs = knowledge.python_needs(distribution)
        called = needs.commands & set(programs) if needs else frozenset[str]()
        why = _is_asked_to(facts, distribution, staying) if called else ""
        for name in called if why is not None else ():
            found.setdefault(name, f"the Python package {distribution} calls it{why}")
    for name in programs:
        if name.startswith("/"):
            hits = facts.application.search(re.escape(name).encode() + rb"(?![\w.-])")
            where = f"{hits[0].file}:{hits[0].line}" if hits else _named_in(facts, name)
            if where:
                found.setdefault(name, f"{where} names it")
    for name, where in _started_by_others(facts):
        if name in programs:
            found.setdefault(name, f"{where} has it started")
    rest = [name for name in programs if name not in found]
    in_settings = [name for name in rest if name in _IN_SETTINGS]
    settings = application(
        facts.context, frozenset(filter(_SETTINGS.match, facts.application.files if in_settings else ()))
    )
    for name in in_settings:
        pattern = rb"[\"'\s:=,\[]" + re.escape(name).encode() + rb"[\"'\s,\]]"
        hit = next((each for each in settings.search(pattern) if not _only_describes(facts, each, name)), None)
        if hit is not None:
            found.setdefault(name, f"{hit.file}:{hit.line} names it")
    for mention in facts.application.mentions(rest) if rest else ():
        if mention.word not in found and not _only_describes(facts, mention, mention.word):
            found[mention.word] = f"{mention.file}:{mention.line} names it"
    for use in (*facts.program.runs, *facts.processes.runs):
        name = use.word.rpartition("/")[2]
        if name in programs:
            found.setdefault(name, f"{use.file}:{use.line} runs it")
    if not facts.is_javascript:
        return found
    builds = any(isinstance(unit.effects.action, Build) for _, unit in staying)
    return {**runs_program(facts, programs, builds=builds), **found}


def _only_describes(facts: Facts, mention: Mention, name: str) -> bool:
    """Whether settings name a program without having it run: as a repository's kind, or in a package.json in none of its scripts."""
    if not _SETTINGS.match(mention.file):
        return False
    if _KIND.search(facts.application.line_of(mention)):
        return True
    if posixpath.basename(mention.file) != "package.json":
        return False
    package = parse_package(mention.file, facts.context.read(mention.file) or "")
    return package is not None and not any(name in command for command in package.scripts.values())


def _started_by_others(facts: Facts) -> Iterator[tuple[str, str]]:
    """The programs that others start by what they are told, each with where that is."""
    for startup in (facts.startup, facts.ask(by_hand)):
        for where, text in startup.texts.items():
            for match in _starters().finditer(encode(text)):
                yield from ((name, where) for name in _told(match))
    for mention in facts.application.search(_starters().pattern):
        named = None if mention.file.endswith(_PROSE) else _starters().match(encode(mention.word))
        if named is None:
            continue
        if not facts.application.line_of(mention).lstrip().startswith(b"#"):
            yield from ((name, f"{mention.file}:{mention.line}") for name in _told(named))


def _told(match: re.Match[bytes]) -> frozenset[str]:
    return knowledge.started_by(decode(match[1]), decode(match[2]))


@cache
def _starters() -> re.Pattern[bytes]:
    """A program that may start others, and what follows its name in the line and the two below."""
    names = "|".join(sorted(map(re.escape, knowledge.starters())))
    return regex(rf"(?<![\w.-])({names})(?![\w.-])([^\n]*(?:\n[^\n]*){{0,2}})".encode())


def _is_asked_to(facts: Facts, distribution: str, staying: Iterable[tuple[Step, Unit]]) -> str | None:
    """What asks a Python package to start programs, as a clause, "" where it may do so by itself; None where nothing is seen to."""
    asked = knowledge.calls_if_asked(distribution)
    if asked is None or facts.unlocated is not None:
        return ""
    texts = {
        **{f"the RUN in line {step.line}": unit.command.text for step, unit in staying},
        **facts.startup.texts,
        **facts.ask(by_hand).texts,
    }
    where = next((where for where, text in texts.items() if asked.search(text.encode())), "")
    if not where:
        found = (each for each in facts.application.search(asked.pattern) if not _is_idle(facts, each.file))
        where = next((f"{each.file}:{each.line}" for each in found), "")
    return f", as {where} asks it to" if where else None


def _is_idle(facts: Facts, file: str) -> bool:
    """Whether a file is a Procfile that has to be named to whoever runs it, and that nothing names."""
    name = file.rpartition("/")[2]
    if not name.startswith("Procfile."):
        return False
    return not any(name in text for text in facts.startup.texts.values()) and not facts.application.search(
        re.escape(name).encode()
    )


def _named_in(facts: Facts, path: str) -> str:
    """Where a script or a command that stays names a path."""
    pattern = re.compile(re.escape(path) + r"(?![\w.-])")
    texts = {
        **facts.startup.texts,
        **facts.ask(by_hand).texts,
        **{f"the RUN in line {step.line}": unit.command.text for step, unit in facts.final.units},
    }
    return next((where for where, text in texts.items() if pattern.search(text)), "")


_COMPILES = (
    rb"(?m)pyximport|^[ \t]*(?:from|import)[ \t]+(?:distutils|Cython)\b|%%cython"
    rb"|\bFFI\(\)[\s\S]{0,8000}?\.(?:verify|set_source)\(|\b(?:FFI\(\)|\w*ffi\w*)\.(?:verify|compile|set_source)\(|cpp_extension|distutils\.ccompiler|new_compiler\(|build_ext"
    rb"|\bautowrap\(|\bufuncify\(|\bf2py\b|cppimport|cppyy|scipy\.weave|numba\.pycc"
)


def _may_compile(facts: Facts, distribution: str, why: str) -> Reason | None:
    """The doubt that a package which compiles on request may do so, although nothing was found that asks; None where nothing does."""
    if facts.unknown is not None:
        text = f"{distribution} may compile at run time, and what asks for it is not known: {why}"
        return doubt(text, answers=(Worked(),))
    if not facts.ask(_models_are_loaded) and all(map(_may_ask, _users(facts))):
        return None
    if distribution not in knowledge.compiles_for_others():
        # (what it brings may ask, which shows only where all that comes is known)
        quiet = not facts.ask(closure).unlocked and _asks_alone(facts, distribution)
        return None if quiet else _doubt(f"{distribution} may compile at run time", why)
    user = facts.ask(_asks_others)
    if user:
        return doubt(f"{user} may have {distribution} compile at run time: {why}", answers=(Worked(),))
    return None if user == "" else _doubt(f"{distribution} may compile at run time", why)


def _models_are_loaded(facts: Facts) -> bool:
    """Whether the application, or what the container starts, has torch at work: something installed that nothing uses asks for nothing."""
    pattern = knowledge.has_models_loaded()
    started = [*facts.startup.texts.values(), *facts.ask(by_hand).texts.values()]
    scripts = [
        posixpath.join(facts.final.end.workdir or "/", name) for text in started for name in _SCRIPT.findall(text)
    ]
    if not facts.application.python_files or not all(map(facts.started_file, scripts)):
        return True  # for all that anybody knows: what runs is not here
    if any(pattern.search(encode(text)) for text in started):
        return True
    return any(not each.file.endswith(_LISTS) for each in facts.application.search(pattern.pattern))


def _doubt(said: str, why: str) -> Reason:
    return doubt(f"{said}, which nothing asks for here: {why}", answers=(Worked(),))


def _asks_others(facts: Facts) -> str | None:
    """What of all that is installed may ask others to compile by itself; "" where nothing does, None where not all of it is known."""
    found = facts.ask(closure)
    makers = knowledge.compiles_for_others()
    if found.unlocked:
        return None
    users = {name for name in found.names if _may_ask(name)} - makers | _users(facts)
    return next((name for name in sorted(users) if not _asks_alone(facts, name)), "")


def _users(facts: Facts) -> set[str]:
    """What is installed and, as locks say, made of what compiles for others."""
    makers, names = knowledge.compiles_for_others(), facts.ask(closure).names
    locks = (each.locked for each in facts.manifests.values())
    listed = (each for lock in locks if isinstance(lock, Locked) for each in lock.distributions)
    return {
        each.name
        for each in listed
        if each.name in names - makers and any(wanted.name in makers for wanted in each.requires)
    }


def _may_ask(distribution: str) -> bool:
    """Whether a distribution is known to compile, or to ask others to."""
    return (
        knowledge.compiles_at_run_time(distribution) is not None or knowledge.asks_to_compile(distribution) is not None
    )


def _asks_alone(facts: Facts, distribution: str) -> bool:
    """Whether a distribution was looked into, and nothing has it ask others to compile."""
    known = knowledge.asks_to_compile(distribution)
    if known is None or known.beside in facts.ask(closure).names:
        return False
    return known.unless is None or not facts.application.search(known.unless.pattern)


_COMPILE = ".compile("
_SCRIPT = regex(r"(?<![\w./-])[\w./-]+\.py(?![\w.-])")  # a Python file, in a command
# Options that tell a compiler where headers and libraries are, which packages of any name bring
_WITH_HEADERS = regex(r"(?<=\s)(?:-I|-L|-l)\S")


def run_time_compiler(facts: Facts) -> Reason | None:
    """Why the Python packages need a compiler at run time, None where none is known to.

    It only *doubts* where they compile on request, and nothing was found that asks for it.
    """
    unasked: Reason | None = None
    for distribution in sorted(distributions(facts)):
        compiles = knowledge.compiles_at_run_time(distribution)
        if compiles is None:
            continue
        text = f"the Python package {distribution} needs a compiler at run time: {compiles.why}"
        if compiles.asked is None or _is_asked_for(facts, compiles.asked):
            return at(text)
        unasked = unasked or _may_compile(facts, distribution, compiles.why)
    for startup in (facts.startup, facts.ask(by_hand)):
        for program in sorted(knowledge.full_compilers() & startup.programs.keys()):
            where = next((where for where, text in startup.texts.items() if _WITH_HEADERS.search(text)), "")
            if where:
                return at(f"{where} compiles with {program} and names headers or libraries")
    looked_for = _looks_for_libraries(facts)
    if looked_for is not None:
        return looked_for
    for mention in facts.application.search(_COMPILES):
        if not mention.file.endswith(("setup.py", "build.py")):
            return at(f"{mention.file}:{mention.line} compiles at run time")
    return unasked


def _is_asked_for(facts: Facts, asked: re.Pattern[bytes]) -> bool:
    """Whether the application's code or settings ask what compiles on request to do so."""
    return any(
        each.word != _COMPILE or not knowledge.compiles_nothing(facts.application.texts[each.file])
        for each in facts.application.search(asked.pattern)
    )


def _looks_for_libraries(facts: Facts) -> Reason | None:
    """What has Python look for a library by its short name, for which it asks the compiler, or the linker, where the libc is musl.

    Both need what only the -dev package brings: https://github.com/python/cpython/issues/65821.
    """
    if facts.system is None or facts.system.libc != "musl":
        return None
    use = next((use for use in facts.program.loads if use.how == "find_library"), None)
    if use is not None:
        return at(f"{use.file}:{use.line} looks for the library {use.word}, which takes a compiler on Alpine")
    name = next((name for name in sorted(distributions(facts)) if knowledge.loads_by_name(name)), "")
    return at(f"the Python package {name} looks for a library, which takes a compiler on Alpine") if name else None
