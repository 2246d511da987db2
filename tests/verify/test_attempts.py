"""What of a result an image is built from."""

from __future__ import annotations

from dockfix.engine import FileChange, FileResult
from dockfix.verify.attempts import rewritten
from dockfix.verify.measure import Candidate


def test_a_compose_file_is_no_ignore_file() -> None:
    changes = (
        FileChange("a/Dockerfile", "FROM x\n", "FROM y\n"),
        FileChange("a/.dockerignore", None, "b\n"),
        FileChange("compose.yaml", "services: {}\n", "services: {a: {}}\n"),
    )
    found = rewritten(Candidate("FROM x\n", None), FileResult("a/Dockerfile", changes))
    assert (found.dockerfile, found.ignore) == ("FROM y\n", "b\n")
    found = rewritten(Candidate("FROM x\n", "old\n"), FileResult("a/Dockerfile", changes[::2]))
    assert found.ignore == "old\n"
