"""How the container comes up: the same exit or the same life, the same answers, no new complaint."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache

from dockfix.managers.registry import by_program
from dockfix.model.reason import Declared
from dockfix.runtimes.registry import runtimes
from dockfix.verify.starting import Start
from dockfix.verify.verdict import Finding

SERVER_ERROR = 500  # from this HTTP status on, the server itself is at fault
OFTEN = 3  # times that one complaint makes a loop
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_CHANGING = re.compile(r"0x[0-9a-fA-F]+|\b[0-9a-f]{8,}\b|\d+(?:[.,:]\d+)*")
_COMPLAINT = re.compile(
    r"(?i)permission denied|read-only file system|no such file|not found|cannot open shared object|command not found"
    r"|\w*(?:Error|Exception)\b\s*[:(]|^traceback|operation not permitted|no module named|unable to (?:open|load|find)"
    r"|could not (?:open|load|find|create|write)|failed to (?:open|load|find|create|write)|cannot find (?:module|package)|\bEACCES\b"
)
# The application is not there, whatever goes on listening in its place
_FELL = re.compile(
    r"^Traceback \(most recent call last\)|\b(?:ModuleNotFoundError|ImportError)\b|\bCannot find module\b"
)

_USER = (Declared("USER"),)
_PROGRAM = (Declared("ENV", "PATH"), Declared("PROGRAM"), Declared("PACKAGE"), Declared("FROM"))
_HEALTHCHECK = (Declared("HEALTHCHECK"),)
# What a complaint speaks of: the parts of an image that a change to them makes it come from
_SPEAKS_OF: tuple[tuple[str, tuple[Declared, ...]], ...] = (
    (r"permission denied|operation not permitted|PermissionError|EACCES|EPERM", _USER),
    (r"cannot open shared object", (Declared("PACKAGE"), Declared("FROM"))),
    (r"no module named|ImportError|cannot find (?:module|package)", (Declared("MODULE"), Declared("ENV", "PATH"))),
    (r"command not found|executable file not found|: not found|no such file", _PROGRAM),
)
# What would keep a change to such a part
_KEEPS = {
    _USER: "a RUN in the Dockerfile that gives the user what the message names would keep it",
    _PROGRAM: "the program called by its whole path would keep it",
    _HEALTHCHECK: "a HEALTHCHECK in the Dockerfile, or what the route needs by --env NAME=VALUE, would keep it",
}
_STATUS = {126: _USER, 127: _PROGRAM}  # of a program that may not be run, and of one that is not there


def compare_start(
    before: Start, after: Start, again: Start | None = None, declared: frozenset[Declared] = frozenset()
) -> list[Finding]:
    """What the new container does differently.

    ``again`` is a second run of the original: what it does not repeat itself does not count. Nor does a manager that has started the
    program, where what is started is ``declared``.
    """
    runs = [before, *([again] if again else [])]
    another = any(each.part in {"CMD", "ENTRYPOINT"} for each in declared)
    found = list(_life(runs, after, frozenset(by_program()) if another else frozenset()))
    found += _complaints(runs, after)
    if not found and after.exited is not None:
        found += _output(runs, after)
    return found


def shows_nothing(start: Start) -> str:
    """Why the start of an original is no measure, "" where it is one: it fails by itself, or does nothing that can be seen."""
    if start.exited:
        return f"the original itself ends with status {start.exited}"
    if start.exited is None:
        said = [line.strip() for line in start.output.splitlines() if _COMPLAINT.search(line)]
        often = Counter(next(iter(_lines(line)), "") for line in said).most_common(1)
        if often and often[0][1] >= OFTEN:
            return f"the original says the same again and again: {said[-1][:300]}"
        if start.looked and not (start.listening or start.ports or start.programs):
            return "nothing goes on running in the original"
        fell = next((line.strip() for line in start.output.splitlines() if _FELL.search(line)), "")
        if fell and start.roots and not any(start.roots.values()) and not any(start.good):
            return f"the original answers no request, and says: {_raised(start.output, fell)[:300]}"
    return ""


def _life(runs: list[Start], after: Start, without: frozenset[str]) -> Iterator[Finding]:
    last = _last_line(after.output)
    if after.exited not in {run.exited for run in runs}:
        was = "keeps running" if runs[0].exited is None else f"ends with status {runs[0].exited}"
        now = "keeps running" if after.exited is None else f"ends with status {after.exited}"
        said = f"the new container {now}, the original {was}" + f": {last}" * bool(last)
        about = _STATUS.get(after.exited or 0) or _spoken_of(after.output)
        yield Finding("start", "exit status", said, _KEEPS.get(about, ""), about)
        return
    yield from _health({run.health for run in runs}, after)
    for port in sorted(
        frozenset.intersection(*(run.ports | run.listening for run in runs)) - after.ports - after.listening
    ):
        yield Finding("start", f"port {port}", f"nothing answers on port {port}, where the original answers")
    for port, status in sorted((after.roots or {}).items()):
        known = {(run.roots or {}).get(port) for run in runs}
        if status not in known and known != {None}:
            was = ", ".join(str(value) for value in sorted(value for value in known if value is not None))
            yield Finding(
                "start",
                f"port {port}",
                f"GET / on port {port} gives {status or 'no HTTP answer'}, the original gives {was}",
            )
    for path, status in sorted((after.routes or {}).items()):
        were = {(run.routes or {}).get(path) or 0 for run in runs}
        if (status >= SERVER_ERROR or not status) and all(0 < value < SERVER_ERROR for value in were):
            was = ", ".join(map(str, sorted(were)))
            said = f"GET {path} gives {status or 'no answer'}, the original gives {was}"
            yield Finding("start", f"GET {path}", said, about=_spoken_of(after.output))
    if runs[0].exited is None:
        for name in sorted(
            frozenset.intersection(*(run.programs for run in runs)) - after.programs - after.names - without
        ):
            yield Finding("start", name, f"{name} does not run in the new container, as it does in the original")


def _health(before: set[str], after: Start) -> Iterator[Finding]:
    if before == {"healthy"} and after.health != "healthy":
        now = after.health or "without health check"
        yield Finding("start", "HEALTHCHECK", f"the new container is {now}, the original healthy")
    if after.health in ("starting", "unhealthy") and before == {""}:
        said = "the HEALTHCHECK that the original does not have fails in the new container"
        yield Finding("start", "HEALTHCHECK", said, _KEEPS[_HEALTHCHECK], _HEALTHCHECK)


def _complaints(runs: list[Start], after: Start) -> Iterator[Finding]:
    """Errors in the new container's output that the original does not have."""
    known = {line for run in runs for line in _lines(run.output)}
    for line, shown in _lines(after.output).items():
        if _COMPLAINT.search(shown) and line not in known:
            error = _raised(after.output, shown)
            about = _spoken_of(error)
            yield Finding("start", "output", f"the new container says: {error}", _KEEPS.get(about, ""), about)
            return


