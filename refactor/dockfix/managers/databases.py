"""What a system writes down of the packages that it has installed: read from the files of an image, nothing of which is run."""

from __future__ import annotations

import posixpath
from abc import ABC, abstractmethod
from collections.abc import Container, Iterator
from typing import ClassVar


class Database(ABC):
    """Where the installed packages are written down, and in which form.

    An image has it where one of ``files`` is there. ``lists`` is a pattern of the paths of the files that name what packages have
    brought. ``folders`` hold all of this, and its settings.
    """

    files: ClassVar[tuple[str, ...]]
    lists: ClassVar[str]
    folders: ClassVar[tuple[str, ...]]

    def there(self, paths: Container[str]) -> bool:
        """Whether an image with these paths has it."""
        return any(file in paths for file in self.files)

    @abstractmethod
    def paths(self, text: str) -> Iterator[str]:
        """The paths, with or without a slash in front, that one of the ``lists`` names."""


class Dpkg(Database):
    """Debian's and Ubuntu's (dpkg(1)): a list for each package, with one path a line."""

    files: ClassVar[tuple[str, ...]] = ("/var/lib/dpkg/status",)
    lists: ClassVar[str] = r"/var/lib/dpkg/info/[^/]+\.list"
    folders: ClassVar[tuple[str, ...]] = ("/var/lib/dpkg", "/etc/dpkg")

    def paths(self, text: str) -> Iterator[str]:
        """Every line."""
        return (line for line in text.splitlines() if line)


class Apk(Database):
    """Alpine's (https://wiki.alpinelinux.org/wiki/Apk_spec): one list for all packages."""

    files: ClassVar[tuple[str, ...]] = ("/lib/apk/db/installed", "/usr/lib/apk/db/installed")
    lists: ClassVar[str] = "|".join(files)
    folders: ClassVar[tuple[str, ...]] = ("/lib/apk", "/usr/lib/apk", "/etc/apk")

    def paths(self, text: str) -> Iterator[str]:
        """F: names a folder, R: a file in it."""
        folder = ""
        for line in text.splitlines():
            if line.startswith("F:"):
                folder = line[2:]
                yield folder
            elif line.startswith("R:"):
                yield posixpath.join(folder, line[2:])


DPKG = Dpkg()
APK = Apk()
DATABASES: tuple[Database, ...] = (DPKG, APK)
