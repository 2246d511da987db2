"""What ``--manifests`` changes beside the Dockerfile, so that a mount holds ``non-root`` back no more."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from dockfix.cli.app import cli
from dockfix.engine import FileResult

DOCKERFILE = 'FROM python:3.12-slim\nWORKDIR /app\nCOPY app.py .\nRUN mkdir data\nCMD ["python", "app.py"]\n'
APP = "print('hello')\n"
COMPOSE = "services:\n  web:\n    build: .\n    volumes:\n      - data:/app/data   # kept\nvolumes: {data: }\n"
POD = """\
apiVersion: {version}
kind: {kind}
spec:
  {head}
{pad}containers:
{pad}- name: web
{pad}  image: web
{pad}  volumeMounts:
{pad}  - {{name: data, mountPath: /app/data}}
{pad}volumes:
{pad}- name: data
{pad}  {volume}
"""
CLAIM = "persistentVolumeClaim: {claimName: web}"
Run = Callable[..., FileResult]


def beside(result: FileResult) -> dict[str, str]:
    return {Path(change.path).name: change.after for change in result.files if "Dockerfile" not in change.path}


def answered(project: Run, files: dict[str, str], *, asked: bool = True) -> FileResult:
    return project(DOCKERFILE, {"app.py": APP, **files}, only="non-root", options={"non-root.manifests": asked})


def why(result: FileResult) -> str:
    return " ".join(note.message for note in (*result.unsafe, *result.refusals))


def test_a_service_stays_root(project: Run) -> None:
    result = answered(project, {"compose.yaml": COMPOSE})
    after = beside(result)["compose.yaml"]
    assert [line for line in after.splitlines() if line not in COMPOSE.splitlines()] == [
        "    # what is mounted here may be root's: hand it over (chown -R 10001:10001), then take this line out",
        "    user: root",
    ]
    assert "USER 10001:10001" in next(change.after for change in result.files if "Dockerfile" in change.path)


def test_without_being_asked_nothing_is_changed_and_the_setting_is_named(project: Run) -> None:
    result = answered(project, {"compose.yaml": COMPOSE}, asked=False)
    assert not result.files
    assert "its files may be root's; non-root.manifests answers it" in why(result)


@pytest.mark.parametrize(
    ("service", "problem"),
    [
        ("    <<: *base\n    build: .\n", ""),
        ("    build: .\n    user: '1000'\n    volumes: ['data:/app/data']\n", "its files may be root's"),
    ],
)
def test_what_a_service_says_itself(project: Run, service: str, problem: str) -> None:
    compose = f"x-base: &base\n  volumes: ['data:/app/data']\nservices:\n  web:\n{service}"
    result = answered(project, {"compose.yaml": compose})
    assert (problem in why(result)) if problem else "user: root" in beside(result)["compose.yaml"]


def test_a_service_that_cannot_be_changed_is_told(project: Run) -> None:
    compose = "services:\n  web: {build: ., volumes: ['data:/app/data']}\n"
    result = answered(project, {"compose.yaml": compose})
    assert not result.files
    assert "it could not be answered: line 2 stands within braces" in why(result)


@pytest.mark.parametrize(
    ("kind", "version", "head", "pad"),
    [
        ("Pod", "v1", "restartPolicy: Always", "  "),
        ("Deployment", "apps/v1", "template:\n    spec:", "      "),
        ("CronJob", "batch/v1", "jobTemplate:\n    spec:\n      template:\n        spec:", "          "),
    ],
)
def test_a_pod_gets_a_group(project: Run, kind: str, version: str, head: str, pad: str) -> None:
    text = POD.format(kind=kind, version=version, head=head, pad=pad, volume=CLAIM)
    result = answered(project, {"k8s/web.yaml": text})
    wanted = f"{pad}securityContext:\n{pad}  fsGroup: 10001\n{pad}containers:\n"
    assert beside(result) == {"web.yaml": text.replace(f"{pad}containers:\n", wanted)}


@pytest.mark.parametrize("volume", ["hostPath: {path: /srv}", "nfs: {server: a, path: /b}"])
def test_what_no_group_is_given_is_left(project: Run, volume: str) -> None:
    text = POD.format(kind="Pod", version="v1", head="restartPolicy: Always", pad="  ", volume=volume)
    result = answered(project, {"k8s/web.yaml": text})
    assert not result.files
    assert "k8s/web.yaml:9 mounts /app/data, and its files may be root's" in why(result)


def test_a_template_is_left(project: Run) -> None:
    text = POD.format(kind="Pod", version="v1", head="nodeName: {{ .Values.x }}", pad="  ", volume=CLAIM)
    assert not answered(project, {"k8s/web.yaml": text}).files


def test_a_pod_with_containers_of_others_is_left(project: Run) -> None:
    text = POD.format(kind="Pod", version="v1", head="restartPolicy: Always", pad="  ", volume=CLAIM)
    other = "  - name: side\n    image: nginx\n    volumeMounts: [{name: data, mountPath: /app/data}]\n  volumes:\n"
    assert not answered(project, {"k8s/web.yaml": text.replace("  volumes:\n", other)}).files


def test_two_dockerfiles_change_their_services_of_one_file(tmp_path: Path) -> None:
    services = ""
    for name in ("api", "job"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "Dockerfile").write_text(DOCKERFILE)
        (tmp_path / name / "app.py").write_text(APP)
        services += f"  {name}:\n    build: ./{name}\n    volumes:\n      - {name}:/app/data\n"
    compose = tmp_path / "compose.yaml"
    compose.write_text(f"services:\n{services}")
    run = ["--manifests", "--select", "non-root", str(tmp_path)]
    preview = CliRunner().invoke(cli, run)
    assert (preview.exit_code, preview.output.count("+    user: root")) == (0, 2)
    assert CliRunner().invoke(cli, ["--apply", *run]).exit_code == 0
    assert compose.read_text().count("    user: root\n") == 2
    assert "USER 10001:10001" in (tmp_path / "job" / "Dockerfile").read_text()
    assert CliRunner().invoke(cli, ["--check", *run]).exit_code == 0
