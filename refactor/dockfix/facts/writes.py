"""Whether it is certain that the program works without root: what it writes and listens to."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable

from dockfix.context.application import Mention
from dockfix.facts import Facts
from dockfix.facts.ownership import gets_owner, left_closed, made_folders, new_folders, place_of
from dockfix.facts.ports import low_port
from dockfix.facts.rules import Rule, first
from dockfix.facts.user import HOME
from dockfix.knowledge import shells
from dockfix.model.effects import within
from dockfix.model.reason import Reason, doubt, unseen
from dockfix.model.stages import Step

# What any user may write
_SHARED = ("/tmp", "/var/tmp", "/dev", HOME)
# What any user may read, so that a path in it which is only named is no question
_READ_ONLY = (
    "/usr/bin",
    "/usr/sbin",
    "/usr/lib",
    "/usr/local/bin",
    "/usr/local/lib",
    "/usr/share/fonts",
    "/usr/share/zoneinfo",
    "/usr/share/ca-certificates",
    "/lib",
    "/lib64",
    "/bin",
    "/sbin",
    "/proc",
    "/sys",
    "/etc/ssl",
    "/etc/hosts",
    "/etc/localtime",
    "/etc/timezone",
    "/etc/os-release",
    "/etc/resolv.conf",
    "/etc/mime.types",
)
# Code that leaves the folder it lies in
_UPWARDS = rb"(?:\.parent){2,}|\.parents\[\s*\d+|(?:dirname\(\s*(?:os\.)?(?:path\.)?){2,}|['\"]\.\./"
# Paths in calls that make files
_WRITTEN_PATH = (
    rb"\b(?:open|Path|makedirs|mkdir|sqlite3?\.connect|\w*Handler|chdir|rename|copy\w*|move|dump|save|to_\w+|write\w*)"
    rb"\(\s*[rbf]*['\"]/[A-Za-z][\w./-]*"
)


def open_questions(facts: Facts) -> Reason | None:
    """Why it is not certain that the program works without root, None where the facts say that it does."""
    return first(_RULES, facts)


def _unread(facts: Facts) -> Reason | None:
    return facts.unknown


def _nothing_started(facts: Facts) -> Reason | None:
    if not facts.final.of("CMD", "ENTRYPOINT"):
        return doubt("neither CMD nor ENTRYPOINT says what the container runs")
    if set(facts.startup.programs) <= shells():
        return doubt("the container starts a shell, and what is run in it is unknown")
    return None


def _own_package(facts: Facts) -> Reason | None:
    local = next((path for manifest in facts.manifests.values() for path in manifest.builds), None)
    return (
        doubt(f"the project in {local} is installed as a package, and may write beside its own code") if local else None
    )


def _unparsed(facts: Facts) -> Reason | None:
    for each in facts.program.unparsed:
        return doubt(f"{each.file} could not be read ({each.reason}), and what it writes is unknown")
    for unread in facts.processes.unread:
        return doubt(f"{unread.file} could not be read ({unread.reason}), and what it starts is unknown")
    return None


def _low_port(facts: Facts) -> Reason | None:
    port = low_port(facts)
    return doubt(f"port {port} is below 1024, which not every host lets a user listen on") if port else None


def mounted(facts: Facts) -> Reason | None:
    """What is mounted over the image and may be root's, which no build shows; None for nothing."""
    volume = next(iter(facts.final.of("VOLUME")), None)
    if volume:
        return unseen(f"the folder of the VOLUME in line {volume.line} may be root's where it is mounted")
    for service in facts.located.services:
        if service.volumes:
            return unseen(
                f"{service.file} mounts {service.volumes[0][1]} into the service {service.name}, and its files may be root's"
            )
    # A service that only names an image may run this one.
    places = [
        place
        for place in (facts.final.end.workdir, *(step.copy.target for step in facts.copies if step.copy is not None))
        if place and place.rstrip("/")
    ]
    for service in facts.located.others:
        for _, target, _ in service.volumes:
            if any(within(target, place.rstrip("/")) for place in places):
                return unseen(
                    f"{service.file} mounts {target} into the service {service.name}, which may run this image"
                )
    for mention in facts.mounts:
        if any(within(mention.word, place.rstrip("/")) for place in places):
            return unseen(f"{mention.file}:{mention.line} mounts {mention.word}, and its files may be root's")
    return None


