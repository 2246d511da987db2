"""Whether the final stage can start from another image, one that only runs programs, and what has to be altered for it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from dockfix import knowledge
from dockfix.dataclass import dataclass
from dockfix.facts import Facts
from dockfix.facts.runs_only import runs_only
from dockfix.facts.user import own_user
from dockfix.knowledge.runtime_images import RuntimeImage
from dockfix.model.effects import overlap, within
from dockfix.model.reason import Declared, Reason, at, doubt
from dockfix.model.stages import Stage, Step
from dockfix.placement.without_shell import Commands, commands, programs
from dockfix.runtimes.closure import closure
from dockfix.runtimes.protocol import Runtime
from dockfix.runtimes.registry import runtime
from dockfix.syntax import Instruction, replace_nodes, snippet
from dockfix.syntax import image as reference_of
from dockfix.syntax.shell import Command, parse_script

# Folders in which the interpreters of base images and what belongs to the system lie
_OF_THE_SYSTEM = (
    "/usr/bin",
    "/usr/lib",
    "/usr/sbin",
    "/usr/local/bin",
    "/usr/local/lib",
    "/bin",
    "/lib",
    "/lib64",
    "/sbin",
    "/etc",
)
_QUIET = re.compile(
    r"-(?=\w*f)[fsSLk]+|--fail|--silent|--show-error|--location|-q|-qO-|-O|-O-|--spider|--quiet|--no-verbose|-nv|-sS?"
)
_FAILS = re.compile(r"-\w*f\w*|--fail")
# What a shell may make something else of, outside of quotes
_SPECIAL, _QUOTED = re.compile(r"[*?\[\]{}~!#;&|<>()$`\\]"), re.compile(r"""(?s)'[^']*'|"(?:[^"\\]|\\.)*\"""")
_OUTPUT = re.compile(r"/dev/null|-")


@dataclass(frozen=True)
class Told:
    """What settings say of the image by name (interpreter, version, libc, user), "" where one says nothing; the ``keys`` are theirs."""

    values: Mapping[str, str]
    keys: Mapping[str, str]

    def of(self, known: RuntimeImage | None, language: str) -> RuntimeImage | None:
        """The image with what is told of it; None where nothing is known of it."""
        said = {name: value for name, value in self.values.items() if value}
        interpreter = said.get("interpreter", "")
        if known is None and not interpreter:
            return None
        base = known or RuntimeImage(language)
        number = re.search(r"\d+(?:\.\d+)?$", interpreter)
        user = re.match(r"\d+", said.get("user", ""))
        return base._replace(
            interpreter=interpreter or base.interpreter,
            version=said.get("version") or (number[0] if number else base.version),
            libc=said.get("libc") or base.libc,
            user=knowledge.User("", int(user[0]), "") if user else base.user,
            as_root=base.as_root and not user,
        )

    def has_to_say(self, name: str) -> str:
        """That a setting has to tell something, as a clause."""
        return f"{self.keys[name]} has to say"


@dataclass(frozen=True, eq=False)
class Move:
    """What has to be altered so that the final stage runs on the image ``name``.

    ``owner`` is the number of the user with that of its group, "" where the program stays root's. ``environments`` are the virtual
    environments that come from other stages, by the stage: their links have to lead to the image's interpreter. ``health`` is the
    HEALTHCHECK that does without other programs, with the one in whose place it stands.
    """

    name: str
    image: RuntimeImage
    owner: str
    commands: Commands
    environments: tuple[tuple[Stage, str], ...]
    health: tuple[Step, Instruction] | None
    doubts: tuple[Reason, ...]


def move(facts: Facts, name: str, told: Told) -> Move | tuple[Reason, ...]:
    """How the final stage comes to run on another image, or all that stands in the way."""
    stage = facts.final
    official = _with_shell(facts, name)
    if official is not None and not told.values.get("interpreter"):
        return (official,)
    image = told.of(runs_only(name), stage.image.runtime if stage.image is not None else "")
    if image is None:
        said = f"nothing is known of {name}: {told.has_to_say('interpreter')} where its interpreter lies"
        return (
            at(
                f"{said}, such as /usr/bin/python3.11, and {told.keys['libc']} which C library it has", stage.start.line
            ),
        )
    blocked = _at_all(facts, name, image)
    if blocked is not None:
        return (blocked,)
    health = _health(facts)
    mended = _with(facts, health) if health is not None else facts
    made = commands(facts, mended, name, image)
    environments = tuple(dict.fromkeys(_environments(facts)))
    owner = _owner(facts, name, image, told)
    obstacles = [
        *_interpreter(facts, name, image, environments, told),
        *made.obstacles,
        *programs(mended, name, image),
        *_copies(facts, name, environments),
        *([owner] if isinstance(owner, Reason) else []),
    ]
    if obstacles or isinstance(owner, Reason):
        return tuple(dict.fromkeys(obstacles))
    said = f"{name} has a build of its own of {_title(image)} and fewer libraries than {stage.base}"
    doubts = [doubt(f"{said}: whether all that runs finds what it needs shows only in a build", Declared("FROM"))]
    if not image.libc:
        doubts.append(
            doubt(f"which C library {name} has is not known: {told.keys['libc']} can say it", Declared("FROM"))
        )
    if facts.unknown is not None:
        doubts.append(facts.unknown.behind("what the program starts"))
    return Move(name, image, owner, made, environments, health, tuple(doubts))


