"""Builds of images that a file declares and no command writes out: steps of GitHub's docker/build-push-action, targets of a Bake file."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterator, Mapping

from dockfix.context.run_commands import BuildCommand
from dockfix.context.yaml_tree import documents, listed, mapping, scalar
from dockfix.lazy import regex
from dockfix.syntax import decode

BAKE = regex(r"docker-bake(?:\.override)?\.(?:hcl|json)")
_ACTION = "docker/build-push-action@"
_WORKFLOW = regex(r"(?i).*\.ya?ml")
_BETWEEN = regex(r"[\n,]")
# One target of a Bake file in HCL, whose values are written out: https://docs.docker.com/build/bake/reference/
_TARGET = regex(r'(?m)^[ \t]*target[ \t]+"[^"\n]*"[ \t]*\{(?P<body>[^{}]*)\}')
_VALUE = regex(r'(?m)^[ \t]*(?P<name>[\w-]+)[ \t]*=[ \t]*(?:"(?P<text>[^"\n]*)"|\[(?P<list>[^\]]*)\])')
_TEXT = regex(r'"([^"\n]*)"')
# What makes another image of a Dockerfile, or takes values that stand elsewhere
_CHANGED = frozenset(
    {"args", "build-args", "target", "inherits", "matrix", "contexts", "build-contexts", "dockerfile-inline"}
)


def declared_builds(file: str, data: bytes) -> tuple[BuildCommand, ...]:
    """What a file declares to build of the last stage of a Dockerfile without build arguments. Never raises."""
    if BAKE.fullmatch(file):
        found = _targets_of_json(data) if file.endswith(".json") else _targets_of_hcl(decode(data))
    elif _WORKFLOW.fullmatch(file) and _ACTION.encode() in data:
        found = _steps(data)
    else:
        return ()
    return tuple(
        BuildCommand(names, dockerfile, file, line)
        for given, names, line in found
        if names and (dockerfile := _dockerfile(given, file))
    )


def _dockerfile(given: Mapping[str, str], file: str) -> str:
    """The Dockerfile, "" where it is not known; Bake takes it relative to its context, the action to the repository."""
    folder = given.get("context", ".")
    own = given.get("dockerfile" if BAKE.fullmatch(file) else "file", "")
    path = own if own and not BAKE.fullmatch(file) else posixpath.join(folder, own or "Dockerfile")
    unknown = not _CHANGED.isdisjoint(given) or "$" in path or "://" in folder
    return "" if unknown else posixpath.normpath(path)


def _steps(data: bytes) -> Iterator[tuple[Mapping[str, str], tuple[str, ...], int]]:
    try:
        jobs = mapping(mapping(next(documents(data), None)).get("jobs"))
    except ValueError:
        return
    line = decode(data).partition(_ACTION)[0].count("\n") + 1
    for job in jobs.values():
        for step in map(mapping, listed(mapping(job).get("steps"))):
            if scalar(step.get("uses")).startswith(_ACTION):
                given = {name: scalar(value) for name, value in mapping(step.get("with")).items()}
                yield given, tuple(filter(None, map(str.strip, _BETWEEN.split(given.get("tags", ""))))), line


def _targets_of_hcl(text: str) -> Iterator[tuple[Mapping[str, str], tuple[str, ...], int]]:
    for target in _TARGET.finditer(text):
        values = [*_VALUE.finditer(target["body"])]
        given = {each["name"]: each["text"] or "" for each in values}
        names = next((_TEXT.findall(each["list"] or "") for each in values if each["name"] == "tags"), [])
        yield given, tuple(names), text.count("\n", 0, target.start("body")) + 1


def _targets_of_json(data: bytes) -> Iterator[tuple[Mapping[str, str], tuple[str, ...], int]]:
    try:
        targets = mapping(mapping(json.loads(data)).get("target"))
    except ValueError:
        return
    for target in map(mapping, targets.values()):
        given = {name: scalar(value) for name, value in target.items()}
        yield given, tuple(map(scalar, listed(target.get("tags")))), 1
