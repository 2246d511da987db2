"""Patterns of Go's ``filepath.Match`` and of Docker's ``.dockerignore``, as Python regular expressions.

Rules: https://pkg.go.dev/path/filepath#Match, https://github.com/moby/patternmatcher (which turns a pattern into a Go
regular expression) and https://pkg.go.dev/regexp/syntax for what that expression means.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Sequence
from functools import lru_cache

from dockfix.lazy import regex

Matcher = Callable[[str], bool]

_SURROGATE_FIRST, _SURROGATE_LAST = 0xD800, 0xDFFF
_QUOTED = frozenset(".+()|{}$")
# What ** with a slash after it becomes
_ABOVE = "(.*/)?"
# An expression with more atoms that take any number of characters is not given to Python's re, which tries every split of a path
_MOST_OPEN = 2
_CHARACTER = regex(r"[^\\.^$*+?()\[\]{}|]|\\[^\w\s]")  # an atom that stands for one character, which is its last
_ESCAPED_LETTERS = {"a": "\a", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_CLASSES = {"d": "0-9", "s": r"\t\n\f\r ", "w": "0-9A-Za-z_"}
_BOUNDARIES = {"A": r"\A", "z": r"\Z", "b": r"\b", "B": r"\B"}
_POSIX = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "ascii": r"\x00-\x7f",
    "blank": r"\t ",
    "cntrl": r"\x00-\x1f\x7f",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "punct": r"!-/:-@\[-`{-~",
    "space": r"\t-\r ",
    "upper": "A-Z",
    "word": "0-9A-Za-z_",
    "xdigit": "0-9A-Fa-f",
}


class BadPatternError(ValueError):
    """A pattern that Docker rejects, or that is too odd to be read here; its text says why."""


def clean(path: str) -> str:
    """What Go's ``filepath.Clean`` makes of a slash-separated path."""
    path = posixpath.normpath(path)
    return "/" + path.lstrip("/") if path.startswith("//") else path


def has_wildcards(pattern: str) -> bool:
    """Whether a COPY source is a pattern rather than a name."""
    return re.search(r"[*?\[]", re.sub(r"(?s)\\.", "", pattern)) is not None


@lru_cache(maxsize=1024)
def go_match(pattern: str) -> re.Pattern[str]:
    """The expression that matches a whole path as ``filepath.Match`` does. Raises BadPatternError."""
    return re.compile(_go_text(pattern), re.DOTALL)


def _go_text(pattern: str) -> str:
    pieces: list[str] = []
    result: list[str] = []
    position = 0
    while position < len(pattern):
        char = pattern[position]
        position += 1
        if char == "*":
            pieces.append("".join(result))
            result = []
        elif char == "?":
            result.append("[^/]")
        elif char == "[":
            text, position = _go_class(pattern, position)
            result.append(text)
        elif char == "\\":
            if position == len(pattern):
                raise BadPatternError("it ends in a backslash")
            result.append(re.escape(pattern[position]))
            position += 1
        else:
            result.append(re.escape(char))
    pieces.append("".join(result))
    return _between_stars(pieces) + r"\Z"


def _between_stars(pieces: list[str]) -> str:
    """The expression for what stands between the stars of a pattern: as Go, it takes the first place at which each piece matches.

    So the time is that of the length, where trying every place would take that of its power.
    """
    first, *others = pieces
    if not others:
        return first
    inner = "".join(f"(?>[^/]*?{piece})" for piece in others[:-1] if piece)
    return f"{first}{inner}[^/]*{others[-1]}"


def _go_class(pattern: str, position: int) -> tuple[str, int]:
    """Reads a character class of ``filepath.Match`` after its bracket."""
    negated = pattern.startswith("^", position)
    position += negated
    items: list[str] = []
    while not (items and pattern.startswith("]", position)):
        low, position = _class_char(pattern, position)
        high = low
        if pattern.startswith("-", position):
            high, position = _class_char(pattern, position + 1)
        # a range that runs backwards holds nothing, and is no error
        items.append(f"{re.escape(low)}-{re.escape(high)}" if low <= high else "")
    text = "".join(items)
    if not text:
        return (r"[\s\S]" if negated else r"(?!)"), position + 1
    return f"[{'^' * negated}{text}]", position + 1


