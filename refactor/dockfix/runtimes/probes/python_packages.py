"""Prints the installed distributions and which top-level modules can be imported, each in a process of its own."""

import json
import os
import pkgutil
import platform
import re
import signal
import struct
import sys
import sysconfig
import tempfile
from typing import Any, Dict, List, Optional, Set, Tuple

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
# what every image with this interpreter has
C_LIBRARY = re.compile(
    r"(lib(c|m|dl|rt|pthread|util|resolv|nsl|crypt|mvec|anl|c\.musl-\w+|python3[\w.]*)|ld-linux[\w-]*|ld-musl-\w+)\.so(\.[\d.]+)?"
)


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


def seen() -> List[Dict[str, Any]]:
    """What each distribution is, and which shared libraries it needs that none holds; those of a project or a repository left out."""
    try:
        from importlib import metadata
    except ImportError:
        return []
    found: Dict[str, Dict[str, Any]] = {}
    held: Set[str] = set()
    for each in metadata.distributions():
        name = normal(each.metadata["Name"] or "")
        if not name or name in found:
            continue
        linked: Set[str] = set()
        for file in each.files or ():
            libraries = dynamic(str(file.locate())) if ".so" in file.name or file.parts[-2:-1] == ("bin",) else None
            if libraries is not None:
                held |= {file.name, *libraries[1]}
                linked |= set(libraries[0])
        found[name] = {
            "name": name,
            "version": each.version or "",
            "kind": kind_of(each.read_text("WHEEL") or "", linked),
            "needs": sorted(linked),
            "requires": sorted(each.requires or ()),
            "elsewhere": each.read_text("direct_url.json") is not None or not is_installed(each) or not each.files,
        }
    for entry in found.values():
        entry["needs"] = [each for each in entry["needs"] if each not in held and not C_LIBRARY.fullmatch(each)]
    return [entry for entry in found.values() if not entry.pop("elsewhere")]


def is_installed(distribution: Any) -> bool:
    """Whether an installer has listed its files, in a way of today or of old; not so for one that lies among its source."""
    return any(distribution.read_text(name) is not None for name in ("RECORD", "installed-files.txt"))


def made_of() -> Dict[str, Dict[str, List[str]]]:
    """What each distribution requires, and its top-level modules."""
    try:
        from importlib import metadata
    except ImportError:
        return {}
    found: Dict[str, Dict[str, List[str]]] = {}
    for each in metadata.distributions():
        name = normal(each.metadata["Name"] or "")
        if not name or name in found:
            continue
        names = {file.parts[0] for file in each.files or () if len(file.parts) > 1 or file.suffix in (".py", ".so")}
        names |= set((each.read_text("top_level.txt") or "").split())
        modules = {each.split(".")[0] for each in names if not each.endswith((".dist-info", ".egg-info"))}
        found[name] = {"requires": list(each.requires or ()), "modules": sorted(modules - {"", "__pycache__"})}
    return found


def kind_of(wheel: str, linked: Set[str]) -> str:
    """Whether a distribution is Python alone, came as a wheel with binary code, or was compiled here."""
    platforms = {
        platform for line in re.findall(r"(?m)^Tag: (.*)$", wheel) for platform in line.split("-")[-1].split(".")
    }
    if "any" in platforms and not linked:
        return "pure"
    return "binary" if any("linux_" in each and not each.startswith("linux_") for each in platforms) else "compiled"


def dynamic(path: str) -> Optional[Tuple[List[str], List[str]]]:
    """The names of the libraries that an ELF file is linked with, and its own; None for any other file.

    Format: https://refspecs.linuxfoundation.org/elf/gabi4+/contents.html
    """
    try:
        with open(path, "rb") as file:
            head = file.read(64)
            if head[:4] != b"\x7fELF":
                return None
            wide, order = head[4] == 2, "<" if head[5] == 1 else ">"
            (start,) = struct.unpack_from(order + ("Q" if wide else "L"), head, 32 if wide else 28)
            size, count = struct.unpack_from(order + "HH", head, 54 if wide else 42)
            file.seek(start)
            table = file.read(size * count)
            loaded: List[Tuple[int, int, int]] = []
            section = (0, 0)
            for number in range(count):
                fields = struct.unpack_from(order + ("LLQQQQ" if wide else "LLLLL"), table, number * size)
                kind, offset, address, length = (
                    (fields[0], fields[2], fields[3], fields[5])
                    if wide
                    else (fields[0], fields[1], fields[2], fields[4])
                )
                if kind == 1:
                    loaded.append((address, offset, length))
                elif kind == 2:
                    section = (offset, length)
            file.seek(section[0])
            data = file.read(section[1])
            pairs = list(
                struct.iter_unpack(
                    order + ("qQ" if wide else "lL"), data[: len(data) - len(data) % (16 if wide else 8)]
                )
            )
            strings = next((value for tag, value in pairs if tag == 5), 0)
            places = [value for tag, value in pairs if tag == 10]
            place = next(
                (strings - at + offset for at, offset, length in loaded if at <= strings < at + length), strings
            )
            file.seek(place)
            names = file.read(places[0] if places else 0)
    except (OSError, struct.error, ValueError):
        return None
    text = {at: names[at : names.find(b"\0", at)].decode("utf-8", "replace") for tag, at in pairs if tag in (1, 14)}
    return [text[at] for tag, at in pairs if tag == 1], [text[at] for tag, at in pairs if tag == 14]


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
        "seen": seen(),
        "made_of": made_of(),
        "libc": "musl"
        if "musl" in str(sysconfig.get_config_var("SOABI") or sysconfig.get_config_var("HOST_GNU_TYPE"))
        else "glibc",
        "machine": platform.machine(),
        "modules": imports(modules()),
    }
    sys.stdout.flush()
    sys.stdout.write("\ndockfix-probe:" + json.dumps(answer) + "\n")


main()
