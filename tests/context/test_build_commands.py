"""The folder in which a Makefile or a workflow says that a Dockerfile is built."""

from __future__ import annotations

from pathlib import Path

import pytest

from dockfix.context.locate import find_context

WORKFLOW = "jobs:\n  a:\n    steps:\n      - run: {}\n"


def located(root: Path, files: dict[str, str]) -> tuple[str, bool, str]:
    (root / ".git").mkdir(exist_ok=True)
    for name, text in {"svc/Dockerfile": "", "svc/app.py": "", "app.py": "", **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    found = find_context(root / "svc/Dockerfile", ["."], None)
    return found.root.relative_to(root).as_posix(), found.certain, found.reason


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (".github/workflows/b.yml", WORKFLOW.format("docker build -t x -f svc/Dockerfile .")),
        (".github/workflows/b.yaml", WORKFLOW.format("docker buildx build --push --tag x --file=./svc/Dockerfile .")),
        (
            ".github/workflows/b.yml",
            WORKFLOW.format("|\n          docker build . \\\n            --tag x \\\n            -f svc/Dockerfile"),
        ),
        ("Makefile", "image:\n\t@docker build --build-arg A=1 -f svc/Dockerfile -t x . && docker push x\n"),
        ("makefile", "image:\n\tpodman build -f svc/Dockerfile .\n"),
        (".github/workflows/b.yml", WORKFLOW.format("docker build -f svc/Dockerfile . # docker build svc")),
        ("README.md", "Build it:\n\n    $ docker build -f svc/Dockerfile .\n"),
        ("svc/README.md", "From the repository's root: `docker build --tag x -f svc/Dockerfile .`\n"),
        ("svc/README", "docker build -f Dockerfile ..\n"),
        ("build.sh", "#!/bin/sh\ndocker build -t x -f svc/Dockerfile . \n"),
        ("scripts/image.sh", "#!/bin/sh\ndocker build -t x -f svc/Dockerfile . \n"),
        (".gitlab-ci.yml", "build:\n  script:\n    - docker build -f svc/Dockerfile .\n"),
    ],
)
def test_what_builds_it_says_where(tmp_path: Path, name: str, text: str) -> None:
    root, certain, reason = located(tmp_path, {name: text})
    assert (root, certain) == (".", True)
    assert reason.endswith(f"{name.removeprefix('svc/')} builds it there")


@pytest.mark.parametrize(
    "files",
    [
        {".github/workflows/b.yml": WORKFLOW.format("docker build -t x svc")},
        {".github/workflows/b.yml": WORKFLOW.format("cd svc && docker build -f svc/Dockerfile .")},
        {
            ".github/workflows/b.yml": "defaults: {run: {working-directory: x}}\n"
            + WORKFLOW.format("docker build -f svc/Dockerfile .")
        },
        {".github/workflows/b.yml": WORKFLOW.format("docker build -f other/Dockerfile .")},
        {".github/workflows/b.yml": WORKFLOW.format("docker build -f $FILE .")},
        {".github/workflows/b.yml": WORKFLOW.format("docker build -f svc/Dockerfile $ROOT")},
        {".github/workflows/b.yml": WORKFLOW.format("docker build -f svc/Dockerfile https://e.org/x.git")},
        {"Makefile": "# docker build -f svc/Dockerfile .\n"},
        {"Makefile": "a:\n\tdocker build -f svc/Dockerfile .\nb:\n\tdocker build -f svc/Dockerfile svc\n"},
        {"README.md": "docker build -f svc/Dockerfile .\ndocker build svc\n"},
        {"README.md": "docker build -f svc/Dockerfile .\n", "Makefile": "a:\n\tdocker build svc\n"},
        {"svc/README.md": "docker build -t x .\n"},
        {"notes.md": "docker build -f svc/Dockerfile .\n"},
        {"build.sh": "docker build -f other/Dockerfile .\n"},
    ],
)
def test_else_it_is_the_dockerfiles_folder(tmp_path: Path, files: dict[str, str]) -> None:
    assert located(tmp_path, files)[:2] == ("svc", True)


def test_a_folder_that_lacks_a_source_is_not_it(tmp_path: Path) -> None:
    located(tmp_path, {"Makefile": "a:\n\tdocker build -f svc/Dockerfile .\n", "svc/only.txt": ""})
    found = find_context(tmp_path / "svc/Dockerfile", ["only.txt"], None)
    assert (found.root, found.certain) == (tmp_path / "svc", True)


def test_compose_files_come_first(tmp_path: Path) -> None:
    compose = "services:\n  a:\n    build: svc\n"
    files = {"Makefile": "a:\n\tdocker build -f svc/Dockerfile .\n", "compose.yaml": compose}
    assert located(tmp_path, files)[0] == "svc"
