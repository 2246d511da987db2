from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dockfix.context.yaml_edit import CannotAddError, with_entry

COMPOSE = """\
# ours
x-logging: &logging {driver: local}
services:
  web:   # the site
    build: .
    # what people upload
    volumes: [ "data:/data" ]
    logging: *logging
  'job':
    image: "job:1"
    volumes:
      - data:/data
volumes: {data: }
"""


def test_every_other_byte_stays() -> None:
    found = with_entry(COMPOSE, (0, "services", "job"), ["user"], "0:0", "root, as before", "volumes")
    wanted = COMPOSE.replace('job:1"\n', 'job:1"\n    # root, as before\n    user: "0:0"\n')
    assert found == wanted


def test_a_comment_stays_with_what_it_is_about() -> None:
    assert with_entry(COMPOSE, (0, "services", "web"), ["user"], "root", beside="volumes") == COMPOSE.replace(
        "    build: .\n", "    user: root\n    build: .\n"
    )


def test_mappings_are_made_and_found() -> None:
    pod = "kind: Pod\n---\nkind: Job\nspec:\n- name: a\n  image: b\n"
    once = with_entry(pod, (1, "spec", 0), ["securityContext", "fsGroup"], "10001", beside="image")
    assert once == pod.replace("  image", "  securityContext:\n    fsGroup: 10001\n  image")
    twice = with_entry(once, (1, "spec", 0), ["securityContext", "runAsUser"], "10001")
    assert twice == once.replace("    fsGroup", "    runAsUser: 10001\n    fsGroup")


def test_the_first_key_of_a_list_stays_behind_its_dash() -> None:
    assert with_entry("- name: a\r\n  b: c\r\n", (0, 0), ["user"], "1") == "- user: 1\r\n  name: a\r\n  b: c\r\n"


@pytest.mark.parametrize(
    ("text", "path", "why"),
    [
        ("a: {b: c}\n", (0, "a"), "within braces"),
        ("a: &x\n  b: c\nd: *x\n", (0, "a"), "anchor that others use"),
        ("a: &x\n  b: c\nd:\n  <<: *x\n", (0, "a"), "anchor that others use"),
        ("a:\n  user: c\n", (0, "a"), "said already"),
        ("a: b\n", (0, "a"), "no mapping"),
        ("a: [\n", (0, "a"), "not valid YAML"),
    ],
)
def test_what_cannot_be_done_is_told(text: str, path: tuple[str | int, ...], why: str) -> None:
    with pytest.raises(CannotAddError, match=why):
        with_entry(text, path, ["user"], "root")


@given(st.text(alphabet="ab:- \n#{}&*x'\"|>", max_size=40))
def test_any_text(text: str) -> None:
    whole = f"a:\n  b:\n    c: d\n{text}"
    try:
        found = with_entry(whole, (0, "a", "b"), ["user"], "root")
    except CannotAddError:
        return
    assert found == whole.replace("    c: d\n", "    user: root\n    c: d\n", 1)
