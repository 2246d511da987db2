#!/usr/bin/env python3
"""Writes the tables of Debian's packages in refactor/dockfix/knowledge from Debian's own indices.

They are apt_runtime.toml, apt_alongside.toml, apt_brings.toml, apt_full_image.toml, apt_full_programs.toml, apt_full_data.toml,
apt_slim_image.toml, apt_sizes_RELEASE.toml, apt_recommends.toml, apt_commands.toml and apt_libraries.toml.

    scripts/make_apt_tables.py --apt FOLDER            apt fetches what FOLDER has not got, and the tables are written
    scripts/make_apt_tables.py --apt FOLDER --check    the same, but nothing is written: do the committed tables agree?

With an empty FOLDER that is a run from scratch: `apt-get update`, with a configuration of its own that lies in FOLDER, gets
the signed indices of the releases (some 165 MB) and leaves the machine's apt alone. As long as FOLDER is kept, the indices
are the same, and so are the tables, byte for byte. The date of each release's indices is written into the tables.

Other indices, for instance of a mirror, are given one by one:

    scripts/make_apt_tables.py bookworm=INDEX trixie=INDEX --contents bookworm=CONTENTS --contents trixie=CONTENTS …

INDEX is the file or URL of a release's ``main/binary-amd64/Packages``, CONTENTS one of its ``main/Contents-amd64`` and
``main/Contents-all`` (which say in what package a file is); plain, compressed with gzip or xz, or lz4 as apt keeps them.
Either may be given several times for a release. Without any CONTENTS the tables of programs, data and libraries are not
written. The date of an index is that of the release's ``InRelease`` or ``Release`` file: of the one given with ``--release
SUITE=FILE_OR_URL``, or of the one that lies where an archive, or apt, has it.

Which packages are looked up, and which not, is in apt_packages.toml, apt_roles.toml, python_needs.toml and python_packages.toml
beside them.
"""

from __future__ import annotations

import argparse
import difflib
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from apt_tables import tables
from apt_tables.index import Index
from apt_tables.places import contents, fetch, fetched, read, release_date
from apt_tables.tables import KNOWLEDGE

__all__ = ["Index", "main", "read", "release_date"]

SUITES = ("bullseye", "bookworm", "trixie")
COMMANDS = "The programs that packages put on PATH, by Debian release."
ALONGSIDE = "The libraries that come along with packages and leave with them, by Debian release."
BRINGS = "What comes along with libraries and compilers that stay, by Debian release."
FULL_IMAGE = "What the full Python image has and the slim one has not, by Debian release: libraries, and all packages."
FULL_PROGRAMS = (
    "The programs that the full Python image has and the slim one has not, compilers apart, by Debian release."
)
FULL_DATA = (
    "Fonts, and folders in /usr/share, that the full Python image has and the slim one has not, by Debian release."
)
SIZES = "How large packages are that may leave an image, and what they bring, by Debian release."
SLIM_IMAGE = "The shared libraries that the slim Python image has, by Debian release."
LIBRARIES = "The shared libraries in packages, by Debian release."
RECOMMENDS = "What packages bring by recommendation alone, as far as it matters, by Debian release."


