"""Text, JSON and Markdown of a verification."""

from __future__ import annotations

import json
import re
from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dockfix.report.terminal import visible
from dockfix.report.verification import as_json, as_markdown, as_text, record, table_of_json
from dockfix.verify.verdict import (
    Built,
    Checked,
    Dropped,
    Finding,
    Layer,
    Learned,
    Offer,
    Timing,
    Unanswered,
    Verdict,
    Verification,
)

BEFORE = Built(
    556_000_000, (Layer("FROM python:3.11", 350_000_000), Layer("RUN apt-get install gcc", 206_000_000), Layer("CMD", 0)),
    45.2, "/logs/before.log", "", Timing(60, 40, 50), {"hadolint": {"DL3008": 2, "DL3009": 1}},
)  # fmt: skip
AFTER = Built(
    322_000_000,
    (Layer("FROM python:3.11-slim", 320_000_000),),
    50,
    "",
    "10001:10001",
    Timing(62, 4, 25),
    {"hadolint": {"DL3008": 1}},
)
EQUAL = Verification(
    "app/Dockerfile",
    Verdict.EQUAL,
    before=BEFORE,
    after=AFTER,
    applied=("multi-stage", "non-root"),
    builds=2,
    seconds=95,
)
DIFFERS = Verification(
    "서비스/Dockerfile", Verdict.DIFFERS, "a library is missing",
    findings=(Finding("libraries", "libpq.so.5", "libpq.so.5 is not found", "libpq5 brings it"), Finding("config", "CMD", "it is gone")),
    checks=(Checked("start", "not checked", "no port is exposed"), Checked("user", "same")),
    notes=("docker/dockerfile:1 could not be fetched",), before=BEFORE, after=AFTER,
    dropped=(Dropped("non-root", "it cannot write /data"),),
    learned=(Learned("multi-stage.packages", "libpq5", "psycopg2 needs libpq.so.5"),),
    offers=(Offer("curl", 5_000_000, "no check used it"),), gone=tuple(f"tool{number}" for number in range(12)), logs="/tmp/logs",
)  # fmt: skip
BROKEN = Verification("Dockerfile", Verdict.AFTER_BROKEN, "pip failed", tail=("ERROR: no gcc", "exit 1"), before=BEFORE)
ALL = (EQUAL, DIFFERS, BROKEN)


def plain(text: str, _style: str) -> str:
    return text


anything = st.text(st.characters(codec=None), max_size=20)  # with lone surrogates, as paths that are not UTF-8 have
sizes = st.integers(0, 10**12)
builds = st.builds(Built, sizes, st.lists(st.builds(Layer, anything, sizes), max_size=2).map(tuple), user=anything)
verifications = st.builds(
    Verification, anything, st.sampled_from(Verdict), anything, tail=st.tuples(anything),
    findings=st.tuples(st.builds(Finding, st.just("files"), anything, anything, anything)), notes=st.tuples(anything),
    before=st.none() | builds, after=st.none() | builds, dropped=st.tuples(st.builds(Dropped, anything, anything)),
    learned=st.tuples(st.builds(Learned, anything, anything, anything)), logs=anything,
)  # fmt: skip


def test_the_headline_says_it_all() -> None:
    assert (
        as_text([EQUAL], plain).splitlines()[0]
        == "app/Dockerfile: equal, 556 MB -> 322 MB (-42 %), runs as 10001:10001"
    )
    assert as_text([BROKEN], plain).splitlines()[0] == "Dockerfile: the new image does not build: pip failed"


@pytest.mark.parametrize("line", [
    "dropped      non-root: it cannot write /data",
    "learned      multi-stage.packages=libpq5, because psycopg2 needs libpq.so.5; --set multi-stage.packages=libpq5 says so without a build",
    "libraries    libpq.so.5 is not found; libpq5 brings it",
    "config       CMD: it is gone",
    "offer        without curl the image would be 5.0 MB smaller: no check used it",
    "not checked  start: no port is exposed",
    "note         docker/dockerfile:1 could not be fetched",
    "gone         only the original has tool0, tool1, tool2, tool3, tool4, tool5, tool6, tool7, tool8, tool9 and 2 more",
    "hadolint     3 -> 1 findings (DL3008 2 -> 1, DL3009 1 -> 0)",
    "logs         /tmp/logs",
])  # fmt: skip
def test_details_are_indented_below(line: str) -> None:
    assert f"\n  {line}\n" in as_text([DIFFERS], plain)


