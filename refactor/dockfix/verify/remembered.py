"""What a proof has seen of packages, kept in a file, so that later previews know it."""

from __future__ import annotations

import os
import posixpath
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from dockfix.knowledge.seen import Seen, read_seen, rendered
from dockfix.runtimes.closure import PLATFORMS
from dockfix.runtimes.registry import runtimes
from dockfix.verify.engines import EngineError
from dockfix.verify.image import Image
from dockfix.verify.measure import Original
from dockfix.verify.process import TimedOut

_MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}


def witnessed(image: Image) -> tuple[Seen, ...]:
    """What an image holds of packages, without the place; nothing where its interpreter says nothing of them."""
    found = []
    for runtime in runtimes():
        facts = image.runtimes.get(runtime.id)
        if facts is None:
            continue
        minor = ".".join(facts.version.split(".")[:2])
        for each in facts.seen:
            with suppress(KeyError, TypeError):  # it comes out of an image
                entry = Seen(
                    str(each["name"]),
                    str(each["version"]),
                    minor,
                    facts.libc,
                    _MACHINES.get(facts.machine, facts.machine),
                    image.snapshot.suite if facts.libc == "glibc" else "",
                    each["kind"],
                    tuple(map(str, each["needs"])),
                    tuple(map(str, each["requires"])),
                )
                found.append(entry)
    any_image = frozenset(name for runtime in runtimes() for name in (*runtime.installers, *runtime.any_version))
    kinds = ("pure", "binary", "compiled")
    return tuple(each for each in found if each.version and each.kind in kinds and each.name not in any_image)


def installed_in(image: Image) -> tuple[Seen, ...]:
    """All packages that an image holds; nothing where its interpreter does not say of each what it is."""
    found = witnessed(image)
    free = frozenset(name for runtime in runtimes() for name in (*runtime.installers, *runtime.any_version))
    names = frozenset(name for facts in image.runtimes.values() for name in facts.packages)
    return found if names <= free | {each.name for each in found} else ()


def platform_of(seen: Iterable[Seen]) -> str:
    """The platform of the image that packages were seen in, as engines write it; "" for one that is not known."""
    return next((PLATFORMS.get(each.machine, "") for each in seen), "")


def seen_in(original: Original | None) -> tuple[Seen, ...]:
    """What an original holds of packages; nothing where it was not built, or could not be looked at."""
    try:
        return witnessed(original.image) if original is not None else ()
    except (EngineError, TimedOut):
        return ()


def remember(file: Path, seen: Iterable[tuple[Path, Iterable[Seen]]]) -> int:
    """Add what was seen in the images of Dockerfiles to a file, which is made where it is not there; how many are new.

    Raises SeenError where the file cannot be used, and OSError where it cannot be written.
    """
    old = read_seen(file)
    known = {each.what: each for each in old}
    day = datetime.now(UTC).date().isoformat()
    new = {
        each.what: replace(each, where=f"{day} {_label(file, dockerfile)}")
        for dockerfile, entries in seen
        for each in entries
        if each.what not in known or replace(known[each.what], where="") != each
    }
    if new:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                stream.write(rendered((*old, *new.values())))
            Path(name).chmod(0o644)
            Path(name).replace(file)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise
    return len(new.keys() - known.keys())


def _label(file: Path, dockerfile: Path) -> str:
    """How a Dockerfile is named in the file: by its path from there, or else by its own name and that of its folder."""
    path, folder = dockerfile.absolute(), file.parent.absolute()
    if path.is_relative_to(folder):
        return path.relative_to(folder).as_posix()
    return posixpath.join(path.parent.name, path.name)
