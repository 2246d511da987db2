"""RUNs are joined where one removes what another has left."""

from __future__ import annotations

import pytest

from dockfix.knowledge import Linter, linters
from results import Project, refusal, text_of

HEAD = "FROM python:3.11-slim\n"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (
            "RUN apt-get update\nRUN apt-get install -y git\nRUN rm -rf /var/lib/apt/lists/*\n",
            "RUN apt-get update && apt-get install -y git \\\n    && rm -rf /var/lib/apt/lists/*\n",
        ),
        (
            "RUN apt-get update && apt-get install -y \\\n        git \\\n        jq\n\n# tidy\nRUN apt-get clean && rm -rf /var/lib/apt/lists/*\nRUN make\n",
            "RUN apt-get update && apt-get install -y \\\n        git \\\n        jq \\\n    # tidy\n    && apt-get clean && rm -rf /var/lib/apt/lists/*\nRUN make\n",
        ),
        (
            "RUN apt-get update && \\\n  apt-get install -y git\nRUN rm -rf /var/lib/apt/lists/*\n",
            "RUN apt-get update && \\\n  apt-get install -y git && \\\n  rm -rf /var/lib/apt/lists/*\n",
        ),
        (
            "RUN apt-get update\nRUN apt-get install -y git\nRUN apt-get install -y jq\nRUN rm -rf /var/lib/apt/lists/*\nRUN apt-get clean\n",
            "RUN apt-get update && apt-get install -y git \\\n    && apt-get install -y jq \\\n    && rm -rf /var/lib/apt/lists/* \\\n    && apt-get clean\n",
        ),
        ("RUN pip install x\nRUN rm -rf /root/.cache/pip\n", "RUN pip install x \\\n    && rm -rf /root/.cache/pip\n"),
        (
            "RUN curl -o /tmp/a.tgz https://e.com\nRUN tar -xzf /tmp/a.tgz -C /opt\nRUN rm /tmp/a.tgz\n",
            "RUN curl -o /tmp/a.tgz https://e.com \\\n    && tar -xzf /tmp/a.tgz -C /opt \\\n    && rm /tmp/a.tgz\n",
        ),
        (
            "RUN curl -o /tmp/a.tgz https://e.com\nRUN touch /x\nRUN chgrp 5 /x\nRUN rm /tmp/a.tgz\n",
            "RUN curl -o /tmp/a.tgz https://e.com \\\n    && touch /x \\\n    && chgrp 5 /x \\\n    && rm /tmp/a.tgz\n",
        ),
        (
            "RUN apt-get update && apt-get install -y gcc\nRUN apt-get purge -y gcc\n",
            "RUN apt-get update && apt-get install -y gcc \\\n    && apt-get purge -y gcc\n",
        ),
        (
            "run apt-get update\r\nrun rm -rf /var/lib/apt/lists/*\r\n",
            "run apt-get update && rm -rf /var/lib/apt/lists/*\r\n",
        ),
        (
            "RUN apt-get update\n# hadolint ignore=DL3008\nRUN apt-get install -y git\nRUN rm -rf /var/lib/apt/lists/*\n",
            "# hadolint ignore=DL3008\nRUN apt-get update && apt-get install -y git \\\n    && rm -rf /var/lib/apt/lists/*\n",
        ),
    ],
)
def test_joined(project: Project, lines: str, expected: str) -> None:
    head = HEAD.replace("\n", "\r\n") if "\r" in lines else HEAD
    assert text_of(project(head + lines, only="merge-runs")).removeprefix(head) == expected


@pytest.mark.parametrize(
    "lines",
    [
        "RUN apt-get update && apt-get install -y git\nCOPY . .\nRUN rm -rf /var/lib/apt/lists/*\n",
        "RUN apt-get update && apt-get install -y git\nRUN make\nRUN rm -rf /var/lib/apt/lists/*\n",
        "RUN apt-get update && apt-get install -y git\nRUN pip install x\nRUN rm -rf /var/lib/apt/lists/*\n",
        "RUN apt-get update\nRUN apt-get install -y git\n",
        "RUN apt-get update && rm -rf /var/lib/apt/lists/*\nRUN rm -rf /var/lib/apt/lists/*\n",
        "RUN apt-get update && apt-get install -y git\nRUN apt-get clean\n",
        "RUN apt-get update && apt-get install -y git\nRUN apt-get purge -y perl\n",
        "RUN pip install --no-cache-dir x\nRUN rm -rf /root/.cache\n",
        "RUN curl -o /tmp/a https://e.com\nRUN rm /tmp/b\n",
        "RUN curl -O https://e.com/a\nRUN rm b\n",
        "RUN mkdir /a\nRUN rm -r /a\n",
        "RUN rm -rf /var/lib/apt/lists/*\n",
    ],
)
def test_nothing_to_join(project: Project, lines: str) -> None:
    assert text_of(project(HEAD + lines, only="merge-runs")) == ""


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ("RUN cd /x && apt-get update\nRUN rm -rf /var/lib/apt/lists/*\n", "changes the shell"),
        ("RUN export A=1 && apt-get update\nRUN rm -rf /var/lib/apt/lists/*\n", "changes the shell"),
        ("RUN foo && apt-get update\nRUN rm -rf /var/lib/apt/lists/*\n", "what foo does"),
        ("RUN apt-get update; apt-get install -y git\nRUN rm -rf /var/lib/apt/lists/*\n", "joined by &&"),
        ("RUN apt-get update\nRUN --network=none rm -rf /var/lib/apt/lists/*\n", "joined by &&"),
        ("RUN <<E\napt-get update\nE\n\nRUN rm -rf /var/lib/apt/lists/*\n", "joined by &&"),
        ("RUN apt-get update # why\nRUN rm -rf /var/lib/apt/lists/*\n", "joined by &&"),
        ('SHELL ["/bin/bash", "-c"]\nRUN apt-get update\nRUN rm -rf /var/lib/apt/lists/*\n', "joined by &&"),
    ],
)
def test_refusals(project: Project, lines: str, reason: str) -> None:
    result = project(HEAD + lines, only="merge-runs")
    assert text_of(result) == ""
    assert reason in refusal(result, "merge-runs")


