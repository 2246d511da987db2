"""The lossless Dockerfile tree: parse, nodes, print; heredocs, directives; words and values."""

from __future__ import annotations

from dockfix.syntax.edit import part_heredocs, replace_nodes, snippet
from dockfix.syntax.encoding import decode, encode
from dockfix.syntax.evaluate import ImageRef, expand, image, pairs
from dockfix.syntax.heredoc import Heredoc
from dockfix.syntax.nodes import Blank, Comment, Directive, Dockerfile, Flag, Instruction, Logical, Node
from dockfix.syntax.parser import parse, reading
from dockfix.syntax.problems import Problem, problems
from dockfix.syntax.templates import template_sign

__all__ = [
    "Blank",
    "Comment",
    "Directive",
    "Dockerfile",
    "Flag",
    "Heredoc",
    "ImageRef",
    "Instruction",
    "Logical",
    "Node",
    "Problem",
    "decode",
    "encode",
    "expand",
    "image",
    "pairs",
    "parse",
    "part_heredocs",
    "problems",
    "reading",
    "replace_nodes",
    "snippet",
    "template_sign",
]
