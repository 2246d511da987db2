"""Golden cases: run dockfix on them, build their images before and after, and bless what was seen to work.

python scripts/golden.py show CASE…     the diff that dockfix makes now
python scripts/golden.py bless [CASE…]  builds before and after, checks both, and only then writes after/ and expected.diff
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

import schema
from dockfix.engine import FileResult, Settings, run
from dockfix.report.diff import unified

ROOT = Path(__file__).resolve().parent.parent
GOLDEN = ROOT / "golden"


@dataclass(frozen=True)
class Expect:
    """What dockfix is expected to do and say."""

    changed: Annotated[bool, "whether any file is written"]
    transforms: Annotated[list[str], "ids of the transforms that change something, no more and no fewer"] = field(
        default_factory=list
    )
    refused: Annotated[dict[str, str], "ids of transforms that leave something as it is, with a part of the reason"] = (
        field(default_factory=dict)
    )


@dataclass(frozen=True)
class Smoke:
    """One check that the image has to pass before and after."""

    kind: Annotated[Literal["http", "run"], "whether the container is asked by HTTP, or a command is run in the image"]
    expect: Annotated[str, "what the answer or the output contains"]
    port: Annotated[int | None, "http: the port in the container"] = None
    path: Annotated[str | None, "http: the path of the request, beginning with `/`"] = None
    status: Annotated[int | None, "http: the status of the answer"] = None
    wait: Annotated[int | None, "http: for how many seconds the container may take to answer"] = None
    command: Annotated[list[str] | None, "run: the program and its arguments"] = None

    def __post_init__(self) -> None:
        if self.kind == "http" and (self.port is None or self.path is None or self.command is not None):
            raise ValueError("a smoke check by http has a port and a path, and no command")
        if self.kind == "run" and (not self.command or (self.port, self.path, self.status, self.wait) != (None,) * 4):
            raise ValueError("a smoke check that runs has a command, and neither port, path, status nor wait")


@dataclass(frozen=True)
class Gone:
    """What the rewritten image does not have any more."""

    commands: Annotated[list[str], "programs that are not on PATH any more"] = field(default_factory=list)
    smaller: Annotated[float | None, "how much smaller the image is at least: `0.4` is two fifths"] = None


@dataclass(frozen=True)
class Keys:
    """A case.toml."""

    title: Annotated[str, "what the case shows, in a sentence"]
    expect: Expect
    dockerfile: Annotated[str, "the Dockerfile below `before/`"] = "Dockerfile"
    build: Annotated[bool, "whether the images are built and compared before the case is blessed"] = True
    why_not_built: Annotated[str, "with `build = false`: why no build can show it"] = ""
    select: Annotated[list[str], "as `--select`"] = field(default_factory=list)
    ignore: Annotated[list[str], "as `--ignore`"] = field(default_factory=list)
    unsafe: Annotated[bool, "as `--unsafe`"] = False
    options: Annotated[dict[str, Any], 'as `--set`: `{ "multi-stage.always" = true }`'] = field(default_factory=dict)
    covers: Annotated[list[str], "entries of `tests/catalogue/` that the case shows: `topic/id`"] = field(
        default_factory=list
    )
    smoke: list[Smoke] = field(default_factory=list)
    gone: Gone = field(default_factory=Gone)

    def __post_init__(self) -> None:
        if self.build == bool(self.why_not_built):
            raise ValueError("why_not_built is given where build is false, and only there")


@dataclass(frozen=True)
class Case:
    """One folder below golden/."""

    path: Path
    keys: Keys

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def dockerfile(self) -> str:
        return self.keys.dockerfile

    @property
    def settings(self) -> Settings:
        select = frozenset(self.keys.select) or None
        return Settings(select, frozenset(self.keys.ignore), self.keys.unsafe, self.keys.options)

    def expected(self) -> dict[str, bytes]:
        """The blessed files by their path in the context."""
        after = self.path / "after"
        return {str(file.relative_to(after)): file.read_bytes() for file in sorted(after.rglob("*")) if file.is_file()}


def read(file: Path) -> Case:
    """The case of a case.toml. Raises SchemaError for a key that is unknown, missing or of another type."""
    return Case(file.parent, schema.read(Keys, schema.parse(file.read_text("utf-8"), str(file)), str(file)))


def cases() -> list[Case]:
    return [read(file) for file in sorted(GOLDEN.glob("*/case.toml"))]


def outputs(result: FileResult, root: Path) -> dict[str, bytes]:
    """The files that a result would write, by their path below ``root``."""
    return {
        str(Path(change.path).relative_to(root)): change.after.encode("utf-8", "surrogateescape")
        for change in result.files
    }


def render(case: Case, root: Path) -> FileResult:
    """Runs dockfix on the case's context, which lies at ``root``."""
    return run(root / case.dockerfile, case.settings)


