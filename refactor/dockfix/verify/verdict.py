"""What a verification found: values only, ready to be reported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import Enum
from typing import Literal

from dockfix.dataclass import dataclass
from dockfix.model.reason import Declared


class Verdict(Enum):
    """How a verification ended. A fault of the original is never blamed on the rewrite."""

    EQUAL = "equal"
    DIFFERS = "differs"
    AFTER_BROKEN = "the new image does not build"
    ORIGINAL_BROKEN = "the original does not build"
    ORIGINAL_FAILS = "the original fails its own check"
    NETWORK = "network or registry fault"
    TIMED_OUT = "timed out"
    ENGINE_FAULT = "the container engine failed"
    NOT_COMPARED = (
        "not compared"  # there is a change that was never built: the build budget ran out, or was interrupted
    )
    UNCHANGED = "nothing to verify"

    @property
    def holds(self) -> bool:
        """Whether nothing speaks against the rewrite."""
        return self in (Verdict.EQUAL, Verdict.UNCHANGED)

    @property
    def blames_rewrite(self) -> bool:
        """Whether the rewrite was seen to break something."""
        return self in (Verdict.DIFFERS, Verdict.AFTER_BROKEN)


Check = Literal[
    "config", "packages", "files", "libraries", "modules", "commands", "interpreter", "user", "writes", "start", "smoke", "build",
]  # fmt: skip


@dataclass(frozen=True)
class Finding:
    """One difference that the rewrite does not declare.

    ``subject`` is what differs, as short as it can be named ("libpq.so.5", "/app/main.py", "CMD"); ``message`` a sentence
    without a full stop that says how; ``hint`` what to do about it, where that is known ("libpq5 brings it"); ``about`` the parts of
    the image that it may come from, where it shows more than the check does.
    """

    check: Check
    subject: str
    message: str
    hint: str = ""
    about: tuple[Declared, ...] = ()


@dataclass(frozen=True)
class Checked:
    """One comparison that was made, or why it could not be: ``result`` is "same", "differs" or "not checked"."""

    check: Check
    result: Literal["same", "differs", "not checked"]
    detail: str = ""


@dataclass(frozen=True)
class Layer:
    """One layer of an image: the instruction that made it, on one line, and its size in bytes."""

    instruction: str
    size: int


@dataclass(frozen=True)
class Timing:
    """Build times in seconds; None where not measured.

    ``cold`` is without any cache (the base image is there already), ``source`` after a change in a source file and
    ``dependency`` after a change in a dependency manifest, both with the caches that the builds before have left.
    """

    cold: float | None = None
    source: float | None = None
    dependency: float | None = None


@dataclass(frozen=True)
class Built:
    """One image that was built: its size in bytes, its layers (newest last), how long the build took in seconds, the log.

    ``linters`` holds, by program (hadolint, trivy), how many findings of each code or severity it has.
    """

    size: int
    layers: tuple[Layer, ...] = ()
    seconds: float = 0.0
    log: str = ""
    user: str = ""
    timing: Timing | None = None
    linters: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


@dataclass(frozen=True)
class Dropped:
    """A transform that was left out because the image did not hold with it, or because nothing answered a doubt about it.

    ``reason`` is what was found first, ``keep`` what would keep the transform ("" where that is not known).
    """

    transform: str
    reason: str
    keep: str = ""


@dataclass(frozen=True)
class Unanswered:
    """A doubt about a transform that nothing answered: ``lack`` says why, ``answer`` names what would answer it."""

    transform: str
    doubt: str
    lack: str
    answer: str


@dataclass(frozen=True)
class Learned:
    """What a build taught: ``key`` and ``value`` are the setting that says the same to a later run; ``reason`` why."""

    key: str
    value: str
    reason: str


@dataclass(frozen=True)
class Offer:
    """A package that the image was seen to work without. ``saved`` is in bytes."""

    package: str
    saved: int
    reason: str


@dataclass(frozen=True)
class Verification:
    """Everything about one Dockerfile.

    ``reason`` says in a sentence why the verdict is what it is ("" for EQUAL); ``tail`` are the last lines of the build that
    failed. ``applied`` are the transforms of the verified change, in order. ``builds`` counts images, ``seconds`` is the
    whole time. ``logs`` is the folder with the build logs. ``gone`` are programs on PATH that only the original has.
    ``unanswered`` are the doubts about what was applied that nothing answered. ``estimate`` is by about how many bytes the image was
    expected to become smaller, None where nothing was known.
    """

    path: str
    verdict: Verdict
    reason: str = ""
    tail: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    checks: tuple[Checked, ...] = ()
    notes: tuple[str, ...] = ()
    before: Built | None = None
    after: Built | None = None
    applied: tuple[str, ...] = ()
    dropped: tuple[Dropped, ...] = ()
    learned: tuple[Learned, ...] = ()
    offers: tuple[Offer, ...] = ()
    gone: tuple[str, ...] = ()
    unanswered: tuple[Unanswered, ...] = ()
    builds: int = 0
    seconds: float = 0.0
    logs: str = ""
    estimate: int | None = None

    @property
    def saved(self) -> float | None:
        """By what share the image became smaller (0.42 for 42 %); None where not both were built."""
        return 1 - self.after.size / self.before.size if self.before and self.after and self.before.size else None
