"""How the container comes up, before and after."""

from __future__ import annotations

import pytest

from dockfix.model.reason import Declared
from dockfix.verify.compare.start import compare_start, shows_nothing
from dockfix.verify.starting import Start


def messages(before: Start, after: Start, again: Start | None = None) -> list[str]:
    found = compare_start(before, after, again)
    assert all(finding.check == "start" for finding in found)
    return [f"{finding.subject}: {finding.message}" for finding in found]


def ended(output: str, status: int = 0) -> Start:
    return Start(status, output)


def up(output: str = "", **seen: object) -> Start:
    return Start(None, output, **seen)  # type: ignore[arg-type]


@pytest.mark.parametrize("start", [
    ended("hello\n"), ended("", 3), up(), up("ready\n", health="healthy", ports=frozenset({80}), roots={80: 404}), ended("Error: x\n", 1),
])  # fmt: skip
def test_the_same_again(start: Start) -> None:
    assert messages(start, start) == []


FRAMES = 'Traceback (most recent call last):\n  File "a.py", line 3, in f\n    x()\n    ^\n'


@pytest.mark.parametrize(("said", "told", "about"), [
    (f"{FRAMES}PermissionError: [Errno 13] Permission denied: 'a'\n", "PermissionError: [Errno 13] Permission denied: 'a'", "USER"),
    (f"ready\n{FRAMES}\nModuleNotFoundError: No module named 'a'\nready\n", "ModuleNotFoundError: No module named 'a'", "MODULE"),
    (f"{FRAMES}sh: 1: git: not found\n", "sh: 1: git: not found", "PROGRAM"),
    (f"{FRAMES}SystemExit\n", "SystemExit", ""),
    (FRAMES, "Traceback (most recent call last):", ""),
    ("Traceback (most recent call last):", "Traceback (most recent call last):", ""),
])  # fmt: skip
def test_a_traceback_is_told_by_what_it_ends_with(said: str, told: str, about: str) -> None:
    (found,) = compare_start(up("ready\n"), up(said))
    assert found.message == f"the new container says: {told}"
    assert (not about and not found.about) or about in {each.part for each in found.about}


@pytest.mark.covers("comparison/run")
@pytest.mark.parametrize(("before", "after", "message"), [
    (ended("", 0), ended("a\n\n  b \n", 1), "the new container ends with status 1, the original ends with status 0: b"),
    (up(), ended("", 2), "the new container ends with status 2, the original keeps running"),
    (ended("", 0), up("listening\n"), "the new container keeps running, the original ends with status 0: listening"),
])  # fmt: skip
def test_exit_status(before: Start, after: Start, message: str) -> None:
    assert messages(before, after)[0] == f"exit status: {message}"


@pytest.mark.parametrize(("before", "after", "message"), [
    ("healthy", "unhealthy", "HEALTHCHECK: the new container is unhealthy, the original healthy"),
    ("healthy", "", "HEALTHCHECK: the new container is without health check, the original healthy"),
    ("healthy", "starting", "HEALTHCHECK: the new container is starting, the original healthy"),
    ("unhealthy", "healthy", ""), ("unhealthy", "starting", ""), ("", "healthy", ""),
    ("", "unhealthy", "HEALTHCHECK: the HEALTHCHECK that the original does not have fails in the new container"),
    ("", "starting", "HEALTHCHECK: the HEALTHCHECK that the original does not have fails in the new container"),
])  # fmt: skip
def test_health(before: str, after: str, message: str) -> None:
    assert messages(up(health=before), up(health=after)) == [message] * bool(message)


@pytest.mark.covers("comparison/run")
def test_ports() -> None:
    both = up(ports=frozenset({80, 443}), roots={80: 200, 443: 0})
    assert messages(both, up(ports=frozenset({443}), roots={443: 0})) == [
        "port 80: nothing answers on port 80, where the original answers"
    ]
    assert messages(both, up(ports=frozenset({80, 443}), roots={80: 500, 443: 0})) == [
        "port 80: GET / on port 80 gives 500, the original gives 200"
    ]
    assert messages(both, up(ports=frozenset({80, 443}), roots={80: 0, 443: 0})) == [
        "port 80: GET / on port 80 gives no HTTP answer, the original gives 200"
    ]
    assert messages(up(), both) == []  # more is no harm


