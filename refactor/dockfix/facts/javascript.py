"""What the container starts of a project's JavaScript, what that needs, and what the commands behind a RUN are."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterator, Mapping
from fnmatch import fnmatchcase
from functools import partial

from dockfix.context.application import Mention
from dockfix.context.javascript import Started, Unfolded, package_of, unfold
from dockfix.context.manifests.locked import Unread
from dockfix.context.manifests.node_locks import is_node_lock, read_node_lock
from dockfix.context.manifests.package_tree import PackageTree
from dockfix.facts import Facts
from dockfix.facts.how_it_is_run import by_hand, developed_in, worked_in
from dockfix.facts.javascript_evidence import of_tools
from dockfix.facts.loaded_by_name import loaded_by_name
from dockfix.facts.started_in_text import name_of_started, started_in_text
from dockfix.knowledge.node_needs import called_by
from dockfix.knowledge.node_programs import node_server, packages_with, script_runners
from dockfix.lazy import regex
from dockfix.model.reason import Reason, at, doubt

_CODE = regex(r"(?i).*\.[cm]?[jt]sx?")
_COMPILER = "typescript"
# What of the settings that are read at the start names packages which are loaded then
_EXTENDS = regex(r"\"extends\"\s*:\s*(\[[^\]]*\]|\"[^\"]*\")")
_SETTINGS: Mapping[str, re.Pattern[str]] = {
    "tsconfig.json": _EXTENDS,
    "jsconfig.json": _EXTENDS,
    "bunfig.toml": regex(r"(?m)^\s*preload\s*=\s*(\[[^\]]*\]|\"[^\"]*\")"),
}
_TYPESCRIPT = regex(r".*\.[cm]?tsx?")
# What has code compiled as it is loaded
_COMPILES = regex(
    r"(?:ts-node|tsx|@swc-node|esbuild-register|@babel|babel|sucrase|@esbuild-kit)[\w-]*/\w*|\bbabel-node\b|/register\b"
)
# Programs whose names are words of any code, and what a file needs to start one
_WORDS = frozenset(
    "ar as cc cpp file ld make nm patch ps strip identify convert compare montage free skill top watch uptime scalar wish".split()  # noqa: SIM905
)
_COMMENT = regex(rb"\s*(?://|/?\*)")
_STARTS = regex(rb"child_process|execa|shelljs|cross-spawn|\bzx\b|\$`|\bDeno\.|\bBun\.")
_PYTHON = frozenset({"python", "python2", "python3"})
_PYTHON_FILE = rb"(?<=[\w*])\.py\b"
# Files in which something that starts a program may stand
_MAY_NAME = regex(
    r"(?i)(?:.*/)?(?:[^/]*\.(?:[cm]?[jt]sx?|json|sh|conf|ini|toml|env)|(?!(?:docker|container)file)[^./]+|\.env[^/]*)"
)
# A module whose name is worked out, and not an absolute path or the address of a file: whichever file of the project that is, it stays
_OF_FILE = (
    rb"(?:\w+\.)?pathToFileURL\s*\((?!\s*(?:require|import)\b)|new\s+URL\s*\(\s*[`'\"](?:\.|file:)"
    rb"|(?:\w+\.)?(?:join|resolve)\s*\(\s*(?:__dirname|process\.cwd\(\)|import\.meta\.dirname)\b|__dirname\s*\+"
)
_MODULE_AT_RUN_TIME = rb"\b(?:require|import)\s*\(\s*(?!['\"`])(?!(?:" + _OF_FILE + rb")(?![^\n]*node_modules))[\w(]"


def lock(facts: Facts) -> PackageTree | Unread:
    """What the lock in the working directory says that the last install there has found; why there is nothing to be had from one."""
    folder = facts.javascript.folder
    reads = [
        next((name for name in manifest.files if is_node_lock(name)), "")
        for manifest in facts.manifests.values()
        if folder is not None and any(name == posixpath.join(folder, "package.json") for name in manifest.files)
    ]
    if reads and reads[-1]:
        return read_node_lock(facts.context, reads[-1])
    beside = (each for each in sorted(facts.javascript.files.names) if is_node_lock(each))
    unused = next((each for each in beside if posixpath.dirname(each) == folder), "")
    return Unread("", 0, f"the install does not take {unused}" if unused else "there is no lock")


def locks_beside(facts: Facts) -> tuple[PackageTree | Unread, ...]:
    """The locks of the installs in other folders than that of the program and of its workspace; why there is nothing to be had from one."""
    own = facts.ask(lock)
    found: list[PackageTree | Unread] = []
    for manifest in facts.manifests.values():
        name = next((name for name in manifest.files if is_node_lock(name)), "")
        about = next((name for name in manifest.files if posixpath.basename(name) == "package.json"), "package.json")
        if name and not (isinstance(own, PackageTree) and own.file == name):
            found.append(read_node_lock(facts.context, name))
        elif not name and about != posixpath.join(facts.javascript.folder or "", "package.json"):
            found.append(Unread("", 0, f"{about} is installed without a lock"))
    return tuple(found)


def development(facts: Facts) -> Mapping[str, str]:
    """The packages that the project, or a member of its workspace, asks for in development alone, each with the file that does."""
    root = facts.javascript.project
    if root is None:
        return {}
    packages = (root, *facts.javascript.files.members(root).values())
    kept = {name for each in packages for name in (*each.dependencies, *each.optional)}
    return {name: each.file for each in packages for name in each.development if name not in kept}


def needed_in_production(facts: Facts) -> Reason | None:
    """Why the packages that only development asks for have to stay; one that *doubts* where nothing is seen to need them, but may.

    Looked at are what the container starts, with the scripts behind it, and the code that may run then.
    """
    names = facts.ask(development)
    begun = facts.javascript.started
    if begun.development is not None:
        return at(f"{begun.development.where} runs {begun.development.program}, a server for development")
    for each in (*begun.commands, *started_by_code(facts)):
        package = one_that_brings(facts, each.program, names)
        if package:
            return at(f"{each.where} runs {each.program}, and {names[package]} asks for {package} in development alone")
        loaded = next((name for name in _preloaded(each) if name in names), "")
        if loaded:
            return at(f"{each.where} loads {loaded}, and {names[loaded]} asks for it in development alone")
    loaded_by_settings = _by_settings(facts, names)
    if loaded_by_settings is not None:
        return loaded_by_settings
    named_by_hand = _by_hand(facts, names)
    if named_by_hand is not None:
        return named_by_hand
    by_name = loaded_by_name(facts, names, partial(packages_of, facts), partial(_of_tools, facts))
    if by_name is not None:
        return by_name
    if facts.ask(only_hands_out):
        return None
    compiler = _compiler(facts, begun) if _COMPILER in names else _types(begun, names)
    if compiler is not None:
        return compiler
    own = facts.javascript.program
    for found in own.packages:
        if found.module in names and not _of_tools(facts, found.file):
            return at(f"{found.file}:{found.line} loads {found.module}, which development alone asks for")
    named = _named(facts, names)
    if named is not None:
        return named
    if begun.unknown is not None:
        return doubt(begun.unknown)
    worked = worked_in(facts)
    if worked is not None:
        return worked
    if own.complete:
        return None
    return _at_run_time(facts)


def _by_hand(facts: Facts, names: Mapping[str, str]) -> Reason | None:
    """What people start in a container of the image that one of these packages brings, or that they develop in one."""
    for each in facts.ask(developed_in):
        return at(f"{each.file} has people develop in a container, where they need what development alone asks for")
    folder = facts.javascript.folder or ""
    for where, text in facts.ask(by_hand).texts.items():
        for command in unfold(text, facts.javascript.files, folder, where).commands:
            package = one_that_brings(facts, command.program, names)
            if package:
                said = f"{command.where} runs {command.program} in a container"
                return at(f"{said}, and {names[package]} asks for {package} in development alone")
    return None


def only_hands_out(facts: Facts) -> bool:
    """Whether all that the container starts is to hand out files: then no code of the project runs there, nor any package of its own."""
    begun = facts.javascript.started
    served = [each for each in begun.commands if not each.where.startswith("HEALTHCHECK")]
    known = facts.is_javascript and begun.unknown is None and facts.startup.unknown is None and bool(served)
    return known and all(each.known is not None and each.known.hands_out for each in served)


def packages_of(facts: Facts, name: str) -> frozenset[str]:
    """The packages that may bring a program: those that the lock says do, or else those that are known to, and one of its own name."""
    tree = facts.ask(lock)
    if isinstance(tree, PackageTree):
        found = frozenset(each.name for each in tree.packages if name in (each.programs or ()))
        if found:
            return found
    return packages_with(name)


def one_that_brings(facts: Facts, program: str, names: Collection[str]) -> str:
    """The first of some packages that may bring a program, "" where none does."""
    return min(packages_of(facts, program).intersection(names), default="")


def started_by_code(facts: Facts) -> Iterator[Started]:
    """What the code starts by command lines: `npx prisma migrate deploy`."""
    read, folder = facts.javascript, facts.javascript.folder or ""
    for each in read.program.behaviour.scripts:
        yield from unfold(each.word, read.files, folder, f"{each.file}:{each.line}", read.placed).commands


def _compiler(facts: Facts, begun: Unfolded) -> Reason | None:
    """What compiles TypeScript when the container starts, although the compiler is not named: its package asks for one that is there."""
    for each in begun.commands:
        if each.known is not None and each.known.compiles:
            return at(f"{each.where} runs {each.program}, which compiles with {_COMPILER}")
    for where, text in facts.startup.texts.items():
        if _COMPILES.search(text):
            return at(f"{where} loads what compiles with {_COMPILER}")
    for name in sorted(facts.ask(_loaded_configs)):
        if name.endswith("ts"):
            return at(f"{name}, which is loaded at the start, is compiled with {_COMPILER} then")
    return None


def _types(begun: Unfolded, names: Mapping[str, str]) -> Reason | None:
    """What checks types when the container starts, where packages that hold some are asked for in development alone."""
    held = next((name for name in sorted(names) if name.startswith("@types/")), "")
    for each in begun.commands if held else ():
        if each.known is not None and each.known.checks:
            return at(
                f"{each.where} runs {each.program}, which checks types, and {names[held]} asks for {held} in development alone"
            )
    return None


def _loaded_configs(facts: Facts) -> frozenset[str]:
    """The files that the programs load which the container starts, though no code names them."""
    patterns = {pattern for each in facts.javascript.started.commands if each.known for pattern in each.known.configs}
    names = facts.javascript.files.names
    return frozenset(name for name in names if any(fnmatchcase(posixpath.basename(name), each) for each in patterns))


def _by_settings(facts: Facts, names: Mapping[str, str]) -> Reason | None:
    """A package that a file of settings names which is loaded at the start: what a tsconfig.json is made of, what Bun is to load first."""
    for each in facts.javascript.started.commands:
        runner = script_runners().get(each.runner)
        configs = {*(each.known.configs if each.known else ()), *(runner.configs if runner is not None else ())}
        for name in sorted(configs & _SETTINGS.keys()):
            folder: str | None = each.folder
            while folder is not None:
                file = posixpath.join(folder, name)
                text = (facts.javascript.files.read(file) or "") if facts.javascript.files.has(file) else ""
                for value in _SETTINGS[name].findall(text):
                    found = next((package for package in sorted(names) if _loads(value, package)), "")
                    if found:
                        return at(
                            f"{file}, which is read at the start, names {found}, and {names[found]} asks for it in development alone"
                        )
                folder = posixpath.dirname(folder) if folder else None
    return None


def _loads(value: str, package: str) -> bool:
    return re.search(rf"[\"']{re.escape(package)}(?:/[^\"']*)?[\"']", value) is not None


def _of_tools(facts: Facts, file: str) -> bool:
    """Whether a file is one that only tools of development load, or a test."""
    if file in facts.ask(_loaded_configs) or any(map(_COMPILES.search, facts.startup.texts.values())):
        return False
    return of_tools(file)


def runs_with_the_program(facts: Facts, file: str) -> bool:
    """Whether a file, by its name, is code that may run when the program does."""
    return _CODE.fullmatch(file) is not None and not _of_tools(facts, file)


def _preloaded(command: Started) -> Iterator[str]:
    """The packages that a command is told to load before its program: ``-r tsconfig-paths/register``."""
    options = command.known.preloads if command.known is not None else frozenset()
    words = command.arguments
    for number, word in enumerate(words):
        option, sign, value = word.partition("=")
        if option in options:
            yield package_of(value if sign else "".join(words[number + 1 : number + 2]))


def _named(facts: Facts, names: Mapping[str, str]) -> Reason | None:
    """A file of the image, none of tools' or tests, that names one of these packages as code does."""
    if not names:
        return None
    found = b"|".join(re.escape(name.encode()) for name in sorted(names))
    sources = facts.ask(_sources)
    for mention in facts.application.search(rb"['\"`](?:" + found + rb")(?:/[\w./-]*)?['\"`]"):
        if (
            _CODE.fullmatch(mention.file)
            and not _of_tools(facts, mention.file)
            and not _is_type(facts, mention)
            and not _is_for_bundler(facts, mention)
            and not (sources and _TYPESCRIPT.fullmatch(mention.file) and _part(facts, mention.file) not in sources)
        ):
            said = mention.word.strip("'\"`")
            return at(f"{mention.file}:{mention.line} names {said}, which development alone asks for")
    return None


