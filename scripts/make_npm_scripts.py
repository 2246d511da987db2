"""Write ``knowledge/npm_scripts.txt``: what packages of npm's registry run when they are installed.

    python scripts/make_npm_scripts.py                     asks again for all that the table names
    python scripts/make_npm_scripts.py --add names.txt     for these, too: a name in each line
    python scripts/make_npm_scripts.py --only names.txt    for these alone: the other lines stay as they are

The registry is asked for the manifests of all versions of a package. Those packages are left out whose last version runs a script of its
own, of which nothing is known; they are listed on the standard output, each with the script.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from http import HTTPStatus
from pathlib import Path
from typing import Any, NamedTuple

from dockfix.knowledge.npm_scripts import number
from dockfix.knowledge.npm_scripts import spans as read

TABLE = Path(__file__).parents[1] / "refactor" / "dockfix" / "knowledge" / "npm_scripts.txt"
REGISTRY = "https://registry.npmjs.org/"
HEAD = """\
# What packages of npm's registry run when they are installed: each with the lowest and the highest version of rows of versions of which
# it holds, without an exception in between. Made by scripts/make_npm_scripts.py of the registry's manifests on {day}. Lines of their own,
# as TOML of this size takes a quarter of a second.
#   none     no script, nothing that is compiled, and for all systems
#   inside   scripts of programs that compile, fetch what is compiled, or print, and leave nothing outside of node_modules
#   node     scripts of programs that print, or work on the files of packages, and take nothing but Node.js: nothing is compiled, or for one
#            system alone
"""
# https://docs.npmjs.com/cli/v11/using-npm/scripts#npm-install
SCRIPTS = ("preinstall", "install", "postinstall")
# Where it is installed at all: https://docs.npmjs.com/cli/v11/configuring-npm/package-json#os
SYSTEMS = ("os", "cpu", "libc")
# What compiles in the package's folder or fetches into it, and what only looks or prints
INSIDE = """
cmake-js echo exit husky is-ci napi-postinstall node-gyp node-gyp-build node-gyp-build-optional-packages node-pre-gyp only-allow
opencollective opencollective-postinstall patch-package prebuild-install true
"""
# Those of them that compile nothing, and fetch nothing that is compiled
NODE = "echo exit husky is-ci only-allow opencollective opencollective-postinstall patch-package true"

_COMPILES = re.compile(r"gyp|prebuild|cmake|napi|\bmake\b|neon|cargo")


class Spans(NamedTuple):
    """Pairs of the lowest and the highest version, with spaces between; "" for none. ``script`` is what the last version runs."""

    none: str = ""
    inside: str = ""
    node: str = ""
    script: str = ""


def spans(name: str) -> Spans:
    """What is known of one package; nothing of what the registry doesn't have. Raises OSError where it cannot be asked."""
    try:
        with urllib.request.urlopen(REGISTRY + urllib.parse.quote(name, safe="@"), timeout=120) as answer:
            versions: Mapping[str, dict[str, Any]] = json.load(answer).get("versions") or {}
    except urllib.error.HTTPError as error:
        if error.code != HTTPStatus.NOT_FOUND:
            raise  # a row must not leave the table because the registry was busy
        return Spans()
    last = max(versions, key=number, default="")
    none = _ranges({version: not _told(each) and not _scripts(each) for version, each in versions.items()})
    if any(_COMPILES.search(" ".join(_scripts(each))) for each in versions.values()):
        # the manifests of early versions do not say that something is compiled
        none = (
            " ".join(none.split()[-2:]) if last and not _told(versions[last]) and not _scripts(versions[last]) else ""
        )
    return Spans(
        none,
        _ranges({version: _all_of(INSIDE, each) for version, each in versions.items()}),
        _ranges(
            {version: _all_of(NODE, each) and not any(map(each.get, SYSTEMS)) for version, each in versions.items()}
        ),
        " ; ".join(_scripts(versions[last])) if last else "",
    )


def _ranges(good: Mapping[str, bool]) -> str:
    """The lowest and the highest of each row of versions that are good, with no other one in between."""
    bad = {number(version) for version, is_good in good.items() if not is_good}
    found: list[list[str]] = []
    starts = True
    for each, version in sorted((number(version), version) for version in good):
        if each in bad:
            starts = True
        elif starts:
            found.append([version, version])
            starts = False
        else:
            found[-1][1] = version
    return " ".join(word for pair in found for word in pair)


def _told(manifest: Mapping[str, Any]) -> bool:
    return bool(manifest.get("gypfile") or manifest.get("hasInstallScript") or any(map(manifest.get, SYSTEMS)))


def _scripts(manifest: Mapping[str, Any]) -> list[str]:
    given = manifest.get("scripts")
    found = [str(given[name]) for name in SCRIPTS if given.get(name)] if isinstance(given, dict) else []
    return found or (["node-gyp rebuild"] if manifest.get("gypfile") else [])


def _all_of(programs: str, manifest: Mapping[str, Any]) -> bool:
    """Whether the scripts of a package run nothing but some programs."""
    commands = [
        each.strip() for script in _scripts(manifest) for each in re.split(r"&&|\|\||;", script) if each.strip()
    ]
    return all(
        re.sub(r"^npx (?:-y )?", "", each).split()[0] in programs.split() and not re.search(r"[>$`|]", each)
        for each in commands
    )


def main() -> int:
    """Write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--add", type=Path, help="a file with more names, one in each line")
    parser.add_argument("--only", type=Path, help="a file with the names that are asked for")
    given = parser.parse_args()
    known = read() if TABLE.exists() else {}
    names: set[str] = {name for part in known.values() for name in part}
    names |= set(given.add.read_text().split()) if given.add else set()
    asked = sorted(set(given.only.read_text().split()) if given.only else names)
    with ThreadPoolExecutor(4) as pool:
        found = dict(zip(asked, pool.map(spans, asked), strict=True))
    kept = sorted(names.difference(asked))
    found |= {name: Spans(*(known.get(part, {}).get(name, "") for part in Spans._fields[:3])) for name in kept}
    found = dict(sorted(found.items()))
    lines = [HEAD.format(day=date.today()), "\n[none]\n"]
    lines += [f"{name} {each.none}\n" for name, each in found.items() if each.none]
    lines += ["\n[inside]\n"]
    lines += [f"{name} {each.inside}\n" for name, each in found.items() if each.inside and each.inside != each.none]
    lines += ["\n[node]\n"]
    lines += [f"{name} {each.node}\n" for name, each in found.items() if each.node and each.node != each.none]
    TABLE.write_text("".join(lines))
    for name, each in found.items():
        if each.script and not each.inside:
            print(f"{name}\t{each.script}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
