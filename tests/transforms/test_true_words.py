"""Reasons that were said although they were untrue, each beside what they are true of."""

from __future__ import annotations

import pytest

from dockfix.engine import FileResult
from results import Project, refusal, text_of

NODE = "FROM node:20-slim\nWORKDIR /app\nCOPY package.json ./\nRUN npm install\n{copy}\n{start}\n"
PACKAGE = '{"name": "a", "scripts": {"start": "node /app/index.js"}, "dependencies": {"express": "4.19.2"}}'
INDEX = "require('http').createServer((q, r) => r.end('ok')).listen(3000)\n"
PYTHON = (
    'FROM python:3.11-slim\nWORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt\nCMD ["python", "app.py"]\n'
)


def said(result: FileResult) -> str:
    return "; ".join(note.message for note in (*result.refusals, *result.unsafe, *result.warnings))


@pytest.mark.parametrize(
    ("copy", "start"),
    [
        ("COPY . .", 'CMD ["node", "/app/index.js"]'),
        ("COPY . .", "CMD node /app/index.js"),
        ("COPY . .", 'ENTRYPOINT ["node", "/app/index"]'),
        ("COPY . .", 'CMD ["node", "/app"]'),
        ("COPY . .", 'CMD ["npm", "start"]'),
        ("COPY index.js /app/", 'CMD ["node", "/app/index.js"]'),
        ("COPY src ./src", 'CMD ["node", "/app/src/index.js"]'),
        ("COPY src /srv", 'CMD ["node", "/srv/index.js"]'),
    ],
)
def test_an_absolute_path_that_a_copy_brings(project: Project, copy: str, start: str) -> None:
    files = {"package.json": PACKAGE, "index.js": INDEX, "src/index.js": INDEX}
    result = project(NODE.format(copy=copy, start=start), files, only="non-root,exec-form")
    assert "USER" in text_of(result)
    assert "not in the build context" not in said(result)


def test_one_that_none_brings(project: Project) -> None:
    text = NODE.format(copy="COPY . .", start='CMD ["node", "/app/other.js"]')
    result = project(text, {"package.json": PACKAGE, "index.js": INDEX}, only="non-root")
    assert "/app/other.js, which CMD in line 6 runs, is not in the build context" in said(result)


@pytest.mark.parametrize(
    ("base", "arguments"),
    [
        ("node:${NODE_VERSION}", "NODE_VERSION: 20-slim"),
        ("node:$NODE_VERSION-slim", "- NODE_VERSION=20"),
        ("node:${NODE_VERSION}", "NODE_VERSION: ${NODE_VERSION:-20-slim}"),
        ("${BASE}", "BASE: node:20-slim"),
    ],
)
def test_a_base_image_that_compose_chooses(project: Project, base: str, arguments: str) -> None:
    text = NODE.format(copy="COPY . .", start='CMD ["node", "index.js"]').replace("node:20-slim", base)
    compose = f"services:\n  web:\n    build:\n      context: .\n      args:\n        {arguments}\n"
    files = {"package.json": PACKAGE, "index.js": INDEX, "compose.yaml": compose}
    result = project(f"ARG NODE_VERSION\nARG BASE\n{text}", files, only="non-root")
    assert "USER 1000:1000" in text_of(result)


@pytest.mark.parametrize(
    ("base", "compose", "reason"),
    [
        ("node:${V}", "", "depends on the build argument V, whose value is not known here"),
        (
            "node:${V}",
            "      args:\n        V: ${V}\n",
            "depends on the build argument V, whose value is not known here",
        ),
        ("node:20-slim-slim", "", "the tag of the base image node:20-slim-slim is none of those that dockfix knows"),
        ("shop/node:20", "", "the base image shop/node:20 is not an official Python image, nor one of Node.js"),
    ],
)
@pytest.mark.parametrize("transform", ["non-root", "multi-stage"])
def test_what_is_said_of_a_base_image(project: Project, base: str, compose: str, reason: str, transform: str) -> None:
    text = NODE.format(copy="COPY . .", start='CMD ["node", "index.js"]').replace("node:20-slim", base)
    files = {"package.json": PACKAGE, "index.js": INDEX}
    files["compose.yaml"] = f"services:\n  web:\n    build:\n      context: .\n{compose}"
    result = project(f"ARG V\n{text}", files, only=transform, unsafe=True)
    assert reason in refusal(result, transform)