def _with_shell(facts: Facts, name: str) -> Reason | None:
    """Why an official image of a language or a system is not what this is for; None for any other image."""
    reference, ours = reference_of(name), facts.final.image
    image = knowledge.base_image(reference.registry, reference.repository, reference.tag or None)
    if image is None:
        return None
    if ours is not None and image.system != ours.system:
        said = f"{name} has another C library than {facts.final.base}: packages for one do not run on the other"
        return at(said, facts.final.start.line)
    return at(f"{name} has a shell: FROM can name it, and nothing has to be altered for it", facts.final.start.line)


def _title(image: RuntimeImage) -> str:
    found = runtime(image.runtime)
    return found.title if found is not None else image.runtime


def _at_all(facts: Facts, name: str, image: RuntimeImage) -> Reason | None:
    """Why nothing is to be looked at any further."""
    stage = facts.final
    line = stage.start.line
    if stage.parent is not None or len(stage.start.words) not in {1, 3} or stage.start.flags:
        return at("the last stage starts from another one, or for one platform alone", line)
    if stage.image is None:
        return at(
            f"what {stage.base or stage.start.args} has is not known, so that another image cannot take its place", line
        )
    if stage.image.runtime != image.runtime:
        return at(f"{name} has {_title(image)}, and {stage.base} has not", line)
    if any(step.keyword in {"ONBUILD", "SHELL"} for step in stage.steps):
        return at("ONBUILD or SHELL counts on a shell", line)
    install = next((step for step, _, _ in facts.installs if step in stage.steps), None)
    if install is not None:
        return at(
            f"packages are installed in the last stage, and {name} has no shell for that; see what multi-stage says",
            install.line,
        )
    return None


def _interpreter(
    facts: Facts, name: str, image: RuntimeImage, environments: tuple[tuple[Stage, str], ...], told: Told
) -> Iterator[Reason]:
    """What is wrong with the interpreter and the C library for what other stages made."""
    makers = {stage.lineage[0] for stage, _ in environments} | {facts.final}
    line = facts.final.start.line
    if not image.version:
        yield at(f"which version {name} has changes, or is not known: {told.has_to_say('version')} it", line)
    elif environments and image.runtime == "python" and not image.interpreter:
        yield at(f"where the interpreter of {name} lies is not known: {told.has_to_say('interpreter')} it", line)
    for stage in sorted(makers, key=lambda each: each.index):
        base = stage.image
        if base is None:
            yield at(f"which interpreter {stage.base} has is not known", stage.start.line)
            continue
        if "$" in stage.start.args:
            yield at(f"a build argument chooses the version that {stage.base} has", stage.start.line)
        ours = ".".join(base.version.split(".")[: 2 if image.runtime == "python" else 1])
        if image.version and ours != image.version:
            said = f"{name} has {_title(image)} {image.version}, and {stage.base} has {ours or 'one that its tag does not tell'}"
            yield at(f"{said}: packages for one do not run on the other", stage.start.line)
            return
        yield from _c_library(facts, name, image, stage)


def _c_library(facts: Facts, name: str, image: RuntimeImage, stage: Stage) -> Iterator[Reason]:
    """Why what a stage compiles would not run on the image."""
    base = stage.image
    assert base is not None  # or its interpreter would not be known
    musl = base.system == "alpine"
    if image.libc and musl != (image.libc == "musl"):
        ours, theirs = ("musl", "glibc") if musl else ("glibc", "musl")
        yield at(
            f"{stage.base} has the C library {ours}, {name} has {theirs}: packages for one do not run on the other",
            stage.start.line,
        )
        return
    if image.glibc is None or image.runtime != "python":
        return
    newer = sorted(
        release
        for release in base.debian_releases or ()
        if (version := knowledge.c_library(release)) is not None and version > image.glibc
    )
    compiled = sorted(each.distribution.name for each in facts.ask(closure).held if each.kind == "compiled")
    if newer and compiled:
        said = f"{compiled[0]} is compiled on {stage.base}, which may be {newer[-1]} with a newer C library than {name} has"
        yield at(f"{said}; a base whose tag names an older release would do", stage.start.line)


