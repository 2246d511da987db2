"""An instruction in shell form with its script, and the one way to write it again.

What comes out is parsed and compared with what was asked for: commands, words, separators, flags, comments. Where anything
differs there is no result, so that a layout that nobody thought of costs an edit and never a command.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import pairwise

from dockfix.dataclass import dataclass
from dockfix.lazy import regex
from dockfix.syntax.cut import command_spans, cut, join_keyword
from dockfix.syntax.edit import snippet
from dockfix.syntax.grammar import SPACES
from dockfix.syntax.nodes import Comment, Dockerfile, Instruction
from dockfix.syntax.shell import (
    Command,
    Script,
    Word,
    commands_within,
    comment_spans,
    parse_script,
    shebang,
    tokens_within,
)

_KEYWORDS = {"RUN", "CMD", "ENTRYPOINT"}
_COMMENT = regex(rf"\n[{SPACES}]*(#[^\n]*)")
_LONG = 100  # characters of a line
_CONTINUED_AT_FRONT = regex(r"\n([ \t]*)&&[ \t]")
_INDENTED = regex(r"\n([ \t]+)\S")


def shell_form(node: Instruction) -> ShellForm | None:
    """A RUN, CMD or ENTRYPOINT in shell form, whichever shell runs it (see ``ShellForm.shebang``).

    None: exec form, or the script is not the arguments or one heredoc.
    """
    if node.keyword not in _KEYWORDS or node.json is not None:
        return None
    if not node.heredocs:
        return ShellForm(node, parse_script(node.args), None)
    only = node.heredocs[0]
    if len(node.heredocs) > 1 or node.args.replace(" ", "").lstrip("<-").strip("\"'") != only.name:
        return None
    return ShellForm(node, parse_script(only.body), only.body_start)


@dataclass(frozen=True)
class ShellForm:
    """An instruction and the script that a shell runs for it.

    ``body_start`` is where the script begins in the node's text if it is a heredoc's body; None: it is the arguments.
    """

    node: Instruction
    script: Script
    body_start: int | None

    @property
    def shebang(self) -> str:
        """The program that a heredoc's own ``#!`` line names, without its folder; "" where it has none."""
        words = shebang(self.script.text) if self.body_start is not None else ()
        return words[-1] if words else ""

    @property
    def commands(self) -> tuple[Command, ...]:
        """The script's commands, in order."""
        return self.script.commands

    @property
    def is_chain(self) -> bool:
        """Whether the arguments are commands joined by ``&&`` and nothing else: no comment of the shell, no ``;`` at the end."""
        return (
            self.body_start is None
            and bool(self.commands)
            and not self.script.text[self.commands[-1].end :].strip()
            and all(command.separator in {"", "&&"} for command in self.commands)
        )

    def edited(
        self,
        *,
        drop: Collection[int] = (),
        remove: Collection[Word] = (),
        insert: Iterable[tuple[Word, str]] = (),
        keep_comments: bool = False,
    ) -> Instruction | None:
        """The instruction without some commands and words, and with others put in.

        ``drop`` are indices of ``commands``, ``remove`` words of them, or of what a loop or the like is made of; ``insert`` names
        a word and the words that are to stand behind it, or in its place where it is removed. A line that nothing is left of
        goes, with the comments right above it unless ``keep_comments``; comments within a dropped command go with it.

        None where no command would be left, or where the text can't be changed without loss. Raises ValueError for an index
        or a word that this script doesn't have.
        """
        where = {word: index for index, command in enumerate(self.commands) for word in command.words}
        if not where.keys() >= {*remove}:
            opaque = ((index, command) for index, command in enumerate(self.commands) if not command.simple)
            inner = ((index, each) for index, command in opaque for each in commands_within(self.script, command))
            where |= {word: index for index, each in inner for word in each.words}
        added: dict[Word, list[str]] = {}
        for word, text in insert:
            added.setdefault(word, []).append(text)
        if not set(drop) <= set(range(len(self.commands))) or not where.keys() >= {*remove, *added}:
            raise ValueError(f"not of this script: {sorted(drop)}, {[word.text for word in (*remove, *added)]}")
        if not drop and not remove and not added:
            return self.node
        kept = [index for index in range(len(self.commands)) if index not in drop]
        if not kept or any(where[word] in drop for word in added):
            return None
        words: dict[Word, tuple[str, ...]] = {}
        for word in {*remove, *added}:
            new = _words(" ".join(added.get(word, ())))
            if new is None:
                return None
            words[word] = new if word in remove else (word.text, *new)
        text = self._cut(drop, {word: (new, word in remove) for word, new in words.items()}, keep_comments)
        edited = Instruction(text, self.node.line, self.node.escape)
        opened = {where[word] for word in remove if not self.commands[where[word]].simple}
        if opened and any(where[word] in opened for word in added):
            return None
        shapes = [
            tokens_within(self.script, self.commands[index], remove)
            if index in opened
            else _shape(self.commands[index], words)
            for index in kept
        ]
        weak = [
            any(command.separator != "&&" for command in self.commands[before + 1 : index + 1])
            for before, index in pairwise(kept)
        ]
        return edited if self._holds(edited, shapes, weak, self._may_go(drop, words, keep_comments)) else None

    def _cut(
        self, drop: Collection[int], words: Mapping[Word, tuple[tuple[str, ...], bool]], keep_comments: bool
    ) -> str:
        """The new text; ``words`` says what becomes of a word, and whether it goes itself."""
        text, escape, start = self.node.text, self.node.escape, 0
        end = len(text)
        if self.body_start is not None:  # the shell's own continuation, whatever the file's is
            escape, start, end = "\\", self.body_start, self.body_start + len(self.script.text)

        def raw(first: int, last: int) -> tuple[int, int]:
            span = self._span(first, last)
            return span[0] - start, span[1] - start

        removed = command_spans(text[start:end], self.script.text, self.commands, drop, raw)
        replaced = []
        for word, (new, gone) in words.items():
            first, last = raw(word.start, word.end)
            if not new:
                removed.append((first, last))
            else:
                between = _apart(text[start:end], first, last, escape)
                replaced.append(
                    (first, last, between.join(new))
                    if gone
                    else (last, last, "".join(between + each for each in new[1:]))
                )
        body = cut(text[start:end], escape, removed, replaced, keep_comments)
        return text[:start] + body + text[end:] if self.body_start is not None else join_keyword(body, escape)

    def _span(self, start: int, end: int) -> tuple[int, int]:
        """The span in the node's text of a span of the script."""
        if self.body_start is not None:
            return self.body_start + start, self.body_start + end
        return self.node.span(self.node.args_start + start, self.node.args_start + end)

    def comments(self) -> list[tuple[int, str]]:
        """The comments, of the Dockerfile and of the shell, and where they stand in the node's text, in order."""
        end = self.node.head_end if self.body_start is not None else len(self.node.text)
        found = [(match.start(1), match[1].strip(SPACES)) for match in _COMMENT.finditer(self.node.text, 0, end)]
        for span in comment_spans(self.script.text):
            found.append((self._span(*span)[0], self.script.text[slice(*span)].strip()))
        return sorted(found)

    def _may_go(
        self, drop: Collection[int], words: Mapping[Word, tuple[str, ...]], keep_comments: bool
    ) -> Counter[str]:
        """The comments that may go: those within a dropped command, and those right above something that goes."""
        gone: list[tuple[int, int]] = []
        starts: dict[int, bool] = {}
        for index, command in enumerate(self.commands):
            first, last = self._span(command.start, command.end)
            starts[first] = index in drop
            if index in drop:
                gone.append((first, last))
            else:
                starts.update(
                    {self._span(word.start, word.end)[0]: not words.get(word, (word,)) for word in command.words}
                )
        may_go: Counter[str] = Counter()
        for position, text in self.comments():
            below = min((start for start in starts if start > position), default=None)
            above = not keep_comments and below is not None and starts[below]
            may_go[text] += above or any(first < position < last for first, last in gone)
        return may_go

    def _holds(self, new: Instruction, shapes: list[object], weak: list[bool], may_go: Counter[str]) -> bool:
        """Whether a new instruction has exactly these commands and separators, and otherwise what this one has."""
        form = shell_form(new)
        if form is None or not _same_frame(self, form):
            return False
        comments = [Counter(text for _, text in each.comments()) for each in (self, form)]
        return (
            len(form.commands) == len(shapes)
            and all(form._is(*each) for each in zip(form.commands, shapes, strict=True))
            and [command.separator != "&&" for command in form.commands[1:]] == weak
            and comments[1] <= comments[0]
            and comments[0] - comments[1] <= may_go
        )

    def _is(self, command: Command, shape: object) -> bool:
        """Whether a command has a shape, or is a piece that is made of these tokens."""
        return _shape(command, {}) == shape or (
            isinstance(shape, tuple) and not command.simple and tokens_within(self.script, command) == shape
        )

    def exec_form(self) -> Instruction | None:
        """Each word as a JSON string in its own place, so that lines and comments stay.

        None where the script is more than one plain command, or a shell would expand something.
        """
        node, text = self.node, self.node.text
        if self.body_start is not None or len(self.commands) != 1:
            return None
        values = [word.value for word in self.commands[0].words]
        for number, word in reversed(list(enumerate(self.commands[0].words))):
            start, end = self._span(word.start, word.end)
            opening = "[" if number == 0 else ""
            closing = "]" if number == len(values) - 1 else ","
            text = f"{text[:start]}{opening}{json.dumps(word.value, ensure_ascii=False)}{closing}{text[end:]}"
        new = Instruction(text, node.line, node.escape)
        same = new.json is not None and list(new.json) == values and new.inner_comments == node.inner_comments
        return new if same and new.keyword == node.keyword and _flags(new) == _flags(node) else None


