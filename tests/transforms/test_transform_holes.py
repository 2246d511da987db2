"""Projects that a careless split, user or ignore file would break; each was one that an earlier version got wrong."""

from __future__ import annotations

import pytest

from results import Project, ignore_of, installed, refusal, stages, text_of, unsafe

HEAD = "FROM python:3.11-slim\nWORKDIR /app\n"
GCC = "RUN apt-get update && apt-get install -y gcc && rm -rf /var/lib/apt/lists/*\n"
PIP = "COPY requirements.txt .\nRUN pip install -r requirements.txt\n"
TAIL = 'COPY . .\nCMD ["python", "app.py"]\n'


@pytest.mark.covers("layer-order/step-needs-the-source")
@pytest.mark.parametrize(
    ("step", "files"),
    [
        ("RUN apt-get update && apt-get install -y $(cat apt.txt)\n", {"apt.txt": "curl\n"}),
        ('RUN echo "v$(cat VERSION)" > /etc/app-version\n', {"VERSION": "1\n"}),
        ("RUN test -f config.yml\n", {"config.yml": ""}),
        ("ENV REQUESTS_CA_BUNDLE=/app/ca.pem\n", {"ca.pem": ""}),
        ("ENV PIP_CONSTRAINT=limits.txt\n", {"limits.txt": ""}),
    ],
)
def test_the_source_stays_first_where_a_step_needs_it(project: Project, step: str, files: dict[str, str]) -> None:
    result = project(f"{HEAD}COPY . .\n{step}RUN pip install -r requirements.txt\n", files, only="dependency-layer")
    assert text_of(result) == ""
    assert "so the source has to come first" in refusal(result, "dependency-layer")


@pytest.mark.parametrize(
    ("copy", "install", "files"),
    [
        (
            "COPY libs/ libs/\n",
            "pip install -r requirements.txt",
            {"requirements.txt": "./libs/x\n", "libs/x/setup.py": ""},
        ),
        (
            "COPY wheels/ /wheels/\n",
            "pip install -r requirements.txt",
            {"requirements.txt": "--find-links /wheels\nx\n", "wheels/x.whl": ""},
        ),
        ("COPY ca.pem /certs/\n", "pip install --cert /certs/ca.pem -r requirements.txt", {"ca.pem": ""}),
        ("COPY ca.pem /certs/\nENV PIP_CERT=/certs/ca.pem\n", "pip install -r requirements.txt", {"ca.pem": ""}),
        (
            "COPY limits.txt /c/\nENV PIP_CONSTRAINT=/c/limits.txt\n",
            "pip install -r requirements.txt",
            {"limits.txt": ""},
        ),
        ("COPY key /keys/id\nENV GIT_SSH_COMMAND='ssh -i /keys/id'\n", "pip install -r requirements.txt", {"key": ""}),
    ],
)
def test_the_builder_gets_what_pip_reads(project: Project, copy: str, install: str, files: dict[str, str]) -> None:
    text = f"{HEAD}{GCC}{copy}COPY requirements.txt .\nRUN {install}\n{TAIL}"
    builder, _ = stages(text_of(project(text, files, only="virtualenv,multi-stage", unsafe=True)))
    assert copy.splitlines()[0] in builder


@pytest.mark.parametrize(
    ("more", "files", "reason"),
    [
        ("ENV PIP_ROOT=/app/libs\n", {}, "PIP_ROOT"),
        ("ENV PIP_PREFIX=/usr/local\n", {}, "--prefix has it install into /usr/local"),
        ("", {"run.sh": "#!/bin/sh\nexport PATH=/usr/local/bin:/usr/bin\nexec python app.py\n"}, "replaces PATH"),
        (
            "",
            {"app.py": "import subprocess\nsubprocess.run(['x'], env={'PATH': '/usr/local/bin:/bin'})\n"},
            "replaces PATH",
        ),
        ('ENV PATH="/usr/local/bin:$PATH"\n', {}, "folders first"),
    ],
)
def test_packages_stay_where_a_virtual_environment_would_not_be_found(
    project: Project, more: str, files: dict[str, str], reason: str
) -> None:
    tail = TAIL.replace('"python", "app.py"', '"./run.sh"') if "run.sh" in files else TAIL
    result = project(f"{HEAD}{GCC}{more}{PIP}{tail}", files, only="virtualenv,multi-stage", unsafe=True)
    assert text_of(result) == ""
    assert reason in refusal(result, "multi-stage")


