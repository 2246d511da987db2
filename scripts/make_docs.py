"""Writes what the documentation says of transforms, golden cases and the catalogue, from where it is declared.

python scripts/make_docs.py           writes docs/transforms/ and the marked parts of README.md and of other files in docs/
python scripts/make_docs.py --check   names what is not up to date, and fails where something is not
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from textwrap import dedent
from typing import Any

import golden
import schema
from dockfix.engine.options import Option
from dockfix.engine.registry import options, transforms
from dockfix.engine.transform import Transform

ROOT = golden.ROOT
PAGES = ROOT / "docs" / "transforms"
COMMAND = "python scripts/make_docs.py"
README_CASE = "flask-psycopg2"


def documents() -> dict[Path, str]:
    """Each file that is generated, whole or in parts, with the text that it has to have."""
    from entries import Breakage, Decision

    parts = {
        ROOT / "README.md": {"example": example(), "transforms": overview()},
        ROOT / "docs" / "settings.md": {"settings": settings(options().values()) + "\n"},
        ROOT / "docs" / "golden.md": {"keys": schema.table(golden.Keys)},
        ROOT / "docs" / "catalogue.md": {"entries": schema.table(Breakage), "decisions": schema.table(Decision)},
    }
    found = {PAGES / f"{transform.id}.md": page(transform) for transform in transforms()}
    for path, contents in parts.items():
        text = path.read_text("utf-8")
        for name, content in contents.items():
            text = put(text, name, content)
        found[path] = text
    return found


def put(text: str, name: str, content: str) -> str:
    """A document with another content between the marks of a part."""
    begin, end = f"<!-- {name}: {COMMAND} -->\n", f"<!-- end of {name} -->\n"
    before, found, rest = text.partition(begin)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        raise ValueError(f"the part {name} is not marked: {begin}…\n{end}")
    return f"{before}{begin}\n{content}\n{end}{after}"


def example() -> str:
    """The README's example: what dockfix makes of one golden case's Dockerfile."""
    text = (golden.GOLDEN / README_CASE / "expected.diff").read_text("utf-8")
    dockerfile = text.split("diff --git ", 2)[1].split("\n", 1)[1]
    return f"```diff\n{dockerfile}```\n"


def overview() -> str:
    """Every transform with its title, in the order in which they run."""
    rows = [f"| [`{each.id}`](docs/transforms/{each.id}.md) | {each.title} | {each.safety} |" for each in transforms()]
    return "\n".join(["| transform | purpose | safety |", "|---|---|---|", *rows]) + "\n"


def page(transform: Transform) -> str:
    """The page of one transform: what ``dockfix explain`` says, its settings, and a golden case that shows it."""
    summary, *sections = _sections(inspect.getdoc(type(transform)) or "")
    parts = [f"# {transform.id}", summary[1], f"Safety: {transform.safety}."]
    for heading, body in sections:
        parts += [f"## {heading}", f"```dockerfile\n{body}\n```" if heading == "Example" else body]
    parts += ["## Settings", settings(transform.options)] if transform.options else []
    return "\n\n".join([f"<!-- {COMMAND} writes this page -->", *parts, *_shown(transform)]) + "\n"


def settings(options: Iterable[Option[Any]]) -> str:
    """What transforms can be told, as a table."""
    rows = [f"| `{each.key}` | {_values(each)} | {_default(each)} | {each.help} |" for each in options]
    return "\n".join(["| setting | value | default | what it does |", "|---|---|---|---|", *rows])


def _values(option: Option[Any]) -> str:
    known = sorted(option.choices()) if option.choices is not None else []
    return " or ".join(f"`{each}`" for each in known) or option.type


def _default(option: Option[Any]) -> str:
    return str(option.default).lower() if isinstance(option.default, bool) else "none"


def _sections(text: str) -> Iterator[tuple[str, str]]:
    """The parts of a docstring, each a heading and what stands indented below it; first the summary, without a heading."""
    summary, *parts = re.split(r"\n(?=\S)", text.replace("``", "`"))
    yield "", summary.strip()
    for part in parts:
        heading, _, body = part.partition("\n")
        yield heading, dedent(body).strip("\n")


def _tells_others(case: golden.Case, transform: Transform) -> bool:
    """Whether a case has settings of another transform, which is what it shows."""
    return any(key.partition(".")[0] != transform.id for key in case.keys.options)


def _shown(transform: Transform) -> Iterator[str]:
    """The golden case that shows the transform with the least besides it."""
    shown = [case for case in golden.cases() if transform.id in case.keys.expect.transforms]
    if not shown:
        return
    case = min(
        shown,
        key=lambda each: (
            _tells_others(each, transform),
            len(each.keys.expect.transforms),
            len(_diff(each)),
            each.name,
        ),
    )
    others = [f"`{name}`" for name in case.keys.expect.transforms if name != transform.id]
    yield "## In a Dockerfile"
    yield f"The golden case [{case.name}](../../golden/{case.name}): {case.keys.title}."
    if others:
        yield f"Others that change something there: {', '.join(others)}."
    yield f"```diff\n{_diff(case)}```"


def _diff(case: golden.Case) -> str:
    return (case.path / "expected.diff").read_text("utf-8", "surrogateescape")


def drift() -> list[str]:
    """What is not as it would be written now, and pages of transforms that are gone."""
    wanted = documents()
    stale = [path for path, text in wanted.items() if not path.is_file() or path.read_text("utf-8") != text]
    return [str(path.relative_to(ROOT)) for path in sorted([*stale, *_gone(wanted)])]


def _gone(wanted: dict[Path, str]) -> list[Path]:
    return [path for path in PAGES.glob("*.md") if path not in wanted]


def main(arguments: Sequence[str]) -> int:
    if arguments not in ([], ["--check"]):
        print(__doc__)
        return 2
    if arguments:
        stale = drift()
        print("".join(f"not up to date: {name}\n" for name in stale) + (f"run: {COMMAND}\n" if stale else ""), end="")
        return 1 if stale else 0
    wanted = documents()
    PAGES.mkdir(parents=True, exist_ok=True)
    for path in _gone(wanted):
        path.unlink()
    for path, text in wanted.items():
        path.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.path.append(str(ROOT / "tests" / "support"))  # where the keys of the catalogue are declared
    sys.exit(main(sys.argv[1:]))
