"""What the user or a build has told about an image, and what a run may do to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Literal

from dockfix.dataclass import dataclass

if TYPE_CHECKING:
    from dockfix.knowledge.seen import Seen

Facet = Literal["environment", "parts", "base", "stages", "ignore file"]
ALL_FACETS: frozenset[Facet] = frozenset({"environment", "parts", "base", "stages", "ignore file"})


@dataclass(frozen=True)
class Hints:
    """``keep`` are system packages that the image has to have, ``drop`` those that only building needs, whatever is known of them.

    ``release`` is the release of the base image's system, "" where its tag says it. With ``always`` a stage is split even where nothing
    leaves the image. ``platforms`` are those that the image is built for ("linux/amd64"), empty for the usual ones; with ``later`` any
    version of a package counts as one that was seen; ``knowledge`` is the path of what was seen, "" for none, and ``installed`` all that
    the image itself was seen to hold. With ``installer`` an environment that is made gets an installer of its own even where it needs
    none. ``last_image`` is the image that the last stage is to start from, "" for its own. ``stages`` are those that are wanted beside
    the image's, to be built by their names; with ``manifests`` the files that say how it is run may be changed, too. ``facets`` are what
    somebody will write: of the placement an environment that can be carried, the parts, a smaller base and those stages; an ignore file.
    ``settings`` are the keys by which people give these fields, by field.
    """

    keep: frozenset[str] = frozenset()
    drop: frozenset[str] = frozenset()
    release: str = ""
    always: bool = False
    platforms: frozenset[str] = frozenset()
    later: bool = False
    knowledge: str = ""
    installed: tuple[Seen, ...] = ()
    installer: bool = False
    last_image: str = ""
    stages: frozenset[str] = frozenset()
    manifests: bool = False
    facets: frozenset[Facet] = ALL_FACETS
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def keeps(self) -> str:
        """Why a package of ``keep`` stays, as a clause."""
        key = self.settings.get("keep")
        return f"{key} names it" if key else "it is to be kept"
