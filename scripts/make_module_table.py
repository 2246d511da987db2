#!/usr/bin/env python3
"""Writes refactor/dockfix/knowledge/python_modules.toml from Debian's and Ubuntu's own indices (amd64).

    scripts/make_module_table.py            fetches the indices (some 70 MB) and writes the table
    scripts/make_module_table.py --check    the same, but nothing is written: does the committed table agree?

For each package that may leave an image it says which packages of Python modules come along with it and leave with it. pip does not
install what it finds there, so that they are needed still. Named are those that bring the others.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterable, Iterator

from apt_tables.places import read, release_date
from apt_tables.tables import KNOWLEDGE

DEBIAN = "http://deb.debian.org/debian/dists"
UBUNTU = "http://archive.ubuntu.com/ubuntu/dists"
RELEASES = {
    **dict.fromkeys(("bullseye", "bookworm", "trixie"), (DEBIAN, ("main",))),
    **dict.fromkeys(("focal", "jammy", "noble"), (UBUNTU, ("main", "universe"))),
}
PATH = KNOWLEDGE / "python_modules.toml"
_FIELD = re.compile(r"^(Package|Depends|Pre-Depends|Recommends|Provides): (.*)$", re.MULTILINE)
_NAME = re.compile(r"[a-z0-9][a-z0-9+.-]*")


class Needs:
    """What the packages of a release depend on and recommend."""

    def __init__(self, text: str) -> None:
        stanzas = [dict(_FIELD.findall(stanza)) for stanza in text.split("\n\n")]
        self.packages = {stanza["Package"]: stanza for stanza in stanzas if "Package" in stanza}
        self.provided = {
            name: package
            for package, stanza in self.packages.items()
            for name in _NAME.findall(stanza.get("Provides", ""))
        }
        self.always = self.closure(["python3"])

    def direct(self, package: str) -> Iterator[str]:
        stanza = self.packages.get(package, {})
        for field in ("Depends", "Pre-Depends", "Recommends"):
            for part in filter(None, stanza.get(field, "").split(",")):
                match = _NAME.match(part.split("|")[0].strip())
                if match:
                    yield match[0] if match[0] in self.packages else self.provided.get(match[0], match[0])

    def closure(self, packages: Iterable[str]) -> set[str]:
        seen: set[str] = set()
        todo = list(packages)
        while todo:
            package = todo.pop()
            if package not in seen and package in self.packages:
                seen.add(package)
                todo += self.direct(package)
        return seen

    def modules(self, package: str) -> set[str]:
        """The packages of modules that come along, less those that others of them bring."""
        found = {name for name in self.closure([package]) - self.always - {package} if _is_of_modules(name)}
        brought = {name: self.closure([name]) for name in found}
        return {
            name
            for name in found
            if not any(
                name in brought[other] and (other not in brought[name] or other > name) for other in found - {name}
            )
        }


def _is_of_modules(package: str) -> bool:
    other = package.endswith(("-dev", "-whl", "-all", "-venv", "-minimal", "-pip", "-doc"))
    return package.startswith("python3-") and not other


def _leaving() -> list[str]:
    names = {*_table("apt_runtime")["packages"], *_table("apt_roles")["git"]["packages"].split()}
    groups = [*_table("apt_roles")["build_only"], *_table("system_python")["build_only"]]
    names |= {name for group in groups for name in group["packages"].split() if not set(name) & set("*?[")}
    return sorted(names)


def _table(name: str) -> dict[str, dict[str, str]]:
    return tomllib.loads((KNOWLEDGE / f"{name}.toml").read_text(encoding="utf-8"))


def make() -> str:
    dates: dict[str, str] = {}
    table: dict[str, dict[str, set[str]]] = {}
    for release, (archive, parts) in RELEASES.items():
        places = [f"{archive}/{release}/{part}/binary-amd64/Packages.xz" for part in parts]
        needs = Needs("\n\n".join(map(read, places)))
        dates[release] = release_date(places[0], f"{archive}/{release}/InRelease")
        for package in _leaving():
            if found := needs.modules(package):
                table.setdefault(package, {})[release] = found
    lines = [
        "# The Python modules that come along with packages and leave with them, by release of Debian and Ubuntu.",
        "# Made by scripts/make_module_table.py: don't edit.",
        "",
        "# The releases and the dates of their indices (amd64).",
        "[indices]",
        *(f'{release} = "{date}"' for release, date in dates.items()),
        "",
        "[packages]",
    ]
    for package, found in table.items():
        said = " | ".join(" ".join(sorted(found.get(release, ()))) for release in RELEASES)
        key = f'"{package}"' if set(package) & set("+.") else package
        lines.append(f"{key} = '{said}'")
    return "\n".join(lines) + "\n"


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
