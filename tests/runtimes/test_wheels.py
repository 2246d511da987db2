from __future__ import annotations

import pytest

from dockfix.runtimes.wheels import Target, brings, holds, kind_of

AMD = Target((3, 11), "glibc", (2, 36), "x86_64", "bookworm")
ARM = Target((3, 11), "glibc", (2, 36), "aarch64", "bookworm")
MUSL = Target((3, 11), "musl", (1, 2), "x86_64")


@pytest.mark.parametrize(("files", "target", "kind"), [
    (["a-1-py3-none-any.whl", "a-1.tar.gz"], AMD, "pure"),
    (["a-1-py2.py3-none-any.whl"], MUSL, "pure"),
    (["a-1-py2-none-any.whl", "a-1.tar.gz"], AMD, "compiled"),
    (["a-1-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl", "a-1.tar.gz"], AMD, "binary"),
    (["a-1-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl", "a-1.tar.gz"], ARM, "compiled"),
    (["a-1-cp311-cp311-manylinux_2_17_x86_64.whl"], ARM, "none"),
    (["a-1-cp311-cp311-manylinux_2_17_x86_64.whl", "a-1.tar.gz"], MUSL, "compiled"),
    (["a-1-cp311-cp311-musllinux_1_2_x86_64.whl", "a-1.tar.gz"], MUSL, "binary"),
    (["a-1-cp311-cp311-musllinux_1_2_x86_64.whl", "a-1.tar.gz"], AMD, "compiled"),
    (["a-1-cp310-cp310-manylinux1_x86_64.whl", "a-1.tar.gz"], AMD, "compiled"),
    (["a-1-cp37-abi3-manylinux2010_x86_64.whl"], AMD, "binary"),
    (["a-1-cp312-abi3-manylinux2010_x86_64.whl", "a-1.zip"], AMD, "compiled"),
    (["a-1-cp311-cp311-manylinux_2_39_x86_64.whl", "a-1.tar.gz"], AMD, "compiled"),
    (["a-1-cp311-cp311-manylinux_2_17_x86_64.whl", "a-1-py3-none-any.whl"], AMD, "binary"),
    (["a-1-cp311-cp311-manylinux_2_17_x86_64.whl", "a-1-py3-none-any.whl"], ARM, "pure"),
    (["a-1-py3-none-manylinux_2_17_x86_64.whl"], AMD, "binary"),
    (["a-1-1-cp311-cp311-macosx_11_0_arm64.whl", "a-1-cp311-cp311-win_amd64.whl"], AMD, "none"),
    (["no-wheel.whl", "readme.txt"], AMD, "none"),
])  # fmt: skip
def test_what_comes_of_the_files(files: list[str], target: Target, kind: str) -> None:
    assert kind_of(files, target) == kind


@pytest.mark.parametrize(("marker", "answer"), [
    ("sys_platform == 'linux'", True),
    ("sys_platform == 'win32'", False),
    ("python_version < '3.11'", False),
    ("python_full_version < '3.11.4'", True),  # it may be one before that
    ("python_full_version >= '3.11.4'", True),
    ("platform_machine == 'aarch64'", True),  # one of the two
    ("platform_machine == 'riscv64'", False),
    ("'dev' in dependency_groups", True),  # which of them are installed is the lock's own matter
    ("extra == 'a-group-of-the-lock'", True),
    ("no marker", True),
    ("implementation_name == 'pypy'", False),
])  # fmt: skip
def test_markers_of_a_lock(marker: str, answer: bool) -> None:
    assert holds(marker, (AMD, ARM)) is answer


def test_a_patch_release_that_is_known() -> None:
    assert not holds("python_full_version < '3.11.4'", [Target((3, 11), "glibc", (2, 36), "x86_64", "bookworm", 9)])


def test_what_an_extra_brings() -> None:
    assert not brings("extra == 'all'", AMD, ())
    assert brings("extra == 'all'", AMD, {"all"})
    assert brings("python_version >= '3.8' and extra == 'all'", AMD, {"all", "none"})
    assert not brings("sys_platform == 'win32' and extra == 'all'", AMD, {"all"})
