"""What the files of process managers and servers say: Procfile, supervisord, gunicorn, uWSGI, nginx, crontabs. Read, never run."""

from __future__ import annotations

import ast
import posixpath
import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache

from dockfix.context.listens import port_of, ports_of_command
from dockfix.context.nginx import directives
from dockfix.context.program.model import UNKNOWN, Port, Unparsed, Use, Write
from dockfix.context.program.paths import HOLE, Value, place
from dockfix.context.program.project import Project, Sources
from dockfix.context.program.values import Evaluator
from dockfix.context.scripts import commands_in_script
from dockfix.lazy import regex
from dockfix.namedtuple import NamedTuple

_NO_FILES = regex(r"(?i)-|none|off|auto|syslog|stdout|stderr|journald|false|/dev/.*|")
# How each kind of file is told by its name
_KINDS = (
    ("procfile", regex(r"(?:.*/)?Procfile(?:[._-][^/]*)?")),
    (
        "supervisor",
        regex(r"(?:.*/)?[^/]*supervisor[^/]*\.(?:conf|ini)|(?:.*/)?supervisor[^/]*/(?:.*/)?[^/]+\.(?:conf|ini)"),
    ),
    ("gunicorn", regex(r"(?:.*/)?(?:gunicorn[^/]*\.py|[^/]*gunicorn[^/]*\.conf(?:\.py)?)")),
    ("uwsgi", regex(r"(?:.*/)?[^/]*uwsgi[^/]*\.ini")),
    (
        "nginx",
        regex(
            r"(?:.*/)?[^/]*nginx[^/]*\.conf(?:\.template)?|(?:.*/)?[^/]*nginx[^/]*/(?:.*/)?[^/]+(?:\.conf|\.template)"
            r"|(?:.*/)?(?:conf\.d|sites-(?:available|enabled))/[^/]+"
        ),
    ),
    (
        "cron",
        regex(
            r"(?:.*/)?(?:crontab(?:[._-][^/]*)?|[^/]*\.(?:cron|crontab)|[^/]*[._-]crontab)|(?:.*/)?cron\.d/[^/]+"
            r"|(?:.*/)?[^/]*cronjobs?"
        ),
    ),
    (
        "unread",
        regex(r"(?:.*/)?(?:[^/]*uwsgi[^/]*\.(?:xml|ya?ml|json)|circus[^/]*\.ini|(?:.*/)?s6[^/]*/.*/run|monitrc)"),
    ),
)
_CRON_TIME = regex(
    r"(?:@(?:reboot|yearly|annually|monthly|weekly|daily|midnight|hourly)"
    r"|(?:[\d*/,\-A-Za-z?#L~]+\s+){4}[\d*/,\-A-Za-z?#L~]+)\s+(\S.*)"
)
_USERS = regex(r"(root|nobody|www-data|app\w*|user|daemon|django|python|web|[a-z_]+user)\s+(\S.*)")


class Process(NamedTuple):
    """A process that a manager starts; ``user`` is "" where none is set."""

    name: str
    command: str
    file: str
    line: int
    user: str = ""


class Processes(NamedTuple):
    """What all these files say; ``root`` says what in them needs root, ``unread`` which could not be read."""

    programs: tuple[Process, ...] = ()
    runs: tuple[Use, ...] = ()
    ports: tuple[Port, ...] = ()
    writes: tuple[Write, ...] = ()
    root: tuple[Use, ...] = ()
    unread: tuple[Unparsed, ...] = ()


class _Found:
    def __init__(self) -> None:
        self.programs: list[Process] = []
        self.runs: list[Use] = []
        self.ports: list[Port] = []
        self.writes: list[Write] = []
        self.root: list[Use] = []
        self.unread: list[Unparsed] = []

    def command(self, name: str, command: str, file: str, line: int, user: str = "") -> None:
        """Takes in a command that a manager starts."""
        self.programs.append(Process(name, command, file, line, user))
        facts = commands_in_script(command)
        if facts is None:
            self.unread.append(Unparsed(file, f"line {line}: the command could not be read"))
            return
        self.runs += [Use(each, file, line, name) for each in sorted(facts.commands)]
        if facts.dynamic or facts.runs_arguments:
            self.runs.append(Use(UNKNOWN, file, line, name))
        self.writes += [Write(path, "root", file, line, name) for path in sorted(facts.writes)]
        self.ports += ports_of_command(command, file, line)

    def write(self, value: str, file: str, line: int, how: str, env: str = "") -> None:
        """Takes in a path that a setting names."""
        text = re.sub(r"%\(\w+\)s|\$\([^)]*\)|\$\{?\w+\}?|%[a-zA-Z]|@\([^)]*\)", HOLE, value)
        if not _NO_FILES.fullmatch(value):
            path, base = place(text)
            self.writes.append(Write(path, base, file, line, how, env))

    def listen(self, value: str, file: str, line: int, how: str, env: str = "") -> None:
        """Takes in an address: a port, or the path of a socket."""
        value = value.split(",", maxsplit=1)[0].strip()
        socket = re.match(r"(?:unix:)?(/\S+)", value)
        if socket:
            self.write(socket[1], file, line, how, env)
        elif port := port_of(re.sub(r"\$\((\w+)\)|%\(ENV_(\w+)\)s", lambda match: f"${match[1] or match[2]}", value)):
            self.ports.append(Port(port[0], file, line, how, port[1] or env))


