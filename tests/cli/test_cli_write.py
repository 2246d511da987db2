"""--apply: whole files or none, attributes kept, nothing overwritten that someone else wrote."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from dockfix import engine
from dockfix.batch.leftovers import _host
from dockfix.batch.write import WriteError, write_together
from dockfix.engine.results import FileChange

BOTH = "FROM a\n# beside .git\n"


def leftovers(folder: Path) -> list[str]:
    return [file.name for file in folder.rglob(".dockfix-*")]


def test_mode_and_links_are_kept(dockfix, put, tmp_path):
    file = put("real/Dockerfile")
    file.chmod(0o640)
    Path("Dockerfile").symlink_to("real/Dockerfile")
    assert dockfix("Dockerfile", "--apply").exit_code == 0
    assert Path("Dockerfile").is_symlink()
    assert file.read_text().endswith("USER 10001\n")
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert leftovers(tmp_path) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_the_owner_is_kept(dockfix, put):
    file = put()
    os.chown(file, 12345, 54321)
    file.chmod(0o4755)
    dockfix("--apply")
    now = file.stat()
    assert (now.st_uid, now.st_gid, stat.S_IMODE(now.st_mode)) == (12345, 54321, 0o4755)


@pytest.mark.parametrize("umask", [0o022, 0o077])
def test_new_files_get_what_the_umask_leaves(dockfix, put, umask):
    put(text=BOTH)
    old = os.umask(umask)
    try:
        assert dockfix("--apply").exit_code == 0
    finally:
        os.umask(old)
    assert stat.S_IMODE(Path(".dockerignore").stat().st_mode) == 0o666 & ~umask
    assert Path(".dockerignore").read_text() == ".git\n"


def test_a_file_that_changed_meanwhile_is_left_alone(dockfix, put, tmp_path):
    file = put(text="FROM a\n# crowd\n")
    result = dockfix("--apply")
    assert result.stderr.startswith(
        "error: Dockerfile: Dockerfile changed while dockfix ran\nhint: run dockfix again\n"
    )
    assert file.read_text() == "FROM a\n# crowd\n# me too\n"
    assert result.exit_code == 2
    assert leftovers(tmp_path) == []


def test_a_new_file_that_appeared_meanwhile_is_left_alone(put, tmp_path):
    put("new", "theirs\n")
    with pytest.raises(WriteError, match="new appeared while dockfix ran"):
        write_together([FileChange("new", None, "ours\n")])
    assert Path("new").read_text() == "theirs\n"


def test_a_file_that_vanished_meanwhile_stays_away():
    with pytest.raises(WriteError, match="gone changed while dockfix ran"):
        write_together([FileChange("gone", "a\n", "b\n")])
    assert not Path("gone").exists()


def test_a_read_only_folder(dockfix, put, tmp_path, monkeypatch):
    good, bad = put("a/Dockerfile"), put("b/Dockerfile")
    before = bad.read_bytes()
    real = os.open

    def no_entry(path, flags, *args, **options):
        if Path(path).parent.name == "b" and flags & os.O_CREAT:
            raise PermissionError(13, "Permission denied")
        return real(path, flags, *args, **options)

    monkeypatch.setattr(os, "open", no_entry)
    result = dockfix("--apply")
    assert (
        "error: b/Dockerfile: cannot write b/Dockerfile: permission denied\n"
        "hint: check the permissions of the file and of its folder\n"
    ) in result.stderr
    assert result.stderr.endswith("Changed 1 of 2 files (1 edit; 1 more with --unsafe; 1 failed)\n")
    assert result.exit_code == 2
    assert bad.read_bytes() == before
    assert good.read_text().endswith("USER 10001\n")


def test_a_read_only_file(dockfix, put, monkeypatch):
    file = put()
    before = file.read_bytes()
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    result = dockfix("--apply")
    assert "cannot write Dockerfile: it is read-only\nhint: chmod u+w makes it writable\n" in result.stderr
    assert file.read_bytes() == before


def test_all_files_of_a_dockerfile_or_none(dockfix, put, tmp_path, monkeypatch):
    """The second of two files fails in its last step; the first one is put back."""
    file = put(text=BOTH)
    file.chmod(0o600)
    real = Path.replace

    def failing(source: Path, target: Path) -> Path:
        if target.name == ".dockerignore":
            raise OSError(28, "No space left on device")
        return real(source, target)

    monkeypatch.setattr(Path, "replace", failing)
    result = dockfix("--apply")
    assert result.stderr.startswith("error: Dockerfile: cannot write .dockerignore: no space left on device\n")
    assert result.exit_code == 2
    assert file.read_text() == BOTH
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["Dockerfile"]


def test_a_disk_that_fills_up_meanwhile(dockfix, put, tmp_path, monkeypatch):
    file = put()
    before = file.read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    result = dockfix("--apply")
    assert "cannot write Dockerfile: no space left on device\n" in result.stderr
    assert file.read_bytes() == before
    assert leftovers(tmp_path) == []


def test_a_new_file_goes_again_when_the_next_one_fails(put, tmp_path, monkeypatch):
    put("b", "old\n")
    real = Path.replace

    def failing(source: Path, target: Path) -> Path:
        if target.name == "b":
            raise OSError(28, "No space left on device")
        return real(source, target)

    monkeypatch.setattr(Path, "replace", failing)
    with pytest.raises(WriteError, match="cannot write b"):
        write_together([FileChange("a", None, "new\n"), FileChange("b", "old\n", "new\n")])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b"]


def test_an_interrupt_between_two_files_puts_the_first_back(put, tmp_path, monkeypatch):
    put("a", "old\n")
    real = Path.replace

    def interrupted(source: Path, target: Path) -> Path:
        if target.name == "b":
            raise KeyboardInterrupt
        return real(source, target)

    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_together([FileChange("a", "old\n", "new\n"), FileChange("b", None, "new\n")])
    assert Path("a").read_text() == "old\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a"]


def test_what_cannot_be_put_back_is_told(put, monkeypatch):
    put("a", "old\n")
    put("b", "old\n")
    real = Path.replace
    calls: list[str] = []

    def failing(source: Path, target: Path) -> Path:
        calls.append(target.name)
        if len(calls) > 1:
            raise OSError(5, "Input/output error")
        return real(source, target)

    monkeypatch.setattr(Path, "replace", failing)
    with pytest.raises(WriteError) as raised:
        write_together([FileChange("a", "old\n", "new\n"), FileChange("b", "old\n", "new\n")])
    assert raised.value.failure.message == "cannot write b: input/output error"
    assert raised.value.failure.hint == "a could not be put back and is changed already"


def test_two_dockerfiles_that_want_the_same_file(dockfix, put):
    put("Dockerfile", BOTH)
    put("Dockerfile.dev", BOTH)
    preview = dockfix()
    assert preview.stdout.count("new file mode") == 1
    result = dockfix("--apply")
    assert result.exit_code == 0
    assert Path(".dockerignore").read_text() == ".git\n"
    assert Path("Dockerfile.dev").read_text().endswith("USER 10001\n")


def test_two_dockerfiles_that_add_different_lines(dockfix, put):
    put(".dockerignore", "old\n")
    put("Dockerfile", "FROM a\n# beside old .git\n")
    put("Dockerfile.dev", "FROM a\n# beside old .venv\n")
    put("Dockerfile.test", "FROM a\n# beside old .venv .git .tox\n")
    preview = dockfix()
    assert preview.exit_code == 0
    assert "error" not in preview.stderr
    result = dockfix("--apply")
    assert result.exit_code == 0
    assert Path(".dockerignore").read_text() == "old\n.git\n.venv\n.tox\n"
    # the diffs of the preview apply one after the other
    assert [line for line in preview.stdout.splitlines() if line in {"+.git", "+.venv", "+.tox"}] == [
        "+.git",
        "+.venv",
        "+.tox",
    ]


@pytest.mark.parametrize("mode", [[], ["--apply"], ["--check"]])
def test_two_dockerfiles_that_want_different_texts(dockfix, put, mode):
    put(".dockerignore", "old\n")
    put("Dockerfile", BOTH)
    other = put("Dockerfile.dev", "FROM a\n# beside .venv\n")
    result = dockfix(*mode)
    assert (
        "error: Dockerfile.dev: .dockerignore would need another text than the one for Dockerfile\n"
        "hint: run dockfix on this file alone\n"
    ) in result.stderr
    assert result.exit_code == 2
    assert "USER" not in other.read_text()


def test_no_file_is_written_before_all_are_read(dockfix, put, monkeypatch):
    """Otherwise the second Dockerfile would see the first one's .dockerignore, and the preview would be wrong."""
    put("Dockerfile", BOTH)
    put("Dockerfile.dev", BOTH)
    seen: list[bool] = []
    real = engine.run

    def run(path, settings, **options):
        seen.append(Path(".dockerignore").exists())
        return real(path, settings, **options)

    monkeypatch.setattr(engine, "run", run)
    assert dockfix("--apply").exit_code == 0
    assert seen == [False, False]
    assert Path(".dockerignore").exists()


