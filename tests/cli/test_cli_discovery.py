"""Which files are found below a folder, and which are left out."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from dockfix.batch.discover import Target, discover, is_dockerfile
from dockfix.batch.rules import Rules


def found(*paths: str, exclude: tuple[str, ...] = (), force: bool = False) -> list[str]:
    rules = (Rules(Path.cwd(), exclude),)
    return [target.path for target in discover(paths or (".",), lambda _: rules, force=force).targets]


@pytest.mark.parametrize(
    "name",
    ["Dockerfile", "Containerfile", "Dockerfile.dev", "Dockerfile.3.11", "Dockerfile-dev", "Containerfile_dev", "web.Dockerfile", "web.dockerfile",
     "Containerfile.x", ".Dockerfile"],
)  # fmt: skip
def test_names_of_dockerfiles(name):
    assert is_dockerfile(name)


@pytest.mark.parametrize(
    "name",
    ["Dockerfile.dockerignore", "web.Dockerfile.dockerignore", "Dockerfile~", "Dockerfile.orig", "Dockerfile.bak",
     "Dockerfile.swp", ".Dockerfile.swp", "Dockerfile.j2", "Dockerfile.tmpl", "Dockerfile.template", "Dockerfile.in",
     "Dockerfile.md", "Dockerfiles", "dockerfile.py", "MyDockerfile", ".#web.Dockerfile", "._web.Dockerfile", "README"],
)  # fmt: skip
def test_names_of_others(name):
    assert not is_dockerfile(name)


def test_a_named_file_may_have_any_name(put):
    put("image.txt")
    assert found("image.txt") == ["image.txt"]
    assert found() == []


def test_folders_are_searched_and_paths_are_as_the_user_sees_them(put, tmp_path):
    for name in ("b/Dockerfile", "a/deep/er/Dockerfile.x", "Dockerfile"):
        put(name)
    assert found() == ["Dockerfile", "a/deep/er/Dockerfile.x", "b/Dockerfile"]
    assert found("a", "./b/") == ["a/deep/er/Dockerfile.x", "b/Dockerfile"]
    assert found(str(tmp_path / "b")) == [str(tmp_path / "b/Dockerfile")]
    assert found("b/../b") == ["b/../b/Dockerfile"]


def test_other_peoples_folders_are_left_alone(put):
    for folder in (".git", "node_modules", ".venv", "a/node_modules"):
        put(f"{folder}/x/Dockerfile")
    put("a/.github/Dockerfile")
    assert found() == ["a/.github/Dockerfile"]
    assert found("node_modules") == ["node_modules/x/Dockerfile"]
    assert found("node_modules", "node_modules/x/Dockerfile", force=True) == []


def test_a_file_is_done_once(put, tmp_path):
    put("a/Dockerfile")
    Path("Dockerfile").symlink_to("a/Dockerfile")
    assert found() == ["a/Dockerfile"]
    assert found("a", "a/Dockerfile", "./a", str(tmp_path / "a"), "Dockerfile") == ["a/Dockerfile"]
    assert found("Dockerfile") == ["Dockerfile"]


def test_linked_folders_are_not_followed(put):
    put("real/Dockerfile")
    Path("link").symlink_to("real")
    Path("real/circle").symlink_to("..")
    Path("real/Dockerfile.d").symlink_to("..")
    assert found() == ["real/Dockerfile"]
    assert found("link") == ["link/Dockerfile"]


def test_a_link_out_of_the_tree_is_left_unless_it_is_named(dockfix, put):
    outside = put("shared/Dockerfile")
    put("tree/own/Dockerfile")
    Path("tree/Dockerfile").symlink_to("../shared/Dockerfile")
    Path("tree/inner.Dockerfile").symlink_to("own/Dockerfile")
    before = outside.read_text()
    result = dockfix("--apply", "tree")
    real = str(outside.resolve())
    assert f"warning: tree/Dockerfile: left, because it is a symbolic link to {real}; name it" in result.stderr
    assert "Changed 1 of 1 file" in result.stderr
    assert (outside.read_text(), result.exit_code) == (before, 0)
    assert "symbolic link" not in dockfix("tree", "--quiet").stderr
    assert discover(["tree", "shared"], lambda _: ()).left == ()  # it is worked on by its own name
    assert dockfix("--apply", "tree/Dockerfile").exit_code == 0
    assert outside.read_text() != before


def test_pipes_and_folders_with_the_name_of_a_dockerfile(put):
    os.mkfifo("Dockerfile.pipe")
    put("Dockerfile/Dockerfile")
    assert found() == ["Dockerfile/Dockerfile"]


def test_an_unreadable_folder_is_an_error_and_the_others_go_on(put, monkeypatch):
    put("a/Dockerfile")
    put("b/Dockerfile")
    real = os.scandir

    def scandir(path: Path) -> object:
        if Path(path).name == "a":
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    targets = discover(["."], lambda _: ()).targets
    assert [target.path for target in targets] == ["a", "b/Dockerfile"]
    assert targets[0].failure is not None
    assert targets[0].failure.message == "permission denied"


def test_empty_folders_are_told(put):
    put("a/Dockerfile")
    put("b/x")
    result = discover(["a", "b"], lambda _: ())
    assert result.targets == (Target("a/Dockerfile"),)
    assert result.empty == (("b", ""),)


def test_exclude(put):
    for name in ("a/Dockerfile", "b/Dockerfile", "b/keep/Dockerfile", "b/Dockerfile.dev"):
        put(name)
    assert found(exclude=("b/",)) == ["a/Dockerfile"]
    assert found(exclude=("*.dev", "/a")) == ["b/Dockerfile", "b/keep/Dockerfile"]
    assert found("b", exclude=("b/",)) == ["b/Dockerfile", "b/Dockerfile.dev", "b/keep/Dockerfile"]
    assert found("b/Dockerfile", exclude=("b/",)) == ["b/Dockerfile"]
    assert found("b", "b/Dockerfile", "a", exclude=("b/",), force=True) == ["a/Dockerfile"]


def test_exclude_on_the_command_line(dockfix, put):
    for name in ("a/Dockerfile", "b/Dockerfile", "c/Dockerfile"):
        put(name)
    result = dockfix("--exclude", "a", "--exclude", "b/*")
    assert "Would change 1 of 1 file" in result.stderr
    assert "c/Dockerfile" in result.stdout
    hook = dockfix("--exclude", "a", "--force-exclude", "a/Dockerfile", "b/Dockerfile")
    assert "a/Dockerfile" not in hook.stdout
    assert "+++ b/b/Dockerfile" in hook.stdout


RULES = {
    ".gitignore": "build/\n*.dev\n!keep.Dockerfile\n/only-top\nsub/*/mid\ndouble/**/x\n# note\n\\#odd\nspace\\ \n\n!\n",
    "a/.gitignore": "!Dockerfile.dev\n/Dockerfile\r\ndeep/\n!build/\n",
    "a/star/.gitignore": "*\n!*/\n!Dockerfile\n",
    ".git/info/exclude": "private.Dockerfile\n!x.dev\n",
}
TREE = """
Dockerfile Dockerfile.dev keep.Dockerfile private.Dockerfile build/Dockerfile only-top/Dockerfile
sub/only-top/Dockerfile sub/a/mid/Dockerfile sub/a/b/mid/Dockerfile double/x/Dockerfile double/a/b/x/Dockerfile
double/Dockerfile a/Dockerfile a/Dockerfile.dev a/b/Dockerfile a/b/Dockerfile.dev a/deep/Dockerfile
a/b/deep/Dockerfile a/build/Dockerfile a/star/Dockerfile a/star/Dockerfile.x a/star/in/Dockerfile
a/star/in/web.dockerfile b/private.Dockerfile x.dev #odd/Dockerfile space/Dockerfile
"""


def test_git_would_say_the_same(put, tmp_path):
    subprocess.run(["git", "init", "-q"], check=True, cwd=tmp_path)
    tree = TREE.split()
    for name in tree:
        put(name)
    for name, text in RULES.items():
        put(name, text)
    listed = subprocess.run(
        ["git", "ls-files", "-oz", "--exclude-standard"], check=True, cwd=tmp_path, capture_output=True, text=True
    )
    expected = sorted(name for name in listed.stdout.split("\0") if is_dockerfile(Path(name).name))
    assert 5 < len(expected) < len(tree) - 5
    assert found() == expected
    for folder in ("a", "sub", "double/a"):  # rules reach in from above
        inside = [name for name in expected if name.startswith(folder + "/")]
        assert found(folder) == inside


def test_a_named_folder_is_searched_even_if_git_ignores_it(put):
    put(".git/HEAD")
    put(".gitignore", "build/\n*.dev\n")
    put("build/Dockerfile")
    put("build/x/Dockerfile")
    assert found() == []
    assert found("build") == ["build/Dockerfile", "build/x/Dockerfile"]
    assert found("build/x/Dockerfile") == ["build/x/Dockerfile"]


def test_a_repository_within_starts_afresh(put):
    put(".git/HEAD")
    put(".gitignore", "*.dev\n")
    put("own/.git/info/exclude", "secret/\n")
    put("own/Dockerfile.dev")
    put("own/secret/Dockerfile")
    put("worktree/.git", "gitdir: ../elsewhere\n")
    put("elsewhere/commondir", ".\n")
    put("elsewhere/info/exclude", "Dockerfile.x\n")
    put("worktree/Dockerfile.dev")
    put("worktree/Dockerfile.x")
    put("module/.git", "gitdir: ../.git/modules/module\n")
    put(".git/modules/module/info/exclude", "Dockerfile.x\n")
    put("module/Dockerfile.dev")
    put("module/Dockerfile.x")
    assert found() == ["module/Dockerfile.dev", "own/Dockerfile.dev", "worktree/Dockerfile.dev"]


def test_gitignore_counts_without_a_repository(put):
    put("a/.gitignore", b"\xef\xbb\xbf*.dev\n\xff\n")
    put("a/Dockerfile.dev")
    put("a/Dockerfile")
    assert found() == ["a/Dockerfile"]


def test_rules_for_paths_outside_of_their_folder(tmp_path):
    rules = Rules(tmp_path / "in", ("*.dev",))
    assert rules.verdict(tmp_path / "out" / "Dockerfile.dev") is True
    assert rules.verdict(tmp_path / "out" / "Dockerfile") is None
    assert rules.cover(tmp_path / "x.dev" / "a" / "b")


def test_a_line_counts_for_what_it_matches_itself(tmp_path):
    rules = Rules(tmp_path, ("*", "!*/", "!keep/", "a/*.x"))
    assert rules.verdict(tmp_path / "deep" / "er", folder=True) is False
    assert rules.verdict(tmp_path / "deep" / "er") is True
    assert rules.verdict(tmp_path / "keep" / "x") is True
    assert rules.verdict(tmp_path / "a" / "b.x", folder=True) is True


def test_patterns_with_many_stars_take_no_more_time(tmp_path):
    rules = Rules(tmp_path, ("a*" * 30 + "b", "**a*" * 10 + "b"))
    assert rules.verdict(tmp_path / ("a" * 100)) is None
    assert rules.verdict(tmp_path / ("a" * 100 + "b")) is True
    for line, name, taken in [("a*b*c", "abbcbc", True), ("*b*.py[co]", "aabb.pyc", True), ("*a*b/", "ab", None),
                              ("a*b*c", "abcb", None), ("x/*a*/y*z", "x/bab/yz", True)]:  # fmt: skip
        assert Rules(tmp_path, (line,)).verdict(tmp_path / name) is taken
