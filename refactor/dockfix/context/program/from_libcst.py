"""A LibCST tree as the ``ast`` nodes that the reading knows, for Python that this interpreter's ``ast`` cannot parse.

What the reading does not look at (patterns, types, most operators) is kept only for the expressions in it, so that no string is lost.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import libcst as cst
from libcst.metadata import CodeRange, MetadataWrapper, PositionProvider

_OPERATORS: Mapping[type[cst.CSTNode], type[ast.operator]] = {
    cst.Add: ast.Add,
    cst.Divide: ast.Div,
    cst.Modulo: ast.Mod,
    cst.Subtract: ast.Sub,
    cst.Multiply: ast.Mult,
}


def tree_of(data: bytes) -> ast.Module | None:
    """The tree of a source file; None where LibCST cannot parse it either. Never raises."""
    try:
        wrapper = MetadataWrapper(cst.parse_module(data), unsafe_skip_copy=True)
        converter = _Converter(wrapper.resolve(PositionProvider))
        return ast.Module(converter.block(wrapper.module.body), [])
    except (cst.ParserSyntaxError, ValueError, SyntaxError, RecursionError, LookupError, MemoryError):
        return None


class _Converter:
    def __init__(self, places: Mapping[cst.CSTNode, Any]) -> None:
        self.places = places
        self.makers: dict[str, Callable[[Any], ast.AST]] = {
            name.removeprefix("make_"): getattr(self, name) for name in dir(self) if name.startswith("make_")
        }

    def node(self, node: cst.CSTNode) -> Any:
        """The counterpart of a node, with its line."""
        # t-strings, which only newer LibCST knows, are read as f-strings
        maker = self.makers.get(type(node).__name__.replace("Templated", "Formatted"))
        made = maker(node) if maker else self.other(node)
        return self.placed(made, node)

    def placed(self, made: Any, node: cst.CSTNode) -> Any:
        place = self.places.get(node)
        if isinstance(made, ast.expr | ast.stmt):
            made.lineno = place.start.line if isinstance(place, CodeRange) else 1
            made.col_offset = place.start.column if isinstance(place, CodeRange) else 0
        return made

    def other(self, node: cst.CSTNode) -> ast.AST:
        """A node of no interest: the expressions or statements in it."""
        if isinstance(node, cst.BaseStatement | cst.BaseSmallStatement | cst.BaseSuite):
            made = ast.If(ast.Constant(True), [], [])
            for child in node.children:
                self.gather(child, made.body)
            return made
        return ast.Tuple([self.node(child) for child in self.expressions(node)], ast.Load())

    def gather(self, node: cst.CSTNode, into: list[ast.stmt]) -> None:
        if isinstance(node, cst.BaseSuite):
            into += self.block(node.body)
        elif isinstance(node, cst.BaseStatement | cst.BaseSmallStatement):
            into += self.block([node])
        elif isinstance(node, cst.BaseExpression):
            # not a statement of its own, which would make a docstring of a text
            into.append(ast.Expr(ast.Tuple([self.node(node)], ast.Load()), lineno=1, col_offset=0))
        else:
            for child in node.children:
                self.gather(child, into)

    def expressions(self, node: cst.CSTNode) -> Iterable[cst.CSTNode]:
        for child in node.children:
            if isinstance(child, cst.BaseExpression | cst.Arg | cst.FormattedStringExpression):
                yield child
            else:
                yield from self.expressions(child)

    def block(self, statements: Any) -> list[ast.stmt]:
        made: list[ast.stmt] = []
        for statement in statements if isinstance(statements, Sequence) else statements.body:
            if isinstance(statement, cst.SimpleStatementLine | cst.SimpleStatementSuite):
                made += [self.node(small) for small in statement.body]
            else:
                made.append(self.node(statement))
        return made

    def maybe(self, node: cst.CSTNode | None) -> Any:
        return None if node is None else self.node(node)

    def make_SimpleStatementSuite(self, node: cst.SimpleStatementSuite) -> ast.AST:  # noqa: N802
        return ast.If(ast.Constant(True), self.block(node), [])

    def make_FunctionDef(self, node: cst.FunctionDef) -> ast.AST:  # noqa: N802
        listed = node.params
        parameters = [*listed.posonly_params, *listed.params]
        defaults = [self.node(each.default) for each in parameters if each.default is not None]
        star = listed.star_arg if isinstance(listed.star_arg, cst.Param) else None
        arguments = ast.arguments(
            [],
            [self.parameter(each) for each in parameters],
            self.parameter(star) if star else None,
            [self.parameter(each) for each in listed.kwonly_params],
            [self.maybe(each.default) for each in listed.kwonly_params],
            self.parameter(listed.star_kwarg) if listed.star_kwarg else None,
            defaults,
        )
        made = ast.AsyncFunctionDef if node.asynchronous else ast.FunctionDef
        return made(
            node.name.value,
            arguments,
            self.block(node.body.body),
            [self.node(each.decorator) for each in node.decorators],
            self.annotation(node.returns),
            lineno=1,
            col_offset=0,
        )

    def parameter(self, node: cst.Param) -> ast.arg:
        return ast.arg(node.name.value, self.annotation(node.annotation))

    def annotation(self, node: cst.Annotation | None) -> Any:
        return None if node is None else self.node(node.annotation)

    def make_ClassDef(self, node: cst.ClassDef) -> ast.AST:  # noqa: N802
        keywords = [
            ast.keyword(each.keyword.value if each.keyword else None, self.node(each.value)) for each in node.keywords
        ]
        return ast.ClassDef(
            node.name.value,
            [self.node(each.value) for each in node.bases],
            keywords,
            self.block(node.body.body),
            [self.node(each.decorator) for each in node.decorators],
        )

    def make_Return(self, node: cst.Return) -> ast.AST:  # noqa: N802
        return ast.Return(self.maybe(node.value))

    def make_Expr(self, node: cst.Expr) -> ast.AST:  # noqa: N802
        return ast.Expr(self.node(node.value))

    def make_Assign(self, node: cst.Assign) -> ast.AST:  # noqa: N802
        return ast.Assign(
            [self.node(each.target) for each in node.targets], self.node(node.value), lineno=1, col_offset=0
        )

    def make_AnnAssign(self, node: cst.AnnAssign) -> ast.AST:  # noqa: N802
        return ast.AnnAssign(self.node(node.target), self.annotation(node.annotation), self.maybe(node.value), 1)

    def make_AugAssign(self, node: cst.AugAssign) -> ast.AST:  # noqa: N802
        return ast.AugAssign(self.node(node.target), ast.Add(), self.node(node.value))

    def make_For(self, node: cst.For) -> ast.AST:  # noqa: N802
        body = self.block(node.body.body) + (self.block(node.orelse.body.body) if node.orelse else [])
        return ast.For(self.node(node.target), self.node(node.iter), body, [], lineno=1, col_offset=0)

    def make_With(self, node: cst.With) -> ast.AST:  # noqa: N802
        items = [
            ast.withitem(self.node(each.item), self.node(each.asname.name) if each.asname else None)
            for each in node.items
        ]
        return ast.With(items, self.block(node.body.body), lineno=1, col_offset=0)

    def make_Import(self, node: cst.Import) -> ast.AST:  # noqa: N802
        return ast.Import(_aliases(node.names))

    def make_ImportFrom(self, node: cst.ImportFrom) -> ast.AST:  # noqa: N802
        names = [ast.alias("*")] if isinstance(node.names, cst.ImportStar) else _aliases(node.names)
        return ast.ImportFrom(_dotted(node.module) if node.module else None, names, len(node.relative))

    def make_Name(self, node: cst.Name) -> ast.AST:  # noqa: N802
        constants = {"None": None, "True": True, "False": False}
        return ast.Constant(constants[node.value]) if node.value in constants else ast.Name(node.value, ast.Load())

    def make_Integer(self, node: cst.Integer) -> ast.AST:  # noqa: N802
        return ast.Constant(int(node.value.replace("_", ""), 0))

    def make_SimpleString(self, node: cst.SimpleString) -> ast.AST:  # noqa: N802
        return ast.Constant(node.evaluated_value)

    def make_ConcatenatedString(self, node: cst.ConcatenatedString) -> ast.AST:  # noqa: N802
        sides: list[cst.CSTNode] = [node.left]
        while isinstance(node.right, cst.ConcatenatedString):  # tables are written so, hundreds of lines long
            node = node.right
            sides.append(node.left)
        merged = _merged(piece for side in (*sides, node.right) for piece in _pieces(self.node(side)))
        return merged.values[0] if len(merged.values) == 1 else merged

    def make_FormattedString(self, node: cst.FormattedString) -> ast.AST:  # noqa: N802
        raw = "r" in node.prefix.lower()
        return _merged(
            self.node(part) if hasattr(part, "expression") else self.text(part, node.quote, raw) for part in node.parts
        )

    def text(self, node: Any, quote: str, raw: bool) -> Any:
        """The literal part of an f-string, its escapes read as ``ast`` does."""
        value: str = node.value.replace("{{", "{").replace("}}", "}")
        if "\\" in value and not raw:
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    value = str(ast.literal_eval(f"{quote}{value}{quote}"))
            except (SyntaxError, ValueError):
                pass
        return self.placed(ast.Constant(value), node)

    def make_FormattedStringExpression(self, node: cst.FormattedStringExpression) -> ast.AST:  # noqa: N802
        layout = None if node.format_spec is None else _merged([self.node(part) for part in node.format_spec])
        return ast.FormattedValue(self.node(node.expression), -1, layout)

    def make_FormattedStringText(self, node: cst.FormattedStringText) -> ast.AST:  # noqa: N802
        return ast.Constant(node.value)

    def make_Attribute(self, node: cst.Attribute) -> ast.AST:  # noqa: N802
        return ast.Attribute(self.node(node.value), node.attr.value, ast.Load())

    def make_Call(self, node: cst.Call) -> ast.AST:  # noqa: N802
        plain = [
            ast.Starred(self.node(each.value), ast.Load(), lineno=1, col_offset=0)
            if each.star
            else self.node(each.value)
            for each in node.args
            if each.keyword is None and each.star != "**"
        ]
        named = [
            ast.keyword(each.keyword.value if each.keyword else None, self.node(each.value))
            for each in node.args
            if each.keyword is not None or each.star == "**"
        ]
        return ast.Call(self.node(node.func), plain, named)

    def make_Arg(self, node: cst.Arg) -> ast.AST:  # noqa: N802
        return self.node(node.value)  # type: ignore[no-any-return]

    def make_Subscript(self, node: cst.Subscript) -> ast.AST:  # noqa: N802
        plain = len(node.slice) == 1 and isinstance(node.slice[0].slice, cst.Index)
        parts = [self.node(each) for element in node.slice for each in self.expressions(element)]
        return ast.Subscript(self.node(node.value), parts[0] if plain else ast.Tuple(parts, ast.Load()), ast.Load())

    def make_BinaryOperation(self, node: cst.BinaryOperation) -> ast.AST:  # noqa: N802
        return ast.BinOp(self.node(node.left), _OPERATORS.get(type(node.operator), ast.BitXor)(), self.node(node.right))

    def make_BooleanOperation(self, node: cst.BooleanOperation) -> ast.AST:  # noqa: N802
        return ast.BoolOp(
            ast.Or() if isinstance(node.operator, cst.Or) else ast.And(), [self.node(node.left), self.node(node.right)]
        )

    def make_IfExp(self, node: cst.IfExp) -> ast.AST:  # noqa: N802
        return ast.IfExp(self.node(node.test), self.node(node.body), self.node(node.orelse))

    def make_NamedExpr(self, node: cst.NamedExpr) -> ast.AST:  # noqa: N802
        return ast.NamedExpr(self.node(node.target), self.node(node.value))

    def make_Await(self, node: cst.Await) -> ast.AST:  # noqa: N802
        return ast.Await(self.node(node.expression))

    def make_List(self, node: cst.List) -> ast.AST:  # noqa: N802
        return ast.List(self.elements(node.elements), ast.Load())

    def make_Tuple(self, node: cst.Tuple) -> ast.AST:  # noqa: N802
        return ast.Tuple(self.elements(node.elements), ast.Load())

    def elements(self, elements: Sequence[cst.BaseElement]) -> list[ast.expr]:
        return [
            ast.Starred(self.node(each.value), ast.Load(), lineno=1, col_offset=0)
            if isinstance(each, cst.StarredElement)
            else self.node(each.value)
            for each in elements
        ]

    def make_Dict(self, node: cst.Dict) -> ast.AST:  # noqa: N802
        return ast.Dict(
            [self.node(each.key) if isinstance(each, cst.DictElement) else None for each in node.elements],
            [self.node(each.value) for each in node.elements],
        )

    def make_Lambda(self, node: cst.Lambda) -> ast.AST:  # noqa: N802
        return ast.Tuple([self.node(each) for each in self.expressions(node)], ast.Load())


def _pieces(node: ast.AST) -> list[ast.AST]:
    return [*node.values] if isinstance(node, ast.JoinedStr) else [node]


def _merged(parts: Iterable[Any]) -> ast.JoinedStr:
    """An f-string whose neighbouring literal parts are one."""
    found: list[Any] = []
    for part in parts:
        last = found[-1] if found else None
        if isinstance(part, ast.Constant) and isinstance(last, ast.Constant) and type(last.value) is type(part.value):
            found[-1] = ast.copy_location(ast.Constant(found[-1].value + part.value), last)
        else:
            found.append(part)
    return ast.JoinedStr(found)


def _aliases(names: Sequence[cst.ImportAlias]) -> list[ast.alias]:
    return [
        ast.alias(
            _dotted(each.name),
            each.asname.name.value if each.asname and isinstance(each.asname.name, cst.Name) else None,
        )
        for each in names
    ]


def _dotted(node: cst.BaseExpression) -> str:
    if isinstance(node, cst.Attribute):
        return f"{_dotted(node.value)}.{node.attr.value}"
    return node.value if isinstance(node, cst.Name) else ""
