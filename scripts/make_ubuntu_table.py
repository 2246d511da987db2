#!/usr/bin/env python3
"""Writes refactor/dockfix/knowledge/ubuntu_runtime.toml from Ubuntu's own indices (main and universe, amd64).

    scripts/make_ubuntu_table.py            fetches the indices (some 45 MB) and writes the table
    scripts/make_ubuntu_table.py --check    the same, but nothing is written: does the committed table agree?

For the -dev packages that scripts/make_apt_tables.py looks up in Debian it says which libraries take their place in Ubuntu, and which
of the packages that the tables of Debian name Ubuntu has by the same name.
"""

from __future__ import annotations

import sys
import textwrap
import tomllib

from apt_tables import tables
from apt_tables.index import Index
from apt_tables.places import read, release_date

ARCHIVE = "http://archive.ubuntu.com/ubuntu/dists"
RELEASES = ("focal", "jammy", "noble")
PATH = tables.KNOWLEDGE / "ubuntu_runtime.toml"


def make() -> str:
    asked = tables.wanted()
    dates: dict[str, str] = {}
    runtime: dict[str, dict[str, list[str]]] = {}
    same = _named_by_debian()
    for release in RELEASES:
        places = [f"{ARCHIVE}/{release}/{part}/binary-amd64/Packages.xz" for part in ("main", "universe")]
        index = Index.parse("\n\n".join(map(read, places)))
        dates[release] = release_date(places[0], f"{ARCHIVE}/{release}/InRelease")
        runtime[release] = tables.runtime(index, asked)
        same = {name for name in same if index.find(name) is not None}
    text = tables.render_runtime(dates, runtime)
    text = text.replace(
        "by Debian release. Made by scripts/make_apt_tables.py",
        "by Ubuntu release. Made by scripts/make_ubuntu_table.py",
    )
    text = text.replace("(main, amd64)", "(main and universe, amd64)")
    names = textwrap.wrap(" ".join(sorted(same)), 120, break_long_words=False, break_on_hyphens=False)
    title = "# Libraries of Debian's tables that every release has by the same name."
    return "\n".join([text, title, "[same]", "packages = '''", *names, "'''", ""])


def _named_by_debian() -> set[str]:
    """The libraries that may be put in the place of a package, or come along with it."""
    found: set[str] = set()
    for name in ("apt_runtime", "apt_alongside"):
        lines = tomllib.loads((tables.KNOWLEDGE / f"{name}.toml").read_text(encoding="utf-8"))["packages"].values()
        found |= {word for line in lines for word in line.split() if word not in {"|", "-"}}
    return found


def main() -> int:
    text = make()
    if "--check" in sys.argv[1:]:
        agrees = PATH.read_text(encoding="utf-8") == text
        print("the table agrees with the indices" if agrees else "the table is another one now")
        return 0 if agrees else 1
    PATH.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
