"""What the build context says of how containers of the image are run, beside Compose and Kubernetes: by hand, and by GitHub."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Sequence, Set

from dockfix.context.application import application
from dockfix.context.ci_jobs import WRITTEN_IN as JOBS_IN
from dockfix.context.ci_jobs import jobs
from dockfix.context.compose import ComposeService, settings_in
from dockfix.context.development_container import WRITTEN_IN as DEVELOPED_IN
from dockfix.context.development_container import development_container
from dockfix.context.platforms import WRITTEN_IN as DEPLOYED_BY
from dockfix.context.platforms import deployed
from dockfix.context.run_commands import RUN_IN, RunCommand, RunCommands, name_of, run_commands
from dockfix.facts import Facts
from dockfix.facts.startup import Startup, read_commands
from dockfix.knowledge import images_of_others
from dockfix.knowledge.programs import idle, shells
from dockfix.lazy import regex
from dockfix.model.effects import within
from dockfix.model.reason import Reason, at, unseen

_ACTION = regex(r"(?:.*/)?action\.ya?ml")
_OF_DOCKER = regex(r"(?m)^[ \t]*using:[ \t]*['\"]?docker['\"]?[ \t]*(?:#.*)?$")
_METADATA = {
    "package.json": regex(r"\"name\"\s*:\s*\"([^\"]+)\""),
    "pyproject.toml": regex(r"(?m)^[ \t]*name[ \t]*=[ \t]*[\"']([^\"']+)"),
    "setup.cfg": regex(r"(?m)^[ \t]*name[ \t]*=[ \t]*(\S+)"),
    "setup.py": regex(r"\bname\s*=\s*[\"']([^\"']+)"),
}
_SHORTEST = 3  # letters of a name that may be a part of another
_IMAGE = regex(r"(?m)^[ \t]*image:[ \t]*['\"]?([^\s'\"#]+)")


def container_action(facts: Facts) -> Reason | None:
    """A container action of GitHub's: the workspace and the files that it writes its answers to are root's.

    https://docs.github.com/en/actions/reference/workflows-and-actions/dockerfile-support#user
    """
    own = facts.context.own_name
    for name in sorted(facts.context.named(_ACTION)):
        folder, text = posixpath.dirname(name), facts.context.read(name)
        if not text or not _OF_DOCKER.search(text):
            continue
        image = _IMAGE.search(text)
        named = image is not None and posixpath.normpath(posixpath.join(folder, image[1])) == own
        if folder not in {"", posixpath.dirname(own)} and not named:
            continue
        published = image[1].removeprefix("docker://") if image and image[1].startswith("docker://") else ""
        if not published:
            return at(f"{name} runs it as a container action of GitHub, which has to run as root")
        if name_of(published) not in images_of_others():
            return at(
                f"{name} runs {published} as a container action of GitHub, which has to run as root and may be this image"
            )
    return None


def run_as_root(facts: Facts) -> Reason | None:
    """A command that runs a container with a right that only root can use."""
    found = next((each for each in facts.ask(containers) if each.needs_root), None)
    return at(f"{found.file} runs a container with {found.needs_root}") if found else None


def run_with_mounts(facts: Facts) -> Reason | None:
    """A command that mounts a folder of its caller's over one of the image, or runs a container as some other user."""
    for each in facts.ask(containers):
        mounts = [target for _, target, kind in each.volumes if kind != "tmpfs"]
        if mounts:
            return unseen(f"{each.file} mounts {mounts[0]} into a container, and its files may be root's")
        if each.user:
            return unseen(f"{each.file} runs a container as the user {each.user}")
    return None


def containers(facts: Facts) -> tuple[ComposeService, ...]:
    """How containers of this image are run: by the commands of the build context, by editors that develop in them, by platforms."""
    run = [_with_its_files(facts, each) for each in facts.ask(_own_runs) if not each.inside]
    return (*run, *facts.kubernetes.before, *facts.ask(developed_in), *_deployed(facts), *_jobs(facts))


def beside(facts: Facts) -> tuple[ComposeService, ...]:
    """All that may start a program in a container of the image, but for the services of Compose and Kubernetes that are known to.

    Commands in running containers, and the services that may run the image, too.
    """
    inside = [_with_its_files(facts, each) for each in facts.ask(_own_runs) if each.inside]
    return (*facts.ask(containers), *inside, *facts.located.others)


def every_way(facts: Facts) -> tuple[ComposeService, ...]:
    """All that may start a program in a container of the image."""
    return (*facts.services, *facts.ask(beside))


def by_hand(facts: Facts) -> Startup:
    """What is started in containers of the image beside what they start by themselves."""
    return _read(facts, facts.ask(beside))


def by_hand_as_its_user(facts: Facts) -> Startup:
    """The same of what runs as the image's user, as far as it is known to run in such a container."""
    others = set(facts.located.others)
    return _read(facts, [each for each in facts.ask(beside) if not each.user and each not in others])


def _read(facts: Facts, run: Iterable[ComposeService]) -> Startup:
    return read_commands(facts.final, run, facts.started_file, facts.context.read)


def _with_its_files(facts: Facts, run: RunCommand) -> ComposeService:
    """How a container is run, with the settings in the files that the command names; it may run in the folder of its own file."""
    folder = posixpath.dirname(run.service.file)
    found: list[str] = []
    for name in run.service.env_files:
        paths = (posixpath.normpath(name), posixpath.normpath(posixpath.join(folder, name)))
        text = next(filter(None, map(facts.context.read, dict.fromkeys(paths))), "")
        found += settings_in(text)
    return run.service._replace(settings=(*found, *run.service.settings))