def make(
    indices: Mapping[str, Sequence[str]], listings: Mapping[str, Sequence[str]], releases: Mapping[str, str]
) -> dict[str, str]:
    """The content of each table, by the name of its file."""
    asked = tables.wanted()
    dates: dict[str, str] = {}
    runtime: dict[str, dict[str, list[str]]] = {}
    commands: dict[str, dict[str, list[str]]] = {}
    libraries: dict[str, dict[str, list[str]]] = {}
    recommends: dict[str, dict[str, list[str]]] = {}
    alongside: dict[str, dict[str, list[str]]] = {}
    brings: dict[str, dict[str, list[str]]] = {}
    full_image: dict[str, dict[str, list[str]]] = {}
    full_programs: dict[str, dict[str, list[str]]] = {}
    full_data: dict[str, dict[str, list[str]]] = {}
    slim_image: dict[str, dict[str, list[str]]] = {}
    sizes: dict[str, dict[str, str]] = {}
    for suite, places in indices.items():
        dates[suite] = release_date(places[0], releases.get(suite))
        index = Index.parse("\n\n".join(read(place) for place in places))
        runtime[suite] = tables.runtime(index, asked)
        alongside[suite] = tables.alongside(index, asked)
        brings[suite] = tables.brings(index, asked)
        full_image[suite] = tables.full_image(index, asked)
        sizes[suite] = tables.sizes(index, asked)
        recommends[suite] = tables.recommends(index, asked)
        if listings:
            found = contents(listings[suite], tables.running(index, asked))
            full_programs[suite] = tables.full_programs(index, found.programs, asked)
            full_data[suite] = tables.full_data(index, found.data, asked)
            slim_image[suite] = tables.slim_image(index, found.libraries, asked)
            commands[suite] = tables.commands(index, found.programs, asked)
            libraries[suite] = tables.libraries(index, found.libraries, asked)
        print(
            f"{suite} ({dates[suite]}): {len(recommends[suite])} packages, {len(runtime[suite])} with runtime libraries",
            file=sys.stderr,
        )
    made = {
        "apt_runtime.toml": tables.render_runtime(dates, runtime),
        "apt_alongside.toml": tables.render_parts(ALONGSIDE, dates, alongside),
        "apt_brings.toml": tables.render_parts(BRINGS, dates, brings),
        "apt_full_image.toml": tables.render_parts(FULL_IMAGE, dates, full_image),
        **{
            f"apt_sizes_{suite}.toml": tables.render_sizes(SIZES, {suite: dates[suite]}, {suite: sizes[suite]})
            for suite in sizes
        },
    }
    if listings:
        made["apt_commands.toml"] = tables.render_parts(COMMANDS, dates, commands)
        made["apt_full_programs.toml"] = tables.render_parts(FULL_PROGRAMS, dates, full_programs)
        made["apt_full_data.toml"] = tables.render_parts(FULL_DATA, dates, full_data)
        made["apt_slim_image.toml"] = tables.render_parts(SLIM_IMAGE, dates, slim_image)
        made["apt_libraries.toml"] = tables.render_parts(LIBRARIES, dates, libraries)
    made["apt_recommends.toml"] = tables.render_parts(RECOMMENDS, dates, recommends)
    return made


def differences(made: Mapping[str, str], paths: Mapping[str, Path]) -> list[str]:
    """What would change in the files that are there."""
    found: list[str] = []
    for name, text in made.items():
        old = paths[name].read_text(encoding="utf-8") if paths[name].exists() else ""
        lines = difflib.unified_diff(
            old.splitlines(), text.splitlines(), str(paths[name]), "made from the indices", n=0, lineterm=""
        )
        found += lines
    return found


def _pair(text: str) -> tuple[str, str]:
    suite, sign, place = text.partition("=")
    if not (suite and sign and place):
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form SUITE=FILE_OR_URL")
    return suite, place


def _by_suite(pairs: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for suite, place in pairs:
        found.setdefault(suite, []).append(place)
    return found


def _from_apt(folder: Path) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    if not any(folder.glob("state/lists/*InRelease")):
        fetch(folder, SUITES)
    return fetched(folder, "Packages"), fetched(folder, "Contents-deb")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("indices", nargs="*", type=_pair, metavar="SUITE=INDEX")
    parser.add_argument("--contents", action="append", default=[], type=_pair, metavar="SUITE=CONTENTS")
    parser.add_argument("--release", action="append", default=[], type=_pair, metavar="SUITE=FILE_OR_URL")
    parser.add_argument(
        "--apt", type=Path, metavar="FOLDER", help="takes the indices that apt has fetched into FOLDER, or fetches them"
    )
    parser.add_argument(
        "--check", action="store_true", help="compares with the tables that are there; status 1 where they differ"
    )
    parser.add_argument(
        "--output", type=Path, default=KNOWLEDGE / "apt_runtime.toml", help="the first table; the others lie beside it"
    )
    options = parser.parse_intermixed_args(arguments)
    if bool(options.indices) == bool(options.apt):
        parser.error("give either --apt FOLDER or SUITE=INDEX")
    pairs, listings = _from_apt(options.apt) if options.apt else (options.indices, options.contents)
    indices, listed = _by_suite(pairs), _by_suite(listings)
    if listed and set(listed) != set(indices):
        parser.error("--contents is needed for every release, or for none")
    made = make(indices, listed, dict(options.release))
    paths = {name: options.output.parent / name for name in made} | {"apt_runtime.toml": options.output}
    if options.check:
        found = differences(made, paths)
        print("\n".join(found) or "the tables agree with the indices, byte for byte")
        return 1 if found else 0
    for name, text in made.items():
        paths[name].write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
