"""Prints what dockfix believes an application runs, loads, writes, listens to, downloads and imports, and what it doesn't know.

    python scripts/believes.py [--json] [--all] [--context FOLDER] DOCKERFILE...

Nothing of the application is run. Tests, documentation and set-up code are left out unless --all is given.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from dockfix import knowledge
from dockfix.context.listens import ports_of_command
from dockfix.context.process_files import Processes
from dockfix.context.program import Program
from dockfix.context.program.imports import frameworks, read_imports
from dockfix.context.program.model import is_development
from dockfix.context.program.read import new_sources
from dockfix.engine.runner import gather
from dockfix.facts import Facts
from dockfix.syntax import parse


def facts_of(dockerfile: Path, context: Path | None) -> Facts:
    tree = parse(dockerfile.read_bytes().decode("utf-8", "surrogateescape"))
    return gather(dockerfile, tree, context)


def believed(facts: Facts, everything: bool) -> dict[str, Any]:
    """All beliefs, by their kind, as plain data."""
    program: Program = facts.program if everything else facts.program.running()
    processes: Processes = facts.processes
    imports = [
        each
        for each in read_imports(facts.application.texts, new_sources())
        if everything or not is_development(each.file)
    ]
    started = [port for where, text in facts.startup.texts.items() for port in ports_of_command(text, where, 0)]
    through = [
        {"word": name, "file": f"the Python package {distribution}"}
        for distribution in sorted(facts.distributions | facts.managed)
        for name in sorted(knowledge.calls(distribution))
    ]
    unknown = [{"what": facts.unknown}] if facts.unknown else []
    unknown += [
        {"what": f"{each.file} could not be read: {each.reason}"} for each in (*program.unparsed, *processes.unread)
    ]
    unknown += [
        {"what": f"{each.file}:{each.line} {each.how} with what is worked out at run time"} for each in program.unknown
    ]
    found: dict[str, Iterable[Any]] = {
        "starts": [{"word": name, "file": where} for name, where in sorted(facts.startup.programs.items())],
        "processes": processes.programs,
        "runs": (*program.runs, *processes.runs, *through),
        "loads": program.loads,
        "writes": (*program.writes, *processes.writes),
        "listens": (*started, *program.ports, *processes.ports),
        "frameworks": frameworks(imports),
        "health": program.served.endpoints,
        "downloads": program.downloads,
        "needs root": processes.root,
    }
    beliefs: dict[str, Any] = {
        kind: [each if isinstance(each, dict) else asdict(each) for each in those] for kind, those in found.items()
    }
    beliefs["writes"] += [
        {"path": path, "base": "root", "file": "a script that the container starts with"}
        for path in sorted(facts.startup.writes)
    ]
    beliefs["writes"] += [
        {"path": each.word, "base": "root", "file": each.file, "line": each.line, "how": "a setting, maybe"}
        for each in facts.application.setting_paths()
        if everything or not is_development(each.file)
    ]
    beliefs["imports"] = {
        kind: [each.module for each in imports if each.kind == kind] for kind in ("third party", "local", "stdlib")
    }
    beliefs["unknown"] = unknown
    beliefs["files"] = {"python": program.files, "parsed": program.parsed}
    return beliefs


_BASES = {"cwd": "", "root": "", "code": "<code>/", "home": "~/", "temp": "<tmp>/", "unknown": ""}


def line(kind: str, each: Mapping[str, Any]) -> str:
    where = f"{each['file']}:{each['line']}" if each.get("line") else str(each.get("file", ""))
    how = f" ({each['how']})" if each.get("how") else ""
    env = f" [unless {each['env']} is set]" if each.get("env") else ""
    match kind:
        case "writes":
            shown = (_BASES[each["base"]] + each["path"]).removesuffix("/.")
        case "listens":
            shown = str(each["port"] or "?")
        case "health":
            shown = each["path"] + (" (may ask for a login)" if each["guarded"] else "")
        case "downloads":
            shown = f"{each['what']} into {each['folder'] or '?'}"
        case "processes":
            shown = f"{each['name']}: {each['command']}" + (f" as {each['user']}" if each["user"] else "")
        case _:
            shown = each.get("word") or each.get("what", "")
    return f"    {shown}{env}  {where}{how}".rstrip()


def show(dockerfile: Path, beliefs: Mapping[str, Any]) -> None:
    print(f"{dockerfile}  ({beliefs['files']['python']} Python files, {beliefs['files']['parsed']} parsed)")
    for kind, those in beliefs.items():
        if kind == "files" or not those:
            continue
        print(f"  {kind}:")
        if kind == "imports":
            for name, modules in those.items():
                if modules and name != "stdlib":
                    print(f"    {name}: {', '.join(modules)}")
        else:
            for text in dict.fromkeys(line(kind, each) for each in those):
                print(text)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dockerfile", type=Path, nargs="+")
    parser.add_argument("--context", type=Path)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--all", action="store_true", help="tests, documentation and set-up code, too")
    options = parser.parse_args()
    results = {str(path): believed(facts_of(path, options.context), options.all) for path in options.dockerfile}
    if options.json:
        print(json.dumps(results, indent=1))
    else:
        for path, beliefs in results.items():
            show(Path(path), beliefs)
    return 0


if __name__ == "__main__":
    sys.exit(main())