@pytest.mark.covers("refusals/code-calls-pip")
@pytest.mark.parametrize(
    ("files", "where"),
    [
        (
            {
                "app.py": "import subprocess, sys\nsubprocess.check_call([sys.executable, '-m', 'pip', 'install', 'x'])\n"
            },
            "app.py:2",
        ),
        ({"app.py": "import os\nos.system('pip3 install ' + os.environ['PLUGIN'])\n"}, "app.py:2"),
        ({"app.py": "import subprocess\nsubprocess.run(['poetry', 'install'])\n"}, "app.py:2"),
        ({"app.py": "import spacy.cli\nspacy.cli.download('en_core_web_sm')\n"}, "app.py:1"),
        ({"Procfile": "worker: pip install -e /plugins && python worker.py\n"}, "Procfile:1"),
    ],
)
def test_a_program_that_installs_while_it_runs_is_not_split(
    project: Project, files: dict[str, str], where: str
) -> None:
    result = project(f"{HEAD}{GCC}{PIP}{TAIL}", files, only="virtualenv,multi-stage", unsafe=True)
    assert text_of(result) == ""
    assert where in refusal(result, "multi-stage")


@pytest.mark.parametrize(
    ("files", "runs"),
    [
        ({"install.py": "{pip}"}, False),
        (
            {"app.py": "import web.server\n", "web/__init__.py": "", "web/server.py": "", "web/plugins.py": "{pip}"},
            True,
        ),
        ({"app.py": "import helpers\n", "helpers.py": "import setup_tools\n", "setup_tools.py": "{pip}"}, True),
        ({"app.py": "import tools\n", "tools/__init__.py": "", "other/__main__.py": "{pip}"}, False),
        ({"app.py": "PLUGIN = 'setup_tools'\n", "setup_tools.py": "{pip}"}, True),
        ({"app.py": "import setup_tools as tools\n", "tools/a.py": "{pip}"}, False),
    ],
)
def test_what_nothing_starts_does_not_hold_the_split_back(project: Project, files: dict[str, str], runs: bool) -> None:
    pip = "import subprocess, sys\nsubprocess.check_call([sys.executable, '-m', 'pip', 'install', 'x'])\n"
    files = {"app.py": "", **{name: text.replace("{pip}", pip) for name, text in files.items()}}
    result = project(f"{HEAD}{GCC}{PIP}{TAIL}", files, only="virtualenv,multi-stage")
    assert bool(text_of(result)) is not runs
    assert (":2 runs pip, and what that needs is unknown" in refusal(result, "multi-stage")) is runs


@pytest.mark.parametrize(
    ("command", "script", "called"),
    [
        ('["sh", "run.sh"]', "pip3.11 install x\n", "run.sh runs pip"),
        ('["sh", "run.sh"]', "uv pip install x\n", "run.sh runs uv"),
        ('["sh", "run.sh"]', "python3 -m pip install x\n", "run.sh runs pip"),
        ('["python", "-m", "pip", "install", "x"]', "", "runs pip"),
        ('["sh", "run.sh"]', "apt-get install -y x\n", "run.sh runs apt-get"),
        ('["./run.sh"]', "#!/bin/bash -e\nconda install x\n", "run.sh runs conda"),
        ('["/app/run"]', "#!/bin/bash -e\naptitude install x\n", "run runs aptitude"),
        ('["pdm", "run", "app.py"]', "", "runs PDM"),
        ('["busybox", "sh", "-c", "pip install x"]', "", "runs pip"),
    ],
)
def test_whatever_installs_packages_when_the_container_starts(
    project: Project, command: str, script: str, called: str
) -> None:
    text = f"{HEAD}{GCC}{PIP}{TAIL}".replace('["python", "app.py"]', command)
    result = project(text, {"run.sh": script, "run": script}, unsafe=True)
    assert f"{called} when the container starts, and what that needs" in refusal(result, "multi-stage")
    assert called in refusal(result, "non-root")


