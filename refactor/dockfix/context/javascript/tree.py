"""Source files as trees: tree-sitter's grammars, asked with queries, so that only the nodes of interest come to Python."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Literal

from dockfix.lazy import regex
from dockfix.namedtuple import NamedTuple
from dockfix.syntax.languages import language

if TYPE_CHECKING:
    from tree_sitter import Language, Node, Query

Grammar = Literal["javascript", "typescript", "tsx"]
SOURCES = (".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx")
_GRAMMARS: Mapping[str, Grammar] = {".ts": "typescript", ".mts": "typescript", ".cts": "typescript", ".tsx": "tsx"}
_MAX_LINE = 5_000
_LONG_LINES = 500  # bytes of a line, on average, that nobody writes
_VENDORED = regex(
    r"(?i)(?:.*/)?(?:node_modules|bower_components|vendor|third[_-]?party|\.next|\.nuxt|\.output|\.yarn)/.*|.*[.-]min\.[cm]?js"
)
_DECLARED = regex(r"(?i).*\.d\.[cm]?ts")
_DEVELOPMENT = regex(
    r"(?i)(?:.*/)?(?:\.[^/]+|__tests__|__mocks__|tests?|specs?|(?:[\w.-]+-)?e2e|cypress|playwright|stories|\.storybook|fixtures|mocks|examples?|docs?|coverage)/.*"
    r"|(?:.*/)?[^/]+[.-](?:test|spec|stories|e2e|cy|bench)\.[cm]?[jt]sx?"
    r"|(?:.*/)?(?:jest|vitest|karma|cypress|playwright|eslint|prettier|commitlint|babel|webpack|rollup|tsup|postcss|tailwind|vite"
    r"|lint-staged|\.eslintrc|\.prettierrc|gulpfile|gruntfile)\.?(?:config)?[^/]*\.[cm]?[jt]s"
)
_QUERY = """
(import_statement) @import
(export_statement) @export
(call_expression) @call
(new_expression) @new
(variable_declarator) @variable
(function_declaration name: (identifier) @function)
(class_declaration) @class
(assignment_expression) @assignment
(augmented_assignment_expression) @assignment
(decorator) @decorator
"""
_FUNCTIONS = frozenset(
    {
        "function_declaration",
        "function_expression",
        "function",
        "arrow_function",
        "method_definition",
        "generator_function_declaration",
        "generator_function",
    }
)


def is_source(name: str) -> bool:
    """Whether a file is JavaScript or TypeScript by its name."""
    return name.endswith(SOURCES) and _DECLARED.fullmatch(name) is None


def is_vendored(name: str) -> bool:
    """Whether a file, by its name, is not the project's own code."""
    return _VENDORED.fullmatch(name) is not None


def is_development(name: str) -> bool:
    """Whether a file, by its name, holds tests or examples, or sets up a tool that only builds."""
    return _DEVELOPMENT.fullmatch(name) is not None


def is_minified(text: bytes) -> bool:
    """Whether a file was made by a program that joins or shortens code, by its lines."""
    if len(text) < _MAX_LINE:
        return False
    lines = text.count(b"\n") + 1
    return len(text) / lines > _LONG_LINES or (b"__webpack_require__" in text and b"sourceMappingURL" in text[-300:])


def _language(grammar: Grammar) -> Language:
    if grammar == "javascript":
        return language("tree_sitter_javascript")
    return language("tree_sitter_typescript", f"language_{grammar}")


@cache
def _query(grammar: Grammar) -> Query:
    import tree_sitter

    return tree_sitter.Query(_language(grammar), _QUERY)


def grammar_of(name: str) -> Grammar:
    """The grammar of a file, by its name."""
    ending = re.search(r"\.[cm]?[jt]sx?$", name)
    return _GRAMMARS.get(ending[0], "javascript") if ending else "javascript"


class Parsed(NamedTuple):
    """A file's tree, and the grammar that it follows. A part that does not fit the grammar is an ERROR in the tree."""

    root: Node
    grammar: Grammar


def parse(name: str, text: bytes) -> Parsed:
    """The tree of a file's text, by the grammar of its name or else by one that takes it."""
    own = grammar_of(name)
    found = _tree(own, text)
    if found.root.has_error and b"`" in text and own != "javascript":
        text = _without_types_of_templates(found.root, text)
        found = _tree(own, text)
    # JavaScript's grammar knows neither an attribute of JSX with the name of a keyword (class, for) nor types: TypeScript's does
    for grammar in (own, "tsx") if own == "javascript" else (own,):
        if found.root.has_error and grammar != own:
            found = _tree(grammar, text)
        if found.root.has_error and b"&" in text and grammar != "typescript":
            found = _tree(grammar, _plain_texts(grammar, text))
    return found


def _tree(grammar: Grammar, text: bytes) -> Parsed:
    import tree_sitter

    return Parsed(tree_sitter.Parser(_language(grammar)).parse(text).root_node, grammar)


