"""The Bake file."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dockfix.verify.bake import Pair, bake_file, slugs
from dockfix.verify.build import BuildArguments


def pair(name: str = "app/Dockerfile", target: str = "") -> Pair:
    return Pair(name, Path("app"), Path("old/Dockerfile"), Path("/new/Dockerfile"), target)


def made(*pairs: Pair, folder: str = "/work", **arguments: BuildArguments) -> dict[str, Any]:
    whole: dict[str, Any] = json.loads(bake_file(pairs, Path(folder), arguments))
    return whole


def test_two_targets_for_each_pair() -> None:
    whole = made(pair(), pair("b"))
    assert whole["group"] == {
        "default": {"targets": ["app-dockerfile-before", "app-dockerfile-after", "b-before", "b-after"]}
    }
    assert list(whole["target"]) == whole["group"]["default"]["targets"]
    assert whole["target"]["app-dockerfile-before"] == {
        "context": "/work/app", "dockerfile": "/work/old/Dockerfile", "labels": {"dockfix.verify": "app-dockerfile"},
        "tags": ["dockfix-verify/app-dockerfile:before"],
    }  # fmt: skip
    assert whole["target"]["b-after"]["dockerfile"] == "/new/Dockerfile"
    assert "variable" not in whole


def test_all_arguments() -> None:
    arguments = BuildArguments(("A=1=2", "B=", "HOME", "not-a-name"), ("id=t,src=token", '"id=u,v",source=/abs', "type=env,id=e,src=NAME", "id=HOME"),
                      ("default", "other=key,/abs/key"), "linux/amd64,linux/arm64", "host", "final", True, True)  # fmt: skip
    whole = made(pair("x"), x=arguments)
    for side in ("before", "after"):
        target = whole["target"][f"x-{side}"]
        assert {key: target[key] for key in target if key not in ("context", "dockerfile", "labels", "tags")} == {
            "args": {"A": "1=2", "B": "", "HOME": "${HOME}", "not-a-name": None},
            "secret": ["id=t,src=/work/token", '"id=u,v",source=/abs', "type=env,id=e,src=NAME", "id=HOME"],
            "ssh": ["default", "other=/work/key,/abs/key"], "platforms": ["linux/amd64", "linux/arm64"], "network": "host",
            "target": "final", "pull": True, "no-cache": True,
        }  # fmt: skip
    assert whole["variable"] == {"HOME": {"default": None}}


def test_the_stage_of_a_pair_comes_before_that_of_the_arguments() -> None:
    assert made(pair("x", "own"), x=BuildArguments(target="all"))["target"]["x-after"]["target"] == "own"


def test_what_bake_would_evaluate_is_escaped() -> None:
    target = made(pair("x"), folder="/a${b}", x=BuildArguments(("A=${x}$y%{z}%d",)))["target"]["x-before"]
    assert target["args"] == {"A": "$${x}$y%%{z}%d"}
    assert target["context"] == "/a$${b}/app"


def test_a_path_that_is_not_utf8_is_refused() -> None:
    with pytest.raises(ValueError, match="surrogates"):
        made(pair(), folder="/\udcff")


@given(
    st.lists(
        st.text(st.characters(codec=None)) | st.sampled_from(["a", "A", "a-2", "a/2", "앱", "", "a-before"]),
        max_size=12,
    )
)
def test_slugs_are_unique_and_fit_for_targets_and_tags(names: list[str]) -> None:
    found = slugs(names)
    assert len(set(found)) == len(names) == len(found)
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug) and len(slug) < 120 for slug in found)


def test_a_slug_of_a_long_name_is_short() -> None:
    assert slugs(["x" * 500, "x" * 501]) == ["x" * 100, "x" * 100 + "-2"]


def buildx(*arguments: str, **environment: str) -> str:
    """What ``docker buildx`` prints; skips where there is none."""
    docker = shutil.which("docker")
    if docker is None:
        pytest.skip("docker is not installed")
    if subprocess.run([docker, "buildx", "version"], capture_output=True, check=False).returncode:
        pytest.skip("docker has no buildx plug-in")
    done = subprocess.run([docker, "buildx", *arguments], capture_output=True, text=True, check=False, timeout=120,
                          env={**os.environ, **environment})  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.build
def test_bake_reads_it_as_it_was_meant(tmp_path: Path) -> None:
    folder = tmp_path / "a ${b} %{c} 앱"
    folder.mkdir()
    (folder / "token").write_text("x")
    values = {"A": "${x}", "B": "$${x} $y %{z} %%{z} %d", "C": 'line\n"quoted" \\n \'', "D": ""}
    arguments = BuildArguments((*(f"{name}={value}" for name, value in values.items()), "FROM_OUTSIDE", "NOT_SET"), ("id=t,src=token",),
                      platform="linux/amd64", target="final", pull=True, no_cache=True)  # fmt: skip
    file = tmp_path / "docker-bake.json"
    file.write_text(bake_file([pair("x")], folder, {"x": arguments}), "utf-8")
    target = json.loads(buildx("bake", "-f", str(file), "--print", FROM_OUTSIDE="${v}"))["target"]["x-before"]
    assert target["args"] == {**values, "FROM_OUTSIDE": "${v}"}
    assert target["context"] == f"{folder}/app"
    assert target["dockerfile"] == f"{folder}/old/Dockerfile"
    assert target["secret"] == [f"id=t,src={folder}/token"]
    assert (target["platforms"], target["target"], target["pull"], target["no-cache"]) == (
        ["linux/amd64"],
        "final",
        True,
        True,
    )
    assert target["labels"] == {"dockfix.verify": "x"}
    assert target["tags"] == ["dockfix-verify/x:before"]


@pytest.mark.build
def test_bake_builds_both_with_their_own_ignore_files(tmp_path: Path) -> None:
    for place in ("context", "before", "after"):
        (tmp_path / place).mkdir()
    for name in ("kept", "left"):
        (tmp_path / "context" / name).write_text(name)
    for place in ("before", "after"):
        (tmp_path / place / "Dockerfile").write_text("FROM scratch\nCOPY . /\n")
    (tmp_path / "after" / "Dockerfile.dockerignore").write_text("left\n")
    file = tmp_path / "docker-bake.json"
    one = Pair("x", tmp_path / "context", tmp_path / "before" / "Dockerfile", tmp_path / "after" / "Dockerfile")
    file.write_text(bake_file([one], tmp_path, {}), "utf-8")
    out = tmp_path / "out"
    buildx("bake", "-f", str(file), *(text for side in ("before", "after") for text in ("--set", f"x-{side}.output=type=local,dest={out}/{side}")),
           BUILDX_BAKE_ENTITLEMENTS_FS="0")  # fmt: skip
    assert {path.name for path in (out / "before").iterdir()} == {"kept", "left"}
    assert {path.name for path in (out / "after").iterdir()} == {"kept"}