def test_a_folder_is_started_by_its_main_module(project: Project) -> None:
    files = {
        "web/__main__.py": "import subprocess, sys\nsubprocess.check_call([sys.executable, '-m', 'pip', 'install', 'x'])\n"
    }
    text = f"{HEAD}{GCC}{PIP}{TAIL}".replace('["python", "app.py"]', '["python", "/app/web", "app.py"]')
    assert "web/__main__.py:2 runs pip, and what that needs" in refusal(
        project(text, files, unsafe=True), "multi-stage"
    )


def test_what_is_dropped_by_name_goes_where_its_libraries_are_not_certain(project: Project) -> None:
    files = {"requirements.txt": "python-magic==0.4.27\n"}
    text = f"{HEAD}{GCC}{PIP}{TAIL}".replace("gcc", "libtool")
    assert "depends on the release of the base image" in refusal(project(text, files), "multi-stage")
    _, runtime = stages(text_of(project(text, files, options={"multi-stage.drop": ["libtool"]})))
    assert "COPY --from=builder /opt/venv /opt/venv" in runtime
    assert "libtool" not in runtime
    assert "libmagic" not in runtime


def test_tests_that_run_pip_are_of_no_account(project: Project) -> None:
    files = {
        "tests/test_install.py": "import subprocess, sys\nsubprocess.run([sys.executable, '-m', 'pip', 'install', 'x'])\n"
    }
    assert "AS builder" in text_of(project(f"{HEAD}{GCC}{PIP}{TAIL}", files))


@pytest.mark.parametrize(
    ("packages", "more", "files", "kept"),
    [
        ("gcc", "RUN python build_ffi.py\n", {"build_ffi.py": "from cffi import FFI\nFFI().compile()\n"}, "gcc"),
        ("gcc", "", {"app.py": "import pyximport; pyximport.install()\n"}, "gcc"),
        (
            "gcc",
            "",
            {
                "app.py": "import subprocess\nfrom langs import C\nsubprocess.run(C)\n",
                "langs.py": "C = ['gcc', '-O2']\n",
            },
            "gcc",
        ),
        ("gcc", "", {"app.py": "import subprocess\n", "tools.yaml": "compiler: gcc\n"}, "gcc"),
        (
            "cmake",
            "",
            {"compose.yaml": "services:\n  web:\n    build: .\n    command: sh -c 'cmake . && python app.py'\n"},
            "cmake",
        ),
        (
            "git",
            "",
            {
                "requirements.txt": "x @ git+https://example.org/x\n",
                "compose.yaml": "services:\n  web:\n    build: .\n    healthcheck:\n      test: [CMD, git, status]\n",
            },
            "git",
        ),
        ("python3-dev", 'HEALTHCHECK CMD ["./hc.py"]\n', {"hc.py": "#!/usr/bin/python3\n"}, "python3-dev"),
        ("libpq-dev", "", {"app.py": "NAME = 'libpq.so'\n"}, "libpq-dev"),
        ("libgeos-dev", "ENV GEOS_LIBRARY_PATH=/usr/lib/libgeos_c.so\n", {}, "libgeos-dev"),
        ("gcc", "", {"app.py": "import ctypes\nctypes.CDLL('libgomp.so.1')\n"}, "libgomp1"),
    ],
)
def test_a_package_that_is_needed_in_another_way_stays(
    project: Project, packages: str, more: str, files: dict[str, str], kept: str
) -> None:
    text = f'{HEAD}{GCC.replace("gcc", f"{packages} libffi-dev")}{PIP}COPY . .\n{more}CMD ["python", "app.py"]\n'
    result = project(text, files, only="virtualenv,multi-stage", options={"multi-stage.always": True})
    assert stages(text_of(result)) and kept in installed(text_of(result))


