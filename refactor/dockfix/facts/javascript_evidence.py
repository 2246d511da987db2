"""Which files of a JavaScript image are evidence: all but those that are known to be somebody else's, as reach is not certain."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence, Set

from dockfix.context.application import Application
from dockfix.context.kinds import is_shell
from dockfix.facts.evidence import is_named
from dockfix.facts.reading import Reading
from dockfix.facts.startup import Startup
from dockfix.knowledge import rule_runners
from dockfix.lazy import regex

# Files that only tools of development load, by their usual names, and folders of tests
_OF_TOOLS = regex(
    r"(?i)(?:.*/)?(?:(?:tests?|__tests__|__mocks__|spec|specs|(?:[\w.-]+-)?e2e|cypress|\.storybook|stories)/.*|[^/]*\.(?:test|spec|stories|d)\.[cm]?[jt]sx?"
    r"|(?:jest|vitest|eslint|\.eslintrc|prettier|\.prettierrc|stylelint|commitlint|babel|\.babelrc|webpack|rollup|vite|tsup|esbuild|tailwind"
    r"|postcss|cypress|playwright|karma|gulpfile|gruntfile|\.mocharc|nodemon|lint-staged|\.lintstagedrc|renovate|svelte|astro|metro)[^/]*"
    r"\.(?:[cm]?[jt]s|json)|gulpfile\.\w+|Gruntfile\.\w+)"
)
_TESTS = regex(
    r"(?i)(?:.*/)?(?:(?:tests?|__tests__|__mocks__|specs?|(?:[\w.-]+-)?e2e|cypress)/.*|[^/]*\.(?:test|spec|cy)\.[cm]?[jt]sx?)"
)
_RUNS_TESTS = regex(r"(?i)\b(?:tests?|jest|vitest|mocha|ava|tap|cypress|playwright)\b")
# What a browser gets, by the usual names of the folders that servers hand out, and what it can do with it
_SERVED = regex(
    r"(?i)(?:.*/)?(?:static|public|assets|www|wwwroot|webroot|htdocs)/(?:.*/)?[^/]+\.(?:[cm]?jsx?|html?|css)"
)
_FOR_BROWSERS = regex(rb"\"(?:react-dom|react-scripts|vue|svelte|preact|@angular/core|solid-js|lit)\"\s*:")
_RULES = regex(r"(?i)(?:.*/)?(?:(?:gnu)?makefile|justfile|taskfile\.ya?ml|[^/]+\.mk)")


def of_tools(file: str) -> bool:
    """Whether a file, by its name, is one that only tools of development load, or a test."""
    return _OF_TOOLS.fullmatch(file) is not None


def evidence(
    image: Application, reading: Reading, startup: Startup, placed: frozenset[str], commands: Iterable[str]
) -> frozenset[str]:
    """The files of ``image`` that the container can run, start or read.

    All of them but tests, where nothing runs tests; what servers hand out to browsers; and shell scripts that nothing names. ``placed``
    are files that the Dockerfile puts at a place of their own, ``commands`` what its instructions say.
    """
    program = reading.program
    kept = placed | program.files | {config.file for config in program.configs}
    begun = (*startup.texts.values(), *_started(reading))
    gone: set[str] = set()
    if not any(map(_RUNS_TESTS.search, begun)):
        gone.update(filter(_TESTS.fullmatch, image.files - kept))
    if program.unknown is None and program.entries:
        gone.update(filter(_SERVED.fullmatch, image.files - kept))
        gone |= _of_browsers(image, kept, {each.folder for each in reading.started.commands})
    if startup.unknown is None and reading.started.unknown is None:
        gone |= _unnamed_scripts(image, kept, gone, (*begun, *commands))
    return image.files - gone


def _of_browsers(image: Application, kept: frozenset[str], started: Set[str]) -> frozenset[str]:
    """The files of projects for browsers in folders of their own, where nothing is ``started`` and from which the program loads nothing."""
    folders = {name.rpartition("/")[0] for name in image.text_files if name.endswith("/package.json")}
    others = [
        f"{folder}/"
        for folder in folders
        if folder not in started
        and _FOR_BROWSERS.search(image.texts[f"{folder}/package.json"])
        and not any(name.startswith(f"{folder}/") for name in kept)
    ]
    return frozenset(name for name in image.files if any(name.startswith(folder) for folder in others))


def _started(reading: Reading) -> Iterator[str]:
    for each in reading.started.commands:
        yield from (each.program, *(word for word in each.words if word is not None))


def _is_of_people(name: str, data: bytes) -> bool:
    """Whether a file is one that only whoever names it runs: a shell script, or rules of make and the like."""
    return is_shell(name, data) or _RULES.fullmatch(name) is not None


def _unnamed_scripts(image: Application, kept: frozenset[str], gone: set[str], texts: Sequence[str]) -> frozenset[str]:
    """The scripts that no other file which may run or be read names, nor the Dockerfile."""
    scripts = {name for name in image.text_files - kept - gone if _is_of_people(name, image.texts[name])}
    words = {word for text in texts for word in re.findall(r"[\w.+@-]+", text)}
    if not words.isdisjoint(rule_runners()):
        scripts = {name for name in scripts if _RULES.fullmatch(name) is None}
    whole = set(words)
    new = image.text_files - gone - scripts
    while new and scripts:
        for names in image.names(new).values():
            words |= names.words
            whole |= names.whole
        new = frozenset(name for name in scripts if is_named(name, words, whole))
        scripts -= new
    return frozenset(scripts)
