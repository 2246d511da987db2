"""The locks of all managers."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from dockfix.context.build_context import BuildContext
from dockfix.context.manifests.locked import Locked, LockError, Unread
from dockfix.context.manifests.locks import is_lock, parse_lock, read_lock

GRAPH = """
    version = 1
    revision = 3
    requires-python = ">=3.11"

    [[package]]
    name = "shop"
    version = "0.1.0"
    source = { editable = "." }
    dependencies = [
        { name = "fast-api" },
        { name = "server", extra = ["standard"] },
        { name = "tzdata", marker = "sys_platform == 'win32'" },
    ]

    [package.optional-dependencies]
    excel = [{ name = "sheets" }]

    [package.dev-dependencies]
    dev = [{ name = "tests" }]

    [[package]]
    name = "fast-api"
    version = "1.0"
    source = { registry = "https://index.example.org/simple" }
    sdist = { url = "https://files.example.org/fast_api-1.0.tar.gz", hash = "sha256:0" }
    wheels = [{ url = "https://files.example.org/fast_api-1.0-py3-none-any.whl", hash = "sha256:0" }]

    [[package]]
    name = "server"
    version = "2.0"
    source = { registry = "https://index.example.org/simple" }
    wheels = [{ path = "server-2.0-py3-none-any.whl" }]

    [package.optional-dependencies]
    standard = [{ name = "loop" }]

    [[package]]
    name = "loop"
    version = "0.9"
    source = { registry = "https://index.example.org/simple" }
    wheels = [
        { url = "https://files.example.org/loop-0.9%2Blocal-cp311-cp311-manylinux_2_17_x86_64.whl" },
    ]

    [[package]]
    name = "tzdata"
    version = "2025.1"
    source = { registry = "https://index.example.org/simple" }

    [[package]]
    name = "sheets"
    version = "3.1"
    source = { git = "https://git.example.org/sheets?rev=main#0123" }

    [[package]]
    name = "tests"
    version = "8.0"
    source = { registry = "https://index.example.org/simple" }
"""
GROUPS = """
    [[package]]
    name = "Fast_Api"
    version = "1.0"
    optional = false
    groups = ["main"]
    files = [
        {file = "fast_api-1.0-py3-none-any.whl", hash = "sha256:0"},
        {file = "fast_api-1.0.tar.gz", hash = "sha256:0"},
    ]

    [package.dependencies]
    loop = {version = ">=0.9", markers = "extra == \\"x\\"", optional = true}
    server = ">=2"

    [[package]]
    name = "server"
    version = "2.0"
    optional = false
    groups = ["main", "dev"]
    markers = {main = "python_version < \\"3.12\\"", dev = "python_version < \\"3.14\\""}
    files = []

    [[package]]
    name = "sheets"
    version = "3.1"
    optional = true
    groups = ["main"]
    files = []

    [package.source]
    type = "git"
    url = "https://git.example.org/sheets"

    [[package]]
    name = "tests"
    version = "8.0"
    optional = false
    groups = ["dev"]
    files = []

    [extras]
    excel = ["sheets"]

    [metadata]
    lock-version = "2.1"
    python-versions = ">=3.11"
    content-hash = "0"
"""
CATEGORIES = """
    [[package]]
    name = "fast-api"
    version = "1.0"
    category = "main"
    optional = false

    [[package]]
    name = "tests"
    version = "8.0"
    category = "dev"
    optional = false

    [metadata]
    lock-version = "1.1"

    [metadata.files]
    fast-api = [{file = "fast_api-1.0-cp311-cp311-linux_x86_64.whl", hash = "sha256:0"}]
    tests = []
"""
WITHOUT_GROUPS = """
    [[package]]
    name = "fast-api"
    version = "1.0"
    optional = false
    files = []

    [package.dependencies]
    server = ">=2"

    [[package]]
    name = "server"
    version = "2.0"
    optional = false
    files = []

    [[package]]
    name = "tests"
    version = "8.0"
    optional = false
    files = []

    [metadata]
    lock-version = "2.0"
"""
PROJECT = """
    [tool.poetry.dependencies]
    python = "^3.11"
    fast-api = "^1"

    [tool.poetry.group.dev.dependencies]
    tests = "*"
"""
FLAT = """
    [metadata]
    groups = ["default", "test"]
    lock_version = "4.5.0"

    [[package]]
    name = "fast-api"
    version = "1.0"
    groups = ["default"]
    dependencies = ["server>=2"]
    files = [{file = "fast_api-1.0-py3-none-any.whl", hash = "sha256:0"}]

    [[package]]
    name = "fast-api"
    version = "1.0"
    extras = ["all"]
    groups = ["default"]

    [[package]]
    name = "server"
    version = "2.0"
    groups = ["default", "test"]
    marker = "sys_platform == \\"win32\\""
    git = "https://git.example.org/server"

    [[package]]
    name = "tests"
    version = "8.0"
    groups = ["test"]
