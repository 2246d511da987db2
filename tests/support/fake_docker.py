"""A program that stands in for docker (or podman): it records how it is called, and does what a JSON file tells it to.

Its "images" and "containers" are files, so that labels, tags and what is left over can be looked at. Run as a script, it is
that program; imported, it gives tests ``FakeDocker``, which installs it.
"""

from __future__ import annotations

import json
import os
import re
import sys
import time
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
SETTINGS: dict[str, Any] = {
    "version": "Docker version 28.2.2, build e6534b4",
    "info": {"out": "28.2.2\n"},
    "buildx": True,
    "builders": ["mine"],
    "builds": [],  # rules: dockerfile and context (patterns), times, lines, status, sleep
    "config": {"Env": ["PATH=/usr/local/bin:/usr/bin:/bin"], "Cmd": ["python3", "app.py"], "WorkingDir": "/app", "User": ""},
    "files": FILES,
    "python": {"executable": "/usr/local/bin/python3", "version": "3.11.7", "data": "/usr/local", "modules": {"ssl": ""},
               "distributions": {"flask": "3.0.3"}},
    "ldd": "\tlibc.so.6 => /lib/libc.so.6 (0x0000)\n",
    "runs": [],  # rules: words (pattern), out, err, status, sleep
    "states": [{"Status": "exited", "Running": False, "ExitCode": 0}],  # one after the other; the last one stays
    "logs": "ready\n",
    "diff": "",
    "history": [{"CreatedBy": "CMD []", "Size": "0"}, {"CreatedBy": "RUN /bin/sh -c make # buildkit", "Size": "2000"},
                {"CreatedBy": "/bin/sh -c #(nop) ADD file:abc in / ", "Size": "1000"}],
}  # fmt: skip


class FakeDocker:
    """Installs the program in a folder of its own; ``bin`` belongs on PATH."""

    def __init__(self, root: Path, name: str = "docker", **settings: Any) -> None:
        self.root, self.bin = root, root / "bin"
        for folder in (self.bin, root / "images", root / "containers", root / "counts"):
            folder.mkdir(parents=True)
        self.program = self.bin / name
        self.program.write_text(f"#!{sys.executable} -IS\n{Path(__file__).read_text('utf-8')}", "utf-8")
        self.program.chmod(0o755)
        self.settings = dict(SETTINGS)
        self.set(**settings)

    def set(self, **settings: Any) -> None:
        self.settings |= settings
        (self.root / "settings.json").write_text(json.dumps(self.settings), "utf-8")

    @property
    def calls(self) -> list[dict[str, Any]]:
        """Every call: argv, and what belongs to it (dockerfile, ignore, environment)."""
        file = self.root / "calls.jsonl"
        return [json.loads(line) for line in file.read_text("utf-8").splitlines()] if file.exists() else []

    def argv(self, *words: str) -> list[list[str]]:
        """The calls whose first words are these."""
        return [call["argv"] for call in self.calls if call["argv"][:len(words)] == list(words)]

    @property
    def builds(self) -> list[dict[str, Any]]:
        """The builds, with the Dockerfile's text, that of the ignore file beside it, the context and the tag."""
        return [call for call in self.calls if "dockerfile" in call]

    def images(self) -> list[str]:
        """The tags of the images that are there."""
        return sorted(json.loads(file.read_text("utf-8"))["tag"] for file in (self.root / "images").iterdir())

    def containers(self) -> list[str]:
        return sorted(file.name for file in (self.root / "containers").iterdir())

    def engine(self, **settings: Any) -> Any:
        """An engine that calls the program."""
        from dockfix.verify.engines import Engine

        return Engine("docker", str(self.program), "28.2.2", True, **settings)

    def add(self, kind: str, name: str, session: str) -> None:
        """An image or a container of some session that was there before."""
        text = json.dumps({"tag": name, "labels": {"dockfix.verify": session}, "dockerfile": "FROM scratch\n"})
        (self.root / kind / name).write_text(text, "utf-8")


# --- the program ------------------------------------------------------------------------------------------------------


def main() -> int:
    root = Path(__file__).parent.parent
    settings = json.loads((root / "settings.json").read_text("utf-8"))
    argv = sys.argv[1:]
    record: dict[str, Any] = {"argv": argv, "pid": os.getpid(), "buildkit": os.environ.get("DOCKER_BUILDKIT")}
    building = argv[:1] == ["build"] or argv[:2] == ["buildx", "build"]
    if building:
        file = Path(option(argv, "-f"))
        ignore = file.with_name(f"{file.name}.dockerignore")
        record |= {"dockerfile": file.read_bytes().decode("utf-8", "surrogateescape"), "context": argv[-1], "tag": option(argv, "-t"),
                   "ignore": ignore.read_text("utf-8") if ignore.exists() else None}
    with (root / "calls.jsonl").open("a", encoding="utf-8") as calls:
        calls.write(json.dumps(record) + "\n")
    return build(root, settings, argv, record) if building else other(root, settings, argv)


def option(argv: list[str], name: str) -> str:
    return argv[argv.index(name) + 1] if name in argv else ""


def labels(argv: list[str]) -> dict[str, str]:
    pairs = [argv[number + 1].partition("=") for number, word in enumerate(argv) if word == "--label"]
    return {name: value for name, _, value in pairs}


def count(root: Path, name: str) -> int:
    """How many times this was called, this one included."""
    with (root / "counts" / name).open("ab") as file:
        file.write(b".")
        file.flush()
        return file.tell()


