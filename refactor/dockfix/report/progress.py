"""A line that counts files, for runs that take a while."""

from __future__ import annotations

import time

from dockfix.report.terminal import Screen

SHOW_AFTER = 1.0  # seconds: a short run shall not flicker
EVERY = 0.1


class Progress:
    """Shown on a terminal only, after about a second, and at most ten times a second."""

    def __init__(self, screen: Screen, total: int) -> None:
        self._screen = screen
        self._total = total
        self._next = time.monotonic() + SHOW_AFTER

    def step(self, done: int) -> None:
        """``done`` of all files are done."""
        now = time.monotonic()
        if self._screen.shows_progress and now >= self._next and done < self._total:
            self._next = now + EVERY
            self._screen.status(f"{done} of {self._total} files")
