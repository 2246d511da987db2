"""An environment without pip and setuptools, where it is certain that those of the base image serve; ``virtualenv.installer`` keeps them."""

from __future__ import annotations

import pytest

from results import Project, refusal, stages, text_of

HEAD = "FROM {base}\nWORKDIR /app\nRUN apt-get update && apt-get install -y gcc && rm -rf /var/lib/apt/lists/*\n"
COPY = "COPY requirements.txt .\n"
TAIL = 'COPY . .\nCMD ["python", "app.py"]\n'
PIP = "pip install -r requirements.txt"
MADE = (
    'ENV PIP_PYTHON="/opt/venv/bin/python"\n'
    "RUN python -m venv --system-site-packages --without-pip /opt/venv\n"
    'ENV PATH="/opt/venv/bin:$PATH"\n'
)
WHOLE = "RUN python -m venv --system-site-packages /opt/venv\n"
BASE = "python:3.11-slim-bookworm"


def text(base: str = BASE, install: str = PIP, *, before: str = "", after: str = "") -> str:
    """A Dockerfile with RUNs ``before`` the manifest and after the install."""
    return f"{HEAD.format(base=base)}{before}{COPY}RUN {install}\n{TAIL.replace('CMD', after + 'CMD')}"


@pytest.mark.parametrize(
    "install",
    [
        PIP,
        "pip3 install -r requirements.txt",
        "pip3.11 install -r requirements.txt",
        "python -m pip install -r requirements.txt",
        "pip install --isolated -r requirements.txt",
        "xargs -a requirements.txt pip install",
        f"pip install 'setuptools<58' wheel && {PIP}",
    ],
)
def test_the_base_images_pip_fills_it(project: Project, install: str) -> None:
    result = project(text(install=install), unsafe=True)
    builder, runtime = stages(text_of(result))
    assert MADE in builder
    assert f"    {install}\n" in builder
    assert "PIP_PYTHON" not in runtime  # or the pip of any other environment would fill this one
    assert "COPY --from=builder /opt/venv /opt/venv\n" in runtime
    assert not refusal(result, "virtualenv")


@pytest.mark.parametrize(
    "base",
    [
        "python:3.11.0-slim-bullseye",
        "python:3.12-slim-bookworm",
        "python:3.13.1-slim-bookworm",
        "python:3.14-slim-trixie",
        "python:3.12.0rc1-slim-bookworm",
        "ghcr.io/astral-sh/uv:python3.12-bookworm",
    ],
)
def test_of_python_3_11_and_later(project: Project, base: str) -> None:
    assert MADE in text_of(project(text(base), unsafe=True))


@pytest.mark.parametrize(
    "base",
    [
        "python:3.10-slim-bookworm",
        "python:3.10.14-slim-bookworm",
        "python:3-slim-bookworm",
        "python:slim-bookworm",
        "python:3.11-rc-slim-bullseye",
        "python:3.11.0rc1-slim-bullseye",
    ],
)
def test_where_the_base_images_pip_may_be_older(project: Project, base: str) -> None:
    result = project(text(base), unsafe=True)
    assert "RUN python -m venv " in text_of(result)
    assert "--without-pip" not in text_of(result)
    assert not refusal(result, "virtualenv")


def test_where_a_build_argument_may_choose_an_older_one(project: Project) -> None:
    dockerfile = "ARG PYTHON=3.11\n" + text("python:${PYTHON}-slim-bookworm")
    assert WHOLE in text_of(project(dockerfile, unsafe=True))


def test_where_another_dockerfile_makes_the_base_image(project: Project) -> None:
    files = {
        "base/Dockerfile": f"FROM {BASE}\nENV PYTHONUNBUFFERED=1\n",
        "docker-compose.yml": (
            "services:\n  base:\n    build: base\n    image: example/base:1\n  web:\n    build: .\n    image: example/web:1\n"
        ),
    }
    assert WHOLE in text_of(project(text("example/base:1"), files, unsafe=True))


def test_with_the_setting_it_gets_its_own(project: Project) -> None:
    written = text_of(project(text(), options={"virtualenv.installer": True}))
    assert WHOLE in written
    assert "PIP_PYTHON" not in written


def test_in_one_stage_it_gets_its_own(project: Project) -> None:
    written = text_of(project(text(), only="virtualenv"))
    assert WHOLE in written
    assert "PIP_PYTHON" not in written


