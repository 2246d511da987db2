"""Which paths of an image are the application's: neither the base image's nor a package's, and no state of a tool."""

from __future__ import annotations

import re
from collections.abc import Mapping

from dockfix.verify.snapshot import Entry, Snapshot, parents

# Where packages and interpreters are, which are compared as such, and where tools keep what they can make anew
_FOLDERS = (
    r"/(?:proc|sys|dev|run|tmp|boot|s?bin|lib(?:32|64|x32)?)",
    r"/usr/(?:s?bin|lib(?:32|64|x32|exec)?|include|games)", r"/usr/local/(?:s?bin|include|man|share/man)", r"/usr/local/lib/python[^/]*",
    r"/usr/share/(?:applications|bug|ca-certificates|doc|doc-base|glib-2\.0|icons|info|keyrings|lintian|locale|man|menu|mime|perl5?"
    r"|python3|zoneinfo|binfmts|fonts/X11)",
    r"/usr/local/share/fonts(?!/)",  # fontconfig makes it; fonts in it are the application's
    r"/var/(?:tmp|cache|log|run|lock|backups|mail|spool/exim4)",
    r"/var/lib/(?:apt|dpkg|systemd|ucf|pam|python|dbus|misc|emacsen-common|xml-core|sgml-base|ghostscript|private|xfonts|exim4|shells\.state)",
    r"/etc/(?:passwd|group|shadow|gshadow|subuid|subgid)-?",
    r"/etc/(?:hostname|hosts|resolv\.conf|nsswitch\.conf|mtab|shells|mailcap|mailname|aliases)",
    r"/etc/(?:ld\.so\.cache|\.pwd\.lock|\.resolv\.conf.*|machine-id|rc.\.d|systemd|pam\.d|apt|apk|alternatives|dpkg)",
    r"/etc/(?:papersize|ssl|ca-certificates.*|fonts|xml|sgml|perl|python\d.*|java.*|\.java|mysql|emacs|runit|exim4|default/exim4)",
    r"/etc/(?:hosts\.(?:allow|deny)|ssh/ssh_host_.*)",
    r"/(?:root|home/[^/]+)/\.(?:cache|npm|gnupg|wget-hsts|local/bin|local/lib/python[^/]*)", r"/\.dockerenv",
    r"/.*/(?:(?:site|dist)-packages|__pycache__)", r"/.*\.(?:pyc|l?a)",
    r"/.*\.egg-info|/.*/build/(?:lib|bdist|temp)[^/]*",  # pip leaves them in the folder of a project that it installs
)  # fmt: skip
_SYSTEM = re.compile(f"(?:{'|'.join(_FOLDERS)})(?:/.*)?", re.DOTALL)


def application(base: Snapshot, image: Snapshot) -> Mapping[str, Entry]:
    """The application's entries of an image by path, in order, links and folders included.

    A folder is among them where it is empty or holds one of them.
    """
    environments = {path.removesuffix("/pyvenv.cfg") for path in image.entries if path.endswith("/pyvenv.cfg")}

    def counts(path: str) -> bool:
        return (
            path not in image.owned
            and not same(image.entries[path], base.entries.get(path))
            and not _SYSTEM.fullmatch(path)
        )

    found = {
        path
        for path, entry in image.entries.items()
        if (entry.kind != "dir" or path not in image.children)
        and counts(path)
        and environments.isdisjoint((path, *parents(path)))
    }
    found |= {
        folder
        for folder in {folder for path in found for folder in parents(path)}
        if folder in image.entries and counts(folder)
    }
    return {path: image.entries[path] for path in sorted(found)}


def same(entry: Entry | None, other: Entry | None) -> bool:
    """Whether two entries are the same but for their time."""
    if entry is None or other is None:
        return entry is other
    return (entry.kind, entry.mode, entry.uid, entry.gid, entry.digest, entry.target) == (
        other.kind,
        other.mode,
        other.uid,
        other.gid,
        other.digest,
        other.target,
    )
