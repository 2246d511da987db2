"""How long builds take: cold, after a change in the source, after a change in the dependencies."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from dockfix.facts import Facts
from dockfix.knowledge import commented_manifests
from dockfix.runtimes.registry import runtimes
from dockfix.syntax import Instruction, parse
from dockfix.verify.build import Outcome, Recipe, with_own_caches
from dockfix.verify.measure import Candidate
from dockfix.verify.prove import Prover
from dockfix.verify.verdict import Timing


def timings(prover: Prover, before: Candidate, after: Candidate) -> tuple[Timing, Timing]:
    """The build times of both, each measured with a cache of its own."""
    source, manifest = _changing(prover.facts)
    return _measured(prover, "before", before, source, manifest), _measured(prover, "after", after, source, manifest)


def _measured(prover: Prover, name: str, candidate: Candidate, source: str, manifest: str) -> Timing:
    own = secrets.token_hex(4)
    # Cache mounts of this measurement alone: the first build finds them empty, the later ones as it left them.
    candidate = replace(candidate, dockerfile=with_own_layers(with_own_caches(candidate.dockerfile, own), own))
    with _copy_of(prover.facts.context.root) as root:

        def seconds(step: str) -> float | None:
            prover.say(f"timing the {'original' if name == 'before' else 'new'} image: {step}")
            arguments = replace(prover.plan.arguments, no_cache=False, pull=False)
            result = prover.builder.build(
                f"timing-{name}-{step}", Recipe(candidate.dockerfile, candidate.ignore, root), arguments
            )
            if result.image:
                prover.engine.remove_images(result.image)
            return result.seconds if result.outcome is Outcome.OK else None

        cold = seconds("cold")
        after_source = after_manifest = None
        if cold is not None and source:
            _touch(root / source, own, _comments()[Path(source).suffix])
            after_source = seconds("source")
        if cold is not None and manifest:
            _touch(root / manifest, own, "#")
            after_manifest = seconds("dependency")
        return Timing(cold, after_source, after_manifest)


def with_own_layers(dockerfile: str, own: str) -> str:
    """The Dockerfile none of whose RUN steps the engine has in its cache: each stage has an argument that no other build has.

    (--no-cache does not do: what it builds, a later build does not find.)
    """
    texts = []
    for node in parse(dockerfile).nodes:
        texts.append(node.text)
        if isinstance(node, Instruction) and node.keyword == "FROM":
            end = "\r\n" if node.text.endswith("\r\n") else "\n"
            texts.append(f"{'' if node.text.endswith(end) else end}ARG DOCKFIX_TIMING={own}{end}")
    return "".join(texts)


def _changing(facts: Facts) -> tuple[str, str]:
    """A source file and a dependency manifest of the context that the image takes; "" where there is none."""
    taken = sorted({name for copies in facts.copies.values() for name in copies.files})
    manifests = [name for manifest in facts.manifests.values() for name in manifest.files]
    manifests += [name for kind in commented_manifests() for name in taken if name.rsplit("/", 1)[-1] == kind]
    named = [name for name in taken if name not in manifests]
    started = [name for name in named if any(name.rsplit("/", 1)[-1] in text for text in facts.startup.texts.values())]
    sources = [name for name in (*started, *named) if Path(name).suffix in _comments()]
    return next(iter(sources), ""), next(iter(manifests), "")


def _comments() -> dict[str, str]:
    """What a comment begins with, by the ending of the files with a runtime's code."""
    return {ending: sign for runtime in runtimes() for ending, sign in runtime.sources.items()}


def _touch(path: Path, own: str, sign: str) -> None:
    """Add a comment, which begins with a sign, to a file; through a new file, since this one may be a link to the user's."""
    data = path.read_bytes()
    new = path.with_name(f".{path.name}.{own}")
    new.write_bytes(data + (b"" if data.endswith(b"\n") or not data else b"\n") + f"{sign} {own}\n".encode())
    new.replace(path)


@contextmanager
def _copy_of(root: Path) -> Iterator[Path]:
    """A copy of the context that may be changed; its files are hard links where the system can."""
    with tempfile.TemporaryDirectory(prefix="dockfix-timing-") as folder:
        copy = Path(folder, "context")
        shutil.copytree(root, copy, symlinks=True, copy_function=_link, ignore_dangling_symlinks=True)
        yield copy


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        shutil.copy2(source, target, follow_symlinks=False)