@pytest.mark.parametrize(("version", "size"), [("3.11", 22_000_000), ("3.12", 13_000_000)])
def test_what_is_gained(project: Project, version: str, size: int) -> None:
    base = f"python:{version}-slim-bookworm"
    lean, whole = project(text(base)).saves, project(text(base), options={"virtualenv.installer": True}).saves
    assert whole is not None
    assert lean == whole + size


@pytest.mark.parametrize(
    "update", ["pip install --upgrade pip", "python -m pip install -U 'pip>=23'", "pip install pip==24.0"]
)
def test_what_brings_it_up_to_date_does_so_for_the_base_image(project: Project, update: str) -> None:
    result = project(text(before=f"RUN {update}\n"))
    builder, runtime = stages(text_of(result))
    assert f"    {update}\n{MADE}" in builder
    assert update not in runtime
    assert not result.warnings


def test_together_with_packages_of_the_system(project: Project) -> None:
    dockerfile = text(before="RUN apt-get update && apt-get install -y libpq5 && pip install --upgrade pip\n")
    builder, runtime = stages(text_of(project(dockerfile)))
    assert f"pip install --upgrade pip\n{MADE}" in builder
    assert "pip install" not in runtime


def test_where_it_is_all_that_is_installed(project: Project) -> None:
    result = project(text(install="pip install --upgrade pip"), unsafe=True)
    builder, _ = stages(text_of(result))
    assert WHOLE in builder
    assert not result.warnings


@pytest.mark.parametrize(
    ("before", "install"),
    [
        ("RUN pip install pip==21.3.1\n", PIP),
        ("RUN pip install 'pip<24.1'\n", PIP),
        ("RUN pip install pip==22.0\n", PIP),
        ("COPY old.txt .\nRUN pip install -c old.txt --upgrade pip\n", PIP),
        ("COPY old.txt .\nRUN pip install -r old.txt\n", PIP),
        ("ARG PIP_VERSION=24.0\nRUN pip install pip==$PIP_VERSION\n", PIP),
        ("RUN pip install --upgrade pip setuptools wheel\n", PIP),
        # a shell that has called the base image's pip goes on with it
        ("", f"pip install pip==23.3 && {PIP}"),
        ("", f"{PIP} && pip install --upgrade pip"),
        ("RUN curl -sSL https://bootstrap.pypa.io/get-pip.py | python - pip==20.0\n", PIP),
    ],
)
def test_where_another_pip_is_asked_for(project: Project, before: str, install: str) -> None:
    written = text_of(project(text(install=install, before=before), {"old.txt": "pip==21.3.1\n"}, unsafe=True))
    assert "RUN python -m venv " in written
    assert "--without-pip" not in written


@pytest.mark.parametrize(
    ("dockerfile", "files"),
    [
        (text(after="RUN pip check\n"), {}),
        (text(after="RUN pip freeze > installed.txt\n"), {}),
        (text(install=f"{PIP} && pip list"), {}),
        (text().replace("COPY . .", "COPY run.py ."), {}),
        (text(), {"Makefile": "list:\n\tdocker build -t app .\n\tdocker run --rm app pip freeze\n"}),
        (text(), {"README.md": "    docker build -t app .\n    docker exec app pip list\n"}),
        (
            text(),
            {
                "compose.yml": "services:\n  web:\n    build: .\n",
                "Makefile": "a:\n\tdocker compose exec web pip list\n",
            },
        ),
        (
            text(),
            {
                ".github/workflows/ci.yml": (
                    "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n"
                    "      - run: docker build -t app .\n      - run: docker run app pip check\n"
                )
            },
        ),
        (
            text(),
            {
                ".devcontainer/devcontainer.json": '{"build": {"dockerfile": "../Dockerfile", "context": ".."}, "postCreateCommand": "pip install -r dev.txt"}'
            },
        ),
    ],
    ids=["check", "freeze", "same RUN", "unseen code", "Makefile", "README", "Compose", "CI", "editor"],
)
def test_where_the_program_pip_is_run(project: Project, dockerfile: str, files: dict[str, str]) -> None:
    written = text_of(project(dockerfile, files, unsafe=True))
    assert WHOLE in written
    stages(written)