def _class_char(pattern: str, position: int) -> tuple[str, int]:
    if pattern.startswith("\\", position):
        position += 1
    elif pattern.startswith(("-", "]"), position):
        raise BadPatternError("a character class is empty or has a hyphen at its edge")
    if position + 1 >= len(pattern):
        raise BadPatternError("a character class is not closed")
    if _SURROGATE_FIRST <= ord(pattern[position]) <= _SURROGATE_LAST:
        raise BadPatternError("a character class has a byte that is not UTF-8")
    return pattern[position], position + 1


@lru_cache(maxsize=4096)  # a pattern each, of which a file may have thousands
def ignore_matcher(patterns: tuple[str, ...]) -> Matcher:
    """A function that tells whether any of some patterns of a ``.dockerignore``, cleaned and without ``!``, matches one path.

    Raises BadPatternError.
    """
    names: set[str] = set()
    starts: list[str] = []
    ends: list[str] = []
    expressions: list[_GoExpression] = []
    for pattern in patterns:
        if not pattern:
            raise BadPatternError("there is nothing after the !")
        _go_text(pattern)  # Docker asks filepath.Match only whether the pattern is well formed
        expression, kind = _translate(pattern)
        if kind == "exact":
            names.add(pattern)
        elif kind == "prefix":
            starts.append(pattern[:-2])
        elif kind == "suffix":
            ends.append(pattern[2:])
            names |= {pattern[3:]} if pattern[2:3] == "/" else set()
        else:
            expressions.append(_GoExpression(expression))
    start, end = tuple(starts), tuple(ends)
    slow = [each for each in expressions if sum(map(_is_open, each.atoms)) > _MOST_OPEN]
    fast = [each.python() for each in expressions if each not in slow]
    found = re.compile("(?a)" + "|".join(fast)).match if fast else None
    checks = [_steps(each.atoms) for each in slow]
    return lambda path: (
        path in names
        or path.startswith(start)
        or path.endswith(end)
        or (found is not None and found(path) is not None)
        or any(matches(path) for matches in checks)
    )


def _is_open(atom: str) -> bool:
    return atom == _ABOVE or _is_starred(atom)


def _is_starred(atom: str) -> bool:
    return atom.endswith("*") and atom != r"\*"


def _steps(atoms: Sequence[str]) -> Matcher:
    """A matcher that goes along a path once for each atom of an expression, whatever comes of those before.

    A set of places in the path is a number, whose bit N stands for the place before character N.
    """
    single = {atom: re.compile(f"(?a){atom[:-1] if _is_starred(atom) else atom}") for atom in atoms if atom != _ABOVE}
    anything = re.compile(".")
    needed = {atom[-1] for atom in atoms if _CHARACTER.fullmatch(atom)}

    def matches(path: str) -> bool:
        if not needed.issubset(path):
            return False
        known: dict[str, tuple[int, int]] = {}

        def where(atom: str, pattern: re.Pattern[str]) -> tuple[int, int]:
            """The places at which an atom takes a character, and those at which it holds without one."""
            if atom not in known:
                found = [pattern.match(path, place) for place in range(len(path) + 1)]
                taking = sum(1 << place for place, match in enumerate(found) if match and match.end() > place)
                holding = sum(1 << place for place, match in enumerate(found) if match and match.end() == place)
                known[atom] = taking, holding
            return known[atom]

        places = 1
        for atom in atoms:
            if not places:
                return False
            if atom == _ABOVE:
                slashes = sum(1 << place for place, char in enumerate(path) if char == "/")
                places |= (_spread(places, where(".", anything)[0]) & slashes) << 1
            elif _is_starred(atom):
                places = _spread(places, where(atom, single[atom])[0])
            else:
                taking, holding = where(atom, single[atom])
                places = ((places & taking) << 1) | (places & holding)
        return places >> len(path) & 1 == 1

    return matches


def _spread(places: int, taking: int) -> int:
    """The places, and all that are reached from them by any number of characters."""
    while (more := places | ((places & taking) << 1)) != places:
        places = more
    return places


