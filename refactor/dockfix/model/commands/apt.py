"""apt-get, apt and what stands around them."""

from __future__ import annotations

import re

from dockfix.model.commands.protocol import CommandModel, parse
from dockfix.model.effects import AptChange, AptClean, AptInstall, AptUpdate, Effects, Package, opaque
from dockfix.model.state import State
from dockfix.syntax.shell import Command

_VALUED = {"-t", "--target-release", "-o", "--option", "-c", "--config-file", "-a", "--host-architecture"}
_PACKAGE = re.compile(r"^([a-z0-9][a-z0-9+.-]+)(?::[a-z0-9]+)?(?:[=/].*)?$")
TOOLS = frozenset({"apt-get"})
_WRITES = ("/usr", "/etc", "/var", "/lib", "/bin", "/sbin")


def _apt(command: Command, state: State) -> Effects:
    arguments = parse(command.args, state, _VALUED)
    if not arguments.operands:
        return Effects(tools=TOOLS)
    verb = arguments.operands[0].value
    if verb == "update":
        return Effects(tools=TOOLS, action=AptUpdate())
    if verb in {"clean", "autoclean", "distclean"}:
        return Effects(tools=TOOLS, action=AptClean())
    if verb in {"upgrade", "dist-upgrade", "full-upgrade", "remove", "purge", "autoremove", "autopurge"}:
        return Effects(writes=_WRITES, tools=TOOLS, action=AptChange(verb))
    if verb != "install":
        return opaque(f"apt-get {verb} is not modelled")
    packages: list[Package] = []
    dynamic = False
    for word in arguments.operands[1:]:
        match = _PACKAGE.match(word.value or "")
        if match and not match[1].endswith("-"):
            packages.append(Package(match[1], word))
        elif word.value is None:
            dynamic = True
        else:
            return opaque(f"{word.text} is not the plain name of a package")
    if arguments.has("--auto-remove", "--autoremove", "--purge"):
        return opaque("apt-get removes packages while it installs others")
    return Effects(writes=_WRITES, tools=TOOLS, action=AptInstall(tuple(packages), dynamic))


MODELS: dict[str, CommandModel] = {"apt-get": _apt, "apt": _apt}
