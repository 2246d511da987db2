"""conda, mamba and micromamba: packages of any language, in environments that hold the path of their own folder."""

from __future__ import annotations

import posixpath
import re
from typing import ClassVar

from dockfix.lazy import regex
from dockfix.managers.protocol import Call, Manager
from dockfix.model.effects import Effects, opaque
from dockfix.model.state import State

_TOOLS = frozenset({"conda"})
_TELL = frozenset({"info", "list", "search", "compare", "repoquery", "--version", "-V", "--help", "-h"})
_FETCH = frozenset({"create", "install", "update", "upgrade"})
# What takes packages from where others were left, or leaves them where others look for them
_NEEDS_THEM = frozenset({"--offline", "--clone", "--use-local", "--download-only", "--dry-run", "-d", "--help", "-h"})
# Those before 4.6 know no -f: https://docs.conda.io/projects/conda/en/4.6.0/commands/clean.html
_OLD_IMAGES = regex(r"(?:.*/)?continuumio/(?:mini|ana)conda\d?:(?:4\.[0-5]|[1-3]|5\.|2018)\b.*")


class Conda(Manager):
    """conda and those that take its commands: https://docs.conda.io/projects/conda/en/stable/commands/index.html.

    What it installs is not carried: texts and binaries of an environment hold the path of its folder, its scripts run when it is
    activated, and packages share files with those of other environments.
    """

    id: ClassVar[str] = "conda"
    title: ClassVar[str] = "conda"
    programs: ClassVar[frozenset[str]] = frozenset({"conda", "mamba", "micromamba"})
    runs_others: ClassVar[bool] = True
    # where it keeps them, unless that is a part of a channel's address; variables and settings
    downloads: ClassVar[re.Pattern[str]] = regex(
        r"(?<![\w:/.-])[/~$][^\s:\"']*/pkgs(?![\w-])|\bCONDA_PKGS_DIRS|\b(?:allow|always)_softlinks?|\bpkgs_dirs"
    )

    def effects(self, call: Call, state: State) -> Effects:
        """What only tells something; of all else nobody knows what it does to an image."""
        words = [word.value or "" for word in call.words]
        if words[:1] and words[0] in {*_TELL, "clean"}:  # an environment has its packages itself
            return Effects(tools=_TOOLS)
        verb = words[0] if words else ""
        return opaque(f"what conda {verb} does to its environments is not modelled".replace("  ", " "))

    def tidied_by(self, call: Call, base: str) -> str:
        """``conda clean -afy``, for what fetches packages into the cache that it links them from."""
        words = [word.value or "" for word in call.words]
        verbs = [word for word in words if not word.startswith("-")]
        verb = verbs[1] if verbs[:1] == ["env"] and len(verbs) > 1 else next(iter(verbs), "")
        name = call.command.name or ""
        if verb not in _FETCH or not _NEEDS_THEM.isdisjoint(words) or _OLD_IMAGES.fullmatch(base):
            return ""
        # https://micromamba-docker.readthedocs.io/en/latest/quick_start.html
        options = "--all --yes" if posixpath.basename(name) == "micromamba" else "-afy"
        return f"{name} clean {options}"


CONDA = Conda()
