"""dockfix.toml and [tool.dockfix]: the nearest one counts, flags win, faults are named."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from dockfix.cli.app import cli
from dockfix.config import KEYS, ConfigError, Configs, knowledge


def changed(result) -> list[str]:
    return [line.removeprefix("+++ b/") for line in result.stdout.splitlines() if line.startswith("+++ ")]


def test_the_nearest_file_counts_for_each_dockerfile(dockfix, put):
    for folder in ("a", "a/b", "c", "c/d"):
        put(f"{folder}/Dockerfile")
    put("dockfix.toml", 'ignore = ["non-root"]\n')
    put("a/b/pyproject.toml", "[tool.dockfix]\nunsafe = true\n")
    put("c/pyproject.toml", "[project]\nname = 'not ours'\n")
    put("c/d/dockfix.toml", "")
    put("c/d/pyproject.toml", "[tool.dockfix]\nignore = ['non-root']\n")
    assert changed(dockfix()) == ["a/b/Dockerfile", "c/d/Dockerfile"]


def test_flags_beat_the_file(dockfix, put):
    put()
    put("dockfix.toml", 'select = ["multi-stage"]\nignore = ["non-root"]\n')
    assert changed(dockfix()) == []
    assert changed(dockfix("--select", "non-root")) == ["Dockerfile"]
    assert changed(dockfix("--select", "non-root", "--ignore", "non-root")) == []
    assert changed(dockfix(env={"DOCKFIX_SELECT": "non-root"})) == ["Dockerfile"]
    put("dockfix.toml", "unsafe = true\n")
    assert "--unsafe" not in dockfix().stderr
    assert "--unsafe" in dockfix("--no-unsafe").stderr


def test_tables_of_transforms(dockfix, put):
    put()
    put("pyproject.toml", "[tool.dockfix.multi-stage]\nalways = true\n")
    assert "with {'multi-stage.always': True} in" in dockfix().stderr
    assert "with {'multi-stage.always': False} in" in dockfix("--set", "multi-stage.always=false").stderr


def test_context_is_relative_to_the_file(dockfix, put, tmp_path):
    put("svc/Dockerfile")
    put("dockfix.toml", 'context = "svc"\n')
    assert f"in {tmp_path / 'svc'}\n" in dockfix().stderr
    assert "in svc\n" in dockfix("--context", "svc").stderr


def test_exclude_is_relative_to_the_file_and_adds_up(dockfix, put, monkeypatch, tmp_path):
    for name in ("a/x/Dockerfile", "b/x/Dockerfile", "b/y/Dockerfile", "c/Dockerfile"):
        put(name)
    put("dockfix.toml", 'exclude = ["/a", "b/x/"]\n')
    assert changed(dockfix()) == ["b/y/Dockerfile", "c/Dockerfile"]
    assert changed(dockfix("--exclude", "c")) == ["b/y/Dockerfile"]
    assert changed(dockfix("a/x/Dockerfile")) == ["a/x/Dockerfile"]
    assert changed(dockfix("--force-exclude", "a/x/Dockerfile", "c/Dockerfile")) == ["c/Dockerfile"]
    monkeypatch.chdir(tmp_path / "b")
    assert changed(dockfix()) == ["y/Dockerfile"]


def test_per_file_ignores(dockfix, put):
    put("legacy/Dockerfile")
    put("new/Dockerfile")
    put("new/Dockerfile.dev")
    put("dockfix.toml", '[per-file-ignores]\n"legacy/*" = ["non-root"]\n"*.dev" = ["non-root", "multi-stage"]\n')
    assert changed(dockfix()) == ["new/Dockerfile"]
    assert changed(dockfix("--select", "non-root", "legacy")) == []


def test_extend(dockfix, put):
    put("shared/base.toml", 'ignore = ["non-root"]\nunsafe = true\n[multi-stage]\nalways = true\n')
    put("shared/middle.toml", 'extend = "base.toml"\n')
    put("app/dockfix.toml", 'extend = "../shared/middle.toml"\nignore = []\n')
    put("app/Dockerfile")
    result = dockfix("app")
    assert changed(result) == ["app/Dockerfile"]
    assert "--unsafe" not in result.stderr
    assert "'multi-stage.always': True" in result.stderr


def test_extend_reads_the_table_of_a_pyproject(dockfix, put):
    put("base/pyproject.toml", "[tool.dockfix]\nignore = ['non-root']\n")
    put("dockfix.toml", 'extend = "base/pyproject.toml"\n')
    put()
    assert changed(dockfix()) == []


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("selct = []", "unknown key 'selct'", "did you mean 'select'?"),
        ("[multistage]\nalways = true", "unknown key 'multistage'", "did you mean 'multi-stage'?"),
        ("qqq = 1", "unknown key 'qqq'", f"the keys are {', '.join(KEYS)}"),
        ("[multi-stage]\nallways = 1", "unknown key 'allways' for multi-stage", "did you mean 'always'?"),
        ("multi-stage = 1", "multi-stage must be a table", "for instance [multi-stage]"),
        ('select = ["nonroot"]', "unknown transform 'nonroot'", "did you mean 'non-root'?"),
        ('select = "non-root"', "select must be a list of texts", 'for instance select = ["non-root"]'),
        ("unsafe = 1", "unsafe must be true or false", None),
        ('exclude = ["!"]', "'!' is not a pattern", "patterns are written as in .gitignore"),
        ("context = 'none'", "context must be the path of a folder", "it is relative to this configuration file"),
        ("per-file-ignores = []", "per-file-ignores must be a table", '["legacy/*" = ["non-root"]]'),
        ("[per-file-ignores]\nx = ['y']", "unknown transform 'y'", "dockfix list shows all"),
        ("extend = 1", "extend must be the path of a configuration file", None),
        ("extend = 'no.toml'", "extend names 'no.toml', which is not a file", None),
    ],
)
def test_faults_are_named(dockfix, put, text, message, hint):
    put("pyproject.toml", "[tool.ruff]\n")
    file = put("dockfix.toml", text + "\n")
    dockerfile = put("sub/Dockerfile")
    before = dockerfile.read_bytes()
    result = dockfix("--apply", "sub")
    lines = result.stderr.splitlines()
    assert lines[0] == f"error: {file}: {message}"
    assert lines[1:] == ([f"hint: {hint}"] if hint else [])
    assert result.exit_code == 2
    assert dockerfile.read_bytes() == before


def test_not_toml(dockfix, put):
    put()
    file = put("dockfix.toml", "unsafe = true\nselect = [\n")
    result = dockfix()
    assert result.stderr.startswith(f"error: {file}")
    assert "not valid TOML: invalid value" in result.stderr
    assert result.exit_code == 2
    put("dockfix.toml", "unsafe true\n")
    assert dockfix().stderr.startswith(f"error: {file}:1:8: not valid TOML: expected")
    put("dockfix.toml", b"\xff = 1\n")
    assert dockfix().stderr == f"error: {file}: the file is not UTF-8\n"


def test_a_circle_of_extends(dockfix, put):
    put()
    put("dockfix.toml", 'extend = "b.toml"\n')
    put("b.toml", 'extend = "dockfix.toml"\n')
    result = dockfix()
    assert "extend leads back to" in result.stderr
    assert result.exit_code == 2


def test_tool_dockfix_must_be_a_table(dockfix, put):
    put()
    file = put("pyproject.toml", "[tool]\ndockfix = 1\n")
    assert dockfix().stderr == f"error: {file}: tool.dockfix must be a table\n"


def test_other_tools_broken_files_do_no_harm(dockfix, put):
    put()
    put("pyproject.toml", "{{ cookiecutter.name }}\n")
    assert changed(dockfix()) == ["Dockerfile"]


def test_a_file_beside_a_linked_folder_is_found(dockfix, put):
    put("real/Dockerfile")
    put("real/dockfix.toml", 'ignore = ["non-root"]\n')
    Path("link").symlink_to("real")
    assert changed(dockfix("link/Dockerfile")) == []


def test_the_file_with_what_was_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").mkdir()
    monkeypatch.setenv("XDG_CACHE_HOME", "/var/cache/me")
    assert knowledge(Configs().of(tmp_path)) == "/var/cache/me/dockfix/knowledge.toml"
    (tmp_path / "dockfix.toml").write_text('knowledge = "shared/dockfix.knowledge.toml"\n')
    assert knowledge(Configs().of(tmp_path / "a")) == str(tmp_path / "shared/dockfix.knowledge.toml")
    (tmp_path / "a/dockfix.toml").write_text('knowledge = ""\n')
    assert knowledge(Configs().of(tmp_path / "a")) == ""
    (tmp_path / "a/dockfix.toml").write_text("knowledge = 3\n")
    with pytest.raises(ConfigError, match="knowledge must be the path of a file"):
        Configs().of(tmp_path / "a")


def test_a_file_that_was_altered_is_warned_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "Dockerfile").write_text("FROM python:3.11-slim\n")
    (tmp_path / "dockfix.toml").write_text('knowledge = "seen.toml"\n')
    (tmp_path / "seen.toml").write_text("format = 7\n")
    for words in (["Dockerfile"], ["."], ["-"]):
        done = CliRunner().invoke(cli, words, input="FROM python:3.11-slim\n", prog_name="dockfix")
        assert "seen.toml: what it says is not used: its format is 7, and this dockfix knows 1" in done.output
        assert done.exit_code == 0
    quiet = CliRunner().invoke(cli, ["-q", "Dockerfile"], prog_name="dockfix")
    assert "seen.toml" not in quiet.output
