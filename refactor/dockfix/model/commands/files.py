"""Programs that make, change and remove files."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from dataclasses import replace

from dockfix.lazy import regex
from dockfix.model.commands.protocol import CommandModel, parse
from dockfix.model.effects import Effects, opaque
from dockfix.model.state import State
from dockfix.syntax.shell import Command, Word

_SYMBOLIC = regex(r"-[a-zA-Z]*s[a-zA-Z]*|--symbolic")


def _paths(words: Sequence[Word], state: State) -> tuple[str, ...] | None:
    values = [state.value(word) for word in words]
    paths = [None if value is None else state.path(value) for value in values]
    return None if None in paths else tuple(_fixed(path) for path in paths if path)


def _fixed(path: str) -> str:
    """The part of a path that holds no wildcard: what it can touch lies there or below."""
    parts = path.split("/")
    for index, part in enumerate(parts):
        if any(char in part for char in "*?[{"):
            return "/".join(parts[:index]) or "/"
    return path


def _writer(tool: str, valued: frozenset[str] = frozenset(), skip: int = 0, reads: bool = False) -> CommandModel:
    """A program whose operands (after the first ``skip``) are paths that it writes."""

    def model(command: Command, state: State) -> Effects:
        paths = _paths(parse(command.args, state, valued).operands[skip:], state)
        if paths is None:
            return opaque(f"where {tool} writes is known only to the shell")
        return Effects(reads=paths if reads else (), writes=paths, tools=frozenset({tool}))

    return model


def _mover(tool: str) -> CommandModel:
    """A program that takes files from its first operands to its last."""

    def model(command: Command, state: State) -> Effects:
        arguments = parse(
            command.args, state, {"-t", "--target-directory", "-m", "--mode", "-o", "--owner", "-g", "--group"}
        )
        paths = _paths(arguments.operands, state)
        targets = arguments.values("-t", "--target-directory")
        if paths is None or None in targets or len(paths) + len(targets) < 2:
            return opaque(f"what {tool} moves where is known only to the shell")
        if targets:
            writes = tuple(path for target in targets if target and (path := state.path(target)))
            return Effects(reads=paths, writes=writes + (paths if tool == "mv" else ()), tools=frozenset({tool}))
        return Effects(reads=paths[:-1], writes=paths if tool == "mv" else paths[-1:], tools=frozenset({tool}))

    return model


def _ln(command: Command, state: State) -> Effects:
    arguments = parse(command.args, state, ())
    paths = _paths(arguments.operands, state)
    if paths is None or not paths:
        return opaque("what ln links is known only to the shell")
    if len(paths) == 1:
        return Effects(reads=paths, writes=(state.workdir or "/",), tools=frozenset({"ln"}))
    *_, last = arguments.operands
    if any(_SYMBOLIC.fullmatch(name) for name, _, _ in arguments.options) and not (last.value or "").endswith("/"):
        # where a link leads is said from the folder that it lies in
        beside = _paths(arguments.operands[:-1], replace(state, workdir=posixpath.dirname(paths[-1])))
        paths = (*(beside or paths[:-1]), paths[-1])
    return Effects(reads=paths[:-1], writes=paths[-1:], tools=frozenset({"ln"}))


def _rm(command: Command, state: State) -> Effects:
    paths = _paths(parse(command.args, state, ()).operands, state)
    if paths is None:
        return opaque("what rm removes is known only to the shell")
    return Effects(writes=paths, tools=frozenset({"rm"}))


def _sed(command: Command, state: State) -> Effects:
    arguments = parse(command.args, state, {"-e", "--expression", "-f", "--file"})
    scripts = arguments.has("-e", "--expression")
    paths = _paths(arguments.operands[0 if scripts else 1 :], state)
    in_place = any(
        (word.value or "").startswith(("-i", "--in-place"))
        or ((word.value or "").startswith("-") and "i" in (word.value or "")[1:3])
        for word in command.args
    )
    if (paths is None and in_place) or any(word.text == "-f" for word in command.args):
        return opaque("what sed changes is known only to the shell")
    return Effects(
        reads=("/",) if paths is None else paths, writes=paths or () if in_place else (), tools=frozenset({"sed"})
    )


def _prints(command: Command, state: State) -> Effects:
    return Effects()


def _reads(command: Command, state: State) -> Effects:
    paths = _paths(parse(command.args, state, {"-n", "-c"}).operands, state)
    return Effects(reads=("/",) if paths is None or (not paths and command.name == "ls") else paths)


def _tells(command: Command, state: State) -> Effects:
    """A program of a package of its own that reads files."""
    return replace(_reads(command, state), tools=frozenset({posixpath.basename(command.name or "")}))


def _filters(command: Command, state: State) -> Effects:
    paths = _paths(parse(command.args, state, {"-d", "-f", "-k", "-t", "-c", "-b", "-o"}).operands, state)
    if any((word.value or "").startswith(("-o", "--output")) for word in command.args):
        return opaque(f"what {command.name} writes is known only to the shell")
    return Effects(reads=("/",) if paths is None else paths)


def _grep(command: Command, state: State) -> Effects:
    arguments = parse(command.args, state, {"-e", "--regexp", "-f", "--file", "-m", "-A", "-B", "-C"})
    told = arguments.has("-e", "--regexp", "-f", "--file")
    files = [path for value in arguments.values("-f", "--file") if value and (path := state.path(value))]
    paths = _paths(arguments.operands[0 if told else 1 :], state)
    return Effects(reads=("/",) if paths is None else (*files, *paths))


def _system(*writes: str) -> CommandModel:
    """A program that rewrites system files from others, whatever its operands are."""

    def model(command: Command, state: State) -> Effects:
        return Effects(reads=("/etc", "/usr"), writes=writes, tools=frozenset({command.name or ""}))

    return model


def _crontab(command: Command, state: State) -> Effects:
    """Puts a user's table where cron looks for it; nothing of the table runs."""
    operands = parse(command.args, state, {"-u"}).operands
    paths = _paths(operands, state)
    return Effects(reads=("/",) if paths is None else paths, writes=("/var/spool/cron",), tools=frozenset({"crontab"}))


