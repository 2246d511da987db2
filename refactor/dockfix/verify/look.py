"""Looks at an image: its settings, its files, what its loader misses, what its interpreters say."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from types import MappingProxyType
from typing import Any, BinaryIO, cast

from dockfix.runtimes.registry import runtimes
from dockfix.verify.engines import Engine, EngineError
from dockfix.verify.image import Image, RuntimeFacts
from dockfix.verify.running import Conditions, Tool, ask_interpreter, missing_by_loader, missing_libraries
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
    base: Callable[[], Snapshot | None],
    conditions: Conditions,
    hide: Callable[[str], str],
    before: Callable[[], Mapping[str, RuntimeFacts]] = dict,
    inside: Mapping[str, str] = MappingProxyType({}),
) -> Image:
    """An image; its files are read while its interpreters are asked.

    ``base`` gives the file system of its base image, None where that is not known. ``hide`` takes secrets out of what the image says;
    the modules of the runtimes that ``before`` gives are tried, too. ``inside`` are the environments in which something starts the
    program although they are not on PATH, by the id of the runtime.
    """
    config: Mapping[str, Any] = engine.image(reference)["Config"]
    with ThreadPoolExecutor(1) as pool:
        named = {each.partition("=")[0] for each in config.get("Env") or ()}
        asked = pool.submit(_voices, engine, reference, conditions, hide, before, named, inside)
        below = base()
        snapshot = files_of(engine, reference, below)
        known = set(below.entries) if below else set()
        files = sorted(
            path
            for path, entry in snapshot.entries.items()
            if entry.elf and path not in snapshot.owned and path not in known and "\n" not in path
        )
        missing = missing_libraries(engine, reference, files, conditions)
        facts, silent = asked.result()
        if missing is None:
            missing = missing_by_loader(engine, reference, files, conditions, facts)
    return Image(config, snapshot, facts, silent, missing)


def find_tool(engine: Engine, reference: str, conditions: Conditions) -> Tool | None:
    """What of an image can ask ports, None where it has no interpreter that starts."""
    for runtime in runtimes():
        for name in runtime.interpreters:
            done = engine.run("-i", *conditions.words(), "--entrypoint", name, reference, "-")
            if done.status == 0:
                return Tool(reference, runtime, name)
    return None


def _voices(
    engine: Engine,
    reference: str,
    conditions: Conditions,
    hide: Callable[[str], str],
    before: Callable[[], Mapping[str, RuntimeFacts]],
    named: Collection[str],
    inside: Mapping[str, str],
) -> tuple[dict[str, RuntimeFacts], dict[str, str]]:
    """What the interpreters of an image, which sets the variables ``named``, say by the id of the runtime; why others say nothing."""
    facts: dict[str, RuntimeFacts] = {}
    silent: dict[str, str] = {}
    known = before()
    for runtime in runtimes():
        if runtime.id not in known and runtime.told_by and runtime.told_by.isdisjoint(named):
            continue
        modules = known[runtime.id].modules if runtime.id in known else ()
        own = [f"{inside[runtime.id]}/bin/{each}" for each in runtime.interpreters[:1] if runtime.id in inside]
        for name in (*own, *runtime.interpreters):
            said = ask_interpreter(engine, reference, runtime, name, conditions, modules)
            if isinstance(said, str):
                if name not in own:
                    silent.setdefault(runtime.id, f"{name} does not run: {hide(said)}")
            elif said is not None:
                facts[runtime.id] = said
                silent.pop(runtime.id, None)
                break
        else:
            silent.setdefault(runtime.id, f"there is no {runtime.id} on PATH")
    return facts, silent
