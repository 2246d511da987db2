"""The search for the largest part of a rewrite that holds. The transforms are the real ones; what builds would say is made up."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

import pytest
import verify_images

from dockfix.engine import Settings, run
from dockfix.model.reason import Declared
from dockfix.verify import search
from dockfix.verify.attempts import applied
from dockfix.verify.engines import EngineError
from dockfix.verify.image import Image, RuntimeFacts
from dockfix.verify.measure import Candidate, Ended, Original, Plan, Proof
from dockfix.verify.outcome import Task, Verified
from dockfix.verify.process import Cancelled, TimedOut
from dockfix.verify.prove import Prover
from dockfix.verify.search import verify
from dockfix.verify.smoke import Smoke
from dockfix.verify.starting import Start
from dockfix.verify.verdict import Built, Dropped, Finding, Learned, Unanswered, Verdict, Verification
from fake_docker import FakeDocker

GOLDEN = Path(__file__).parents[2] / "golden" / "flask-psycopg2" / "before"
ALL = ("virtualenv", "multi-stage", "non-root", "cache-mounts", "dockerignore")
MARKS = {"virtualenv": "/opt/venv", "multi-stage": "AS builder", "non-root": "USER 10001", "cache-mounts": "type=cache"}
EQUAL = Proof(Verdict.EQUAL, built=Built(500))

T = TypeVar("T")
Judge = Callable[[set[str], Candidate], Proof]


def differs(reason: str = "it broke", *subjects: str, check: str = "files") -> Proof:
    return Proof(
        Verdict.DIFFERS,
        reason,
        findings=tuple(Finding(check, name, reason) for name in subjects or ("x",)),
        built=Built(600),
    )  # type: ignore[arg-type]


@dataclass
class Bench:
    """A project, and what its candidates are said to be; ``seen`` are the candidates that were built."""

    engine: object
    path: Path
    logs: Path
    seen: list[tuple[set[str], Candidate]] = field(default_factory=list)
    originals: int = 0
    said: list[str] = field(default_factory=list)

    def verify(
        self, settings: Settings | None = None, plan: Plan | None = None, *, find: bool = True, **more: object
    ) -> Verified:
        given = settings or Settings()
        given = replace(given, ignore=given.ignore | {"healthcheck"})  # five transforms are enough to search among
        task = Task(self.path, self.path.read_bytes(), given, None, plan or Plan(), self.logs, find, **more)  # type: ignore[arg-type]
        return verify(self.engine, task, self.said.append)  # type: ignore[arg-type]

    @property
    def tried(self) -> list[set[str]]:
        return [names for names, _ in self.seen]


def at_hand(value: T) -> Future[T]:
    """What is there already, for somebody who would wait for it."""
    found: Future[T] = Future()
    found.set_result(value)
    return found


@pytest.fixture
def bench(docker: FakeDocker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Bench]:
    shutil.copytree(GOLDEN, tmp_path / "project")
    made = Bench(docker.engine(), tmp_path / "project" / "Dockerfile", tmp_path / "logs")

    def judged_by(judge: Judge, began: Start | None = None, holds: Image | None = None) -> Bench:
        def original(prover: Prover) -> Original:
            made.originals += 1
            prover.builder.count += 1
            return Original(
                "before",
                Built(1000),
                at_hand(holds or verify_images.image()),
                at_hand(holds.snapshot if holds is not None else verify_images.snapshot()),
                began or Start(0, ""),
                None,
            )

        def check(prover: Prover, measure: Original, candidate: Candidate) -> Proof:
            assert measure.reference == "before"
            prover.builder.count += 1
            names = {name for name, mark in MARKS.items() if mark in candidate.dockerfile}
            names |= {"dockerignore"} if candidate.ignore != prover.before.ignore else set()
            made.seen.append((names, candidate))
            return judge(names, candidate)

        monkeypatch.setattr(Prover, "original", original)
        monkeypatch.setattr(Prover, "check", check)
        return made

    return judged_by


def unless(*broken: str, proof: Proof | None = None) -> Judge:
    """What holds as long as none of these transforms is there."""
    return lambda names, _: (proof or differs()) if names & set(broken) else EQUAL


def of(verified: Verified) -> Verification:
    assert verified.verification is not None
    return verified.verification


def unique(made: Bench) -> bool:
    texts = [(candidate.dockerfile, candidate.ignore) for _, candidate in made.seen]
    return len(texts) == len(set(texts))


# --- all of it, or nothing ---------------------------------------------------------------------------------------------


def test_all_of_it_holds(bench: Callable[..., Bench]) -> None:
    made = bench(unless())
    verified = made.verify()
    found = of(verified)
    assert (found.verdict, found.applied, found.dropped, found.reason) == (Verdict.EQUAL, ALL, (), "")
    assert (found.before, found.after) == (Built(1000), Built(500))
    assert found.saved == 0.5
    assert applied(verified.result) == ALL
    assert made.tried[0] == set(ALL)
    assert found.builds == made.originals + len(made.seen)
    assert found.logs == str(made.logs)


def test_unsafe_ones_count_in_a_search_and_not_without(bench: Callable[..., Bench]) -> None:
    made = bench(unless())
    made.path.write_text(made.path.read_text("utf-8").replace("RUN pip", "RUN make && pip"), "utf-8")
    assert len(of(made.verify()).applied) > len(of(made.verify(find=False)).applied)


def test_without_a_search_there_is_one_attempt(bench: Callable[..., Bench]) -> None:
    made = bench(unless("non-root"))
    verified = made.verify(find=False)
    assert (of(verified).verdict, of(verified).applied, of(verified).dropped) == (Verdict.DIFFERS, (), ())
    assert len([names for names in made.tried if names]) == 1  # the other one is the original, against itself
    assert applied(verified.result) == ALL  # it is shown as it was asked for


def test_nothing_to_change_builds_nothing(bench: Callable[..., Bench]) -> None:
    made = bench(unless())
    for find in (True, False):
        verified = made.verify(Settings(ignore=frozenset(search.ids())), find=find)
        assert (of(verified).verdict, of(verified).builds, of(verified).logs) == (Verdict.UNCHANGED, 0, "")
        assert not verified.result.changed
    assert (made.originals, made.seen) == (0, [])
    assert not made.logs.exists()


def test_a_file_with_a_mistake_is_not_verified(bench: Callable[..., Bench]) -> None:
    made = bench(unless())
    made.path.write_text("FROM a\nBAD b\n", "utf-8")
    verified = made.verify()
    assert verified.verification is None
    assert verified.result.failures
    assert made.originals == 0


def test_a_broken_original_ends_it(bench: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch) -> None:
    made = bench(unless())

    def original(prover: Prover) -> Original:
        raise Ended(Proof(Verdict.ORIGINAL_BROKEN, "no such package", ("a", "b")))

    monkeypatch.setattr(Prover, "original", original)
    verified = made.verify()
    found = of(verified)
    assert (found.verdict, found.reason, found.tail, found.applied, found.after) == (
        Verdict.ORIGINAL_BROKEN,
        "no such package",
        ("a", "b"),
        (),
        None,
    )
    assert (verified.result.files, verified.result.changes) == ((), ())
    assert made.seen == []


@pytest.mark.parametrize(("error", "verdict", "reason"), [
    (EngineError("the disk is full"), Verdict.ENGINE_FAULT, "the disk is full"), (TimedOut(60), Verdict.TIMED_OUT, "no end after 60 s"),
])  # fmt: skip
def test_faults_of_the_engine_are_verdicts(
    bench: Callable[..., Bench], error: Exception, verdict: Verdict, reason: str
) -> None:
    def judge(names: set[str], candidate: Candidate) -> Proof:
        raise error

    verified = bench(judge).verify()
    assert (of(verified).verdict, of(verified).reason, of(verified).dropped) == (verdict, reason, ())
    assert not verified.result.changed


def test_a_stop_is_no_verdict(bench: Callable[..., Bench]) -> None:
    def judge(names: set[str], candidate: Candidate) -> Proof:
        raise Cancelled

    with pytest.raises(Cancelled):
        bench(judge).verify()


# --- dropping ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("broken", ["non-root", "cache-mounts", "dockerignore", "multi-stage"])
def test_exactly_the_one_that_breaks_it_is_dropped(bench: Callable[..., Bench], broken: str) -> None:
    made = bench(unless(broken, proof=differs(f"{broken} broke it")))
    verified = made.verify()
    found = of(verified)
    assert found.verdict is Verdict.EQUAL
    assert found.applied == tuple(name for name in ALL if name != broken)
    assert found.dropped == (Dropped(broken, f"{broken} broke it"),)
    assert applied(verified.result) == found.applied
    assert unique(made)


def test_what_others_need_takes_them_along(bench: Callable[..., Bench]) -> None:
    found = of(bench(unless("virtualenv", proof=differs("no venv"))).verify())
    assert found.verdict is Verdict.EQUAL
    assert "virtualenv" not in found.applied
    assert set(found.applied) | {each.transform for each in found.dropped} == set(ALL)
    assert Dropped("virtualenv", "no venv") in found.dropped
    assert {each.reason for each in found.dropped} <= {"no venv", "it needs virtualenv"}


@pytest.mark.parametrize(
    ("check", "first"),
    [("user", "non-root"), ("writes", "non-root"), ("libraries", "multi-stage"), ("start", "dockerignore")],
)
def test_the_likeliest_one_is_looked_at_first(bench: Callable[..., Bench], check: str, first: str) -> None:
    made = bench(lambda names, _: differs(check=check) if names == set(ALL) else EQUAL)
    found = of(made.verify())
    assert [each.transform for each in found.dropped] == [first]
    assert len(made.seen) == 2


@pytest.mark.parametrize(("part", "first"), [
    (Declared("USER"), "non-root"), (Declared("ENV", "PATH"), "virtualenv"), (Declared("ENV"), "virtualenv"),
])  # fmt: skip
def test_one_that_alters_what_a_finding_speaks_of_is_looked_at_before(
    bench: Callable[..., Bench], part: Declared, first: str
) -> None:
    """Though another one says that it breaks files first."""
    spoken = Finding("files", "x", "it broke", about=(part,))
    made = bench(unless(first, proof=Proof(Verdict.DIFFERS, "it broke", findings=(spoken,), built=Built(600))))
    found = of(made.verify())
    assert found.dropped[0].transform == first
    assert len(made.seen) == 2


def test_what_comes_to_light_behind_it_does_not_acquit_it(bench: Callable[..., Bench]) -> None:
    """The program ends for want of rights; once it may write, something else of it is seen to fail."""

    def judge(names: set[str], _: Candidate) -> Proof:
        if "non-root" in names:
            spoken = Finding("start", "exit status", "permission denied", about=(Declared("USER"),))
            return Proof(Verdict.DIFFERS, "permission denied", findings=(spoken,), built=Built(600))
        return differs("a file is gone") if "dockerignore" in names else EQUAL

    made = bench(judge)
    found = of(made.verify())
    assert set(found.dropped) == {Dropped("non-root", "permission denied"), Dropped("dockerignore", "a file is gone")}
    assert len(made.seen) == 3


def test_two_that_break_it(bench: Callable[..., Bench]) -> None:
    """No single one is to blame: from nothing up, each is kept that holds."""
    made = bench(
        lambda names, _: (
            differs("non-root broke it")
            if "non-root" in names
            else differs("cache-mounts broke it")
            if "cache-mounts" in names
            else EQUAL
        )
    )
    verified = made.verify(max_builds=50)
    found = of(verified)
    assert found.verdict is Verdict.EQUAL
    assert found.applied == ("virtualenv", "multi-stage", "dockerignore")
    assert set(found.dropped) == {
        Dropped("non-root", "non-root broke it"),
        Dropped("cache-mounts", "cache-mounts broke it"),
    }
    assert applied(verified.result) == found.applied
    assert unique(made)


def test_two_that_break_it_only_together(bench: Callable[..., Bench]) -> None:
    found = of(bench(lambda names, _: differs() if {"non-root", "cache-mounts"} <= names else EQUAL).verify())
    assert (found.verdict, len(found.dropped)) == (Verdict.EQUAL, 1)


def test_nothing_holds(bench: Callable[..., Bench]) -> None:
    made = bench(lambda names, _: differs("always") if names else EQUAL)
    verified = made.verify(max_builds=50)
    found = of(verified)
    assert (found.verdict, found.reason, found.applied) == (Verdict.DIFFERS, "always", ())
    assert [each.transform for each in found.dropped] == list(ALL)
    assert not verified.result.changed
    assert unique(made)


@pytest.mark.parametrize("find", [True, False])
def test_what_the_original_shows_against_itself_is_not_blamed_on_the_rewrite(
    bench: Callable[..., Bench], find: bool
) -> None:
    made = bench(lambda names, _: differs("a number that changes"))
    found = of(made.verify(max_builds=50, find=find))
    assert found.verdict is Verdict.ORIGINAL_FAILS
    assert found.reason == "it differs from itself each time: a number that changes"
    assert made.originals == 2


@pytest.mark.parametrize("find", [True, False])
def test_an_original_that_was_looked_at_badly_is_looked_at_again(bench: Callable[..., Bench], find: bool) -> None:
    made = bench(lambda names, _: differs("no answer in time") if made.originals == 1 else EQUAL)
    verified = made.verify(max_builds=50, find=find)
    assert (of(verified).verdict, made.originals) == (Verdict.EQUAL, 2)
    assert verified.result.changed
    assert "non-root" in of(verified).applied if find else of(verified).applied


@pytest.mark.parametrize(
    ("itself", "new"), [((), ("x",)), (("x",), ("x", "y")), (("y",), ("x",)), (("x", "y"), ("z",))]
)
def test_a_difference_of_the_rewrite_alone_is_its_own(
    bench: Callable[..., Bench], itself: tuple[str, ...], new: tuple[str, ...]
) -> None:
    made = bench(lambda names, _: differs("new", *new) if names else differs("old", *itself) if itself else EQUAL)
    found = of(made.verify(max_builds=50))
    assert (found.verdict, found.reason, made.originals) == (Verdict.DIFFERS, "new", 1)


def test_a_new_image_that_does_not_build_is_searched_too(bench: Callable[..., Bench]) -> None:
    found = of(
        bench(unless("cache-mounts", proof=Proof(Verdict.AFTER_BROKEN, "unknown flag: mount", ("tail",)))).verify()
    )
    assert (found.verdict, found.dropped) == (Verdict.EQUAL, (Dropped("cache-mounts", "unknown flag: mount"),))


@pytest.mark.parametrize("most", [1, 2, 3, 4, 7])
@pytest.mark.parametrize("broken", [("virtualenv", "dockerignore"), ("non-root", "cache-mounts"), tuple(ALL)])
def test_the_budget_is_kept(bench: Callable[..., Bench], most: int, broken: tuple[str, ...]) -> None:
    made = bench(unless(*broken))
    verified = made.verify(max_builds=most)
    assert len(made.seen) <= most
    assert unique(made)
    assert set(applied(verified.result)) == set(of(verified).applied)
    assert not set(of(verified).applied) & set(broken)
    if not of(verified).verdict.holds:
        assert not verified.result.changed
    elif of(verified).applied:
        assert set(of(verified).applied) in made.tried  # what is kept was built


@pytest.mark.parametrize("verdict", [Verdict.NETWORK, Verdict.TIMED_OUT])
def test_a_fault_that_is_nobodys_is_not_blamed_on_a_transform(bench: Callable[..., Bench], verdict: Verdict) -> None:
    made = bench(lambda names, _: Proof(verdict, "no such host") if names == set(ALL) else EQUAL)
    verified = made.verify()
    found = of(verified)
    assert (found.verdict, found.reason, found.dropped, found.applied) == (verdict, "no such host", (), ())
    assert not verified.result.changed
    assert len(made.seen) == 1


@pytest.mark.parametrize("after", range(1, 9))
def test_nor_is_one_that_comes_later(bench: Callable[..., Bench], after: int) -> None:
    made = bench(
        lambda names, _: (
            Proof(Verdict.NETWORK, "no such host")
            if len(made.seen) > after
            else unless("non-root", "cache-mounts")(names, _)
        )
    )
    verified = made.verify(max_builds=50)
    found = of(verified)
    assert found.verdict is (Verdict.NETWORK if len(made.seen) > after else Verdict.EQUAL)
    assert verified.result.changed == found.verdict.holds
    assert not any("no such host" in each.reason for each in found.dropped)


# --- doubts ------------------------------------------------------------------------------------------------------------


def stands(name: str) -> Proof:
    return replace(EQUAL, unanswered=(Unanswered(name, "it writes /data", "/data is not writable", "/data written"),))


def test_a_doubt_that_nothing_answered_takes_the_transform_away(bench: Callable[..., Bench]) -> None:
    made = bench(lambda names, _: stands("non-root") if "non-root" in names else EQUAL)
    verified = made.verify()
    found = of(verified)
    assert found.verdict is Verdict.EQUAL
    assert found.dropped == (
        Dropped(
            "non-root",
            "it writes /data, and /data is not writable",
            "/data written would answer it; --unsafe keeps it without",
        ),
    )
    assert found.applied == tuple(name for name in ALL if name != "non-root")
    assert applied(verified.result) == found.applied
    assert found.unanswered == ()
    assert len(made.seen) == 2


def test_with_unsafe_it_stays_and_is_named(bench: Callable[..., Bench]) -> None:
    made = bench(lambda names, _: stands("non-root"))
    found = of(made.verify(Settings(unsafe=True)))
    assert (found.applied, found.dropped, len(made.seen)) == (ALL, (), 1)
    assert [each.transform for each in found.unanswered] == ["non-root"]


def test_nothing_is_built_for_a_doubt_that_no_image_could_answer(bench: Callable[..., Bench]) -> None:
    """The original's start shows nothing, and a RUN of which nothing is known makes the split unsafe."""
    made = bench(unless(), began=Start(1, "no database\n"))
    made.path.write_text(made.path.read_text("utf-8").replace("RUN pip", "RUN make && pip"), "utf-8")
    found = of(made.verify())
    assert found.verdict.holds
    assert found.dropped
    assert all(
        "the start of the original shows nothing" in each.reason or "it needs" in each.reason for each in found.dropped
    )
    assert len(made.seen) <= 1
    assert set(of(made.verify(Settings(unsafe=True))).applied) > set(found.applied)


