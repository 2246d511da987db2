"""What pip, and what it starts, reads besides what it is given: files and variables."""

from __future__ import annotations

from collections.abc import Collection

from dockfix.managers._pip_options import FLAGS, HARMLESS_SETTINGS, VALUED
from dockfix.managers.variables import named_paths
from dockfix.model.state import State

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
# What building a package may read besides what it is given: of /usr all but /usr/src, where programs are put
_OF_USR = ("bin", "include", "lib", "lib32", "lib64", "libexec", "libx32", "local", "sbin", "share")
BUILD_READS = (
    *(f"/usr/{name}" for name in _OF_USR),
    "/opt",
    "/lib",
    "/bin",
    "/sbin",
    "/tmp",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
)


def settings_of(state: State, modelled: Collection[str] = ()) -> tuple[str, tuple[str, ...]]:
    """The PIP_ variable that changes where pip installs ("" for none) but for ``modelled`` ones, and the paths that variables name."""
    variables = state.variables
    known = (set(state.args) | set(variables)) - set(modelled)
    changes = next((name for name in sorted(known) if name not in HARMLESS_SETTINGS and _is_option(name)), "")
    reads = [*named_paths(state)]
    for name, value in variables.items():
        if (
            name in {"PIP_CERT", "PIP_CONSTRAINT", "PIP_FIND_LINKS", "PIP_CONFIG_FILE", "PIP_CLIENT_CERT"}
            and "://" not in value
        ):
            reads += [path for word in value.split() if (path := state.path(word))]
    return changes, tuple(reads)


def _is_option(name: str) -> bool:
    """Whether pip takes a variable for one of its options (https://pip.pypa.io/en/stable/topics/configuration/#environment-variables)."""
    return name.startswith("PIP_") and f"--{name[4:].lower().replace('_', '-')}" in VALUED | FLAGS
