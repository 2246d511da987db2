"""Images made in memory: a file system as a mapping, and as the tar stream of it."""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Mapping
from typing import Any

from dockfix.verify.image import Image
from dockfix.verify.snapshot import Entry, Snapshot, parents
from fake_docker import FakeDocker

REFERENCE = "dockfix-verify/x:1"
PASSWD = (
    "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000::/home/app:/bin/sh\nnobody:x:65534:65534::/nonexistent:/bin/false\n"
)
GROUP = "root:x:0:\napp:x:1000:\ndata:x:2000:web,app\n"
TEXTS = {"/etc/passwd": PASSWD, "/etc/group": GROUP}


def file(content: str = "", mode: int = 0o644, owner: int = 0) -> Entry:
    data = content.encode()
    return Entry("file", mode, owner, owner, len(data), digest=hashlib.sha256(data).hexdigest())


def program() -> Entry:
    return file("#!/bin/sh\n", 0o755)


def folder(mode: int = 0o755, owner: int = 0) -> Entry:
    return Entry("dir", mode, owner, owner)


def link(target: str) -> Entry:
    return Entry("link", 0o777, target=target)


def snapshot(
    entries: Mapping[str, Entry] | None = None, texts: Mapping[str, str] = TEXTS, owned: frozenset[str] = frozenset()
) -> Snapshot:
    """A file system of some entries; the folders above them are added."""
    full: dict[str, Entry] = {"/": folder()}
    for path in ["/tmp", "/root", *(entries or {})]:
        full |= {above: folder() for above in parents(path) if above not in full}
    full |= {"/tmp": folder(0o1777), "/root": folder(0o700), **(entries or {})}
    return Snapshot(full, texts, owned)


def image(entries: Mapping[str, Entry] | None = None, **config: Any) -> Image:
    return Image(config, snapshot(entries))


def tar(entries: Mapping[str, bytes | tarfile.TarInfo], mode: int = 0o644) -> bytes:
    """A tar archive: files by their content, or whatever a header says."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path, content in entries.items():
            info = content if isinstance(content, tarfile.TarInfo) else tarfile.TarInfo(path)
            info.name = path
            if isinstance(content, bytes):
                info.size, info.mode, info.mtime = len(content), mode, 1_700_000_000
                archive.addfile(info, io.BytesIO(content))
            else:
                archive.addfile(info)
    return out.getvalue()


def header(kind: bytes, target: str = "", mode: int = 0o755) -> tarfile.TarInfo:
    info = tarfile.TarInfo()
    info.type, info.linkname, info.mode = kind, target, mode
    return info


def contained(docker: FakeDocker) -> bool:
    """Whether every container had its limits and the label, and none any privilege."""
    started = docker.argv("run")
    assert started
    for argv in started:
        assert "--memory" in argv
        assert any(word.startswith("dockfix.verify=") for word in argv)
        assert not {
            "--privileged",
            "-v",
            "--volume",
            "--mount",
            "-p",
            "-P",
            "--publish",
            "--cap-add",
            "--device",
            "--security-opt",
        } & set(argv)
        others = [argv[at + 1] for at, word in enumerate(argv) if word == "--pid"]
        assert all(other.startswith("container:dockfix-verify-") for other in others)
        assert argv[argv.index("--network") + 1] == "none" or argv[argv.index("--network") + 1].startswith(
            "container:dockfix-verify-"
        )
    return True
