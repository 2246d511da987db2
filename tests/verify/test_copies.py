"""Throw-away copies of what a Compose file mounts: which there are, and how a container gets them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from verify_images import REFERENCE

from dockfix.verify import copies
from dockfix.verify.copies import Copy, NotCopied, copy_of
from dockfix.verify.engines import Engine
from dockfix.verify.manner import Manner
from dockfix.verify.running import Conditions
from dockfix.verify.starting import Wanted, start
from fake_docker import FakeDocker


def test_a_folder_a_file_and_what_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "x").write_text("1")
    assert copy_of(tmp_path / "data", "/data", tmp_path) == Copy(tmp_path / "data", "/data")
    assert copy_of(tmp_path / "data" / "x", "/x", tmp_path) == Copy(tmp_path / "data" / "x", "/x", folder=False)
    assert copy_of(tmp_path / "none", "/none", tmp_path) == Copy(None, "/none")


def test_what_is_not_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = tmp_path / "project"
    (project / "many").mkdir(parents=True)
    for number in range(4):
        (project / "many" / str(number)).write_text("text")
    (project / "away").symlink_to(tmp_path)
    os.mkfifo(project / "pipe")
    (project / "pipes").mkdir()
    os.mkfifo(project / "pipes" / "in")

    def why(name: str) -> str:
        with pytest.raises(NotCopied) as caught:
            copy_of(project / name, "/x", project)
        return str(caught.value)

    assert why("../other") == why("away") == "it lies outside the project"
    assert why("pipe") == "it is neither a file nor a folder"
    assert why("pipes") == "in in it is neither a file nor a folder"
    monkeypatch.setattr(copies, "MOST_FILES", 3)
    assert why("many") == "it holds more than 3 files"
    monkeypatch.setattr(copies, "MOST", 15)
    assert why("many") == "it is larger than 0 MB"


def test_each_container_gets_its_own(docker: FakeDocker, fake_engine: Engine, tmp_path: Path) -> None:
    mine = (Copy(tmp_path, "/data"), Copy(None, "/empty"), Copy(tmp_path / "x.ini", "/etc/x.ini", folder=False))
    docker.set(diff="A /etc/x.ini\nA /etc/y.ini\n")
    found = start(fake_engine, REFERENCE, lambda: None, Wanted(), Conditions(), Manner("x", copies=mine))
    assert found.written == {"/etc/y.ini"}
    (made,) = (argv for argv in docker.argv("create"))
    name = made[made.index("--name") + 1]
    mounts = [made[number + 1] for number, word in enumerate(made) if word == "--mount"]
    assert mounts == [f"type=volume,destination={place},volume-nocopy" for place in ("/data", "/empty")]
    assert [argv[1:] for argv in docker.argv("cp")] == [
        ["-a", f"{tmp_path}/.", f"{name}:/data"],
        ["-a", f"{tmp_path}/x.ini", f"{name}:/etc/x.ini"],
    ]
    assert docker.argv("start") == [["start", name]]
    assert docker.containers() == []