def test_every_stage(project: Project) -> None:
    text = "FROM debian AS base\nRUN apt-get update\nRUN rm -rf /var/lib/apt/lists/*\nFROM base\nRUN x\n"
    assert "RUN apt-get update && rm -rf" in text_of(project(text, only="merge-runs"))


def test_one_suppression_holds_all_of_it(project: Project) -> None:
    text = f"{HEAD}RUN apt-get update\n# dockfix: ignore[merge-runs] cached\nRUN rm -rf /var/lib/apt/lists/*\n"
    result = project(text, only="merge-runs")
    assert text_of(result) == "" and "suppressed" in refusal(result, "merge-runs")


@pytest.mark.parametrize(
    "linter", [each for each in linters() if each.reads != "text"], ids=lambda linter: linter.example
)
def test_a_comment_that_a_linter_reads_stays_above_the_run(project: Project, linter: Linter) -> None:
    lines = (
        f"RUN apt-get update\n# {linter.example}\n# why\nRUN apt-get install -y git\nRUN rm -rf /var/lib/apt/lists/*\n"
    )
    assert text_of(project(HEAD + lines, only="merge-runs")).removeprefix(HEAD) == (
        f"# {linter.example}\nRUN apt-get update \\\n    # why\n    && apt-get install -y git \\\n"
        "    && rm -rf /var/lib/apt/lists/*\n"
    )


def test_a_comment_about_the_text_below_goes_with_it(project: Project) -> None:
    lines = "RUN apt-get update\n# renovate: datasource=deb\nRUN apt-get install -y git=2\nRUN rm -rf /var/lib/apt/lists/*\n"
    assert "    # renovate: datasource=deb\n    && apt-get install -y git=2 \\\n" in text_of(
        project(HEAD + lines, only="merge-runs")
    )


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("# hadolint ignore=DL3009", "# tally ignore=x", "# tally ignore=x\n# hadolint ignore=DL3009\n"),
        ("# tally ignore=x", "# hadolint ignore=DL3008", "# tally ignore=x\n# hadolint ignore=DL3008\n"),
        ("# hadolint ignore=DL3008", "# hadolint ignore=DL3008", "# hadolint ignore=DL3008\n"),
        ("# trivy:ignore:A", "# trivy:ignore:B", "# trivy:ignore:A\n# trivy:ignore:B\n"),
    ],
)
def test_what_is_read_on_the_next_line_alone_stays_right_above(
    project: Project, first: str, second: str, expected: str
) -> None:
    lines = f"{first}\nRUN apt-get update\n{second}\nRUN rm -rf /var/lib/apt/lists/*\n"
    text = text_of(project(HEAD + lines, only="merge-runs"))
    assert text == f"{HEAD}{expected}RUN apt-get update && rm -rf /var/lib/apt/lists/*\n"


def test_two_comments_cannot_both_stand_right_above(project: Project) -> None:
    lines = (
        "# hadolint ignore=DL3009\nRUN apt-get update\n"
        "# hadolint ignore=DL3008\nRUN apt-get install -y git\nRUN rm -rf /var/lib/apt/lists/*\n"
    )
    result = project(HEAD + lines, only="merge-runs")
    assert text_of(result) == ""
    assert "a linter reads right above a RUN only" in refusal(result, "merge-runs")


_IN_PIECES = "RUN apt-get update\nRUN apt-get install -y gcc\nRUN rm -rf /var/lib/apt/lists/*\n"


@pytest.mark.parametrize(
    ("after", "merged"),
    [
        ("FROM python:3.11-slim\nCOPY --from=build /x /x\n", False),
        ("FROM build\n", True),
        ("FROM build AS other\nFROM other\n", True),
        ("FROM build AS other\nFROM python:3.11-slim\nCOPY --from=other /x /x\n", False),
    ],
)
def test_only_layers_that_are_in_the_image(project: Project, after: str, merged: bool) -> None:
    text = f"FROM debian:bookworm AS build\n{_IN_PIECES}{after}"
    assert bool(text_of(project(text, only="merge-runs"))) == merged