def test_why_no_slim_image_is_taken(project: Project) -> None:
    text = "ARG V=3.11\n" + PYTHON.replace("3.11-slim", "${V}").replace("COPY . .", "COPY requirements.txt ./")
    result = project(text, unsafe=True)
    assert "has to stay: a build argument chooses its tag" in refusal(result, "multi-stage")


@pytest.mark.parametrize("path", ["/tmp/x", "/var/tmp/x", "/dev/shm/x", "/dev/stdout", "/proc/self/fd/1"])
def test_what_anybody_may_write(project: Project, path: str) -> None:
    code = f"import os\nopen(os.environ.get('LOG') or '{path}', 'w')\n"
    text = PYTHON.replace("CMD", f"ENV LOG={path}\nCMD")
    assert "USER" in text_of(project(text, {"app.py": code}, only="non-root"))


def test_what_only_root_may(project: Project) -> None:
    result = project(PYTHON, {"app.py": "open('/var/x/y', 'w')\n"}, only="non-root")
    assert "/var/x" in said(result)


@pytest.mark.parametrize(
    "member",
    [
        '"next": "/api/v1/items.json"',
        '"image": "/static/img/a.png"',
        '"items": [\n    "/images/a.png"\n  ]',
        '"path": "/api/v1/items"',
        '"hint": "type /help or /start"',
        '"request": "GET /users/list.json"',
        '"$ref": "/definitions/item.json"',
    ],
)
@pytest.mark.parametrize("name", ["data/items.json", "catalogue.json"])
def test_a_path_of_a_url_in_data(project: Project, member: str, name: str) -> None:
    files = {"app.py": f"import json\njson.load(open('{name}'))\n", name: f"{{{member}}}\n"}
    assert "USER" in text_of(project(PYTHON, files, only="non-root"))


def test_a_path_of_a_url_in_code(project: Project) -> None:
    code = "ITEMS = '/api/v1/items.json'\nPREFIX = '/v2/x'\n"
    assert "USER" in text_of(project(PYTHON, {"app.py": code}, only="non-root"))


@pytest.mark.parametrize(
    ("name", "member"),
    [
        ("data/items.json", '"x": "/srv/items/a.json"'),
        ("data/items.json", '"folder": "/exports"'),
        ("data/items.json", '"db": "sqlite:////out/a.db"'),
        ("config.json", '"output": "/out/x.json"'),
        ("settings.json", '"command": "run --data=/srv/x"'),
    ],
)
def test_a_path_of_the_file_system(project: Project, name: str, member: str) -> None:
    files = {"app.py": f"import json\njson.load(open('{name}'))\n", name: f"{{{member}}}\n"}
    assert "only root may be able to write" in said(project(PYTHON, files, only="non-root"))


@pytest.mark.parametrize(
    "code",
    [
        "# boost ip::resolver, a set of addresses\n",
        "NOTE = 'your ip a set of numbers'\n",
        'NOTE = """what an ip a router has; add a set"""\n',
        "ip = '1'\nroutes = {'a': 'set'}  # the route changes\n",
        "import subprocess\nsubprocess.run(['ip', 'addr', 'show'])\n",
        "# client->ip a, route add\n",
    ],
)
def test_no_program_ip(project: Project, code: str) -> None:
    assert "USER" in text_of(project(PYTHON, {"app.py": code}, only="non-root"))


