"""Whether what images were seen to do and to allow answers the doubts about a rewrite."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from dockfix.dataclass import dataclass
from dockfix.engine.results import Made
from dockfix.model.answers import Answer, Asked, Bound, Called, Opened, Started, Worked, Written
from dockfix.verify.image import Image
from dockfix.verify.smoke import Smoke
from dockfix.verify.snapshot import within
from dockfix.verify.starting import Start
from dockfix.verify.verdict import Unanswered


@dataclass(frozen=True)
class Asking:
    """What can be known before a new image is there: whether the original's start ``shows`` something, and the smoke checks.

    ``routes`` are those that it answered without an error of the server.
    """

    shows: bool
    smokes: tuple[Smoke, ...] = ()
    routes: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Seen:
    """Both images, how the new one came up, and what was asked of them; the smoke checks are those that were passed."""

    before: Image
    after: Image
    start: Start
    asking: Asking


def unanswered(made: Iterable[Made], seen: Seen) -> tuple[Unanswered, ...]:
    """The doubts of all that transforms made that nothing answers."""
    return tuple(_open(made, lambda answer: _by_asking(answer, seen.asking) or _by_sight(answer, seen)))


def unanswerable(made: Iterable[Made], asking: Asking) -> tuple[Unanswered, ...]:
    """Those that no new image could answer, whatever it does."""
    return tuple(_open(made, lambda answer: _by_asking(answer, asking)))


def _open(made: Iterable[Made], lacks: Callable[[Answer], str]) -> Iterator[Unanswered]:
    for each in made:
        for doubt in each.doubts:
            for answer in doubt.answers:
                if lack := lacks(answer):
                    yield Unanswered(each.transform, doubt.text, lack, str(answer))
                    break


def _by_asking(answer: Answer, asking: Asking) -> str:
    """What is missing of an answer that only the program itself can give, "" for nothing."""
    match answer:
        case Started() if not asking.shows and not asking.smokes:
            return "the start of the original shows nothing"
        case Worked() if not asking.smokes:
            return "nothing had the program do its work"
        case Asked(route) if route not in asking.routes and all(
            smoke.path != route or not smoke.port for smoke in asking.smokes
        ):
            return f"nothing asked for {route}"
    return ""


def _by_sight(answer: Answer, seen: Seen) -> str:
    """What is missing of an answer in the new image, "" for nothing; what the original cannot do either is no question."""
    before, after = seen.before, seen.after
    match answer:
        case Bound(port) if port not in seen.start.ports | seen.start.listening:
            return f"the new container does not listen on port {port}"
        case Written(path) if not any(within(written, path) for written in seen.start.written):
            there = after.nearest(path)
            if before.may_write(before.nearest(path)) and not after.may_write(there):
                return f"{there} is not writable for {after.user}"
        case Opened(path):
            if before.may_read(path) and not after.may_read(path):
                return f"{after.user} cannot read {path}"
        case Called(program):
            if before.runs(program) and not after.runs(program):
                return f"{program} is not there for {after.user}"
    return ""
