"""The paths that a program names or writes, and that a user without root's rights may not be able to write."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator

from dockfix.context.application import Mention
from dockfix.context.compose import ComposeService
from dockfix.context.named_paths import LOCAL_URL
from dockfix.context.program.model import UNKNOWN
from dockfix.facts import Facts
from dockfix.facts.how_it_is_run import by_hand, containers
from dockfix.facts.ownership import (
    brings_manifests,
    gets_owner,
    made_by,
    made_folders,
    new_folders,
    place_of,
    taken_place,
)
from dockfix.facts.shell_writes import shell_writes
from dockfix.facts.user import user_of
from dockfix.lazy import regex
from dockfix.managers.registry import language_managers
from dockfix.managers.variables import is_of_compilers
from dockfix.model.answers import Worked, Written
from dockfix.model.effects import within
from dockfix.model.reason import Reason, doubt

# What any user may write
_SHARED = ("/tmp", "/var/tmp", "/dev", "/proc/self")
# What any user may read, so that a path in it which is only named is no question
_READ_ONLY = (
    "/usr/bin",
    "/usr/sbin",
    "/usr/lib",
    "/usr/local/bin",
    "/usr/local/lib",
    "/usr/share/fonts",
    "/usr/share/zoneinfo",
    "/usr/share/ca-certificates",
    "/lib",
    "/lib64",
    "/bin",
    "/sbin",
    "/proc",
    "/sys",
    "/etc/ssl",
    "/etc/hosts",
    "/etc/hostname",
    "/etc/passwd",
    "/etc/group",
    "/etc/machine-id",
    "/etc/debian_version",
    "/etc/services",
    "/etc/protocols",
    "/etc/localtime",
    "/etc/timezone",
    "/etc/os-release",
    "/etc/resolv.conf",
    "/etc/mime.types",
)
# What only root can read, wherever it is named
_CLOSED = rb"/etc/(?:letsencrypt|ssl/private|g?shadow)\b[\w./@+-]*"
# Code that leaves the folder it lies in
_UPWARDS = rb"(?:\.parent){2,}|\.parents\[\s*\d+|(?:dirname\(\s*(?:os\.)?(?:path\.)?){2,}|['\"]\.\./"
# Paths in calls that make files
_WRITTEN_PATH = (
    rb"\b(?:makedirs|mkdir|sqlite3?\.connect|\w*Handler|chdir|rename|copy\w*|move|dump|save|to_\w+|write\w*)"
    rb"\(\s*[rbf]*['\"]/[A-Za-z][\w./-]*"
)
# A path in a command line. One that an option gives may be a part of a URL.
_IN_COMMAND = regex(rf"(?:(?<=[\s=\"'])|^)({LOCAL_URL})?(/[A-Za-z0-9_][\w.@+-]*(?:/[\w.@+-]+)*)")
_WEB_OPTION = regex(
    r"(?:prefix|root-?path|url\w*|uri|route|endpoint|static-map|location|health\w*|https?://\S*)[=\s\"']*$"
)
# Names of variables that hold an address, or a part of one
_WEB_VARIABLE = regex(
    r"(?i)(?:.*_)?(?:ur[il]|routes?|endpoint|href|(?:url|route|api\w*|path)_prefix|(?:api|url|cookie)_path|script_name)"
)
# Code that only reads what lies above it: modules, and settings for the environment
_READS_ABOVE = regex(rb"\bsys\.path\b|\b(?:load_dotenv|dotenv_values|find_dotenv)\s*\(|\.env[\w.]*[\"']")
# Values that a Compose file or a Kubernetes manifest gives a container
_VALUE_OF_SERVICE = regex(rf"(?m)(?:^|[=:,])(?:{LOCAL_URL})?(/(?!/)[\w.@+/-]+)")
_VALUE_OF_POD = rf"(?m)^[ \t-]*(?:value|[A-Z][A-Z0-9_]+):[ \t]*['\"]?(?:{LOCAL_URL})?/[\w.@+/-]+".encode()
_LISTS = regex(r"\b(?:PATH|LD_LIBRARY_PATH|PYTHONPATH|LD_PRELOAD|MANPATH)=\S*")


def outside_paths(facts: Facts) -> Iterator[Reason]:
    """Each path named by code, scripts, settings, Compose files or the Dockerfile that the new user may not be able to write."""
    made = facts.ask(new_folders)
    owned = _owned(facts, made)
    there = [each for part in facts.model.stages for each in part.end.environments]
    named = {path for each in there for path in (each.root, *(each.carried.paths if each.carried else ()))}
    ours = _Folders((*owned, *_SHARED))
    # what a user can do with a path that a program names: write it, or read it where nobody writes
    reachable = _Folders((*owned, *named, *_SHARED, *_READ_ONLY))
    search = facts.application.search
    for mention in (
        *facts.application.absolute_paths(),
        *_paths_in(search(_WRITTEN_PATH)),
        *facts.application.setting_paths(),
    ):
        if mention.word not in reachable:
            yield _doubt(f"{mention.file}:{mention.line} names {mention.word}", mention.word)
    for mention in search(_CLOSED):
        yield _closed(f"{mention.file}:{mention.line}", mention.word)
    for mention in search(_UPWARDS):
        if mention.file.endswith(".py") and _leaves(facts, mention):
            yield doubt(f"{mention.file}:{mention.line} names a folder above the program's own")
    for write in (*facts.program.writes, *facts.processes.writes):
        path = place_of(facts, write)
        if path and taken_place(write, path) not in ours:
            yield doubt(
                f"{write.file}:{write.line} writes {path}, which only root may be able to", answers=[Written(path)]
            )
    yield from _written_elsewhere(facts, ours)
    for path, by in sorted(facts.ask(shell_writes).paths.items()):
        if path not in ours:
            said = f"{by} writes {path}" if by else f"the container writes {path} when it starts"
            yield doubt(f"{said}, which only root may be able to", answers=[Written(path)])
    for service in (*facts.located.services, *facts.ask(containers)):
        for path in _VALUE_OF_SERVICE.findall("\n".join(_values(service))):
            if path not in reachable:
                yield _doubt(f"{service.file} gives the service {service.name} the path {path}", path)
    for mention in _paths_in(facts.kubernetes.says(_VALUE_OF_POD)):
        if mention.word not in reachable:
            yield _doubt(f"{mention.file}:{mention.line} gives the container the path {mention.word}", mention.word)
    for where, text in _texts(facts):
        if closed := re.search(_CLOSED.decode(), text):
            yield _closed(where, closed[0])
        for path in _in_command(text):
            if path not in reachable and facts.layout.file(path) is None:
                yield _doubt(f"{where} names {path}", path)
    for folder, write in made.items():
        made_for = f"{write.file}:{write.line} writes to {folder}, which has to be made for the user"
        yield doubt(made_for, answers=[Written(folder)])


def _written_elsewhere(facts: Facts, ours: _Folders) -> Iterator[Reason]:
    """What is written by a relative path after the program, or the shell that starts it, has gone to another folder."""
    workdir = facts.final.end.workdir or "/"
    folders = {folder: where for folder, where in facts.ask(shell_writes).folders.items() if folder != workdir}
    for each in facts.program.folders:
        path = place_of(facts, each) or (posixpath.join(workdir, each.path) if each.base == "cwd" else "")
        folders.setdefault(posixpath.normpath(path) if path else workdir, f"{each.file}:{each.line}")
    for write in facts.program.writes if folders else ():
        for folder, where in folders.items():
            path = posixpath.normpath(posixpath.join(folder, write.path.partition(UNKNOWN)[0]))
            if write.base == "cwd" and path not in ours:
                said = f"{where} goes to {folder}, where {write.file}:{write.line} writes {path}"
                yield doubt(f"{said}, which only root may be able to", answers=[Written(path)])


def _values(service: ComposeService) -> Iterator[str]:
    """The values of a service's environment: none that is a path of a URL by the name of its variable."""
    for setting in service.settings:
        name, _, value = setting.partition("=")
        if not (value.startswith("/") and _WEB_VARIABLE.fullmatch(name)):
            yield value