def holding(*seen: tuple[str, str, str], silent: str = "") -> Image:
    """An image of Debian 12 with packages, each with its kind and the libraries that it is linked with; of ``silent`` nothing is known."""
    said = [
        {"name": name, "version": "1.0", "kind": kind, "needs": needs.split(), "requires": []}
        for name, kind, needs in seen
    ]
    packages = dict.fromkeys((*(name for name, _, _ in seen), *silent.split(), "pip"), "1.0")
    facts = RuntimeFacts(
        "/usr/local/bin/python", "3.11.9", packages, {}, seen=tuple(said), libc="glibc", machine="x86_64"
    )
    texts = {**verify_images.TEXTS, "/etc/os-release": "VERSION_CODENAME=bookworm\n"}
    return Image({}, verify_images.snapshot(texts=texts), {"python": facts})


UNPINNED = ("new-thing", "pure", ""), ("what-it-brings", "binary", "libstdc++.so.6")


@pytest.mark.parametrize(
    ("holds", "wanted", "runtime"),
    [
        (holding(*UNPINNED), "new-thing\n", ""),
        (holding(*UNPINNED), "new-thing==1.0\n", ""),
        (holding(*UNPINNED, ("psycopg2", "compiled", "libpq.so.5")), "new-thing\n", "libpq5"),
        (holding(*UNPINNED, ("what-else", "binary", "libpq.so.5")), "new-thing\n", "libpq5"),
        (holding(*UNPINNED, ("gitpython", "pure", "")), "new-thing\n", "git"),
        (holding(*UNPINNED, ("a-project", "pure", "")), "-r more.txt\n", ""),
    ],
)
def test_what_the_original_holds_is_as_good_as_a_lock(
    bench: Callable[..., Bench], holds: Image, wanted: str, runtime: str
) -> None:
    """The start shows nothing, and what the packages need of the full image stands in no file."""
    made = bench(unless(), began=Start(1, "no database\n"), holds=holds)
    full_base(made, wanted)
    found = of(made.verify())
    assert "slim-base" in found.applied
    text = made.seen[-1][1].dockerfile
    assert "FROM python:3.11-slim" in text
    installed = {
        word for line in text.partition("-slim")[2].splitlines() if "install -y" in line for word in line.split()
    }
    assert runtime in installed or (not runtime and not installed)


