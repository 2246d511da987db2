"""Paths of the file system that files of settings and of data give a program. Text search only."""

from __future__ import annotations

import re
from collections.abc import Callable

from dockfix.context.named_paths import FOLDER_NAME, LOCAL, LOCAL_URL_BYTES, before_in_line, counts, route
from dockfix.context.texts import Mention, mentions
from dockfix.lazy import cached_property, regex

# Settings that a program may read; those of build tools and descriptions of an API are not the program's
_SETTINGS = regex(r"(?i)(?:.*\.(?:ya?ml|toml|json|ini|cfg|conf|properties|env|xml)|(?:.*/)?\.env[^/]*)")
_OTHER_SETTINGS = regex(
    r"(?i)(?:.*/)?(?:pyproject\.toml|setup\.cfg|package\.json|manifest\.json|openapi[^/]*|swagger[^/]*|pom\.xml|build\.xml)"
)
_PATH = rb"(?:" + LOCAL_URL_BYTES + rb")?(/[A-Za-z0-9_][\w.@+-]*(?:/[\w.@+-]+)*)/?"
# A value that is a path, and no key
_SETTING_PATH = regex(
    rb"(?m)(?:^|[\s\"'=:,(\[])" + _PATH + rb"(?=[\"'\s,)\];:]|$)(?![\"']?[ \t]*:(?:\s|$))",
)
_XML_PATH = regex(rb"[\"'>]\s*+" + _PATH + rb"(?=\s*[\"'<])")
# A key whose value is a path of a URL
_WEB_KEY = regex(
    rb"(?i)(?:ur[il]s?|href|endpoints?|routes?|prefix|redirect\w*|health\w*|probe\w*|metrics?|callback|webhook|location|rewrite|pattern|regex"
    rb"|(?:root|base|script|cookie|static|api|url|uri|mount)[_.-]?path|@type|type_?url|utterance|(?<!con)text|allowed_\w+|exclude\w*|include\w*|ignore\w*)[\"']?\s*[:=]"
)
# A file of JSON that holds settings by its name, and a folder that is one of the file system's: paths in other JSON may be URLs'
_JSON, _JSON_OF_SETTINGS, _XML = (
    regex(r"(?i).*\.json[c5]?"),
    regex(r"(?i)(?:.*/)?[^/]*(?:conf|setting|option|env|rc\b|param)[^/]*"),
    regex(r"(?i).*\.xml"),
)
_ON_DISK = regex(
    rb"/(?:var|data|srv|mnt|opt|home|root|run|logs?|etc|usr|storage|tmp|cache|db|volumes?|backups?|secrets|certs|app|workspace)/"
)
# A folder that a whole value names, and what a link is called
_FOLDER_OF_DATA = regex(
    rb"/(?:data|models?|config|mnt|srv|storage|volumes?|cache|backups?|downloads|uploads|outputs?)/?(?=\s*[\"'<])"
)
_LINK_KEY = regex(
    rb"(?i)to|from|link\w*|name|title|label|page|slug|key|id|action|source|destination|target|active\w*|image|img|icon|logo|avatar"
    rb"|thumb\w*|\$?ref|pointer|loc"
)
_PATH_KEY = regex(rb"(?i)\w*path\w*|root|home|base|where|place|output|input|database|db")
_DATA_KEY = regex(rb"(?i)(?:dest\w*|outputs?|uploads?|logs?|cache|save\w*|sock(?:et)?|pid)\"")
_NEAR = 200  # bytes before a value within which its key stands
_SMALL = 64 << 10  # bytes that settings have at most
_KEY = regex(rb"\"([^\"\n]{1,80})\"\s*:")
_IN_LIST = regex(rb"[\[,]\s*\Z")
_ATTRIBUTE = regex(rb"([\w.-]+)\s*=\s*[\"']$")
_ELEMENT = regex(rb"<(?:[\w.-]+:)?([\w.-]+)[^<>]*>\s*$")
# What a page has beside its path, in the same object
_OF_A_PAGE = regex(
    rb"(?i)\"(?:title|label|text|icon|component|element|children|handler|slug|methods?|exact|meta)\"\s*:"
)
# A file that tells of a site: links, keys that are paths, pictures
_SITE = regex(
    rb"(?i)\"(?:href|to|link\w*|ur[il]|endpoint\w*|redirect\w*)\"\s*:\s*\"/|\"(?:routes|pages|menus?|nav\w*|tabs|breadcrumbs"
    rb"|redirects|rewrites|sitemap|paths|lockfileVersion|openapi|swagger)\"\s*:|\"/[^\"\n]*\"\s*:"
    rb"|\"/[^\"\n]*\.(?:png|jpe?g|gif|svg|webp|ico|html?|css|js|woff2?)[\"?#]"
)
_SITE_OF_XML = regex(
    rb"(?i)<(?:urlset|sitemapindex|html|rss|feed|svg|project|routes?|page)\b|<\w+:(?:schema|stylesheet|template)\b|\bhref\s*=\s*[\"']/"
)
_XML_COMMENT = regex(rb"(?s)<!--.*?-->")


