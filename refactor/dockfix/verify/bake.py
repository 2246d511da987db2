"""The builds of a verification as a file for ``docker buildx bake``, so that they can be repeated without dockfix."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from dockfix.dataclass import dataclass
from dockfix.verify.build import BuildArguments
from dockfix.verify.engines import LABEL, REPOSITORY

LONGEST = 100  # characters of a slug; a repository name may have 255


@dataclass(frozen=True)
class Pair:
    """One Dockerfile before and after. Their ignore files lie beside them as ``<name>.dockerignore``.

    ``name`` is what it is called in the report. ``target`` is the stage to build; "" for what the arguments say.
    """

    name: str
    context: Path
    before: Path
    after: Path
    target: str = ""


def bake_file(pairs: Sequence[Pair], folder: Path, arguments: Mapping[str, BuildArguments]) -> str:
    """A ``docker-bake.json`` with two targets for each pair, SLUG-before and SLUG-after, and a group of all of them.

    ``arguments`` are by the pair's name; one without any is built without. Relative paths are taken from ``folder``.
    Raises ValueError where a text is not UTF-8: JSON cannot say it.
    """
    targets: dict[str, dict[str, object]] = {}
    variables: set[str] = set()
    for pair, slug in zip(pairs, slugs([pair.name for pair in pairs]), strict=True):
        given = arguments.get(pair.name)
        common: dict[str, object] = {"context": _literal(_absolute(pair.context, folder))}
        if given is not None:
            common |= _given(given, folder)
            variables.update(name for name in given.build_arg if _from_environment(name))
        stage = pair.target or (given.target if given else "")
        if stage:
            common["target"] = _literal(stage)
        for side, dockerfile in (("before", pair.before), ("after", pair.after)):
            targets[f"{slug}-{side}"] = {
                **common,
                "dockerfile": _literal(_absolute(dockerfile, folder)),
                "labels": {LABEL: slug},
                "tags": [f"{REPOSITORY}/{slug}:{side}"],
            }
    whole = {
        # null: what is not in the environment is not set, as with `docker build --build-arg NAME`
        **({"variable": {name: {"default": None} for name in sorted(variables)}} if variables else {}),
        "group": {"default": {"targets": list(targets)}},
        "target": targets,
    }
    text = json.dumps(whole, indent=2, ensure_ascii=False) + "\n"
    text.encode("utf-8")
    return text


def slugs(names: Iterable[str]) -> list[str]:
    """A short name for each name, different for each: lower-case letters, digits and dashes, fit for targets and tags."""
    made: list[str] = []
    for name in names:
        start = re.sub(r"[^a-z0-9]+", "-", name.lower())[:LONGEST].strip("-") or "dockerfile"
        slug, number = start, 1
        while slug in made:
            number += 1
            slug = f"{start}-{number}"
        made.append(slug)
    return made


def _given(given: BuildArguments, folder: Path) -> dict[str, object]:
    """The keys of a target for what was given; an option that was not used has none."""
    parts: dict[str, object] = {
        "args": {_literal(name): value for name, value in map(_build_arg, given.build_arg)},
        "secret": [_secret(text, folder) for text in given.secret],
        "ssh": [_ssh(text, folder) for text in given.ssh],
        "platforms": [_literal(part) for part in given.platform.split(",") if part],
        "network": _literal(given.network),
        "pull": given.pull,
        "no-cache": given.no_cache,
    }
    return {key: value for key, value in parts.items() if value}


def _from_environment(argument: str) -> bool:
    """Whether a build argument has no value of its own. Bake cannot name a variable that is not an identifier."""
    return re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", argument) is not None


def _build_arg(text: str) -> tuple[str, str | None]:
    name, equals, value = text.partition("=")
    if equals:
        return name, _literal(value)
    return name, f"${{{name}}}" if _from_environment(name) else None


def _secret(text: str, folder: Path) -> str:
    """``id=x,src=file`` with the file's whole path; it is a row of CSV, in which a comma may be quoted."""
    row = next(csv.reader([text]), [])
    cells = []
    for cell in row:
        key, _, value = cell.partition("=")
        file = key.lower() in ("src", "source") and "type=env" not in row  # which has a variable's name there
        cells.append(f"{key}={_absolute(Path(value), folder)}" if file else cell)
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow(cells)
    return _literal(out.getvalue())


def _ssh(text: str, folder: Path) -> str:
    """``default`` or ``id=key,key`` with whole paths."""
    name, equals, keys = text.partition("=")
    return _literal(name + equals + ",".join(_absolute(Path(key), folder) for key in keys.split(",") if key))


def _absolute(path: Path, folder: Path) -> str:
    return str((folder / path).absolute())


def _literal(text: str) -> str:
    """Text that Bake takes as it is: it would evaluate ``${…}`` and ``%{…}``."""
    return re.sub(r"[$%](?=\{)", lambda match: match[0] * 2, text)