@pytest.mark.parametrize(
    ("holds", "wanted", "settings"),
    [
        (holding(), "new-thing\n", {}),
        (holding(*UNPINNED, silent="from-a-repository"), "new-thing\n", {}),
        (holding(("of-another-environment", "pure", "")), "new-thing\n", {}),
        (holding(*UNPINNED), "new-thing\nthing @ git+https://example.com/thing\n", {}),
        (holding(*UNPINNED, ("odd", "binary", "libodd.so.7")), "new-thing\n", {}),
        (holding(*UNPINNED), "new-thing\n", {"slim-base.platforms": "linux/amd64 linux/arm64"}),
    ],
)
def test_what_it_does_not_show_stays_a_doubt(
    bench: Callable[..., Bench], holds: Image, wanted: str, settings: dict[str, str]
) -> None:
    made = bench(unless(), began=Start(1, "no database\n"), holds=holds)
    full_base(made, wanted)
    found = of(made.verify(Settings(options=settings)))
    assert "slim-base" not in found.applied
    assert "the start of the original shows nothing" in next(
        each.reason for each in found.dropped if each.transform == "slim-base"
    )


def full_base(made: Bench, requirements: str) -> None:
    made.path.write_text(
        'FROM python:3.11\nWORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt\nCMD ["python", "app.py"]\n',
        "utf-8",
    )
    (made.path.parent / "requirements.txt").write_text(requirements, "utf-8")
    (made.path.parent / "more.txt").write_text("new-thing\n", "utf-8")


