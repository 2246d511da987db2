"""What an application's Python runs, loads, writes, listens to, downloads and imports."""

from __future__ import annotations

import ast
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dockfix.context.program import Program, read_python
from dockfix.context.program.from_libcst import tree_of
from dockfix.context.program.imports import frameworks, read_imports
from dockfix.context.program.model import is_development
from dockfix.context.program.paths import CODE, HOLE, above, join, place
from dockfix.context.program.read import new_sources, worth_parsing
from dockfix.context.program.source import parse_python


def named(text: str = "", /, **others: str) -> dict[str, bytes]:
    files = {"app.py": text} | {name.replace("__", "/") + ".py": other for name, other in others.items()}
    return {name: content.encode() for name, content in files.items()}


def read(text: str = "", /, **others: str) -> Program:
    return read_python(named(text, **others))


def runs(text: str) -> list[str]:
    return [use.word for use in read(text).runs]


def writes(text: str, **others: str) -> list[tuple[str, str]]:
    return [(write.base, write.path) for write in read(text, **others).writes]


@pytest.mark.parametrize(
    ("call", "found"),
    [
        ("subprocess.run(['git', 'clone'])", ["git"]),
        ("subprocess.run(args=('ffmpeg', '-i', x))", ["ffmpeg"]),
        ("subprocess.Popen(['sudo', '-u', 'x', 'tcpdump'])", ["sudo", "tcpdump"]),
        ("subprocess.check_output('dot -Tpng x | convert - y', shell=True)", ["convert", "dot"]),
        ("subprocess.call('nslookup ' + host, shell=True)", ["nslookup"]),
        ("subprocess.call(f'dig {host}', shell=True)", ["dig"]),
        ("subprocess.call('wget %s -O %s' % (a, b), shell=True)", ["wget"]),
        ("subprocess.call('curl {}'.format(a), shell=True)", ["curl"]),
        ("subprocess.run(['bash', '-c', 'cd x && make'])", ["bash", "make"]),
        ("subprocess.run([sys.executable, '-m', 'x'])", ["python"]),
        ("subprocess.run(shlex.split('pdftotext -layout x'))", ["pdftotext"]),
        ("subprocess.run('tesseract a b'.split())", ["tesseract"]),
        ("subprocess.run(['unzip'] + files)", ["unzip"]),
        ("subprocess.run(['tar', *files])", ["tar"]),
        ("subprocess.run(command)", ["?"]),
        ("subprocess.run([command, 'x'])", ["?"]),
        ("subprocess.run([os.path.join(folder, 'soffice')])", ["soffice"]),
        ("subprocess.getoutput('uname -a')", ["uname"]),
        ("os.system('chmod +x ' + x)", ["chmod"]),
        ("os.popen('df -h').read()", ["df"]),
        ("os.execvp('gunicorn', ['gunicorn'])", ["gunicorn"]),
        ("os.spawnlp(os.P_WAIT, 'cp', 'cp', 'a', 'b')", ["cp"]),
        ("shutil.which('pandoc')", ["pandoc"]),
        ("[shutil.which(name) for name in x]", ["?"]),
        ("asyncio.create_subprocess_exec('yt-dlp', url)", ["yt-dlp"]),
        ("asyncio.create_subprocess_shell('yt-dlp ' + url)", ["yt-dlp"]),
        ("anyio.run_process(['node', 'x.js'])", ["node"]),
        ("pexpect.spawn('ssh host')", ["ssh"]),
        ("app.run(debug=True)", []),
        ("asyncio.run(main())", []),
        ("platform.system()", []),
    ],
)
def test_programs(call: str, found: list[str]) -> None:
    assert runs(f"import asyncio, anyio, os, pexpect, platform, shlex, shutil, subprocess, sys\n{call}\n") == found


def test_programs_behind_names() -> None:
    assert runs(
        "from subprocess import run as go\nFFMPEG = 'ffmpeg'\ndef f(x):\n    cmd = [FFMPEG, x]\n    cmd.append('y')\n    go(cmd)\n"
    ) == ["ffmpeg"]
    assert runs(
        "import subprocess\nclass A:\n    tool = 'gs'\n    def f(self):\n        subprocess.run([self.tool])\n"
    ) == ["gs"]
    assert runs("import subprocess\nfor each in ('a', 'b'):\n    subprocess.run([each])\n") == ["a", "b"]
    assert runs("import shutil\nTOOLS = ['a', 'b']\nfor each in TOOLS:\n    shutil.which(each)\n") == ["a", "b"]
    assert runs("import subprocess\ndef cmd(x):\n    return ['gs', x]\nsubprocess.run(cmd(1))\n") == ["gs"]
    assert runs("import sh\nsh.git('x')\nsh.Command('apt-get')\n") == ["git", "apt-get"]
    assert runs("from sh import docker_compose\n") == ["docker-compose"]
    assert runs("from plumbum import local\nls = local['ls']\n") == ["ls"]
    assert runs("from plumbum.cmd import grep\n") == ["grep"]
    program = read_python(
        {
            "app.py": b"import subprocess\nfrom tools import BIN\nsubprocess.run([BIN])",
            "tools.py": b"BIN = '/opt/x/bin/y'",
        }
    )
    assert [use.word for use in program.runs] == ["/opt/x/bin/y"]


