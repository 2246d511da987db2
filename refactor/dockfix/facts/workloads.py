"""How Kubernetes runs containers of the image, by the manifests of the build context."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence

from dockfix.context.application import Application, Mention, application
from dockfix.context.build_context import BuildContext
from dockfix.context.compose import ComposeService
from dockfix.context.helm import TEMPLATE, VALUES, charts, filled_in
from dockfix.context.kubernetes import Workload, workloads
from dockfix.context.run_commands import WRITTEN_IN, name_of, run_commands
from dockfix.knowledge import images_of_others
from dockfix.lazy import cached_property, regex

_YAML = regex(r"(?s).*\.ya?ml")
_MANIFEST = rb"(?m)^[ \t-]*(?:apiVersion|containers|volumeMounts):"
_MOUNT_PATH = rb"(?m)(?:^[ \t-]*|[{,][ \t]*)mountPath:[ \t]*['\"]?/[^\s'\",}]*"


class Kubernetes:
    """What the Kubernetes manifests of a build context say."""

    def __init__(self, context: BuildContext) -> None:
        self._context = context

    @cached_property
    def _files(self) -> Application:
        return application(self._context, self._context.named(_YAML))

    @cached_property
    def texts(self) -> Mapping[str, bytes]:
        """The manifests, and the values that Helm fills them in with, by name, with what stands in them."""
        manifests = self._files.holding(_MANIFEST)
        return {
            name: text for name, text in self._files.texts.items() if name in manifests or self._is_of_a_chart(name)
        }

    @cached_property
    def _charts(self) -> Mapping[str, list[dict[str, object]]]:
        """Helm's charts by their folders, each with the values that it may be filled in with."""
        return charts(self._files.texts)

    def _is_of_a_chart(self, name: str) -> bool:
        folder, _, base = name.rpartition("/")
        return folder in self._charts and VALUES.fullmatch(base) is not None

    @property
    def _filled_in(self) -> Iterator[tuple[str, bytes]]:
        """The manifests with what stands in them once they are filled in: as often as there are values."""
        for name, text in self.texts.items():
            match = TEMPLATE.fullmatch(name)
            chart = match[1] if match else None
            if chart is not None and b"{{" in text:
                for values in self._charts.get(chart, ()):
                    yield name, filled_in(text, values, posixpath.basename(chart) or "chart")
            else:
                yield name, text

    def says(self, pattern: bytes) -> tuple[Mention, ...]:
        """What a regular expression finds in them."""
        return tuple(mention for mention in self._files.search(pattern) if mention.file in self.texts)

    @cached_property
    def mounts(self) -> tuple[Mention, ...]:
        """The folders that they mount something over."""
        found = self.says(_MOUNT_PATH)
        return tuple(mention._replace(word=mention.word[mention.word.index("/") :]) for mention in found)

    @cached_property
    def pods(self) -> tuple[ComposeService, ...]:
        """The containers of the image that they run."""
        return tuple(each.service for each in self._own if not each.init)

    @property
    def before(self) -> tuple[ComposeService, ...]:
        """The containers of the image that they run before others."""
        return tuple(each.service for each in self._own if each.init)

    @cached_property
    def _own(self) -> tuple[Workload, ...]:
        return _own(self._context, tuple(self._filled_in))


def _own(context: BuildContext, manifests: Sequence[tuple[str, bytes]]) -> tuple[Workload, ...]:
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
    own = {each.image for each in found if name_of(each.image) in names}
    images = {each.image for each in found if each.image and not each.init}
    of_image = own or (images if len(images) <= 1 else set())
    # a patch of Kustomize's names no image, nor does what another template of Helm's says
    return tuple(each for each in found if each.image in of_image or (not each.image and (own or len(images) <= 1)))