# --- what is certain of a transform --------------------------------------------------------------------------------------


def with_env(made: Bench, lines: str = "") -> None:
    made.path.write_text(
        "FROM python:3.11-slim\nWORKDIR /app\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\n"
        f'COPY . .\n{lines}CMD ["python", "app.py"]\n',
        "utf-8",
    )
    (made.path.parent / "app.py").write_text("from dotenv import load_dotenv\nload_dotenv()\n", "utf-8")
    (made.path.parent / ".env").write_text("PORT=8000\n", "utf-8")


def without_env(names: set[str], candidate: Candidate) -> Proof:
    """What ends at once where .env is not there."""
    return differs("no PORT", check="start") if "**/.env\n" in (candidate.ignore or "") else EQUAL


WORKS = Plan(smokes=(Smoke("check", shell="python check.py"),))


@pytest.mark.parametrize(
    ("judge", "began", "lines"),
    [
        (without_env, None, ""),
        (without_env, None, "RUN apt-get update && apt-get install -y gcc\n"),
        (without_env, None, "EXPOSE 8000\n"),
        (lambda names, candidate: EQUAL, None, ""),
        (lambda names, candidate: EQUAL, Start(1, "no database\n"), ""),
        (lambda names, _: differs("not writable") if "non-root" in names else EQUAL, Start(1, "no database\n"), ""),
    ],
)
def test_what_is_certain_of_a_transform_is_made_where_the_rest_does_not_hold(
    bench: Callable[..., Bench], judge: Judge, began: Start | None, lines: str
) -> None:
    made = bench(judge, began=began)
    with_env(made, lines)
    found = of(made.verify(plan=WORKS if judge is without_env else None))
    assert "dockerignore" in found.applied
    (why,) = (each for each in found.dropped if each.transform == "dockerignore")
    assert why.reason.startswith("what is unsafe of it: ")
    ignored = made.seen[-1][1].ignore or ""
    assert "**/__pycache__" in ignored
    assert "**/.env\n" not in ignored


