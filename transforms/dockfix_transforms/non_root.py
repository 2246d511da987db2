"""The ``non-root`` transform."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from itertools import takewhile
from typing import Any, ClassVar

from dockfix.engine.options import Option
from dockfix.engine.transform import Edit, Outcome, Transform, refuse
from dockfix.facts import Facts
from dockfix.facts.mounts_answered import answers
from dockfix.facts.overwritten import brought_again
from dockfix.facts.ownership import brings_manifests, chosen_folder, gets_owner, home_is_made, made_folders, new_folders
from dockfix.facts.root import needs_root
from dockfix.facts.shell_writes import shell_writes
from dockfix.facts.user import own_user, user_of
from dockfix.facts.writes import open_questions
from dockfix.knowledge import User
from dockfix.lazy import regex
from dockfix.managers.verbs import language_install
from dockfix.model.effects import within
from dockfix.model.reason import Declared, Reason
from dockfix.model.stages import Step
from dockfix.syntax import Blank, Comment, Dockerfile, Instruction, Node, snippet
from dockfix.syntax.rewrite import with_flags
from dockfix.syntax.shell_form import append

from ._layout import declared_files, own_comments

# What a shell reads, and dockfix reads as a pattern
_OF_THE_SHELL = frozenset("*?[{`'\"\\")
_LAYERS = {"RUN", "COPY", "ADD", "WORKDIR"}
# A step among comments, and a line of one that goes on
_STEP, _GOES_ON = regex(r"\s*(?:RUN|COPY|ADD|WORKDIR)\s+\S"), regex(r"\\\s*$")
_PARENTS = regex(r"-[mvZ]*p[mvZ]*|--parents")

MANIFESTS = Option(
    "non-root.manifests",
    False,
    "answer what is mounted in the files that say so: a Compose service stays root, a pod of Kubernetes gets an fsGroup (`--manifests`)",
    hint="manifests",
)


class NonRoot(Transform):
    """Run the program as a user without root's rights.

    What it does
        Makes a user with a home folder and a fixed UID, lets it own the working directory, the copied files, the folders that
        the Dockerfile makes (in the step that makes them) and those that the code is seen to write, and switches to it by
        number (``USER 10001:10001``), which Kubernetes' runAsNonRoot accepts. The images of Node.js bring a user of their own,
        which is taken (``USER 1000:1000``); where the code is known to write nothing of its own, the files stay root's.

    Why
        A program that is taken over as root can change everything in its container, and has a shorter way out of it.

    Example
        WORKDIR /app                            WORKDIR /app
                                                RUN useradd --create-home --uid 10001 appuser \\
                                                    && chown appuser:appuser /app
        COPY . .                                COPY --chown=appuser:appuser . .
                                                USER 10001:10001

    Fix safety
        Safe where all that runs is understood: the author's own code, which was read whole, or servers that are known not to mind;
        every absolute path that code, settings, scripts, options and environment files name lies in what the user owns or is
        only read; no package works with raw sockets, devices or other users; and nothing shows that the image is run with a
        folder mounted into it, unless ``--manifests`` answers that: the Compose service stays root, the pod gets the user's group as
        its ``fsGroup``, in the same diff. Otherwise unsafe. Left alone where a USER is set, where root is needed (nginx, supervisord, cron,
        sshd, gosu and their like, raw sockets, devices, apt at run time), and for a container action of GitHub.
    """

    title: ClassVar[str] = "run as a user without root's rights"
    after: ClassVar[frozenset[str]] = frozenset({"healthcheck"})
    may_break: ClassVar[tuple[str, ...]] = ("user", "writes")
    sees_to: ClassVar[frozenset[str]] = frozenset({"user"})
    options: ClassVar[tuple[Option[Any], ...]] = (MANIFESTS,)

    def apply(self, facts: Facts) -> Outcome:
        """Adds the user, its ownership and the USER instruction to the final stage."""
        reason = needs_root(facts) or chosen_folder(facts)
        if reason:
            return refuse(reason)
        return _edits(facts, open_questions(facts))


def _edits(facts: Facts, questions: tuple[Reason, ...]) -> Outcome:
    stage, tree, user = facts.final, facts.tree, user_of(facts)
    workdir = stage.end.workdir or "/"
    shut = own_user(facts) is not None and not questions and not _writes_there(facts)
    if _OF_THE_SHELL.intersection(workdir):
        return refuse(f"the name of the working directory has characters that the shell reads: {workdir}")
    layers = [step for step in stage.steps if step.keyword in _LAYERS]
    last = layers[-1]
    anchor = _anchor(facts, layers)
    edits: dict[Node, tuple[Node, ...]] = {}
    made = [
        step
        for step in layers[: layers.index(anchor)]
        if (step.keyword == "WORKDIR" and stage.after(step).workdir == workdir) or _makes(step, workdir)
    ]
    if stage.end.workdir_chosen and not made:
        return refuse(
            f"the build argument {stage.end.workdir_chosen} chooses the working directory, which is made late"
        )
    # where a build argument decides, it is the folder in which the RUN runs
    owned = "" if shut else "." if stage.end.workdir_chosen else shlex.quote(workdir)
    folders = {path: step for path, step in facts.ask(made_folders).items() if not shut or step.keyword != "WORKDIR"}
    late = {path: step for path, step in folders.items() if layers.index(step) >= layers.index(anchor)}
    early = [path for path in folders if path not in late]
    # where the file makes the folder itself, it hands it over: mkdir may fail where it is there already
    later = [] if made or shut else layers[layers.index(anchor) :]
    maker = next((step for step in later if _makes(step, workdir) or _makes_around(step, workdir)), None)
    if maker is not None and not _makes(maker, workdir):
        return refuse(f"the RUN makes a folder around {workdir}, which the user would get before", maker.line)
    if maker is not None:
        late[workdir] = maker
        owned = ""
    after_anchor = anchor is last and anchor.copy is None
    if after_anchor:  # the user comes after all of them
        early, late = [*early, *(path for path in late if path not in early)], {}
    blank = "\n" if own_comments(tree, anchor.instruction) else ""
    commands = " \\\n    && ".join(_make_user(facts, owned, bool(made), early))
    prepared = snippet(tree, f"RUN {commands}\n{blank}", anchor.line) if commands else ()
    for step in stage.of("COPY", "ADD"):
        if shut or _stays(facts, step):
            continue
        chowned = with_flags(tree, step.instruction, [f"--chown={_owner(user)}"])
        if chowned is None:
            return refuse(f"{step.keyword} could not be given --chown", step.line)
        edits[step.instruction] = (chowned,)
    target = (*own_comments(tree, anchor.instruction), anchor.instruction)[0]
    # what steps leave behind, nobody knows where: only root's is handed over, since all else would be stored a second time
    unknown = bool(questions) and any(unit.effects.unbounded for _, unit in stage.units)
    for step in dict.fromkeys(late.values()):
        paths = [path for path, maker in late.items() if maker is step and not (unknown and within(path, workdir))]
        if paths and not after_anchor:
            edits[step.instruction] = _handed_over(facts, step, user, paths)
    if not after_anchor and prepared:
        edits[target] = (*prepared, *edits.get(target, (target,)))
    tail: tuple[Node, ...] = prepared if after_anchor else ()
    if unknown:
        assert facts.system is not None  # or root would be needed
        handed = f"{facts.system.hand_over} {_owner(user)} {owned or shlex.quote(workdir)}"
        tail += snippet(tree, f"RUN {handed}\n", last.line)
    edits[last.instruction] = (*edits.get(last.instruction, (last.instruction,)), *tail)
    end, switch = _switch(tree, last, user)
    edits[end] = (*edits.get(end, (end,)), *switch)
    reason = f"the program runs as {user.name} ({user.number}), " + (
        "and its files stay root's" if shut else f"which owns {workdir}"
    )
    beside = facts.ask(answers)
    return Outcome(
        [Edit(node, nodes, last.line, reason if node is last.instruction else "") for node, nodes in edits.items()],
        beside.files,
        "; ".join(beside.said),
        doubts=questions,
        declares=frozenset(
            {Declared("USER"), *declared_files(facts, beside.files), *(_shut(facts, workdir) if shut else ())}
        ),
    )


def _anchor(facts: Facts, layers: Sequence[Step]) -> Step:
    """The step above which the user is made: the first COPY, but below an install the first that brings more than manifests."""
    copies = [step for step in layers if step.copy is not None]
    first = next(iter(copies), layers[-1])
    above, below = layers[: layers.index(first)], layers[layers.index(first) :]
    later = next((step for step in copies if not brings_manifests(facts, step)), layers[-1])
    between = below[: below.index(later)]
    owned = facts.ask(made_folders).values()
    return later if any(map(_installs, above)) and not any(step in between for step in owned) else first


def _installs(step: Step) -> bool:
    return any(language_install(unit.effects.action) is not None for unit in step.units)


def _make_user(facts: Facts, owned: str, made: bool, early: Sequence[str]) -> Iterator[str]:
    """The commands that make the user and what it owns: the folder ``owned``, which is ``made`` already, and what came before.

    Without a folder ("") another step hands it over, or it stays root's. The image's own user needs not be made.
    """
    assert facts.system is not None  # or root would be needed
    user = user_of(facts)
    owner = _owner(user)
    if own_user(facts) is None:
        yield facts.system.make_user.format(uid=user.number, name=user.name)
    home = home_is_made(facts) and user.home not in early and facts.final.end.workdir != user.home
    around = any(within(facts.final.end.workdir or "/", path) for path in early)  # which is handed over with all in it
    folders = " ".join(filter(None, (user.home if home else "", "" if around else owned)))
    commands = (f"mkdir -p {owned}" if owned and not made else "", f"chown {owner} {folders}" if folders else "")
    if any(commands):
        yield " && ".join(filter(None, commands))
    if new := shlex.join(facts.ask(new_folders)):
        yield f"mkdir -p {new} && chown {owner} {new}"
    if early:
        yield f"chown -R {owner} {shlex.join(early)}"


def _shut(facts: Facts, workdir: str) -> Iterator[Declared]:
    """What stays root's where the program writes nothing of its own."""
    yield Declared("OWNER", workdir)
    yield from (Declared("OWNER", path) for path, step in facts.ask(made_folders).items() if step.keyword == "WORKDIR")
    for step in facts.final.of("COPY", "ADD"):
        if step.copy is not None and step.copy.target is not None and gets_owner(facts, step):
            yield Declared("OWNER", step.copy.target)