@pytest.mark.parametrize(
    ("code", "options"),
    [
        ("import os\nos.system('ip link set eth0 up')\n", "ip link set"),
        ("import subprocess\nsubprocess.run(['ip', 'a', 'add', '10.0.0.1/24'])\n", "ip a add"),
        ("import subprocess\nIP = '/sbin/ip'\nsubprocess.run([IP, 'route', 'add', 'default'])\n", "ip route add"),
        ("import os\nip = '/sbin/ip'\nos.system(f'{ip} link set x up')\n", "ip link set"),
        ("import os\nos.system(f'sudo ip -6 addr add {x}')\n", "ip -6 addr add"),
    ],
)
def test_the_program_ip(project: Project, code: str, options: str) -> None:
    assert f"runs {options} for the network's settings" in refusal(
        project(PYTHON, {"app.py": code}, only="non-root", unsafe=True), "non-root"
    )


@pytest.mark.parametrize(
    "code",
    [
        "_put('httpd', 'enable_cors', 'true')",
        "log.info('nginx')",
        "set_section('httpd', 1)",
        "ready = name.startswith('nginx')",
    ],
)
def test_a_word_that_is_only_told(project: Project, code: str) -> None:
    text = f"import subprocess\nsubprocess.run(['git', 'log'])\n{code}\n"
    assert "runs" not in refusal(project(PYTHON, {"app.py": text}, only="non-root", unsafe=True), "non-root")


@pytest.mark.parametrize(
    "code", ["run('httpd', '-k')", "start_all('nginx')", "COMMAND = ['httpd', '-k']", "call(['nginx'])"]
)
def test_a_word_that_may_be_started(project: Project, code: str) -> None:
    text = f"import subprocess\nsubprocess.run(['git', 'log'])\n{code}\n"
    assert "which needs root" in refusal(project(PYTHON, {"app.py": text}, only="non-root", unsafe=True), "non-root")


_LOCKED = {
    "package.json": '{"name": "a", "version": "1.0.0", "scripts": {"start": "node index.js"}}',
    "package-lock.json": '{"name": "a", "lockfileVersion": 3, "packages": {"": {"name": "a", "version": "1.0.0"}}}',
}
_FULL = 'FROM node:20\nWORKDIR /app\nCOPY . .\nRUN npm ci\nCMD ["node", "index.js"]\n'


@pytest.mark.parametrize(
    "code",
    [
        "const place = { vertical: 'top', size: 'free' }\n",
        '// "type": "git",\n',
        "/*\n * 'git' is what it takes\n */\n",
        "restore({ scroll: 'top' })\n",
    ],
)
def test_a_word_of_javascript_that_is_no_program(project: Project, code: str) -> None:
    result = project(_FULL, {**_LOCKED, "index.js": code}, only="slim-base", unsafe=True)
    assert "FROM node:20-slim" in text_of(result)
    assert "apt-get" not in text_of(result)


@pytest.mark.parametrize(
    ("member", "named"),
    [
        ('"repository": {\n    "type": "git",\n    "url": "git+https://example.com/a.git"\n  }', False),
        ('"repository": {"type": "git", "url": "git+https://example.com/a.git"}', False),
        ('"scripts": {\n    "start": "node index.js",\n    "update": "git pull"\n  }', True),
    ],
)
def test_the_kind_of_a_repository_is_no_program(project: Project, member: str, named: bool) -> None:
    package = f'{{\n  "name": "a",\n  "version": "1.0.0",\n  {member}\n}}\n'
    result = project(_FULL, {**_LOCKED, "package.json": package, "index.js": INDEX}, only="slim-base", unsafe=True)
    assert "FROM node:20-slim" in text_of(result)
    assert ("git" in text_of(result)) == named


@pytest.mark.parametrize("code", ["require('child_process').spawn('top')\n", "run('git', 'log')\n"])
def test_a_program_that_javascript_names(project: Project, code: str) -> None:
    result = project(_FULL, {**_LOCKED, "index.js": code}, only="slim-base", unsafe=True)
    assert "apt-get install" in text_of(result)


