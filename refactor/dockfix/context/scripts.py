"""What a shell script runs, wherever in it: read from its syntax tree, never run."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from dockfix.knowledge import (
    Wrapper,
    boxes,
    command_options,
    converters,
    file_movers,
    is_python,
    operand_writers,
    package_manager,
    python_program,
    shells,
    wrappers,
)
from dockfix.lazy import regex
from dockfix.namedtuple import NamedTuple
from dockfix.syntax import encode
from dockfix.syntax.shell import Command, Redirect, Word, shebang, unquote
from dockfix.syntax.shell_tree import is_broken, is_computed, script_tree, text_of, walk

if TYPE_CHECKING:
    from tree_sitter import Node

_MAX_TEXT = 1 << 20
_MAX_DEPTH = 4
_ARGUMENTS = regex(r"\"?\$(?:[@*1]|\{[@*1](?:[:-][^}]*)?\})\"?")
_FILLED = regex(r"\$\{[^}]*\}|\$\([^)]*\)|\$\w+|`[^`]*`")
# The name of a program whose folder is worked out: "$DIR/twistd"
_LAST_PART = regex(r"[\w}\")`]/([\w.+-]+)\"?$")
# A word in double quotes in which no command stands that the shell puts the output of
_PLAIN = regex(r'"(?:[^"\\`$]|\\[\s\S]|\$(?!\())*"')
_ESCAPED = regex(r'\\(["$`\\])')
_SHELLS_OF_THEIR_OWN = {"subshell", "command_substitution", "process_substitution"}
_ASSIGNMENT = regex(r"[A-Za-z_]\w*\+?=")


class ScriptFacts(NamedTuple):
    """What is known of a script.

    ``commands`` are the names as written of all programs, builtins included and the script's own functions left out,
    also behind ``exec``, ``env``, ``gosu`` and the like, in substitutions and in ``sh -c``, with the modules that ``python -m``
    runs as programs of that name. ``words`` are all its literal words, in order. ``dynamic`` is True where a name or a script is
    computed; ``runs_arguments`` where the script runs what it is given (``exec "$@"``). ``writes`` are absolute paths that it
    redirects to or makes, up to where something is filled in; ``outputs`` are the paths, relative ones too, that well-known
    programs are told to write to, a ``$`` in them for each part that is filled in. ``login_shell`` is True where a shell resets
    PATH (``bash -l``, ``su -``). ``steps`` are the commands, assignments and redirections one by one in the order of the text, with what
    each of them starts in turn; where a shell of its own begins and ends stands ``BEGIN`` and ``END``.
    """

    commands: frozenset[str]
    words: tuple[str, ...]
    dynamic: bool = False
    runs_arguments: bool = False
    writes: frozenset[str] = frozenset()
    login_shell: bool = False
    outputs: frozenset[str] = frozenset()
    steps: tuple[Command, ...] = ()


BEGIN, END = Command("(", 0, 0), Command(")", 0, 0)


@lru_cache(maxsize=512)
def commands_in_script(text: str) -> ScriptFacts | None:
    """The commands of a POSIX or bash script; None where it is over 1 MiB or cannot be parsed. Never raises."""
    reader = _Reader()
    if not reader.script(text, 0):
        return None
    return ScriptFacts(
        frozenset(reader.commands - reader.functions),
        tuple(reader.words),
        reader.dynamic,
        reader.runs_arguments,
        frozenset(reader.writes),
        reader.login_shell,
        frozenset(reader.outputs),
        tuple(reader.steps),
    )


def is_shell_script(name: str, text: str) -> bool:
    """Whether a file is a shell script, by the end of its name or its ``#!`` line."""
    ending = posixpath.splitext(name)[1][1:].lower()
    return ending in shells() or not shells().isdisjoint(shebang(text))


class _Word(NamedTuple):
    """A word as written, and its value, None where the shell computes it."""

    text: str
    value: str | None


# What only the shell knows, and what xargs and find give to the programs that they start
_WORKED_OUT = _Word("$()", None)


