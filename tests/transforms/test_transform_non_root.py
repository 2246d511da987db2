"""Who the program runs as, what it owns, and where root is needed."""

from __future__ import annotations

import pytest

from results import Project, broken, refusal, text_of, unsafe

BASIC = """FROM python:3.11-slim
WORKDIR /app
COPY . .
EXPOSE 8000
CMD ["python", "app.py"]
"""


def run(project: Project, text: str = BASIC, files: dict[str, str] | None = None, **more: bool) -> str:
    return text_of(project(text, files, only="non-root", **more))


def test_the_user_owns_the_working_directory_and_the_code(project: Project) -> None:
    assert (
        run(project)
        == """FROM python:3.11-slim
WORKDIR /app
RUN useradd --create-home --uid 10001 appuser \\
    && chown appuser:appuser /app
COPY --chown=appuser:appuser . .
USER 10001:10001
EXPOSE 8000
CMD ["python", "app.py"]
"""
    )


def test_a_working_directory_that_comes_later_is_made(project: Project) -> None:
    text = 'FROM python:3.11-slim\nCOPY . /srv/x\nWORKDIR /srv/x\nCMD ["python", "app.py"]\n'
    assert "mkdir -p /srv/x && chown appuser:appuser /srv/x\nCOPY --chown=appuser:appuser . /srv/x\n" in run(
        project, text
    )


def test_system_folders_stay_roots(project: Project) -> None:
    text = BASIC.replace("EXPOSE", "COPY app.py /usr/local/bin/tool\nCOPY --chown=1:1 app.py /x/\nEXPOSE")
    result = run(project, text)
    assert "COPY app.py /usr/local/bin/tool\n" in result
    assert "COPY --chown=1:1 app.py /x/\n" in result


def test_folders_that_the_file_makes_are_owned(project: Project) -> None:
    result = run(project, BASIC.replace("EXPOSE", "RUN mkdir -p /data/x /app/logs /var/lib/thing /etc/thing\nEXPOSE"))
    made = "mkdir -p /data/x /app/logs /var/lib/thing /etc/thing"
    assert f"{made} \\\n    && chown -R appuser:appuser /data /app/logs /var/lib/thing\nUSER 10001:10001\n" in result


@pytest.mark.parametrize(
    ("more", "code", "made"),
    [
        ("", "import os\nos.makedirs('/data/cache', exist_ok=True)\n", "/data/cache"),
        ("", "import sqlite3\nsqlite3.connect('/srv/shop/db/x.sqlite3')\n", "/srv/shop/db"),
        ("", "open('/var/lib/shop/' + 'a.txt', 'w')\nopen('/var/lib/shop/b/c.txt', 'w')\n", "/var/lib/shop"),
        ("ENV DATA=/data/shop\n", "import os\nopen(os.path.join(os.environ['DATA'], 'x'), 'w')\n", "/data/shop"),
        ("ENV LOG=/logs/app.log\n", "import os\nopen(os.environ.get('LOG', 'app.log'), 'w')\n", "/logs"),
    ],
)
def test_folders_that_only_the_program_makes_are_made_for_the_user(
    project: Project, more: str, code: str, made: str
) -> None:
    text = BASIC.replace("EXPOSE", f"{more}EXPOSE")
    result = run(project, text, {"app.py": code}, unsafe=True)
    assert (
        f"    && chown appuser:appuser /app \\\n    && mkdir -p {made} && chown appuser:appuser {made}\nCOPY" in result
    )
    assert f"writes to {made}, which has to be made" in unsafe(project(text, {"app.py": code}), "non-root")


def test_names_that_a_shell_would_divide_are_quoted(project: Project) -> None:
    text = 'FROM python:3.11-slim\nWORKDIR "/srv/my app"\nCOPY . .\nRUN mkdir "/old files"\nCMD ["python", "app.py"]\n'
    result = run(project, text, {"app.py": "open('/logs/of $it/x.log', 'w')\n"}, unsafe=True)
    assert "    && chown appuser:appuser '/srv/my app' \\\n" in result
    assert "    && mkdir -p '/logs/of $it' && chown appuser:appuser '/logs/of $it'\n" in result
    assert """RUN mkdir "/old files" && chown -R appuser:appuser '/old files'\n""" in result


