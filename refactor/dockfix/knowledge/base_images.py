"""Base images: the official images of languages, those that are made of them, and plain systems; which tags there are, what is in them."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from functools import cache
from typing import Literal

from dockfix.knowledge.tables import table
from dockfix.lazy import regex
from dockfix.namedtuple import NamedTuple

# What an engine sets PATH to where the image says nothing: https://github.com/moby/buildkit, util/system/path.go. The official
# Python images put /usr/local/bin before it, which is on it already
DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

Variant = Literal["full", "slim", "alpine", "windows", "plain"]


class User(NamedTuple):
    """A user without rights that an image brings: its name, which is that of its group, its number, which is its group's, and its home."""

    name: str
    number: int
    home: str

    def is_named(self, user: str) -> bool:
        """Whether a USER instruction, or what a state says of it, means this one."""
        name, _, group = user.partition(":")
        mine = {self.name, str(self.number)}
        return name in mine and (not group or group in mine)


class BaseImage(NamedTuple):
    """A base image that is known: an official image of a language, one that is made of it, or a system without any language.

    ``runtime`` is the language that it brings ("" for none). ``version`` is what the tag says of it ("3.11", "3.11.9",
    "3.14.0rc1", "3.14-rc"; "" where it says nothing); ``releases`` the releases of Debian, Ubuntu or Alpine that it may be built on: None
    where it may be older than the tables, or is none of these. A "plain" variant is a system as its makers publish it.

    ``distribution`` tells Debian from Ubuntu. ``tools`` are the paths of managers of packages that it brings besides. ``own_prefix`` is
    the folder in which nothing of the image itself lies, so that all that is found there was installed ("" for none). ``with_slim``:
    the image has a slim one beside it. ``user`` is the one without rights that it brings, None where it brings none. ``workdir`` is
    where its commands run. ``runner`` is the program that runs its language's code, "" for that of its runtime.
    """

    runtime: str
    version: str
    variant: Variant
    releases: frozenset[str] | None
    distribution: Literal["debian", "ubuntu"] = "debian"
    tools: tuple[str, ...] = ()
    own_prefix: str = ""
    with_slim: bool = True
    user: User | None = None
    workdir: str = "/"
    runner: str = ""

    @property
    def system(self) -> str:
        """debian (Ubuntu, too: it has the same manager of packages), alpine or windows."""
        return self.variant if self.variant in ("alpine", "windows") else "debian"

    @property
    def makes_environments(self) -> bool:
        """Whether virtual environments can be made with its Python, or with the one that its system's packages bring."""
        return bool(self.runtime) or self.variant == "alpine"

    @property
    def debian_releases(self) -> frozenset[str] | None:
        """The releases of Debian that it may be built on, None where they are not known or it is another system."""
        return self.releases if self.distribution == "debian" else None

    @property
    def has_wheel(self) -> bool:
        """Whether an official Python image is known to bring setuptools and wheel: up to 3.11."""
        numbers = [int(part) for part in self.version.split(".")[:2] if part.isdigit()]
        return self.runtime == "python" and len(numbers) == 2 and numbers <= [3, 11]


@cache
def base_image(registry: str, repository: str, tag: str | None) -> BaseImage | None:
    """The image that a reference names; None where it is none that is known, or has no tag of a known form.

    Without a tag it is "latest". A reference by digest alone says nothing of the version: it is none of these.
    """
    if _is_official(registry, repository, "node"):
        return _node(tag or "latest")
    if repository in table("base_images")["bun"]["images"]:
        return _with_own_runner(registry, tag or "latest")
    if not _is_official(registry, repository, "python"):
        return _plain_system(registry, repository, tag) or _made_of_python(registry, repository, tag)
    match = _expression().fullmatch(tag or "latest")
    if match is None:
        return None
    version = match["version"] or ""
    pre = match["pre"] or ""
    if pre and version.count(".") != (1 if pre == "-rc" else 2):
        return None
    variant, suite = _variant(match["variant"] or match["alone"] or "")
    if variant == "windows":
        return BaseImage("python", version + pre, variant, None)
    if variant == "alpine":
        return BaseImage("python", version + pre, variant, frozenset({suite}) if suite else _on_alpine(version, pre))
    if suite:
        return BaseImage("python", version + pre, variant, frozenset({suite}))
    return BaseImage("python", version + pre, variant, None if match["rc"] else _built_on(version, pre))


