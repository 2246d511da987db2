"""The ``pin-base`` transform."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from dockfix.engine.options import Option
from dockfix.engine.transform import Edit, Outcome, Safety, Transform, refuse
from dockfix.facts import Facts
from dockfix.lazy import regex
from dockfix.model.reason import Declared, Reason, at
from dockfix.model.stages import Stage
from dockfix.syntax import image
from dockfix.syntax.rewrite import with_image

_DIGEST = regex(r"sha256:[0-9a-f]{64}")
_TAG = regex(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")


TO = Option(
    "pin-base.to",
    frozenset[str](),
    'what a base image becomes: "python:3.11-slim=sha256:…" or "python:3.11-slim=3.11.9-slim-bookworm", or a list of them',
)


class PinBase(Transform):
    """Name the base image exactly.

    What it does
        Puts a digest or an exact tag that you give behind the base images: ``--set pin-base.to="python:3.11-slim=sha256:…"``, or
        a list of such pairs. A digest is added to the tag, so that one still sees what it is; a tag takes the tag's place.
        ``dockfix digests`` asks for the digests and prints them in this form.

    Why
        A tag such as ``3.11-slim`` names another image from week to week, and from one Debian release to the next.

    Example
        FROM python:3.11-slim                   FROM python:3.11-slim@sha256:1d52838af602b4b5a831beb13a0e4d073280665ea7be7f69…

    Fix safety
        On request only: ``--select pin-base``. It looks nothing up and guesses nothing; what you give is written as it is,
        for each FROM that names just this image. A base that an ARG names, or that has a digest already, is left alone.
    """

    title: ClassVar[str] = "name the base image by a digest or an exact tag that is given"
    safety: ClassVar[Safety] = "on request"
    after: ClassVar[frozenset[str]] = frozenset({"secrets"})
    atomic: ClassVar[bool] = False
    options: ClassVar[tuple[Option[Any], ...]] = (TO,)

    def apply(self, facts: Facts) -> Outcome:
        """Rewrites each FROM that the option names."""
        pins, wrong = _pins(facts)
        if wrong:
            return refuse(f"{wrong} is not of the form IMAGE=DIGEST or IMAGE=TAG")
        if not pins:
            return refuse("pin-base.to does not say what to pin")
        edits: list[Edit] = []
        refusals: list[Reason] = []
        for stage in facts.model.stages:
            if stage.parent is not None or stage.base == "scratch":
                continue
            written = stage.start.words[0]
            reason, target = _target(stage, pins)
            pinned = with_image(stage.start, target)
            if reason or pinned is None:
                refusals.append(at(reason or "the FROM instruction could not be taken apart", stage.start.line))
            elif target:
                edits.append(
                    Edit(
                        stage.start,
                        (pinned,),
                        stage.start.line,
                        f"the build uses {target.removeprefix(written + '@')}, whatever {written} names later",
                    )
                )
        nodes = {edit.node for edit in edits}
        images = {stage.start.words[0] for stage in facts.model.stages if stage.start in nodes}
        return Outcome(edits, refusals=refusals, declares=frozenset(Declared("FROM", name) for name in images))


def _pins(facts: Facts) -> tuple[dict[str, str], str]:
    """What the option says, by the image as written, and the first entry that is of no known form."""
    pins: dict[str, str] = {}
    for entry in sorted(TO.of(facts.options)):
        name, _, target = entry.partition("=")
        if not name or "@" in name or not (_DIGEST.fullmatch(target) or _TAG.fullmatch(target)):
            return {}, entry
        pins[name] = target
    return pins, ""


def _target(stage: Stage, pins: Mapping[str, str]) -> tuple[str, str]:
    """Why a base stays as it is, or what stands in its place; both "" where there is nothing to say."""
    written = stage.start.words[0]
    if "$" in written:
        return f"an ARG says what {written} is", ""
    reference = image(written)
    if reference.digest:
        return f"{written} has a digest already", ""
    pin = pins.get(written, pins.get(f"{written}:latest", "") if not reference.tag else "")
    if not pin:
        known = any(_tagged(name, target) == written for name, target in pins.items())
        return "" if known else f"pin-base.to says nothing of {written}", ""
    new = f"{written}@{pin}" if _DIGEST.fullmatch(pin) else _tagged(written, pin)
    if pins.get(new, pin) != pin:
        return f"pin-base.to names {new} for {written}, and something else for {new}", ""
    return "", new if new != written else ""


def _tagged(written: str, tag: str) -> str:
    """An image with another tag."""
    old = image(written).tag
    return f"{written.removesuffix(f':{old}') if old else written}:{tag}"
