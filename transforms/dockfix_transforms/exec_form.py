"""The ``exec-form`` transform."""

from __future__ import annotations

import posixpath
from typing import ClassVar

from dockfix.engine.transform import Edit, Outcome, Transform, refuse
from dockfix.facts import Facts
from dockfix.knowledge import (
    file_movers,
    file_programs,
    inits,
    is_python,
    operand_writers,
    other_executables,
    package_manager,
    python_program,
    root_programs,
    shells,
)
from dockfix.lazy import regex
from dockfix.managers.verbs import system_install
from dockfix.model.effects import within
from dockfix.model.reason import Declared, Reason, doubt
from dockfix.model.stages import Step
from dockfix.syntax import image
from dockfix.syntax.shell import Command

# What dash and busybox take for their own, also where a program of that name is there
_BUILTIN = regex(
    r"[.:\[{}]|alias|bg|break|cd|chdir|command|continue|echo|eval|exit|export|false|fc|fg|getopts|hash|help|history|jobs|kill|let"
    r"|local|printf|pwd|read|readonly|return|set|shift|source|test|times?|trap|true|type|ulimit|umask|unalias|unset|wait"
    r"|case|do|done|elif|else|esac|fi|for|function|if|in|select|then|until|while"
)
_SPECIAL = regex(r"[*?\[\]{}~!#;&|<>()$`\\\s]")
_QUOTED = regex(r"""(?s)'[^']*'|"(?:[^"\\]|\\.)*\"""")
_SYSTEM = ("/bin", "/sbin", "/usr/bin", "/usr/sbin")
# Official images that set no ENTRYPOINT
_PLAIN_BASES = {
    "almalinux",
    "alpine",
    "amazonlinux",
    "buildpack-deps",
    "debian",
    "fedora",
    "pypy",
    "python",
    "rockylinux",
    "ubuntu",
}
_PWD = rb"(?<![\w$])PWD\b|\$\{?PWD\b"
_CHILDREN = rb"\b(?:subprocess|os\.(?:system|popen|fork|spawn\w*)|Popen|pexpect|selenium|playwright|pyppeteer)\b"
_SIGNALS = rb"\bos\.(?:kill|killpg|getppid)\b"


class ExecForm(Transform):
    """Start the program itself, not a shell that starts it.

    What it does
        Turns a CMD or ENTRYPOINT of one plain command from shell form into exec form: the words stay as they are and where they
        are, each as a string of a JSON array.

    Why
        In shell form process 1 is ``/bin/sh -c``. Debian's shell, dash, waits for the program and passes no signal on: the
        program never sees the SIGTERM of ``docker stop`` or of Kubernetes, and is killed ten or thirty seconds later, in the
        middle of its work.

    Example
        CMD gunicorn --bind 0.0.0.0:80 app:app  CMD ["gunicorn", "--bind", "0.0.0.0:80", "app:app"]

    Fix safety
        Safe where the code could be read and nothing in it shows that it counts on the shell: the variable PWD, programs
        that it starts (the shell reaps what they leave behind), signals that it sends. Otherwise unsafe, and so is an
        ENTRYPOINT, which ignores the arguments of ``docker run`` in shell form. Left alone where a shell is needed (variables,
        wildcards, ``&&``, pipes, redirections, its own commands), where SHELL or another ENTRYPOINT says how CMD is run,
        where the program is a script without ``#!``, which only a shell can start, and where it ends by itself, as ``cp`` does.
    """

    title: ClassVar[str] = "start the program without a shell, so that signals reach it"
    after: ClassVar[frozenset[str]] = frozenset({"non-root"})
    atomic: ClassVar[bool] = False

    def apply(self, facts: Facts) -> Outcome:
        """Rewrites the final stage's CMD, or its ENTRYPOINT where it has one."""
        stage = facts.final
        entry = stage.last("ENTRYPOINT")
        step = entry if entry is not None and entry.instruction.json is None else stage.last("CMD")
        if step is None or step.instruction.json is not None or not step.instruction.args:
            return Outcome()
        form = step.shell_form
        windows = stage.image is not None and stage.image.variant == "windows"
        if windows or form is None or (step.state.shell and step.state.shell != ("/bin/sh", "-c")):
            return refuse(f"SHELL says how {step.keyword} is run", step.line)
        commands = form.commands
        if not commands or commands[0].text != form.script.text.strip():
            return refuse("a shell is needed: it is more than one plain command", step.line)
        reason = _needs_shell(commands) or _not_executable(facts, step, commands[0]) or _arguments(facts, step)
        if reason:
            return refuse(reason, step.line)
        new = form.exec_form()
        if new is None:
            return refuse("its words could not be told apart", step.line)
        because = f"{commands[0].name} gets the signals of docker stop itself: a shell does not pass them on"
        return Outcome(
            [Edit(step.instruction, (new,), step.line, because)],
            doubts=tuple(filter(None, (_doubt(facts, step, commands[0]),))),
            declares=frozenset({Declared("CMD" if step.keyword == "CMD" else "ENTRYPOINT")}),
        )


