"""The ``virtualenv`` transform."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

from dockfix.engine.options import Option
from dockfix.engine.transform import Outcome, Transform, refuse
from dockfix.facts import Facet, Facts
from dockfix.model.reason import Reason
from dockfix.placement.decision import place
from dockfix.runtimes.own_pip import updates
from dockfix.runtimes.registry import runtime_of

from ._environment import filling

INSTALLER = Option(
    "virtualenv.installer",
    False,
    "give the environment pip and setuptools of its own, some 20 MB, although those of the base image serve",
    hint="installer",
)


class Virtualenv(Transform):
    """Install the Python packages into a virtual environment.

    What it does
        Makes ``/opt/venv`` (``/venv`` where a volume, a mount or a COPY lies over ``/opt``) before the first
        ``pip install`` and puts its ``bin`` first on PATH, so that pip fills it and the program runs from it. Images up
        to Python 3.11 bring setuptools and wheel: there the environment can see them (``--system-site-packages``), so
        that pip builds packages just as before. Poetry and Pipenv, which are brought before it, find it by VIRTUAL_ENV,
        uv by ``--python``, and uWSGI, which has an interpreter of its own, by UWSGI_HOME. A program of a package that is named by
        its path (``/usr/local/bin/gunicorn``) is found there by a link. Done only where ``multi-stage`` can
        then copy the environment from a builder.

        From Python 3.11 on it gets no pip and no setuptools of its own, some 20 MB that the base image has already: it sees those,
        and PIP_PYTHON, in the builder alone, has the base image's pip fill it. Imports find what they found; in a container
        ``python -m pip`` speaks of the environment, the program ``pip`` of the base image alone. A RUN that only brings pip up to date
        stays before the environment. The environment has a pip of its own where it is not certain that the other one serves: that one
        may be older than 22.3 (before Python 3.11, where a build argument chooses the tag, where the file asks for some pip), another
        manager than pip installs, or something calls the program ``pip``: a later RUN, or what the build context says of
        how containers are run. ``virtualenv.installer`` gives it pip and setuptools in any case.

    Why
        A virtual environment is one folder at one path: it can be copied whole into a runtime stage that has none of the
        tools which built it.

    Example
        RUN pip install -r requirements.txt     ENV PIP_PYTHON="/opt/venv/bin/python"
                                                RUN python -m venv --system-site-packages --without-pip /opt/venv
                                                ENV PATH="/opt/venv/bin:$PATH"
                                                RUN pip install -r requirements.txt

    Fix safety
        Safe where the application's code could be read. Left alone where something names a path of the base image's Python
        (``/usr/local/bin/python``), resets PATH (a login shell, sudo, cron) or tells uWSGI of a home of its own. Unsafe where
        the code is not at hand, for uWSGI, where code names a program in ``/usr/local/bin`` that nothing is known to bring, and
        where PYTHONPATH names the base image's own site-packages.
    """

    title: ClassVar[str] = "install Python packages into a virtual environment"
    after: ClassVar[frozenset[str]] = frozenset({"apk-hygiene", "dependency-layer", "direct-start", "pin-base"})
    facets: ClassVar[frozenset[Facet]] = frozenset({"environment"})
    options: ClassVar[tuple[Option[Any], ...]] = (INSTALLER,)
    may_break: ClassVar[tuple[str, ...]] = ("packages", "interpreter", "libraries", "modules")

    def apply(self, facts: Facts) -> Outcome:
        """Inserts two instructions above the first install and the manifests that it needs."""
        placement = facts.decide(place)
        if isinstance(placement, Reason) and "parts" not in facts.hints.facets and not facts.is_javascript:
            return refuse(placement)  # multi-stage, which is not asked for, would say why
        if isinstance(placement, Reason) or placement.environment.carried is not None:
            return Outcome()  # multi-stage says why
        runtime = runtime_of(placement.environment.runtime)
        assert runtime is not None  # or there would be no placement
        environment = replace(runtime.environment(facts), seeded=not placement.bare)
        before = updates(facts) if placement.bare else frozenset()
        first = next(
            step for step in facts.final.steps if step.instruction in placement.installs and step not in before
        )
        reason = f"{runtime.title} packages go into {environment.root}, which can be copied whole into another stage"
        filled = filling(facts, environment, first, reason, bare=placement.bare)
        if isinstance(filled, Reason):
            return refuse(filled)
        return Outcome(filled.edits, doubts=placement.doubts, declares=filled.declares)
