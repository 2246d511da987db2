from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dockfix.syntax import decode, encode
from dockfix.syntax.shell import parse_script


@given(st.binary(max_size=40))
def test_no_byte_is_lost(data: bytes) -> None:
    assert encode(decode(data)) == data


@given(st.text(st.one_of(st.characters(), st.sampled_from("\ud800\udc7f\udc80\udcff\udd00")), max_size=20))
def test_any_text_has_bytes(text: str) -> None:
    assert encode(text) == b"".join(map(encode, text))


def test_surrogates_that_no_file_gives() -> None:
    assert encode("\udcff") == b"\xff"
    assert encode("\ud800\udcff") == b"\xed\xa0\x80\xff"


def test_offsets_of_commands_behind_any_character() -> None:
    text = "echo é\ud800\udcff && rm x"
    assert [text[each.start : each.end] for each in parse_script(text).commands] == ["echo é\ud800\udcff", "rm x"]
