#!/usr/bin/env python3
"""Marks releases in refactor/dockfix/knowledge/python_releases.txt that are Python alone although there is no wheel of them.

    scripts/look_into_sources.py NAME==VERSION…

A lock lists the files of a release. Where that is the source alone, nothing tells whether pip compiles it. This fetches each source with
pip, and looks into it: where no file is of a language that is compiled, and nothing that builds it speaks of extensions, the release gets
the tag of a wheel of Python alone. What the table doesn't name, or names with a wheel that fits, stays as it is.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from dockfix.knowledge import normalise
from dockfix.knowledge.releases import SHIPPED, Release, rendered, shipped

PURE = "pure"
_COMPILED = re.compile(r"(?i).*\.(?:c|cc|cpp|cxx|h|hpp|pyx|pxd|pxi|rs|go|f|f90|i|m|so|a|o|dll|pyd|dylib|jar)")
_BUILDS = re.compile(r"(?:.*/)?(?:setup\.py|setup\.cfg|pyproject\.toml|build\.py)")
_EXTENSIONS = re.compile(
    rb"ext_modules|\bExtension\(|ext-modules|cffi_modules|cythonize|rust_extensions|maturin|meson|scikit-build"
)


def is_pure(source: Path) -> bool:
    """Whether a source holds Python alone, and nothing that builds it compiles."""
    return not any(map(_compiles, *zip(*_files(source), strict=True)))


def _compiles(name: str, data: bytes) -> bool:
    builds = _BUILDS.fullmatch(name) is not None
    return _COMPILED.fullmatch(name) is not None or (builds and _EXTENSIONS.search(data) is not None)


def _files(source: Path) -> Iterator[tuple[str, bytes]]:
    if source.suffix == ".zip":
        with zipfile.ZipFile(source) as packed:
            yield from ((name, packed.read(name)) for name in packed.namelist() if not name.endswith("/"))
        return
    with tarfile.open(source) as archive:
        for member in archive:
            data = archive.extractfile(member) if member.isfile() else None
            if data is not None:
                yield member.name, data.read()


def fetched(release: str, folder: Path) -> Path | None:
    """The source of a release, as pip fetches it."""
    command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", ":all:", "-d", str(folder)]
    if subprocess.run([*command, release], check=False).returncode:
        return None
    return next(iter(folder.iterdir()), None)


def marked(releases: list[Release], name: str, version: str) -> Iterator[Release]:
    """The table's entries, those of a release with the tag; the other versions of such an entry stay as they were."""
    for each in releases:
        if each.name != name or version not in each.versions or PURE in each.tags:
            yield each
            continue
        yield each._replace(versions=(version,), tags=(PURE, *each.tags))
        others = tuple(other for other in each.versions if other != version)
        if others:
            yield each._replace(versions=others)


def main(arguments: list[str]) -> int:
    if not arguments or any("==" not in each for each in arguments):
        print(__doc__)
        return 2
    releases = shipped()
    for argument in arguments:
        name, _, version = argument.partition("==")
        with tempfile.TemporaryDirectory() as folder:
            source = fetched(argument, Path(folder))
            pure = source is not None and is_pure(source)
        print(f"{argument}: {'Python alone' if pure else 'left as it is'}")
        if pure:
            releases = list(marked(releases, normalise(name), version))
    SHIPPED.write_text(rendered(releases), "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
