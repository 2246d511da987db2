"""The grammars that tree-sitter reads by, each a package of its own."""

from __future__ import annotations

from functools import cache
from importlib.machinery import PathFinder
from importlib.util import find_spec, module_from_spec
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Language


@cache
def language(package: str, name: str = "language") -> Language:
    """The grammar of this name in a package such as tree_sitter_bash."""
    import tree_sitter

    return tree_sitter.Language(getattr(_binding(package), name)())


def _binding(package: str) -> ModuleType:
    """The extension module of a package, without the package around it.

    That imports what reads files of packages, and by it what compresses them and makes temporary folders: as long as reading a
    Dockerfile takes.
    """
    around = find_spec(package)
    found = around and PathFinder.find_spec(f"{package}._binding", around.submodule_search_locations)
    if not found or found.loader is None:
        raise ModuleNotFoundError(f"No module named '{package}._binding'", name=package)
    module = module_from_spec(found)
    found.loader.exec_module(module)
    return module
