"""Running a program: what comes back, and that it ends, whatever it does."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from dockfix.verify import process
from dockfix.verify.process import Cancelled, Done, TimedOut, run, stream


def shell(
    script: str,
    *,
    timeout: float = 30,
    stop: threading.Event | None = None,
    stdin: str = "",
    line: Callable[[str], None] | None = None,
    **environment: str,
) -> Done:
    return run(
        ["sh", "-c", script],
        timeout=timeout,
        stop=stop or threading.Event(),
        stdin=stdin,
        environment=environment,
        line=line,
    )


def gone(pid: int) -> bool:
    """Whether a process has ended; where nobody reaps orphans, it stays as a zombie."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0] in "ZX"
    except (ProcessLookupError, FileNotFoundError):
        return True


def ends(*pids: int) -> bool:
    until = time.monotonic() + 10
    while time.monotonic() < until and not all(map(gone, pids)):
        time.sleep(0.02)
    return all(map(gone, pids))


def test_both_outputs_and_the_status() -> None:
    done = shell("echo out; echo err >&2; exit 7")
    assert done == Done(7, "out\n", "err\n")
    assert done.text == "out\nerr\n"


def test_a_signal_is_a_status_below_zero() -> None:
    assert shell("kill -9 $$").status == -9


def test_the_environment_is_added_to_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKFIX_TEST_OURS", "a")
    assert shell('echo "$DOCKFIX_TEST_OURS $OWN"', OWN="b").out == "a b\n"


def test_bytes_that_are_not_utf8_do_no_harm() -> None:
    assert shell(r"printf '\377caf\303\251\r\n'").out == "\ufffdcaf\u00e9\r\n"


def test_standard_input_goes_through() -> None:
    assert shell("cat", stdin="a\n\udcff" + "x" * 300_000).out == "a\n\ufffd" + "x" * 300_000


def test_a_program_need_not_read_its_input() -> None:
    assert shell("exec <&-; echo fine", stdin="x" * 1_000_000).out == "fine\n"
    assert shell("echo fine", stdin="x" * 1_000_000) == Done(0, "fine\n", "")


def test_a_program_that_waits_for_input_gets_its_end() -> None:
    assert shell("cat >/dev/null; echo end", timeout=10).out == "end\n"


def test_much_output_on_both_does_not_block() -> None:
    script = "import sys\nfor n in range(20000): print(n); print(n, file=sys.stderr)"
    done = run([sys.executable, "-IS", "-c", script], timeout=30, stop=threading.Event())
    assert done.out == done.err == "".join(f"{number}\n" for number in range(20000))


def test_lines_are_told_as_they_come() -> None:
    seen: list[tuple[str, float]] = []
    done = shell(
        "echo one; sleep 0.4; echo two >&2; printf three", line=lambda text: seen.append((text, time.monotonic()))
    )
    assert sorted(text for text, _ in seen) == ["one\n", "three", "two\n"]
    assert (done.out, done.err) == ("one\nthree", "two\n")
    times = dict(seen)
    assert times["two\n"] - times["one\n"] > 0.2


def test_a_listener_that_fails_does_not_take_the_run_along() -> None:
    def full(text: str) -> None:
        raise OSError(28, "No space left on device")

    assert shell("echo one; sleep 0.1; exit 3", line=full).status == 3


def test_a_program_that_is_not_there() -> None:
    with pytest.raises(OSError):
        run(["/nowhere/at-all"], timeout=1, stop=threading.Event())


def test_a_deadline_ends_the_whole_group() -> None:
    pids: list[int] = []
    began = time.monotonic()
    with pytest.raises(TimedOut, match="no end after 1 s") as caught:
        shell("sleep 300 & echo $!; echo $$; wait", timeout=0.6, line=lambda text: pids.append(int(text)))
    assert caught.value.seconds == 0.6
    assert time.monotonic() - began < 5
    assert len(pids) == 2
    assert ends(*pids)


def test_nothing_survives_by_not_listening(monkeypatch: pytest.MonkeyPatch) -> None:
    """The child that ignores SIGTERM outlives its parent, which does not; or the parent itself ignores it."""
    monkeypatch.setattr(process, "GRACE", 0.3)
    for script in (
        "(trap '' TERM; echo $(exec sh -c 'echo $PPID'); while :; do sleep 0.2; done) & echo $$; sleep 300",
        "trap '' TERM; echo $$; while :; do sleep 0.2; done",
    ):
        pids: list[int] = []
        with pytest.raises(TimedOut):
            shell(script, timeout=0.6, line=lambda text, pids=pids: pids.append(int(text)))
        assert pids
        assert ends(*pids)


def test_a_stop_ends_it_at_once() -> None:
    stop, pids = threading.Event(), []
    began = time.monotonic()

    def listen(text: str) -> None:
        pids.append(int(text))
        stop.set()

    with pytest.raises(Cancelled):
        shell("echo $$; sleep 300", timeout=60, stop=stop, line=listen)
    assert time.monotonic() - began < 5
    assert ends(*pids)


def test_after_a_stop_nothing_is_started_for_long() -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(Cancelled):
        shell("sleep 300", stop=stop)


@pytest.mark.parametrize("script", ["sleep 30 & echo $!; echo $$ >&2", "setsid sleep 30 <&0 & echo $!"])
def test_a_child_that_keeps_the_pipes_open_does_not_hang_it(script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "DRAIN", 0.4)
    began = time.monotonic()
    done = shell(script, stdin="x" * 1_000_000)
    assert done.status == 0
    assert time.monotonic() - began < 5
    os.kill(int(done.out), 9)


def test_a_stream_is_read_while_it_runs_and_ended_when_left() -> None:
    with stream(["sh", "-c", "echo $$; exec yes"]) as out:
        pid = int(out.readline())
        assert out.read(4) == b"y\ny\n"
    assert ends(pid)
    with stream(["sh", "-c", 'printf %s "$OWN"'], {"OWN": "abc"}) as out:
        assert out.read() == b"abc"


def test_an_error_while_reading_ends_a_stream() -> None:
    with pytest.raises(ZeroDivisionError), stream(["sh", "-c", "echo $$; exec sleep 300"]) as out:
        pid = int(out.readline())
        raise ZeroDivisionError
    assert ends(pid)
