"""The options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def _all(*options: Decorator) -> Decorator:
    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


# Which files, and which transforms; the names are those of jobs.Choice
choice_options = _all(
    click.argument("paths", nargs=-1, metavar="[PATH]..."),
    click.option("--select", metavar="IDS", multiple=True, help="Only these transforms (comma-separated; repeatable)."),
    click.option("--ignore", metavar="IDS", multiple=True, help="Not these, besides those that the file ignores."),
    click.option("--unsafe/--no-unsafe", default=None, help="Also make changes that are only probably right."),
    click.option("--set", metavar="KEY=VALUE", multiple=True,
                 help="A setting of a transform, such as multi-stage.always=true (repeatable)."),
    click.option("--runtime-base", metavar="IMAGE",
                 help="Start the last stage from this image, such as gcr.io/distroless/python3-debian12."),
    click.option("--stages", metavar="[NAMES]", is_flag=False, flag_value="all",
                 help="Also write stages to test and to develop in, all or some of base, prod-deps, dev-deps, test, dev, release "
                 "(comma-separated), and their targets in Compose files."),
    click.option("--manifests", is_flag=True,
                 help="Also change Compose files and Kubernetes manifests, so that what is mounted is no matter for a new user."),
    click.option("--context", type=click.Path(exists=True, file_okay=False, path_type=Path), metavar="DIR",
                 help="The build context. Default: found from Compose files and the like, or else the Dockerfile's folder."),
    click.option("--exclude", metavar="GLOB", multiple=True,
                 help="Leave these out, besides those that the file excludes; written as in .gitignore (repeatable)."),
    click.option("--force-exclude", is_flag=True, help="Leave excluded files out even if they are named."),
)  # fmt: skip


color_option = click.option(
    "--color", type=click.Choice(("auto", "always", "never")), default="auto", show_default=True,
    help="Whether to colour; auto also looks at NO_COLOR and FORCE_COLOR.",
)  # fmt: skip


def verify_options(hidden: bool) -> Decorator:
    """How images are built and compared; the names are those of verify.flags.VerifyFlags."""

    def option(*names: str, **settings: Any) -> Decorator:
        return click.option(*names, hidden=hidden, **settings)

    seconds = click.FloatRange(min=0, min_open=True)
    return _all(
        option(
            "--engine",
            type=click.Choice(("docker", "podman")),
            help="The container engine. Default: the first that answers.",
        ),
        option("--builder", metavar="NAME", default="", help="The buildx builder that builds, such as a remote one."),
        option(
            "--build-arg",
            metavar="NAME=VALUE",
            multiple=True,
            help="Passed to every build, as is all down to --no-cache.",
        ),
        option(
            "--secret", metavar="SPEC", multiple=True, help="A build secret: id=NAME,src=FILE or id=NAME,env=VARIABLE."
        ),
        option("--ssh", metavar="SPEC", multiple=True, help="An SSH agent socket or keys: default or ID=PATH."),
        option("--platform", metavar="NAME", default="", help="The platform to build for, such as linux/arm64."),
        option("--network", metavar="MODE", default="", help="The network of RUN instructions: default, none or host."),
        option("--target", metavar="STAGE", default="", help="The stage to build."),
        option("--pull", is_flag=True, help="Fetch base images anew."),
        option("--no-cache", is_flag=True, help="Build without the engine's cache."),
        option(
            "--smoke",
            metavar="CHECK",
            multiple=True,
            help="What both images must pass: a shell command, or a request such as :8000/health (repeatable).",
        ),
        option(
            "--env", metavar="NAME=VALUE", multiple=True, help="Set in every container that is started (repeatable)."
        ),
        option("--run-network", is_flag=True, help="Let the containers reach the network; by default they do not."),
        option("--memory", metavar="SIZE", default="", help="The memory that a container may use. Default: 4g."),
        option(
            "--wait", metavar="SECONDS", type=seconds, help="How long a container may take to come up. Default: 60."
        ),
        option("--timeout", metavar="SECONDS", type=seconds, help="How long one build may take. Default: 1800."),
        option(
            "--max-builds",
            metavar="N",
            type=click.IntRange(min=1),
            help="How many new images --apply --verify may build for one Dockerfile. Default: 12.",
        ),
        option(
            "--log-dir",
            type=click.Path(file_okay=False, path_type=Path),
            metavar="DIR",
            help="Where build logs are kept. Default: a new folder, which the report names.",
        ),
        option(
            "--timings",
            is_flag=True,
            help="Also measure builds: cold, after a change in the source, and in the dependencies.",
        ),
        option("--keep", is_flag=True, help="Keep the images; dockfix verify --cleanup removes them later."),
    )
