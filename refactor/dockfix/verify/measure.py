"""What is proved and what comes of it: the plan, a rewrite, its proof, and the original that it is measured by."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import field

from dockfix.dataclass import dataclass
from dockfix.engine.results import Made
from dockfix.model.reason import Declared
from dockfix.verify.build import BuildArguments
from dockfix.verify.image import Image
from dockfix.verify.manner import Manner
from dockfix.verify.running import Conditions, Tool
from dockfix.verify.smoke import Smoke
from dockfix.verify.snapshot import Snapshot
from dockfix.verify.starting import Start, Wanted
from dockfix.verify.verdict import Built, Checked, Finding, Unanswered, Verdict


@dataclass(frozen=True)
class Plan:
    """How to verify: what builds are given, how containers are started, the smoke checks, seconds per build."""

    arguments: BuildArguments = field(default_factory=BuildArguments)
    conditions: Conditions = field(default_factory=Conditions)
    smokes: tuple[Smoke, ...] = ()
    timeout: float = 1800.0


@dataclass(frozen=True)
class Candidate:
    """A rewrite to prove: the new Dockerfile, the ignore file in force with it (None: none), and what each transform made."""

    dockerfile: str
    ignore: str | None
    made: tuple[Made, ...] = ()

    @property
    def declares(self) -> frozenset[Declared]:
        """What it alters on purpose."""
        return frozenset().union(*(each.declares for each in self.made))


@dataclass(frozen=True)
class Proof:
    """What came of one candidate. ``reference`` names its image, "" where it did not build."""

    verdict: Verdict
    reason: str = ""
    tail: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    checks: tuple[Checked, ...] = ()
    built: Built | None = None
    reference: str = ""
    gone: tuple[str, ...] = ()
    unanswered: tuple[Unanswered, ...] = ()


class Ended(Exception):
    """The original cannot serve as a measure; ``proof`` says why."""

    def __init__(self, proof: Proof) -> None:
        super().__init__(proof.reason)
        self.proof = proof


@dataclass
class Original:
    """The original image with everything that was seen of it.

    ``looked`` and ``below`` give what is in it and in its base image, which are still looked at when it has come up. ``wanted`` is what
    its start was watched for, ``manner`` how it was run. ``again`` is a second start, and ``changing`` are the files that a second build
    made otherwise; both only once they were needed.
    """

    reference: str
    built: Built
    looked: Future[Image]
    below: Future[Snapshot | None]
    start: Start
    tool: Tool | None
    wanted: Wanted = field(default_factory=Wanted)
    manner: Manner = field(default_factory=Manner)
    again: Start | None = None
    changing: frozenset[str] | None = None
    notes: list[str] = field(default_factory=list)

    @property
    def image(self) -> Image:
        """The image, once it was looked at. Raises what went wrong meanwhile."""
        return self.looked.result()

    @property
    def base(self) -> Snapshot | None:
        """Its base image's file system, None where that could not be read. Raises what went wrong meanwhile."""
        return self.below.result()
