"""The command line."""

from __future__ import annotations

import sys


def main() -> None:
    """Run ``dockfix`` on the arguments of this process and leave with its exit status."""
    try:
        from dockfix.cli.app import cli

        cli.main(prog_name="dockfix")
    except KeyboardInterrupt:  # before the command was in place
        sys.exit(130)
