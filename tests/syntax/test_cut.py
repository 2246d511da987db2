from __future__ import annotations

import pytest

from dockfix.syntax import Instruction
from dockfix.syntax.cut import cut
from dockfix.syntax.shell_form import shell_form

LEADING = """RUN apt-get update \\
 && apt-get install -y gcc g++ \\
      curl \\
 && pip install --no-cache-dir x \\
 && rm -rf /y
"""
TRAILING = """RUN apt-get update && \\
    apt-get install -y gcc curl && \\
    pip install x && \\
    rm -rf /y
"""


def without(text: str, commands: set[str] = frozenset(), words: set[str] = frozenset()) -> str:
    """The RUN without the commands with these names and without these words."""
    form = shell_form(Instruction(text, 1))
    assert form is not None
    result = form.edited(
        drop=[index for index, command in enumerate(form.commands) if command.name in commands],
        remove=[word for command in form.commands for word in command.words if word.text in words],
    )
    assert result is not None
    return result.text


@pytest.mark.parametrize(
    ("text", "commands", "expected"),
    [
        (LEADING, {"pip"}, "RUN apt-get update \\\n && apt-get install -y gcc g++ \\\n      curl \\\n && rm -rf /y\n"),
        (
            LEADING,
            {"rm"},
            "RUN apt-get update \\\n && apt-get install -y gcc g++ \\\n      curl \\\n && pip install --no-cache-dir x\n",
        ),
        (LEADING, {"apt-get"}, "RUN pip install --no-cache-dir x \\\n && rm -rf /y\n"),
        (LEADING, {"pip", "rm"}, "RUN apt-get update \\\n && apt-get install -y gcc g++ \\\n      curl\n"),
        (TRAILING, {"pip"}, "RUN apt-get update && \\\n    apt-get install -y gcc curl && \\\n    rm -rf /y\n"),
        (TRAILING, {"rm"}, "RUN apt-get update && \\\n    apt-get install -y gcc curl && \\\n    pip install x\n"),
        (TRAILING, {"apt-get"}, "RUN pip install x && \\\n    rm -rf /y\n"),
        ("RUN a; b; c\n", {"a"}, "RUN b; c\n"),
        ("RUN a; b; c\n", {"b"}, "RUN a; c\n"),
        ("RUN a; b; c\n", {"c"}, "RUN a; b\n"),
        ("RUN a && b", {"b"}, "RUN a"),
    ],
)
def test_commands_go_with_one_separator(text: str, commands: set[str], expected: str) -> None:
    assert without(text, commands) == expected


@pytest.mark.parametrize(
    ("text", "words", "expected"),
    [
        (LEADING, {"gcc", "g++"}, LEADING.replace(" gcc g++", "")),
        (LEADING, {"curl"}, LEADING.replace("      curl \\\n", "")),
        (LEADING, {"--no-cache-dir"}, LEADING.replace(" --no-cache-dir", "")),
        (TRAILING, {"gcc"}, TRAILING.replace(" gcc", "")),
        (TRAILING, {"curl"}, TRAILING.replace(" curl", "")),
        ("RUN pip install --no-cache-dir \\\n    -r x\n", {"--no-cache-dir"}, "RUN pip install \\\n    -r x\n"),
        ("RUN x a \\\n    b\n", {"b"}, "RUN x a\n"),
    ],
)
def test_words_go_with_their_line(text: str, words: set[str], expected: str) -> None:
    assert without(text, words=words) == expected


def test_a_comment_goes_with_the_line_below_it() -> None:
    text = "RUN x \\\n    # for a\n    a \\\n    # for b\n    b\n"
    start = text.index("    a \\") + 4
    assert cut(text, "\\", [(start, start + 1)]) == "RUN x \\\n    # for b\n    b\n"
    assert cut(text, "\\", [(start, start + 1)], keep_comments=True) == "RUN x \\\n    # for a\n    # for b\n    b\n"


def test_a_replacement_keeps_the_layout() -> None:
    text = "RUN apt-get install -y \\\r\n    libpq-dev \\\r\n    curl\r\n"
    start = text.index("libpq-dev")
    assert cut(text, "\\", [], [(start, start + len("libpq-dev"), "libpq5")]) == text.replace("libpq-dev", "libpq5")