def _owner(user: User) -> str:
    return f"{user.name}:{user.name}"


def _writes_there(facts: Facts) -> bool:
    """Whether the program may write beside its own files."""
    writes = (*facts.program.writes, *facts.processes.writes)
    return any(write.base in {"code", "cwd", "unknown"} for write in writes) or bool(facts.ask(shell_writes))


def _makes(step: Step, folder: str) -> bool:
    """Whether a step makes a folder."""
    return any(unit.command.name == "mkdir" and folder in unit.effects.writes for unit in step.units)


def _makes_around(step: Step, folder: str) -> bool:
    """Whether a step makes a folder that another one lies in, and fails where it is there already."""
    return any(
        unit.command.name == "mkdir"
        and not any(_PARENTS.fullmatch(word.value or "") for word in unit.command.args)
        and any(within(folder, path) for path in unit.effects.writes)
        for unit in step.units
    )


def _handed_over(facts: Facts, step: Step, user: User, paths: Sequence[str]) -> tuple[Node, ...]:
    """A step that makes files, and hands them over: in its own layer where it is a RUN, so that nothing is stored twice."""
    tree = facts.tree
    files = all(facts.layout.file(path) is not None for path in paths)
    command = f"chown {'' if files else '-R '}{_owner(user)} {shlex.join(paths)}"
    joined = append(tree, step.instruction, command) if step.keyword == "RUN" else None
    if joined is not None:
        return (joined,)
    return (step.instruction, *snippet(tree, f"RUN {command}\n", step.line))


