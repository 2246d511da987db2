"""The effects of one command: a manager's, or those of a program that every image knows. What no model covers is opaque."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from dockfix.knowledge import is_python, posix_shells, starts_named
from dockfix.knowledge.node_packages import brings_node
from dockfix.lazy import regex
from dockfix.managers import _get_pip
from dockfix.managers._by_words import builds, is_given, only_tells
from dockfix.managers._cleaning import cleaned, with_folders
from dockfix.managers._conditional import branches
from dockfix.managers._node import NODE, runs_script
from dockfix.managers._variables import SWITCHED, given_to
from dockfix.managers.protocol import Call, LanguageManager, Manager, Script, SystemManager
from dockfix.managers.registry import (
    by_image,
    by_module,
    by_program,
    language_managers,
    system_managers,
)
from dockfix.managers.verbs import system_install
from dockfix.model.actions import Action, Clean, Export, Install, Provide, ShellState
from dockfix.model.commands import MODELS, RUNS_OTHERS, command_model, module_of, shell
from dockfix.model.commands.net import FETCHERS, fetched
from dockfix.model.effects import Effects, opaque, within
from dockfix.model.stages import BeneathOf, Copy, Known, Model, ToldBy, build
from dockfix.model.state import State
from dockfix.syntax import Dockerfile, image
from dockfix.syntax.shell import Command, parse_script

_RUNS_MORE = regex(r"\$\((?!\()|`|<\(|>\(")
# Substitutions that only ask the system what it is, or read a secret that is mounted
_HARMLESS = regex(
    r"\$\([\w.-]+-config(?: --[\w-]+)+\)|`[\w.-]+-config(?: --[\w-]+)+`|\$\(pg_config --version\)"
    r"|"
    + SWITCHED.pattern
    + r"|\$\((?:[\w.+-]+ (?:--version|-V)|(?:node|npm|yarn|pnpm) -v)\)"
    + r"|\$\((?:uname|arch|date|nproc|whoami|id|pwd|lsb_release|getconf|dpkg --print|cat /run/secrets)\b[^()`$]*\)"
)
_XARGS_FILE = regex(r"-a(.+)?|--arg-file(?:=(.+))?")
_XARGS_FLAG = regex(r"-[rt0]+|-[nPL]\d+|--no-run-if-empty|--verbose|--null|--max-args=\d+|--max-procs=\d+")
_STDIN = {"/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"}


def known_steps() -> Known:
    """What keeps the steps of trees that follow one another, with all that the managers know."""
    return Known(effects_of, brought_by)


def model_of(
    tree: Dockerfile,
    known: Known | None = None,
    beneath_of: BeneathOf | None = None,
    told_by: ToldBy | None = None,
    given: Mapping[str, str] | None = None,
) -> Model:
    """The model of a tree without problems, with all that the managers know; the rest is as for ``build``."""
    return build(tree, known or known_steps(), beneath_of, told_by, given or {})


def brought_by(copy: Copy) -> Provide | None:
    """The manager that a COPY takes from the manager's own image, or an ADD from the net; None for any other."""
    if copy.target is None:
        return None
    if copy.origin is None:  # ADD fetches a script, which brings it once it is run
        found = brought_by_script(copy.sources[0]) if len(copy.sources) == 1 else None
        return Provide(found[0], ()) if found is not None else None
    reference = image(copy.origin)
    repository = "/".join(filter(None, (reference.registry, reference.repository)))
    manager = by_image().get(repository.removeprefix("docker.io/").removeprefix("library/"))
    return manager.taken_from(copy) if manager is not None else None


def runs_alone(name: str) -> bool:
    """Whether a program, named as in a shell, is known to start none but its own: what it does to files may still be unknown."""
    program = _program(name)
    manager = by_program().get(program)
    if manager is not None:
        return not manager.runs_others
    return program in MODELS and program not in RUNS_OTHERS


def call_of(command: Command) -> Call:
    """The call of a manager that a command is, by its program or as a module of Python."""
    module = module_of(command) if _program(command.name or "") == "python" else None
    return Call(command, module[1] if module is not None and module[0] in by_module() else command.args)


def manager_of(command: Command) -> Manager | None:
    """The manager that a command runs, by its program or as a module of Python; None for any other command."""
    program = _program(command.name or "")
    module = module_of(command) if program == "python" else None
    return by_module().get(module[0]) if module is not None else by_program().get(program)


