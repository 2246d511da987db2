"""The value of a mount's flag, as ``RUN --mount`` and ``docker run --mount`` write it: ``type=bind,source=a,target=/b``."""

from __future__ import annotations

_ALIASES = {"dst": "target", "destination": "target", "src": "source"}


def mount_settings(value: str) -> dict[str, str]:
    """The settings by their longer names; of several names for one setting, the one that is not a short form counts."""
    given = dict(setting.partition("=")[::2] for setting in value.split(","))
    for alias, name in _ALIASES.items():
        if alias in given and not given.get(name):
            given[name] = given[alias]
    return given
