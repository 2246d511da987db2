"""What holds at one point of a stage: directory, user, variables, shell, the environments made so far."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from dataclasses import field, replace

from dockfix.context.users import is_root
from dockfix.dataclass import dataclass
from dockfix.knowledge import DEFAULT_PATH
from dockfix.lazy import regex
from dockfix.model.artefact import Environment
from dockfix.model.effects import within
from dockfix.syntax import expand
from dockfix.syntax.shell import Word

VERSION = "version"  # the name of the setting that is the version of a program
_PLAIN_EXPANSION = regex(r"""^[^`()'\\]*$""")


@dataclass(frozen=True)
class State:
    """The state before a step.

    ``workdir`` is absolute, None where a variable without a known value decides; ``user`` is "" for the base image's own;
    ``env`` holds the values of ENV, ``args`` of the ARGs in scope (None: no default); ``environments`` are those that were made so
    far, ``activated`` is the root of the one that this RUN's shell has activated. ``chosen`` are the variables whose value a build
    argument decides: what is known of them holds for its default. ``workdir_chosen`` is the one that decides the directory, and
    ``workdir_text`` how it is written then ("" where a path below it cannot be written so). ``fetched``
    are files that come from the net, each with its address. ``own_prefix`` is the folder in which nothing
    of the base image itself lies, "" for none. ``settings`` are what managers were told to keep, by manager and name (None: a value
    that only the shell knows), ``brought`` are the programs of managers that were brought, by manager. ``runtime`` is the language that
    the base image brings, "" for none that is known; ``added`` are those that were brought beside it.
    """

    workdir: str | None = "/"
    user: str | None = ""
    env: Mapping[str, str] = field(default_factory=lambda: {"PATH": DEFAULT_PATH})
    args: Mapping[str, str | None] = field(default_factory=dict)
    shell: tuple[str, ...] | None = None
    environments: tuple[Environment, ...] = ()
    activated: str = ""
    chosen: frozenset[str] = frozenset()
    workdir_chosen: str = ""
    workdir_text: str = ""
    fetched: Mapping[str, str] = field(default_factory=dict)
    own_prefix: str = ""
    settings: Mapping[tuple[str, str], str | None] = field(default_factory=dict)
    brought: Mapping[str, str] = field(default_factory=dict)
    runtime: str = ""
    added: frozenset[str] = frozenset()

    def runs(self, runtime: str) -> bool:
        """Whether the programs of a language can be run: by the base image, or by what was brought to one that has another language."""
        return self.runtime == runtime or (bool(self.runtime) and runtime in self.added)

    def chosen_by(self, text: str) -> str:
        """The variable in a text whose value a build argument decides, "" for none."""
        return next((name for name in re.findall(r"\$\{?(\w+)", text) if name in self.chosen), "")

    @property
    def variables(self) -> dict[str, str]:
        """Every variable with a known value; ENV beats ARG."""
        return {**{name: value for name, value in self.args.items() if value is not None}, **self.env}

    @property
    def is_root(self) -> bool:
        """Whether commands run as root for certain (official base images start as root)."""
        return self.user is not None and (is_root(self.user) or not self.user.partition(":")[0])

    def path(self, text: str) -> str | None:
        """An absolute, normalised path for ``text`` as a command here would take it."""
        if text == "~" or text.startswith("~/"):
            if not self.is_root:
                return None
            text = "/root" + text[1:]
        if not text.startswith("/"):
            if self.workdir is None:
                return None
            text = posixpath.join(self.workdir, text)
        return "/" + posixpath.normpath(text).lstrip("/")

    def value(self, word: Word) -> str | None:
        """A word's value with the variables known here; None where the shell would decide it."""
        if word.value is not None:
            return word.value
        text = word.text
        if len(text) > 1 and text[0] == text[-1] == '"':
            text = text[1:-1]
        if '"' in text or not _PLAIN_EXPANSION.match(text):
            return None
        home = {"HOME": "/root"} if self.is_root else {}
        return expand(text, {**home, **self.variables})

    def with_workdir(self, path: str | None) -> State:
        """The state after ``cd`` or WORKDIR."""
        return replace(self, workdir=None if path is None else self.path(path), workdir_text="")

    def spelled(self, path: str) -> str:
        """A path as it has to be written to be the right one whichever directory a build argument chooses."""
        if not self._is_spelled or self.workdir is None or not within(path, self.workdir):
            return path
        return self.workdir_text + path[len(self.workdir.rstrip("/")) :]

    def placed_by(self, path: str) -> str:
        """The build argument that decides where a path lies, and cannot be written in its place; "" for none."""
        below = self.workdir is None or within(path, self.workdir)
        return self.workdir_chosen if below and not self._is_spelled else ""

    @property
    def _is_spelled(self) -> bool:
        """Whether the directory can be written so here, where its variables may have other values than there."""
        text = expand(self.workdir_text, self.variables) if self.workdir_text else None
        return text is not None and posixpath.normpath(text) == self.workdir
