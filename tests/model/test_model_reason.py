"""Values that say why, and what is altered on purpose."""

from __future__ import annotations

import pickle

import pytest

from dockfix.model.reason import Declared


@pytest.mark.parametrize(
    ("declared", "shown", "source"),
    [
        (Declared("USER"), "USER", 'Declared("USER")'),
        (Declared("ENV", "PATH"), "ENV PATH", 'Declared("ENV", "PATH")'),
        (Declared("RUN", 'echo "x"'), 'RUN echo "x"', 'Declared("RUN", "echo \\"x\\"")'),
        (Declared("PACKAGE", "gcc", ("a", "b")), "PACKAGE gcc", 'Declared("PACKAGE", "gcc", instead=("a", "b",))'),
    ],
)
def test_a_declaration_is_shown_as_a_dockerfile_and_as_a_transform_write_it(
    declared: Declared, shown: str, source: str
) -> None:
    assert str(declared) == shown
    assert declared.source == source
    assert eval(source) == declared
    assert pickle.loads(pickle.dumps(declared)) == declared
