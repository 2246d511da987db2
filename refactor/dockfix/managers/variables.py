"""What programs that fetch and build read because a variable names it."""

from __future__ import annotations

import re

from dockfix.lazy import regex
from dockfix.model.state import State

# Variables whose paths pip, uv, git, ssh, TLS, a compiler or what drives one read
_PATH_SETTINGS = regex(
    r"PIP_|UV_(?!CACHE_|PROJECT_ENVIRONMENT|PYTHON|TOOL_|INSTALL_)|SSL_|REQUESTS_|CURL_|NETRC$|GIT_|SSH_|(?:C|CPP|CXX|LD)FLAGS$"
    r"|.*LIBRARY_PATH$|C_INCLUDE_PATH$|CPATH$|PKG_CONFIG|(?:CC|CXX|CPP|LD|AR|FC|RUSTC)$|CMAKE_|CARGO_|RUSTUP_"
)
# Those of them that nothing else than a compiler or what drives one reads
_OF_COMPILERS = regex(
    r"(?:C|CPP|CXX|F|FC|LD)FLAGS|LIBRARY_PATH|(?:C|CPLUS|OBJC|OBJCPLUS)_INCLUDE_PATH|CPATH|PKG_CONFIG(?:_PATH|_LIBDIR)?|CMAKE_(?:PREFIX|LIBRARY|INCLUDE|MODULE)_PATH"
)


def is_of_compilers(variable: str) -> bool:
    """Whether only a compiler, a linker or what drives one reads a variable."""
    return _OF_COMPILERS.fullmatch(variable) is not None


def named_paths(state: State) -> tuple[str, ...]:
    """The paths in the variables that such programs read."""
    values = (value for name, value in state.variables.items() if _PATH_SETTINGS.match(name))
    return tuple(path for value in values for path in re.findall(r"(?<![\w.:/-])/[\w.@+/-]+", value))
