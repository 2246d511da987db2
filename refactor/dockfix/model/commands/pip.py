"""pip, under any of its names."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from dataclasses import replace

from dockfix.model.commands.protocol import Arguments, CommandModel, parse
from dockfix.model.effects import Effects, PipCacheClean, PipInstall, opaque
from dockfix.model.state import State
from dockfix.syntax.shell import Command, Word

# pip's own options (pip 24, `pip install --help`): those with a value, and those without
_VALUED = {
    "-r",
    "--requirement",
    "-c",
    "--constraint",
    "-e",
    "--editable",
    "-t",
    "--target",
    "-i",
    "--index-url",
    "--extra-index-url",
    "-f",
    "--find-links",
    "--trusted-host",
    "--prefix",
    "--root",
    "--src",
    "--no-binary",
    "--only-binary",
    "--platform",
    "--python-version",
    "--implementation",
    "--abi",
    "--progress-bar",
    "--timeout",
    "--default-timeout",
    "--retries",
    "--cache-dir",
    "--cert",
    "--client-cert",
    "--proxy",
    "--log",
    "--exists-action",
    "--upgrade-strategy",
    "--global-option",
    "--install-option",
    "--build-option",
    "-C",
    "--config-settings",
    "--use-feature",
    "--use-deprecated",
    "--root-user-action",
    "--keyring-provider",
    "--report",
    "--python",
    "--build",
    "-b",
}
_FLAGS = {
    "--no-cache-dir",
    "--no-cache",
    "-U",
    "--upgrade",
    "--pre",
    "--no-deps",
    "-q",
    "--quiet",
    "-v",
    "--verbose",
    "--user",
    "--no-input",
    "--disable-pip-version-check",
    "--no-warn-script-location",
    "--no-warn-conflicts",
    "--require-hashes",
    "--prefer-binary",
    "--force-reinstall",
    "-I",
    "--ignore-installed",
    "--no-build-isolation",
    "--use-pep517",
    "--no-use-pep517",
    "--no-compile",
    "--compile",
    "--no-index",
    "--break-system-packages",
    "--isolated",
    "--no-color",
    "--ignore-requires-python",
    "--no-clean",
    "--no-python-version-warning",
    "--dry-run",
    "--require-virtualenv",
    "--check-build-dependencies",
    "--debug",
    "--allow-external",
    "--allow-unverified",
    "--process-dependency-links",
}
_NAMES = {"-r", "--requirement", "-c", "--constraint", "-e", "--editable", "-f", "--find-links"}
_BLOCKERS = {
    "--user": "pip install --user installs into the home folder",
    "-t": "pip install --target chooses a folder of its own",
    "--target": "pip install --target chooses a folder of its own",
    "--prefix": "pip install --prefix chooses a folder of its own",
    "--root": "pip install --root chooses a folder of its own",
    "--python": "pip --python chooses another interpreter",
    "--no-build-isolation": "--no-build-isolation builds with the packages of the base image",
    "--no-use-pep517": "--no-use-pep517 builds with the packages of the base image",
    "--src": "--src keeps the sources of editable packages",
    "--platform": "--platform installs for another machine",
    "--report": "--report writes a file",
    "--log": "--log writes a file",
    "--cache-dir": "",
}
_LOCAL = re.compile(r"^(\.{1,2}(/|\[|$)|/|~/|file:)|\.(whl|zip|tar\.gz|tgz|tar\.bz2)$|/")
_URL = re.compile(r"^[a-z][a-z0-9+.-]*://|^[A-Za-z0-9._-]+(\[[^\]]*\])?\s*@\s")
TOOLS = frozenset({"pip"})
# what pip reads wherever it runs: its configuration, credentials, keys, certificates
CONFIGURATION_FILES = ("/etc/pip.conf", "/etc/xdg/pip/pip.conf", "/root/.pip/pip.conf", "/root/.config/pip/pip.conf")
CONFIGURATION = (
    "/etc/pip.conf",
    "/etc/xdg/pip",
    "/root/.pip",
    "/root/.config/pip",
    "/root/.netrc",
    "/root/.ssh",
    "/root/.gitconfig",
    "/etc/gitconfig",
    "/etc/ssl",
    "/etc/ssh",
    "/usr/local/share/ca-certificates",
    "/usr/share/ca-certificates",
)


# Settings (PIP_…) that only say where packages come from or how pip talks
_HARMLESS_SETTINGS = frozenset(
    {
        "PIP_NO_CACHE_DIR",
        "PIP_CACHE_DIR",
        "PIP_DISABLE_PIP_VERSION_CHECK",
        "PIP_INDEX_URL",
        "PIP_EXTRA_INDEX_URL",
        "PIP_TRUSTED_HOST",
        "PIP_DEFAULT_TIMEOUT",
        "PIP_TIMEOUT",
        "PIP_RETRIES",
        "PIP_ROOT_USER_ACTION",
        "PIP_BREAK_SYSTEM_PACKAGES",
        "PIP_PREFER_BINARY",
        "PIP_PROGRESS_BAR",
        "PIP_CERT",
        "PIP_CLIENT_CERT",
        "PIP_CONSTRAINT",
        "PIP_FIND_LINKS",
        "PIP_NO_INPUT",
        "PIP_ONLY_BINARY",
        "PIP_NO_WARN_SCRIPT_LOCATION",
        "PIP_NO_BINARY",
        "PIP_PRE",
        "PIP_UPGRADE",
        "PIP_QUIET",
        "PIP_VERBOSE",
        "PIP_NO_COLOR",
        "PIP_VERSION",
        "PIP_PROXY",
        "PIP_CONFIG_FILE",
        "PIP_NO_COMPILE",
        "PIP_USE_PEP517",
        "PIP_PACKAGES",
    }
)
# Variables whose paths pip, git, ssh, TLS or a compiler read
_PATH_SETTINGS = re.compile(
    r"PIP_|SSL_|REQUESTS_|CURL_|NETRC$|GIT_|SSH_|(?:C|CPP|CXX|LD)FLAGS$|.*LIBRARY_PATH$|C_INCLUDE_PATH$|CPATH$|PKG_CONFIG"
)


def _settings(state: State) -> tuple[str, tuple[str, ...]]:
    """The PIP_ variable that changes where pip installs ("" for none), and the paths that variables name."""
    variables = state.variables
    known = set(state.args) | set(variables)
    changes = next((name for name in sorted(known) if name.startswith("PIP_") and name not in _HARMLESS_SETTINGS), "")
    reads: list[str] = []
    for name, value in variables.items():
        if _PATH_SETTINGS.match(name):
            reads += re.findall(r"(?<![\w.:/-])/[\w.@+/-]+", value)
            if (
                name in {"PIP_CERT", "PIP_CONSTRAINT", "PIP_FIND_LINKS", "PIP_CONFIG_FILE", "PIP_CLIENT_CERT"}
                and "://" not in value
            ):
                reads += [path for word in value.split() if (path := state.path(word))]
    return changes, tuple(reads)


def venv_of(command: Command, state: State) -> str:
    """The virtual environment that the program of ``command`` belongs to, "" for the base image's."""
    name = command.name or ""
    if "/" in name:
        prefix = posixpath.dirname(posixpath.dirname(state.path(name) or ""))
        return prefix if prefix in state.venvs else ""
    return state.active_venv


