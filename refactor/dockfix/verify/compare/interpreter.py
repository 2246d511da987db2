"""Whether the interpreters of the image before are there, of the same version, and those of environments lead to one."""

from __future__ import annotations

import posixpath

from dockfix.model.reason import Declared
from dockfix.runtimes.registry import runtimes
from dockfix.verify.image import Image, RuntimeFacts
from dockfix.verify.verdict import Finding


def compare_interpreters(before: Image, after: Image, declared: frozenset[Declared] = frozenset()) -> list[Finding]:
    """The interpreters that do not start any more, or are of another version.

    Where it is ``declared`` that another image brings one (``python3.11``), another patch release will do. One that came along in an
    image of another language may be gone: what runs it is among the commands that are looked for.
    """
    found = []
    for runtime in runtimes():
        old, new = before.runtimes.get(runtime.id), after.runtimes.get(runtime.id)
        if old is None or (new is not None and new.version == old.version):
            continue
        series = [each.name.removeprefix(runtime.id) for each in declared if each.part == "PROGRAM"]
        if new is not None and any(number and _is_of(number, old, new) for number in series):
            continue
        if new is None and any(each is not runtime and not each.told_by.isdisjoint(before.env) for each in runtimes()):
            continue
        if new is not None:
            said = f"{runtime.title} is {new.version} instead of {old.version}"
        else:
            why = after.silent.get(runtime.id, "")
            said = f"the interpreter of the new image does not start{f': {why}' if why else ''}"
        found.append(Finding("interpreter", runtime.id, said))
    return found


def _is_of(series: str, *runtimes: RuntimeFacts) -> bool:
    """Whether the versions of runtimes are all of a series, such as 3.11."""
    return all(f"{each.version}.".startswith(f"{series}.") for each in runtimes)


def broken_interpreters(before: Image, after: Image) -> list[Finding]:
    """The links to interpreters in the environments that lead to no program, where they did not before."""
    found = []
    for path, entry in sorted(after.snapshot.entries.items()):
        if (
            entry.kind == "link"
            and _is_interpreter(path, after)
            and not after.snapshot.is_program(path)
            and (path not in before.snapshot.entries or before.snapshot.is_program(path))
        ):
            found.append(
                Finding(
                    "interpreter", path, f"{path} is a link to {entry.target}, which is no program in the new image"
                )
            )
    return found


def _is_interpreter(path: str, image: Image) -> bool:
    """Whether a path is named as the interpreter of an environment is, with or without a version."""
    folder, name = posixpath.split(path)
    environment, last = posixpath.split(folder)
    return last == "bin" and any(
        name.startswith(runtime.interpreters)
        and runtime.environment_file
        and posixpath.join(environment, runtime.environment_file) in image.snapshot.entries
        for runtime in runtimes()
    )
