from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from verify_images import file, folder, image, link, program, snapshot

from dockfix.engine.runner import gather
from dockfix.model.reason import Declared
from dockfix.placement.decision import place
from dockfix.placement.plan import Placement
from dockfix.syntax import parse
from dockfix.verify.asking import asked_of
from dockfix.verify.compare import (
    broken_interpreters,
    compare_access,
    compare_commands,
    compare_interpreters,
    compare_libraries,
    compare_modules,
    compare_packages,
    compare_user,
    lost_programs,
    wanted_by_config,
)
from dockfix.verify.image import Image, MadeOf, RuntimeFacts


@pytest.mark.covers("comparison/commands")
def test_lost_programs() -> None:
    before = image(
        {"/usr/bin/gcc": program(), "/usr/bin/make": program(), "/usr/bin/python": program(), "/opt/x": program()}
    )
    after = image({"/opt/venv/bin/python": program(), "/usr/bin/make": program()}, Env=["PATH=/opt/venv/bin:/usr/bin"])
    assert lost_programs(before, after) == ["gcc"]


@pytest.mark.covers("comparison/commands")
def test_commands() -> None:
    before = image(
        {"/usr/bin/curl": program(), "/usr/bin/git": program(), "/app/run.sh": program(), "/usr/bin/make": program()},
        WorkingDir="/app",
    )
    after = image(
        {"/usr/bin/git": file(mode=0o744), "/app/run.sh": file(mode=0o644), "/usr/local/bin/make": program()},
        WorkingDir="/app",
        User="app",
    )
    wanted = {
        "curl": "HEALTHCHECK runs it",
        "git": "app/main.py:12 names it",
        "./run.sh": "CMD runs it",
        "/usr/bin/make": "CMD runs it",
        "make": "CMD runs it",
        "never": "CMD runs it",
    }
    assert [(finding.subject, finding.message) for finding in compare_commands(before, after, wanted)] == [
        ("./run.sh", "./run.sh is no longer a program; CMD runs it"),
        ("/usr/bin/make", "/usr/bin/make is no longer a program; CMD runs it"),
        ("curl", "curl is no longer on PATH; HEALTHCHECK runs it"),
        ("git", "app (1000) may not run /usr/bin/git; app/main.py:12 names it"),
    ]


@pytest.mark.parametrize(
    ("config", "wanted"),
    [
        ({}, {}),
        ({"Cmd": ["gunicorn", "app:app"]}, {"gunicorn": "CMD"}),
        (
            {"Cmd": ["/bin/sh", "-c", "cd /app && exec python app.py | tee log"]},
            {"/bin/sh": "CMD", "cd": "CMD", "exec": "CMD", "python": "CMD", "tee": "CMD"},
        ),
        ({"Cmd": ["/bin/bash", "-o", "pipefail", "-c", "python x"]}, {"/bin/bash": "CMD", "python": "CMD"}),
        ({"Entrypoint": ["tini", "--"], "Cmd": ["uvicorn"]}, {"tini": "ENTRYPOINT", "uvicorn": "CMD"}),
        ({"Entrypoint": ["/entry.sh"], "Cmd": ["flask", "run"]}, {"/entry.sh": "ENTRYPOINT", "flask": "CMD"}),
        (
            {"Healthcheck": {"Test": ["CMD-SHELL", "curl -f x || exit 1"]}},
            {"/bin/sh": "HEALTHCHECK", "curl": "HEALTHCHECK", "exit": "HEALTHCHECK"},
        ),
        ({"Healthcheck": {"Test": ["CMD", "wget", "x"]}}, {"wget": "HEALTHCHECK"}),
        ({"Healthcheck": {"Test": ["NONE"]}}, {}),
        ({"Cmd": ["sh", "-c", "if ((("]}, {"sh": "CMD"}),
    ],
)
def test_wanted_by_config(config: dict[str, Any], wanted: dict[str, str]) -> None:
    assert wanted_by_config(config) == {name: f"{where} runs it" for name, where in wanted.items()}


