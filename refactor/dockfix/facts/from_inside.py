"""Whether a program answers a request from within its container: by plain HTTP, to 127.0.0.1."""

from __future__ import annotations

import ast

from dockfix.context.application import Mention
from dockfix.context.program.model import is_development
from dockfix.facts import Facts
from dockfix.lazy import regex
from dockfix.model.reason import Reason, at

# https://docs.djangoproject.com/en/stable/ref/settings/#allowed-hosts, https://www.starlette.io/middleware/#trustedhostmiddleware
_HOSTS = (
    rb"(?m)^[ \t]*ALLOWED_HOSTS[ \t]*(?::[^=\n]*)?=[ \t]*[\[(][^\])]*[\])]"
    rb"|TrustedHostMiddleware\s*,\s*allowed_hosts\s*=\s*[\[(][^\])]*[\])]"
)
# Django's and Starlette's redirect to HTTPS, and those of Flask's extensions
_REDIRECTS = (
    rb"(?m)^[ \t]*SECURE_SSL_REDIRECT[ \t]*(?::[^=\n]*)?=[ \t]*True\b|^[ \t]*PREPEND_WWW[ \t]*=[ \t]*True\b"
    rb"|\bHTTPSRedirectMiddleware\b|\bTalisman\((?![^)]*force_https[ \t]*=[ \t]*False)|\bSSLify\("
)
# Flask's routes hold for this host alone
_SERVER_NAME = (
    rb"(?m)^[ \t]*SERVER_NAME[ \t]*=[ \t]*[\"'][^\"'\n]+|\[[\"']SERVER_NAME[\"']\][ \t]*=[ \t]*[\"'][^\"'\n]+"
)
# A server that speaks TLS: its options, the arguments of what starts it, gunicorn's settings
_TLS_OPTION = regex(r"(?<!\S)[\"']?--(?:ssl-?)?(?:certfile|keyfile|cert)(?=[\s\"'=])")
_TLS = (
    rb"(?m)\.run\([^()]*(?:\([^()]*\)[^()]*)*\bssl_(?:certfile|keyfile|context)[ \t]*=[ \t]*(?!None\b)"
    rb"|^certfile[ \t]*=[ \t]*[\"']"
)
# One that listens at a socket of the file system, and one that listens at an address
_SOCKET = regex(r"(?:(?:-b|--bind)[=\s\"']+unix:|--uds\b|--unix-socket\b)")
_ADDRESS = regex(r"(?:-b|--bind|--listen)[=\s\"']+[\w.\[\]:*]*:\$?\{?\w")
_ALIKE = regex(r"(?i)(?:.*[/_.-])?(?:dev\w*|local\w*|tests?|testing|ci|debug)\.py")
_OPEN = {"*", "127.0.0.1", ".0.0.1"}


def closed_from_inside(facts: Facts) -> Reason | None:
    """Why such a request gets no proper answer, by the settings of the code; None where nothing says so."""
    for mention in _settings(facts, _HOSTS):
        names = _names(mention.word)
        if names and not names & _OPEN:
            return at(f"{mention.file}:{mention.line} lets other hosts ask than 127.0.0.1, which a check would ask")
    for mention in _settings(facts, _REDIRECTS):
        word = mention.word.split("=")[0].strip().rstrip("(")
        return at(f"{mention.file}:{mention.line} sends plain HTTP elsewhere ({word})")
    for mention in _settings(facts, _SERVER_NAME):
        if "127.0.0.1" not in mention.word:
            return at(f"{mention.file}:{mention.line} answers for one host alone (SERVER_NAME)")
    for mention in _settings(facts, _TLS):
        return at(f"{mention.file}:{mention.line} has the server speak TLS, and a check would ask in plain HTTP")
    return _told_at_the_start(facts)


def _told_at_the_start(facts: Facts) -> Reason | None:
    for where, text in facts.startup.texts.items():
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


def _names(text: str) -> frozenset[str]:
    """The hosts of a list that is written out; none where a part of it is worked out."""
    start = min(place for place in (text.find("["), text.find("(")) if place >= 0)
    try:
        listed = ast.literal_eval(text[start:])
    except (ValueError, SyntaxError):
        return frozenset()
    return frozenset(map(str, listed)) if isinstance(listed, list | tuple) else frozenset()
