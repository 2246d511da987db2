"""Paths that Python writes: calls that make, change or delete files, and settings that name such paths."""

from __future__ import annotations

import ast
import re

from dockfix.context.program.calls import Call, Findings, plain
from dockfix.context.program.paths import HOLE, TEMP, Value
from dockfix.context.program.scopes import Scope
from dockfix.lazy import regex

_MODE = regex(r"[rwaxbtU+|:*gzxz2]{1,5}")
# Functions that write a path: the argument's position and its names
_BY_ARGUMENT: dict[str, tuple[int, tuple[str, ...]]] = {
    "os.makedirs": (0, ("name",)),
    "os.mkdir": (0, ("path",)),
    "makedirs": (0, ("name",)),
    "os.mkfifo": (0, ("path",)),
    "os.rename": (1, ("dst",)),
    "os.replace": (1, ("dst",)),
    "os.renames": (1, ("new",)),
    "os.symlink": (1, ("dst",)),
    "os.link": (1, ("dst",)),
    "os.remove": (0, ("path",)),
    "os.unlink": (0, ("path",)),
    "os.rmdir": (0, ("path",)),
    "os.removedirs": (0, ("name",)),
    "os.truncate": (0, ("path",)),
    "os.utime": (0, ("path",)),
    "aiofiles.os.makedirs": (0, ("name",)),
    "aiofiles.os.mkdir": (0, ("path",)),
    "aiofiles.os.remove": (0, ("path",)),
    "aiofiles.os.rename": (1, ("dst",)),
    "shutil.copy": (1, ("dst",)),
    "shutil.copy2": (1, ("dst",)),
    "shutil.copyfile": (1, ("dst",)),
    "shutil.copytree": (1, ("dst",)),
    "shutil.move": (1, ("dst",)),
    "shutil.rmtree": (0, ("path",)),
    "shutil.make_archive": (0, ("base_name",)),
    "shutil.unpack_archive": (1, ("extract_dir",)),
    "sqlite3.connect": (0, ("database",)),
    "aiosqlite.connect": (0, ("database",)),
    "apsw.Connection": (0, ("filename",)),
    "duckdb.connect": (0, ("database",)),
    "shelve.open": (0, ("filename",)),
    "dbm.open": (0, ("file",)),
    "sqlite3.Connection": (0, ("database",)),
    "tinydb.TinyDB": (0, ("path",)),
    "diskcache.Cache": (0, ("directory",)),
    "diskcache.FanoutCache": (0, ("directory",)),
    "peewee.SqliteDatabase": (0, ("database",)),
    "playhouse.sqlite_ext.SqliteExtDatabase": (0, ("database",)),
    "chromadb.PersistentClient": (0, ("path",)),
    "urllib.request.urlretrieve": (1, ("filename",)),
    "urllib.urlretrieve": (1, ("filename",)),
    "wget.download": (1, ("out",)),
    "gdown.download": (1, ("output",)),
    "joblib.dump": (1, ("filename",)),
    "joblib.Memory": (0, ("location",)),
    "numpy.save": (0, ("file",)),
    "numpy.savez": (0, ("file",)),
    "numpy.savetxt": (0, ("fname",)),
    "numpy.savez_compressed": (0, ("file",)),
    "torch.save": (1, ("f",)),
    "cv2.imwrite": (0, ("filename",)),
    "cv2.VideoWriter": (0, ("filename",)),
    "soundfile.write": (0, ("file",)),
    "scipy.io.wavfile.write": (0, ("filename",)),
    "imageio.imwrite": (0, ("uri",)),
    "filelock.FileLock": (0, ("lock_file",)),
    "telegram.ext.PicklePersistence": (-1, ("filepath", "filename")),
    "flask_session.FileSystemCache": (0, ("cache_dir",)),
    "cachelib.FileSystemCache": (0, ("cache_dir",)),
    "cachelib.file.FileSystemCache": (0, ("cache_dir",)),
    "loguru.logger.add": (0, ("sink",)),
    "logging.basicConfig": (-1, ("filename",)),
    "os.open": (0, ("path",)),
    "requests_cache.CachedSession": (0, ("cache_name",)),
    "requests_cache.install_cache": (0, ("cache_name",)),
    "whoosh.index.create_in": (0, ("dirname",)),
    "git.Repo.clone_from": (1, ("to_path",)),
    "zodburi.resolve_uri": (0, ()),
    "twisted.python.logfile.DailyLogFile": (1, ("directory",)),
    "pyexcel.save_as": (-1, ("dest_file_name",)),
    "diskcache.Deque": (-1, ("directory",)),
    "diskcache.Index": (0, ("directory",)),
    "sqlitedict.SqliteDict": (0, ("filename",)),
    "pickledb.load": (0, ("location",)),
    "lmdb.open": (0, ("path",)),
    "plyvel.DB": (0, ("name",)),
    "ZODB.FileStorage.FileStorage": (0, ("file_name",)),
    "huey.SqliteHuey": (-1, ("filename",)),
    "telethon.TelegramClient": (0, ("session",)),
    "telethon.sync.TelegramClient": (0, ("session",)),
    "pyrogram.Client": (0, ("name",)),
    "qdrant_client.QdrantClient": (-1, ("path",)),
    "lancedb.connect": (0, ("uri",)),
    "faiss.write_index": (1, ("fname",)),
    "torch.utils.tensorboard.SummaryWriter": (0, ("log_dir",)),
    "tensorboardX.SummaryWriter": (0, ("logdir",)),
    "wandb.init": (-1, ("dir",)),
    "gradio.Interface": (-1, ("flagging_dir",)),
}
# Where these write if they are told nothing
_OTHERWISE = {
    "requests_cache.CachedSession": "http_cache.sqlite",
    "requests_cache.install_cache": "http_cache.sqlite",
    "chromadb.PersistentClient": "chroma",
    "huey.SqliteHuey": "huey.db",
    "torch.utils.tensorboard.SummaryWriter": "runs",
    "tensorboardX.SummaryWriter": "runs",
    "wandb.init": "wandb",
    "gradio.Interface": ".gradio/flagged",
}
# Methods that write to a path given as their first argument, whatever the object is
_TO_ARGUMENT = frozenset(
    {
        "to_csv",
        "to_excel",
        "to_json",
        "to_parquet",
        "to_pickle",
        "to_hdf",
        "to_feather",
        "savefig",
        "write_html",
        "write_image",
        "save_pretrained",
        "save_model",
        "save_weights",
        "download_to_drive",
        "extractall",
        "urlretrieve",
        "write_videofile",
        "download_file",
        "download_to_filename",
        "fget_object",
        "ExcelWriter",
        "export_png",
    }
)
# Methods of a path
_OF_PATH = frozenset(
    {"write_text", "write_bytes", "mkdir", "touch", "unlink", "rmdir", "symlink_to", "hardlink_to", "open_w"}
)
_HANDLERS = frozenset(
    {
        "FileHandler",
        "RotatingFileHandler",
        "TimedRotatingFileHandler",
        "WatchedFileHandler",
        "ConcurrentRotatingFileHandler",
    }
)
# Calls of open that take a path first and a mode second
_OPENS = regex(
    r"(?:(?:io|codecs|aiofiles|gzip|bz2|lzma|tarfile|wave|h5py|zipfile|anyio|pyarrow|netCDF4|rasterio|smart_open|os"
    r"|builtins|tarfile"
    r"\.TarFile)\.)?(?:open|open_file|fdopen|File|ZipFile|TarFile|GzipFile|BZ2File|LZMAFile|Dataset)"
)
_TEMPORARY = frozenset(
    {"mkstemp", "mkdtemp", "NamedTemporaryFile", "TemporaryDirectory", "TemporaryFile", "SpooledTemporaryFile"}
)
_SAVES = frozenset({"save", "dump", "export", "output", "render"})
WRITES = (
    frozenset({name.rpartition(".")[2] for name in _BY_ARGUMENT})
    | _TO_ARGUMENT
    | _OF_PATH
    | _HANDLERS
    | _SAVES
    | _TEMPORARY
    | {
        "open",
        "open_file",
        "File",
        "ZipFile",
        "TarFile",
        "GzipFile",
        "BZ2File",
        "LZMAFile",
        "Dataset",
        "rename",
        "replace",
        "dictConfig",
        "connect",
        "chdir",
    }
)
_FILE_NAME = regex(rf"[^\s<>|\"']*(?:/|\.[A-Za-z]\w{{0,7}}$|{HOLE}\.\w)[^\s<>|\"']*")
_SETTING = regex(
    r"(?:MEDIA_ROOT|STATIC_ROOT|FILE_UPLOAD_TEMP_DIR|EMAIL_FILE_PATH|UPLOAD\w*_(?:FOLDER|DIR|PATH|DEST|ROOT)"
    r"|COMPRESS_ROOT"
    r"|SESSION_FILE_(?:DIR|PATH)|CACHE_DIR|UPLOADED_\w+_DEST|WHOOSH_BASE|UPLOAD_DIRECTORY|UPLOADS?)"
)


