"""What a runtime's module says of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import ClassVar, Literal

from dockfix.facts import Facts
from dockfix.model.artefact import Environment
from dockfix.model.reason import Reason
from dockfix.model.stages import Step, Unit

Probe = Literal["packages", "ports", "libraries"]


class Runtime(ABC):
    """What runs the programs of a language, such as Python.

    ``id`` is what managers and base images call it, ``title`` what people do. ``sources`` are the endings of files with its code,
    each with what a comment begins with there.

    The rest is how it shows in an image that was built. ``interpreters`` are the names of its program, the one to be asked first in
    front; with ``-`` for an argument it runs what it is given on standard input. ``installers`` are packages that only install others, so
    that an environment may have its own or none; of ``any_version`` another version does as well. ``environment_file`` is the name of
    the file that marks the root of an environment, "" where there are none. The rest are patterns: ``package_folder`` of the names of
    the folders that packages lie in, ``library`` of the folder that the interpreter's own library lies in, ``remade`` of the paths of what
    it makes anew wherever it may write, ``leavings`` of others of what belongs to it and to its installers, and to no application.
    ``told_by`` are variables of which every image with it sets one, so that others need not be asked (none: all are).
    """

    id: ClassVar[str]
    title: ClassVar[str]
    sources: ClassVar[Mapping[str, str]]
    interpreters: ClassVar[tuple[str, ...]]
    installers: ClassVar[frozenset[str]] = frozenset()
    any_version: ClassVar[frozenset[str]] = frozenset()
    environment_file: ClassVar[str] = ""
    told_by: ClassVar[frozenset[str]] = frozenset()
    package_folder: ClassVar[str]
    library: ClassVar[str]
    remade: ClassVar[str] = r"(?!)"
    leavings: ClassVar[tuple[str, ...]] = ()

    def asks(self, url: str, runner: str = "") -> tuple[str, ...]:
        """A command of the interpreter's own that fails unless plain HTTP gives a proper answer there; () where there is none.

        ``runner`` is the program that an image has in the interpreter's place, "" for none. The words have no double quote.
        """
        return ()

    @abstractmethod
    def probe(self, what: Probe) -> str:
        """A script for the interpreter of an image, which needs nothing else; ``probes`` says what it is given and what it prints."""


class MovingRuntime(Runtime):
    """One whose packages can be installed into an environment of their own where the base image's own folder cannot be carried."""

    @abstractmethod
    def environment(self, facts: Facts) -> Environment:
        """The one that installs are to fill where theirs cannot be carried."""

    @abstractmethod
    def needs_installer(self, facts: Facts, staying: Iterable[tuple[Step, Unit]]) -> bool:
        """Whether an environment that is made needs an installer of its own: it is not certain that the base image's does as well.

        ``staying`` are the commands that stay with it.
        """

    @abstractmethod
    def make(self, facts: Facts, environment: Environment) -> str:
        """The command that makes it."""

    def links(self, facts: Facts, environment: Environment) -> Mapping[str, str]:
        """The links that have to be made for programs to be found where they were, each with where it leads."""
        return {}

    @abstractmethod
    def holds_back(self, facts: Facts) -> Reason | None:
        """Why packages have to stay where they are, None where nothing speaks against moving them."""

    def doubts(self, facts: Facts) -> tuple[Reason, ...]:
        """Why packages could not be found where they are moved to."""
        return ()
