"""What the files that are copied into an image mention: programs, paths, anything a pattern finds. Text search only."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence, Set
from functools import partial
from keyword import iskeyword

from dockfix.context.build_context import BuildContext
from dockfix.context.kinds import is_python, is_script, is_text, passed_over
from dockfix.context.named_paths import (
    PROSE,
    bare_paths,
    may_run,
    quoted_paths,
)
from dockfix.context.paths_in_settings import paths_in_settings
from dockfix.context.process_files import Processes, kind_of, read_processes
from dockfix.context.program import Program, read_python
from dockfix.context.program.project import Project, Sources
from dockfix.context.program.reach import file_of, reached
from dockfix.context.program.read import new_sources
from dockfix.context.program_words import (
    COMMAND_PLACE,
    DISTINCT,
    ENGLISH,
    Names,
    NamesIn,
    may_be_called,
    stands_as_command,
    whole_words,
)
from dockfix.context.starting import Starting, is_only_told, starts_programs
from dockfix.context.texts import Answer, Ask, Finder, Holding, Kind, Mention, Selection
from dockfix.context.web_paths import name_of_path, only_routed, uses_of
from dockfix.lazy import cached_property
from dockfix.syntax import decode, encode


class Application:
    """The text files among ``files`` (relative to the context), each read once and when first needed.

    Binary files and assets are passed over, and so are data files over 1 MiB. What is asked of a file is worked out once for all
    Dockerfiles of the same build context.
    """

    def __init__(self, context: BuildContext, files: frozenset[str]) -> None:
        self.context = context
        self.files = files
        self._shared = context.disk.texts
        self._mentioned: dict[frozenset[str], tuple[Mention, ...]] = {}
        self._searched: dict[tuple[bytes, Kind], tuple[Mention, ...]] = {}
        self._lines: dict[str, list[bytes]] = {}

    @cached_property
    def parts(self) -> frozenset[str]:
        """The names of the files, and of the folders that they lie in."""
        return frozenset(part for name in self.files for part in name.split("/"))

    @property
    def unread(self) -> str:
        """What was not read, as a clause; "" where everything was.

        A file counts that may be text and is unreadable or larger than 1 MiB, or that lies beyond the first 5,000 with 32 MiB in all.
        """
        if self.context.files() is None:
            return "the build context could not be listed"
        folders = sorted(self.context.unreadable_dirs)
        if folders:
            return f"{_and_more(folders)} could not be read"
        missing = self._selection.missing
        return f"{_and_more(missing)} could not be read, or {_is(missing)} too large" if missing else ""

    @property
    def known(self) -> bool:
        """Whether everything was read."""
        return not self.unread

    @cached_property
    def _selection(self) -> Selection:
        overlay = self.context.overlay
        return self._shared.select(
            self.files if overlay.keys().isdisjoint(self.files) else self.files.difference(overlay)
        )

    @cached_property
    def _laid_over(self) -> Mapping[str, bytes]:
        """The texts that the context's overlay puts in the place of files."""
        texts = {name: self.context.read_bytes(name) or b"" for name in self.context.overlay if name in self.files}
        return {name: text for name, text in texts.items() if not passed_over(name, len(text)) and is_text(text)}

    @cached_property
    def texts(self) -> Mapping[str, bytes]:
        """The bytes of all text files, by name."""
        if not self._laid_over:
            return self._selection.texts
        texts = {**self._selection.texts, **self._laid_over}
        return {name: texts[name] for name in sorted(texts)}

    def _answers(
        self,
        question: Hashable,
        answer: Ask[Answer],
        kind: Kind = "text",
        among: Set[str] | None = None,
    ) -> list[tuple[str, Answer]]:
        """The files of a kind, ``among`` some or all, that have an answer, in alphabetical order, with the answer."""
        found = self._shared.answers(question, self._selection, answer, kind, among)
        for name, text in self._laid_over.items():
            if among is not None and name not in among:
                continue
            if (kind == "text" or _IS[kind](name, text)) and (own := answer(name, text)):
                found[name] = own
        return sorted(found.items())

    def says(self, pattern: bytes) -> tuple[Mention, ...]:
        """The same as ``search``, without comments and docstrings, which nothing runs; the line that says what runs a script counts."""
        return tuple(mention for mention in self.search(pattern) if self._counts(mention))

    def line_of(self, mention: Mention) -> bytes:
        """The whole line in which something stands."""
        if mention.file not in self._lines:  # some files have it in thousands of lines
            self._lines[mention.file] = self.texts[mention.file].split(b"\n")
        return self._lines[mention.file][mention.line - 1]

    def _counts(self, mention: Mention) -> bool:
        content, line = self.texts[mention.file], self.line_of(mention)
        if line.startswith(b"#!"):
            return True
        if mention.file not in self._python:
            return not line.lstrip().startswith((b"#", b";", b"//"))
        module = self._sources.module(mention.file, content)
        word = mention.word.strip("\"'")
        if isinstance(module, str) or any(word in value for _, value in module.literals):
            return True
        # a path stands in a string, and this one is a docstring's; what else there is may be code
        return "/" not in word and b"#" not in line

    def asked(self, answer: Ask[Answer], question: Hashable = None) -> list[tuple[str, Answer]]:
        """The text files of which a function of name and text says something, in alphabetical order, with what it says.

        ``question`` stands for a function that is made anew each time.
        """
        return self._answers(question or answer, answer)

    @cached_property
    def _scripts(self) -> frozenset[str]:
        """Shell scripts and the files in which process managers and cron find their commands."""
        return frozenset(name for name, _ in self._answers("which", _yes, "script"))

    @cached_property
    def _python(self) -> frozenset[str]:
        return frozenset(name for name, _ in self._answers("which", _yes, "python"))

    @property
    def python_files(self) -> frozenset[str]:
        """The Python among the text files."""
        return self._python

    @property
    def text_files(self) -> frozenset[str]:
        """The names of all text files."""
        return frozenset(self.texts)

    @cached_property
    def _starting(self) -> Mapping[str, Starting]:
        """The Python files that start other programs, with how they do."""
        return dict(self._answers(starts_programs, starts_programs, "python"))

    def mentions(self, words: Iterable[str]) -> tuple[Mention, ...]:
        """Where programs of these names may be started: in scripts, in commands of process managers, in Python strings.

        A whole word is one with no letter, digit, ``_``, ``+`` or ``-`` beside it. Python files count where they start programs,
        or, for names that mean nothing else, where any of them does; comments and docstrings don't. A Python file that
        cannot be parsed counts as a whole. Names that are words of English count only where a command may stand.
        """
        asked = frozenset(word for word in words if word)
        if asked not in self._mentioned:
            self._mentioned[asked] = self._find_mentions(asked)
        return self._mentioned[asked]

    def _find_mentions(self, words: frozenset[str]) -> tuple[Mention, ...]:
        held: dict[str, tuple[bytes, ...]] = {}
        asked = Holding(word.encode("utf-8", "surrogatepass") for word in sorted(words))
        for kind in _IS:
            held |= self._answers(("holds", words), asked, kind)
        found: list[Mention] = []
        for name in sorted(held):
            found += self._mentions(name, [word.decode("utf-8", "surrogatepass") for word in held[name]])
        return tuple(dict.fromkeys(found))

    def _mentions(self, name: str, words: Sequence[str]) -> list[Mention]:
        """Where one file, which holds all these words, may start programs of these names."""
        content = self.texts[name]
        places = list(whole_words(content, [word.encode("utf-8", "surrogatepass") for word in words]))
        if name in self._scripts:
            return _at(name, content, [(at, word) for at, word in places if may_be_called(content, at, at + len(word))])
        starting = self._starting.get(name, Starting(usual=False, by_name=False))
        if not places or starting.by_name:
            return _at(name, content, places)
        starts = starting.usual
        places = [place for place in places if may_run(content, place[0])]
        if not places or not (starts or (self._starting and DISTINCT.search(content))):
            return []
        module = self._sources.module(name, content)
        if isinstance(module, str):
            return [hit for hit in _at(name, content, places) if not iskeyword(hit.word)]
        lines = decode(content).split("\n")
        return [
            Mention(word, name, line + value.count("\n", 0, start))
            for line, value in sorted(module.literals)
            for start, word in whole_words(value, words)
            if not PROSE.match(value, start)
            and COMMAND_PLACE.search(value[:start])
            and (word not in ENGLISH or stands_as_command(value, start, start + len(word)))
            and (starts or DISTINCT.fullmatch(word.encode()))
            and not (value == word and is_only_told(lines[line - 1], word))
        ]

    def absolute_paths(self) -> tuple[Mention, ...]:
        """Absolute paths, in Python strings and scripts, at which a program may read or write files of its own.

        ``word`` is the path, up to where something is filled in. Paths of URLs are left out where they are plain.
        """
        return self._paths

    @cached_property
    def _paths(self) -> tuple[Mention, ...]:
        quoted = [
            (name, [each for each in found if not self._is_route(each)])
            for name, found in self._answers(quoted_paths, quoted_paths, "python")
        ]
        bare = self._answers(bare_paths, bare_paths, "script")
        return _all(sorted([*quoted, *(each for each in bare if each[0] not in self._python)]))

    def _is_route(self, mention: Mention) -> bool:
        """Whether a path in Python has a name that code gives to routers, and does nothing else with."""
        name = name_of_path(self.line_of(mention))
        return bool(name) and only_routed(self._answers(("uses", name), partial(uses_of, name), "python"))

    def setting_paths(self) -> tuple[Mention, ...]:
        """Absolute paths in settings (JSON, YAML, TOML, INI, ``.env``) that a program may be given to write to."""
        return _all(self._answers(paths_in_settings, paths_in_settings))

    @cached_property
    def program(self) -> Program:
        """What the Python among the files does, as far as reading it says."""
        names = self._python
        if not names.isdisjoint(self._laid_over):
            return self._read_python()
        return self.context.disk.once(("program", names), self._read_python)

    def _read_python(self) -> Program:
        return read_python(self._python_texts, self._sources)

    @property
    def _python_texts(self) -> Mapping[str, bytes]:
        return {name: self.texts[name] for name in sorted(self._python)}

    @property
    def _sources(self) -> Sources:
        return self.context.disk.once("what Python was read", new_sources)

    @cached_property
    def _project(self) -> Project:
        return Project(self._python_texts, self._sources)

    def reached(self, entries: Iterable[str]) -> frozenset[str]:
        """The Python files that code may come to from these files or modules."""
        wanted = frozenset(entries)
        if not wanted:
            return wanted
        if not self._python.isdisjoint(self._laid_over):
            return reached(self._project, wanted)
        return self.context.disk.once(("reached", self._python, wanted), lambda: reached(self._project, wanted))

    def has_module(self, entry: str) -> bool:
        """Whether the Python among the files has a file, or a module, of this name."""
        return self._project.may_have(entry) and bool(file_of(self._project, entry))

    def holding(self, pattern: bytes) -> frozenset[str]:
        """The text files in which a regular expression finds something."""
        return frozenset(mention.file for mention in self.search(pattern))

    def names(self, among: Set[str]) -> Mapping[str, Names]:
        """The names of files and folders of the build context that stand in each of some text files, for those that hold any."""
        known = self.context.disk.once("all names", self._all_names)
        return dict(self._answers("names", NamesIn(known), among=among))

    def _all_names(self) -> frozenset[bytes]:
        return frozenset(encode(part) for name in self.context.files() or () for part in name.split("/"))

    def processes(self, nginx: bool) -> Processes:
        """What the files of process managers say; ``nginx`` as for ``read_processes``."""
        found = self._answers(_process_manager, _process_manager)
        return read_processes({name: self.texts[name] for name, _ in found}, nginx)

    def search(self, pattern: bytes, fixed: bytes = b"", kind: Kind = "text") -> tuple[Mention, ...]:
        """All that a regular expression finds in the text files of a kind. Raises re.error for a pattern that is none.

        ``fixed`` is a text that every match holds: who knows one spares the search for it.
        """
        key = pattern, kind
        if key not in self._searched:
            self._searched[key] = _all(self._answers(pattern, Finder(pattern, fixed), kind))
        return self._searched[key]