def join(
    tree: Dockerfile,
    first: Instruction,
    second: Instruction,
    comments: Sequence[Comment] = (),
    same_line: bool = False,
) -> Instruction | None:
    """One RUN with the commands of two, which ``&&`` joins, and ``comments`` between; None where that can't be done.

    ``same_line`` puts the first command of ``second`` on the line that ``first`` ends with. Both are run by the same shell.
    """
    start = second.span(second.args_start, second.args_start)[0]
    head, body = first.text.rstrip(), second.text[start:]
    if same_line and not comments:
        text = f"{head} && {body}"
    else:
        indent, front = _layout(tree, first, second)
        lines = "".join(f"{indent}{comment.text.strip()}{tree.newline}" for comment in comments)
        before, after = ("", "&& ") if front else (" &&", "")
        text = f"{head}{before} {tree.escape}{tree.newline}{lines}{indent}{after}{body}"
    inside = [*first.inner_comments, *(comment.text.strip() for comment in comments), *second.inner_comments]
    forms = shell_form(first), shell_form(second)
    if forms[0] is None or forms[1] is None or second.flags:
        return None
    return _chain(forms[0], text, forms[0].commands, forms[1].commands, inside)


def append(tree: Dockerfile, run: Instruction, command: str) -> Instruction | None:
    """A RUN with one more command at its end, on a line of its own where it has several lines or would get too long.

    None where that can't be done.
    """
    text = run.text.strip()
    last = snippet(tree, f"RUN {command}\n", run.line)[0]
    if not isinstance(last, Instruction):
        return None
    new = join(tree, run, last, same_line="\n" not in text and len(text) + len(command) < _LONG)
    ending = run.text[len(run.text.rstrip()) :].lstrip(" \t")
    return None if new is None else Instruction(new.text.rstrip() + ending, run.line, run.escape)


