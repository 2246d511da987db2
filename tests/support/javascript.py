"""Projects in JavaScript and TypeScript that tests write down as mappings of files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from textwrap import dedent

from dockfix.context.javascript import Files, NodeProgram, Unfolded, unfold
from dockfix.context.javascript.read import read_javascript


def files(given: Mapping[str, str | dict[str, object]]) -> Files:
    """These files; a mapping is written as JSON."""
    texts = {name: text if isinstance(text, str) else json.dumps(text, indent=2) for name, text in given.items()}
    plain = {name: dedent(text) for name, text in texts.items()}
    return Files(frozenset(plain), plain.get)


def unfolded(command: str, given: Mapping[str, str | dict[str, object]], folder: str = "") -> Unfolded:
    """What a command starts in a folder of these files."""
    return unfold(command, files(given), folder, "CMD")


def program(command: str, given: Mapping[str, str | dict[str, object]], folder: str = "") -> NodeProgram:
    """What the JavaScript does that a command starts."""
    there = files(given)
    return read_javascript(there, unfold(command, there, folder, "CMD").commands)


def code(text: str, **others: str) -> NodeProgram:
    """What one file does, with other files beside it; "__" in a name stands for a dot and "_0_" for a slash."""
    return program(
        "node index.js",
        {"index.js": text, **{name.replace("_0_", "/").replace("__", "."): each for name, each in others.items()}},
    )
