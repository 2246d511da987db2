from __future__ import annotations

import pytest

from dockfix.knowledge import BaseImage, base_image, packages_are_gone, slim_reference
from dockfix.knowledge.tables import table


@pytest.mark.parametrize(
    ("tag", "version", "variant", "suites"),
    [
        (None, "", "full", "bookworm trixie"),
        ("latest", "", "full", "bookworm trixie"),
        ("slim", "", "slim", "bookworm trixie"),
        ("bookworm", "", "full", "bookworm"),
        ("slim-bullseye", "", "slim", "bullseye"),
        ("3", "3", "full", "bookworm trixie"),
        ("3.11", "3.11", "full", "bookworm trixie"),
        ("3.11-slim", "3.11", "slim", "bookworm trixie"),
        ("3.14-slim", "3.14", "slim", "trixie"),
        ("3.8-slim", "3.8", "slim", "bookworm"),
        ("3.7", "3.7", "full", "bookworm"),
        ("3.11-slim-bookworm", "3.11", "slim", "bookworm"),
        ("3.11-bookworm", "3.11", "full", "bookworm"),
        ("3.8-slim-buster", "3.8", "slim", "buster"),
        ("3.11.0-slim", "3.11.0", "slim", "bullseye"),
        ("3.11.3", "3.11.3", "full", "bullseye"),
        ("3.11.4", "3.11.4", "full", "bullseye bookworm"),
        ("3.11.9", "3.11.9", "full", "bookworm"),
        ("3.11.13-slim", "3.11.13", "slim", "bookworm trixie"),
        ("3.12.12-slim", "3.12.12", "slim", "trixie"),
        ("3.9.17-slim", "3.9.17", "slim", "bullseye bookworm"),
        ("3.14.0rc1-slim", "3.14.0rc1", "slim", "bookworm trixie"),
        ("3.15-rc-slim", "3.15-rc", "slim", "trixie"),
        ("3.15-rc-slim-bookworm", "3.15-rc", "slim", "bookworm"),
    ],
)
def test_debian_tags(tag: str | None, version: str, variant: str, suites: str) -> None:
    image = base_image("", "python", tag)
    assert image is not None
    assert (image.version, image.variant, image.releases) == (version, variant, frozenset(suites.split()))


@pytest.mark.parametrize(
    "tag", ["3.8.5-slim", "3.9.6", "3.10.0b1", "3.5", "2.7", "2", "3.16", "4", "rc", "rc-slim", "3.16.0", "3.16-rc"]
)
def test_maybe_older_or_newer_than_the_tables(tag: str) -> None:
    image = base_image("", "python", tag)
    assert image is not None
    assert image.releases is None


@pytest.mark.parametrize(
    ("tag", "version", "variant"),
    [
        ("windowsservercore", "", "windows"),
        ("3.12-windowsservercore-ltsc2022", "3.12", "windows"),
        ("3.9-windowsservercore-1809", "3.9", "windows"),
    ],
)
def test_other_systems(tag: str, version: str, variant: str) -> None:
    image = base_image("", "python", tag)
    assert image is not None
    assert (image.version, image.variant, image.releases) == (version, variant, None)


ALPINE = frozenset(table("base_images")["alpine"]["releases"])


@pytest.mark.parametrize(
    ("tag", "version", "releases"),
    [
        ("alpine", "", ALPINE),
        ("alpine3.20", "", {"3.20"}),
        ("3.12-alpine", "3.12", ALPINE),
        ("3.12.4-alpine", "3.12.4", ALPINE),
        ("3.9-alpine", "3.9", ALPINE),
        ("3.9.1-alpine", "3.9.1", None),
        ("3.14.0rc1-alpine", "3.14.0rc1", None),
        ("2.7-alpine", "2.7", None),
        ("3.7-alpine3.9", "3.7", {"3.9"}),
        ("3.11.9-alpine3.19", "3.11.9", {"3.19"}),
    ],
)
def test_alpine(tag: str, version: str, releases: frozenset[str] | None) -> None:
    image = base_image("", "python", tag)
    assert image is not None and image.system == "alpine"
    assert (image.version, image.variant, image.releases) == (version, "alpine", releases)


@pytest.mark.parametrize(
    "tag",
    [
        *["3.11slim", "3.11-", "-slim", "3.6-onbuild", "latest-slim", "3.11-slim-foo", "3.11-slimbookworm", "3.11rc1"],
        *["3.13.0-rc", "3.11-bookworm-slim", "slim-3.11", "3.11.", "3.1.2.3", "SLIM", "3.11-noble", "v3.11", "my-tag"],
        *[" 3.11", "3.11\n"],
    ],
)
def test_no_official_tag(tag: str) -> None:
    assert base_image("", "python", tag) is None


