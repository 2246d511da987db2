"""What is shared between the threads of verify -j, while the interpreter switches between them as often as it can."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from verify_images import REFERENCE

from dockfix.engine import Settings, run
from dockfix.verify import build
from dockfix.verify.build import BuildArguments, Builder, Recipe
from dockfix.verify.engines import Engine
from dockfix.verify.look import files_of
from dockfix.verify.process import Done
from dockfix.verify.prove import Prover
from dockfix.verify.snapshot import Snapshot
from fake_docker import FakeDocker

GOLDEN = Path(__file__).parents[2] / "golden"
THREADS = 8
CALLS = 100_000


@pytest.fixture(autouse=True)
def _as_often_as_it_can() -> Iterator[None]:
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


def at_once(call: Callable[[int], None], calls: int) -> None:
    """Make so many calls, given their numbers, in all threads. Raises what one of them raises."""
    ready = threading.Barrier(THREADS)

    def work(first: int) -> None:
        ready.wait()
        for number in range(first, calls, THREADS):
            call(number)

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(work, range(THREADS)))


def test_each_base_image_is_read_once(docker: FakeDocker, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = docker.engine()
    read: list[str] = []

    def inspected(engine: Engine, reference: str) -> dict[str, object]:
        return {"RootFS": {"Layers": [f"layer {reference}"]}, "Config": {}}

    def reading(engine: Engine, reference: str, base: Snapshot | None) -> Snapshot:
        read.append(reference)
        return Snapshot({f"/{reference}": None})  # type: ignore[dict-item]

    monkeypatch.setattr(Engine, "_inspected", inspected)
    monkeypatch.setattr("dockfix.verify.prove.files_of", reading)
    prover = Prover.__new__(Prover)
    prover.engine = engine

    def call(number: int) -> None:
        name = f"base{number % 5}"
        assert f"/{name}" in prover._shared(name).entries

    at_once(call, CALLS)
    assert sorted(read) == [f"base{number}" for number in range(5)]


def test_no_build_gets_the_name_of_another(docker: FakeDocker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names: list[str] = []

    def done(command: list[str], **more: object) -> Done:
        names.append(command[command.index("-t") + 1])
        return Done(0, "", "")

    monkeypatch.setattr(build, "run", done)
    builder = Builder(docker.engine(), tmp_path, BuildArguments(), 60.0)
    recipe = Recipe("FROM scratch\n", None, tmp_path)
    at_once(lambda number: builder.build(f"after-{number % 3}", recipe) and None, 4_000)
    assert builder.count == len(set(names)) == len(set(builder.images)) == 4_000


def test_an_image_is_read_the_same_way_in_all_threads(docker: FakeDocker, fake_engine: Engine) -> None:
    alone = files_of(fake_engine, REFERENCE, None)
    at_once(lambda number: _same(files_of(fake_engine, REFERENCE, None), alone), 40)
    assert docker.containers() == []


def _same(one: Snapshot, other: Snapshot) -> None:
    assert one == other


def test_the_same_rewrites_come_from_all_threads() -> None:
    """Tables, files and what is worked out of them are shared."""
    folders = [GOLDEN / name / "before" for name in ("flask-psycopg2", "django-media", "celery-worker")]
    paths = [next(folder.rglob("*Dockerfile")) for folder in folders]
    alone = {path: run(path, Settings(unsafe=True)) for path in paths}

    def call(number: int) -> None:
        path = paths[number % len(paths)]
        assert run(path, Settings(unsafe=True)) == alone[path]

    at_once(call, 2 * THREADS)
