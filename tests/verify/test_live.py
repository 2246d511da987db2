"""The display of what is under way: on a terminal, and nowhere else."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import threading
import time

import pytest

from dockfix.report.live import Live
from dockfix.report.terminal import Screen

PROGRAM = r"""
import sys, threading, time
from dockfix.report.live import Live
from dockfix.report.terminal import Screen
with Live(Screen(sys.stdout, sys.stderr)) as live:
    live.start("a", "app/Dockerfile")
    live.step("a", "[red]RUN[/red] \x1b]0;title\x07\x1b[2Jwiped")
    time.sleep(0.5)
    live.print("\x1b[1mfirst.Dockerfile\x1b[0m: equal " + "x" * 200)
    time.sleep(0.3)
"""


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _a_capable_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_INTERACTIVE", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def on_a_terminal() -> str:
    """What the program writes to a pseudo-terminal as its standard error."""
    pty = pytest.importorskip("pty", reason="needs pseudo-terminals")
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=theirs
    ) as program:
        os.close(theirs)
        data = b""
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:  # Linux: the other end is closed
                break
            if not part:
                break
            data += part
        assert program.stdout is not None
        assert program.stdout.read() == b""
    os.close(ours)
    assert program.returncode == 0
    return data.decode()


def test_a_line_for_each_file_and_nothing_of_its_own_from_a_build(on_a_terminal: str) -> None:
    assert "app/Dockerfile" in on_a_terminal
    assert "[red]RUN[/red] ^[]0;title^G^[[2Jwiped" in on_a_terminal  # neither markup nor control
    assert re.search(r"\b0 s", on_a_terminal)
    assert "\x1b[2J" not in on_a_terminal
    assert "\x1b]0" not in on_a_terminal


def test_printed_lines_stay_whole_and_styled(on_a_terminal: str) -> None:
    assert "\x1b[1mfirst.Dockerfile\x1b[0m: equal " + "x" * 200 in on_a_terminal


def test_the_display_goes_away(on_a_terminal: str) -> None:
    assert on_a_terminal.endswith("\x1b[2K")  # the last thing is that its line is cleared
    assert on_a_terminal.count("\x1b[?25l") == on_a_terminal.count("\x1b[?25h") == 1  # and the cursor is back


@pytest.mark.parametrize("stream", [io.StringIO(), None])
def test_nothing_where_there_is_no_terminal(stream: io.StringIO | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", stream)
    with Live(Screen(None, stream)) as live:
        live.start("a", "Dockerfile")
        live.step("a", "building")
        live.done("a")
    assert stream is None or stream.getvalue() == ""


def test_quiet_shows_nothing_but_what_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with Live(Screen(None, terminal), quiet=True) as live:
        live.start("a", "Dockerfile")
        live.print("error: no engine")
    assert terminal.getvalue() == "error: no engine\n"


def test_rich_is_not_imported_without_a_terminal() -> None:
    program = PROGRAM + "\nassert not [name for name in sys.modules if name.split('.')[0] == 'rich']"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (0, b""), done.stderr
    assert done.stderr.count(b"\n") == 1  # what was printed


def test_never_a_colour_where_none_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with Live(Screen(None, terminal, "never")) as live:
        live.start("a", "Dockerfile")
        live.print("a line")
    assert "a line\n" in terminal.getvalue()
    assert not re.search(r"\x1b\[[0-9;]*m", terminal.getvalue())


def test_many_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)

    def work(number: int) -> None:
        live.start(str(number), f"file{number}")
        for step in range(50):
            live.step(str(number), f"step {step}")
        live.print(f"file{number} is ready")
        live.done(str(number))
        live.step(str(number), "too late")

    with Live(Screen(None, terminal)) as live:
        threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        time.sleep(0.3)  # two more frames
    text = terminal.getvalue()
    assert all(text.count(f"file{number} is ready\n") == 1 for number in range(8))
    assert "too late" not in text