def effects_of(command: Command, state: State) -> Effects:
    """The effects of one command of a RUN in ``state``."""
    return _as_brought(command, _effects_of(command, state))


def _effects_of(command: Command, state: State) -> Effects:
    if command.parts:
        return _piped(command, state)
    if not command.simple:
        texts, asked = branches(command.text)
        paths = tuple(path for each in asked if (path := state.path(each)) is not None)
        return _each(texts, state, paths) if texts else opaque("the shell decides what it does")
    if not command.words:
        return shell.assignment(command, state)
    name = command.name
    if name is None:
        return opaque(f"{command.words[0].text} is known only to the shell")
    provided = _from_a_file(command, state)
    if provided is not None:
        return provided
    program = _program(name)
    if program == "xargs":
        return _fed(command, state, _redirected(command, state, Effects()).reads)
    if program == "rm":
        command = with_folders(command, state)
    manager = manager_of(command)
    if manager is not None:
        known = partial(manager.effects, call_of(command), state)
    elif program == "python" and _get_pip.is_run_by(command):
        known = partial(_get_pip.effects, command, command.args[1:], state)
    elif only_tells(command):
        known = partial(Effects, tools=frozenset({program}))
    elif (model := command_model(program)) is not None:
        known = partial(model, command, state)
    elif program in posix_shells() and is_given(command):
        known = partial(_inner, command, state)
    elif state.runtime == NODE and builds(program, command):
        known = partial(runs_script, Call(command, command.args), state)
    else:
        known_by_name = program in starts_named()
        return opaque(
            f"what {program} starts is not followed"
            if known_by_name
            else f"{program} is not a program that dockfix knows"
        )
    if _RUNS_MORE.search(_HARMLESS.sub("", command.text)):
        return opaque("what its command substitution runs is unknown")
    effects = known()
    if effects.opaque:  # whatever it does, it does it with its program
        return replace(effects, tools=effects.tools | {posixpath.basename(name)})
    if program in FETCHERS:  # a script that brings a manager once it is run
        found = next(map(brought_by_script, fetched(command, effects).values()), None)
        effects = effects if found is None else replace(effects, action=Provide(found[0], ()))
    return _redirected(command, state, cleaned(effects, state) if program == "rm" else _provided(effects))


def _inner(command: Command, state: State) -> Effects:
    """What a shell does that is given its commands as a word, where each is known and none acts on packages or on the shell."""
    return _each([command.args[1].value or ""], state)


def _each(texts: Sequence[str], state: State, reads: tuple[str, ...] = ()) -> Effects:
    """What all commands of some texts do at most, where some paths are read."""
    found: list[Effects] = []
    for each in (each for text in texts for each in parse_script(text).commands):
        effects = effects_of(each, state)
        if effects.opaque or effects.action is not None:
            return effects if effects.opaque else opaque("the shell decides what it does")
        found.append(effects)
    return _together(Effects(), [Effects(reads=reads), *found])


def _together(last: Effects, found: Sequence[Effects]) -> Effects:
    """The effects of the last of some commands, and what all of them read, write and run."""
    return replace(
        last,
        reads=tuple(path for each in found for path in each.reads),
        writes=tuple(path for each in found for path in each.writes),
        tools=frozenset().union(*(each.tools for each in found)),
        application=any(each.application for each in found),
    )


def _piped(command: Command, state: State) -> Effects:
    """What a pipeline does, where every command of it is known and none but the last one acts on packages.

    Of a command that may fail, what it does at most: none that acts on packages.
    """
    if len(command.parts) == 1:
        at_most = effects_of(command.parts[0], state)
        return at_most if at_most.action is None else opaque("the shell decides what it does")
    provided = _from_the_net(command, state)
    if provided is not None:
        return provided
    found: list[Effects] = []
    for part in command.parts:
        effects = effects_of(part, state)
        if part.name == "xargs":
            sources = tuple(path for each in found for path in each.reads)
            effects = _fed(part, state, sources)
        if _get_pip.prints_it(part):
            effects = Effects(reads=_get_pip.NETWORK, tools=frozenset({part.name or ""}))
        elif found and is_python(part.name or "") and _get_pip.prints_it(command.parts[len(found) - 1]):
            effects = _get_pip.effects(part, part.args[1:], state)
        elif not effects.opaque and found and is_python(part.name or "") and not part.args:
            effects = opaque("what python reads from its standard input is unknown")
        if effects.opaque:
            return effects
        found.append(effects)
    *others, last = found
    if (
        any(not isinstance(each.action, Export | None) for each in others)
        or isinstance(last.action, ShellState)
        or _is_of_system(last.action)
    ):
        return opaque("the shell decides what it does")
    if isinstance(last.action, Install) and _STDIN & set(last.action.manifests):
        sources = tuple(path for each in others for path in each.reads)
        if any(isinstance(each.action, Export) for each in others):
            sources = ()  # the words of the project's files count
        elif not sources:
            return opaque("what is installed from the standard input is unknown")
        last = replace(last, action=_from_input(last.action, sources))
    return _together(last, found)


