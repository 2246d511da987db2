from __future__ import annotations

import pytest

from dockfix.knowledge import BaseImage, SystemPython, base_image, plain_reference, slim_reference, why_not_split
from dockfix.syntax import image as reference_of


def known(reference: str) -> BaseImage | None:
    found = reference_of(reference)
    return base_image(found.registry, found.repository, found.tag or "latest")


@pytest.mark.parametrize(
    ("reference", "distribution", "releases"),
    [
        ("debian", "debian", "bookworm trixie"),
        ("debian:12-slim", "debian", "bookworm"),
        ("debian:12.5", "debian", "bookworm"),
        ("debian:bullseye-20240513-slim", "debian", "bullseye"),
        ("docker.io/library/debian:stable-slim", "debian", "bookworm trixie"),
        ("ubuntu:22.04", "ubuntu", "jammy"),
        ("ubuntu:noble-20240605", "ubuntu", "noble"),
        ("public.ecr.aws/docker/library/ubuntu:20.04", "ubuntu", "focal"),
        ("ubuntu", "ubuntu", "jammy noble"),
    ],
)
def test_plain_systems(reference: str, distribution: str, releases: str) -> None:
    image = known(reference)
    assert image is not None
    assert (image.distribution, image.releases) == (distribution, frozenset(releases.split()))
    assert (image.runtime, image.system, image.variant, image.own_prefix) == ("", "debian", "plain", "/usr/local")


@pytest.mark.parametrize("reference", ["debian:sid", "debian:buster-slim", "ubuntu:18.04", "ubuntu:rolling"])
def test_systems_of_whose_packages_nothing_is_known(reference: str) -> None:
    image = known(reference)
    assert image is not None
    assert image.releases is None


@pytest.mark.parametrize(
    "reference",
    ["debian:experimental-x", "team/debian:12", "debian@sha256:1", "registry.example.com/team/ubuntu", "ubuntu:7"],
)
def test_others_that_look_like_them(reference: str) -> None:
    assert known(reference) is None or "@" in reference


@pytest.mark.parametrize(
    ("reference", "version", "variant", "releases", "slim"),
    [
        ("ghcr.io/astral-sh/uv:python3.12-bookworm-slim", "3.12", "slim", "bookworm", None),
        (
            "ghcr.io/astral-sh/uv:0.5-python3.13-trixie",
            "3.13",
            "full",
            "trixie",
            "ghcr.io/astral-sh/uv:0.5-python3.13-trixie-slim",
        ),
        ("mcr.microsoft.com/devcontainers/python:3.11", "3.11", "full", "bookworm trixie", None),
        ("mcr.microsoft.com/devcontainers/python:1-3.12-bookworm", "3.12", "full", "bookworm", None),
        ("mcr.microsoft.com/vscode/devcontainers/python:0-3.9-bullseye", "3.9", "full", "bullseye", None),
        ("mirror.gcr.io/library/python:3.11-slim", "3.11", "slim", "bookworm trixie", None),
    ],
)
def test_images_made_of_the_official_one(
    reference: str, version: str, variant: str, releases: str, slim: str | None
) -> None:
    image = known(reference)
    assert image is not None
    assert (image.runtime, image.version, image.variant) == ("python", version, variant)
    assert image.releases == frozenset(releases.split())
    if image.variant == "full":
        assert image.with_slim == (slim is not None)
    if slim is not None:
        assert slim_reference(reference) == slim


def test_the_image_of_uv_brings_it() -> None:
    image = known("ghcr.io/astral-sh/uv:python3.12-alpine")
    assert image is not None
    assert (image.system, image.tools) == ("alpine", ("/usr/local/bin/uv", "/usr/local/bin/uvx"))
    assert known("ghcr.io/astral-sh/uv:latest") is None


@pytest.mark.parametrize(
    ("reference", "word"),
    [
        ("nvidia/cuda:12.2.0-runtime-ubuntu22.04", "CUDA"),
        ("continuumio/miniconda3", "conda"),
        ("docker.io/mambaorg/micromamba:1", "conda"),
        ("pytorch/pytorch:2.4.0-cuda12.1-cudnn9-runtime", "virtual environment"),
        ("pypy:3.10", "/opt/pypy"),
        ("public.ecr.aws/lambda/python:3.12", "/var/task"),
        ("team/base", ""),
    ],
)
def test_why_the_packages_of_an_image_are_not_carried(reference: str, word: str) -> None:
    found = reference_of(reference)
    said = why_not_split(found.registry, found.repository)
    assert (word in said) if word else said == ""