@pytest.mark.parametrize(
    ("registry", "repository"),
    [
        ("", "python"),
        ("", "library/python"),
        ("docker.io", "python"),
        ("docker.io", "library/python"),
        ("localhost", "python"),
        ("localhost:5000", "python"),
        ("registry:5000", "python"),
        ("registry.example.com", "python"),
        ("public.ecr.aws", "docker/library/python"),
    ],
)
def test_official_repositories(registry: str, repository: str) -> None:
    image = BaseImage("python", "3.11", "slim", frozenset({"bookworm"}))
    assert base_image(registry, repository, "3.11-slim-bookworm") == image
    assert image.system == "debian"


@pytest.mark.parametrize(
    ("registry", "repository"),
    [
        ("", "someorg/python"),
        ("someorg", "python"),
        ("ghcr.io", "org/python"),
        ("", "python-slim"),
        ("", "pypy"),
        ("", "mylibrary/python"),
        ("registry.example.com", "library/python/extra"),
        ("", ""),
    ],
)
def test_other_repositories(registry: str, repository: str) -> None:
    assert base_image(registry, repository, "3.11") is None


def test_moves_are_in_the_order_of_the_releases() -> None:
    data = table("base_images")
    order = data["suites"]
    assert data["current"] == list(table("apt_runtime")["indices"])
    for minor, first in data["first_patch"].items():
        assert list(first) == [suite for suite in order if suite in first], minor
        assert list(first.values()) == sorted(first.values())
        assert min(first.values()) == 0
    for kind in ("floating", "prereleases"):
        for suites in data[kind].values():
            assert suites
            assert set(suites) <= set(order)


def test_a_floating_tag_names_what_its_last_patches_were_built_on() -> None:
    data = table("base_images")
    for minor, first in data["first_patch"].items():
        assert set(data["floating"][minor]) <= set(first)
        assert list(first)[-1] in data["floating"][minor]


@pytest.mark.parametrize(
    ("tag", "version", "variant", "releases"),
    [
        (None, "", "full", {"bookworm", "trixie"}),
        ("slim", "", "slim", {"bookworm", "trixie"}),
        ("20", "20", "full", {"bookworm"}),
        ("20-slim", "20", "slim", {"bookworm"}),
        ("iron-slim", "20", "slim", {"bookworm"}),
        ("22.12.0-slim", "22.12.0", "slim", {"bookworm", "trixie"}),
        ("20.11.1-bookworm-slim", "20.11.1", "slim", {"bookworm"}),
        ("14-buster", "14", "full", {"buster"}),
        ("bookworm", "", "full", {"bookworm"}),
        ("lts", "", "full", {"bookworm", "trixie"}),
        ("16", "16", "full", None),
        ("18-alpine3.19", "18", "alpine", {"3.19"}),
        ("20-alpine", "20", "alpine", ALPINE),
        ("lts-alpine", "", "alpine", ALPINE),
        ("14-alpine", "14", "alpine", None),
    ],
)
def test_node(tag: str | None, version: str, variant: str, releases: set[str] | None) -> None:
    image = base_image("", "node", tag)
    assert image is not None
    assert (image.runtime, image.version, image.variant, image.releases) == ("node", version, variant, releases)
    assert image.user is not None and image.user.is_named("node:1000") and image.user.is_named("1000")
    assert not image.user.is_named("root") and not image.user.is_named("node:root")


@pytest.mark.parametrize("tag", ["8-onbuild", "-slim", "20-", "slim-bookworm", "20slim", "chakracore-10", "nightly"])
def test_no_tags_of_node(tag: str) -> None:
    assert base_image("", "node", tag) is None


@pytest.mark.parametrize(
    ("reference", "slim"),
    [
        ("node", "node:slim"),
        ("node:20", "node:20-slim"),
        ("docker.io/library/node:lts", "docker.io/library/node:lts-slim"),
        ("node:20-bookworm", "node:20-bookworm-slim"),
        ("node:20-alpine", None),
        ("node:20-slim", None),
    ],
)
def test_the_slim_image_of_node(reference: str, slim: str | None) -> None:
    assert slim_reference(reference) == slim


@pytest.mark.parametrize(("tag", "gone"), [
    ("3.10-buster", True), ("3.7-slim-stretch", True), ("3.4", True), ("2.7", True), ("3.5-slim", True), ("3.8.10", True),
    ("3.8.11", False),  # built on buster and on bullseye
    ("3.8", False), ("3.6", False), ("3.4-alpine", False), ("3", False), (None, False), ("3.15.0rc1", False), ("3.10-bullseye", False),
])  # fmt: skip
def test_whose_packages_apt_no_longer_finds(tag: str | None, gone: bool) -> None:
    assert packages_are_gone("", "python", tag) is gone
    assert not packages_are_gone("", "node", tag)