def read_processes(files: Mapping[str, bytes], nginx: bool = True) -> Processes:
    """What the files of process managers among these say; all others are passed over. Never raises.

    Files for nginx, which often are another container's, count only where ``nginx`` says that the image holds it.
    """
    found = _Found()
    readers: Mapping[str, Callable[[str, str, _Found], None]] = {
        "procfile": _procfile,
        "supervisor": _supervisor,
        "uwsgi": _uwsgi,
        "cron": _cron,
        "nginx": _nginx,
    }
    for file in sorted(files):
        kind = kind_of(file)
        if kind == "nginx" and not nginx:
            continue
        if kind == "gunicorn":
            _gunicorn(file, files[file], found)
        elif kind == "unread":
            found.unread.append(Unparsed(file, "dockfix does not read files of this kind"))
        elif kind and b"\0" not in files[file]:
            readers[kind](file, files[file].decode("utf-8", "replace"), found)
        elif kind:
            found.unread.append(Unparsed(file, "it is not a text"))
    found.root += [
        Use(str(port.port), port.file, port.line, "a port below 1024")
        for port in found.ports
        if port.port and port.port < 1024
    ]
    return Processes(
        tuple(found.programs),
        tuple(found.runs),
        tuple(found.ports),
        tuple(found.writes),
        tuple(found.root),
        tuple(found.unread),
    )


@lru_cache(maxsize=8192)
def kind_of(file: str) -> str:
    """The kind of process manager that a file belongs to, by its name; "" for none."""
    return next((kind for kind, pattern in _KINDS if pattern.fullmatch(file)), "")


def _procfile(file: str, text: str, found: _Found) -> None:
    for line, row in enumerate(text.splitlines(), 1):
        match = re.match(r"\s*([\w-]+)\s*:\s*(\S.*)", row)
        if match:
            found.command(match[1], match[2], file, line)


def _settings(text: str) -> Iterator[tuple[str, str, str, int]]:
    """The section, key, value and line of each setting of an INI file; indented lines go on with the value above."""
    section = ""
    pending: tuple[str, str, str, int] | None = None
    for number, row in enumerate(text.splitlines(), 1):
        bare = row.strip()
        if not bare or bare.startswith(("#", ";")):
            continue
        if pending and row[:1].isspace() and "=" not in bare.split()[0]:
            pending = (*pending[:2], f"{pending[2]}\n{bare}", pending[3])
            continue
        if pending:
            yield pending
            pending = None
        header = re.fullmatch(r"\[([^\]]*)\].*", bare)
        if header:
            section = header[1].strip()
        else:
            key, _, value = bare.partition("=")
            pending = section, key.strip().lower(), re.split(r"\s[;#]", value.strip())[0].strip(), number
    if pending:
        yield pending


_SUPERVISOR_PATHS = {
    ("supervisord", "logfile"),
    ("supervisord", "pidfile"),
    ("supervisord", "childlogdir"),
    ("unix_http_server", "file"),
}


def _supervisor(file: str, text: str, found: _Found) -> None:
    commands: dict[str, tuple[str, int]] = {}
    users: dict[str, str] = {}
    for section, key, value, line in _settings(text):
        kind = section.partition(":")[0]
        if kind in {"program", "eventlistener", "fcgi-program"} and key == "command":
            commands[section] = (value.replace("%(", "$(").replace("\n", " "), line)
        elif key == "user":
            users[section] = value
            found.root.append(Use(value, file, line, f"[{section}] sets the user"))
        elif key in {"stdout_logfile", "stderr_logfile"} or (kind, key) in _SUPERVISOR_PATHS:
            found.write(value, file, line, f"[{section}] {key}")
        elif kind == "inet_http_server" and key == "port":
            found.listen(value, file, line, f"[{section}] {key}")
        elif kind == "include" and key == "files":
            found.unread.append(Unparsed(file, f"line {line}: what {value} brings is not followed"))
    for section, (command, line) in commands.items():
        shell = re.sub(r"\$\(ENV_(\w+)\)s", r"$\1", command)
        found.command(
            section.partition(":")[2], re.sub(r"\$\(\w+\)[sd]", "$DOCKFIX", shell), file, line, users.get(section, "")
        )