def _needs_shell(commands: tuple[Command, ...]) -> str:
    """Why only a shell can run it, "" where it is one plain command."""
    if len(commands) != 1 or not commands[0].simple:
        return "a shell is needed: it is more than one plain command"
    command = commands[0]
    if command.assignments or command.redirects or not command.words:
        return "a shell is needed for its assignment or redirection"
    for word in command.words:
        if word.value is None:
            return f"a shell is needed to fill in {word.text}"
        if _SPECIAL.search(_QUOTED.sub("", word.text)):
            return f"a shell may make something else of {word.text}"
        if any("\ud800" <= char <= "\udfff" for char in word.value):
            return "it is not written in UTF-8"
    if command.name == "exec":
        return "exec hands the process over already"
    if posixpath.basename(command.name or "") in shells():
        return f"{command.name} is a shell itself, and would keep the signals"
    if posixpath.basename(command.name or "") in (file_movers() | operand_writers()) - {"rsync", "tee"}:
        return f"{command.name} ends by itself, so there is no signal to pass on"
    if not command.name or _BUILTIN.fullmatch(command.name):
        return f"{command.name} is the shell's own command"
    return ""


def _not_executable(facts: Facts, step: Step, command: Command) -> str:
    """Why the program may be a script without ``#!``: a shell runs it, the kernel does not."""
    name = command.name or ""
    for path in _paths(facts, name):
        file = facts.layout.file(path)
        if file is not None:
            data = facts.context.read_bytes(file)
            known = data is not None and data.startswith((b"#!", b"\x7fELF"))
            return "" if known else f"{file} does not begin with #!, and only a shell runs such a script"
    if "/" in name and not any(within(_paths(facts, name)[0], folder) for folder in _folders(facts)):
        return f"of what kind {name} is, is not known; without a #! line only a shell runs it"
    return ""


def _folders(facts: Facts) -> list[str]:
    return [*facts.final.end.env.get("PATH", "").split(":"), *_SYSTEM]


def _paths(facts: Facts, name: str) -> list[str]:
    """Where a program may lie in the image."""
    if "/" in name:
        return [posixpath.normpath(posixpath.join(facts.final.end.workdir or "/", name))]
    return [posixpath.join(folder, name) for folder in _folders(facts) if folder.startswith("/")]


def _arguments(facts: Facts, step: Step) -> str:
    """Why another program would get other arguments, "" where none does."""
    stages = facts.final.lineage
    if step.keyword == "ENTRYPOINT":
        if any(stage.of("CMD") for stage in stages):
            return "CMD, which an ENTRYPOINT in shell form ignores, would become its arguments"
        service = next((each for each in facts.located.services if each.command), None)
        return (
            f"{service.file} gives the service {service.name} a command, which would become its arguments"
            if service
            else ""
        )
    entry = next((found for stage in reversed(stages) if (found := stage.last("ENTRYPOINT")) is not None), None)
    words = entry.instruction.json if entry else ()
    if words is None:
        return f"the ENTRYPOINT in line {entry.line if entry else 0} ignores CMD"
    if words and (posixpath.basename(words[0]) not in inits() or not set(words[1:]) <= {"--", "-g", "-v"}):
        return f"CMD is what {words[0]}, the ENTRYPOINT, gets as its arguments"
    return ""


def _doubt(facts: Facts, step: Step, command: Command) -> Reason | None:
    """Why it is not certain that the program runs just as before."""
    if step.keyword == "ENTRYPOINT":
        return doubt("arguments of docker run, which the shell form ignores, would reach the program")
    first = facts.final.lineage[0]
    if first.image is None and not any(stage.of("ENTRYPOINT") for stage in facts.final.lineage):
        reference = image(first.base or "")
        if reference.registry or reference.repository.removeprefix("library/") not in _PLAIN_BASES:
            return doubt("the base image may bring an ENTRYPOINT, which would get other arguments")
    if facts.unknown:
        return facts.unknown.behind("whether the program can do without the shell")
    for pattern, what in (
        (_PWD, "may want the variable PWD, which the shell sets"),
        (_CHILDREN, "starts programs, and the shell reaps what they leave behind"),
        (_SIGNALS, "sends signals, which process 1 takes otherwise"),
    ):
        mention = next(iter(facts.application.search(pattern)), None)
        if mention:
            return doubt(f"{mention.file}:{mention.line} {what}")
    name = posixpath.basename(command.name or "")
    installed = {
        package.name
        for _, unit in facts.final.units
        if (install := system_install(unit.effects.action)) is not None
        for package in install.asked
    } | facts.distributions
    if (
        not _executable(name)
        and name not in installed
        and not any(map(facts.layout.file, _paths(facts, command.name or "")))
    ):
        return doubt(f"of what kind {name} is, is not known")
    return None


def _executable(program: str) -> bool:
    """Whether a program of this name is known to be one that the kernel starts: an ELF file, or a script with a ``#!`` line."""
    of_python = python_program(program)
    return (
        is_python(program)
        or (of_python is not None and of_python.command)
        or (package_manager(program) is not None and not program.endswith(".py"))
        or program in root_programs() | file_programs() | other_executables()
    )
