"""What the files of platforms that run images say: fly.toml, render.yaml and the like, in the form in which Compose says it.

https://fly.io/docs/reference/configuration/, https://render.com/docs/blueprint-spec, https://devcenter.heroku.com/articles/build-docker-images-heroku-yml,
https://docs.railway.com/reference/config-as-code, https://docs.digitalocean.com/products/app-platform/reference/app-spec/,
https://kamal-deploy.org/docs/configuration/overview/, https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html
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

WRITTEN_IN = regex(
    r"(?:.*/)?(?:fly(?:\.[\w-]+)?\.toml|render\.ya?ml|heroku\.yml|railway\.(?:json|toml)|\.do/[\w.-]+\.ya?ml"
    r"|config/deploy(?:\.[\w-]+)?\.ya?ml|[\w.-]*task[_-]?def[\w.-]*\.json)"
)
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
    reader = next(read for start, read in _READERS.items() if name.startswith(start) or f"/{start}" in f"/{file}")
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


def _railway(file: str, tree: Mapping[str, object]) -> Iterator[Deployed]:
    build, deploy = mapping(tree.get("build")), mapping(tree.get("deploy"))
    if scalar(build.get("builder")) not in {"", "DOCKERFILE"}:
        return
    start, before = scalar(deploy.get("startCommand")), deploy.get("preDeployCommand")
    runs = (start, scalar(before), *map(scalar, listed(before)))
    yield Deployed(
        scalar(build.get("dockerfilePath")).lstrip("/") or _DEFAULT,
        ComposeService(file, "", command=bool(start), runs=tuple(filter(None, runs))),
    )


def _digital_ocean(file: str, tree: Mapping[str, object]) -> Iterator[Deployed]:
    for each in (mapping(each) for key in _LISTS for each in listed(tree.get(key))):
        path, run = scalar(each.get("dockerfile_path")), scalar(each.get("run_command"))
        settings = tuple(
            f"{scalar(variable.get('key'))}={scalar(variable.get('value'))}"
            for variable in map(mapping, listed(each.get("envs")))
            if scalar(variable.get("scope")) != "BUILD_TIME"
        )
        service = ComposeService(
            file, scalar(each.get("name")), command=bool(run), runs=(run,) if run else (), settings=settings
        )
        if path:
            yield Deployed(_from_root(file, path), service)


def _kamal(file: str, tree: Mapping[str, object]) -> Iterator[Deployed]:
    servers = tree.get("servers")
    roles = [mapping(each) for each in mapping(servers).values()] or [{}]
    shared = tuple(map(scalar, listed(tree.get("volumes"))))
    for role in roles:
        volumes = [*shared, *map(scalar, listed(role.get("volumes")))]
        told = mapping(tree.get("env")).get("clear", tree.get("env"))
        run = scalar(role.get("cmd"))
        yield Deployed(
            _from_root(file, scalar(mapping(tree.get("builder")).get("dockerfile")) or _DEFAULT),
            ComposeService(
                file,
                scalar(tree.get("service")),
                volumes=tuple(
                    (source, target, "volume") for source, target, *_ in (f"{each}::".split(":") for each in volumes)
                ),
                command=bool(run),
                runs=(run,) if run else (),
                settings=tuple(f"{name}={scalar(value)}" for name, value in mapping(told).items() if scalar(value)),
            ),
        )


def _ecs(file: str, tree: Mapping[str, object]) -> Iterator[Deployed]:
    """The containers of a task: which of them is of the Dockerfile is not said, and those of others are given nothing as a rule."""
    for each in map(mapping, listed(tree.get("containerDefinitions"))):
        entry = tuple(map(scalar, listed(each.get("entryPoint"))))
        words = tuple(map(scalar, listed(each.get("command"))))
        places = [scalar(mapping(mount).get("containerPath")) for mount in listed(each.get("mountPoints"))]
        yield Deployed(
            _from_root(file, _DEFAULT),
            ComposeService(
                file,
                scalar(each.get("name")),
                user=scalar(each.get("user")) or None,
                volumes=tuple(("", target, "volume") for target in places if target),
                command=bool(words),
                entrypoint=bool(entry),
                runs=tuple(filter(None, (quoted(entry), quoted(words)))),
                entry=entry,
                words=words,
            ),
        )


def _from_root(file: str, path: str) -> str:
    """A path of the repository's root, as it is relative to the folder of a file."""
    return "../" * file.count("/") + path.lstrip("/")


def _commands(given: object) -> Iterator[str]:
    """A command as a text, or a mapping with a list of them."""
    yield scalar(given)
    yield from map(scalar, listed(mapping(given).get("command")))


_READERS: dict[str, Callable[[str, Mapping[str, object]], Iterator[Deployed]]] = {
    "fly": _fly,
    "render": _render,
    "heroku": _heroku,
    "railway": _railway,
    ".do/": _digital_ocean,
    "config/deploy": _kamal,
    "": _ecs,
}