def test_broken_interpreters() -> None:
    venv = {
        "/opt/venv/pyvenv.cfg": file(),
        "/opt/venv/bin/python": link("/usr/local/bin/python3"),
        "/opt/venv/bin/python3": link("python"),
    }
    before = image({**venv, "/usr/local/bin/python3": program()})
    after = image({**venv, "/usr/bin/python3": program(), "/x/bin/python": link("/nowhere")})
    assert [(finding.subject, finding.message) for finding in broken_interpreters(before, after)] == [
        (
            "/opt/venv/bin/python",
            "/opt/venv/bin/python is a link to /usr/local/bin/python3, which is no program in the new image",
        ),
        ("/opt/venv/bin/python3", "/opt/venv/bin/python3 is a link to python, which is no program in the new image"),
    ]
    assert broken_interpreters(image(), before) == []
    assert broken_interpreters(after, after) == []


def python(packages: dict[str, str], modules: dict[str, str], version: str = "3.11.9") -> Image:
    return Image({}, snapshot(), {"python": RuntimeFacts("/usr/bin/python", version, packages, modules)})


@pytest.mark.covers("comparison/distributions", "comparison/modules")
def test_packages_and_modules() -> None:
    before = python(
        {"flask": "3.0", "pip": "24", "redis": "5", "setuptools": "65", "wheel": "0.4"},
        {"flask": "", "cv2": "", "never": "ImportError: x", "gone": "", "pip": ""},
    )
    after = python(
        {"flask": "3.1", "pip": "25", "extra": "1", "setuptools": "80"},
        {"flask": "", "cv2": "ImportError: libGL.so.1", "never": "ImportError: x"},
    )
    assert [finding.message for finding in compare_packages(before, after)] == [
        "flask is 3.1 instead of 3.0",
        "redis 5 is not installed",
    ]
    assert [finding.message for finding in compare_modules(before, after)] == [
        "cv2 cannot be imported: ImportError: libGL.so.1",
        "gone cannot be imported: it is not there",
    ]
    assert (
        compare_interpreters(before, after) == compare_packages(before, before) == compare_modules(before, before) == []
    )


MANAGED = {
    "flask": MadeOf(("click>=8", 'importlib-metadata; python_version < "3.10"', 'idna; extra == "async"'), ("flask",)),
    "click": MadeOf((), ("click",)),
    "poetry": MadeOf(("cachecontrol[file]>=0.14", "click", "requests", "poetry-core==2", "shared"), ("poetry",)),
    "poetry-core": MadeOf((), ("poetry",)),
    "poetry-plugin-up": MadeOf(("shared",), ("poetry_plugin_up",)),
    "cachecontrol": MadeOf(('filelock; extra == "file"', 'redis; extra == "redis"'), ("cachecontrol", "docs")),
    "filelock": MadeOf((), ("filelock",)),
    "redis": MadeOf((), ("redis",)),
    "requests": MadeOf(("idna",), ("requests", "docs")),
    "idna": MadeOf((), ("idna",)),
    "importlib-metadata": MadeOf((), ("importlib_metadata",)),
    "keyring": MadeOf(("importlib-metadata",), ("keyring",)),
    "shared": MadeOf((), ("shared",)),
}


def managed(packages: Iterable[str]) -> Image:
    """An image with these of the packages, whose modules can all be imported."""
    made_of = {name: MANAGED[name] for name in packages}
    modules = {module: "" for each in made_of.values() for module in each.modules}
    facts = RuntimeFacts("/usr/bin/python", "3.11.9", dict.fromkeys(made_of, "1"), modules, made_of=made_of)
    return Image({}, snapshot(), {"python": facts})


