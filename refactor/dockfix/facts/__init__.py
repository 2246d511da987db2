"""Everything that transforms decide from: the model of the Dockerfile, its build context, and what knowledge makes of both."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from dockfix.context.application import Application, Mention
from dockfix.context.build_context import BuildContext, CopySet
from dockfix.context.locate import Located
from dockfix.context.process_files import Processes, read_processes
from dockfix.context.program import Program, read_python
from dockfix.context.project import WORD, Project
from dockfix.context.requirements import Manifest, closure, normalise
from dockfix.facts.startup import Startup, read_startup
from dockfix.model.effects import PipInstall
from dockfix.model.layout import Layout, Layouts
from dockfix.model.stages import Model, Stage, Step, Unit, build
from dockfix.syntax import Dockerfile

# Where a COPY . . of a project's own root folder must not land: files there could replace the base image's
SYSTEM_FOLDERS = ("bin", "boot", "dev", "etc", "lib", "lib64", "proc", "root", "run", "sbin", "sys", "usr", "var")

_MANAGERS = re.compile(r"\b(?:poetry|uv|pdm|pipenv|hatch|rye)\b")


@dataclass(frozen=True)
class Installer:
    """``reason`` says where what is started; ``runs`` whether the container is seen to run that code."""

    reason: str
    runs: bool


@dataclass(frozen=True, eq=False)
class Facts:
    """The facts about one tree. Everything is worked out when first asked for; nothing of the user's is run.

    ``enabled`` are the ids of the transforms whose changes may be made in this run.
    """

    tree: Dockerfile
    located: Located
    context: BuildContext
    options: Mapping[str, object] = field(default_factory=dict)
    enabled: frozenset[str] = frozenset()

    def with_tree(self, tree: Dockerfile, files: Mapping[str, str]) -> Facts:
        """The facts about the tree after an edit; ``files`` lie over the context."""
        return Facts(
            tree, self.located, self.context.with_overlay(files) if files else self.context, self.options, self.enabled
        )

    def option(self, name: str) -> bool:
        """Whether an on/off option is set."""
        return bool(self.options.get(name))

    def names(self, option: str) -> frozenset[str]:
        """The names that an option lists, as a list or as words of a text."""
        value = self.options.get(option, "")
        given = value if isinstance(value, list | tuple) else str(value).replace(",", " ").split()
        return frozenset(str(name) for name in given)

    @cached_property
    def model(self) -> Model:
        """The model of the tree."""
        return build(self.tree)

    @property
    def final(self) -> Stage:
        """The stage that becomes the image."""
        return self.model.final

    @cached_property
    def copies(self) -> Mapping[Step, CopySet]:
        """What each COPY or ADD of the whole file takes from the build context."""
        return {
            step: self.context.copied(step.copy.sources, self.context.ignore)
            for stage in self.model.stages
            for step in stage.of("COPY", "ADD")
            if step.copy is not None and from_context(step)
        }

    @cached_property
    def layouts(self) -> Layouts:
        """Which file lies where in the image of each stage."""
        return Layouts(self.model.stages, self.copies)

    @cached_property
    def layout(self) -> Layout:
        """Which file lies where in the image."""
        return self.layouts.of(self.final)

    @cached_property
    def application(self) -> Application:
        """The files that end up in the final stage, to be searched."""
        steps = set(self.final.steps)
        files = {name for step, taken in self.copies.items() if step in steps for name in taken.files}
        return Application(
            self.context, frozenset(files - {self.context.own_name})
        )  # what it says is known from its tree

    @cached_property
    def mounts(self) -> tuple[Mention, ...]:
        """The folders that Kubernetes manifests in the build context mount something over."""
        manifests = {name for name in self.context.files() or () if name.endswith((".yaml", ".yml"))}
        found = Application(self.context, frozenset(manifests)).search(
            rb"(?m)^[ \t-]*mountPath:[ \t]*['\"]?/[^\s'\"]*", b"mountPath:"
        )
        return tuple(replace(mention, word=mention.word[mention.word.index("/") :]) for mention in found)

    @cached_property
    def program(self) -> Program:
        """What the application's Python does, as far as reading it says."""
        return read_python(self.application.texts)

    @cached_property
    def processes(self) -> Processes:
        """What the application's files for process managers and cron say."""
        texts = (*(step.instruction.text for step in self.final.steps), *self.startup.texts.values())
        return read_processes(self.application.texts, any("nginx" in text for text in texts))

    @cached_property
    def unknown(self) -> str:
        """Why the application's code could not be read, "" where all of it was."""
        if not self.located.certain:
            return self.located.reason
        steps = set(self.final.steps)
        taken = [copied for step, copied in self.copies.items() if step in steps]
        missing = [name for copied in taken for name in copied.missing]
        if missing:
            return f"{missing[0]} is not in the build context"
        if not all(copied.known for copied in taken):
            return "a part of the build context could not be read"
        if not any(copied.files for copied in taken):
            return "no code is copied into the image"
        if not self.application.known:
            return "the application is too large to be read, or a part of it is unreadable"
        return self.startup.unknown

    @cached_property
    def requirements_unknown(self) -> str:
        """Why not all the Python packages that are asked for are known, "" where they are."""
        for step, _, install in self.installs:
            if install.chosen_by:
                return f"the build argument {install.chosen_by} chooses what is installed"
            for path in (*install.requirements, *install.constraints):
                reason = self.manifest_unknown(path)
                if reason:
                    return reason
            for path in install.local:
                if self._project_words(path, step) is None:
                    return f"what {path} depends on is unknown"
        return (
            f"{self.installer.reason}, though nothing is seen to start it"
            if self.installer and not self.installer.runs
            else ""
        )

    @cached_property
    def installer(self) -> Installer | None:
        """What installs packages while the program runs; None where nothing is seen to."""
        from dockfix.facts.reach import find_installer

        return find_installer(self)

    def manifest_unknown(self, path: str) -> str:
        """Why the requirements file at ``path`` in the image is not known, "" where it is, with all that it includes."""
        manifest = self.manifests.get(path)
        if manifest is None:
            return f"{path} was not found in the build context"
        return (
            "" if manifest.complete else f"{manifest.files[0] if manifest.files else path} could not be read completely"
        )

    def lying_at(self, path: str, step: Step, unit: Unit | None = None) -> str | None:
        """The file of the build context that a step finds at a path, or that one command of a RUN does; None: none is known to."""
        number = next((index for index, each in enumerate(step.units) if each is unit), 0)
        return self.layouts.of(self._stage_of[step]).file(path, step, number)

    @cached_property
    def _stage_of(self) -> Mapping[Step, Stage]:
        return {step: stage for stage in self.model.stages for step in stage.steps}

    def _project_words(self, path: str, step: Step) -> frozenset[str] | None:
        """Every word of the files that may name what the local project at ``path`` depends on; None where there are none.

        ``step`` is the RUN that installs it.
        """
        texts = {
            each: self.context.read(name)
            for each in ("pyproject.toml", "setup.py", "setup.cfg", "requirements.txt", "Pipfile")
            if (name := self.lying_at(posixpath.join(path, each), step))
        }
        words: list[str] = []
        for name, text in texts.items():
            if text is not None:
                project = Project.read(text) if name == "pyproject.toml" else None
                words += project.words if project else WORD.findall(text)
        return frozenset(_distribution(word) for word in words) if texts else None

    @cached_property
    def build_requirements(self) -> frozenset[str]:
        """The names, normalised, of what pip brings only while it builds the local projects that it installs."""
        texts = [
            self.context.read(name)
            for step, unit, install in self.installs
            for path in (*install.local, *install.editable)
            if (name := self.lying_at(posixpath.join(path, "pyproject.toml"), step, unit))
        ]
        projects = [Project.read(text) for text in texts if text is not None]
        return frozenset(name for project in projects if project for name in project.build_requirements)

    @cached_property
    def installs(self) -> tuple[tuple[Step, Unit, PipInstall], ...]:
        """Every ``pip install`` of the whole file, in order."""
        return tuple(
            (step, unit, unit.effects.action)
            for stage in self.model.stages
            for step, unit in stage.units
            if isinstance(unit.effects.action, PipInstall)
        )

    @cached_property
    def manifests(self) -> Mapping[str, Manifest]:
        """The closure of every requirements file that pip is given, by its path in the image."""
        names: dict[str, set[str | None]] = {}
        for step, unit, install in self.installs:
            for path in (*install.requirements, *install.constraints):
                names.setdefault(path, set()).add(self.lying_at(path, step, unit))
        return {
            path: closure(self.context, name, self.context.ignore)
            for path, lying in names.items()
            if len(lying) == 1
            and (name := next(iter(lying))) is not None  # one path, another file each time: not known
        }

    @cached_property
    def distributions(self) -> frozenset[str]:
        """The names, normalised, of the Python packages that are asked for."""
        names = {requirement.name for manifest in self.manifests.values() for requirement in manifest.requirements}
        for step, _, install in self.installs:
            names |= {_distribution(package) for package in install.packages}
            for path in install.local:
                names |= self._project_words(path, step) or frozenset()
        return frozenset(names)

    @cached_property
    def managed(self) -> frozenset[str]:
        """The names, normalised, that the project's files name where a RUN has Poetry, uv or another manager install them.

        dockfix does not model these, so that any word of the files counts.
        """
        steps = [
            step for stage in self.model.stages for step in stage.of("RUN") if _MANAGERS.search(step.instruction.text)
        ]
        return frozenset(name for step in steps for name in self._project_words(step.state.workdir or "/", step) or ())

    @cached_property
    def startup(self) -> Startup:
        """What CMD, ENTRYPOINT and HEALTHCHECK run, and what Compose files give for them."""
        return read_startup(self.final, self.located.services, self.started_file, self.context.read)

    def started_file(self, path: str) -> str | None:
        """The file of the build context that runs where ``path`` is started; None where none is known to.

        It is what lies there, or else the script of that name in a ``bin`` or ``scripts`` folder, which installing the project puts
        on PATH.
        """
        name = self.layout.file(path)
        if name is None and posixpath.basename(posixpath.dirname(path)) == "bin":
            pattern = re.compile(rf"(?:.*/)?(?:bin|scripts)/{re.escape(posixpath.basename(path))}")
            scripts = [each for each in self.application.files if pattern.fullmatch(each)]
            name = scripts[0] if len(scripts) == 1 else None
        return name


def from_context(step: Step) -> bool:
    """Whether a COPY or ADD takes files of the build context (not of another stage, a heredoc or a URL)."""
    copy = step.copy
    return (
        copy is not None
        and copy.origin is None
        and not copy.inline
        and not any("://" in source or source.startswith("git@") for source in copy.sources)
    )


def _distribution(package: str) -> str:
    match = re.match(r"[A-Za-z0-9][A-Za-z0-9._-]*", package)
    return normalise(match[0]) if match else ""


__all__ = ["SYSTEM_FOLDERS", "Facts", "Installer", "from_context"]
