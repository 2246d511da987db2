"""What no room may name: a transform below the transforms, a package manager outside of its own module, a runtime in verify."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from dockfix.engine.registry import options, transforms
from dockfix.managers.registry import managers
from dockfix.runtimes.registry import runtimes

ROOT = Path(__file__).parents[1]
HOUSE, TRANSFORMS = ROOT / "refactor" / "dockfix", ROOT / "transforms" / "dockfix_transforms"
# Rooms that know of no particular transform; those that are not here wire, report or show examples
BELOW = (
    "syntax",
    "knowledge",
    "context",
    "model",
    "managers",
    "facts",
    "runtimes",
    "placement",
    "engine",
    "verify",
    "batch",
)
# Words that are a transform's id, too: what they are where they stand
WORDS = {
    ("context/compose.py", "secrets"): "a key of Compose files",
    ("context/compose.py", "healthcheck"): "a key of Compose files",
    ("knowledge/ignore_groups.py", "dockerignore"): "a table",
    ("managers/pip.py", "virtualenv"): "a package and its program",
    ("managers/venv.py", "virtualenv"): "a program",
    ("syntax/nodes.py", "healthcheck"): "an instruction",
    ("syntax/shell_form.py", "exec_form"): "a form of instructions",
    ("verify/engines.py", "secrets"): "a module of the standard library",
    ("verify/starting.py", "healthcheck"): "a command of the engine's program",
    ("verify/container.py", "secrets"): "a module of the standard library",
    ("verify/settings.py", "secrets"): "a setting of verify",
    ("verify/timing.py", "secrets"): "a module of the standard library",
}
# Rooms that say of each manager and of each runtime what it is
OWN = ("managers", "runtimes", "knowledge")
# An identifier for what a syntax tree is made of, and the name of a runtime
SYNTAX = "node"
# What a message shows for instance
EXAMPLES = {
    'command is a list of words, such as ["python", "-V"]',
    'for instance smoke = [":8000/health", "python -m app --version"]',
}


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def files(*rooms: str) -> list[Path]:
    return sorted(path for room in rooms for path in (HOUSE / room).rglob("*.py"))


def name_of(path: Path) -> str:
    return path.relative_to(HOUSE).as_posix()


def texts(module: ast.Module) -> Iterator[tuple[int, str]]:
    """The texts of a module with their lines; docstrings left out."""
    told = {
        id(node.body[0].value)
        for node in ast.walk(module)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(module):
        if isinstance(node, ast.Constant) and id(node) not in told and isinstance(node.value, str | bytes):
            yield node.lineno, node.value if isinstance(node.value, str) else node.value.decode("latin-1")


def identifiers(module: ast.Module) -> Iterator[tuple[int, str]]:
    """The identifiers of a module with their lines; the paths of modules that are imported left out, which say a room."""
    for node in ast.walk(module):
        line = getattr(node, "lineno", 0)
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name) | ast.keyword(arg=str(name)):
                yield line, name
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield line, name
            case ast.ImportFrom(names=found):
                yield from ((line, name) for each in found for name in (each.name, each.asname) if name)
            case ast.Import(names=found):
                yield from ((line, each.asname) for each in found if each.asname)
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                yield line, name


def words(identifier: str) -> set[str]:
    """The words of an identifier: of snake_case, CamelCase and CAPITALS."""
    return {word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", identifier)}


def transforms_in(module: ast.Module) -> Iterator[tuple[int, str]]:
    """Where a module names a transform: by its id, its class or a setting."""
    ids = {each.id for each in transforms()}
    names = {name for each in transforms() for name in (each.id.replace("-", "_"), type(each).__name__)}
    keys = re.compile("|".join(rf"(?<![\w.-]){re.escape(key)}(?![\w-])" for key in options()))
    for line, text in texts(module):
        if text in ids or keys.search(text):
            yield line, text
    yield from ((line, name) for line, name in identifiers(module) if name in names)


@cache
def of_managers() -> frozenset[str]:
    named = {name for each in managers() for name in (each.id, *each.programs, *each.modules)}
    return frozenset(name for name in named if name.isalpha())


@cache
def of_runtimes() -> re.Pattern[str]:
    """The name of a manager, of what shares its packages, or of a runtime, as a word of a text."""
    found = {name for each in managers() for name in (each.id, *each.programs, *getattr(each, "siblings", ()))}
    found |= {name for each in runtimes() for name in (each.id, *each.interpreters)}
    return re.compile(rf"(?i)(?<![\w-])(?:{'|'.join(sorted(map(re.escape, found)))})(?![\w-])")


def test_no_transform_is_named_below_the_transforms() -> None:
    found = {
        (name_of(path), text): f"{name_of(path)}:{line} says {text!r}"
        for path in files(*BELOW)
        for line, text in transforms_in(tree(path))
    }
    assert [said for place, said in found.items() if place not in WORDS] == []
    assert [place for place in WORDS if place not in found] == []  # what is gone is no exception any more


def test_no_identifier_outside_of_its_room_names_a_package_manager() -> None:
    own = {type(each).__name__ for each in transforms()}
    rooms = [path for path in sorted(HOUSE.rglob("*.py")) if path.relative_to(HOUSE).parts[0] not in OWN]
    found = [
        f"{path.relative_to(ROOT)}:{line} has {name}"
        for path in [*rooms, *sorted(TRANSFORMS.glob("*.py"))]
        for line, name in identifiers(tree(path))
        if words(name) & of_managers() and name not in own
    ]
    assert found == []


def test_verify_names_no_manager_and_no_runtime() -> None:
    found = [
        f"{name_of(path)}:{line} says {text!r}"
        for path in files("verify")
        for line, text in [*texts(tree(path)), *(each for each in identifiers(tree(path)) if each[1] != SYNTAX)]
        if text not in EXAMPLES and of_runtimes().search(text.replace("_", " "))
    ]
    assert found == []


@pytest.mark.parametrize(
    ("code", "seen"),
    [
        ("x = 'multi-stage'", True),
        ("x = f'{y}: multi-stage.keep names it'", True),
        ("x = 'it is multi-stage already'", False),
        ("def f():\n    'multi-stage.keep'", False),
        ("from a import multi_stage", True),
        ("import a as slim_base", True),
        ("x.cache_mounts = MultiStage", True),
        ("f(python_env=1)", True),
        ("from a.secrets import b", False),
    ],
)
def test_a_transform_is_seen(code: str, seen: bool) -> None:
    assert bool(list(transforms_in(ast.parse(code)))) is seen


@pytest.mark.parametrize(
    ("identifier", "seen"),
    [
        ("PipInstall", True),
        ("AptInstall", True),
        ("_PIP", True),
        ("made_venv", True),
        ("is_pip3", True),
        ("_piped", False),
        ("pipeline", False),
        ("Adapter", False),
        ("captured", False),
    ],
)
def test_a_manager_is_seen(identifier: str, seen: bool) -> None:
    assert bool(words(identifier) & of_managers()) is seen


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("dpkg", True),
        ("there is no python on PATH", True),
        ("/usr/lib/python3", True),
        ("ask_python", True),
        ("pythonic", False),
        ("apt-like", False),
        ("the interpreter", False),
    ],
)
def test_a_runtime_is_seen(text: str, seen: bool) -> None:
    assert bool(of_runtimes().search(text.replace("_", " "))) is seen