def _signing_key(command: Command, state: State) -> Effects:
    """Puts a key in place with which packages are checked, from a file, a server or its standard input."""
    verb, *named = parse(command.args, state, {"--keyserver", "--recv-keys", "--keyring"}).operands or (None,)
    files = [word for word in named if word.value != "-"] if verb is not None and verb.value == "add" else []
    paths = _paths(files, state)
    reads = ("/",) if paths is None else paths
    return Effects(reads=(*reads, "/etc/apt"), writes=("/etc/apt",), tools=frozenset({"apt-key", "gpg"}))


def _chown(command: Command, state: State) -> Effects:
    if any((word.value or "").startswith("--reference") for word in command.args):
        return _writer("chown", reads=True)(command, state)
    return _writer("chown", skip=1, reads=True)(command, state)


def _converter(tool: str) -> CommandModel:
    """A program that reads its operands, and writes where an option says, or where its output goes."""

    def model(command: Command, state: State) -> Effects:
        arguments = parse(command.args, state, {"-o", "--output-file"})
        reads, writes = _paths(arguments.operands, state), arguments.values("-o", "--output-file")
        paths = [state.path(value) if value else None for value in writes if value != "-"]
        if reads is None or None in paths:
            return opaque(f"what {tool} writes is known only to the shell")
        return Effects(reads=reads, writes=tuple(path for path in paths if path), tools=frozenset({tool}))

    return model


def _asks(command: Command, state: State) -> Effects:
    """A program whose words say what it looks for in files, or in its input; it prints what it finds."""
    return Effects(reads=("/",), tools=frozenset({posixpath.basename(command.name or "")}))


MODELS: dict[str, CommandModel] = {
    "mkdir": _writer("mkdir", frozenset({"-m", "--mode"})),
    "touch": _writer("touch", frozenset({"-d", "-r", "-t"})),
    "chmod": _writer("chmod", skip=1, reads=True),
    "chown": _chown,
    "chgrp": _writer("chgrp", skip=1, reads=True),
    "rm": _rm,
    "rmdir": _writer("rmdir"),
    "ln": _ln,
    "sed": _sed,
    "tee": _writer("tee"),
    "install": _mover("install"),
    **{tool: _mover(tool) for tool in ("cp", "mv")},
    **dict.fromkeys(("echo", "printf", "which", "command", "type"), _prints),
    **dict.fromkeys(
        ("cat", "ls", "head", "tail", "wc", "stat", "md5sum", "sha1sum", "sha256sum", "sha512sum"),
        _reads,
    ),
    "file": _tells,
    **{tool: _writer(tool, reads=True) for tool in ("dos2unix", "unix2dos")},
    "msgfmt": _converter("msgfmt"),
    **dict.fromkeys(("jq", "envsubst"), _asks),
    "grep": _grep,
    **dict.fromkeys(("sort", "uniq", "cut", "tac", "base64"), _filters),
    "tr": _prints,
    "crontab": _crontab,
    "apt-key": _signing_key,
    "ldconfig": _system("/etc/ld.so.cache"),
    # it chooses between what is there, and adds an archive of packages
    "update-alternatives": _system("/usr/bin", "/etc/alternatives", "/var/lib/dpkg/alternatives"),
    "add-apt-repository": _system("/etc/apt", "/var/lib/apt"),
    "locale-gen": _system("/usr/lib/locale", "/usr/share/i18n"),
    "fc-cache": _system(
        "/var/cache/fontconfig", "/usr/share/fonts", "/usr/local/share/fonts", "/root/.cache/fontconfig"
    ),
    "update-locale": _system("/etc/default/locale"),
    "update-ca-certificates": _system("/etc/ssl"),
    "dpkg-reconfigure": _system("/etc", "/usr/lib", "/usr/share", "/var"),
}