def build(root: Path, settings: dict[str, Any], argv: list[str], record: dict[str, Any]) -> int:
    for number, rule in enumerate(settings["builds"]):
        fits = re.search(rule.get("dockerfile", ""), record["dockerfile"]) and re.search(rule.get("context", ""), record["context"])
        if fits and ("times" not in rule or count(root, f"build{number}") <= rule["times"]):
            break
    else:
        rule = {}
    for line in rule.get("lines", ["#1 [internal] load build definition", "#2 [1/2] FROM x", "#2 DONE 0.1s"]):
        text = line.replace("CONTEXT", record["context"])
        print(re.sub(r"ENV:(\w+)", lambda match: os.environ.get(match[1], ""), text), file=sys.stderr, flush=True)
    time.sleep(rule.get("sleep", 0))
    status = int(rule.get("status", 0))
    if not status:
        (root / "images" / re.sub(r"\W", "_", record["tag"])).write_text(
            json.dumps({"tag": record["tag"], "labels": labels(argv), "dockerfile": record["dockerfile"]}), "utf-8")
    return status


def other(root: Path, settings: dict[str, Any], argv: list[str]) -> int:
    match argv:
        case ["--version"]:
            print(settings["version"])
        case ["info", *_]:
            return say(settings["info"])
        case ["buildx", "version"]:
            return 0 if settings["buildx"] else 1
        case ["buildx", "inspect", name]:
            return say({} if name in settings["builders"] else {"err": f'ERROR: no builder "{name}" found\n', "status": 1})
        case ["image", "inspect", name]:
            image = image_of(root, name)
            print(json.dumps([{"Id": name, "Size": 4000 - len(image["dockerfile"]), "Config": {**settings["config"], "Labels": image["labels"]}}]))
        case ["history", *_]:
            print("\n".join(json.dumps(row) for row in settings["history"]))
        case ["create", *_]:
            name = f"created{count(root, 'create')}"
            keep(root, name, argv)
            print(name)
        case ["export", name]:
            export(settings["files"])
        case ["run", *_]:
            return start(root, settings, argv)
        case ["inspect", "--format", "{{json .State}}", name]:
            if not (root / "containers" / name).exists():
                return say({"err": f"Error: No such object: {name}\n", "status": 1})
            states = settings["states"]
            print(json.dumps(states[min(count(root, f"state-{name}"), len(states)) - 1]))
        case ["inspect", "--format", _, name]:
            file = next(root / kind / name for kind in ("containers", "images") if (root / kind / name).exists())
            print(json.loads(file.read_text("utf-8"))["labels"].get("dockfix.verify", ""))
        case ["inspect", name]:
            return 0 if (root / "containers" / name).exists() else 1
        case ["logs", _]:
            print(settings["logs"], end="")
        case ["diff", _]:
            print(settings["diff"], end="")
        case ["ps" | "images", *_]:
            key, _, value = option(argv, "--filter").removeprefix("label=").partition("=")
            for file in sorted((root / ("containers" if argv[0] == "ps" else "images")).iterdir()):
                own = json.loads(file.read_text("utf-8"))["labels"]
                if key in own and (not value or own[key] == value):
                    print(file.name)
        case ["rm" | "rmi", *names]:
            for name in names:
                for file in (root / ("containers" if argv[0] == "rm" else "images")).iterdir():
                    if name in (file.name, json.loads(file.read_text("utf-8"))["tag"]):
                        file.unlink(missing_ok=True)
        case _:
            return say({"err": f"unknown command: {' '.join(argv)}\n", "status": 125})
    return 0


def image_of(root: Path, name: str) -> dict[str, Any]:
    image: dict[str, Any] = json.loads((root / "images" / re.sub(r"\W", "_", name)).read_text("utf-8"))
    return image


def keep(root: Path, name: str, argv: list[str]) -> None:
    (root / "containers" / name).write_text(json.dumps({"tag": name, "labels": labels(argv)}), "utf-8")


def say(what: dict[str, Any]) -> int:
    sys.stdout.write(what.get("out", ""))
    sys.stderr.write(what.get("err", ""))
    time.sleep(what.get("sleep", 0))
    return int(what.get("status", 0))


def start(root: Path, settings: dict[str, Any], argv: list[str]) -> int:
    for rule in settings["runs"]:
        if re.search(rule["words"], " ".join(argv)):
            return say(rule)
    if "-d" in argv:
        keep(root, option(argv, "--name"), argv)
        print("0123456789ab")
        return 0
    given = sys.stdin.read() if "-i" in argv else ""
    if argv[-1] == "-":  # a script for Python
        answer = settings["python"]
        if "DOCKFIX_PROBE" in given:
            wanted = json.loads(option(argv, "--env").partition("=")[2])
            requests = wanted["requests"]
            answer = {"open": wanted["ports"], "roots": {}, "good": [True] * len(requests), "answers": [{"status": 200, "body": "fine"}] * len(requests)}
        return say({"out": f"noise\ndockfix-probe:{json.dumps(answer)}\n"} if answer else {"err": "no python\n", "status": 127})
    if "ldd" in argv[-1]:
        return say({"out": "".join(f"@@{file}\n{settings['ldd']}" for file in given.splitlines())})
    return say({"out": "done\n"})


def export(files: dict[str, str]) -> None:
    import io
    import tarfile

    with tarfile.open(fileobj=sys.stdout.buffer, mode="w|") as archive:
        for name in sorted({str(above) for path in files for above in Path(path).parents} - {"."}):
            info = tarfile.TarInfo(name)
            info.type, info.mode = tarfile.DIRTYPE, 0o755
            archive.addfile(info)
        for path, content in files.items():
            info = tarfile.TarInfo(path)
            info.mode, info.size = 0o755 if "bin/" in path else 0o644, len(content.encode())
            archive.addfile(info, io.BytesIO(content.encode()))


if __name__ == "__main__":
    sys.exit(main())