def test_libraries() -> None:
    program = read(
        "import ctypes\nfrom ctypes.util import find_library\nfrom cffi import FFI\nctypes.CDLL('libmagic.so.1')\n"
        "ctypes.cdll.LoadLibrary(find_library('vips'))\nffi = FFI()\nffi.dlopen('libfoo.so')\nctypes.CDLL(None)\nctypes.CDLL(x)\n"
    )
    assert [(use.word, use.line) for use in program.loads] == [
        ("libmagic.so.1", 4),
        ("vips", 5),
        ("libfoo.so", 7),
        ("?", 9),
    ]


@pytest.mark.parametrize(
    ("call", "found"),
    [
        ("open('/data/x.db', 'w')", [("root", "/data/x.db")]),
        ("open('/etc/hosts')", []),
        ("open('x', mode='ab')", [("cwd", "x")]),
        ("open(name, 'w')", [("unknown", "?")]),
        ("open(f'/data/{name}.json', 'w')", [("root", "/data/?.json")]),
        ("open(os.path.join('/srv', 'x', name), 'x')", [("root", "/srv/x/?")]),
        ("open(os.environ['FILE'], 'w')", [("unknown", "?")]),
        ("open(os.environ.get('FILE', '/var/x'), 'w')", [("root", "/var/x")]),
        ("open(os.getenv('FILE') or 'y', 'w')", [("cwd", "y")]),
        ("open(os.path.expanduser('~/.x'), 'w')", [("home", ".x")]),
        ("open(Path.home() / 'x', 'w')", [("home", "x")]),
        ("Path('/data', 'x').mkdir(parents=True)", [("root", "/data/x")]),
        ("(Path(__file__).resolve().parent / 'x').write_text('')", [("code", "x")]),
        ("(Path(__file__).parents[2] / 'x').touch()", [("code", "../../x")]),
        ("Path('x').open('w')", [("cwd", "x")]),
        ("Path('x').open()", []),
        ("Image.open(x)", []),
        ("os.makedirs('uploads/', exist_ok=True)", [("cwd", "uploads/")]),
        ("shutil.move(a, '/data')", [("root", "/data")]),
        ("sqlite3.connect('x.db')", [("cwd", "x.db")]),
        ("sqlite3.connect(':memory:')", []),
        ("create_engine('sqlite:////data/x.db')", [("root", "/data/x.db")]),
        ("create_engine('sqlite:///x.db?timeout=1')", [("cwd", "x.db")]),
        ("create_engine('sqlite://')", []),
        ("create_engine(f'sqlite:///{Path(__file__).parent}/x.db')", [("code", "x.db")]),
        ("logging.FileHandler('logs/x.log')", [("cwd", "logs/x.log")]),
        ("logging.basicConfig(filename='/var/log/x.log')", [("root", "/var/log/x.log")]),
        (
            "logging.config.dictConfig({'handlers': {'x': {'class': 'logging.FileHandler', 'filename': 'a.log'}}})",
            [("cwd", "a.log")],
        ),
        ("frame.to_csv('out.csv')", [("cwd", "out.csv")]),
        ("frame.to_csv()", []),
        ("form.save()", []),
        ("form.save(commit)", []),
        ("image.save('static/x.png')", [("cwd", "static/x.png")]),
        ("image.save(target_path)", [("unknown", "?")]),
        ("tempfile.mkstemp()", [("temp", ".")]),
        ("tempfile.mkdtemp(dir='/data')", [("root", "/data")]),
        ("os.system('echo x > /run/x')", [("root", "/run/x")]),
        ("os.system('wget -q -O /a/b ' + url)", [("root", "/a/b")]),
        ("os.system('wget --warc-file=\"' + name + '\"')", [("unknown", "?")]),
        ("subprocess.run(['ffmpeg', '-i', x, 'out/y.mp4'])", [("cwd", "out/y.mp4")]),
        ("open(os.devnull, 'w')", []),
        ("os.makedirs('C:\\\\x')", []),
    ],
)
def test_written_paths(call: str, found: list[tuple[str, str]]) -> None:
    text = (
        f"import logging, logging.config, os, shutil, sqlite3, subprocess, tempfile\nfrom pathlib import Path\n{call}\n"
    )
    assert writes(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("import requests_cache\nrequests_cache.install_cache()", [("cwd", "http_cache.sqlite")]),
        ("import requests_cache\nrequests_cache.CachedSession('cache/http')", [("cwd", "cache/http")]),
        ("import chromadb\nchromadb.PersistentClient()", [("cwd", "chroma")]),
        ("from telethon import TelegramClient\nTelegramClient('bot', 1, 'x')", [("cwd", "bot")]),
        ("from qdrant_client import QdrantClient\nQdrantClient(path='vectors')", [("cwd", "vectors")]),
        ("from qdrant_client import QdrantClient\nQdrantClient(url='http://q:6333')", []),
        ("from huey import SqliteHuey\nSqliteHuey('app')", [("cwd", "huey.db")]),
        ("from torch.utils.tensorboard import SummaryWriter\nSummaryWriter()", [("cwd", "runs")]),
        ("from sqlitedict import SqliteDict\nSqliteDict('/data/x.sqlite')", [("root", "/data/x.sqlite")]),
        ("import gradio as gr\ngr.Interface(fn=f, inputs='text', outputs='text')", [("cwd", ".gradio/flagged")]),
    ],
)
def test_paths_that_packages_write_by_default(text: str, found: list[tuple[str, str]]) -> None:
    assert writes(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("import os\nos.system('cp a b && touch c')", ["cp a b && touch c"]),
        ("import subprocess\nsubprocess.run(['cp', '-r', name, 'b'])", ["'cp' '-r' \"$DOCKFIX\" 'b'"]),
        ("import subprocess\nsubprocess.run(f'ffmpeg -i {name} out.mp4', shell=True)", ["ffmpeg -i $DOCKFIX out.mp4"]),
        ("import subprocess\nsubprocess.run(program)", []),
    ],
)
def test_command_lines(text: str, found: list[str]) -> None:
    assert [each.word for each in read(text).scripts] == found