def packages_are_gone(registry: str, repository: str, tag: str | None) -> bool:
    """Whether an official image of Python is of a release of Debian whose packages its `apt-get update` no longer finds."""
    match = _expression().fullmatch(tag or "latest") if _is_official(registry, repository, "python") else None
    if match is None or match["pre"]:
        return False
    variant, suite = _variant(match["variant"] or match["alone"] or "")
    suites = [suite] if suite else _suites(match["version"] or "")
    return variant in {"full", "slim"} and bool(suites) and set(suites) <= set(table("base_images")["gone"])


def c_library(release: str) -> tuple[int, int] | None:
    """The version of the GNU C library in a Debian release, None where it is not known."""
    text = table("base_images")["glibc"].get(release)
    if text is None:
        return None
    major, minor = text.split(".")
    return int(major), int(minor)


def starts_as_root(registry: str, repository: str) -> bool:
    """Whether an image is one of those official ones whose commands are known to run as root."""
    return not registry and repository.removeprefix("library/") in table("base_images")["start_as_root"]


def why_not_split(registry: str, repository: str) -> str:
    """Why the packages of an image that dockfix knows to be of a kind of its own cannot be handed on, "" for any other."""
    name = f"{registry}/{repository}" if registry else repository
    for group in table("other_images")["kind_of_its_own"]:
        if any(fnmatchcase(name, pattern) for pattern in group["images"].split()):
            return str(group["why"])
    return ""


def _is_official(registry: str, repository: str, name: str) -> bool:
    if repository == f"library/{name}" or repository.endswith(f"/library/{name}"):
        return True
    host = not registry or registry == "localhost" or "." in registry or ":" in registry
    return host and repository == name


def _plain_system(registry: str, repository: str, tag: str | None) -> BaseImage | None:
    """The image of Debian, Ubuntu or Alpine that a reference names."""
    distribution: Literal["debian", "ubuntu"]
    if _is_official(registry, repository, "alpine"):
        return _plain_alpine(tag or "latest")
    for distribution in ("debian", "ubuntu"):
        data = table("other_images")["system"][distribution]
        if not _is_official(registry, repository, distribution):
            continue
        match = re.fullmatch(data["tag"], tag or "latest")
        if match is None:
            return None
        suites = next((found for names, found in data["releases"].items() if match["name"] in names.split()), None)
        if suites is None and not match["name"][0].isdigit():
            return None  # a name that is none of a release
        known = frozenset(suites) if suites and set(suites) <= set(data["current"]) else None
        return BaseImage("", "", "plain", known, distribution, own_prefix=data["own_prefix"], with_slim=False)
    return None


def _plain_alpine(tag: str) -> BaseImage | None:
    said = table("other_images")["system"]["alpine"]
    match = re.fullmatch(said["tag"], tag)
    if match is None:
        return None
    known = table("base_images")["alpine"]["releases"]
    names = said["releases"].get(match["name"], [match["name"]])
    return BaseImage("", "", "alpine", frozenset(names) if set(names) <= set(known) else None, with_slim=False)


def _made_of_python(registry: str, repository: str, tag: str | None) -> BaseImage | None:
    """The image that somebody else makes of an official Python image."""
    for group in table("other_images")["made_of_python"]:
        match = (
            re.fullmatch(group["tag"], tag or "latest")
            if f"{registry}/{repository}" in group["images"].split()
            else None
        )
        if match is None:
            continue
        said = match.groupdict()
        suite, version = said.get("suite") or "", match["version"]
        releases = frozenset({suite}) if suite else _built_on(version, "")
        variant: Variant = "slim" if said.get("slim") else "full"
        tools = tuple(group.get("tools", "").split())
        if said.get("alpine"):
            return BaseImage("python", version, "alpine", None, tools=tools, with_slim=False)
        return BaseImage("python", version, variant, releases, tools=tools, with_slim=group["slim"])
    return None