def read_write(call: Call, found: Findings) -> None:
    """Reads a call that may write a file."""
    name, dotted, node, scope = call.name, call.dotted, call.node, call.scope
    known = _BY_ARGUMENT.get(dotted)
    if known is not None:
        argument = call.arg(known[0], *known[1])
        if argument is None and dotted in _OTHERWISE:
            found.write((Value(_OTHERWISE[dotted]),), node, scope, dotted)
        if (
            argument is None
            or (dotted == "os.open" and not _flags(call))
            or (isinstance(argument, ast.Attribute) and name == "add" and argument.attr in {"stderr", "stdout"})
        ):
            return
        if name == "add" and not _path_like(call.evaluate(argument, scope)):
            return
        found.write(call.evaluate(argument, scope), node, scope, dotted)
    elif dotted in {"os.chdir", "contextlib.chdir"}:
        found.go(call.values(0, "path"), node, scope, dotted)
    elif name in _TEMPORARY:
        if dotted.startswith("tempfile") or dotted == name:
            folder = call.arg(-1, "dir")
            found.write(call.evaluate(folder, scope) if folder is not None else (Value(TEMP),), node, scope, dotted)
    elif name == "dictConfig":
        _settings(call.arg(0), scope, found, dotted)
    elif name in _HANDLERS:
        found.write(call.values(0, "filename"), node, scope, name)
    elif _OPENS.fullmatch(dotted) or (name in {"open", "open_file"} and len(node.args) > 1):
        mode = call.arg(1, "mode")
        if mode is not None and _writes(call.evaluate(mode, scope)):
            found.write(call.values(0, "file", "name", "filename", "path"), node, scope, dotted)
    elif name == "open" and call.receiver is not None:
        # an argument that is no mode is a file in an archive, a picture …
        if _writes(tuple(value for value in call.values(0, "mode") if HOLE not in value.text)):
            found.write(call.evaluate(call.receiver, scope), node, scope, "Path.open")
    elif name in _OF_PATH and call.receiver is not None:
        if name == "mkdir" and node.args and not isinstance(node.args[0], ast.Constant):
            found.write(call.values(0), node, scope, dotted)
        else:
            found.write(call.evaluate(call.receiver, scope), node, scope, f"Path.{name}")
    elif name in {"rename", "replace"} and call.receiver is not None and len(node.args) == 1 and not node.keywords:
        values = tuple(
            value for value in call.evaluate(call.receiver, scope) if value.text != HOLE and _path_like((value,))
        )
        found.write(values, node, scope, f"Path.{name}", missing=False)
    elif name in _TO_ARGUMENT:
        argument = call.arg(0, "path", "path_or_buf", "fname", "excel_writer", "filename", "custom_path", "Filename")
        if argument is not None:
            found.write(
                tuple(value for value in call.evaluate(argument, scope)), node, scope, f".{name}", missing=False
            )
        elif name == "extractall":
            found.write((Value("."),), node, scope, ".extractall")
    elif name in _SAVES and node.args:
        # a model's or a form's save() has no path
        values = tuple(
            value for value in call.values(0) if _path_like((value,)) or (name == "save" and _names_path(node))
        )
        if name == "dump" and len(node.args) > 1:
            values = ()
        found.write(values, node, scope, f".{name}", missing=False)