def test_what_is_known_of_a_path() -> None:
    found = read(
        "import os\nopen('/a', 'w')\nopen(os.environ.get('B', '/b'), 'w')\nopen('/c/' + x, 'w')\nopen(x, 'w')\n"
    ).writes
    assert [(write.base, write.path, write.env) for write in found] == [
        ("root", "/a", ""),
        ("root", "/b", "B"),
        ("root", "/c/?", ""),
        ("unknown", "?", ""),
    ]


def test_paths_behind_names() -> None:
    assert writes(
        "from config import settings\nopen(settings.DATA / 'x', 'w')\n",
        config=(
            "from pathlib import Path\nclass Settings(BaseSettings):\n    DATA: Path = Path('/srv/data')\nsettings = Settings()\n"
        ),
    ) == [("root", "/srv/data/x")]
    assert writes(
        "import pkg.paths as p\nopen(p.folder('a', 'b'), 'w')\n",
        pkg__paths=(
            "import os\nBASE = os.path.dirname(os.path.abspath(__file__))\ndef folder(*parts):\n    return os.path.join(BASE, *parts)\n"
        ),
    ) == [("code", "pkg/a/b")]
    assert writes(
        "class A:\n    def __init__(self):\n        self.path = '/a'\n    def f(self):\n        open(self.path, 'w')\n"
    ) == [("root", "/a")]
    assert writes(
        "app.config['UPLOAD_FOLDER'] = 'up'\ndef f(file):\n    file.save(os.path.join(app.config['UPLOAD_FOLDER'], file.name))\n",
    ) == [("cwd", "up"), ("cwd", "up/?")]
    assert ("root", "/d") in writes("def f(path='/d'):\n    open(path, 'w')\n")
    assert sorted(writes("if x:\n    P = '/a'\nelse:\n    P = '/b'\nopen(P, 'w')\n")) == [
        ("root", "/a"),
        ("root", "/b"),
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        # every call is known, so that nothing else can be given
        ("def f(path):\n    open(path, 'w')\nf('/a')\nf(path='/b')\n", ["/a", "/b"]),
        ("def f(path, mode='w'):\n    open(path, mode)\ndef g(name):\n    f('/srv/' + name)\ng('x')\n", ["/srv/x"]),
        ("def f(path='/d'):\n    open(path, 'w')\nf()\nf('/e')\n", ["/d", "/e"]),
        ("def f(*parts):\n    return '/'.join(parts)\ndef g(path):\n    open(path, 'w')\ng(*['/a'])\n", ["/a"]),
        (
            "class A:\n    def __init__(self, root):\n        self.root = root\n    def f(self):\n        open(self.root + '/x', 'w')\nA('/a')\n",
            ["/a/x"],
        ),
        ("class A:\n    def f(self, path):\n        open(path, 'w')\nA().f('/a')\n", ["/a"]),
        ("class A:\n    @staticmethod\n    def f(path):\n        open(path, 'w')\n", ["?"]),
        ("def f(*paths):\n    for path in paths:\n        open(path, 'w')\nf('/a', '/b')\n", ["/a", "/b"]),
        ("def f(*paths):\n    for path in paths:\n        open(path, 'w')\nf('/a', *x)\n", ["?"]),
        ("def f(*paths):\n    for path in paths:\n        open(path, 'w')\nf('/a')\ng(f)\n", ["/a", "?"]),
        ("def f(**more):\n    open(more['path'], 'w')\nf(path='/a')\n", ["/a"]),
        (
            "def f(**more):\n    open(more.get('path'), 'w')\ndef g(*rest, **more):\n    f(*rest, **more)\ng(path='/a')\n",
            ["/a", "?"],
        ),
        ("def f(**more):\n    open(more['path'], 'w')\nf(other='/a')\n", ["?"]),
        # others may call it, with something else
        ("def f(path):\n    open(path, 'w')\n", ["?"]),
        ("def f(path):\n    open(path, 'w')\nf('/a')\nrun(f)\n", ["/a", "?"]),
        ("def f(path):\n    open(path, 'w')\nf('/a')\nf(*x)\n", ["/a", "?"]),
        ("def f(path):\n    open(path, 'w')\nf('/a')\nf(**x)\n", ["/a", "?"]),
        ("@command\ndef f(path):\n    open(path, 'w')\nf('/a')\n", ["/a", "?"]),
        ("class A:\n    def save_to(self, path):\n        open(path, 'w')\nx.save_to('/a')\n", ["/a", "?"]),
        ("class A(Base):\n    def f(self, path):\n        open(path, 'w')\nA().f('/a')\n", ["/a", "?"]),
        (
            "class A:\n    def f(self, path):\n        pass\nclass B(A):\n    def f(self, path):\n        open(path, 'w')\n"
            "def g(x: A):\n    x.f('/a')\n",
            ["/a", "?"],
        ),
        # a call of something else of that name
        ("import os\ndef remove(path):\n    open(path, 'w')\nos.remove('/a')\n", ["/a", "?"]),
        ("def f(path):\n    def f(path):\n        pass\n    f('/a')\n    open(path, 'w')\n", ["?"]),
    ],
)
def test_what_callers_give(text: str, found: list[str]) -> None:
    assert sorted(path for _, path in writes(text)) == found


