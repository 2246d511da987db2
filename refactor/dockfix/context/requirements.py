"""Requirements files and all that they name, read as pip reads them.

Format: https://pip.pypa.io/en/stable/reference/requirements-file-format/
"""

from __future__ import annotations

import codecs
import posixpath
import re
import shlex
from collections.abc import Iterator
from functools import lru_cache

from dockfix.context.build_context import BuildContext
from dockfix.context.dockerignore import Ignore
from dockfix.knowledge import normalise
from dockfix.lazy import regex
from dockfix.namedtuple import NamedTuple

_MAX_FILES = 200
_COMMENT = regex(r"(?:^|\s+)#.*$")
_VARIABLE = regex(r"\$\{([A-Z0-9_]+)\}")
_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
_EXTRAS = rf"(?:\s*\[\s*(?:{_NAME}(?:\s*,\s*{_NAME})*)?\s*\])?"
_RELEASE = r"v?(?:\d+!)?\d+(?:\.\d+){at_least}(?:[._-]?(?:alpha|beta|preview|pre|rc|a|b|c)[._-]?\d*)?"
_SUFFIX = r"(?:-\d+|[._-]?(?:post|rev|r)[._-]?\d*)?(?:[._-]?dev[._-]?\d*)?"
_VERSION = _RELEASE.replace("{at_least}", "*") + _SUFFIX
_VALUE = r"""(?:'[^'"]*'|"[^"']*")"""
_MARKER = (
    r"(?:python_version|python_full_version|os_name|sys_platform|platform_(?:machine|python_implementation|release|system"
    r"|version)|implementation_(?:name|version)|extra)"
)
_TEST = rf"{_MARKER}\s*(?:[=!<>~]=|[<>]|\bin\b|\bnot\s+in\b)\s*{_VALUE}"
# The usual forms; what they don't cover is left to the `packaging` library, whose import takes long. The parts are expressions of their
# own, because one of all would be large: it takes as long to compile as a short run takes for everything else about a file
_USUAL = regex(rf"({_NAME}){_EXTRAS}\s*([=!<>~][^;]*)?(;.*)?")
_CLAUSE = regex(
    rf"\s*(?:[=!]=\s*(?:{_VERSION}(?:\+[a-z0-9]+(?:[._-][a-z0-9]+)*)?|v?(?:\d+!)?\d+(?:\.\d+)*\.\*)"
    rf"|[<>]=?\s*{_VERSION}|~=\s*{_RELEASE.replace('{at_least}', '+')}{_SUFFIX})\s*",
    re.IGNORECASE,
)
_TESTS = regex(rf";\s*{_TEST}(?:\s+(?:and|or)\s+{_TEST})*", re.IGNORECASE)
_ARCHIVE = regex(r"(?i)\.(?:whl|zip|tar|tar\.gz|tgz|tar\.bz2|tbz|tar\.xz|txz|tlz|tar\.lz|tar\.lzma)$")
_SCHEME = regex(r"(?i)[a-z][a-z0-9+.-]*:(?://)?")
_VCS = regex(r"(?i)(?:git|hg|svn|bzr)\+[a-z+]+:")
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# The options of a line: those with a value, and those without
_FILES = {"-r": "-r", "--requirement": "-r", "-c": "-c", "--constraint": "-c"}
_VALUED = {
    "-i",
    "--index-url",
    "--pypi-url",
    "--extra-index-url",
    "--no-binary",
    "--only-binary",
    "--trusted-host",
    "--use-feature",
}
_PLAIN = {"--no-index", "--prefer-binary", "--require-hashes", "--pre", "--always-unzip", "-Z"}
_PER_REQUIREMENT = {"--hash", "--global-option", "--install-option", "--config-settings", "--config-setting", "-C"}


class Requirement(NamedTuple):
    """One requirement: ``name`` is normalised ("" where a URL or path doesn't tell), ``raw`` the logical line."""

    name: str
    raw: str
    file: str
    line: int


class Problem(NamedTuple):
    """A line that cannot be understood, or whose meaning lies outside the context."""

    file: str
    line: int
    message: str