def _names_path(node: ast.Call) -> bool:
    """Whether the one argument of save() is called like a path."""
    return len(node.args) == 1 and re.search(r"(?i)path|file|dest|out|target", ast.unparse(node.args[0])) is not None


def _flags(call: Call) -> bool:
    return any(
        isinstance(each, ast.Attribute) and each.attr in {"O_CREAT", "O_WRONLY", "O_RDWR", "O_APPEND", "O_TRUNC"}
        for each in ast.walk(call.arg(1, "flags") or ast.Constant(0))
    )


def _writes(values: tuple[Value, ...]) -> bool:
    return any(
        value.text == HOLE or (_MODE.fullmatch(value.text) and re.search(r"[wax+]", value.text)) for value in values
    )


def _path_like(values: tuple[Value, ...]) -> bool:
    return any(_FILE_NAME.fullmatch(value.text) and not re.match(r"https?:|s3:|\w+://", value.text) for value in values)


def read_setting(name: str, value: ast.expr, scope: Scope, found: Findings) -> None:
    """Reads a setting of Django or Flask, or a constant of such a name."""
    if name in {"DATABASES", "LOGGING", "CACHES", "LOGGING_CONFIG", "LOG_CONFIG", "STORAGES", "STATICFILES_STORAGE"}:
        _settings(value, scope, found, name)
    elif _SETTING.fullmatch(name):
        values = tuple(each for each in found.evaluate(value, scope) if each.text != HOLE or each.env)
        found.write(values, value, scope, name, missing=False)


