"""Verifying many Dockerfiles at once, and leaving nothing behind, however it ends."""

from __future__ import annotations

import signal
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from types import FrameType

from dockfix.batch.discover import place
from dockfix.batch.read import UnreadableError, read
from dockfix.batch.run import Job, internal_error
from dockfix.config import ConfigError, Configs
from dockfix.engine.results import Failure, FileResult
from dockfix.knowledge.seen import SeenError
from dockfix.report.live import Live
from dockfix.report.terminal import Screen
from dockfix.verify.bake import slugs
from dockfix.verify.engines import Engine, EngineError, NoEngineError, find_engine
from dockfix.verify.flags import VerifyFlags
from dockfix.verify.measure import Plan
from dockfix.verify.outcome import Task, Verified
from dockfix.verify.process import TimedOut
from dockfix.verify.remembered import remember
from dockfix.verify.search import verify
from dockfix.verify.settings import VerifySettingError, plan
from dockfix.verify.verdict import Verification

_SIGNALS = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))


class Verifying:
    """Builds and compares, several Dockerfiles at a time. Raises ConfigError where settings or engines cannot be used."""

    def __init__(self, screen: Screen, flags: VerifyFlags, configs: Configs, workers: int, quiet: bool) -> None:
        self._screen, self._flags, self._configs, self._workers, self._quiet = screen, flags, configs, workers, quiet
        self._stop = threading.Event()

    def run(self, jobs: Sequence[Job], search: bool) -> list[Verified]:
        """What came of each job, in their order. Raises KeyboardInterrupt after everything was cleaned away."""
        plans = {job.path: self.plan(job.path) for job in jobs if job.failure is None}
        with _interruptible():
            engine = _engine(self._flags, self._stop)
        folder = self._flags.log_dir or Path(tempfile.mkdtemp(prefix="dockfix-verify-"))
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError("", f"cannot make the folder {folder} for logs: {error.strerror}") from error
        names = slugs([job.path for job in jobs])
        with _interruptible(), Live(self._screen, self._quiet) as live:
            try:
                found = self._all(
                    jobs, lambda job, name: self._one(engine, job, plans, folder / name, live, search), names
                )
            finally:
                self._stop.set()
                if not self._flags.keep:
                    _clean(engine)
                if not self._flags.log_dir:
                    with suppress(OSError):  # of use only where something is in it
                        folder.rmdir()
        self._remember(jobs, found)
        return found

    def _remember(self, jobs: Sequence[Job], found: Sequence[Verified]) -> None:
        """Keep what was seen of packages, for later previews; where that cannot be, nothing is lost but time."""
        for path in dict.fromkeys(job.settings.knowledge for job in jobs if job.settings.knowledge):
            seen = [
                (Path(job.path), each.seen)
                for job, each in zip(jobs, found, strict=True)
                if job.settings.knowledge == path and each.seen
            ]
            try:
                new = remember(Path(path), seen)
            except SeenError:
                continue  # which was warned of
            except OSError as error:
                self._screen.say(f"warning: what was seen cannot be kept in {path}: {error.strerror}")
                continue
            if new and not self._quiet:
                self._screen.say(f"What {new} package{'s' * (new != 1)} need was seen, and is kept in {path}")

    def plan(self, path: str) -> tuple[Plan, int]:
        """How one Dockerfile is verified."""
        table = self._configs.of(place(Path(path)).parent).verify
        try:
            return plan(self._flags, table)
        except VerifySettingError as error:
            raise ConfigError("", error.message, error.hint) from error

    def _all(self, jobs: Sequence[Job], one: Callable[[Job, str], Verified], names: Sequence[str]) -> list[Verified]:
        pool = ThreadPoolExecutor(self._workers)
        futures: list[Future[Verified]] = []
        try:
            futures += [pool.submit(one, job, name) for job, name in zip(jobs, names, strict=True)]
            pending = set(futures)
            while pending:  # a wait without an end would not hear a signal
                _, pending = wait(pending, timeout=0.5, return_when=FIRST_COMPLETED)
            return [future.result() for future in futures]
        finally:
            self._stop.set()
            pool.shutdown(wait=True, cancel_futures=True)

    def _one(
        self, engine: Engine, job: Job, plans: dict[str, tuple[Plan, int]], folder: Path, live: Live, search: bool
    ) -> Verified:
        if job.failure is not None:
            return Verified(FileResult(job.path, failures=(job.failure,)), None)
        live.start(job.path, job.path)
        wanted, most = plans[job.path]
        try:
            task = Task(
                Path(job.path),
                read(job.path),
                job.settings,
                job.context,
                wanted,
                folder,
                search,
                most,
                self._flags.timings,
                self._flags.keep,
            )
            return verify(engine, task, lambda text: live.step(job.path, text))
        except UnreadableError as error:
            return Verified(FileResult(job.path, failures=(error.failure,)), None)
        except Exception as error:
            if self._stop.is_set():
                raise
            return Verified(internal_error(job.path, error).result, None)
        finally:
            live.done(job.path)


def settled(verified: Verified) -> FileResult:
    """The result to be written or shown: with a failure where it could not be verified."""
    found = verified.verification
    if found is None or found.verdict.holds or found.verdict.blames_rewrite:
        return verified.result
    message = f"not verified: {found.verdict.value}" + f": {found.reason}" * bool(found.reason)
    hint = f"the logs are in {found.logs}" if found.logs else ""
    return replace(verified.result, failures=(*verified.result.failures, Failure(message, hint=hint)))


def told(found: Sequence[Verified]) -> list[Verification]:
    """The verifications to report."""
    return [each.verification for each in found if each.verification is not None]


def cleanup(flags: VerifyFlags) -> tuple[int, int]:
    """Remove what runs that were killed have left: how many things, and how many of runs that are still going were let be."""
    engine = _engine(flags, threading.Event())
    try:
        return engine.clean(), sum(map(len, engine.left_over()))
    except TimedOut as error:
        raise ConfigError("", f"{engine.name} does not answer: {error}") from error


def _engine(flags: VerifyFlags, stop: threading.Event) -> Engine:
    try:
        return find_engine(flags.engine, flags.builder, stop)
    except NoEngineError as error:
        raise ConfigError("", error.message, error.hint) from error


def _clean(engine: Engine) -> None:
    """Whatever happens, nothing of this run stays; a second Ctrl-C is for the impatient."""
    try:
        engine.clean(engine.session)
    except (EngineError, TimedOut, OSError):
        return


@contextmanager
def _interruptible() -> Iterator[None]:
    """SIGTERM and SIGHUP end the run as Ctrl-C does."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = (
        {number: signal.signal(number, interrupt) for number in _SIGNALS}
        if threading.current_thread() is threading.main_thread()
        else {}
    )
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
