"""pip, under any of its names."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

from dockfix.context.build_context import BuildContext
from dockfix.context.manifests.locked import Locked, Unread
from dockfix.context.manifests.locks import is_lock, read_lock
from dockfix.context.manifests.manifest import Manifest, Named, Pinned
from dockfix.context.manifests.pyproject import leaves_beside_source
from dockfix.context.project import Project, words_of_project
from dockfix.context.requirements import Manifest as Requirements
from dockfix.context.requirements import closure
from dockfix.knowledge import normalise
from dockfix.lazy import regex
from dockfix.managers import _pip_locks, _pip_places, venv
from dockfix.managers._development import beside_requirements
from dockfix.managers._pip_options import BLOCKERS, FLAGS, VALUED
from dockfix.managers._pip_settings import BUILD_READS, CONFIGURATION, CONFIGURATION_FILES, settings_of
from dockfix.managers._variables import given_to
from dockfix.managers.protocol import Cache, Call, Developing, Given, LanguageManager, Recipe
from dockfix.model.actions import Clean, Install, Package
from dockfix.model.artefact import Artefact, Environment
from dockfix.model.commands.protocol import Arguments, parse
from dockfix.model.effects import Effects, opaque
from dockfix.model.reason import Reason
from dockfix.model.state import State
from dockfix.syntax.shell import Word

_NAMES = {"-r", "--requirement", "-c", "--constraint", "-e", "--editable", "-f", "--find-links"}
_LOCAL = regex(r"^(\.{1,2}(/|\[|$)|/|~/|file:)|\.(whl|zip|tar\.gz|tgz|tar\.bz2)$|/")
_URL = regex(r"^[a-z][a-z0-9+.-]*://|^[A-Za-z0-9._-]+(\[[^\]]*\])?\s*@\s")
_TOOLS = frozenset({"pip"})
PREFIX = Environment("/usr/local", "python")


def prefix(state: State) -> Environment:
    """Where an install goes that is in no virtual environment: carried as a whole where nothing else lies there.

    Debian's own Python lies in /usr, and has packages installed there, too.
    """
    root = PREFIX.root
    alone = state.own_prefix == root
    return Environment(root, "python", Artefact("environment", {root: root}, "python")) if alone else PREFIX


_NO_BINARY = regex(r"(?:--no-binary|PIP_NO_BINARY)[=\s]\s*[\"']?([\w.,:-]+)")


# A line of a requirements file that is a name, with versions or without
_PLAIN = regex(r"[A-Za-z0-9][\w.-]*(?:\[[\w,.-]*\])?\s*(?:[=<>~!]=?[\w.*,<>=~! ]*)?")
# A name whose version the shell asks a program for, which prints one word: "GDAL[numpy]==$(gdal-config --version)"
_ASKED = r"(?:\$\([\w.-]+[_-]config(?: --[\w-]+)+\)|`[\w.-]+[_-]config(?: --[\w-]+)+`|\$\w+|\$\{\w+\})(?:\.\*)?"
_VERSION_ASKED = regex(rf"""["']?([A-Za-z0-9][\w.-]*?)(?:\[[\w,.-]*\])?[=~<>]=(?:{_ASKED}["']?|"{_ASKED}")$""")
# A URL with what only the shell knows in it, such as a token, and perhaps the name of what lies there
_URL_ASKED = regex(r"""["']?(?:([A-Za-z0-9][\w.-]*)(?:\[[\w,.-]*\])?\s*@\s*)?(?:git\+)?(?:https?|ssh)://[^\s`()]*$""")


class Pip(LanguageManager):
    """Python's own manager."""

    id: ClassVar[str] = "pip"
    title: ClassVar[str] = "pip"
    programs: ClassVar[frozenset[str]] = frozenset({"pip"})
    without_cache: ClassVar[frozenset[str]] = frozenset({"--no-cache-dir", "--no-cache"})
    modules: ClassVar[frozenset[str]] = frozenset({"pip"})
    runtime: ClassVar[str] = "python"
    installers: ClassVar[frozenset[str]] = frozenset({"pip", "setuptools", "wheel"})
    makers: ClassVar[Mapping[str, str]] = {"virtualenv": "virtualenv", "build": "pyproject-build"}
    fills_bare: ClassVar[bool] = True
    of_installs: ClassVar[frozenset[str]] = frozenset({venv.INTERPRETER})
    reads: ClassVar[tuple[str, ...]] = (*BUILD_READS, *CONFIGURATION)
    in_code: ClassVar[bytes] = (
        rb"""['"]-m['"]\s*,\s*['"]pip['"]|pip\._internal|\bpip\.main\(|\bensurepip\b|spacy\.cli"""
    )
    caches: ClassVar[tuple[Cache, ...]] = (
        Cache(
            "/root/.cache/pip",
            around="/root/.cache",
            moved_by=("PIP_CACHE_DIR", "XDG_CACHE_HOME", "HOME"),
            off_by=("PIP_NO_CACHE_DIR",),
            option="--cache-dir",
            configured_in=CONFIGURATION_FILES,
            file_variable="PIP_CONFIG_FILE",
            configured_with=r"\S*pip[0-9.]* config .*cache-dir",
            configured_by=r"(?m)^\s*(?:no-)?cache-dir\s*[=:]",
            holds_compiled=True,
            printed_by=r"(?:python[\d.]* -m )?pip[\d.]* cache dir",
        ),
    )

    def effects(self, call: Call, state: State) -> Effects:
        """install, and what only tells something."""
        arguments = parse(call.words, state, VALUED)
        if not arguments.operands:
            return Effects(tools=_TOOLS)
        verb = arguments.operands[0].value
        if verb in {"list", "show", "check", "freeze", "--version", "help", "debug", "inspect"}:
            return Effects(tools=_TOOLS)
        if verb == "cache":
            purge = any(word.value in {"purge", "remove"} for word in arguments.operands)
            return Effects(tools=_TOOLS, action=Clean((self,), frozenset({"cache"})) if purge else None)
        if verb == "config":
            if not state.is_root:
                return opaque("pip config as another user")
            return Effects(writes=("/root/.config/pip",), tools=_TOOLS)
        if verb == "uninstall":
            return self._uninstalled(arguments.operands[1:], state)
        if verb != "install":
            return opaque(f"pip {verb} is not modelled")
        root = venv.of_program(call.command, state)
        arguments = parse(call.words, state, VALUED, FLAGS)
        if arguments.unknown:
            return opaque(f"pip install {arguments.unknown} is not modelled")
        told = _pip_places.place(arguments, state, given_to(call.command, state))
        into = venv.environment(root) if root else prefix(state)
        if told is not None and root:
            told = f"pip of the environment {root} is told to fill another folder"
        into = told if isinstance(told, Environment) else into
        modelled = {*_pip_places.SETTINGS.values()}
        if root and state.variables.get(venv.INTERPRETER) == venv.interpreter(root):
            modelled.add(venv.INTERPRETER)
        changes, settings = settings_of(state, modelled)
        blocked = _blocked(state, into) or (f"{changes} may change where pip installs" if changes else "")
        blocked = blocked or (told if isinstance(told, str) else "")
        return install_of(
            self, arguments, arguments.operands[1:], state, into, blockers=BLOCKERS, blocked=blocked, settings=settings
        )

    def _uninstalled(self, operands: Sequence[Word], state: State) -> Effects:
        """What takes managers out again that were brought, with what makes environments; nothing else is known."""
        names = {normalise(state.value(word) or "") for word in operands}
        managers = names & state.brought.keys()
        if not managers or not names <= state.brought.keys() | self.installers | self.makers.keys():
            return opaque("pip uninstall is modelled for managers alone")
        return Effects(writes=tuple(state.brought[name] for name in sorted(managers)), tools=_TOOLS)

    def owns(self, variable: str) -> bool:
        """None: a pip is in the image all the same, and reads them when somebody installs there, or in an image that is built on it."""
        return False

    def fetches(self, call: Call, state: State) -> bool:
        """``pip wheel`` and ``pip download``."""
        arguments = parse(call.words, state, VALUED)
        verb = arguments.operands[0].value if arguments.operands else None
        return verb in {"wheel", "download"} and _uses_cache(arguments, arguments.operands[1:], state)

    def manifest(self, install: Install, given: Given) -> Manifest:
        """The closure of every requirements file, and the words of the projects' own files."""
        found = manifest_of(install, given)
        told = venv.INTERPRETER in given.state.variables and not venv.serves(given.image)
        return replace(found, blocked=found.blocked or f"older pips pass over {venv.INTERPRETER}") if told else found

    def into(self, install: Install, call: Call, wanted: Environment) -> Recipe | Reason:
        """It fills the environment whose programs come first on PATH; where none of these is pip, it has to be told.

        A program that is named by its path would be the base image's.
        """
        if install.blocked is not None:
            return install.blocked
        env = {} if wanted.seeded else {venv.INTERPRETER: venv.interpreter(wanted.root)}
        name = call.command.name or ""
        if "/" not in name or install.into.carried is not None:
            return Recipe(env=env)
        program = call.command.words[0]
        return Recipe(insert=((program, posixpath.basename(name)),), remove=(program,), env=env)

    def developing(self, install: Install, given: Given) -> Developing | Reason:
        """What the file for development names, beside the one that is installed."""
        return beside_requirements(install, given)

    def without_project(self, install: Install, call: Call, manifest: Manifest) -> Recipe | Reason:
        """As it is, unless it builds a project, which is more than its metadata."""
        if install.projects or install.editable:
            return Reason("pip install builds the project itself")
        if manifest.unknown is not None:
            return Reason(manifest.unknown)
        if manifest.local is not None:
            return Reason(f"{manifest.local.file} names a local project or folder")
        return Recipe()


PIP = Pip()


def install_of(
    manager: LanguageManager,
    arguments: Arguments,
    operands: Sequence[Word],
    state: State,
    into: Environment,
    *,
    blockers: Mapping[str, str],
    blocked: str,
    settings: Sequence[str] = (),
) -> Effects:
    """What an install does that is given packages, projects and requirements files as pip is.

    ``blockers`` are options that choose the place, each with what it does; ``blocked`` says what else holds the install back;
    ``settings`` are the paths that variables name.
    """
    otherwise = blocked
    requirements = _paths(arguments.values("-r", "--requirement"), state)
    constraints = _paths(arguments.values("-c", "--constraint"), state)
    folders = _paths([value for value in arguments.values("-f", "--find-links") if "://" not in (value or "")], state)
    packages: list[Package] = []
    projects: list[str] = []
    blocked = next((blockers[name] for name, _, _ in arguments.options if blockers.get(name)), "")
    for word in operands:
        value = state.value(word)
        if value is None and (named := _VERSION_ASKED.match(word.text) or _URL_ASKED.match(word.text)):
            packages.append(Package(normalise(named[1] or ""), word))
        elif value is None:
            # a name that only the shell knows still is one package, unless the shell splits it into several
            blocked = blocked or f"what {word.text} installs is known only to the shell"
            packages.append(Package(_distribution(word.text), word))
        elif _LOCAL.search(value) and not _URL.match(value):
            path = state.path(_without_extras(value.removeprefix("file://").removeprefix("file:")))
            if path is None:
                return opaque(f"where {word.text} lies is unknown")
            projects.append(path)
        else:
            packages.append(Package(_distribution(value), word))
    values = arguments.values("-e", "--editable")
    editable = _paths([value if value is None else _without_extras(value) for value in values], state)
    if requirements is None or constraints is None or folders is None or editable is None:
        return opaque(f"a path or URL given to {manager.title} install could not be worked out")
    blocked = blocked or otherwise
    action = Install(
        manager,
        into,
        tuple(packages),
        manifests=requirements,
        constraints=constraints,
        projects=tuple(projects),
        editable=editable,
        folders=folders,
        chosen_by=_chosen_by(arguments, operands, state),
        cache_off=arguments.words(PIP.without_cache),
        cached=_uses_cache(arguments, operands, state),
        blocked=Reason(blocked) if blocked else None,
    )
    certificates = [
        path for value in arguments.values("--cert", "--client-cert") if value and (path := state.path(value))
    ]
    given = (*requirements, *constraints, *projects, *editable, *folders)
    reads = (*settings, *certificates, *given)
    if action.chosen_by:  # another value names another file, which may lie beside this one
        reads += tuple(posixpath.dirname(path) for path in given)
    return Effects(reads=reads, writes=(into.root,), tools=frozenset({manager.id}), action=action)


def manifest_of(install: Install, given: Given) -> Manifest:
    """What an install is given that takes packages, projects and requirements files as pip does."""
    state, context, at = given.state, given.context, given.at
    unknown = install.uncertain
    closures: dict[str, tuple[str, ...]] = {}
    packages = [
        Pinned(package.name, "vcs" if "git+" in (package.word.value or package.word.text) else "index")
        for package in install.asked
    ]
    local: dict[str, list[Named]] = {"local_paths": [], "editable": [], "find_links": []}
    reads: list[str] = []
    files: list[Requirements] = []
    locks: list[Locked | Unread] = []
    told = [given.call.command.text]
    for path in install.files:
        name = at(path)
        lines = (given.written(path) or "").splitlines() if name is None else []
        if name is None and given.written(path) is not None and all(map(_PLAIN.fullmatch, lines)):
            packages += [Pinned(_distribution(line)) for line in lines]
            reads.append(path)
            continue
        if name is not None and is_lock(name):
            lock = read_lock(context, name)
            locks.append(lock)
            closures[path] = (name,)
            unknown = unknown or _pip_locks.not_plain(lock)
            if isinstance(lock, Locked):
                packages += [Pinned(each.name, each.source) for each in lock.distributions]
            continue
        found = closure(context, name, context.ignore) if name is not None else None
        if found is None:
            unknown = unknown or f"nothing of the build context lies at {path}"
        elif not found.complete:
            file = found.files[0] if found.files else path
            lacks = f"{file} names {found.missing[0]}, which is not in the build context" if found.missing else ""
            unknown = unknown or lacks or f"{file} could not be read completely"
        if found is None or not found.complete or len(found.files) != 1 or found.local_paths or found.find_links:
            reads.append(posixpath.dirname(path) or "/")  # what it includes lies there
        if found is None:
            continue
        closures[path] = found.files
        files.append(found)
        packages += [Pinned(each.name) for each in found.requirements]
        packages += [Pinned("", "vcs") for _ in found.vcs]
        told += found.options
        for kind, named in local.items():
            named += [Named(value, found.files[0]) for value in getattr(found, kind)]
    for each in (*local["local_paths"], *local["editable"], *local["find_links"]):
        reads.append(state.path(each.path.removeprefix("file:").partition("[")[0]) or "/")
    maybe: set[str] = set()
    for path in (*install.projects, *install.editable):
        words = words_of_project(path, context.read, at)
        if words is None:
            unknown = unknown or f"what {path} depends on is unknown"
        maybe |= words or frozenset()
    return Manifest(
        unknown,
        closures,
        tuple(packages),
        frozenset(maybe),
        tuple(local["local_paths"]),
        tuple(local["editable"]),
        tuple(local["find_links"]),
        tuple(reads),
        _compiled([state.variables.get("PIP_NO_BINARY", ""), *_NO_BINARY.findall("\n".join(told))]),
        _build_requirements((*install.projects, *install.editable), context, at),
        builds=install.projects,
        blocked=_editable(install, given, local["editable"]),
        locked=_pip_locks.locked(install, given, files, locks, unknown),
    )


def _editable(install: Install, given: Given, named: Sequence[Named]) -> str | None:
    """Why an editable install cannot be handed on, None where it leaves no more than a link to its source."""
    for each in named:
        return f"{each.file} asks for an editable install ({each.path})"
    for folder in install.editable:
        reason = leaves_beside_source(folder, given.project(folder), given.lies_at)
        if reason:
            return f"an editable install leaves build results in the source folder: {reason}"
    return None


def _build_requirements(paths: Sequence[str], context: BuildContext, at: Callable[[str], str | None]) -> frozenset[str]:
    files = [file for path in paths if (file := at(posixpath.join(path, "pyproject.toml")))]
    projects = [Project.read(text) for file in files if (text := context.read(file)) is not None]
    return frozenset(name for project in projects if project for name in project.build_requirements)


def _compiled(lists: Sequence[str]) -> frozenset[str]:
    """The names, normalised, in lists of what pip is told to compile; ":all:" stays as it is."""
    return frozenset(normalise(name) for names in lists for name in re.split(r"[\s,]+", names) if name)


def _blocked(state: State, into: Environment) -> str:
    """Why the packages cannot be installed elsewhere, by what holds at this point; "" for no reason."""
    unseen = venv.unseen(state) if into.root == PREFIX.root else ""
    if unseen:
        return venv.why_not(unseen)
    return "" if state.is_root else "pip installs as another user than root"


def _uses_cache(arguments: Arguments, operands: Sequence[Word], state: State) -> bool:
    """Whether anything comes from the network, and so into the cache."""
    given = [*arguments.values("-f", "--find-links"), *(state.value(word) for word in operands)]
    without = arguments.has("--no-index") or "PIP_NO_INDEX" in state.variables
    return not without or any("://" in (value or "") for value in given)


def _distribution(package: str) -> str:
    match = re.match(r"[A-Za-z0-9][A-Za-z0-9._-]*", package)
    return normalise(match[0]) if match else ""


def _without_extras(value: str) -> str:
    return re.sub(r"\[[^\]]*\]$", "", value)


def _paths(values: Sequence[str | None], state: State) -> tuple[str, ...] | None:
    paths = [None if value is None or "://" in value else state.path(value) for value in values]
    return None if None in paths else tuple(path for path in paths if path)


def _chosen_by(arguments: Arguments, operands: Sequence[Word], state: State) -> str:
    """The variable in a name of what is installed that a build argument decides, "" for none."""
    named = [words[-1].text for name, _, words in arguments.options if name in _NAMES]
    # (who asks, in a URL before the host, does not choose what is there)
    asked = [re.sub(r"(?<=://)[^/@\s]*@", "", word.text) for word in operands]
    named += [re.split(r"[=<>~!\[;@]", text, maxsplit=1)[0] for text in asked]
    return next((name for text in named if (name := state.chosen_by(_below_workdir(text, state)))), "")


def _below_workdir(text: str, state: State) -> str:
    """A path as it is seen from the working directory: what lies there is the same file wherever that is."""
    variable = state.workdir_chosen
    if variable and state.variables.get(variable) == state.workdir:
        return re.sub(rf"^([\"']?)(?:\${variable}|\$\{{{variable}\}})(?=[/\"']|$)", r"\1.", text)
    return text