def test_what_does_not_hold_at_all_is_left_out(bench: Callable[..., Bench]) -> None:
    made = bench(lambda names, _: differs("app.pyc is missing") if "dockerignore" in names else EQUAL)
    with_env(made)
    found = of(made.verify(plan=WORKS))
    assert "dockerignore" not in found.applied
    assert [each.reason for each in found.dropped if each.transform == "dockerignore"] == ["app.pyc is missing"]


# --- learning ----------------------------------------------------------------------------------------------------------


def keeps(package: str) -> Judge:
    """What holds once a package stays in the runtime stage."""

    def judge(names: set[str], candidate: Candidate) -> Proof:
        runtime = candidate.dockerfile.rpartition("\nFROM ")[2]
        return (
            EQUAL
            if "multi-stage" not in names or f" {package}" in runtime
            else differs("libx.so.1 is not found", "libx.so.1", check="libraries")
        )

    return judge


def missing(monkeypatch: pytest.MonkeyPatch, *answers: dict[str, str]) -> None:
    left = list(answers)
    monkeypatch.setattr(search, "missing_packages", lambda *_: left.pop(0) if left else {})


@pytest.fixture
def with_more(bench: Callable[..., Bench]) -> Callable[..., Bench]:
    """The project with another package that multi-stage leaves behind."""

    def make(judge: Judge) -> Bench:
        made = bench(judge)
        made.path.write_text(made.path.read_text("utf-8").replace("gcc libpq-dev", "gcc g++ make libpq-dev"), "utf-8")
        return made

    return make