@pytest.mark.parametrize(
    "path", ["/etc/x/y", "/x.log", "/var/log/app.log", "/usr/share/x", "/app/data/x", "/tmp/x/y", "/root/x"]
)
def test_system_folders_and_what_is_owned_already_are_not_made(project: Project, path: str) -> None:
    result = run(project, BASIC, {"app.py": f"open('{path}', 'w')\n"}, unsafe=True)
    assert "\nUSER 10001:10001\n" in result and "mkdir" not in result


@pytest.mark.parametrize(
    ("old", "new", "files", "reason"),
    [
        ("EXPOSE", "USER web\nEXPOSE", {}, "USER web is set already"),
        ("EXPOSE", "USER root\nEXPOSE", {}, "the file asks for root by USER root"),
        ('["python", "app.py"]', '["nginx", "-g", "daemon off;"]', {}, "nginx"),
        ('["python", "app.py"]', "supervisord -n", {}, "supervisord"),
        ('["python", "app.py"]', "service cron start && python app.py", {}, "service"),
        ('["python", "app.py"]', '["sh", "-c", "cron && python app.py"]', {}, "cron"),
        ('["python", "app.py"]', "hypercorn app:app --user web", {}, "lets the server change its user"),
        ('["python", "app.py"]', "twistd --uid=5 -n web", {}, "lets the server change its user"),
        (
            'CMD ["python", "app.py"]',
            'ENTRYPOINT ["./e.sh"]',
            {"e.sh": "#!/bin/sh\nexec gosu app python app.py\n"},
            "gosu",
        ),
        ('CMD ["python", "app.py"]', 'ENTRYPOINT ["sh", "/app/e.sh"]', {"e.sh": "chown -R x /data\n"}, "chown"),
        ("EXPOSE", "RUN useradd web\nEXPOSE", {}, "makes a user"),
        ("EXPOSE", "RUN chown -R 5 /app\nEXPOSE", {}, "hands files"),
        ("WORKDIR /app\n", "", {}, "working directory is /"),
        ("WORKDIR /app", "WORKDIR /root/app", {}, "/root"),
        ("EXPOSE", "ENV HF_HOME=/root/.cache\nEXPOSE", {}, "/root"),
        ("EXPOSE", "RUN mkdir /root/.ssh\nEXPOSE", {}, "/root"),
        ("COPY . .", "VOLUME /data\nCOPY . .", {}, "VOLUME"),
        ("python:3.11-slim", "fedora", {}, "not an official Python"),
        ("python:3.11-slim", "python:3.11-windowsservercore", {}, "how users are made"),
        ("", "", {"app.py": "import subprocess\nsubprocess.run(['iptables', '-L'])\n"}, "iptables"),
        ("", "", {"app.py": "from sh import mount\nmount('-a')\n"}, "app.py:1 runs mount, which needs root"),
        ("", "", {"Procfile": "web: sudo gunicorn app:app\n"}, "Procfile:1 runs sudo, which needs root"),
        ("", "", {"Procfile": "web: chpst -u web gunicorn app:app\n"}, "Procfile:1 runs chpst, which needs root"),
        (
            'CMD ["python", "app.py"]',
            'CMD ["doas", "-u", "web", "python", "app.py"]',
            {},
            "runs doas, which needs root",
        ),
        (
            "CMD",
            "RUN pip install gunicorn\nCMD",
            {"gunicorn.conf.py": "bind = ':8000'\nuser = 'www-data'\n"},
            "gunicorn.conf.py:2: user changes the user",
        ),
        (
            "CMD",
            "RUN pip install uwsgi\nCMD",
            {"conf/uwsgi.ini": "[uwsgi]\nuid = nobody\n"},
            "conf/uwsgi.ini:2: uid changes the user",
        ),
        (
            "CMD",
            "RUN pip install supervisor\nCMD",
            {"supervisord.conf": "[supervisord]\nuser=root\n"},
            "supervisord.conf:2: [supervisord] sets the user",
        ),
        (
            "COPY",
            "RUN apt-get update && apt-get install -y cron\nCOPY",
            {"crontab": "*/5 * * * * python sync.py\n"},
            "crontab:1: cron runs as root",
        ),
        (
            "",
            "",
            {"compose.yaml": "services:\n  web:\n    build: .\n    entrypoint: [gosu, app, python]\n"},
            "compose.yaml runs gosu",
        ),
    ],
)
def test_refusals(project: Project, old: str, new: str, files: dict[str, str], reason: str) -> None:
    result = project(BASIC.replace(old, new), files, only="non-root", unsafe=True)
    assert text_of(result) == ""
    assert reason in refusal(result, "non-root")


