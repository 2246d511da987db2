"""Measures dockfix, beside hadolint and tally where they are installed, on services made for it or on Dockerfiles of your own.

    python scripts/bench.py [--count 600]
    python scripts/bench.py DIR [--limit N]

Without DIR, what scripts/make_services.py makes is measured: small services, each with its code; one with a large code base; one
that vendors C sources; the Dockerfiles of one repository that is the build context of all of them.
Prints files a second, CPU seconds (user and system) and peak memory of each step, every step in one process of its own, and how
many times the CPU of dockfix hadolint takes. dockfix has its byte code and tables cached, as from its second run on. Other programs
that run meanwhile make every figure worse.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from make_services import make

_NAMES = ("Dockerfile", "Containerfile")


def dockerfiles(folder: Path, limit: int) -> list[Path]:
    """The Dockerfiles below a folder that BuildKit's grammar accepts, smaller than 64 KiB."""
    found = sorted(path for path in folder.rglob("*") if path.is_file() and path.name.startswith(_NAMES))
    return found[:limit]


def parse_all(paths: Sequence[Path]) -> float:
    """CPU seconds for parsing texts that are in memory already."""
    from dockfix.syntax import decode, parse

    texts = [decode(path.read_bytes()) for path in paths]
    start = time.process_time()
    for text in texts:
        parse(text)
    return time.process_time() - start


def preview_all(paths: Sequence[Path]) -> float:
    """CPU seconds for the full preview of each file: parse, facts, transforms, diff."""
    from dockfix.engine import Settings, run
    from dockfix.report.diff import unified

    start = time.process_time()
    for path in paths:
        for change in run(path, Settings()).files:
            unified(change.path, change.before, change.after)
    return time.process_time() - start


def load_tables(paths: Sequence[Path]) -> float:
    """CPU seconds for reading all tables of knowledge, which a file that needs none of them does not pay."""
    from dockfix import knowledge
    from dockfix.knowledge.tables import table

    start = time.process_time()
    for path in Path(knowledge.__file__).parent.glob("*.toml"):
        table(path.stem)
    return time.process_time() - start


def _measure(
    job: Callable[[Sequence[Path]], float], paths: Sequence[Path], send: multiprocessing.connection.Connection
) -> None:
    seconds = job(paths)
    send.send((seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024))


def measure(job: Callable[[Sequence[Path]], float], paths: Sequence[Path]) -> tuple[float, float]:
    """(CPU seconds, peak MB) of a job in a process of its own."""
    context = multiprocessing.get_context("spawn")
    receive, send = context.Pipe(duplex=False)
    process = context.Process(target=_measure, args=(job, paths, send))
    process.start()
    result: tuple[float, float] = receive.recv()
    process.join()
    return result


def command(arguments: Sequence[str], paths: Sequence[Path]) -> tuple[float, float]:
    """(CPU seconds, peak MB) of a program that is given all files at once; its findings and exit status do not matter."""
    process = subprocess.Popen([*arguments, *map(str, paths)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, _, usage = os.wait4(process.pid, 0)
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def tool(name: str) -> str | None:
    beside = Path(sys.executable).with_name(name)
    return str(beside) if beside.exists() else shutil.which(name)


def repository(paths: Sequence[Path]) -> float:
    """CPU seconds for each Dockerfile of a repository after the first two, which read it."""
    from dockfix.engine import Settings, run

    for path in paths[:2]:
        run(path, Settings())
    start = time.process_time()
    for path in paths[2:]:
        run(path, Settings())
    return (time.process_time() - start) / (len(paths) - 2)


def measure_files(paths: Sequence[Path]) -> None:
    """Prints a table of every step for these Dockerfiles."""
    print(f"{len(paths)} files, one process each way\n{'':24}{'files/s':>10}{'ms/file':>10}{'CPU s':>9}{'peak MB':>9}")

    def row(name: str, seconds: float, memory: float) -> None:
        print(
            f"{name:24}{len(paths) / seconds:10.0f}{seconds / len(paths) * 1000:10.3f}{seconds:9.2f}{memory:9.0f}",
            flush=True,
        )

    one = tool("dockfix")
    # a first run of each leaves the caches
    measure(load_tables, paths)
    if one:
        command([one], paths[:1])
    row("dockfix: parse", *measure(parse_all, paths))
    row("dockfix: preview", *measure(preview_all, paths))
    print(f"{'dockfix: all tables':24}{'':10}{'':10}{measure(load_tables, paths)[0]:9.3f}")
    own = 0.0
    if one:
        seconds, memory = command([one], paths[:1])
        print(f"{'dockfix: one file':24}{'':10}{'':10}{seconds:9.2f}{memory:9.0f}")
        own, memory = command([one, "-q", "-j", "1"], paths)
        row("dockfix: command, -j 1", own, memory)
    for name, arguments in (("hadolint", ["--no-fail"]), ("tally", ["lint"])):
        program = tool(name)
        if program:
            seconds, memory = command([program, *arguments], paths)
            row(name, seconds, memory)
            if own:
                print(f"{name} takes {seconds / own:.2f} times the CPU of dockfix")
        else:
            print(f"{name:24} not installed")


def measure_made(folder: Path, count: int) -> None:
    """Makes services below a folder, and prints the tables for them."""
    make(folder / "apart", ("--count", str(count)))
    measure_files(dockerfiles(folder / "apart", count))
    one = tool("dockfix")
    for name, options in (
        ("code of 1.3 MB", ("--layout", "code")),
        ("code of 2.5 MB", ("--layout", "code", "--bytes", "2500000")),
        ("vendored C sources", ("--layout", "vendored")),
    ):
        make(folder / name, options)
        if one:
            seconds, memory = command([one, "-q", "-j", "1"], [folder / name])
            print(f"{name:24}{'':10}{'':10}{seconds:9.2f}{memory:9.0f}", flush=True)
    make(folder / "repository", ("--layout", "context", "--count", "40"))
    seconds, memory = measure(repository, dockerfiles(folder / "repository", 40))
    print(f"{'each of one repository':24}{'':10}{seconds * 1000:10.3f}{'':9}{memory:9.0f}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--limit", type=int, default=5000, help="of the Dockerfiles below DIR")
    parser.add_argument("--count", type=int, default=600, help="services to make")
    options = parser.parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # or no run would have the caches of the one before
    if options.folder is None:
        with tempfile.TemporaryDirectory() as made:
            measure_made(Path(made), options.count)
        return 0
    paths = dockerfiles(options.folder, options.limit)
    if not paths:
        print(f"no Dockerfiles below {options.folder}")
        return 1
    measure_files(paths)
    return 0


if __name__ == "__main__":
    sys.exit(main())
