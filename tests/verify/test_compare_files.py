from __future__ import annotations

import posixpath

import pytest
from hypothesis import given
from hypothesis import strategies as st
from verify_images import file, folder, image, link, snapshot

from dockfix.model.reason import Declared
from dockfix.verify.compare import (
    broken_interpreters,
    compare_access,
    compare_commands,
    compare_files,
    compare_user,
    lost_programs,
)
from dockfix.verify.image import Image
from dockfix.verify.snapshot import Entry, Snapshot

BASE = snapshot({"/etc/base.conf": file("a"), "/usr/share/base": file()})
APP = {
    "/etc/base.conf": file("a"),
    "/app": folder(),
    "/app/main.py": file("print()"),
    "/app/run": file(mode=0o755),
    "/app/static/a/1": file(),
    "/app/static/2": file(),
    "/app/now": link("main.py"),
}


def messages(before: Image, after: Image, *declared: Declared, ignored: frozenset[str] = frozenset()) -> list[str]:
    return [finding.message for finding in compare_files(BASE, before, after, frozenset(declared), ignored)]


@pytest.mark.covers("comparison/files")
@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"/app/main.py": None}, ["/app/main.py is missing"]),
        ({"/app/main.py": file("print(1)")}, ["/app/main.py has another content (8 bytes instead of 7)"]),
        ({"/app/run": file(mode=0o644)}, ["/app/run has the mode 644 instead of 755"]),
        ({"/app/run": file(mode=0o755, owner=5)}, ["/app/run is owned by 5:5 instead of 0:0"]),
        ({"/app/now": link("run")}, ["/app/now is a link to run instead of main.py"]),
        ({"/app/now": file()}, ["/app/now is a file instead of a link"]),
        (
            {"/app/static": link("/srv"), "/app/static/a": None, "/app/static/a/1": None, "/app/static/2": None},
            ["/app/static is a link instead of a folder"],
        ),
        (
            {"/app/static": None, "/app/static/a": None, "/app/static/a/1": None, "/app/static/2": None},
            ["/app/static is missing, and 2 files below it"],
        ),
        ({"/app/static/a": None, "/app/static/a/1": None}, ["/app/static/a is missing, and 1 file below it"]),
        ({"/app/extra": file(), "/etc/base.conf": None}, []),
    ],
)
def test_each_difference(changes: dict[str, Entry | None], expected: list[str]) -> None:
    after = {path: entry for path, entry in {**image(APP).snapshot.entries, **changes}.items() if entry is not None}
    assert messages(image(APP), Image({}, Snapshot(after))) == expected


@pytest.mark.parametrize(
    "path",
    [
        "/tmp/x",
        "/var/cache/x",
        "/var/lib/apt/lists/x",
        "/root/.cache/x",
        "/etc/shadow-",
        "/etc/ld.so.cache",
        "/usr/lib/x",
        "/usr/local/bin/gunicorn",
        "/bin/x",
        "/usr/local/lib/python3.11/x.py",
        "/opt/x/site-packages/a.py",
        "/app/__pycache__/a.pyc",
        "/app/a.pyc",
        "/usr/local/lib/libx.a",
        "/opt/venv/bin/x",
    ],
)
def test_what_is_not_the_applications(path: str) -> None:
    assert messages(image({path: file(), "/opt/venv/pyvenv.cfg": file()}), image()) == []


@pytest.mark.parametrize(
    "path",
    [
        "/usr/local/share/fonts/a.ttf",
        "/usr/src/x",
        "/opt/x",
        "/srv/x",
        "/home/x/y",
        "/root/x",
        "/etc/app.conf",
        "/var/lib/app/x",
        "/tmpx",
        "/x/.envrc",
        "/var/spool/cron/crontabs/root",
    ],
)
def test_what_is_the_applications(path: str) -> None:
    before = image({path: file()})
    found = compare_files(BASE, before, image(), frozenset(), frozenset())
    assert [path == finding.subject or path.startswith(finding.subject + "/") for finding in found] == [True]


