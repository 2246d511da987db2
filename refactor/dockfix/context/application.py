"""What the files that are copied into an image mention: programs, paths, anything a pattern finds. Text search only."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from keyword import iskeyword

from dockfix.context.build_context import BuildContext
from dockfix.context.disk import MAX_FILE
from dockfix.context.python_strings import string_literals
from dockfix.context.scripts import is_shell_script
from dockfix.syntax import decode

MAX_FILES = 5_000
MAX_BYTES = 32 << 20
_HEAD = 8 << 10
_LINE = 256  # bytes in which a #! line ends: Linux reads no more of it
# Assets and compiled files, in which there is nothing to find
_ASSET = re.compile(
    r"(?i).*\.(?:png|jpe?g|gif|bmp|ico|webp|avif|tiff?|svg|psd|woff2?|ttf|otf|eot|mp[34]|m4a|avi|mov|webm|wav|ogg|flac|pdf"
    r"|zip|gz|bz2|xz|zst|tar|tgz|7z|rar|whl|egg|jar|war|deb|rpm|py[cod]|so(?:\.\d+)*|dylib|dll|a|o|exe|class|pth?|onnx|h5|hdf5"
    r"|pkl|pickle|joblib|np[yz]|parquet|feather|arrow|safetensors|gguf|tflite|pb|db|sqlite3?|mo|map|docx?|xlsx?|pptx?"
    r"|min\.(?:js|css))"
)
# Data that is often large and that no program is written in
_DATA = re.compile(
    r"(?i).*\.(?:csv|tsv|json|jsonl|ndjson|geojson|xml|html?|css|s[ac]ss|[cm]?[jt]sx?|vue|lock|md|rst|txt|sql"
    r"|log|po|pot|ipynb|ya?ml|dat|data|dic|vocab|model)"
)
_PYTHON = re.compile(r"(?i).*\.py[wx]?")
_ENTRYPOINT = re.compile(r"(?i)(?:.*/)?(?:docker-)?entrypoint[^./]*")
_RUNS = re.compile(r"(?i)(?:.*/)?(?:Procfile[^/]*|cron(?:tab)?(?:[._-][^/]*)?|[^/]+\.(?:conf|ini|cfg|service|cron))")
# Settings of development tools: their commands are not the program's
_TOOL_SETTINGS = re.compile(
    r"(?i)(?:.*/)?(?:setup\.cfg|tox\.ini|pytest\.ini|mypy\.ini|pylintrc.*|pyvenv\.cfg|alembic\.ini"
    r"|\.bumpversion\.cfg|versioneer\.cfg|.*\.(?:md|json))"
)
_PYTHON_LINE = re.compile(rb"#!.*\bpython")
# How Python starts other programs
_STARTS = re.compile(
    rb"(?m)subprocess|\bos\.(?:system|popen|exec|spawn|posix_spawn)|\bfrom\s+os\s+import\b|\bwhich\b|\bPopen\b|check_output"
    rb"|getoutput|(?:run|open)_process|\b(?:system|popen|spawn)\s*\("
    rb"|^\s*(?:from|import)\s+(?:pexpect|invoke|fabric|pty|envoy|delegator|sarge|plumbum|sh)\b"
)
# Names of programs that are no words of English, so that they mean a program in any file of one that starts programs
_DISTINCT = re.compile(
    rb"(?<![\w+-])(?:gcc|g\+\+|c\+\+|clang|cmake|gfortran|cargo|rustc|swig|git|ssh|scp|ninja|nvcc"
    rb"|[\w.]+-config|pg_config|[a-z+]+-[\d.]+)(?![\w+-])"
)
_BY_NAME = re.compile(rb"(?m)^\s*(?:from|import)\s+(?:plumbum|sh)\b")
_FIRST = (
    rb"/(?:var|data|srv|mnt|media|opt|home|root|run|logs?|etc|usr|storage|uploads?|config|app|apps|code|src|work|workspace"
    rb"|models?|cache|shared|exports?|outputs?|inputs?|backups?|db|database|volumes?|state|secrets|certs|static|public"
    rb"|downloads?|files|private|persist\w*|library|project)(?![\w.+-])"
)
_QUOTED_PATH = re.compile(rb"""["'](?:\w+(?:\+\w+)?:///)?(""" + _FIRST + rb"""(?:/[^"'\s{}<>$\\]*+)?+)(?!<)""")
_BARE_PATH = re.compile(rb"(?<![\w./${}~:+-])(" + _FIRST + rb"""(?:/[^"'\s{}<>$\\;|&()`,:=]*)?)""")
# A path of a URL, by what stands before it: a call of a web framework or client, something of that name
_WEB = re.compile(
    rb"(?i)(?:\.(?:get|post|put|patch|delete|head|options|websocket|mount|add_\w+|include_router|redirect|route)"
    rb"|route|redirect|url_for|re_path|(?-i:\bpath))\(\s*[rbfu]*$"
    rb"|(?:url|uri|href|endpoint|prefix|route)\w*[\"']?\s*[=:]\s*[rbfu]*$"
    rb"|(?:url|uri|host|base|endpoint)\w*[\"'\])}]*\s*\+\s*[rbfu]*$"
)
_WEB_LINE = re.compile(rb"(?i)\s*(?:@\w|[\w.]*(?:url|uri|href|endpoint|route)\w*\s*[=:])")
# Settings that a program may read; a tool's, a package manager's and another container's are not the program's, and fixtures are rows
_SETTINGS = re.compile(r"(?i)(?:.*\.(?:ya?ml|toml|json|ini|cfg|conf|properties|env)|(?:.*/)?\.env[^/]*)")
_OTHER_SETTINGS = re.compile(
    r"(?i)(?:.*/)?(?:(?:docker-)?compose[^/]*\.ya?ml|\.(?:github|gitlab|circleci)/.*|package(?:-lock)?\.json"
    r"|fixtures?/.*\.json)"
)
# A value that is a path: below a folder for data, or under a key that says so
_SETTING_PATH = re.compile(
    rb"(?mi)(?:(?:^|[\s\"'=:])(?-i:(/(?:var|data|srv|mnt|media|opt|home|run|logs?|uploads?|storage|exports?|backups?|root)/[\w.@+/-]+))"
    rb"|(?:file(?:_?name|_?path)?|dir(?:ectory)?|folder|[_.-]path|pid|sock(?:et)?|log|database|storage|cert(?:ificate)?|key)[\"']?"
    rb"[ \t]*[:=][ \t]*[\"']?(/(?!dev/)[a-z][\w.@+-]*(?:/[\w.@+-]+)+)[\"']?[ \t]*,?[ \t]*\r?$)"
)
# What an English sentence goes on with after "make", and a Makefile has no target of
_PROSE = re.compile(
    r"make\s+(?:sure|certain|it|its|an?|the|this|that|these|those|your|our|my|their|use|any|some|every|sense"
    r"|changes|you|them|another|multiple|requests?|calls?|copies|room|possible|easier|better)\b"
)

