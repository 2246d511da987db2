"""A program that stands in for docker (or podman): it records how it is called, and does what a file of settings tells it to.

Its "images" and "containers" are files, so that labels, tags and what is left over can be looked at. Run as a script, it is
that program; imported, it gives tests ``FakeDocker``, which installs it. It is started thousands of times: files hold Python
literals, it is installed compiled, and a module is imported where it is needed.
"""

from __future__ import annotations

import os
import sys
import time
from contextlib import suppress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

# How a build of BuildKit says that the front end of `# syntax=docker/dockerfile:1` is not to be had
NO_FRONT_END = [
    "#1 [internal] load build definition from Dockerfile",
    "#1 DONE 0.0s",
    "#2 resolve image config for docker-image://docker.io/docker/dockerfile:1",
    '#2 ERROR: failed to do request: Head "https://registry-1.docker.io/v2/docker/dockerfile/manifests/1": '
    "dial tcp: lookup registry-1.docker.io: no such host",
    "------",
    " > resolve image config for docker-image://docker.io/docker/dockerfile:1:",
    "------",
    "ERROR: failed to solve: docker/dockerfile:1: failed to resolve source metadata for docker.io/docker/dockerfile:1: failed to do request: "
    'Head "https://registry-1.docker.io/v2/docker/dockerfile/manifests/1": dial tcp: lookup registry-1.docker.io: no such host',
]
NO_NETWORK = [
    "#5 [2/3] RUN pip install flask",
    "#5 9.1 WARNING: Retrying: Failed to establish a new connection: [Errno -3] Temporary failure in name resolution",
    "#5 ERROR: process did not complete successfully: exit code: 1",
    "ERROR: failed to solve: process did not complete successfully: exit code: 1",
]
PASSWD = "root:x:0:0:root:/root:/bin/sh\n"
FILES = {
    "etc/passwd": PASSWD, "etc/group": "root:x:0:\n", "etc/os-release": 'VERSION_CODENAME="bookworm"\n', "bin/sh": "#!\n",
    "usr/local/bin/python3": "\x7fELF", "usr/local/lib/libown.so": "\x7fELF", "app/app.py": "print()\n",
}  # fmt: skip
LAUNCH = """import marshal
with open({code!r}, "rb") as file:
    code = marshal.loads(file.read()[16:])
exec(code)
sys.exit(main())
"""
SETTINGS: dict[str, Any] = {
    "version": "Docker version 28.2.2, build e6534b4",
    "info": {"out": "28.2.2\n"},
    "buildx": True,
    "builders": ["mine"],
    "registry": {},  # what it says is the digest of an image
    "pulled": {},  # RepoDigests of an image that is there
    "builds": [],  # rules: dockerfile and context (patterns), times, lines, status, sleep
    "config": {"Env": ["PATH=/usr/local/bin:/usr/bin:/bin"], "Cmd": ["python3", "app.py"], "WorkingDir": "/app", "User": ""},
    "files": FILES,
    "layers": [],  # of every image
    "python": {"executable": "/usr/local/bin/python3", "version": "3.11.7", "data": "/usr/local", "modules": {"ssl": ""},
               "packages": {"flask": "3.0.3"}},
    "ldd": "\tlibc.so.6 => /lib/libc.so.6 (0x0000)\n",
    "listening": [],  # the ports on which something listens in every container
    "processes": [{"pid": 1, "command": ["/usr/local/bin/python3", "app.py"], "ticks": 10}],  # that run in it
    "runs": [],  # rules: words (pattern), times, out, err, status, sleep
    "states": [{"Status": "exited", "Running": False, "ExitCode": 0}],  # one after the other; the last one stays (or by command)
    "logs": "ready\n",
    "diff": "",
    "history": [{"CreatedBy": "CMD []", "Size": "0"}, {"CreatedBy": "RUN /bin/sh -c make # buildkit", "Size": "2000"},
                {"CreatedBy": "/bin/sh -c #(nop) ADD file:abc in / ", "Size": "1000"}],
}  # fmt: skip


