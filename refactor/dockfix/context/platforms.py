"""What the files of platforms that run images say: fly.toml, render.yaml and heroku.yml, in the form in which Compose says it.

https://fly.io/docs/reference/configuration/, https://render.com/docs/blueprint-spec, https://devcenter.heroku.com/articles/build-docker-images-heroku-yml
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Mapping

from dockfix.context.compose import ComposeService
from dockfix.context.yaml_tree import documents, listed, mapping, scalar
from dockfix.lazy import regex
from dockfix.namedtuple import NamedTuple
from dockfix.syntax import decode
from dockfix.syntax.shell import quoted

WRITTEN_IN = regex(r"(?:.*/)?(?:fly(?:\.[\w-]+)?\.toml|render\.ya?ml|heroku\.yml)")
_DEFAULT = "Dockerfile"
_LISTS = ("services", "worker", "workers", "jobs")


class Deployed(NamedTuple):
    """How a platform runs an image: the Dockerfile that it builds, relative to the root of the build context, and the container."""

    dockerfile: str
    service: ComposeService


def deployed(file: str, data: bytes) -> tuple[Deployed, ...]:
    """What a file says; nothing for what is none, or cannot be read. Never raises."""
    if not WRITTEN_IN.fullmatch(file):
        return ()
    name = posixpath.basename(file)
    try:
        if name.endswith(".toml"):
            import tomllib

            tree: object = tomllib.loads(decode(data))
        else:
            tree = next(documents(data), None)
    except (ValueError, RecursionError):
        return ()
    reader = next(read for start, read in _READERS.items() if name.startswith(start))
    folder = posixpath.dirname(file)
    return tuple(
        each._replace(dockerfile=posixpath.normpath(posixpath.join(folder, each.dockerfile)))
        for each in reader(file, mapping(tree))
    )


def _fly(file: str, tree: Mapping[str, object]) -> Iterator[Deployed]:
    build, experimental = mapping(tree.get("build")), mapping(tree.get("experimental"))
    if scalar(build.get("image")) or scalar(build.get("builder")):
        return
    mounts = tree.get("mounts", tree.get("mount"))
    entry = tuple(scalar(word) for word in listed(experimental.get("entrypoint")))
    command = tuple(scalar(word) for word in listed(experimental.get("cmd")))
    processes = [scalar(each) for each in mapping(tree.get("processes")).values()]
    yield Deployed(
        scalar(build.get("dockerfile")) or _DEFAULT,
        ComposeService(
            file,
            scalar(tree.get("app")),
            volumes=tuple(
                (scalar(each.get("source")), target, "volume")
                for each in map(mapping, mounts if isinstance(mounts, list) else [mounts])
                if (target := scalar(each.get("destination")))
            ),
            command=bool(command) or any(processes),
            entrypoint=bool(entry),
            runs=tuple(
                filter(
                    None,
                    (
                        *processes,
                        scalar(mapping(tree.get("deploy")).get("release_command")),
                        quoted(entry),
                        quoted(command),
                    ),
                )
            ),
            settings=tuple(f"{name}={value}" for name, value in mapping(tree.get("env")).items()),
            entry=entry,
            words=command,
        ),
    )


def _render(file: str, tree: Mapping[str, object]) -> Iterator[Deployed]:
    for each in (mapping(each) for key in _LISTS for each in listed(tree.get(key))):
        if "docker" not in (scalar(each.get("runtime")), scalar(each.get("env"))):
            continue
        disk = scalar(mapping(each.get("disk")).get("mountPath"))
        runs = (scalar(each.get("dockerCommand")), scalar(each.get("preDeployCommand")))
        yield Deployed(
            scalar(each.get("dockerfilePath")) or _DEFAULT,
            ComposeService(
                file,
                scalar(each.get("name")),
                volumes=(("", disk, "volume"),) if disk else (),
                command=bool(runs[0]),
                runs=tuple(filter(None, runs)),
                settings=tuple(
                    f"{scalar(variable.get('key'))}={scalar(variable.get('value'))}"
                    for variable in map(mapping, listed(each.get("envVars")))
                    if "value" in variable
                ),
            ),
        )


def _heroku(file: str, tree: Mapping[str, object]) -> Iterator[Deployed]:
    built = mapping(mapping(tree.get("build")).get("docker"))
    runs = [*mapping(tree.get("run")).values(), mapping(tree.get("release"))]
    commands = tuple(filter(None, (text for each in runs for text in _commands(each))))
    for name, dockerfile in built.items():
        path = scalar(dockerfile) or scalar(mapping(dockerfile).get("dockerfile")) or _DEFAULT
        yield Deployed(path, ComposeService(file, name, command=bool(tree.get("run")), runs=commands))


def _commands(given: object) -> Iterator[str]:
    """A command as a text, or a mapping with a list of them."""
    yield scalar(given)
    yield from map(scalar, listed(mapping(given).get("command")))


_READERS: dict[str, Callable[[str, Mapping[str, object]], Iterator[Deployed]]] = {
    "fly": _fly,
    "render": _render,
    "heroku": _heroku,
}
