"""The form of a command model, and the option parsing that most of them share."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from dockfix.dataclass import dataclass
from dockfix.model.effects import Effects
from dockfix.model.state import State
from dockfix.syntax.shell import Command, Word

CommandModel = Callable[[Command, State], Effects]


@dataclass(frozen=True)
class Arguments:
    """Options and operands of a command line.

    ``options`` holds (name, value or None, the words it stands in); ``operands`` the other words. ``unknown`` is the first
    option that the model does not list, or the first word that only the shell can expand where an option may hide in it.
    """

    options: tuple[tuple[str, str | None, tuple[Word, ...]], ...]
    operands: tuple[Word, ...]
    unknown: str = ""

    def has(self, *names: str) -> bool:
        """Whether one of the options is given."""
        return any(name in names for name, _, _ in self.options)

    def values(self, *names: str) -> tuple[str | None, ...]:
        """The values of the options, in order; None for a value that only the shell knows."""
        return tuple(value for name, value, _ in self.options if name in names)

    def words(self, names: Collection[str]) -> tuple[Word, ...]:
        """The words in which the options stand."""
        return tuple(word for name, _, words in self.options for word in words if name in names)


def parse(
    words: Sequence[Word], state: State, valued: Collection[str], flags: Collection[str] | None = None
) -> Arguments:
    """Sorts a command line into options and operands, as getopt does with intermixed arguments.

    ``valued`` are the options that take a value; ``flags`` those that take none (None: any other is taken as one).
    """
    options: list[tuple[str, str | None, tuple[Word, ...]]] = []
    operands: list[Word] = []
    unknown = ""
    position = 0
    while position < len(words):
        word = words[position]
        position += 1
        text = word.value if word.value is not None else word.text
        if text == "--":
            operands += words[position:]
            break
        if not text.startswith("-") or text == "-":
            operands.append(word)
            continue
        name, has_value, value = text.partition("=") if text.startswith("--") else (text, "", "")
        if name in valued:
            if has_value:
                options.append((name, value if word.value is not None else state.value(word), (word,)))
            elif position < len(words):
                options.append((name, state.value(words[position]), (word, words[position])))
                position += 1
            continue
        if text[1] != "-" and text[:2] in valued and len(text) > 2:
            options.append((text[:2], text[2:], (word,)))
            continue
        if text[1] != "-" and len(text) > 2 and f"-{text[-1]}" in valued and position < len(words):
            options += [(f"-{letter}", None, (word,)) for letter in text[1:-1]]
            options.append((f"-{text[-1]}", state.value(words[position]), (word, words[position])))
            position += 1
            continue
        if flags is not None and name not in flags and not _bundle(text, flags):
            unknown = unknown or text
        names = [name] if name in (flags or ()) or text.startswith("--") else [f"-{letter}" for letter in text[1:]]
        options += [(each, None, (word,)) for each in names]
    return Arguments(tuple(options), tuple(operands), unknown)


def _bundle(text: str, flags: Collection[str]) -> bool:
    return not text.startswith("--") and all(f"-{letter}" in flags for letter in text[1:])
