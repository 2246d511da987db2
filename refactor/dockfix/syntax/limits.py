"""How large a file may be for dockfix, and what it says of one that is larger.

No Dockerfile that people write comes near: an image has at most 127 layers, and no program can be started with a variable that is
longer than the system's limit. What is beyond is refused, as a batch must not wait for one file.
"""

from __future__ import annotations

from collections.abc import Iterator

from dockfix.lazy import regex
from dockfix.syntax.lexer import DEEPEST
from dockfix.syntax.nodes import Dockerfile
from dockfix.syntax.problems import Problem

MOST_BYTES = 512 * 1024
MOST_INSTRUCTIONS = 500
MOST_STAGES = 100
MOST_COMMANDS = 1_000
MOST_LINES = 5_000
MOST_VARIABLES = 1_000
_BRACES = regex(r"\$\{|\}")


class BeyondLimitError(ValueError):
    """The file asks for more than dockfix works on, or than a system can run; ``problem`` says where and what to do."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def beyond_limits(tree: Dockerfile) -> tuple[Problem, ...]:
    """What makes a file too large to be worked on; empty for one that is not."""
    return tuple(_beyond(tree))


def too_long(line: int, name: str) -> BeyondLimitError:
    """The error for a variable with which no program can be started."""
    hint = "a variable that is added to itself doubles each time; give it one value, or put the data in a file"
    return BeyondLimitError(
        Problem(line, 1, f"the value of {name} is longer than any program can be started with", hint)
    )


def too_many(line: int, who: str, most: int, what: str, hint: str) -> BeyondLimitError:
    """The error for a file that has more of something than dockfix works on."""
    return BeyondLimitError(
        Problem(line, 1, f"{who} more than {most:,} {what}, which is the most that dockfix works on", hint)
    )


def _beyond(tree: Dockerfile) -> Iterator[Problem]:
    lines = tree.text.count("\n")
    if lines > MOST_LINES:
        message = f"the file has {lines:,} lines, and dockfix works on {MOST_LINES:,} at most"
        yield Problem(MOST_LINES + 1, 1, message, "put what is long in files of their own, and COPY them")
        return
    instructions = tree.instructions
    if len(instructions) > MOST_INSTRUCTIONS:
        message = f"the file has {len(instructions):,} instructions, and dockfix works on {MOST_INSTRUCTIONS:,} at most"
        hint = "join the commands of RUNs with &&, or split the file"
        yield Problem(instructions[MOST_INSTRUCTIONS].line, 1, message, hint)
    stages = [node for node in instructions if node.keyword == "FROM"]
    if len(stages) > MOST_STAGES:
        message = f"the file has {len(stages):,} stages, and dockfix works on {MOST_STAGES:,} at most"
        yield Problem(stages[MOST_STAGES].line, 1, message, "split the file")
    for node in instructions:
        if node.text.count("${") > DEEPEST and _depth(node.text[: node.head_end]) > DEEPEST:
            message = f"variables stand within each other more than {DEEPEST} deep"
            yield Problem(node.line, 1, message, "give the value a variable of its own")
            return


def _depth(text: str) -> int:
    """How many ``${`` are open at once at most."""
    depth = deepest = 0
    for match in _BRACES.finditer(text):
        depth = max(0, depth + (1 if match[0] == "${" else -1))
        deepest = max(depth, deepest)
    return deepest