def _raised(output: str, shown: str) -> str:
    """What a traceback ends with, of which ``shown`` is the head; any other line as it is."""
    if not shown.startswith("Traceback"):
        return shown
    behind = output.partition(shown)[2].splitlines()[1:]
    return next((line.strip()[:300] for line in behind if line.strip() and not line[0].isspace()), shown)


def _spoken_of(text: str) -> tuple[Declared, ...]:
    """The parts of an image that what a container says may come from, as the last line that tells has it."""
    for line in reversed(text.splitlines()):
        for pattern, parts in _SPEAKS_OF:
            if re.search(pattern, line, re.IGNORECASE):
                return parts
    return ()


def _output(runs: list[Start], after: Start) -> Iterator[Finding]:
    """For programs that end: what the original always says and the new one does not."""
    always = set.intersection(*(set(_lines(run.output)) for run in runs))
    missing = [
        shown for line, shown in _lines(runs[0].output).items() if line in always and line not in _lines(after.output)
    ]
    if missing:
        yield Finding("start", "output", f"the new container does not say: {missing[0]}")


def _lines(text: str) -> dict[str, str]:
    """The lines of an output without what changes from run to run, each with the line as it stood."""
    shown = [_ESCAPES.sub("", line).strip() for line in text.splitlines()]
    return {_CHANGING.sub("#", _places().sub("<place>", line)): line[:300] for line in shown if line}


@cache
def _places() -> re.Pattern[str]:
    """Where packages and programs lie, which may be elsewhere in the new image."""
    patterns = [rf"(?:/[\w.+-]+)+/(?:{runtime.package_folder})" for runtime in runtimes()]
    return re.compile("|".join([*patterns, r"/(?:[\w.+-]+/)*bin(?=/)", *(runtime.library for runtime in runtimes())]))


def _last_line(text: str) -> str:
    return next((line.strip()[:300] for line in reversed(text.splitlines()) if line.strip()), "")