"""
SECTIONS = """
    {
        "_meta": {"hash": {"sha256": "0"}, "pipfile-spec": 6, "requires": {}, "sources": []},
        "default": {
            "fast-api": {
                "hashes": ["sha256:0"],
                "version": "==1.0"
            },
            "server": {"git": "https://git.example.org/server", "ref": "0123"}
        },
        "develop": {
            "tests": {"hashes": [], "markers": "python_version >= '3.8'", "version": "==8.0"}
        }
    }
"""
STANDARD = """
    lock-version = "1.0"
    created-by = "a-tool"

    [[packages]]
    name = "fast-api"
    version = "1.0"
    wheels = [{name = "fast_api-1.0-py3-none-any.whl", url = "https://files.example.org/x", hashes = {}}]

    [[packages]]
    name = "tests"
    version = "8.0"
    marker = "'dev' in dependency_groups"
    sdist = {url = "https://files.example.org/tests-8.0.tar.gz", hashes = {}}

    [[packages]]
    name = "sheets"
    vcs = {type = "git", url = "https://git.example.org/sheets", commit-id = "0123"}
"""


def lock(name: str, text: str, project: str | None = None) -> Locked:
    found = parse_lock(name, dedent(text), dedent(project) if project else None)
    assert isinstance(found, Locked), found
    return found


def names(found: Locked, *groups: str, without: str = "win32") -> set[str]:
    return {each.name for each in found.closure(groups, lambda marker: without not in marker)}


def test_a_graph_is_followed_from_the_project() -> None:
    found = lock("uv.lock", GRAPH)
    assert found.projects == {"shop"}
    assert found.groups == {"main", "excel", "dev"}
    assert names(found, "main") == {"fast-api", "server", "loop"}
    assert names(found, "main", without="nothing") == {"fast-api", "server", "loop", "tzdata"}
    assert names(found, "main", "dev", "excel") == {"fast-api", "server", "loop", "sheets", "tests"}
    each = {item.name: item for item in found.distributions}
    assert each["fast-api"].files == ("fast_api-1.0-py3-none-any.whl", "fast_api-1.0.tar.gz")
    assert each["loop"].files == ("loop-0.9+local-cp311-cp311-manylinux_2_17_x86_64.whl",)
    assert each["server"].files == ("server-2.0-py3-none-any.whl",)
    assert (each["sheets"].source, each["sheets"].files) == ("vcs", None)
    assert dedent(GRAPH).splitlines()[each["loop"].line] == 'name = "loop"'


def test_members_of_a_workspace_are_projects() -> None:
    member = GRAPH.replace('editable = "."', 'editable = "members/shop"')
    text = member.replace("revision = 3\n", 'revision = 3\n\n    [manifest]\n    members = ["shop"]\n')
    assert names(lock("uv.lock", text), "main") == {"fast-api", "server", "loop"}
    assert "names no project" in str(parse_lock("uv.lock", dedent(member)))


def test_groups_and_their_markers() -> None:
    found = lock("poetry.lock", GROUPS)
    assert names(found, "main") == {"fast-api", "server"}
    assert names(found, "main", without='< "3.12"') == {"fast-api"}
    assert names(found, "dev", without='< "3.12"') == {"server", "tests"}
    assert names(found, "main", "excel") == {"fast-api", "server", "sheets"}
    assert next(each for each in found.distributions if each.name == "sheets").source == "vcs"


def test_categories_and_files_that_are_listed_apart() -> None:
    found = lock("poetry.lock", CATEGORIES)
    assert (names(found, "main"), names(found, "dev")) == ({"fast-api"}, {"tests"})
    assert found.distributions[0].files == ("fast_api-1.0-cp311-cp311-linux_x86_64.whl",)
    assert found.distributions[1].files is None


def test_groups_that_only_the_project_tells() -> None:
    assert names(lock("poetry.lock", WITHOUT_GROUPS), "main") == {"fast-api", "server", "tests"}
    found = lock("poetry.lock", WITHOUT_GROUPS, PROJECT)
    assert (names(found, "main"), names(found, "dev")) == ({"fast-api", "server"}, {"tests"})
    standard = '[project]\ndependencies = ["fast-api>=1"]\n[dependency-groups]\nci = ["tests"]\n'
    assert names(lock("poetry.lock", WITHOUT_GROUPS, standard), "ci") == {"tests"}
    assert names(lock("poetry.lock", WITHOUT_GROUPS, "not toml ="), "main") == {"fast-api", "server", "tests"}


def test_flat_lists() -> None:
    found = lock("pdm.lock", FLAT)
    assert (names(found, "main"), names(found, "test")) == ({"fast-api"}, {"tests"})
    assert names(found, "main", without="nothing") == {"fast-api", "server"}
    assert found.distributions[0].files == ("fast_api-1.0-py3-none-any.whl",)
    assert len(found.distributions) == 3
    assert names(lock("pdm.lock", FLAT.replace('groups = ["default"]\n', "")), "test") == {"fast-api", "tests"}


def test_sections() -> None:
    found = lock("Pipfile.lock", SECTIONS)
    assert (names(found, "main"), names(found, "dev")) == ({"fast-api", "server"}, {"tests"})
    assert [(each.version, each.source, each.files, each.line) for each in found.distributions] == [
        ("1.0", "index", None, 5),
        ("", "vcs", None, 9),
        ("8.0", "index", None, 12),
    ]
    unpinned = parse_lock("Pipfile.lock", dedent(SECTIONS.replace("==1.0", "*")))
    assert str(unpinned) == "Pipfile.lock:5: fast-api has no version of its own"


def test_the_standard_form() -> None:
    found = lock("a/pylock.web.toml", STANDARD)
    assert names(found, without="dependency_groups") == {"fast-api", "sheets"}
    assert names(found) == {"fast-api", "sheets", "tests"}
    assert [each.files for each in found.distributions] == [
        ("fast_api-1.0-py3-none-any.whl",),
        ("tests-8.0.tar.gz",),
        None,
    ]


@pytest.mark.parametrize(("name", "text", "said"), [
    ("uv.lock", "version = 2\n", "uv.lock: its version is 2 and not 1"),
    ("uv.lock", "version = 1\n[[package]]\nversion = '1'\n", "uv.lock:2: an entry has no name"),
    ("uv.lock", "version = 1\n[[package]]\nname = 'a'\n", "uv.lock:2: the source of a is of no known kind"),
    ("uv.lock", "version = 1\npackage = 3\n", "uv.lock: package is not a list"),
    ("uv.lock", "version = 1\n\n= 3\n", "uv.lock:3: it is not valid TOML"),
    ("poetry.lock", "[metadata]\nlock-version = '3.0'\n", "poetry.lock: its lock version is 3.0"),
    ("poetry.lock", "[[package]]\nname = 'a'\n[package.source]\ntype = 'x'\n", "poetry.lock:1: the source of a is 'x'"),
    ("poetry.lock", "[[package]]\nname = 'a'\nversion = 1\n", "poetry.lock:1: version is not a text"),
    ("pdm.lock", "[metadata]\nlock_version = '3.1'\n", "pdm.lock: its lock version is 3.1"),
    ("pdm.lock", "package = []\n", "pdm.lock: its lock version is missing"),
    ("Pipfile.lock", '{"_meta": {"pipfile-spec": 5}}', "Pipfile.lock: its specification is 5"),
    ("Pipfile.lock", '{"_meta":\n', "Pipfile.lock:2: it is not valid JSON"),
    ("pylock.toml", "lock-version = '2.0'\n", "pylock.toml: its lock version is '2.0'"),
    ("pylock.toml", "lock-version = '1.0'\n[[packages]]\nname = 'a'\nwheels = [{}]\n", "pylock.toml: a file has no name"),
])  # fmt: skip
def test_what_cannot_be_read_says_why_and_where(name: str, text: str, said: str) -> None:
    found = parse_lock(name, text)
    assert isinstance(found, Unread)
    assert str(found).startswith(said)


def test_what_is_asked_for_has_to_be_there() -> None:
    found = lock("uv.lock", GRAPH.replace('{ name = "fast-api" },', '{ name = "fast-api" }, { name = "lost" },'))
    with pytest.raises(LockError, match="lost is asked for"):
        names(found, "main")


def test_a_file_of_the_build_context(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app/poetry.lock").write_text(dedent(WITHOUT_GROUPS))
    (tmp_path / "app/pyproject.toml").write_text(dedent(PROJECT))
    context = BuildContext(tmp_path)
    found = read_lock(context, "app/poetry.lock")
    assert isinstance(found, Locked)
    assert names(found, "main") == {"fast-api", "server"}
    assert read_lock(context, "app/poetry.lock") is found
    assert isinstance(read_lock(context, "uv.lock"), Unread)
    (tmp_path / "uv.lock").write_text(dedent(GRAPH) + "# a comment\n" * 100_000)
    assert isinstance(read_lock(BuildContext(tmp_path), "uv.lock"), Locked)  # of more than 1 MiB
    assert is_lock("app/poetry.lock")
    assert not is_lock("package-lock.json")
