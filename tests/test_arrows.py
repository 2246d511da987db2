"""The way through the house: an import runs only downwards, those in functions too, and nowhere in a circle."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = {"dockfix": ROOT / "refactor" / "dockfix", "dockfix_transforms": ROOT / "transforms" / "dockfix_transforms"}
# From the ground up; a room imports those on floors below its own, and itself
FLOORS = (
    {"kept"},
    {"dataclass", "namedtuple", "lazy"},
    {"plugins", ""},
    {"syntax", "knowledge"},
    {"context"},
    {"model"},
    {"managers"},
    {"facts"},
    {"runtimes"},
    {"placement", "engine"},
    {"transforms"},
    {"verify", "batch"},
    {"config", "report"},
    {"cli"},
    {"__main__"},
)
# A room of the same floor or above that is imported all the same, and why
EXCEPTIONS: dict[tuple[str, str], str] = {}


def modules() -> Iterator[tuple[str, Path]]:
    for package, folder in PACKAGES.items():
        for path in folder.rglob("*.py"):
            parts = path.relative_to(folder).with_suffix("").parts
            yield ".".join((package, *(part for part in parts if part != "__init__"))), path


MODULES = dict(modules())


def room(module: str) -> str:
    package, _, rest = module.partition(".")
    return "transforms" if package == "dockfix_transforms" else rest.partition(".")[0]


def imports(module: str) -> Iterator[tuple[str, int]]:
    """The modules of ours that a module imports, wherever in it, with the lines."""
    path = MODULES[module]
    inside = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names if alias.name in MODULES)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = inside.split(".")[: len(inside.split(".")) - node.level + 1]
                base = ".".join([*above, *filter(None, [node.module])])
            for alias in node.names:
                found = f"{base}.{alias.name}" if f"{base}.{alias.name}" in MODULES else base
                if found in MODULES:
                    yield found, node.lineno


def floor(name: str) -> int:
    return next(number for number, rooms in enumerate(FLOORS) if name in rooms)


def test_every_room_has_a_floor() -> None:
    assert {room(module) for module in MODULES} == set().union(*FLOORS)


@pytest.mark.parametrize("module", sorted(MODULES))
def test_imports_run_downwards(module: str) -> None:
    own = room(module)
    wrong = [
        f"{MODULES[module]}:{line} imports {target}"
        for target, line in imports(module)
        if room(target) not in {own, ""} and floor(room(target)) >= floor(own) and (own, room(target)) not in EXCEPTIONS
    ]
    assert wrong == []


def test_there_is_no_circle() -> None:
    graph = {module: {target for target, _ in imports(module) if target != module} for module in MODULES}
    try:
        list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        pytest.fail(f"a circle of imports: {' -> '.join(error.args[1])}")
