"""Each net by itself: what it sees, what a declaration allows, and what it leaves alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dockfix.engine.invariants import View, violations
from dockfix.engine.runner import gather
from dockfix.facts import Facts
from dockfix.managers.verbs import system_install
from dockfix.model.reason import Declared
from dockfix.syntax import parse, problems, replace_nodes

FILES = ("a.py", "b.txt", "src/a.py", "src/c.py", "requirements.txt", "more/dev.txt", "pyproject.toml")
HEAD = "FROM python:3.11-slim\nWORKDIR /app\n"
PIP = "RUN pip install x\n"
APT = "RUN apt-get update && apt-get install -y gcc curl\n"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("context")
    for name in FILES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("", "utf-8")
    (folder / "requirements.txt").write_text("-r more/dev.txt\n", "utf-8")
    return folder


def facts(root: Path, text: str) -> Facts:
    return gather(root / "Dockerfile", parse(text if "FROM" in text else HEAD + text), root)


def broken(root: Path, before: str, after: str, *declares: Declared) -> list[str]:
    """What is said of an edit."""
    return [str(found) for found in violations(View(facts(root, before)), View(facts(root, after)), declares)]


TWO = "FROM python:3.11-slim AS one\nWORKDIR /app\n{one}FROM python:3.11-slim\nWORKDIR /app\n{two}"
VENV = "RUN python -m venv /v\nENV PATH=/v/bin:$PATH\n"


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        # files
        ("COPY a.py .\n", "", "a.py would not lie at /app/a.py as before"),
        ("COPY a.py b.txt ./\n", "COPY b.txt ./\n", "a.py would not lie at /app/a.py as before"),
        ("COPY . .\n", "COPY src .\n", "would not lie at /app/"),
        ("COPY src .\n", "COPY src ./src\n", "would not lie at /app/"),
        ("COPY a.py .\n", "WORKDIR /x\nCOPY a.py .\nWORKDIR /app\n", "a.py would not lie at /app/a.py as before"),
        ("COPY a.py .\n", "COPY a.py .\nCOPY src/a.py .\n", "a.py would not lie at /app/a.py as before"),
        ("COPY a.py .\nCOPY src .\n", "COPY src .\nCOPY a.py .\n", "src/a.py would not lie at /app/a.py as before"),
        ("COPY a.py .\n", "COPY a.py .\nRUN rm a.py\n", "a.py would not lie at /app/a.py as before"),
        ("COPY a.py .\n", "COPY a.py .\nRUN mv a.py b.py\n", "a.py would not lie at /app/a.py as before"),
        ("COPY a.py .\n", "COPY a.py .\nRUN echo > a.py\n", "a.py would not lie at /app/a.py as before"),
        ("COPY . /x\nRUN cp /x/b.txt a.py\nCOPY b.txt .\n", "COPY . /x\nRUN cp /x/b.txt a.py\nCOPY a.py b.txt ./\n",
         "b.txt would not lie at /app/a.py as before"),
        ("WORKDIR /new\nCOPY a.py /new\n", "COPY a.py /new\nWORKDIR /new\n", "a.py would not lie at /new/a.py as before"),
        ("COPY a.py gone.py ./\n", "COPY a.py ./\n", "what the COPY in line 3 copies would not be in the image"),
        ("COPY --from=uv:1 /uv /bin/\n", "", "what the COPY in line 3 copies would not be in the image"),
        ("ADD https://x/y /y\n", "", "what the ADD in line 3 copies would not be in the image"),
        ("ADD a.tar.gz /y\n", "", "what the ADD in line 3 copies would not be in the image"),
        ("COPY <<E /x\na\nE\n", "COPY <<E /y\na\nE\n", "what the COPY in line 3 copies would not be in the image"),
        ("COPY $X/a.py .\n", "", "what the COPY in line 3 copies would not be in the image"),
        ("COPY a.py .\n", "COPY --chown=5 a.py .\n", "copies would have another owner or mode"),
        ("COPY --chmod=755 a.py .\n", "COPY a.py .\n", "copies would have another owner or mode"),
        (
            TWO.format(one="COPY src .\n", two="COPY --from=one /app .\n"),
            TWO.format(one="COPY src/a.py .\n", two="COPY --from=one /app .\n"),
            "src/c.py would not lie at /app/c.py as before",
        ),
        # commands
        ("RUN make\n", "", "the RUN in line 3 would no longer run: make"),
        ("RUN make a\nRUN make b\n", "RUN make b\nRUN make a\n", "the RUN in line 4 would no longer run: make b"),
        (TWO.format(one="RUN make\n", two=""), TWO.format(one="", two=""), "would no longer run: make"),
        (TWO.format(one="", two=""), HEAD, "the stage one would be gone"),
        ("RUN make\n", "WORKDIR /x\nRUN make\nWORKDIR /app\n", "make in line 3 would run in /x instead of /app"),
        ("RUN make\n", "USER x\nRUN make\nUSER root\n", "make in line 3 would run as x instead of root"),
        ("ENV A=1\nRUN make\n", "RUN make\nENV A=1\n", "would run with A=None instead of '1'"),
        ("ARG A\nRUN make\n", "RUN make\nARG A\n", "make in line 4 would run with another ARG A"),
        ('RUN make\nSHELL ["sh"]\n', 'SHELL ["sh"]\nRUN make\n', "make in line 3 would run in another shell"),
        ("RUN set -e; make\n", "RUN make\n", "make in line 3 would run without set -e before it"),
        ("RUN --network=none make\n", "RUN make\n", "make in line 3 would run without --network=none"),
        ("COPY src .\nRUN make\n", "RUN make\nCOPY src .\n", "make in line 4 would run without src/"),
        ("COPY a.py .\nRUN cat a.py\nCOPY . .\n", "RUN cat a.py\nCOPY . .\n", "cat a.py in line 4 would run without a.py"),
        ("COPY gone .\nRUN make\n", "RUN make\nCOPY gone .\n", "make in line 4 would run without what line 3 copies"),
        (PIP + "RUN make\n", "RUN make\n" + PIP, "make in line 4 would run before what it may need is installed"),
        (APT + "RUN make\n", "RUN make\n" + APT, "make in line 4 would run before curl is installed"),
        # system packages
        (APT, APT.replace(" gcc", ""), "gcc would no longer be installed"),
        (APT, APT.replace("gcc", "gcc=4"), "another gcc would be installed"),
        ("RUN apt-get install -y $P\n", "RUN apt-get install -y\n", "$P would no longer be installed"),
        (APT, "RUN apt-get install -y gcc curl\n", "gcc would be installed in line 3 without lists of packages"),
        (
            APT + "RUN rm -rf /var/lib/apt/lists/*\n",
            APT + "RUN echo\n",
            "apt's index would stay in the image",
        ),
        ("RUN pip install x && pip cache purge\n", PIP, "pip's cache would stay in the image"),
        ("RUN pip install --no-cache-dir x\nRUN rm -rf /root/.cache\n", "RUN pip install --no-cache-dir x\n", None),
        # another user's pip has left its own in another home, which nothing here removes
        (
            "USER web\nRUN pip install y\nUSER root\nRUN pip install --no-cache-dir x && rm -rf /root/.cache\n",
            "USER web\nRUN pip install y\nUSER root\nRUN pip install --no-cache-dir x\n",
            None,
        ),
        (
            "USER web\nRUN pip install y\nUSER root\nRUN pip install x && rm -rf /root/.cache\n",
            "USER web\nRUN pip install y\nUSER root\nRUN pip install x\n",
            "pip's cache would stay in the image",
        ),
        # what is installed
        (PIP, "", "what pip installs would change"),
        (PIP, PIP + PIP, "what pip installs would change"),
        (PIP, TWO.format(one=PIP, two=""), "pip install x in line 3 installs would stay in another stage, in /usr/local"),
        (
            PIP,
            TWO.format(one=PIP, two="COPY --from=one /usr/local /usr/local\n"),
            "pip install x in line 3 installs would stay in another stage, in /usr/local",
        ),
        (
            VENV + PIP,
            TWO.format(one=VENV + PIP, two="ENV PATH=/v/bin:$PATH\n"),
            "/v, made in line 3, would not be in the image",
        ),
        (
            VENV + PIP,
            TWO.format(one=VENV + PIP, two="COPY --from=one /v /w\nENV PATH=/v/bin:$PATH\n"),
            "/v, made in line 3, would not be in the image",
        ),
        (
            VENV + PIP,
            TWO.format(one=VENV + PIP, two="COPY --from=one /v /v\nRUN rm -rf /v\nENV PATH=/v/bin:$PATH\n"),
            "/v, made in line 3, would not be in the image",
        ),
        (
            VENV + PIP,
            TWO.format(one=VENV + PIP, two="COPY --from=one /v /v\nENV PATH=/v/bin:$PATH\n").replace("3.11", "3.12", 1),
            "pip install x in line 5 installs would be built on python:3.12-slim",
        ),
        (VENV + PIP, PIP + VENV, "would lie in /usr/local instead of /v"),
        ("COPY requirements.txt /r/\nCOPY more /r/more\nRUN pip install -r /r/requirements.txt\n",
         "COPY requirements.txt /r/\nRUN pip install -r /r/requirements.txt\nCOPY more /r/more\n",
         "pip install -r /r/requirements.txt in line 5 would run without more/dev.txt at /r/more/dev.txt"),
        ("COPY . .\nRUN pip install .\n", "RUN pip install .\nCOPY . .\n", "pip install . in line 4 would run without "),
        ("ENV CFLAGS=-O0\n" + PIP, PIP + "ENV CFLAGS=-O0\n", "pip install x in line 4 would run with CFLAGS=None"),
        (
            APT + PIP,
            TWO.format(one=VENV + PIP, two="COPY --from=one /v /v\nENV PATH=/v/bin:$PATH\n" + APT.replace("gcc ", "")),
            "pip install x in line 4 would run without gcc",
        ),
        # images
        (HEAD, HEAD.replace("3.11", "3.12"), "the image would start from python:3.12-slim instead of python:3.11-slim"),
        (HEAD, HEAD.replace("FROM", "FROM --platform=linux/amd64"), "FROM would have other flags"),
        # who may do what
        ("", "COPY --chown=me a.py .\n", "line 3 names the user me, which nothing makes"),
        ("", "RUN chown me:us /app\n", "line 3 names the user me, which nothing makes"),
        ("", "RUN useradd me && chown me:us /app\n", "line 3 names the user us, which nothing makes"),
        # settings
        ("MAINTAINER x\n", "", "MAINTAINER of the image would change"),
        ("ARG A=1\n", "ARG A=2\n", "ARG A of the image would change"),
        ("ARG V=1\nFROM a\n", "FROM a\n", "ARG V of the image would change"),
        ("EXPOSE 1 2\n", "EXPOSE 1\n", "EXPOSE of the image would change"),
        ("ONBUILD RUN x\n", "", "ONBUILD of the image would change"),
    ],
)  # fmt: skip
def test_what_a_net_sees(root: Path, before: str, after: str, said: str | None) -> None:
    found = broken(root, before, after)
    assert (said is None) == (not found)
    assert said is None or any(said in each for each in found), found
    assert broken(root, before, before) == broken(root, after, after) == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("COPY a.py .\nCOPY . .\n", "COPY . .\n"),
        ("COPY src .\nCOPY a.py b.txt ./\n", "COPY src .\nCOPY b.txt ./\nCOPY a.py ./\n"),
        ("COPY a.py /x/\nRUN rm /x/a.py\n", "RUN rm /x/a.py\n"),
        ("COPY . .\nRUN echo\n", "RUN echo\nCOPY . .\n"),
        ("COPY . .\nRUN apt-get update\n", "RUN apt-get update\nCOPY . .\n"),
        ("RUN make\n", "RUN set -e; make\n"),
        ("RUN make\n", "RUN apt-get update\nRUN make\n"),
        ("RUN make && true\n", "RUN make\nRUN true\n"),
        ("RUN apt-get update\nRUN apt-get install -y gcc curl\n", APT),
        ("RUN apt-get install -y gcc\n", "RUN apt-get install -y gcc\n# x\n"),
        (APT, APT + "RUN rm -rf /var/lib/apt/lists/*\n"),
        ("RUN pip install --no-cache-dir x\n", "RUN --mount=type=cache,target=/root/.cache/pip pip install x\n"),
        (VENV + PIP, TWO.format(one=VENV + PIP, two="COPY --from=one /v /v\nENV PATH=/v/bin:$PATH\n")),
        (VENV + PIP, TWO.format(one=VENV + PIP, two="COPY --from=0 /v/ /v\nENV PATH=/v/bin:$PATH\n")),
        (VENV + PIP, "FROM python:3.11-slim AS a\nWORKDIR /app\n" + VENV + PIP + "FROM a\n"),
        ("RUN useradd me\n", "RUN useradd me\nRUN chown me:me /srv\n"),
        ("", "RUN chown www-data /srv\n"),
        ("USER me\n", "COPY --chown=me a.py /x/\nUSER me\n"),
        ("LABEL a=b\n", "LABEL a=c\nLABEL a=b\n"),
    ],
)
def test_what_means_the_same(root: Path, before: str, after: str) -> None:
    assert broken(root, before, after) == []


@pytest.mark.parametrize(
    ("before", "after", "declares"),
    [
        ("RUN uv sync --frozen\n", "RUN uv sync --no-dev --frozen\n", [Declared("GROUP", "dev")]),
        ("COPY a.py .\n", "", [Declared("FILE", "/app/a.py")]),
        ("COPY src src\n", "", [Declared("FILE", "/app/src")]),
        ("COPY --from=uv:1 /uv /bin/\n", "", [Declared("FILE", "/bin")]),
        ("COPY a.py .\n", "COPY --chown=5 a.py .\n", [Declared("FILE", "/app")]),
        ("COPY a.py .\nRUN make\n", "RUN make\n", [Declared("FILE", "/app/a.py")]),
        ("RUN make\n", "", [Declared("RUN", "make")]),
        ("RUN make\nRUN echo\nRUN make\n", "RUN echo\nRUN make\n", [Declared("RUN", "make")]),
        (APT, APT.replace("gcc ", ""), [Declared("PACKAGE", "gcc")]),
        (APT, APT.replace("gcc", "make"), [Declared("PACKAGE", "gcc", ("make", "curl"))]),
        (HEAD, HEAD.replace("3.11", "3.12"), [Declared("FROM", "python:3.11-slim")]),
        (HEAD, HEAD.replace("3.11", "3.12") + APT, [Declared("FROM", "python:3.11-slim", ("gcc",))]),
        ("ARG A\n", "", [Declared("ARG", "A")]),
        ("ENV A=1\nRUN make\n", "ENV A=2\nRUN make\n", [Declared("ENV", "A")]),
        ("WORKDIR /x\nRUN make\n", "RUN make\n", [Declared("WORKDIR")]),
        ("", "RUN useradd me && chown me /app\nUSER me\n", [Declared("USER")]),
        ("", "USER 5\n", [Declared("USER"), Declared("OWNER", "/app")]),
        ("RUN mkdir /data\n", "RUN mkdir /data\nRUN useradd me && chown me /app /data\nUSER me\n", [Declared("USER")]),
        ("COPY a.py .\n", "COPY a.py .\nRUN useradd me && chown -R me /app\nUSER me\n", [Declared("USER")]),
        ("RUN make\n", "RUN make\nRUN useradd me && chown -R me /app\nUSER me\n", [Declared("USER")]),
    ],
)
def test_what_a_declaration_allows(root: Path, before: str, after: str, declares: list[Declared]) -> None:
    assert broken(root, before, after, *declares) == []
    for left in declares:
        assert broken(root, before, after, *(each for each in declares if each is not left))


@pytest.mark.parametrize(
    ("before", "after", "declares", "said"),
    [
        (APT, APT.replace("gcc ", ""), [Declared("PACKAGE", "gcc", ("libgcc",))], "libgcc would not be installed"),
        (HEAD, HEAD.replace("3.11", "3.12"), [Declared("FROM", "python:3.11-slim", ("gcc",))], "gcc would not be"),
        ("", "USER 5\n", [Declared("USER")], "/app would belong to root, and the program could no longer write it"),
        (
            "RUN mkdir /data\n",
            "RUN mkdir /data\nRUN useradd me && chown me /app\nUSER me\n",
            [Declared("USER")],
            "/data would belong to root, and the program could no longer write it",
        ),
        (
            "COPY a.py .\n",
            "COPY a.py .\nRUN useradd me && chown me /app\nUSER me\n",
            [Declared("USER")],
            "what the COPY in line 3 copies would belong to root",
        ),
        (
            "RUN make\n",
            "RUN useradd me && chown -R me /app\nRUN make\nUSER me\n",
            [Declared("USER")],
            "what make leaves in /app would belong to root",
        ),
        ("", "", [Declared("ENV", "A")], "declares that it alters ENV A, which stays as it is"),
        (APT, APT, [Declared("PACKAGE", "gcc")], "declares that it alters PACKAGE gcc, which stays as it is"),
        ("RUN make\n", "RUN make\n", [Declared("RUN", "make")], "declares that it alters RUN make, which stays"),
        ("COPY a.py .\n", "COPY a.py .\n", [Declared("FILE", "/app/a.py")], "alters FILE /app/a.py, which stays"),
    ],
)
def test_what_a_declaration_does_not_allow(
    root: Path, before: str, after: str, declares: list[Declared], said: str
) -> None:
    assert any(said in each for each in broken(root, before, after, *declares))


def test_what_only_a_build_shows_may_be_declared(root: Path) -> None:
    assert broken(root, "", "", Declared("MODULE", "tkinter"), Declared("PROGRAM", "git")) == []


def test_files_that_are_written_into_the_context(root: Path) -> None:
    before = facts(root, "COPY . .\n")
    ignoring = before.with_tree(before.tree, {".dockerignore": "src\n"})
    said = [str(found) for found in violations(View(before), View(ignoring), ())]
    assert any("src/" in each and 'Declared("FILE", "/app/src/' in each for each in said)
    assert violations(View(before), View(ignoring), {Declared("FILE", "/app/src")}) == []
    changed = before.with_tree(before.tree, {"a.py": "exit()"})
    assert "a.py would not lie at /app/a.py as before" in str(violations(View(before), View(changed), ())[0])
    new = before.with_tree(before.tree, {"new.py": ""})
    assert violations(View(before), View(new), ()) == []


# --- for every file ------------------------------------------------------------------------------------------------------

LINES = (
    "COPY a.py .", "COPY . .", "COPY src ./x", "COPY src/a.py x", "COPY *.py /y/", "WORKDIR /app", "WORKDIR sub", "USER web",
    "ENV A=1", "ENV A=2 B=$A", "ARG V", "LABEL a=b", "EXPOSE 80", "RUN make", "RUN cp a.py b.py", "RUN rm -f a.py",
    "RUN apt-get update", "RUN apt-get update && apt-get install -y gcc curl", "RUN apt-get install -y curl", "RUN pip install x",
    "RUN pip install -r requirements.txt", "RUN python -m venv /v", "ENV PATH=/v/bin:$PATH", "RUN cd src && make", "CMD a",
    'CMD ["b"]', "HEALTHCHECK CMD c", "RUN rm -rf /var/lib/apt/lists/*", "RUN <<E\nset -e\nmake\nE", "COPY <<E /e\nx\nE",
    "COPY --from=img /x /y", "ADD a.py /z/", "FROM python:3.11-slim AS two", "COPY --from=0 /app /w", "# why",
)  # fmt: skip


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(LINES), min_size=1, max_size=10))
def test_a_file_that_stays_as_it_is_breaks_nothing_and_one_that_loses_something_does(
    root: Path, lines: list[str]
) -> None:
    text = HEAD + "".join(f"{line}\n" for line in lines)
    if problems(parse(text)):
        return
    before = facts(root, text)
    view = View(before)
    assert violations(view, View(facts(root, text)), ()) == []
    for step in before.final.steps:
        after = before.with_tree(replace_nodes(before.tree, {step.instruction: ()}), {})
        loses = bool(lying(before).items() - lying(after).items()) or bool(asked(before) - asked(after))
        if loses or any(unit.effects.opaque for unit in step.units):
            assert violations(view, View(after), ()), step.instruction.text


def lying(facts: Facts) -> dict[str, str]:
    """The files of the build context that lie in the image, by their paths."""
    return {path: origin.file for path, origin in facts.layout.below("/") if origin.file}


def asked(facts: Facts) -> set[str]:
    """The system packages that the image's stages ask for."""
    installs = [system_install(unit.effects.action) for stage in facts.final.lineage for _, unit in stage.units]
    return {package.name for install in installs if install is not None for package in install.asked}


