"""Building one image, with its log, and telling a fault of the network from a fault of the Dockerfile."""

from __future__ import annotations

import csv
import hashlib
import os
import re
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from enum import Enum
from pathlib import Path

from dockfix.dataclass import dataclass
from dockfix.syntax import Directive, Instruction, decode, encode, parse
from dockfix.verify.engines import REPOSITORY, Engine
from dockfix.verify.flags import BuildFlags
from dockfix.verify.process import TimedOut, run

TAIL = 20  # lines of a failed build that a report shows
_NETWORK = re.compile(
    r"(?i)dial tcp|i/o timeout|no such host|temporary failure (?:in name resolution|resolving)|tls handshake timeout"
    r"|could not resolve|connection (?:timed out|reset by peer|refused)|network is unreachable|failed to establish a new connection"
    r"|read timed out|toomanyrequests|too many requests|hash sum mismatch|50[234] (?:bad gateway|service unavailable|gateway time)"
    r"|unexpected eof|failed to do request|server misbehaving|context deadline exceeded|remote end closed connection"
)
_FRONT_END = re.compile(
    r"(?i)resolve image config for (?:docker-image://)?\S+|docker-image://\S+|frontend grpc|"
    r"failed to solve with frontend gateway"
)
_SECRET_NAME = re.compile(r"(?i)token|passw|secret|key|credential|auth|pwd")
_CACHE = re.compile(r"--mount=(?=\S*type=cache)(\S+)")
_STEP = re.compile(r"#\d+ (\[(?!internal)[^\]]*\d+/\d+\] .*)|(STEP \d+.*)")
HIDDEN = "[hidden]"


@dataclass(frozen=True)
class BuildArguments(BuildFlags):
    """What is passed through to every build."""

    def words(self) -> list[str]:
        """The arguments as words of a build command."""
        words = [
            word
            for flag, values in (("--build-arg", self.build_arg), ("--secret", self.secret), ("--ssh", self.ssh))
            for value in values
            for word in (flag, value)
        ]
        for flag, value in (("--platform", self.platform), ("--network", self.network), ("--target", self.target)):
            words += [flag, value] if value else []
        return words + ["--pull"] * self.pull + ["--no-cache"] * self.no_cache

    def hidden(self) -> tuple[str, ...]:
        """Texts that no log and no report may show: what the secrets hold, and build arguments named like secrets."""
        texts: list[str] = []
        for secret in self.secret:
            pairs = (cell.partition("=") for cell in next(csv.reader([secret]), []))
            fields = {name.lower(): value for name, _, value in pairs}
            source = fields.get("src") or fields.get("source") or ""
            variable = fields.get("env") or (source if fields.get("type") == "env" else "")
            if not (variable or source):  # the engine takes the variable of that name, or else the file
                variable = source = fields.get("id", "")
            held = os.environ.get(variable) if variable else None
            texts += _parts(_content(Path(source)) if held is None else held)
        return tuple(
            sorted(
                {text.strip() for text in texts if len(text.strip()) >= 4} | named_secrets(self.build_arg),
                key=lambda text: -len(text),
            )
        )


@dataclass(frozen=True)
class Recipe:
    """What an image is built from: the Dockerfile, the text of the ignore file in force (None: there is none), the context."""

    dockerfile: str
    ignore: str | None
    context: Path


def named_secrets(pairs: Iterable[str]) -> set[str]:
    """The values of those NAME=VALUE pairs that are named like secrets; a NAME alone stands for the variable of that name."""
    found: set[str] = set()
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if _SECRET_NAME.search(name):
            lines = (value if equals else os.environ.get(name, "")).splitlines()
            found |= {line.strip() for line in lines if len(line.strip()) >= 4}
    return found


class Outcome(Enum):
    """How a build ended."""

    OK = "ok"
    FAILED = "failed"
    NETWORK = "network"
    TIMED_OUT = "timed out"


@dataclass(frozen=True)
class BuildResult:
    """``image`` is the name of the image ("" unless OK); ``seconds`` what the build took; ``tail`` its last lines."""

    outcome: Outcome
    image: str
    seconds: float
    log: Path
    tail: tuple[str, ...] = ()
    note: str = ""


