"""How many findings other tools have: hadolint of a Dockerfile, trivy of an image. Both are optional."""

from __future__ import annotations

import json
import shutil
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from dockfix.syntax import decode
from dockfix.verify.process import TimedOut, run

HADOLINT = ("--no-fail", "-f", "json", "-")
TRIVY = ("image", "--quiet", "--format", "json", "--scanners", "vuln")


def lint(
    dockerfile_text: bytes,
    image: str | None,
    environment: Mapping[str, str],
    timeout: float,
    stop: threading.Event | None = None,
) -> tuple[dict[str, dict[str, int]], list[str]]:
    """The number of findings by program and by code (hadolint) or severity (trivy), and notes on programs that failed.

    A program that is not on PATH is left out, and so is trivy without an image. Each has ``timeout`` seconds. Raises
    process.Cancelled once ``stop`` is set.
    """
    counts: dict[str, dict[str, int]] = {}
    notes: list[str] = []

    def ask(name: str, arguments: Sequence[str], stdin: str, found: Callable[[Any], Iterable[str]]) -> None:
        program = shutil.which(name, path=environment.get("PATH"))
        if program is None:
            return
        try:
            done = run(
                [program, *arguments],
                timeout=timeout,
                stop=stop or threading.Event(),
                stdin=stdin,
                environment=environment,
            )
            if done.status:
                notes.append(f"{name} failed: {_last_line(done.err) or f'exit status {done.status}'}")
            else:
                counts[name] = dict(sorted(Counter(found(json.loads(done.out))).items()))
        except TimedOut as error:
            notes.append(f"{name} failed: {error}")
        except OSError as error:
            notes.append(f"{name} failed: {error.strerror or error}")
        except (ValueError, KeyError, TypeError, AttributeError):
            notes.append(f"{name} failed: what it printed is not the JSON that was expected")

    ask("hadolint", HADOLINT, decode(dockerfile_text), _codes)
    if image is not None:
        ask("trivy", (*TRIVY, image), "", _severities)
    return counts, notes


def _codes(findings: Any) -> Iterable[str]:
    return [str(finding["code"]) for finding in findings]


def _severities(report: Any) -> Iterable[str]:
    return [
        str(found["Severity"]) for part in report.get("Results") or () for found in part.get("Vulnerabilities") or ()
    ]


def _last_line(text: str) -> str:
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "")
