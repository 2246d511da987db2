"""apk: Alpine's packages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from dockfix.knowledge import BaseImage
from dockfix.knowledge import apk as tables
from dockfix.lazy import regex
from dockfix.managers.databases import APK as APK_DATABASE
from dockfix.managers.databases import Database
from dockfix.managers.protocol import Call, Packages, Recipe, SystemManager
from dockfix.model.actions import Clean, Install, Package, Refresh, Remove, Upgrade
from dockfix.model.artefact import Environment
from dockfix.model.commands.protocol import Arguments, parse
from dockfix.model.effects import Effects, opaque
from dockfix.model.reason import Reason
from dockfix.model.state import State
from dockfix.syntax.shell import Command

# apk's options (apk(8), apk-add(8)): those with a value, and those without that change nothing of what is installed where
_VALUED = frozenset(
    {
        *(
            "-t",
            "--virtual",
            "-X",
            "--repository",
            "--repositories-file",
            "--keys-dir",
            "--cache-dir",
            "--cache-max-age",
        ),
        *("--wait", "--timeout", "--progress-fd", "--arch", "-p", "--root"),
    }
)
_FLAGS = frozenset(
    {
        *("--no-cache", "-U", "--update", "--update-cache", "-u", "--upgrade", "-l", "--latest", "-q", "--quiet", "-v"),
        *("--verbose", "--no-progress", "--progress", "--allow-untrusted", "-f", "--force", "--force-broken-world"),
        *("--force-overwrite", "--force-refresh", "--force-old-apk", "--force-missing-repositories", "--purge"),
        *("-r", "--rdepends", "--no-interactive", "--available", "-a", "--clean-protected", "--overlay-from-stdin"),
    }
)
_ELSEWHERE = frozenset({"-p", "--root", "--arch", "--repositories-file"})
_UPDATES = frozenset({"-U", "--update", "--update-cache"})
# A name, or what a package provides (so:libpq.so.5, cmd:bash); behind it a version, and the tag of a repository
_PACKAGE = regex(r"((?:(?:so|cmd|pc|py3(?:\.\d+)?):)?[A-Za-z0-9][\w.+-]*)(?:[=<>~][^@]*)?(@[\w.-]+)?")
_GROUP = regex(r"[\w.+-]+")
_OWNED = regex(r" is owned by (\S+?)-\d[^\s-]*-r\d+")
_TOOLS = frozenset({"apk"})
_WRITES = ("/usr", "/etc", "/var", "/lib", "/bin", "/sbin")
_SYSTEM = Environment("/")
# They only say something
_ASK = frozenset({"info", "search", "policy", "version", "stats", "list", "dot", "audit", "verify", "query"})


class Apk(SystemManager):
    """Alpine's manager."""

    id: ClassVar[str] = "apk"
    title: ClassVar[str] = "apk"
    programs: ClassVar[frozenset[str]] = frozenset({"apk"})
    without_cache: ClassVar[frozenset[str]] = frozenset({"--no-cache"})
    runs_others: ClassVar[bool] = True
    packages: ClassVar[Packages] = tables
    database: ClassVar[Database] = APK_DATABASE
    removes_unneeded: ClassVar[bool] = True
    fetches_for_itself: ClassVar[bool] = True
    index: ClassVar[str] = "/var/cache/apk"
    leaves: ClassVar[tuple[str, ...]] = ("/var/cache/apk", "/etc/apk/cache")
    reads: ClassVar[tuple[str, ...]] = ("/etc/apk", "/etc/ssl", "/var/cache/apk")

    def effects(self, call: Call, state: State) -> Effects:
        """add, del, update, upgrade and the like."""
        arguments = parse(call.words, state, _VALUED, _FLAGS)
        if not arguments.operands:
            return Effects(tools=_TOOLS)
        verb = arguments.operands[0].value
        if verb in _ASK:
            return Effects(reads=self.reads, tools=_TOOLS)
        if arguments.unknown or arguments.has(*_ELSEWHERE):
            return opaque(f"{arguments.unknown or 'an option'} of apk is not modelled")
        if verb == "update":
            return Effects(tools=_TOOLS, action=Refresh(self))
        if verb == "upgrade":
            return Effects(writes=_WRITES, tools=_TOOLS, action=Upgrade(self))
        if verb == "cache" and [word.value for word in arguments.operands[1:]] in (["clean"], ["purge"]):
            return Effects(tools=_TOOLS, action=Clean((self,), frozenset({"downloads", "index"})))
        if verb == "del":
            return self._remove(arguments)
        return self._install(arguments) if verb == "add" else opaque(f"apk {verb} is not modelled")

    def _remove(self, arguments: Arguments) -> Effects:
        names = [word.value for word in arguments.operands[1:]]
        if None in names or arguments.has("-r", "--rdepends"):
            return opaque("which packages apk removes is known only to the shell")
        return Effects(writes=_WRITES, tools=_TOOLS, action=Remove(self, frozenset(filter(None, names))))

    def _install(self, arguments: Arguments) -> Effects:
        packages: list[Package] = []
        dynamic = False
        for word in arguments.operands[1:]:
            match = _PACKAGE.fullmatch(word.value or "")
            if match is not None:
                packages.append(Package(match[1] + (match[2] or ""), word))
            elif word.value is None:
                dynamic = True
            else:
                return opaque(f"{word.text} is not the plain name of a package")
        groups = arguments.values("-t", "--virtual")
        if len(groups) > 1 or not all(group and _GROUP.fullmatch(group) for group in groups):
            return opaque("the name of the group of packages is known only to the shell")
        return Effects(
            writes=_WRITES,
            tools=_TOOLS,
            action=Install(
                self,
                _SYSTEM,
                tuple(packages),
                dynamic=dynamic,
                cache_off=arguments.words(self.without_cache),
                cached=False,
                group=groups[0] or "" if groups else "",
                fetches_index=arguments.has("--no-cache", *_UPDATES),
            ),
        )

    def packages_on(self, image: BaseImage) -> Packages:
        """Where Python is one of the system's own packages, its parts are."""
        return self.packages if image.runtime else tables.OwnPython()

    def install(self, names: Sequence[str]) -> str:
        """One command: it fetches the index for itself alone."""
        return f"apk add --no-cache {' '.join(names)}"

    def minimal(self, install: Install, command: Command) -> Recipe | Reason:
        """Nothing is recommended on Alpine."""
        return Recipe()

    def is_minimal(self, command: Command) -> bool:
        """Always."""
        return True

    def without_index(self, command: Command) -> Recipe | Reason:
        """``--no-cache`` behind the verb, in the place of ``--update`` and the like."""
        if any(word.value == "--no-cache" for word in command.args):
            return Recipe()
        verb = next((word for word in command.args if word.value in {"add", "upgrade"}), None)
        if verb is None:
            return Reason("the install could not be found again")
        return Recipe(((verb, "--no-cache"),), tuple(word for word in command.args if word.value in _UPDATES))

    def owner(self, path: str) -> tuple[str, ...]:
        """apk tells."""
        return ("apk", "info", "--who-owns", path)

    def owner_in(self, said: str) -> str:
        """The name without its version in ``/usr/lib/libpq.so.5 is owned by libpq-16.1-r0``."""
        found = _OWNED.search(said)
        return found[1] if found is not None else ""


APK = Apk()