def _node(tag: str) -> BaseImage | None:
    """The official image of Node.js with a tag: the release stands in front of ``-slim`` there."""
    data = table("base_images")["node"]
    match = _node_expression().fullmatch(tag)
    if match is None:
        return None
    user = User(data["user"], data["uid"], f"/home/{data['user']}")
    version, suite, alpine = match["version"] or "", match["suite"] or "", match["alpine"]
    number = data["names"].get(version, version)
    if alpine is not None:
        known = int(number.split(".")[0]) >= data["on_known_alpine"] if number else True
        releases = frozenset({alpine}) if alpine else frozenset(table("base_images")["alpine"]["releases"])
        return BaseImage("node", number, "alpine", releases if alpine or known else None, with_slim=False, user=user)
    suites = (suite,) if suite else data["built_on" if "." in number else "floating"].get(number.split(".")[0], ())
    known_suites = bool(suites) and (bool(suite) or set(suites) <= set(table("base_images")["current"]))
    variant: Variant = "slim" if match["slim"] else "full"
    return BaseImage("node", number, variant, frozenset(suites) if known_suites else None, user=user)


def _with_own_runner(registry: str, tag: str) -> BaseImage | None:
    """The image of Bun with a tag."""
    data = table("base_images")["bun"]
    match = re.fullmatch(data["tag"], tag) if registry in data["registries"] else None
    if match is None:
        return None
    variant: Variant = "slim" if match["alpine"] is None else "alpine"
    releases = frozenset(data["releases"] if variant == "slim" else table("base_images")["alpine"]["releases"])
    user = User(data["user"], data["uid"], f"/home/{data['user']}")
    return BaseImage(
        "node", "", variant, releases, with_slim=False, user=user, workdir=data["workdir"], runner=data["user"]
    )


@cache
def _node_expression() -> re.Pattern[str]:
    data = table("base_images")
    names = "|".join(sorted(data["node"]["names"], key=len, reverse=True))
    suites = "|".join(data["suites"])
    version = rf"(?P<version>{names}|\d+(?:\.\d+){{0,2}})"
    variant = r"(?P<slim>slim)|alpine(?P<alpine>(?:\d+\.\d+)?)"
    return regex(rf"(?=[^-])(?:{version})?(?:(?:^|-)(?P<suite>{suites}))?(?:(?:^|-)(?:{variant}))?")


@cache
def _expression() -> re.Pattern[str]:
    suites = "|".join(table("base_images")["suites"])
    variant = rf"slim(?:-(?:{suites}))?|{suites}|alpine(?:\d+\.\d+)?|windowsservercore(?:-(?:ltsc)?\d+)?"
    version = r"(?P<version>\d+(?:\.\d+){0,2})(?P<pre>-rc|(?:a|b|rc)\d+)?"
    return regex(rf"latest|(?P<alone>{variant})|(?:{version}|(?P<rc>rc))(?:-(?P<variant>{variant}))?")


def _variant(text: str) -> tuple[Variant, str]:
    """The variant and the release that a tag's last part names ("" where it names none)."""
    if text.startswith("alpine"):
        return "alpine", text[6:]
    if text.startswith("windowsservercore"):
        return "windows", ""
    if text.startswith("slim"):
        return "slim", text[5:]
    return "full", text


def _built_on(version: str, pre: str) -> frozenset[str] | None:
    """The releases that a tag without a release may be built on; None unless they are all known and in the tables."""
    data = table("base_images")
    suites = data["prereleases"].get(".".join(version.split(".")[:2]), ()) if pre else _suites(version)
    return frozenset(suites) if suites and set(suites) <= set(data["current"]) else None


def _suites(version: str) -> list[str]:
    """The releases that a version without a release may be built on, also those that are not in the tables."""
    data = table("base_images")
    if version.count(".") == 2:
        minor, _, patch = version.rpartition(".")
        return _at_patch(data["first_patch"].get(minor, {}), int(patch))
    return list(data["floating"].get(version, ()))


def _on_alpine(version: str, pre: str) -> frozenset[str] | None:
    """The releases of Alpine that a tag without a release may be built on: an image moves to the next one twice a year."""
    data = table("base_images")["alpine"]
    minor = ".".join(version.split(".")[:2])
    known = not pre and (version in data["floating"] or minor in data["since"])
    return frozenset(data["releases"]) if known else None


def _at_patch(first: dict[str, int], patch: int) -> list[str]:
    # A move to another release happened between two patch releases, so the patch of that time was built on both.
    last = dict(zip(first, [*first.values()][1:], strict=False))
    return [suite for suite, start in first.items() if start <= patch <= last.get(suite, patch)]
