"""Where requirements in which every line is pinned are as good as a lock: all that the packages bring is in them, too."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import pytest

from checks import dockfix
from dockfix.engine import Settings
from dockfix.knowledge.releases import LATEST, Need, Release
from results import installed, text_of, unsafe

PYTHONS = (8, LATEST)
X86, BOTH = "cp310.cp311-2_17_x86_64", "cp310.cp311-2_17_aarch64.2_17_x86_64"
NEEDS = (
    Need("core"), Need("paint", pythons=(0, 10)), Need("server", ("fast",), extra="all"), Need("quick", extra="all"),
)  # fmt: skip
ROWS = (
    Release("web", ("1.0", "1.4"), PYTHONS, ("pure", "sdist"), NEEDS),
    Release("web", ("2.0",), PYTHONS, ("pure",), (*NEEDS, Need("newer"))),
    Release("core", ("2.0",), PYTHONS, ("pure",), ()),
    Release("paint", ("2.0",), PYTHONS, ("pure",), ()),
    Release("quick", ("2.0",), PYTHONS, ("pure",), ()),
    Release("server", ("3.0",), PYTHONS, ("pure",), (Need("loop", extra="fast"),)),
    Release("loop", ("1.0",), PYTHONS, ("pure",), ()),
    Release("lxml", ("5.0",), PYTHONS, (BOTH, "sdist"), ()),
    Release("psycopg2", ("2.9",), PYTHONS, ("sdist",), ()),
    Release("native", ("1.0",), PYTHONS, (BOTH, "sdist"), ()),
    Release("lxml", ("4.0",), PYTHONS, (X86, "sdist"), ()),
    Release("late", ("1.0",), (12, LATEST), ("pure",), ()),
)
FULL = (
    "FROM {base}\nWORKDIR /app\nCOPY *.txt .\n{env}RUN pip install {more}-r requirements.txt\nCOPY . .\n"
    'CMD ["python", "app.py"]\n'
)
CORE = "core==2.0\n"


@pytest.fixture(autouse=True)
def know(released: Callable[[Iterable[Release]], None]) -> None:
    released(ROWS)


def made(
    folder: Path,
    text: str,
    files: Mapping[str, str] | None = None,
    base: str = "python:3.11-bookworm",
    more: str = "",
    env: str = "",
) -> tuple[bool, str]:
    """Whether the image starts from the slim one, and why it does not."""
    all_files = {"requirements.txt": text, "app.py": "pass\n", **(files or {})}
    result = dockfix(folder, FULL.format(base=base, more=more, env=env), all_files, Settings())
    slim = "-slim-bookworm AS runtime" in text_of(result)
    return slim, "" if slim else unsafe(result, "slim-base")


@pytest.mark.parametrize(("text", "said"), [
    # what freeze prints is whole
    ("web==1.0\n" + CORE, ""),
    # a release between two that are known brings what either of them does
    ("web==1.2\n" + CORE, ""),
    ("web==1.7\nnewer==1.0\n" + CORE, "requirements.txt:2: what newer 1.0 brings is not known"),
    ("web==1.7\n" + CORE, "requirements.txt pins all but does not name newer, which web brings"),
    ("web==2.1\n" + CORE, "requirements.txt:1: what web 2.1 brings is not known"),
    # something that is brought is missing
    ("web==1.0\n", "requirements.txt pins all but does not name core, which web brings"),
    # extras bring more
    ("web[all]==1.0\nserver==3.0\nloop==1.0\nquick==2.0\n" + CORE, ""),
    ("web[all]==1.0\nserver==3.0\nloop==1.0\n" + CORE, "requirements.txt pins all but does not name quick, which web brings"),
    ("web[all]==1.0\nserver==3.0\nquick==2.0\n" + CORE, "requirements.txt pins all but does not name loop, which server brings"),
    ("web[other]==1.0\n" + CORE, "requirements.txt:1: what web[other] 1.0 brings is not known"),
    # markers
    ("web==1.0\nother==1.0; sys_platform == 'win32'\n" + CORE, ""),
    ("web==1.0\ncore==2.0; python_version < '3.9'\n", "requirements.txt pins all but does not name core, which web brings"),
    # a line without a version, a repository, a file
    ("web==1.0\ncore\n", "requirements.txt:2: core is not pinned"),
    ("web==1.0\ncore>=2.0\n", "requirements.txt:2: core is not pinned"),
    ("web==1.0\ncore @ git+https://git.example.org/core@0a1b\n", "has no version that is known"),
    ("web==1.0\ncore @ file:///home/me/core.whl\n", "/home/me/core.whl has no version that is known"),
    # not in the table, or for another Python
    ("web==1.0\nown==1.0\n" + CORE, "requirements.txt:2: what own 1.0 brings is not known"),
    ("late==1.0\n", "requirements.txt:1: what late 1.0 brings is not known"),
    # wheels that are known to hold all, some that are not, and one for a single machine
    ("lxml==5.0\n", ""),
    ("native==1.0\n", "for what is not known of native 1.0 on x86_64"),
    # another index
    ("--extra-index-url https://wheels.example.org/simple\nweb==1.0\n" + CORE, "requirements.txt:2: what web 1.0 brings is not known: it may come from another index than PyPI"),
    ("-i https://pypi.org/simple\nweb==1.0\n" + CORE, ""),
    # a single hash may be that of the source
    ("lxml==5.0 --hash=sha256:00\n", "for what is not known of lxml 5.0 on x86_64"),
    ("lxml==5.0 --hash=sha256:00 --hash=sha256:11\n", ""),
])  # fmt: skip
def test_which_pins_are_a_lock(tmp_path: Path, text: str, said: str) -> None:
    slim, why = made(tmp_path, text)
    assert slim is (said == ""), why
    assert said in why


def test_constraints_pin_what_comes_along(tmp_path: Path) -> None:
    text = "-c limits.txt\nweb\n"
    assert made(tmp_path, text, {"limits.txt": "web==1.0\ncore==2.0\nother==1.0\n"})[0]
    slim, why = made(tmp_path, text, {"limits.txt": "web==1.0\n"})
    assert not slim
    assert "requirements.txt pins all but does not name core, which web brings" in why


def test_files_that_include_others(tmp_path: Path) -> None:
    assert made(tmp_path, "-r base.txt\nweb==1.0\n", {"base.txt": CORE})[0]


def test_a_python_for_which_more_is_brought(tmp_path: Path) -> None:
    slim, why = made(tmp_path, "web==1.0\n" + CORE, base="python:3.10-bookworm")
    assert not slim
    assert "does not name paint, which web brings" in why
    assert made(tmp_path, "web==1.0\npaint==2.0\n" + CORE, base="python:3.10-bookworm")[0]


@pytest.mark.parametrize(("text", "packages"), [
    ("psycopg2==2.9\n", {"libpq5"}),
    ("lxml==5.0\n", set()),
    ("lxml==4.0\n", {"libxml2", "libxslt1.1"}),  # there is no wheel for the other machine
])  # fmt: skip
def test_what_is_compiled_and_whose_libraries_are_known(tmp_path: Path, text: str, packages: set[str]) -> None:
    files = {"requirements.txt": text, "app.py": "pass\n"}
    result = dockfix(tmp_path, FULL.format(base="python:3.11-bookworm", more="", env=""), files, Settings())
    assert installed(text_of(result)) == packages


@pytest.mark.parametrize(("more", "env", "said"), [
    ("--index-url https://wheels.example.org/simple ", "", "it may come from another index than PyPI"),
    ("--find-links=https://wheels.example.org/ ", "", "it may come from another index than PyPI"),
    ("", "ENV PIP_EXTRA_INDEX_URL=https://wheels.example.org/simple\n", "it may come from another index than PyPI"),
    ("", "ARG PIP_INDEX_URL\n", "it may come from another index than PyPI"),
    ("", "RUN pip config set global.index-url https://wheels.example.org/simple\n", "it may come from another index than PyPI"),
    ("--index-url https://mirrors.aliyun.com/pypi/simple/ ", "", ""),
    ("", "ENV PIP_INDEX_URL=https://pypi.org/simple\n", ""),
    ("", "RUN apt-get update && apt-get install -y zbar-tools\n", ""),
    ("", "RUN printf '[global]\\nindex-url = https://a.example.org/simple\\n' > /etc/pip.conf\n", "it may come from another index than PyPI"),
    ("--no-binary lxml ", "", ""),
    ("--no-binary native ", "", "native"),
])  # fmt: skip
def test_where_the_files_come_from(tmp_path: Path, more: str, env: str, said: str) -> None:
    text = "native==1.0\n" if said == "native" else "web==1.0\n" + CORE
    slim, why = made(tmp_path, text, more=more, env=env)
    assert slim is (said == ""), why
    assert said in why


def test_a_configuration_that_is_copied(tmp_path: Path) -> None:
    env = "COPY pip.conf /etc/pip.conf\n"
    assert made(tmp_path, "web==1.0\n" + CORE, {"pip.conf": "[global]\ntimeout = 60\n"}, env=env)[0]
    other = {"pip.conf": "[global]\nindex-url = https://wheels.example.org/simple\n"}
    assert not made(tmp_path, "web==1.0\n" + CORE, other, env=env)[0]


@pytest.mark.parametrize("command", [
    "pip install -r requirements.txt --index-url https://wheels.example.org/simple || true",
    "cat requirements.txt | pip install -r /dev/stdin",
    "true | pip install -r requirements.txt",
])  # fmt: skip
def test_an_install_in_a_pipeline(tmp_path: Path, command: str) -> None:
    text = FULL.format(base="python:3.11-bookworm", more="", env="").replace("pip install -r requirements.txt", command)
    result = dockfix(tmp_path, text, {"requirements.txt": "web==1.0\n" + CORE, "app.py": "pass\n"}, Settings())
    assert "AS runtime" not in text_of(result)
