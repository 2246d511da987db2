"""What holds for any manager of a language's packages, shown with one that is made up: nothing but its own class knows of it."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import ClassVar

import pytest

from dockfix import plugins
from dockfix.context.manifests.manifest import Manifest, Pinned
from dockfix.managers import registry
from dockfix.managers.protocol import Cache, Call, Given, LanguageManager, Recipe
from dockfix.managers.venv import environment
from dockfix.model import stages
from dockfix.model.actions import Install
from dockfix.model.artefact import Environment
from dockfix.model.effects import Effects, opaque
from dockfix.model.reason import Reason
from dockfix.model.state import State
from results import Project, refusal, text_of

LOCK = {"toy.lock": "flask\npsycopg2\n", "app.py": "import flask\n"}
HEAD = "FROM python:3.12-slim\nWORKDIR /app\nRUN apt-get update && apt-get install -y gcc libpq-dev\n"
TAIL = 'ENV PATH=/app/.toy/bin:$PATH\nCMD ["python", "app.py"]\n'


class Toy(LanguageManager):
    """``toy sync`` installs what toy.lock names, and the project, into .toy; with ``--bare`` without the project."""

    id: ClassVar[str] = "toy"
    title: ClassVar[str] = "toy"
    programs: ClassVar[frozenset[str]] = frozenset({"toy"})
    runtime: ClassVar[str] = "python"
    reads: ClassVar[tuple[str, ...]] = ("/usr",)
    caches: ClassVar[tuple[Cache, ...]] = (Cache("/root/.cache/toy", moved_by=("TOY_CACHE",)),)

    def effects(self, call: Call, state: State) -> Effects:
        if call.words[0].value != "sync":
            return opaque("toy is modelled for sync only")
        root, lock = posixpath.join(state.workdir or "/", ".toy"), posixpath.join(state.workdir or "/", "toy.lock")
        bare = any(word.value == "--bare" for word in call.words)
        projects = () if bare else (state.workdir or "/",)
        action = Install(self, environment(root), manifests=(lock,), projects=projects)
        return Effects(reads=(lock, *projects), writes=(root,), tools=frozenset({"toy"}), action=action)

    def manifest(self, install: Install, given: Given) -> Manifest:
        name = given.at(install.manifests[0])
        text = given.context.read(name) if name is not None else None
        if name is None or text is None:
            return Manifest("toy.lock was not found")
        blocked = "toy.lock asks for another interpreter" if "interpreter" in text else None
        return Manifest(
            None,
            {install.manifests[0]: (name,)},
            tuple(map(Pinned, text.split())),
            builds=install.projects,
            blocked=blocked,
        )

    def into(self, install: Install, call: Call, wanted: Environment) -> Recipe | Reason:
        return Recipe()

    def without_project(self, install: Install, call: Call, manifest: Manifest) -> Recipe | Reason:
        if manifest.unknown is not None:
            return Reason(manifest.unknown)
        return Recipe(insert=((call.words[0], "--bare"),), again=True) if install.projects else Recipe()


@pytest.fixture(autouse=True)
def toy(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    found = {**registry.loaded().found, "toy": Toy()}
    kept = (registry.by_program, registry.by_module, registry.language_managers)
    with monkeypatch.context() as patch:
        patch.setattr(registry, "loaded", lambda: plugins.Loaded(found, {}, ()))
        for each in kept:
            each.cache_clear()
        stages._known_runs.clear()
        yield
    for each in kept:
        each.cache_clear()
    stages._known_runs.clear()


def test_its_environment_is_carried_with_all_that_follows(project: Project) -> None:
    text = text_of(project(f"{HEAD}RUN pip install toy\nCOPY toy.lock .\nRUN toy sync --bare\nCOPY . .\n{TAIL}", LOCK))
    builder, runtime = text.split(" AS runtime\n")
    assert "gcc libpq-dev" in builder and "libpq5" in runtime and "gcc" not in runtime
    assert "RUN pip install toy\n" in builder.replace(
        "--mount=type=cache,target=/root/.cache/pip,id=pip-python-3-12-slim \\\n    ", ""
    )
    assert "toy" not in runtime.replace("/app/.toy", "").replace("toy.lock", "")
    assert "--mount=type=cache,target=/root/.cache/toy" in builder
    assert "COPY --from=builder /app/.toy /app/.toy\n" in runtime


def test_what_was_brought_stays_where_something_that_stays_runs_it(project: Project) -> None:
    text = f"{HEAD}RUN pip install toy\nCOPY toy.lock .\nRUN toy sync --bare\nCOPY . .\n"
    result = project(
        f'{text}ENV PATH=/app/.toy/bin:$PATH\nCMD ["toy", "run"]\n', LOCK, options={"multi-stage.always": True}
    )
    assert "pip install toy" in text_of(result).split(" AS runtime\n")[1]


def test_its_manifest_comes_first_and_the_command_as_written_once_more(project: Project) -> None:
    before = f"{HEAD}COPY . .\nRUN toy sync\n{TAIL}"
    after = text_of(project(before, LOCK, only="dependency-layer"))
    assert after == before.replace(
        "COPY . .\nRUN toy sync\n", "COPY toy.lock .\nRUN toy sync --bare\nCOPY . .\nRUN toy sync\n"
    )
    assert not project(after, LOCK, only="dependency-layer").files


def test_a_run_that_does_more_cannot_run_once_more(project: Project) -> None:
    result = project(f"{HEAD}COPY . .\nRUN toy sync && touch done\n{TAIL}", LOCK, only="dependency-layer")
    assert "the RUN does more than toy install" in refusal(result, "dependency-layer")


def test_what_its_manifest_says_may_hold_the_split_back(project: Project) -> None:
    files = {**LOCK, "toy.lock": "flask\ninterpreter\n"}
    result = project(f"{HEAD}COPY toy.lock .\nRUN toy sync --bare\nCOPY . .\n{TAIL}", files)
    assert "toy.lock asks for another interpreter" in refusal(result, "multi-stage")


def test_a_manifest_may_be_mounted(project: Project) -> None:
    mount = "--mount=type=bind,source=toy.lock,target=toy.lock"
    result = project(f"{HEAD}RUN {mount} toy sync --bare\nCOPY . .\n{TAIL}", LOCK)
    assert not [note for note in result.warnings if note.reason is not None]
    assert "libpq5" in text_of(result)


def test_the_context_s_own_environment_is_kept_out(project: Project) -> None:
    result = project(f"{HEAD}COPY . .\nRUN toy sync --bare\n{TAIL}", LOCK)
    ignored = next(change.after for change in result.files if change.path.endswith(".dockerignore"))
    assert "**/.venv" in ignored.splitlines()
