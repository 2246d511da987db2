"""Update, install and removal of the lists in one RUN."""

from __future__ import annotations

from itertools import pairwise

import pytest

from results import Project, refusal, text_of, unsafe

HEAD = "FROM python:3.11-slim\n"
TAIL = 'COPY app.py .\nCMD ["python", "app.py"]\n'
RM = "rm -rf /var/lib/apt/lists/*"


def run(project: Project, lines: str, **more: object) -> str:
    return text_of(project(HEAD + lines + TAIL, only="apt-hygiene", **more)).removeprefix(HEAD).removesuffix(TAIL)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("RUN apt-get update\nRUN apt-get install -y git\n", f"RUN apt-get update && apt-get install -y git && {RM}\n"),
        ("RUN apt-get update && apt-get install -y git\n", f"RUN apt-get update && apt-get install -y git && {RM}\n"),
        (
            "RUN apt-get update && apt-get install -y git && apt-get clean\n",
            f"RUN apt-get update && apt-get install -y git && apt-get clean && {RM}\n",
        ),
        (
            "RUN apt-get update && \\\n    apt-get install -y \\\n      git \\\n      # json\n      jq\n",
            f"RUN apt-get update && \\\n    apt-get install -y \\\n      git \\\n      # json\n      jq && \\\n    {RM}\n",
        ),
        (
            "RUN apt-get update \\\n && apt-get install -y git\n",
            f"RUN apt-get update \\\n && apt-get install -y git \\\n && {RM}\n",
        ),
        (
            "# fresh\nRUN apt-get update\n\n# tools\nRUN apt-get install -y \\\n    git \\\n    jq\n",
            f"# fresh\n# tools\nRUN apt-get update && apt-get install -y \\\n    git \\\n    jq \\\n    && {RM}\n",
        ),
        (
            "RUN apt-get update\nRUN apt-get install -y git && rm -rf /var/lib/apt/lists/*\n",
            f"RUN apt-get update && apt-get install -y git && {RM}\n",
        ),
        # all the installs that follow, each with its comment
        (
            "RUN apt-get update\nRUN apt-get install -y git\nRUN apt-get install -y jq\n",
            f"RUN apt-get update && apt-get install -y git \\\n    && apt-get install -y jq \\\n    && {RM}\n",
        ),
        (
            "RUN apt-get update \n\n# tools\nRUN apt-get install -y git\n# for reports\nRUN apt-get install -y jq && apt-get clean\n"
            "RUN apt-get -y install xz-utils\nRUN pip install x\n",
            "# tools\nRUN apt-get update && apt-get install -y git \\\n    # for reports\n    && apt-get install -y jq && apt-get clean \\\n"
            f"    && apt-get -y install xz-utils \\\n    && {RM}\nRUN pip install x\n",
        ),
        (
            "RUN apt update\nRUN apt install -y \\\n    git\nRUN apt install -y jq\nENV A=1\nRUN apt-get update && apt install -y zip\n",
            "RUN apt update && apt install -y \\\n    git \\\n    && apt install -y jq \\\n    && "
            f"{RM}\nENV A=1\nRUN apt-get update && apt install -y zip && {RM}\n",
        ),
        (
            "RUN --network=host apt-get update && apt-get install -y git\n",
            f"RUN --network=host apt-get update && apt-get install -y git && {RM}\n",
        ),
        (
            "RUN apt-get update && apt-get install -y git\nRUN apt-get update && apt-get install -y jq\n",
            f"RUN apt-get update && apt-get install -y git && {RM}\nRUN apt-get update && apt-get install -y jq && {RM}\n",
        ),
        *[
            (
                f"RUN apt-get update && apt-get install -y gcc\nRUN {later}\n",
                f"RUN apt-get update && apt-get install -y gcc && {RM}\nRUN {later}\n",
            )
            for later in (
                "pip install --upgrade pip",
                "pip uninstall -y x",
                "virtualenv /v",
                "curl -fsS https://e.org/x | tar -xz -C /opt",
                "git pull",
                'echo "0 x" | sha256sum -c -',
                "if [ -d /x ]; then rm -r /x; fi",
                "apt-get purge -y gcc",
            )
        ],
        (
            "RUN apt-get update && apt-get install -y gcc\nRUN pip install x\nRUN python -m app\n",
            f"RUN apt-get update && apt-get install -y gcc && {RM}\nRUN pip install x\nRUN python -m app\n",
        ),
    ],
)
def test_hygiene(project: Project, lines: str, expected: str) -> None:
    assert run(project, lines) == expected