# Names of programs that are words of English, or of any code, too: they mean a program only where a command stands
_ENGLISH = frozenset(
    {"as", "file", "free", "halt", "init", "link", "patch", "size", "split", "strings", "strip", "top", "watch"}
)
_AFTER_ANOTHER = re.compile(
    r"(?:[|;&(`=]|\$\(|(?:^|\s)(?:then|do|else|exec|sudo|xargs|env|nice|nohup)\s)[ \t]*(?:\S*/)?\Z"
)
_AT_THE_START = re.compile(r"(?:^|\n)[ \t]*(?:\S*/)?\Z")
# (one that is a string of its own is found where its list of words is read)
_GOES_ON = re.compile(r"[ \t]*[\n|;&<>)`]|[ \t]+(?:\Z|[-/\"'{%$~.])")


@dataclass(frozen=True)
class Mention:
    """Where something stands: the text found, the file relative to the context, the 1-based line."""

    word: str
    file: str
    line: int


class Application:
    """The text files among ``files`` (relative to the context), each read once and when first needed.

    Binary files and assets are passed over, and so are data files over 1 MiB.
    """

    def __init__(self, context: BuildContext, files: frozenset[str]) -> None:
        self.context = context
        self.files = files
        self._found: dict[bytes, tuple[Mention, ...]] = {}

    @property
    def known(self) -> bool:
        """Whether everything was read: no file was unreadable, and there were at most 5,000 with 32 MiB in all."""
        return self._read[1]

    @cached_property
    def _read(self) -> tuple[Mapping[str, bytes], bool]:
        sizes = self.context.files()
        texts: dict[str, bytes] = {}
        total = 0
        known = sizes is not None and not self.context.unreadable_dirs
        for name in sorted(self.files):
            if _ASSET.fullmatch(name):
                continue
            large = (sizes or {}).get(name, 0) > MAX_FILE
            if large and _DATA.fullmatch(name):
                continue
            if len(texts) >= MAX_FILES or total > MAX_BYTES:
                return texts, False
            data = None if large else self.context.read_bytes(name)
            if data is None:
                known = known and self.context.harmless(name, _HEAD)
            elif b"\0" not in data[:_HEAD]:
                texts[name] = data
                total += len(data)
        return texts, known

    @property
    def texts(self) -> Mapping[str, bytes]:
        """The bytes of all text files, by name."""
        return self._read[0]

    @cached_property
    def _scripts(self) -> frozenset[str]:
        """Shell scripts and the files in which process managers and cron find their commands."""
        return frozenset(
            name
            for name, data in self.texts.items()
            if not _PYTHON.fullmatch(name)
            and (
                is_shell_script(name, decode(data[:_LINE]) if data.startswith(b"#!") else "")
                or _ENTRYPOINT.fullmatch(name)
                or (_RUNS.fullmatch(name) and not _TOOL_SETTINGS.fullmatch(name))
            )
        )

    @cached_property
    def _python(self) -> frozenset[str]:
        return frozenset(
            name for name, data in self.texts.items() if _PYTHON.fullmatch(name) or _PYTHON_LINE.match(data)
        )

    def mentions(self, words: Iterable[str]) -> tuple[Mention, ...]:
        """Where programs of these names may be started: in scripts, in commands of process managers, in Python strings.

        A whole word is one with no letter, digit, ``_``, ``+`` or ``-`` beside it. Python files count where they start programs,
        or, for names that mean nothing else, where any of them does; comments and docstrings don't. A Python file that
        cannot be parsed counts as a whole. Names that are words of English count only where a command may stand.
        """
        names = sorted({word for word in words if word}, key=len, reverse=True)
        if not names:
            return ()
        choice = "|".join(re.escape(name) for name in names)
        text = re.compile(rf"(?<![A-Za-z0-9_+-])(?:{choice})(?![A-Za-z0-9_+-])")
        data = re.compile(text.pattern.encode("utf-8", "surrogatepass"))
        found: list[Mention] = []
        starts = any(_STARTS.search(self.texts[name]) for name in self._python)
        for name in sorted(self._scripts | self._python):
            content = self.texts[name]
            if not data.search(content):
                continue
            if name in self._scripts:
                found += _hits(name, content, data, _starts)
            elif _BY_NAME.search(content):
                found += _hits(name, content, data)
            elif (starts if _DISTINCT.search(content) else _STARTS.search(content)) and next(
                _hits(name, content, data, _runs), None
            ):
                literals = string_literals(content)
                if literals is None:
                    found += [hit for hit in _hits(name, content, data, _runs) if not iskeyword(hit.word)]
                    continue
                found += [
                    Mention(match[0], name, line + value.count("\n", 0, match.start()))
                    for line, value in literals
                    for match in text.finditer(value)
                    if not _PROSE.match(value, match.start())
                    and (match[0] not in _ENGLISH or _is_command(value, match))
                    and (_DISTINCT.fullmatch(match[0].encode()) or _STARTS.search(content))
                ]
        return tuple(dict.fromkeys(found))

    def absolute_paths(self) -> tuple[Mention, ...]:
        """Absolute paths, in Python strings and scripts, at which a program may read or write files of its own.

        ``word`` is the path, up to where something is filled in. Paths of URLs are left out where they are plain.
        """
        return self._paths

    @cached_property
    def _paths(self) -> tuple[Mention, ...]:
        found: list[Mention] = []
        for name in sorted(self._scripts | self._python):
            if name in self._python:
                found += _hits(name, self.texts[name], _QUOTED_PATH, _on_disk)
            else:
                found += _hits(name, self.texts[name], _BARE_PATH, _runs)
        return tuple(dict.fromkeys(found))

    def setting_paths(self) -> tuple[Mention, ...]:
        """Absolute paths in settings (JSON, YAML, TOML, INI, ``.env``) that a program may be given to write to."""
        return self._setting_paths

    @cached_property
    def _setting_paths(self) -> tuple[Mention, ...]:
        found = [
            hit
            for name, data in sorted(self.texts.items())
            if _SETTINGS.fullmatch(name) and not _OTHER_SETTINGS.fullmatch(name)
            for hit in _hits(name, data, _SETTING_PATH, _runs)
        ]
        return tuple(dict.fromkeys(found))

    def search(self, pattern: bytes, needle: bytes = b"") -> tuple[Mention, ...]:
        """All that a regular expression finds in the text files. Raises re.error for a pattern that is none.

        ``needle`` is a text that every match contains, where there is one: files without it are passed over quickly.
        """
        if pattern not in self._found:
            compiled = re.compile(pattern)
            self._found[pattern] = tuple(
                dict.fromkeys(
                    mention
                    for name, data in self.texts.items()
                    if needle in data
                    for mention in _hits(name, data, compiled)
                )
            )
        return self._found[pattern]