class FakeDocker:
    """Installs the program in a folder of its own; ``bin`` belongs on PATH."""

    def __init__(self, root: Path, name: str = "docker", **settings: Any) -> None:
        import py_compile

        self.root, self.bin = root, root / "bin"
        for folder in (self.bin, root / "images", root / "containers", root / "counts"):
            folder.mkdir(parents=True)
        self.program = self.bin / name
        code = root / "code.pyc"
        py_compile.compile(__file__, str(code), doraise=True)
        self.program.write_text(f"#!{sys.executable} -IS\n{LAUNCH.format(code=str(code))}", "utf-8")
        self.program.chmod(0o755)
        self.settings = dict(SETTINGS)
        self.set(**settings)

    def set(self, **settings: Any) -> None:
        self.settings |= settings
        write(f"{self.root}/settings", repr(self.settings))

    @property
    def calls(self) -> list[dict[str, Any]]:
        """Every call: argv, and what belongs to it (dockerfile, ignore, environment)."""
        file = self.root / "calls"
        return [literal(line) for line in file.read_text("utf-8").splitlines()] if file.exists() else []

    def argv(self, *words: str) -> list[list[str]]:
        """The calls whose first words are these."""
        return [call["argv"] for call in self.calls if call["argv"][: len(words)] == list(words)]

    @property
    def builds(self) -> list[dict[str, Any]]:
        """The builds, with the Dockerfile's text, that of the ignore file beside it, the context and the tag."""
        return [call for call in self.calls if "dockerfile" in call]

    def images(self) -> list[str]:
        """The tags of the images that are there."""
        return sorted(literal(file.read_text("utf-8"))["tag"] for file in (self.root / "images").iterdir())

    def containers(self) -> list[str]:
        return sorted(file.name for file in (self.root / "containers").iterdir())

    def engine(self, **settings: Any) -> Any:
        """An engine that calls the program."""
        from dockfix.verify.engines import Engine

        return Engine("docker", str(self.program), "28.2.2", True, **settings)

    def add(self, kind: str, name: str, session: str) -> None:
        """An image or a container of some session that was there before."""
        write(
            f"{self.root}/{kind}/{name}",
            repr({"tag": name, "labels": {"dockfix.verify": session}, "dockerfile": "FROM scratch\n"}),
        )


# --- the program ------------------------------------------------------------------------------------------------------


def main() -> int:
    root = __file__.rsplit("/", 2)[0]
    settings = literal(read(f"{root}/settings"))
    argv = sys.argv[1:]
    record: dict[str, Any] = {"argv": argv, "pid": os.getpid(), "buildkit": os.environ.get("DOCKER_BUILDKIT")}
    building = argv[:1] == ["build"] or argv[:2] == ["buildx", "build"]
    if building:
        file = option(argv, "-f")
        ignore = f"{file}.dockerignore"
        record |= {
            "dockerfile": read(file),
            "context": argv[-1],
            "tag": option(argv, "-t"),
            "ignore": read(ignore) if exists(ignore) else None,
        }
    with open(f"{root}/calls", "ab") as calls:  # noqa: PTH123
        calls.write(ascii(record).encode() + b"\n")
    return build(root, settings, argv, record) if building else other(root, settings, argv)


def literal(text: str) -> Any:
    return eval(text, {"__builtins__": {}})


def read(path: object) -> str:
    with open(str(path), encoding="utf-8", errors="surrogateescape", newline="") as file:  # noqa: PTH123
        return file.read()


def write(path: str, text: str) -> None:
    """In one step: another call may read it."""
    with open(f"{path}.new", "w", encoding="utf-8", errors="surrogateescape", newline="") as file:  # noqa: PTH123
        file.write(text)
    os.replace(f"{path}.new", path)  # noqa: PTH105


def exists(path: str) -> bool:
    return os.access(path, os.F_OK)


def things(root: str, kind: str) -> list[tuple[str, dict[str, Any]]]:
    """The images or containers by the names of their files. Another call may take one away meanwhile."""
    found: list[tuple[str, dict[str, Any]]] = []
    for name in sorted(os.listdir(f"{root}/{kind}")):  # noqa: PTH208
        if not name.endswith(".new"):
            with suppress(FileNotFoundError):
                found.append((name, literal(read(f"{root}/{kind}/{name}"))))
    return found


def search(pattern: str, text: str) -> bool:
    if not pattern:
        return True
    import re

    return bool(re.search(pattern, text))


