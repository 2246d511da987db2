"""What is kept out of the build context, and what never is."""

from __future__ import annotations

import pytest

from dockfix.context.dockerignore import parse_ignore
from dockfix_transforms._ignore_text import HEADER
from results import Project, ignore_of, refusal, unsafe

BASIC = 'FROM python:3.11-slim\nWORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt\nCMD ["python", "app.py"]\n'


def run(project: Project, files: dict[str, str] | None = None, text: str = BASIC) -> list[str]:
    return ignore_of(project(text, files, only="dockerignore")).splitlines()


ALWAYS = [
    "# Keeps out of the build context what the image does not need",
    ".git",
    "**/.env",
    "**/.env*.local",
    "**/*.pem",
    "**/*.key",
    "**/__pycache__",
    "**/.venv",
    "venv",
    "**/*.py[cod]",
]
# What a small project has beside its code
SMALL = {
    ".gitignore": "x",
    "README.md": "x",
    "docs/index.md": "x",
    "docker-compose.yml": "services: {}\n",
    "tests/x.py": "",
}


def test_a_new_file_names_what_endangers_and_what_is_there(project: Project) -> None:
    assert run(project) == [*ALWAYS, "Dockerfile"]
    lines = run(project, SMALL)
    assert lines == [*ALWAYS, ".gitignore", "Dockerfile", "docker-compose*.yml", "*.md", "docs"]
    assert len(lines) <= 15


@pytest.mark.parametrize(
    ("file", "pattern"),
    [
        (".pytest_cache/v/x", "**/.pytest_cache"),
        ("shop/.mypy_cache/x", "**/.mypy_cache"),
        (".idea/x.xml", ".idea"),
        (".DS_Store", "**/.DS_Store"),
        ("deploy/id_rsa", "**/id_rsa*"),
        ("debug.log", "*.log"),
        ("env/pyvenv.cfg", "env"),
    ],
)
def test_what_the_context_has_is_named_and_nothing_else(project: Project, file: str, pattern: str) -> None:
    assert pattern not in run(project)
    assert set(run(project, {file: "x"})) == {*ALWAYS, "Dockerfile", pattern}


def test_a_folder_that_is_called_venv_and_is_none_stays(project: Project) -> None:
    for name in ("venv", "env"):
        assert name not in run(project, {f"{name}/tool.py": ""})
    assert "venv" in run(project, {"venv/pyvenv.cfg": ""})


def test_everything_on_request(project: Project) -> None:
    result = project(BASIC, only="dockerignore", options={"dockerignore.everything": True})
    lines = ignore_of(result).splitlines()
    assert {"# Caches", "**/.tox", ".idea", "build", "dist", "docs", "*.md", "# Secrets", "**/*.so"} <= set(lines)
    assert len(lines) > 40


@pytest.mark.parametrize(
    ("files", "pattern"),
    [
        ({"pyproject.toml": '[project]\nreadme = "README.md"\n', "README.md": "x"}, "*.md"),
        ({"app.py": "open('README.md')\n", "README.md": "x"}, "*.md"),
        ({"docs/a.txt": "x", "app.py": "serve('docs')\n"}, "docs"),
        ({"build/x.txt": ""}, "build"),
        ({"lib/x.so": ""}, "**/*.so"),
        ({"setup.py": "setup(use_scm_version=True, setup_requires=['setuptools_scm'])\n"}, ".git"),
        ({"app.py": "subprocess.run(['git', 'rev-parse', 'HEAD'])\n"}, ".git"),
        ({"key.pem": "x", "app.py": "load('key.pem')\n"}, "**/*.pem"),
        ({".env": "A=1\n", "app.py": "from dotenv import load_dotenv\n"}, "**/.env"),
        ({"Dockerfile.docs": "FROM python:3.11\nCOPY docs /docs\n", "docs/x": ""}, "docs"),
    ],
)
def test_nothing_that_is_needed_is_taken_away(project: Project, files: dict[str, str], pattern: str) -> None:
    lines = run(project, files)
    assert lines
    assert pattern not in lines


