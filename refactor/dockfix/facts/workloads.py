"""How Kubernetes runs containers of the image, by the manifests of the build context."""

from __future__ import annotations

from collections.abc import Mapping

from dockfix.context.application import application
from dockfix.context.build_context import BuildContext
from dockfix.context.compose import ComposeService
from dockfix.context.kubernetes import workloads
from dockfix.context.run_commands import WRITTEN_IN, name_of, run_commands
from dockfix.knowledge import images_of_others


def pods_of(context: BuildContext, manifests: Mapping[str, bytes]) -> tuple[ComposeService, ...]:
    """The containers of the image, in the form of Compose's services: those of a name that the files give to an image that they build, or
    that its folder has; or all, where they are of one image only. Well-known images of others are none."""
    found = [each for each in workloads(manifests) if name_of(each.image) not in images_of_others()]
    written = context.named(WRITTEN_IN)
    names = (
        {name for _, each in application(context, written).asked(run_commands) for name in each.built}
        if found
        else set()
    )
    names.add(context.root.absolute().name)
    own = [each.service for each in found if name_of(each.image) in names]
    alone = len({each.image for each in found}) == 1
    return tuple(own) or tuple(each.service for each in found if alone)