@pytest.mark.covers("comparison/files")
def test_files_of_packages_and_ignored_files_do_not_count() -> None:
    before = Image(
        {},
        snapshot(
            {
                "/etc/nginx/nginx.conf": file(),
                "/app/Dockerfile": file(),
                "/app/.git/config": file(),
                "/app/.gitignore": file(),
            },
            owned=frozenset({"/etc/nginx", "/etc/nginx/nginx.conf"}),
        ),
    )
    after = image({"/app": folder()})
    assert messages(before, after, ignored=frozenset({"/app/Dockerfile", "/app/.git"})) == [
        "/app/.gitignore is missing"
    ]


def test_the_owner_may_become_the_user_where_that_is_declared() -> None:
    before, after = (
        image(APP),
        image(
            {
                path: Entry(entry.kind, entry.mode, 1000, 1000, entry.size, 0, entry.digest, entry.target)
                for path, entry in APP.items()
            },
            User="app",
        ),
    )
    assert messages(before, after, Declared("USER")) == []
    assert messages(before, after) == ["/app is owned by 1000:1000 instead of 0:0, and 4 files below it"]
    after = image(
        {
            path: Entry(entry.kind, entry.mode, 7, 0, entry.size, 0, entry.digest, entry.target)
            for path, entry in APP.items()
        },
        User="app",
    )
    assert messages(before, after, Declared("USER")) == ["/app is owned by 7:0 instead of 0:0, and 4 files below it"]


@pytest.mark.covers("comparison/files")
def test_the_user_must_be_able_to_read() -> None:
    entries = {"/app/secret": file(mode=0o600), "/root/app/x": file(), "/root/app/y": file()}
    assert messages(image(entries), image(entries, User="app"), Declared("USER")) == [
        "/app/secret is not readable for app (1000)",
        "/root/app is not readable for app (1000), and 2 files below it",
    ]
    assert messages(image(entries, User="app"), image(entries, User="app")) == []


NAMES = st.lists(
    st.sampled_from(["app", "a", "b.py", "bin", "opt", "usr", "pyvenv.cfg", "python", "tmp", "root"]),
    min_size=1,
    max_size=4,
).map(lambda parts: "/" + posixpath.join(*parts))
ENTRIES = st.builds(
    Entry,
    st.sampled_from(["file", "dir", "link", "other"]),
    st.integers(0, 0o7777),
    st.integers(0, 3),
    st.integers(0, 3),
    st.integers(0, 9),
    st.integers(0, 9),
    st.sampled_from(["", "x", "y"]),
    st.sampled_from(["", "a", "../b", "/app", ".."]),
)
TREES = st.dictionaries(NAMES, ENTRIES, max_size=12)
USERS = st.sampled_from(["", "app", "2", "1:3", "unknown", "nobody"])


@given(TREES, TREES, USERS, st.sets(NAMES, max_size=3), st.sampled_from(["", "/app", "/tmp/a"]))
def test_any_image_is_equal_to_itself(
    base: dict[str, Entry], tree: dict[str, Entry], user: str, written: set[str], workdir: str
) -> None:
    one = image(tree, User=user, WorkingDir=workdir, Volumes={"/opt/a/": {}})
    assert compare_files(snapshot(base), one, one, frozenset(), frozenset()) == []
    assert compare_access(snapshot(base), one, one, frozenset(written)) == []
    assert compare_user(one, one) == []
    assert broken_interpreters(one, one) == []
    assert lost_programs(one, one) == []
    assert all(
        "may not run" in finding.message for finding in compare_commands(one, one, {"python": "CMD", "app/a": "CMD"})
    )


@given(TREES, TREES, TREES, USERS)
def test_every_difference_is_about_a_file_of_the_application(
    base: dict[str, Entry], before: dict[str, Entry], after: dict[str, Entry], user: str
) -> None:
    one, other = image(before), image(after, User=user)
    found = compare_files(snapshot(base), one, other, frozenset({Declared("USER")}), frozenset({"/app/a"}))
    assert found == sorted(found, key=lambda finding: (finding.subject, finding.message))
    assert {finding.subject for finding in found} <= {
        path for path in one.snapshot.entries if not path.startswith("/app/a/") and path != "/app/a"
    }
