"""Transforms of other distributions: they are found by their entry points, and one that is broken costs only itself."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

GOOD = '''
from dockfix.engine.transform import Edit, Outcome, Transform
from dockfix.model.reason import Declared
from dockfix.syntax import snippet


class Hello(Transform):
    """Say hello.

    What it does
        Adds a comment.
    """

    id = "hello"
    title = "say hello"
    {after}

    def apply(self, facts):
        last = facts.tree.nodes[-1]
        if "# hello" in str(facts.tree):
            return Outcome()
        return Outcome([Edit(last, (*snippet(facts.tree, "# hello\\n", last.line), last), last.line, "it says hello")])
'''


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    folder.mkdir()
    (tmp_path / "Dockerfile").write_text('FROM debian:12\nCMD ["true"]\n')
    return folder


def distribution(site: Path, name: str, module: str, **points: str) -> None:
    info = site / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    lines = "".join(f"{point} = {target}\n" for point, target in points.items())
    (info / "entry_points.txt").write_text(f"[dockfix.transforms]\n{lines}")
    (site / f"{name.replace('-', '_')}.py").write_text(module)


def run(site: Path, *args: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DOCKFIX_")}
    environment |= {"PYTHONPATH": str(site)}
    command = [sys.executable, "-m", "dockfix", *args]
    return subprocess.run(
        command, check=False, capture_output=True, text=True, timeout=60, cwd=site.parent, env=environment
    )


def test_a_plug_in_is_found_and_ordered(site: Path) -> None:
    distribution(site, "acme-hello", GOOD.format(after='after = frozenset({"dockerignore"})'), hello="acme_hello:Hello")
    listed = [line.split()[0] for line in run(site, "list").stdout.splitlines()[1:]]
    assert listed.index("hello") > listed.index("dockerignore")
    done = run(site, "--select", "hello")
    assert '+# hello\n CMD ["true"]\n' in done.stdout
    assert "warning" not in done.stderr


@pytest.mark.parametrize(
    ("module", "point", "error"),
    [
        ("import nowhere_to_be_found\n", "acme_bad:Bad", "ModuleNotFoundError: No module named 'nowhere_to_be_found'"),
        ("raise SystemError('two\\nlines')\n", "acme_bad:Bad", "SystemError: two"),
        ("import sys\nsys.exit('no licence')\n", "acme_bad:Bad", "SystemExit: no licence"),
        ("", "acme_bad:Bad", "AttributeError: module 'acme_bad' has no attribute 'Bad'"),
        ("Bad = dict\n", "acme_bad:Bad", "it is not a dockfix.engine.transform.Transform"),
        ("class Bad:\n    def __init__(self):\n        1 / 0\n", "acme_bad:Bad", "ZeroDivisionError: division by zero"),
        (
            GOOD.format(after="").replace('"hello"', '"non-root"'),
            "acme_bad:Hello",
            "there is a non-root already",
        ),
        (
            GOOD.format(after='after = frozenset({"hello"})'),
            "acme_bad:Hello",
            "it waits for itself by its `after`",
        ),
    ],
)
def test_a_broken_plug_in_is_one_warning_that_names_its_distribution(
    site: Path, module: str, point: str, error: str
) -> None:
    distribution(site, "acme-bad", module, bad=point)
    (site.parent / "b").mkdir()
    (site.parent / "b" / "Dockerfile").write_text("FROM python:3.11-slim\nRUN pip install flask\n")
    for args in (["list"], ["."], ["--check", "b"]):
        done = run(site, *args)
        assert done.stderr.count("warning:") == 1
        assert "of acme-bad is left out" in done.stderr
        assert error in done.stderr
        assert "internal error" not in done.stderr
    assert "+RUN --mount=type=cache" in run(site, ".").stdout
    assert run(site, "-q", ".").stderr == ""
