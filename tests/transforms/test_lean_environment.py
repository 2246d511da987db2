"""An environment without pip and setuptools, where those of the base image serve (``virtualenv.lean``)."""

from __future__ import annotations

import pytest

from results import Project, refusal, text_of

OPTIONS = {"virtualenv.lean": True}
TEXT = (
    "FROM {base}\nWORKDIR /app\nRUN apt-get update && apt-get install -y gcc && rm -rf /var/lib/apt/lists/*\n"
    'COPY requirements.txt .\nRUN {install}\nCOPY . .\nCMD ["python", "app.py"]\n'
)
MADE = (
    'ENV PIP_PYTHON="/opt/venv/bin/python"\n'
    "RUN python -m venv --system-site-packages --without-pip /opt/venv\n"
    'ENV PATH="/opt/venv/bin:$PATH"\n'
)
WHOLE = "RUN python -m venv --system-site-packages /opt/venv\n"
PIP = "pip install -r requirements.txt"


def text(base: str = "python:3.11-slim-bookworm", install: str = PIP) -> str:
    return TEXT.format(base=base, install=install)


def parts(written: str) -> tuple[str, str]:
    """The builder and the runtime stage."""
    builder, _, runtime = written.partition(" AS runtime\n")
    assert runtime
    return builder, runtime


@pytest.mark.parametrize(
    "install", [PIP, "pip3 install -r requirements.txt", "python -m pip install -r requirements.txt"]
)
@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13.1"])
def test_the_base_images_pip_fills_it(project: Project, version: str, install: str) -> None:
    result = project(text(f"python:{version}-slim-bookworm", install), options=OPTIONS)
    builder, runtime = parts(text_of(result))
    assert MADE in builder
    assert f"    {install}\n" in builder
    assert "PIP_PYTHON" not in runtime  # a container may make environments of its own
    assert "COPY --from=builder /opt/venv /opt/venv\n" in runtime
    assert not any("setuptools" in note.message for note in result.refusals)


def test_not_unless_it_is_asked_for(project: Project) -> None:
    written = text_of(project(text()))
    assert WHOLE in written
    assert "PIP_PYTHON" not in written


@pytest.mark.parametrize(("version", "size"), [("3.11", 22_000_000), ("3.12", 13_000_000)])
def test_what_is_gained(project: Project, version: str, size: int) -> None:
    base = f"python:{version}-slim-bookworm"
    whole, lean = project(text(base)).saves, project(text(base), options=OPTIONS).saves
    assert whole is not None
    assert lean == whole + size


@pytest.mark.parametrize(
    ("dockerfile", "files", "reason"),
    [
        (text("python:3.10-slim-bookworm"), {}, "the base image's pip may be older than 22.3"),
        (text("python:3-slim-bookworm"), {}, "the base image's pip may be older than 22.3"),
        (text().replace("COPY . .", "RUN pip check\nCOPY . ."), {}, "pip is needed (the RUN in line 6 runs it)"),
        (text().replace("COPY . .", "COPY run.py ."), {}, "run.py was found neither beside the Dockerfile"),
    ],
    ids=["3.10", "any 3", "RUN", "unseen"],
)
def test_it_keeps_its_own(project: Project, dockerfile: str, files: dict[str, str], reason: str) -> None:
    result = project(dockerfile, files, options=OPTIONS, unsafe=True)
    assert "--without-pip" not in text_of(result)
    assert "AS runtime" in text_of(result)
    said = refusal(result, "virtualenv")
    assert said.startswith("pip and setuptools stay in the environment: ")
    assert reason in said


def test_another_manager_is_not_told(project: Project) -> None:
    lock = 'content-hash = "x"\n[[package]]\nname = "six"\nversion = "1.16.0"\nfiles = []\n[metadata]\nlock-version = "2.0"\n'
    files = {"pyproject.toml": '[tool.poetry]\nname = "a"\nversion = "1"\n', "poetry.lock": lock}
    install = "pip install poetry==2.2.1 && poetry config virtualenvs.create false && poetry install --no-root"
    dockerfile = text(install=install).replace("requirements.txt", "pyproject.toml poetry.lock")
    result = project(dockerfile, files, options=OPTIONS, unsafe=True)
    assert "RUN python -m venv /opt/venv\n" in text_of(result)
    assert "Poetry installs, which does not read PIP_PYTHON" in refusal(result, "virtualenv")


def test_nor_is_uv(project: Project) -> None:
    result = project(text(install=f"pip install uv && uv {PIP} --system"), options=OPTIONS, unsafe=True)
    assert "--without-pip" not in text_of(result)
    assert "uv installs, which does not read PIP_PYTHON" in refusal(result, "virtualenv")
    assert not result.warnings


OWN = text().replace("COPY requirements.txt .\n", MADE + "COPY requirements.txt .\n")


def test_one_that_is_there_already_is_carried(project: Project) -> None:
    result = project(OWN)
    builder, runtime = parts(text_of(result))
    assert MADE in builder
    assert "COPY --from=builder /opt/venv /opt/venv\n" in runtime
    assert text_of(result).count("python -m venv") == 1


@pytest.mark.parametrize(
    ("dockerfile", "reason"),
    [
        (OWN.replace("3.11", "3.10"), "older pips pass over PIP_PYTHON"),
        (
            OWN.replace('ENV PIP_PYTHON="/opt/venv/bin/python"\n', ""),
            "how the virtual environment /opt/venv is made is unknown",
        ),
        (
            OWN.replace('"/opt/venv/bin/python"', "/opt/other/bin/python"),
            "how the virtual environment /opt/venv is made is unknown",
        ),
        (
            OWN.replace("--without-pip ", "").replace("/opt/venv/bin/python", "/opt/other/bin/python"),
            "PIP_PYTHON may change",
        ),
        (OWN.replace('ENV PATH="/opt/venv/bin:$PATH"\n', ""), "PIP_PYTHON may change"),
    ],
    ids=["old", "not told", "told another", "another", "not on PATH"],
)
def test_one_that_is_filled_in_another_way_is_not(project: Project, dockerfile: str, reason: str) -> None:
    result = project(dockerfile, unsafe=True)
    assert "AS runtime" not in text_of(result)
    assert reason in refusal(result, "multi-stage")