@pytest.mark.parametrize(
    ("lines", "last"),
    [
        (
            "RUN apt-get update\nRUN apt-get install -y git\nRUN git clone https://e.org/x /x\nRUN apt-get install -y jq\n",
            "jq\n",
        ),
        (
            "RUN apt-get update\nRUN apt-get install -y git\n# hadolint ignore=DL3008\nRUN apt-get install -y jq\n",
            "jq\n",
        ),
        ("RUN apt-get update\nRUN apt-get install -y git\nRUN --network=none apt-get install -y jq\n", "jq\n"),
        ("RUN apt-get update\nRUN apt-get install -y git\nRUN apt-get install -y jq; true\n", "true\n"),
    ],
)
def test_an_install_that_is_more_stays_by_itself_and_keeps_the_lists(project: Project, lines: str, last: str) -> None:
    text = run(project, lines)
    assert text.startswith("RUN apt-get update && apt-get install -y git\n")
    assert text.endswith(last)
    assert "rm -rf" not in text


@pytest.mark.parametrize(
    "lines",
    [
        "RUN apt-get update\nRUN apt-get update && apt-get install -y git && rm -rf /var/lib/apt/lists/*\n",
        "RUN apt-get update\nRUN pip install x\n",
        "RUN apt-get -y update && apt-get clean\nRUN pip install x\n",
        "RUN pip install --upgrade pip && apt-get update\n",
    ],
)
def test_lists_that_nothing_uses_are_not_thrown_away_where_they_are_fetched(project: Project, lines: str) -> None:
    result = project(HEAD + lines + TAIL, only="apt-hygiene")
    assert not result.files
    assert "nothing uses" in refusal(result, "apt-hygiene")


@pytest.mark.parametrize(
    "lines",
    [
        f"RUN apt-get update && apt-get install -y git && {RM}\n",
        "RUN apt-get update && apt-get install -y git && rm -rf /var/lib/apt/\n",
        "RUN apt-get update && apt-get install -y git && rm -rf /var/lib/{apt,cache}\n",
        "RUN apt-get update && apt-get install -y git && apt-get distclean\n",
        "RUN apt-get install -y git\n",
        "RUN --mount=type=cache,target=/var/lib/apt apt-get update && apt-get install -y git\n",
        "RUN pip install x\n",
        "FROM python:3.11-slim\n",
    ],
)
def test_nothing_to_do(project: Project, lines: str) -> None:
    assert run(project, lines) == ""


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (
            "RUN apt-get update && apt-get install -y git\nCOPY x .\nRUN apt-get install -y jq\n",
            "line 4 installs packages without",
        ),
        ("RUN apt-get update && apt-get install -y git\nRUN apt-get -y upgrade\n", "line 3 installs packages without"),
        ("RUN apt-get update && apt-get install -y git\nRUN ./setup.sh\n", "./setup.sh in line 3 may need them"),
        ("RUN apt-get update && apt-get install -y git\nRUN curl https://e.com | sh\n", "sh in line 3 may need them"),
        (
            "RUN apt-get update && apt-get install -y git\nRUN curl -fsSL https://e.com/setup_20.x | bash - && true\n",
            "bash in line 3 may need them",
        ),
        ("RUN apt-get update && apt-get install -y git\nRUN npm ci\n", "npm in line 3 may need them"),
        (
            "RUN apt-get update && apt-get install -y git\nRUN cypress install --with-deps\n",
            "cypress in line 3 may need them",
        ),
        (
            "RUN apt-get update && apt-get install -y git\nRUN python setup.py install\n",
            "python in line 3 may need them",
        ),
        (
            "RUN apt-get update && apt-get install -y git\nRUN apt-cache policy jq\n",
            "apt-cache in line 3 may need them",
        ),
        (
            "RUN apt-get update && apt-get install -y git\nRUN which jq || apt-get install -y jq\n",
            "apt-get in line 3 may need them",
        ),
        ("RUN apt-get update && apt-get install -y git\nRUN sudo apt-get update\n", "sudo in line 3 may need them"),
        ("RUN apt-get update && apt-get install -y git\nRUN $SETUP\n", "$SETUP in line 3 may need them"),
        (
            'RUN apt-get update && apt-get install -y git\nRUN ["apt-get", "install", "-y", "jq"]\n',
            "apt-get in line 3 may need them",
        ),
        ("RUN apt-get update && apt-get install -y apt-file\n", "apt-file reads them"),
        ("RUN apt-get update && apt-get install -y git\nONBUILD RUN apt-get install -y jq\n", "ONBUILD"),
        ("RUN apt-get update && if x; then y; fi\n", "ends with if"),
        ("RUN apt-get update && apt-get install -y git;\n", "ends with apt-get"),
        ("RUN <<E\napt-get update\nE\n\n", "not commands joined"),
        ("RUN apt-get update;\nRUN apt-get install -y jq\n", "joined by &&"),
        ("RUN apt-get update\nRUN apt-get install -y jq; foo\n", "joined by &&"),
    ],
)
def test_refusals(project: Project, lines: str, reason: str) -> None:
    result = project(HEAD + lines + TAIL, {"x": ""}, only="apt-hygiene")
    assert text_of(result) == ""
    assert reason in refusal(result, "apt-hygiene")