def test_callers_in_other_files() -> None:
    code = "def f(path):\n    open(path, 'w')\n"
    assert writes(code, main="from app import f\nf('/a')\n") == [("root", "/a")]  # main is of no interest by itself
    assert sorted(writes(code, main="from app import f as g\ng('/a')\n")) == [("root", "/a"), ("unknown", "?")]
    assert sorted(writes(code, main="from app import f\nf('/a')\n", broken="f('/b'")) == [
        ("root", "/a"),
        ("unknown", "?"),
    ]
    assert writes(code, tests__test_app="from app import f\nf('/a')\n") == [("unknown", "?")]  # only tests call it
    assert sorted(writes(code, **{f"m{number}": "from app import f\nf('/a')\n" for number in range(20)})) == [
        ("unknown", "?")
    ]


def test_a_broken_file_that_only_may_call_something_is_no_matter() -> None:
    assert read("def f(path):\n    open(path, 'w')\n", broken="f('/b'").unparsed == ()


def test_a_default_is_never_lost_to_callers() -> None:
    calls = "".join(f"f('/{number}')\n" for number in range(30))
    found = [path for _, path in writes(f"def f(path='/d'):\n    open(path, 'w')\n{calls}")]
    assert {"/d", "?"} <= set(found)
    assert len(found) <= 7


def test_commands_that_callers_give() -> None:
    code = "import subprocess\ndef run_it(cmd, *rest):\n    subprocess.run(cmd)\n"
    assert runs(code + "run_it(['git', 'x'])\nrun_it('tar -x')\n") == ["git", "tar"]
    assert runs(code + "def go(args):\n    run_it(args)\ngo(['gs'])\n") == ["gs"]
    assert runs(code) == ["?"]
    assert sorted(runs(code + "run_it(['git'])\nstart(run_it)\n")) == ["?", "git"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "p.add_argument('-o', '--out-dir', default='/a')\nargs = p.parse_args()\nopen(args.out_dir, 'w')\n",
            ["/a", "?"],
        ),
        ("p.add_argument('--out', dest='x', default='/a')\ndef f(options):\n    open(options.x, 'w')\n", ["/a", "?"]),
        ("p.add_argument('--out')\nargs = p.parse_args()\nopen(args.out, 'w')\n", ["?"]),
        ("p.add_argument('--out', default='/a')\nopen(url.out, 'w')\n", ["?"]),
        (
            "@click.command()\n@click.option('-o', '--out-dir', default='/a')\ndef f(out_dir):\n    open(out_dir, 'w')\n",
            ["/a", "?"],
        ),
        ("@click.command()\n@click.argument('out', default='/a')\ndef f(out):\n    open(out, 'w')\n", ["/a", "?"]),
        ("@click.command()\n@click.option('--out')\ndef f(out):\n    open(out, 'w')\n", ["?"]),
    ],
)
def test_options_of_the_command_line(text: str, found: list[str]) -> None:
    assert sorted(path for _, path in writes("import shutil\n" + text)) == found


def test_what_stands_in_dictionaries() -> None:
    assert writes("d = {'path': '/a', 'other': '/b'}\nopen(d['path'], 'w')\n") == [("root", "/a")]
    assert writes("d = {}\nd['path'] = '/a'\ndef f(c):\n    open(c['path'], 'w')\nf(d)\n") == [("root", "/a")]
    assert writes(
        "def conf():\n    c = {'path': '/a'}\n    c['path'] = c['path'] + 'b'\n    return c\nopen(conf()['path'], 'w')\n"
    ) == [("root", "/a"), ("root", "/ab")]
    assert writes(
        "class A:\n    d = {'path': '/a'}\n    def f(self):\n        open(self.d.get('path', '/b'), 'w')\n"
    ) == [("root", "/a"), ("root", "/b"), ("unknown", "?")]
    assert writes("d = {'other': '/b'}\nopen(d['path'], 'w')\n") == [("unknown", "?")]
    assert [
        port.port
        for port in read(
            "def conf():\n    return {'port': 81}\nimport uvicorn\nconfig = conf()\n"
            "uvicorn.run(app, port=config['port'])\n"
        ).ports
    ] == [81]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("def f():\n    return '/a', x\npath, y = f()\nopen(path, 'w')\n", ["/a"]),
        ("def f(x):\n    return x + '/b', x\nopen(f('/a')[0], 'w')\n", ["/a/b"]),
        ("pair = ('/a', '/b')\none, two = pair\nopen(two, 'w')\n", ["/b"]),
        ("import tempfile\nhandle, path = tempfile.mkstemp(dir='/a')\nopen(path, 'w')\n", ["/a", "/a/?"]),
        ("import os\nopen(os.path.splitext('/a/b.txt')[0] + '.json', 'w')\n", ["/a/b.json"]),
        ("import os\nfolder, name = os.path.split('/a/b')\nopen(folder + '/c', 'w')\n", ["/a/c"]),
        ("one, two = g()\nopen(two, 'w')\n", ["?"]),
        ("def f():\n    return '/a'\nopen(f()[0], 'w')\n", ["?"]),
        ("pair = ('/a', *x)\nopen(pair[1], 'w')\n", ["?"]),
        ("pair = ('/a',)\nopen(pair[1], 'w')\n", ["?"]),
    ],
)
def test_what_stands_in_tuples(text: str, found: list[str]) -> None:
    assert sorted(path for _, path in writes(text)) == found


