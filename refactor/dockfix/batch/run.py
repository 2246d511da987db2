"""Running the engine over many files, in this process or in several, so that no file can stop the others."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from dockfix.batch.read import UnreadableError, check, read
from dockfix.engine.results import Failure, FileResult
from dockfix.namedtuple import NamedTuple

if TYPE_CHECKING:
    from dockfix.engine import Settings

# Starting processes takes 100 to 200 ms; below about this many files of a millisecond each, that is never won back.
POOL_PAYS_FROM = 2000
CHUNK = 16


class Job(NamedTuple):
    """One Dockerfile to work on. ``data`` are its bytes where they came from standard input.

    With a ``failure``, which is known beforehand, nothing is run.
    """

    path: str
    settings: Settings
    context: Path | None = None
    data: bytes | None = None
    failure: Failure | None = None


class Outcome(NamedTuple):
    """What came of a job, and the traceback of an internal error."""

    result: FileResult
    trace: str = ""


def internal_error(path: str, error: BaseException) -> Outcome:
    """The outcome of a file on which dockfix itself broke."""
    import traceback

    reason = str(error).split("\n", 1)[0]
    failure = Failure(
        f"internal error: {type(error).__name__}" + f": {reason}" * bool(reason),
        hint="this is a bug in dockfix: please report it together with the file (DOCKFIX_DEBUG=1 shows the traceback)",
    )
    return Outcome(FileResult(path, failures=(failure,)), "".join(traceback.format_exception(error)))


def _tidy() -> None:
    """Frees what the file before has left: objects that refer to each other in circles, a few thousand.

    Small lots take a fraction of the time of large ones, which have left the processor's cache. What has outlived the first look, such as
    a build context, is looked at again from time to time.
    """
    number = next(_started)
    if number:
        gc.collect(2 if number % 256 == 0 else 1 if number % 16 == 0 else 0)


_started = count()


def work(job: Job) -> Outcome:
    """Read one file and run the engine over it. Never raises an Exception."""
    _tidy()
    if job.failure is not None:
        return Outcome(FileResult(job.path, failures=(job.failure,)))
    try:
        from dockfix import engine

        data = job.data
        if data is None:
            data = read(job.path)
        else:
            check(data)
        return Outcome(engine.run(Path(job.path), job.settings, data=data, context=job.context))
    except UnreadableError as error:
        return Outcome(FileResult(job.path, failures=(error.failure,)))
    except Exception as error:
        return internal_error(job.path, error)


def worker_count(files: int, asked: int | None) -> int:
    """How many processes to use; 1 means no others than this one. ``asked`` is what the user said."""
    if asked is None:
        return (os.cpu_count() or 1) if files > POOL_PAYS_FROM else 1
    return max(1, min(asked, files))


def outcomes(jobs: Sequence[Job], workers: int) -> Iterator[Outcome]:
    """The outcomes in the order of the jobs, as they come."""
    return map(work, jobs) if workers < 2 else _pooled(jobs, workers)


def _pooled(jobs: Sequence[Job], workers: int) -> Iterator[Outcome]:
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool

    done = 0
    pool = ProcessPoolExecutor(workers, initializer=_mortal)
    try:
        for outcome in pool.map(work, jobs, chunksize=CHUNK):
            yield outcome
            done += 1
    except BrokenProcessPool:
        yield from map(_alone, jobs[done:])
    finally:
        pool.shutdown(cancel_futures=True)


def _alone(job: Job) -> Outcome:
    """Run a job in a process of its own: after a worker has died, this shows which file it died of."""
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool

    with ProcessPoolExecutor(1, initializer=_mortal) as pool:
        try:
            return pool.submit(work, job).result()
        except BrokenProcessPool as error:
            return internal_error(job.path, error)


def _mortal() -> None:
    """Die of Ctrl-C, which every process of the group hears, at once and silently: the parent deals with it."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_DFL)
