"""The command line."""

from __future__ import annotations

import gc
import sys


def main() -> None:
    """Run ``dockfix`` on the arguments of this process and leave with its exit status."""
    # trees are many small objects that live as long as a file is worked on: by default the collector would go through them again and
    # again. What is left is freed between two files (``batch.run``)
    gc.set_threshold(500_000, 20, 20)
    try:
        from dockfix.cli.app import cli

        cli.main(prog_name="dockfix")
    except KeyboardInterrupt:  # before the command was in place
        sys.exit(130)
    finally:
        gc.freeze()  # nor does it at the end, where all goes anyway