@pytest.mark.parametrize(
    ("app", "reason"),
    [
        ("import subprocess\nsubprocess.run(['apt-get', 'install', 'jq'])\n", "app.py:2 names apt-get"),
        ("import apt\nprint(apt.Cache()['jq'])\n", "app.py:1 names import apt"),
        ("import os\nprint(os.listdir('/var/lib/apt/lists'))\n", "app.py:2 names /var/lib/apt"),
    ],
)
def test_installs_while_the_program_runs(project: Project, app: str, reason: str) -> None:
    result = project(f"{HEAD}RUN apt-get update && apt-get install -y git\n{TAIL}", {"app.py": app}, only="apt-hygiene")
    assert text_of(result) == "" and reason in refusal(result, "apt-hygiene")


def test_unknown_code_is_unsafe(project: Project) -> None:
    text = f'{HEAD}RUN apt-get update && apt-get install -y git\nCMD ["python"]\n'
    assert "no code is copied" in unsafe(project(text, only="apt-hygiene"), "apt-hygiene")


def test_a_stage_that_is_not_in_the_image(project: Project) -> None:
    text = f"FROM debian AS b\nRUN apt-get update && apt-get install -y gcc\nFROM python:3.11-slim\n{TAIL}"
    assert text_of(project(text, only="apt-hygiene")) == ""


def test_both_stages_of_a_split(project: Project) -> None:
    text = f"{HEAD}RUN apt-get update\nRUN apt-get install -y gcc libpq-dev curl\nRUN pip install psycopg2\n{TAIL}"
    result = text_of(
        project(
            text,
            {"app.py": "import subprocess\nsubprocess.run(['curl'])\n"},
            only="virtualenv,multi-stage,apt-hygiene,cache-mounts",
        )
    )
    builder, _, runtime = result.partition(" AS runtime\n")
    assert "sharing=locked \\\n    apt-get update && apt-get install -y gcc libpq-dev" in builder
    assert f"RUN apt-get update && apt-get install -y libpq5 curl && {RM}\n" in runtime


def test_a_stage_that_another_one_builds_on(project: Project) -> None:
    text = f"FROM debian AS b\nRUN apt-get update && apt-get install -y gcc\nFROM b AS other\nRUN apt-get install -y make\nFROM b\n{TAIL}"
    assert "line 4 installs packages without" in refusal(project(text, only="apt-hygiene"), "apt-hygiene")


def test_a_reader_of_the_lists_in_a_stage_below(project: Project) -> None:
    text = f"{HEAD[:-1]} AS b\nRUN apt-get update && apt-get install -y apt-file\nFROM b\nRUN apt-get update && apt-get install -y git\n{TAIL}"
    assert "apt-file reads them" in refusal(project(text, only="apt-hygiene"), "apt-hygiene")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("apt-get install -y curl", "apt-get install -y --no-install-recommends curl"),
        ("apt-get -y install curl", "apt-get -y install --no-install-recommends curl"),
        ("apt-get install curl jq -y", "apt-get install --no-install-recommends curl jq -y"),
    ],
)
def test_no_recommends(project: Project, words: str, expected: str) -> None:
    result = run(project, f"RUN apt-get update && {words} && {RM}\n", options={"apt-hygiene.no-recommends": True})
    assert result == f"RUN apt-get update && {expected} && {RM}\n"


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("apt-get install -y gcc", "gcc may bring something needed"),
        ("apt-get install -y curl git", "git may bring something needed"),
        ("apt-get install -y $MORE curl", "known only to the shell"),
        ("apt-get install -y default-mysql-client", "default-mysql-client may bring something needed"),
        (
            "apt-get install -y procps && killall x",
            "procps brings killall by recommendation only, and the RUN in line 2 runs it",
        ),
        ("apt-get install -y vim && xxd x | head", "vim brings xxd by recommendation only"),
    ],
)
def test_recommends_that_may_be_needed(project: Project, words: str, reason: str) -> None:
    result = project(
        f"{HEAD}RUN apt-get update && {words} && {RM}\n{TAIL}",
        only="apt-hygiene",
        options={"apt-hygiene.no-recommends": True},
    )
    assert text_of(result) == "" and reason in refusal(result, "apt-hygiene")


def test_recommended_programs_that_the_code_calls(project: Project) -> None:
    text = f"{HEAD}RUN apt-get update && apt-get install -y procps && {RM}\n{TAIL}"
    more = {"only": "apt-hygiene", "options": {"apt-hygiene.no-recommends": True}}
    app = "import subprocess\nsubprocess.run(['pstree', '-p'])\n"
    assert "procps brings pstree by recommendation only, and app.py:2" in refusal(
        project(text, {"app.py": app}, **more), "apt-hygiene"
    )  # type: ignore[arg-type]
    assert "--no-install-recommends procps" in text_of(project(text, {"app.py": app.replace("pstree", "ps")}, **more))  # type: ignore[arg-type]


