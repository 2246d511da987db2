"""Whether it is certain that the program works without root: what it writes and listens to."""

from __future__ import annotations

from itertools import chain

from dockfix.context.javascript import unfold
from dockfix.context.scripts import commands_in_script
from dockfix.facts import Facts
from dockfix.facts.closed import left_closed
from dockfix.facts.how_it_is_run import by_hand_as_its_user, run_with_mounts
from dockfix.facts.install_scripts import unsure_script
from dockfix.facts.installs import installers_in, installs_in, missing_manifest, requirements_unknown
from dockfix.facts.javascript import runs_with_the_program, started_by_code
from dockfix.facts.mounts_answered import answers
from dockfix.facts.ownership import made_folders
from dockfix.facts.paths import outside_paths
from dockfix.facts.ports import low_port
from dockfix.facts.rules import Rule
from dockfix.facts.shell_writes import left_by_builds, shell_writes
from dockfix.knowledge import (
    asks_for_root,
    harmless_programs,
    inits,
    is_python,
    normalise,
    python_program,
    rights_of_root,
    root_programs,
    rule_runners,
    shells,
    wrappers,
)
from dockfix.knowledge.node_programs import node_program
from dockfix.lazy import regex
from dockfix.managers.commands import runs_alone
from dockfix.managers.protocol import LanguageManager
from dockfix.managers.registry import by_program
from dockfix.model.actions import Build, Install
from dockfix.model.answers import Bound, Called, Worked, Written
from dockfix.model.effects import within
from dockfix.model.reason import Reason, doubt, unseen

# A program that reads its command line
_ARGUMENTS = (
    rb"\bargparse\b|\bsys\.argv\b|@click\.(?:command|group|option|argument)\b|\btyper\.|\bdocopt\b|\bfire\.Fire\("
)
# A command of a shell that asks for its user, and does not only tell it
_SHELL_ASKS = regex(r"(?m)^(?![ \t]*(?:#|echo\b|printf\b)).*(?:\bid\s+-[a-z]*u\b|\bwhoami\b|\$\{?E?UID\b)")


def open_questions(facts: Facts) -> tuple[Reason, ...]:
    """Why it is not certain that the program works without root, the plainest first; none where the facts say that it does."""
    found = (reason for rule in _RULES if (reason := rule(facts)) is not None)
    return tuple(dict.fromkeys((*outside_paths(facts), *found)))


def _unread(facts: Facts) -> Reason | None:
    return facts.unknown


def _nothing_started(facts: Facts) -> Reason | None:
    if not facts.final.of("CMD", "ENTRYPOINT"):
        return doubt("neither CMD nor ENTRYPOINT says what the container runs", answers=[Worked()])
    if set(facts.startup.programs) <= shells():
        return doubt("the container starts a shell, and what is run in it is unknown", answers=[Worked()])
    return None


def _own_package(facts: Facts) -> Reason | None:
    if not any(write.base in {"code", "unknown"} for write in facts.program.writes):
        return None
    local = next((path for manifest in facts.manifests.values() for path in manifest.builds), None)
    said = f"the project in {local} is installed as a package, and may write beside its own code"
    return doubt(said, answers=[Worked()]) if local else None


def _beside_packages(facts: Facts) -> Reason | None:
    """Code that writes into the folder of the packages, which belongs to root whoever runs the program."""
    packages = "the packages of Node.js" if facts.is_javascript else "Python's packages"
    for write in facts.program.writes:
        if write.base == "packages" or (facts.is_javascript and "node_modules" in write.path.split("/")):
            said = f"{write.file}:{write.line} writes where {packages} lie, which are root's"
            return doubt(said, answers=[Worked()])
    return None


def _unparsed(facts: Facts) -> Reason | None:
    for each in facts.program.unparsed:
        return doubt(
            f"{each.file} could not be read ({each.reason}), and what it writes is unknown", answers=[Worked()]
        )
    for unread in facts.processes.unread:
        return doubt(
            f"{unread.file} could not be read ({unread.reason}), and what it starts is unknown", answers=[Worked()]
        )
    return None


def _asks_for_root(facts: Facts) -> Reason | None:
    """Code, or a script, that asks whether it runs as root: many end where they do not."""
    for mention in chain.from_iterable(map(facts.application.search, asks_for_root())):
        if not facts.is_javascript or runs_with_the_program(facts, mention.file):
            return doubt(f"{mention.file}:{mention.line} asks whether root runs it", answers=[Worked()])
    for where, text in facts.startup.texts.items():
        if _SHELL_ASKS.search(text):
            return doubt(f"{where} asks which user runs it", answers=[Worked()])
    return None


