"""What an image says in containers that end by themselves: its interpreters' answers, what its loader misses, what commands do."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from dockfix.dataclass import dataclass
from dockfix.managers.protocol import SystemManager
from dockfix.runtimes.probes import MARK
from dockfix.runtimes.protocol import Runtime
from dockfix.runtimes.registry import runtime
from dockfix.verify.engines import Engine, limits
from dockfix.verify.image import MadeOf, RuntimeFacts
from dockfix.verify.process import TimedOut
from dockfix.verify.smoke import Smoke

IMPORTS_WITHIN = 900.0  # seconds for all imports of an image
LIBRARIES_WITHIN = 300.0
_AT_ONCE = 400  # files whose libraries are asked for in one container
NOT_THERE = 127  # the exit status of a program that was not found
# What the linker's script of a -dev package stands for (libc.so, for a file that is made for musl) is found, and is no library.
_NOT_FOUND = re.compile(
    r"^\s*(\S+) => not found|Error loading shared library ([^:\s]+):"
    r"|error while loading shared libraries: (?:\S*/)?([^/:\s]+): (?:invalid ELF header|file too short)",
    re.MULTILINE,
)


@dataclass(frozen=True)
class Conditions:
    """How containers are started: with the engine's network or none, memory as the engine writes it ("4g"), NAME=VALUE pairs.

    ``wait`` is how many seconds a container has to come up.
    """

    network: bool = False
    memory: str = "4g"
    environment: tuple[str, ...] = ()
    wait: float = 60.0

    def words(self, network: bool = False) -> list[str]:
        """The arguments of a container."""
        pairs = [word for pair in self.environment for word in ("--env", pair)]
        return [*limits(self.network or network, self.memory), *pairs]


@dataclass(frozen=True)
class Tool:
    """An image with an interpreter that probes can use, by its name on PATH: the original, which is known to work."""

    image: str
    runtime: Runtime
    interpreter: str


def ask_interpreter(
    engine: Engine,
    image: str,
    runtime: Runtime,
    interpreter: str,
    conditions: Conditions,
    modules: Iterable[str] = (),
) -> RuntimeFacts | str | None:
    """What the image's interpreter says as the image's own user. ``modules`` are tried too.

    A text where it does not start, None where there is no program of that name.
    """
    try:
        done = engine.run(
            "-i",
            *conditions.words(),
            "--env",
            f"DOCKFIX_MODULES={' '.join(modules)}",
            "--entrypoint",
            interpreter,
            image,
            "-",
            timeout=IMPORTS_WITHIN,
            stdin=runtime.probe("packages"),
        )
    except TimedOut as error:
        return f"its modules could not be imported: {error}"
    answer = answer_of(done.out)
    if answer is None and done.status == NOT_THERE and "/" not in interpreter:
        return None
    if answer is None:
        lines = done.text.strip().splitlines()
        return lines[-1] if lines else f"it ended with status {done.status}"
    made_of = answer.get("made_of", {})
    return RuntimeFacts(
        answer["executable"],
        answer["version"],
        answer["packages"],
        answer["modules"],
        answer["data"],
        tuple(answer.get("seen", ())),
        answer.get("libc", ""),
        answer.get("machine", ""),
        {name: MadeOf(tuple(each["requires"]), tuple(each["modules"])) for name, each in made_of.items()},
    )


def missing_libraries(
    engine: Engine, image: str, files: Sequence[str], conditions: Conditions
) -> dict[str, frozenset[str]] | None:
    """What the image's loader does not find, by ELF file; None where it has no shell or no ldd."""
    if not files:
        return {}
    script = (
        'command -v ldd >/dev/null || exit 3; while IFS= read -r f; do echo "@@dockfix:$f"; ldd "$f" 2>&1; done; exit 0'
    )
    done = engine.run(
        "-i",
        *conditions.words(),
        "--user",
        "0",
        "--entrypoint",
        "/bin/sh",
        image,
        "-c",
        script,
        timeout=LIBRARIES_WITHIN,
        stdin="".join(f"{file}\n" for file in files),
    )
    if done.status:
        return None
    parts = (part.partition("\n") for part in done.out.split("@@dockfix:")[1:])
    return _not_found({file: text for file, _, text in parts})


def missing_by_loader(
    engine: Engine, image: str, files: Sequence[str], conditions: Conditions, runtimes: Mapping[str, RuntimeFacts]
) -> dict[str, frozenset[str]] | None:
    """The same of an image without a shell, in which an interpreter asks the loader; None where it has none of these either."""
    for name, facts in runtimes.items():
        language = runtime(name)
        said: dict[str, str] = {}
        for first in range(0, len(files), _AT_ONCE) if language is not None else ():
            done = engine.run(
                "-i",
                *conditions.words(),
                "--user",
                "0",
                "--env",
                "DOCKFIX_FILES=" + "\n".join(files[first : first + _AT_ONCE]),
                "--entrypoint",
                facts.executable,
                image,
                "-",
                timeout=LIBRARIES_WITHIN,
                stdin=language.probe("libraries") if language is not None else "",
            )
            answer = answer_of(done.out)
            if answer is None or not answer.get("loads"):
                break
            said |= answer["said"]
        if len(said) == len(files):
            return _not_found(said)
    return None


def _not_found(said: Mapping[str, str]) -> dict[str, frozenset[str]]:
    """The libraries that are not found, by file, of what ldd or the loader says of each."""
    found: dict[str, frozenset[str]] = {}
    for file, text in said.items():
        names = frozenset(match[match.lastindex or 0] for match in _NOT_FOUND.finditer(text))
        if names:
            found[file] = names
    return found


def package_of(engine: Engine, image: str, path: str, manager: SystemManager, conditions: Conditions) -> str:
    """The system's package that a file of the image belongs to, "" where none owns it. Both names of a merged /usr are tried."""
    other = path.removeprefix("/usr") if path.startswith("/usr/lib") else f"/usr{path}"
    for name in (path, other):
        program, *words = manager.owner(name)
        done = engine.run(*conditions.words(), "--user", "0", "--entrypoint", program, image, *words)
        package = manager.owner_in(done.out) if done.status == 0 else ""
        if package:
            return package
    return ""


def run_smoke(engine: Engine, image: str, smoke: Smoke, conditions: Conditions) -> tuple[bool, str]:
    """Whether a command of a smoke check does what it should, and what it said, with its status."""
    entry = ["--entrypoint", "/bin/sh"] if smoke.shell else []
    words = ["-c", smoke.shell] if smoke.shell else list(smoke.command)
    try:
        done = engine.run(*conditions.words(smoke.network), *entry, image, *words, timeout=smoke.wait)
    except TimedOut as error:
        return False, str(error)
    good = done.status in smoke.statuses and smoke.expect in done.text
    return good, f"status {done.status}: {done.text.strip()[-1500:]}"


def answer_of(text: str) -> dict[str, Any] | None:
    """What a probe printed last; None where it printed nothing."""
    line = next((line for line in reversed(text.splitlines()) if line.startswith(MARK)), None)
    if line is None:
        return None
    try:
        found = json.loads(line.removeprefix(MARK))
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
