"""What files that a COPY brings tell the managers that work beside them."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping

from dockfix.context.build_context import BuildContext
from dockfix.managers.protocol import LanguageManager
from dockfix.managers.registry import language_managers
from dockfix.model.stages import Copy, ToldBy
from dockfix.model.state import State
from dockfix.syntax import Dockerfile


def told_in_files(tree: Dockerfile, context: BuildContext) -> ToldBy | None:
    """What a COPY tells managers, None where the tree calls none of those that files of their own tell something."""
    texts = [node.text for node in tree.instructions if node.keyword == "RUN"]
    called = [each for each in language_managers() if each.settings_file and any(each.id in text for text in texts)]
    if not called:
        return None

    def told_by(copy: Copy, state: State) -> Mapping[tuple[str, str], str | None]:
        return dict(_told(copy, state, called, context))

    return told_by


def _told(
    copy: Copy, state: State, managers: list[LanguageManager], context: BuildContext
) -> Iterator[tuple[tuple[str, str], str]]:
    """What the files say that come to lie in the working directory, where the project is taken to be."""
    if copy.origin is not None or copy.inline or copy.target != state.workdir:
        return
    for manager in managers:
        for source in copy.sources:
            name = posixpath.normpath(source.lstrip("/") or ".")
            if posixpath.basename(name) != manager.settings_file:
                name = posixpath.normpath(posixpath.join(name, manager.settings_file))
            text = context.read(name) if name in context.copied((source,), context.ignore).files else None
            yield from (((manager.id, key), value) for key, value in manager.told(text or "").items())