def pip_effects(words: Sequence[Word], state: State, prefix: str) -> Effects:
    """The effects of ``pip WORDS``, installed in ``prefix``."""
    arguments = parse(words, state, _VALUED)
    if not arguments.operands:
        return Effects(tools=TOOLS)
    verb = arguments.operands[0].value
    if verb in {"list", "show", "check", "freeze", "--version", "help", "debug", "inspect"}:
        return Effects(tools=TOOLS)
    if verb == "cache":
        purge = any(word.value in {"purge", "remove"} for word in arguments.operands)
        return Effects(tools=TOOLS, action=PipCacheClean() if purge else None)
    if verb == "config":
        return (
            Effects(writes=("/root/.config/pip",), tools=TOOLS)
            if state.is_root
            else opaque("pip config as another user")
        )
    if verb != "install":
        return opaque(f"pip {verb} is not modelled")
    return _install(parse(words, state, _VALUED, _FLAGS), state, prefix)


def _paths(values: Sequence[str | None], state: State) -> tuple[str, ...] | None:
    paths = [None if value is None or "://" in value else state.path(value) for value in values]
    return None if None in paths else tuple(path for path in paths if path)


def _chosen_by(arguments: Arguments, state: State) -> str:
    """The variable in a name of what is installed that a build argument decides, "" for none."""
    named = [words[-1].text for name, _, words in arguments.options if name in _NAMES]
    named += [re.split(r"[=<>~!\[;@]", word.text, maxsplit=1)[0] for word in arguments.operands[1:]]
    return next((name for text in named if (name := state.chosen_by(text))), "")


