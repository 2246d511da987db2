"""The ``slim-base`` transform."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from dockfix.engine.options import Option
from dockfix.engine.transform import Edit, Outcome, Transform, refuse
from dockfix.facts import Facet, Facts
from dockfix.facts.installs import imported_from_elsewhere, installer
from dockfix.facts.without_use import without_use
from dockfix.knowledge import file_movers, operand_writers
from dockfix.managers.verbs import by_system, system_install
from dockfix.model.actions import Refresh
from dockfix.model.commands.users import MODELS
from dockfix.model.reason import Declared, Reason
from dockfix.model.stages import Step
from dockfix.placement.decision import place
from dockfix.placement.plan import Placement
from dockfix.placement.smaller_base import SmallerBase, smaller_base
from dockfix.syntax.rewrite import with_image

from ._layout import put_above

PLATFORMS = Option(
    "slim-base.platforms",
    frozenset[str](),
    "the platforms that the image is built for, such as linux/amd64; left out, both linux/amd64 and linux/arm64",
    hint="platforms",
    form=(r"linux/[a-z0-9]+(?:/v\d)?", "a platform such as linux/amd64"),
)
LATER = Option(
    "slim-base.later-versions",
    False,
    "a version of a package that was not seen counts as one that was: packages need not be pinned",
    hint="later",
)
_SETTINGS = frozenset({"ENV", "ARG", "WORKDIR", "LABEL", "SHELL", "EXPOSE", "STOPSIGNAL"})

_SHOWN = 3  # reasons for packages that come along


class SlimBase(Transform):
    """Start the runtime stage from the slim image; the builder keeps the full one.

    What it does
        After the split, the runtime stage of a full ``python:3.x`` or ``node:x`` image starts from the slim one of the same Debian
        release. An image in which no Python packages are installed does so without a split. The libraries and programs of the full
        image that are known to be needed are installed there. An image of uv with a Python
        (``ghcr.io/astral-sh/uv:python3.12-bookworm-slim``) gives way to the official one that it is made of, where nothing runs uv.

    Why
        The full image carries compilers, headers, version control and ImageMagick: some 450 MB that a running program
        rarely needs, and that every scanner complains of.

    Example
        FROM python:3.11                        FROM python:3.11 AS builder
        RUN pip install -r requirements.txt     RUN pip install -r requirements.txt
        HEALTHCHECK CMD curl -f localhost       FROM python:3.11-slim AS runtime
                                                RUN apt-get install -y curl libpq5
                                                HEALTHCHECK CMD curl -f localhost

    Fix safety
        Safe where a lock, or requirements that are as good as one, names every package, and each is Python alone, or has a wheel whose
        needs are known: from the tables, or because ``dockfix verify`` has seen it in an image (see ``knowledge`` in the settings).
        As good as a lock is what ``pip freeze`` prints: every line has one version (``==``), and what the packages bring is in the file,
        too, as far as dockfix's table of releases knows them all. Of what is missing in it, the reason names the first.
        Unsafe otherwise: which libraries of the full image the packages open shows only when they are built and tried.
        For Node.js it is safe where the lock shows no package with compiled code but such that are known to need nothing, and
        the code was read whole; where all that is installed comes from a registry as it is, the image stays one stage.
        ``dockfix --apply --verify`` builds and tries it, adds what is missing, and writes down what it has seen. Unsafe for an
        image of uv, which may be older or newer than the official one by a patch release of Python.
        Refused where a command that stays may need anything, and where a compiler is needed at run time.
    """

    title: ClassVar[str] = "start the runtime stage from the slim image"
    after: ClassVar[frozenset[str]] = frozenset({"apt-hygiene", "multi-stage"})
    facets: ClassVar[frozenset[Facet]] = frozenset({"base"})
    options: ClassVar[tuple[Option[Any], ...]] = (PLATFORMS, LATER)
    sees_to: ClassVar[frozenset[str]] = frozenset({"small base"})

    def apply(self, facts: Facts) -> Outcome:
        """Replaces the image of the last FROM, and installs what the slim one lacks."""
        stage = facts.final
        if stage.image is None or not (stage.image.variant == "full" or stage.image.tools):
            return Outcome()
        alone = len(facts.model.stages) == 1
        decided = facts.decide(place) if alone and facts.every_manifest else facts.decided(place)
        if alone and isinstance(decided, Placement) and decided.certain is not None:
            decided = decided.certain  # the split was held back, or what is in doubt of it
        whole = isinstance(decided, Placement) and decided.only_base
        if alone and not whole and facts.every_manifest and "parts" not in facts.hints.facets:
            return refuse("it needs the split of multi-stage, which does not run", stage.start.line)
        if alone and not whole and (facts.every_manifest or facts.ask(installer) is not None):
            return Outcome()  # multi-stage says why
        if len(facts.model.stages) > 2 or stage.base != facts.model.stages[0].base:
            return Outcome()
        plan = decided.smaller if isinstance(decided, Placement) else facts.ask(_of_the_last_stage)
        if plan is None or isinstance(plan, Reason):
            return refuse(plan.at(stage.start.line)) if plan is not None else Outcome()
        more = (imported_from_elsewhere, without_use) if alone else ()
        start = stage.start
        slimmed = with_image(start, plan.image)
        if slimmed is None:
            return refuse("the FROM instruction could not be taken apart", start.line)
        edits = [
            Edit(
                start,
                (slimmed,),
                start.line,
                f"the {'image' if alone else 'runtime stage'} starts from {plan.image}"
                + _come_along(plan.packages)
                + "".join(
                    f"; {manager.title} {'goes' if alone else 'stays in the builder'}" for manager in plan.without
                )
                + _as_seen(facts, plan),
            )
        ]
        if plan.packages:
            edits.append(_install(facts, tuple(plan.packages)))
        return Outcome(
            edits,
            doubts=tuple(each for each in (plan.doubt, *map(facts.ask, more)) if each is not None),
            declares=frozenset(
                {
                    Declared("FROM", start.words[0], tuple(plan.packages)),
                    *(() if plan.tk else (Declared("MODULE", "tkinter"),)),
                    *plan.declares,
                }
            ),
            saves=decided.gain.base if isinstance(decided, Placement) else None,
        )


def _of_the_last_stage(facts: Facts) -> SmallerBase | Reason:
    """The smaller base of a stage that was split by its author."""
    installs = [
        install for _, unit in facts.final.units if (install := system_install(unit.effects.action)) is not None
    ]
    there = frozenset(package.name for install in installs for package in install.asked)
    return smaller_base(facts, facts.final.units, there)


def _come_along(packages: Mapping[str, str]) -> str:
    """What is said of the packages that are installed in return, with the reasons of the first."""
    if not packages:
        return ""
    groups: dict[str, list[str]] = {}
    for name, why in packages.items():
        groups.setdefault(why, []).append(name)
    said = f"; {', '.join(packages)} {'come' if len(packages) > 1 else 'comes'} along"
    if len(groups) == 1:
        return f"{said}, because {next(iter(groups))}"
    shown = [f"{', '.join(names)}, because {why}" for why, names in list(groups.items())[:_SHOWN]]
    more = [f"{len(groups) - _SHOWN} more"] if len(groups) > _SHOWN else []
    return f"{said} ({'; '.join([*shown, *more])})"


def _as_seen(facts: Facts, plan: SmallerBase) -> str:
    """What it rests on besides locks and tables."""
    if plan.doubt is not None or not plan.seen:
        return ""
    more = f" and {len(plan.seen) - 1} more" if len(plan.seen) > 1 else ""
    where = "the image itself" if facts.hints.installed else "other images"
    return f"; what {plan.seen[0]}{more} need{'s' * (not more)} was seen in {where}"


def _needs_nothing() -> frozenset[str]:
    """Programs that every image has and that load no library of a package: what works on files and users."""
    return operand_writers() | file_movers() | {"rm", *MODELS}


def _joined(steps: Sequence[Step], packages: tuple[str, ...]) -> Edit | None:
    """The first RUN of a stage that installs packages by name, with these; None where one before it may need them."""
    for step in steps:
        for unit in step.units:
            install = system_install(unit.effects.action)
            if install is not None and install.asked and not install.dynamic:
                if not any(isinstance(each.effects.action, Refresh) for each in step.units):
                    return None  # an earlier RUN fetches the lists, which may be gone
                form = step.shell_form
                word = install.asked[-1].word
                run = form.edited(insert=[(word, " ".join(packages))]) if form is not None else None
                return Edit(step.instruction, (run,), step.line, "") if run is not None else None
            if not (by_system(unit.effects.action) or unit.effects.tools <= _needs_nothing()):
                return None
    return None


def _install(facts: Facts, packages: tuple[str, ...]) -> Edit:
    """The install: with the first of the last stage, or above its first instruction that is more than a setting."""
    steps = facts.final.steps
    joined = _joined(steps, packages)
    if joined is not None:
        return joined
    first = next((step for step in steps if step.keyword not in _SETTINGS), steps[-1])
    assert facts.system is not None  # or no slim image would be known
    text = f"RUN {facts.system.manager.install(packages)}\n"
    target, nodes = put_above(facts.tree, first.instruction, text, first.line)
    return Edit(target, nodes, first.line, "")