def test_a_file_that_a_copy_names_stays(project: Project) -> None:
    lines = run(project, {"README.md": "x", "notes.md": "x"}, BASIC.replace("COPY . .", "COPY . .\nCOPY README.md /r"))
    assert "*.md" not in lines
    assert "Dockerfile" in lines


def test_a_secret_that_the_program_reads_stays_with_a_warning(project: Project) -> None:
    result = project(BASIC, {".env": "A=1\n", "app.py": "from dotenv import load_dotenv\n"}, only="dockerignore")
    assert any(".env is copied into the image" in note.message for note in result.warnings)


def test_the_warning_stands_where_nothing_else_is_to_do(project: Project) -> None:
    files = {".env": "A=1\n", "app.py": "from dotenv import load_dotenv\n"}
    done = ignore_of(project(BASIC, files, only="dockerignore"))
    again = project(BASIC, {**files, ".dockerignore": done}, only="dockerignore")
    assert not again.files
    assert any(".env is copied into the image" in note.message for note in again.warnings)


def test_a_secret_that_nothing_reads_goes(project: Project) -> None:
    assert "**/.env" in run(project, {".env": "A=1\n"})


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("app.py", "import dotenv\ndotenv.load_dotenv()\n"),
        ("app.py", "from dotenv import load_dotenv as load\nload()\n"),
        ("app.py", "from dotenv import load_dotenv\nload_dotenv(dotenv_path=BASE / '.env')\n"),
        ("app.py", "from environs import Env\nenv = Env()\nenv.read_env()\n"),
        ("app.py", "import decouple\nprint(decouple.config('A'))\n"),
        ("app.py", "class S(BaseSettings):\n    class Config:\n        env_file = '.env'\n"),
        ("app.py", "class S(BaseSettings):\n    model_config = {'env_file': ('.env', '.env.prod')}\n"),
        ("app.py", "from starlette.config import Config\nconfig = Config('.env')\n"),
        ("app.py", "import os\nopen(os.path.join(os.path.dirname(__file__), '.env')).read()\n"),
        ("app.py", "from dynaconf import Dynaconf\nsettings = Dynaconf(load_dotenv=True)\n"),
    ],
)
@pytest.mark.parametrize("there", [True, False])
def test_keeping_out_a_env_that_the_program_reads_is_unsafe(
    project: Project, name: str, code: str, there: bool
) -> None:
    files = {name: code, **({".env": "A=1\n"} if there else {})}
    result = project(BASIC, files, only="dockerignore")
    assert "**/.env" not in ignore_of(result).splitlines()
    assert f"{name}:" in unsafe(result, "dockerignore")
    assert ".env file by itself" in unsafe(result, "dockerignore")
    assert "**/.env" in ignore_of(project(BASIC, files, only="dockerignore", unsafe=True)).splitlines()
    again = project(BASIC, {**files, ".dockerignore": ignore_of(result)}, only="dockerignore")
    assert again.files == ()


@pytest.mark.parametrize(
    "files",
    [
        {"app.py": "ENDINGS = ['.com', '.dev', '.env']\n"},
        {"app.py": "if name.endswith('.env'):\n    raise ValueError\n"},
        {"app.py": "from dotenv import load_dotenv\nload_dotenv('prod.env')\n"},
        {"app.py": "from environs import Env\nA = Env().str('A')\n"},
        {"app.py": "# load_dotenv would read it\nname = obj.env\n"},
        {"requirements.txt": "python-dotenv==1.0\nenvirons\n"},
        {"uv.lock": "[[package]]\nname = 'python-dotenv'\n"},
        {"README.md": "call load_dotenv()\n", "tests/test_app.py": "from dotenv import load_dotenv\nload_dotenv()\n"},
        {"compose.yaml": "services:\n  web:\n    build: .\n    env_file:\n      - path: ./.env\n        required: false\n",
         "app.py": "from dotenv import load_dotenv\nload_dotenv()\n"},
        {"compose.yaml": "services:\n  web:\n    build: .\n    environment: [A=2, B=3]\n", ".env": "A=1\n",
         "app.py": "from dotenv import load_dotenv\nload_dotenv()\n"},
    ],
)  # fmt: skip
def test_what_is_no_reading_of_env_or_loses_nothing(project: Project, files: dict[str, str]) -> None:
    result = project(BASIC, {".env": "A=1\n", **files}, only="dockerignore")
    assert "**/.env" in ignore_of(result).splitlines()
    assert not result.unsafe


