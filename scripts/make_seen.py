#!/usr/bin/env python3
"""Writes refactor/dockfix/knowledge/python_seen.toml: what the images of the golden cases were seen to hold of Python packages.

    scripts/make_seen.py [CASE…]     verifies these cases, or all that are built, and adds what was seen

It needs a container engine. Nothing is looked up for it: it is what `dockfix verify` keeps anyway. For each case it prints by how many
bytes the image was expected to become smaller, and by how many it did.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import golden
from dockfix.knowledge.seen import SHIPPED


def main(arguments: Sequence[str]) -> int:
    failed = 0
    for case in golden.cases():
        if not case.keys.build or (arguments and case.name not in arguments):
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
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