def _translate(pattern: str) -> tuple[str, str]:
    """The Go expression of moby's patternmatcher and the way in which it compares: exact, prefix, suffix or regexp."""
    result = ["^"]
    kind = "exact"
    position = 0
    while position < len(pattern):
        start = position
        char = pattern[position]
        position += 1
        if pattern.startswith("**", start):
            position += 1
            position += pattern.startswith("/", position)
            if position < len(pattern):
                result.append(_ABOVE)
                kind = "regexp"
            elif kind == "exact":
                kind = "prefix"
            else:
                result.append(".*")
                kind = "regexp"
            if start == 0:
                kind = "suffix"
        elif char in "*?":
            result.append("[^/]*" if char == "*" else "[^/]")
            kind = "regexp"
        elif char in _QUOTED:
            result.append("\\" + char)
        elif char == "\\":
            result.append(pattern[start : position + 1])
            position += 1
            kind = "regexp"
        else:
            result.append(char)
            kind = "regexp" if char in "[]" else kind
    return "".join(result) + "$", kind


class _GoExpression:
    """Turns the few constructs of Go's regular expressions that a pattern can bring about into Python's."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self.atoms = self._read()

    def python(self) -> str:
        """The expression."""
        return "".join(self.atoms)

    def _read(self) -> list[str]:
        """What stands for one character or for none, each with its star, and the groups of folders."""
        result: list[str] = []
        while self.position < len(self.text):
            if self.text.startswith(_ABOVE, self.position):
                self.position += len(_ABOVE)
                result.append(_ABOVE)
                continue
            char = self.text[self.position]
            self.position += 1
            if char == "\\":
                result.append(self._escape())
            elif char == "[":
                result.append(self._class())
            elif char == "$":
                result.append(r"\Z")
            elif char == "*":
                result[-1] += char
            elif char in "^.":
                result.append(char)
            else:
                result.append(re.escape(char))
        return result

    def _escape(self) -> str:
        char = self.text[self.position]
        if char in _BOUNDARIES:
            self.position += 1
            return _BOUNDARIES[char]
        if char.lower() in _CLASSES:
            self.position += 1
            return f"[{'^' * char.isupper()}{_CLASSES[char.lower()]}]"
        return re.escape(self._escaped_char())

    def _escaped_char(self) -> str:
        """The one character that an escape stands for."""
        char = self.text[self.position]
        self.position += 1
        if char in _ESCAPED_LETTERS:
            return _ESCAPED_LETTERS[char]
        digits = re.compile(r"0[0-7]{0,2}|[1-7][0-7]{1,2}").match(self.text, self.position - 1)
        if digits:
            self.position = digits.end()
            return chr(int(digits[0], 8))
        number = re.compile(r"x([0-9A-Fa-f]{2})").match(self.text, self.position - 1)
        if number:
            self.position = number.end()
            return chr(int(number[1], 16))
        if char.isalnum() or not char.isascii():
            raise BadPatternError(f"\\{char} has no meaning in it (folders are separated by /)")
        return char

    def _class(self) -> str:
        negated = self.text.startswith("^", self.position)
        self.position += negated
        items: list[str] = []
        first = True
        while first or not self.text.startswith("]", self.position):
            first = False
            if self.position >= len(self.text):
                raise BadPatternError("a character class is not closed")
            items.append(self._class_item())
        self.position += 1
        return f"[{'^' * negated}{''.join(items)}]"

    def _class_item(self) -> str:
        posix = re.compile(r"\[:(\^?)(\w+):\]").match(self.text, self.position)
        if posix:
            if posix[1] or posix[2] not in _POSIX:
                raise BadPatternError(f"{posix[0]} has no meaning in it")
            self.position = posix.end()
            return _POSIX[posix[2]]
        named = re.compile(r"\\([dsw])").match(self.text, self.position)
        if named:
            self.position = named.end()
            return _CLASSES[named[1]]
        low = high = self._class_char()
        if self.text.startswith("-", self.position) and not self.text.startswith("-]", self.position):
            self.position += 1
            high = self._class_char()
        if low > high:
            raise BadPatternError(f"the range {low}-{high} runs backwards")
        return f"{re.escape(low)}-{re.escape(high)}"

    def _class_char(self) -> str:
        if self.position >= len(self.text):
            raise BadPatternError("a character class is not closed")
        char = self.text[self.position]
        self.position += 1
        if char != "\\":
            return char
        if self.position >= len(self.text):
            raise BadPatternError("a character class is not closed")
        return self._escaped_char()
