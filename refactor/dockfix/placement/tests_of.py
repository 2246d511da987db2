"""What runs the tests of a project, and which of its files that takes: nothing that the project does not have."""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Collection, Iterable

from dockfix.context.javascript.package_json import NAME
from dockfix.dataclass import dataclass
from dockfix.facts import Facts
from dockfix.knowledge.targets import development_scripts, test_settings, tests_nothing
from dockfix.lazy import regex
from dockfix.model.reason import Reason, at
from dockfix.model.stages import Step
from dockfix.placement.targets import Pieces

_PYTHON_TEST = regex(r"(?:.*/)?(?:test_[^/]+|[^/]+_test|conftest)\.py")
_JAVASCRIPT_TEST = regex(r"(?:.*/)?(?:(?:__tests__|tests?|specs?|e2e)/.*|[^/]+\.(?:test|spec)\.[cm]?[jt]sx?)")
_CODE = regex(r".*\.(?:py|[cm]?[jt]sx?|sh|bash)|(?:.*/)?[^./]+")
_RUNNER = "pytest"


@dataclass(frozen=True)
class Tests:
    """``command`` runs them; ``copied`` are files and folders of the build context to copy, each with its path in the working directory."""

    command: tuple[str, ...]
    copied: tuple[tuple[str, str], ...] = ()


def tests_of(facts: Facts, found: Pieces, names: Collection[str], there: Iterable[Step], python: str) -> Tests | Reason:
    """How the tests are run in a stage with the steps ``there``; why there are none.

    ``names`` are the distributions that the packages for development may be, ``python`` is how the interpreter is called.
    """
    prefix = _prefix(facts, found)
    files = [name for name in facts.context.kept(facts.context.ignore) if name.startswith(prefix)]
    copied = {name for step in there if step in facts.copies for name in facts.copies[step].files}
    if facts.is_javascript:
        package = facts.javascript.project
        script = package.scripts.get("test", "") if package is not None else ""
        if tests_nothing(script):
            return at(f"{package.file if package is not None else NAME} has no script that runs tests")
        tests = [name for name in files if _JAVASCRIPT_TEST.fullmatch(name)]
        return Tests((found.install.manager.id, "test"), tuple(_missing(tests, files, copied, prefix)))
    tests = [name for name in files if _PYTHON_TEST.fullmatch(name)]
    if not tests:
        ignored = any(_PYTHON_TEST.fullmatch(name) for name in facts.context.file_names)
        return at("the tests are kept out of the build context by its ignore file" if ignored else "there are no tests")
    if _RUNNER not in names:
        return at(f"{_RUNNER} is not among the packages for development, and nothing else is known to run the tests")
    return Tests((python, "-m", _RUNNER), tuple(_missing(tests, files, copied, prefix)))


def only_tests(files: Collection[str]) -> bool:
    """Whether some files are tests and nothing else."""
    folder = regex(r"(?:.*/)?(?:tests?|__tests__|specs?|e2e)/.*")
    return bool(files) and all(folder.fullmatch(name) or _PYTHON_TEST.fullmatch(name) for name in files)


def names_tests(facts: Facts, tests: Collection[str]) -> bool:
    """Whether code of the image that is no test names one of some tests, or a folder of them: by an import or a path."""
    folders = {part for name in tests for part in name.split("/")[:-1]}
    names = folders | {posixpath.basename(name).partition(".")[0] for name in tests} - {"__init__"}
    listed = "|".join(sorted(map(re.escape, names))).encode()
    pattern = rb"(?:\b(?:from|import)[ \t]+|[\"'`./])(?:" + listed + rb")\b"
    found = facts.application.search(pattern)
    return any(_CODE.fullmatch(mention.file) and not only_tests({mention.file}) for mention in found)


def served(facts: Facts, found: Pieces) -> tuple[str, ...]:
    """The command with which a project of Node.js serves itself to who develops it, () for none."""
    package = facts.javascript.project if facts.is_javascript else None
    scripts = package.scripts if package is not None else {}
    script = next((each for each in development_scripts() if each in scripts), "")
    return (found.install.manager.id, "run", script) if script else ()


def _missing(
    tests: Iterable[str], files: Collection[str], copied: Collection[str], prefix: str
) -> list[tuple[str, str]]:
    """What has to be copied for the tests: whole folders at the top of the project, single files, and the settings beside them."""
    found: dict[str, str] = {}
    for name in tests:
        if name not in copied:
            first = name.removeprefix(prefix).partition("/")[0]
            found[prefix + first] = first
    settings = [prefix + each for each in (*test_settings(), "pyproject.toml")]
    found |= {name: posixpath.basename(name) for name in settings if name in files and name not in copied}
    return sorted(found.items())


def _prefix(facts: Facts, found: Pieces) -> str:
    """The folder of the build context that lies in the working directory, as most of what is copied there shows: "" or "api/"."""
    folder = found.unit.state.workdir or "/"
    counted: Counter[str] = Counter()
    for stage in facts.model.stages:
        layout = facts.layouts.of(stage)
        for step in stage.steps:
            for name in sorted(facts.copies[step].files)[:50] if step in facts.copies else ():
                for path in layout.by(step, name):
                    inside = posixpath.relpath(path, folder)
                    if not inside.startswith("..") and f"/{name}".endswith(f"/{inside}"):
                        counted[name.removesuffix(inside)] += 1
    return counted.most_common(1)[0][0] if counted else ""
