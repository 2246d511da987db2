"""Python: packages move into a virtual environment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import ClassVar

from dockfix.facts import Facts
from dockfix.facts.covered import covered
from dockfix.managers import venv
from dockfix.managers.protocol import LanguageManager
from dockfix.model.actions import Provide
from dockfix.model.artefact import Environment
from dockfix.model.reason import Reason, at
from dockfix.model.stages import Step, Unit
from dockfix.runtimes import own_pip, uwsgi
from dockfix.runtimes.named_programs import FOLDER, linked_programs
from dockfix.runtimes.probes import source
from dockfix.runtimes.protocol import MovingRuntime, Probe
from dockfix.runtimes.python_paths import is_alone, own_site_packages, system_python_blocker, unknown_program

# Where an environment may lie, the usual folder first
ROOTS = ("/opt/venv", "/venv", "/usr/local/venv")


class Python(MovingRuntime):
    """CPython, as the official images have it."""

    id: ClassVar[str] = "python"
    title: ClassVar[str] = "Python"
    sources: ClassVar[Mapping[str, str]] = {".py": "#"}
    interpreters: ClassVar[tuple[str, ...]] = ("python3", "python")
    # a virtual environment has its own, of another version, or none: they install, and the program does not need them
    installers: ClassVar[frozenset[str]] = frozenset({"pip", "wheel"})
    # what setuptools gives a program at run time is a module, and compared as such
    any_version: ClassVar[frozenset[str]] = frozenset({"setuptools"})
    environment_file: ClassVar[str] = "pyvenv.cfg"
    package_folder: ClassVar[str] = "(?:site|dist)-packages"
    library: ClassVar[str] = r"/usr(?:/local)?/lib/python[\w.]*"
    remade: ClassVar[str] = r"(?:/.*)?/__pycache__|/.*\.pyc"
    leavings: ClassVar[tuple[str, ...]] = (
        r"/usr/share/python3|/var/lib/python|/etc/python\d.*",
        r"/(?:root|home/[^/]+)/\.local/lib/python[^/]*",
        # what managers keep for themselves, and the folders that they make for it
        r"/(?:root|home/[^/]+)/\.local(?:(?:/(?:share|state))?(?![\s\S])|/(?:share|state)/(?:virtualenvs?|pdm|pypoetry))",
        r"/(?:root|home/[^/]+)/\.config(?:(?![\s\S])|/(?:pypoetry|pdm))",
        # in the folder of a project that is installed
        r"/.*\.egg-info|/.*/build/(?:lib|bdist|temp)[^/]*|/.*/\.pdm-(?:python|build)",
    )

    def asks(self, url: str, runner: str = "") -> tuple[str, ...]:
        """By the standard library: an answer that is none raises an error."""
        return runner or "python", "-c", f"import urllib.request as r; r.urlopen('{url}', timeout=4)"

    def environment(self, facts: Facts) -> Environment:
        """A virtual environment at one path, the same in each stage, that nothing lies over."""
        made = venv.environment(next((root for root in ROOTS if covered(facts, root) is None), ROOTS[0]))
        if made.carried is None or not uwsgi.runs(facts):
            return made
        return replace(made, carried=replace(made.carried, env={**made.carried.env, uwsgi.HOME: made.root}))

    def make(self, facts: Facts, environment: Environment) -> str:
        """``python -m venv``; where the base image brings setuptools and wheel, the environment sees them.

        pip builds old packages with them. In an environment that lacks wheel it builds them in isolation, with the newest setuptools
        and without the packages that are installed already (https://pip.pypa.io/en/stable/news/#v23-1), which some cannot
        be built with. Where a manager is made of packages in the base image's Python, the environment must not see these: what
        both need would count as installed, and not be carried. A Python that is one of the system's packages has others of them as
        modules. One that takes the place of an environment which a manager named itself sees no more than that did.
        """
        image = facts.final.image
        own = is_alone(facts)
        alone = _is_shared(facts) or any(each.moved is not None for each in facts.manifests.values())
        sees = not own or (image is not None and image.has_wheel and not alone)
        options = "--system-site-packages " if sees or not environment.seeded else ""
        options += "" if environment.seeded else "--without-pip "
        return f"{'python' if own else 'python3'} -m venv {options}{environment.root}"

    def needs_installer(self, facts: Facts, staying: Iterable[tuple[Step, Unit]]) -> bool:
        """Where the environment sees the base image's own packages, pip and setuptools are found there as they were before."""
        return _is_shared(facts) or not own_pip.serves(facts, staying)

    def links(self, facts: Facts, environment: Environment) -> Mapping[str, str]:
        """Where packages' programs were that something names by their path, each with where it is then."""
        names = linked_programs(facts) if is_alone(facts) else ()
        return {f"{FOLDER}/{name}": f"{environment.root}/bin/{name}" for name in names}

    def holds_back(self, facts: Facts) -> Reason | None:
        """What has no venv, resets PATH, names a folder of the base image's Python, or lies over every folder for an environment."""
        if facts.final.image is not None and facts.final.image.version.partition(".")[0] == "2":
            return at("Python 2 makes no virtual environment by itself")
        reason = system_python_blocker(facts)
        if reason is not None:
            return reason
        if facts.final.image is not None and not facts.final.image.runtime and _is_shared(facts):
            return at("a manager is made of packages in the system's own Python, which the environment would see")
        over = [covered(facts, root) for root in ROOTS]
        return None if None in over else over[-1]

    def doubts(self, facts: Facts) -> tuple[Reason, ...]:
        """What only a start shows."""
        reasons = (own_site_packages(facts), unknown_program(facts))
        return tuple(reason for reason in reasons if reason is not None)

    def probe(self, what: Probe) -> str:
        """Python 3.6 or later."""
        return source(f"python_{what}.py")


PYTHON = Python()


def _is_shared(facts: Facts) -> bool:
    """Whether the packages of a manager lie in the base image's Python."""
    actions = [unit.effects.action for _, unit in facts.final.units]
    return any(isinstance(action, Provide) and action.shared and _brings(action) for action in actions)


def _brings(action: Provide) -> bool:
    return isinstance(action.manager, LanguageManager) and bool(action.manager.brings)
