"""The diff is one that git and patch take, byte for byte."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

CASES = {
    "plain": b"FROM python:3.11\nRUN pip install flask\n",
    "crlf": b"FROM python:3.11\r\nRUN pip install flask\r\n",
    "mixed line ends": b"FROM python:3.11\r\nRUN pip install flask\n",
    "no final newline": b"FROM python:3.11\nRUN pip install flask",
    "crlf, no final newline": b"FROM python:3.11\r\nRUN pip install flask",
    "not utf-8": b"FROM python:3.11\n# caf\xe9 \xff\nRUN x\n",
    "bom": b"\xef\xbb\xbfFROM python:3.11\nRUN x\n",
    "form feed and friends": "FROM a\nRUN a\x0bb\x0cc\x1cd\u2028e\x85f\rg\n".encode(),
    "new file beside": b"FROM a\n# beside .git\n",
    "only new file": b"FROM a\n# beside .git\nUSER b\n",
    "escape": b"FROM a\n# \x1b[31mred\n",
}
NAMES = ["Dockerfile", "my app/Dockerfile", "caf\u00e9/Dockerfile", 'q"uote/Dockerfile', "back\\slash/Dockerfile"]


def snapshot(folder: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file() and ".git" not in file.relative_to(folder).parts
    }


def applied(dockfix, folder: Path) -> dict[str, bytes]:
    """What --apply makes of a folder; the folder is put back as it was."""
    before = snapshot(folder)
    assert dockfix(str(folder), "--apply").exit_code == 0
    after = snapshot(folder)
    for name in after:
        (folder / name).unlink()
    for name, data in before.items():
        (folder / name).write_bytes(data)
    assert after != before
    return after


def tool(*command: str, data: bytes, cwd: Path) -> None:
    done = subprocess.run(command, input=data, cwd=cwd, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr + done.stdout


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("case", CASES)
def test_git_and_patch_take_it(dockfix, put, case, name):
    file = put("repo/" + name, CASES[case])
    repo = Path("repo").resolve()
    subprocess.run(["git", "init", "-q", str(repo)], check=True)
    os.chdir(file.parent)  # the names are those of the repository, wherever dockfix runs
    diff = dockfix("Dockerfile").stdout_bytes
    expected = applied(dockfix, repo)
    tool("git", "apply", "--check", data=diff, cwd=repo)
    tool("patch", "-p1", "--dry-run", "--force", data=diff, cwd=repo)
    tool("git", "apply", data=diff, cwd=repo)
    assert snapshot(repo) == expected


def test_patch_writes_the_same(dockfix, put, tmp_path):
    put("repo/my app/Dockerfile", CASES["new file beside"])
    put("repo/b/Dockerfile", CASES["crlf, no final newline"])
    put("repo/c/Dockerfile.\u00e9", CASES["not utf-8"])
    repo = tmp_path / "repo"
    (repo / ".git").mkdir()
    diff = dockfix(str(repo)).stdout_bytes
    expected = applied(dockfix, repo)
    tool("patch", "-p1", "--force", data=diff, cwd=repo)
    assert snapshot(repo) == expected


def test_without_a_repository_names_are_relative_to_the_current_folder(dockfix, put, tmp_path, monkeypatch):
    put("a/b/Dockerfile")
    assert "+++ b/a/b/Dockerfile\n" in dockfix("a").stdout
    assert "+++ b/a/b/Dockerfile\n" in dockfix(str(tmp_path / "a/b/Dockerfile")).stdout
    monkeypatch.chdir(tmp_path / "a")
    assert "+++ b/b/Dockerfile\n" in dockfix().stdout


def test_without_a_repository_a_file_elsewhere_keeps_its_full_path(dockfix, put, tmp_path, monkeypatch):
    file = put("a/Dockerfile")
    put("b/x")
    monkeypatch.chdir(tmp_path / "b")
    assert f"+++ b{file}\n" in dockfix("../a").stdout


def test_the_patch_names_the_file_behind_a_link(dockfix, put, tmp_path):
    put("repo/.git/HEAD")
    put("repo/real/Base")
    Path("repo/Dockerfile").symlink_to("real/Base")
    result = dockfix("repo")
    assert "--- a/real/Base\n+++ b/real/Base\n" in result.stdout
    assert result.stderr.startswith("repo/Dockerfile: would change")


def test_an_existing_empty_file(dockfix, put, tmp_path):
    put(text=CASES["only new file"])
    put(".dockerignore", b"")
    diff = dockfix().stdout
    assert diff == (
        "diff --git a/.dockerignore b/.dockerignore\n--- a/.dockerignore\n+++ b/.dockerignore\n@@ -0,0 +1 @@\n+.git\n"
    )
    tool("patch", "-p1", "--dry-run", data=diff.encode(), cwd=tmp_path)


def test_the_bytes_are_the_files_own(dockfix, put):
    put(text=CASES["not utf-8"])
    assert b" # caf\xe9 \xff\n" in dockfix().stdout_bytes
    put(text=CASES["no final newline"])
    assert b"\n\\ No newline at end of file\n+RUN pip" in dockfix().stdout_bytes


def test_new_file_header(dockfix, put):
    put(text=CASES["only new file"])
    assert dockfix().stdout == (
        "diff --git a/.dockerignore b/.dockerignore\n"
        "new file mode 100644\n"
        "--- /dev/null\n"
        "+++ b/.dockerignore\n"
        "@@ -0,0 +1 @@\n"
        "+.git\n"
    )


def test_a_new_file_that_is_empty():
    from dockfix.report.diff import unified

    assert unified("x", None, "") == "diff --git a/x b/x\nnew file mode 100644\n"
    assert unified("x", "a\n", "a\n") == ""