def _from_the_net(command: Command, state: State) -> Effects | None:
    """What a script does that is fetched and run at once, and that brings a manager; None for any other pipeline."""
    fetch, run = command.parts[0], command.parts[-1]
    if len(command.parts) != 2 or fetch.name not in FETCHERS:
        return None
    given = dict(given_to(run, state))
    words = list(run.words)
    if run.name == "env":
        words.pop(0)
        while words and "=" in (words[0].value or ""):
            name, _, value = (words.pop(0).value or "").partition("=")
            given[name] = value
    urls = [url for word in fetch.args if (url := state.value(word)) is not None and "://" in url]
    if not words or not _runs_scripts(words[0].value or "") or len(urls) != 1:
        return None
    return _brought(urls[0], given, state)


def _from_a_file(command: Command, state: State) -> Effects | None:
    """The same for a script that was fetched before."""
    name = command.name or ""
    path = state.path(name) if "/" in name else ""
    if not path and _runs_scripts(name):
        first = next((word for word in command.args if not word.text.startswith("-")), None)
        value = state.value(first) if first is not None else None
        path = state.path(value) if value else ""
    url = state.fetched.get(path or "")
    effects = _brought(url, given_to(command, state), state) if url is not None else None
    # the file itself counts: what made it runnable, and where it lies, stays with what runs it
    return effects if effects is None or not path else replace(effects, reads=(*effects.reads, path))


def _runs_scripts(program: str) -> bool:
    return posixpath.basename(program) in posix_shells() or is_python(posixpath.basename(program))


def brought_by_script(url: str) -> tuple[LanguageManager, Script] | None:
    """The manager that a script at an address brings, None for any other."""
    known = ((manager, script) for manager in language_managers() for script in manager.scripts)
    return next((each for each in known if re.fullmatch(each[1].url, url)), None)


def _brought(url: str, variables: Mapping[str, str | None], state: State) -> Effects | None:
    found = brought_by_script(url)
    return _brought_to(*found, variables, state) if found is not None else None


def _brought_to(manager: LanguageManager, script: Script, variables: Mapping[str, str | None], state: State) -> Effects:
    folder: str | None = script.folder
    leaves = script.leaves
    for name, below in script.moved_by.items():
        if name in variables:
            moved = variables[name]
            folder = None if moved is None else state.path(posixpath.join(moved, below))
            leaves = () if moved is None else (state.path(moved) or "",)
            break
    if folder is None or not state.is_root:
        return opaque(f"where {manager.title} goes is unknown")
    paths = tuple(f"{folder}/{name}" for name in sorted(manager.programs)) if script.folder else ()
    writes = (folder, *leaves) if script.folder else leaves
    return Effects(writes=writes, tools=frozenset({"curl"}), action=Provide(manager, paths))


def _as_brought(command: Command, effects: Effects) -> Effects:
    """What a command does that has the system's manager bring what runs another language, or tells it from which server to install that."""
    action = effects.action
    install = system_install(action)
    if install is not None and any(brings_node(package.name) for package in install.asked):
        return replace(effects, action=replace(install, runtimes=frozenset({NODE})))
    if action is not None or effects.unbounded or not effects.writes:
        return effects
    configuration = [path for each in system_managers() for path in each.reads]
    if not all(any(within(path, each) for each in configuration) for path in effects.writes):
        return effects
    served = (each for each in language_managers() if each.server and re.search(each.server, command.text))
    manager = next(served, None)
    return effects if manager is None else replace(effects, action=Provide(manager, ()))


def _from_input(install: Install, sources: tuple[str, ...]) -> Install:
    """An install with the files that a pipeline reads in the place of its standard input."""
    return replace(install, manifests=(*(path for path in install.manifests if path not in _STDIN), *sources))