def test_members_of_classes() -> None:
    assert writes("class A:\n    root = '/a'\nclass B(A):\n    def f(self):\n        open(self.root, 'w')\n") == [
        ("root", "/a")
    ]
    assert writes(
        "class A:\n    def __init__(self):\n        self.root = '/a'\n    @property\n    def path(self):\n        return self.root + '/x'\n"
        "def f(a: A):\n    open(a.path, 'w')\n"
    ) == [("root", "/a/x")]
    assert writes(
        "class A:\n    root = '/a'\nclass B:\n    def __init__(self, a):\n        self.a = a\n    def f(self):\n"
        "        open(self.a.root, 'w')\nB(A())\n"
    ) == [("root", "/a")]
    assert writes("class A:\n    pass\ndef f(a: A):\n    open(a.path, 'w')\n") == [("unknown", "?")]


def test_settings_by_their_names() -> None:
    code = "from conf import settings\nopen(settings.LOG_DIR, 'w')\n"
    assert sorted(writes(code, other="LOG_DIR = '/a'\n", conf="settings = load()\n")) == [
        ("root", "/a"),
        ("unknown", "?"),
    ]
    assert sorted(writes(code, other="LOG_DIR = '/a'\n", conf="class A:\n    pass\nsettings = A()\n")) == [
        ("root", "/a"),
        ("unknown", "?"),
    ]
    assert writes(code, tests__other="LOG_DIR = '/a'\n", conf="settings = load()\n") == [("unknown", "?")]
    assert writes("open(x.LOG_DIR, 'w')\n", other="LOG_DIR = '/a'\n") == [("unknown", "?")]
    assert writes(code, other="log_dir = '/a'\n", conf="settings = load()\n") == [("unknown", "?")]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "@dataclass\nclass A:\n    x: int\n    path: str\ndef f(a: A):\n    open(a.path, 'w')\nf(A(1, '/a'))\n",
            ["/a"],
        ),
        (
            "@dataclass\nclass A:\n    path: str = '/d'\ndef f(a: A):\n    open(a.path, 'w')\nf(A(path='/a'))\n",
            ["/a", "/d"],
        ),
        ("class A(NamedTuple):\n    path: str\ndef make():\n    return A(path='/a')\nopen(make().path, 'w')\n", ["/a"]),
        ("@dataclass\nclass A:\n    path: str\ndef f(a: A):\n    open(a.path, 'w')\nf(A(*x))\n", ["?"]),
        (
            "class A:\n    path: str\n    def __init__(self, path):\n        pass\ndef f(a: A):\n    open(a.path, 'w')\nf(A('/a'))\n",
            ["?"],
        ),
        ("@dataclass\nclass A:\n    path: 'A'\nopen(A(path=A(1).path).path, 'w')\n", ["1", "?"]),
    ],
)
def test_fields_of_classes_without_a_constructor(text: str, found: list[str]) -> None:
    assert sorted(path for _, path in writes(text)) == found


def test_classes_that_derive_from_one_of_interest() -> None:
    assert writes(
        "from sqlite3 import Connection\nclass A(Connection):\n    file = ''\n    def __init__(self):\n        super().__init__(self.file)\n"
        "A.file = '/a.db'\n"
    ) == [("root", "/a.db")]
    assert writes("import sqlite3\nclass A(sqlite3.Connection):\n    pass\nclass B(A):\n    pass\nA('/a.db')\n") == [
        ("root", "/a.db")
    ]
    server = "from http.server import HTTPServer\nclass S(HTTPServer):\n    def __init__(self, port):\n        "
    assert [port.port for port in read(server + "HTTPServer.__init__(self, ('', port), H)\nS(81)\n").ports] == [81]
    assert [port.port for port in read(server + "self.port = port\nS(81)\n").ports] == []
    assert writes("from other import Connection\nclass A(Connection):\n    pass\nA('/a.db')\n") == []