LARGE = "# " + "x" * (1 << 20) + "\n"


@pytest.mark.parametrize(
    ("file", "pattern"),
    [(".env", "**/.env"), ("tls.pem", "**/*.pem"), ("certs/server.key", "**/*.key"), ("docs/a.txt", "docs")],
)
def test_what_code_may_read_that_is_too_large_to_be_read_stays(project: Project, file: str, pattern: str) -> None:
    assert pattern not in run(project, {"big.py": LARGE, file: "A=1\n"})
    assert pattern in run(project, {"big.py": "x = 1\n", file: "A=1\n"})


def test_why_a_env_stays_that_code_which_is_not_read_may_read(project: Project) -> None:
    result = project(BASIC, {"big.py": LARGE, ".env": "A=1\n"}, only="dockerignore")
    assert "it may be code which is not read (big.py could not be read" in unsafe(result, "dockerignore")


def test_an_existing_file_is_completed_and_keeps_its_lines(project: Project) -> None:
    before = "node_modules\r\n.git\r\n!docs\r\n"
    after = ignore_of(project(BASIC, {".dockerignore": before}, only="dockerignore"))
    assert after.startswith(before)
    assert "\r\n**/.env\r\n" in after
    assert after.count("\n") == after.count("\r\n")
    assert after.count(".git\r\n") == 1
    assert "*.md" not in after


GROUPED = """\
# Git
.git
.gitignore

# Python stuff
*.pyc
__pycache__/

# Credentials
secrets.yml

# Docs
docs
"""


ADDED = ["**/.env", "**/.env*.local", "**/*.pem", "**/*.key", "**/__pycache__", "**/.venv", "**/*.py[cod]"]


@pytest.mark.parametrize(
    ("before", "added"),
    [
        (GROUPED, ADDED),
        (GROUPED + "\n\n", ADDED),
        ("# Python\n__pycache__/\n*.pyc\n#   a note on locks\n#poetry.lock\n.git", ADDED),
        (".git\n.env", ADDED[1:]),
        ("venv/\n\n# Environments\n.env/\n.venv/\n\n# OS\n**/.DS_Store\n.git\n", ADDED[1:5] + ADDED[6:]),
    ],
)
def test_what_is_added_is_one_block_below_the_authors_lines(project: Project, before: str, added: list[str]) -> None:
    after = ignore_of(project(BASIC, {".dockerignore": before}, only="dockerignore"))
    assert after.startswith(before.rstrip("\n") + "\n\n" + HEADER + "\n")
    assert after[len(before.rstrip("\n")) :].split() == HEADER.split() + added
    assert run(project, {".dockerignore": after}) == []


def test_what_a_later_run_adds_goes_to_the_block_of_the_first(project: Project) -> None:
    before = f"docs\n\n{HEADER}\n.git\n**/.env\n"
    assert run(project, {".dockerignore": before}) == [*before.splitlines(), *ADDED[1:]]
    moved = f"{HEADER}\n.git\n\n# mine\ndocs\n"
    assert run(project, {".dockerignore": moved}) == [*moved.splitlines(), "", HEADER, *ADDED]


@pytest.mark.parametrize(
    "before",
    [
        "*.log\n!*\n",
        ".git\n\n!.env.example\n",
        "# keys\n\n*.pem\n!ca.pem\n",
        "**/__pycache__\n!src/__pycache__\n\n# secrets\n",
        "",
        "\n\n",
        "# only a comment",
        ".git",
        "node_modules\n\n# Env\n.env\n# Python\n*.pyc\n",
    ],
)
def test_a_completed_file_keeps_out_what_it_is_to_keep_out(project: Project, before: str) -> None:
    after = ignore_of(project(BASIC, {".dockerignore": before}, only="dockerignore"))
    ignored = parse_ignore(after).ignores
    for path in (".git/HEAD", ".env", ".env.local", "x/y.key", "a/.venv/x", "a/b.pyc"):
        assert ignored(path), path
    old = [line for line in before.splitlines() if line]
    assert [line for line in after.splitlines() if line in old] == old