BUILDER = "FROM debian:12 AS one\nRUN pip3 install x\nFROM debian:12\n"


@pytest.mark.parametrize(
    ("copied", "said"),
    [
        ("COPY --from=one /usr/local /usr/local\n", ""),
        ("", "would stay in another stage, in /usr/local"),
        ("COPY --from=one /usr/local/bin /usr/local/bin\n", "would stay in another stage, in /usr/local"),
        ("COPY --from=one /usr/local /opt\n", "would stay in another stage, in /usr/local"),
    ],
)
def test_what_the_systems_pip_fills_arrives_whole(root: Path, copied: str, said: str) -> None:
    found = broken(root, "FROM debian:12\nRUN pip3 install x\n", BUILDER + copied)
    assert (said in found[0]) if said else found == []


BUILT = "FROM node:20-slim\nWORKDIR /app\nCOPY . .\nRUN npm ci\nRUN npm run build && rm -rf more\n"
PARTS = "FROM node:20-slim AS one\nWORKDIR /app\nCOPY . .\nRUN npm ci\n{one}FROM node:20-slim\nWORKDIR /app\n{two}"
WHOLE = "COPY --from=one /app /app\n"


@pytest.mark.parametrize(
    ("one", "two", "said"),
    [
        ("RUN npm run build && rm -rf more\n", WHOLE, ""),
        ("RUN npm run build && rm -rf more\nRUN npm prune --omit=dev\n", WHOLE, ""),
        ("RUN rm -rf more\n", WHOLE, "the RUN in line 5 would no longer run: npm run build"),
        ("RUN npm run build\n", WHOLE, "the RUN in line 5 would no longer run: rm -rf more"),
        (
            "RUN npm run build && rm -rf more\n",
            "COPY --from=one /app/node_modules /app/node_modules\nCOPY . .\n",
            "what npm run build in line 5 makes would not be in the image",
        ),
        (
            "ENV NODE_ENV=production\nRUN npm run build && rm -rf more\n",
            WHOLE,
            "npm run build in line 5 would run with other settings",
        ),
    ],
)
def test_what_is_built_is_built_still_and_arrives(root: Path, one: str, two: str, said: str) -> None:
    found = broken(root, BUILT, PARTS.format(one=one, two=two), Declared("RUN", "rm -rf more"))
    assert found == [] if not said else any(said in each for each in found), found