def option(argv: list[str], name: str) -> str:
    return argv[argv.index(name) + 1] if name in argv else ""


def labels(argv: list[str]) -> dict[str, str]:
    pairs = [argv[number + 1].partition("=") for number, word in enumerate(argv) if word == "--label"]
    return {name: value for name, _, value in pairs}


def count(root: str, name: str) -> int:
    """How many times this was called, this one included."""
    with open(f"{root}/counts/{name}", "ab") as file:  # noqa: PTH123
        file.write(b".")
        file.flush()
        return file.tell()


def file_name(tag: str) -> str:
    return "".join(sign if sign.isalnum() else "_" for sign in tag)


def build(root: str, settings: dict[str, Any], argv: list[str], record: dict[str, Any]) -> int:
    for number, rule in enumerate(settings["builds"]):
        fits = search(rule.get("dockerfile", ""), record["dockerfile"]) and search(
            rule.get("context", ""), record["context"]
        )
        if fits and ("times" not in rule or count(root, f"build{number}") <= rule["times"]):
            break
    else:
        rule = {}
    for line in rule.get("lines", ["#1 [internal] load build definition", "#2 [1/2] FROM x", "#2 DONE 0.1s"]):
        text, env, variable = line.replace("CONTEXT", record["context"]).partition("ENV:")
        print(text + (os.environ.get(variable, "") if env else ""), file=sys.stderr, flush=True)
    time.sleep(rule.get("sleep", 0))
    status = int(rule.get("status", 0))
    if not status:
        write(
            f"{root}/images/{file_name(record['tag'])}",
            repr({"tag": record["tag"], "labels": labels(argv), "dockerfile": record["dockerfile"]}),
        )
    return status


def other(root: str, settings: dict[str, Any], argv: list[str]) -> int:
    match argv:
        case ["--version"]:
            print(settings["version"])
        case ["info", *_]:
            return say(settings["info"])
        case ["buildx", "version"]:
            return 0 if settings["buildx"] else 1
        case ["buildx", "inspect", name]:
            return say(
                {} if name in settings["builders"] else {"err": f'ERROR: no builder "{name}" found\n', "status": 1}
            )
        case ["buildx", "imagetools", "inspect", "--format", "{{json .Manifest}}", name]:
            found = settings["registry"].get(name)
            return say(
                {"out": json({"digest": found})} if found else {"err": f"ERROR: {name}: not found\n", "status": 1}
            )
        case ["image", "inspect", "--format", "{{json .RepoDigests}}", name]:
            return say(
                {"out": json(settings["pulled"][name])}
                if name in settings["pulled"]
                else {"err": "no such image\n", "status": 1}
            )
        case ["image", "inspect", name]:
            image = literal(read(f"{root}/images/{file_name(name)}"))
            size = 4000 - len(image["dockerfile"])
            print(
                json(
                    [
                        {
                            "Id": name,
                            "Size": size,
                            "Config": {**settings["config"], "Labels": image["labels"]},
                            "RootFS": {"Layers": settings["layers"]},
                        }
                    ]
                )
            )
        case ["history", *_]:
            print("\n".join(map(json, settings["history"])))
        case ["cp", "-a", _, _] | ["start", _]:
            pass
        case ["create", *_]:
            name = option(argv, "--name") or f"created{count(root, 'create')}"
            keep(root, name, argv)
            print(name)
        case ["export", name]:
            export(settings["files"])
        case ["run", *_]:
            return start(root, settings, argv)
        case ["inspect", "--format", "{{json .State}}", name]:
            if not exists(f"{root}/containers/{name}"):
                return say({"err": f"Error: No such object: {name}\n", "status": 1})
            states = settings["states"]
            if isinstance(states, dict):  # by the last word that the container was started with
                words = literal(read(f"{root}/containers/{name}"))["words"]
                states = states.get(words[-1], states[""])
            print(json(states[min(count(root, f"state-{name}"), len(states)) - 1]))
        case ["inspect", "--format", _, name]:
            found = dict(things(root, "containers") + things(root, "images"))
            print(found[name]["labels"].get("dockfix.verify", ""))
        case ["inspect", name]:
            return 0 if exists(f"{root}/containers/{name}") else 1
        case ["logs", _]:
            print(settings["logs"], end="")
        case ["diff", _]:
            print(settings["diff"], end="")
        case ["ps" | "images", *_]:
            key, _, value = option(argv, "--filter").removeprefix("label=").partition("=")
            for name, thing in things(root, "containers" if argv[0] == "ps" else "images"):
                own = thing["labels"]
                if key in own and (not value or own[key] == value):
                    print(name)
        case ["rm" | "rmi", *names]:
            kind = "containers" if argv[0] == "rm" else "images"
            for name, thing in things(root, kind):
                if {name, thing["tag"]} & set(names):
                    with suppress(FileNotFoundError):
                        os.unlink(f"{root}/{kind}/{name}")  # noqa: PTH108
        case _:
            return say({"err": f"unknown command: {' '.join(argv)}\n", "status": 125})
    return 0


