"""Looks at an image: its settings, its files, what its loader misses, what its interpreters say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, BinaryIO, cast

from dockfix.runtimes.protocol import Runtime
from dockfix.runtimes.registry import runtimes
from dockfix.verify.engines import Engine, EngineError
from dockfix.verify.image import Image, RuntimeFacts
from dockfix.verify.running import Conditions, Tool, ask_interpreter, missing_libraries
from dockfix.verify.snapshot import Snapshot, SnapshotError, read_snapshot


def files_of(engine: Engine, reference: str, base: Snapshot | None) -> Snapshot:
    """The file system of an image; ``base`` is that of its base image, whose files are not read again."""
    with engine.exported(reference) as tar:
        try:
            return read_snapshot(cast(BinaryIO, tar), base)
        except SnapshotError as error:
            raise EngineError(f"the image's files could not be read: {error}") from error


def look(
    engine: Engine,
    reference: str,
    base: Snapshot | None,
    conditions: Conditions,
    hide: Callable[[str], str],
    before: Mapping[str, RuntimeFacts] | None = None,
) -> Image:
    """An image. ``hide`` takes secrets out of what it says; the modules of the runtimes ``before`` are tried, too."""
    config: Mapping[str, Any] = engine.image(reference)["Config"]
    snapshot = files_of(engine, reference, base)
    known = set(base.entries) if base else set()
    files = sorted(
        path
        for path, entry in snapshot.entries.items()
        if entry.elf and path not in snapshot.owned and path not in known and "\n" not in path
    )
    image = Image(config, snapshot, missing=missing_libraries(engine, reference, files, conditions))
    facts: dict[str, RuntimeFacts] = {}
    silent: dict[str, str] = {}
    for runtime in runtimes():
        path = _interpreter(image, runtime)
        if path is None:
            silent[runtime.id] = f"there is no {runtime.id} on PATH"
            continue
        modules = before[runtime.id].modules if before and runtime.id in before else ()
        said = ask_interpreter(engine, reference, runtime, path, conditions, modules)
        if isinstance(said, str):
            silent[runtime.id] = f"{path} does not run: {hide(said)}"
        else:
            facts[runtime.id] = said
    return replace(image, runtimes=facts, silent=silent)


def tool_of(reference: str, image: Image) -> Tool | None:
    """What of an image can ask ports, None where it has no interpreter."""
    found = ((runtime, image.runtimes.get(runtime.id)) for runtime in runtimes())
    return next((Tool(reference, runtime, facts.executable) for runtime, facts in found if facts is not None), None)


def _interpreter(image: Image, runtime: Runtime) -> str | None:
    found = (image.snapshot.which(name, image.path) for name in runtime.interpreters)
    return next((path for path in found if path is not None), None)
