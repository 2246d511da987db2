"""What the command line and a configuration file say about verifying."""

from __future__ import annotations

import math
from collections.abc import Mapping

from dockfix.verify.build import BuildArguments
from dockfix.verify.flags import VerifyFlags
from dockfix.verify.measure import Plan
from dockfix.verify.running import Conditions
from dockfix.verify.smoke import Smoke, SmokeError, from_text, from_value

TEXTS = ("memory", "platform", "target", "build-network")
LISTS = ("build-args", "secrets", "ssh", "env")
NUMBERS = ("wait", "timeout", "max-builds")
KEYS = (*TEXTS, *LISTS, *NUMBERS, "network", "smoke")
MAX_BUILDS = 12


class VerifySettingError(Exception):
    """A setting that cannot be used; the text says which and why, ``hint`` how to write it."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message, self.hint = message, hint


def check_table(table: Mapping[str, object]) -> None:
    """Raises VerifySettingError for a table of a configuration file that ``plan`` could not use."""
    for key, value in table.items():
        if key not in KEYS:
            raise VerifySettingError(f"unknown key {key!r} for verify", f"the keys are {', '.join(sorted(KEYS))}")
        number = isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < math.inf
        if key in TEXTS and not isinstance(value, str):
            raise VerifySettingError(f"verify.{key} must be a text")
        if key in LISTS and not (isinstance(value, list) and all(isinstance(item, str) for item in value)):
            raise VerifySettingError(f"verify.{key} must be a list of texts", f'for instance {key} = ["NAME=VALUE"]')
        if key in NUMBERS and not number:
            raise VerifySettingError(f"verify.{key} must be a number above 0")
        if key == "max-builds" and not isinstance(value, int):
            raise VerifySettingError("verify.max-builds must be a whole number")
        if key == "network" and not isinstance(value, bool):
            raise VerifySettingError("verify.network must be true or false")
        if key == "smoke":
            _smokes(value)


def plan(flags: VerifyFlags, table: Mapping[str, object]) -> tuple[Plan, int]:
    """How one Dockerfile is verified, and how many images may be built for it. Raises VerifySettingError.

    Lists of both are joined, those of the file first; of anything else the command line's counts.
    """

    def texts(key: str, given: tuple[str, ...]) -> tuple[str, ...]:
        own = table.get(key, ())
        return (*(str(item) for item in own), *given) if isinstance(own, list) else given

    def number(key: str, given: float | None, default: float) -> float:
        own = table.get(key, default)
        return given if given is not None else float(own) if isinstance(own, int | float) else default

    try:
        smokes = (*_smokes(table.get("smoke", [])), *(from_text(text) for text in flags.smoke))
    except SmokeError as error:
        raise VerifySettingError(str(error)) from error
    arguments = BuildArguments(
        texts("build-args", flags.build_arg),
        texts("secrets", flags.secret),
        texts("ssh", flags.ssh),
        flags.platform or str(table.get("platform", "")),
        flags.network or str(table.get("build-network", "")),
        flags.target or str(table.get("target", "")),
        flags.pull,
        flags.no_cache,
    )
    conditions = Conditions(
        flags.run_network or bool(table.get("network", False)),
        flags.memory or str(table.get("memory", Conditions.memory)),
        texts("env", flags.env),
        number("wait", flags.wait, Conditions.wait),
    )
    wanted = Plan(arguments, conditions, smokes, number("timeout", flags.timeout, Plan.timeout))
    return wanted, int(number("max-builds", flags.max_builds, MAX_BUILDS))


def _smokes(value: object) -> tuple[Smoke, ...]:
    values = value if isinstance(value, list) else [value]
    try:
        return tuple(from_value(item) for item in values)
    except SmokeError as error:
        raise VerifySettingError(
            str(error), 'for instance smoke = [":8000/health", "python -m app --version"]'
        ) from error
