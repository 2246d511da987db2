"""Which patterns go into a ``.dockerignore``: those that take nothing away that an image, or its build, needs."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from dockfix.context.application import Mention, application
from dockfix.context.build_context import normal
from dockfix.context.dockerignore import Ignore, parse_ignore
from dockfix.context.patterns import has_wildcards
from dockfix.engine.options import Option
from dockfix.facts import Facts, from_context
from dockfix.facts.build_scripts import behind
from dockfix.knowledge import describing
from dockfix.knowledge.ignore_groups import IgnoreGroup
from dockfix.lazy import cached_property
from dockfix.managers.verbs import language_install
from dockfix.model.actions import Build, Install, Make
from dockfix.model.answers import Worked
from dockfix.model.reason import Reason
from dockfix.model.stages import Stage
from dockfix.syntax import encode
from dockfix.syntax.mounts import mount_settings

from ._env_files import (
    build_reader,
    builder_of_pages,
    reader_behind,
    reader_elsewhere,
    reader_of_env,
    started_reader,
)
from ._ignore_names import (
    first_and_last,
    folder_as_whole,
    folder_named,
    matched,
    module_of,
    name_of,
    path_of,
    stands_in,
)
from ._ignore_text import completed, new_text
from ._shared_ignore import taken_by_others

_SCM = rb"setuptools[-_]scm|hatch[-_]vcs|versioneer|setuptools-git|pbr\b|dunamai|versioningit|poetry-dynamic-versioning|pdm.*scm"
# Packages of Node.js each of which asks git, or reads what it has stored (an expression of its own: one with too many words is looked for
# in every file)
_PACKAGES = (
    rb"next-build-id|git-rev\b|git-rev-sync|git-revision-webpack-plugin|git-last-commit|git-repo-info|git-describe|gitinfo|git-state"
    rb"|git-commit-(?:id|info)|vite-plugin-git\w*|unplugin-git\w*|simple-git|isomorphic-git|nodegit|parse-git-config|get-repo-info"
)
_ASKS_GIT = (
    rb"['\"]\.git['\"/]|['\"]git['\"]|\bgit (?:(?:-C|--git-dir|--no-pager)\b|rev|describe|log|show|status|diff|tag|branch|ls-files"
    rb"|name-rev|shortlog|symbolic-ref|for-each-ref|remote|config --get)|import git\b|from git\b"
    rb"|(?i:gitpython|dulwich|pygit2|sentry[-_]sdk)"
)
_READS_DOCUMENTS = rb"(?i)\b(?:mkdocs|sphinx|pydoc|markdown)\b"
# Tailwind CSS 4 takes the words of every file of the project that .gitignore does not name for classes, so that what it writes, and the
# names of what a bundler makes of that, change with each of them: https://tailwindcss.com/docs/detecting-classes-in-source-files
_READS_EVERY_FILE = rb"@tailwindcss/(?:cli|node|postcss|vite|webpack)\b"
_ENV, _ENV_LOCAL = "**/.env", "**/.env*.local"

EVERYTHING = Option(
    "dockerignore.everything",
    False,
    "names what the context does not have now, too: caches, results of builds, editors' folders",
)


class Chooser:
    """Chooses the patterns for one build context.

    ``chosen`` are those of each group; ``env_reader`` says what reads the ``.env`` that one of them keeps out, None where nothing does.
    """

    def __init__(self, facts: Facts, files: frozenset[str], existing: str | None) -> None:
        self.facts = facts
        self.files = files
        self.existing = existing
        self.ignore = parse_ignore(existing or "")
        self.chosen: dict[IgnoreGroup, list[str]] = {}
        self.env_reader: Reason | None = None
        self.doubted: tuple[str, ...] = ()  # what it reads
        self.warnings: list[Reason] = []
        # what only describes the project, or is read before the image is built, shows no need of the program
        told = facts.context.disk.once(("described", files), partial(describing, files))
        self.sources = application(facts.context, files - told)
        self.others = taken_by_others(facts, files)
        self.named = self._named_files()
        units = [unit for stage in facts.model.stages for _, unit in stage.units]
        self.commands = [*(unit.command.text for unit in units if unit.effects.action is None), *self.others.texts]
        self.makes_environment = any(
            unit.effects.opaque
            or isinstance(action := unit.effects.action, Make)
            or (
                isinstance(action, Install)
                and action.into.carried is not None
                and action.into.root != unit.state.own_prefix
            )
            for unit in units
        )
        self.versioned = bool(self.sources.search(_SCM)) or self._dockerfile_mentions(".git")

    @cached_property
    def _takes_root(self) -> bool:
        """Whether a COPY may take what lies in the context itself and is not named, or a RUN sees it in a mount."""
        if self.others.whole or "." in self._mounted:
            return True
        steps = [step for stage in self.facts.model.stages for step in stage.of("COPY", "ADD") if from_context(step)]
        if any(step not in self.facts.copies for step in steps):
            return True
        sources = [normal(source) for step in steps if step.copy is not None for source in step.copy.sources]
        return any(source == "." or has_wildcards(source.partition("/")[0]) for source in sources)

    @cached_property
    def _mounted(self) -> frozenset[str]:
        """The paths of the context that RUNs see in mounts; "." for all of it."""
        steps = [step for stage in self.facts.model.stages for step in stage.of("RUN")]
        flags = [flag for step in steps for flag in step.instruction.flags if flag.name == "mount"]
        mounts = [each for flag in flags if "from" not in (each := mount_settings(flag.value or ""))]
        return frozenset(normal(each.get("source", ".")) for each in mounts if each.get("type", "bind") == "bind")

    def _named_files(self) -> frozenset[str]:
        """What any COPY of a Dockerfile that is built from the context, or a requirements file, names.

        What is not there now may be when the image is built.
        """
        sources = [source for step in self.facts.copies if step.copy for source in step.copy.sources]
        sources += self.others.sources
        taken = self.facts.context.copied([source for source in sources if source.strip("./")], Ignore(()))
        manifests = {name for manifest in self.facts.manifests.values() for name in manifest.files}
        absent = {posixpath.normpath(name) for name in taken.missing}
        return frozenset({*taken.files, *absent, *manifests, *self.others.sources} - {"."})

    @cached_property
    def _named_only(self) -> frozenset[str]:
        """Those of them that are not there."""
        return self.named - self.files

    def add(self, group: IgnoreGroup) -> None:
        """Adds the patterns of a group that take nothing away that is needed."""
        chosen = [
            pattern
            for pattern, probe in group.patterns
            if not self.ignore.ignores(probe) and not self._negated(probe) and self._allowed(pattern, group)
        ]
        if chosen:
            self.chosen[group] = chosen

    def is_idle(self, chosen: Mapping[IgnoreGroup, Sequence[str]]) -> bool:
        """Whether all that a file which is there would get matches nothing now, and is no reason by itself to touch it."""
        return self.existing is not None and not any(
            group.alone or any(map(self._hit, patterns)) for group, patterns in chosen.items()
        )

    def _hit(self, pattern: str) -> list[str]:
        return self.facts.context.disk.once(("matched", pattern, self.files), partial(matched, pattern, self.files))

    @property
    def certain(self) -> dict[IgnoreGroup, list[str]]:
        """The patterns without the one that is in doubt."""
        left = self.doubted if self.env_reader is not None else ()
        kept = {group: [each for each in chosen if each not in left] for group, chosen in self.chosen.items()}
        return {group: chosen for group, chosen in kept.items() if chosen}

    def _negated(self, probe: str) -> bool:
        """Whether the existing file takes this back on purpose, or a comment in it says that it is to be sent."""
        if self.existing is None:
            return False
        base = posixpath.basename(probe)
        if re.search(rf"(?im)^\s*#.*\b(?:not|n't|never)\b.*\bignore\b.*{re.escape(base)}(?![\w.])", self.existing):
            return True
        return any(pattern.startswith("!") and pattern.rstrip("/").endswith(base) for pattern in self.ignore.patterns)

    def _allowed(self, pattern: str, group: IgnoreGroup) -> bool:
        hit = self._hit(pattern)
        needed = group.needed
        everything = EVERYTHING.of(self.facts.options)
        # of the files that are there it is known which it matches
        named = not self.named.isdisjoint(hit) or matched(pattern, self._named_only)
        if named or not (pattern.startswith("**/") or self._takes_root or everything):
            return False
        if not (hit or group.always or self.existing is not None or everything):
            # a folder that tools fill by the thousand was not looked into
            listing = self.facts.context.listing
            if listing is None or not matched(pattern, listing.skipped):
                return False
        if needed == "vcs":
            asks = any(map(self.sources.search, (_ASKS_GIT, _PACKAGES)))
            return not self.facts.context.is_below_repository and not self.versioned and not asks
        if self.versioned and not group.untracked and (hit or needed != "secret"):
            return False  # for git, a tracked file that is missing is a change, and makes another version
        if needed == "environment" and hit and f"{pattern}/pyvenv.cfg" not in hit:
            return False
        if needed == "installed":
            return self._installed(pattern)
        if needed == "built":
            return self._built(pattern, hit)
        if needed in {"made", "environment"}:
            return self.makes_environment or not self._in_dockerfile(pattern, hit)
        if hit and needed != "never" and self._in_dockerfile(pattern, hit):
            return False
        if needed == "present":
            return (
                not hit
                and not self.sources.search(path_of(pattern), encode(pattern))
                and not self._dockerfile_mentions(pattern)
            )
        if needed == "compiled":
            return not [name for name in hit if "__pycache__/" not in name]
        if needed == "named":
            if hit and (self.sources.unread or self.sources.search(_READS_EVERY_FILE)):
                return False
            return not any(self._names(name, pattern) for name in hit)
        if needed == "secret":
            return self._secret(pattern, hit)
        return True

    def _installed(self, pattern: str) -> bool:
        """Whether every folder of the context that a pattern matches and that comes into an image is filled by an install there.

        One that finds nothing which says what to install brings nothing.
        """
        name = pattern.rpartition("/")[2]
        roots = {
            install.into.root
            for stage in self.facts.model.stages
            for install in language_installs(stage)
            if posixpath.basename(install.into.root) == name and self._is_told(stage, install)
        }
        taken = {
            path
            for step, copied in self.facts.copies.items()
            for entry in (*copied.skipped, *copied.files)
            if (folder := folder_named(entry, name))
            for path in self.facts.layouts.of(self.facts.stage_of[step]).by(step, folder)
        }
        return bool(roots) and taken <= roots

    def _is_told(self, stage: Stage, install: Install) -> bool:
        """Whether an install is given packages, or a file of the build context that names some lies beside the folder that it fills."""
        beside = posixpath.join(posixpath.dirname(install.into.root), "package.json")
        return bool(install.asked) or self.facts.layouts.of(stage).file(beside) is not None

    def _built(self, pattern: str, hit: list[str]) -> bool:
        """Whether builds of the Dockerfile make every folder of the context that a pattern matches, and at least one of its name."""
        name = pattern.rpartition("/")[2]
        units = [unit for stage in self.facts.model.stages for _, unit in stage.units]
        built = {
            posixpath.join(each.folder, name)
            for unit in units
            if isinstance(unit.effects.action, Build)
            for each in behind(self.facts, unit).commands
            if each.known is not None and name in each.known.made_anew(each.arguments)
        }
        listing = self.facts.context.listing
        there = [*hit, *(matched(pattern, listing.skipped) if listing is not None else ())]
        return bool(built) and {folder_named(path, name) for path in there} <= built

    def _dockerfile_mentions(self, name: str) -> bool:
        """Whether a command of the Dockerfile may use a folder of the context: by its name, or, for .git, by running git."""
        words = (
            rf"(?:^|[\s/='\"]){re.escape(name)}(?:[\s/'\"]|$)"
            if name != ".git"
            else r"\.git\b|\bgit (?!clone\b|config\b)"
        )
        return any(re.search(words, text) for text in self.commands)

    def _in_dockerfile(self, pattern: str, hit: list[str]) -> bool:
        """Whether the Dockerfile names what a pattern matches: in a RUN, in what the container starts, in ENV."""
        words = {pattern.rsplit("/", 1)[-1].lstrip("*")}
        words |= self.facts.context.disk.once(("names", pattern, self.files), partial(first_and_last, hit))
        texts = [
            step.instruction.args
            for stage in self.facts.model.stages
            for step in stage.of("ENV", "ARG", "CMD", "ENTRYPOINT")
        ]
        # who reads a .env where the container starts is asked apart
        texts += [*self.commands, *(self.facts.startup.texts.values() if pattern != _ENV else ())]
        return any(stands_in(word, text) for text in texts for word in words if word and word in text)

    def _names(self, name: str, pattern: str) -> bool:
        """Whether a source other than the file itself names it, its folder or its kind."""
        searches = [(name_of(posixpath.basename(name)), posixpath.basename(name))]
        if "/" in name:
            folder = name.split("/", 1)[0]
            searches += [(path_of(folder), folder), (module_of(folder), folder)]
        if pattern.startswith("*."):
            searches.append((re.escape(pattern[1:].encode()) + rb"\b", pattern[1:]))
        if pattern in {"docs", "*.md"}:
            if self._documents_are_read:
                return True
            searches.append((_READS_DOCUMENTS, ""))
        return any(
            mention.file != name for search, word in searches for mention in self.sources.search(search, encode(word))
        )

    @cached_property
    def _documents_are_read(self) -> bool:
        """Whether a RUN installs or runs what reads documents by itself, here or in another Dockerfile of the context."""
        steps = [step for stage in self.facts.model.stages for step in stage.of("RUN")]
        texts = (*(step.instruction.args for step in steps), *self.others.texts)
        return any(re.search(_READS_DOCUMENTS, encode(text)) for text in texts)

    def _secret(self, pattern: str, there: list[str]) -> bool:
        """Whether a secret may be kept out; where the program seems to read it, a warning says what that means."""
        there = hit = [name for name in there if not self.ignore.ignores(name)]
        if pattern == _ENV:
            pages = builder_of_pages(self.facts, self.sources)
            reader = reader_of_env(self.facts, hit) or pages or reader_elsewhere(self.others, self.sources)
            if not reader and not is_known(self.facts):
                reader = reader_behind(self.sources)
            unread = (
                f"it may be code which is not read ({self.sources.unread}) that" if self.sources.unread and hit else ""
            )
            self.doubted = (_ENV, _ENV_LOCAL) if pages else (_ENV,)
            if reader or unread:
                # what is not there now, no build would miss; and what it sets may be used long after the start
                self.env_reader = Reason(
                    f"{reader or unread} reads a .env file by itself, which would be in no image any more",
                    weight="doubts" if hit else "unseen",
                    answers=(Worked(),),
                )
        else:
            readers = self._readers(pattern, hit)
            reader = f"{readers[0].file}:{readers[0].line}" if readers else ""
            if hit and not reader and pattern.startswith(_ENV):
                reader = build_reader(self.facts) or started_reader(self.facts, ("asked",))
            if hit and not reader and self.sources.unread:
                return False
        if reader and (hit := self._brought(hit)):
            if any(self.facts.layout.of(name) for name in hit):
                said = "is copied into the image", "a secret in an image can be read by everyone who can pull it"
            else:
                said = "is copied into a stage that builds", "a secret of it may be in what is built"
            self.warnings.append(Reason(f"{hit[0]} {said[0]} and {reader} seems to read it; {said[1]}"))
        return pattern == _ENV or not (reader and there)

    def _brought(self, files: Sequence[str]) -> list[str]:
        """Those of some files that a COPY takes, or that a RUN may see in a mount of the context."""
        if self.others.whole or "." in self._mounted:
            return list(files)
        taken = self._mounted.union(*(copied.files for copied in self.facts.copies.values()))
        return [name for name in files if name in taken]

    def _readers(self, pattern: str, hit: list[str]) -> list[Mention]:
        bases = {posixpath.basename(name) for name in hit}
        folders = {name.rsplit("/", 2)[-2] for name in hit if "/" in name}
        ending = pattern.rsplit("*", 1)[-1]
        searches = [(name_of(word), word) for word in sorted(bases)]
        # of a folder what may be any of its files: where a path ends with it, or goes on with what is filled in
        searches += [(folder_as_whole(word), word) for word in sorted(folders - bases)]
        if hit and ending:
            searches.append((re.escape(ending.encode()) + rb"\b", ending))
        found = (mention for search, word in searches for mention in self.sources.search(search, encode(word)))
        return [mention for mention in found if mention.file not in hit]

    def text(self, chosen: Mapping[IgnoreGroup, Sequence[str]]) -> str:
        """The whole file with these patterns."""
        if self.existing is None:
            return new_text(chosen, titles=EVERYTHING.of(self.facts.options))
        return completed(self.existing, chosen)


def is_known(facts: Facts) -> bool:
    """Whether the language of the last stage is known."""
    image = facts.final.image
    return (image is not None and bool(image.runtime)) or bool(facts.installs)


def language_installs(stage: Stage) -> Iterator[Install]:
    found = (language_install(unit.effects.action) for _, unit in stage.units)
    yield from (install for install in found if install is not None)
