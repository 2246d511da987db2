"""CMD and ENTRYPOINT from shell form to exec form, where no shell is needed."""

from __future__ import annotations

import json

import pytest

from checks import check_noop, check_transformed
from dockfix.model.reason import Declared

HEAD = "FROM python:3.11-slim\nWORKDIR /app\nCOPY . .\n"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("CMD python app.py\n", 'CMD ["python", "app.py"]\n'),
        ("cmd   gunicorn  app:app", 'cmd   ["gunicorn",  "app:app"]'),
        ("CMD python -m app --name 'a b' --x=\"[1]\"\n", 'CMD ["python", "-m", "app", "--name", "a b", "--x=[1]"]\n'),
        ("CMD python -c 'print(\"가\")'\n", 'CMD ["python", "-c", "print(\\"가\\")"]\n'),
        (
            "CMD gunicorn \\\n    --bind 0.0.0.0:8000 \\\n    # workers\n    --workers 2 \\\n    app:app\n",
            'CMD ["gunicorn", \\\n    "--bind", "0.0.0.0:8000", \\\n    # workers\n    "--workers", "2", \\\n    "app:app"]\n',
        ),
        ("CMD python app.py\r\n", 'CMD ["python", "app.py"]\r\n'),
        ("CMD /usr/local/bin/python app.py\n", 'CMD ["/usr/local/bin/python", "app.py"]\n'),
        ("CMD ./run.sh\n", 'CMD ["./run.sh"]\n'),
        ('SHELL ["/bin/sh", "-c"]\nCMD python app.py\n', 'SHELL ["/bin/sh", "-c"]\nCMD ["python", "app.py"]\n'),
        ('ENTRYPOINT ["tini", "--"]\nCMD python app.py\n', 'ENTRYPOINT ["tini", "--"]\nCMD ["python", "app.py"]\n'),
        (
            'ENTRYPOINT ["tini-static", "-g"]\nCMD python app.py\n',
            'ENTRYPOINT ["tini-static", "-g"]\nCMD ["python", "app.py"]\n',
        ),
        ("ENTRYPOINT []\nCMD python app.py\n", 'ENTRYPOINT []\nCMD ["python", "app.py"]\n'),
        ("CMD one\nCMD python app.py\n", 'CMD one\nCMD ["python", "app.py"]\n'),
    ],
)
def test_exec_form(line: str, expected: str) -> None:
    files = {"run.sh": "#!/bin/sh\nexec python app.py\n"}
    check_transformed(HEAD + line, HEAD + expected, select=["exec-form"], files=files)


@pytest.mark.parametrize(
    "program",
    ["uwsgi", "hypercorn", "huey_consumer.py", "uvx", "pdm", "nginx", "java", "pip3.11", "python3.11", "jupyter-lab"],
)
def test_programs_that_the_kernel_starts(program: str) -> None:
    check_transformed(f"{HEAD}CMD {program} x\n", f'{HEAD}CMD ["{program}", "x"]\n', select=["exec-form"])


def test_it_says_why_and_declares_it() -> None:
    before, after = f"{HEAD}CMD python app.py\n", f'{HEAD}CMD ["python", "app.py"]\n'
    result = check_transformed(before, after, select=["exec-form"])
    assert "signals" in result.changes[0].message
    assert result.declares == {Declared("CMD")}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("CMD python app.py --port $PORT\n", "fill in $PORT"),
        ('CMD python app.py "${X:-y}"\n', "fill in"),
        ("CMD python `which app.py`\n", "fill in"),
        ("CMD python *.py\n", "something else of *.py"),
        ("CMD python ~/app.py\n", "something else of ~/app.py"),
        ("CMD python app.py # why\n", "shell"),
        ("CMD python migrate.py && python app.py\n", "more than one"),
        ("CMD python app.py | tee log\n", "more than one"),
        ("CMD python app.py &\n", "more than one"),
        ("CMD python app.py || true\n", "more than one"),
        ("CMD python app.py > /log\n", "redirection"),
        ("CMD A=1 python app.py\n", "assignment"),
        ("CMD python app.py;\n", "more than one"),
        ("CMD cp -r build /out\n", "ends by itself"),
        ("CMD mkdir -p /workspace\n", "ends by itself"),
        ("CMD /bin/touch /data/ready\n", "ends by itself"),
        ("CMD chown -R app /data\n", "ends by itself"),
        ("CMD mv a b\n", "ends by itself"),
        ("CMD (python app.py)\n", "more than one"),
        ("CMD exec python app.py\n", "already"),
        ("CMD echo hello\n", "own command"),
        ("CMD cd src\n", "own command"),
        ("CMD bash -c 'python app.py'\n", "a shell itself"),
        ("CMD /bin/sh run.sh\n", "a shell itself"),
        ("CMD ./bare.sh\n", "does not begin with #!"),
        ("CMD bare\n", "does not begin with #!"),
        ("CMD /app/gone.sh\n", "only a shell runs it"),
        ('SHELL ["/bin/bash", "-lc"]\nCMD python app.py\n', "SHELL says"),
        ('SHELL ["/bin/bash", "-c"]\nCMD python app.py\n', "SHELL says"),
        ('ENTRYPOINT ["./run.sh"]\nCMD python app.py\n', "gets as its arguments"),
        ('ENTRYPOINT ["tini", "-s", "--"]\nCMD python app.py\n', "gets as its arguments"),
        ("ENTRYPOINT python app.py\nCMD port\n", "would become its arguments"),
        ("CMD port\nENTRYPOINT python app.py\n", "would become its arguments"),
        ('CMD ["python"\n', "shell"),
    ],
)
def test_refusals(line: str, reason: str) -> None:
    files = {"bare.sh": "exec python app.py\n", "bare": "python app.py\n"}
    text = f"{HEAD}COPY bare /usr/local/bin/\n{line}"
    check_noop(text, select=["exec-form"], files=files, unsafe=True, refused=reason)


