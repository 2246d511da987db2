"""The commands and their options. Only click is imported here, so that ``dockfix --version`` is instant."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from dockfix import __version__
from dockfix.cli.options import choice_options, color_option, verify_options
from dockfix.report import FORMATS

INTERRUPTED = 130  # 128 + SIGINT, as the shell has it

EPILOG = """\b
Exit status
  0  nothing to do, previewed, or applied
  1  with --check: changes are pending
  2  wrong usage, or a file that could not be read, parsed, transformed or written

\b
Settings also come from the environment (DOCKFIX_UNSAFE=1, DOCKFIX_SELECT=…) and from the nearest dockfix.toml or
[tool.dockfix] in pyproject.toml, upwards from each Dockerfile. Options win over the environment, that over the file.
A file or folder with the name of a command is reached as ./list.
"""

VERIFY_EPILOG = """\b
Exit status
  0  every image is what it was
  1  a change would break an image
  2  wrong usage, or a file that could not be verified: the original does not build, no engine, no network, no time

\b
Settings also come from the environment (DOCKFIX_ENGINE, DOCKFIX_BUILDER, …) and from [verify] in dockfix.toml or
[tool.dockfix.verify] in pyproject.toml. DOCKER_HOST and docker contexts count as everywhere.
"""


class DefaultGroup(click.Group):
    """A group whose command ``run`` is meant where the first argument names no command."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the default command in front; what stands behind --stages is its value, unless it is a path."""
        if not args or args[0] not in self.commands:
            args = ["run", *args]
        args = [
            f"{each}=all" if each == "--stages" and _is_path(rest) else each
            for each, rest in zip(args, [*args[1:], ""], strict=True)
        ]
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands that have a name of their own."""
        return [name for name in super().list_commands(ctx) if name != "run"]

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run a command line and leave with its exit status. No exception gets past here."""
        extra["standalone_mode"] = False
        stdout = sys.stdout
        try:
            status = super().main(*args, **extra)
        except click.exceptions.Exit as exit_:
            status = exit_.exit_code
        except (click.Abort, KeyboardInterrupt):
            status = INTERRUPTED
        except click.ClickException as error:
            status = _fail(error.format_message().removesuffix("."), _usage_hint(error))
        except Exception as error:
            status = _last_resort(error)
        sys.stdout = stdout  # click wraps it after a broken pipe
        sys.exit(status if isinstance(status, int) else 0)


def _is_path(text: str) -> bool:
    """Whether a word behind an option that may stand alone is a path, and no value: one that is there."""
    from dockfix.knowledge.targets import NAMES

    return text == "-" or ({*NAMES}.isdisjoint(text.split(",")) and bool(text) and Path(text).exists())


class RunCommand(click.Command):
    """The default command, whose help is that of the whole program."""

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The ways to call the program."""
        formatter.write_usage("dockfix", "[OPTIONS] [PATH]...")

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The options, and the other commands."""
        super().format_options(ctx, formatter)
        if isinstance(ctx.parent, click.Context) and isinstance(ctx.parent.command, click.Group):
            group = ctx.parent.command
            names = group.list_commands(ctx.parent)
            rows = [(name, group.commands[name].get_short_help_str(60)) for name in names]
            with formatter.section("Other commands"):
                formatter.write_dl(rows)


@click.group(cls=DefaultGroup, add_help_option=False)
def cli() -> None:
    """Turn single-stage Dockerfiles into small multi-stage ones."""