def test_what_was_dropped_says_what_would_keep_it_and_what_stands_is_named() -> None:
    dropped = Dropped("non-root", "it cannot write /data", "a RUN that gives it to the user would keep it")
    doubt = Unanswered("slim-base", "a font may be missing", "nothing had the program do its work", "a smoke check")
    text = as_text([replace(EQUAL, dropped=(dropped,), unanswered=(doubt,))], plain)
    assert "  dropped     non-root: it cannot write /data; a RUN that gives it to the user would keep it\n" in text
    said = "slim-base: a font may be missing, and nothing had the program do its work; a smoke check would answer it"
    assert f"  unanswered  {said}\n" in text


def test_equal_is_said_of_what_was_compared() -> None:
    checks = (Checked("start", "not checked", "no start"), Checked("user", "same"), Checked("smoke", "not checked"))
    headline = as_text([replace(EQUAL, checks=checks)], plain).splitlines()[0]
    assert headline.startswith("app/Dockerfile: equal but for what was not compared (start, smoke), 556 MB")


def test_a_failed_build_shows_its_last_lines() -> None:
    assert "\n  log  ERROR: no gcc\n  log  exit 1\n" in as_text([BROKEN], plain)


def test_layers_over_a_megabyte_are_for_one_file_or_verbose() -> None:
    layers = (
        "  layers before\n       350 MB  FROM python:3.11\n       206 MB  RUN apt-get install gcc\n  layers after\n"
    )
    assert layers in as_text([EQUAL], plain)
    assert layers in as_text(ALL, plain, verbose=True)
    assert "layers" not in as_text(ALL, plain)


def test_a_long_instruction_is_cut() -> None:
    built = Built(5_000_000, (Layer("RUN " + "x" * 500, 5_000_000),))
    assert "x…\n" in as_text([replace(EQUAL, before=built)], plain)
    assert max(map(len, as_text([replace(EQUAL, before=built)], plain).splitlines())) < 120


def test_tables_of_several_files() -> None:
    tables = as_text(ALL, plain).split("\n\n")[-2:]
    assert tables[0].splitlines() == [
        "Dockerfile         verdict                         before   after   saved      %  build before  build after",
        "app/Dockerfile     equal                           556 MB  322 MB  234 MB  -42 %          45 s         50 s",
        "서비스/Dockerfile  differs                         556 MB  322 MB  234 MB  -42 %          45 s         50 s",
        "Dockerfile         the new image does not build    556 MB       -       -      -          45 s            -",
        "total (2 of 3)                                   1,112 MB  644 MB  468 MB  -42 %          90 s        100 s",
    ]
    assert tables[1].splitlines()[:4] == [
        "Dockerfile         build              before  after  factor",
        "app/Dockerfile     cold                 60 s   62 s    1.0x",
        "app/Dockerfile     source change        40 s  4.0 s   10.0x",
        "app/Dockerfile     dependency change    50 s   25 s    2.0x",
    ]


def test_no_files_give_no_text() -> None:
    assert (as_text([], plain), as_markdown([]), table_of_json(as_json([]))) == ("", "", "")


@given(st.lists(verifications, max_size=3))
def test_text_has_nothing_unprintable(items: list[Verification]) -> None:
    text = as_text(items, plain, verbose=True)
    assert visible(text) == text


def test_styles_show_how_it_ended() -> None:
    def style(text: str, name: str) -> str:
        return f"<{name}>{text}</{name}>"

    heads = [as_text([item], style).splitlines()[0] for item in (*ALL, replace(BROKEN, verdict=Verdict.TIMED_OUT))]
    assert [re.findall("<(green|red|yellow)>", head) for head in heads] == [["green"], ["red"], ["red"], ["yellow"]]


def test_json_has_every_field() -> None:
    entry = json.loads(as_json([EQUAL]))["verifications"][0]
    assert set(entry) == {field.name for field in fields(Verification)} | {"holds", "saved"}
    assert set(entry["before"]) == {"size", "layers", "seconds", "log", "user", "timing", "linters"}
    assert entry["before"]["timing"] == {"cold": 60, "source": 40, "dependency": 50}
    assert entry["before"]["layers"][0] == {"instruction": "FROM python:3.11", "size": 350_000_000}
    assert entry["holds"] is True
    assert entry["saved"] == pytest.approx(0.42, abs=0.01)


