"""From the command line to jobs: which Dockerfiles, with which settings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path

from dockfix.batch.discover import Target, discover, place
from dockfix.batch.rules import Rules
from dockfix.batch.run import Job
from dockfix.config import ConfigError, Configs, Flags, ids, nearest, option, patterns, settings
from dockfix.dataclass import dataclass
from dockfix.engine.options import OptionError
from dockfix.engine.results import Failure

# Options that other programs have as commands
_SWITCHES = frozenset({"apply", "check", "help", "quiet", "unsafe", "verbose", "version"})
COMMANDS = ("digests", "explain", "list", "verify")


@dataclass(frozen=True)
class Choice:
    """What the command line says about files and transforms; the names are those of the options."""

    paths: tuple[str, ...]
    select: tuple[str, ...]
    ignore: tuple[str, ...]
    unsafe: bool | None
    set: tuple[str, ...]
    runtime_base: str | None
    stages: str | None
    manifests: bool
    context: Path | None
    exclude: tuple[str, ...]
    force_exclude: bool

    @classmethod
    def of(cls, paths: tuple[str, ...]) -> Choice:
        """Nothing but paths."""
        return Choice(paths, (), (), None, (), None, None, False, None, (), False)


class Jobs:
    """Makes the jobs of one run. Raises ConfigError where the options cannot be used."""

    def __init__(self, choice: Choice) -> None:
        self._choice = choice
        self.configs = Configs()
        here = _here()
        self._flags = _flags(choice)
        self.exclude = Rules(here, self._flags.exclude)

    def from_paths(self) -> tuple[list[Job], tuple[tuple[str, str], ...]]:
        """The jobs of the named files and of those below the named folders, and what is to be warned of, each with its path."""
        found = discover(
            self._choice.paths or (".",),
            lambda folder: (self.exclude, *self.configs.of(folder).exclude),
            force=self._choice.force_exclude,
        )
        warnings = [
            (name, f"no Dockerfile found in this folder{f': {why}; name it to take it' if why else ''}")
            for name, why in found.empty
        ]
        warnings += [
            (name, f"left, because it is a symbolic link to {real}; name it to follow it") for name, real in found.left
        ]
        jobs = [self.job(target.path, _meant(target)) for target in found.targets]
        return jobs, (*warnings, *unusable(jobs))

    def job(self, path: str, failure: Failure | None = None) -> Job:
        """A job with the settings of the nearest configuration. Raises ConfigError."""
        from dockfix.engine import Settings

        if failure is not None:
            return Job(path, Settings(), failure=failure)
        at = place(Path(path))
        wanted, context = settings(self._flags, self.configs.of(at.parent), at)
        return Job(path, wanted, context)


def unusable(jobs: Iterable[Job]) -> list[tuple[str, str]]:
    """What is to be warned of files with what images were seen to hold, each with its place."""
    from dockfix.knowledge.seen import SeenError, read_seen

    found = []
    for path in dict.fromkeys(job.settings.knowledge for job in jobs if job.settings.knowledge):
        try:
            read_seen(Path(path))
        except SeenError as error:
            place = f"{path}:{error.line}" if error.line else path
            found.append((place, f"what it says is not used: {error.message}"))
    return found


def _meant(target: Target) -> Failure | None:
    """The failure of a file that is not there, with the option or the command that may have been meant."""
    failure, path = target.failure, target.path
    if failure is None or Path(path).exists():
        return failure
    if path in _SWITCHES:
        return replace(failure, hint=f"did you mean --{path}?")
    close = get_close_matches(path, COMMANDS, 1, 0.75)
    return replace(failure, hint=f"did you mean the command {close[0]}? It has to come first") if close else failure


def _here() -> Path:
    try:
        return Path.cwd()
    except OSError as error:
        raise ConfigError("", "the current folder does not exist any more") from error


def _flags(choice: Choice) -> Flags:
    """The options as settings. Raises ConfigError."""
    options = _stages(choice.stages)
    stages = {key.partition(".")[0] for key in options}
    given = [(text, "--set") for text in choice.set]
    if choice.runtime_base:
        given.append((f"{_key('last_image')}={choice.runtime_base}", "--runtime-base"))
    if choice.manifests:
        given.append((f"{_key('manifests')}=true", "--manifests"))
    return Flags(
        select=ids((*_split(choice.select), *stages), "--select") if choice.select else None,
        ignore=ids(_split(choice.ignore), "--ignore"),
        unsafe=choice.unsafe,
        exclude=patterns(choice.exclude, "--exclude"),
        context=choice.context,
        options={**dict(option(text, where) for text, where in given), **options},
    )


def _stages(names: str | None) -> dict[str, object]:
    """The setting that the option for stages is short for. Raises ConfigError."""
    if names is None:
        return {}
    from dockfix.engine import registry

    key = _key("stages")
    known = registry.options()[key]
    try:
        return {key: known.read(_split([names]))}
    except OptionError as error:
        wrong = next((name for name in _split([names]) if name not in known.each), names)
        listed = f"the stages are {', '.join(known.each)}"
        near = nearest(wrong, known.each)
        hint = f"{near} {listed[0].upper()}{listed[1:]}" if near else listed
        raise ConfigError("--stages", f"there is no stage {wrong!r} to write", hint) from error


def _key(hint: str) -> str:
    """The key of the setting that an option is short for, by the field of the hints that it fills."""
    from dockfix.engine import registry

    return registry.setting(hint)


def _split(values: Iterable[str]) -> list[str]:
    return [name.strip() for value in values for name in value.split(",") if name.strip()]
