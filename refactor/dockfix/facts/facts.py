"""Everything that transforms decide from: the model of the Dockerfile, its build context, and what knowledge makes of both."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import field, replace
from functools import partial
from typing import TypeVar

from dockfix.context.application import Application, application
from dockfix.context.build_context import BuildContext, CopySet
from dockfix.context.compose import ComposeService
from dockfix.context.locate import Located, is_settings
from dockfix.context.manifests.manifest import Manifest
from dockfix.context.process_files import Processes
from dockfix.context.program import Program
from dockfix.context.submodules import absent
from dockfix.dataclass import dataclass
from dockfix.facts import javascript_evidence, reading
from dockfix.facts.beneath import beneath, why_unknown
from dockfix.facts.evidence import Started, naming_files
from dockfix.facts.hints import Hints
from dockfix.facts.managed import named_for_managers
from dockfix.facts.no_evidence import says_nothing
from dockfix.facts.placed_files import built_in, carried, given_settings, placed
from dockfix.facts.reading import Reading
from dockfix.facts.single_files import is_made_by, mounted_at, run_before, scripts_among, written_by
from dockfix.facts.startup import Startup, read_startup
from dockfix.facts.told_in_files import told_in_files
from dockfix.facts.workloads import Kubernetes
from dockfix.lazy import cached_property
from dockfix.managers.commands import call_of, known_steps, model_of
from dockfix.managers.protocol import Given, LanguageManager
from dockfix.managers.systems import System, system_of
from dockfix.managers.verbs import language_install, needs_runtime, only_installers
from dockfix.model.actions import Install
from dockfix.model.layout import Layout, Layouts
from dockfix.model.reason import Reason
from dockfix.model.stages import Known, Model, Stage, Step, Unit
from dockfix.syntax import Dockerfile

T = TypeVar("T")
_READ, _JAVASCRIPT = "python", "node"  # the runtimes whose code is read


class Decision(ABC):
    """An answer that several transforms carry out, one after the other."""

    @abstractmethod
    def stands(self, facts: Facts) -> bool:
        """Whether it can be carried out on another tree: all that it speaks of is still there."""


@dataclass(frozen=True, eq=False)
class Facts:
    """The facts about one tree. Everything is worked out when first asked for; nothing of the user's is run.

    What many facts start from are properties. Any other fact is a function of this class that is asked: ``facts.ask(fact)``.
    ``options`` are the values of the transforms' settings by key: only the transforms themselves know what they mean.
    """

    tree: Dockerfile
    located: Located
    context: BuildContext
    options: Mapping[str, object] = field(default_factory=dict)
    hints: Hints = field(default_factory=Hints)
    _answers: dict[Callable[[Facts], object], object] = field(default_factory=dict, init=False, repr=False)
    _decisions: dict[Callable[[Facts], object], Decision] = field(default_factory=dict, repr=False)
    _steps: Known = field(default_factory=known_steps, repr=False)
    _kept: dict[Hashable, object] = field(default_factory=dict, repr=False)

    def ask(self, fact: Callable[[Facts], T]) -> T:
        """What a fact says of this tree. It is worked out once, and kept as long as the tree is."""
        if fact not in self._answers:
            self._answers[fact] = fact(self)
        return self._answers[fact]  # type: ignore[return-value]  # it is what the fact has answered

    def decide(self, fact: Callable[[Facts], T]) -> T:
        """The same for a decision that several transforms carry out: it holds through their edits, as long as it stands.

        An answer that is no ``Decision`` is that of this tree.
        """
        kept = self._decisions.get(fact)
        if kept is not None and kept.stands(self):
            return kept  # type: ignore[return-value]  # it is what the fact has answered
        answer = self.ask(fact)
        if isinstance(answer, Decision):
            self._decisions[fact] = answer
        return answer

    def decided(self, fact: Callable[[Facts], object]) -> Decision | None:
        """The decision that was taken in this run, whether it still stands or was carried out; None where none was."""
        return self._decisions.get(fact)

    def with_tree(self, tree: Dockerfile, files: Mapping[str, str]) -> Facts:
        """The facts about the tree after an edit; ``files`` lie over the context."""
        after = Facts(
            tree,
            self.located,
            self.context.with_overlay(files) if files else self.context,
            self.options,
            self.hints,
            self._decisions,
            self._steps,
            self._kept,
        )
        if tree is self.tree:
            after.__dict__["model"] = self.model  # nothing in it follows from the files
        return after

    def undecided(self) -> Facts:
        """The facts about the same tree for another run, in which nothing is decided yet."""
        undecided = replace(self, _decisions={})
        # what is a property follows from the tree and the context, and from no decision
        worked_out = self.__dict__.keys() - undecided.__dict__.keys()
        undecided.__dict__.update({name: self.__dict__[name] for name in worked_out})
        return undecided

    def _keep(self, key: Hashable, work: Callable[[], T]) -> T:
        """An answer that follows from no more than its key, and so outlives the edits that leave that as it is."""
        if key not in self._kept:
            self._kept[key] = work()
        return self._kept[key]  # type: ignore[return-value]  # it is what the work has given

    @cached_property
    def model(self) -> Model:
        """The model of the tree."""
        below = partial(beneath, dockerfile=self.context.dockerfile)
        told_by = told_in_files(self.tree, self.context)
        return model_of(self.tree, self._steps, below, told_by, self._arguments)

    @property
    def _arguments(self) -> Mapping[str, str]:
        """The build arguments that Compose services give, where they agree."""
        found: dict[str, set[str]] = {}
        for name, _, value in (each.partition("=") for way in self.located.services for each in way.arguments):
            found.setdefault(name, set()).add(value)
        return {name: min(values) for name, values in found.items() if len(values) == 1}

    @cached_property
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

    def lying_at(self, path: str, step: Step, unit: Unit | None = None) -> str | None:
        """The file of the build context that a step finds at a path, or that one command of a RUN does; None: none is known to."""
        mounted = mounted_at(step, path)
        if mounted is not None:
            return mounted
        number = next((index for index, each in enumerate(step.units) if each is unit), 0)
        return self.layouts.of(self.stage_of[step]).file(path, step, number)

    @cached_property
    def stage_of(self) -> Mapping[Step, Stage]:
        """The stage of each step."""
        return {step: stage for stage in self.model.stages for step in stage.steps}

    @cached_property
    def files(self) -> frozenset[str]:
        """The files of the build context that end up in the final stage."""
        steps = set(self.final.steps)
        found = frozenset(name for step, taken in self.copies.items() if step in steps for name in taken.files)
        built = self._built_in.steps if self._built_in is not None and self.is_javascript else ()
        listed = carried(self.layout).difference(*(taken.skipped for taken in self.copies.values()))
        return found.union(listed, *(self.copies[step].files for step in built if step in self.copies))

    @cached_property
    def _built_in(self) -> Stage | None:
        return built_in(self.layout)

    @property
    def is_built_beside(self) -> bool:
        """Whether a front end of another language was built among the program's files, which come along with what it made."""
        built, own = self._built_in, self.final.image
        if built is None or built.image is None or own is None or self.is_javascript:
            return False
        return built.image.runtime == own.runtime

    @cached_property
    def started(self) -> Started:
        """What the container starts, and the files that it may run or read then."""
        # what the Dockerfile says is known from its tree; what a .env says the container is given, in its image or not
        files = (self.files | given_settings(self.context, self.files)) - {self.context.own_name}
        described = self._described(files)
        return Started(
            application(self.context, files - described),
            self.startup,
            placed(self.copies, self.layout, self.files) - described,
            tuple(step.instruction.args for step in self.final.of("ENV")),
            tuple(step.instruction.args for step in self.final.of("RUN")),
            tuple(map(naming_files, self.final.of("RUN"))),
            self.distributions,
            self.final.end.workdir or "/",
            self.layout.file,
            self.context.read,
            self._at,
            self._keep,
        )

    @cached_property
    def _at(self) -> Hashable:
        """What it follows from which file lies at a path that a program of the image is given, and what it says."""
        return self.context, self.layout.key, self.files, self.final.end.workdir

    @cached_property
    def application(self) -> Application:
        """The files of the final stage that the container can run, start or read: what they mention is evidence.

        In a language whose reach is not known, all but those of a kind that says nothing.
        """
        return application(self.context, self._javascript_evidence if self.is_javascript else self.started.evidence)

    @cached_property
    def _javascript_evidence(self) -> frozenset[str]:
        read = self.javascript.program.files
        described = self._described(self.files, _JAVASCRIPT) - read
        own = placed(self.copies, self.layout, self.files) - described
        # what a COPY names lies there, and is named by that for nobody who runs it
        steps = [step for stage in self.model.stages for step in stage.steps if step.copy is None]
        commands = tuple(step.instruction.text for step in steps)
        image = application(self.context, self.files - described)
        return javascript_evidence.evidence(image, self.javascript, self.startup, own, commands)

    def _described(self, files: frozenset[str], runtime: str = "") -> frozenset[str]:
        services = (*self.located.services, *self.located.others)
        return says_nothing(self.context, files, self.model.stages, self.startup, services, runtime)

    @cached_property
    def kubernetes(self) -> Kubernetes:
        """What the Kubernetes manifests of the build context say."""
        return Kubernetes(self.context)

    @property
    def services(self) -> tuple[ComposeService, ...]:
        """How Compose and Kubernetes run the image."""
        return (*self.located.services, *self.kubernetes.pods)

    @cached_property
    def program(self) -> Program:
        """What the application's code does, as far as reading it says."""
        return self.javascript.program.behaviour if self.is_javascript else self.application.program

    @cached_property
    def processes(self) -> Processes:
        """What the application's files for process managers and cron say."""
        texts = (*(step.instruction.text for step in self.final.steps), *self.startup.texts.values())
        return self.application.processes(any("nginx" in text for text in texts))

    @cached_property
    def unknown(self) -> Reason | None:
        """Why the application's code could not be read, None where all of it was."""
        reason = self._unread()
        unread = self.javascript.unknown if self.is_javascript and not reason else None
        if reason or unread:
            return Reason(reason or unread or "", weight="doubts")
        return None if self.is_javascript else self.startup.unknown

    @property
    def unlocated(self) -> Reason | None:
        """Why not all of the application's files are known, None where they are: what they do is another question."""
        return Reason(reason, weight="doubts") if (reason := self._unread()) else None

    @cached_property
    def is_javascript(self) -> bool:
        """Whether the image is one of Node.js, so that the program is read as JavaScript."""
        return self.final.image is not None and self.final.image.runtime == _JAVASCRIPT

    @cached_property
    def javascript(self) -> Reading:
        """What the container starts of JavaScript."""
        return reading.read(self.final, self.startup, self.context, self._source_at)

    def _source_at(self, path: str) -> str | None:
        """The file of the build context that lies at a path, or lay there where the program was built."""
        built = self.layouts.of(self._built_in) if self._built_in is not None else None
        return self.layout.file(path) or (built.file(path) if built is not None else None)

    def _unread(self) -> str:
        steps = set(self.final.steps)
        taken = [copied for step, copied in self.copies.items() if step in steps]
        submodule = absent(self.context, taken)
        if submodule:
            return f"{submodule} is a git submodule whose files are not here"
        if not self.located.certain:
            return self.located.reason
        missing = [name for copied in taken for name in copied.missing if not self._only_settings(name)]
        if missing:
            return f"{missing[0]} is not in the build context"
        if not all(copied.known for copied in taken):
            return "a part of the build context could not be read"
        if not any(copied.files for copied in taken) and not self.files:
            return "no code is copied into the image"
        return self.application.unread

    def _only_settings(self, name: str) -> bool:
        """Whether a file that isn't here holds nothing but variables, as the env_file of a Compose file does: no shell runs it."""
        return is_settings(name) and not any(".env" in text for text in self.startup.texts.values())

    def _language_installs(self, of: Callable[[Stage, Install], bool]) -> tuple[tuple[Step, Unit, Install], ...]:
        return tuple(
            (step, unit, install)
            for stage in self.model.stages
            for step, unit in stage.units
            if (install := language_install(unit.effects.action)) is not None and of(stage, install)
        )

    @cached_property
    def _every_install(self) -> tuple[tuple[Step, Unit, Install], ...]:
        return self._language_installs(self._is_of_the_image)

    def _is_of_the_image(self, stage: Stage, install: Install) -> bool:
        """Whether an install of another stage may be for the final image: what only its own language's images run is not."""
        if not needs_runtime(install.manager):
            return True
        if stage is self.final:
            return not _is_beside(stage, install)
        return self.final.image is not None and self.final.image.runtime == install.into.runtime

    @cached_property
    def front_ends(self) -> tuple[tuple[Step, Unit, Install], ...]:
        """Every install of packages of a language that was brought to a base image with another one, in order."""
        return self._language_installs(_is_beside)

    @cached_property
    def installs(self) -> tuple[tuple[Step, Unit, Install], ...]:
        """Every install of a language's packages in the whole file, in order.

        Where an environment is filled, what brings the base image's own installers up to date is none: only building takes them.
        A program finds those of the base image, too, where its packages lie beside these.
        """
        found = self._every_install
        if len({install.into.root for _, _, install in found}) < 2 and found and found[0][2].into.carried is None:
            return found
        alone = any(install.into.beside_base for _, _, install in found)
        return tuple(each for each in found if each[2].into.carried is not None or not only_installers(each[2], alone))

    @cached_property
    def manifests(self) -> Mapping[Install, Manifest]:
        """What each of these installs is given, in order."""
        return {install: self.every_manifest[install] for _, _, install in self.installs}

    @cached_property
    def every_manifest(self) -> Mapping[Install, Manifest]:
        """The same, with those that only bring the base image's own installers up to date."""
        return {
            install: install.manager.manifest(install, given)
            for install, given in self.given.items()
            if isinstance(install.manager, LanguageManager)
        }

    @cached_property
    def given(self) -> Mapping[Install, Given]:
        """What each install of a language's packages finds where it runs."""
        return {install: self.given_at(step, unit) for step, unit, install in (*self._every_install, *self.front_ends)}

    def given_at(self, step: Step, unit: Unit) -> Given:
        """What a command that installs finds where it runs, in any stage."""
        stage = self.stage_of[step]
        before = run_before(unit, (each for _, each in stage.units))
        at = partial(self.lying_at, step=step, unit=unit)
        written, made = partial(written_by, before), partial(is_made_by, before)
        base = stage.lineage[0].beneath
        unseen = why_unknown(base.stage) if base is not None else None
        return Given(call_of(unit.command), unit.state, self.context, stage.image, at, written, made, unseen)

    def groups_of(self, install: Install) -> frozenset[str]:
        """The groups of dependencies that an install brings."""
        found = self.every_manifest.get(install)
        return install.groups if found is None or found.groups is None else found.groups

    @cached_property
    def distributions(self) -> frozenset[str]:
        """The names, normalised, of the Python packages that are asked for."""
        manifests = (each for install, each in self.manifests.items() if install.into.runtime in {"", _READ})
        return frozenset(name for manifest in manifests for name in manifest.names if name)

    @cached_property
    def system(self) -> System | None:
        """What the final image is below its language; None where it is not known."""
        return system_of(self.final.image.system) if self.final.image is not None else None

    @cached_property
    def managed(self) -> frozenset[str]:
        """The names, normalised, that the project's files name for the managers that RUNs call; see ``named_for_managers``."""
        return named_for_managers(self.model.stages, self.context.read, self.lying_at)

    @cached_property
    def startup(self) -> Startup:
        """What CMD, ENTRYPOINT and HEALTHCHECK run, and what Compose files and Kubernetes manifests give for them."""
        steps = tuple(map(self.final.last, ("ENTRYPOINT", "CMD", "HEALTHCHECK")))
        work = partial(read_startup, self.final, self.services, self.started_file, self.context.read)
        return self._keep(("startup", steps, self._at), work)

    def started_file(self, path: str) -> str | None:
        """The file of the build context that runs where ``path`` is started; None where none is known to.

        It is what lies there, or else the script of that name in a ``bin`` or ``scripts`` folder, which installing the project puts
        on PATH.
        """
        name = self.layout.file(path)
        folder, _, base = path.rpartition("/")
        if name is None and folder.rpartition("/")[2] == "bin":
            scripts = self._scripts.get(base, ())
            name = scripts[0] if len(scripts) == 1 else None
        return name

    @cached_property
    def _scripts(self) -> Mapping[str, Sequence[str]]:
        return self.context.disk.once(("scripts", self.files), partial(scripts_among, self.files))


def _is_beside(stage: Stage, install: Install) -> bool:
    """Whether packages are of a language that the base image, which has another one, does not bring."""
    return needs_runtime(install.manager) and stage.image is not None and stage.image.runtime != install.into.runtime


def from_context(step: Step) -> bool:
    """Whether a COPY or ADD takes files of the build context (not of another stage, a heredoc or a URL)."""
    copy = step.copy
    return (
        copy is not None
        and copy.origin is None
        and not copy.inline
        and not any("://" in source or source.startswith("git@") for source in copy.sources)
    )
