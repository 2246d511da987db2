"""What the name of a program says about the words after it, and about what it needs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from dockfix.knowledge.needs_root import rights_of_root
from dockfix.knowledge.package_managers import package_managers
from dockfix.knowledge.tables import table
from dockfix.knowledge.wrappers import starts_another, user_changers
from dockfix.lazy import regex
from dockfix.namedtuple import NamedTuple

# What stands around the words of a list in code, and of a command line
_NO_WORD = regex(r"[\s\"'`,()\[\]]+")


class Client(NamedTuple):
    """Programs that fetch for others, the paths of their settings and keys, and the distributions of Python that read these, too.

    ``packages`` are those of the system that bring nothing else. ``by_git``: managers fetch with them where they fetch with git.
    """

    programs: frozenset[str]
    files: tuple[str, ...]
    distributions: frozenset[str]
    packages: frozenset[str]
    by_git: bool


@cache
def starters() -> frozenset[str]:
    """Programs that may start others, by what they are told."""
    return frozenset(name for each in table("programs")["starts"] for name in each["by"].split())


def started_by(program: str, rest: str) -> frozenset[str]:
    """The programs that one starts by what follows its name in a command line, or in a list of words in code."""
    words = f" {_NO_WORD.sub(' ', rest).strip()} "
    return frozenset(
        name
        for each in table("programs")["starts"]
        if program in each["by"].split() and re.search(each["words"], words)
        for name in each["programs"].split()
    )


@cache
def clients() -> tuple[Client, ...]:
    """git, ssh and their like, and the managers of packages."""
    return tuple(
        Client(
            frozenset(each["programs"].split()),
            tuple(each["files"].split()),
            frozenset(each.get("distributions", "").split()),
            frozenset(each.get("packages", "").split()),
            each.get("by_git", False),
        )
        for each in table("programs")["clients"]
    )


def programs_of_image(name: str) -> frozenset[str]:
    """The programs of an official image of another language, by the image's name; empty for any other."""
    lines = table("programs")["of_images"]
    return frozenset(word for names, line in lines.items() if name in names.split() for word in line.split())


@cache
def shells() -> frozenset[str]:
    """Programs that run a script: the text after ``-c``, or a file."""
    return posix_shells() | _words("shells", "others")


@cache
def posix_shells() -> frozenset[str]:
    """The shells whose language dockfix reads."""
    return _words("shells", "posix")


@cache
def idle() -> frozenset[str]:
    """Programs that do no work of an application, such as what keeps a container alive for people to work in it."""
    return _words("idle", "programs")


@cache
def scripts_as_user() -> frozenset[str]:
    """Programs that run a script, the text after ``-c``, as another user."""
    return _words("shells", "as_user")


@cache
def boxes() -> frozenset[str]:
    """Programs that are many programs, such as busybox: the word after the name is the one that runs."""
    return _words("shells", "boxes")


@cache
def waiters() -> frozenset[str]:
    """Scripts that wait for a server and then run the words behind ``--``, which stand where they are called."""
    return _words("waiters", "scripts")


@cache
def rule_runners() -> frozenset[str]:
    """Programs that run the rules or scripts of a file, such as make and npm."""
    return _words("rule_runners", "programs").union(
        program
        for manager in package_managers()
        if manager.scripts
        for program in manager.programs
        if not starts_another(program, frozenset())
    )


@cache
def harmless_programs() -> frozenset[str]:
    """Programs and builtins that any user may run, and that run none of the application's code."""
    return _words("harmless", "programs")


@cache
def file_writers() -> Mapping[str, re.Pattern[str]]:
    """Programs that write files which their words name in ways that are not taken apart, with what the words of such a call hold."""
    lines = table("programs")["file_writers"].items()
    return {program: regex(pattern) for programs, pattern in lines for program in programs.split()}


@cache
def root_programs() -> frozenset[str]:
    """Programs that need root."""
    groups = table("programs")["root"]
    rights = (right.programs for right in rights_of_root() if right.used is None)
    return user_changers().union(*rights, (program for group in groups for program in group["programs"].split()))


@cache
def ordinary_root_programs() -> frozenset[str]:
    """Those of ``root_programs`` whose names are words of any code, too."""
    groups = table("programs")["root"]
    return frozenset(program for group in groups if group.get("ordinary") for program in group["programs"].split())


@cache
def path_resetters() -> Mapping[str, str]:
    """Programs that give what they start a PATH of their own, with the names by which people know them."""
    return {
        program: name for programs, name in table("programs")["resets_path"].items() for program in programs.split()
    }


@cache
def path_resetting_files() -> Mapping[str, str]:
    """The same by the paths of those whose own names say nothing."""
    return {path: name for paths, name in table("programs")["resets_path_files"].items() for path in paths.split()}


@cache
def service_starters() -> frozenset[str]:
    """Programs that start services of the system by their names."""
    return _words("service_starters", "programs")


@cache
def distinct_path_resetters() -> frozenset[str]:
    """Those of ``path_resetters`` whose names mean nothing else in code."""
    return _words("distinct_path_resetters", "programs")


@cache
def starts_named() -> frozenset[str]:
    """Programs that start no others but those that they are given by name."""
    return _words("starts_named", "programs")


@cache
def starts_nothing() -> frozenset[str]:
    """Builtins of shells and programs that start no program of others."""
    return _words("starts_nothing", "programs")


@cache
def programs_of_machines() -> frozenset[str]:
    """Programs that no official base image has, so that an image has them only where its Dockerfile brings them."""
    return _words("of_machines", "programs")


@cache
def cron_packages() -> frozenset[str]:
    """Debian's packages that bring a program which runs crontabs."""
    return _words("cron", "packages")


@cache
def downloaders() -> frozenset[str]:
    """Programs that fetch files."""
    return _words("files", "downloads")


@cache
def file_movers() -> frozenset[str]:
    """Programs that take files from their first operands to their last."""
    return _words("files", "puts")


@cache
def file_changers() -> frozenset[str]:
    """Programs that change the owner or the mode of what is there."""
    return _words("files", "changes")


@cache
def operand_writers() -> frozenset[str]:
    """Programs each of whose operands is a path that they make or change."""
    return _words("files", "makes") | file_changers()


@cache
def file_makers() -> frozenset[str]:
    """Programs that make files, be it by a redirection."""
    made = downloaders() | _words("files", "unpacks") | file_movers() | _words("files", "makes")
    return made | file_printers() | _words("files", "edits")


@cache
def file_printers() -> frozenset[str]:
    """Programs that make a file where their output goes into one, and nowhere else."""
    return _words("files", "prints")


@cache
def converters() -> frozenset[str]:
    """Programs whose last operand is the file that they make."""
    return _words("files", "converts")


@cache
def file_programs() -> frozenset[str]:
    """Programs that only fetch, unpack, make, move or change files."""
    return downloaders() | _words("files", "unpacks") | file_movers() | operand_writers()


@cache
def other_executables() -> frozenset[str]:
    """Programs of no other table that the kernel starts without a shell."""
    return _words("executables", "programs")


def _words(section: str, key: str) -> frozenset[str]:
    return frozenset(table("programs")[section][key].split())
