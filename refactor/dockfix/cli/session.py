"""One run of the default command: find, ask the engine, settle, report."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from dockfix.batch.discover import named_out, place
from dockfix.batch.repository import patch_name
from dockfix.batch.run import Job, Outcome, internal_error, outcomes, worker_count
from dockfix.batch.settle import Settler
from dockfix.cli.jobs import Choice, Jobs, unusable
from dockfix.config import ConfigError, Configs
from dockfix.dataclass import dataclass
from dockfix.engine.results import Failure, FileResult
from dockfix.report import words
from dockfix.report.diff import unified
from dockfix.report.formats import chosen
from dockfix.report.progress import Progress
from dockfix.report.repeated import Warnings
from dockfix.report.terminal import OutputError, Screen
from dockfix.report.totals import Mode, Totals
from dockfix.syntax import decode

if TYPE_CHECKING:
    from dockfix.verify.flags import VerifyFlags
    from dockfix.verify.verdict import Verification

DONE, PENDING, FAILED = 0, 1, 2
STDIN = "<stdin>"


@dataclass(frozen=True)
class Options(Choice):
    """The command line after parsing; the names are those of the options. ``verify`` is None where nothing is to be proved."""

    apply: bool
    check: bool
    stdin_filename: str | None
    format: str
    color: str
    jobs: int | None
    verbose: bool
    quiet: bool
    verify: VerifyFlags | None = None

    @property
    def mode(self) -> Mode:
        """What to do with the changes."""
        return Mode.APPLY if self.apply else Mode.CHECK if self.check else Mode.PREVIEW

    @property
    def from_stdin(self) -> bool:
        """Whether the Dockerfile comes from standard input."""
        return self.paths == ("-",)


class Session:
    """One run over the files that the options name."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._screen = Screen(sys.stdout, sys.stderr, options.color)
        self._output = chosen(options.format, self._screen, options.mode, options.quiet)
        self._settler = Settler(options.apply and not options.from_stdin)
        self._input = b""
        self._verifications: dict[str, Verification] = {}
        self._warnings = Warnings()

    def run(self) -> int:
        """Do it all; the exit status."""
        try:
            jobs = Jobs(self._options)
            found = self._from_stdin(jobs) if self._options.from_stdin else self._from_paths(jobs)
            if self._options.format.startswith("checklist"):
                found = [job._replace(settings=replace(job.settings, checklist=True)) for job in found]
            return self._work(found, jobs)
        except ConfigError as error:
            self._say(*words.error(error.source, error, self._screen.style))
        except OutputError as error:
            self._say(*words.error("", Failure(f"cannot write to standard output: {error}"), self._screen.style))
        finally:
            self._screen.clear()
        return FAILED

    def _from_paths(self, jobs: Jobs) -> list[Job]:
        found, warnings = jobs.from_paths()
        if not self._options.quiet:
            for name, message in warnings:
                self._say(words.warning(name, message, self._screen.style))
        return found

    def _from_stdin(self, jobs: Jobs) -> list[Job]:
        name = self._options.stdin_filename or "Dockerfile"
        if sys.stdin is None:
            raise ConfigError("", "standard input is closed")
        try:
            self._input = sys.stdin.buffer.read()
        except OSError as error:
            raise ConfigError("", f"cannot read standard input: {error.strerror}") from error
        at = place(Path(name))
        if self._options.force_exclude and named_out(at, False, (jobs.exclude, *jobs.configs.of(at.parent).exclude)):
            if self._options.apply:  # whoever asked for the new file gets the old one
                self._screen.out.product(decode(self._input))
            return []
        job = jobs.job(name)._replace(data=self._input)
        if not self._options.quiet:
            for where, message in unusable([job]):
                self._say(words.warning(where, message, self._screen.style))
        return [job]

    def _work(self, jobs: Sequence[Job], source: Jobs) -> int:
        options, totals = self._options, Totals()
        at_length = options.verbose or len(jobs) == 1
        if options.verify is not None:
            results = iter(self._verified(jobs, source.configs, options.verify))
        else:
            results = self._watched(outcomes(jobs, worker_count(len(jobs), options.jobs)), len(jobs))
        if options.apply:  # no file is read after another was written: the result is that of the preview, in any order
            results = iter(list(results))
        for outcome in results:
            result = self._one(outcome, at_length)
            totals.add(result, self._verifications.get(result.path))
            if self._screen.out.gone and options.mode is Mode.PREVIEW:
                return FAILED if totals.failed else DONE  # `dockfix … | head`: nobody sees the rest
        self._say(*self._warnings.lines(self._screen.style))
        self._output.end(totals)
        if self._verifications and options.format != "json" and not options.quiet:
            self._tell_verifications()
        if jobs and self._output.talks and not options.quiet:
            self._say(totals.sentence(options.mode))
            proof = "" if options.verify or jobs[0].data else totals.proof(jobs[0].path if len(jobs) == 1 else "PATH")
            if proof:
                self._say(proof)
        if jobs and not options.quiet:
            self._say(*words.plug_ins(self._screen.style))
        if totals.failed:
            return FAILED
        return PENDING if options.check and totals.changed else DONE

    def _verified(self, jobs: Sequence[Job], configs: Configs, flags: VerifyFlags) -> list[Outcome]:
        """The outcomes, with only those changes that builds have proved."""
        from dockfix.cli.verifying import Verifying, settled

        found = Verifying(self._screen, flags, configs, self._options.jobs or 1, self._options.quiet).run(
            jobs, search=True
        )
        self._verifications = {each.result.path: each.verification for each in found if each.verification is not None}
        return [Outcome(settled(each)) for each in found]

    def _tell_verifications(self) -> None:
        from dockfix.report.verification import as_text

        text = as_text(list(self._verifications.values()), self._screen.style, self._options.verbose)
        self._say(*text.rstrip("\n").split("\n") if text else ())

    def _watched(self, results: Iterator[Outcome], total: int) -> Iterator[Outcome]:
        progress = Progress(self._screen, total)
        for number, outcome in enumerate(results, 1):
            progress.step(number)
            yield outcome

    def _one(self, outcome: Outcome, at_length: bool) -> FileResult:
        """Settle and report one file; what became of its result."""
        try:
            result = self._settler.settle(outcome.result)
            diff = _diff(result)
        except Exception as error:  # a bug with this file shall not stop the others
            outcome = internal_error(outcome.result.path, error)
            result, diff = outcome.result, ""
        label = (self._options.stdin_filename or STDIN) if self._options.from_stdin else result.path
        self._output.file(result, label, diff, self._verifications.get(result.path))
        if self._options.from_stdin and self._options.apply and not result.failures:
            self._filtered(result)
        if outcome.trace and os.environ.get("DOCKFIX_DEBUG"):
            self._say(outcome.trace.rstrip())
        self._say(*self._report(result, label, at_length))
        return result

    def _filtered(self, result: FileResult) -> None:
        """Print the new Dockerfile, as a filter does; files beside it can only be named."""
        text = decode(self._input)
        for change in result.files:
            if Path(change.path) == Path(result.path):
                text = change.after
            elif not self._options.quiet:
                message = "not written, since the Dockerfile came from standard input"
                self._say(words.warning(change.path, message, self._screen.style))
        self._screen.out.product(text)

    def _report(self, result: FileResult, label: str, at_length: bool) -> Iterator[str]:
        style = self._screen.style
        for failure in result.failures:
            yield from words.error(label, failure, style)
        if self._options.quiet:
            return
        for note in result.warnings:
            if at_length:
                yield words.warning(label, words.told(note), style, note.line)
            else:
                self._warnings.add(label, note)
        if self._output.talks and not result.failures and (result.changed or at_length):
            yield words.headline(result, label, self._options.mode, style)
            if self._options.apply and not self._options.from_stdin:
                yield from (words.created(change.path) for change in result.files if change.before is None)
            if at_length:
                yield from words.details(result)

    def _say(self, *lines: str) -> None:
        for line in lines:
            self._screen.say(line)


def _diff(result: FileResult) -> str:
    if not result.changed:
        return ""
    return "".join(unified(patch_name(change.path), change.before, change.after) for change in result.files)
