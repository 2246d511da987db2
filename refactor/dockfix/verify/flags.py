"""The options of the command line about verifying; apart from the rest, since every command line is parsed with them."""

from __future__ import annotations

from pathlib import Path

from dockfix.dataclass import dataclass


@dataclass(frozen=True)
class BuildFlags:
    """What every build is given, as written on the command line; the names are those of the options."""

    build_arg: tuple[str, ...] = ()
    secret: tuple[str, ...] = ()
    ssh: tuple[str, ...] = ()
    platform: str = ""
    network: str = ""
    target: str = ""
    pull: bool = False
    no_cache: bool = False


@dataclass(frozen=True)
class VerifyFlags(BuildFlags):
    """The options of the command line; empty and None mean that they say nothing. Times are in seconds."""

    engine: str | None = None
    builder: str = ""
    smoke: tuple[str, ...] = ()
    env: tuple[str, ...] = ()
    run_network: bool = False
    memory: str = ""
    wait: float | None = None
    timeout: float | None = None
    max_builds: int | None = None
    log_dir: Path | None = None
    keep: bool = False
    timings: bool = False