def _without_types_of_templates(root: Node, text: bytes) -> bytes:
    """A file with blanks for the types that a tagged template is given: ``$queryRaw<Part[]>`…` ``, which the grammars do not know.

    They miss an exclamation mark there.
    """
    plain = bytearray(text)
    rest = [root]
    while rest:
        node = rest.pop()
        if node.type == "non_null_expression" and node.children[-1].is_missing:
            for types in (each for each in node.children[0].children[-1:] if each.type == "type_arguments"):
                plain[types.start_byte : types.end_byte] = re.sub(
                    rb"[^\n]", b" ", text[types.start_byte : types.end_byte]
                )
        rest += node.children
    return bytes(plain)


def _plain_texts(grammar: Grammar, text: bytes) -> bytes:
    """A file with another sign for each "&" between tags, where the grammars do not know that it may stand by itself."""
    plain = bytearray(text)
    root = _tree(grammar, text.replace(b"&", b"|")).root  # as good an operator, so that all else is what it was
    rest = [root] if not root.has_error else []
    while rest:
        node = rest.pop()
        if node.type == "jsx_text":
            plain[node.start_byte : node.end_byte] = text[node.start_byte : node.end_byte].replace(b"&", b"|")
        rest += node.children
    return bytes(plain)


def captures(parsed: Parsed) -> dict[str, list[Node]]:
    """The nodes of interest by kind, each list in the order of the text."""
    import tree_sitter

    found = tree_sitter.QueryCursor(_query(parsed.grammar)).captures(parsed.root)
    return {kind: sorted(nodes, key=_start) for kind, nodes in found.items()}


def _start(node: Node) -> tuple[int, int]:
    return node.start_byte, -node.end_byte


def text_of(node: Node | None) -> str:
    """The text of a node, "" for none."""
    return node.text.decode("utf-8", "replace") if node is not None and node.text is not None else ""


def line_of(node: Node) -> int:
    """The 1-based line on which a node starts."""
    return node.start_point[0] + 1


def named(node: Node | None) -> list[Node]:
    """The children of a node that say something, comments left out."""
    return [child for child in node.children if child.is_named and child.type != "comment"] if node is not None else []


def base_of(called: Node | None) -> Node | None:
    """The identifier that what is called starts with: ``a`` of ``a.b().c``; None where it starts with something else."""
    while called is not None and called.type in {"member_expression", "call_expression", "new_expression"}:
        called = (
            called.child_by_field_name("object")
            or called.child_by_field_name("function")
            or called.child_by_field_name("constructor")
        )
    return called if called is not None and called.type == "identifier" else None


def arguments_of(node: Node) -> list[Node]:
    """The arguments of a call or of the making of an object."""
    given = node.child_by_field_name("arguments")
    return named(given) if given is not None and given.type == "arguments" else []


def is_function(node: Node) -> bool:
    """Whether a node is a function of any form."""
    return node.type in _FUNCTIONS


def ancestors(node: Node) -> Iterator[Node]:
    """The nodes around a node, from the innermost."""
    above = node.parent
    while above is not None:
        yield above
        above = above.parent


def parameters(function: Node) -> list[tuple[str, Node | None]]:
    """The names of a function's parameters, "" for a pattern, each with its default."""
    single = function.child_by_field_name("parameter")
    if single is not None:
        return [(text_of(single), None)]
    found: list[tuple[str, Node | None]] = []
    for each in named(function.child_by_field_name("parameters")):
        name, default = each, None
        if each.type in {"required_parameter", "optional_parameter"}:
            name = each.child_by_field_name("pattern") or each
            default = each.child_by_field_name("value")
        elif each.type == "assignment_pattern":
            name = each.child_by_field_name("left") or each
            default = each.child_by_field_name("right")
        found.append((text_of(name) if name.type == "identifier" else "", default))
    return found


_ESCAPE = regex(r"(?s)\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|u\{([0-9a-fA-F]{1,6})\}|\r?\n|(.))")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0"}


def string_of(node: Node | None) -> str | None:
    """The value of a string, or of a template with nothing filled in; None for anything else."""
    if node is None:
        return None
    if node.type == "string" or (
        node.type == "template_string" and not any(child.type == "template_substitution" for child in node.children)
    ):
        return unescaped(text_of(node)[1:-1])
    return None


def unescaped(text: str) -> str:
    """What stands between quotes, as the program has it."""

    def replace(match: re.Match[str]) -> str:
        code = match[1] or match[2] or match[3]
        if code:
            number = int(code, 16)
            return chr(number) if number < 0x110000 else "?"
        return _ESCAPES.get(match[4], match[4]) if match[4] else ""

    return _ESCAPE.sub(replace, text) if "\\" in text else text


def field(node: Node, name: str) -> Node | None:
    """The value of a property of an object literal; None where it has none of this name."""
    for child in named(node):
        if child.type == "pair" and key_of(child.child_by_field_name("key")) == name:
            return child.child_by_field_name("value")
        if child.type == "shorthand_property_identifier" and text_of(child) == name:
            return child
        if child.type == "method_definition" and key_of(child.child_by_field_name("name")) == name:
            return child
    return None


def key_of(node: Node | None) -> str:
    """The name of a property; "" for one that is worked out."""
    if node is None or node.type == "computed_property_name":
        return ""
    return string_of(node) if node.type == "string" else text_of(node)  # type: ignore[return-value]  # a string has a value
