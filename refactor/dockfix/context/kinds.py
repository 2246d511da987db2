"""What kind of file one of the build context is, by its name, its size and how it starts."""

from __future__ import annotations

from dockfix.context.scripts import is_shell_script
from dockfix.lazy import regex
from dockfix.syntax import decode

MAX_FILE = 1 << 20
MAX_LOCK = 8 << 20  # of some hundred packages with all their files
HEAD = 8 << 10
_LINE = 256  # bytes in which a #! line ends: Linux reads no more of it
# Assets and compiled files, in which there is nothing to find
_ASSET = regex(
    r"(?i).*\.(?:png|jpe?g|gif|bmp|ico|webp|avif|tiff?|svg|psd|woff2?|ttf|otf|eot|mp[34]|m4a|avi|mov|webm|wav|ogg|flac|pdf"
    r"|zip|gz|bz2|xz|zst|tar|tgz|7z|rar|whl|egg|jar|war|deb|rpm|py[cod]|so(?:\.\d+)*|dylib|dll|a|o|exe|class|pth?|onnx|h5|hdf5"
    r"|pkl|pickle|joblib|np[yz]|parquet|feather|arrow|safetensors|gguf|tflite|pb|db|sqlite3?|mo|map|docx?|xlsx?|pptx?"
    r"|min\.(?:js|css))"
)
# Data that is often large and that no program is written in
_DATA = regex(
    r"(?i).*\.(?:csv|tsv|json|jsonl|ndjson|geojson|xml|html?|css|s[ac]ss|[cm]?[jt]sx?|vue|lock|md|rst|txt|sql"
    r"|log|po|pot|ipynb|ya?ml|dat|data|dic|vocab|model)"
)
_PYTHON = regex(r"(?i).*\.py[wx]?")
_ENTRYPOINT = regex(r"(?i)(?:.*/)?(?:docker-)?entrypoint[^./]*")
_RUNS = regex(
    r"(?i)(?:.*/)?(?:Procfile[^/]*|cron(?:tab)?(?![^/]*\.[cm]?[jt]sx?\Z)(?:[._-][^/]*)?|[^/]+\.(?:conf|ini|cfg|service|cron))"
)
# Settings of development tools: their commands are not the program's
_TOOL_SETTINGS = regex(
    r"(?i)(?:.*/)?(?:setup\.cfg|tox\.ini|pytest\.ini|mypy\.ini|pylintrc.*|pyvenv\.cfg|alembic\.ini"
    r"|\.bumpversion\.cfg|versioneer\.cfg|.*\.(?:md|json))"
)
_LOCK = regex(
    r"(?:.*/)?(?:[^/]+\.lock|pylock(?:\.[^./]+)?\.toml|package-lock\.json|npm-shrinkwrap\.json|pnpm-lock\.yaml)"
)
_PYTHON_LINE = regex(rb"#!.*\bpython")


def most_of(name: str) -> int:
    """The bytes up to which a file is read, by its name: locks are longer than what people write."""
    return MAX_LOCK if _LOCK.fullmatch(name) else MAX_FILE


def passed_over(name: str, size: int) -> bool:
    """Whether a file, by its name and size, is one of those in which there is nothing to find."""
    return _ASSET.fullmatch(name) is not None or (size > MAX_FILE and _DATA.fullmatch(name) is not None)


def is_text(data: bytes) -> bool:
    """Whether a file's bytes look like text."""
    return b"\0" not in data[:HEAD]


def is_python(name: str, data: bytes) -> bool:
    """Whether a file is Python source, by its name or first line."""
    return _PYTHON.fullmatch(name) is not None or _PYTHON_LINE.match(data) is not None


def is_shell(name: str, data: bytes) -> bool:
    """Whether a file is a shell script, by the end of its name or its ``#!`` line."""
    return is_shell_script(name, decode(data[:_LINE]) if data.startswith(b"#!") else "")


def is_script(name: str, data: bytes) -> bool:
    """Whether a file is a shell script, or one in which a process manager or cron finds its commands."""
    return _PYTHON.fullmatch(name) is None and (
        is_shell(name, data)
        or _ENTRYPOINT.fullmatch(name) is not None
        or (_RUNS.fullmatch(name) is not None and _TOOL_SETTINGS.fullmatch(name) is None)
    )