def _outside_path(facts: Facts) -> Reason | None:
    """The first path named by code, scripts, settings or the Dockerfile that the new user could not write."""
    stage = facts.final
    copies = [step for step in stage.of("COPY", "ADD") if step.copy is not None and step.copy.target is not None]
    made = new_folders(facts)
    owned = {stage.end.workdir or "/", *made_folders(facts), *made}
    environments = {each.root for part in facts.model.stages for each in part.end.environments}
    # a single file that the Dockerfile puts into /etc is there to be read
    owned |= {
        step.copy.target
        for step in copies
        if step.copy
        and step.copy.target
        and (gets_owner(facts, step) or (not step.copy.target_is_folder and within(step.copy.target, "/etc")))
    }
    search = facts.application.search
    for mention in (
        *facts.application.absolute_paths(),
        *_paths_in(search(_WRITTEN_PATH)),
        *facts.application.setting_paths(),
    ):
        if not _reachable(mention.word, owned | environments):
            return doubt(f"{mention.file}:{mention.line} names {mention.word}, which only root may be able to write")
    for mention in search(_UPWARDS):
        if mention.file.endswith(".py") and _leaves(facts, mention):
            return doubt(f"{mention.file}:{mention.line} names a folder above the program's own")
    for write in (*facts.program.writes, *facts.processes.writes):
        path = place_of(facts, write)
        if path and not _inside(path, owned):
            return doubt(f"{write.file}:{write.line} writes {path}, which only root may be able to")
    for path in sorted(facts.startup.writes):
        if not _inside(path, owned):
            return doubt(f"the container writes {path} when it starts, which only root may be able to")
    for service in facts.located.services:
        for path in re.findall(r"(?:^|[=:,])(/[\w.@+/-]+)", "\n".join(service.environment), re.MULTILINE):
            if not _reachable(path, owned | environments):
                return doubt(
                    f"{service.file} gives the service {service.name} the path {path}, which only root may be able to write"
                )
    for step in (*stage.of("ENV"), *stage.of("CMD"), *stage.of("ENTRYPOINT")):
        for path in _paths(step):
            if not _reachable(path, owned | environments) and facts.layout.file(path) is None:
                return doubt(
                    f"the {step.keyword} in line {step.line} names {path}, which only root may be able to write"
                )
    for folder, write in made.items():
        return doubt(f"{write.file}:{write.line} writes to {folder}, which has to be made for the user")
    return None


def _paths_in(mentions: Iterable[Mention]) -> list[Mention]:
    """Mentions of calls and settings, cut down to the path in them."""
    return [
        mention._replace(word=path[0])
        for mention in mentions
        if (path := re.search(r"/[A-Za-z][\w.@+/-]*", mention.word))
    ]


def _leaves(facts: Facts, mention: Mention) -> bool:
    """Whether code goes up further than the folder that was copied."""
    text = mention.word
    if "../" in text:
        return True
    numbered = text.startswith(".parents[")
    ups = int(re.sub(r"\D", "", text) or 0) if numbered else (text.count(".parent") or text.count("dirname(")) - 1
    depths = [
        mention.file.removeprefix("" if folder == "." else f"{folder}/").count("/")
        for copied in facts.copies.values()
        for folder in copied.directories
        if folder == "." or mention.file.startswith(f"{folder}/")
    ]
    return ups > min(depths, default=0)


def _paths(step: Step) -> list[str]:
    """The absolute paths in a step's words, PATH-like lists left out."""
    skipped = ("PATH=", "LD_LIBRARY_PATH=", "PYTHONPATH=", "LD_PRELOAD=")
    text = " ".join(word for word in step.instruction.words if not word.startswith(skipped))
    return re.findall(r"(?:(?<=[\s=\"':])|^)(/[A-Za-z][\w.@+-]*(?:/[\w.@+-]+)*)", text)


def _reachable(path: str, owned: set[str]) -> bool:
    """Whether a user can do what a program does with a path that it names: write it, or read it where nobody writes."""
    return _inside(path, {*owned, *_READ_ONLY})


def _inside(path: str, owned: set[str]) -> bool:
    path = posixpath.normpath(path)
    return any(within(path, folder) for folder in (*owned, *_SHARED))


_RULES: tuple[Rule, ...] = (
    _unread,
    _nothing_started,
    mounted,
    _own_package,
    _unparsed,
    _low_port,
    left_closed,
    _outside_path,
)
