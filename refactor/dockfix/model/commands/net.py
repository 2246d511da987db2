"""Programs that fetch and unpack files."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable

from dockfix.knowledge import command_options, started_by
from dockfix.lazy import regex
from dockfix.model.commands.protocol import Arguments, CommandModel, parse
from dockfix.model.effects import Effects, opaque
from dockfix.model.state import State
from dockfix.syntax.shell import Command

FETCHERS = frozenset({"curl", "wget"})
_TO_OUTPUT = regex(r"-[A-Za-z]*O-")  # wget's options of one letter with the last one's value
_NETWORK = ("/etc/ssl",)
_OF_GZIP = regex(r"^ [A-Za-z]*z|\s-[A-Za-z]*z[A-Za-z]*\s|--gzip\b|\.(?:tar\.gz|tgz|zip|whl)\b")


def fetched(command: Command, effects: Effects) -> dict[str, str]:
    """The file that curl or wget writes, with its address; {} where it is not one file from one address, or only its folder is named."""
    urls = [word.value for word in command.args if word.value is not None and "://" in word.value]
    options = command_options(command.name or "")
    names = parse(command.args, State(), options.valued).words(options.output) or command.redirects
    return {effects.writes[0]: urls[0]} if names and len(urls) == len(effects.writes) == 1 else {}


def _target(arguments: Arguments, state: State, names: Iterable[str]) -> tuple[str, ...] | None:
    """The files and folders that output options name, "-" left out; None where only the shell knows."""
    values = arguments.values(*names)
    paths = [None if value is None else state.path(value) for value in values if value != "-"]
    return None if None in paths else tuple(path for path in paths if path)


def _curl(command: Command, state: State) -> Effects:
    options = command_options("curl")
    arguments = parse(command.args, state, options.valued)
    written = _target(arguments, state, options.output | options.beside)
    if written is None or arguments.has("-K", "--config", *options.folder):
        return opaque("where curl writes is known only to the shell")
    if arguments.has("-O", "--remote-name", "-J", "--remote-header-name"):
        written = (*written, state.workdir or "/")
    return Effects(reads=_NETWORK, writes=written, tools=frozenset({"curl"}))


def _wget(command: Command, state: State) -> Effects:
    options = command_options("wget")
    words = [word for word in command.args if not _TO_OUTPUT.fullmatch(word.value or "")]
    arguments = parse(words, state, options.valued)
    written = _target(arguments, state, options.output | options.folder)
    beside = _target(arguments, state, options.beside)
    if written is None or beside is None:
        return opaque("where wget writes is known only to the shell")
    if (
        len(words) == len(command.args)
        and not arguments.has("--spider")
        and "-" not in arguments.values(*options.output)
    ):
        # without -O the name comes from the URL, which may redirect: it lies somewhere in the working directory
        beside = (*(written or (state.workdir or "/",)), *beside)
    return Effects(reads=_NETWORK, writes=beside, tools=frozenset({"wget"}))


def _unpack(command: Command, state: State) -> Effects:
    tool = posixpath.basename(command.name or "")
    options = command_options(tool)
    arguments = parse(command.args, state, options.valued)
    values = [state.value(word) for word in command.args]
    target = arguments.values(*options.folder)
    where = state.path(target[-1] or "") if target else state.workdir
    if None in values or where is None or (target and target[-1] is None):
        return opaque(f"what {tool} unpacks is known only to the shell")
    reads = tuple(path for value in values if value and (path := state.path(value)) and posixpath.splitext(path)[1])
    return Effects(reads=reads, writes=(where,), tools=frozenset({tool, *_compressors(command)}))


def _compressors(command: Command) -> frozenset[str]:
    """What tar starts to unpack; what it finds out by itself of an archive that its words do not tell of may be any."""
    words = " ".join(word.value or "" for word in command.args)
    told = started_by("tar", words)
    return told if told or _OF_GZIP.search(f" {words} ") else frozenset({"gzip", "xz", "bzip2"})


def _git(command: Command, state: State) -> Effects:
    arguments = parse(command.args, state, {"-b", "--branch", "--depth", "-c", "-C", "-o", "--origin"})
    verb = arguments.operands[0].value if arguments.operands else None
    if verb == "config":
        if not arguments.has("--global", "--system"):
            return Effects(writes=(state.workdir or "/",), tools=frozenset({"git"}))  # of the repository there
        return Effects(writes=("/root/.gitconfig", "/etc/gitconfig"), tools=frozenset({"git"}))
    if verb != "clone" or arguments.has("-C", "-c") or len(arguments.operands) not in {2, 3}:
        return opaque("git is modelled for clone and config only")
    word = arguments.operands[-1]
    named = state.value(word)
    if (
        named is None and len(arguments.operands) == 2
    ):  # a token or a host that only the shell knows does not name the folder
        last = word.text.strip("\"'").rpartition("/")[2]
        named = None if any(char in last for char in "$`{}*?'\"\\") else last or None
    if named is None:
        return opaque("where git clones to is known only to the shell")
    folder = named if len(arguments.operands) == 3 else posixpath.basename(named.rstrip("/")).removesuffix(".git")
    path = state.path(folder)
    if path is None:
        return opaque("where git clones to is unknown")
    return Effects(
        reads=(*_NETWORK, "/root/.ssh", "/root/.gitconfig", "/etc/gitconfig"),
        writes=(path,),
        tools=frozenset({"git", "ssh"}),
    )


def _ssh_keyscan(command: Command, state: State) -> Effects:
    """Prints the keys of hosts."""
    arguments = parse(command.args, state, {"-f", "-p", "-T", "-t", "-O"})
    files = [None if value is None else state.path(value) for value in arguments.values("-f")]
    if None in files:
        return opaque("which hosts ssh-keyscan asks is known only to the shell")
    return Effects(reads=tuple(path for path in files if path), tools=frozenset({"ssh-keyscan"}))


def _gpg(command: Command, state: State) -> Effects:
    """Turns a key into the form that apt reads; anything else may touch the user's own keys."""
    arguments = parse(command.args, state, {"-o", "--output", "--homedir", "--keyserver", "--status-fd"})
    if not arguments.has("--dearmor", "--enarmor") or len(arguments.operands) > 1:
        return opaque("gpg is modelled for --dearmor only")
    written = _target(arguments, state, ("-o", "--output"))
    read = [None if (value := state.value(word)) is None else state.path(value) for word in arguments.operands]
    if written is None or None in read:
        return opaque("which key gpg reads or writes is known only to the shell")
    if arguments.operands and not written:  # beside what it reads
        written = tuple(f"{path}.gpg" for path in read if path)
    return Effects(reads=tuple(path for path in read if path), writes=written, tools=frozenset({"gpg"}))


MODELS: dict[str, CommandModel] = {
    "gpg": _gpg,
    "ssh-keyscan": _ssh_keyscan,
    "curl": _curl,
    "wget": _wget,
    **dict.fromkeys(("tar", "unzip"), _unpack),
    "git": _git,
}