def test_json_says_what_it_is_and_counts() -> None:
    whole = json.loads(as_json(ALL))
    assert list(whole) == ["version", "dockfix", "verifications", "summary"]
    assert [entry["verdict"] for entry in whole["verifications"]] == ["equal", "differs", "after-broken"]
    counts = whole["summary"]["verdicts"]
    assert len(counts) == len(Verdict)
    assert {name: count for name, count in counts.items() if count} == {"equal": 1, "differs": 1, "after-broken": 1}
    assert {**whole["summary"], "verdicts": None} == {
        "files": 3, "verdicts": None, "compared": 2, "before": 1_112_000_000, "after": 644_000_000,
    }  # fmt: skip


@given(st.lists(verifications, max_size=3))
def test_json_is_ascii_and_parses_to_the_same_strings(items: list[Verification]) -> None:
    text = as_json(items)
    assert text.isascii()
    assert [(entry["path"], entry["reason"]) for entry in json.loads(text)["verifications"]] == [
        (i.path, i.reason) for i in items
    ]


@given(st.lists(verifications, min_size=2, max_size=4))
def test_the_table_of_json_is_that_of_the_text(items: list[Verification]) -> None:
    assert as_text(items, plain).endswith("\n\n" + table_of_json(as_json(items)))


def test_the_table_of_json_has_the_timings() -> None:
    assert as_text(ALL, plain).endswith("\n\n" + table_of_json(as_json(ALL)))
    assert "source change" in table_of_json(as_json([EQUAL]))


@pytest.mark.parametrize("text", [
    "", "[]", "{}", "null", '{"version": 1, "verifications": [{}]}', '{"version": 1, "verifications": 1}', '{"version": 9, "verifications": []}',
    '{"version": 1, "verifications": [{"path": "", "verdict": "equal", "before": {"size": "1"}, "after": {"size": []}}]}',
])  # fmt: skip
def test_other_json_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        table_of_json(text)


def rows(markdown: str) -> list[str]:
    """The lines of the first table."""
    return markdown.partition("\n\n")[0].rstrip("\n").split("\n")


@given(st.lists(verifications, min_size=1, max_size=4))
def test_markdown_rows_have_the_same_cells(items: list[Verification]) -> None:
    table = rows(as_markdown(items))
    assert len(table) == 2 + len(items) + (len(items) > 1)
    assert {row.count("|") for row in table} == {7}


@given(anything)
def test_markdown_has_no_html_or_mention_of_its_input(text: str) -> None:
    markdown = as_markdown([replace(BROKEN, path=text, reason=text, notes=(text,), tail=(), before=None)])
    assert "<" not in markdown.replace("<details>", "")
    assert not re.search(r"@[^&]|`", markdown)


def test_markdown_has_sections_for_what_needs_attention() -> None:
    markdown = as_markdown(ALL)
    assert "| app/Dockerfile | equal | 556 MB | 322 MB | 234 MB | -42 % |" in markdown
    assert "| **total &#40;2 of 3&#41;** |  | **1,112 MB** |" in markdown
    assert re.findall("^### (.*)$", markdown, re.M) == ["서비스/Dockerfile", "Dockerfile"]
    assert "- **libraries** libpq.so.5 is not found; libpq5 brings it\n" in markdown
    assert "```text\nERROR: no gcc\nexit 1\n```\n" in markdown
    assert markdown.index("<details>") < markdown.index("   350 MB  FROM python:3.11\n") < markdown.index("</details>")


def test_a_fence_is_longer_than_what_it_holds() -> None:
    assert "\n`````text\n````\n`````\n" in as_markdown([replace(BROKEN, tail=("````",))])


def test_the_estimate_stands_beside_the_truth() -> None:
    item = Verification(
        "Dockerfile", Verdict.EQUAL, before=Built(500_000_000), after=Built(210_000_000), estimate=300_000_000
    )
    said = as_text([item], lambda text, _: text)
    assert "500 MB -> 210 MB (-58 %; about -300 MB were expected)" in said
    assert record(item)["estimate"] == 300_000_000
    assert "expected" not in as_text([replace(item, estimate=None)], lambda text, _: text)
