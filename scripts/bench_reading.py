"""Measures how fast dockfix reads an application's Python, and how fast LibCST alone would.

    python scripts/bench_reading.py FOLDER... [--limit 2000] [--libcst]

Times are of this process's CPU. --libcst parses the files that the text filter selects by LibCST, with positions, too.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from dockfix.context.disk import MAX_FILE
from dockfix.context.program import read_python
from dockfix.context.program.read import worth_parsing
from dockfix.context.program.source import too_deep


def python_files(folders: list[Path], limit: int) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for folder in folders:
        for path in sorted(folder.rglob("*.py")):
            if len(found) < limit and path.is_file() and path.stat().st_size <= MAX_FILE:
                found[path.as_posix().lstrip("/")] = path.read_bytes()
    return found


def by_libcst(files: dict[str, bytes]) -> float:
    import libcst
    from libcst.metadata import MetadataWrapper, PositionProvider

    start = time.process_time()
    for data in files.values():
        try:
            if not too_deep(data):
                MetadataWrapper(libcst.parse_module(data), unsafe_skip_copy=True).resolve(PositionProvider)
        except Exception as error:
            print(f"LibCST: {type(error).__name__}")
    return time.process_time() - start


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--limit", type=int, default=2000)
    parser.add_argument("--libcst", action="store_true")
    options = parser.parse_args()
    files = python_files(options.folders, options.limit)
    start = time.process_time()
    chosen = {name: data for name, data in files.items() if worth_parsing(data)}
    filtered = time.process_time() - start
    start = time.process_time()
    program = read_python(files)
    seconds = time.process_time() - start
    print(
        f"{len(files)} files, {sum(map(len, files.values())) / 1e6:.1f} MB; the filter takes {filtered:.2f} s and selects "
        f"{len(chosen)}, {sum(map(len, chosen.values())) / 1e6:.1f} MB"
    )
    print(
        f"read in {seconds:.2f} s, the filter included: {program.parsed} parsed, {len(program.unparsed)} could not be; "
        f"{len(program.runs)} programs, {len(program.writes)} writes, {len(program.ports)} ports"
    )
    if options.libcst:
        print(f"LibCST, the selected files with positions: {by_libcst(chosen):.2f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
