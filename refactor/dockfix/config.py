"""What flags, the environment and the nearest configuration file ask for, per Dockerfile."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from dockfix.batch.rules import Rules, compiles
from dockfix.namedtuple import NamedTuple

if TYPE_CHECKING:
    from dockfix.engine import Settings

FILES = ("dockfix.toml", "pyproject.toml")  # in one folder, the first one wins
KEYS = ("select", "ignore", "unsafe", "exclude", "context", "extend", "per-file-ignores", "verify", "knowledge")


class ConfigError(Exception):
    """A configuration file or an option that cannot be used: where (line and column may be 0), what, and a hint."""

    def __init__(self, source: str, message: str, hint: str = "", line: int = 0, column: int = 0) -> None:
        super().__init__(message)
        self.source, self.message, self.hint, self.line, self.column = source, message, hint, line, column


class Config(NamedTuple):
    """One configuration file with those that it extends; the defaults where there is none."""

    select: frozenset[str] | None = None
    ignore: frozenset[str] = frozenset()
    unsafe: bool = False
    exclude: tuple[Rules, ...] = ()
    context: Path | None = None
    per_file_ignores: tuple[tuple[Rules, frozenset[str]], ...] = ()
    options: Mapping[str, object] = MappingProxyType({})  # "multi-stage.always": True
    verify: Mapping[str, object] = MappingProxyType({})
    knowledge: str | None = None  # an absolute path, "" for none at all, None for the user's own


class Flags(NamedTuple):
    """What the command line and the environment say; None and empty mean that they say nothing."""

    select: frozenset[str] | None = None
    ignore: frozenset[str] = frozenset()
    unsafe: bool | None = None
    exclude: tuple[str, ...] = ()
    context: Path | None = None
    options: Mapping[str, object] = MappingProxyType({})


class Configs:
    """The configuration of each folder, found upwards from it, read once."""

    def __init__(self) -> None:
        self._by_folder: dict[Path, Config] = {}

    def of(self, folder: Path) -> Config:
        """The nearest configuration of an absolute folder. Raises ConfigError."""
        if folder not in self._by_folder:
            own = _own(folder)
            if own is None:
                own = Config() if folder == folder.parent else self.of(folder.parent)
            self._by_folder[folder] = own
        return self._by_folder[folder]


def settings(flags: Flags, config: Config, path: Path) -> tuple[Settings, Path | None]:
    """What the engine is told for the Dockerfile at an absolute path: its settings and the build context.

    ``--select`` takes the place of the file's ``select`` and lifts its ``ignore`` for those ids; ``--ignore`` adds to
    it.
    """
    from dockfix.engine import Settings

    select = config.select if flags.select is None else flags.select
    ignore = config.ignore - (flags.select or frozenset()) | flags.ignore
    for rules, ids in config.per_file_ignores:
        if rules.cover(path):
            ignore |= ids
    unsafe = config.unsafe if flags.unsafe is None else flags.unsafe
    options = {**config.options, **flags.options}
    return Settings(select, ignore, unsafe, options, knowledge=knowledge(config)), flags.context or config.context


def knowledge(config: Config) -> str:
    """The absolute path of the file with what images were seen to hold, "" for none: the user's own lies in the folder for caches."""
    if config.knowledge is not None:
        return config.knowledge
    folder = os.environ.get("XDG_CACHE_HOME", "")
    try:
        cache = Path(folder) if folder.startswith("/") else Path.home() / ".cache"
    except RuntimeError:  # there is no home
        return ""
    return str(cache / "dockfix" / "knowledge.toml")


def known_ids() -> frozenset[str]:
    """The ids of all transforms."""
    from dockfix.engine import registry

    return frozenset(registry.ids())


def ids(names: Iterable[str], source: str) -> frozenset[str]:
    """Check ids of transforms. Raises ConfigError, which names ``source``, the unknown id and the nearest known one."""
    asked = frozenset(names)
    known = known_ids() if asked else frozenset()
    for name in sorted(asked - known):
        raise ConfigError(source, f"unknown transform {name!r}", nearest(name, known) or "dockfix list shows all")
    return asked


def nearest(name: str, known: Iterable[str]) -> str:
    """A hint with the known name that looks most like ``name``; "" where none does."""
    import difflib

    close = difflib.get_close_matches(name.lower(), sorted(known), 1)
    return f"did you mean {close[0]!r}?" if close else ""


def patterns(lines: tuple[str, ...], source: str) -> tuple[str, ...]:
    """Check patterns in the language of .gitignore. Raises ConfigError."""
    for line in lines:
        if not compiles(line):
            raise ConfigError(source, f"{line!r} is not a pattern", "patterns are written as in .gitignore")
    return lines


def option(text: str, source: str) -> tuple[str, object]:
    """``multi-stage.always=true`` as a key and a value: a TOML value, or else plain text. Raises ConfigError."""
    key, equals, value = text.partition("=")
    transform, dot, name = key.strip().partition(".")
    if not (equals and dot and name):
        hint = "write it as TRANSFORM.KEY=VALUE: multi-stage.always=true"
        raise ConfigError(source, f"{text!r} is not a setting", hint)
    ids([transform], source)
    return key.strip(), _checked(key.strip(), _value(value.strip()), source)


def _checked(key: str, value: object, source: str) -> object:
    """The value of a transform's setting as the transform takes it. Raises ConfigError."""
    from dockfix.engine import registry
    from dockfix.engine.options import OptionError

    known = registry.options()
    transform, _, name = key.partition(".")
    if key not in known:
        names = [each.partition(".")[2] for each in known if each.startswith(f"{transform}.")]
        hint = nearest(name, names) or (f"it has {', '.join(sorted(names))}" if names else "it has no settings")
        raise ConfigError(source, f"unknown key {name!r} for {transform}", hint)
    try:
        return known[key].read(value)
    except OptionError as error:
        raise ConfigError(source, str(error)) from error