@pytest.mark.parametrize(
    "code",
    [
        "import pkg_resources\n",
        "import setuptools\n",
        "import pip\nprint(pip.__version__)\n",
        "import venv\nvenv.create('/tmp/x', with_pip=True)\n",
    ],
)
@pytest.mark.parametrize("version", ["3.11", "3.12"])
def test_what_is_imported_is_found_as_before(project: Project, code: str, version: str) -> None:
    assert MADE in text_of(project(text(f"python:{version}-slim-bookworm"), {"app.py": code}))


@pytest.mark.parametrize(
    "code",
    [
        "import subprocess\nsubprocess.run(['pip', 'install', 'x'])\n",
        "import os\nos.system('pip3 install x')\n",
        "import subprocess, sys\nsubprocess.run([sys.executable, '-m', 'pip', 'install', 'x'])\n",
        "import subprocess, sys\nfrom pathlib import Path\nsubprocess.run([str(Path(sys.executable).parent / 'pip')])\n",
    ],
)
def test_where_code_installs(project: Project, code: str) -> None:
    assert "--without-pip" not in text_of(project(text(), {"app.py": code}, unsafe=True))


@pytest.mark.parametrize("requirements", ["setuptools==69.0.0\ngunicorn==19.9.0\n", "apscheduler==3.6.3\n"])
def test_setuptools_that_is_asked_for_is_a_package(project: Project, requirements: str) -> None:
    builder, runtime = stages(text_of(project(text(), {"requirements.txt": requirements}, unsafe=True)))
    assert MADE in builder
    assert f"    {PIP}\n" in builder
    assert "COPY --from=builder /opt/venv /opt/venv\n" in runtime


@pytest.mark.parametrize(
    "after",
    [
        "RUN python -m venv /tools && /tools/bin/pip install six\n",
        "RUN pip install virtualenv && virtualenv /x && /x/bin/pip install six\n",
        "RUN pip install tox && tox -e py\n",
        "RUN pip install pipx && pipx install httpie\n",
        "RUN pip install --target /deps six\n",
        "RUN pip install --user six\n",
        "RUN pip uninstall -y pip setuptools wheel\n",
        "RUN rm -rf /usr/local/lib/python3.11/site-packages/pip*\n",
        "RUN apt-get update && apt-get install -y python3-pip && /usr/bin/pip3 install six\n",
        'RUN env -i PATH="$PATH" pip install six\n',
        "RUN PIP_PYTHON=/usr/local/bin/python pip install six\n",
    ],
)
def test_where_another_place_is_filled_there_is_no_split(project: Project, after: str) -> None:
    assert "--without-pip" not in text_of(project(text(after=after), unsafe=True))


def test_another_manager_is_not_told(project: Project) -> None:
    lock = 'content-hash = "x"\n[[package]]\nname = "six"\nversion = "1.16.0"\nfiles = []\n[metadata]\nlock-version = "2.0"\n'
    files = {"pyproject.toml": '[tool.poetry]\nname = "a"\nversion = "1"\n', "poetry.lock": lock}
    install = "pip install poetry==2.2.1 && poetry config virtualenvs.create false && poetry install --no-root"
    dockerfile = text(install=install).replace("requirements.txt", "pyproject.toml poetry.lock")
    result = project(dockerfile, files, unsafe=True)
    assert "RUN python -m venv /opt/venv\n" in text_of(result)


def test_nor_is_uv(project: Project) -> None:
    result = project(text(install=f"pip install uv && uv {PIP} --system"), unsafe=True)
    assert "RUN python -m venv " in text_of(result)
    assert "--without-pip" not in text_of(result)
    assert not result.warnings


OWN = text().replace(COPY, MADE + COPY)


def test_one_that_is_there_already_is_carried(project: Project) -> None:
    result = project(OWN)
    builder, runtime = stages(text_of(result))
    assert MADE in builder
    assert "COPY --from=builder /opt/venv /opt/venv\n" in runtime
    assert text_of(result).count("python -m venv") == 1


def test_a_newer_pip_is_for_installs_alone(project: Project) -> None:
    made = 'RUN pip install --upgrade pip\nRUN python -m venv /opt/venv\nENV PATH="/opt/venv/bin:$PATH"\n'
    dockerfile = text(before=made, after="RUN python manage.py collectstatic\n")
    result = project(dockerfile, {"manage.py": "import os\n"}, unsafe=True)
    stages(text_of(result))
    assert not any("rolled back" in note.message for note in result.warnings)


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
