"""What a verification found, as text for people, as JSON for programs, and as Markdown for a pull request."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any
from unicodedata import combining, east_asian_width

from dockfix.dataclass import dataclass
from dockfix.lazy import regex
from dockfix.report.sizes import megabytes, share
from dockfix.report.terminal import one_line
from dockfix.report.words import Style
from dockfix.verify.verdict import Built, Timing, Verdict, Verification

JSON_VERSION = 1  # rises when a key changes its meaning or goes away
LARGE = 1_000_000  # bytes: layers below are not worth a line
LONG = 100  # characters of an instruction that are shown
MANY = 10  # programs that are named

_SIZES = ("Dockerfile", "verdict", "before", "after", "saved", "%", "build before", "build after")
_TIMES = ("Dockerfile", "build", "before", "after", "factor")
_CHANGES = {"cold": "cold", "source": "source change", "dependency": "dependency change"}
# What has a meaning in Markdown or HTML. As entities they have none, not even in a table.
_MARKUP = regex(r"[!#&()*<>\[\\\]_`{|}~\"']")


@dataclass(frozen=True)
class _Row:
    """One file of the tables: sizes in bytes and seconds of its builds before and after, None where it was not built."""

    name: str
    verdict: str
    sizes: tuple[int | None, int | None]
    seconds: tuple[float | None, float | None]
    timings: tuple[Timing, Timing] | None = None

    @property
    def compared(self) -> bool:
        """Whether both images were built."""
        return None not in self.sizes


# --- text --------------------------------------------------------------------------------------------------------------


def as_text(items: Sequence[Verification], style: Style, verbose: bool = False) -> str:
    """A headline and indented details for each file, then the tables; "" for no files. One file is always told at length."""
    rows = [_row(item) for item in items]
    told = ["\n".join(_told(item, style, verbose or len(items) == 1)) for item in items]
    tables = [_aligned(_SIZES, _sized(rows))] if len(rows) > 1 else []
    return _paragraphs([*told, *tables, *_times(rows)])


def table_of_json(text: str) -> str:
    """The tables of ``as_text``, made from what ``as_json`` wrote. Raises ValueError where the text is something else."""
    try:
        whole = json.loads(text)
        rows = [_row_of_json(entry) for entry in whole["verifications"]]
        known = whole["version"] == JSON_VERSION
        tables = _paragraphs([_aligned(_SIZES, _sized(rows)), *_times(rows)] if rows else [])
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("this is not the JSON of a verification") from error
    if not known:
        raise ValueError("this is the JSON of another version of dockfix")
    return tables


def _paragraphs(parts: Sequence[str]) -> str:
    return "\n\n".join(parts) + "\n" if parts else ""


def _told(item: Verification, style: Style, at_length: bool) -> Iterator[str]:
    yield (
        style(one_line(item.path), "bold")
        + ": "
        + style(item.verdict.value, _colour(item.verdict))
        + one_line(_outcome(item))
    )
    lines = [*_remarks(item), *(("log", line) for line in item.tail), *_routine(item)]
    lines += [("logs", item.logs)] if item.logs else []
    width = max((len(label) for label, _ in lines), default=0)
    for label, text in lines:
        yield f"  {label:<{width}}  {one_line(text)}".rstrip()
    if at_length:
        for title, built in (("before", item.before), ("after", item.after)):
            if built and (layers := _layers(built)):
                yield f"  layers {title}"
                yield from (f"    {layer}" for layer in layers)


def _colour(verdict: Verdict) -> str:
    return "green" if verdict.holds else "red" if verdict.blames_rewrite else "yellow"


def _outcome(item: Verification) -> str:
    """What follows the verdict: why, what it leaves open, and the sizes and the user where they are known."""
    text = f": {item.reason}" if item.reason else ""
    unchecked = [check.check for check in item.checks if check.result == "not checked"]
    if item.verdict is Verdict.EQUAL and unchecked:
        text += f" but for what was not compared ({', '.join(unchecked)})"
    if item.before and item.after:
        sizes = item.before.size, item.after.size
        expected = f"; about {-item.estimate / 1e6:+,.0f} MB were expected" if item.estimate is not None else ""
        text += f", {megabytes(sizes[0])} -> {megabytes(sizes[1])} ({share(sizes)}{expected})"
    return text + (f", runs as {item.after.user}" if item.after and item.after.user else "")


def _remarks(item: Verification) -> Iterator[tuple[str, str]]:
    """What somebody should look at, as a label and a line."""
    for left in item.dropped:
        yield "dropped", f"{left.transform}: {left.reason}" + f"; {left.keep}" * bool(left.keep)
    for doubt in item.unanswered:
        yield "unanswered", f"{doubt.transform}: {doubt.doubt}, and {doubt.lack}; {doubt.answer} would answer it"
    for taught in item.learned:
        setting = shlex.quote(f"{taught.key}={taught.value}")
        yield "learned", f"{setting}, because {taught.reason}; --set {setting} says so without a build"
    for found in item.findings:
        subject = "" if found.subject in found.message else f"{found.subject}: "
        yield found.check, f"{subject}{found.message}" + (f"; {found.hint}" if found.hint else "")
    for offer in item.offers:
        yield "offer", f"without {offer.package} the image would be {megabytes(offer.saved)} smaller: {offer.reason}"
    for check in item.checks:
        if check.result == "not checked":
            yield "not checked", check.check + (f": {check.detail}" if check.detail else "")
    for note in item.notes:
        yield "note", note


def _routine(item: Verification) -> Iterator[tuple[str, str]]:
    """What is good to know, as a label and a line."""
    if item.applied:
        yield "applied", ", ".join(item.applied)
    if item.gone:
        rest = len(item.gone) - MANY
        yield "gone", "only the original has " + ", ".join(item.gone[:MANY]) + (f" and {rest} more" if rest > 0 else "")
    if item.before and item.after:
        yield from _linted(item.before.linters, item.after.linters)
    if item.builds:
        yield "took", f"{item.builds} build{'s' * (item.builds != 1)}, {_seconds(item.seconds)}"


def _linted(
    before: Mapping[str, Mapping[str, int]], after: Mapping[str, Mapping[str, int]]
) -> Iterator[tuple[str, str]]:
    """How the findings of each program changed: in all, and for the codes with another number."""
    for program in sorted(before.keys() & after.keys()):
        old, new = before[program], after[program]
        changed = [
            f"{code} {old.get(code, 0)} -> {new.get(code, 0)}"
            for code in sorted(old.keys() | new.keys())
            if old.get(code, 0) != new.get(code, 0)
        ]
        total = f"{sum(old.values())} -> {sum(new.values())} findings"
        yield program, total + (f" ({', '.join(changed)})" if changed else "")


def _layers(built: Built) -> list[str]:
    """The large layers, newest last: size and instruction."""
    lines = []
    for layer in built.layers:
        if layer.size > LARGE:
            text = one_line(layer.instruction)
            lines.append(f"{megabytes(layer.size):>9}  {text if len(text) <= LONG else text[: LONG - 1] + '…'}")
    return lines


# --- tables ------------------------------------------------------------------------------------------------------------


def _row(item: Verification) -> _Row:
    before, after = item.before, item.after
    timed = (before.timing, after.timing) if before and after and before.timing and after.timing else None
    return _Row(
        item.path, item.verdict.value,
        (before.size if before else None, after.size if after else None),
        (before.seconds if before else None, after.seconds if after else None), timed,
    )  # fmt: skip


def _row_of_json(entry: Mapping[str, Any]) -> _Row:
    before, after = entry["before"] or {}, entry["after"] or {}
    told = {_id(verdict): verdict.value for verdict in Verdict}
    timed = before.get("timing") and after.get("timing")
    return _Row(
        str(entry["path"]), told.get(entry["verdict"], str(entry["verdict"])),
        (before.get("size"), after.get("size")), (before.get("seconds"), after.get("seconds")),
        (Timing(**before["timing"]), Timing(**after["timing"])) if timed else None,
    )  # fmt: skip


def _sized(rows: Sequence[_Row]) -> list[list[str]]:
    """The cells of the table of sizes, with a row for the total where there are several files."""
    shown = list(rows)
    if len(rows) > 1:
        compared = [row for row in rows if row.compared]
        part = "" if len(compared) == len(rows) else f" ({len(compared)} of {len(rows)})"
        sums = [
            (sum(row.sizes[at] or 0 for row in compared), sum(row.seconds[at] or 0 for row in compared))
            for at in (0, 1)
        ]
        shown.append(_Row(f"total{part}", "", (sums[0][0], sums[1][0]), (sums[0][1], sums[1][1])))
    return [_cells(row) for row in shown]


def _cells(row: _Row) -> list[str]:
    before, after = row.sizes
    saved = (
        [megabytes(before - after), share((before, after))] if before is not None and after is not None else ["-", "-"]
    )
    return [
        row.name,
        row.verdict,
        *("-" if size is None else megabytes(size) for size in row.sizes),
        *saved,
        *map(_seconds, row.seconds),
    ]


def _timed(rows: Sequence[_Row]) -> Iterator[list[str]]:
    """The cells of the table of build times."""
    for row in rows:
        for key, change in _CHANGES.items() if row.timings else ():
            before, after = (getattr(timing, key) for timing in row.timings or ())
            if before is not None and after is not None:
                yield [row.name, change, _seconds(before), _seconds(after), f"{before / after:.1f}x" if after else "-"]


def _times(rows: Sequence[_Row]) -> list[str]:
    """The table of build times, where there are any."""
    cells = list(_timed(rows))
    return [_aligned(_TIMES, cells)] if cells else []


def _aligned(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in plain text. Words stand left, numbers right."""
    lines = [[one_line(cell) for cell in line] for line in (head, *rows)]
    widths = [max(map(_width, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell + pad if at < 2 else pad + cell for at, (cell, pad) in enumerate(_padded(line, widths))).rstrip()
        for line in lines
    )


def _padded(line: Sequence[str], widths: Sequence[int]) -> Iterator[tuple[str, str]]:
    return ((cell, " " * (width - _width(cell))) for cell, width in zip(line, widths, strict=True))


def _width(text: str) -> int:
    """The columns that a text takes on a terminal: two for a Korean letter."""
    return sum(0 if combining(char) else 2 if east_asian_width(char) in "WF" else 1 for char in text)


def _seconds(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds:,.0f} s" if seconds >= 10 else f"{seconds:.1f} s"


# --- JSON --------------------------------------------------------------------------------------------------------------


def as_json(items: Sequence[Verification]) -> str:
    """One object, in ASCII; its keys are the fields of the values in verify.verdict, and they are stable."""
    from dockfix import __version__

    pairs = [(item.before.size, item.after.size) for item in items if item.before and item.after]
    before, after = (sum(pair[at] for pair in pairs) for at in (0, 1))
    whole = {
        "version": JSON_VERSION,
        "dockfix": __version__,
        "verifications": [record(item) for item in items],
        "summary": {
            "files": len(items),
            "verdicts": {_id(verdict): sum(item.verdict is verdict for item in items) for verdict in Verdict},
            "compared": len(pairs),  # the files that the sizes in bytes are of
            "before": before,
            "after": after,
        },
    }
    return json.dumps(whole, indent=2) + "\n"


def record(item: Verification) -> dict[str, object]:
    """A verification in terms of JSON."""
    whole = {**_fields(item), "holds": item.verdict.holds, "saved": item.saved}
    found: dict[str, object] = json.loads(json.dumps(whole, default=_plain))
    return found


def _id(verdict: Verdict) -> str:
    return verdict.name.lower().replace("_", "-")


def _fields(value: Any) -> dict[str, object]:
    return {field.name: getattr(value, field.name) for field in fields(value)}


def _plain(value: object) -> object:
    """A value in terms of JSON; the parts follow in turn."""
    if isinstance(value, Verdict):
        return _id(value)
    if is_dataclass(value):
        return _fields(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(type(value).__name__)


# --- Markdown ----------------------------------------------------------------------------------------------------------


def as_markdown(items: Sequence[Verification]) -> str:
    """For a pull request: a table, a section for each file that somebody should look at, the layers; "" for no files."""
    if not items:
        return ""
    rows = [_row(item) for item in items]
    lines = [_piped(_SIZES[:6]), _piped(["---", "---", *["---:"] * 4])]
    for number, cells in enumerate(_sized(rows)):
        mark = "**" if number == len(items) else ""  # the total
        lines.append(_piped(f"{mark}{_literal(cell)}{mark}" if cell else "" for cell in cells[:6]))
    if times := list(_timed(rows)):
        lines += [
            "",
            _piped(_TIMES),
            _piped(["---", "---", *["---:"] * 3]),
            *(_piped(map(_literal, cells)) for cells in times),
        ]
    for item in items:
        lines += _section(item)
    return "\n".join([*lines, *_folded(items)]) + "\n"


def _section(item: Verification) -> Iterator[str]:
    remarks = list(_remarks(item))
    if item.verdict.holds and not remarks:
        return
    yield from ("", f"### {_literal(item.path)}", "", _literal(item.verdict.value + _outcome(item)), "")
    yield from (f"- **{_literal(label)}** {_literal(text)}" for label, text in (*remarks, *_routine(item)))
    if item.tail:
        yield from ("", *_fenced(item.tail))


def _folded(items: Sequence[Verification]) -> Iterator[str]:
    """The layers of all files, folded away."""
    large = [
        (item.path, title, _layers(built))
        for item in items
        for title, built in (("before", item.before), ("after", item.after))
        if built and _layers(built)
    ]
    if large:
        yield from ("", "<details><summary>Layers over 1 MB</summary>")
        for path, title, layers in large:
            yield from ("", f"{_literal(path)}, {title}:", "", *_fenced(layers))
        yield from ("", "</details>")


def _piped(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _literal(text: str) -> str:
    """Text that means nothing but itself; and nobody called @someone gets a message."""
    return _MARKUP.sub(lambda match: f"&#{ord(match[0])};", one_line(text)).replace("@", "@&#8203;")


def _fenced(lines: Sequence[str]) -> Iterator[str]:
    """A block of code, whatever it holds."""
    shown = [one_line(line) for line in lines]
    fence = "`" * max([3, *(len(run) + 1 for run in re.findall("`+", "\n".join(shown)))])
    yield from (fence + "text", *shown, fence)
