"""A stand-in for the engine, so that these tests say what the command line does, whatever the transforms do.

It adds a USER line to every Dockerfile that has none; marks in the Dockerfile ask for more. Run as a script, it is
dockfix with this engine.
"""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

from dockfix import engine
from dockfix.engine import Failure, FileChange, FileResult, Note, Settings

SCRIPT = __file__
ADDED = "USER 10001"
STARTED = "DOCKFIX_TEST_STARTED"  # names a file that is made when work on a slow Dockerfile has begun


def run(path: Path, settings: Settings, *, data: bytes | None = None, context: Path | None = None) -> FileResult:
    raw = path.read_bytes() if data is None else data
    text = raw.decode("utf-8", "surrogateescape")
    if "# boom" in text:
        raise RuntimeError("the fake broke\non purpose")
    if "# die" in text:
        os._exit(9)
    if "# slow" in text:
        if os.environ.get(STARTED):
            Path(os.environ[STARTED]).touch()
        time.sleep(0.3)
    if "# bad" in text:
        line = text[: text.index("# bad")].count("\n") + 1
        failure = Failure("unknown instruction: BAD", line, 3, "did you mean ADD?")
        return FileResult(str(path), failures=(failure,))
    files, changes = [], []
    wanted = settings.select is None or "non-root" in settings.select
    if "USER" not in text and wanted and "non-root" not in settings.ignore:
        newline = "\r\n" if "\r\n" in text else "\n"
        ended = text.endswith("\n")
        after = text + (newline * (not ended)) + ADDED + newline * ended
        files.append(FileChange(str(path), text, after))
        line = text.count("\n") + 1
        changes.append(Note("non-root", line, f"the program runs as 10001 with {dict(settings.options)} in {context}"))
    mark = re.search(r"# beside (.*)", text)
    if mark:
        beside = path.parent / ".dockerignore"
        before = beside.read_text("utf-8") if beside.exists() else None
        if before != mark[1] + "\n":
            files.append(FileChange(str(beside), before, mark[1].replace(" ", "\n") + "\n"))
            changes.append(Note("dockerignore", 0, "keeps .git out of the context"))
    if "# crowd" in text:  # another program writes at the same time
        path.write_bytes(raw + b"# me too\n")
    unsafe = () if settings.unsafe else (Note("cache-mounts", 2, "pip could keep its cache"),)
    refusals = (Note("multi-stage", 2, "nothing would move"), Note("virtualenv", 0, "no pip install"))
    warnings = (Note("non-root", 3, "port 80 needs root"),) if "# warn" in text else ()
    return FileResult(str(path), tuple(files), tuple(changes), unsafe, refusals, warnings)


if __name__ == "__main__":
    from dockfix.cli import main

    engine.run = run
    main()
