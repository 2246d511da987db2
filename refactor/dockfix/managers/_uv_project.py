"""What a project's files tell uv: its workspace, its packages, the Python that it asks for."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping

from dockfix.context.manifests import pyproject
from dockfix.context.manifests.pyproject import PyProject
from dockfix.context.patterns import BadPatternError, go_match
from dockfix.dataclass import dataclass
from dockfix.managers._variables import is_on
from dockfix.managers.protocol import Given

_SETTLED = ".python-version"


@dataclass(frozen=True)
class Workspace:
    """``members`` maps the folder of each member in the image to its pyproject.toml in the build context."""

    members: Mapping[str, str]

    @staticmethod
    def of(project: PyProject, root: str, file: str, given: Given) -> Workspace | None:
        """The workspace whose root a project is, ``file`` its pyproject.toml in the build context; None where it is none."""
        if not isinstance(project.at("tool", "uv", "workspace"), dict):
            return None
        above = posixpath.dirname(file)
        wanted = project.texts("tool", "uv", "workspace", "members")
        left = project.texts("tool", "uv", "workspace", "exclude")
        found: dict[str, str] = {}
        for name in given.context.files() or ():
            folder, base = posixpath.split(name)
            inner = posixpath.relpath(folder or ".", above or ".")
            if (
                base == pyproject.NAME
                and any(_fits(each, inner) for each in wanted)
                and not any(_fits(each, inner) for each in left)
            ):
                found[posixpath.normpath(posixpath.join(root, inner))] = name
        return Workspace(found)

    def projects(self, given: Given) -> Iterator[tuple[str, PyProject | None]]:
        """The settings of each member with its folder in the image; None where they cannot be read."""
        for folder, name in self.members.items():
            text = given.context.read(name)
            yield folder, pyproject.read(text) if text is not None else None


def _fits(pattern: str, folder: str) -> bool:
    try:
        return go_match(posixpath.normpath(pattern)).fullmatch(folder) is not None
    except BadPatternError:
        return True  # what it may mean counts


def workspace_above(given: Given, root: str) -> str:
    """The folder above a project whose workspace it may belong to, "" for none."""
    while root != "/":
        root = posixpath.dirname(root)
        project = given.project(root)
        if project is not None and isinstance(project.at("tool", "uv", "workspace"), dict):
            return root
    return ""


def is_package(project: PyProject) -> bool:
    """Whether uv installs the project itself: https://docs.astral.sh/uv/concepts/projects/config/#project-packaging."""
    told = project.at("tool", "uv", "package")
    return told if isinstance(told, bool) else bool(project.backend)


def local_sources(project: PyProject) -> tuple[str, ...]:
    """The folders that ``tool.uv.sources`` takes packages from."""
    sources = project.at("tool", "uv", "sources")
    entries = (
        [each for value in sources.values() for each in (value if isinstance(value, list) else [value])]
        if isinstance(sources, dict)
        else []
    )
    return tuple(each["path"] for each in entries if isinstance(each, dict) and isinstance(each.get("path"), str))


def other_python(
    given: Given, project: PyProject, root: str, variables: Mapping[str, str | None], asked: str | None
) -> str:
    """Why uv may take another Python than the base image's, "" where it takes that one.

    ``asked`` is what ``--python`` says ("" for nothing, None: unknown). A Python that uv fetches lies elsewhere, and the
    environment is nothing without it.
    """
    version = given.image.version if given.image is not None else ""
    if asked is None or (asked and not _is(asked, version)):
        return f"uv may fetch a Python of its own for --python {asked or '…'}"
    if is_on(variables.get("UV_MANAGED_PYTHON")) or variables.get("UV_PYTHON_PREFERENCE") == "only-managed":
        return "uv fetches a Python of its own"
    named = variables.get("UV_PYTHON", "")
    if named is None or (named and not _is(named, version)):
        return "UV_PYTHON may have uv fetch a Python of its own"
    settled = _settled(given, root)
    if settled and not _is(settled, version):
        return f"{_SETTLED} asks for {settled}, for which uv may fetch a Python of its own"
    wanted = project.requires_python
    if wanted and not _fulfils(version, wanted):
        return f"requires-python is {wanted}, for which uv may fetch a Python of its own"
    return ""


def _settled(given: Given, root: str) -> str:
    """What the nearest .python-version says, "" where there is none."""
    while True:
        name = given.at(posixpath.join(root, _SETTLED))
        text = given.context.read(name) if name is not None else None
        if text is not None:
            lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
            return lines[0] if lines else ""
        if root == "/":
            return ""
        root = posixpath.dirname(root)


def _is(asked: str, version: str) -> bool:
    """Whether a request for a Python is met by the base image's, of this version ("" where it is unknown)."""
    if asked in {"python", "python3", "/usr/local/bin/python", "/usr/local/bin/python3", "3", "cpython"}:
        return True
    number = asked.removeprefix("/usr/local/bin/").removeprefix("cpython").removeprefix("python").lstrip("-@")
    return bool(version) and (version == number or version.startswith(f"{number}."))


def _fulfils(version: str, wanted: str) -> bool:
    """Whether every Python that a version of a tag may mean ("3.11", "" for any) is one that is wanted."""
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        specifiers = SpecifierSet(wanted)
    except InvalidSpecifier:
        return False
    if not version:
        return all(each.operator in {">=", ">"} for each in specifiers)
    missing = 2 - version.count(".")
    return specifiers.contains(version + ".99" * missing, prereleases=True)