@pytest.mark.parametrize(
    ("old", "new", "files", "reason"),
    [
        ("EXPOSE 8000", "EXPOSE 80", {}, "port 80"),
        ('["python", "app.py"]', '["gunicorn", "-b", "0.0.0.0:443", "app"]', {}, "port 443"),
        ("EXPOSE", "VOLUME /data\nEXPOSE", {}, "VOLUME"),
        ('CMD ["python", "app.py"]\n', "", {}, "neither CMD nor ENTRYPOINT"),
        ('["python", "app.py"]', '["bash"]', {}, "starts a shell"),
        ('["python", "app.py"]', '["dash", "-i"]', {}, "starts a shell"),
        ("COPY . .", "COPY src/ .", {}, "src was found neither"),
        ("EXPOSE", "RUN python manage.py collectstatic\nEXPOSE", {}, "leaves behind"),
        ("EXPOSE", "ENV DATA=/data\nEXPOSE", {}, "/data"),
        ("", "", {"app.py": "open('/var/lib/x/db', 'w')\n"}, "writes to /var/lib/x,"),
        ("", "", {"compose.yaml": "services:\n  web:\n    build: .\n    volumes: ['./data:/app/data']\n"}, "/app/data"),
    ],
)
def test_what_is_not_certain_is_unsafe(
    project: Project, old: str, new: str, files: dict[str, str], reason: str
) -> None:
    result = project(BASIC.replace(old, new), files, only="non-root")
    assert text_of(result) == ""
    assert reason in unsafe(result, "non-root")
    assert "USER 10001:10001" in run(project, BASIC.replace(old, new), files, unsafe=True)


@pytest.mark.parametrize(
    "files",
    [
        {"crontab": "*/5 * * * * python sync.py\n"},  # nothing brings cron into the image
        {"gunicorn.conf.py": "bind = ':8000'\n# user = 'www-data'\n"},
        {"supervisord.conf": "[program:web]\ncommand=gunicorn app:app\n"},
    ],
)
def test_files_of_process_managers_that_ask_for_nothing(project: Project, files: dict[str, str]) -> None:
    assert "USER 10001:10001" in run(project, BASIC, files)


def test_what_an_unknown_step_leaves_behind_is_handed_over_with_unsafe(project: Project) -> None:
    text = BASIC.replace("EXPOSE", "RUN python manage.py collectstatic\nEXPOSE")
    assert "RUN python manage.py collectstatic\nRUN chown -R --from=root appuser:appuser /app\nUSER" in run(
        project, text, unsafe=True
    )


def test_a_path_that_the_user_owns_or_may_read_is_no_question(project: Project) -> None:
    files = {
        "app.py": "open('/app/data/db', 'w')\nopen('/tmp/x', 'w')\nopen('/usr/share/fonts/x')\nopen('/data/y', 'w')\n"
    }
    assert "USER" in run(project, BASIC.replace("EXPOSE", "RUN mkdir /data\nEXPOSE"), files)


SERVICE = (
    "FROM python:3.11-slim\nWORKDIR /app\nRUN pip install gunicorn flask\nCOPY . .\nEXPOSE 8000\n"
    'CMD ["gunicorn", "-b", "0.0.0.0:8000", "app:app"]\n'
)
CODE = "import os\nimport flask\napp = flask.Flask(__name__)\nopen(os.environ['DATA'] + '/x', 'w')\n"


