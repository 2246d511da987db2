"""Which options of well-known programs say where they write."""

from __future__ import annotations

from functools import cache

from dockfix.knowledge.tables import table
from dockfix.namedtuple import NamedTuple


class CommandOptions(NamedTuple):
    """Options of one program, with their dashes; the head of ``command_options.toml`` explains the first three.

    ``valued`` are all that are known to take a value.
    """

    output: frozenset[str] = frozenset()
    folder: frozenset[str] = frozenset()
    beside: frozenset[str] = frozenset()
    valued: frozenset[str] = frozenset()

    @property
    def written(self) -> frozenset[str]:
        """The options whose values are written, or written into."""
        return self.output | self.folder | self.beside


def command_options(program: str) -> CommandOptions:
    """The options of a program, by its name; an empty value where nothing is known of them."""
    return _by_program().get(program, _NONE)


_NONE = CommandOptions()


@cache
def _by_program() -> dict[str, CommandOptions]:
    found: dict[str, CommandOptions] = {}
    for programs, lists in table("command_options").items():
        output, folder, beside, more = (
            frozenset(lists.get(key, "").split()) for key in ("output", "folder", "beside", "more")
        )
        options = CommandOptions(output, folder, beside, output | folder | beside | more)
        found.update(dict.fromkeys(programs.split(), options))
    return found
