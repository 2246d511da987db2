"""BuildKit's shell lexing: quotes, escapes and ``$VAR``.

After https://github.com/moby/buildkit, frontend/dockerfile/shell/lex.go. It serves two ends: it finds heredocs (no
variable known, everything kept as written) and it expands values.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from dockfix.lazy import regex
from dockfix.syntax.grammar import SPACES

_NAME = regex(r"\d+|[@*#?$!-]|\w*")
_HEREDOC_BLANKS = regex(r"[\t\r ]*")
_SPACE = regex(f"[{SPACES}\n]+")
# Linux gives no program a variable that is longer (MAX_ARG_STRLEN: https://man7.org/linux/man-pages/man2/execve.2.html)
LONGEST = 128 * 1024
DEEPEST = 20


class LexError(ValueError):
    """The text can't be lexed: a quote or brace that is never closed, or a substitution that BuildKit doesn't have."""


class TooLongError(ValueError):
    """The values of variables would make the text longer than ``LONGEST``."""


@lru_cache(maxsize=16)
def _plain(stop: str, escape: str) -> re.Pattern[str]:
    return regex(f"[^$'\"<{re.escape(escape + stop)}]+")


class Lexer:
    """One pass over ``source``.

    With ``raw`` quotes and escapes stay as written, otherwise they are consumed. With ``env`` None variables stay as
    written, otherwise they are replaced; ``unknown`` then tells whether one without a value was needed.
    """

    def __init__(self, source: str, escape: str, env: Mapping[str, str] | None, *, raw: bool):
        self.source = source
        self.pos = 0
        self.escape = escape
        self.env = env
        self.raw = raw
        self.raw_escapes = raw
        self.unknown = False
        self._depth = 0
        self._left = LONGEST

    def run(self, stop: str = "") -> tuple[str, list[str]]:
        """The processed text up to ``stop`` (or the end), whole and as words. Raises LexError and TooLongError."""
        result: list[str] = []
        words = _Words()
        plain = _plain(stop, self.escape)
        while self.pos < len(self.source):
            if match := plain.match(self.source, self.pos):
                self.pos = match.end()
                result.append(match[0])
                words.add(match[0])
                continue
            char = self.source[self.pos]
            if char == stop:
                self.pos += 1
                return "".join(result), words.all()
            if char == "$":
                piece = self._dollar()
                words.add(piece)
            elif char == "'":
                piece = self._single()
                words.add_raw(piece)
            elif char == '"':
                piece = self._double()
                words.add_raw(piece)
            elif char == "<":
                piece = self._less()
                words.add_raw(piece)
            else:
                piece = self._escaped()
                words.add_raw(piece)
            result.append(piece)
        if stop:
            raise LexError(stop)
        return "".join(result), words.all()

    def _peek(self) -> str:
        return self.source[self.pos : self.pos + 1]

    def _escaped(self) -> str:
        piece = self.source[self.pos : self.pos + 2]
        self.pos += 2
        return piece if self.raw_escapes else piece[1:]

    def _less(self) -> str:
        self.pos += 1
        if self._peek() != "<":
            return "<"
        blanks = _HEREDOC_BLANKS.match(self.source, self.pos + 1)
        assert blanks is not None
        self.pos = blanks.end()
        return "<<" + blanks[0]

    def _single(self) -> str:
        end = self.source.find("'", self.pos + 1)
        if end < 0:
            raise LexError("'")
        start, self.pos = self.pos, end + 1
        return self.source[start : end + 1] if self.raw else self.source[start + 1 : end]

    def _double(self) -> str:
        quote = '"' if self.raw else ""
        result = [quote]
        self.pos += 1
        while char := self._peek():
            if char == '"':
                self.pos += 1
                return "".join(result) + quote
            if char == "$":
                result.append(self._dollar())
            elif char == self.escape:
                result.append(self._escaped_in_quotes())
            else:
                result.append(char)
                self.pos += 1
        raise LexError('"')

    def _escaped_in_quotes(self) -> str:
        self.pos += 1
        kept = self.escape if self.raw_escapes else ""
        following = self._peek()
        if not following:
            return kept
        if following in ('"', "$", self.escape):
            self.pos += 1
            return kept + following
        return kept + self.escape

    def _dollar(self) -> str:
        self.pos += 1
        if self._peek() != "{":
            name = self._name()
            if not name:
                return "$"
            return "$" + name if self.env is None else self._value(name)
        self.pos += 1
        if self._peek() in ("", "{", "}", ":"):
            raise LexError("${")
        name = self._name()
        operator = self._peek()
        self.pos += 1
        if operator == "}":
            return f"${{{name}}}" if self.env is None else self._value(name)
        if operator == ":":
            operator += self._peek()
            self.pos += 1
        elif operator == "/":
            return self._replacement(name)
        elif operator not in ("+", "-", "?", "#", "%"):
            raise LexError(operator)
        return self._conditional(name, operator)

    def _conditional(self, name: str, operator: str) -> str:
        before, self.unknown = self.unknown, False
        word = self._nested("}", raw_escapes=operator[-1:] in ("#", "%"))
        needed, self.unknown = self.unknown, before
        if self.env is None:
            return f"${{{name}{operator}{word}}}"
        value = self.env.get(name)
        absent = value is None or (value == "" and operator.startswith(":"))
        if operator in ("-", ":-", "+", ":+"):
            if absent == operator.endswith("-"):
                self.unknown = before or needed
                return word
            return "" if absent or value is None else self._spend(value)
        if operator in ("?", ":?") and not absent and value is not None:
            return self._spend(value)
        raise LexError(operator)

    def _replacement(self, name: str) -> str:
        if self._peek() == "/":
            self.pos += 1
        pattern = self._nested("/", raw_escapes=True)
        replacement = self._nested("}", raw_escapes=True)
        if self.env is None:
            return f"${{{name}/{pattern}/{replacement}}}"
        raise LexError("/")

    def _nested(self, stop: str, *, raw_escapes: bool) -> str:
        if self._depth == DEEPEST:
            raise LexError("${")
        before, self.raw_escapes = self.raw_escapes, raw_escapes
        self._depth += 1
        text, _ = self.run(stop)
        self._depth -= 1
        self.raw_escapes = before
        return text

    def _name(self) -> str:
        match = _NAME.match(self.source, self.pos)
        assert match is not None
        self.pos = match.end()
        return match[0]

    def _value(self, name: str) -> str:
        value = None if self.env is None else self.env.get(name)
        if value is None:
            self.unknown = True
            return ""
        return self._spend(value)

    def _spend(self, value: str) -> str:
        self._left -= len(value)
        if self._left < 0:
            raise TooLongError
        return value


class _Words:
    """Words as they come together: text splits at blanks, raw text doesn't."""

    def __init__(self) -> None:
        self._words: list[str] = []
        self._word = ""

    def add(self, text: str) -> None:
        first, *rest = _SPACE.split(text)
        self._word += first
        for part in rest:
            if self._word:
                self._words.append(self._word)
            self._word = part

    def add_raw(self, text: str) -> None:
        self._word += text

    def all(self) -> list[str]:
        return [*self._words, self._word] if self._word else self._words