def test_settings_of_django() -> None:
    text = """
BASE_DIR = Path(__file__).resolve().parent.parent
DATABASES = {'default': {'ENGINE': 'django.db.backends.sqlite3', 'NAME': BASE_DIR / 'db.sqlite3'}}
MEDIA_ROOT = os.path.join(BASE_DIR, 'media')
STATIC_ROOT = env('STATIC', default='/static')
CACHES = {'default': {'BACKEND': 'django.core.cache.backends.filebased.FileBasedCache', 'LOCATION': '/var/tmp/cache'}}
LOGGING = {'handlers': {'file': {'filename': 'debug.log'}}}
"""
    program = read_python({"site/settings.py": ("import os\nfrom pathlib import Path\n" + text).encode()})
    assert {(write.base, write.path, write.env) for write in program.writes} == {
        ("code", "db.sqlite3", ""),
        ("code", "media", ""),
        ("root", "/static", "STATIC"),
        ("root", "/var/tmp/cache", ""),
        ("cwd", "debug.log", ""),
    }


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("from flask import Flask\napp = Flask(__name__)\napp.run()", [(5000, "")]),
        ("from flask import Flask\napp = Flask(__name__)\napp.run('0.0.0.0', 80)", [(80, "")]),
        (
            "import os\nfrom flask import Flask\napp = Flask(__name__)\napp.run(port=int(os.environ.get('PORT', 8080)))",
            [(8080, "PORT")],
        ),
        (
            "import os\nfrom flask import Flask\napp = Flask(__name__)\napp.run(port=os.environ['PORT'])",
            [(None, "PORT")],
        ),
        ("import uvicorn\nuvicorn.run('main:app', host='0.0.0.0')", [(8000, "")]),
        ("import uvicorn\nuvicorn.run(app, uds='/x')", []),
        ("from aiohttp import web\nweb.run_app(app, port=8443)", [(8443, "")]),
        ("from prometheus_client import start_http_server\nstart_http_server(9242)", [(9242, "")]),
        ("from http.server import HTTPServer\nHTTPServer(('', 8000), H)", [(8000, "")]),
        ("import socket\ns = socket.socket()\ns.bind(('0.0.0.0', 53))", [(53, "")]),
        ("import waitress\nwaitress.serve(app, listen='*:8081')", [(8081, "")]),
        ("parser.add_argument('--port', type=int, default=9000)", [(9000, "")]),
        ("@click.option('-p', '--port', default=9181)\ndef f(port):\n    pass", [(9181, "")]),
        ("parser.add_argument('--redis-port', default=6379)", []),
        ("import gradio as gr\nwith gr.Blocks() as demo:\n    demo.launch()", [(7860, "")]),
        ("from twisted.internet import reactor\nreactor.listenTCP(config.get('port', 8025), f)", [(8025, "")]),
        ("import grpc\nserver = grpc.server(x)\nserver.add_insecure_port('[::]:50051')", [(50051, "")]),
        ("PORT = 8000\n", [(8000, "")]),
    ],
)
def test_ports(text: str, found: list[tuple[int | None, str]]) -> None:
    assert [(port.port, port.env) for port in read(text + "\n").ports] == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("from fastapi import FastAPI\napp = FastAPI()\n@app.get('/health')\ndef f(): ...", [("/health", 4, False)]),
        ("from flask import Flask\napp = Flask('x')\n@app.route('/healthz', methods=['POST'])\ndef f(): ...", []),
        (
            "from flask import Flask\napp = Flask('x')\n@app.route('/ping')\n@login_required\ndef f(): ...",
            [("/ping", 5, True)],
        ),
        (
            "from fastapi import APIRouter\nr = APIRouter(prefix='/api')\n@r.get('/status')\ndef f(): ...",
            [("?/api/status", 4, False)],
        ),
        (
            "from fastapi import APIRouter, FastAPI\nr = APIRouter(prefix='/v1')\n@r.get('/readyz')\ndef f(): ...\napp = FastAPI()\n"
            "app.include_router(r, prefix='/api')",
            [("/api/v1/readyz", 4, False)],
        ),
        (
            "from flask import Blueprint, Flask\nb = Blueprint('b', 'b', url_prefix='/b')\n@b.route('/up')\ndef f(): ...\napp = Flask('x')\n"
            "app.register_blueprint(b)",
            [("/b/up", 4, False)],
        ),
        (
            "from django.urls import path, re_path\nurlpatterns = [path('health/', f), re_path(r'^ping/?$', g)]",
            [("/health/", 2, False)],
        ),
        ("from aiohttp import web\napp.add_routes([web.get('/healthz', f)])", [("/healthz", 2, False)]),
        ("from starlette.routing import Route\nx = [Route('/live', f)]", [("/live", 2, False)]),
        ("from fastapi import FastAPI\napp = FastAPI()\n@app.get('/users/{id}')\ndef f(): ...", []),
        ("from flask import Flask\napp = Flask('x')\n@app.get('/auth/status')\ndef f(): ...", []),
        (
            "from flask import Blueprint, Flask\nb = Blueprint('b', 'b')\n@b.get('/status')\ndef f(): ...\napp = Flask('x')\n"
            "app.register_blueprint(b, url_prefix='/jobs')",
            [],
        ),
        (
            "from flask import Flask\napp = Flask('x')\n@app.get('/api/v1/status')\ndef f(): ...",
            [("/api/v1/status", 4, False)],
        ),
        (
            "from flask import Flask\napp = Flask('x')\n@app.get('/auth/health')\ndef f(): ...",
            [("/auth/health", 4, False)],
        ),
    ],
)
def test_health_endpoints(text: str, found: list[tuple[str, int, bool]]) -> None:
    assert [(each.path, each.line, each.guarded) for each in read(text + "\n").served.endpoints][:1] == found


@pytest.mark.parametrize(("text", "found"), [
    ("import flask\napp = flask.Flask(__name__)\n@app.route('/reports')\ndef f():\n    pass\napp.run()", ["/reports"]),
    ("import flask\napp = flask.Flask(__name__)\n@app.route('/reports/<name>')\ndef f():\n    pass", []),
    ("import flask\napp = flask.Flask(__name__)\n@app.route('/save', methods=['POST'])\ndef f():\n    pass", []),
    ("from fastapi import FastAPI\napp = FastAPI()\n@app.get('/health')\ndef f():\n    pass\n@app.get('/a/b')\ndef g():\n    pass",
     ["/health", "/a/b"]),
    ("from fastapi import APIRouter, FastAPI\nrouter = APIRouter(prefix='/v1')\n@router.get('/items')\ndef f():\n    pass\n"
     "app = FastAPI()\napp.include_router(router)", ["/v1/items"]),
])  # fmt: skip
def test_routes_without_parameters(text: str, found: list[str]) -> None:
    assert [each.path for each in read(text + "\n").served.routes] == found