@pytest.mark.parametrize(
    ("more", "owned"),
    [
        ("RUN mkdir -p data/uploads\n", "/app/data"),
        ("WORKDIR /app/data\nWORKDIR /app\n", "/app/data"),
        ("RUN mkdir -p /run/app\n", "/run/app"),
        ("RUN mkdir -p /data/a/b\n", "/data"),
    ],
)
def test_the_topmost_new_folder_is_owned(project: Project, more: str, owned: str) -> None:
    assert f" && chown -R appuser:appuser {owned}\n" in text_of(project(f"{HEAD}{more}{TAIL}", only="non-root"))


def test_data_that_a_copy_brings_is_owned(project: Project) -> None:
    text = f"{HEAD}COPY seed.db /var/lib/x/seed.db\n{TAIL}"
    assert "COPY --chown=appuser:appuser seed.db /var/lib/x/seed.db" in text_of(
        project(text, {"seed.db": ""}, only="non-root")
    )


@pytest.mark.parametrize(
    ("more", "files"),
    [
        ("ENV UPLOAD_DIR=/uploads\n", {}),
        ("", {"app.py": "import os\nos.makedirs('/artifacts')\n"}),
        ("", {"app.py": "import os\nos.makedirs('/usr/share/nltk_data')\n"}),
        ("", {"config.toml": 'db = "/data/app.db"\n'}),
        ("", {"logging.yaml": "filename: /var/log/app.log\n"}),
        ("", {"app.py": "from pathlib import Path\n(Path(__file__).resolve().parent.parent / 'logs').mkdir()\n"}),
        ("", {"app.py": "open('../x', 'w')\n"}),
        ("RUN openssl req -x509 -keyout key.pem\n", {}),
        ("RUN chmod 700 /usr/local/bin/x\n", {}),
        ("RUN umask 077 && mkdir x\n", {}),
        ("ADD https://example.com/x /usr/local/bin/x\n", {}),
        ("", {"compose.yaml": "services:\n  web:\n    build: .\n    environment:\n      D: /data\n"}),
        ("RUN pip install --user x\n", {}),
        ("RUN id appuser || useradd appuser\n", {}),
        ("", {"app.py": "import os\nos.setuid(1)\n"}),
        ("", {"app.py": "import docker\ndocker.from_env()\n"}),
        ("", {"app.py": "import socket\nsocket.socket(socket.AF_INET, socket.SOCK_RAW)\n"}),
        ("", {"app.py": "import serial\nserial.Serial('/dev/ttyUSB0')\n"}),
        ("RUN pip install gunicorn\n", {"gunicorn.conf.py": "user = 'www-data'\n"}),
        (
            "",
            {
                "app.py": "import subprocess, sys\nsubprocess.check_call([sys.executable, '-m', 'pip', 'install', 'x'])\n"
            },
        ),
    ],
)
def test_root_stays_where_it_may_be_needed(project: Project, more: str, files: dict[str, str]) -> None:
    result = project(f"{HEAD}{more}{TAIL}", files, only="non-root")
    assert text_of(result) == ""
    assert refusal(result, "non-root") or unsafe(result, "non-root")


def test_a_file_that_only_its_owner_may_read_keeps_root(project: Project, tmp_path: object) -> None:
    text = f"{HEAD}COPY app.conf /etc/app.conf\n{TAIL}"
    assert text_of(project(text, {"app.conf": ""}, only="non-root"))
    from pathlib import Path

    Path(str(tmp_path), "app.conf").chmod(0o600)
    assert text_of(project(text, {"app.conf": ""}, only="non-root")) == ""


