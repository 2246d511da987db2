from __future__ import annotations

from pathlib import Path

import pytest

from dockfix.context.built_here import built_here
from dockfix.context.run_commands import build_commands


def repository(folder: Path, **files: str) -> Path:
    (folder / ".git").mkdir()
    for name, text in {"Dockerfile": "FROM team/base\n", "base/Dockerfile": "FROM debian:12\n", **files}.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder / "Dockerfile"


def action(*given: str) -> str:
    """A workflow that builds by GitHub's action."""
    lines = "".join(f"          {each}\n" for each in given)
    return f"jobs:\n  a:\n    steps:\n      - uses: docker/build-push-action@v6\n        with:\n{lines}"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("build.sh", "docker build -t team/base base\n"),
        ("Makefile", "base:\n\tdocker buildx build --load --tag team/base:latest --file base/Dockerfile .\n"),
        ("scripts__all.sh", "podman build \\\n  -t team/base \\\n  -f ../base/Dockerfile ../base\n"),
        (".github__workflows__ci.yml", "jobs:\n  a:\n    steps:\n      - run: docker build -t team/base base\n"),
        ("compose.yaml", "services:\n  base:\n    image: team/base\n    build: base\n"),
        (".github__workflows__ci.yml", action("tags: team/base", "context: base")),
        (
            ".github__workflows__ci.yaml",
            action("tags: |\n            team/base:1\n            team/base:latest", "file: base/Dockerfile"),
        ),
        (".github__workflows__ci.yml", action("tags: 'team/base:2,team/base'", "context: ./base", "push: true")),
        ("docker-bake.hcl", 'target "base" {\n  context = "base"\n  tags = ["team/base:1", "team/base"]\n}\n'),
        (
            "docker-bake.hcl",
            'target "base" {\n  dockerfile = "base/Dockerfile"\n  tags = [\n    "team/base",\n  ]\n}\n',
        ),
        ("docker-bake.json", '{"target": {"base": {"context": "base", "tags": ["team/base"]}}}'),
    ],
)
def test_the_dockerfile_is_found(name: str, text: str, tmp_path: Path) -> None:
    found = built_here("team/base", repository(tmp_path, **{name: text}))
    assert found is not None
    assert Path(found.dockerfile) == (tmp_path / "base" / "Dockerfile").resolve()
    assert name.rpartition("__")[2] in found.said


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("build.sh", "docker build -t team/base:2 base\n"),
        ("build.sh", "docker build -t team/base --build-arg A=1 base\n"),
        ("build.sh", "docker build -t team/base --target dev base\n"),
        ("build.sh", "docker build -t team/base $FOLDER\n"),
        ("build.sh", "docker build -t team/base https://example.com/repository.git\n"),
        ("build.sh", "docker build -t team/base nowhere\n"),
        ("build.sh", "cd base && docker build -t team/base .\n"),
        ("build.sh", "docker run team/base base\n"),
        ("README.md", "    docker build -t team/base base\n"),
        ("build.sh", "docker build -t team/base .\n"),
        ("compose.yaml", "services:\n  base:\n    image: team/base\n    build: {context: base, target: dev}\n"),
        ("compose.yaml", "services:\n  base:\n    image: team/base\n    build: {context: base, args: {A: 1}}\n"),
        (".github__workflows__ci.yml", action("tags: team/base", "context: base", "target: dev")),
        (".github__workflows__ci.yml", action("tags: team/base", "context: base", "build-args: A=1")),
        (".github__workflows__ci.yml", action("tags: team/base", "context: ${{ inputs.folder }}")),
        (".github__workflows__ci.yml", action("tags: ${{ steps.meta.outputs.tags }}", "context: base")),
        (".github__workflows__ci.yml", "uses: docker/build-push-action@v6: [\n"),
        (
            "docker-bake.hcl",
            'target "base" {\n  context = "base"\n  args = {\n    A = 1\n  }\n  tags = ["team/base"]\n}\n',
        ),
        ("docker-bake.hcl", 'target "base" {\n  context = "base"\n  target = "dev"\n  tags = ["team/base"]\n}\n'),
        ("docker-bake.hcl", 'target "base" {\n  context = "${FOLDER}"\n  tags = ["team/base"]\n}\n'),
        ("docker-bake.json", '{"target": {"base": {"context": "base", "args": {"A": "1"}, "tags": ["team/base"]}}}'),
        ("docker-bake.json", "[1"),
    ],
)
def test_no_dockerfile_is_known(name: str, text: str, tmp_path: Path) -> None:
    assert built_here("team/base", repository(tmp_path, **{name: text})) is None


def test_two_that_build_one_name(tmp_path: Path) -> None:
    files = {"a.sh": "docker build -t team/base base\n", "b.sh": "docker build -t team/base other\n"}
    dockerfile = repository(tmp_path, other__Dockerfile="FROM ubuntu\n", **files)
    assert built_here("team/base", dockerfile) is None


def test_what_lies_above_a_folder_without_a_repository_is_not_looked_at(tmp_path: Path) -> None:
    (tmp_path / "build.sh").write_text("docker build -t team/base base\n")
    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / "Dockerfile").write_text("FROM team/base\n")
    assert built_here("team/base", inner / "Dockerfile") is None


def test_options_with_and_without_values() -> None:
    text = b"docker build --pull -q --label a=b --platform=linux/amd64 -t one -t two:3 -f some/File ctx\n"
    (command,) = build_commands("build.sh", text)
    assert (command.names, command.dockerfile, command.line) == (("one", "two:3"), "some/File", 1)