def paths_in_settings(name: str, data: bytes) -> list[Mention]:
    """The absolute paths that are values in a file of settings; none in any other file."""
    if not _SETTINGS.fullmatch(name) or _OTHER_SETTINGS.fullmatch(name):
        return []
    if _XML.fullmatch(name):
        text = _XML_COMMENT.sub(lambda match: b"\n" * match[0].count(b"\n"), data) if b"<!--" in data else data
        return mentions(name, text, _XML_PATH, _Data(text, _key_of_xml, _SITE_OF_XML).gives, 1)
    if not _JSON.fullmatch(name):
        return mentions(name, data, _SETTING_PATH, _is_setting, 1)
    found = _Data(data, _key_of_json, _SITE)
    return mentions(name, data, _SETTING_PATH, found.sets if _JSON_OF_SETTINGS.fullmatch(name) else found.gives, 1)


def _is_setting(data: bytes, start: int) -> bool:
    """Whether a path in settings is no comment, and no path of a URL."""
    return counts(data, start) and _is_of_files(data, start, before_in_line(data, start + 1))


def _is_of_files(data: bytes, start: int, before: bytes) -> bool:
    """Whether a path is none of a URL, by what stands before it."""
    if LOCAL.match(data, start) or LOCAL.match(data, start + 1):
        return True
    if route().match(data, data.find(b"/", start)) and not FOLDER_NAME.search(before):
        return False
    return not _WEB_KEY.search(before)


class _Data:
    """A file in which each value has a key; ``key`` gives the one of the value that starts at a place, b"" for none."""

    def __init__(self, data: bytes, key: Callable[[bytes, int], bytes], site: re.Pattern[bytes]) -> None:
        self._data = data
        self._key = key
        self._sign = site

    def sets(self, data: bytes, start: int) -> bool:
        """Whether a path is one of the file system, in a file of settings."""
        return self._is_of_files(start, self._key(data, start))

    def gives(self, data: bytes, start: int) -> bool:
        """The same in a file of data: a whole value, which its folder or its key says to be one, or that tells of nothing else."""
        key = self._key(data, start)
        return data[start : start + 1] != b" " and self._is_told(start, key) and self._is_of_files(start, key)

    def _is_of_files(self, start: int, key: bytes) -> bool:
        # (a line may be the whole file, of which only the end is looked at)
        line = self._data[max(self._data.rfind(b"\n", 0, start) + 1, start - _NEAR) : start].lstrip()
        return not line.startswith((b"//", b"#")) and _is_of_files(self._data, start, _said(key))

    def _is_told(self, start: int, key: bytes) -> bool:
        data, at = self._data, self._data.find(b"/", start)
        return (
            LOCAL.match(data, start + 1) is not None
            or _ON_DISK.match(data, at) is not None
            or FOLDER_NAME.search(_said(key)) is not None
            or _DATA_KEY.search(_said(key)) is not None
            or self._may_be_a_folder(start, at, key)
        )

    def _may_be_a_folder(self, start: int, at: int, key: bytes) -> bool:
        """Whether a whole value is one of no page: by itself where it is a usual folder or one below another, else by its key."""
        if not key or _LINK_KEY.fullmatch(key):
            return False
        usual, called = _FOLDER_OF_DATA.match(self._data, at) is not None, _PATH_KEY.fullmatch(key) is not None
        if usual and b"path" not in key.lower() and not _IN_LIST.search(self._data, max(0, start - _NEAR), start):
            return True
        deep = self._data.find(b"/", at + 1, at + _NEAR) < _end_of(self._data, at) - 1
        return (usual or called or deep) and not self._is_of_a_site and not self._is_of_a_page(start)

    @cached_property
    def _is_of_a_site(self) -> bool:
        return len(self._data) > _SMALL or self._sign.search(self._data) is not None

    def _is_of_a_page(self, start: int) -> bool:
        """Whether the object around a value describes a page."""
        opens = max(self._data.rfind(b"{", 0, start), start - _NEAR, 0)
        closes = self._data.find(b"}", start, start + _NEAR)
        return _OF_A_PAGE.search(self._data, opens, closes if closes >= 0 else start + _NEAR) is not None


def _said(key: bytes) -> bytes:
    """What stands before a value with this key."""
    return b'"' + key + b'": "' if key else b""


def _end_of(data: bytes, at: int) -> int:
    """Where the path that starts at a place ends."""
    ends = [end for sign in (b'"', b"'", b"<") if (end := data.find(sign, at, at + _NEAR)) >= 0]
    return min(ends, default=at)


def _key_of_json(data: bytes, start: int) -> bytes:
    last = b""
    for match in _KEY.finditer(data, max(0, start - _NEAR), start + 1):
        last = match[1]
    return last


def _key_of_xml(data: bytes, start: int) -> bytes:
    before = data[max(0, start - _NEAR) : start + 1]
    found = _ATTRIBUTE.search(before) or _ELEMENT.search(before)
    return found[1] if found else b""
