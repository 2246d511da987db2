"""What would answer a doubt: something that a container is seen to do, or that an image is seen to allow."""

from __future__ import annotations

from dockfix.dataclass import dataclass


@dataclass(frozen=True)
class Started:
    """The program comes up as it did before."""

    def __str__(self) -> str:
        return "a start that shows more than its end, as with --env or --smoke"


@dataclass(frozen=True)
class Worked:
    """The program does its work, as only a check that somebody gives can have it do."""

    def __str__(self) -> str:
        return "a smoke check that has the program do its work (--smoke)"


@dataclass(frozen=True)
class Written:
    """An absolute path is written, or could be by the user that the program runs as."""

    path: str

    def __str__(self) -> str:
        return f"{self.path} written"


@dataclass(frozen=True)
class Opened:
    """An absolute path is opened, or could be by the user that the program runs as."""

    path: str

    def __str__(self) -> str:
        return f"{self.path} opened"


@dataclass(frozen=True)
class Called:
    """A program is called, by its path or its name alone, or could be by the user that the program runs as."""

    program: str

    def __str__(self) -> str:
        return f"{self.program} called"


@dataclass(frozen=True)
class Bound:
    """The program listens on a TCP port."""

    port: int

    def __str__(self) -> str:
        return f"port {self.port} listened on"


@dataclass(frozen=True)
class Asked:
    """A route answers GET without an error of the server, such as ``/reports``."""

    route: str

    def __str__(self) -> str:
        return f"a smoke check of the route {self.route} (--smoke :PORT{self.route})"


Answer = Started | Worked | Written | Opened | Called | Bound | Asked
