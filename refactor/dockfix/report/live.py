"""What is being built and checked right now, with one line for each Dockerfile under way."""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

from dockfix.dataclass import dataclass
from dockfix.report.terminal import Screen, one_line

if TYPE_CHECKING:
    from rich.live import Live as RichLive
    from rich.spinner import Spinner
    from rich.table import Table

EVERY = 8  # times a second


@dataclass
class _Task:
    """One line: what it is of, what is done there, and since when, in seconds of the monotonic clock."""

    label: str
    started: float
    text: str = ""


class Live:
    """Shown on standard error, if that is a terminal. All methods may be called from any thread, in any order.

    While it is shown, lines for standard error go through ``print``; standard output can wait until it has ended.
    """

    def __init__(self, screen: Screen, quiet: bool = False) -> None:
        self._screen = screen
        self._wanted = screen.shows_progress and not quiet
        self._tasks: dict[str, _Task] = {}
        self._lock = threading.Lock()
        self._shown: RichLive | None = None

    def __enter__(self) -> Self:
        if self._wanted:
            self._shown = self._display()
            self._shown.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        shown, self._shown = self._shown, None
        if shown is not None:
            shown.stop()

    def start(self, key: str, label: str) -> None:
        """Add a line; ``label`` names it."""
        with self._lock:
            self._tasks[key] = _Task(label, time.monotonic())

    def step(self, key: str, text: str) -> None:
        """What is done there now. Of a line that has gone, or was never there, nothing is shown."""
        with self._lock:
            if key in self._tasks:
                self._tasks[key].text = text

    def done(self, key: str) -> None:
        """Take the line away."""
        with self._lock:
            self._tasks.pop(key, None)

    def print(self, text: str) -> None:
        """A line that stays: above the display where there is one, else as Screen.say does it. It may hold the screen's styles."""
        shown = self._shown
        if shown is None:
            self._screen.say(text)
            return
        from rich.text import Text

        shown.console.print(Text.from_ansi(text), soft_wrap=True)

    def _display(self) -> RichLive:
        from rich.console import Console
        from rich.live import Live as RichLive
        from rich.spinner import Spinner

        plain = self._screen.style("x", "bold") == "x"  # the user's choice, which rich does not know
        console = Console(stderr=True, no_color=plain, highlight=False)
        spinner = Spinner("dots" if console.encoding.startswith("utf") else "line")
        return RichLive(
            get_renderable=lambda: self._lines(spinner),
            console=console,
            refresh_per_second=EVERY,
            transient=True,
            redirect_stdout=False,
        )

    def _lines(self, spinner: Spinner) -> Table:
        from rich.table import Table
        from rich.text import Text

        table = Table.grid(padding=(0, 1))
        table.expand = True
        for ratio in (None, None, 1, None):  # what is done gives way to the name and the time
            table.add_column(no_wrap=True, overflow="ellipsis", ratio=ratio)
        now = time.monotonic()
        with self._lock:
            for task in self._tasks.values():  # as Text, in which nothing is markup
                parts = (task.label, task.text, f"{now - task.started:.0f} s")
                table.add_row(spinner, *(Text(one_line(part)) for part in parts))
        return table