@pytest.mark.parametrize(
    ("more", "files", "pattern"),
    [
        ("RUN cp certs/corp.pem /usr/local/share/ca-certificates/corp.crt\n", {"certs/corp.pem": ""}, "**/*.pem"),
        ('CMD ["sh", "-c", ". ./.env && exec python app.py"]\n', {".env": "A=1\n"}, "**/.env"),
        ("CMD uvicorn app:app --ssl-keyfile certs/server.key\n", {"certs/server.key": ""}, "**/*.key"),
        ("", {".env": "", "app.py": "from environs import Env\n"}, "**/.env"),
        ("", {"keys/a.pem": "", "app.py": "Path('keys').glob('*.pem')\n"}, "**/*.pem"),
        ("", {"docs/index.md": "", "mkdocs.yml": "site_name: x\ntheme: mkdocs\n"}, "docs"),
        ("", {"a.md": "", "app.py": "open(f'{n}.md')\n"}, "*.md"),
        # Tailwind CSS 4 reads every file for classes, but those that .gitignore names
        ("", {"README.md": "", "package.json": '{"devDependencies": {"@tailwindcss/vite": "^4.1.11"}}'}, "*.md"),
        (
            "",
            {".gitignore": "", "postcss.config.mjs": 'export default {plugins: ["@tailwindcss/postcss"]}'},
            ".gitignore",
        ),
        ("", {"Dockerfile": "", "ui/package.json": '{"dependencies": {"@tailwindcss/cli": "4"}}'}, "Dockerfile"),
        ("", {"core.pyc": ""}, "**/*.py[cod]"),
        ("", {"app.py": "open('.git/HEAD')\n"}, ".git"),
        ("", {"app.py": "run(['git', '-C', '.', 'log'])\n"}, ".git"),
        ("", {"requirements.txt": "sentry-sdk\n"}, ".git"),
    ],
)
def test_the_ignore_file_leaves_what_is_used(project: Project, more: str, files: dict[str, str], pattern: str) -> None:
    lines = ignore_of(project(f"{HEAD}{TAIL.partition('CMD')[0]}{more}", files, only="dockerignore")).splitlines()
    assert lines
    assert pattern not in lines


def test_apt_lists_of_an_earlier_layer_are_not_hidden(project: Project) -> None:
    text = "FROM python:3.11-slim AS builder\nRUN apt-get update\nRUN apt-get install -y gcc\nFROM python:3.11-slim\n"
    assert text_of(project(text, only="cache-mounts")) == ""


def test_apt_is_told_to_keep_what_it_downloads(project: Project) -> None:
    text = "FROM python:3.11-slim AS builder\nRUN apt update && apt install -y gcc\nFROM python:3.11-slim\n"
    assert 'Keep-Downloaded-Packages "true";\' > /etc/apt/apt.conf.d/keep-cache\n' in text_of(
        project(text, only="cache-mounts")
    )


@pytest.mark.covers("cache-mounts/compiled-wheels")
@pytest.mark.parametrize(
    ("base", "apt", "identity"),
    [
        ("python:3.11-slim", "", ""),
        ("python:3.11-slim", GCC, ",id=pip-python-3-11-slim"),
        ("python:3.12", "", ",id=pip-python-3-12"),
    ],
)
def test_compiled_wheels_get_a_cache_of_their_own(project: Project, base: str, apt: str, identity: str) -> None:
    text = text_of(project(f"FROM {base}\n{apt}RUN pip install x\n", only="cache-mounts"))
    assert f"--mount=type=cache,target=/root/.cache/pip{identity} \\\n" in text


def test_a_service_that_only_names_the_image_may_mount_over_it(project: Project) -> None:
    compose = (
        "services:\n  mind:\n    image: somebody/mind:latest\n    volumes: [mind-db:/app/db]\nvolumes:\n  mind-db:\n"
    )
    dockerfile = 'FROM python:3.11-slim\nWORKDIR /app\nCOPY . .\nCMD ["python", "app.py"]\n'
    result = project(dockerfile, {"docker-compose.yml": compose})
    assert any(note.transform == "non-root" and "/app/db" in note.message for note in result.unsafe)
    other = project(dockerfile, {"docker-compose.yml": compose.replace("/app/db", "/var/lib/postgresql/data")})
    assert any(note.transform == "non-root" for note in other.changes)