@pytest.mark.covers("comparison/managers")
def test_what_leaves_with_a_manager() -> None:
    gone = frozenset({Declared("DISTRIBUTION", "poetry"), Declared("PROGRAM", "poetry")})
    before = managed(set(MANAGED) - {"importlib-metadata", "keyring", "redis"})
    after = managed(["flask", "click"])
    assert compare_packages(before, after, gone) == compare_modules(before, after, gone) == []
    # where nothing is declared, or of another manager, all counts
    for declared in (frozenset[Declared](), frozenset({Declared("DISTRIBUTION", "pdm")})):
        assert len(compare_packages(before, after, declared)) == len(before.runtimes["python"].packages) - 2
        assert "poetry" in {finding.subject for finding in compare_modules(before, after, declared)}
    # a project's own package counts with what it needs, and a module that one of both has
    asked = frozenset({"requests"})
    assert [finding.subject for finding in compare_packages(before, after, gone, asked)] == ["idna", "requests"]
    assert [finding.subject for finding in compare_modules(before, after, gone, asked)] == ["docs", "idna", "requests"]


@pytest.mark.covers("comparison/managers")
def test_what_something_else_needs_does_not_leave_with_a_manager() -> None:
    gone = frozenset({Declared("DISTRIBUTION", "poetry")})
    # what came by itself, and what only another extra or another Python would have brought
    found = compare_packages(managed(MANAGED), managed(["flask"]), gone)
    assert [finding.subject for finding in found] == ["click", "importlib-metadata", "keyring", "redis"]
    # one that the new image has counts as any other: it has to be the same, and to work
    broken = python(
        {"flask": "1", "click": "1", "requests": "2"}, {"flask": "", "click": "", "requests": "ImportError: x"}
    )
    before = managed(set(MANAGED) - {"importlib-metadata", "keyring", "redis"})
    assert [finding.message for finding in compare_packages(before, broken, gone)] == ["requests is 2 instead of 1"]
    assert [finding.subject for finding in compare_modules(before, broken, gone)] == ["docs", "requests"]


POETRY = "FROM python:3.11-slim\nWORKDIR /app\nRUN pip install poetry\nCOPY . .\nRUN poetry install {}\n"
LOCK = "".join(
    f'[[package]]\nname = "{name}"\nversion = "1"\ngroups = {groups}\n'
    for name, groups in (("flask", ["main"]), ("requests", ["dev"]), ("idna", ["dev", "main"]), ("black", ["lint"]))
)


@pytest.mark.covers("comparison/managers")
@pytest.mark.parametrize(
    ("options", "left", "asked"),
    [
        ("--without dev", "", {"flask", "idna", "black"}),
        ("--only main", "", {"flask", "idna", "black"}),
        ("", "", {"flask", "idna", "black", "requests"}),
        ("--without lint", "", {"flask", "idna", "black", "requests"}),
        ("", "dev", {"flask", "idna", "black"}),
        ("--without dev", "lint", {"flask", "idna"}),
    ],
)
def test_what_a_project_asks_for(tmp_path: Path, options: str, left: str, asked: set[str]) -> None:
    path = tmp_path / "Dockerfile"
    path.write_text(POETRY.format(options), "utf-8")
    (tmp_path / "pyproject.toml").write_text('[tool.poetry]\nname = "x"\npackage-mode = false\n', "utf-8")
    (tmp_path / "poetry.lock").write_text(LOCK + '[metadata]\nlock-version = "2.1"\n', "utf-8")
    declared = frozenset({Declared("GROUP", left)}) if left else frozenset[Declared]()
    assert asked_of(gather(path, parse(path.read_text("utf-8"))), declared) == asked


@pytest.mark.covers("comparison/managers")
@pytest.mark.parametrize(
    ("brings", "gone"),
    [
        ("RUN pip install poetry", {"DISTRIBUTION poetry", "PROGRAM poetry"}),
        ("RUN python -m venv /opt/poetry && /opt/poetry/bin/pip install poetry", {"PROGRAM poetry"}),
    ],
)
def test_what_a_split_declares_to_leave(tmp_path: Path, brings: str, gone: set[str]) -> None:
    path = tmp_path / "Dockerfile"
    poetry = "poetry" if brings.removeprefix("RUN ") == "pip install poetry" else "/opt/poetry/bin/poetry"
    lines = [f"FROM python:3.11-slim\nWORKDIR /app\n{brings}\nENV POETRY_VIRTUALENVS_IN_PROJECT=1", "COPY . ."]
    lines += [f"RUN {poetry} install --only main", 'CMD ["/app/.venv/bin/python", "-m", "x"]\n']
    path.write_text("\n".join(lines), "utf-8")
    (tmp_path / "pyproject.toml").write_text('[tool.poetry]\nname = "x"\npackage-mode = false\n', "utf-8")
    (tmp_path / "poetry.lock").write_text(LOCK + '[metadata]\nlock-version = "2.1"\n', "utf-8")
    placement = place(gather(path, parse(path.read_text("utf-8"))))
    assert isinstance(placement, Placement), placement
    assert {str(each) for each in placement.declares if each.part in {"DISTRIBUTION", "PROGRAM"}} == gone


