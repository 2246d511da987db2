"""What the interpreters of two images say: their version, the distributions, the modules that can be imported."""

from __future__ import annotations

from dockfix.model.reason import Declared
from dockfix.verify.image import Image
from dockfix.verify.verdict import Finding

# A virtual environment has its own, of another version, or none: they install, and the program does not need them.
# What setuptools gave a program at run time is a module, and compared as such.
_INSTALLERS = frozenset({"pip", "wheel"})
_ANY_VERSION = frozenset({"setuptools"})


def compare_python(before: Image, after: Image) -> list[Finding]:
    """Whether there still is an interpreter, of the same version; nothing where there was none."""
    if before.python is None:
        return []
    if after.python is None:
        why = f": {after.python_error}" if after.python_error else ""
        return [Finding("interpreter", "python", f"the interpreter of the new image does not start{why}")]
    if after.python.version != before.python.version:
        return [
            Finding("interpreter", "python", f"Python is {after.python.version} instead of {before.python.version}")
        ]
    return []


def compare_packages(before: Image, after: Image) -> list[Finding]:
    """The Python distributions that are gone or of another version; pip and wheel do not count."""
    if before.python is None or after.python is None:
        return []
    found = []
    for name, version in sorted(before.python.distributions.items()):
        new = after.python.distributions.get(name)
        if name in _INSTALLERS or new == version:
            continue
        if new is None:
            found.append(Finding("packages", name, f"{name} {version} is not installed"))
        elif name not in _ANY_VERSION:
            found.append(Finding("packages", name, f"{name} is {new} instead of {version}"))
    return found


def compare_modules(before: Image, after: Image, declared: frozenset[Declared] = frozenset()) -> list[Finding]:
    """The modules that could be imported before and cannot now; those that are ``declared`` do not count."""
    if before.python is None or after.python is None:
        return []
    found = []
    for name, fault in sorted(before.python.modules.items()):
        error = after.python.modules.get(name, "it is not there")
        if not fault and error and name not in _INSTALLERS and Declared("MODULE", name) not in declared:
            found.append(Finding("modules", name, f"{name} cannot be imported: {error}"))
    return found
