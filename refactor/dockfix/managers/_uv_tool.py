"""``uv tool install``: a program in an environment of its own, with a link to it: https://docs.astral.sh/uv/concepts/tools/."""

from __future__ import annotations

from dockfix.managers import _uv_python
from dockfix.managers._pip_places import is_shared
from dockfix.managers._uv_options import BLOCKERS, FLAGS, VALUED
from dockfix.managers._variables import given_to
from dockfix.managers.pip import install_of
from dockfix.managers.protocol import Call, LanguageManager
from dockfix.model.artefact import Artefact, Environment
from dockfix.model.commands.protocol import parse
from dockfix.model.effects import Effects, opaque
from dockfix.model.state import State

_MORE = frozenset({"--with", "-w", "--with-requirements", "--constraints", "--overrides"})


def effects(manager: LanguageManager, call: Call, state: State) -> Effects:
    """What a call of ``uv tool`` needs and leaves behind."""
    arguments = parse(call.words, state, VALUED["pip"] | _MORE, FLAGS["pip"] | {"--force"})
    verb = arguments.operands[1].value if len(arguments.operands) > 1 else None
    if verb in {"list", "dir"}:
        return Effects(tools=frozenset({manager.id}))
    if verb != "install" or arguments.unknown or arguments.has(*_MORE, "-e", "--editable"):
        return opaque(f"uv tool {verb or ''} {arguments.unknown} is not modelled".replace("  ", " "))
    variables = given_to(call.command, state)
    tools = _uv_python.named_by(
        state, variables, (("UV_TOOL_DIR", ""), ("XDG_DATA_HOME", "uv/tools")), ".local/share/uv/tools"
    )
    programs = _uv_python.named_by(state, variables, (("UV_TOOL_BIN_DIR", ""), ("XDG_BIN_HOME", "")), ".local/bin")
    if tools is None or programs is None:
        return opaque("where uv puts the tool is known only to the shell")
    carried = Artefact("environment", {tools: tools, programs: programs}, "python")
    into = Environment(tools, "python", carried, seeded=False)
    blocked = "" if state.is_root else "uv installs as another user than root"
    if is_shared(programs):
        blocked = blocked or f"uv tool install links the programs into {programs}, where others lie"
    if arguments.has("-p", "--python") and not _uv_python.is_there(arguments, state, variables):
        blocked = blocked or "uv tool install --python may fetch a Python of its own"
    into = _uv_python.carried_with(into, arguments, state, variables)
    return install_of(manager, arguments, arguments.operands[2:], state, into, blockers=BLOCKERS, blocked=blocked)
