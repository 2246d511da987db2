"""pipx: each program in an environment of its own, with a link to it: https://pipx.pypa.io/stable/."""

from __future__ import annotations

from typing import ClassVar

from dockfix.context.manifests.manifest import Manifest
from dockfix.managers._pip_places import is_shared
from dockfix.managers._variables import given_to
from dockfix.managers.pip import Pip, install_of, manifest_of
from dockfix.managers.protocol import Call, Given, LanguageManager, Recipe
from dockfix.model.actions import Configure, Install
from dockfix.model.artefact import Artefact, Environment
from dockfix.model.commands.protocol import parse
from dockfix.model.effects import Effects, opaque
from dockfix.model.reason import Reason
from dockfix.model.state import State

_TOOLS = frozenset({"pipx"})
_TELLS = frozenset({"list", "environment", "completions", "help", "interpreter"})
_VALUED = frozenset({"--index-url", "-i", "--pip-args", "--python", "--suffix", "--preinstall", "--backend"})
_FLAGS = frozenset({"--force", "-f", "--verbose", "-v", "--quiet", "-q", "--global", "--system-site-packages"})
# Where it puts what it installs: in root's home, which moved once, and with --global
_AT_HOME = ("/root/.local/share/pipx", "/root/.local/pipx")
_FOR_ALL = "/opt/pipx"
# Where `pipx ensurepath` writes PATH for the shells of those who log in
_PROFILES = ("/root/.bashrc", "/root/.profile", "/root/.bash_profile", "/root/.zshrc")


class Pipx(LanguageManager):
    """pipx as root; what it runs without installing it, and what it adds to an environment, is not modelled."""

    id: ClassVar[str] = "pipx"
    title: ClassVar[str] = "pipx"
    programs: ClassVar[frozenset[str]] = _TOOLS
    modules: ClassVar[frozenset[str]] = _TOOLS
    runtime: ClassVar[str] = "python"
    reads: ClassVar[tuple[str, ...]] = Pip.reads

    def effects(self, call: Call, state: State) -> Effects:
        """``install``, ``ensurepath`` and what only tells something."""
        arguments = parse(call.words, state, _VALUED, _FLAGS)
        verb = arguments.operands[0].value if arguments.operands else None
        if verb in _TELLS or (verb is None and call.words):
            return Effects(tools=_TOOLS)
        if verb == "ensurepath" and state.is_root:
            return Effects(writes=_PROFILES, tools=_TOOLS, action=Configure(self, {}))
        if verb != "install" or arguments.unknown or arguments.has("--suffix", "--preinstall", "--backend"):
            return opaque(f"pipx {verb or ''} {arguments.unknown} is not modelled".replace("  ", " "))
        if not state.is_root:
            return opaque("pipx installs into the home of another user than root")
        variables = given_to(call.command, state)
        everyone = arguments.has("--global")
        home = variables.get("PIPX_GLOBAL_HOME" if everyone else "PIPX_HOME", _FOR_ALL if everyone else _AT_HOME[0])
        names = ("PIPX_GLOBAL_BIN_DIR", "/usr/local/bin") if everyone else ("PIPX_BIN_DIR", "/root/.local/bin")
        programs = variables.get(*names)
        if not home or not programs or not {"HOME", "XDG_DATA_HOME"}.isdisjoint(variables):
            return opaque("where pipx puts the program is known only to the shell")
        folders = _AT_HOME if home == _AT_HOME[0] else (home,)
        carried = Artefact("environment", {each: each for each in (*folders[:1], programs)}, "python")
        into = Environment(folders[0], "python", carried, seeded=False)
        blocked = f"pipx links the programs into {programs}, where others lie" if is_shared(programs) else ""
        if arguments.has("--python", "--system-site-packages"):
            blocked = blocked or "pipx may take another Python, or its packages"
        found = install_of(self, arguments, arguments.operands[1:], state, into, blockers={}, blocked=blocked)
        return found if found.opaque else Effects(found.reads, (*folders, programs), found.tools, action=found.action)

    def manifest(self, install: Install, given: Given) -> Manifest:
        """The packages that are named."""
        return manifest_of(install, given)

    def into(self, install: Install, call: Call, wanted: Environment) -> Recipe | Reason:
        """It fills its own environments, whatever is active."""
        return install.blocked or Recipe()

    def without_project(self, install: Install, call: Call, manifest: Manifest) -> Recipe | Reason:
        """As it is: it names what it installs."""
        return Reason(manifest.unknown) if manifest.unknown is not None else Recipe()


PIPX = Pipx()
