"""A target written into a Compose file: nothing else of it changes, by its text and by what it says."""

from __future__ import annotations

import re
from difflib import SequenceMatcher

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from dockfix.context.compose_targets import with_targets


def written(text: str, **stages: str) -> str:
    new, left = with_targets(text, stages)
    assert not left
    return new


def test_a_short_build_becomes_a_mapping_behind_its_comment() -> None:
    before = "services:\n  api:\n    build: .   # deployed\n  test:\n    build: '.' # in CI\n    command: pytest -q\n"
    assert written(before, test="test") == (
        "services:\n  api:\n    build: .   # deployed\n  test:\n    build: # in CI\n      context: '.'\n      target: test\n"
        "    command: pytest -q\n"
    )


def test_a_mapping_gets_one_more_line() -> None:
    before = "services:\n    test:\n        build:\n            context: ./api # here\n            args: {A: 1}\n\n        # tests\n        command: pytest"
    after = before.replace("# here\n", "# here\n            target: test\n")
    assert written(before, test="test") == after


def test_where_no_line_says_what_is_built_it_comes_first() -> None:
    before = "services:\n  test:\n    build:\n      args:\n        - A=1\n"
    assert written(before, test="test") == before.replace("      args:", "      target: test\n      args:")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "services: {test: {build: ., command: pytest}}\n",
            "services: {test: {build: {context: ., target: test}, command: pytest}}\n",
        ),
        ("services:\n  test: {build: {context: .}}\n", "services:\n  test: {build: {context: ., target: test}}\n"),
        (
            "services:\n  test:\n    build: {context: .,}\n",
            "services:\n  test:\n    build: {context: ., target: test,}\n",
        ),
    ],
)
def test_braces_stay_braces(before: str, after: str) -> None:
    assert written(before, test="test") == after


def test_an_alias_is_merged() -> None:
    before = "x-build: &image\n  context: .\nservices:\n  api:\n    build: *image\n  test:\n    build: *image\n"
    after = before[: before.rindex("build:")] + "build:\n      <<: *image\n      target: test\n"
    assert written(before, test="test") == after


def test_who_has_the_anchor_gets_a_target_once_all_others_have_one() -> None:
    before = "services:\n  run:\n    build: &image\n      context: .\n  test:\n    build: *image\n"
    after = written(before, run="dev", test="test")
    assert after == (
        "services:\n  run:\n    build: &image\n      context: .\n      target: dev\n"
        "  test:\n    build:\n      <<: *image\n      target: test\n"
    )
    assert with_targets(before, {"run": "dev"}) == (
        before,
        {"run": "its build in line 3 is an anchor that others use, too"},
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            "services:\n  api: &api\n    build: .\n  test:\n    <<: *api\n    command: pytest\n",
            "its build is said elsewhere",
        ),
        ("services:\n  test:\n    extends: api\n", "its build is said elsewhere"),
        ("services:\n  test: &t\n    build: .\n  other: *t\n", "line 2 is an anchor that others use, too"),
        ("services:\n  test:\n    build: >\n      .\n", "its build in line 3 stands on several lines"),
        ("services:\n  test:\n    build:\n      context: .\n      target: prod\n", "it has a target"),
        ("services: [\n", "it is not valid YAML"),
        ("a: 1\n---\nb: 1\n", "it has several documents"),
        ("", "its build is said elsewhere"),
        ("[" * 100 + "]" * 100, "it is nested too deeply"),
    ],
)
def test_what_cannot_be_written_is_left_with_a_reason(text: str, reason: str) -> None:
    assert with_targets(text, {"test": "test"}) == (text, {"test": reason})


BUILDS = [
    "build: .",
    'build: "./a b"   # a comment',
    "build: './x'",
    "build: {context: ., args: {A: '1'}}  # braces",
    "build:\n@@context: .  # here\n@@args:\n@@@- A=1",
    "build:\n@@# first\n@@dockerfile: 'Dockerfile'\n@@context: .\n",
    "build:\n@@args:\n@@@A: |\n@@@@long\n@@@@text\n",
    "build: *shared",
    "build: *shared # with a comment",
    "build: !reset\n@@context: .",
    "build: &own\n@@context: .",
]
EXTRAS = [
    "command: pytest -q",
    "# between",
    "environment:\n@@<<: *env\n@@Ä: 'ö'",
    'ports: ["80:80"]  # web',
    "",
    "image: x",
]


@st.composite
def files(draw: st.DrawFn) -> tuple[str, dict[str, str]]:
    """A Compose file in some layout, and services with stages."""
    step = " " * draw(st.sampled_from([1, 2, 4]))
    lines = ["# head", "x-env: &env {LOG: debug}", "x-shared: &shared", f"{step}context: ./shared", "services:"]
    stages = {}
    for name in draw(st.lists(st.sampled_from("abcd"), min_size=1, unique=True)):
        parts = [
            draw(st.sampled_from(BUILDS)).replace("&own", f"&own{name}"),
            *draw(st.lists(st.sampled_from(EXTRAS), unique=True)),
        ]
        lines.append(f"{step}{name}:" + draw(st.sampled_from(["", "  # service"])))
        for part in draw(st.permutations(parts)):
            lines += [
                f"{step * 2}{line}" if line else ""
                for line in re.sub(r"@+", lambda at: step * (len(at[0]) - 1), part).split("\n")
            ]
        if draw(st.booleans()):
            stages[name] = draw(st.sampled_from(["test", "dev"]))
    newline = draw(st.sampled_from(["\n", "\r\n"]))
    return newline.join(lines) + draw(st.sampled_from(["", newline])), stages


@settings(deadline=None)
@given(files())
def test_nothing_else_changes(drawn: tuple[str, dict[str, str]]) -> None:
    text, stages = drawn
    new, left = with_targets(text, stages)
    done = stages.keys() - left.keys()
    assert done or new == text
    old_lines, new_lines = text.splitlines(), new.splitlines()
    for kind, first, last, start, end in SequenceMatcher(None, old_lines, new_lines, autojunk=False).get_opcodes():
        if kind != "equal":
            assert kind in {"insert", "replace"}
            # a line that is written anew is one of a short build; its comment stays
            assert all(line.strip().startswith("build:") for line in old_lines[first:last])
            joined = "\n".join(new_lines[start:end])
            assert all(line.partition("#")[2] in joined for line in old_lines[first:last])
    before, after = (yaml.compose(each, Loader=yaml.BaseLoader) for each in (text, new))
    assert before is not None
    assert after is not None
    targets = {stage for stage in stages.values() if f"target: {stage}" in new}
    assert targets == {stages[name] for name in done}
    assert new.count("target: ") == len(done)
    assert text.endswith("\n") == new.endswith("\n")
    assert ("\r\n" in text) == ("\r\n" in new) or "\n" not in text
    assert not re.search(r"(?<!\r)\n", new) or not re.search(r"\r\n", new)