@pytest.mark.parametrize(("start", "root"), [("node index.js", False), ("sh scripts/deploy.sh && node index.js", True)])
def test_a_script_that_only_a_copy_names(project: Project, start: str, root: bool) -> None:
    text = _FULL.replace("COPY . .", "COPY package*.json index.js ./\nCOPY scripts/ ./scripts/")
    package = _LOCKED["package.json"].replace("node index.js", start)
    files = {**_LOCKED, "package.json": package, "index.js": INDEX, "scripts/deploy.sh": "docker compose up -d\n"}
    result = project(text.replace('"node", "index.js"', '"npm", "start"'), files, only="non-root")
    assert ("runs docker" in said(result)) == root


@pytest.mark.parametrize(
    ("lines", "transform", "reason"),
    [
        ("RUN A=1 flit install", "dependency-layer", "flit may need the source"),
        (
            "RUN apt-get update && find /usr/local \\\n    -name test \\\n    -exec rm -rf '{}' + && pip install -r requirements.txt",
            "multi-stage",
            "what find finds there is not known",
        ),
        (
            "RUN pip install -r requirements.txt && find /usr/local \\\n    \\( -type d -a -name test -o -name tests \\) \\\n"
            "    -o \\( -type f -a -name '*.pyc' -o -name '*.pyo' \\) \\\n    -exec rm -rf '{}' +",
            "cache-mounts",
            "find /usr/local \\( -type d -a -name test -o -name tests \\) -o \\( -type f -a … may remove",
        ),
    ],
)
def test_how_a_command_is_shown(project: Project, lines: str, transform: str, reason: str) -> None:
    text = (
        f"FROM python:3.11\nWORKDIR /app\nCOPY . .\n{lines}\nRUN pip install -r requirements.txt\nCMD python app.py\n"
    )
    assert reason in refusal(project(text, unsafe=True), transform)


def test_a_folder_that_is_called_as_a_program_is(project: Project) -> None:
    files = {
        "app.py": "print(1)\n",
        "start.sh": "#!/bin/sh\nmkdir -p /tmp/nginx/x\nexec python app.py\n",
        "deploy/nginx/site.conf": "upstream app {\n  server unix:/nginx/gunicorn.socket;\n}\n",
    }
    text = PYTHON.replace('"python", "app.py"', '"./start.sh"')
    assert "needs root" not in refusal(project(text, files, only="non-root", unsafe=True), "non-root")


@pytest.mark.parametrize(
    ("copy", "reason"),
    [
        (
            "COPY package.json ./\nCOPY src ./src",
            "src was found neither beside the Dockerfile nor in a folder above it",
        ),
        ("COPY package.json index.js ./", "no COPY takes a folder"),
    ],
)
def test_whether_a_copy_takes_a_folder(project: Project, copy: str, reason: str) -> None:
    text = NODE.format(copy=copy, start='CMD ["node", "index.js"]')
    result = project(text, {"package.json": PACKAGE, "index.js": INDEX}, only="dockerignore")
    assert reason in refusal(result, "dockerignore")


@pytest.mark.parametrize(("folder", "stays"), [("apps/web-e2e", False), ("e2e", False), ("apps/web", True)])
def test_tests_of_the_whole_are_no_evidence(project: Project, folder: str, stays: bool) -> None:
    lock = (
        '{"name": "a", "lockfileVersion": 3, "packages": {"": {"name": "a", "devDependencies": {"left-pad": "1.3.0"}},'
        ' "node_modules/left-pad": {"version": "1.3.0", "dev": true}}}'
    )
    files = {
        "package.json": '{"name": "a", "devDependencies": {"left-pad": "1.3.0"}}',
        "package-lock.json": lock,
        "index.js": INDEX,
        f"{folder}/src/support/e2e.js": "require('left-pad')\n",
    }
    result = project(_FULL, files, only="production-dependencies,multi-stage", unsafe=True)
    assert ("left-pad, which development alone asks for" in said(result)) == stays
