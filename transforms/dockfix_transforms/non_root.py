"""The ``non-root`` transform."""

from __future__ import annotations

import shlex
from typing import ClassVar

from dockfix.engine.transform import Edit, Outcome, Transform, refuse
from dockfix.facts import Facts
from dockfix.facts.ownership import chosen_folder, gets_owner, made_folders, new_folders
from dockfix.facts.root import needs_root
from dockfix.facts.user import UID, USER
from dockfix.facts.writes import mounted, open_questions
from dockfix.model.effects import within
from dockfix.model.reason import Declared, Reason
from dockfix.model.stages import Step
from dockfix.syntax import Blank, Node, snippet
from dockfix.syntax.rewrite import with_flags

from ._layout import own_comments

_OWNER = f"{USER}:{USER}"
_LAYERS = {"RUN", "COPY", "ADD", "WORKDIR"}


class NonRoot(Transform):
    """Run the program as a user without root's rights.

    What it does
        Makes a user with a home folder and a fixed UID, lets it own the working directory, the copied files, the folders that
        the Dockerfile makes and those that the code is seen to write, and switches to it by number (``USER 10001:10001``),
        which Kubernetes' runAsNonRoot accepts.

    Why
        A program that is taken over as root can change everything in its container, and has a shorter way out of it.

    Example
        WORKDIR /app                            WORKDIR /app
                                                RUN useradd --create-home --uid 10001 appuser \\
                                                    && chown appuser:appuser /app
        COPY . .                                COPY --chown=appuser:appuser . .
                                                USER 10001:10001

    Fix safety
        Safe where nothing is mounted into the image (VOLUME, Compose), its port is above 1023, and the code names no path
        outside its working directory, home and /tmp. Otherwise unsafe. Left alone where a USER is set, or where root is
        needed: nginx, supervisord, cron, sshd, gosu and their like, apt at run time.
    """

    title: ClassVar[str] = "run as a user without root's rights"
    after: ClassVar[frozenset[str]] = frozenset({"healthcheck"})
    may_break: ClassVar[tuple[str, ...]] = ("user", "writes")

    def apply(self, facts: Facts) -> Outcome:
        """Adds the user, its ownership and the USER instruction to the final stage."""
        reason = needs_root(facts) or chosen_folder(facts)
        if reason:
            return refuse(reason)
        return _edits(facts, open_questions(facts))


def _edits(facts: Facts, question: Reason | None) -> Outcome:
    stage, tree = facts.final, facts.tree
    workdir = stage.end.workdir or "/"
    layers = [step for step in stage.steps if step.keyword in _LAYERS]
    last = layers[-1]
    anchor = next((step for step in layers if step.copy is not None), last)
    edits: dict[Node, tuple[Node, ...]] = {}
    made = [
        step
        for step in layers[: layers.index(anchor)]
        if step.keyword == "WORKDIR" and stage.after(step).workdir == workdir
    ]
    if stage.end.workdir_chosen and not made:
        return refuse(
            f"the build argument {stage.end.workdir_chosen} chooses the working directory, which is made late"
        )
    # where a build argument decides, it is the folder in which the RUN runs
    owned = "." if stage.end.workdir_chosen else shlex.quote(workdir)
    owns = f"chown {_OWNER} {owned}" if made else f"mkdir -p {owned} && chown {_OWNER} {owned}"
    new = shlex.join(new_folders(facts))
    owns += f" \\\n    && mkdir -p {new} && chown {_OWNER} {new}" if new else ""
    blank = "\n" if own_comments(tree, anchor.instruction) else ""
    assert facts.system is not None  # or root would be needed
    make_user = facts.system.make_user.format(uid=UID, name=USER)
    user = snippet(tree, f"RUN {make_user} \\\n    && {owns}\n{blank}", anchor.line)
    for step in stage.of("COPY", "ADD"):
        if _stays(facts, step):
            continue
        chowned = with_flags(tree, step.instruction, [f"--chown={_OWNER}"])
        if chowned is None:
            return refuse(f"{step.keyword} could not be given --chown", step.line)
        edits[step.instruction] = (chowned,)
    target = (*own_comments(tree, anchor.instruction), anchor.instruction)[0]
    after_anchor = anchor is last and anchor.copy is None
    if not after_anchor:
        edits[target] = (*user, *edits.get(target, (target,)))
    tail: tuple[Node, ...] = user if after_anchor else ()
    unknown = bool(question) and any(unit.effects.unbounded for _, unit in stage.units)
    paths = shlex.join(path for path in made_folders(facts) if not (unknown and within(path, workdir)))
    if paths or unknown:
        tail += snippet(
            tree, f"RUN chown -R {_OWNER} {' '.join(filter(None, (owned if unknown else '', paths)))}\n", last.line
        )
    following = tree.nodes[tree.nodes.index(last.instruction) + 1 :][:1]
    blank = "\n" if following and isinstance(following[0], Blank) else ""
    tail += snippet(tree, f"{blank}USER {UID}:{UID}\n", last.line)
    edits[last.instruction] = (*edits.get(last.instruction, (last.instruction,)), *tail)
    reason = f"the program runs as {USER} ({UID}), which owns {workdir}"
    return Outcome(
        [Edit(node, nodes, last.line, reason if node is last.instruction else "") for node, nodes in edits.items()],
        doubts=tuple(filter(None, (question, mounted(facts)))),
        declares=frozenset({Declared("USER")}),
    )


def _stays(facts: Facts, step: Step) -> bool:
    """Whether a COPY stays as it is: from another stage, into system folders, or owned already."""
    return not gets_owner(facts, step) or any(flag.name == "chown" for flag in step.instruction.flags)
