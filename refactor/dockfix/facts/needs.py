"""Which programs the part that stays in the runtime stage needs, and why."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from dockfix import knowledge
from dockfix.facts import Facts
from dockfix.model.stages import Step, Unit


def needed(facts: Facts, programs: Collection[str], staying: Iterable[tuple[Step, Unit]]) -> dict[str, str]:
    """Those of ``programs`` that something needs at run time, each with the reason.

    Looked at are the commands that stay, what the container starts, the programs that the application's code names, and
    what its Python packages call.
    """
    found: dict[str, str] = {}
    for step, unit in staying:
        for name in unit.effects.tools & set(programs):
            found.setdefault(name, f"the {step.keyword} in line {step.line} runs it")
    for name in programs:
        if name in facts.startup.programs:
            found.setdefault(name, f"{facts.startup.programs[name]} runs it")
    for distribution in sorted(facts.distributions):
        for name in knowledge.calls(distribution) & set(programs):
            found.setdefault(name, f"the Python package {distribution} calls it")
    rest = [name for name in programs if name not in found]
    for mention in facts.application.mentions(rest) if rest else ():
        found.setdefault(mention.word, f"{mention.file}:{mention.line} names it")
    return found


def run_time_compiler(facts: Facts) -> str:
    """Why the Python packages need a compiler at run time, "" where none is known to."""
    for distribution in sorted(facts.distributions):
        reason = knowledge.compiles_at_run_time(distribution)
        if reason:
            return f"the Python package {distribution} needs a compiler at run time: {reason}"
    return ""