@pytest.mark.covers("comparison/run")
def test_ports_that_no_expose_names_and_programs() -> None:
    both = up(listening=frozenset({8000}), programs=frozenset({"python", "redis-server"}))
    assert messages(both, up(listening=frozenset({8000}), programs=frozenset({"python"}))) == [
        "redis-server: redis-server does not run in the new container, as it does in the original"
    ]
    assert messages(both, up(programs=both.programs)) == [
        "port 8000: nothing answers on port 8000, where the original answers"
    ]
    assert messages(both, up(listening=frozenset({80, 8000}), programs=both.programs | {"tini"})) == []
    named = up(listening=frozenset({8000}), programs=frozenset({"python"}), names=frozenset({"python", "redis-server"}))
    assert messages(both, named) == []  # it calls itself otherwise by now
    assert messages(both, up(), up()) == []  # the original itself does not always have them


@pytest.mark.parametrize(("before", "after", "message"), [
    (200, 500, "GET /save gives 500, the original gives 200"), (404, 503, "GET /save gives 503, the original gives 404"),
    (200, 0, "GET /save gives no answer, the original gives 200"), (500, 500, ""), (503, 200, ""), (200, 404, ""), (0, 500, ""),
])  # fmt: skip
def test_routes(before: int, after: int, message: str) -> None:
    said = messages(up(routes={"/save": before}), up(routes={"/save": after}))
    assert said == [f"GET /save: {message}"] * bool(message)


@pytest.mark.parametrize(("after", "parts"), [
    (ended("x: Permission denied\nbye", 1), {Declared("USER")}), (ended("", 126), {Declared("USER")}),
    (ended("", 127), {Declared("ENV", "PATH")}), (ended("sh: 1: gunicorn: not found", 1), {Declared("ENV", "PATH"), Declared("PROGRAM")}),
    (up("ModuleNotFoundError: No module named 'x'"), {Declared("MODULE")}), (up(health="unhealthy"), {Declared("HEALTHCHECK")}),
    (ended("Error: Cannot find module 'express'", 1), {Declared("MODULE")}),
    (ended("Traceback", 1), set()),
])  # fmt: skip
def test_what_a_finding_speaks_of(after: Start, parts: set[Declared]) -> None:
    found = compare_start(up(), after)
    assert parts <= set(found[0].about)
    assert bool(parts) == bool(found[0].about)


@pytest.mark.parametrize("line", [
    "PermissionError: [Errno 13] Permission denied: '/data'", "touch: cannot touch '/x': Permission denied", "sh: 1: curl: not found",
    "ImportError: libpq.so.5: cannot open shared object file: No such file or directory", "ModuleNotFoundError: No module named 'flask'",
    "OSError: [Errno 30] Read-only file system: '/x'", "Traceback (most recent call last):", "nginx: [emerg] could not open error log",
    "\x1b[31mOperation not permitted\x1b[0m", "django.db.utils.OperationalError: (no such table)", "unable to open database file",
    "Error [ERR_MODULE_NOT_FOUND]: Cannot find package 'fastify' imported from /app/dist/server.js", "node: EACCES /app/cache",
])  # fmt: skip
def test_complaints(line: str) -> None:
    before, after = up("ready\n"), up(f"ready\n{line}\n")
    assert len(messages(before, after)) == 1
    assert messages(before, after)[0].startswith("output: the new container says: ")
    assert "\x1b" not in messages(before, after)[0]
    assert messages(after, after) == []
    assert messages(after, before) == []  # one complaint less is no harm


def test_only_the_first_complaint_is_told() -> None:
    assert messages(up(), up("Permission denied: a\nPermission denied: b\n")) == [
        "output: the new container says: Permission denied: a"
    ]


def test_other_lines_of_one_that_goes_on_do_not_count() -> None:
    assert messages(up("a\n"), up("b\n")) == []


