"""The ``runtime-base`` transform."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any, ClassVar

from dockfix.engine.options import Option
from dockfix.engine.transform import Edit, Outcome, Safety, Transform, refuse
from dockfix.facts import Facts
from dockfix.facts.user import own_user
from dockfix.knowledge import downloaders
from dockfix.knowledge.runtime_images import own_programs
from dockfix.model.reason import Declared
from dockfix.model.stages import Stage, Step
from dockfix.syntax import Blank, Comment, Node, snippet
from dockfix.syntax.rewrite import with_flags, with_image, without_flag

from ._layout import leading, place_above

if TYPE_CHECKING:
    from dockfix.placement.other_base import Move

IMAGE = Option(
    "runtime-base.image",
    "",
    "the image that the last stage is to start from, such as gcr.io/distroless/python3-debian12; --runtime-base sets it, too",
    hint="last_image",
)
INTERPRETER = Option(
    "runtime-base.interpreter",
    "",
    "where its interpreter lies, if it is none that dockfix knows, such as /usr/bin/python3.11",
)
VERSION = Option(
    "runtime-base.version", "", "the version of that, if its path does not tell: 3.11 of Python, 22 of Node.js"
)
LIBC = Option("runtime-base.libc", "", "its C library: musl, or such as glibc-2.36")
USER = Option("runtime-base.user", "", "the number of its user without rights, such as 65532")

_TOLD = (INTERPRETER, VERSION, LIBC, USER)


class RuntimeBase(Transform):
    """Start the last stage from an image that only runs programs, such as a distroless one.

    What it does
        With ``--runtime-base IMAGE`` the last stage starts from that image: one without a shell and without a manager of packages.
        What was done there by a RUN is done otherwise: the user is the image's own, by its number; WORKDIR makes folders, below the
        USER who gets them; a HEALTHCHECK by curl or wget becomes one by the interpreter, and curl goes. ``ENTRYPOINT []`` takes the
        image's own entry point away, so that CMD runs what it ran. The links of a virtual environment are made to lead to the image's
        interpreter, which lies elsewhere than that of the official images. The split that this takes is made even where nothing else
        would leave the image.
        Known are the images of distroless, Docker's hardened ones and Chainguard's for Python and Node.js. Of another image the settings
        ``runtime-base.interpreter``, ``version``, ``libc`` and ``user`` tell what has to be known.

    Why
        Nobody who breaks into the program finds a shell there, nor anything to install tools with, and scanners find next to nothing
        to report.

    Example
        FROM python:3.11-slim AS runtime        FROM gcr.io/distroless/python3-debian12 AS runtime
        RUN useradd --uid 10001 appuser
        COPY --from=builder /opt/venv /opt/venv COPY --from=builder /opt/venv /opt/venv
        USER 10001:10001                        USER 65532:65532
                                                ENTRYPOINT []
        CMD ["gunicorn", "app:app"]             CMD ["gunicorn", "app:app"]

    Fix safety
        Unsafe: which libraries of the other image the packages count on shows only in a build; ``dockfix --apply --verify`` makes and
        compares both. Refused, with the lines, where something needs a shell or a program that the image lacks (scripts, npm, tini,
        subprocesses), where system packages are installed that it has not, where its interpreter is of another version, where
        its C library is another one or older than what compiled packages are made for, and where the program runs as root on an image
        that does not start so.
    """

    title: ClassVar[str] = "start the last stage from an image that only runs programs"
    safety: ClassVar[Safety] = "unsafe"
    after: ClassVar[frozenset[str]] = frozenset(
        {"cache-mounts", "direct-start", "exec-form", "merge-runs", "non-root", "numeric-user", "slim-base"}
    )
    options: ClassVar[tuple[Option[Any], ...]] = (IMAGE, INTERPRETER, VERSION, LIBC, USER)
    may_break: ClassVar[tuple[str, ...]] = (
        "interpreter",
        "libraries",
        "modules",
        "commands",
        "writes",
        "user",
        "start",
    )
    sees_to: ClassVar[frozenset[str]] = frozenset({"small base"})

    def apply(self, facts: Facts) -> Outcome:
        """Replaces the last FROM, and what counts on a shell below it."""
        name = facts.hints.last_image
        if not name or facts.final.base == name:
            return Outcome()
        from dockfix.placement.other_base import Told, move  # few runs ask for it

        told = Told(
            {option.name: option.of(facts.options) for option in _TOLD}, {option.name: option.key for option in _TOLD}
        )
        found = move(facts, name, told)
        return Outcome(refusals=found) if isinstance(found, tuple) else _Writer(facts, found).outcome()


class _Writer:
    """Writes the last stage for another image."""

    def __init__(self, facts: Facts, move: Move) -> None:
        self.facts, self.tree, self.stage, self.move = facts, facts.tree, facts.final, move
        self.edits: dict[Node, tuple[Node, ...]] = {}
        self.declared: set[Declared] = set()

    def outcome(self) -> Outcome:
        """The edits."""
        from dockfix.placement.without_shell import handed_over

        start, stage, move = self.stage.start, self.stage, self.move
        swapped = with_image(start, move.name)
        if swapped is None:
            return refuse("the FROM instruction could not be taken apart", start.line)
        self.declared.add(Declared("FROM", start.words[0]))
        given = move.commands.given
        folders = [stage.after(step).workdir or "/" for step in stage.of("WORKDIR")]
        folders += [path for paths in move.commands.folders.values() for path in paths]
        early = bool(move.owner) and any(handed_over(given, path) for path in folders)
        head: list[str] = []
        if move.image.folder:
            head.append(f'ENV PATH="{move.image.folder}:$PATH"')
            self.declared.add(Declared("ENV", "PATH"))
        head += [f"USER {move.owner}"] if early else []
        moves = next(iter(stage.of("WORKDIR")), None)  # the image's own working directory may be another one
        head += [] if moves is not None and moves.instruction.args.startswith("/") else ["WORKDIR /"]
        for step in stage.of("RUN"):
            self._drop(step)
        for step in stage.of("COPY", "ADD"):
            problem = self._owned(step, handed_over(given, (step.copy.target if step.copy else None) or "/"))
            if problem is not None:
                return problem
        self._user(early)
        self._start()
        for maker, root in move.environments:
            self._relink(maker, root)
        if move.health is not None:
            self.edits[move.health[0].instruction] = (move.health[1],)
            self.declared |= {Declared("HEALTHCHECK"), *(Declared("PROGRAM", name) for name in downloaders())}
        self.edits[start] = (swapped, *snippet(self.tree, "".join(f"{line}\n" for line in head), start.line))
        self.declared |= {Declared("RUN", text) for text in move.commands.texts}
        self.declared |= {
            Declared("PROGRAM", name) for name in (*own_programs(), f"{move.image.runtime}{move.image.version}")
        }
        self.declared |= {Declared("PACKAGE", name) for name in move.commands.packages}
        reason = f"the last stage starts from {move.name}, without a shell"
        edits = [Edit(node, nodes, start.line, reason if node is start else "") for node, nodes in self.edits.items()]
        return Outcome(edits, doubts=move.doubts, declares=frozenset(self.declared))

    def _drop(self, step: Step) -> None:
        """Takes a RUN away, with the comments that another stage has, too; what it makes, WORKDIR makes."""
        made = self.move.commands.folders.get(step.instruction, ())
        later = {self.stage.after(each).workdir for each in self.stage.of("WORKDIR")}
        lines = [f"WORKDIR {path}\n" for path in made if path not in later]
        following = self.stage.steps[self.stage.steps.index(step) + 1 :]
        moves = following and following[0].keyword == "WORKDIR" and following[0].instruction.args.startswith("/")
        back = [] if moves else [f"WORKDIR {step.state.workdir or '/'}\n"]
        new = snippet(self.tree, "".join([*lines, *back]), step.line) if lines else ()
        self.edits[step.instruction] = new
        if new:
            return
        above = leading(self.tree, step.instruction)
        comments = [node for node in above if isinstance(node, Comment)]
        others = [node.text.strip() for node in self.tree.nodes if isinstance(node, Comment) and node not in comments]
        if all(comment.text.strip() in others for comment in comments):
            self.edits |= dict.fromkeys(above, ())

    def _owned(self, step: Step, handed: bool) -> Outcome | None:
        """Gives what a COPY brings to the user by number, where it was given by name or by a RUN; a refusal where that can't be."""
        flag = next((each for each in step.instruction.flags if each.name == "chown"), None)
        owner = self.move.owner
        if flag is None and not (handed and owner):
            return None
        name = (flag.value or "").partition(":")[0] if flag is not None else ""
        if flag is not None and name in {"root", "0"}:
            return None
        own = own_user(self.facts)
        mine = {*self.move.commands.users, *(self.stage.end.user or "").split(":"), own.name if own is not None else ""}
        if flag is not None and (name not in mine or not owner):
            return refuse(f"which number {name} has on {self.move.name} is not known", step.line)
        plain = without_flag(step.instruction, "chown")
        new = with_flags(self.tree, plain, [f"--chown={owner}"]) if plain is not None else None
        if new is None:
            return refuse(f"{step.keyword} could not be given --chown", step.line)
        self.edits[step.instruction] = (new,)
        return None

    def _user(self, early: bool) -> None:
        """Names the user by the number that it has there, at the place of the last USER or, if it is to own folders, above them."""
        steps = self.stage.of("USER")
        for step in steps:
            last = step is steps[-1] and not early and self.move.owner
            new = snippet(self.tree, f"USER {self.move.owner}\n", step.line) if last else ()
            self.edits[step.instruction] = new
            above = leading(self.tree, step.instruction)
            if not new and all(isinstance(node, Blank) for node in above):
                self.edits |= dict.fromkeys(above, ())
        if self.stage.end.user != (self.move.owner or None):  # whom an image starts as, its name does not tell
            self.declared.add(Declared("USER"))

    def _start(self) -> None:
        """Takes away the entry point of the image, which would get CMD as its arguments."""
        first = self.stage.last("CMD")
        if self.stage.of("ENTRYPOINT") or first is None:
            return
        target = place_above(self.tree, first.instruction)
        there = self.edits.get(target, (target,))
        blank = "\n" if target is not first.instruction else ""
        self.edits[target] = (*snippet(self.tree, f"ENTRYPOINT []\n{blank}", first.line), *there)
        self.declared.add(Declared("ENTRYPOINT"))

    def _relink(self, maker: Stage, root: str) -> None:
        """Has the links of an environment lead to the image's interpreter, once all is in it."""
        image = self.move.image
        last = maker.steps[-1].instruction
        python = f"{root}/bin/python"
        links = [
            f"ln -sf {image.interpreter} {python}",
            f"ln -sf python {python}3",
            f"ln -sf python {python}{image.version}",
        ]
        home = f"sed -i 's|^home = .*|home = {posixpath.dirname(image.interpreter)}|' {root}/pyvenv.cfg"
        text = (
            f"# {self.move.name} has its Python at {image.interpreter}\nRUN "
            + " \\\n    && ".join([*links, home])
            + "\n"
        )
        there = self.edits.get(last, (last,))
        self.edits[last] = (*there, *snippet(self.tree, f"\n{text}", maker.steps[-1].line))