def _is_of_system(action: Action | None) -> bool:
    """Whether a manager of a system acts, whose words would have to be taken apart."""
    if isinstance(action, Clean):
        return False
    manager = getattr(action, "manager", None)
    return isinstance(manager, SystemManager)


def _fed(command: Command, state: State, sources: tuple[str, ...]) -> Effects:
    """What ``xargs`` runs with the words of files: an install of what they name, as a manifest does."""
    after = _after_xargs(command, state)
    if after is None:
        return opaque("what xargs runs is unknown")
    inner, file = after
    sources = (file,) if file else sources
    effects = effects_of(inner, state)
    install = effects.action
    if effects.opaque or not isinstance(install, Install) or not isinstance(install.manager, LanguageManager):
        return effects if effects.opaque else opaque("what xargs gives to the program it runs is unknown")
    if not sources or install.files or install.asked or install.projects or install.editable:
        return opaque("what xargs gives to the program it runs is unknown")
    fed = replace(install, manifests=sources)
    return replace(effects, reads=(*effects.reads, *sources), action=fed)


def _after_xargs(command: Command, state: State) -> tuple[Command, str] | None:
    """The command that ``xargs`` runs, and the file that it reads in the place of its input, "" for none.

    None where its options are not known.
    """
    words, file = list(command.args), ""
    while words and (words[0].value or words[0].text).startswith("-"):
        option = words.pop(0).value or ""
        if found := _XARGS_FILE.fullmatch(option):
            name = found[1] or found[2] or ((words.pop(0).value or "") if words else "")
            file = (state.path(name) or "") if name else ""
            if not file:
                return None
        elif option in {"-n", "-P", "-L", "-I", "-d", "-s"}:
            words = words[1:]
        elif not _XARGS_FLAG.fullmatch(option):
            return None
    return (command._replace(words=tuple(words)), file) if words else None


def fetches(command: Command, state: State) -> LanguageManager | None:
    """The manager whose cache a command fills that installs nothing; None for any other command."""
    manager = manager_of(command)
    return manager if isinstance(manager, LanguageManager) and manager.fetches(call_of(command), state) else None


def _provided(effects: Effects) -> Effects:
    """What an install does that brings nothing but another manager, such as ``pip install poetry``."""
    action = effects.action
    if not isinstance(action, Install) or not action.asked or action.files or action.projects or action.editable:
        return effects
    installers = action.manager.installers if isinstance(action.manager, LanguageManager) else frozenset()
    names = {package.name for package in action.asked} - installers
    manager = next((manager for name in names if isinstance(manager := by_program().get(name), LanguageManager)), None)
    if manager is None or manager is action.manager or any(not _belongs(name, manager) for name in names):
        return effects
    carried = action.into.carried.paths if action.into.carried is not None else ()
    folder = next((path for path in carried if posixpath.basename(path) == "bin"), f"{action.into.root}/bin")
    paths = tuple(f"{folder}/{name}" for name in sorted(manager.programs))
    shared = action.into.carried is None or action.into.beside_base
    return replace(effects, action=Provide(manager, paths, shared=shared))


def _belongs(package: str, manager: LanguageManager) -> bool:
    """Whether a package is a manager, what it is made of, or something added to it."""
    own = by_program().get(package) is manager or package in manager.brings.values()
    return own or manager.added_by.fullmatch(package) is not None


def _program(name: str) -> str:
    """A program without its folder and, for an interpreter or a manager, without its version: ``python3.11``, ``pip3``."""
    program = posixpath.basename(name)
    plain = program.rstrip("0123456789.")
    return plain if program not in MODELS and (plain == "python" or plain in by_program()) else program


def _redirected(command: Command, state: State, effects: Effects) -> Effects:
    """Adds the files that the command's redirections read and write."""
    reads, writes = list(effects.reads), list(effects.writes)
    for redirect in command.redirects:
        if redirect.target is None or redirect.operator.endswith("&"):
            continue
        value = state.value(redirect.target)
        path = None if value is None else state.path(value)
        if path is None:
            return opaque(f"{redirect.target.text} is known only to the shell")
        if path != "/dev/null":
            (reads if redirect.operator == "<" else writes).append(path)
    return replace(effects, reads=tuple(reads), writes=tuple(writes))


__all__ = ["call_of", "effects_of", "fetches", "model_of", "runs_alone"]
