"""The transform protocol, the registry and the runner."""

from dockfix.engine.results import Failure, FileChange, FileResult, Note
from dockfix.engine.runner import Settings, run

__all__ = ["Failure", "FileChange", "FileResult", "Note", "Settings", "run"]