def _uwsgi(file: str, text: str, found: _Found) -> None:
    for section, name, value, line in _settings(text):
        key = name.replace("_", "-")
        if section != "uwsgi":
            continue
        if key in {"http", "http-socket", "socket", "uwsgi-socket", "https", "fastcgi-socket", "stats"}:
            found.listen(value, file, line, key)
        elif key in {
            "logto",
            "logto2",
            "daemonize",
            "pidfile",
            "pidfile2",
            "safe-pidfile",
            "touch-reload",
            "cache-store",
            "spooler",
        }:
            found.write(value, file, line, key)
        elif key in {"module", "wsgi-file", "mount", "wsgi"}:
            found.programs.append(Process(key, value, file, line))
        elif key in {"uid", "gid"}:
            found.root.append(Use(value, file, line, f"{key} changes the user"))
        elif key in {"attach-daemon", "attach-daemon2", "smart-attach-daemon"} or key.startswith(("exec-", "hook-")):
            found.command(key, re.sub(r"^exec:", "", value.rpartition("cmd=")[2].partition(",")[0]), file, line)


def _cron(file: str, text: str, found: _Found) -> None:
    system = "cron.d/" in file or file.endswith("etc/crontab")
    for line, row in enumerate(text.splitlines(), 1):
        match = _CRON_TIME.match(row.strip())
        if match is None or row.lstrip().startswith("#"):
            continue
        user = _USERS.match(match[1]) if not system else re.match(r"(\S+)\s+(\S.*)", match[1])
        named = user is not None and (system or posixpath.basename(user[1]) not in {"python", "app"})
        command = user[2] if user is not None and named else match[1]
        found.command("cron", command.replace("\\%", "%"), file, line, user[1] if user is not None and named else "")
        found.root.append(Use("cron", file, line, "cron runs as root"))


_NGINX_FILES = regex(r"pid|(?:access|error)_log|\w+_temp_path|\w+_cache_path|lock_file")
# Where Debian's nginx writes if nothing else is said
_NGINX_DEFAULTS = {
    "pid": "/run/nginx.pid",
    "error_log": "/var/log/nginx/error.log",
    "access_log": "/var/log/nginx/access.log",
    "client_body_temp_path": "/var/lib/nginx/body",
    "proxy_temp_path": "/var/lib/nginx/proxy",
}


def _nginx(file: str, text: str, found: _Found) -> None:
    listed = [*directives(text)]
    included: set[str] = set()
    silent: dict[int, tuple[int | None, int]] = {}  # the servers that say nothing of their port, and the line of each
    for each in listed:
        value = each.words[0] if each.words else ""
        if each.name == "server" and each.opens and each.kind in {"", "http"}:
            silent[each.opens] = 80, each.line
        elif each.name == "listen" and value:
            silent.pop(each.block, None)
            found.listen(
                value if ":" in value or "$" in value or value.isdecimal() else f"{value}:80", file, each.line, "listen"
            )
        elif _NGINX_FILES.fullmatch(each.name) and not value.startswith(("syslog:", "memory:")):
            found.write(value, file, each.line, each.name)
        elif each.name == "user":
            found.root.append(Use(value, file, each.line, "user changes the user"))
        elif each.name == "include" and not value.endswith(("mime.types", "_params")):
            if value not in included:
                found.unread.append(Unparsed(file, f"line {each.line}: what {value} brings is not followed"))
            included.add(value)
            if each.block in silent:
                silent[each.block] = None, each.line
    found.ports += [
        Port(port, file, line, "server, its default" if port else "server") for port, line in silent.values()
    ]
    if any(each.name == "events" for each in listed):
        names = {each.name for each in listed}
        found.writes += [
            Write(path, "root", file, 1, f"{name}, its default")
            for name, path in _NGINX_DEFAULTS.items()
            if name not in names
        ]


_GUNICORN_FILES = ("accesslog", "errorlog", "pidfile", "worker_tmp_dir", "statsd_socket", "tmp_upload_dir", "logfile")


def _gunicorn(file: str, data: bytes, found: _Found) -> None:
    """A configuration written in Python: its literal settings, defaults of environment variables among them."""
    project = Project({file: data}, Sources())
    module = project.module(file)
    if module is None:
        found.unread.append(Unparsed(file, project.reasons[file]))
        return
    evaluate = Evaluator(project)

    def each(name: str) -> Iterator[tuple[Value, int]]:
        for node, scope in module.scope.names.get(name, []):
            for part in node.elts if isinstance(node, ast.List | ast.Tuple) else [node]:
                for value in evaluate(part, scope):
                    yield value, getattr(part, "lineno", 1)

    for value, line in each("bind"):
        if HOLE in value.text and not re.search(r":\d+$", value.text):
            found.ports.append(Port(None, file, line, "bind", value.env))
        else:
            found.listen(value.text, file, line, "bind", value.env)
    for name in _GUNICORN_FILES:
        for value, line in each(name):
            found.write(value.text, file, line, name, value.env)
    for name in ("user", "group"):
        for value, line in each(name):
            found.root.append(Use(value.text.replace(HOLE, UNKNOWN), file, line, f"{name} changes the user"))