def prepend(tree: Dockerfile, run: Instruction, commands: Sequence[str]) -> Instruction | None:
    """A RUN with more commands before its own, which ``&&`` joins, each on a line of its own; None where that can't be done."""
    form = shell_form(run)
    if form is None:
        return None
    start = run.span(run.args_start, run.args_start)[0]
    before, after = ("", "&& ") if _layout(tree, run)[1] else (" &&", "")
    end = f" {run.escape}{tree.newline}    "
    opening = run.text[:start].rstrip(" \t")
    opening += "    " if opening.endswith("\n") else end
    text = opening + f"{before}{end}{after}".join([*commands, run.text[start:]])
    return _chain(form, text, parse_script(" && ".join(commands)).commands, form.commands, run.inner_comments)


def _chain(
    like: ShellForm, text: str, first: Sequence[Command], second: Sequence[Command], comments: Sequence[str]
) -> Instruction | None:
    """The text as an instruction, if it is two lists of commands with ``&&`` between, these comments, and else what ``like`` is."""
    new = Instruction(text, like.node.line, like.node.escape)
    form = shell_form(new)
    if form is None or form.body_start is not None or not first or not second or not _same_frame(like, form):
        return None
    separators = [command.separator for command in (*first[1:], *second)]
    separators[len(first) - 1] = "&&"
    same = (
        [_shape(command, {}) for command in form.commands] == [_shape(command, {}) for command in (*first, *second)]
        and [command.separator for command in form.commands[1:]] == separators
        and [comment for _, comment in form.comments()] == list(comments)
    )
    return new if same else None


