"""What an application's own Python does, by reading it: what it runs, loads, writes, listens to, downloads and imports."""

from dockfix.context.program.model import Download, Endpoint, Import, Port, Program, Unparsed, Use, Write
from dockfix.context.program.read import read_python

__all__ = ["Download", "Endpoint", "Import", "Port", "Program", "Unparsed", "Use", "Write", "read_python"]
