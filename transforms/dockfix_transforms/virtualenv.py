"""The ``virtualenv`` transform."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

from dockfix.engine.options import Option
from dockfix.engine.transform import Edit, Outcome, Transform, refuse
from dockfix.facts import Facet, Facts, from_context
from dockfix.managers.commands import call_of
from dockfix.managers.protocol import LanguageManager
from dockfix.managers.verbs import language_install
from dockfix.model.actions import Provide
from dockfix.model.artefact import Environment
from dockfix.model.reason import Declared, Reason, at
from dockfix.model.stages import Step
from dockfix.placement.decision import place
from dockfix.placement.plan import Placement
from dockfix.runtimes.registry import runtime_of
from dockfix.syntax import Node, snippet
from dockfix.syntax.shell import Word

from ._brought import apart, brought
from ._layout import leading, own_comments

LEAN = Option(
    "virtualenv.lean",
    False,
    "leave pip and setuptools out of the environment, some 20 MB, where those of the base image serve",
    hint="lean",
)


class Virtualenv(Transform):
    """Install the Python packages into a virtual environment.

    What it does
        Makes ``/opt/venv`` (``/venv`` where a volume, a mount or a COPY lies over ``/opt``) before the first
        ``pip install`` and puts its ``bin`` first on PATH, so that pip fills it and the program runs from it. Images up
        to Python 3.11 bring setuptools and wheel: there the environment can see them (``--system-site-packages``), so
        that pip builds packages just as before. Poetry and Pipenv, which are brought before it, find it by VIRTUAL_ENV,
        uv by ``--python``, and uWSGI, which has an interpreter of its own, by UWSGI_HOME. A program of a package that is named by
        its path (``/usr/local/bin/gunicorn``) is found there by a link. Done only where ``multi-stage`` can
        then copy the environment from a builder. With ``virtualenv.lean`` the environment gets no pip and no setuptools of its own:
        it sees those of the base image (3.11 and later), whose pip fills it by PIP_PYTHON in the builder. In a container ``python
        -m pip list`` tells what is installed; the program ``pip`` knows only what the base image has.

    Why
        A virtual environment is one folder at one path: it can be copied whole into a runtime stage that has none of the
        tools which built it.

    Example
        RUN pip install -r requirements.txt     RUN python -m venv /opt/venv
                                                ENV PATH="/opt/venv/bin:$PATH"
                                                RUN pip install -r requirements.txt

    Fix safety
        Safe where the application's code could be read. Left alone where something names a path of the base image's Python
        (``/usr/local/bin/python``), resets PATH (a login shell, sudo, cron) or tells uWSGI of a home of its own. Unsafe where
        the code is not at hand, for uWSGI, where code names a program in ``/usr/local/bin`` that nothing is known to bring, and
        where PYTHONPATH names the base image's own site-packages.
    """

    title: ClassVar[str] = "install Python packages into a virtual environment"
    after: ClassVar[frozenset[str]] = frozenset({"apk-hygiene", "dependency-layer", "direct-start", "pin-base"})
    facets: ClassVar[frozenset[Facet]] = frozenset({"environment"})
    options: ClassVar[tuple[Option[Any], ...]] = (LEAN,)
    may_break: ClassVar[tuple[str, ...]] = ("packages", "interpreter", "libraries", "modules")

    def apply(self, facts: Facts) -> Outcome:
        """Inserts two instructions above the first install and the manifests that it needs."""
        placement = facts.decide(place)
        if isinstance(placement, Reason) and "parts" not in facts.hints.facets:
            return refuse(placement)
        if isinstance(placement, Reason) or placement.environment.carried is not None:
            return Outcome()  # multi-stage says why
        runtime = runtime_of(placement.environment.runtime)
        assert runtime is not None  # or there would be no placement
        environment = replace(runtime.environment(facts), seeded=not placement.bare)
        first = next(step for step in facts.final.steps if step.instruction is placement.installs[0])
        anchor = _anchor(facts, first)
        comments = own_comments(facts.tree, anchor.instruction)
        blank = "\n" if leading(facts.tree, anchor.instruction)[len(comments) :] else ""
        variables = dict(environment.carried.env) if environment.carried is not None else {}
        make = f"RUN {runtime.make(facts, environment)}"
        # in one instruction, which goes wherever the environment goes
        told = [f'{name}="{value}"' for name, value in variables.items()]
        settings = ["ENV " + " \\\n    ".join(told)] if told else []
        managers = brought(facts, first)
        if isinstance(managers, Reason):
            return refuse(managers)
        recipes = _recipes(facts, environment, managers)
        if isinstance(recipes, Reason):
            return refuse(recipes)
        edits, more = recipes
        later = not managers and first.instruction in {edit.node for edit in edits} and _brings_a_manager(first)
        told = [f'ENV {name}="{value}"' for name, value in more.items() if name not in variables]
        # what an installer is told, it is told before there is an environment without one
        lines = [*(told if placement.bare else ()), make, *(() if later else settings)]
        lines += () if placement.bare else told
        under = [*(settings if later else ()), *_links(runtime.links(facts, environment))]
        below = snippet(facts.tree, "".join(f"{line}\n" for line in under), first.line)
        new = snippet(facts.tree, "".join(f"{line}\n" for line in lines) + blank, anchor.line)
        runs = apart(facts, managers)
        if runs is None:
            return refuse("the RUN could not be divided", first.line)
        new = (*runs, *new)
        target = comments[0] if comments else anchor.instruction
        reason = f"{runtime.title} packages go into {environment.root}, which can be copied whole into another stage"
        return Outcome(
            _together(Edit(target, (*new, target), first.line, reason), _with_below(first, below, edits)),
            refusals=_with_installer(placement),
            doubts=placement.doubts,
            declares=frozenset(Declared("ENV", name) for name in (*variables, *more)),
        )


def _with_installer(placement: Placement) -> tuple[Reason, ...]:
    """Why the environment gets an installer although none was wanted."""
    if placement.seeds is None:
        return ()
    return (replace(placement.seeds, text=f"pip and setuptools stay in the environment: {placement.seeds.text}"),)


def _recipes(
    facts: Facts, environment: Environment, managers: Mapping[Step, tuple[int, ...]]
) -> tuple[list[Edit], dict[str, str]] | Reason:
    """How the installs are written to fill the environment, and the variables that they need for it.

    RUNs lose the commands that bring ``managers``, which come before the environment.
    """
    edits: list[Edit] = []
    variables: dict[str, str] = {}
    for step in dict.fromkeys((*(step for step, _, _ in facts.installs), *managers)):
        insert: list[tuple[Word, str]] = []
        remove: list[Word] = []
        for unit in step.units:
            install = language_install(unit.effects.action)
            if install is None or not isinstance(install.manager, LanguageManager):
                continue
            recipe = install.manager.into(install, call_of(unit.command), environment)
            if isinstance(recipe, Reason):
                return recipe.at(step.line)
            variables |= recipe.env
            insert += recipe.insert
            remove += recipe.remove
        drop = managers.get(step, ())
        if len(drop) == len(step.units):
            edits += [
                Edit(node, (), step.line, "")
                for node in (*own_comments(facts.tree, step.instruction), step.instruction)
            ]
        elif insert or remove or drop:
            form = step.shell_form
            run = form.edited(insert=insert, remove=remove, drop=drop) if form is not None else None
            if run is None:
                return at("the install could not be written again", step.line)
            edits.append(Edit(step.instruction, (run,), step.line, ""))
    return edits, variables


def _links(links: Mapping[str, str]) -> list[str]:
    """The instruction that makes them, if there are any."""
    return [f"RUN {' && '.join(f'ln -s {target} {path}' for path, target in links.items())}"] if links else []


def _brings_a_manager(step: Step) -> bool:
    """Whether a RUN brings a manager and installs with it: on PATH the environment would get the manager, too."""
    return any(isinstance(unit.effects.action, Provide) for unit in step.units)


def _with_below(step: Step, below: tuple[Node, ...], edits: list[Edit]) -> list[Edit]:
    """The edits, and these lines below an instruction."""
    if not below:
        return edits
    same = next((edit for edit in edits if edit.node is step.instruction), None)
    if same is None:
        return [*edits, Edit(step.instruction, (step.instruction, *below), step.line, "")]
    return [replace(same, replacement=(*same.replacement, *below)), *(edit for edit in edits if edit is not same)]


def _together(first: Edit, others: list[Edit]) -> list[Edit]:
    """All edits, one for each node."""
    same = next((edit for edit in others if edit.node is first.node), None)
    if same is None:
        return [first, *others]
    joined = replace(first, replacement=(*first.replacement[:-1], *same.replacement))
    return [joined, *(edit for edit in others if edit is not same)]


def _anchor(facts: Facts, first: Step) -> Step:
    """The first of the COPY instructions that stand right above the install, so that they do not rebuild the environment."""
    steps = facts.final.steps
    position = steps.index(first)
    while position > 0 and from_context(steps[position - 1]):
        position -= 1
    return steps[position]
