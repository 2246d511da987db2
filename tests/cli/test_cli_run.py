"""Preview, check, apply, standard input, exit statuses and messages."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dockfix import __version__

DIFF = """\
diff --git a/Dockerfile b/Dockerfile
--- a/Dockerfile
+++ b/Dockerfile
@@ -1,2 +1,3 @@
 FROM python:3.11
 RUN pip install flask
+USER 10001
"""
DONE = "FROM python:3.11\nRUN pip install flask\nUSER 10001\n"
REASONS = """\
  line 3  non-root: the program runs as 10001 with {} in None
  left    multi-stage (line 2): nothing would move
  left    virtualenv: no pip install
  unsafe  cache-mounts (line 2): pip could keep its cache
"""


def test_preview(dockfix, put):
    file = put()
    before = file.read_bytes()
    result = dockfix("Dockerfile")
    assert result.stdout == DIFF
    assert result.stderr == (
        f"Dockerfile: would change (non-root)\n{REASONS}Would change 1 of 1 file (1 edit; 1 more with --unsafe)\n"
    )
    assert result.exit_code == 0
    assert file.read_bytes() == before


def test_apply(dockfix, put):
    file = put()
    result = dockfix("--apply", "Dockerfile")
    assert file.read_text() == DONE
    assert result.stdout == ""
    assert result.stderr.splitlines()[0] == "Dockerfile: changed (non-root)"
    assert result.stderr.splitlines()[-1] == "Changed 1 of 1 file (1 edit; 1 more with --unsafe)"
    assert result.exit_code == 0


def test_nothing_to_do(dockfix, put):
    put(text=DONE)
    result = dockfix("Dockerfile", "--unsafe", "--check")
    assert result.stdout == ""
    assert result.stderr == (
        "Dockerfile: nothing to change\n"
        "  left  multi-stage (line 2): nothing would move\n"
        "  left  virtualenv: no pip install\n"
        "Nothing to change in 1 file\n"
    )
    assert result.exit_code == 0


def test_what_is_only_possible_with_unsafe_is_counted(dockfix, put):
    put(text=DONE)
    assert dockfix("Dockerfile").stderr.endswith("Nothing to change in 1 file (1 possible with --unsafe)\n")


def test_check(dockfix, put):
    file = put()
    result = dockfix("--check")
    assert (result.exit_code, result.stdout) == (1, DIFF)
    assert file.read_text() != DONE


def test_apply_and_check(dockfix, put):
    """As a hook: what was written fails the commit, also where git would show nothing of it."""
    file = put("a/Dockerfile", "FROM a\nUSER 10001\n# beside .git\n")
    put("b/Dockerfile")
    result = dockfix("--apply", "--check", "a", "b")
    assert result.exit_code == 1
    assert "a/.dockerignore: new; add it to the repository\n" in result.stderr
    assert result.stderr.count(": new;") == 1
    assert file.with_name(".dockerignore").read_text() == ".git\n"
    again = dockfix("--apply", "--check", "a", "b")
    assert (again.exit_code, ": new;" in again.stderr) == (0, False)


def test_a_new_file_is_named_only_where_it_is_written(dockfix, put):
    put(text="FROM a\n# beside .git\n")
    assert ": new;" not in dockfix("Dockerfile").stderr
    assert ": new;" not in dockfix("Dockerfile", "--apply", "--quiet").stderr


def test_check_quiet_prints_nothing(dockfix, put):
    put()
    result = dockfix("--check", "-q")
    assert (result.exit_code, result.output) == (1, "")


def test_quiet_preview_prints_the_diff_alone(dockfix, put):
    put(text="FROM a\n# warn\nRUN b\n")
    result = dockfix("-q")
    assert result.stdout.endswith("+USER 10001\n")
    assert result.stderr == ""


def test_a_batch_says_less_unless_asked(dockfix, put):
    put("a/Dockerfile")
    put("b/Dockerfile", DONE)
    put("c/Dockerfile", "FROM x\n# bad\n")
    result = dockfix()
    assert result.stderr == (
        "a/Dockerfile: would change (non-root)\n"
        "error: c/Dockerfile:2:3: unknown instruction: BAD\n"
        "hint: did you mean ADD?\n"
        "Would change 1 of 3 files (1 edit; 2 more with --unsafe; 1 failed)\n"
    )
    assert result.exit_code == 2
    said = dockfix("-v").stderr
    assert REASONS in said
    assert "b/Dockerfile: nothing to change\n  left    multi-stage" in said


def test_a_failure_beats_pending_changes(dockfix, put):
    put("a/Dockerfile")
    put("c/Dockerfile", "FROM x\n# bad\n")
    assert dockfix("--check").exit_code == 2


def test_a_failed_file_is_not_written_and_the_others_are(dockfix, put):
    good, bad = put("a/Dockerfile"), put("c/Dockerfile", "FROM x\n# bad\n")
    result = dockfix("--apply")
    assert result.exit_code == 2
    assert good.read_text() == DONE
    assert bad.read_text() == "FROM x\n# bad\n"


def test_an_internal_error_stops_one_file_only(dockfix, put):
    put("a/Dockerfile", "FROM x\n# boom\n")
    good = put("b/Dockerfile")
    result = dockfix("--apply")
    assert result.exit_code == 2
    assert good.read_text() == DONE
    error, hint = result.stderr.splitlines()[:2]
    assert error == "error: a/Dockerfile: internal error: RuntimeError: the fake broke"
    assert "please report it" in hint
    assert "Traceback" not in result.output


def test_debug_shows_the_traceback(dockfix, put):
    put(text="FROM x\n# boom\n")
    result = dockfix(env={"DOCKFIX_DEBUG": "1"})
    assert 'raise RuntimeError("the fake broke' in result.stderr


def test_an_error_in_our_own_report_does_not_stop_the_others(dockfix, put, monkeypatch):
    from dockfix.report import diff

    put("a/Dockerfile")
    put("b/Dockerfile")
    real = diff.unified

    def broken(name: str, before: str | None, after: str) -> str:
        if name.startswith("a/"):
            raise KeyError(name)
        return real(name, before, after)

    monkeypatch.setattr("dockfix.cli.session.unified", broken)
    result = dockfix()
    assert "error: a/Dockerfile: internal error: KeyError" in result.stderr
    assert "+++ b/b/Dockerfile" in result.stdout
    assert result.exit_code == 2


def test_an_error_outside_of_any_file_has_no_traceback_either(dockfix, put, monkeypatch):
    put()
    monkeypatch.setattr("dockfix.cli.jobs.discover", lambda *a, **k: 1 / 0)
    result = dockfix()
    assert result.exit_code == 2
    assert result.stderr.startswith("error: internal error: ZeroDivisionError: division by zero\nhint: this is a bug")
    assert "Traceback" in dockfix(env={"DOCKFIX_DEBUG": "1"}).stderr


@pytest.mark.parametrize(
    ("data", "message", "hint"),
    [
        (b"", "the file is empty", "a Dockerfile starts with a FROM line"),
        (b"FROM x\n\0\n", "this is a binary file, not a Dockerfile", None),
        ("FROM x\n".encode("utf-16"), "the file is UTF-16", "save it as UTF-8; docker build needs that too"),
    ],
)
def test_what_is_no_dockerfile(dockfix, put, data, message, hint):
    put(text=data)
    result = dockfix("Dockerfile")
    lines = result.stderr.splitlines()
    assert lines[0] == f"error: Dockerfile: {message}"
    assert (lines[1] == f"hint: {hint}") is (hint is not None)
    assert lines[-1] == "1 file failed"
    assert result.exit_code == 2


def test_a_missing_file(dockfix, put):
    put()
    result = dockfix("missing", "Dockerfile", "--apply")
    assert "error: missing: no such file or folder\n" in result.stderr
    assert "Changed 1 of 2 files" in result.stderr
    assert result.exit_code == 2


def test_links_that_lead_nowhere_or_in_a_circle(dockfix, put):
    Path("Dockerfile").symlink_to("gone")
    Path("Dockerfile.circle").symlink_to("Dockerfile.circle")
    expected = (
        "error: Dockerfile: the symbolic link leads nowhere\n"
        "error: Dockerfile.circle: the symbolic link leads back to itself\n"
    )
    for paths in ((), ("Dockerfile", "Dockerfile.circle")):
        result = dockfix(*paths)
        assert result.stderr.startswith(expected)
        assert result.exit_code == 2


def test_a_pipe_is_not_waited_for(dockfix):
    os.mkfifo("Dockerfile")
    result = dockfix("Dockerfile")
    assert result.stderr.startswith("error: Dockerfile: not a regular file\nhint: use - to read from standard input\n")
    assert result.exit_code == 2


def test_a_path_with_a_nul(dockfix):
    result = dockfix("a\0b")
    assert result.stderr.startswith("error: a^@b: not a usable path\n")
    assert result.exit_code == 2


def test_an_unreadable_file(dockfix, put, monkeypatch):
    put("a/Dockerfile")
    put("b/Dockerfile")
    real = Path.read_bytes

    def read(path: Path) -> bytes:
        if path == Path("a/Dockerfile"):
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(Path, "read_bytes", read)
    result = dockfix()
    assert result.stderr.startswith(
        "error: a/Dockerfile: permission denied\nhint: check the permissions of the file and of its folder\n"
    )
    assert "b/Dockerfile: would change" in result.stderr
    assert result.exit_code == 2


def test_a_folder_without_dockerfiles_is_a_warning(dockfix, put):
    put("sub/README.md")
    result = dockfix("sub")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "warning: sub: no Dockerfile found in this folder\n"
    assert dockfix("sub", "-q").output == ""


def test_the_rule_of_git_that_left_no_dockerfile_is_named(dockfix, put):
    put(".git/HEAD", "")
    put(".gitignore", "# tools\n\nnode_modules/\nDockerfile\n")
    put("sub/Dockerfile", "FROM python:3.11\n")
    said = "no Dockerfile found in this folder: {} has git ignore sub/Dockerfile; name it to take it\n"
    assert dockfix("sub").stderr == f"warning: sub: {said.format('.gitignore:4')}"
    assert dockfix().stderr == f"warning: .: {said.format('.gitignore:4')}"
    put("sub/.gitignore", "Dockerfile*\n!Dockerfile.prod\n")
    assert dockfix("sub").stderr == f"warning: sub: {said.format('sub/.gitignore:1')}"
    assert "sub/Dockerfile: would change" in dockfix("sub/Dockerfile").stderr
    put("other/docker/README.md", "")
    assert dockfix("other").stderr == "warning: other: no Dockerfile found in this folder\n"


@pytest.mark.parametrize(
    ("args", "message", "hint"),
    [
        (["--select", "nonroot"], "--select: unknown transform 'nonroot'", "did you mean 'non-root'?"),
        (["--ignore", "non-root,qqq"], "--ignore: unknown transform 'qqq'", "dockfix list shows all"),
        (["--aply"], "no such option '--aply'", None),
        (["-q", "-v"], "--verbose and --quiet exclude each other", "dockfix --help shows the options"),
        (["-", "x"], "- (standard input) cannot be combined with other paths", "dockfix --help shows the options"),
        (["-", "--apply", "--format", "json"], "--apply on standard input prints the new Dockerfile, so", None),
        (["--stdin-filename", "x"], "--stdin-filename needs - as the path", "dockfix --help shows the options"),
        (
            ["--set", "always"],
            "--set: 'always' is not a setting",
            "write it as TRANSFORM.KEY=VALUE: multi-stage.always=true",
        ),
        (["--set", "multistage.x=1"], "--set: unknown transform 'multistage'", "did you mean 'multi-stage'?"),
        (["--exclude", "!"], "--exclude: '!' is not a pattern", "patterns are written as in .gitignore"),
        (["--context", "nowhere"], "invalid value for '--context': Directory 'nowhere' does not exist", None),
        (["--jobs", "0"], "invalid value for '-j' / '--jobs': 0 is not in the range x>=1", None),
        (["explain"], "missing argument 'ID'", "dockfix explain --help shows the usage"),
        (["explain", "cache-mount"], "unknown transform 'cache-mount'", "did you mean 'cache-mounts'?"),
    ],
)
def test_wrong_usage(dockfix, put, args, message, hint):
    file = put()
    before = file.read_bytes()
    result = dockfix(*args)
    lines = result.stderr.splitlines()
    assert lines[0].startswith(f"error: {message}")
    assert len(lines) <= 2
    if hint is not None:
        assert lines[1] == f"hint: {hint}"
    assert (result.exit_code, result.stdout) == (2, "")
    assert file.read_bytes() == before


def test_select_and_ignore_reach_the_engine(dockfix, put):
    put()
    assert dockfix("--select", "multi-stage, cache-mounts").stdout == ""
    assert dockfix("--select", "multi-stage", "--select", "non-root").stdout == DIFF
    assert dockfix("--ignore", "non-root").stdout == ""


def test_settings_and_context_reach_the_engine(dockfix, put):
    put()
    Path("ctx").mkdir()
    result = dockfix("--set", "multi-stage.always=true", "--context", "ctx")
    assert "with {'multi-stage.always': True} in ctx" in result.stderr
    result = dockfix("--set", "multi-stage.keep=libpq5, make")
    assert "'multi-stage.keep': frozenset({'" in result.stderr


@pytest.mark.parametrize(
    ("setting", "error"),
    [
        ("multi-stage.always=no", "--set: multi-stage.always must be true or false"),
        ('multi-stage.always="true"', "--set: multi-stage.always must be true or false"),
        ("multi-stage.always=1\nx=2", "--set: multi-stage.always must be true or false"),
        ("multi-stage.suite=bokworm", "--set: multi-stage.suite must be one of bookworm, bullseye, trixie"),
        ("multi-stage.suite=3", "--set: multi-stage.suite must be a text"),
        ("multi-stage.keep=[1]", "--set: multi-stage.keep must be a list of names"),
        (
            "multi-stage.keep=['no such; pkg']",
            "--set: multi-stage.keep has 'no such; pkg', which is not the name of a package",
        ),
        ("multi-stage.drop=Gcc", "--set: multi-stage.drop has 'Gcc', which is not the name of a package"),
    ],
)
def test_a_value_that_a_setting_does_not_take_is_an_error(dockfix, put, setting, error):
    put()
    result = dockfix("--set", setting)
    assert result.exit_code == 2
    assert error in result.stderr
    key, _, value = setting.partition("=")
    Path("dockfix.toml").write_text(
        f"[multi-stage]\n{key.partition('.')[2]} = {value if value[0] in '[3' else repr(value)}\n"
    )
    assert dockfix().exit_code == 2


def test_the_environment_sets_flags_and_flags_win(dockfix, put):
    put()
    assert dockfix(env={"DOCKFIX_CHECK": "1"}).exit_code == 1
    assert dockfix(env={"DOCKFIX_SELECT": "multi-stage"}).stdout == ""
    assert dockfix("--select", "non-root", env={"DOCKFIX_SELECT": "multi-stage"}).stdout == DIFF
    assert "more with --unsafe" not in dockfix(env={"DOCKFIX_UNSAFE": "1"}).stderr
    assert "more with --unsafe" in dockfix("--no-unsafe", env={"DOCKFIX_UNSAFE": "1"}).stderr
    wrong = dockfix(env={"DOCKFIX_FORMAT": "xml"})
    assert wrong.stderr.endswith("\nhint: this value is from the environment: DOCKFIX_FORMAT\n")
    assert wrong.exit_code == 2
    assert dockfix(env={"DOCKFIX_HELP": "1", "DOCKFIX_VERSION": "1"}).stdout == DIFF


def test_stdin_preview(dockfix):
    result = dockfix("-", input="FROM python:3.11\nRUN pip install flask\n")
    assert result.stdout == DIFF
    assert result.stderr.startswith("<stdin>: would change (non-root)\n")


def test_stdin_apply_is_a_filter(dockfix, put, tmp_path):
    result = dockfix("-", "--apply", "--stdin-filename", "svc/Dockerfile", input=b"FROM a\r\nRUN \xe9\r\n")
    assert result.stdout_bytes == b"FROM a\r\nRUN \xe9\r\nUSER 10001\r\n"
    assert result.stderr.startswith("svc/Dockerfile: changed (non-root)\n")
    assert list(tmp_path.iterdir()) == []


def test_stdin_apply_passes_on_what_needs_no_change(dockfix):
    assert dockfix("-", "--apply", input=DONE).stdout == DONE


def test_stdin_apply_names_the_other_files(dockfix, put):
    result = dockfix("-", "--apply", input="FROM a\n# beside .git\n")
    assert result.stdout == "FROM a\n# beside .git\nUSER 10001\n"
    assert "warning: .dockerignore: not written, since the Dockerfile came from standard input\n" in result.stderr
    assert not Path(".dockerignore").exists()


def test_stdin_apply_prints_nothing_for_a_broken_file(dockfix):
    result = dockfix("-", "--apply", "--stdin-filename", "x/Dockerfile", input="FROM x\n# bad\n")
    assert (result.stdout, result.exit_code) == ("", 2)
    assert result.stderr.startswith("error: x/Dockerfile:2:3: unknown instruction: BAD\n")
    assert dockfix("-", input="# bad\n").stderr.startswith("error: <stdin>:1:3: unknown")


def test_stdin_empty(dockfix):
    result = dockfix("-", input="")
    assert result.stderr.startswith("error: <stdin>: the file is empty\n")
    assert result.exit_code == 2


def test_stdin_takes_the_configuration_of_its_place(dockfix, put):
    put("svc/dockfix.toml", 'ignore = ["non-root"]\n')
    text = "FROM a\nRUN b\n"
    assert dockfix("-", "--stdin-filename", "svc/Dockerfile", input=text).stdout == ""
    assert "+USER" in dockfix("-", input=text).stdout


def test_stdin_excluded_is_passed_on(dockfix):
    args = ("-", "--apply", "--stdin-filename", "old/Dockerfile", "--exclude", "old/")
    assert dockfix(*args, "--force-exclude", input="FROM a\n").stdout == "FROM a\n"
    assert dockfix(*args, input="FROM a\n").stdout == "FROM a\nUSER 10001\n"


def test_version_and_help(dockfix):
    assert dockfix("--version").stdout == f"dockfix {__version__}\n"
    for flag in ("-h", "--help"):
        text = dockfix(flag).stdout
        assert text.startswith("Usage: dockfix [OPTIONS] [PATH]...\n")
        assert "--apply" in text
        assert "explain" in text
        assert "Exit status" in text


def test_list(dockfix):
    from dockfix.engine.registry import transforms

    lines = dockfix("list").stdout.splitlines()
    assert lines[0].split() == ["id", "safety", "title"]
    assert [line.split()[0] for line in lines[1:]] == [item.id for item in transforms()]
    for line, item in zip(lines[1:], transforms(), strict=True):
        assert line.endswith(f"  {item.title}")


def test_explain(dockfix):
    from dockfix.engine.registry import transforms

    for item in transforms():
        result = dockfix("explain", item.id)
        assert result.stdout.startswith(f"{item.id} ({item.safety})\n\n")
        for heading in ("What it does", "Why", "Example", "Fix safety"):
            assert f"\n{heading}\n    " in result.stdout
        assert all(f"    {option.key} ({option.type}): {option.help}\n" in result.stdout for option in item.options)
        assert "\x1b" not in result.stdout
        assert result.exit_code == 0
    assert "\x1b[1mFix safety\x1b[0m\n" in dockfix("explain", "non-root", env={"FORCE_COLOR": "1"}).stdout


def test_files_named_like_commands_are_reached_with_a_dot(dockfix, put):
    put("list", "FROM a\n")
    put("explain/Dockerfile", "FROM b\n")
    assert "+++ b/list" in dockfix("./list").stdout
    assert "+++ b/explain/Dockerfile" in dockfix("./explain").stdout
    assert "+++ b/list" in dockfix("-q", "list").stdout


def test_a_run_in_which_every_file_failed(dockfix, put):
    put("a/Dockerfile", "FROM a\nBAD # bad\n")
    assert dockfix("a").stderr.splitlines()[-1] == "1 file failed"
    put("b/Dockerfile", "FROM a\nBAD # bad\n")
    assert dockfix("a", "b").stderr.splitlines()[-1] == "2 files failed"
    put("c/Dockerfile", DONE)
    assert dockfix("a", "b", "c", "--unsafe").stderr.splitlines()[-1] == "Nothing to change in 1 of 3 files (2 failed)"


def test_an_option_that_is_given_as_a_command(dockfix, put):
    put()
    result = dockfix("check", ".")
    assert result.exit_code == 2
    assert "error: check: no such file or folder\nhint: did you mean --check?\n" in result.stderr
    put("apply/Dockerfile", DONE)
    assert "did you mean" not in dockfix("apply", "chek").stderr


@pytest.mark.parametrize(
    ("given", "meant"), [("verfy", "verify"), ("explian", "explain"), ("lst", "list"), ("digest", "digests")]
)
def test_a_command_with_a_slip(dockfix, put, given, meant):
    put()
    assert f"hint: did you mean the command {meant}? It has to come first\n" in dockfix(given, "Dockerfile").stderr


def test_a_command_in_the_wrong_place(dockfix, put):
    put()
    assert "hint: did you mean the command verify? It has to come first\n" in dockfix("Dockerfile", "verify").stderr