@pytest.mark.covers("comparison/managers")
def test_a_program_that_leaves_with_a_manager() -> None:
    entries = {"/usr/bin/poetry": program(), "/usr/bin/keyring": program()}
    wanted = {"poetry": "CMD runs it", "keyring": "app/main.py:1 runs it"}
    gone = frozenset({Declared("PROGRAM", "poetry")})
    assert [each.subject for each in compare_commands(image(entries), image(), wanted, gone)] == ["keyring"]
    # but not where it is still started
    still = image(Cmd=["poetry", "run", "app"])
    assert [each.subject for each in compare_commands(image(entries), still, wanted, gone)] == ["keyring", "poetry"]


def test_the_interpreter_itself() -> None:
    before, broken = (
        python({"flask": "3.0"}, {"flask": ""}),
        Image({}, snapshot(), silent={"python": "libpython3.11.so.1.0 is missing"}),
    )
    assert [finding.message for finding in compare_interpreters(before, broken)] == [
        "the interpreter of the new image does not start: libpython3.11.so.1.0 is missing"
    ]
    of_node = replace(before, config={"Env": ["NODE_VERSION=20.18.0"]})
    assert compare_interpreters(of_node, broken) == []  # it only came along
    assert compare_interpreters(replace(before, config={"Env": ["PYTHON_VERSION=3.11.9"]}), broken) != []
    assert [finding.message for finding in compare_interpreters(before, python({}, {}, "3.12.1"))] == [
        "Python is 3.12.1 instead of 3.11.9"
    ]
    assert (
        compare_interpreters(broken, before)
        == compare_packages(before, broken)
        == compare_modules(before, broken)
        == []
    )


def test_another_image_may_bring_another_patch_release() -> None:
    before, told = python({}, {}, "3.11.14"), frozenset({Declared("PROGRAM", "python3.11")})
    assert compare_interpreters(before, python({}, {}, "3.11.2"), told) == []
    assert compare_interpreters(before, python({}, {}, "3.11.2")) != []
    assert compare_interpreters(before, python({}, {}, "3.1.1"), told) != []
    assert compare_interpreters(before, python({}, {}, "3.12.0"), frozenset({Declared("PROGRAM", "python")})) != []


def missing(files: dict[str, set[str]] | None) -> Image:
    return Image(
        {}, snapshot(), missing=None if files is None else {path: frozenset(names) for path, names in files.items()}
    )


@pytest.mark.covers("comparison/shared-libraries")
def test_libraries() -> None:
    before = missing({"/usr/lib/scipy.so": {"libold.so"}, "/usr/lib/b.so": {"libnew.so"}})
    after = missing(
        {"/venv/scipy.so": {"libold.so", "libpq.so.5"}, "/venv/a.so": {"libpq.so.5"}, "/venv/c.so": {"libnew.so"}}
    )
    assert [(finding.subject, finding.message) for finding in compare_libraries(before, after)] == [
        ("libnew.so", "libnew.so is missing; /venv/c.so needs it"),
        ("libpq.so.5", "libpq.so.5 is missing; /venv/a.so and 1 more need it"),
    ]
    assert (
        compare_libraries(missing(None), after)
        == compare_libraries(before, missing(None))
        == compare_libraries(after, after)
        == []
    )