def _install(arguments: Arguments, state: State, prefix: str) -> Effects:
    if arguments.unknown:
        return opaque(f"pip install {arguments.unknown} is not modelled")
    requirements = _paths(arguments.values("-r", "--requirement"), state)
    constraints = _paths(arguments.values("-c", "--constraint"), state)
    links = _paths([value for value in arguments.values("-f", "--find-links") if "://" not in (value or "")], state)
    packages: list[str] = []
    local: list[str] = []
    blocker = next((_BLOCKERS[name] for name, _, _ in arguments.options if _BLOCKERS.get(name)), "")
    for word in arguments.operands[1:]:
        value = state.value(word)
        if value is None:
            # a name that only the shell knows still is one package, unless the shell splits it into several
            blocker = blocker or f"what {word.text} installs is known only to the shell"
            packages.append(word.text)
        elif _LOCAL.search(value) and not _URL.match(value):
            path = state.path(re.sub(r"\[[^\]]*\]$", "", value.removeprefix("file://").removeprefix("file:")))
            if path is None:
                return opaque(f"where {word.text} lies is unknown")
            local.append(path)
        else:
            packages.append(value)
    editable = _paths(
        [
            value if value is None else re.sub(r"\[[^\]]*\]$", "", value)
            for value in arguments.values("-e", "--editable")
        ],
        state,
    )
    if requirements is None or constraints is None or links is None or editable is None:
        return opaque("a path or URL given to pip install could not be worked out")
    if not prefix and state.unseen_venv:
        blocker = blocker or f"how the virtual environment {state.unseen_venv} is made is unknown"
    if not state.is_root:
        blocker = blocker or "pip installs as another user than root"
    action = PipInstall(
        prefix=prefix,
        requirements=requirements,
        constraints=constraints,
        packages=tuple(packages),
        local=tuple(local),
        editable=editable,
        find_links=links,
        blocker=blocker,
        no_cache=tuple(
            word for name, _, words in arguments.options for word in words if name in {"--no-cache-dir", "--no-cache"}
        ),
        chosen_by=_chosen_by(arguments, state),
    )
    changes, settings = _settings(state)
    if changes:
        action = replace(action, blocker=action.blocker or f"{changes} may change where pip installs")
    certificates = [
        path for value in arguments.values("--cert", "--client-cert") if value and (path := state.path(value))
    ]
    reads = (*settings, *certificates, *requirements, *constraints, *local, *editable, *links)
    if action.chosen_by:  # another value names another file, which may lie beside this one
        reads += tuple(posixpath.dirname(path) for path in (*requirements, *constraints, *local, *editable, *links))
    return Effects(reads=reads, writes=(prefix or "/usr/local",), tools=TOOLS, action=action)


def _pip(command: Command, state: State) -> Effects:
    return pip_effects(command.args, state, venv_of(command, state))


MODELS: dict[str, CommandModel] = {"pip": _pip}
