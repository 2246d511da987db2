"""``dockfix digests``: what to pin the base images to."""

from __future__ import annotations

import sys
import threading

from dockfix.batch.read import UnreadableError, read
from dockfix.cli.jobs import Choice, Jobs
from dockfix.config import ConfigError
from dockfix.engine.results import Failure
from dockfix.report import words
from dockfix.report.terminal import OutputError, Screen
from dockfix.syntax import decode, parse, problems
from dockfix.syntax.limits import BeyondLimitError, beyond_limits
from dockfix.verify.digests import digest, open_bases
from dockfix.verify.engines import EngineError, NoEngineError, find_engine
from dockfix.verify.process import TimedOut

DONE, FAILED = 0, 2


def run(paths: tuple[str, ...], engine: str | None) -> int:
    """Print IMAGE=DIGEST for each base image of the Dockerfiles; the exit status."""
    screen = Screen(sys.stdout, sys.stderr, "auto")
    status = DONE

    def say(place: str, issue: words.Issue) -> None:
        nonlocal status
        status = FAILED
        for line in words.error(place, issue, screen.style):
            screen.say(line)

    try:
        jobs, _ = Jobs(Choice.of(paths)).from_paths()
        bases: list[str] = []
        for job in jobs:
            try:
                tree = parse(decode(read(job.path)))
            except UnreadableError as error:
                say(job.path, error.failure)
                continue
            found = problems(tree) or beyond_limits(tree)
            if found:
                say(job.path, Failure(found[0].message, found[0].line, found[0].column, found[0].hint))
                continue
            try:
                bases += open_bases(tree)
            except BeyondLimitError as error:
                say(job.path, Failure(error.problem.message, error.problem.line, hint=error.problem.hint))
        if bases:
            asked = find_engine(engine, "", threading.Event())
            for base in dict.fromkeys(bases):
                try:
                    screen.out.product(f"{base}={digest(asked, base)}\n")
                except (EngineError, TimedOut) as error:
                    say("", Failure(str(error), hint=getattr(error, "hint", "")))
    except ConfigError as error:
        say(error.source, error)
    except NoEngineError as error:
        say("", Failure(error.message, hint=error.hint))
    except OutputError as error:
        say("", Failure(f"cannot write to standard output: {error}"))
    return status
