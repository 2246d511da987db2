"""Instructions written again in place: with more flags or fewer, or a FROM with another image or name.

What comes out is parsed and compared with what was asked for; where anything differs, there is no result.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from dockfix.lazy import regex
from dockfix.syntax import grammar
from dockfix.syntax.cut import cut, join_keyword
from dockfix.syntax.evaluate import pairs
from dockfix.syntax.nodes import Dockerfile, Instruction

_WORD = regex(r"[^\t\v\f\r ]+")
_PAIR = regex(r"""(?s)(?:"(?:[^"\\]|\\.)*"|'[^']*'|\\.|[^\s"'\\])+""")


def with_flags(tree: Dockerfile, node: Instruction, flags: Sequence[str], lines: bool = False) -> Instruction | None:
    """An instruction of ``tree`` with flags, such as ``--chown=app``, before the ones that it has; None where that can't be done.

    With ``lines`` each of them gets a line of its own, but for a heredoc's ``<<``, which stands behind the last of them.
    """
    if not flags:
        return node
    end = node.keyword_span[1]
    rest = node.text[end:]
    joint = f" {node.escape}{tree.newline}    " if lines else " "
    if lines:
        rest = rest.lstrip(" \t")
        continued = grammar.continuation(node.escape).match(rest.partition("\n")[0])
        rest = (" " if continued or rest.startswith("<<") else joint) + rest
    new = Instruction(f"{node.text[:end]} {joint.join(flags)}{rest}", node.line, node.escape)
    given = Instruction(f"{node.keyword} {' '.join(flags)} x", node.line, node.escape)
    same = (
        len(given.flags) == len(flags)
        and given.args == "x"
        and [flag[:2] for flag in new.flags] == [flag[:2] for flag in (*given.flags, *node.flags)]
        and (new.keyword, new.args, new.inner_comments) == (node.keyword, node.args, node.inner_comments)
        and [each[:5] for each in new.heredocs] == [each[:5] for each in node.heredocs]
    )
    return new if same else None


def without_flag(node: Instruction, name: str) -> Instruction | None:
    """An instruction without a flag, and all else as it was; None where that can't be done."""
    flag = next((each for each in node.flags if each.name == name), None)
    if flag is None:
        return node
    after = node.text[flag.end :].lstrip(" \t")
    new = Instruction(node.text[: flag.start] + after, node.line, node.escape)
    kept = [each[:2] for each in node.flags if each.name != name]
    same = (
        [each[:2] for each in new.flags] == kept
        and (new.keyword, new.args, new.inner_comments) == (node.keyword, node.args, node.inner_comments)
        and [each[:5] for each in new.heredocs] == [each[:5] for each in node.heredocs]
    )
    return new if same else None


def without_variables(node: Instruction, names: Collection[str]) -> Instruction | None:
    """An ENV without some of the variables that it sets, and all else as it was; None where that can't be done, or nothing is left."""
    removed = []
    for match in _PAIR.finditer(node.args):
        name, equals, _ = match[0].partition("=")
        if not equals:
            return None
        if name in names:
            removed.append(node.span(node.args_start + match.start(), node.args_start + match.end()))
    text = join_keyword(cut(node.text, node.escape, removed), node.escape)
    new = Instruction(text, node.line, node.escape)
    kept = [pair for pair in pairs(node, {}) if pair[0] not in names]
    same = (
        node.keyword == new.keyword == "ENV"
        and bool(kept)
        and list(pairs(new, {})) == kept
        and new.flags == node.flags
        and set(new.inner_comments) <= set(node.inner_comments)
    )
    return new if same else None


def with_image(start: Instruction, image: str = "", name: str = "") -> Instruction | None:
    """A FROM with another image and another stage name ("": as it is), and all else as it was; None where that can't be done."""
    words = list(start.words)
    if start.keyword != "FROM" or len(words) not in {1, 3}:
        return None
    wanted = [image or words[0], *words[1:2], *([name or words[2]] if words[2:] else [])]
    edits = dict(enumerate(wanted))
    if name and not words[1:]:
        wanted += ["as" if start.text[slice(*start.keyword_span)].islower() else "AS", name]
        edits[0] = " ".join(wanted)
    text = start.text
    for number, match in reversed(list(enumerate(_WORD.finditer(start.args)))):
        if edits[number] != words[number]:
            first, last = start.span(start.args_start + match.start(), start.args_start + match.end())
            text = text[:first] + edits[number] + text[last:]
    new = Instruction(text, start.line, start.escape)
    same = (
        new.keyword == "FROM"
        and list(new.words) == wanted
        and [flag[:2] for flag in new.flags] == [flag[:2] for flag in start.flags]
        and new.inner_comments == start.inner_comments
    )
    return new if same else None
