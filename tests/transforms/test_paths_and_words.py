"""That what looks for paths and words without an expression finds what the expression found."""

from __future__ import annotations

import posixpath
import re

from hypothesis import given
from hypothesis import strategies as st

from dockfix.facts.paths import _Folders
from dockfix.model.effects import within
from dockfix_transforms._ignore_names import stands_in

PATHS = st.lists(st.sampled_from(["a", "b", "a b", "", ".", ".."]), max_size=4).map(lambda parts: "/" + "/".join(parts))


@given(PATHS, st.lists(PATHS, max_size=4))
def test_a_path_is_in_folders_where_it_is_within_one_of_them(path: str, folders: list[str]) -> None:
    assert (path in _Folders(folders)) == any(within(posixpath.normpath(path), folder) for folder in folders)


@given(st.text(alphabet="ab-_. é\n", min_size=1, max_size=3), st.text(alphabet="ab-_. é\n", max_size=12))
def test_a_word_stands_where_nothing_of_a_word_is_beside_it(word: str, text: str) -> None:
    assert stands_in(word, text) == bool(re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text))
