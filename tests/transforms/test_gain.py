"""About how much smaller an image becomes."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from dockfix.knowledge import sizes
from results import Project, refusal, text_of

MB = 1_000_000
TEXT = (
    "FROM {base}\nWORKDIR /app\nRUN apt-get update && apt-get install -y {packages} && rm -rf /var/lib/apt/lists/*\n"
    'COPY requirements.txt .\nRUN pip install -r requirements.txt\nCOPY . .\nCMD ["python", "app.py"]\n'
)


def said(project: Project, base: str, packages: str, files: Mapping[str, str] | None = None) -> tuple[int | None, str]:
    options = {"multi-stage.always": True}
    result = project(TEXT.format(base=base, packages=packages), files, unsafe=True, options=options)
    assert "AS runtime" in text_of(result)
    notes = [note.message for note in result.changes if note.transform in ("multi-stage", "slim-base")]
    return result.saves, " ".join(notes)


def test_a_compiler_with_what_it_recommends(project: Project) -> None:
    much, text = said(project, "python:3.11-slim-bookworm", "gcc")
    less, _ = said(project, "python:3.11-slim-bookworm", "--no-install-recommends gcc")
    assert much is not None
    assert less is not None
    assert f"gcc stays in the builder; about -{much / MB:.0f} MB" in text
    assert 100 * MB < less < much < 300 * MB


def test_what_stays_is_not_counted(project: Project) -> None:
    alone, _ = said(project, "python:3.11-slim-bookworm", "gcc")
    beside, _ = said(project, "python:3.11-slim-bookworm", "gcc curl libpq5")
    header, _ = said(project, "python:3.11-slim-bookworm", "gcc libpq-dev")
    assert alone is not None
    assert beside is not None
    assert header is not None
    assert 0 <= alone - beside < 5 * MB  # what both bring stays, too
    assert 0 < header - alone < 20 * MB  # the library itself stays


def test_the_slim_image(project: Project) -> None:
    saves, text = said(project, "python:3.11-bookworm", "gcc")
    assert saves is not None
    assert saves > 500 * MB
    assert "about +" not in text
    assert f"about -{saves / MB:.0f} MB" in text
    files = {"app.py": "import subprocess\nsubprocess.run(['git', 'log'])\n"}
    with_git, _ = said(project, "python:3.11-bookworm", "gcc", files=files)
    assert with_git is not None
    assert 40 * MB < saves - with_git < 150 * MB


def test_a_slim_image_has_no_documents(project: Project) -> None:
    saves, _ = said(project, "python:3.11-slim-bookworm", "--no-install-recommends binutils")
    assert saves is not None
    names = sizes.installed(["binutils"], "bookworm")
    whole = sizes.size_of(names, "bookworm")
    assert "binutils-common" in names  # translations and manuals
    assert saves == sizes.size_of(names, "bookworm", documents=False) == whole - 15016 * sizes.KIB


def test_of_all_releases_the_least(project: Project) -> None:
    either, _ = said(project, "python:3.11-slim", "gcc")
    each = [said(project, f"python:3.11-slim-{suite}", "gcc")[0] or 0 for suite in ("bookworm", "trixie")]
    assert either == min(each)


def test_an_environment_that_is_there_already_costs_nothing(project: Project) -> None:
    own = "RUN python -m venv /opt/venv\nENV PATH=/opt/venv/bin:$PATH\nCOPY requirements.txt .\n"
    text = TEXT.format(base="python:3.11-slim-bookworm", packages="gcc").replace("COPY requirements.txt .\n", own)
    alone, _ = said(project, "python:3.11-slim-bookworm", "gcc")
    assert alone is not None
    assert project(text).saves == alone
    whole = project(
        TEXT.format(base="python:3.11-slim-bookworm", packages="gcc"), options={"virtualenv.installer": True}
    )
    assert whole.saves == alone - 22 * MB


@pytest.mark.parametrize("base", ["python:3.11.1-slim-buster", "python:3.7.3-slim"])
def test_where_the_release_is_not_known_nothing_is_said(project: Project, base: str) -> None:
    saves, text = said(project, base, "gcc")
    assert (saves, "about" in text) == (None, False)


@pytest.mark.parametrize(
    ("base", "packages", "splits"),
    [
        ("python:3.11-slim-bookworm", "gcc", True),
        ("python:3.11-slim-bookworm", "default-libmysqlclient-dev", True),
        ("python:3.11-slim-bookworm", "libffi-dev", False),
        ("python:3.11-slim-bookworm", "--no-install-recommends zlib1g-dev", True),
        (
            "python:3.10-slim-bookworm",
            "--no-install-recommends zlib1g-dev",
            False,
        ),  # pip in the environment has more bytes
        ("python:3.12.6-bookworm", "libproj-dev", False),
        ("python:3.11-slim-bookworm", "pkg-config", False),
    ],
)
def test_too_little_is_no_gain(project: Project, base: str, packages: str, splits: bool) -> None:
    result = project(TEXT.format(base=base, packages=packages), only="virtualenv,multi-stage")
    assert ("AS runtime" in text_of(result)) is splits
    if not splits:
        assert "too little would leave the image" in refusal(result, "multi-stage")


def test_without_gain_it_names_the_setting(project: Project) -> None:
    text = 'FROM python:3.11-slim\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\nCOPY . .\nCMD ["a"]\n'
    result = project(text)
    assert "no gain" in refusal(result, "multi-stage")
    assert "multi-stage.always splits it all the same" in refusal(result, "multi-stage")
    assert "AS runtime" in text_of(project(text, options={"multi-stage.always": True}))