@pytest.mark.parametrize("name", [".env", ".env.local", ".env.prod.local"])
@pytest.mark.parametrize("setting", ["DATA=/data", "DATA=/srv/shop/data", "export DATA='/var/lib/shop'"])
@pytest.mark.parametrize("ignored", ["", ".env*\n"])
def test_what_env_says_counts_whether_the_image_has_it_or_not(
    project: Project, name: str, setting: str, ignored: str
) -> None:
    files = {"app.py": CODE, name: setting + "\n", **({".dockerignore": ignored} if ignored else {})}
    result = project(SERVICE, files)
    assert f"{name}:1 names /" in unsafe(result, "non-root")
    # dockerignore keeps the file out, and a second run finds the same
    assert not broken(result)
    after = {change.path.rpartition("/")[2]: change.after for change in result.files}
    again = project(after["Dockerfile"], {**files, ".dockerignore": after.get(".dockerignore", ignored)})
    assert again.files == ()
    assert f"{name}:1 names /" in unsafe(again, "non-root")


_NODE = (
    'FROM node:20-slim\nWORKDIR /app\nCOPY package.json ./\nRUN npm install\n{}\nCMD ["node", "index.js"]\n',
    {
        "package.json": '{"name": "a", "dependencies": {"express": "4.19.2"}}',
        "index.js": "require('fs').writeFileSync('./x', 'y')\n",
        "start.sh": "#!/bin/sh\nnode index.js\n",
        "src/a.js": "1\n",
    },
)


@pytest.mark.parametrize(
    ("lines", "after"),
    [
        (
            "COPY . .\n# RUN npm test\n\n# The port\nEXPOSE 3000",
            "# RUN npm test\n\nUSER 1000:1000\n\n# The port\nEXPOSE 3000",
        ),
        (
            "COPY . .\n\n# Tests\n# RUN npm test\n\nEXPOSE 3000",
            "\n# Tests\n# RUN npm test\n\nUSER 1000:1000\n\nEXPOSE 3000",
        ),
        ("COPY . .\n# RUN npm test\nEXPOSE 3000", "# RUN npm test\nUSER 1000:1000\nEXPOSE 3000"),
        (
            "COPY . .\n#RUN a \\\n#  && b\n# The port\nEXPOSE 3001",
            "#RUN a \\\n#  && b\nUSER 1000:1000\n# The port\nEXPOSE 3001",
        ),
        ("COPY . .\n# The port\nEXPOSE 3000", "USER 1000:1000\n# The port\nEXPOSE 3000"),
        ("COPY . .\n# ENV X=1\nEXPOSE 3000", "USER 1000:1000\n# ENV X=1\nEXPOSE 3000"),
        ('COPY . .\n# Run it\n# CMD ["npm"]', 'USER 1000:1000\n# Run it\n# CMD ["npm"]'),
    ],
)
def test_a_step_among_comments_stays_with_what_it_follows(project: Project, lines: str, after: str) -> None:
    text = text_of(project(_NODE[0].format(lines), _NODE[1], only="non-root"))
    assert f"COPY --chown=node:node . .\n{after}\nCMD" in text


@pytest.mark.parametrize(
    ("lines", "after"),
    [
        ("COPY start.sh ./\nCOPY . .", "COPY start.sh ./\nCOPY --chown=node:node . ."),
        ("COPY index.js start.sh ./\nCOPY . .", "COPY index.js start.sh ./\nCOPY --chown=node:node . ."),
        (
            "COPY start.sh ./\nRUN chmod +x start.sh\nCOPY . .",
            "COPY start.sh ./\nRUN chmod +x start.sh\nCOPY --chown=node:node . .",
        ),
        (
            "COPY start.sh ./\nCOPY index.js ./",
            "COPY --chown=node:node start.sh ./\nCOPY --chown=node:node index.js ./",
        ),
        ("COPY start.sh ./go.sh\nCOPY . .", "COPY --chown=node:node start.sh ./go.sh\nCOPY --chown=node:node . ."),
        ("COPY src ./src\nCOPY . .", "COPY --chown=node:node src ./src\nCOPY --chown=node:node . ."),
    ],
)
def test_what_is_copied_once_more_gets_its_owner_then(project: Project, lines: str, after: str) -> None:
    assert f"\n{after}\n" in text_of(project(_NODE[0].format(lines), _NODE[1], only="non-root"))
