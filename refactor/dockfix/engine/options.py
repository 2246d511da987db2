"""The settings of transforms: each with a type, a default and a check, so that a wrong value is told and not guessed at."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Generic, TypeVar

from dockfix.dataclass import dataclass

T = TypeVar("T", bool, str, frozenset[str])
# What each of a list of names has to look like, and what it then is
Form = tuple[str, str]
PACKAGE: Form = (r"[a-z0-9][a-z0-9+.-]+", "the name of a package")


class OptionError(ValueError):
    """A value that a setting does not take; the message says what it takes."""


@dataclass(frozen=True)
class Option(Generic[T]):
    """One setting of a transform: ``key`` is TRANSFORM.NAME, ``help`` one clause about what it does.

    ``choices`` are the values that it takes (None: any of its type). ``hint`` is the field of ``facts.Hints`` that it fills, "" for
    a setting that the transform alone reads. ``form`` is what each of several names looks like, ``each`` are those
    that there are (none: any), and ``every`` stands for all of them.
    """

    key: str
    default: T
    help: str
    choices: Callable[[], Iterable[str]] | None = None
    hint: str = ""
    form: Form | None = None
    each: tuple[str, ...] = ()
    every: str = ""

    @property
    def name(self) -> str:
        """The key without the transform."""
        return self.key.partition(".")[2]

    @property
    def type(self) -> str:
        """What its values are, in a few words."""
        if self.choices is not None:
            return f"one of {', '.join(sorted(self.choices()))}"
        return (
            "true or false" if isinstance(self.default, bool) else "text" if isinstance(self.default, str) else "names"
        )

    def read(self, value: object) -> T:
        """The value as the transform takes it. Raises OptionError."""
        if isinstance(self.default, bool):
            if not isinstance(value, bool):
                raise OptionError(f"{self.key} must be true or false")
            return value
        if isinstance(self.default, str):
            if not isinstance(value, str):
                raise OptionError(f"{self.key} must be a text")
            if self.choices is not None and value and value not in self.choices():
                raise OptionError(f"{self.key} must be {self.type}")
            return value
        return self._names(value)

    def _names(self, value: object) -> frozenset[str]:
        given = value.replace(",", " ").split() if isinstance(value, str) else value
        if not isinstance(given, list | tuple | set | frozenset) or not all(isinstance(name, str) for name in given):
            raise OptionError(f"{self.key} must be a list of names")
        if self.form is not None:
            pattern, what = self.form
            wrong = next((name for name in sorted(given) if not re.fullmatch(pattern, name)), None)
            if wrong is not None:
                raise OptionError(f"{self.key} has {wrong!r}, which is not {what}")
        unknown = sorted(set(given) - {*self.each, self.every}) if self.each else []
        if unknown:
            raise OptionError(f"{self.key} has {unknown[0]!r}; the names are {', '.join(self.each)}")
        return frozenset(self.each if self.every in given else given)

    def of(self, options: Mapping[str, object]) -> T:
        """The value in ``options``, by key, or the default. Raises OptionError."""
        return self.read(options[self.key]) if self.key in options else self.default
