from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.utils import canonicalize_name

from dockfix.knowledge import calls, compiles_at_run_time, needs_dev_packages, needs_libraries, normalise, role
from dockfix.knowledge.tables import table

TABLES = ["compiles", "calls", "libraries", "dlopen"]


@pytest.mark.parametrize("kind", TABLES)
def test_names_are_normalised(kind: str) -> None:
    for group in table("python_packages")[kind]:
        names = group["distributions"].split()
        assert names
        assert len(names) == len(set(names))
        for name in names:
            assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name), name


@pytest.mark.parametrize("kind", ["compiles", "dlopen"])
def test_a_reason_is_given_once(kind: str) -> None:
    names = [name for group in table("python_packages")[kind] for name in group["distributions"].split()]
    assert sorted(names) == sorted(set(names))
    assert all(group["why"] for group in table("python_packages")[kind])


@pytest.mark.parametrize("kind", ["compiles", "calls", "libraries"])
def test_sources_are_given(kind: str) -> None:
    assert all(group["source"] for group in table("python_packages")[kind])


def test_libraries_are_no_build_packages() -> None:
    packages = {name for group in table("python_packages")["libraries"] for name in group["packages"].split()}
    assert packages
    assert {role(package) for package in packages} == {"run"}


@pytest.mark.parametrize(
    "name", ["torch", "triton", "Torch", "pytensor", "cmdstanpy", "vllm", "pyannote.audio", "Sentence_Transformers"]
)
def test_compiles_at_run_time(name: str) -> None:
    compiles = compiles_at_run_time(name)
    assert compiles is not None
    assert compiles.why
    assert not compiles.why.endswith(".")


@pytest.mark.parametrize("name", ["flask", "numpy", "transformers", "prophet", "cython", "no-such-thing", ""])
def test_does_not_compile_at_run_time(name: str) -> None:
    assert compiles_at_run_time(name) is None


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("GitPython", {"git"}),
        ("ffmpeg-python", {"ffmpeg", "ffprobe"}),
        ("typed_ffmpeg", {"ffmpeg", "ffprobe"}),
        ("pyshark", {"tshark", "dumpcap"}),
        ("treepoem", {"gs"}),
        ("django-wkhtmltopdf", {"wkhtmltopdf", "wkhtmltoimage", "xvfb-run"}),
        ("moviepy", set()),
        ("imageio-ffmpeg", set()),
        ("pre_commit", {"git"}),
        ("pydub", {"ffmpeg", "ffprobe"}),
        ("ocrmypdf", {"tesseract", "gs", "unpaper", "pngquant", "jbig2"}),
        ("pyinstaller", {"ldd", "objdump", "objcopy"}),
        ("flask", set()),
    ],
)
def test_calls(name: str, expected: set[str]) -> None:
    assert calls(name) == expected


def test_needs_libraries() -> None:
    assert needs_libraries("LightGBM") == ("libgomp1",)
    assert needs_libraries("pycaret") == ("libgomp1",)
    assert needs_libraries("scikit-learn") == ()


def test_needs_dev_packages() -> None:
    reason = needs_dev_packages("PyGObject")
    assert reason is not None
    assert "typelibs" in reason
    assert needs_dev_packages("python-magic") is None
    assert needs_dev_packages("no-such-thing") is None


@given(st.text(st.one_of(st.sampled_from("aB1-_. "), st.characters()), max_size=20))
def test_names_are_normalised_as_pip_does(name: str) -> None:
    assert normalise(name) == canonicalize_name(name)
