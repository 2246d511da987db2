"""The options of the command line about verifying; apart from the rest, since every command line is parsed with them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class VerifyFlags:
    """The options of the command line; empty and None mean that they say nothing. Times are in seconds."""

    engine: str | None = None
    builder: str = ""
    build_arg: tuple[str, ...] = ()
    secret: tuple[str, ...] = ()
    ssh: tuple[str, ...] = ()
    platform: str = ""
    network: str = ""
    target: str = ""
    pull: bool = False
    no_cache: bool = False
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
