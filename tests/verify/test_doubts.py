"""Which doubts what was seen of two images answers, and which it leaves standing."""

from __future__ import annotations

from typing import Any

import pytest
from verify_images import file, folder, image, program

from dockfix.engine.results import Made
from dockfix.model.answers import Answer, Asked, Bound, Called, Opened, Started, Worked, Written
from dockfix.model.reason import doubt
from dockfix.verify.doubts import Asking, Seen, unanswerable, unanswered
from dockfix.verify.smoke import Smoke, from_text
from dockfix.verify.starting import Start

PATH = "PATH=/opt/venv/bin:/usr/local/bin:/usr/bin:/bin"


def lack(answer: Answer, seen: Seen) -> str:
    """Why a doubt stands with an answer, "" where that is given."""
    found = unanswered([Made("x", doubts=(doubt("it may fail", answers=[answer]),))], seen)
    assert [(each.transform, each.doubt, each.answer) for each in found] == [("x", "it may fail", str(answer))] * len(
        found
    )
    return found[0].lack if found else ""


def seen(shows: bool = True, smokes: tuple[Smoke, ...] = (), **start: Any) -> Seen:
    there = {"/data": folder(), "/srv": folder(), "/var/lib/x.key": file("k", 0o600), "/app/own": folder()}
    before = image(
        {**there, "/usr/bin/tool": program(), "/usr/bin/closed": program(), "/usr/lib/libx.so.1": file()},
        Env=["PATH=/usr/bin:/bin"],
    )
    left = {**there, "/app/own": folder(owner=1000), "/opt/venv/bin/tool": program()}
    after = image(left, User="1000:1000", Env=[PATH])
    return Seen(before, after, Start(None, "", **start), Asking(shows, smokes))


@pytest.mark.parametrize(("answer", "said"), [
    (Written("/data"), "/data is not writable for app (1000)"),
    (Written("/data/a/b.json"), "/data is not writable for app (1000)"),  # as the nearest folder that is there
    (Written("/new/x"), "/ is not writable for app (1000)"),
    (Written("/app/own/x"), ""), (Written("/tmp/x"), ""),
    (Opened("/var/lib/x.key"), "app (1000) cannot read /var/lib/x.key"), (Opened("/data"), ""), (Opened("/not/there"), ""),
    (Called("tool"), ""), (Called("closed"), "closed is not there for app (1000)"),
    (Called("/usr/bin/tool"), "/usr/bin/tool is not there for app (1000)"), (Called("never"), ""),
])  # fmt: skip
def test_what_an_image_allows(answer: Answer, said: str) -> None:
    """What the original could not do either is no question."""
    assert lack(answer, seen()) == said


def test_what_a_container_did() -> None:
    """It was seen to write there, whatever the modes say."""
    assert lack(Written("/data"), seen(written=frozenset({"/data", "/data/x"}))) == ""
    assert lack(Written("/data/x"), seen(written=frozenset({"/data", "/data/x"}))) == ""
    assert lack(Written("/data/x"), seen(written=frozenset({"/data/y"}))) != ""
    assert lack(Bound(80), seen()) == "the new container does not listen on port 80"
    assert lack(Bound(80), seen(listening=frozenset({80}))) == lack(Bound(80), seen(ports=frozenset({80}))) == ""


def test_what_only_the_program_itself_shows() -> None:
    assert lack(Started(), seen(shows=False)) == "the start of the original shows nothing"
    assert lack(Started(), seen()) == ""
    assert lack(Started(), seen(shows=False, smokes=(from_text("app --version"),))) == ""
    assert lack(Worked(), seen()) == "nothing had the program do its work"
    assert lack(Worked(), seen(smokes=(from_text("app --version"),))) == ""
    assert lack(Asked("/reports"), seen(smokes=(from_text(":80/health"),))) == "nothing asked for /reports"
    assert lack(Asked("/reports"), seen(smokes=(from_text(":80/reports"),))) == ""
    assert (
        unanswerable([Made("x", doubts=(doubt("y", answers=[Asked("/r")]),))], Asking(True, (), frozenset({"/r"})))
        == ()
    )


def test_a_doubt_is_answered_by_all_of_its_answers() -> None:
    both = doubt("it may fail", answers=[Written("/tmp/x"), Worked()])
    assert [each.answer for each in unanswered([Made("x", doubts=(both,))], seen())] == [str(Worked())]


def test_what_no_new_image_could_answer() -> None:
    made = [Made("a", doubts=(doubt("one"),)), Made("b", doubts=(doubt("two", answers=[Written("/data")]),)), Made("c")]
    assert [each.transform for each in unanswerable(made, Asking(False))] == ["a"]
    assert unanswerable(made, Asking(True)) == ()


def test_each_answer_says_what_it_is() -> None:
    answers = [
        Started(),
        Worked(),
        Written("/a"),
        Opened("/a"),
        Called("git"),
        Bound(80),
        Asked("/x"),
    ]
    assert len(set(map(str, answers))) == len(answers)
    assert str(Asked("/x")) == "a smoke check of the route /x (--smoke :PORT/x)"