def test_health_endpoints_of_other_files() -> None:
    program = read_python(
        {
            "app/main.py": b"from fastapi import FastAPI\nfrom app.api import health\napp = FastAPI()\napp.include_router(health.router, prefix='/api')\n",
            "app/api/health.py": b"from fastapi import APIRouter\nrouter = APIRouter()\n@router.get('/health')\nasync def f(): ...\n",
            "site/urls.py": b"from django.urls import include, path\nurlpatterns = [path('api/', include('core.urls'))]\n",
            "core/urls.py": b"from django.urls import path\nurlpatterns = [path('status/', view)]\n",
        }
    )
    assert [(each.path, each.file, each.line) for each in program.served.endpoints] == [
        ("/api/health", "app/api/health.py", 4),
        ("/api/status/", "core/urls.py", 2),
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("import nltk\nnltk.download('punkt')", [("punkt", "~/nltk_data")]),
        ("import nltk\nnltk.download('punkt', download_dir='/data')", [("punkt", "/data")]),
        (
            "from transformers import AutoModel\nAutoModel.from_pretrained('bert-base')",
            [("bert-base", "~/.cache/huggingface")],
        ),
        ("from transformers import AutoModel\nAutoModel.from_pretrained('/models/x')", []),
        ("import whisper\nwhisper.load_model('base')", [("base", "~/.cache/whisper")]),
        ("from sentence_transformers import SentenceTransformer as S\nS(NAME)", [("?", "~/.cache/huggingface")]),
        ("import subprocess\nsubprocess.run(['playwright', 'install'])", [("playwright", "~/.cache/ms-playwright")]),
        ("import torch\ntorch.hub.load('x/y', 'z')", [("x/y", "~/.cache/torch")]),
        ("import json\njson.load(x)", []),
    ],
)
def test_downloads(text: str, found: list[tuple[str, str]]) -> None:
    assert [(each.what, each.folder) for each in read(text + "\n").downloads] == found


def test_imports_and_frameworks() -> None:
    files = named(
        "import os, flask\nfrom celery import Celery\nfrom . import sibling\nfrom lib.x import y\n'''\nimport nothing\n'''\n",
        lib__x="import numpy as np",
        sibling="",
    )
    imports = read_imports(files, new_sources())
    assert {(each.module, each.kind) for each in imports} == {
        ("os", "stdlib"),
        ("flask", "third party"),
        ("celery", "third party"),
        ("lib", "local"),
        ("numpy", "third party"),
    }
    assert [use.word for use in frameworks(imports)] == ["flask", "celery"]


def test_what_is_made_at_run_time_is_unknown() -> None:
    program = read(
        "import importlib\nimportlib.import_module('x')\nimportlib.import_module(name)\neval(text)\nmodel.eval()\n"
    )
    assert [(use.word, use.line) for use in program.unknown] == [("import_module", 3), ("eval", 4)]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"import subprocess\nprint 'x'\n", "Python 2"),
        (b"import subprocess\nx = (\n", "never closed"),
        (b"import subprocess\n" + b"(" * 3000, "nested"),
        (b"import subprocess\nx = 1" + b"+1" * 50000 + b" +", "nested"),
        (b"# coding: nothing\nimport subprocess\n", "unknown encoding"),
        (b"import subprocess\0", "null bytes"),
        (b"import subprocess\n{% if x %}\n", "template"),
        (b"import subprocess\n\xff\n", "decode"),
    ],
)
def test_files_that_cannot_be_parsed_are_named(text: bytes, reason: str) -> None:
    program = read_python({"app.py": text, "other.py": b"import subprocess\nsubprocess.run(['a'])"})
    assert [each.file for each in program.unparsed] == ["app.py"]
    assert reason in program.unparsed[0].reason
    assert not program.complete
    assert [use.word for use in program.runs] == ["a"]


def test_files_without_anything_of_interest_are_not_parsed() -> None:
    program = read("class A:\n    pass\n", config="X = '/data'\n", b="import config\nopen(config.X, 'w')\n")
    assert (program.files, program.parsed) == (3, 2)
    assert worth_parsing(b"import os\nopen(os.path.join(x, y()), 'wb')\n")
    assert worth_parsing(b"open(\n    x,\n    'a',\n)\n")
    assert not worth_parsing(b"import os\nopen(os.path.join(x, y))\nopen(x, 'r')\n")
    assert not worth_parsing(b"import os\n\ndef f(x):\n    return os.path.exists(x)\n")


def test_only_python_files_are_read() -> None:
    program = read_python(
        {"x.sh": b"subprocess.run(['a'])", "bin/tool": b"#!/usr/bin/env python3\nimport os\nos.system('b')\n"}
    )
    assert [(use.word, use.file) for use in program.runs] == [("b", "bin/tool")]


def test_which_code_is_there_for_development() -> None:
    assert is_development("setup.py")
    assert not is_development("app/testing_ground.py")
    assert not is_development("shop/tasks.py")  # Celery's tasks run
    assert not is_development("shop/conf.py")
    assert is_development("docs/conf.py")


