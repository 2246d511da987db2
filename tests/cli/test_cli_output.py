"""Formats, colours, terminals."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from io import BytesIO, TextIOWrapper
from pathlib import Path

import pytest
from fake_engine import SCRIPT

from dockfix.report import progress
from dockfix.report.terminal import OutputError, Screen, Sink, one_line, visible, wants_colour


def test_json(dockfix, put):
    put("a/Dockerfile", "FROM a\n# warn\n# beside .git\n")
    put("b/Dockerfile", "FROM a\nUSER b\n")
    put("c/Dockerfile", "FROM x\n# bad\n")
    result = dockfix("--format", "json")
    data = json.loads(result.stdout)
    assert list(data) == ["version", "dockfix", "mode", "files", "summary"]
    assert (data["version"], data["mode"]) == (1, "preview")
    assert data["summary"] == {"files": 3, "changed": 1, "edits": 2, "unsafe": 2, "failed": 1}
    first, second, third = data["files"]
    keys = ["path", "status", "changes", "unsafe", "refusals", "warnings", "failures", "writes", "diff"]
    assert list(first) == list(second) == list(third) == keys
    assert [entry["status"] for entry in data["files"]] == ["would-change", "unchanged", "failed"]
    assert first["path"] == "a/Dockerfile"
    assert first["changes"][1] == {"transform": "dockerignore", "line": 0, "message": "keeps .git out of the context"}
    assert first["unsafe"] == [{"transform": "cache-mounts", "line": 2, "message": "pip could keep its cache"}]
    assert first["refusals"][0] == {"transform": "multi-stage", "line": 2, "message": "nothing would move"}
    assert first["warnings"] == [{"transform": "non-root", "line": 3, "message": "port 80 needs root"}]
    assert first["writes"] == [{"path": "a/Dockerfile", "new": False}, {"path": "a/.dockerignore", "new": True}]
    assert "+++ b/a/.dockerignore\n" in first["diff"]
    failure = {"message": "unknown instruction: BAD", "line": 2, "column": 3, "hint": "did you mean ADD?"}
    assert third["failures"] == [failure]
    assert (second["diff"], second["writes"]) == ("", [])
    assert result.stderr == (
        "error: c/Dockerfile:2:3: unknown instruction: BAD\n"
        "hint: did you mean ADD?\n"
        "warning: a/Dockerfile:3: non-root: port 80 needs root\n"
    )


def test_json_of_an_applied_run_and_of_none(dockfix, put):
    assert json.loads(dockfix("--format", "json").stdout)["files"] == []
    put(text=b"FROM a\n# \xff\n")
    data = json.loads(dockfix("--format", "json", "--apply").stdout)
    assert data["files"][0]["status"] == "changed"
    assert " # \udcff\n" in data["files"][0]["diff"]


def test_summary(dockfix, put):
    put("a/Dockerfile")
    put("b/Dockerfile", "FROM a\nUSER b\n")
    result = dockfix("--format", "summary", "--check")
    assert result.stdout == (
        "a/Dockerfile: would change (non-root)\nWould change 1 of 2 files (1 edit; 2 more with --unsafe)\n"
    )
    assert (result.stderr, result.exit_code) == ("", 1)


def test_colours(dockfix, put):
    put()
    plain = dockfix()
    assert "\x1b" not in plain.output
    coloured = dockfix("--color", "always")
    assert "\x1b[32m+USER 10001\x1b[0m\n" in coloured.stdout
    assert "\x1b[1m--- a/Dockerfile\x1b[0m\n" in coloured.stdout
    assert "\x1b[36m@@ -1,2 +1,3 @@\x1b[0m\n" in coloured.stdout
    assert "\x1b[1mDockerfile\x1b[0m: would change" in coloured.stderr
    assert re.sub("\x1b\\[\\d+m", "", coloured.stdout) == plain.stdout
    assert dockfix(env={"FORCE_COLOR": "1"}).stdout == coloured.stdout
    assert dockfix("--color", "never", env={"FORCE_COLOR": "1"}).stdout == plain.stdout
    assert dockfix(env={"DOCKFIX_COLOR": "always"}).stdout == coloured.stdout
    assert dockfix("nowhere", "--color", "always").stderr.startswith("\x1b[31merror:\x1b[0m nowhere: no such")


@pytest.mark.parametrize(
    ("choice", "terminal", "environment", "wanted"),
    [
        ("auto", True, {}, True),
        ("auto", False, {}, False),
        ("auto", True, {"NO_COLOR": "1"}, False),
        ("auto", True, {"NO_COLOR": ""}, True),
        ("auto", False, {"FORCE_COLOR": "1"}, True),
        ("auto", False, {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        ("auto", True, {"TERM": "dumb"}, False),
        ("always", False, {"NO_COLOR": "1"}, True),
        ("never", True, {"FORCE_COLOR": "1"}, False),
    ],
)
def test_when_to_colour(monkeypatch, choice, terminal, environment, wanted):
    monkeypatch.setenv("TERM", "xterm")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert wants_colour(choice, terminal) is wanted


def test_a_removed_line_that_looks_like_a_header_is_red(monkeypatch):
    from dockfix.report.diff import painted, unified

    out = Sink(TextIOWrapper(BytesIO()), "always")
    text = painted(unified("x", "-- a\n", "++ b\n"), out)
    assert "\x1b[31m--- a\x1b[0m\n" in text
    assert "\x1b[32m+++ b\x1b[0m\n" in text


def test_visible():
    assert visible("a\tb\nc") == "a\tb\nc"
    assert visible("\x1b[31m\r\x7f\x9b\u202e\udcff") == "^[[31m^M^?<U+009B><U+202E><FF>"
    assert one_line("a\nb\tc\x1b") == "a^Jb c^["
    assert visible("caf\u00e9 \u2026 \U0001f433") == "caf\u00e9 \u2026 \U0001f433"


def test_names_and_messages_cannot_play_with_the_terminal(dockfix, put):
    put("\x1b[2Jx/Dockerfile")
    result = dockfix()
    assert "\x1b" not in result.stderr
    assert "^[[2Jx/Dockerfile: would change" in result.stderr


def on_terminal(*args: str, err: bool = False) -> tuple[str, bytes]:
    """What a terminal as stdout (or as stderr) receives, and what the other stream received."""
    leader, follower = pty.openpty()
    out, error = (subprocess.PIPE, follower) if err else (follower, subprocess.PIPE)
    environment = {**os.environ, "TERM": "xterm"}
    process = subprocess.Popen(
        [sys.executable, SCRIPT, *args], stdin=subprocess.DEVNULL, stdout=out, stderr=error, env=environment
    )
    os.close(follower)
    pieces = []
    try:
        while piece := os.read(leader, 65536):
            pieces.append(piece)
    except OSError:  # how Linux says that the other side is closed
        pass
    other = b"".join(part for part in process.communicate(timeout=30) if part)
    os.close(leader)
    assert process.returncode == 0
    return b"".join(pieces).decode().replace("\r\n", "\n"), other


def test_on_a_terminal_the_diff_is_coloured_and_harmless(put):
    put(text=b"FROM a\r\n# \x1b]0;owned\x07 \xff\x9b\r\n")
    text, _ = on_terminal("Dockerfile")
    assert "\x1b[32m+USER 10001^M\x1b[0m\n" in text
    assert " # ^[]0;owned^G <FF><9B>^M\n" in text
    assert "\x1b]" not in text


def test_progress_on_a_terminal_after_a_second(put):
    for number in range(8):
        put(f"{number}/Dockerfile", "FROM a\n# slow\nUSER b\n")
    text, _ = on_terminal(err=True)
    assert "\r\x1b[K4 of 8 files" in text
    assert "\r\x1b[K1 of 8 files" not in text
    assert text.endswith("\r\x1b[KNothing to change in 8 files (8 possible with --unsafe)\n")


def test_no_progress_elsewhere(put, spawn):
    for number in range(5):
        put(f"{number}/Dockerfile", "FROM a\n# slow\nUSER b\n")
    assert b"\r" not in spawn().stderr


def test_progress_is_seldom_and_never_the_last(monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: clock[0])
    shown: list[str] = []
    screen = Screen(None, None)
    monkeypatch.setattr(Screen, "shows_progress", True)
    monkeypatch.setattr(screen, "status", shown.append)
    bar = progress.Progress(screen, 4)
    for done, now in ((1, 0.9), (2, 1.1), (2, 1.15), (3, 1.3), (4, 2.0)):
        clock[0] = now
        bar.step(done)
    assert shown == ["2 of 4 files", "3 of 4 files"]


def test_words_that_a_terminal_cannot_show():
    raw = BytesIO()
    stream = TextIOWrapper(raw, encoding="ascii")
    Sink(stream).words("caf\u00e9 \u2026\n")
    assert raw.getvalue() == b"caf\\xe9 \\u2026\n"


def test_a_full_disk_is_an_error():
    with Path("/dev/full").open("w") as full, pytest.raises(OutputError, match="No space left"):
        Sink(full).words("x")


def test_a_stream_without_bytes():
    from io import StringIO

    stream = StringIO()
    Sink(stream).product("FROM \udcff\n")
    assert stream.getvalue() == "FROM \ufffd\n"