def _environments(facts: Facts) -> Iterator[tuple[Stage, str]]:
    """The virtual environments that come from other stages whole, to where they were."""
    stages = {stage.name.lower(): stage for stage in facts.model.stages[:-1] if stage.name}
    for step in facts.final.of("COPY"):
        copy = step.copy
        origin = stages.get((copy.origin or "").lower()) if copy is not None else None
        if copy is None or copy.target is None or origin is None:
            continue
        filled = (install.into for step, _, install in facts.installs if step in origin.steps)
        for environment in (*origin.end.environments, *filled):
            made = environment.runtime == "python" and environment.carried is not None and not environment.beside_base
            if made and any(within(environment.root, each) for each in copy.sources):
                yield origin, environment.root


def _copies(facts: Facts, name: str, environments: tuple[tuple[Stage, str], ...]) -> Iterator[Reason]:
    """What comes from other stages into folders of the system, where the image has others or looks for nothing."""
    for step in facts.final.of("COPY", "ADD"):
        copy = step.copy
        if copy is None or copy.origin is None or copy.target is None:
            continue
        inside = [root for _, root in environments if within(root, copy.target)]
        if not inside and overlap([copy.target], _OF_THE_SYSTEM):
            yield at(
                f"what is copied into {copy.target} is made for {facts.final.base}, and {name} has its own there",
                step.line,
            )


def _owner(facts: Facts, name: str, image: RuntimeImage, told: Told) -> str | Reason:
    """Whom the program runs as on the image, "" for root."""
    end = facts.final.end
    brought = facts.final.image is not None and own_user(facts) is not None
    if end.is_root or end.user is None:
        if image.as_root:
            return ""
        user = f"{image.user.number}" if image.user is not None else "another"
        return at(
            f"the program runs as root, and {name} starts as the user {user}: see what non-root says",
            facts.final.start.line,
        )
    if image.user is not None:
        return f"{image.user.number}:{image.user.number}"
    if re.fullmatch(r"\d+(?::\d+)?", end.user):
        return end.user
    step = facts.final.last("USER")
    what = "the base image's own user" if brought else end.user
    return at(
        f"which number {what} has on {name} is not known: {told.has_to_say('user')} it",
        step.line if step is not None else 0,
    )


# --- the health check ------------------------------------------------------------------------------------------------


def _with(facts: Facts, health: tuple[Step, Instruction]) -> Facts:
    return facts.with_tree(replace_nodes(facts.tree, {health[0].instruction: (health[1],)}), {})


def _health(facts: Facts) -> tuple[Step, Instruction] | None:
    """A HEALTHCHECK that asks by curl or wget, and the one that asks the same by the interpreter."""
    step = facts.final.last("HEALTHCHECK")
    node = step.instruction.inner if step is not None else None
    if step is None or node is None:
        return None
    url = _asked(node)
    language = runtime(facts.final.image.runtime) if facts.final.image is not None else None
    words = language.asks(url) if language is not None and url else _plain(node, language)
    if not words:
        return None
    flags = " ".join(f"--{flag.name}={flag.value}" for flag in step.instruction.flags)
    command = ", ".join(json.dumps(word, ensure_ascii=False) for word in words)
    text = f"HEALTHCHECK {flags} \\\n    CMD [{command}]\n" if flags else f"HEALTHCHECK CMD [{command}]\n"
    new = next(node for node in snippet(facts.tree, text, step.line) if isinstance(node, Instruction))
    return step, new


def _only(node: Instruction) -> Command | None:
    """The one command of a shell form, of which nothing has to be filled in; None where it is more. A non-zero status is one as 1 is."""
    script = parse_script(re.sub(r"\s*\|\|\s*exit\s+1\s*$", "", node.args))
    only = script.commands[0] if len(script.commands) == 1 else None
    if only is None or not only.simple or only.assignments or any(word.value is None for word in only.words):
        return None
    return None if any(_SPECIAL.search(_QUOTED.sub("", word.text)) for word in only.words) else only


def _plain(node: Instruction, language: Runtime | None) -> tuple[str, ...]:
    """The words of a check in shell form that only runs the interpreter, () for any other."""
    only = _only(node) if node.json is None else None
    if only is None or only.redirects or language is None or only.name not in language.interpreters:
        return ()
    return tuple(word.value or "" for word in only.words)


def _asked(node: Instruction) -> str:
    """The plain URL that a command asks for and fails where that gives no proper answer, "" for any other command."""
    words = list(node.json or ())
    if node.json is None:
        only = _only(node)
        if only is None or any(
            each.target is None or not _OUTPUT.fullmatch(each.target.text) for each in only.redirects
        ):
            return ""
        words = [word.value or "" for word in only.words]
    if not words or words[0] not in {"curl", "wget"}:
        return ""
    rest = [word for word in words[1:] if not _OUTPUT.fullmatch(word)]
    urls = [word for word in rest if re.fullmatch(r"https?://[\w.:/~?=&%-]+", word)]
    options = [word for word in rest if word not in urls]
    plain = all(map(_QUIET.fullmatch, options)) and len(urls) == 1 and urls[0].startswith("http://")
    fails = words[0] == "wget" or any(map(_FAILS.fullmatch, options))
    return urls[0] if plain and fails else ""