def _low_port(facts: Facts) -> Reason | None:
    port = low_port(facts)
    said = f"port {port} is below 1024, which not every host lets a user listen on"
    return doubt(said, answers=[Bound(port)]) if port else None


def mounted(facts: Facts) -> Reason | None:
    """What is mounted over the image and may be root's, which no build shows; None for nothing."""
    volume = next(iter(facts.final.of("VOLUME")), None)
    if volume:
        return unseen(f"the folder of the VOLUME in line {volume.line} may be root's where it is mounted")
    answered = facts.ask(answers)
    key = facts.hints.settings.get("manifests", "")
    way = f"; {key} answers it" if key and not facts.hints.manifests else ""
    for service in facts.located.services:
        if service.volumes and service not in answered.services:
            said = f"{service.file} mounts {service.volumes[0][1]} into the service {service.name}, and its files may be root's"
            problem = answered.problems.get(service)
            return unseen(f"{said}; it could not be answered: {problem}" if problem else f"{said}{way}")
    # A service that only names an image may run this one.
    places = [
        place
        for place in (facts.final.end.workdir, *(step.copy.target for step in facts.copies if step.copy is not None))
        if place and place.rstrip("/")
    ]
    for service in facts.located.others:
        for _, target, _ in service.volumes:
            if any(within(target, place.rstrip("/")) for place in places):
                return unseen(
                    f"{service.file} mounts {target} into the service {service.name}, which may run this image"
                )
    for mention in facts.kubernetes.mounts:
        if (mention.file, mention.word.rstrip("/")) in answered.mounts:
            continue
        if any(within(mention.word, place.rstrip("/")) for place in (*places, "/root")):
            return unseen(f"{mention.file}:{mention.line} mounts {mention.word}, and its files may be root's{way}")
    return None


def _program_of_others(facts: Facts) -> Reason | None:
    """A program that comes from a package: nobody here knows where it writes and what it asks of the system."""
    for name, where in sorted(facts.startup.programs.items()):
        if not _for_any_user(facts, name):
            return _of_others(where, name)
    for where, text in facts.startup.texts.items():
        script = commands_in_script(text)
        for program, option, module in (
            zip(*(script.words[start:] for start in range(3)), strict=False) if script else ()
        ):
            if is_python(program.rpartition("/")[2]) and option == "-m" and not _for_any_user(facts, module):
                return _of_others(where, module)
    for use in (*facts.program.runs, *facts.processes.runs):
        name = use.word.rpartition("/")[2]
        if normalise(name) in facts.distributions and not _for_any_user(facts, name):
            return _of_others(f"{use.file}:{use.line}", name)
    return None


def _of_others(where: str, program: str) -> Reason:
    said = f"{where} runs {program}, of which it is not known what it needs of root"
    return doubt(said, answers=[Called(program), Worked()])


def _for_any_user(facts: Facts, name: str) -> bool:
    """Whether it is known that any user may run a program."""
    known, javascript = python_program(name), node_program(name)
    return (
        (known is not None and known.any_user)
        or (javascript is not None and (javascript.any_user or bool(javascript.writes)))
        or is_python(name)
        or _starts_as_any_user(name)
        or name in shells() | harmless_programs() | inits() | rule_runners() | wrappers().keys()
        or runs_alone(name)
        or name in facts.startup.written
        or facts.started.is_own(name)
    )


def _program_of_packages(facts: Facts) -> Reason | None:
    """The same for the programs behind the scripts of package.json: many keep a cache beside the packages."""
    if not facts.is_javascript:
        return None
    for each in (*facts.javascript.started.commands, *started_by_code(facts)):
        if not _for_any_user(facts, each.program):
            return _of_others(each.where, each.program)
    return None


def _starts_as_any_user(name: str) -> bool:
    manager = by_program().get(name)
    return isinstance(manager, LanguageManager) and manager.starts_as_any_user


def _script_of_packages(facts: Facts) -> Reason | None:
    """A package that runs a script when it is installed, which may put into root's home what the program looks for in its own."""
    name = facts.ask(unsure_script) if facts.is_javascript else ""
    said = f"what the install script of the npm package {name} leaves for root alone is not known"
    return doubt(said, answers=[Worked()]) if name else None