def _show_version(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        click.echo(f"dockfix {__version__}")
        ctx.exit()


def _show_help(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        _print(ctx.get_help() + "\n")
        ctx.exit()


def _help(function: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "-h", "--help", is_flag=True, is_eager=True, expose_value=False, allow_from_autoenv=False, callback=_show_help,
        help="Show this text and leave.",
    )(function)  # fmt: skip


@cli.command(
    "run",
    cls=RunCommand,
    epilog=EPILOG,
    add_help_option=False,
    context_settings={"auto_envvar_prefix": "DOCKFIX", "max_content_width": 120},
)
@choice_options
@click.option("--apply", is_flag=True, help="Write the changes instead of showing them.")
@click.option("--check", is_flag=True, help="Exit with 1 if changes are pending, or with --apply, if any were made.")
@click.option(
    "--verify", is_flag=True,
    help="Build the images before and after, compare them, and keep only the changes that hold, unsafe ones too. Takes the "
    "options of dockfix verify.",
)  # fmt: skip
@verify_options(hidden=True)
@click.option("--stdin-filename", metavar="PATH", help="Where the Dockerfile that - reads belongs in the tree.")
@click.option(
    "--format", type=click.Choice(FORMATS), default="diff", show_default=True,
    help="What goes to standard output.",
)  # fmt: skip
@color_option
@click.option(
    "-j", "--jobs", type=click.IntRange(min=1), metavar="N",
    help="Worker processes. Default: one, or for thousands of files one per processor.",
)  # fmt: skip
@click.option("-v", "--verbose", is_flag=True, help="Say all about each file, in a batch too.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, allow_from_autoenv=False, callback=_show_version,
    help="Show the version and leave.",
)  # fmt: skip
@_help
def run(**values: Any) -> int:
    """Turn single-stage Dockerfiles into small multi-stage ones, and say why.

    PATH is a Dockerfile, a folder to search, or - for standard input; without any, the current folder is searched. The
    changes are shown as a diff on standard output; --apply writes them.
    """
    from dockfix.cli.session import Options, Session
    from dockfix.verify.flags import VerifyFlags

    if values["verbose"] and values["quiet"]:
        raise click.UsageError("--verbose and --quiet exclude each other.")
    building = {name: values.pop(name) for name in VerifyFlags.__dataclass_fields__}
    values["verify"] = VerifyFlags(**building) if values["verify"] else None
    if values["verify"] is None:
        _needs_verify(building)
    if "-" in values["paths"]:
        if values["verify"]:
            raise click.UsageError("--verify needs a file: the build context of standard input is not known.")
        if len(values["paths"]) > 1:
            raise click.UsageError("- (standard input) cannot be combined with other paths.")
        if values["apply"] and values["format"] != "diff":
            raise click.UsageError("--apply on standard input prints the new Dockerfile, so --format cannot be used.")
    elif values["stdin_filename"]:
        raise click.UsageError("--stdin-filename needs - as the path.")
    return Session(Options(**values)).run()


def _needs_verify(building: dict[str, Any]) -> None:
    """Options about builds that are given for nothing are a mistake; from the environment they may be there for other calls."""
    ctx = click.get_current_context()
    for name, value in building.items():
        if value and ctx.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE:
            raise click.UsageError(f"--{name.replace('_', '-')} needs --verify.")


@cli.command(
    "verify",
    epilog=VERIFY_EPILOG,
    add_help_option=False,
    context_settings={"auto_envvar_prefix": "DOCKFIX", "max_content_width": 120},
)
@choice_options
@verify_options(hidden=False)
@click.option(
    "--format", type=click.Choice(("text", "json", "markdown")), default="text", show_default=True,
    help="What goes to standard output.",
)  # fmt: skip
@color_option
@click.option(
    "-j",
    "--jobs",
    type=click.IntRange(min=1),
    default=1,
    metavar="N",
    help="Dockerfiles verified at the same time. Default: 1.",
)
@click.option(
    "--bake", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
    help="Build nothing: write a Bake file with the images before and after, for docker buildx bake; - for standard output.",
)  # fmt: skip
@click.option("--cleanup", is_flag=True, help="Remove what earlier runs left that were killed, and leave.")
@click.option("-v", "--verbose", is_flag=True, help="Say all about each file, with its layers.")
@click.option("-q", "--quiet", is_flag=True, help="Show no progress.")
@_help
def verify(**values: Any) -> int:
    """Prove the changes by real builds: build each image before and after, run both, and compare them.

    No file of yours is written: dockfix --apply --verify writes what was proved. What the images hold of Python packages is kept, so
    that later previews know it (see knowledge in the configuration).
    """
    from dockfix.cli.verify_session import VerifyOptions, VerifySession
    from dockfix.verify.flags import VerifyFlags

    building = VerifyFlags(**{name: values.pop(name) for name in VerifyFlags.__dataclass_fields__})
    if "-" in values["paths"]:
        raise click.UsageError("verify needs files: the build context of standard input is not known.")
    return VerifySession(VerifyOptions(**values, verify=building)).run()


@cli.command("digests", add_help_option=False)
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option(
    "--engine", type=click.Choice(("docker", "podman")), help="The container engine. Default: the first that answers."
)
@_help
def digests(paths: tuple[str, ...], engine: str | None) -> int:
    """Ask for the digests of the base images, for pin-base.

    Prints IMAGE=DIGEST for each image that a FROM names without one, as the registry or else the engine has it now:

        dockfix --select pin-base --set pin-base.to="$(dockfix digests)" --apply
    """
    from dockfix.cli.digests import run

    return run(paths, engine)


@cli.command("list", add_help_option=False)
@_help
def list_() -> None:
    """List the transforms."""
    from dockfix.cli.learn import table

    _print(table())
    _warn_of_plug_ins()


@cli.command("explain", add_help_option=False)
@click.argument("transform", metavar="ID")
@_help
def explain(transform: str) -> None:
    """Explain a transform: what it does and why, with an example."""
    from dockfix.cli.learn import page
    from dockfix.config import ConfigError
    from dockfix.report.terminal import Sink

    try:
        text = page(transform, Sink(sys.stdout).style)
    except ConfigError as error:
        raise click.UsageError(f"{error.message}\n{error.hint}") from error
    _print(text)


def _print(text: str) -> None:
    from dockfix.report.terminal import OutputError, Sink

    try:
        Sink(sys.stdout).words(text)
    except OutputError as error:
        raise click.ClickException(f"cannot write to standard output: {error}") from error


def _warn_of_plug_ins() -> None:
    from dockfix.report.terminal import Sink
    from dockfix.report.words import plug_ins

    out = Sink(sys.stderr)
    for line in plug_ins(out.style):
        out.words(line + "\n")


def _usage_hint(error: click.ClickException) -> str:
    """Where a wrong value comes from, or where to look; "" for a message that brings a hint of its own."""
    if not isinstance(error, click.UsageError) or "\n" in error.message or "Did you mean" in error.format_message():
        return ""
    from dockfix.cli.jobs import COMMANDS

    command = ""
    if error.ctx is not None:
        command = error.ctx.command.name or ""
        name = error.param.name if isinstance(error, click.BadParameter) and error.param else None
        if name and error.ctx.get_parameter_source(name) is click.core.ParameterSource.ENVIRONMENT:
            return f"this value is from the environment: DOCKFIX_{name.upper()}"
    if command in COMMANDS:
        return f"dockfix {command} --help shows the usage"
    return "dockfix --help shows the options"


def _fail(message: str, hint: str) -> int:
    from dockfix.report.terminal import OutputError, Sink, one_line

    first, _, rest = message.partition("\n")
    hint = rest or hint
    text = f"error: {one_line(first[:1].lower() + first[1:])}\n" + f"hint: {one_line(hint)}\n" * bool(hint)
    with suppress(OutputError):
        Sink(sys.stderr).words(text)
    return 2


def _last_resort(error: Exception) -> int:
    """What no other place has caught: a bug. The user gets one line, not a traceback."""
    if os.environ.get("DOCKFIX_DEBUG"):
        import traceback

        traceback.print_exception(error)
    message = f"internal error: {type(error).__name__}: {error}".partition("\n")[0]
    return _fail(message, "this is a bug in dockfix: please report it (DOCKFIX_DEBUG=1 shows the traceback)")