class _Reader:
    def __init__(self) -> None:
        self.commands: set[str] = set()
        self.functions: set[str] = set()
        self.words: list[str] = []
        self.writes: set[str] = set()
        self.outputs: set[str] = set()
        self.steps: list[Command] = []
        self.dynamic: bool = False
        self.runs_arguments: bool = False
        self.login_shell: bool = False

    def script(self, text: str, depth: int) -> bool:
        """Takes in a script; False where it cannot be parsed."""
        if len(text) > _MAX_TEXT or depth > _MAX_DEPTH:
            return False
        # the grammar takes \r for a part of a word; a shell would too, but then the script could not work at all
        root = script_tree(encode(text).replace(b"\r\n", b"\n")).root_node
        if is_broken(root):
            return False
        first = shebang(text)
        shell = next((number for number, word in enumerate(first) if word in shells()), len(first))
        self.login_shell = self.login_shell or _is_login(first[shell + 1 :])
        self.steps.append(BEGIN)
        inner: list[int] = []  # where the shells end that were begun
        for node in walk(root):
            while inner and node.start_byte >= inner[-1]:
                self.steps.append(END)
                inner.pop()
            if node.type in _SHELLS_OF_THEIR_OWN:
                self.steps.append(BEGIN)
                inner.append(node.end_byte)
            elif node.type == "function_definition":
                self.functions.add(text_of(node.child_by_field_name("name")))
            elif node.type == "file_redirect":
                self.redirect(node)
            elif node.type == "command":
                self.command(node, depth)
            elif node.type == "variable_assignment":
                self.assignment(node)
            elif node.type == "for_statement":
                self.assigned(text_of(node.child_by_field_name("variable")), _WORKED_OUT)
        self.steps += [END] * (len(inner) + 1)
        return True

    def redirect(self, node: Node) -> None:
        target = node.child_by_field_name("destination")
        operator = next((text_of(child) for child in node.children if not child.is_named), "")
        if target is not None and ">" in operator:
            self.write(_word(target))
            redirect = Redirect(operator, _placed(_word(target)))
            self.steps.append(Command(text_of(node), 0, 0, simple=True, redirects=(redirect,)))

    def assignment(self, node: Node) -> None:
        value = node.child_by_field_name("value")
        word = _word(value) if value is not None else _Word("", "")
        self.words += [word.value] if word.value else []
        parent = node.parent
        if parent is None or parent.type != "command":  # in front of a command, it is for that alone
            added = any(child.type == "+=" for child in node.children)
            self.assigned(text_of(node.children[0]), _WORKED_OUT if added else word)

    def assigned(self, name: str, word: _Word) -> None:
        self.steps.append(Command(f"{name}={word.text}", 0, 0, simple=True, assignments=((name, _placed(word)),)))

    def invoked(self, words: Sequence[_Word]) -> None:
        """Notes a command that is started, by the script or by another one."""
        text = " ".join(word.text for word in words)
        self.steps.append(Command(text, 0, 0, simple=True, words=tuple(map(_placed, words))))

    def write(self, word: _Word) -> None:
        text = word.value if word.value is not None else word.text.lstrip("\"'").partition("$")[0].partition("`")[0]
        if text.startswith("/") and not text.startswith(("/dev/", "/proc/")):
            self.writes.add(posixpath.normpath(text))

    def command(self, node: Node, depth: int) -> None:
        words = [
            _word(child.children[0] if child.type == "command_name" and child.children else child)
            for child in node.children
            if child.is_named and child.type != "variable_assignment" and not child.type.endswith("_redirect")
        ]
        self.words += [word.value for word in words if word.value is not None]
        self.invocation(words, depth)
        body = _heredoc(node)
        if body is not None and words and posixpath.basename(words[0].value or "") in shells():
            self.nested(_Word(body, body), depth)

    def output(self, program: str, rest: Sequence[_Word]) -> None:
        """Takes in where a well-known program is told to write."""
        options = command_options(program).written
        found = [rest[number + 1] for number, word in enumerate(rest[:-1]) if word.value in options]
        for word in rest:
            name, equals, value = (word.text if word.value is None else word.value).partition("=")
            if equals and name in options:
                found.append(_Word(value, value if word.value is not None else None))
        if program in converters() and rest and not (rest[-1].value or "").startswith("-"):
            found.append(rest[-1])
        for word in found:
            self.write(word)
            text = word.value if word.value is not None else _FILLED.sub("$", word.text).replace('"', "")
            self.outputs |= {text} - {"-", ""}

    def nested(self, word: _Word, depth: int) -> None:
        """Takes in a script inside a word; variables that are put into it stand for words of it, and start nothing."""
        value = word.value if word.value is not None else _within_quotes(word.text)
        if value is None or not self.script(value, depth + 1):
            self.dynamic = True

    def invocation(self, words: Sequence[_Word], depth: int) -> None:
        """Takes in a command and what it starts in turn."""
        fed = False
        while words:
            name = words[0].value
            if name is None:
                if _ARGUMENTS.fullmatch(words[0].text):
                    self.runs_arguments = True
                else:
                    self.dynamic = True
                    last = _LAST_PART.search(words[0].text)
                    self.commands |= {last[1]} if last else set()
                return
            self.commands.add(name)
            self.invoked([*words, _WORKED_OUT] if fed else words)
            program = posixpath.basename(name)
            fed = fed or program == "xargs"
            words = self.started(program, words[1:], depth)

    def started(self, program: str, rest: Sequence[_Word], depth: int) -> Sequence[_Word]:
        """The words of the command that ``program`` starts, empty for none."""
        values = [word.value or "" for word in rest]
        self.output(program, rest)
        if program in boxes():
            return rest
        if is_python(program):
            return _module(rest)
        if program in shells():
            return self.shell(rest, values, depth)
        if program == "sudo":
            own = values[: len(values) - len(_after_options(rest, wrappers()["sudo"]))]
            self.login_shell = self.login_shell or any(
                re.fullmatch(r"-[A-Za-z]*i[A-Za-z]*|--login", value) for value in own
            )
        if program in {"su", "runuser"}:
            self.login_shell = self.login_shell or "-" in values or _is_login(values)
            for index, value in enumerate(values[:-1]):
                if value in {"-c", "--command"}:
                    self.nested(rest[index + 1], depth)
        if program in {"eval", "trap"} and rest:
            if program == "eval" and any(word.value is None for word in rest):
                self.dynamic = True
            elif program == "eval" or len(rest) > 1:
                text = " ".join(values) if program == "eval" else values[0]
                self.nested(_Word(text, text if program == "eval" else rest[0].value), depth)
        if program in operand_writers() or program in file_movers():
            for word in rest if program in operand_writers() else rest[-1:]:
                self.write(word)
        if program == "find":
            for index, value in enumerate(values):
                if value in {"-exec", "-execdir", "-ok", "-okdir"}:
                    self.invocation(rest[index + 1 : index + 2], depth)
                    self.invoked([_WORKED_OUT if word.value == "{}" else word for word in rest[index + 1 :]])
        wrapper = wrappers().get(program)
        if wrapper is not None and not wrapper.subcommands:
            return _after_options(rest, wrapper)
        given = [number for number, value in enumerate(values) if wrapper is not None and value in wrapper.subcommands]
        if wrapper is not None and given:
            return _after_options(rest[given[0] + 1 :], wrapper)
        # wait-for-it host:port -- command, and the like
        return (
            rest[values.index("--") + 1 :]
            if "--" in values and program not in {"set", "getopt", "git", "grep", "rm"}
            else ()
        )

    def shell(self, rest: Sequence[_Word], values: list[str], depth: int) -> Sequence[_Word]:
        self.login_shell = self.login_shell or _is_login(values)
        position = 0
        while position < len(rest) and values[position].startswith(("-", "+")):
            if re.fullmatch(r"-[A-Za-z]*c", values[position]):
                if position + 1 < len(rest):
                    self.nested(rest[position + 1], depth)
                return ()
            position += 2 if values[position] in {"-o", "+o", "-O", "+O", "--rcfile", "--init-file"} else 1
        # a script of a name that is computed; `sh "$@"` runs what it is given
        if position < len(rest) and rest[position].value is None:
            given = _ARGUMENTS.fullmatch(rest[position].text) is not None
            self.runs_arguments = self.runs_arguments or given
            self.dynamic = self.dynamic or not given
        return ()