def _switch(tree: Dockerfile, last: Step, user: User) -> tuple[Node, tuple[Node, ...]]:
    """The node below which USER goes, and USER itself: what is set right below a COPY from another stage belongs to that."""
    rest = tree.nodes[tree.nodes.index(last.instruction) + 1 :]
    carried = last.copy is not None and last.copy.origin is not None
    own = list(takewhile(lambda node: carried and isinstance(node, Instruction) and node.keyword == "ENV", rest))
    own += _switched_off(rest[len(own) :])
    blank = "\n" if isinstance(next(iter(rest[len(own) :]), None), Blank) else ""
    return own[-1] if own else last.instruction, snippet(tree, f"{blank}USER {user.number}:{user.number}\n", last.line)


def _switched_off(rest: Sequence[Node]) -> Sequence[Node]:
    """The lines up to the last step among comments: one that somebody may take in again, and that belongs to what stands above."""
    comments = list(takewhile(lambda node: isinstance(node, Comment | Blank), rest))
    found = [number for number, node in enumerate(comments) if isinstance(node, Comment) and _STEP.match(node.content)]
    if not found:
        return ()
    end = found[-1]
    while _GOES_ON.search(comments[end].text) and end + 1 < len(comments) and isinstance(comments[end + 1], Comment):
        end += 1
    return comments[: end + 1]


def _is_overwritten(facts: Facts, step: Step) -> bool:
    """Whether a later COPY brings every single file again: then the owner is what that one gives."""
    again = brought_again(facts, step)
    return bool(again) and all(gets_owner(facts, each) for each in again)


def _stays(facts: Facts, step: Step) -> bool:
    """Whether a COPY stays as it is: from another stage, into system folders, brought once more later, or owned already."""
    return (
        not gets_owner(facts, step)
        or _is_overwritten(facts, step)
        or any(flag.name == "chown" for flag in step.instruction.flags)
    )