@pytest.mark.covers("dockerignore/last-match-wins")
def test_what_an_existing_file_takes_back_is_not_ignored_again(project: Project) -> None:
    lines = run(project, {".dockerignore": "**/.env*\n!.env\n"})
    assert [line for line in lines if "env" in line and "venv" not in line] == ["**/.env*", "!.env"]
    assert ".git" in lines
    assert "**/.env" not in lines


def test_a_file_that_lets_in_only_what_it_names_is_complete(project: Project) -> None:
    assert run(project, {".dockerignore": "*\n!app.py\n!.env\n"}) == []


@pytest.mark.covers("dockerignore/file-of-the-dockerfile")
def test_the_file_that_belongs_to_the_dockerfile_is_the_one_completed(project: Project) -> None:
    result = project(BASIC, {"Dockerfile.dockerignore": "x\n", ".dockerignore": "y\n"}, only="dockerignore")
    assert [change.path.rsplit("/", 1)[-1] for change in result.files] == ["Dockerfile.dockerignore"]


def test_no_folder_no_file(project: Project) -> None:
    result = project(BASIC.replace("COPY . .", "COPY app.py requirements.txt ./"), only="dockerignore")
    assert not result.files
    assert "no COPY takes a folder" in refusal(result, "dockerignore")


def test_an_unknown_context_gets_no_file(project: Project) -> None:
    result = project(BASIC.replace("COPY . .", "COPY . .\nCOPY gone /x"), only="dockerignore")
    assert not result.files
    assert "not known" in refusal(result, "dockerignore")


@pytest.mark.parametrize(
    "path",
    [
        "__pycache__/a",
        "a.pyc",
        "a.pyo",
        "a$py.class",
        "a.so",
        ".venv/a",
        "venv/a",
        "env/a",
        ".env",
        ".env.local",
        "a.egg-info/b",
        "dist/a",
        "build/a",
        ".pytest_cache/a",
        ".coverage",
        "htmlcov/a",
        ".idea/a",
        ".vscode/a",
        "a.swp",
        ".git/HEAD",
        ".gitignore",
        "Dockerfile",
        "docker-compose.dev.yml",
        ".dockerignore",
        "README.md",
        "docs/a",
        "a.log",
        "a.tmp",
        ".DS_Store",
    ],
)
def test_on_request_a_new_file_has_what_a_careful_guide_ignores(project: Project, path: str) -> None:
    result = project(BASIC, only="dockerignore", options={"dockerignore.everything": True})
    assert parse_ignore(ignore_of(result)).ignores(path)


@pytest.mark.parametrize(
    ("there", "files", "added"),
    [
        (".git\n.env\n.env*.local\n**/__pycache__\n**/.venv\n**/*.py[cod]\n", {}, []),
        (".git\n**/.env*\n**/__pycache__\n**/.venv\n**/*.py?\n", {"a/b.py": ""}, []),
        (
            ".git\n.env\n.env*.local\n**/__pycache__\n**/.venv\n**/*.py[cod]\n",
            {"certs/a.pem": "x"},
            ["**/*.pem", "**/*.key"],
        ),
        (".git\n.env\n**/__pycache__\n**/.venv\n**/*.py[cod]\n", {}, ["**/.env*.local", "**/*.pem", "**/*.key"]),
    ],
)
def test_keys_that_nobody_has_are_no_reason_to_touch_a_file(
    project: Project, there: str, files: dict[str, str], added: list[str]
) -> None:
    text = (
        'FROM python:3.11-slim\nWORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt\nCMD ["python", "app.py"]\n'
    )
    result = project(text, {".dockerignore": there, **files}, only="dockerignore")
    lines = [line for line in ignore_of(result).removeprefix(there).split("\n") if line and not line.startswith("#")]
    assert [line for line in lines if line in {"**/.env*.local", "**/*.pem", "**/*.key"}] == added
    assert bool(lines) == bool(added)
