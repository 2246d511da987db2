#!/usr/bin/env python3
"""Says which shared libraries a wheel holds, and which its binaries need from outside: evidence for python_packages.toml.

    scripts/wheel_needs.py FILE.whl …        (pip download --no-deps --only-binary :all: NAME gets one; needs readelf)

One line a wheel: its name and version, what it bundles (files in *.libs and other lib*.so*), and what is linked and neither
bundled nor a part of the C library. What a program loads later by name (dlopen) shows in no list of linked libraries.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

C_LIBRARY = re.compile(r"lib(c|m|dl|rt|pthread|util|resolv|nsl|crypt|mvec|anl)\.so\.\d+|ld-linux.*")
LINKED = re.compile(r"\(NEEDED\).*\[(.+)\]")
OWN_NAME = re.compile(r"\(SONAME\).*\[(.+)\]")


def needs(wheel: Path) -> tuple[set[str], set[str]]:
    """The libraries that the wheel holds, and those that it needs from outside."""
    held, linked = set[str](), set[str]()
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if archive.open(name).read(4) != b"\x7fELF":
                continue
            file = archive.extract(name, folder)
            text = subprocess.run(["readelf", "--dynamic", file], capture_output=True, text=True, check=True).stdout
            linked |= set(LINKED.findall(text))
            held |= {Path(file).name, *OWN_NAME.findall(text)}
            Path(file).unlink()
    return {name for name in held if name.startswith("lib")}, {
        name for name in linked - held if not C_LIBRARY.fullmatch(name)
    }


def main() -> int:
    for wheel in map(Path, sys.argv[1:]):
        name, version = wheel.name.split("-")[:2]
        held, outside = needs(wheel)
        print(
            f"{name} {version}: holds {' '.join(sorted(held)) or 'none'}; needs {' '.join(sorted(outside)) or 'none'}",
            flush=True,
        )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
