"""What a repository rightly leaves open: settings with passwords, data, a command that each deployment gives by a variable."""

from __future__ import annotations

import posixpath
import re

from dockfix.facts.facts import Facts
from dockfix.lazy import regex
from dockfix.model.reason import Reason
from dockfix.model.stages import Step

_DATA = regex(
    r"(?i)(?:.*/)?(?:\.env(?:[._-][^/]*)?|[^/]*\.(?:env|json|ya?ml|xml|csv|tsv|md|rst|txt|log|pem|crt|cer|key|html?|css|pdf|png|jpe?g|svg"
    r"|db|sqlite3?|parquet|pkl|pickle|joblib|onnx|pth?|h5|np[yz]))"
)
_SETTINGS = regex(r"(?i)\.env(?:[._-].*)?|.*\.env")
# Text files from which something is installed
_MANIFEST = regex(r"(?i)(?:.*/)?(?:.*(?:requirements|constraints|packages?|conda|environment)[^/]*)")


def left_open(facts: Facts) -> Reason | None:
    """What is not known of the application, where it is most likely nothing that needs anything of the image.

    None where more is not known, or nothing.
    """
    if facts.unknown is None or facts.startup.unknown != facts.startup.deployed or not facts.application.known:
        return None
    missing = [
        (step, name) for step in facts.final.steps if step in facts.copies for name in facts.copies[step].missing
    ]
    if not missing:
        return facts.startup.deployed if facts.unknown == facts.startup.deployed else None
    settings = all(_SETTINGS.fullmatch(posixpath.basename(name)) for _, name in missing)
    if not settings and not any(name.endswith(".py") for name in facts.application.files):
        return None
    return facts.unknown if all(_is_data(facts, step, name) for step, name in missing) else None


def _is_data(facts: Facts, step: Step, name: str) -> bool:
    clean = posixpath.normpath(name)
    base = posixpath.basename(clean)
    if any(_names(base).search(text) for text in facts.startup.texts.values()):
        return False
    if _DATA.fullmatch(clean):
        return not _MANIFEST.fullmatch(clean)
    # a folder of its own, of which the code that was read imports nothing
    target = posixpath.basename((step.copy.target or "").rstrip("/")) if step.copy is not None else ""
    imported = rf"(?m)^[ \t]*(?:from|import)[ \t]+\.*(?:[\w.]+\.)?{re.escape(base)}(?![\w-])".encode()
    return "." not in base and target == base and not facts.application.search(imported)


def _names(base: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w.-]){re.escape(base)}(?![\w-])")
