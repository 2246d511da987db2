"""apt-get and apt: Debian's and Ubuntu's packages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from dockfix.knowledge import BaseImage, SystemPython
from dockfix.knowledge import apt as tables
from dockfix.lazy import regex
from dockfix.managers.databases import DPKG, Database
from dockfix.managers.protocol import Cache, Call, Packages, Recipe, SystemManager
from dockfix.model.actions import Clean, Install, Package, Refresh, Remove, Upgrade
from dockfix.model.artefact import Environment
from dockfix.model.commands.protocol import Arguments, parse
from dockfix.model.effects import Effects, opaque
from dockfix.model.reason import Reason
from dockfix.model.state import State
from dockfix.syntax.shell import Command

_VALUED = {"-t", "--target-release", "-o", "--option", "-c", "--config-file", "-a", "--host-architecture"}
_PACKAGE = regex(r"^([a-z0-9][a-z0-9+.-]+)(?::[a-z0-9]+)?(?:[=/].*)?$")
_TOOLS = frozenset({"apt-get"})
_WRITES = ("/usr", "/etc", "/var", "/lib", "/bin", "/sbin")
_SYSTEM = Environment("/")
_UPGRADES = {"upgrade", "dist-upgrade", "full-upgrade"}
_REMOVES = {"remove", "purge", "autoremove", "autopurge"}
_MINIMAL = regex(r"--no-install-recommends|APT::Install-Recommends=[\"']?(?:0|no|false)\b")
_UNLOCK = "rm -f /etc/apt/apt.conf.d/docker-clean"
# apt, other than apt-get, removes what it has downloaded unless it is told not to (apt.conf(5))
_KEEP = "echo 'Binary::apt::APT::Keep-Downloaded-Packages \"true\";' > /etc/apt/apt.conf.d/keep-cache"

_ARCHIVE = regex(r"(?:\.{0,2}/)[^*?\[]*\.deb")  # a package by its file, which only a path with a slash is


class Apt(SystemManager):
    """Debian's manager."""

    id: ClassVar[str] = "apt"
    title: ClassVar[str] = "apt"
    programs: ClassVar[frozenset[str]] = frozenset({"apt-get", "apt"})
    caches: ClassVar[tuple[Cache, ...]] = (
        Cache("/var/cache/apt", sharing="locked", unlock={"": _UNLOCK, "apt": _KEEP}),
        Cache("/var/lib/apt", sharing="locked"),
    )
    runs_others: ClassVar[bool] = True
    packages: ClassVar[Packages] = tables
    database: ClassVar[Database] = DPKG
    siblings: ClassVar[frozenset[str]] = frozenset({"aptitude", "dpkg"})
    index: ClassVar[str] = "/var/lib/apt/lists"
    leaves: ClassVar[tuple[str, ...]] = (
        "/var/lib/apt",
        "/var/cache/apt",
        "/var/cache/debconf",
        "/var/log/apt",
        "/var/log/dpkg.log",
    )
    reads: ClassVar[tuple[str, ...]] = (
        "/etc/apt",
        "/usr/share/keyrings",
        "/etc/ssl",
        "/var/lib/apt",
        "/etc/dpkg",
        "/etc/debconf.conf",
    )

    def effects(self, call: Call, state: State) -> Effects:
        """update, install, upgrade, remove and the like."""
        arguments = parse(call.words, state, _VALUED)
        if not arguments.operands:
            return Effects(tools=_TOOLS)
        verb = arguments.operands[0].value
        if verb == "update":
            return Effects(tools=_TOOLS, action=Refresh(self))
        if verb in {"clean", "autoclean"}:
            return Effects(tools=_TOOLS, action=Clean((self,), frozenset({"downloads"})))
        if verb == "distclean":
            return Effects(tools=_TOOLS, action=Clean((self,), frozenset({"downloads", "index"})))
        if verb in _UPGRADES:
            return Effects(writes=_WRITES, tools=_TOOLS, action=Upgrade(self))
        if verb in _REMOVES:
            names = frozenset(word.value for word in arguments.operands[1:] if word.value)
            return Effects(writes=_WRITES, tools=_TOOLS, action=Remove(self, names))
        if verb != "install":
            return opaque(f"apt-get {verb} is not modelled")
        return self._install(arguments, state)

    def _install(self, arguments: Arguments, state: State) -> Effects:
        packages: list[Package] = []
        dynamic, archives = False, list[str]()
        for word in arguments.operands[1:]:
            match = _PACKAGE.match(word.value or "")
            archive = state.path(word.value) if _ARCHIVE.fullmatch(word.value or "") and word.value else None
            if archive is not None:
                # what it holds, and asks for, only apt knows
                dynamic = True
                archives.append(archive)
                continue
            if match and not match[1].endswith("-"):
                packages.append(Package(match[1], word))
            elif word.value is None:
                dynamic = True
            else:
                return opaque(f"{word.text} is not the plain name of a package")
        if arguments.has("--auto-remove", "--autoremove", "--purge"):
            return opaque("apt-get removes packages while it installs others")
        action = Install(self, _SYSTEM, tuple(packages), dynamic=dynamic)
        return Effects(reads=tuple(archives), writes=_WRITES, tools=_TOOLS, action=action)

    def packages_on(self, image: BaseImage) -> Packages:
        """Where Python is one of the system's own packages, its parts are."""
        return SystemPython(image.distribution, image.releases) if image.own_prefix else self.packages

    def install(self, names: Sequence[str]) -> str:
        """Update, install and the removal of the lists."""
        words = " ".join(names)
        return f"apt-get update && apt-get install -y --no-install-recommends {words} \\\n    && rm -rf {self.index}/*"

    def minimal(self, install: Install, command: Command) -> Recipe | Reason:
        """``--no-install-recommends`` behind ``install`` and a ``-y`` that follows it."""
        values = [word.value for word in command.words]
        if "install" not in values:
            return Reason("the install could not be found again")
        position = values.index("install")
        behind = position + 1 if values[position + 1 : position + 2] == ["-y"] else position
        return Recipe(insert=((command.words[behind], "--no-install-recommends"),))

    def is_minimal(self, command: Command) -> bool:
        """Whether the command itself says so: what a configuration file says is not looked at."""
        return bool(_MINIMAL.search(command.text))

    def owner(self, path: str) -> tuple[str, ...]:
        """dpkg tells."""
        return ("dpkg", "-S", path)

    def owner_in(self, said: str) -> str:
        """The first of ``libpq5:amd64, other: /usr/lib/…``."""
        owners, found, _ = said.partition(": ")
        return owners.split(",")[0].split(":")[0].strip() if found else ""


APT = Apt()
