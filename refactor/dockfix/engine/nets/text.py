"""The text of a file: it parses to what it is, and no comment and no heredoc is lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from dockfix.engine.nets.view import Change, Violation
from dockfix.syntax import Comment, Directive, Dockerfile, Instruction, Node, problems, reading


def text(change: Change) -> Iterator[Violation]:
    """Whether the new text parses to what it is, without errors."""
    tree = change.after.tree
    if tree.nodes == change.before.tree.nodes:
        return
    if [node.text for node in reading(str(tree)).nodes] != [node.text for node in tree.nodes]:
        yield Violation("the new text reads differently when parsed again")
    for problem in problems(tree, change.before.nodes)[:1]:
        yield Violation(f"the new text has an error in line {problem.line}: {problem.message}")


def words(change: Change) -> Iterator[Violation]:
    """The comments and heredocs that are lost."""
    gone, new = change.before.nodes - change.after.nodes, change.after.nodes - change.before.nodes
    lost = _comments(gone)
    kept = comments(change.after.tree) if lost else lost
    for comment in [comment for comment in comments(change.before.tree) if comment in lost and not kept[comment]][:1]:
        yield Violation(f"a comment is lost: {comment}")
    if _heredocs(gone) - _heredocs(new):
        yield Violation("a heredoc is lost")


def comments(tree: Dockerfile) -> Counter[str]:
    """Every comment and directive with how often it stands: own lines, inside continuations, inside RUN heredocs."""
    return _comments(tree.nodes)


def _comments(nodes: Iterable[Node]) -> Counter[str]:
    found: list[str] = []
    for node in nodes:
        if isinstance(node, Instruction):
            found += [comment.strip() for comment in node.inner_comments]
            for heredoc in node.heredocs:
                found += [line.strip() for line in heredoc.body.split("\n") if line.lstrip().startswith("#")]
        elif isinstance(node, Comment | Directive):
            found.append(node.text.strip())
    return Counter(found)


def _heredocs(nodes: Iterable[Node]) -> Counter[str]:
    """The bodies of heredocs outside of RUN, with how often they stand."""
    instructions = [node for node in nodes if isinstance(node, Instruction) and node.keyword != "RUN"]
    return Counter(heredoc.body for node in instructions for heredoc in node.heredocs)