def _after_options(words: Sequence[_Word], wrapper: Wrapper) -> Sequence[_Word]:
    positional, valued = wrapper.positional, wrapper.valued
    position = 0
    while position < len(words):
        value = words[position].value
        if value == "--":
            return words[position + 1 :]
        if value is not None and value.startswith("-"):
            bundle = not value.startswith("--") and "-" + value[-1] in valued
            position += 2 if value in valued or bundle else 1
        elif _ASSIGNMENT.match(words[position].text if value is None else value):
            position += 1
        elif positional:
            positional -= 1
            position += 1
        else:
            return words[position:]
    return ()


def _module(words: Sequence[_Word]) -> Sequence[_Word]:
    """The words from the module that ``python -m`` runs, where it is a program of that name as well; empty for other code."""
    for position, word in enumerate(words[:-1]):
        value = word.value or ""
        if re.fullmatch(r"-[A-Za-z]*m", value):
            name = words[position + 1].value or ""
            return words[position + 1 :] if python_program(name) or package_manager(name) else ()
        after_option = position > 0 and words[position - 1].value in {"-W", "-X"}
        if not (value.startswith("-") or after_option) or re.match(r"-[A-Za-z]*c", value):
            break
    return ()


def _is_login(options: Sequence[str]) -> bool:
    """Whether a shell's words ask for a login shell."""
    for option in options:
        if option in {"--login", "-"}:
            return True
        if not option.startswith("-"):
            return False
        if not option.startswith("--") and "l" in option:
            return True
        if option.endswith("c"):
            return False
    return False


def _placed(word: _Word) -> Word:
    return Word(word.text, word.value, 0, 0)


def _word(node: Node) -> _Word:
    text = text_of(node)
    return _Word(text, None if is_computed(node) else unquote(text))


def _within_quotes(text: str) -> str | None:
    """The script in a word of double quotes that only variables are put into; None where it is no such word."""
    quoted = len(text) > 1 and text[0] == text[-1] == '"'
    return _ESCAPED.sub(r"\1", text[1:-1]) if quoted and _PLAIN.fullmatch(text) else None


def _heredoc(node: Node) -> str | None:
    """The body of the heredoc that a command reads, None where it reads none."""
    parent = node.parent
    if parent is None or parent.type != "redirected_statement":
        return None
    for redirect in parent.children:
        if redirect.type == "heredoc_redirect":
            return next((text_of(child) for child in redirect.children if child.type == "heredoc_body"), None)
    return None
