"""The ``named-stages`` transform."""

from __future__ import annotations

from typing import Any, ClassVar

from dockfix.engine.options import Option
from dockfix.engine.transform import Outcome, Safety, Transform
from dockfix.facts import Facet, Facts
from dockfix.knowledge.targets import NAMES

ALL = "all"
ONLY = Option(
    "named-stages.only",
    frozenset[str](),
    f"the stages to write: {', '.join(NAMES)}, or {ALL}; none are written without it",
    hint="stages",
    each=NAMES,
    every=ALL,
)


class NamedStages(Transform):
    """Write stages to test and to develop in beside the image's.

    What it does
        Parts the builder and adds what is built by name: ``base`` (the system's packages, the manager), ``prod-deps`` (what the
        program needs), ``dev-deps`` (on top of it the group for development), ``test`` (the source, the tests, and the command
        that runs them as CMD), ``dev`` (what the image was before, with the tools; CMD is ``npm run dev`` where there is such a
        script) and ``release``, the image. Where something is built, which takes the tools, ``dev-deps`` comes first, then
        ``build``, and ``prod-deps`` is what is left after the prune. A Compose service that builds the Dockerfile gets a ``target``
        where it runs tests (``test``), or a server for development or the source from a mount (``dev``).

    Why
        CI runs the tests in the image's own environment, and the release has no tool that only they need.

    Example
        RUN uv sync --frozen                    FROM base AS prod-deps
        COPY . .                                RUN uv sync --no-dev --frozen
        CMD ["uvicorn", "app:app"]              FROM prod-deps AS dev-deps
                                                RUN uv sync --frozen
                                                FROM dev-deps AS test
                                                COPY . .
                                                CMD ["python", "-m", "pytest"]
                                                FROM python:3.13-slim AS release
                                                COPY --from=prod-deps /app/.venv /app/.venv

    Fix safety
        On request only: ``--stages``, ``--stages test,release`` or ``named-stages.only``. ``release`` stays the last stage, which is built
        where no target is named. All or nothing: where the stages cannot be written, neither is what only they make right, and no
        Compose file is touched. Left alone where nothing serves development alone, where packages for development have to stay in
        the image, and in a file with more than two stages. No test is made up: without tests, or a known way to run them, there is no
        ``test``. A COPY of nothing but tests leaves ``release``, unless the program reads them.
    """

    title: ClassVar[str] = "write stages to test and to develop in (`--stages`)"
    safety: ClassVar[Safety] = "on request"
    after: ClassVar[frozenset[str]] = frozenset({"multi-stage"})
    facets: ClassVar[frozenset[Facet]] = frozenset({"stages"})
    options: ClassVar[tuple[Option[Any], ...]] = (ONLY,)
    asked_by: ClassVar[Option[Any] | None] = ONLY

    def apply(self, facts: Facts) -> Outcome:
        """Adds the stages that are asked for, and their targets in Compose files."""
        wanted = facts.hints.stages
        if not wanted:
            return Outcome()
        from ._stage_writer import named_stages  # few files need it

        return named_stages(facts, wanted)
