from __future__ import annotations

import pytest

from dockfix.managers.apk import APK
from dockfix.managers.commands import effects_of
from dockfix.managers.protocol import Recipe
from dockfix.model.actions import Clean, Install, Refresh, Remove, Upgrade
from dockfix.model.effects import Effects
from dockfix.model.reason import Reason
from dockfix.model.state import State
from dockfix.syntax.shell import parse_script


def effects(text: str) -> Effects:
    return effects_of(parse_script(text).commands[0], State(workdir="/app"))


@pytest.mark.parametrize(
    ("text", "packages", "group", "fetches"),
    [
        ("apk add gcc musl-dev", "gcc musl-dev", "", False),
        ("apk --no-cache add libpq", "libpq", "", True),
        ("apk add --no-cache --virtual .build-deps gcc 'musl-dev>1.2'", "gcc musl-dev", ".build-deps", True),
        ("apk add -U -t .b gcc", "gcc", ".b", True),
        ("apk --update add --virtual=build-deps g++", "g++", "build-deps", True),
        ("apk add -q --update-cache -X https://example.org/edge/main libffi=3.4.4-r2 curl~8", "libffi curl", "", True),
        (
            "apk add proj-dev@edge geos=3.12.0-r0@edge so:libpq.so.5 cmd:bash",
            "proj-dev@edge geos@edge so:libpq.so.5 cmd:bash",
            "",
            False,
        ),
        ("apk add --no-cache --repository=https://example.org/edge/main R", "R", "", True),
    ],
)
def test_add(text: str, packages: str, group: str, fetches: bool) -> None:
    action = effects(text).action
    assert isinstance(action, Install) and action.manager is APK
    assert " ".join(package.name for package in action.asked) == packages
    assert (action.group, action.fetches_index, action.dynamic) == (group, fetches, False)
    assert bool(action.cache_off) == ("--no-cache" in text)


def test_names_that_only_the_shell_knows() -> None:
    action = effects("apk add gcc $EXTRA").action
    assert isinstance(action, Install) and action.dynamic
    assert [package.name for package in action.asked] == ["gcc"]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("apk update", Refresh),
        ("apk --no-cache upgrade", Upgrade),
        ("apk -U upgrade --available", Upgrade),
        ("apk cache clean", Clean),
        ("rm -rf /var/cache/apk/*", Clean),
    ],
)
def test_other_verbs(text: str, kind: type) -> None:
    found = effects(text)
    assert isinstance(found.action, kind) and not found.opaque


def test_del_names_packages_and_groups() -> None:
    assert effects("apk del --purge .build-deps curl").action == Remove(APK, frozenset({".build-deps", "curl"}))


def test_what_only_asks_leaves_nothing() -> None:
    found = effects("apk info --installed libpq")
    assert found.action is None and not found.writes and not found.opaque


@pytest.mark.parametrize(
    "text",
    [
        "apk add ./house.apk",
        "apk add '!gcc'",
        "apk add --root /mnt gcc",
        "apk add --arch aarch64 gcc",
        "apk add --initdb gcc",
        "apk add --virtual $GROUP gcc",
        "apk add -t .a -t .b gcc",
        "apk del $GROUP",
        "apk del -r gcc",
        "apk fetch gcc",
    ],
)
def test_what_is_not_modelled_is_opaque(text: str) -> None:
    assert effects(text).opaque


@pytest.mark.parametrize(
    ("text", "behind", "removed"),
    [
        ("apk add gcc", "add", []),
        ("apk --update add gcc", "add", ["--update"]),
        ("apk upgrade -U", "upgrade", ["-U"]),
    ],
)
def test_an_install_does_without_an_index(text: str, behind: str, removed: list[str]) -> None:
    recipe = APK.without_index(parse_script(text).commands[0])
    assert isinstance(recipe, Recipe)
    assert [(word.value, new) for word, new in recipe.insert] == [(behind, "--no-cache")]
    assert [word.value for word in recipe.remove] == removed


def test_nothing_is_to_be_done_where_it_does_already() -> None:
    assert APK.without_index(parse_script("apk add --no-cache gcc").commands[0]) == Recipe()
    assert isinstance(APK.without_index(parse_script("apk update").commands[0]), Reason)


def test_the_owner_of_a_file() -> None:
    assert APK.owner("/usr/lib/libpq.so.5")[-1] == "/usr/lib/libpq.so.5"
    assert APK.owner_in("/usr/lib/libpq.so.5 symlink target is owned by libpq-16.10-r0\n") == "libpq"
    assert APK.owner_in("/lib/x is owned by gcompat-1.1.0-r4") == "gcompat"
    assert APK.owner_in("ERROR: /x: Could not find owner package") == ""
