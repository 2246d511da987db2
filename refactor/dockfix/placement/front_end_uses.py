"""What keeps a front end's Node.js in the image, or its packages: whoever runs or reads them once everything is built."""

from __future__ import annotations

from collections.abc import Iterable

from dockfix.context.application import application
from dockfix.context.texts import Mention
from dockfix.facts import Facts
from dockfix.knowledge.node_packages import brings_node, node_size
from dockfix.lazy import regex
from dockfix.managers.protocol import Manager
from dockfix.managers.registry import managers
from dockfix.managers.verbs import needs_runtime, system_install, tells_server
from dockfix.model.actions import Provide
from dockfix.model.reason import Reason, at
from dockfix.model.stages import Step, Unit
from dockfix.placement.leftovers import Placed
from dockfix.placement.libraries import known_packages, suites
from dockfix.runtimes.needs import needed, run_time_compiler
from dockfix.runtimes.registry import runtime

PACKAGES = "node_modules"
# What comes along, too, and is in the slim images of Python: https://github.com/docker-library/python
_IN_BASES = frozenset({"ca-certificates", "openssl"})
# Files in which tools say what to leave out, and sources that no browser loads as they are
_OF_TOOLS = regex(
    r"(?i)(?:.*/)?(?:pyproject\.toml|setup\.(?:cfg|py)|tox\.ini|pytest\.ini|package(?:-lock)?\.json|[jt]sconfig[^/]*\.json|biome\.jsonc?"
    r"|\.[^/]*|(?:.*/)?\.[^/]+/.*|Makefile|noxfile\.py|conftest\.py|[^/]*\.(?:tsx?|[cm]ts|jsx|s[ac]ss|less|vue|svelte|md|map|lock)"
    r"|(?:[^/]*\.config|webpack[^/]*|gulpfile[^/]*|gruntfile[^/]*|rollup[^/]*|vite[^/]*|esbuild[^/]*|build)\.[cm]?js)"
)
# Pages, and what browsers load with them
_OF_PAGES = regex(r"(?i).*\.(?:x?html?|djhtml|j2|jinja2?|mako|[cm]?js|css|svg)")
# Style sheets load others by these alone; what compilers of style sheets are told is gone when a browser reads them
_OF_STYLES = regex(r"(?i)\s*(?:@import\b|[^@]*\burl\().*")
# What names the folder of packages, or gathers files of it: https://django-npm.readthedocs.io, https://pypi.org/project/django-yarnpkg,
# https://pypi.org/project/django-node-assets
_NAMED = rb"\bnode_modules\b|\bNODE_MODULES|\bNPM_ROOT_PATH\b|\bnpm\.finders\b|\bNodeModulesFinder\b"


def programs() -> frozenset[str]:
    """What runs the other language, and its managers, by their names in a shell."""
    node = runtime("node")
    own = (each.programs for each in managers() if needs_runtime(each))
    return frozenset({*(node.interpreters if node is not None else ()), "nodejs", "corepack"}).union(*own)


def runs_it(facts: Facts, staying: list[tuple[Step, Unit]]) -> Reason | None:
    """What runs the other language once the front end is built, or something else that leaves with what brought it."""
    if PACKAGES in facts.final.end.env.get("PATH", ""):
        return at(f"PATH leads to programs in {PACKAGES}, which the program may start")
    for mention in facts.application.search(rb"node_modules/\.bin\b"):
        if not _OF_TOOLS.fullmatch(mention.file):
            return at(f"{mention.file}:{mention.line} names a program of {PACKAGES}, which Node.js runs")
    for name, why in sorted(needed(facts, sorted(programs()), staying).items()):
        return at(f"{name} has to stay: {why}")
    full = facts.final.image is not None and facts.final.image.variant == "full"
    known, asked = known_packages(facts), _asked(facts)
    there = {name for package in asked if not brings_node(package) for name in known.commands(package)}
    along = {name: each for each in _come_along(facts, asked) for name in known.commands(each) if name not in there}
    if full or not along:
        return None
    for name, why in sorted(needed(facts, sorted(along), staying).items()):
        return at(f"{along[name]}, which comes along with Node.js, has to stay: {why}")
    compiler = run_time_compiler(facts)
    return compiler if compiler is not None and compiler.weight == "blocks" else None


def _asked(facts: Facts) -> frozenset[str]:
    """The packages of the system that the stage asks for."""
    installs = (system_install(unit.effects.action) for _, unit in facts.final.units)
    return frozenset(package.name for install in installs if install is not None for package in install.asked)


def _come_along(facts: Facts, asked: Iterable[str]) -> frozenset[str]:
    """The packages of the system that come only along with those that bring the other language: its manager's, its server's script's."""
    known, releases = known_packages(facts), suites(facts)
    found = {name for each in asked if brings_node(each) for name in known.alongside(each, releases, recommended=True)}
    if any(map(tells_server, _provided(facts))):
        found |= {"curl", "gnupg"}
    return frozenset(found.difference(asked, _IN_BASES))


def still_there(facts: Facts, runtime: Placed) -> Reason | None:
    """What brings the other language and could not be taken out of the runtime stage."""
    for step, indices in runtime.items():
        actions = [step.action, *(step.units[index].effects.action for index in indices)]
        for action in actions:
            manager = action.manager if isinstance(action, Provide) else None
            if isinstance(manager, Manager) and manager.programs <= programs() and manager.programs:
                return at("what a later command needs of Node.js is unknown", step.line)
    return None


def named_packages(facts: Facts) -> tuple[Reason, ...]:
    """Why packages of the front end come along: the program, a page, or what gathers files for them, names their folder."""
    pages = frozenset(filter(_OF_PAGES.fullmatch, facts.files))
    mentions = (*facts.started.image.search(_NAMED), *application(facts.context, pages).search(_NAMED))
    for mention in mentions:
        if not _OF_TOOLS.fullmatch(mention.file) and _is_loaded(facts, mention):
            where = f"{mention.file}:{mention.line}"
            return (at(f"the packages of the front end stay: {where} names {mention.word}"),)
    return ()


def _is_loaded(facts: Facts, mention: Mention) -> bool:
    """Whether a browser or a program may load what is named: not by what only tells a compiler of style sheets where to look."""
    if not mention.file.endswith(".css"):
        return True
    lines = (facts.context.read(mention.file) or "").splitlines()
    return _OF_STYLES.fullmatch(lines[mention.line - 1]) is not None if mention.line <= len(lines) else True


def size(facts: Facts) -> int:
    """The bytes that Node.js takes at least, from wherever it was brought."""
    provided = _provided(facts)
    if any(each.runtimes for each in provided):
        return node_size("copied")
    if any(map(tells_server, provided)):
        return node_size("fetched")
    asked = _asked(facts)
    return sum(map(node_size, asked | ({"nodejs"} if "npm" in asked else set())))


def _provided(facts: Facts) -> list[Provide]:
    """What the stage brings of managers."""
    steps = facts.final.steps
    actions = [action for step in steps for action in (step.action, *(unit.effects.action for unit in step.units))]
    return [each for each in actions if isinstance(each, Provide)]