def diff(result: FileResult, root: Path) -> str:
    return "".join(
        unified(str(Path(change.path).relative_to(root)), change.before, change.after) for change in result.files
    )


# --- real builds ---------------------------------------------------------------------------------------------------


class BuildError(Exception):
    """A case whose build did not show what it should."""


def prepare(case: Case, folder: Path, knowledge: Path | None = None) -> Path:
    """Puts a case's context and its settings below ``folder``; the path of its Dockerfile. What is seen goes into ``knowledge``."""
    shutil.copytree(case.path / "before", folder / case.name, symlinks=True)
    kept = f"knowledge = {value(str(knowledge or ''))}\n"
    (folder / "dockfix.toml").write_text(kept + settings_file(case), "utf-8")
    return folder / case.name / case.dockerfile


def settings_file(case: Case) -> str:
    """What the case says about transforms and smoke checks as a dockfix.toml."""
    given = {"select": case.keys.select, "ignore": case.keys.ignore, "unsafe": case.keys.unsafe}
    lines = [f"{name} = {value(each)}" for name, each in given.items() if each]
    for name, each in case.keys.options.items():
        transform, _, option = name.partition(".")
        lines += [f"[{transform}]", f"{option} = {value(each)}"]
    for check in case.keys.smoke:
        asked = {
            "http": f":{check.port}{check.path}" if check.kind == "http" else None,
            "command": check.command,
            "status": check.status,
            "expect": check.expect,
            "wait": check.wait,
        }
        lines += ["[[verify.smoke]]", *(f"{name} = {value(each)}" for name, each in asked.items() if each is not None)]
    return "\n".join(lines) + "\n"


def value(given: object) -> str:
    """A value as TOML writes it, which is JSON's way for these."""
    return json.dumps(given, ensure_ascii=False)


def verify(case: Case, knowledge: Path | None = None) -> dict[str, Any]:
    """Runs ``dockfix verify`` on a case; the record of its JSON. What it sees of packages goes into a file, or nowhere."""
    with tempfile.TemporaryDirectory(prefix="dockfix-golden-") as folder:
        dockerfile = prepare(case, Path(folder), knowledge)
        done = subprocess.run(
            [sys.executable, "-m", "dockfix", "verify", "--format", "json", str(dockerfile)],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
    try:
        record: dict[str, Any] = json.loads(done.stdout)["verifications"][0]
    except (ValueError, IndexError) as error:
        raise BuildError(f"{case.name}: dockfix verify said:\n{done.stderr}") from error
    return {**record, "path": case.name}


def hold(case: Case, record: Mapping[str, Any]) -> None:
    """Raises BuildError unless a case's verification shows what the case promises."""
    if not record["holds"]:
        raise BuildError(
            f"{case.name}: {record['verdict']}: {record['reason']}\n"
            + json.dumps(record["findings"], indent=1)
            + "\n".join(record["tail"])
        )
    if record["verdict"] == "unchanged":
        return
    left = set(case.keys.gone.commands) - set(record["gone"])
    if left:
        raise BuildError(f"{case.name}: still in the image: {', '.join(sorted(left))}")
    smaller = case.keys.gone.smaller
    if smaller is not None and record["saved"] < smaller:
        raise BuildError(f"{case.name}: {record['saved']:.0%} smaller is not {smaller:.0%}")
    user = record["after"]["user"].partition(":")[0]
    if "non-root" in case.keys.expect.transforms and user in {"root", "0", ""}:
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
    if case.keys.build and not unchanged:
        record = verify(case)
        hold(case, record)
        print(f"{case.name}: {record['verdict']}, {record['saved'] or 0:.0%} smaller", flush=True)
    shutil.rmtree(case.path / "after", ignore_errors=True)
    for name, content in files.items():
        target = case.path / "after" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    (case.path / "expected.diff").write_bytes(text.encode("utf-8", "surrogateescape"))


def main(arguments: Sequence[str]) -> int:
    if not arguments or arguments[0] not in {"show", "bless"}:
        print(__doc__)
        return 2
    found = cases()
    unknown = sorted(set(arguments[1:]) - {case.name for case in found})
    if unknown:
        print(f"there is no case.toml in golden/: {', '.join(unknown)}")
        return 2
    failed = 0
    for case in found:
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
