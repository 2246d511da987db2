"""Properties that are worked out once."""

from __future__ import annotations

import threading
from typing import Any

from dockfix.lazy import cached_property


class Node:
    """``one`` and ``two`` wait for each other's start, and then ask another node."""

    def __init__(self, other: Node | None, meet: threading.Barrier | None) -> None:
        self.other, self.meet, self.counted = other, meet, 0

    @cached_property
    def one(self) -> str:
        self.counted += 1
        return self._after("two")

    @cached_property
    def two(self) -> str:
        self.counted += 1
        return self._after("one")

    def _after(self, name: str) -> str:
        if self.meet is None or self.other is None:
            return "end"
        self.meet.wait(5)
        found: str = getattr(self.other, name)
        return found


def test_it_is_worked_out_once() -> None:
    node = Node(None, None)
    assert (node.one, node.one, node.counted) == ("end", "end", 1)
    assert isinstance(Node.one, cached_property)


def test_threads_that_ask_for_each_others_do_not_stand_still() -> None:
    meet = threading.Barrier(2)
    nodes = [Node(Node(None, None), meet), Node(Node(None, None), meet)]
    answers: list[Any] = []
    threads = [
        threading.Thread(target=lambda node=node, name=name: answers.append(getattr(node, name)), daemon=True)
        for node, name in zip(nodes, ("one", "two"), strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert answers == ["end", "end"]