@pytest.mark.parametrize(("before", "after"), [
    ("[2024-05-06 07:08:09,123] Error: no x", "[2025-12-31 23:59:59,999] Error: no x"),
    ("Error: at 0x7f12ab34cd", "Error: at 0x55deadbeef"),
    ("request 9f86d081884c7d65 not found", "request 2c26b46b68ffc68f not found"),
    ("Permission denied (pid 17)", "Permission denied (pid 4711)"),
    ("Error: /usr/local/lib/python3.11/site-packages/flask/app.py", "Error: /opt/venv/lib/python3.11/site-packages/flask/app.py"),
    ("Error: /usr/lib/python3/dist-packages/x", "Error: /opt/venv/lib/python3.11/site-packages/x"),
    ("Error: /usr/local/bin/gunicorn", "Error: /opt/venv/bin/gunicorn"), ("Error: /usr/bin/python", "Error: /usr/local/bin/python"),
    ("  not found: x  ", "\x1b[1mnot found: x\x1b[0m"),
])  # fmt: skip
def test_what_changes_by_itself_is_no_difference(before: str, after: str) -> None:
    assert messages(up(before), up(after)) == []
    assert messages(ended(before), ended(after)) == []


def test_words_are_no_numbers() -> None:
    assert messages(up("Error: no dead"), up("Error: no feed")) != []
    assert messages(up("Error: /app/a.py"), up("Error: /app/b.py")) != []


def test_what_a_program_that_ends_says() -> None:
    assert messages(ended("3 rows\nfine\n"), ended("4 rows\n")) == ["output: the new container does not say: fine"]
    assert messages(ended("fine\n"), ended("more\nfine\n")) == []


def test_a_second_run_takes_away_what_changes() -> None:
    before, again, after = ended("start\nlucky\n"), ended("start\nunlucky\n"), ended("start\nodd\n")
    assert messages(before, after) == ["output: the new container does not say: lucky"]
    assert messages(before, after, again) == []
    assert messages(before, ended("odd\n"), again) == ["output: the new container does not say: start"]
    assert messages(ended("", 0), ended("", 1), ended("", 1)) == []
    assert messages(ended("", 0), up(), ended("", 1)) == [
        "exit status: the new container keeps running, the original ends with status 0"
    ]
    assert messages(up(health="healthy"), up(health="unhealthy"), up(health="unhealthy")) == []
    assert messages(up(ports=frozenset({80})), up(), up()) == []
    assert messages(up(), up("Permission denied: x"), up("Permission denied: x")) == []
    assert messages(up(roots={80: 200}), up(roots={80: 503}), up(roots={80: 503})) == []
    assert messages(up(roots={80: 200}), up(roots={80: 500}), up(roots={80: 503})) == [
        "port 80: GET / on port 80 gives 500, the original gives 200, 503"
    ]


@pytest.mark.parametrize(("start", "why"), [
    (ended("hello\n"), ""), (ended("no database\n", 1), "the original itself ends with status 1"),
    (up("ready\n", looked=True, programs=frozenset({"python"})), ""), (up(), ""),  # nobody looked
    (up(looked=True), "nothing goes on running in the original"), (up(looked=True, listening=frozenset({80})), ""),
    (up("Error: no host db\nretry\n" * 3, listening=frozenset({80})), "the original says the same again and again: Error: no host db"),
    (up("Error: no host db\nretry\n" * 2), ""),
    (up("Traceback (most recent call last):\n  x\n", listening=frozenset({80}), roots={80: 0}),
     "the original answers no request, and says: Traceback (most recent call last):"),
    (up("ModuleNotFoundError: No module named 'psycopg'\n", roots={80: 0}),
     "the original answers no request, and says: ModuleNotFoundError: No module named 'psycopg'"),
    (up("Traceback (most recent call last):\n", roots={80: 404}), ""), (up("ready\n", roots={6379: 0}), ""),
    (up("Error: Cannot find module 'x'\n", roots={80: 0}, good=(True,)), ""),
])  # fmt: skip
def test_a_start_that_is_no_measure(start: Start, why: str) -> None:
    assert shows_nothing(start) == why