class Manifest(NamedTuple):
    """A requirements file with all that it includes.

    ``files`` are context-relative, in the order in which pip reads them; ``requirements`` are what is installed,
    ``constraints`` the lines of ``-c`` files. ``editable`` (the values of ``-e``), ``local_paths``, ``find_links`` and
    ``vcs`` are as written; pip takes local paths from its working directory, not from the file's folder.
    ``find_links`` holds folders and files only, no URLs. ``options`` are the rest, such as ``--index-url=…``;
    ``variables`` are the names of ``${NAME}`` uses. ``missing`` are files that are not in the context or are ignored.
    """

    files: tuple[str, ...] = ()
    requirements: tuple[Requirement, ...] = ()
    constraints: tuple[Requirement, ...] = ()
    editable: tuple[str, ...] = ()
    local_paths: tuple[str, ...] = ()
    find_links: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    vcs: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether nothing is missing and every line was understood."""
        return not self.missing and not self.problems


def closure(context: BuildContext, path: str, ignore: Ignore) -> Manifest:
    """Reads the requirements file at a context-relative path with the files that it includes; never raises.

    It is not read again as long as it and these files are what they were.
    """
    known: list[tuple[dict[str, bytes | None], Manifest]] = context.disk.once(("requirements", path), list)
    for read, manifest in known:
        if all(_data(context, ignore, name) == data for name, data in read.items()):
            return manifest
    reader = _Reader(context, ignore)
    reader.file(posixpath.normpath(path), constraint=False)
    known.append((reader.read, reader.manifest()))
    return known[-1][1]


def _data(context: BuildContext, ignore: Ignore, path: str) -> bytes | None:
    return None if ignore.ignores(path) else context.read_bytes(path)


class _Reader:
    def __init__(self, context: BuildContext, ignore: Ignore) -> None:
        self.context = context
        self.ignore = ignore
        self.files: dict[str, None] = {}
        self.seen: set[tuple[str, bool]] = set()
        self.requirements: list[Requirement] = []
        self.constraints: list[Requirement] = []
        self.lists: dict[str, list[str]] = {}
        self.problems: list[Problem] = []
        self.read: dict[str, bytes | None] = {}  # each file that was looked for

    def manifest(self) -> Manifest:
        lists = {name: tuple(dict.fromkeys(values)) for name, values in self.lists.items()}
        return Manifest(
            tuple(self.files), tuple(self.requirements), tuple(self.constraints), problems=tuple(self.problems), **lists
        )

    def add(self, name: str, value: str) -> None:
        self.lists.setdefault(name, []).append(value)

    def file(self, path: str, *, constraint: bool) -> None:
        """Reads one file and, where it includes others, those in its place."""
        pending = [self.lines(path, constraint)]
        # a stack of iterators instead of recursion: a chain of includes may be as long as it likes
        while pending:
            included = next(pending[-1], None)
            if included is None:
                pending.pop()
            elif len(self.files) < _MAX_FILES:
                pending.append(self.lines(*included))
            else:
                self.add("missing", included[0])

    def lines(self, path: str, constraint: bool) -> Iterator[tuple[str, bool]]:
        """Takes in the lines of one file; yields the files that it includes, each with whether it holds constraints."""
        if (path, constraint) in self.seen:
            return
        self.seen.add((path, constraint))
        data = self.read[path] = _data(self.context, self.ignore, path)
        if data is None:
            self.add("missing", path)
            return
        self.files[path] = None
        text = _decode(data)
        if text is None:
            self.problems.append(Problem(path, 1, "it is not a text in UTF-8"))
            return
        for number, line in _logical(text):
            for name in _VARIABLE.findall(line):
                self.add("variables", name)
            yield from self.line(line, path, number, constraint)

    def line(self, line: str, path: str, number: int, constraint: bool) -> Iterator[tuple[str, bool]]:
        usual = _usual(line)
        if usual:
            (self.constraints if constraint else self.requirements).append(Requirement(usual, line, path, number))
            return
        words = line.split()
        first = next((index for index, word in enumerate(words) if word.startswith("-")), len(words))
        if first:
            self.options_of_requirement(words[first:], path, number)
            self.requirement(" ".join(words[:first]), line, path, number, constraint)
            return
        try:
            options = shlex.split(line)
        except ValueError:
            self.problems.append(Problem(path, number, "its quotes are not closed"))
            return
        yield from self.options(options, path, number, constraint)

    def options_of_requirement(self, words: list[str], path: str, number: int) -> None:
        for word in words:
            name = word.partition("=")[0]
            if word.startswith("-") and name not in _PER_REQUIREMENT:
                self.problems.append(Problem(path, number, f"{name} does not belong behind a requirement"))

    def options(self, words: list[str], path: str, number: int, constraint: bool) -> Iterator[tuple[str, bool]]:
        position = 0
        while position < len(words):
            name, value = _option(words[position])
            position += 1
            if name in _PLAIN and value is None:
                self.add("options", name)
                continue
            if name not in _FILES and name not in _VALUED and name not in {"-e", "--editable", "-f", "--find-links"}:
                self.problems.append(Problem(path, number, f"{name} is not understood"))
                continue
            if value is None and position < len(words):
                value = words[position]
                position += 1
            if not value:
                self.problems.append(Problem(path, number, f"{name} has no value"))
            elif name in _FILES:
                if _SCHEME.match(value):
                    self.problems.append(Problem(path, number, f"{value} is not in the build context"))
                else:
                    yield (
                        posixpath.normpath(posixpath.join(posixpath.dirname(path), value)),
                        constraint or _FILES[name] == "-c",
                    )
            elif name in {"-e", "--editable"}:
                self.editable(value, path, number)
            elif name in {"-f", "--find-links"}:
                self.find_links(value, path)
            else:
                self.add("options", f"{name}={value}")

    def editable(self, value: str, path: str, number: int) -> None:
        self.add("editable", value)
        name = _name_in(value)
        if name:
            self.requirements.append(Requirement(name, f"-e {value}", path, number))
        if _VCS.search(value):
            self.add("vcs", value)
        elif not _SCHEME.match(value) or value.startswith("file:"):
            self.add("local_paths", _local(value))

    def find_links(self, value: str, path: str) -> None:
        if _SCHEME.match(value) and not value.startswith("file:"):
            self.add("options", f"--find-links={value}")
            return
        local = _local(value)
        beside = posixpath.normpath(posixpath.join(posixpath.dirname(path), local))
        # pip tries the file's own folder first, then its working directory
        self.add("find_links", beside if self.context.exists(beside) else local)

    def requirement(self, text: str, line: str, path: str, number: int, constraint: bool) -> None:
        """Takes in what is not one of the usual forms: a path, a URL, or a rarer form of requirement."""
        name, at, url = text.partition("@")
        named = bool(at) and re.fullmatch(rf"\s*{_NAME}{_EXTRAS}\s*", name) is not None
        target = url.strip() if named else text
        fetched = _SCHEME.match(target) is not None and "://" in target
        if _VCS.match(target):
            self.add("vcs", text)
        elif target.startswith("file:"):
            self.add("local_paths", _local(target.partition(" ;")[0]))
        elif not (fetched or named) and _is_path(text):
            self.add("local_paths", _local(text))
        elif not fetched:
            found = _parse(text)
            if found is None:
                self.problems.append(Problem(path, number, f"{text[:80]!r} is not a requirement"))
                return
            (self.constraints if constraint else self.requirements).append(Requirement(found, line, path, number))
            return
        found = normalise(re.match(rf"\s*({_NAME})", name)[1]) if named else _name_in(target)  # type: ignore[index]
        if found and not constraint:
            self.requirements.append(Requirement(found, line, path, number))


def _decode(data: bytes) -> str | None:
    try:
        for mark, encoding in _BOMS:
            if data.startswith(mark):
                return data[len(mark) :].decode(encoding)
        return None if b"\0" in data else data.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _logical(text: str) -> Iterator[tuple[int, str]]:
    """The lines without comments and blank ones, continuations joined, each with the number of its first line."""
    start = 0
    parts: list[str] = []
    # pip splits at form feeds and the like too
    for number, physical in enumerate([*text.splitlines(), ""], 1):
        line = physical
        if line.endswith("\\") and not _COMMENT.match(line):
            start = start or number
            parts.append(line.strip("\\"))
            continue
        # a comment inside a continuation must not grow together with the word before it
        parts.append(" " + line if _COMMENT.match(line) else line)
        joined = _COMMENT.sub("", "".join(parts)).strip()
        if joined:
            yield start or number, joined
        start = 0
        parts = []


@lru_cache(maxsize=8192)
def _usual(line: str) -> str:
    """The normalised name of a requirement in one of the usual forms, "" for any other line."""
    bare = re.sub(r"\s--hash[= ]\w+:[0-9a-fA-F]+", "", line) if "--hash" in line else line
    match = _USUAL.fullmatch(bare.strip())
    if match is None or _ARCHIVE.search(match[0]):
        return ""
    clauses = match[2].split(",") if match[2] else ()
    usual = all(map(_CLAUSE.fullmatch, clauses)) and (not match[3] or _TESTS.fullmatch(match[3]))
    return normalise(match[1]) if usual else ""


def _parse(text: str) -> str | None:
    """The normalised name of a requirement by PEP 508; None where it is none."""
    from packaging.requirements import InvalidRequirement
    from packaging.requirements import Requirement as Parsed

    try:
        return normalise(Parsed(text.removesuffix(";")).name)
    except (InvalidRequirement, RecursionError):
        return None


def _option(word: str) -> tuple[str, str | None]:
    """An option's name and the value in the same word, if any: ``--x=y``, ``-xy``."""
    if word.startswith("--"):
        name, equals, value = word.partition("=")
        return name, value if equals else None
    return word[:2], word[2:] or None


def _is_path(text: str) -> bool:
    plain = text.partition(" ;")[0].partition("[")[0].strip()
    if re.search(r"\s", plain):
        return False
    return "/" in plain or plain.startswith(".") or _ARCHIVE.search(plain) is not None


def _local(text: str) -> str:
    """A local path without scheme, extras, fragment and marker."""
    path = re.sub(r"^file:(?://(?:localhost)?(?=/))?", "", text.partition(" ;")[0].partition("#")[0].strip())
    path = re.sub(r"\[[^\]]*\]$", "", path)
    return posixpath.normpath(path) if path else "."


def _name_in(target: str) -> str:
    """The distribution's name that a URL's fragment or an archive's name tells, "" for none."""
    egg = re.search(rf"[#&]egg=({_NAME})", target)
    wheel = re.search(r"(?:^|/)([A-Za-z0-9_.]+)-[^/]*\.whl\b", target)
    source = re.search(rf"(?:^|/)({_NAME})-\d[^/-]*\.(?:tar\.|zip|tgz)", target)
    found = egg or wheel or source
    return normalise(found[1]) if found else ""