def json(value: object) -> str:
    from json import dumps

    return dumps(value)


def keep(root: str, name: str, argv: list[str]) -> None:
    write(f"{root}/containers/{name}", repr({"tag": name, "labels": labels(argv), "words": argv}))


def say(what: dict[str, Any]) -> int:
    sys.stdout.write(what.get("out", ""))
    sys.stderr.write(what.get("err", ""))
    time.sleep(what.get("sleep", 0))
    return int(what.get("status", 0))


def start(root: str, settings: dict[str, Any], argv: list[str]) -> int:
    for number, rule in enumerate(settings["runs"]):
        fits = search(rule["words"], " ".join(argv))
        if fits and ("times" not in rule or count(root, f"run{number}") <= rule["times"]):
            return say(rule)
    if "-d" in argv:
        keep(root, option(argv, "--name"), argv)
        print("0123456789ab")
        return 0
    given = sys.stdin.read() if "-i" in argv else ""
    if argv[-1] == "-":  # a script for an interpreter
        if not on_path(settings, option(argv, "--entrypoint")):
            return say({"err": "docker: exec: executable file not found in $PATH\n", "status": 127})
        answer = settings["python"]
        if "DOCKFIX_PROBE" in given:
            from json import loads

            wanted = loads(option(argv, "--env").partition("=")[2])
            requests = wanted["requests"]
            answer = {
                "open": wanted["ports"],
                "roots": {},
                "good": [True] * len(requests),
                "answers": [{"status": 200, "body": "fine"}] * len(requests),
                "routes": dict.fromkeys(wanted["routes"], 200),
                "web": 0,
                "listening": settings["listening"],
                "processes": settings["processes"],
                "earlier": settings["processes"],
                "held": wanted["holds"] > 0,
            }
        return say(
            {"out": f"noise\ndockfix-probe:{json(answer)}\n"} if answer else {"err": "no python\n", "status": 127}
        )
    if "ldd" in argv[-1]:
        return say({"out": "".join(f"@@dockfix:{file}\n{settings['ldd']}" for file in given.splitlines())})
    return say({"out": "done\n"})


def on_path(settings: dict[str, Any], name: str) -> bool:
    """Whether an image has a program; one that is named by its path always is there."""
    folders = next(variable[5:].split(":") for variable in settings["config"]["Env"] if variable.startswith("PATH="))
    return "/" in name or any(f"{folder[1:]}/{name}" in settings["files"] for folder in folders)


def export(files: dict[str, str]) -> None:
    """A tar stream, written by hand: the module for it takes long to import."""
    folders = {path[:number] for path in files for number, sign in enumerate(path) if sign == "/"}
    for path in sorted(folders | set(files)):
        data = files.get(path, "").encode()
        mode, kind = (0o755, b"5") if path in folders else (0o755 if "bin/" in path else 0o644, b"0")
        header = b"%-100s%07o\0%07o\0%07o\0%011o\0%011o\0%s%s%s" % (
            path.encode(),
            mode,
            0,
            0,
            len(data),
            0,
            b" " * 8,
            kind,
            b"\0" * 100 + b"ustar\00000",
        )
        header = header.replace(path.encode().ljust(100), path.encode().ljust(100, b"\0"), 1).ljust(512, b"\0")
        header = header[:148] + b"%06o\0 " % sum(header) + header[156:]
        sys.stdout.buffer.write(header + data + b"\0" * (-len(data) % 512))
    sys.stdout.buffer.write(b"\0" * 1024)
