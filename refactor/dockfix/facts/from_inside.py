"""Whether a program answers a request from within its container: by plain HTTP, to 127.0.0.1."""

from __future__ import annotations

from dockfix.context.application import Mention
from dockfix.context.program.model import is_development
from dockfix.facts import Facts
from dockfix.facts.allowed_hosts import NAMES, closed, settings_of
from dockfix.facts.how_it_is_run import containers, every_way
from dockfix.lazy import regex
from dockfix.model.reason import Reason, at
from dockfix.syntax import decode

# Django's and Starlette's redirect to HTTPS, and those of Flask's extensions
_REDIRECTS = (
    rb"(?m)^[ \t]*SECURE_SSL_REDIRECT[ \t]*(?::[^=\n]*)?=[ \t]*True\b|^[ \t]*PREPEND_WWW[ \t]*=[ \t]*True\b"
    rb"|\bHTTPSRedirectMiddleware\b|\bTalisman\((?![^)]*force_https[ \t]*=[ \t]*False)|\bSSLify\("
)
# A server that speaks TLS: its options, the arguments of what starts it, gunicorn's settings
_TLS_OPTION = regex(r"(?<!\S)[\"']?--(?:ssl-?)?(?:certfile|keyfile|cert)(?=[\s\"'=])")
_TLS = (
    rb"(?m)\.run\([^()]*(?:\([^()]*\)[^()]*)*\bssl_(?:certfile|keyfile|context)[ \t]*=[ \t]*(?!None\b)"
    rb"|^certfile[ \t]*=[ \t]*[\"']"
)
# The same in JavaScript, and its servers of plain HTTP. (An answer that sends elsewhere is one: the check there follows none.)
_FROM_MODULE = rb"\bcreateServer\b[^\n;]*(?:from|require\()[ \t]*[\"'](?:node:)?"
_TLS_IN_JAVASCRIPT = rb"\bhttps\.createServer\(|\bcreateSecureServer\(|" + _FROM_MODULE + rb"https[\"']"
_HTTP_IN_JAVASCRIPT = rb"\bhttp\.createServer\(|\bapp\.listen\(|" + _FROM_MODULE + rb"http[\"']"
# One that listens at a socket of the file system, and one that listens at an address
_SOCKET = regex(r"(?:(?:-b|--bind)[=\s\"']+unix:|--uds\b|--unix-socket\b)")
_ADDRESS = regex(r"(?:-b|--bind|--listen)[=\s\"']+[\w.\[\]:*]*:\$?\{?\w")
_ALIKE = regex(r"(?i)(?:.*[/_.-])?(?:dev\w*|local\w*|tests?|testing|ci|debug)\.py")
# What a server reads as its command line, and its settings for TLS and for a socket
_SERVER_ARGUMENTS = "GUNICORN_CMD_ARGS"
_SERVER_TLS, _SERVER_SOCKET = regex(r"(?:UVICORN|HYPERCORN)_(?:SSL_)?CERTFILE=\S"), regex(r"UVICORN_UDS=\S")


def closed_from_inside(facts: Facts) -> Reason | None:
    """Why such a request gets no proper answer, by the settings of the code; None where nothing says so."""
    said = facts.ask(_said_in_settings)
    if said is not None:
        return said
    for mention in _settings(facts, _REDIRECTS):
        word = mention.word.split("=")[0].strip().rstrip("(")
        return at(f"{mention.file}:{mention.line} sends plain HTTP elsewhere ({word})")
    for mention in _settings(facts, _TLS):
        return at(f"{mention.file}:{mention.line} has the server speak TLS, and a check would ask in plain HTTP")
    secure = facts.application.says(_TLS_IN_JAVASCRIPT) if facts.is_javascript else ()
    if secure and not facts.application.says(_HTTP_IN_JAVASCRIPT):
        first = secure[0]
        return at(f"{first.file}:{first.line} has the server speak TLS, and a check would ask in plain HTTP")
    return _told_at_the_start(facts)


def _said_in_settings(facts: Facts) -> Reason | None:
    """What the settings of frameworks say, and what they are given where the program runs."""
    given = [facts.final.end.env]
    given += [dict(each.partition("=")[::2] for each in way.settings) for way in facts.ask(every_way)]
    pattern = rb"\b(?:" + "|".join(NAMES).encode() + rb")\b"
    files = dict.fromkeys(mention.file for mention in _settings(facts, pattern))
    found = [setting for file in files for setting in settings_of(file, decode(facts.application.texts[file]))]
    return next((reason for setting in found if (reason := closed(setting, found, given)) is not None), None)


def _told_at_the_start(facts: Facts) -> Reason | None:
    texts = dict(facts.startup.texts)
    for way in (*facts.services, *facts.ask(containers)):
        for setting in way.settings:
            name, _, value = setting.partition("=")
            if _SERVER_TLS.match(setting):
                return at(f"{way.file} has the server speak TLS, and a check would ask in plain HTTP")
            if _SERVER_SOCKET.match(setting):
                return at(
                    f"{way.file} has the server listen at a socket of the file system, which a check would not ask"
                )
            if name == _SERVER_ARGUMENTS:
                texts[way.file] = f" {value}"
    for where, text in texts.items():
        if where.startswith("HEALTHCHECK"):
            continue
        if _TLS_OPTION.search(text):
            return at(f"{where} has the server speak TLS, and a check would ask in plain HTTP")
        if _SOCKET.search(text) and not _ADDRESS.search(_SOCKET.sub("", text)):
            return at(f"{where} has the server listen at a socket of the file system, which a check would not ask")
    return None


def _settings(facts: Facts, pattern: bytes) -> list[Mention]:
    """Where the code that runs says so; not in settings for development."""
    return [
        mention
        for mention in facts.application.search(pattern)
        if mention.file.endswith(".py") and not is_development(mention.file) and not _ALIKE.fullmatch(mention.file)
    ]
