"""What a credential looks like: the names of variables, values, URLs, headers, keys and the files that hold them."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from dockfix.lazy import regex

_NAME = regex(
    r"(?i)(?:.*_)?(?:PASSWORD|PASSWD|PASSPHRASE|PASS|PWD|SECRET|SECRET_?KEY|SECRET_ACCESS_KEY|TOKEN|API_?KEY|PRIVATE_KEY"
    r"|AUTH_?TOKEN|SECRET_KEY_BASE|CREDENTIALS)"
)
_NOT_A_NAME = regex(
    r"(?i)PWD|PASS|OLD_?PWD|.*(?:ALLOW|DISABLE|ENABLE|USE|REQUIRE|RANDOM|EMPTY|PUBLIC|CSRF|TRUSTED|BY)_.*"
)
# Values that say that they are none
_PLACEHOLDER = regex(
    r"(?i).{0,3}|\d{1,5}|true|false|null|none|dummy.*|.*change.?(?:me|this|it)\W*|.*change.?in.?production.*|placeholder.*|.*example.*"
    r"|unused|not.?used|not.?set|unset|fake.*|tests?|testing|x+|\*+|\.+|<.*>|\[.*\]|\{.*\}|your?[-_ ].*|.*[-_]here|todo|tbd|build"
    r"|undefined|ignored?|\*\*.*|[0-]+|.*not.?a.?secret.*|do?n.?t.*|(?-i:[A-Z_]*(?:PASSWORD|TOKEN|SECRET|KEY)[A-Z_]*)"
    r"|(?:/|\./|~/|file:).*|https?://[^@]*"
)
_URL = regex(r"\b[a-z][a-z0-9+.-]*://[^/\s:@$'\"{}]*:(?P<word>[^/\s@$'\"{}]+)@(?P<host>[\w-]+\.[\w.-]+)")
# An index of packages that is given with a password: an example's is no better where it is really used
_INDEX = regex(
    r"(?P<name>--(?:(?:extra-|default-)?index(?:-url)?|find-links)|(?<!\S)-[if]|\b(?:PIP|UV)_\w*(?:INDEX|FIND_LINKS)\w*)[\s=]+[\"']?"
    r"[a-z][a-z0-9+.-]*://[^/\s:@$'\"{}]*:(?P<word>[^/\s@$'\"{}]+)@(?P<host>[\w.-]+)"
)
_LONG = {"-i": "--index-url", "-f": "--find-links"}
_LOCAL = regex(r"localhost|127\..*|0\.0\.0\.0|example\.\w+|[\w.]+\.example(?:\.\w+)?")
# What curl and wget are told to send: a header, or a user with a password
_SENT = regex(
    r"(?i)(?:\bauthorization:\s*(?:bearer|basic|token)\s+|\b(?:private|job|deploy)-token:\s*|\bx-(?:api-key|auth-token):\s*"
    r"|\bcurl\b[^&|;\n]*?\s(?:-u|--user)[ =]+['\"]?[^\s:'\"$]+:)(?P<word>[\w.~+/=!-]{6,})"
)
# Keys whose form says what they are: AWS, GitHub, GitLab, Slack, npm, PyPI, Stripe; private keys
_KEY = regex(
    r"\b(?:AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36}|github_pat_\w{50,}|glpat-[\w-]{20}|xox[bp]-\d+-[\w-]{20,}"
    r"|npm_[A-Za-z0-9]{36}|pypi-AgEI[\w-]{50,}|sk_live_\w{20,})|-----BEGIN (?:\w+ )?PRIVATE KEY-----"
)
_KEY_FILE = regex(
    r"(?:.*/)?(?:id_(?:rsa|dsa|ecdsa|ed25519)|\.netrc|_netrc|\.git-credentials|\.pypirc|\.aws/credentials)"
)
_MAYBE_FILE = regex(
    r"(?i)(?:.*/)?(?:\.npmrc|\.yarnrc(?:\.yml)?|pip\.conf|pip\.ini|\.dockercfg"
    r"|\.env(?!.*[._-](?:examples?|samples?|template|dist|tmpl|tpl|defaults?)(?:\.\w+)?$)[^/]*|config\.json|[^/]*(?:credential|service[-_]?account)[^/]*\.json|[^/]*\.(?:pem|key|p8))"
)
_IN_FILE = regex(
    r"(?i)_authToken\s*=\s*[\"']?(?!\$)[\w-]{8,}|npmAuthToken:\s*[\"']?(?!\$)[\w-]{8,}|\"auth\":\s*\"[\w+/=]{8,}\""
)
STAYS = "stays in the image, for everyone who has it to read"
_SETTING = regex(r"(?m)^\s*(?:export\s+)?(?:\S*:)?(\w+)[ \t]*=[ \t]*[\"']?([^\s\"'$][^\s\"']*)")


def is_name(name: str) -> bool:
    """Whether a variable is a credential by its name."""
    return bool(_NAME.fullmatch(name)) and not _NOT_A_NAME.fullmatch(name)


def is_value(value: str) -> bool:
    """Whether the value of such a variable may be real: no placeholder, no path, no URL."""
    return not _PLACEHOLDER.fullmatch(value) and "://" not in value


def in_text(text: str) -> Iterator[str]:
    """What stands in an instruction that everyone may read who has the image, in sentences."""
    told: set[str] = set()
    for match in _INDEX.finditer(text):
        if not _PLACEHOLDER.fullmatch(match["word"]):
            told.add(match["host"])
            yield f"the password for {match['host']} in {_LONG.get(match['name'], match['name'])} {STAYS}"
    for match in _URL.finditer(text):
        if match["host"] in told:
            continue
        if not _PLACEHOLDER.fullmatch(match["word"]) and not _LOCAL.fullmatch(match["host"]):
            yield f"the password for {match['host']} {STAYS}"
    if any(not _PLACEHOLDER.fullmatch(match["word"]) for match in _SENT.finditer(text)):
        yield f"what a request is authorised with {STAYS}"
    if _KEY.search(text):
        yield "a key stands in the Dockerfile, and stays in the image"


def is_key_file(name: str) -> bool:
    """Whether a file is a credential by its name."""
    return bool(_KEY_FILE.fullmatch(name))


def may_hold(name: str) -> bool:
    """Whether a file of this name often holds credentials: ``holds`` says whether it does."""
    return bool(_MAYBE_FILE.fullmatch(name))


def holds(name: str, text: str) -> bool:
    """Whether a credential stands in the text of a file."""
    if _IN_FILE.search(text) or next(in_text(text), ""):
        return True
    settings = _SETTING.findall(text) if posixpath.basename(name).startswith(".") else ()
    return any(is_name(key) and is_value(value) for key, value in settings)
