"""Golden cases: run dockfix on them, build their images before and after, and bless what was seen to work.

    python scripts/golden.py show CASE…     the diff that dockfix makes now
    python scripts/golden.py bless [CASE…]  builds before and after, checks both, and only then writes after/ and expected.diff
    python scripts/golden.py readme         puts the diff of the README's example into the README
"""

from __future__ import annotations

import json
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dockfix.engine import FileResult, Settings, run
from dockfix.report.diff import unified

ROOT = Path(__file__).resolve().parent.parent
GOLDEN = ROOT / "golden"
LABEL = "dockfix.golden"


@dataclass(frozen=True)
class Case:
    """One folder below golden/."""

    path: Path
    data: Mapping[str, Any]

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def dockerfile(self) -> str:
        return str(self.data.get("dockerfile", "Dockerfile"))

    @property
    def settings(self) -> Settings:
        select = self.data.get("select")
        return Settings(frozenset(select) if select else None, frozenset(self.data.get("ignore", ())),
                        bool(self.data.get("unsafe")), dict(self.data.get("options", {})))

    def expected(self) -> dict[str, bytes]:
        """The blessed files by their path in the context."""
        after = self.path / "after"
        return {str(file.relative_to(after)): file.read_bytes() for file in sorted(after.rglob("*")) if file.is_file()}


def cases() -> list[Case]:
    return [Case(file.parent, tomllib.loads(file.read_text("utf-8"))) for file in sorted(GOLDEN.glob("*/case.toml"))]


def outputs(result: FileResult, root: Path) -> dict[str, bytes]:
    """The files that a result would write, by their path below ``root``."""
    return {str(Path(change.path).relative_to(root)): change.after.encode("utf-8", "surrogateescape") for change in result.files}


def render(case: Case, root: Path) -> FileResult:
    """Runs dockfix on the case's context, which lies at ``root``."""
    return run(root / case.dockerfile, case.settings)


def diff(result: FileResult, root: Path) -> str:
    return "".join(unified(str(Path(change.path).relative_to(root)), change.before, change.after) for change in result.files)


# --- real builds ---------------------------------------------------------------------------------------------------


class BuildError(Exception):
    """A build or a check that failed, with the last lines of its output."""


def docker(*args: str, check: bool = True, stdin: str | None = None, timeout: int = 1200) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(["docker", *args], input=stdin, capture_output=True, text=True, errors="replace",
                          timeout=timeout, check=False)
    if check and done.returncode:
        raise BuildError(f"docker {args[0]} failed:\n" + "\n".join((done.stdout + done.stderr).splitlines()[-25:]))
    return done


def engine_answers() -> str:
    """"" where a container engine answers, else why none does."""
    if shutil.which("docker") is None:
        return "docker is not installed"
    try:
        done = docker("info", "--format", "{{.ServerVersion}}", check=False, timeout=20)
    except subprocess.TimeoutExpired:
        return "the container engine does not answer"
    return "" if done.returncode == 0 else (done.stderr.strip().splitlines() or ["no container engine answers"])[-1]


def build(context: Path, dockerfile: str, tag: str) -> int:
    """Builds an image and returns its size in bytes."""
    docker("build", "--label", LABEL, "-t", tag, "-f", str(context / dockerfile), str(context))
    return int(docker("image", "inspect", "--format", "{{.Size}}", tag).stdout)


def smoke(image: str, check: Mapping[str, Any]) -> None:
    """Raises BuildError unless the image passes one smoke check of a case."""
    if check["kind"] == "run":
        arguments = [*check.get("args", ()), image, *check.get("command", ())]
        done = docker("run", "--rm", "--label", LABEL, *arguments, check=False, timeout=120)
        output = done.stdout + done.stderr
        if done.returncode != check.get("status", 0) or check.get("expect", "") not in output:
            raise BuildError(f"{check} gave {done.returncode}:\n{output[-2000:]}")
        return
    with container(image, check) as (name, address):
        _http(name, address, check)


