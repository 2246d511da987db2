"""Prints the installed distributions and which top-level modules can be imported, each in a process of its own."""

import json
import os
import pkgutil
import re
import signal
import sys
import sysconfig
import tempfile
from typing import Dict, List, Tuple

WITHIN = 60  # seconds that one module has
AT_ONCE = 3
# what images without some library lack; the rest of the standard library is plain Python or always there
STANDARD = (
    "bz2",
    "ctypes",
    "curses",
    "dbm.gnu",
    "hashlib",
    "lzma",
    "readline",
    "sqlite3",
    "ssl",
    "tkinter",
    "uuid",
    "zlib",
    "zoneinfo",
)
SILENT = ("antigravity", "this")


def distributions() -> Dict[str, str]:
    """The version of each distribution by its normalised name; where two have one name, the first on sys.path counts."""
    try:
        from importlib import metadata
    except ImportError:
        import pkg_resources  # type: ignore[import-untyped]

        return {normal(each.project_name): each.version for each in pkg_resources.working_set}
    found: Dict[str, str] = {}
    for each in metadata.distributions():
        name = each.metadata["Name"]
        if name:
            found.setdefault(normal(name), each.version or "")
    return found


def normal(name: str) -> str:
    """A name as PEP 503 has it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def modules() -> List[str]:
    """The top-level modules outside the standard library, and those of it that need a system library."""
    standard = {os.path.realpath(sysconfig.get_path(key)) for key in ("stdlib", "platstdlib")}
    standard |= {os.path.join(folder, "lib-dynload") for folder in standard}
    places = [path for path in sys.path if path and re.search(r"(site|dist)-packages/?$", path)]
    found = {each.name for each in pkgutil.iter_modules(places)}
    # folders without __init__.py are packages as well, where a distribution says so
    for place in places:
        for name in os.listdir(place) if os.path.isdir(place) else ():
            file = os.path.join(place, name, "top_level.txt")
            if name.endswith((".dist-info", ".egg-info")) and os.path.isfile(file):
                with open(file, encoding="utf-8", errors="replace") as lines:
                    found |= {line.strip() for line in lines if re.match(r"^[A-Za-z_]\w*\s*$", line)}
    # what the other image has may be here on another path, such as that of a .pth file: only an import shows it
    found |= set(os.environ.get("DOCKFIX_MODULES", "").split())
    return sorted(name for name in (found - set(SILENT)) | set(STANDARD) if not name.startswith("__editable__"))


def attempt(name: str, error: str) -> None:
    """Import one module in this process, which ends with it; the last line of what goes wrong is left in a file."""
    signal.alarm(WITHIN)
    null = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(null, number)
    status = 0
    try:
        __import__(name)
    except BaseException as problem:  # SystemExit as well: some modules are programs
        status = 1
        with open(error, "w", encoding="utf-8", errors="replace") as file:
            file.write("%s: %s" % (type(problem).__name__, str(problem).strip().split("\n")[-1]))
    os._exit(status)


def imports(names: List[str]) -> Dict[str, str]:
    """Each module with "" or why it cannot be imported."""
    found: Dict[str, str] = {}
    with tempfile.TemporaryDirectory() as folder:
        running: Dict[int, Tuple[str, str]] = {}
        waiting = list(reversed(names))
        while waiting or running:
            while waiting and len(running) < AT_ONCE:
                name = waiting.pop()
                error = os.path.join(folder, str(len(waiting)))
                child = os.fork()
                if child == 0:
                    attempt(name, error)
                running[child] = (name, error)
            child, status = os.wait()
            if child not in running:
                continue
            name, error = running.pop(child)
            found[name] = ""
            if status:
                found[name] = "it ended with signal %d" % (status & 127) if status & 127 else "it ended the process"
                if os.path.isfile(error):
                    with open(error, encoding="utf-8", errors="replace") as file:
                        found[name] = file.read()
    return found


def main() -> None:
    """Print the answer."""
    answer = {
        "executable": sys.executable,
        "data": sysconfig.get_path("data"),
        "version": "%d.%d.%d" % sys.version_info[:3],
        "packages": distributions(),
        "modules": imports(modules()),
    }
    sys.stdout.flush()
    sys.stdout.write("\ndockfix-probe:" + json.dumps(answer) + "\n")


main()