def _packages_unknown(facts: Facts) -> Reason | None:
    """What the program is made of is not known, so neither what it needs."""
    unknown = missing_manifest(facts) or requirements_unknown(facts)
    return (
        doubt(f"not all of its packages are known: {unknown.text}", answers=[Worked()]) if unknown is not None else None
    )


def _package_of_root(facts: Facts) -> Reason | None:
    """A package that works with what only root can use."""
    project = facts.javascript.project if facts.is_javascript else None
    modules = project.dependencies.keys() if project is not None else frozenset[str]()
    for right in rights_of_root():
        for kind, names in (("Python", right.distributions & facts.distributions), ("npm", right.modules & modules)):
            for found in sorted(names):
                said = f"the {kind} package {found} works with {right.what}, which may take root"
                return doubt(said, answers=[Worked()])
    return None


def _told_where_to_write(facts: Facts) -> Reason | None:
    """A tool that its callers tell where to write, which is where they mount a folder."""
    if facts.final.of("CMD") or not facts.final.of("ENTRYPOINT") or facts.final.of("EXPOSE"):
        return None
    mention = next(iter(facts.application.search(_ARGUMENTS)), None)
    return (
        unseen(f"{mention.file}:{mention.line} takes arguments from its caller, which may say where to write")
        if mention
        else None
    )


def _chosen_where_it_runs(facts: Facts) -> Reason | None:
    """A place to write that only a variable of the environment says, which whoever runs the image gives."""
    given = {setting.partition("=")[0] for service in facts.services for setting in service.settings}
    given |= facts.final.end.env.keys()
    for write in facts.program.writes:
        if write.base == "unknown" and write.env and write.env not in given:
            where = f"{write.file}:{write.line}"
            return unseen(
                f"{where} writes where the variable {write.env} says, which only whoever runs the image gives"
            )
    return None


def _root_by_hand(facts: Facts) -> Reason | None:
    """What people run in a container that only root can."""
    startup = facts.ask(by_hand_as_its_user)
    found = {program: where for program, where in startup.programs.items() if program in root_programs()}
    found |= dict(installers_in(facts, startup))
    for program, where in sorted(found.items()):
        return unseen(f"{where} runs {program} in a container, which may take root")
    for where, text in startup.texts.items() if facts.is_javascript else ():
        commands = unfold(text, facts.javascript.files, facts.javascript.folder or "", where).commands
        for said in installs_in(commands):
            return unseen(f"{said} in a container, which may take root")
    return None


def _left_by_builds(facts: Facts) -> Reason | None:
    """What the shell writes at the start in a folder that a build makes of which this is not known."""
    handed = facts.ask(made_folders)
    for top, path in sorted(facts.ask(left_by_builds).items()):
        if top not in handed:
            said = f"the container writes {path} when it starts, and a RUN of root may have made {top}"
            return doubt(said, answers=[Written(path)])
    where = facts.ask(shell_writes).unknown
    for step, unit in facts.final.units if where else ():
        if isinstance(unit.effects.action, Build) and step not in handed.values():
            said = f"{where} writes where only the shell knows, which may be in what the RUN in line {step.line} makes"
            return doubt(said, answers=[Worked()])
    return None


def _left_by_installs(facts: Facts) -> Reason | None:
    """What the shell writes at the start in what an install leaves to root."""
    handed = facts.ask(made_folders)
    installs = [(step, each) for step, each in facts.final.units if isinstance(each.effects.action, Install)]
    for path, by in sorted(facts.ask(shell_writes).paths.items()):
        left = (step for step, each in installs if any(within(path, made) for made in each.effects.writes))
        step = next(left, None)
        if step is not None and not any(within(path, each) for each in handed):
            said = f"{by} writes {path}" if by else f"the container writes {path} when it starts"
            return doubt(f"{said}, which the RUN in line {step.line} leaves to root", answers=[Written(path)])
    return None


_RULES: tuple[Rule, ...] = (
    _nothing_started,
    mounted,
    run_with_mounts,
    _packages_unknown,
    _package_of_root,
    _script_of_packages,
    _program_of_others,
    _program_of_packages,
    _told_where_to_write,
    _chosen_where_it_runs,
    _root_by_hand,
    _unread,
    _own_package,
    _beside_packages,
    _unparsed,
    _asks_for_root,
    _low_port,
    left_closed,
    _left_by_installs,
    _left_by_builds,
)
