"""What belongs to Node.js and its managers in an image, and what its probe sees of packages."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from dockfix.runtimes.node import NODE
from dockfix.verify.compare.access import _remade
from dockfix.verify.system import of_packages


@pytest.mark.parametrize(
    ("path", "own"),
    [
        ("/app/node_modules/express/index.js", True),
        ("/app/package-lock.json", True),
        ("/repo/apps/web/yarn.lock", True),
        ("/root/.npm/_cacache/x", True),
        ("/root/.cache", True),
        ("/root/.cache/yarn/v6/x", True),
        ("/root/.local/share/pnpm/store/v3/files/00/x", True),
        ("/root/.local/share", True),
        ("/root/.config/configstore/update-notifier.json", True),
        ("/usr/local/share/.cache/yarn/v6", True),
        ("/usr/local/share/.cached", False),
        ("/root/.bun", True),
        ("/root/.bun/install/cache/hono@4.6.3/package.json", True),
        ("/root/.bun/data.db", False),
        ("/app/bun.lock", True),
        ("/app/bun.lockb", True),
        ("/app/.yarn/install-state.gz", True),
        ("/app/.yarn/releases/yarn-4.5.3.cjs", False),
        ("/root/.cache/puppeteer/chrome", False),
        ("/root/.config/app/settings.json", False),
        ("/root/.local/share/app.db", False),
        ("/app/package.json", False),
        ("/app/dist/server.js", False),
    ],
)
def test_what_managers_and_tools_keep_is_no_file_of_the_application(path: str, own: bool) -> None:
    assert bool(of_packages(frozenset({"node"})).fullmatch(path)) is own
    assert not of_packages(frozenset({"python"})).fullmatch(path)


def test_each_user_has_a_folder_of_compiled_code() -> None:
    assert _remade().fullmatch("/tmp/v8-compile-cache-0/11.3/x.BLOB")
    assert not _remade().fullmatch("/tmp/uploads/x")


def test_a_health_check_has_no_double_quote() -> None:
    words = NODE.asks("http://127.0.0.1:3000/health")
    assert words[:2] == ("node", "-e")
    assert '"' not in words[2]
    assert NODE.asks("http://127.0.0.1:3000/health", "bun") == ("bun", *words[1:])


def package(folder: Path, name: str, version: str, **more: Any) -> Path:
    path = folder / "node_modules" / name
    path.mkdir(parents=True)
    (path / "package.json").write_text(json.dumps({"name": name, "version": version, **more}))
    return path


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node.js is not on this machine")
    folder = tmp_path_factory.mktemp("app").resolve()
    outer = package(folder, "outer", "1.0.0", dependencies={"deep": "*"}, optionalDependencies={"native": "*"})
    package(outer, "deep", "1.0.0")
    package(folder, "deep", "2.0.0")
    native = package(folder, "native", "3.0.0")
    (native / "broken.node").write_bytes(b"no compiled code")
    (package(folder, "whole", "1.0.0", main="lib/begin.js") / "lib").mkdir()
    (folder / "node_modules" / "whole" / "lib" / "begin.js").write_text("throw new Error('never run')\n")
    package(folder, "lacking", "1.0.0", main="lib/begin.js")
    done = subprocess.run(
        [node, "-"], input=NODE.probe("packages"), cwd=folder, capture_output=True, text=True, check=True, timeout=60
    )
    line = next(line for line in done.stdout.splitlines() if line.startswith("dockfix-probe:"))
    return folder, json.loads(line.partition(":")[2])


def test_packages_are_found_at_each_place(seen: tuple[Path, dict[str, Any]]) -> None:
    _, answer = seen
    assert {"outer@1.0.0", "deep@1.0.0", "deep@2.0.0", "native@3.0.0"} <= answer["packages"].keys()
    assert answer["made_of"]["outer@1.0.0"]["requires"] == ["deep@1.0.0", "native@3.0.0"]


def test_compiled_code_is_tried_and_belongs_to_its_package(seen: tuple[Path, dict[str, Any]]) -> None:
    folder, answer = seen
    file = str(folder / "node_modules" / "native" / "broken.node")
    assert answer["modules"][file]
    assert answer["made_of"]["native@3.0.0"]["modules"] == ["native@3.0.0", file]


def test_the_file_that_a_package_begins_with_is_looked_for_and_not_run(seen: tuple[Path, dict[str, Any]]) -> None:
    _, answer = seen
    assert answer["modules"]["whole@1.0.0"] == ""
    assert answer["modules"]["lacking@1.0.0"] == "MODULE_NOT_FOUND"
    assert answer["made_of"]["lacking@1.0.0"]["modules"] == ["lacking@1.0.0"]
