"""Which scripts of package.json that an install runs by itself read nothing of the source."""

from __future__ import annotations

from collections.abc import Sequence

from dockfix.context.javascript import Package
from dockfix.knowledge.node_packages import reads_no_source
from dockfix.lazy import regex

# Words and quoted texts in which nothing is filled in: what they say is known
_PLAIN = regex(r"""(?:[\w@./:=,+~^-]+|"[^"$`\\]*"|'[^']*')(?:\s+(?:[\w@./:=,+~^-]+|"[^"$`\\]*"|'[^']*'))*""")
_JOINED = regex(r"\s*(?:&&|\|\||;)\s*")
_RUN = {"run", "run-script"}
# Those that run a program of a package, and what may stand before its name
_RUNNERS = {
    "npx": (),
    "bunx": (),
    "pnpx": (),
    "npm": ("exec",),
    "yarn": ("run", "exec", "dlx"),
    "pnpm": ("exec", "dlx"),
}
_DEPTH = 4


def leaves_source_alone(package: Package, command: str, depth: int = 0) -> bool:
    """Whether each command of a script is one of the table, by itself or behind the name of another script."""
    return depth < _DEPTH and all(
        _PLAIN.fullmatch(part) is not None and _is_known(package, part.split(), depth)
        for part in _JOINED.split(command.strip())
        if part
    )


def _is_known(package: Package, words: Sequence[str], depth: int) -> bool:
    program, rest = words[0], list(words[1:])
    if program in {"npm", "pnpm", "yarn", "bun"} and rest[:1] and (rest[0] in _RUN or program == "yarn"):
        name = (rest[1:] if rest[0] in _RUN else rest)[:1]
        if name and name[0] in package.scripts:
            named = [package.scripts.get(f"{when}{name[0]}", "") for when in ("pre", "", "post")]
            return all(leaves_source_alone(package, each, depth + 1) for each in named)
    if program in _RUNNERS:
        before = _RUNNERS[program]
        behind = rest[1:] if rest[:1] and rest[0] in before else rest if not before or program == "yarn" else []
        while behind and behind[0] in {"-y", "--yes", "--no", "--no-install", "-q", "--quiet", "--silent", "--"}:
            behind.pop(0)
        if behind and reads_no_source(behind):
            return True
    return reads_no_source(words)