def test_what_was_cleared_of_packages_is_so_still(root: Path) -> None:
    before = BUILT + "RUN npm prune --omit=dev\n"
    after = PARTS.format(one="RUN npm run build && rm -rf more\n", two=WHOLE)
    found = broken(root, before, after, Declared("RUN", "rm -rf more"))
    assert found and "would no longer run: npm prune --omit=dev" in found[0]


SPLIT = (
    "FROM python:3.11-slim AS one\nWORKDIR /app\n" + VENV + PIP + "{middle}FROM python:3.11-slim\nWORKDIR /app\n"
    "COPY --from=one /v /v\nENV PATH=/v/bin:$PATH\n{end}"
)


@pytest.mark.parametrize(
    ("middle", "end", "said"),
    [
        ("FROM one AS test\nRUN pip install pytest\n", "", ""),
        ("FROM one AS test\nRUN pip install pytest\nFROM test AS dev\nRUN pip install mypy\n", "", ""),
        # what the image takes of it counts
        ("FROM one AS test\nRUN pip install pytest\n", "COPY --from=test /app /x\n", "what pip installs would change"),
        (
            "FROM one AS test\nRUN pip install pytest\nFROM test AS x\n",
            "COPY --from=x /app /x\n",
            "what pip installs would change",
        ),
        (
            "FROM one AS test\nRUN pip install pytest\n",
            "RUN --mount=from=test,target=/t ls /t\n",
            "what pip installs would change",
        ),
        ("", "RUN pip install pytest\n", "what pip installs would change"),
    ],
)
def test_a_stage_that_is_added_is_its_own_matter(root: Path, middle: str, end: str, said: str) -> None:
    found = broken(root, SPLIT.format(middle="", end=""), SPLIT.format(middle=middle, end=end))
    assert (said in found[0]) if said else found == []


def test_a_stage_that_is_parted_is_what_it_was(root: Path) -> None:
    whole = SPLIT.format(middle="", end="")
    parted = whole.replace("AS one\nWORKDIR /app\n", "AS base\nWORKDIR /app\nFROM base AS one\n")
    assert broken(root, whole, parted) == []
    assert "would run" in broken(root, whole, parted.replace("AS base\nWORKDIR /app\n", "AS base\nWORKDIR /x\n"))[0]
