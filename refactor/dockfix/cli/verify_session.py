"""One run of ``dockfix verify``."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from dockfix.batch.read import UnreadableError, read
from dockfix.batch.run import Job, work
from dockfix.cli.jobs import Choice, Jobs
from dockfix.cli.verifying import Verifying, cleanup, told
from dockfix.config import ConfigError, Configs
from dockfix.dataclass import dataclass
from dockfix.engine.results import Failure, FileResult
from dockfix.engine.runner import gather
from dockfix.report import verification, words
from dockfix.report.terminal import OutputError, Screen
from dockfix.syntax import decode, encode, parse
from dockfix.verify.attempts import rewritten
from dockfix.verify.bake import Pair, bake_file, slugs
from dockfix.verify.build import BuildArguments
from dockfix.verify.flags import VerifyFlags
from dockfix.verify.measure import Candidate
from dockfix.verify.prove import as_it_is

HOLDS, BREAKS, FAILED = 0, 1, 2


@dataclass(frozen=True)
class VerifyOptions(Choice):
    """The command line after parsing; the names are those of the options."""

    format: str
    color: str
    jobs: int
    bake: Path | None
    cleanup: bool
    verbose: bool
    quiet: bool
    verify: VerifyFlags


class VerifySession:
    """Finds the Dockerfiles, verifies what dockfix would make of them, and reports."""

    def __init__(self, options: VerifyOptions) -> None:
        self._options = options
        self._screen = Screen(sys.stdout, sys.stderr, options.color)

    def run(self) -> int:
        """Do it all; the exit status."""
        try:
            if self._options.cleanup:
                return self._cleanup()
            jobs = Jobs(self._options)
            found, warnings = jobs.from_paths()
            for name, message in warnings:
                self._screen.say(words.warning(name, message, self._screen.style))
            for line in words.plug_ins(self._screen.style):
                self._screen.say(line)
            return self._bake(found, jobs.configs) if self._options.bake else self._verify(found, jobs.configs)
        except ConfigError as error:
            self._say(error.source, error)
        except OutputError as error:
            self._say("", Failure(f"cannot write to standard output: {error}"))
        return FAILED

    def _cleanup(self) -> int:
        removed, left = cleanup(self._options.verify)
        self._screen.say(
            f"Removed {removed} container{'s' * (removed != 1)} and images of earlier runs"
            + f"; {left} belong to runs that are still going" * bool(left)
        )
        return HOLDS

    def _verify(self, jobs: Sequence[Job], configs: Configs) -> int:
        options = self._options
        found = (
            Verifying(self._screen, options.verify, configs, options.jobs, options.quiet).run(jobs, search=False)
            if jobs
            else []
        )
        self._failures(each.result for each in found if each.verification is None)
        items = told(found)
        out = self._screen.out
        if options.format == "json":
            out.product(verification.as_json(items))
        elif options.format == "markdown":
            out.product(verification.as_markdown(items))
        else:
            out.words(verification.as_text(items, out.style, options.verbose))
        if len(items) < len(found) or any(not item.verdict.holds and not item.verdict.blames_rewrite for item in items):
            return FAILED
        return HOLDS if all(item.verdict.holds for item in items) else BREAKS

    def _bake(self, jobs: Sequence[Job], configs: Configs) -> int:
        """Write the Bake file, and the Dockerfiles that it names into a folder beside it; for ``-`` into one of their own."""
        assert self._options.bake is not None
        printed = str(self._options.bake) == "-"
        file = self._options.bake.absolute()
        folder = Path(tempfile.mkdtemp(prefix="dockfix-bake-")) if printed else file.with_name(f"{file.name}.d")
        verifying = Verifying(self._screen, self._options.verify, configs, 1, True)
        arguments: dict[str, BuildArguments] = {}
        pairs: list[Pair] = []
        failed = []
        try:
            for job, slug in zip(jobs, slugs([job.path for job in jobs]), strict=True):
                result = work(job).result
                if result.failures:
                    failed.append(result)
                elif result.changed:
                    facts = gather(Path(job.path), parse(decode(read(job.path))), job.context, job.settings)
                    before = as_it_is(facts)
                    old = _put(folder / slug / "before", before)
                    new = _put(folder / slug / "after", rewritten(before, result))
                    pairs.append(Pair(job.path, facts.context.root.absolute(), old, new))
                    arguments[job.path] = verifying.plan(job.path)[0].arguments
            text = bake_file(pairs, Path.cwd(), arguments)
            if printed:
                self._screen.out.product(text)
            else:
                file.write_bytes(encode(text))
        except (OSError, UnreadableError, ValueError) as error:
            self._say("" if printed else str(file), Failure(f"cannot write the Bake file: {error}"))
            return FAILED
        self._failures(failed)
        count = f"{2 * len(pairs)} images of {len(pairs)} Dockerfile{'s' * (len(pairs) != 1)}"
        what = f"{count} in {folder}" if printed else f"{file.name} with {count}"
        self._screen.say(f"Wrote {what}; build them with docker buildx bake -f {self._options.bake}")
        return FAILED if failed else HOLDS

    def _failures(self, results: Iterable[FileResult]) -> None:
        for result in results:
            for failure in result.failures:
                self._say(result.path, failure)

    def _say(self, place: str, issue: words.Issue) -> None:
        for line in words.error(place, issue, self._screen.style):
            self._screen.say(line)


def _put(path: Path, candidate: Candidate) -> Path:
    """Write a Dockerfile and its ignore file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encode(candidate.dockerfile))
    ignore = path.with_name(f"{path.name}.dockerignore")
    if candidate.ignore is None:
        ignore.unlink(missing_ok=True)
    else:
        ignore.write_bytes(encode(candidate.ignore))
    return path
