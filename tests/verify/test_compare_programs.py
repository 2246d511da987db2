from __future__ import annotations

from typing import Any

import pytest
from verify_images import file, folder, image, link, program, snapshot

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
from dockfix.verify.image import Image, RuntimeFacts


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


def test_the_interpreter_itself() -> None:
    before, broken = (
        python({"flask": "3.0"}, {"flask": ""}),
        Image({}, snapshot(), silent={"python": "libpython3.11.so.1.0 is missing"}),
    )
    assert [finding.message for finding in compare_interpreters(before, broken)] == [
        "the interpreter of the new image does not start: libpython3.11.so.1.0 is missing"
    ]
    assert [finding.message for finding in compare_interpreters(before, python({}, {}, "3.12.1"))] == [
        "Python is 3.12.1 instead of 3.11.9"
    ]
    assert (
        compare_interpreters(broken, before)
        == compare_packages(before, broken)
        == compare_modules(before, broken)
        == []
    )


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


def writes(before: Image, after: Image, *written: str) -> list[str]:
    return [finding.message for finding in compare_access(snapshot(), before, after, frozenset(written))]


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