def _value(text: str) -> object:
    import tomllib

    try:
        table = tomllib.loads(f"value = {text}")
    except tomllib.TOMLDecodeError:
        return text
    return table["value"] if len(table) == 1 else text


def _own(folder: Path) -> Config | None:
    for name in FILES:
        file = folder / name
        if file.is_file():
            table = _table(file)
            if table is not None:
                return _config(file, table, ())
    return None


def _table(file: Path) -> dict[str, object] | None:
    """The settings in a file; None for a ``pyproject.toml`` without a table for dockfix."""
    import tomllib

    project = file.name == "pyproject.toml"
    try:
        data = file.read_bytes()
        if project and b"dockfix" not in data:  # so that other tools' files cost little, and their faults nothing
            return None
        table: object = tomllib.loads(data.decode("utf-8-sig"))
    except OSError as error:
        raise ConfigError(str(file), (error.strerror or str(error)).lower()) from error
    except UnicodeDecodeError as error:
        raise ConfigError(str(file), "the file is not UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise _not_toml(file, error) from error
    for key in ("tool", "dockfix") if project else ():
        table = table.get(key) if isinstance(table, dict) else None
    if table is None or isinstance(table, dict):
        return table
    raise ConfigError(str(file), "tool.dockfix must be a table")


def _not_toml(file: Path, error: ValueError) -> ConfigError:
    message = str(error)
    found = re.fullmatch(r"(.*) \(at line (\d+), column (\d+)\)", message, re.DOTALL)
    message, line, column = (found[1], int(found[2]), int(found[3])) if found else (message, 0, 0)
    return ConfigError(str(file), f"not valid TOML: {message[:1].lower()}{message[1:]}", "", line, column)


def _config(file: Path, table: dict[str, object], chain: tuple[Path, ...]) -> Config:
    base = _extended(file, table, chain)
    root = file.parent
    values: dict[str, object] = {}
    options = dict(base.options)
    for key, value in table.items():
        match key:
            case "select" | "ignore":
                values[key] = ids(_texts(file, key, value), str(file))
            case "unsafe":
                if not isinstance(value, bool):
                    raise ConfigError(str(file), "unsafe must be true or false")
                values[key] = value
            case "exclude":
                values[key] = (Rules(root, patterns(_texts(file, key, value), str(file))),)
            case "context":
                values[key] = _context(file, value)
            case "per-file-ignores":
                values["per_file_ignores"] = tuple(_per_file(file, value))
            case "knowledge":
                if not isinstance(value, str):
                    raise ConfigError(str(file), "knowledge must be the path of a file", "it is relative to this file")
                values[key] = str(root / Path(value).expanduser()) if value else ""
            case "verify":
                values["verify"] = {**base.verify, **_verify(file, value)}
            case "extend":
                pass
            case _:
                options.update(_options(file, key, value))
    return base._replace(**values, options=options)  # type: ignore[arg-type]  # checked above, key by key


def _extended(file: Path, table: dict[str, object], chain: tuple[Path, ...]) -> Config:
    if "extend" not in table:
        return Config()
    name = table["extend"]
    if not isinstance(name, str):
        raise ConfigError(str(file), "extend must be the path of a configuration file")
    base = (file.parent / Path(name).expanduser()).resolve()
    if base in (*chain, file.resolve()):
        raise ConfigError(str(file), f"extend leads back to {base}")
    if not base.is_file():
        raise ConfigError(str(file), f"extend names {name!r}, which is not a file")
    return _config(base, _table(base) or {}, (*chain, file.resolve()))


def _texts(file: Path, key: str, value: object) -> tuple[str, ...]:
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    raise ConfigError(str(file), f"{key} must be a list of texts", f'for instance {key} = ["non-root"]')


def _context(file: Path, value: object) -> Path:
    folder = file.parent / value if isinstance(value, str) else None
    if folder is None or not folder.is_dir():
        hint = "it is relative to this configuration file"
        raise ConfigError(str(file), "context must be the path of a folder", hint)
    return folder


def _per_file(file: Path, value: object) -> Iterable[tuple[Rules, frozenset[str]]]:
    if not isinstance(value, dict):
        raise ConfigError(str(file), "per-file-ignores must be a table", '["legacy/*" = ["non-root"]]')
    for pattern, names in value.items():
        rules = Rules(file.parent, patterns((pattern,), str(file)))
        yield rules, ids(_texts(file, f"per-file-ignores {pattern!r}", names), str(file))


def _verify(file: Path, value: object) -> dict[str, object]:
    from dockfix.verify.settings import VerifySettingError, check_table

    if not isinstance(value, dict):
        raise ConfigError(str(file), "verify must be a table")
    try:
        check_table(value)
    except VerifySettingError as error:
        raise ConfigError(str(file), error.message, error.hint) from error
    return value


def _options(file: Path, key: str, value: object) -> dict[str, object]:
    """The table of one transform. Any other key is an error."""
    known = known_ids()
    if key not in known:
        hint = nearest(key, known.union(KEYS)) or f"the keys are {', '.join(KEYS)}"
        raise ConfigError(str(file), f"unknown key {key!r}", hint)
    if not isinstance(value, dict):
        prefix = "tool.dockfix." if file.name == "pyproject.toml" else ""
        raise ConfigError(str(file), f"{key} must be a table", f"for instance [{prefix}{key}]")
    return {f"{key}.{name}": _checked(f"{key}.{name}", item, str(file)) for name, item in value.items()}