def _doubt(text: str, path: str) -> Reason:
    return doubt(f"{text}, which only root may be able to write", answers=[Written(path)])


def _closed(where: str, path: str) -> Reason:
    return doubt(f"{where} names {path}, which only root may be able to read", answers=[Worked()])


def _owned(facts: Facts, made: Iterable[str]) -> set[str]:
    """What the new user owns, and what is put there to be read: single files in /etc, manifests."""
    owned = {facts.final.end.workdir or "/", user_of(facts).home, *facts.ask(made_folders), *made}
    for step in facts.final.of("COPY", "ADD"):
        copy = step.copy
        if copy is not None and copy.target is not None:
            configures = not copy.target_is_folder and within(copy.target, "/etc")
            if configures:
                owned.add(copy.target)
            elif gets_owner(facts, step):
                owned.update(made_by(facts, step))
            elif brings_manifests(facts, step):
                owned.update(path for name in facts.copies[step].files for path in facts.layout.by(step, name))
    return owned


def _texts(facts: Facts) -> Iterator[tuple[str, str]]:
    """What the container is started with: values of ENV, commands, scripts, each with where it stands."""
    for step in facts.final.of("ENV"):
        words = step.instruction.words
        given = zip(words[::2], words[1::2], strict=True)
        settings = (f"{name}={value}" for name, value in given if not _of_no_use(facts, name))
        yield f"the ENV in line {step.line}", "\n".join(settings)
    for where, text in facts.startup.texts.items():
        if not where.startswith("HEALTHCHECK"):
            told = re.sub(r"^(CMD|ENTRYPOINT) in line", r"the \1 in line", where)
            yield told, "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    for process in facts.processes.programs:
        yield f"{process.file}:{process.line}", process.command