def _hits(
    name: str, data: bytes, pattern: re.Pattern[bytes], wanted: Callable[[bytes, int], bool] = lambda data, start: True
) -> Iterator[Mention]:
    """What a pattern finds where ``wanted`` agrees to its place; the group of the patterns for paths is the path."""
    line = 1
    counted = 0
    paths = pattern in {_QUOTED_PATH, _BARE_PATH, _SETTING_PATH}
    for match in pattern.finditer(data):
        line += data.count(b"\n", counted, match.start())
        counted = match.start()
        if wanted(data, match.start()):
            yield Mention(decode(match[(match.lastindex or 0) if paths else 0]), name, line)


def _before(data: bytes, start: int) -> bytes:
    """The part of the line before a place."""
    return data[data.rfind(b"\n", 0, start) + 1 : start]


def _runs(data: bytes, start: int) -> bool:
    """Whether a place in a script or in settings may be a command: not in a comment that fills its line, not prose."""
    return not _before(data, start).lstrip().startswith((b"#", b";", b"//")) and not (
        data.startswith(b"make", start) and _PROSE.match(data[start : start + 40].decode("latin-1"))
    )


def _starts(data: bytes, start: int) -> bool:
    """Whether a place in a script may be a command: for a word of English only at the start of one."""
    before = _before(data, start).decode("latin-1")
    word = re.match(r"\w*", data[start : start + 20].decode("latin-1"))
    return _runs(data, start) and (
        word is None
        or word[0] not in _ENGLISH
        or _AT_THE_START.search(before) is not None
        or _AFTER_ANOTHER.search(before) is not None
    )


def _is_command(text: str, match: re.Match[str]) -> bool:
    """Whether a word in a string stands where the command of a command line does."""
    before = text[: match.start()]
    return _AFTER_ANOTHER.search(before) is not None or (
        _AT_THE_START.search(before) is not None and _GOES_ON.match(text, match.end()) is not None
    )


def _on_disk(data: bytes, start: int) -> bool:
    """Whether a path in a Python string looks like one of the file system rather than of a URL."""
    before = _before(data, start)
    return (
        not before.lstrip().startswith(b"#")
        and not _WEB_LINE.match(before)
        and not _WEB.search(data, max(0, start - 200), start)
    )
