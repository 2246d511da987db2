"""The checks of tests/support/checks.py fail where they should, and show why."""

from __future__ import annotations

import pytest

from checks import check_noop, check_transformed
from dockfix.engine.transform import Outcome
from dockfix.facts import Facts
from dockfix_transforms.syntax_directive import SyntaxDirective

CMD = 'FROM python:3.11\nCMD ["python", "app.py"]\n'
DONE = CMD.replace("CMD", "ENV PYTHONUNBUFFERED=1\nCMD")
SHELL_FORM = "FROM python:3.11-slim\nWORKDIR /app\nCOPY . .\nENTRYPOINT python app.py\n"


def test_what_is_as_expected_passes() -> None:
    assert check_transformed(CMD, DONE, select=["python-env"]).changes
    assert not check_noop(DONE, select=["python-env"], refused="is set already").changes
    assert check_noop(SHELL_FORM, select=["exec-form"], held_back="arguments of docker run").unsafe
    assert not check_noop("FROM python:3.11\n", select=["exec-form"]).refusals


def test_a_text_may_be_written_as_python_code_is() -> None:
    before = """
        FROM python:3.11
        CMD ["python", "app.py"]
    """
    after = """
        FROM python:3.11
        ENV PYTHONUNBUFFERED=1
        CMD ["python", "app.py"]
    """
    check_transformed(before, after, select=["python-env"])
    with pytest.raises(AssertionError, match=r"\n\+ENV PYTHONUNBUFFERED=1\n"):
        check_transformed(before, after.replace("=1", "=2"), select=["python-env"])


def test_another_result_is_shown_as_a_diff() -> None:
    with pytest.raises(AssertionError) as error:
        check_transformed(CMD, DONE.replace("BUFFERED=1\n", "BUFFERED=1 \n"), select=["python-env"])
    assert str(error.value).startswith(
        "not what was expected\n--- expected\n+++ got\n@@ -1,3 +1,3 @@\n FROM python:3.11\n"
        "-'ENV PYTHONUNBUFFERED=1 '\n+ENV PYTHONUNBUFFERED=1\n CMD"
    )
    assert "\nchange: python-env: docker logs shows" in str(error.value)


def test_line_ends_are_shown() -> None:
    with pytest.raises(AssertionError) as error:
        check_transformed("FROM python:3.11\nCMD a\r\n", "FROM python:3.11\nCMD a", select=["syntax-directive"])
    assert "\n-CMD a  (no line break)\n+CMD a  '\\r\\n'\n" in str(error.value)


def test_the_same_text_is_no_transformation() -> None:
    with pytest.raises(AssertionError, match="check_noop"):
        check_transformed(CMD, CMD, select=["syntax-directive"])


@pytest.mark.parametrize(
    ("text", "select", "refused", "held_back", "message"),
    [
        (CMD, "python-env", "", "", "not what was expected"),
        (SHELL_FORM, "dockerignore", "", "", "is written"),
        (DONE, "python-env", "", "", "refused, although there is nothing to do"),
        (DONE, "python-env", "some other reason", "", "not refused because of 'some other reason'"),
        (SHELL_FORM, "exec-form", "", "", "held back, although there is nothing to do"),
        (SHELL_FORM, "exec-form", "", "no code", "not held back because of 'no code'"),
        ("FROM\n", "exec-form", "", "", "failure: "),
    ],
)
def test_something_else_is_no_noop(text: str, select: str, refused: str, held_back: str, message: str) -> None:
    with pytest.raises(AssertionError) as error:
        check_noop(text, select=[select], refused=refused, held_back=held_back)
    assert message in str(error.value)


def test_a_transform_that_fails_is_no_noop(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: object, facts: Facts) -> Outcome:
        raise ZeroDivisionError

    monkeypatch.setattr(SyntaxDirective, "apply", fail)
    with pytest.raises(AssertionError, match=r"syntax-directive: left out, because it failed: ZeroDivisionError"):
        check_noop("FROM python:3.11\n", select=["syntax-directive"])
