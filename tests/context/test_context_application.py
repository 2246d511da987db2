"""What the program's files mention."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import libcst
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dockfix.context import texts
from dockfix.context.application import Application, Mention
from dockfix.context.build_context import BuildContext
from dockfix.context.program.from_libcst import tree_of
from dockfix.context.program.read import new_sources
from dockfix.context.program.source import too_deep


def made(files: dict[str, str | bytes], root: Path) -> Application:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    context = BuildContext(root)
    return Application(context, frozenset(context.files() or ()))


def string_literals(source: bytes) -> tuple[tuple[int, str], ...] | None:
    module = new_sources().module("x.py", source)
    return None if isinstance(module, str) else tuple(sorted(module.literals))


def words(app: Application, *names: str) -> list[tuple[str, str, int]]:
    return [(mention.word, mention.file, mention.line) for mention in app.mentions(names)]


PROGRAM = '''\
"""Runs gcc (a docstring)."""
import subprocess

# gcc in a comment
NAMES = ["gcc-12", "xgcc", "gcc_x", "gcc+"]


def run():
    """Another docstring: gcc."""
    "gcc as a lonely string"
    subprocess.run(["gcc", "-c"])
    subprocess.run(f"{NAMES} && /usr/bin/gcc -c")
    subprocess.run(b"exec gcc")
    subprocess.run("""cd x
        gcc y""")
    gcc = 1
'''


def test_python_files_that_start_programs(tmp_path: Path) -> None:
    app = made({"app.py": PROGRAM, "names.py": "x = 'gcc'\n"}, tmp_path)
    assert words(app, "gcc") == [
        ("gcc", "app.py", 11),
        ("gcc", "app.py", 12),
        ("gcc", "app.py", 13),
        ("gcc", "app.py", 15),
        ("gcc", "names.py", 1),
    ]
    (tmp_path / "quiet").mkdir()
    assert words(made({"names.py": "x = 'gcc'\n"}, tmp_path / "quiet"), "gcc") == []
    assert words(app, "make") == []
    assert words(app) == []
    assert app.known


@pytest.mark.parametrize(
    "start",
    [
        "import subprocess",
        "import os\nos.system(x)",
        "from os import execvp",
        "import os\nos.spawnlp(x)",
        "import shutil\nshutil.which(x)",
        "import asyncio\nasyncio.create_subprocess_exec(x)",
        "import pexpect",
        "from invoke import task",
        "import fabric",
        "x.Popen(y)",
        "await anyio.run_process(x)",
        "import pty",
        "commands.getoutput(x)",
        "from sh import ls",
        "import plumbum",
    ],
)
def test_ways_to_start_a_program(tmp_path: Path, start: str) -> None:
    app = made({"app.py": f"{start}\nx = 'convert a b'\n"}, tmp_path)
    assert [word for word, _, _ in words(app, "convert")] == ["convert"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("x = 'file -b a'", True),
        ("x = 'cd /tmp && file a.png | sort'", True),
        ("x = f'file {name}'", True),
        ("x = '/usr/bin/file -i'", True),
        ("x = 'a; sudo file \"$x\"'", True),
        ("x = '$(file -b a)'", True),
        ("x = 'file not found'", False),
        ("x = 'file'", False),
        ("x = 'the file -'", False),
        ("x = 'upload a file'", False),
        ("x = 'a.file'", False),
        ("x = 'file: a'", False),
    ],
)
def test_words_of_english_count_where_a_command_stands(tmp_path: Path, text: str, found: bool) -> None:
    app = made({"app.py": f"import subprocess\n{text}\n"}, tmp_path)
    assert [word for word, _, _ in words(app, "file")] == ["file"] * found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("file a.png", True),
        ("for x in *; do file $x; done", True),
        ("kind=$(file -b a)", True),
        ("test -e x && exec file x", True),
        ("echo 'no such file'", False),
        ("cp file other", False),
        ("# file a", False),
        ("rm -f log file", False),
    ],
)
def test_words_of_english_in_scripts(tmp_path: Path, text: str, found: bool) -> None:
    assert [word for word, _, _ in words(made({"a.sh": f"#!/bin/sh\n{text}\n"}, tmp_path), "file")] == ["file"] * found


def test_sh_and_plumbum_name_programs_without_quotes(tmp_path: Path) -> None:
    app = made(
        {"a.py": "from sh import git\n", "b.py": "from plumbum.cmd import curl\n", "c.py": "from x import git\n"},
        tmp_path,
    )
    assert words(app, "git", "curl") == [("git", "a.py", 1), ("curl", "b.py", 1)]


@pytest.mark.parametrize(
    "text",
    [
        "import subprocess\nprint 'x'  # gcc\n",
        "subprocess gcc\n",
        "import subprocess  # gcc\nx = " + "(" * 5000,
        "import subprocess  # gcc\nx = 1" + "+1" * 50000 + " +",
        "import subprocess # gcc\n\xff\n",
        "import subprocess  # gcc\nexcept X, e:\n",
    ],
)
def test_a_python_file_that_cannot_be_parsed_counts(tmp_path: Path, text: str) -> None:
    app = made({"app.py": text.encode("latin-1")}, tmp_path)
    assert {word for word, _, _ in words(app, "gcc")} == {"gcc"}


SAMPLE = b'''"""doc"""
import subprocess
if x:
    case = 1
    run("gcc", b"ld", f"cc {x} ar" "as")
"lonely" " text"
assert x, "a1"
def f(a: "a2", *b: "a3", c: "a4" = "a5", **d: "a6") -> "a7":
    y: "a8" = lambda e="a9": {"b1": x["b2":"b3", "b4"], **{"b5": -len("b6")}}
    raise E("b7") from g("b8")
class A(B, x="b9"):
    """doc"""
    z = f"{x!r:c1} c2\\tc3{{" rf"\\c4{x:{'c5'}}" or [each for each in "c6" if each < "c7"]
try:
    with open("c8") as h: pass
except f("c9"): del i["d1"]
while "d2": yield "d3"
match "d4":
    case "d5" | {"d6": "d7"} if "d8": print("d9")
'''


def test_both_parsers_find_the_same() -> None:
    newer = string_literals(SAMPLE + b"type Names = list[str]\n")
    assert newer == string_literals(SAMPLE)
    assert newer is not None
    assert newer[:4] == ((5, " aras"), (5, "cc "), (5, "gcc"), (5, "ld"))
    assert {text for _, text in newer[4:]} == {
        *(f"{letter}{digit}" for letter in "abd" for digit in range(1, 10)),
        "c1",
        " c2\tc3{\\c4",
        *(f"c{digit}" for digit in range(5, 10)),
    }


def test_python_newer_than_this_one_is_read() -> None:
    assert string_literals(b'"""doc"""\ntype Names = list[str]\n\nx = "gcc"\n') == ((4, "gcc"),)
    assert string_literals(b"x = (\n") is None


@pytest.mark.skipif(
    sys.version_info >= (3, 14) or not hasattr(libcst, "TemplatedString"), reason="no LibCST that knows them is used"
)
def test_t_strings_are_read_as_f_strings() -> None:
    assert string_literals(b"x = t'gcc {y:<{z}} make'\n") == string_literals(b"x = f'gcc {y:<{z}} make'\n")


@pytest.mark.parametrize(
    "source",
    [
        b"(" * 3000,
        b"x" + b"+1" * 9000,
        b"x = (1\n" + b"+1\n" * 9000 + b")",
        b"x" + b".a" * 9000,
        b"lambda:" * 5000,
        b"[" * 50000,
    ],
)
def test_nesting_that_would_overflow_the_stack_is_not_parsed(source: bytes) -> None:
    assert too_deep(source)
    assert string_literals(source) is None


def test_scripts(tmp_path: Path) -> None:
    app = made(
        {
            "run.sh": "# gcc\ngcc x\n",
            "entrypoint": "exec gcc\n",
            "tool": "#!/usr/bin/env bash\ngcc\n",
            "Procfile": "web: gcc\n",
            "supervisord.conf": "[program:x]\n; gcc\ncommand=gcc\n",
            "crontab": "* * * * * /usr/bin/gcc\n",
            "uwsgi.ini": "exec-pre=gcc\n",
            "bin/x": "#!/usr/bin/python3\nimport os; os.system('gcc')\n",
            "unit.service": "ExecStart=gcc\n",
        },
        tmp_path,
    )
    assert words(app, "gcc") == [
        ("gcc", "Procfile", 1),
        ("gcc", "bin/x", 2),
        ("gcc", "crontab", 1),
        ("gcc", "entrypoint", 1),
        ("gcc", "run.sh", 2),
        ("gcc", "supervisord.conf", 3),
        ("gcc", "tool", 2),
        ("gcc", "unit.service", 1),
        ("gcc", "uwsgi.ini", 1),
    ]


def test_files_in_which_a_word_starts_nothing(tmp_path: Path) -> None:
    app = made(
        dict.fromkeys(
            (
                "README.md",
                "x.html",
                "x.js",
                "x.json",
                "x.css",
                "x.svg",
                "a.lock",
                "Makefile",
                "setup.cfg",
                "tox.ini",
                "x.txt",
                "x.yml",
                "notes",
            ),
            "gcc\n",
        ),
        tmp_path,
    )
    assert words(app, "gcc") == []
    assert app.search(b"gcc")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("gcc", True),
        ("/usr/bin/gcc", True),
        ("CC=gcc", True),
        ("x;gcc;y", True),
        ("gcc.x", False),
        ("gcc. x", True),
        ("gcc.service", True),
        ("gcc-12", False),
        ("xgcc", False),
        ("g++", False),
        ("gcc+", False),
        ("gcc_", False),
        ("GCC", False),
    ],
)
def test_word_boundaries(tmp_path: Path, text: str, found: bool) -> None:
    assert bool(words(made({"a.sh": text}, tmp_path), "gcc")) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("make", True),
        ("make all", True),
        ("cd x && make -C y", True),
        ("make sure that", False),
        ("to make a call", False),
        ("make sure; make", True),
    ],
)
def test_make_in_prose(tmp_path: Path, text: str, found: bool) -> None:
    app = made({"run.sh": f"echo {text}\n", "app.py": f"import subprocess\nx = '{text}'\n"}, tmp_path)
    assert [mention.file for mention in app.mentions(["make"])] == (["app.py", "run.sh"] if found else [])


def test_a_word_with_signs_of_its_own(tmp_path: Path) -> None:
    assert words(made({"a.sh": "g++ -c\n"}, tmp_path), "g++", "g", "gcc") == [("g++", "a.sh", 1)]
    assert words(made({"b.sh": "pkg-config x\n"}, tmp_path), "pkg", "config") == []


PATHS = [
    ("open('/data/x.db', 'a')", ["/data/x.db"]),
    ("open('/data/x.db')", []),
    ("open('/data/x.db', encoding='utf-8')", []),
    ("Path('/data/x.db').read_text()", []),
    ("Path('/data/x.db').exists()", []),
    ("connect('/weird/x.db')", ["/weird/x.db"]),
    ("DATA_DIR = '/weird'", ["/weird"]),
    ("environ.get('CACHE_DIR', '/weird/x')", ["/weird/x"]),
    ("if request.path == '/weird/x':", []),
    ("root_path='/weird'", []),
    ("PATH = '/opt/bin:/usr/bin:/srv/bin'", []),
    ("find_path('/html/body/div')", []),
    ("x = 'media'  # was '/media/x' once", []),
    ('Path("/var/lib/app") / name', ["/var/lib/app"]),
    ("f'/srv/{name}/x'", ["/srv/"]),
    ("'sqlite:////data/app.db'", ["/data/app.db"]),
    ("os.environ.get('DIR', '/opt/x')", ["/opt/x"]),
    ("['/data', '/logs']", ["/data", "/logs"]),
    ("'/datax/y'", []),
    ("'data/x'", []),
    ("'https://x/data/y'", []),
    ("# /data/x", []),
    ("'see /data/x'", []),
    ("'/tmp/x'", []),
    ("@app.route('/data')", []),
    ("@app.get('/config/x')", []),
    ("client.post('/data/x')", []),
    ("path('/data', view)", []),
    ("MEDIA_URL = '/media/'", []),
    ("MEDIA_ROOT = '/media/'", ["/media/"]),
    ("url_prefix='/data'", []),
    ("'/data/<int:x>'", []),
    ("@api.route(\n    '/data')", []),
    ("static_url_path = x if y else '/static'", []),
    ("get(s['X_URL'] + '/config/ui')", []),
    ("# x = '/data'", []),
    ("'/etc/app/%s' % x", ["/etc/app/%s"]),
    ("'/run'", ["/run"]),
    ("'/runs/x'", []),
    ("'/home/app/.cache'", ["/home/app/.cache"]),
    # tests of what was asked for
    ("path = request.url.path\nwatch = path.startswith(('/auth', '/profile', '/config/auth'))", []),
    ("if request.path.startswith(('/static', '/media/x')):", []),
    ("if request.url.path in {'/logs', '/data/export'}:", []),
    ("if self.request.path.startswith('/files'):", []),
    ("if scope['path'] == '/files':", []),
    ("name = given\nif name.startswith('/srv/files'):", ["/srv/files"]),
    ("if target.startswith(('/profile', '/data/x')):", ["/data/x"]),
    # redirects, and routers that are told a list
    ("return RedirectResponse(f'/config/{x}')", []),
    ("return HttpResponseRedirect('/files/')", []),
    ("headers={'Location': '/files/new'}", []),
    ("api.add_resource(Export, '/data', '/data/<int:x>')", []),
    ("Mount('/files', app=files)", []),
    ("(r'/config', ConfigHandler),", []),
    ("copy(Export, '/data')", ["/data"]),
    ("handlers = [logging.FileHandler('/logs/x.log')]", ["/logs/x.log"]),
    # names that only routers are given
    ("FILES = '/files/upload/{name}'\n@router.post(FILES)\ndef f(): ...", []),
    ("FILES = '/files'\napp.include_router(x, prefix=FILES)", []),
    ("FILES = '/files'\napp.add_api_route(FILES, f)", []),
    ("FILES = '/files'\napp.mount(FILES, f)\nopen(FILES + '/x', 'w')", ["/files"]),
    ("FILES = '/files'\ncache.get(FILES)", ["/files"]),
    ("FILES = '/files/{id}'\nopen(FILES.format(id=1), 'w')", ["/files/"]),
    ("FILES = '/files'", ["/files"]),
]


@pytest.mark.parametrize(("text", "paths"), PATHS, ids=[case[0] for case in PATHS])
def test_absolute_paths_of_python(tmp_path: Path, text: str, paths: list[str]) -> None:
    app = made({"app.py": f"x = 1\n{text}\n"}, tmp_path)
    assert [mention.word for mention in app.absolute_paths()] == paths


def test_a_route_is_given_a_name_in_another_file(tmp_path: Path) -> None:
    files = {
        "routes.py": "EXPORT = '/data/{id}'\nFILES = '/files/x'\nLOGS = '/logs'\nclass Routes:\n    UPLOAD = '/uploads'\n",
        "api/a.py": "from routes import (\n    EXPORT,\n    FILES,\n)\n@router.get(EXPORT, tags=['a'])\ndef f(): ...\nx.save(FILES)\n",
        "api/b.py": "from routes import LOGS, Routes\napp.add_url_rule(LOGS)\n@app.post(Routes.UPLOAD)\ndef f(): ...\n",
        "tests/test_a.py": "from routes import EXPORT\nassert client.get(EXPORT).ok\n",
    }
    found = made(files, tmp_path).absolute_paths()
    assert found == (Mention("/files/x", "routes.py", 2),)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("on; # set to 'on' if nginx\n", False),
        ("on;# nginx\n", False),
        ("python app.py  # behind nginx; nginx\n", False),
        ("x='a' # nginx\n", False),
        ('x="a b"; # nginx\n', False),
        ("#\tnginx\n", False),
        ("echo $# ; nginx\n", True),
        ("echo ${x#/} nginx\n", True),
        ("x=a#b nginx\n", True),
        ("echo '# ' ; nginx\n", True),
        ("sh -c \"echo '# a'; nginx\"\n", True),
        ("it's # so; nginx\n", True),
        ("a # b\nnginx\n", True),
        ("echo \\# nginx\n", True),
    ],
)
def test_comments_behind_a_command(tmp_path: Path, text: str, found: bool) -> None:
    assert bool(words(made({"site.conf": text}, tmp_path), "nginx")) == found


def test_comments_behind_settings(tmp_path: Path) -> None:
    texts = {"a.yml": "dir: out # or /srv/x\nat: '/srv/#y'\n", "b.ini": "[a]\ndir = /srv/z # or /srv/x\n"}
    assert [mention.word for mention in made(texts, tmp_path).setting_paths()] == ["/srv/z"]


def test_absolute_paths_of_scripts(tmp_path: Path) -> None:
    app = made(
        {
            "run.sh": '#!/usr/bin/env bash\n# /data/a\nmkdir -p /data/$X "/var/log/x" ./var/y $HOME/data/z a/data/b\n> /srv/y;',
            "uwsgi.ini": "logto=/var/log/uwsgi.log\n",
            "x.md": "/data/c",
            "x.yml": "'/data/d'",
        },
        tmp_path,
    )
    assert [(mention.word, mention.file, mention.line) for mention in app.absolute_paths()] == [
        ("/data/", "run.sh", 3),
        ("/var/log/x", "run.sh", 3),
        ("/srv/y", "run.sh", 4),
        ("/var/log/uwsgi.log", "uwsgi.ini", 1),
    ]


def test_search(tmp_path: Path) -> None:
    app = made(
        {
            "a.py": "load_dotenv()\n\nload_dotenv()\n",
            ".env.example": "X=load_dotenv",
            "x.toml": "a\n",
            "image.png": b"load_dotenv",
            "binary": b"\0load_dotenv",
            "a.min.js": "load_dotenv",
        },
        tmp_path,
    )
    assert [(mention.file, mention.line) for mention in app.search(rb"load_\w+")] == [
        (".env.example", 1),
        ("a.py", 1),
        ("a.py", 3),
    ]
    assert app.search(rb"load_(\w+)")[0].word == "load_dotenv"
    assert app.search(rb"nothing") == ()
    assert app.known


def test_too_much_or_unreadable_is_not_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files: dict[str, str | bytes] = dict.fromkeys(["a.py", "b.py", "c.py", "d.py", "e.py"], "x" * 100)
    assert made(files, tmp_path).known
    monkeypatch.setattr(texts, "MAX_FILES", 3)
    assert not made(files, tmp_path).known
    monkeypatch.setattr(texts, "MAX_FILES", 5000)
    monkeypatch.setattr(texts, "MAX_BYTES", 200)
    assert not made(files, tmp_path).known


def test_large_files(tmp_path: Path) -> None:
    large = "x" * ((1 << 20) + 1)
    assert made({"data.csv": large, "weights.bin": b"\0" * ((1 << 20) + 1), "photo.jpg": large}, tmp_path / "a").known
    app = made({"generated.py": large}, tmp_path / "b")
    assert (app.known, app.unread) == (False, "generated.py could not be read, or is too large")
    more = made({"a.py": large, "b.py": large, "c.sh": large, "d.py": "x"}, tmp_path / "c")
    assert more.unread == "a.py and 2 more could not be read, or are too large"


def test_a_file_that_is_gone_is_not_known(tmp_path: Path) -> None:
    app = made({"a.py": "import os"}, tmp_path)
    (tmp_path / "a.py").unlink()
    assert not app.known


def test_links_that_lead_to_no_file_are_no_gap(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "dead").symlink_to("nowhere")
    (tmp_path / "out").symlink_to("/etc/passwd")
    (tmp_path / "dir").symlink_to("folder")
    assert made({"a.py": ""}, tmp_path).known


def test_a_context_that_cannot_be_listed_is_not_known(tmp_path: Path) -> None:
    assert not Application(BuildContext(tmp_path / "nothing"), frozenset()).known


@pytest.mark.parametrize(
    ("name", "line", "found"),
    [
        ("settings.json", '"filename": "/var/tmp/x.log"', ["/var/tmp/x.log"]),
        ("settings.json", '"https.key": "/etc/ssl/x/x.key",', ["/etc/ssl/x/x.key"]),
        ("conf/app.yml", "cache_dir: /weird/cache", ["/weird/cache"]),
        ("app.toml", "data_path = '/weird/data'", ["/weird/data"]),
        ("app.ini", "logfile=/weird/x.log", ["/weird/x.log"]),
        (".env", "X=/data/x.db", ["/data/x.db"]),
        ("settings.json", '"path": "/mcp/v1"', ["/mcp/v1"]),
        ("settings.json", '"models": ["/models", "a"]', ["/models"]),
        ("settings.json", '"/models": 1', []),
        ("settings.json", '"prefix": "/api"', []),
        ("settings.json", '"file": "a/b"', []),
        ("settings.json", '"url": "http://x/data/y"', []),
        ("app.ini", "# logfile=/weird/x.log", []),
        ("app/fixtures/x.json", '"url_path": "/home/x/y"', []),
        ("README.md", "cache_dir: /data/cache", []),
    ],
)
def test_paths_in_settings(tmp_path: Path, name: str, line: str, found: list[str]) -> None:
    app = made({name: f"a\n{line}\nb\n"}, tmp_path)
    assert [(each.word, each.line) for each in app.setting_paths()] == [(path, 2) for path in found]


def test_the_overlay_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.sh").write_text("gcc")
    assert Application(BuildContext(tmp_path, {"a.sh": "make"}), frozenset({"a.sh"})).mentions(["gcc", "make"]) == (
        Mention("make", "a.sh", 1),
    )


def test_without_a_hit_nothing_heavy_is_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "libcst", None)
    assert words(made({"app.py": PROGRAM}, tmp_path), "gcc")


@settings(deadline=None)  # the first example imports a library
@given(
    st.one_of(st.binary(max_size=200), st.text(st.sampled_from("\"'()[]:=\\\n #fgc{}x"), max_size=80).map(str.encode))
)
def test_reading_python_never_raises(data: bytes) -> None:
    found = string_literals(data)
    assert found is None or all(line >= 1 for line, _ in found)
    tree = tree_of(data)
    assert tree is None or isinstance(tree, ast.Module)
