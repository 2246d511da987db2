"""What only the reading of the application's Python tells the transforms."""

from __future__ import annotations

from pathlib import Path

import pytest

from dockfix.engine.runner import gather
from dockfix.facts import Facts
from dockfix.facts.writes import open_questions
from dockfix.runtimes.needs import needed
from dockfix.syntax import parse

DOCKERFILE = """\
FROM python:3.11-slim
WORKDIR /app
COPY . .
CMD ["python", "app.py"]
"""


def question_of(found: Facts) -> str:
    return next((reason.text for reason in open_questions(found)), "")


def facts(root: Path, dockerfile: str = DOCKERFILE, **files: str) -> Facts:
    for name, text in files.items():
        path = root / name.replace("__", "/").replace("_py", ".py").replace("_conf", ".conf")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    root.mkdir(exist_ok=True)
    (root / "Dockerfile").write_text(dockerfile)
    return gather(root / "Dockerfile", parse(dockerfile), root)


def test_a_program_named_in_another_file_is_needed(tmp_path: Path) -> None:
    found = facts(
        tmp_path,
        app_py="import subprocess\nfrom config import TOOL\nsubprocess.run([TOOL, 'x'])\n",
        config_py="TOOL = 'make'\n",
    )
    assert needed(found, {"make", "gcc"}, ()) == {"make": "app.py:3 runs it"}


@pytest.mark.parametrize(
    ("code", "question"),
    [
        ("open('out.txt', 'w')", ""),
        ("import tempfile\ntempfile.mkstemp()", ""),
        ("open('/' + 'weird' + '/x', 'w')", "app.py:1 writes to /weird, which has to be made for the user"),
        ("open('/'.join(x), 'w')", ""),
        (
            "import os\nD = 'weird'\nos.makedirs(os.path.join('/', D, name))",
            "app.py:3 writes to /weird, which has to be made for the user",
        ),
        ("open('/etc/x', 'w')", "app.py:1 names /etc/x, which only root may be able to write"),
        (
            "import nltk\nnltk.download('punkt', download_dir='/' + 'etc' + '/nltk_data')",
            "app.py:2 writes /etc/nltk_data, which only root may be able to",
        ),
        (
            "import os\nos.makedirs(os.path.join(os.getcwd(), '..', 'x'))",
            "app.py:2 writes to /x, which has to be made for the user",
        ),
        (
            "from prometheus_client import start_http_server\nstart_http_server(80)",
            "port 80 is below 1024, which not every host lets a user listen on",
        ),
    ],
)
def test_what_is_written_and_listened_to(tmp_path: Path, code: str, question: str) -> None:
    assert question_of(facts(tmp_path, app_py=code + "\n")) == question


def test_a_file_that_cannot_be_parsed_is_a_question(tmp_path: Path) -> None:
    found = facts(tmp_path, app_py="import subprocess, old\n", old_py="import subprocess\nprint 'x'\n")
    assert question_of(found).startswith("old.py could not be read (it is Python 2")
    tests = facts(tmp_path / "x", app_py="import subprocess\n", tests__old_py="import subprocess\nprint 'x'\n")
    assert question_of(tests) == ""


def test_code_that_writes_beside_itself_in_a_folder_of_the_system(tmp_path: Path) -> None:
    dockerfile = DOCKERFILE.replace("COPY . .", "COPY . /usr/share/x/").replace("app.py", "/usr/share/x/app.py")
    found = facts(tmp_path, dockerfile, app_py="from pathlib import Path\n(Path(__file__).parent / 'cache').mkdir()\n")
    assert question_of(found) == "app.py:2 writes /usr/share/x/cache, which only root may be able to"


def test_where_files_of_the_context_lie_in_the_image(tmp_path: Path) -> None:
    dockerfile = DOCKERFILE.replace("COPY . .", "COPY src /srv/\nCOPY app.py run.py\nCOPY x_conf /etc/")
    found = facts(tmp_path, dockerfile, app_py="", src__a_py="", x_conf="")
    assert [found.layout.of(name) for name in ("src/a.py", "src/new/b", "app.py", "other.py")] == [
        ("/srv/a.py",),
        ("/srv/new/b",),
        ("/app/run.py",),
        (),
    ]


SCRIPT = "#!/bin/sh\nffmpeg -i x y > /weird/log\n"


