"""A container that is started to be watched, and taken away again."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from dockfix.dataclass import dataclass
from dockfix.verify.copies import Copy
from dockfix.verify.engines import REPOSITORY, Engine, EngineError
from dockfix.verify.manner import Manner


@dataclass(frozen=True)
class State:
    """How a container is: ``exited`` is None while the container runs, ``health`` is "" without a health check."""

    exited: int | None
    health: str


@contextmanager
def running(engine: Engine, image: str, arguments: Sequence[str], manner: Manner) -> Iterator[tuple[str, str]]:
    """A container's name, and why the engine could not start it ("" if it could)."""
    name = f"{REPOSITORY}-{engine.session}-{secrets.token_hex(3)}"
    # A health check's own times may be minutes; what it runs stays as it is.
    check = engine.image(image)["Config"].get("Healthcheck")
    health = ["--health-interval", "1s", "--health-start-period", "1s"] if check else []
    making = ["create"] if manner.copies else ["run", "-d"]
    mounts = [word for copy in manner.copies if copy.folder for word in _empty(engine, copy.target)]
    words = [*_own(engine), *mounts, *arguments, *health, image, *manner.words]
    try:
        done = engine.call(*making, "--name", name, *words, check=False)
        if done.status and engine.call("inspect", name, check=False).status:
            # one whose command does not start is there
            raise EngineError(f"the container could not be made: {done.text.strip()[-300:]}")
        if manner.copies and not done.status:
            for copy in manner.copies:
                _put(engine, name, copy)
            done = engine.call("start", name, check=False)
        yield name, done.err.replace(name, "the container") if done.status else ""
    finally:
        engine.remove(name)


def _empty(engine: Engine, target: str) -> tuple[str, str]:
    """The arguments that lay a volume over a folder, an empty one where the engine has these."""
    if engine.name == "podman":
        return "--volume", target
    return "--mount", f"type=volume,destination={target},volume-nocopy"


def _put(engine: Engine, name: str, copy: Copy) -> None:
    """Copy something into a container that does not run yet, with its owners; where the engine cannot, it lacks in all alike."""
    if copy.source is not None:
        source = f"{copy.source}/." if copy.folder else str(copy.source)
        engine.call("cp", "-a", source, f"{name}:{copy.target}", check=False)


def state_of(engine: Engine, name: str, refusal: str) -> State:
    """How a container is now. Raises EngineError where there is none; ``refusal`` is why the engine could not start it."""
    done = engine.call("inspect", "--format", "{{json .State}}", name, check=False)
    if done.status:
        raise EngineError(f"the container could not be made: {done.text.strip()[-300:]}")
    state = json.loads(done.out)
    health = (state.get("Health") or state.get("Healthcheck") or {}).get("Status", "")
    running = state.get("Running") or state.get("Status") in ("running", "created", "initialized")
    failed = state.get("Status") == "created" and (state.get("Error") or refusal)  # podman leaves Error empty
    exited = None if running and not failed else int(state.get("ExitCode", 0)) or (127 if failed else 0)
    return State(exited, "" if health == "none" else health)


def written_in(engine: Engine, name: str) -> frozenset[str]:
    """The paths that a container changed in its image's files, folders above them included."""
    done = engine.call("diff", name, check=False)
    rows = [line.partition(" ") for line in done.out.splitlines()]
    own = (
        {"/etc"} if engine.name == "podman" else set()
    )  # podman itself makes /etc/mtab; what a program writes is named itself
    return frozenset(path for kind, _, path in rows if kind in ("A", "C") and path not in own)


def _own(engine: Engine) -> tuple[str, str]:
    return "--label", engine.label