@contextmanager
def container(image: str, check: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """A running container and its address."""
    name = docker("run", "-d", "--label", LABEL, *check.get("args", ()), image, *check.get("command", ())).stdout.strip()
    try:
        yield name, docker("inspect", "--format", "{{.NetworkSettings.IPAddress}}", name).stdout.strip()
    finally:
        docker("rm", "-f", name, check=False)


def _http(name: str, address: str, check: Mapping[str, Any]) -> None:
    last = "no answer"
    until = time.monotonic() + check.get("wait", 30)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while time.monotonic() < until:
        try:
            with opener.open(f"http://{address}:{check['port']}{check['path']}", timeout=5) as answer:
                status, body = answer.status, answer.read().decode("utf-8", "replace")
        except urllib.error.HTTPError as error:
            status, body = error.code, error.read().decode("utf-8", "replace")
        except OSError as error:
            last = str(error)
            time.sleep(0.3)
            continue
        if status == check.get("status", 200) and check.get("expect", "") in body:
            return
        last = f"{status}: {body[:500]}"
        time.sleep(0.3)
    logs = docker("logs", name, check=False)
    raise BuildError(f"{check['path']} on port {check['port']}: {last}\n{(logs.stdout + logs.stderr)[-2000:]}")


@dataclass(frozen=True)
class Proof:
    """What was seen of one case: sizes in bytes and the user that the new image runs as."""

    before: int
    after: int
    uid: str


def prove(case: Case, files: Mapping[str, bytes]) -> Proof:
    """Builds a case before and after and checks both images; raises BuildError where anything does not hold."""
    with tempfile.TemporaryDirectory(prefix="dockfix-golden-") as folder:
        old, new = Path(folder, "before"), Path(folder, "after")
        shutil.copytree(case.path / "before", old, symlinks=True)
        shutil.copytree(case.path / "before", new, symlinks=True)
        for name, content in files.items():
            (new / name).write_bytes(content)
        own = secrets.token_hex(4)  # the same case may be built by several processes at once
        tags = [f"dockfix-golden-{case.name}-{own}:{which}" for which in ("before", "after")]
        try:
            sizes = [build(context, case.dockerfile, tag) for context, tag in zip((old, new), tags, strict=True)]
            for tag in tags:
                for check in case.data["smoke"]:
                    smoke(tag, check)
            _configuration(case, *tags)
            uid = docker("run", "--rm", "--entrypoint", "id", tags[1], "-u").stdout.strip()
            _expectations(case, tags[1], sizes, uid)
            return Proof(sizes[0], sizes[1], uid)
        finally:
            docker("rmi", "-f", *tags, check=False)


def _configuration(case: Case, before: str, after: str) -> None:
    """The image's configuration is what it was, but for PATH and the user."""
    configs = [json.loads(docker("image", "inspect", "--format", "{{json .Config}}", tag).stdout) for tag in (before, after)]
    for key in ("Cmd", "Entrypoint", "WorkingDir", "ExposedPorts", "Volumes", "Labels", "StopSignal", "Healthcheck", "Shell"):
        if configs[0].get(key) != configs[1].get(key):
            raise BuildError(f"{case.name}: {key} was {configs[0].get(key)}, is {configs[1].get(key)}")
    env = [sorted(line for line in config["Env"] if not line.startswith("PATH=")) for config in configs]
    if env[0] != env[1]:
        raise BuildError(f"{case.name}: ENV was {env[0]}, is {env[1]}")


def _expectations(case: Case, image: str, sizes: Sequence[int], uid: str) -> None:
    gone = case.data.get("gone", {})
    for command in gone.get("commands", ()):
        done = docker("run", "--rm", "--entrypoint", "sh", image, "-c", f"command -v {command}", check=False)
        if done.returncode == 0:
            raise BuildError(f"{case.name}: {command} is still in the image")
    if "smaller" in gone and sizes[1] > sizes[0] * (1 - gone["smaller"]):
        raise BuildError(f"{case.name}: {sizes[1] / 1e6:.0f} MB is not {gone['smaller']:.0%} smaller than {sizes[0] / 1e6:.0f} MB")
    if "non-root" in case.data["expect"].get("transforms", ()) and uid == "0":
        raise BuildError(f"{case.name}: the image still runs as root")


def bless(case: Case) -> None:
    """Writes a case's expectations, after its images were built and checked."""
    with tempfile.TemporaryDirectory(prefix="dockfix-golden-") as folder:
        root = Path(folder)
        shutil.copytree(case.path / "before", root, symlinks=True, dirs_exist_ok=True)
        result = render(case, root)
        files, text = outputs(result, root), diff(result, root)
    if result.failures:
        raise BuildError(f"{case.name}: {result.failures[0].message}")
    unchanged = files == case.expected() and (case.path / "expected.diff").is_file()
    if case.data.get("build", True) and not unchanged:
        proof = prove(case, files)
        print(f"{case.name}: {proof.before / 1e6:.0f} MB -> {proof.after / 1e6:.0f} MB, runs as {proof.uid}", flush=True)
    shutil.rmtree(case.path / "after", ignore_errors=True)
    for name, content in files.items():
        target = case.path / "after" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    (case.path / "expected.diff").write_bytes(text.encode("utf-8", "surrogateescape"))


README_CASE = "flask-psycopg2"


def readme(text: str) -> str:
    """The README with the current diff of its example's Dockerfile."""
    diff_text = (GOLDEN / README_CASE / "expected.diff").read_text("utf-8")
    dockerfile = diff_text.split("diff --git ", 2)[1].split("\n", 1)[1].rstrip("\n")
    start = text.index("```diff\n") + len("```diff\n")
    return text[:start] + dockerfile + text[text.index("\n```", start):]


def main(arguments: Sequence[str]) -> int:
    if not arguments or arguments[0] not in {"show", "bless", "readme"}:
        print(__doc__)
        return 2
    if arguments[0] == "readme":
        path = ROOT / "README.md"
        path.write_text(readme(path.read_text("utf-8")), "utf-8")
        return 0
    failed = 0
    for case in cases():
        if arguments[1:] and case.name not in arguments[1:]:
            continue
        try:
            if arguments[0] == "bless":
                bless(case)
            else:
                result = render(case, case.path / "before")
                print(diff(result, case.path / "before"))
                for kind in ("changes", "unsafe", "refusals", "warnings", "failures"):
                    for note in getattr(result, kind):
                        print(kind, note)
        except BuildError as error:
            failed += 1
            print(f"{case.name}: NOT BLESSED: {error}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