def test_a_package_is_learned(with_more: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch) -> None:
    made = with_more(keeps("make"))
    missing(monkeypatch, {"make": "libx.so.1 belongs to it"})
    verified = made.verify()
    found = of(verified)
    assert (found.verdict, found.applied, found.dropped) == (Verdict.EQUAL, ALL, ())
    assert found.learned == (Learned("multi-stage.keep", "make", "libx.so.1 belongs to it"),)
    assert "adding make" in made.said
    runtime = verified.result.files[0].after.rpartition("\nFROM ")[2]
    assert " make" in runtime
    assert len(made.seen) == 2
    again = made.verify(Settings(options={"multi-stage.keep": "make"}))
    assert (of(again).learned, of(again).verdict) == ((), Verdict.EQUAL)  # what was learned is a setting
    assert again.result.files == verified.result.files


def test_it_adds_to_what_the_user_keeps(with_more: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch) -> None:
    missing(monkeypatch, {"make": "x"})
    found = of(
        with_more(keeps("make")).verify(Settings(options={"multi-stage.keep": "g++,gcc", "multi-stage.always": True}))
    )
    assert [each.value for each in found.learned] == ["g++ gcc make"]


def test_learning_stops_where_nothing_more_is_learned(
    with_more: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = with_more(unless("multi-stage"))
    monkeypatch.setattr(search, "missing_packages", lambda *_: {"make": "again and again"})
    found = of(made.verify())
    assert (found.verdict, found.learned) == (Verdict.EQUAL, ())
    assert [each.transform for each in found.dropped] == ["multi-stage"]
    assert unique(made)
    assert made.said.count("adding make") == 1


def test_a_package_that_changes_nothing_is_not_built(
    with_more: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = with_more(unless("multi-stage"))
    monkeypatch.setattr(search, "missing_packages", lambda *_: {"libpq5": "x"})
    assert of(made.verify()).learned == ()
    assert not any(said.startswith("adding") for said in made.said)


@pytest.mark.parametrize("verdict", [Verdict.AFTER_BROKEN, Verdict.NETWORK, Verdict.TIMED_OUT])
def test_what_does_not_build_teaches_nothing(
    with_more: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch, verdict: Verdict
) -> None:
    made = with_more(
        lambda names, _: Proof(verdict, "apt failed") if len(made.seen) == 2 else unless("multi-stage")(names, _)
    )
    missing(monkeypatch, {"make": "x"})
    found = of(made.verify())
    assert (found.verdict, found.learned) == (Verdict.EQUAL, ())
    assert [each.transform for each in found.dropped] == ["multi-stage"]


def test_learning_step_by_step(with_more: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch) -> None:
    def judge(names: set[str], candidate: Candidate) -> Proof:
        runtime = candidate.dockerfile.rpartition("\nFROM ")[2]
        lost = [name for name in ("make", "g++") if f" {name}" not in runtime]
        return differs("gone", *lost, check="commands") if lost else EQUAL

    missing(monkeypatch, {"make": "a"}, {"g++": "b"})
    found = of(with_more(judge).verify())
    assert found.verdict is Verdict.EQUAL
    assert found.learned[-1].value == "g++ make"


def test_what_was_learned_goes_with_the_change_that_it_was_for(
    with_more: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch
) -> None:
    def judge(names: set[str], candidate: Candidate) -> Proof:
        lost = [] if "make" in runtime_of(candidate) else ["make"]
        return differs("gone", "x", *lost) if "multi-stage" in names else EQUAL

    made = with_more(judge)
    missing(monkeypatch, {"make": "a"})
    found = of(made.verify())
    assert "adding make" in made.said
    assert (found.verdict, found.learned) == (Verdict.EQUAL, ())
    assert [each.transform for each in found.dropped] == ["multi-stage"]


def test_what_is_learned_of_a_file_that_has_stages_already(
    bench: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is the smaller base that has to have the package then."""
    made = bench(lambda _, candidate: EQUAL if "libexample1" in runtime_of(candidate) else differs(check="libraries"))
    (made.path.parent / "requirements.txt").write_text("flask==3.0.3\n", "utf-8")
    made.path.write_text(
        "FROM python:3.11 AS made\nRUN python -m venv /opt/venv\nENV PATH=/opt/venv/bin:$PATH\nCOPY requirements.txt .\n"
        "RUN pip install -r requirements.txt\n\nFROM python:3.11\nCOPY --from=made /opt/venv /opt/venv\n"
        'ENV PATH=/opt/venv/bin:$PATH\nWORKDIR /app\nCOPY . .\nCMD ["python", "app.py"]\n',
        "utf-8",
    )
    missing(monkeypatch, {"libexample1": "libexample.so.1 belongs to it"})
    verified = made.verify(Settings(select=frozenset({"slim-base"})))
    found = of(verified)
    assert (found.verdict, found.applied) == (Verdict.EQUAL, ("slim-base",))
    assert found.learned == (Learned("multi-stage.keep", "libexample1", "libexample.so.1 belongs to it"),)
    assert "libexample1" in verified.result.files[0].after


def test_the_package_is_found_in_the_original(
    with_more: Callable[..., Bench], docker: FakeDocker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From a program that a container misses to the package that the original has it from, through dpkg."""
    made = with_more(
        lambda names, candidate: (
            keeps("make")(names, candidate)
            if "multi-stage" not in names or " make" in candidate.dockerfile.rpartition("\nFROM ")[2]
            else differs("make is not found", "make", check="commands")
        )
    )
    original = Prover.original
    files = {"/usr/bin/make": verify_images.program(), "/var/lib/dpkg/status": verify_images.file()}
    image = verify_images.image(files, Env=["PATH=/usr/bin"])
    monkeypatch.setattr(Prover, "original", lambda prover: replace(original(prover), looked=at_hand(image)))
    docker.set(runs=[{"words": "--entrypoint dpkg before -S /usr/bin/make", "out": "make: /usr/bin/make\n"}])
    assert of(made.verify()).learned == (Learned("multi-stage.keep", "make", "make belongs to it"),)


# --- packages in doubt -------------------------------------------------------------------------------------------------


@pytest.fixture
def doubtful(bench: Callable[..., Bench]) -> Callable[..., Bench]:
    """The project with git, which nothing uses, and a -dev package whose library no table names."""

    def make(judge: Judge) -> Bench:
        made = bench(judge)
        made.path.write_text(
            made.path.read_text("utf-8").replace("gcc libpq-dev", "gcc libpq-dev git libmystery-dev"), "utf-8"
        )
        return made

    return make


def runtime_of(candidate: Candidate) -> list[str]:
    return candidate.dockerfile.rpartition("\nFROM ")[2].split()


def test_what_the_image_works_without_is_offered_or_dropped(doubtful: Callable[..., Bench]) -> None:
    def judge(names: set[str], candidate: Candidate) -> Proof:
        there = {"git", "libmystery-dev"} & set(runtime_of(candidate))
        return replace(EQUAL, built=Built(500 + 100 * len(there)))

    made = doubtful(judge)
    verified = made.verify()
    found = of(verified)
    assert found.verdict is Verdict.EQUAL
    assert Learned("multi-stage.drop", "libmystery-dev", "the image works without") in found.learned
    assert [(offer.package, offer.saved) for offer in found.offers] == [("git", 100)]
    words = verified.result.files[0].after.rpartition("\nFROM ")[2].split()
    assert "git" in words  # it is the user's to leave it out
    assert "libmystery-dev" not in words
    assert unique(made)


def test_what_the_image_needs_stays(doubtful: Callable[..., Bench]) -> None:
    needed = {"git", "libmystery-dev"}
    verified = doubtful(lambda names, candidate: EQUAL if needed <= set(runtime_of(candidate)) else differs()).verify()
    assert (of(verified).verdict, of(verified).learned, of(verified).offers, of(verified).dropped) == (
        Verdict.EQUAL,
        (),
        (),
        (),
    )
    assert needed <= set(verified.result.files[0].after.rpartition("\nFROM ")[2].split())


def test_the_users_own_drops_stay(doubtful: Callable[..., Bench]) -> None:
    made = doubtful(unless())
    found = of(made.verify(Settings(options={"multi-stage.drop": "git"})))
    assert [each.value for each in found.learned if each.key == "multi-stage.drop"] == ["git libmystery-dev"]
    assert all("git" not in runtime_of(candidate) for _, candidate in made.seen)


def test_what_no_build_can_show_is_not_made(tmp_path: Path) -> None:
    """Files that are mounted over the image may be root's: the rewrite runs well without them."""
    put = {
        "Dockerfile": 'FROM python:3.11-slim\nWORKDIR /app\nCOPY . .\nCMD ["python", "app.py"]\n',
        "app.py": "print(1)\n",
        "docker-compose.yml": "services:\n  web:\n    build: .\n    volumes: ['./data:/app/data']\n",
    }
    for name, text in put.items():
        (tmp_path / name).write_text(text)
    path = tmp_path / "Dockerfile"
    assert "non-root" not in applied(run(path, Settings(provable=True)))
    assert "non-root" in applied(run(path, Settings(unsafe=True)))
    (tmp_path / "docker-compose.yml").unlink()
    (tmp_path / "app.py").write_text("open('/srv/x', 'w')\n")
    assert "non-root" not in applied(run(path, Settings()))
    assert "non-root" in applied(run(path, Settings(provable=True)))
