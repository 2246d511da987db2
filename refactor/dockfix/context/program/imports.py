"""Which modules an application's Python imports, and which frameworks are among them."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping

from dockfix.context.program.model import Import, Use
from dockfix.context.program.project import Project, Sources
from dockfix.context.program.read import is_python, worth_parsing
from dockfix.lazy import regex

_IMPORT = regex(rb"(?m)^[ \t]*(?:from[ \t]+([A-Za-z_]\w*)[\w.]*[ \t]+import\b|import[ \t]+([^\n#;]+))")
_TRIPLE = regex(rb"\"\"\"[^\\]*?(?:\\.[^\\]*?)*\"\"\"|'''[^\\]*?(?:\\.[^\\]*?)*'''", re.DOTALL)
_FRAMEWORKS = {
    "flask": "flask",
    "quart": "quart",
    "fastapi": "fastapi",
    "django": "django",
    "starlette": "starlette",
    "aiohttp": "aiohttp",
    "tornado": "tornado",
    "sanic": "sanic",
    "bottle": "bottle",
    "falcon": "falcon",
    "pyramid": "pyramid",
    "cherrypy": "cherrypy",
    "litestar": "litestar",
    "dash": "dash",
    "streamlit": "streamlit",
    "gradio": "gradio",
    "nicegui": "nicegui",
    "panel": "panel",
    "celery": "celery",
    "dramatiq": "dramatiq",
    "rq": "rq",
    "huey": "huey",
    "arq": "arq",
    "discord": "discord.py",
    "nextcord": "nextcord",
    "disnake": "disnake",
    "telegram": "python-telegram-bot",
    "telebot": "pyTelegramBotAPI",
    "aiogram": "aiogram",
    "telethon": "telethon",
    "pyrogram": "pyrogram",
    "slack_bolt": "slack-bolt",
    "scrapy": "scrapy",
    "twisted": "twisted",
    "grpc": "grpcio",
    "mcp": "mcp",
    "fastmcp": "fastmcp",
    "apscheduler": "apscheduler",
    "airflow": "airflow",
    "prefect": "prefect",
    "wagtail": "wagtail",
    "rest_framework": "django-rest-framework",
    "connexion": "connexion",
    "flask_restful": "flask-restful",
    "socketio": "python-socketio",
    "flask_socketio": "flask-socketio",
    "websockets": "websockets",
    "waitress": "waitress",
    "uvicorn": "uvicorn",
    "gunicorn": "gunicorn",
    "click": "click",
    "typer": "typer",
    "prometheus_client": "prometheus-client",
    "jupyter": "jupyter",
    "chainlit": "chainlit",
}


def read_imports(files: Mapping[str, bytes], sources: Sources) -> tuple[Import, ...]:
    """Each top-level module that the Python among the files imports, sorted by the place where it is first imported.

    The imports of files without anything of interest are found by their text.
    """
    project = Project({name: files[name] for name in sorted(files) if is_python(name, files[name])}, sources)
    seen: dict[str, Import] = {}
    for file in sorted(project.files):
        module = project.module(file) if sources.says(worth_parsing, project.files[file]) else None
        named = module.imported if module is not None else _by_text(project.files[file])
        for dotted, line in named:
            name = dotted.partition(".")[0]
            if not name or name in seen or name == "__future__":
                continue
            kind = (
                "local"
                if project.homes(name, file) and name not in sys.stdlib_module_names
                else "stdlib"
                if name in sys.stdlib_module_names
                else "third party"
            )
            seen[name] = Import(name, kind, file, line)  # type: ignore[arg-type]
    return tuple(sorted(seen.values(), key=lambda each: (each.file, each.line, each.module)))


def frameworks(imports: Iterable[Import]) -> tuple[Use, ...]:
    """The frameworks and servers among imported modules, by the names of what is installed for them."""
    return tuple(
        Use(_FRAMEWORKS[each.module], each.file, each.line, f"import {each.module}")
        for each in imports
        if each.kind == "third party" and each.module in _FRAMEWORKS
    )


def _by_text(data: bytes) -> list[tuple[str, int]]:
    """The imports of a file that is not parsed, long strings left out."""
    found = []
    line, counted = 1, 0
    text = _TRIPLE.sub(lambda match: b"\n" * match[0].count(b"\n"), data) if b"import" in data else b""
    for match in _IMPORT.finditer(text):
        line += text.count(b"\n", counted, match.start())
        counted = match.start()
        where = line + text.count(b"\n", match.start(), match.start(match.lastindex or 0))
        names = [match[1]] if match[1] else [part.strip().partition(b" ")[0] for part in match[2].split(b",")]
        found += [(name.decode(), where) for name in names if re.fullmatch(rb"[A-Za-z_][\w.]*", name)]
    return found