def _of_no_use(facts: Facts, variable: str) -> bool:
    """Whether a variable is a manager's that no container runs, so that nobody reads it; or one by which a compiler finds what it reads."""
    owners = [each for each in language_managers() if each.owns(variable)]
    run = facts.startup.programs.keys() | facts.ask(by_hand).programs.keys()
    read = rf"(?<!\w){re.escape(variable)}(?!\w)"
    idle = bool(owners) and all(each.runtime == "python" and each.programs.isdisjoint(run) for each in owners)
    if not idle and not is_of_compilers(variable):
        return False
    told = any(re.search(read, text) for text in facts.startup.texts.values())
    return not told and not facts.application.search(read.encode())


def _in_command(text: str) -> Iterator[str]:
    """The absolute paths in a command or a value; lists of folders to search, and paths of URLs, are left out."""
    text = _LISTS.sub("", text)
    for match in _IN_COMMAND.finditer(text):
        if match[1] or not _WEB_OPTION.search(text, max(0, match.start() - 60), match.start()):
            yield match[2]


def _paths_in(mentions: Iterable[Mention]) -> list[Mention]:
    """Mentions of calls and settings, cut down to the path in them."""
    return [
        mention._replace(word=path[0])
        for mention in mentions
        if (path := re.search(r"/[A-Za-z][\w.@+/-]*", mention.word))
    ]


def _leaves(facts: Facts, mention: Mention) -> bool:
    """Whether code goes up further than the folder that was copied."""
    text = mention.word
    if _READS_ABOVE.search(facts.application.line_of(mention)):
        return False
    if "../" in text:
        return True
    numbered = text.startswith(".parents[")
    ups = int(re.sub(r"\D", "", text) or 0) if numbered else (text.count(".parent") or text.count("dirname(")) - 1
    depths = [
        mention.file.removeprefix("" if folder == "." else f"{folder}/").count("/")
        for copied in facts.copies.values()
        for folder in copied.directories
        if folder == "." or mention.file.startswith(f"{folder}/")
    ]
    return ups > min(depths, default=0)


class _Folders:
    """Absolute paths, and all that lies below them."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._paths = frozenset(paths)
        self._above = {path.rstrip("/") for path in self._paths}
        self._asked: dict[str, bool] = {}

    def __contains__(self, path: str) -> bool:
        if path not in self._asked:
            self._asked[path] = self._has(posixpath.normpath(path))
        return self._asked[path]

    def _has(self, path: str) -> bool:
        return path in self._paths or any(path[:end] in self._above for end, sign in enumerate(path) if sign == "/")