def _settings(node: ast.expr | None, scope: Scope, found: Findings, how: str) -> None:
    """Files in the nested dictionaries of settings: SQLite databases, log files, caches."""
    pending: list[tuple[ast.expr | ast.arg | None, Scope, int]] = [(node, scope, 0)]
    while pending:
        current, inner, depth = pending.pop()
        if isinstance(current, ast.Name) and depth < 8:
            pending += [(value, where, depth + 1) for value, where in inner.lookup(current.id) or []]
        if not isinstance(current, ast.Dict) or depth > 8:
            continue
        entries = {
            key.value: value
            for key, value in zip(current.keys, current.values, strict=True)
            if isinstance(key, ast.Constant) and isinstance(key.value, str)
        }
        pending += [(value, inner, depth + 1) for value in current.values]
        engine = next((each.text for each in found.evaluate(entries.get("ENGINE"), inner)), "")
        backend = plain(entries.get("BACKEND")) or ""
        if "sqlite" in engine or "spatialite" in engine:
            found.write(found.evaluate(entries.get("NAME"), inner), current, inner, how)
        elif "filename" in entries:
            found.write(found.evaluate(entries["filename"], inner), entries["filename"], inner, how)
        elif backend.endswith("FileBasedCache"):
            found.write(found.evaluate(entries.get("LOCATION"), inner), current, inner, how)


def read_text(node: ast.expr, scope: Scope, found: Findings) -> None:
    """Reads a string that is the URL of an SQLite database."""
    for value in found.evaluate(node, scope):
        url = re.match(r"sqlite(?:\+\w+|3)?:(?:///|//(?![^/]))?(.*?)(?:\?.*)?$", value.text, re.DOTALL)
        path = url[1].removeprefix("file:") if url else ""
        if path and not path.startswith((":memory:", "//")) and "\n" not in path:
            found.write((value._replace(text=path),), node, scope, "sqlite:")