def test_a_claim_counts_only_once_it_is_written(dockfix, put, monkeypatch):
    put("Dockerfile", "FROM a\n# crowd\n# beside .git\n")
    put("Dockerfile.dev", "FROM a\n# beside .venv\n")
    result = dockfix("--apply")
    assert "Dockerfile changed while dockfix ran" in result.stderr
    assert Path(".dockerignore").read_text() == ".venv\n"


def test_nothing_left_to_write_is_no_change(dockfix, put):
    put("Dockerfile", BOTH)
    put("Dockerfile.dev", BOTH + "USER x\n")
    result = dockfix()
    assert "Would change 1 of 2 files" in result.stderr


def test_bytes_survive(dockfix, put):
    file = put(text=b"\xef\xbb\xbfFROM a\r\n# caf\xe9 \xff\x0c\r\nRUN x")
    assert dockfix("--apply").exit_code == 0
    assert file.read_bytes() == b"\xef\xbb\xbfFROM a\r\n# caf\xe9 \xff\x0c\r\nRUN x\r\nUSER 10001"


def gone() -> int:
    """The number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_what_a_killed_run_left_is_removed(dockfix, put, tmp_path):
    """Only files of its own name, user and machine, whose process is gone, and only where files are written."""
    put("app/Dockerfile")
    put("done/Dockerfile", "FROM a\nUSER 10001\n")
    host, token = _host(), "0" * 16
    dead, own = f".dockfix-{host}-{gone()}-{token}", f".dockfix-{host}-{os.getpid()}-{token}"
    others = [own, f".dockfix-{int(host, 16) ^ 1:08x}-{gone()}-{token}", f".dockfix-{token}", f"{dead}.txt", f"x{dead}"]
    for folder in ("app", "done"):
        for name in (dead, *others):
            put(f"{folder}/{name}", "FROM half")
    kept = put(f"elsewhere/{dead}", "")
    Path(f"app/{dead[:-1]}1").symlink_to(kept)
    Path(f"app/{dead[:-1]}2").mkdir()
    dockfix("app", "done")
    assert Path("app", dead).exists()  # a preview touches nothing
    assert dockfix("app", "done", "--apply").exit_code == 0
    assert sorted(file.name for file in Path("done").iterdir()) == sorted(["Dockerfile", *others])
    assert sorted(file.name for file in Path("app").iterdir()) == sorted(
        ["Dockerfile", *others, f"{dead[:-1]}1", f"{dead[:-1]}2"]
    )
    assert kept.exists()


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="nothing is killed like this here")
def test_a_run_that_is_killed_leaves_nothing_for_long(put, tmp_path, dockfix):
    put()
    script = (
        "import os, signal, pathlib\n"
        "from dockfix.batch.write import write_together\n"
        "from dockfix.engine.results import FileChange\n"
        "pathlib.Path.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
        "write_together([FileChange('Dockerfile', open('Dockerfile').read(), 'FROM b\\n')])\n"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False, timeout=60).returncode == -signal.SIGKILL
    assert len(leftovers(tmp_path)) == 1
    assert dockfix("--apply").exit_code == 0
    assert leftovers(tmp_path) == []


def test_a_new_file_is_not_made_through_a_link(put, tmp_path):
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / ".dockerignore").symlink_to("../outside")
    with pytest.raises(WriteError, match="is a symbolic link to"):
        write_together([FileChange(str(tree / ".dockerignore"), None, "ours\n")])
    assert not Path("outside").exists()
