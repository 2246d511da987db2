"""Every golden case that can be is built before and after, and both images pass the case's checks."""

from __future__ import annotations

import pytest

import golden

BUILT = [case for case in golden.cases() if case.data.get("build", True)]


@pytest.fixture(scope="session")
def engine() -> None:
    reason = golden.engine_answers()
    if reason:
        pytest.skip(f"no container engine: {reason}")


@pytest.mark.build
@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("case", BUILT, ids=[case.name for case in BUILT])
def test_both_images_work(case: golden.Case) -> None:
    proof = golden.prove(case, case.expected())
    assert proof.before > 0
    assert proof.after > 0
    print(f"{case.name}: {proof.before / 1e6:.0f} MB -> {proof.after / 1e6:.0f} MB, runs as {proof.uid}")


@pytest.mark.build
@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize(("old", "new"), [
    (b"libpq5", b"netbase"),
    (b"COPY --chown=appuser:appuser inventory ./inventory\n", b""),
    (b"USER 10001:10001\n", b""),
    (b"COPY --from=builder /opt/venv /opt/venv\n", b"COPY --from=builder /opt/venv /opt/elsewhere\n"),
], ids=["library", "file", "user", "environment"])
def test_a_broken_result_is_noticed(old: bytes, new: bytes) -> None:
    case = next(case for case in golden.cases() if case.name == "flask-psycopg2")
    files = case.expected()
    assert old in files["Dockerfile"]
    files["Dockerfile"] = files["Dockerfile"].replace(old, new)
    with pytest.raises(golden.BuildError):
        golden.prove(case, files)
