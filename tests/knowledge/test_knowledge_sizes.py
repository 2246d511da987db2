from __future__ import annotations

import pytest

from dockfix.knowledge import known_suites, sizes

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


def test_what_is_not_known_has_no_size() -> None:
    assert sizes.installed(["no-such-package"], "bookworm") == frozenset()
    assert sizes.size_of(["no-such-package"], "bookworm") == 0
    assert sizes.installed(["gcc"], "sarge") == frozenset()


def test_what_a_package_that_stays_brings_of_those_that_may_leave() -> None:
    assert "libcurl4" in sizes.installed(["curl"], "bookworm")
    assert "libc6" not in sizes.installed(["gcc"], "bookworm")  # every image has it
