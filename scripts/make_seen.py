#!/usr/bin/env python3
"""Writes refactor/dockfix/knowledge/python_seen.toml: what real images were seen to hold of Python packages.

    scripts/make_seen.py [CASE…]       verifies these golden cases, or all that are built, and adds what was seen
    scripts/make_seen.py --add FILE…   adds what `dockfix verify` has kept in FILE (see `knowledge` in the settings)

The first needs a container engine, and prints for each case by how many bytes the image was expected to become smaller, and by how many
it did. Nothing is looked up for it: it is what `dockfix verify` keeps anyway. A FILE comes from applications whose sources are public;
what is no release of a public project does not belong into it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import golden
from dockfix.knowledge.seen import SHIPPED, SeenError, read_seen, rendered


def verify(names: Sequence[str]) -> int:
    """Verifies the cases of these names, or all that are built; how many could not be."""
    failed = 0
    for case in golden.cases():
        if not case.keys.build or (names and case.name not in names):
            continue
        try:
            record = golden.verify(case, SHIPPED)
        except golden.BuildError as error:
            failed += 1
            print(error, file=sys.stderr, flush=True)
            continue
        sizes = [record[side] and record[side]["size"] for side in ("before", "after")]
        shrunk = sizes[0] - sizes[1] if None not in sizes else None
        print(
            f"{case.name}: {record['verdict']}, expected {record['estimate']}, was {shrunk}, of {sizes[0]}", flush=True
        )
    return failed


def add(files: Sequence[Path], shipped: Path = SHIPPED) -> int:
    """Adds the entries of files to those that dockfix brings; how many are new. Raises SeenError for a file that cannot be used."""
    old = read_seen(shipped)
    more = [entry for file in files for entry in read_seen(file)]
    known = {each.what for each in old}
    shipped.write_text(rendered((*old, *(each for each in more if each.what not in known))), "utf-8")
    return len({each.what for each in more} - known)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("cases", nargs="*", metavar="CASE")
    parser.add_argument("--add", nargs="+", type=Path, metavar="FILE", help="files that dockfix verify has kept")
    options = parser.parse_args(arguments)
    if not options.add:
        return 1 if verify(options.cases) else 0
    try:
        print(f"{add(options.add)} are new")
    except SeenError as error:
        print(f"{error.message} (line {error.line})", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