@pytest.mark.parametrize(
    "line", ['CMD ["python", "app.py"]\n', "EXPOSE 80\n", "CMD\n", "HEALTHCHECK CMD curl localhost\n"]
)
def test_nothing_to_do(line: str) -> None:
    check_noop(HEAD + line, select=["exec-form"])


@pytest.mark.parametrize(
    ("head", "line", "app", "reason"),
    [
        (HEAD, "ENTRYPOINT python app.py\n", "", "arguments of docker run"),
        (HEAD.replace("COPY . .\n", ""), "CMD python app.py\n", "", "no code"),
        (HEAD.replace("python:3.11-slim", "mysql:8"), "CMD python app.py\n", "", "base image may bring an ENTRYPOINT"),
        (
            HEAD.replace("python:3.11-slim", "someone/python"),
            "CMD python app.py\n",
            "",
            "base image may bring an ENTRYPOINT",
        ),
        (HEAD, "CMD python app.py\n", "import os\nhere = os.environ['PWD']\n", "app.py:2 may want the variable PWD"),
        (HEAD, "CMD python app.py\n", "import subprocess\n", "app.py:1 starts programs"),
        (HEAD, "CMD python app.py\n", "import os\nos.kill(os.getpid(), 15)\n", "app.py:2 sends signals"),
        (HEAD, "CMD somethingelse\n", "", "of what kind somethingelse is"),
        (HEAD, "CMD setup.py x\n", "", "of what kind setup.py is"),
        (HEAD, "CMD manage.py x\n", "", "of what kind manage.py is"),
    ],
)
def test_unsafe(head: str, line: str, app: str, reason: str) -> None:
    files = {"app.py": app}
    check_noop(head + line, select=["exec-form"], files=files, held_back=reason)
    keyword, *words = line.split()
    after = f"{head}{keyword} {json.dumps(words)}\n"
    check_transformed(head + line, after, select=["exec-form"], files=files, unsafe=True)


def test_an_entrypoint_of_an_earlier_stage_counts() -> None:
    text = (
        'FROM python:3.11-slim AS base\nENTRYPOINT ["./run.sh"]\nFROM base\nWORKDIR /app\nCOPY . .\nCMD python app.py\n'
    )
    check_noop(text, select=["exec-form"], refused="gets as its arguments")


def test_only_the_final_stage_counts() -> None:
    text = "FROM python:3.11-slim AS base\nCMD python app.py\nFROM base\nWORKDIR /app\nCOPY . .\n"
    check_noop(text, select=["exec-form"])


def test_a_service_that_gives_arguments() -> None:
    files = {"compose.yaml": "services:\n  web:\n    build: .\n    command: --port 80\n"}
    text = f"{HEAD}ENTRYPOINT python app.py\n"
    check_noop(text, select=["exec-form"], files=files, unsafe=True, refused="gives the service web a command")


def test_another_escape_character() -> None:
    before = f"# escape=`\n{HEAD}CMD python `\n  app.py\n"
    after = f'# escape=`\n{HEAD}CMD ["python", `\n  "app.py"]\n'
    check_transformed(before, after, select=["exec-form"])
