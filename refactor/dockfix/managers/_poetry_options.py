"""Poetry's own options (Poetry 2.2, ``poetry install --help`` and the like); those of 1.0 to 1.8 as well."""

from __future__ import annotations

_PLACES = frozenset({"-C", "--directory", "-P", "--project"})
# options that take a value, by verb
VALUED = {
    "install": _PLACES | {"--only", "--with", "--without", "-E", "--extras"},
    "export": _PLACES | {"-f", "--format", "-o", "--output", "--with", "--without", "--only", "-E", "--extras"},
    "other": _PLACES,
}
_ANY = "--ansi --help --no-ansi --no-cache --no-interaction --no-plugins --quiet --verbose -h -n -q -v -vv -vvv"
_INSTALL = """
--all-extras --all-groups --compile --default --dev-only --no-dev --no-directory --no-root --remove-untracked --sync
"""
# those of an install that take none; any other is not modelled
FLAGS = frozenset((_ANY + _INSTALL).split())
# verbs that only tell something
TELLS = frozenset({"about", "check", "debug", "help", "list", "search", "show", "version"})
