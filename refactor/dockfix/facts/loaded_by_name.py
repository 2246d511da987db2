"""Packages for Node.js that a container loads although neither its commands nor what its code imports name them."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatchcase

from dockfix.context.javascript import package_of
from dockfix.facts import Facts
from dockfix.knowledge.node_loads import loaded_by_output, loaded_by_packages
from dockfix.knowledge.node_programs import node_program
from dockfix.lazy import regex
from dockfix.model.reason import Reason, at
from dockfix.syntax import encode

# Packages that compile the files that are loaded after them, with a compiler and settings that the project asks for
_COMPILE = frozenset({"ts-node", "@babel/register", "@babel/node", "@swc-node/register", "ts-node-dev"})
_BIN = "node_modules/.bin/"
_PACKAGES = "node_modules/"
# A call that hands out the folder of all packages, in the manner of Express
_HANDED_OUT = rb"\b(?:static|serveStatic)\s*\([^\n]*node_modules/?['\"`]"
# Pages and their templates, which name files that are handed out
_PAGES = regex(r"(?i).*\.(?:html?|ejs|pug|jade|hbs|handlebars|mustache|njk|nunjucks|liquid|eta|twig)")
_CODE = regex(r"(?i).*\.[cm]?[jt]sx?")
_VARIABLE = "NODE_OPTIONS"
# Files whose command lines are for those who develop, test or install: all but what tells a running program how it starts others
_FOR_PEOPLE = regex(
    r"(?i)(?:.*/)?(?:package\.json|npm-shrinkwrap\.json|[^/]*[.-]lock(?:\.\w+)?|[^/]*\.(?:md|mdx|rst|adoc|txt|map)|\.(?!npmrc$|env[^/]*$)[^/]+(?:/.*)?)"
)


def loaded_by_name(
    facts: Facts, names: Mapping[str, str], brings: Callable[[str], frozenset[str]], of_tools: Callable[[str], bool]
) -> Reason | None:
    """Why one of some packages, each with the file that asks for it in development alone, is needed by a running container.

    ``brings`` says which packages a program may come from, ``of_tools`` which files only tools of development load.
    """
    found = (*_by_environment(facts), *_in_files(facts, names, brings, of_tools))
    for where, name in found:
        if name == _PACKAGES:
            return at(f"{where} hands out node_modules, with what development alone asks for")
        if name in names:
            return at(f"{where} loads {name}, and {names[name]} asks for it in development alone")
    for use in facts.javascript.program.packages if names else ():
        if use.module in _COMPILE and not of_tools(use.file):
            return at(f"{use.file}:{use.line} loads {use.module}, which compiles code with packages of development")
    return _by_packages(facts, names) or _by_output(facts, names)


def _by_environment(facts: Facts) -> Iterator[tuple[str, str]]:
    """What the environment has Node.js load before the program, each with where it is set."""
    for step in facts.final.of("ENV"):
        words = step.instruction.words
        for name, value in zip(words[::2], words[1::2], strict=True):
            if name == _VARIABLE:
                yield from ((f"ENV in line {step.line}", each) for each in _preloaded(value))
    for where, text in facts.startup.texts.items():
        if _VARIABLE in text:
            yield from ((where, each) for each in _preloaded(text))
    for command in facts.javascript.started.commands:
        yield from ((command.where, each) for each in _preloaded(command.env.get(_VARIABLE) or ""))
    for service in facts.services:
        for setting in service.settings:
            name, _, value = setting.partition("=")
            if name == _VARIABLE:
                yield from ((f"{service.file}: {_VARIABLE}", each) for each in _preloaded(value))


def _in_files(
    facts: Facts, names: Mapping[str, str], brings: Callable[[str], frozenset[str]], of_tools: Callable[[str], bool]
) -> Iterator[tuple[str, str]]:
    """What the files of the image have Node.js load, or start out of the packages' folder of programs."""
    if not names:
        return
    options, bins = b"|".join(sorted(map(encode, _options()))), re.escape(_BIN.encode())
    wanted = b"|".join(sorted(re.escape(encode(name)) for name in names))
    for mention in facts.application.search(
        rb"(?:" + options + rb")(?:[ =]|[\"'], *)[\"']?(?:" + wanted + rb")(?![\w.@-])|" + bins + rb"[\w.-]+|"
        rb"node_modules/(?:" + wanted + rb")(?![\w.@-])|" + _HANDED_OUT
    ):
        if _FOR_PEOPLE.fullmatch(mention.file) or of_tools(mention.file):
            continue
        where = f"{mention.file}:{mention.line}"
        if mention.word.startswith(_BIN):
            yield from ((where, name) for name in sorted(brings(mention.word.removeprefix(_BIN))))
        elif re.match(_HANDED_OUT, encode(mention.word)):
            if _CODE.fullmatch(mention.file):
                yield where, _PACKAGES
        elif mention.word.startswith(_PACKAGES):
            if _CODE.fullmatch(mention.file) or _PAGES.fullmatch(mention.file):
                yield where, mention.word.removeprefix(_PACKAGES)
        else:
            yield where, re.split(r"[ ='\"]+", mention.word)[-1]


def _by_packages(facts: Facts, names: Mapping[str, str]) -> Reason | None:
    """A package of the program that loads another by a name that it is told."""
    project = facts.javascript.project
    needed = project.dependencies.keys() if project is not None else frozenset[str]()
    for row in loaded_by_packages():
        loader = next(iter(sorted(row.packages & needed)), "")
        others = sorted(row.loads & names.keys())
        if loader and others and (row.all or not row.loads & needed):
            name = others[0]
            return at(f"{loader} may load {name}, and {names[name]} asks for it in development alone")
    return None


def _by_output(facts: Facts, names: Mapping[str, str]) -> Reason | None:
    """A package that compilers write into what they make, so that the program loads it."""
    for row in loaded_by_output():
        for name in sorted(row.loads & names.keys()):
            for file in sorted(facts.javascript.files.names):
                of_compiler = any(fnmatchcase(posixpath.basename(file), each) for each in row.settings)
                if of_compiler and row.asks.search(facts.javascript.files.read(file) or ""):
                    return at(
                        f"{file} may have what is compiled load {name}, which {names[name]} asks for in development alone"
                    )
    return None


def _preloaded(text: str) -> Iterator[str]:
    """The packages that a value of NODE_OPTIONS names."""
    for match in re.finditer(rf"(?:^|[\s\"'=])(?:{'|'.join(sorted(_options()))})[ =]+[\"']?([^\s\"']+)", text):
        yield package_of(match[1])


def _options() -> frozenset[str]:
    known = node_program("node")
    return known.preloads if known is not None else frozenset()
