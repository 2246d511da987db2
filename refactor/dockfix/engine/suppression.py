"""``# dockfix: ignore[id] reason`` above an instruction and ``# dockfix: ignore-file[id] reason`` anywhere."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import field
from difflib import get_close_matches

from dockfix.dataclass import dataclass
from dockfix.engine.results import Note
from dockfix.lazy import regex
from dockfix.syntax import Comment, Dockerfile, Instruction, Node

_FORM = regex(r"^dockfix:\s*(ignore-file|ignore)\b(?:\s*\[([^\]]*)\]|\s*[=:(]\s*([\w-]+(?:\s*,\s*[\w-]+)*))?")


@dataclass(frozen=True)
class Suppression:
    """One comment: the ids that it names (empty: all), and whether it holds for the whole file.

    ``unbracketed`` are words without brackets that were perhaps meant as ids, "" for none.
    """

    line: int
    ids: frozenset[str]
    whole_file: bool
    unbracketed: str = ""

    @property
    def form(self) -> str:
        """How the ids would have to be written."""
        return f"# dockfix: {'ignore-file' if self.whole_file else 'ignore'}[{self.unbracketed}]"

    def covers(self, transform: str) -> bool:
        """Whether it names the transform."""
        return not self.ids or transform in self.ids


@dataclass
class Suppressions:
    """The suppression comments of a file; ``used`` collects those that held something back."""

    found: dict[str, Suppression]
    used: set[int] = field(default_factory=set)

    @classmethod
    def of(cls, tree: Dockerfile) -> Suppressions:
        """Reads the comments of a tree; the key is the comment's text."""
        found: dict[str, Suppression] = {}
        for node in tree.nodes:
            match = _FORM.match(node.content) if isinstance(node, Comment) else None
            if match:
                ids = frozenset(name.strip() for name in (match[2] or "").split(",") if name.strip())
                found[node.text.strip()] = Suppression(node.line, ids, match[1] == "ignore-file", match[3] or "")
        return cls(found)

    def file(self, transform: str) -> Suppression | None:
        """The comment that keeps a transform off the whole file."""
        return next((each for each in self.found.values() if each.whole_file and each.covers(transform)), None)

    def above(self, tree: Dockerfile, node: Node, transform: str) -> Suppression | None:
        """The comment right above ``node`` that keeps a transform off it."""
        if not self.found or not isinstance(node, Instruction):
            return None
        nodes = list(tree.nodes)
        position = next(index for index, each in enumerate(nodes) if each is node) - 1
        while position >= 0 and not isinstance(nodes[position], Instruction):
            suppression = self.found.get(nodes[position].text.strip())
            if suppression and not suppression.whole_file and suppression.covers(transform):
                return suppression
            position -= 1
        return None

    def unknown(self, known: Collection[str]) -> list[tuple[Suppression, str]]:
        """The comments that name what is no transform, each with the name."""
        return [(each, name) for each in self.found.values() for name in sorted(each.ids - set(known))]

    def unused(self) -> list[Suppression]:
        """The comments that held nothing back."""
        return [each for each in self.found.values() if each.line not in self.used]


def idle(suppressions: Suppressions, known: Sequence[str]) -> list[Note]:
    """What is said of suppressions that name no transform of those that are known, or hold nothing back."""
    notes: list[Note] = []
    for each, name in suppressions.unknown(known):
        near = get_close_matches(name, known, 1)
        text = f"there is no transform {name}" + ", so this suppression holds nothing back" * each.ids.isdisjoint(known)
        notes.append(Note("", each.line, text + (f"; did you mean {near[0]}?" if near else "")))
    notes += [
        Note(
            "", each.line, f"this suppression names no ids, which stand in brackets, and so holds all back: {each.form}"
        )
        for each in suppressions.found.values()
        if any(get_close_matches(word.strip(), known, 1) for word in each.unbracketed.split(","))
    ]
    return [
        *notes,
        *(
            Note("", each.line, "this suppression holds nothing back")
            for each in suppressions.unused()
            if not each.ids or not each.ids.isdisjoint(known)
        ),
    ]