def application(context: BuildContext, files: frozenset[str]) -> Application:
    """The application of these files: the same one for all who ask, as long as none of them is laid over."""
    if not context.overlay.keys().isdisjoint(files):
        return Application(context, files)
    return context.disk.once(("application", files), partial(Application, context, files))


def _all(found: Iterable[tuple[str, Iterable[Mention]]]) -> tuple[Mention, ...]:
    return tuple(dict.fromkeys(mention for _, each in found for mention in each))


_IS: Mapping[Kind, Callable[[str, bytes], bool]] = {"script": is_script, "python": is_python}


def _at(name: str, data: bytes, places: Iterable[tuple[int, bytes]]) -> list[Mention]:
    """The words at these places of a file, which come in order."""
    found: list[Mention] = []
    line, counted = 1, 0
    for start, word in places:
        line += data.count(b"\n", counted, start)
        counted = start
        found.append(Mention(decode(word), name, line))
    return found


def _and_more(names: Sequence[str]) -> str:
    """The first of some names, and how many more there are."""
    return f"{names[0]} and {len(names) - 1} more" if len(names) > 1 else names[0]


def _is(names: Sequence[str]) -> str:
    return "is" if len(names) == 1 else "are"


def _process_manager(name: str, data: bytes) -> str:
    return kind_of(name)


def _yes(name: str, data: bytes) -> bool:
    return True


__all__ = ["Application", "Mention"]
