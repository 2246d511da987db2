"""What is known of npm's packages that run nothing when they are installed."""

from __future__ import annotations

import re

import pytest

from dockfix.context.manifests.node_locks import parse_node_lock
from dockfix.context.manifests.package_tree import PackageTree
from dockfix.knowledge.npm_scripts import number, runs_inside, runs_nothing, runs_only_node, spans

_NAME = re.compile(r"(?:@[\w.~-]+/)?[\w.~-]+")


@pytest.mark.parametrize("part", ["none", "inside", "node"])
def test_every_row_is_a_name_and_two_versions_in_order(part: str) -> None:
    for name, span in spans()[part].items():
        versions = [number(version) for version in span.split(" ")]
        assert _NAME.fullmatch(name), name
        assert len(versions) % 2 == 0, name
        assert versions == sorted(versions), name


@pytest.mark.parametrize(
    ("name", "version", "inside"),
    [
        ("bcrypt", "5.1.1", True),
        ("@discordjs/opus", "0.9.0", True),
        ("puppeteer", "22.1.0", False),
        ("express", "999.0.0", False),
    ],
)
def test_what_only_compiles_leaves_nothing_elsewhere(name: str, version: str, inside: bool) -> None:
    assert runs_inside(name, version) is inside


@pytest.mark.parametrize(
    ("name", "version", "only"),
    [
        ("@iden3/js-jsonld-merklization", "1.4.1", True),
        ("svelte-preprocess", "5.1.4", True),
        ("svelte-preprocess", "3.0.0", False),
        ("@iden3/js-jsonld-merklization", "99.0.0", False),
        ("bcrypt", "5.1.1", False),
    ],
)
def test_what_prints_or_patches_takes_nothing_but_node(name: str, version: str, only: bool) -> None:
    assert runs_only_node(name, version) is only


@pytest.mark.parametrize(
    ("name", "version", "plain"),
    [
        ("lodash", "4.17.21", True),
        ("express", "4.19.2", True),
        ("express", "999.0.0", False),
        ("bcrypt", "5.1.1", False),
        ("esbuild", "0.21.5", False),
        ("sharp", "0.33.4", False),
        ("puppeteer", "22.1.0", False),
        ("core-js", "3.37.1", False),
        ("@swc/core-linux-x64-gnu", "1.6.5", False),
        ("no-such-package-of-anybody", "1.0.0", False),
    ],
)
def test_what_runs_nothing_is_known_up_to_the_version_that_was_looked_at(name: str, version: str, plain: bool) -> None:
    assert runs_nothing(name, version) is plain


@pytest.mark.parametrize(
    ("file", "text", "told"),
    [
        (
            "yarn.lock",
            "# yarn lockfile v1\n\n"
            'express@^4:\n  version "4.19.2"\n  resolved "https://registry.yarnpkg.com/express/-/express-4.19.2.tgz#a"\n\n'
            'bcrypt@^5:\n  version "5.1.1"\n  resolved "https://registry.yarnpkg.com/bcrypt/-/bcrypt-5.1.1.tgz#b"\n\n'
            'lodash@company/lodash:\n  version "4.17.21"\n  resolved "https://codeload.github.com/company/lodash/tar.gz/a"\n',
            {"express": False, "bcrypt": None, "lodash": None},
        ),
        (
            "package-lock.json",
            '{"lockfileVersion": 1, "dependencies": {"express": {"version": "4.19.2"}, "bcrypt": {"version": "5.1.1"},'
            ' "other": {"version": "npm:lodash@4.17.21"}}}',
            {"express": False, "bcrypt": None, "lodash": False},
        ),
        (
            "pnpm-lock.yaml",
            "lockfileVersion: '9.0'\n\npackages:\n\n  express@4.19.2:\n    resolution: {integrity: sha512-a}\n\n"
            "  bcrypt@5.1.1:\n    resolution: {integrity: sha512-b}\n\nsnapshots:\n\n  express@4.19.2: {}\n\n  bcrypt@5.1.1: {}\n",
            {"express": False, "bcrypt": None},
        ),
    ],
)
def test_locks_that_do_not_tell_are_told(file: str, text: str, told: dict[str, bool | None]) -> None:
    tree = parse_node_lock(file, text)
    assert isinstance(tree, PackageTree)
    assert {each.name: each.install_script for each in tree.packages} == told
