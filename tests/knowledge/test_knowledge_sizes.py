from __future__ import annotations

import pytest

from dockfix.knowledge import known_suites, sizes, slim_libraries

MB = 1_000_000


@pytest.mark.parametrize("suite", known_suites())
def test_a_compiler_with_all_that_it_brings(suite: str) -> None:
    plain, all_ = sizes.installed(["gcc"], suite), sizes.installed(["gcc"], suite, recommended=True)
    assert {"gcc", "cpp", "binutils"} <= plain
    assert "libc6-dev" in all_ - plain
    assert 120 * MB < sizes.size_of(plain, suite) < sizes.size_of(all_, suite) < 350 * MB


@pytest.mark.parametrize("suite", known_suites())
def test_the_full_image_is_some_hundred_megabytes_larger(suite: str) -> None:
    assert 500 * MB < sizes.size_of(sizes.full_image(suite), suite) < 1000 * MB


@pytest.mark.parametrize("suite", known_suites())
def test_perl_comes_along_with_what_needs_it(suite: str) -> None:
    """The slim image has no more of it than perl-base."""
    brought = sizes.installed(["build-essential"], suite)
    assert "perl" in brought
    assert any(name.startswith("perl-modules-") for name in brought)
    assert sizes.size_of([name for name in brought if "perl" in name], suite) > 40 * MB


@pytest.mark.parametrize("suite", known_suites())
def test_what_pip_of_debian_brings(suite: str) -> None:
    """It recommends compilers and headers."""
    brought = sizes.installed(["python3-pip"], suite, recommended=True)
    assert {"build-essential", "gcc", "libc6-dev", "python3-dev"} <= brought
    assert sizes.size_of(brought, suite) > 300 * MB


def test_what_is_not_known_has_no_size() -> None:
    assert sizes.installed(["no-such-package"], "bookworm") == frozenset()
    assert sizes.size_of(["no-such-package"], "bookworm") == 0
    assert sizes.installed(["gcc"], "sarge") == frozenset()


def test_what_a_package_that_stays_brings_of_those_that_may_leave() -> None:
    assert "libcurl4" in sizes.installed(["curl"], "bookworm")
    assert "libc6" not in sizes.installed(["gcc"], "bookworm")  # every image has it


@pytest.mark.parametrize("suite", known_suites())
def test_what_libraries_the_slim_image_has(suite: str) -> None:
    there = slim_libraries(suite)
    assert {"libz.so.1", "libstdc++.so.6", "libgcc_s.so.1", "libsqlite3.so.0", "liblzma.so.5"} <= there
    assert there.isdisjoint({"libpq.so.5", "libxml2.so.2", "libglib-2.0.so.0", "libmagic.so.1", "libgomp.so.1"})
