"""Reads indices from files, addresses, or what apt has fetched."""

from __future__ import annotations

import gzip
import io
import lzma
import os
import re
import subprocess
import urllib.error
import urllib.request
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, cast

ON_PATH = (b"usr/bin/", b"usr/sbin/", b"bin/", b"sbin/")
IN_LIB = (b"usr/lib/x86_64-linux-gnu/lib", b"lib/x86_64-linux-gnu/lib", b"usr/lib/lib")

ARCHIVE = "http://deb.debian.org/debian"
KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg"

# Everything that apt would write or read elsewhere lies in a folder of its own, so that the machine's apt stays as it is.
APT_CONF = """\
Dir::State "{folder}/state";
Dir::Cache "{folder}/cache";
Dir::Etc::sourcelist "{folder}/sources.list";
Dir::Etc::sourceparts "-";
Acquire::Languages "none";
Acquire::IndexTargets::deb::Contents-deb {{
  MetaKey "$(COMPONENT)/Contents-$(ARCHITECTURE)";
  ShortDescription "Contents-$(ARCHITECTURE)";
  Description "$(RELEASE)/$(COMPONENT) $(ARCHITECTURE) Contents";
  PDiffs "false";
  KeepCompressed "true";
}};
"""


@contextmanager
def opened(place: str) -> Iterator[BinaryIO]:
    """The unpacked bytes of a file or an address, as a stream: a Contents index has some 600 MB."""
    if place.endswith(".lz4"):  # apt keeps its lists so, and Python cannot unpack it
        with subprocess.Popen(["/usr/lib/apt/apt-helper", "cat-file", place], stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            yield cast(BinaryIO, process.stdout)
            process.stdout.read()
        if process.returncode:
            raise OSError(f"apt-helper cannot unpack {place}")
        return
    with ExitStack() as stack:
        if re.match(r"https?://", place):
            stream = stack.enter_context(io.BufferedReader(stack.enter_context(urllib.request.urlopen(place))))
        else:
            stream = stack.enter_context(Path(place).open("rb"))
        start = stream.peek(6)
        if start.startswith(b"\x1f\x8b"):
            yield cast(BinaryIO, stack.enter_context(gzip.open(stream)))
        elif start.startswith(b"\xfd7zXZ"):
            yield cast(BinaryIO, stack.enter_context(lzma.open(stream)))
        else:
            yield cast(BinaryIO, stream)


def read(place: str) -> str:
    with opened(place) as stream:
        return stream.read().decode()


@dataclass
class Contents:
    """What packages hold, by package: programs on PATH, shared libraries where the loader looks for them, fonts, folders with data.

    Fonts are names of files, folders lie in /usr/share; of both only what the packages hold that are asked for.
    """

    programs: dict[str, set[str]] = field(default_factory=dict)
    libraries: dict[str, set[str]] = field(default_factory=dict)
    data: dict[str, set[str]] = field(default_factory=dict)


def contents(places: Sequence[str], data_of: Collection[str] = ()) -> Contents:
    """What a release's Contents indices say; fonts and data of the packages ``data_of``."""
    ends = tuple(f"/{name}".encode() for name in data_of)
    found = Contents()
    for place in places:
        with opened(place) as stream:
            for line in stream:
                if line.startswith(ON_PATH):
                    path, _, packages = line.decode().rstrip("\n").rpartition(" ")
                    name = path.rstrip().split("bin/", 1)[1]
                    if re.fullmatch(r"[\w.+@\[:-]+", name):  # no folders, no blanks
                        _add(found.programs, packages, name)
                elif line.startswith(IN_LIB) and (
                    match := re.match(rb"\S+/(lib[^/\s]+\.so\.\d+(?:\.\d+)?)\s+(\S+)$", line)
                ):
                    _add(found.libraries, match[2].decode(), match[1].decode())
                elif ends and line.startswith(b"usr/share/") and line.rstrip(b"\n").endswith(ends):
                    path, _, packages = line.decode().rstrip("\n").rpartition(" ")
                    name = _data(path.rstrip())
                    if name:
                        _add(found.data, packages, name)
    return found


def _data(path: str) -> str:
    """The name of a font, or the folder of other data; "" for documentation and the like."""
    if re.fullmatch(r".*\.(?:ttf|otf|ttc|pfb|t1)", path):
        return path.rpartition("/")[2]
    folder = re.match(
        r"usr/share/(?!doc|man/|info/|locale/|lintian/|bug/|bash-completion/|zsh/|applications/|pixmaps/)[\w.+-]+/",
        path,
    )
    return f"/{folder[0].rstrip('/')}" if folder else ""


def _add(found: dict[str, set[str]], packages: str, name: str) -> None:
    for package in packages.split(","):
        found.setdefault(package.rsplit("/", 1)[-1], set()).add(name)


def release_date(index: str, release: str | None) -> str:
    """The date of a release as its Release file gives it; "unknown" where no such file is found."""
    if release:
        places = [release]
    elif above := re.fullmatch(r"(.*?)[^/]+/binary-[^/]+/[^/]+", index):
        places = [f"{above[1]}InRelease", f"{above[1]}Release"]
    elif above := re.fullmatch(r"(.*_dists_[^_/]+)_[^/]+", index):  # a name among apt's own lists
        places = [f"{above[1]}_InRelease", f"{above[1]}_Release"]
    else:
        places = []
    for place in places:
        try:
            found = re.search(r"^Date: (.+)$", read(place), re.MULTILINE)
        except (FileNotFoundError, urllib.error.HTTPError):
            if release:
                raise
            continue
        if found:
            return found[1]
    return "unknown"


def fetch(folder: Path, suites: Sequence[str]) -> None:
    """Has apt fetch, and check the signatures of, the indices of these releases into a folder of their own."""
    for below in ("state/lists/partial", "cache/archives/partial"):
        (folder / below).mkdir(parents=True, exist_ok=True)
    lines = [f"deb [signed-by={KEYS} arch=amd64] {ARCHIVE} {suite} main\n" for suite in suites]
    (folder / "sources.list").write_text("".join(lines), encoding="utf-8")
    (folder / "apt.conf").write_text(APT_CONF.format(folder=folder.resolve()), encoding="utf-8")
    # apt otherwise only warns where an index could not be had
    _apt(folder, "-o", "APT::Update::Error-Mode=any", "update", "-q")


def fetched(folder: Path, kind: str) -> list[tuple[str, str]]:
    """The release and the file of every index of one kind ("Packages", "Contents-deb") that apt has fetched."""
    answer = _apt(folder, "indextargets", "--format", "$(CODENAME) $(FILENAME)", f"Created-By: {kind}")
    found = [(suite, file) for suite, _, file in (line.partition(" ") for line in answer.splitlines())]
    return [(suite, file) for suite, file in found if Path(file).exists()]


def _apt(folder: Path, *arguments: str) -> str:
    environment = {**os.environ, "APT_CONFIG": str(folder.resolve() / "apt.conf"), "LC_ALL": "C"}
    return subprocess.run(
        ["apt-get", *arguments], check=True, stdout=subprocess.PIPE, text=True, env=environment
    ).stdout