@pytest.mark.parametrize(
    "put",
    [
        "ln -s /app/run.sh /usr/local/bin/go",
        "chmod +x run.sh && ln -sf /app/run.sh /usr/local/bin/",
        "cp run.sh /usr/bin/go",
        "mv /app/run.sh /usr/local/bin/go",
        "install -m 755 /app/run.sh /usr/local/bin/go",
        "ln -s /app/run.sh /opt/go && ln -s /opt/go /usr/local/bin/go",
    ],
)
def test_a_script_that_a_run_puts_on_path_is_read(tmp_path: Path, put: str) -> None:
    name = "run.sh" if put.endswith("/") else "go"
    dockerfile = DOCKERFILE.replace("CMD", f"RUN {put}\nCMD").replace('"python", "app.py"', f'"{name}"')
    startup = facts(tmp_path, dockerfile, **{"run.sh": SCRIPT}).startup
    assert startup.programs["ffmpeg"] == "run.sh"
    assert startup.writes == {"/weird/log"}


@pytest.mark.parametrize(
    "put", ["ln -s /app/run.sh /usr/local/bin/other", "cp run.sh /opt/go", "ln -s go /usr/local/bin/go", "rm run.sh"]
)
def test_a_script_that_no_run_puts_there_is_not(tmp_path: Path, put: str) -> None:
    dockerfile = DOCKERFILE.replace("CMD", f"RUN {put}\nCMD").replace('"python", "app.py"', '"go"')
    assert facts(tmp_path, dockerfile, **{"run.sh": SCRIPT}).startup.programs.keys() == {"go"}


def test_a_script_that_installing_the_project_puts_on_path_is_read(tmp_path: Path) -> None:
    dockerfile = DOCKERFILE.replace("CMD", "RUN pip install .\nCMD").replace('"python", "app.py"', '"go"')
    script = '#!/bin/bash\nDIR=$(dirname $0)\n"$DIR/twistd" -noy x\n'
    startup = facts(tmp_path / "a", dockerfile, bin__go=script).startup
    assert startup.programs["twistd"] == "bin/go"
    assert startup.unknown  # which twistd that is
    assert facts(tmp_path / "b", dockerfile, bin__go=script, scripts__go=script).startup.programs.keys() == {"go"}
    assert facts(tmp_path / "c", dockerfile, lib__go=script).startup.programs.keys() == {"go"}


def test_options_in_cmd_are_no_programs(tmp_path: Path) -> None:
    dockerfile = DOCKERFILE.replace('["python", "app.py"]', '["--port", "80"]\nENTRYPOINT ["python", "app.py"]')
    assert facts(tmp_path, dockerfile, app_py="").startup.programs.keys() == {"python"}


def test_files_of_process_managers(tmp_path: Path) -> None:
    found = facts(tmp_path, app_py="", Procfile="web: gunicorn -b :80 app:app > /weird/log\n")
    assert found.processes.ports[0].port == 80
    assert [reason.text for reason in open_questions(found)] == [
        "Procfile:1 writes to /weird/log, which has to be made for the user",
        "port 80 is below 1024, which not every host lets a user listen on",
    ]


def test_nginx_counts_where_the_image_holds_it(tmp_path: Path) -> None:
    site = {"nginx.conf": "server { listen 80; }\n", "app.py": ""}
    held = facts(tmp_path, DOCKERFILE.replace("COPY", "RUN apt-get update && apt-get install -y nginx\nCOPY"), **site)
    assert question_of(held) == "port 80 is below 1024, which not every host lets a user listen on"
    assert question_of(facts(tmp_path, **site)) == ""


@pytest.mark.parametrize(
    "install",
    ["rye sync", "uv tool install ffmpeg && uv add x", "pip install poetry && poetry update --only main"],
)
def test_what_another_manager_installs(tmp_path: Path, install: str) -> None:
    files = {"pyproject.toml": '[project]\nname = "x"\ndependencies = ["ffmpeg-python (>=0.2)"]\n', "app.py": ""}
    assert "ffmpeg-python" in facts(tmp_path, DOCKERFILE.replace("CMD", f"RUN {install}\nCMD"), **files).managed
    assert facts(tmp_path, DOCKERFILE.replace("CMD", "RUN pip install flask\nCMD"), **files).managed == frozenset()


def test_what_make_runs_for_a_compose_file_is_a_question(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text("services:\n  web:\n    build: .\n    command: make run\n")
    assert question_of(facts(tmp_path, app_py="")) == "what make runs for compose.yaml is not read"
