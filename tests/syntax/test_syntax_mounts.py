"""The values of mount flags."""

from __future__ import annotations

import pytest

from dockfix.syntax.mounts import mount_settings


@pytest.mark.parametrize(
    ("value", "source", "target"),
    [
        ("type=bind,source=a,target=/b", "a", "/b"),
        ("type=bind,src=a,dst=/b", "a", "/b"),
        ("destination=/b", None, "/b"),
        ("dst=/c,target=/b", None, "/b"),
        ("target=,dst=/b,readonly", None, "/b"),
        ("type=ssh", None, None),
        ("", None, None),
    ],
)
def test_short_names_stand_for_the_longer_ones(value: str, source: str | None, target: str | None) -> None:
    settings = mount_settings(value)
    assert (settings.get("source"), settings.get("target")) == (source, target)