def _sources(facts: Facts) -> frozenset[tuple[str, str]]:
    """The parts of the project with the TypeScript that all of the program is compiled from; none where it may load more.

    That of another part lies in the image as it is, and nothing that was found loads it.
    """
    own, begun = facts.javascript.program, facts.javascript.started
    if not own.complete or not own.entries or begun.unknown is not None or _compiler(facts, begun) is not None:
        return frozenset()
    return frozenset(_part(facts, name) for name in own.files if _TYPESCRIPT.fullmatch(name))


def _part(facts: Facts, file: str) -> tuple[str, str]:
    """The part of the project that a file belongs to: by its folder and by the nearest configuration of the compiler."""
    folder = posixpath.dirname(file)
    while folder and posixpath.join(folder, "tsconfig.json") not in facts.javascript.files.names:
        folder = posixpath.dirname(folder)
    first, below, _ = posixpath.relpath(file, facts.javascript.folder or ".").partition("/")
    return folder, first if below else ""


def _is_type(facts: Facts, mention: Mention) -> bool:
    """Whether a line imports types, which no compiled code does."""
    return re.match(rb"\s*(?:import|export)\s+type\b", facts.application.line_of(mention)) is not None


def _is_for_bundler(facts: Facts, mention: Mention) -> bool:
    """Whether a line of a program's configuration names packages in strings that only its bundler takes, and loads none."""
    begun = facts.javascript.started
    own = [each.known for each in begun.commands if each.known is not None and each.known.bundles]
    name = posixpath.basename(mention.file)
    if begun.unknown is not None or not any(fnmatchcase(name, pattern) for each in own for pattern in each.configs):
        return False
    return re.search(rb"\b(?:require|import|from)\b", facts.application.line_of(mention)) is None