def _words(text: str) -> tuple[str, ...] | None:
    """The words of ``text`` as written; None where it is more than words."""
    line = f"x {text}".rstrip()
    commands = parse_script(line).commands
    if (
        len(commands) != 1
        or not commands[0].simple
        or commands[0].redirects
        or commands[0].text != line
        or "\n" in line
    ):
        return None
    return tuple(word.text for word in commands[0].args)


def _shape(command: Command, words: Mapping[Word, tuple[str, ...]]) -> object:
    """What a command is, wherever it stands; ``words`` says what stands in the place of some words."""
    if not command.simple:
        return command.text
    return (
        [text for word in command.words for text in words.get(word, (word.text,))],
        [(name, value.text if value else None) for name, value in command.assignments],
        [(redirect.operator, redirect.target.text if redirect.target else None) for redirect in command.redirects],
    )


def _flags(node: Instruction) -> list[tuple[str, str | None]]:
    return [(flag.name, flag.value) for flag in node.flags]


def _same_frame(old: ShellForm, new: ShellForm) -> bool:
    """Whether all is the same around two scripts: keyword, flags, the lines of a heredoc."""
    if (old.body_start is None) != (new.body_start is None):
        return False
    around = [
        (each.node.text[: each.body_start], each.node.text[each.body_start + len(each.script.text) :])
        for each in (old, new)
        if each.body_start is not None
    ]
    rest = new.node.text[new.node.head_end :] if new.body_start is None else ""
    return (
        old.node.keyword == new.node.keyword
        and _flags(old.node) == _flags(new.node)
        and around[:1] == around[1:]
        and all(not line.strip() or line.lstrip().startswith("#") for line in rest.split("\n"))
    )


def _layout(tree: Dockerfile, *nodes: Instruction) -> tuple[str, bool]:
    """How continued commands are written here: their indentation, and whether ``&&`` stands at the front of a line.

    The nodes decide, or else the whole file.
    """
    for text in ("".join(node.text for node in nodes), tree.text):
        fronts = _CONTINUED_AT_FRONT.findall(text)
        ends = re.findall(rf"&&[ \t]*{re.escape(tree.escape)}[ \t]*\r?\n(?:[ \t]*#[^\n]*\n)*([ \t]*)[^ \t#\r\n]", text)
        if fronts or ends:
            front = len(fronts) >= len(ends)
            indent = (fronts if front else ends)[0] or "    "
            own = _INDENTED.search(nodes[0].text)
            return own[1] if own and len(own[1]) < len(indent) and text is tree.text else indent, front
    return tree.indent if tree.indent and len(tree.indent) < 4 else "    ", True


def _apart(text: str, first: int, last: int, escape: str) -> str:
    """What parts a word at ``first`` from others that are put behind it: a new line where it has a line of its own."""
    start = text.rfind("\n", 0, first) + 1
    above, rest = text[:start].rstrip("\r\n"), text[last:].split("\n", 1)[0].strip()
    if text[start:first].strip() or rest != escape or not above.endswith(escape):
        return " "
    newline = "\r\n" if text[:start].endswith("\r\n") else "\n"
    return f" {escape}{newline}{text[start:first]}"
