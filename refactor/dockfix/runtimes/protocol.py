"""What a runtime's module says of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from dockfix.facts import Facts
from dockfix.model.artefact import Environment
from dockfix.model.reason import Reason


class Runtime(ABC):
    """What runs the programs of a language, such as Python.

    ``id`` is what managers and base images call it, ``title`` what people do.
    """

    id: ClassVar[str]
    title: ClassVar[str]

    @abstractmethod
    def environment(self, facts: Facts) -> Environment:
        """The one that installs are to fill where theirs cannot be carried."""

    @abstractmethod
    def make(self, facts: Facts, environment: Environment) -> str:
        """The command that makes it."""

    @abstractmethod
    def holds_back(self, facts: Facts) -> Reason | None:
        """Why packages have to stay where they are, None where nothing speaks against moving them."""