class Builder:
    """Builds images in a folder of its own, in which Dockerfiles and logs stay."""

    def __init__(
        self,
        engine: Engine,
        folder: Path,
        arguments: BuildArguments,
        timeout: float,
        step: Callable[[str], None] = lambda text: None,
        hidden: Iterable[str] = (),
    ) -> None:
        self.engine = engine
        self.step = step  # called with each step that a build comes to
        self.folder = folder
        self.arguments = arguments
        self.timeout = timeout
        self.own_front_end = False  # once a front end could not be fetched, every later build does without
        self.count = 0
        self._counting = threading.Lock()  # two builds may run at once
        self.images: list[str] = []
        self._hidden = (*arguments.hidden(), *hidden)

    def build(self, name: str, recipe: Recipe, arguments: BuildArguments | None = None) -> BuildResult:
        """Build ``recipe`` as an image with ``name`` in its tag. A network fault is tried once more. Raises Cancelled and OSError."""
        with self._counting:
            self.count += 1
            image = f"{REPOSITORY}/{self.engine.session}:{_tag(self.folder.name)}-{_tag(name)}-{self.count}"
        arguments = arguments or self.arguments
        result = self._front_end_aware(name, image, recipe, arguments)
        if result.outcome is Outcome.NETWORK:
            result = self._front_end_aware(name, image, recipe, arguments)
        return result

    def _front_end_aware(self, name: str, image: str, recipe: Recipe, arguments: BuildArguments) -> BuildResult:
        plain, directive = without_front_end(recipe.dockerfile)
        note = f"{directive} could not be fetched: built with the engine's own front end"
        if directive and self.own_front_end:
            return replace(self._once(name, image, replace(recipe, dockerfile=plain), arguments), note=note)
        result = self._once(name, image, recipe, arguments)
        if (
            directive
            and result.outcome in (Outcome.FAILED, Outcome.NETWORK)
            and _front_end_failed(result.log, directive)
        ):
            self.own_front_end = True
            result = replace(self._once(name, image, replace(recipe, dockerfile=plain), arguments), note=note)
        return result

    def _once(self, name: str, image: str, recipe: Recipe, arguments: BuildArguments) -> BuildResult:
        file = self.folder / f"{name}.Dockerfile"
        log = self.folder / f"{name}.log"
        file.parent.mkdir(parents=True, exist_ok=True)
        _write(file, recipe.dockerfile)
        ignore = file.with_name(f"{file.name}.dockerignore")
        if recipe.ignore is None:
            ignore.unlink(missing_ok=True)
        else:
            _write(ignore, recipe.ignore)
        command = self._command(file, ignore if recipe.ignore is not None else None, image, arguments, recipe.context)
        lines: list[str] = []
        start = time.monotonic()
        outcome = Outcome.TIMED_OUT
        with log.open("w", encoding="utf-8", errors="replace") as out:

            def keep(line: str) -> None:
                line = self.hide(line)
                lines.append(line.rstrip())
                if match := _STEP.match(line):
                    self.step(match[1] or match[2])
                out.write(line)
                out.flush()

            try:
                done = run(
                    command, timeout=self.timeout, stop=self.engine.stop, line=keep, environment=self.engine.environment
                )
                outcome = Outcome.OK if done.status == 0 else Outcome.FAILED
                self.images += [image] if outcome is Outcome.OK else []
            except TimedOut as error:
                keep(f"the build took longer than {error.seconds:.0f} s (--timeout)\n")
        tail = failed_step(lines)
        if outcome is Outcome.FAILED and _NETWORK.search("\n".join(lines[-60:])):
            outcome = Outcome.NETWORK
        return BuildResult(outcome, image if outcome is Outcome.OK else "", time.monotonic() - start, log, tail)

    def remove(self) -> None:
        """Remove every image that was built."""
        self.engine.remove_images(*self.images)
        self.images.clear()

    def hide(self, text: str) -> str:
        """The text without what must not be shown."""
        for secret in self._hidden:
            text = text.replace(secret, HIDDEN)
        return text

    def _command(
        self, file: Path, ignore: Path | None, image: str, arguments: BuildArguments, context: Path
    ) -> list[str]:
        engine = self.engine
        command = [engine.program]
        if engine.name == "podman":
            command += ["build", "--format", "docker", *(("--ignorefile", str(ignore)) if ignore else ())]
        elif engine.buildx:
            command += ["buildx", "build", "--load", "--progress", "plain", "--provenance=false"]
            command += ["--builder", engine.builder] if engine.builder else []
        else:
            command += ["build", "--progress", "plain"]
        return [*command, *arguments.words(), "--label", engine.label, "-t", image, "-f", str(file), str(context)]


