"""With a real engine: what a broken rewrite breaks is found and named. Each sabotage takes one thing out of a rewrite that holds."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import golden
from dockfix.engine import Settings
from dockfix.engine.runner import gather, run
from dockfix.syntax import decode, parse
from dockfix.verify.attempts import rewritten
from dockfix.verify.engines import Engine
from dockfix.verify.measure import Candidate, Original, Plan, Proof
from dockfix.verify.prove import Prover
from dockfix.verify.running import Conditions
from dockfix.verify.verdict import Verdict

pytestmark = pytest.mark.build


class Bench:
    """A golden case whose original was built, and its rewrite, to be broken."""

    def __init__(self, engine: Engine, folder: Path, name: str) -> None:
        case = next(case for case in golden.cases() if case.name == name)
        shutil.copytree(case.path / "before", folder / "context", symlinks=True)
        path = folder / "context" / case.dockerfile
        facts = gather(path, parse(decode(path.read_bytes())))
        self.prover = Prover(
            engine, facts, Plan(conditions=Conditions(wait=15)), folder / f"logs-{name}", lambda text: None
        )
        self.good: Candidate = rewritten(self.prover.before, run(path, Settings()))
        self._original: Original | None = None

    def check(self, *changes: tuple[str, str]) -> Proof:
        if self._original is None:
            self._original = self.prover.original()
        text = self.good.dockerfile
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        return self.prover.check(self._original, replace(self.good, dockerfile=text))


@pytest.fixture(scope="module")
def bench(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Bench]:
    made: dict[str, Bench] = {}

    def of(name: str) -> Bench:
        if name not in made:
            made[name] = Bench(engine, tmp_path_factory.mktemp(name), name)
        return made[name]

    return of


def named(proof: Proof) -> set[tuple[str, str]]:
    return {(finding.check, finding.subject) for finding in proof.findings}


@pytest.mark.covers("comparison/sabotage")
@pytest.mark.parametrize(
    ("case", "changes", "expected"),
    [
        ("flask-psycopg2", [("libpq5", "netbase")], {("libraries", "libpq.so.5"), ("modules", "psycopg2")}),
        (
            "flask-psycopg2",
            [("pip install -r requirements.txt", "pip install -r requirements.txt && pip uninstall -y itsdangerous")],
            {("packages", "itsdangerous"), ("modules", "itsdangerous")},
        ),
        ("flask-psycopg2", [('"--workers", "2"', '"--workers", "3"')], {("config", "CMD")}),
        (
            "flask-psycopg2",
            [("COPY --chown=appuser:appuser inventory ./inventory\n", "")],
            {("files", "/usr/src/app/inventory"), ("start", "exit status")},
        ),
        ("flask-psycopg2", [(" \\\n    && chown appuser:appuser /usr/src/app", "")], {("writes", "/usr/src/app")}),
        ("user-service", [("    curl \\\n", "    netbase \\\n")], {("commands", "curl"), ("start", "HEALTHCHECK")}),
        (
            "flask-psycopg2",
            [("USER 10001:10001\n", "RUN ln -sfn /usr/bin/python3.99 /opt/venv/bin/python3\nUSER 10001:10001\n")],
            {("interpreter", "/opt/venv/bin/python3")},
        ),
        (
            "flask-psycopg2",
            [("/opt/venv /opt/venv\n", "/opt/venv /opt/elsewhere\n")],
            {("packages", "flask"), ("commands", "gunicorn")},
        ),
        ("flask-psycopg2", [("USER 10001:10001", "USER 10002:10002")], {("writes", "/usr/src/app")}),
        (
            "flask-psycopg2",
            [
                (
                    "USER 10001:10001",
                    "RUN chmod 700 /usr/src/app/inventory && chown root:root /usr/src/app/inventory\nUSER 10001:10001",
                )
            ],
            {("files", "/usr/src/app/inventory")},
        ),
        ("user-service", [("EXPOSE 8005\n", "")], {("config", "EXPOSE")}),
    ],
    ids=[
        "library",
        "package",
        "command",
        "file",
        "folder",
        "health-check-tool",
        "interpreter",
        "environment",
        "user",
        "mode",
        "port",
    ],
)
def test_what_is_broken_is_found_and_named(
    bench: Callable[[str], Bench], case: str, changes: list[tuple[str, str]], expected: set[tuple[str, str]]
) -> None:
    proof = bench(case).check(*changes)
    assert proof.verdict is Verdict.DIFFERS
    assert expected <= named(proof)


@pytest.mark.covers("comparison/sabotage")
def test_what_is_whole_has_no_finding(bench: Callable[[str], Bench]) -> None:
    proof = bench("flask-psycopg2").check()
    assert proof.findings == ()
    assert proof.verdict is Verdict.EQUAL
    assert {check.check: check.result for check in proof.checks} == {
        **dict.fromkeys(
            (
                "config",
                "packages",
                "modules",
                "interpreter",
                "libraries",
                "commands",
                "user",
                "files",
                "writes",
                "start",
            ),
            "same",
        ),
        "smoke": "not checked",
    }


def test_a_rewrite_that_does_not_build_says_why(bench: Callable[[str], Bench]) -> None:
    proof = bench("flask-psycopg2").check(("gcc libpq-dev", "gcc"))
    assert proof.verdict is Verdict.AFTER_BROKEN
    assert any("pg_config" in line for line in proof.tail)
