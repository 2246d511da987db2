"""Jobs of CI that run in a container: their image and what they start in it, in the form in which Compose says it.

https://docs.github.com/en/actions/how-tos/write-workflows/choose-where-workflows-run/run-jobs-in-a-container, https://docs.gitlab.com/ci/yaml/#image
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping

from dockfix.context.compose import ComposeService
from dockfix.context.container_options import container_of
from dockfix.context.yaml_tree import documents, listed, mapping, scalar
from dockfix.lazy import regex
from dockfix.namedtuple import NamedTuple

WRITTEN_IN = regex(r"(?:.*/)?(?:\.github/workflows/[^/]+\.ya?ml|\.gitlab-ci\.yml|\.gitlab/[^/]+\.yml)")
_OF_GITHUB = regex(r"(?:.*/)?\.github/.*")
_SCRIPTS = ("before_script", "script", "after_script")
# What stands for the project's own name
_OWN = regex(r"\$\{?CI_(?:REGISTRY_IMAGE|PROJECT_\w+)|github\.(?:repository|event\.repository)")


class Job(NamedTuple):
    """A job: the image as written, and how its container is run; ``own``: the image is called by the project's own name."""

    image: str
    service: ComposeService
    own: bool


def jobs(file: str, data: bytes) -> tuple[Job, ...]:
    """The jobs of a file that run in containers. Never raises."""
    if not WRITTEN_IN.fullmatch(file):
        return ()
    try:
        tree = mapping(next(documents(data), None))
    except ValueError:
        return ()
    found = _of_github(file, tree) if _OF_GITHUB.fullmatch(file) else _of_gitlab(file, tree)
    return tuple(Job(image, service, _OWN.search(image) is not None) for image, service in found if image)


def _of_github(file: str, tree: Mapping[str, object]) -> Iterator[tuple[str, ComposeService]]:
    for name, job in ((name, mapping(job)) for name, job in mapping(tree.get("jobs")).items()):
        container = job.get("container")
        given = mapping(container)
        steps = [mapping(step) for step in listed(job.get("steps"))]
        environments = [tree.get("env"), job.get("env"), given.get("env"), *(step.get("env") for step in steps)]
        try:
            words = shlex.split(scalar(given.get("options")))
        except ValueError:
            words = []
        _, _, told = container_of(words, file)
        volumes = [
            ("", scalar(each).split(":")[1], "bind") for each in listed(given.get("volumes")) if ":" in scalar(each)
        ]
        yield (
            scalar(container) or scalar(given.get("image")),
            told._replace(
                name=name,
                volumes=(("", "/__w", "bind"), *told.volumes, *volumes),
                runs=tuple(filter(None, (scalar(step.get("run")) for step in steps))),
                settings=(*told.settings, *(setting for each in environments for setting in _settings(each))),
            ),
        )


def _of_gitlab(file: str, tree: Mapping[str, object]) -> Iterator[tuple[str, ComposeService]]:
    whole = mapping(tree.get("default"))
    for name, job in ((name, mapping(job)) for name, job in tree.items()):
        if name in {"default", "variables", "include", "stages", "workflow"}:
            continue
        lines = [line for key in _SCRIPTS for line in _lines(job.get(key, whole.get(key, tree.get(key))))]
        image = job.get("image", whole.get("image", tree.get("image")))
        yield (
            scalar(image) or scalar(mapping(image).get("name")),
            ComposeService(
                file,
                name,
                volumes=(("", "/builds", "bind"),),
                runs=tuple(lines),
                settings=tuple(each for given in (tree, job) for each in _settings(given.get("variables"))),
            ),
        )


def _lines(given: object) -> Iterator[str]:
    """The lines of a script: a text, or a list of texts and lists."""
    for each in given if isinstance(given, list) else [given]:
        yield from _lines(each) if isinstance(each, list) else filter(None, [scalar(each)])


def _settings(given: object) -> Iterator[str]:
    for name, value in mapping(given).items():
        yield f"{name}={scalar(value) or scalar(mapping(value).get('value'))}"
