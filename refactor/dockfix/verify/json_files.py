"""JSON that a build makes anew: tools that work in parallel write the members of an object in the order in which they were done."""

from __future__ import annotations

import json

from dockfix.lazy import regex

# (of the conditions in a package.json the first that holds counts, so that their order says something)
NAMED = regex(r"(?!(?:.*/)?package\.json\Z).*\.json")
MOST = 8 << 20  # bytes


def said(data: bytes) -> bytes:
    """What a file says, for a digest: its objects with their members sorted; of what is no JSON, the data themselves."""
    try:
        return json.dumps(json.loads(data), sort_keys=True).encode()
    except (ValueError, RecursionError):
        return data