def test_what_stands_in_for_packages_of_the_systems_python() -> None:
    debian = SystemPython("debian", frozenset({"bookworm"}))
    assert debian.instead("python3-pip", None) == ("python3", "ca-certificates")
    assert debian.recommended("python3-pip") == ()
    assert SystemPython("ubuntu", frozenset({"jammy"})).recommended("python3-pip") == ("netbase",)
    assert {"pip3", "gcc", "make", "python3-config"} <= debian.commands("python3-pip")
    assert debian.instead("python3.11-dev", None) == ("python3.11",)
    assert debian.commands("python3.11-dev") == {"python3.11-config"}
    assert debian.instead("libpython3-dev", None) == ()
    assert debian.role("python3-numpy") != "build"
    assert debian.instead("libpq-dev", frozenset({"bookworm"})) == ("libpq5",)


def test_libraries_of_ubuntu_are_those_of_its_release() -> None:
    jammy = SystemPython("ubuntu", frozenset({"jammy"}))
    assert jammy.instead("libtiff-dev", None) == ("libtiff5", "libtiffxx5")
    assert jammy.instead("libffi-dev", None) == ()
    assert SystemPython("ubuntu", frozenset({"jammy", "noble"})).instead("libtiff-dev", None) is None
    assert SystemPython("ubuntu", frozenset({"jammy", "noble"})).instead("libpq-dev", None) == ("libpq5",)
    assert SystemPython("ubuntu", None).instead("libpq-dev", None) is None
    assert jammy.has("libgomp1")
    assert not jammy.has("libjpeg62-turbo")


@pytest.mark.parametrize(
    ("package", "releases", "modules"),
    [
        ("python3-pip", "bookworm", "python3-setuptools python3-wheel"),
        ("python3-pip", "trixie", "python3-wheel"),  # which brings python3-packaging
        ("python3-pip", "bookworm trixie", "python3-setuptools python3-wheel"),
        ("python3-pip", "", "python3-setuptools python3-wheel"),
        ("python3-dev", "jammy", "python3-setuptools"),  # for distutils
        ("python3-dev", "noble", ""),
        ("rustc", "bookworm", "python3-pygments python3-yaml"),
        ("libglib2.0-dev", "noble", "python3-packaging"),
        ("gcc", "", ""),
    ],
)
def test_modules_that_pip_finds_and_does_not_install_again(package: str, releases: str, modules: str) -> None:
    known = SystemPython("debian", frozenset(releases.split()) or None)
    assert known.modules(package) == tuple(modules.split())


def test_modules_whose_names_depend_on_the_release() -> None:
    assert SystemPython("ubuntu", frozenset({"jammy", "noble"})).modules("libvips-dev") is None


@pytest.mark.parametrize(
    ("reference", "plain"),
    [
        ("ghcr.io/astral-sh/uv:python3.12-bookworm-slim", "python:3.12-slim-bookworm"),
        ("ghcr.io/astral-sh/uv:0.8.22-python3.11-trixie", "python:3.11-trixie"),
        ("ghcr.io/astral-sh/uv:0.8-python3.13-alpine", "python:3.13-alpine"),
        ("ghcr.io/astral-sh/uv:python3.13-alpine3.22", "python:3.13-alpine3.22"),
        ("ghcr.io/astral-sh/uv:python3.14-rc-bookworm", None),
        ("ghcr.io/astral-sh/uv:0.8.22", None),
        ("ghcr.io/astral-sh/uv:python3.12-bookworm-slim@sha256:" + "0" * 64, None),
        ("mcr.microsoft.com/devcontainers/python:1-3.11-bookworm", None),
        ("python:3.12", None),
    ],
)
def test_the_official_image_that_one_with_a_manager_is_made_of(reference: str, plain: str | None) -> None:
    assert plain_reference(reference) == plain


@pytest.mark.parametrize(
    ("tag", "releases"),
    [
        ("3.20", {"3.20"}),
        ("3.20.3", {"3.20"}),
        ("latest", {"3.20", "3.21", "3.22", "3.23", "3.24"}),
        ("3.5", None),
        ("edge", None),
    ],
)
def test_alpine_without_a_language(tag: str, releases: set[str] | None) -> None:
    image = known(f"alpine:{tag}")
    assert image is not None
    assert (image.runtime, image.system, image.makes_environments) == ("", "alpine", True)
    assert image.releases == (None if releases is None else frozenset(releases))


@pytest.mark.parametrize(
    ("reference", "variant"),
    [
        ("oven/bun", "slim"),
        ("oven/bun:1", "slim"),
        ("oven/bun:1.2.3-debian", "slim"),
        ("docker.io/oven/bun:slim", "slim"),
        ("oven/bun:1-alpine", "alpine"),
        ("oven/bun:canary-alpine", "alpine"),
        ("oven/bun:distroless", ""),
        ("registry.example.com/oven/bun:1", ""),
    ],
)
def test_the_images_of_bun(reference: str, variant: str) -> None:
    found = reference_of(reference)
    image = base_image(found.registry, found.repository, found.tag or "latest")
    assert (image.variant if image is not None else "") == variant
    if image is not None:
        assert (image.runtime, image.runner, image.workdir) == ("node", "bun", "/home/bun/app")
        assert image.user is not None
        assert image.user.is_named("bun:bun")