NEWER = """
import os, subprocess
from pathlib import Path
type Names = list[str]
BASE = Path(__file__).parent
class Settings:
    data: str = "/data"
def tool(name="x", *rest, key=None, **more):
    return [name, "y"]
async def main(x):
    for each in ("a", "b"):
        await go(each)
    with open(f"/data/{x}/y" "z", "w") as file, other:
        pass
    try:
        subprocess.run(["git", *x], check=True)
    except (OSError, ValueError) as error:
        os.system("echo" + " x | tee /tmp/y")
    finally:
        x[0] = lambda: subprocess.run(tool())
    match x:
        case 1 if (y := 2):
            (BASE / "out").mkdir()
    while x: x -= 1
    return {**x, "a": [subprocess.run(["ls"]) for _ in x]} if x else not x
"""


def test_python_newer_than_this_one_is_read_by_libcst() -> None:
    found = read(NEWER)
    assert found.unparsed == ()
    assert [use.word for use in found.runs] == ["git", "tee", "x", "ls"]
    assert [(write.base, write.path) for write in found.writes] == [
        ("root", "/data/?/yz"),
        ("root", "/tmp/y"),
        ("code", "out"),
    ]


def test_both_parsers_find_the_same() -> None:
    text = NEWER.replace("type Names = list[str]\n", "Names = 1\n")
    tree = tree_of(text.encode())
    assert isinstance(tree, ast.Module)
    assert isinstance(parse_python(text.encode()), ast.Module)
    newer = read(text.replace("Names = 1", "type Names = int"))
    older = read(text)
    assert (older.runs, older.writes) == (newer.runs, newer.writes)


def test_paths() -> None:
    assert above(f"{CODE}/a.py") == CODE
    assert above(CODE) == f"{CODE}/.."
    assert (above("a"), above("/a"), above("/a/b"), above(HOLE)) == (".", "/", "/a", HOLE)
    assert (join("a", "b"), join("a/", "b"), join("a", "/b"), join("", "b")) == ("a/b", "a/b", "/b", "b")
    assert place(f"/a/{HOLE}{HOLE}/") == ("/a/?/", "root")


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_are_read(data: bytes) -> None:
    program = read_python({"a.py": b"import subprocess\n" + data, "b.py": data})
    assert program.files == 2


_PIECES = st.sampled_from(
    [
        "import os\n",
        "from . import x\n",
        "open(",
        "'w'",
        ")",
        "x = ",
        "x",
        " / ",
        "'/a'",
        "\n",
        "def f(x='y'):\n ",
        "return ",
        "class A:\n ",
        "self.x",
        "os.path.join(",
        ", ",
        "*",
        "f'{x}'",
        "[",
        "]",
        "subprocess.run(",
        "for x in ",
        ":",
        "lambda: ",
        "app.config['X']",
        "d['x']",
        "d.get('x')",
        "**d",
        "*d",
        "class B(A):\n ",
        "super().",
        "__init__",
        "A(",
        "A.",
        "def __init__(self, x):\n ",
        "def f(*d):\n ",
        "def f(**d):\n ",
        "args.x",
        "settings.X",
        "X = ",
        "x: A",
        "sqlite3.Connection",
        " or ",
        "await ",
        "f(",
        "@app.get('/health')\n",
        "path(",
        "include(",
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(_PIECES, max_size=40).map("".join))
def test_any_pieces_of_python_are_read(text: str) -> None:
    program = read_python({"app/__init__.py": text.encode(), "app/x.py": (text + "\n" + text).encode()})
    assert all(each.reason for each in program.unparsed)


@pytest.mark.parametrize(
    "text",
    [
        "x = x\nopen(x, 'w')\n",
        "x = y\ny = x\nopen(x + y, 'w')\n",
        "def f(x):\n    return f(f(x))\nopen(f(1), 'w')\n",
        "import app\nfrom app import x\nopen(x, 'w')\n",
        "x = [*x]\nfor x in x:\n    open(x, 'w')\n",
        "class A(A):\n    pass\nopen(A().x, 'w')\n",
        "class A(A.B):\n    pass\nopen(A().x, 'w')\n",
        "class A(B):\n    pass\nclass B(A):\n    pass\nopen(A().x, 'w')\nA('x')\n",
        "def f(x):\n    g(x)\ndef g(x):\n    f(x)\n    open(x, 'w')\n",
        "d = {}\nd['x'] = d['x'] + d['x']\nopen(d['x'], 'w')\n",
        "def f(**d):\n    f(**d)\n    open(d['x'], 'w')\n",
        "def f(*d):\n    f(*d)\n    for x in d:\n        open(x, 'w')\n",
        "x = x.y\ny = y().x\nopen(x.y, 'w')\n",
        "class A:\n    x: str\n    y: str\na = A(x=a.x + a.y, y=a.y + a.x)\na = A(x=a.y, y=a.x)\na = A(a.x, a.y)\nopen(a.x, 'w')\n",
        "x, y = y, x\nx, y = x\nopen(x[0], 'w')\n",
        "class A:\n    def __init__(self, a):\n        self.a = A(self.a)\nopen(A(A(1)).a.a, 'w')\n",
        "".join(f"def f{n}(x):\n    f{n + 1}(x + 'y')\n" for n in range(60))
        + "def f60(x):\n    open(x, 'w')\nf0('/a')\n",
        "".join(f"class A{n}:\n    def __init__(self, x):\n        self.x = A{n + 1}(x)\n" for n in range(60))
        + "open(A0(1).x, 'w')\n",
        "app = app()\napp.run()\n",
        "x = " + "('a' + " * 40 + "'b'" + ")" * 40 + "\nopen(x, 'w')\n",
    ],
)
def test_what_goes_in_circles_ends(text: str) -> None:
    start = time.process_time()
    assert read(text).files == 1
    assert time.process_time() - start < 5