def failed_step(lines: Sequence[str]) -> tuple[str, ...]:
    """The last lines of the step at which a build failed, with the last line of all; of any other log its last lines."""
    filled = [line for line in lines if line]
    failed = next((match[1] for line in reversed(filled) if (match := re.match(r"#(\d+) ERROR", line))), None)
    said = [match[1] for line in filled if (match := re.match(rf"#{failed} \d+\.\d+ (.*)", line))] if failed else []
    return (*said[1 - TAIL :], filled[-1]) if said else tuple(filled[-TAIL:])


def without_front_end(dockerfile: str) -> tuple[str, str]:
    """The Dockerfile without its ``# syntax=`` line (an empty comment keeps the line numbers), and that line; "" for none."""
    nodes = list(parse(dockerfile).nodes)
    directives = [node for node in nodes if isinstance(node, Directive)]
    found = next((node for node in directives if node.name == "syntax"), None)
    if found is None:
        return dockerfile, ""

    def end(node: Directive) -> str:
        return node.text[len(node.text.rstrip("\r\n")) :]

    # below the other directives, since a comment ends them
    last = directives[-1]
    below = f"#{end(last)}" if last is found else f"{last.text.rstrip()}{end(found)}#{end(last)}"
    texts = [below if node is last else "" if node is found else node.text for node in nodes]
    return "".join(texts), found.text.strip()


def with_own_caches(dockerfile: str, salt: str = "") -> str:
    """The Dockerfile whose cache mounts are nobody else's: their ids hold a digest of all that stands above them, and ``salt``.

    A wheel that another build has left in a cache mount would hide that this one cannot compile it.
    """
    digest = hashlib.sha256(salt.encode())
    texts = []
    for node in parse(dockerfile).nodes:
        text = node.text
        digest.update(encode(text))
        if isinstance(node, Instruction) and node.keyword == "RUN":
            own = digest.hexdigest()[:12]
            text = _CACHE.sub(lambda match, own=own: f"--mount={_own_id(match[1], own)}", text)  # type: ignore[misc]
        texts.append(text)
    return "".join(texts)


def _own_id(mount: str, own: str) -> str:
    parts = mount.split(",")
    target = next(
        (part.partition("=")[2] for part in parts if part.partition("=")[0] in ("target", "dst", "destination")), ""
    )
    known = next((part.partition("=")[2] for part in parts if part.startswith("id=")), target)
    return ",".join([*(part for part in parts if not part.startswith("id=")), f"id={known}-{own}"])


def _front_end_failed(log: Path, directive: str) -> bool:
    """Whether a build ended before its first step because its front end was not to be had."""
    image = directive.partition("=")[2].strip()
    lines = log.read_text("utf-8").splitlines()
    if any(re.match(r"#\d+ \[(?!internal\])", line) for line in lines):
        return False
    failed = {match[0] for line in lines if (match := re.match(r"#\d+ (?=ERROR)", line))}
    text = "\n".join(line for line in lines if line.startswith(("ERROR", "failed to solve", *failed)))
    return image in text or bool(_FRONT_END.search(text))


def _tag(name: str) -> str:
    """A part of a tag: long names stay different where they are cut."""
    tag = re.sub(r"[^A-Za-z0-9_.-]+", "-", name).strip("-.") or "image"
    return tag if len(tag) <= 40 else f"{tag[:31]}-{hashlib.sha256(encode(name)).hexdigest()[:8]}"


def _write(path: Path, text: str) -> None:
    path.write_bytes(encode(text))


def _content(path: Path) -> str:
    try:
        return decode(path.read_bytes())
    except OSError:
        return ""


def _parts(secret: str) -> list[str]:
    """The lines of a secret, and what stands after the signs in them that set a value."""
    lines = secret.splitlines()
    return [*lines, *(part for line in lines for part in re.split(r"[=:@\s\"']+", line) if len(part) >= 8)]