def developed_in(facts: Facts) -> tuple[ComposeService, ...]:
    """The containers of this image that an editor develops in."""
    services = {service.name for service in facts.located.services}
    found = application(facts.context, facts.context.named(DEVELOPED_IN)).asked(development_container)
    return tuple(
        each.service
        for _, each in found
        if each.dockerfile == facts.context.own_name or (each.compose and each.compose in services)
    )


def _deployed(facts: Facts) -> Iterator[ComposeService]:
    """The containers of this image that platforms run."""
    for _, found in application(facts.context, facts.context.named(DEPLOYED_BY)).asked(deployed):
        yield from (each.service for each in found if each.dockerfile == facts.context.own_name)


def _jobs(facts: Facts) -> Iterator[ComposeService]:
    """The jobs of CI that run in a container of this image, as far as its name shows."""
    built = {name for _, each in _commands(facts) for name in each.built}
    for _, found in application(facts.context, facts.context.named(JOBS_IN)).asked(jobs):
        for job in found:
            if job.own or name_of(job.image) in built or _is_named_like(job.image, facts.ask(_names)):
                yield job.service


def _commands(facts: Facts) -> Sequence[tuple[str, RunCommands]]:
    return application(facts.context, facts.context.named(RUN_IN)).asked(run_commands)


def _own_runs(facts: Facts) -> tuple[RunCommand, ...]:
    """The commands that may start a container of this image, or something in one."""
    return tuple(_found_runs(facts))


def _found_runs(facts: Facts) -> Iterator[RunCommand]:
    found = [each for _, each in _commands(facts)]
    built = {name for each in found for name in each.built}
    runs = [run for each in found for run in each.runs]
    own = {run.image for run in runs if _is_named_like(run.image, facts.ask(_names))}
    images = [run for run in runs if run.kind == "image" and _may_be_own(run, built, own)]
    yield from images
    others = {run.name for run in runs if run.kind == "image" and run.name} - {run.name for run in images}
    for run in runs:
        if run.kind == "container":
            of_others = run.target in others or _is_of_another_service(facts, run.target)
            if not of_others and name_of(run.target) not in images_of_others():
                yield run
        elif run.kind == "service" and _may_be_own_service(facts, run.target):
            yield run


def _may_be_own_service(facts: Facts, name: str) -> bool:
    """Whether a service of Compose may run this image: it is known to, or its name says nothing."""
    own = _own_services(facts)
    return name in own or "$" in name or (not facts.located.services and name not in facts.located.named)


def _own_services(facts: Facts) -> frozenset[str]:
    return frozenset(service.name for service in facts.located.services or facts.located.others)


def _is_of_another_service(facts: Facts, container: str) -> bool:
    """Whether a container has the name of a service that runs another image, with what Compose adds: shop-db-1."""
    parts, own = {container, *re.split(r"[-_]", container)}, _own_services(facts)
    return own.isdisjoint(parts) and not (facts.located.named - own).isdisjoint(parts)


def _may_be_own(run: RunCommand, built: Set[str], own: Set[str]) -> bool:
    """Whether a command may start a container of this image."""
    image = name_of(run.image)
    # where the files build images, one of another folder is somebody else's
    others = image in images_of_others() or (bool(built) and image not in built and "/" in run.image)
    return not image or "$" in run.image or image in built or not (others or _is_of_another_owner(run.image, own))


def _is_of_another_owner(image: str, own: Set[str]) -> bool:
    """Whether an image is none of the project's, some of which are run by the project's name: it has neither that nor their owner."""
    return "/" in image and bool(own) and image not in own and _owner(image) not in map(_owner, own)


def _owner(image: str) -> str:
    """The folder of an image, in whichever registry; "" for none."""
    return posixpath.basename(posixpath.dirname(image))


def _is_named_like(image: str, names: Set[str]) -> bool:
    """Whether an image has one of some names, with more around it or less."""
    name = _letters(name_of(image))
    return any(name in each or each in name for each in names) if len(name) >= _SHORTEST else name in names


def _names(facts: Facts) -> frozenset[str]:
    """The names of the project: in its metadata, of its folder, of its services in Compose files. In small letters, without marks."""
    texts = {name: facts.context.read(name) or "" for name in _METADATA}
    found = [match[1] for name, text in texts.items() for match in list(_METADATA[name].finditer(text))[:1]]
    found += [posixpath.basename(facts.located.root.absolute().as_posix())]
    found += [service.name for service in facts.located.services]
    return frozenset(name for each in found if len(name := _letters(each.rpartition("/")[2])) >= _SHORTEST)


def _letters(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def worked_in(facts: Facts) -> Reason | None:
    """Why people may work in a container of the image, as by running tests: it does nothing by itself, or Compose mounts the source."""
    programs = facts.startup.programs.keys() - {posixpath.basename(where) for where in facts.startup.texts}
    if not programs:
        return unseen("nothing says what a container of the image runs, which may be tests")
    if programs <= shells():
        return unseen("a container of the image starts a shell, in which somebody may run tests")
    if programs <= shells() | idle():
        return unseen("a container of the image does nothing by itself: somebody may run tests there")
    return _mounted_source(facts)


def _mounted_source(facts: Facts) -> Reason | None:
    for service in (*facts.located.services, *facts.located.others):
        over = next((target for _, target, _ in service.volumes if within(facts.final.end.workdir or "/", target)), "")
        if over:
            return unseen(
                f"{service.file} mounts the source over {over}, as for development: somebody may run tests there"
            )
    return None