def _at_run_time(facts: Facts) -> Reason | None:
    """A place at which code names a module only when it runs."""
    for mention in facts.application.search(_MODULE_AT_RUN_TIME):
        if _CODE.fullmatch(mention.file) and not _of_tools(facts, mention.file):
            return doubt(f"{mention.file}:{mention.line} loads a module whose name is worked out when it runs")
    return None


def runs_program(facts: Facts, programs: Collection[str], *, builds: bool = False) -> Mapping[str, str]:
    """Those of some programs of the system that the JavaScript may start, each with the reason: by commands, by packages, by its texts.

    Packages that only development asks for start none where nothing needs them: neither the program, nor (``builds``) a build.
    """
    found: dict[str, str] = {}
    wanted = frozenset(programs)
    for each in facts.javascript.started.commands:
        if each.program in wanted:
            found.setdefault(each.program, f"{each.where} runs it")
    tree = facts.ask(lock)
    names = (
        tree.names
        if isinstance(tree, PackageTree)
        else frozenset(root.asked_for)
        if (root := facts.javascript.project)
        else ()
    )
    if isinstance(tree, PackageTree) and not builds and facts.ask(needed_in_production) is None:
        names = frozenset(each.name for each in tree.production)
    for package in sorted(called_by().keys() & names):
        found |= {
            name: f"the package {package} calls it" for name in called_by()[package] & wanted if name not in found
        }
    return {**named_in_code(facts, wanted - found.keys()), **found}


