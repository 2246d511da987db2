"""Compares the table of Alpine's packages with the recipes (APKBUILD) of a checkout of aports.

    python scripts/check_apk_tables.py APORTS 3.17-stable master

prints for each branch which -dev packages it does not have, and which libraries come from another recipe than the -dev package
that they take the place of. A difference is not always a mistake: a -dev package may only ask for another one.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from typing import NamedTuple

from dockfix.knowledge.tables import table

_VARIABLE = re.compile(r"""(?m)^(?:\$_default_ver && )?(\w+)=(?:"([^"]*)"|'([^']*)'|(\S*))""")
_USE = re.compile(r"\$\{(\w+)[^}]*\}|\$(\w+)")
_RECIPE = re.compile(r"(?:main|community)/[^/]+/APKBUILD")


class Recipe(NamedTuple):
    """What a recipe makes: packages, and names that they have besides."""

    path: str
    packages: frozenset[str]
    provides: frozenset[str]


def read(path: str, text: str) -> Recipe:
    """A recipe, as far as its plain variables say."""
    variables: dict[str, str] = {}
    provided: set[str] = set()
    for match in _VARIABLE.finditer(text):
        value = next(filter(None, match.groups()[1:]), "")
        variables[match[1]] = _USE.sub(lambda use: variables.get(use[1] or use[2], ""), value)
    for line in re.findall(r'provides="([^"]*)"', text):
        provided |= {re.split("[=<>~]", word)[0] for word in line.split()}
    names = (variables.get("pkgname", ""), *variables.get("subpackages", "").split())
    return Recipe(path, frozenset(name.partition(":")[0] for name in names), frozenset(provided))


def recipes(checkout: str, branch: str) -> Iterator[Recipe]:
    """The recipes of a branch."""

    def git(*arguments: str, given: str = "") -> bytes:
        command = ["git", "-C", checkout, *arguments]
        return subprocess.run(command, input=given.encode(), capture_output=True, check=True).stdout

    paths = list(filter(_RECIPE.fullmatch, git("ls-tree", "-r", "--name-only", branch).decode().splitlines()))
    data = git("cat-file", "--batch", given="".join(f"{branch}:{path}\n" for path in paths))
    start = 0
    for path in paths:
        line = data.index(b"\n", start)
        end = line + 1 + int(data[start:line].split()[2])
        yield read(path, data[line + 1 : end].decode(errors="replace"))
        start = end + 1


def differences(found: list[Recipe], release: str) -> Iterator[str]:
    """What the table says and the recipes of a branch do not."""
    makes = {name: recipe for recipe in found for name in recipe.packages}
    also = {name: recipe for recipe in found for name in recipe.provides}
    data = table("apk_packages")
    rows = {**data["runtime"], **{name: by.get(release, "") for name, by in data["by_release"].items()}}
    for name, line in rows.items():
        recipe = makes.get(name) or also.get(name)
        if recipe is None:
            yield f"there is no {name}"
        for library in line.split() if recipe is not None else ():
            if library not in recipe.packages:
                other = makes.get(library)
                yield f"{name} is of {recipe.path}, {library} of {other.path if other is not None else 'none'}"


def main(checkout: str, *branches: str) -> None:
    """Prints the differences, branch by branch; one that is no release's is taken for the newest."""
    newest = table("apk_packages")["releases"][-1]
    for branch in branches:
        match = re.match(r"\d+\.\d+", branch)
        for line in differences(list(recipes(checkout, branch)), match[0] if match else newest):
            print(f"{branch}: {line}")


if __name__ == "__main__":
    main(*sys.argv[1:])
