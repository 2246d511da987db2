"""Has the installs of a file fill a virtual environment of its own, which one path names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from dockfix.engine.transform import Edit
from dockfix.facts import Facts, from_context
from dockfix.managers.commands import call_of
from dockfix.managers.protocol import LanguageManager
from dockfix.managers.verbs import language_install
from dockfix.model.actions import Provide
from dockfix.model.artefact import Environment
from dockfix.model.reason import Declared, Reason, at
from dockfix.model.stages import Step
from dockfix.namedtuple import NamedTuple
from dockfix.runtimes.registry import runtime_of
from dockfix.syntax import Node, snippet
from dockfix.syntax.shell import Word

from ._brought import apart, brought
from ._layout import leading, own_comments


class Filled(NamedTuple):
    """The edits after which installs fill an environment, and the variables that these set."""

    edits: list[Edit]
    variables: tuple[str, ...]

    @property
    def declares(self) -> frozenset[Declared]:
        """What of the image's configuration they alter."""
        return frozenset(Declared("ENV", name) for name in self.variables)


def filling(facts: Facts, environment: Environment, first: Step, reason: str, *, bare: bool = False) -> Filled | Reason:
    """Makes the environment above the ``first`` RUN that installs and the manifests that it needs, and tells all installs of it.

    A ``bare`` one has no installer of its own.
    """
    runtime = runtime_of(environment.runtime)
    assert runtime is not None  # or nothing could make it
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
        return managers
    recipes = _recipes(facts, environment, managers)
    if isinstance(recipes, Reason):
        return recipes
    edits, more = recipes
    later = not managers and first.instruction in {edit.node for edit in edits} and _brings_a_manager(first)
    told = [f'ENV {name}="{value}"' for name, value in more.items() if name not in variables]
    # what an installer is told, it is told before there is an environment without one
    lines = [*(told if bare else ()), make, *(() if later else settings)]
    lines += () if bare else told
    under = [*(settings if later else ()), *_links(runtime.links(facts, environment))]
    below = snippet(facts.tree, "".join(f"{line}\n" for line in under), first.line)
    new = snippet(facts.tree, "".join(f"{line}\n" for line in lines) + blank, anchor.line)
    runs = apart(facts, managers)
    if runs is None:
        return at("the RUN could not be divided", first.line)
    target = comments[0] if comments else anchor.instruction
    made = Edit(target, (*runs, *new, target), first.line, reason)
    return Filled(_together(made, _with_below(first, below, edits)), (*variables, *more))


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