def test_all_at_once(project: Project) -> None:
    result = run(
        project,
        "RUN apt-get update\nRUN apt-get install -y \\\n    curl\n",
        options={"apt-hygiene.no-recommends": True},
    )
    assert result == f"RUN apt-get update && apt-get install -y --no-install-recommends \\\n    curl \\\n    && {RM}\n"


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("# lists\n", "# git\n", "# lists\n# git\n"),
        ("# lists\n# hadolint ignore=DL3009\n", "# git\n", "# lists\n# git\n# hadolint ignore=DL3009\n"),
        ("# lists\n", "# hadolint ignore=DL3008\n# git\n", "# lists\n# git\n# hadolint ignore=DL3008\n"),
    ],
)
def test_comments_of_both_stand_above_in_an_order_in_which_linters_read_them(
    project: Project, first: str, second: str, expected: str
) -> None:
    lines = f"{first}RUN apt-get update\n{second}RUN apt-get install -y git\n"
    assert run(project, lines) == f"{expected}RUN apt-get update && apt-get install -y git && {RM}\n"


def test_two_comments_cannot_both_stand_right_above(project: Project) -> None:
    lines = "# hadolint ignore=DL3009\nRUN apt-get update\n# hadolint ignore=DL3008\nRUN apt-get install -y git\n"
    result = project(HEAD + lines + TAIL, only="apt-hygiene")
    assert "RUN apt-get update && " not in text_of(result)
    assert "a linter reads right above a RUN only" in refusal(result, "apt-hygiene")


# What the code needs is not known in any of these: no COPY brings it
UNREAD = [
    # as in an image of Odoo: an update of its own above an install, twice, and pip in the second of them
    "RUN apt-get update\nRUN apt-get install -y curl && rm -rf /var/lib/apt/lists/*\n"
    "RUN apt-get update\nRUN apt-get install -y git && pip install flask\n",
    "RUN apt-get update\nRUN apt-get install -y git && pip install flask\n",
    "RUN apt-get update\nRUN apt-get install -y git\nRUN pip install flask\n",
    "RUN apt-get update\nRUN pip install flask\nRUN apt-get install -y git\n",
    "RUN apt-get update && apt-get install -y git && pip install flask\nRUN apt-get update\nRUN apt-get install -y jq\n",
    "RUN apt-get update\nRUN apt-get install -y gcc\nRUN pip install flask && pip install django\nRUN apt-get update\n"
    "RUN apt-get install -y jq\n",
]


@pytest.mark.parametrize("lines", UNREAD)
@pytest.mark.parametrize("base", ["ubuntu:xenial", "python:3.11"])
def test_what_is_certain_is_done_although_something_else_is_not(project: Project, lines: str, base: str) -> None:
    text = f'FROM {base}\nENV PATH=/x\n{lines}USER nobody\nCMD ["python"]\n'
    first = project(text)
    assert not [note for note in first.warnings if "second run" in note.message or "please report" in note.message]
    after = first.files[0].after if first.files else text
    assert project(after).files == ()
    joined = text_of(project(text, only="apt-hygiene"))
    assert joined.count(RM) == text.count(RM)
    for update, install in pairwise(text.splitlines()):
        if update == "RUN apt-get update" and install.startswith("RUN apt-get install"):
            assert f"{update} && {install.removeprefix('RUN ')}" in joined


LEAN = "apt-get install -y --no-install-recommends"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["curl", "gcc"], [f"{LEAN} curl", "apt-get install -y gcc"]),
        (["curl", "$PACKAGES gcc"], [f"{LEAN} curl", "apt-get install -y $PACKAGES gcc"]),
        (["curl", "jq"], [f"{LEAN} curl", f"{LEAN} jq"]),
        (["gcc", "curl"], ["apt-get install -y gcc", f"{LEAN} curl"]),
        (
            ["curl && apt-get clean", "gcc", "jq"],
            [f"{LEAN} curl && apt-get clean", "apt-get install -y gcc", f"{LEAN} jq"],
        ),
    ],
)
def test_no_recommends_in_all_installs_that_are_joined(project: Project, lines: list[str], expected: list[str]) -> None:
    text = "RUN apt-get update\n" + "".join(f"RUN apt-get install -y {each}\n" for each in lines)
    result = run(project, text, options={"apt-hygiene.no-recommends": True})
    assert result == " \\\n    && ".join([f"RUN apt-get update && {expected[0]}", *expected[1:], RM]) + "\n"
