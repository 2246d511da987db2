"""Real processes: pipes that break, Ctrl-C, closed streams, encodings, workers, and the installed command."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from fake_engine import SCRIPT, STARTED

from dockfix.batch.discover import NOT_SUFFIXES, is_dockerfile

BIG = "FROM a\n" + "# beside x\n" + "".join(f"RUN echo {number}\n" for number in range(50))


def many(put, count: int = 60, text: str = BIG) -> None:
    for number in range(count):
        put(f"{number:03}/Dockerfile", text)


def test_a_reader_that_goes_away(put):
    many(put, 400)
    process = subprocess.Popen([sys.executable, SCRIPT], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"diff --git a/000/Dockerfile b/000/Dockerfile\n"
    process.stdout.close()
    assert process.stderr is not None
    said = process.stderr.read()
    assert process.wait(30) == 0
    assert b"Traceback" not in said
    assert b"Exception" not in said
    assert b"Broken" not in said


def test_a_reader_that_goes_away_does_not_stop_apply_or_check(put):
    many(put)
    command = f"'{sys.executable}' '{SCRIPT}' --check 2>&1 | true; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)
    assert done.stdout == "1\n"
    command = f"'{sys.executable}' '{SCRIPT}' --apply 2>&1 | true; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("0\n", "")
    assert all("USER 10001" in file.read_text() for file in Path().rglob("Dockerfile"))


def test_closed_streams(put):
    put()
    for streams, status in ((">&-", 1), ("2>&-", 1), (">&- 2>&-", 1), ("<&- >&- 2>&-", 1)):
        command = f"'{sys.executable}' '{SCRIPT}' --check {streams}"
        done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
        assert done.returncode == status, streams
        assert "Traceback" not in done.stdout + done.stderr
    command = f"'{sys.executable}' '{SCRIPT}' - <&-"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, "error: standard input is closed\n")


def test_standard_input_that_cannot_be_read(spawn):
    with Path(os.devnull).open("wb") as stream:
        done = spawn("-", stdin=stream)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr == b"error: cannot read standard input: Bad file descriptor\n"


def test_a_full_disk(put, spawn):
    put()
    with Path("/dev/full").open("wb") as full:
        done = spawn(capture_output=False, stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 2
    assert done.stderr.startswith(b"error: cannot write to standard output: No space left on device\n")
    assert b"Traceback" not in done.stderr
    with Path("/dev/full").open("wb") as full:
        done = spawn("list", capture_output=False, stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 2
    assert done.stderr == b"error: cannot write to standard output: No space left on device\n"


def interrupt(started: Path, *args: str) -> tuple[int, bytes]:
    command = [sys.executable, SCRIPT, *args]
    # a shell that runs the tests in the background has them ignore SIGINT, and children inherit that
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        process_group=0,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        env={**os.environ, STARTED: str(started)},
    )
    while not started.exists() and process.poll() is None:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=30)
    return process.returncode, said


def test_ctrl_c(put, tmp_path):
    many(put, 40, "FROM a\n# slow\n")
    for args in ((), ("--apply",), ("-j", "2")):
        started = tmp_path / f"started{len(args)}"
        status, said = interrupt(started, *args)
        assert status == 130, said
        assert b"Traceback" not in said
        assert b"KeyboardInterrupt" not in said
    assert list(tmp_path.rglob(".dockfix-*")) == []


def test_a_terminal_that_lacks_letters(put, spawn):
    put("caf\u00e9 \u2026/Dockerfile")
    shown = {
        "PYTHONIOENCODING=ascii": b"caf\\xe9 \\u2026/Dockerfile: would change",
        "PYTHONUTF8=0 LC_ALL=C": b"caf<C3><A9> <E2><80><A6>/Dockerfile: would change",
    }
    for settings, line in shown.items():
        done = spawn(env={**os.environ, **dict(setting.split("=") for setting in settings.split())})
        assert done.returncode == 0
        assert "+++ b/caf\u00e9 \u2026/Dockerfile\t\n".encode() in done.stdout
        assert line in done.stderr


def test_names_that_are_not_utf8(put, spawn, tmp_path):
    folder = tmp_path / os.fsdecode(b"\xff\xe9")
    folder.mkdir()
    (folder / "Dockerfile").write_bytes(b"FROM a\n")
    done = spawn()
    assert b"+++ b/\xff\xe9/Dockerfile\n" in done.stdout
    assert b"<FF><E9>/Dockerfile: would change" in done.stderr
    assert spawn("--apply").returncode == 0


def test_workers_say_the_same_as_one_process(put, spawn):
    many(put, 70)
    put("031/Dockerfile", "FROM a\n# boom\n")
    put("040/Dockerfile", "FROM a\n# bad\n")
    one, three = spawn("-v"), spawn("-v", "-j", "3")
    assert one.returncode == three.returncode == 2
    assert one.stdout == three.stdout
    assert one.stderr == three.stderr
    assert spawn("--apply", "-j", "3").returncode == 2
    assert Path("069/Dockerfile").read_text().endswith("USER 10001\n")


def test_a_worker_that_dies_takes_only_its_file_along(put, spawn):
    many(put, 40, "FROM a\n")
    put("020/Dockerfile", "FROM a\n# die\n")
    done = spawn("--apply", "-j", "2")
    assert done.returncode == 2
    assert done.stderr.count(b"error: 020/Dockerfile: internal error: BrokenProcessPool") == 1
    assert done.stderr.endswith(b"Changed 39 of 40 files (39 edits; 39 more with --unsafe; 1 failed)\n")


def test_how_many_workers():
    from dockfix.batch.run import worker_count

    assert worker_count(2000, None) == 1
    assert worker_count(2001, None) == os.cpu_count()
    assert worker_count(10, 4) == 4
    assert worker_count(3, 4) == 3
    assert worker_count(0, 4) == 1


def test_the_current_folder_is_gone(spawn, tmp_path):
    command = f"mkdir x && cd x && rmdir ../x && '{sys.executable}' '{SCRIPT}'"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, "error: the current folder does not exist any more\n")


def test_the_installed_command_and_the_module(tmp_path):
    installed = shutil.which("dockfix", path=str(Path(sys.executable).parent))
    assert installed is not None
    for command in ([installed], [sys.executable, "-m", "dockfix"]):
        done = subprocess.run([*command, "--version"], capture_output=True, text=True, check=True)
        assert done.stdout.startswith("dockfix ")
        done = subprocess.run([*command, "nowhere"], capture_output=True, text=True, check=False)
        assert done.returncode == 2
        assert done.stderr.startswith("error: nowhere: no such file or folder\n")


def test_the_start_is_light():
    """What --version loads: click, and none of the libraries that only some runs need."""
    code = "import sys\nimport dockfix.cli.app\nprint(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    heavy = {"libcst", "yaml", "tree_sitter", "dockerfile_parse", "pathspec", "concurrent.futures", "json", "tomllib"}
    assert loaded & heavy == set()
    assert not {name for name in loaded if name.startswith(("dockfix.engine", "dockfix.syntax", "dockfix_transforms"))}


def test_a_preview_of_one_file_loads_what_it_needs(put):
    put()
    code = (
        f"import sys\nsys.path.insert(0, {str(Path(SCRIPT).parent)!r})\n"
        "import fake_engine\nfrom dockfix import engine\n"
        "engine.run = fake_engine.run\nfrom dockfix.cli.app import cli\n"
        "try:\n    cli.main(['Dockerfile'])\nfinally:\n    print(*sorted(sys.modules))"
    )
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    # the first run reads the tables of knowledge where nobody has yet, and keeps them for the second
    for _ in range(2):
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=env)
    loaded = set(done.stdout.splitlines()[-1].split())
    assert not loaded & {"libcst", "yaml", "pathspec", "concurrent.futures.process", "tomllib"}


def test_a_real_preview_loads_what_it_needs(tmp_path):
    (tmp_path / "Dockerfile").write_text(
        'FROM python:3.12\nWORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt\nCMD ["python", "main.py"]\n'
    )
    (tmp_path / "requirements.txt").write_text("flask==3.0.0\n")
    (tmp_path / "main.py").write_text("from flask import Flask\n\napp = Flask(__name__)\napp.run()\n")
    code = (
        "import sys\nfrom dockfix.cli.app import cli\n"
        "try:\n    cli.main(['Dockerfile'])\nfinally:\n    print(*sorted(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert "+RUN --mount=type=cache" in done.stdout
    loaded = set(done.stdout.splitlines()[-1].split())
    assert "dockfix_transforms.multi_stage" in loaded
    heavy = {"libcst", "yaml", "rich", "pathspec", "packaging", "importlib.metadata", "email", "secrets", "asyncio"}
    assert loaded & heavy == set()
    assert {name for name in loaded if name.startswith("dockfix.verify.")} <= {"dockfix.verify.flags"}


def test_the_hooks_are_for_our_command():
    import yaml

    file = Path(__file__).parents[2] / ".pre-commit-hooks.yaml"
    hooks = yaml.safe_load(file.read_text("utf-8"))
    assert [hook["id"] for hook in hooks] == ["dockfix", "dockfix-check"]
    for hook in hooks:
        assert "types" not in hook  # what others call a Dockerfile is not what `dockfix .` finds
        assert hook["entry"].startswith("dockfix --")
        assert {"--check", "--force-exclude"} <= set(hook["entry"].split())


STEMS = [
    "Dockerfile",
    "Containerfile",
    "dockerfile",
    "web",
    "",
    ".",
    ".#",
    "._",
    ".web",
    "my-Dockerfile",
    "MyDockerfile",
]
ENDS = [
    "",
    ".",
    "s",
    "-dev",
    "_dev",
    ".dev",
    ".3.11",
    ".py",
    ".Dockerfile",
    ".dockerfile",
    ".DOCKERFILE",
    ".Containerfile",
]


@pytest.mark.parametrize("number", [0, 1])
def test_the_hooks_take_the_files_that_a_folder_is_searched_for(number):
    import yaml

    hook = yaml.safe_load((Path(__file__).parents[2] / ".pre-commit-hooks.yaml").read_text("utf-8"))[number]
    names = {
        stem + end + last for stem in STEMS for end in ENDS for last in ("", *NOT_SUFFIXES, "x", ".Dockerfile", ".dev")
    } - {"", ".", ".."}
    taken = {name for name in names if is_dockerfile(name)}
    assert {"Dockerfile-dev", "Dockerfile_dev", "web.dockerfile", "Containerfile.dev"} <= taken
    for folder in ("", "a/", "a.Dockerfile/b/"):
        assert taken == {
            name
            for name in names
            if re.search(hook["files"], folder + name) and not re.search(hook["exclude"], folder + name)
        }


def test_the_real_engine(put, tmp_path):
    """Check, preview, apply, check again, with the installed command and the transforms that come with it."""
    put("requirements.txt", "flask==3.0.3\n")
    put("app.py", "import flask\n\nprint(flask)\n")
    file = put(
        text="FROM python:3.11-slim\nWORKDIR /app\nRUN apt-get update && apt-get install -y gcc\n"
        'COPY requirements.txt .\nRUN pip install -r requirements.txt\nCOPY . .\nCMD ["python", "app.py"]\n'
    )
    (tmp_path / ".git").mkdir()

    def dockfix(*args: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run([sys.executable, "-m", "dockfix", *args], capture_output=True, check=False, timeout=60)

    assert dockfix("--check", "-q").returncode == 1
    diff = dockfix("Dockerfile")
    assert diff.returncode == 0
    before = file.read_bytes()
    applied = dockfix("--apply")
    assert (applied.returncode, applied.stdout) == (0, b"")
    after = file.read_bytes()
    assert b"AS builder" in after
    assert dockfix("--check").returncode == 0
    filtered = subprocess.run(
        [sys.executable, "-m", "dockfix", "-", "--apply"], input=before, capture_output=True, check=True, timeout=60
    )
    assert filtered.stdout == after
    file.write_bytes(before)
    (tmp_path / ".dockerignore").unlink(missing_ok=True)
    subprocess.run(["patch", "-p1"], input=diff.stdout, check=True, stdout=subprocess.DEVNULL)
    assert file.read_bytes() == after