HOMES = {"/home/app": folder(0o700, 1000)}


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        (image(), image(HOMES, User="app"), ""),
        (image(), image(User="ghost"), "the new image does not know the user ghost"),
        (image(User="ghost"), image(User="ghost"), ""),
        (image(HOMES, User="app"), image(HOMES), "the new image runs as root; the original ran as app (1000)"),
        (image(), image(User="nobody"), "nobody (65534) has no home folder; root had /root"),
        (image(), image(User="10001:10001"), "10001 has no home folder; root had /root"),
        (image(), image(User="10001", Env=["HOME=/tmp"]), ""),
        (image(User="10001"), image(User="10001"), ""),
    ],
)
def test_user(before: Image, after: Image, message: str) -> None:
    assert [finding.message for finding in compare_user(before, after)] == ([message] if message else [])


def writes(before: Image, after: Image, *written: str, shut: frozenset[str] = frozenset()) -> list[str]:
    declared = frozenset(Declared("OWNER", path) for path in shut)
    return [finding.message for finding in compare_access(snapshot(), before, after, frozenset(written), declared)]


def test_a_folder_that_stays_roots_on_purpose_counts_where_something_was_written() -> None:
    before, after = (image({"/app": folder()}, WorkingDir="/app", User=user) for user in ("root", "10001:10001"))
    said = "/app is not writable for 10001; root could write "
    assert writes(before, after) == [f"{said}it"]
    assert writes(before, after, shut=frozenset({"/app"})) == []
    assert writes(before, after, "/app/log", shut=frozenset({"/app"})) == [f"{said}/app/log"]
    assert writes(before, after, shut=frozenset({"/app/data"})) == [f"{said}it"]
    entries = {path: folder() for path in ("/app", "/app/node_modules/x/build", "/app/uploads")}
    told = {"node": RuntimeFacts("/usr/local/bin/node", "20.18.0", {}, {})}
    before, after = (
        replace(image(entries, WorkingDir="/app", User=user), runtimes=told) for user in ("root", "10001:10001")
    )
    shown = writes(before, after, shut=frozenset({"/app"}))
    assert [each.partition(" ")[0] for each in shown] == ["/app/uploads"]  # what packages left empty is empty by chance


@pytest.mark.covers("comparison/run")
def test_places_that_must_stay_writable() -> None:
    entries = {
        **HOMES,
        "/app": folder(),
        "/app/data": folder(),
        "/app/.git/refs": folder(),
        "/vol": folder(),
        "/run/lock": folder(),
        "/srv/made": folder(),
    }
    before = image(entries, WorkingDir="/app", Volumes={"/vol": {}})
    after = image(entries, WorkingDir="/app", Volumes={"/vol": {}}, User="app")
    assert writes(before, after) == [
        f"{path} is not writable for app (1000); root could write it"
        for path in ("/app", "/app/data", "/srv/made", "/vol")
    ]
    owned = {path: folder(owner=1000) for path in entries}
    assert writes(before, image(owned, WorkingDir="/app", User="app")) == []


@pytest.mark.covers("comparison/run")
def test_what_the_original_wrote() -> None:
    entries = {**HOMES, "/app": folder(owner=1000), "/var/log/x": file()}
    before, after = image(entries, WorkingDir="/app"), image(entries, WorkingDir="/app", User="app")
    assert writes(
        before, after, "/app/new/db.sqlite", "/root/.config/x", "/srv/__pycache__/a.pyc", "/var/log/x", "/data/out"
    ) == [
        "/ is not writable for app (1000); root could write /data/out",
        "/var/log/x is not writable for app (1000); root could write it",
    ]


def test_the_home() -> None:
    assert writes(image({"/": folder(0o1777)}), image({"/": folder(0o1777), "/home/app": folder()}, User="app")) == [
        "/home/app is not writable for app (1000); root could write /root"
    ]
    below = {**HOMES, "/root": folder(0o700), "/root/app": folder()}
    assert writes(
        image(below, WorkingDir="/root/app"), image(below, WorkingDir="/root/app", User="app"), "/root/app/db"
    ) == [
        "/root/app is not writable for app (1000); root could write it",
        "/root/app is not writable for app (1000); root could write /root/app/db",
    ]
