from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from dockfix.syntax.shell import parse_script


def names(text: str) -> list[str | None]:
    return [command.name if command.simple else "?" for command in parse_script(text).commands]


def test_lists_are_cut_and_everything_else_is_one_piece() -> None:
    assert names("a x && b y && c") == ["a", "b", "c"]
    assert names("a; b && c") == ["a", "b", "c"]
    assert names("a || b && c") == ["?", "c"]
    assert names("a | b && c") == ["?", "c"]
    assert names("if x; then y; fi; z") == ["?", "z"]
    assert names("(a; b) && c") == ["?", "c"]
    assert names("a & b") == ["?"]
    assert names("for x in 1 2; do y; done") == ["?"]


def test_lines_of_a_heredoc_script_are_cut() -> None:
    script = parse_script("set -e\n# why\napt-get update\npip install x\n")
    assert [command.text for command in script.commands] == ["set -e", "apt-get update", "pip install x"]
    assert [command.separator for command in script.commands] == ["", "\n", "\n"]


def test_a_redirection_belongs_to_the_last_command_of_a_list() -> None:
    first, last = parse_script("cd /a && echo hi > /etc/x").commands
    assert not first.redirects
    assert [redirect.target.value for redirect in last.redirects if redirect.target] == ["/etc/x"]


def test_a_pipeline_of_simple_commands_has_parts() -> None:
    (piece,) = parse_script("curl -f x 2>/dev/null | gpg --dearmor > y").commands
    assert not piece.simple
    assert [(part.name, len(part.args), part.separator) for part in piece.parts] == [("curl", 2, ""), ("gpg", 1, "|")]
    assert [[redirect.operator for redirect in part.redirects] for part in piece.parts] == [[">"], [">"]]
    for other in ("a | { b; }", "a | b || c", "(a | b)", "a |& b"):
        assert not any(command.parts for command in parse_script(other).commands)


def test_words_have_values_where_the_shell_expands_nothing() -> None:
    (command,) = parse_script("""A=1 x 'a b' "c" d\\ e $F "g$H" `i`""").commands
    assert [word.value for word in command.words] == ["x", "a b", "c", "d e", None, None, None]
    assert command.assignments[0][0] == "A"


def test_offsets_count_characters_not_bytes() -> None:
    text = "echo 안녕 && pip install '가'"
    for command in parse_script(text).commands:
        assert text[command.start : command.end] == command.text
        for word in command.words:
            assert text[word.start : word.end] == word.text


@settings(deadline=None, max_examples=200)
@given(st.text(alphabet=st.sampled_from("ab &|;<>()'\"$`{}\\\n#=-é\udc80"), max_size=40))
def test_any_text_is_cut_without_overlap(text: str) -> None:
    position = 0
    for command in parse_script(text).commands:
        assert position <= command.start <= command.end <= len(text)
        assert text[command.start : command.end] == command.text
        position = command.end
