"""Scripts with characters that the grammar's scanner may not be given."""

from __future__ import annotations

from dockfix.syntax import encode
from dockfix.syntax.shell import parse_script
from dockfix.syntax.shell_tree import script_tree


def test_characters_beyond_the_basic_plane_keep_their_place_and_are_not_given_to_the_scanner() -> None:
    text = "echo \U0001f600 caf\u00e9 && gcc \U000bfac3.c"
    commands = parse_script(text).commands
    assert [[word.value for word in command.args] for command in commands] == [
        ["\U0001f600", "caf\u00e9"],
        ["\U000bfac3.c"],
    ]
    given = script_tree(encode(text)).root_node
    assert (given.start_byte, given.end_byte) == (0, len(encode(text)))
    assert given.text is not None
    assert max(given.text) < 0xF0
