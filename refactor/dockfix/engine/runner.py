"""Runs the transforms over one Dockerfile: order, safety, suppressions, invariants, second-pass stability."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field, replace
from os.path import normpath
from pathlib import Path

from dockfix.context.build_context import BuildContext
from dockfix.context.locate import find_context
from dockfix.dataclass import dataclass
from dockfix.engine.added import added_to, the_same
from dockfix.engine.invariants import View, told, violations
from dockfix.engine.registry import options, setting, transforms
from dockfix.engine.results import Failure, FileChange, FileResult, Made, Note
from dockfix.engine.suppression import Suppressions, idle
from dockfix.engine.transform import Edit, Outcome, Transform
from dockfix.facts import ALL_FACETS, Facet, Facts, Hints
from dockfix.facts.rejected import cannot_pass
from dockfix.syntax import Dockerfile, Problem, decode, parse, part_heredocs, problems, replace_nodes, template_sign
from dockfix.syntax.limits import BeyondLimitError, beyond_limits

MEGABYTE = 1_000_000  # below it nothing is said of what an image loses or gains


@dataclass(frozen=True)
class Settings:
    """What the user chose: ids to run (None: all but those on request), ids to leave out, unsafe ones too, options.

    ``provable`` makes, of the unsafe changes, those of which a build shows whether they are right; ``certain`` are ids of which none is
    made. ``told`` are fields of ``facts.Hints`` that a build has told, which beat the options. ``knowledge`` is the path of a file with
    what images were seen to hold. With ``checklist`` the result has one.
    """

    select: frozenset[str] | None = None
    ignore: frozenset[str] = frozenset()
    unsafe: bool = False
    options: Mapping[str, object] = field(default_factory=dict)
    provable: bool = False
    certain: frozenset[str] = frozenset()
    told: Mapping[str, object] = field(default_factory=dict)
    knowledge: str = ""
    checklist: bool = False

    def chosen(self) -> tuple[Transform, ...]:
        """The transforms to run, in order."""
        return tuple(
            transform
            for transform in transforms()
            if transform.id not in self.ignore
            and (self._is_usual(transform) if self.select is None else transform.id in self.select)
        )

    def _is_usual(self, transform: Transform) -> bool:
        """Whether a transform runs where nobody names those that do: one on request is asked for by its own setting, or not at all."""
        asked = transform.asked_by
        return transform.safety != "on request" or (asked is not None and bool(asked.of(self.options)))

    @property
    def hints(self) -> Hints:
        """What the settings of transforms tell about the image. Raises OptionError."""
        known = {option.hint: option for option in options().values() if option.hint}
        given = {hint: option.of(self.options) for hint, option in known.items()}
        settings = {hint: option.key for hint, option in known.items()}
        return Hints(**{**given, "knowledge": self.knowledge, **self.told, "settings": settings})


# How often a transform is applied again that makes one of several changes at a time
_MOST_ROUNDS = 5


@dataclass
class _Pass:
    """One run of the chain over a tree, and what it said; ``view`` is what the nets see of ``facts``, ``begun`` the facts as it began."""

    facts: Facts
    view: View
    begun: Facts
    files: dict[str, str] = field(default_factory=dict)
    changes: list[Note] = field(default_factory=list)
    unsafe: list[Note] = field(default_factory=list)
    refusals: list[Note] = field(default_factory=list)
    warnings: list[Note] = field(default_factory=list)
    made: list[Made] = field(default_factory=list)
    held_back: _Held | None = None

    def copy(self) -> _Pass:
        """The same, to go another way from here."""
        return _Pass(
            self.facts,
            self.view,
            self.begun,
            dict(self.files),
            [*self.changes],
            [*self.unsafe],
            [*self.refusals],
            [*self.warnings],
            [*self.made],
        )

    def go_on(self, second: _Pass) -> None:
        """Takes over what a run over the result of this one has made."""
        self.facts, self.view = second.facts, second.view
        self.files |= second.files
        self.changes += second.changes
        self.made += second.made
        self.warnings += [note for note in second.warnings if note.reason is not None and note not in self.warnings]
        changed = {note.transform for note in second.changes}
        self.refusals = [note for note in self.refusals if note.transform not in changed or note in second.refusals]


@dataclass(frozen=True)
class _Held:
    """The first unsafe change that was not made: the number of its transform in the chain, what that said, and what stood before it."""

    number: int
    outcome: Outcome
    before: _Pass


def run(path: Path, settings: Settings, *, data: bytes | None = None, context: Path | None = None) -> FileResult:
    """Works out the changes to one Dockerfile; nothing is written.

    ``data`` stands for the file's bytes where they were read already. ``context`` is the build context where it is known.
    Raises OSError where the file cannot be read.
    """
    text = decode(path.read_bytes() if data is None else data)
    tree = parse(text)
    found = problems(tree)
    sign = template_sign(tree, str(path), found)
    if sign is not None:
        said = f"it is a template, as {sign[1]} shows, and is left: run dockfix on what is made of it"
        return FileResult(str(path), warnings=(Note("", sign[0], said),))
    found = found or beyond_limits(tree)
    if found:
        return _failed(path, found)
    try:
        return _run(path, text, tree, settings, context)
    except BeyondLimitError as error:
        return _failed(path, (error.problem,))


def _failed(path: Path, found: Iterable[Problem]) -> FileResult:
    failures = (Failure(problem.message, problem.line, problem.column, problem.hint) for problem in found)
    return FileResult(str(path), failures=tuple(failures))


def _run(
    path: Path, text: str, tree: Dockerfile, settings: Settings, context: Path | None, said: Sequence[Note] = ()
) -> FileResult:
    suppressions = Suppressions.of(tree)
    chosen = settings.chosen()
    facets = frozenset(facet for each in chosen if not suppressions.file(each.id) for facet in each.facets)
    facts = gather(path, tree, context, settings, facets)
    facts.model  # noqa: B018  # what makes it too large is the file's fault, and no transform's
    unstable: list[Note] = []
    while True:
        done = _Pass(facts, View(facts), facts)
        _chain(done, chosen, settings, suppressions)
        second = _once_more(done, chosen, settings)
        if second is None:
            break
        if _once_more(second, chosen, settings) is None:
            done.go_on(second)
            break
        again = second.changes[0].transform
        unstable.append(
            Note(again, 0, "left out, because a second run would change its result again; please report this")
        )
        chosen = tuple(transform for transform in chosen if transform.id != again)
    if facts.hints.stages and not _has_stages(facts, done):
        # what they alone make right may not be done without them: all is worked out again as if none were wanted
        owner = setting("stages").partition(".")[0]
        told = [note for note in done.refusals if note.transform == owner]
        return _run(path, text, tree, replace(settings, told={**settings.told, "stages": frozenset()}), context, told)
    done.refusals += said
    if done.held_back is not None:
        _list_unsafe(done, done.held_back, chosen, settings, Suppressions.of(tree))
    result = _result(path, text, facts, done, suppressions, unstable)
    if not settings.checklist:
        return result
    from dockfix.engine.checklist import checklist  # few runs ask for it

    notes = {"changes": result.changes, "unsafe": result.unsafe, "refusals": result.refusals}
    return replace(result, checklist=checklist(View(facts), done.view, notes))


def _has_stages(facts: Facts, done: _Pass) -> bool:
    """Whether the stages that are wanted were written, or nothing waits for them in a file that had several before."""
    owner = setting("stages").partition(".")[0]
    return any(made.transform == owner for made in done.made) or (not facts.retargeted and len(facts.model.stages) > 1)


def gather(
    path: Path,
    tree: Dockerfile,
    context: Path | None = None,
    settings: Settings = Settings(),  # noqa: B008  (it is frozen)
    facets: frozenset[Facet] = ALL_FACETS,
) -> Facts:
    """The facts about a parsed Dockerfile at ``path``; ``facets`` are the parts of the placement that the run may write."""
    sources = [
        word
        for node in tree.instructions
        if node.keyword in {"COPY", "ADD"} and not node.heredocs and not any(flag.name == "from" for flag in node.flags)
        for word in node.words[:-1]
        if "://" not in word and "$" not in word and not word.startswith("git@")
    ]
    located = find_context(path, sources, context)
    hints = replace(settings.hints, facets=facets)
    if "stages" not in facets:
        hints = replace(hints, stages=frozenset())
    facts = Facts(tree, located, BuildContext(located.root, dockerfile=path), settings.options, hints)
    if not hints.stages and not any(service.target for service in located.services):
        return facts
    from dockfix.facts.targets import without_other_stages  # few files need it

    return without_other_stages(facts)


def _chain(
    done: _Pass, chosen: Sequence[Transform], settings: Settings, suppressions: Suppressions, first: int = 0
) -> None:
    """Runs the transforms from the one numbered ``first`` on."""
    for number, transform in enumerate(chosen[first:], first):
        held = suppressions.file(transform.id)
        try:
            outcome = transform.apply(done.facts)
        except Exception as error:  # a broken pass must not take the file's other passes with it
            done.warnings.append(Note(transform.id, 0, f"left out, because it failed: {type(error).__name__}: {error}"))
            continue
        if held:
            if outcome.edits or outcome.files:
                suppressions.used.add(held.line)
                done.refusals.append(Note(transform.id, held.line, "suppressed for the whole file"))
            continue
        if (outcome.edits or outcome.files) and (broken := done.begun.ask(cannot_pass)) is not None:
            outcome = Outcome(refusals=(broken,), warnings=outcome.warnings)
        before = done.copy() if done.held_back is None else None
        facts = done.facts
        held_back = _apply(done, transform, outcome, settings, suppressions)
        if held_back and before is not None:
            done.held_back = _Held(number, outcome, before)
        if transform.repeats and done.facts is not facts:
            _repeat(done, transform, settings, suppressions)
            own = [note for note in done.changes if note.transform == transform.id]
            done.changes = [note for note in done.changes if note not in own] + sorted(own, key=lambda note: note.line)


def _repeat(done: _Pass, transform: Transform, settings: Settings, suppressions: Suppressions) -> None:
    """Applies a transform again, as long as there is more of what it changes; what it says of the rest was said the first time."""
    for _ in range(_MOST_ROUNDS):
        try:
            outcome = transform.apply(done.facts)
        except Exception:  # the second run finds it again, and leaves the transform out
            return
        facts = done.facts
        _apply(done, transform, replace(outcome, refusals=(), warnings=()), settings, suppressions)
        if done.facts is facts:
            return


def _list_unsafe(
    done: _Pass, held: _Held, chosen: tuple[Transform, ...], settings: Settings, suppressions: Suppressions
) -> None:
    """Puts into ``done`` what ``--unsafe`` would add, from where the first change was held back: others may need it."""
    full, settings = held.before, replace(settings, unsafe=True)
    _apply(full, chosen[held.number], held.outcome, settings, suppressions)
    _chain(full, chosen, settings, suppressions, held.number + 1)
    reasons = {note.transform: note.message for note in full.warnings if note.reason is not None}
    doubts = {made.transform: made.doubts for made in full.made}
    same = the_same((done.changes, done.made), (full.changes, full.made))
    added = added_to(done.changes, full.changes, reasons, same)
    doubted = dict.fromkeys(note.transform for note in added if note.transform in reasons)
    # one that tells a doubt of several has them wait for it
    telling = [each for each in doubted if any(doubt.about is not None for doubt in doubts.get(each, ()))]
    candidates = telling or list(doubted)
    # of several, what stands elsewhere afterwards comes with what moved it
    split = [each.id for each in chosen if "parts" in each.facets and each.id in candidates]
    awaited = (candidates if len(candidates) == 1 else [*split, ""])[0]
    for note in added:
        doubtless = f"comes with {awaited}" if awaited and note.transform not in doubted else ""
        reason = reasons.pop(note.transform, doubtless)
        # what no build can show counts before what one can
        about = sorted(doubts.get(note.transform, ()), key=lambda doubt: doubt.weight != "unseen") if reason else ()
        message = f"{note.message} ({reason})" if reason else note.message
        done.unsafe.append(replace(note, message=message, reason=about[0] if about else None))
    ids = {note.transform for note in added}
    done.refusals = [note for note in done.refusals if note.transform not in ids or note in full.refusals]


def _apply(done: _Pass, transform: Transform, outcome: Outcome, settings: Settings, suppressions: Suppressions) -> bool:
    """Makes the changes that are allowed; whether there are some that are not."""
    done.refusals += [Note(transform.id, reason.line, reason.text, reason) for reason in outcome.refusals]
    done.warnings += [Note(transform.id, warning.line, warning.text) for warning in outcome.warnings]
    edits = _unsuppressed(done, transform, outcome, suppressions)
    if not edits and not outcome.files:
        return False
    unsafe = bool(outcome.doubts) or transform.safety == "unsafe"
    unseen = any(doubt.weight == "unseen" for doubt in outcome.doubts)
    allowed = settings.unsafe or (settings.provable and not unseen)
    if unsafe and not (allowed and transform.id not in settings.certain):
        if outcome.certain is not None and transform.safety == "safe":
            _apply(done, transform, outcome.certain, settings, suppressions)
        return True
    notes = [Note(transform.id, edit.line, edit.reason) for edit in edits if edit.reason]
    if notes and outcome.saves is not None and abs(outcome.saves) >= MEGABYTE:
        about = f"{notes[0].message}; about {-outcome.saves / MEGABYTE:+,.0f} MB"
        notes[0] = replace(notes[0], message=about)
    notes += [Note(transform.id, 0, outcome.file_reason)] if outcome.files and outcome.file_reason else []
    before = done.facts
    edited = before.tree
    if edits:
        edited = replace_nodes(edited, {edit.node: edit.replacement for edit in edits})
        edited = part_heredocs(edited, before.tree)
    after = before.with_tree(edited, outcome.files)
    view = View(after)
    broken = _broken(done.view, view, outcome)
    if broken:
        done.warnings.append(Note(transform.id, 0, f"rolled back, because {broken}"))
        return False
    done.facts, done.view = after, view
    done.files |= outcome.files
    done.changes += notes
    # a doubt about a part of the image is told by the transform that alters it
    doubts = tuple(
        each for each in outcome.doubts if each.about is None or any(map(each.about.covers, outcome.declares))
    )
    done.made.append(Made(transform.id, outcome.declares, doubts, outcome.saves))
    if doubts:
        done.warnings.append(Note(transform.id, 0, f"unsafe, because {doubts[0].text}", doubts[0]))
    return False


def _broken(before: View, after: View, outcome: Outcome) -> str:
    """What the edits would break, "" for nothing; what cannot be checked counts as broken."""
    try:
        found = violations(before, after, outcome.declares)
    except Exception as error:  # a broken net must not take the file's other passes with it
        return f"it could not be checked: {type(error).__name__}: {error}; please report this"
    return told(found) if found else ""


def _unsuppressed(done: _Pass, transform: Transform, outcome: Outcome, suppressions: Suppressions) -> list[Edit]:
    """The edits that no comment holds back; of an atomic transform all or none."""
    kept: list[Edit] = []
    for edit in outcome.edits:
        held = suppressions.above(done.facts.tree, edit.node, transform.id)
        if held is None:
            kept.append(edit)
            continue
        suppressions.used.add(held.line)
        done.refusals.append(Note(transform.id, held.line, "suppressed"))
        if transform.atomic:
            return []
    return kept


def _once_more(done: _Pass, chosen: tuple[Transform, ...], settings: Settings) -> _Pass | None:
    """A run over the result of a run; None where it would change nothing: what an earlier transform waits for, a later one may bring.

    The nets saw to it that the result's text reads as its tree, so that what is known of its steps holds for a second run, too.
    """
    if not done.changes:
        return None
    facts = done.facts.undecided()
    second = _Pass(facts, View(facts), facts)
    _chain(second, chosen, settings, Suppressions.of(facts.tree))
    return second if second.changes else None


def _result(
    path: Path, text: str, facts: Facts, done: _Pass, suppressions: Suppressions, unstable: list[Note]
) -> FileResult:
    after = str(done.facts.tree)
    files = [FileChange(str(path), text, after)] if after != text else []
    for name, content in done.files.items():
        target = facts.context.root / name
        before = facts.context.read_beside(name)
        if name.startswith("../"):
            target = Path(normpath(target))
        if content != before:
            files.append(FileChange(str(target), before, content))
    warnings = [*unstable, *done.warnings]
    warnings += idle(suppressions, [transform.id for transform in transforms()])
    return FileResult(
        str(path),
        tuple(files),
        tuple(done.changes),
        tuple(done.unsafe),
        tuple(done.refusals),
        tuple(warnings),
        tuple(done.made),
    )
