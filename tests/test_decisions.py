"""What becomes of apt packages, against decisions that were labelled by hand before the code that decides them was looked at.

Right is what the label says. Undecided is a package that stays, itself or as its runtime library, where the label lets more
go: it costs room and breaks nothing. Everything else is wrong.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from dockfix.engine import FileResult, Settings, run
from dockfix.model.stages import build
from dockfix.syntax import parse
from results import installed, text_of

DATA = tomllib.loads(Path(__file__).with_name("decisions.toml").read_text("utf-8"))
CASES: dict[str, dict[str, Any]] = {case["name"]: case for case in DATA["decision"]}
AT_MOST_UNDECIDED = 0.10
# Where the start of the container is such that no split is made, and everything stays
NOT_SPLIT = {
    "gcc where the start of the container installs plugins",
    "make as the command",
    "cron as the command",
    "sudo in a script of the image",
    "gcc where the code calls pip",
}

Outcome = tuple[FileResult, str]
_outcomes: dict[str, Outcome] = {}


def dockerfile(case: dict[str, Any]) -> str:
    text: str = case.get("dockerfile") or DATA["shapes"][case.get("shape", "plain")]
    return text.replace("{base}", case["base"]).replace("{packages}", case["packages"])


def outcome(name: str, folder: Path) -> Outcome:
    """What dockfix says of a case and the Dockerfile that it leaves; worked out once."""
    if name not in _outcomes:
        case = CASES[name]
        for path, text in {"app.py": "print('hello')\n", **case["files"], "Dockerfile": dockerfile(case)}.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, "utf-8")
        result = run(folder / "Dockerfile", Settings(options={"multi-stage.always": True}))
        _outcomes[name] = result, text_of(result) or dockerfile(case)
    return _outcomes[name]


def swapped(result: FileResult, package: str) -> bool:
    """Whether the notes say that something takes the package's place."""
    return any(
        part.startswith((f"{package} becomes ", f"{package} leaves behind "))
        for note in result.changes
        for part in note.message.split("; ")
    )


def judge(name: str, folder: Path) -> str:
    """What the outcome is by the label."""
    case = CASES[name]
    result, text = outcome(name, folder)
    there = installed(text)
    stays = case["package"] in there
    if case["decision"] == "keep":
        return "right" if stays else "wrong"
    if stays:
        return "undecided"
    if case["decision"] == "leave":
        return "undecided" if swapped(result, case["package"]) else "right"
    return "right" if set(case["with"]) <= there else "wrong"


@pytest.mark.parametrize("name", CASES)
def test_what_is_decided_is_right(name: str, tmp_path: Path) -> None:
    result, text = outcome(name, tmp_path)
    assert not result.failures
    assert (len(build(parse(text)).stages) == 2) == (name not in NOT_SPLIT), [note.message for note in result.refusals]
    assert judge(name, tmp_path) != "wrong", (CASES[name]["why"], sorted(installed(text)))


def test_few_are_undecided(tmp_path: Path) -> None:
    undecided = [name for number, name in enumerate(CASES) if judge(name, tmp_path / str(number)) == "undecided"]
    assert len(undecided) <= AT_MOST_UNDECIDED * len(CASES), undecided


def test_the_labels_say_what_they_have_to() -> None:
    assert len(CASES) == len(DATA["decision"]) >= 60
    for name, case in CASES.items():
        assert case["decision"] in {"leave", "keep", "replace"}
        assert bool(case.get("with")) == (case["decision"] == "replace"), name
        assert case["package"] in case["packages"].split(), name
        assert case["why"].endswith("."), name