def named_in_code(facts: Facts, programs: Collection[str]) -> Mapping[str, str]:
    """Those of some programs that a string of the code names, as one that is started; each with the reason."""
    found: dict[str, str] = {}
    plain = sorted(name for name in programs if "/" not in name)
    if plain:
        for mention in facts.application.search(started_in_text(plain, _WORDS)):
            name = name_of_started(mention.word)
            # (a helper of the project's own runs what is worked out when it runs, which is told by itself)
            starts = name not in _WORDS or _STARTS.search(facts.application.texts[mention.file]) is not None
            told = _COMMENT.match(facts.application.line_of(mention))
            if starts and told is None and _CODE.fullmatch(mention.file) and not _of_tools(facts, mention.file):
                found.setdefault(name, f"{mention.file}:{mention.line} names it")
    return found


def listens_by_name(facts: Facts) -> str:
    """The variable that says where the server listens, where every container sets it and nothing else does; "" for none."""
    for entry in facts.javascript.program.entries:
        known = node_server(entry.given) if entry.how == "made by a framework" else None
        if known is not None and known.host and known.host not in facts.final.end.env:
            set_by = any(known.host in each.env for each in facts.javascript.started.commands)
            return "" if set_by else known.host
    return ""


def may_start(facts: Facts, programs: Collection[str]) -> bool:
    """Whether the container may start one of some programs of the system, by itself or by a script of package.json."""
    if not facts.startup.programs.keys().isdisjoint(programs):
        return True
    if not facts.is_javascript:
        return False
    begun = facts.javascript.started
    called = {name for each in begun.commands for name in (each.program, each.runner)}
    return begun.unknown is not None or not called.isdisjoint(programs) or bool(runs_program(facts, programs))


def leaves_python_alone(facts: Facts) -> bool:
    """Whether nothing in an image of Node.js is seen to start Python, or a file of Python: such files do nothing there."""
    if not facts.is_javascript or may_start(facts, _PYTHON):
        return False
    return not any(_MAY_NAME.fullmatch(mention.file) for mention in facts.application.search(_PYTHON_FILE))
