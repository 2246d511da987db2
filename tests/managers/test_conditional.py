"""``if`` in a RUN: what it may do at most, where that is known."""

from __future__ import annotations

import pytest

from dockfix.managers.commands import model_of
from dockfix.model.effects import Effects
from dockfix.syntax import parse


def effects(script: str) -> Effects:
    """The effects of the first command of a RUN in /app."""
    return next(iter(model_of(parse(f"FROM node:20\nWORKDIR /app\nRUN {script}\n")).final.units))[1].effects


@pytest.mark.parametrize(
    ("script", "writes", "reads"),
    [
        ('if [ -n "$KEY" ]; then echo "$KEY" | base64 -d > /app/key.json; fi', {"/app/key.json"}, set()),
        ("if [ -d old ]; then rm -rf old; else mkdir new; fi", {"/app/old", "/app/new"}, {"/app/old"}),
        ('if [ ! -f "/app/a.json" ]; then cp b.json a.json; fi', {"/app/a.json"}, {"/app/a.json", "/app/b.json"}),
        ("if test -e a; then touch b; fi", {"/app/b"}, {"/app/a"}),
        ('if [ "$A" = b ] && [ -x c ]; then touch d && touch e; fi', {"/app/d", "/app/e"}, {"/app/c"}),
        ("if [[ $A == b ]]; then mkdir -p /srv/x; fi", {"/srv/x"}, set()),
    ],
)
def test_what_both_branches_do_at_most(script: str, writes: set[str], reads: set[str]) -> None:
    found = effects(script)
    assert not found.opaque and found.action is None
    assert set(found.writes) == writes and set(found.reads) >= reads


@pytest.mark.parametrize(
    "script",
    [
        "if [ -f yarn.lock ]; then yarn --frozen-lockfile; else npm ci; fi",  # which one installs is not known
        "if [ -f x ]; then cd /tmp; fi",
        'if [ -z "$(ls)" ]; then touch a; fi',
        "if [ -z `ls` ]; then touch a; fi",
        "if curl -f http://a/b; then touch a; fi",
        "if [ a = b ]; then touch a; elif [ b = c ]; then touch b; fi",
        "if [ -f a ]; then if [ -f b ]; then touch c; fi; fi",
        "if [ -f a ]; then for x in a b; do touch $x; done; fi",
        "if [ -f a ]; then some-program; fi",
        "if [ -f a ]; then export A=b; fi",
        "if [ -f $WHERE/a ]; then touch b; fi",
        "if [ -f a ]; then apt-get install -y gcc; fi",
    ],
)
def test_anything_else_stays_unknown(script: str) -> None:
    assert effects(script).opaque
