"""How a container is run where a Compose file says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from dockfix.engine.runner import gather
from dockfix.syntax import parse
from dockfix.verify.copies import Copy
from dockfix.verify.manner import Manner, manner_of

DOCKERFILE = 'FROM python:3.11-slim\nCOPY . .\nCMD ["python", "app.py"]\n'


def manner(folder: Path, compose: str, **files: str) -> Manner:
    (folder / "Dockerfile").write_text(DOCKERFILE)
    if compose:
        (folder / "compose.yaml").write_text(compose)
    for name, text in files.items():
        (folder / name).write_text(text)
    return manner_of(gather(folder / "Dockerfile", parse(DOCKERFILE)))


WEB = "services:\n  web:\n    build: .\n"


def test_without_a_compose_file_the_image_says_it(tmp_path: Path) -> None:
    assert manner(tmp_path, "") == Manner()
    assert Manner().arguments == ()


@pytest.mark.parametrize(("service", "arguments", "words"), [
    ("environment:\n      - A=1\n      - B\n      - C=${D}\n      - E=${F:-g}", ("--env", "A=1", "--env", "E=g"), ()),
    ("environment: {A: x y, N: 1}", ("--env", "A=x y", "--env", "N=1"), ()),
    ("command: python app.py --port '80 81'", (), ("python", "app.py", "--port", "80 81")),
    ("command: [sh, -c, 'echo $$HOME']", (), ("sh", "-c", "echo $HOME")),
    ("entrypoint: ['/start.sh', a]\n    command: b", ("--entrypoint", "/start.sh"), ("a", "b")),
    ("user: '1000:1000'\n    working_dir: /srv", ("--user", "1000:1000", "--workdir", "/srv"), ()),
    ("volumes:\n      - data:/data\n      - /cache\n    tmpfs: /run", ("--volume", "/data", "--volume", "/cache", "--tmpfs", "/run"), ()),
])  # fmt: skip
def test_what_a_service_says(tmp_path: Path, service: str, arguments: tuple[str, ...], words: tuple[str, ...]) -> None:
    found = manner(tmp_path, f"{WEB}    {service}\nvolumes:\n  data:\n")
    assert (found.arguments, found.words, found.left) == (arguments, words, ())
    assert found.where.startswith("the service web of ")
    assert found.where.endswith("compose.yaml")


def test_the_settings_of_its_files_count(tmp_path: Path) -> None:
    found = manner(
        tmp_path, f"{WEB}    env_file: web.env\n    environment: {{A: 2}}\n", **{"web.env": "A=1\nDATA=/data\n"}
    )
    assert found.environment == ("A=1", "DATA=/data", "A=2")  # what stands last counts


def test_published_ports_are_watched(tmp_path: Path) -> None:
    ports = '["80:8000", "127.0.0.1:81:8001/tcp", "53:53/udp", "8002", "3000-3005", "${X}:8003", "${Y:-90}:8004"]'
    assert manner(tmp_path, f"{WEB}    ports: {ports}\n").ports == {8000, 8001, 8002, 8004}


def test_folders_of_the_user_are_copied(tmp_path: Path) -> None:
    volumes = "./data:/data", "./app.py:/srv/app.py", "../:/above", "${HERE}:/here", "${NOT:-./data}:${HERE:-/there}"
    (tmp_path / "data").mkdir()
    found = manner(tmp_path, f"{WEB}    volumes: [{', '.join(map(repr, volumes))}]\n", **{"app.py": ""})
    assert found.copies == (
        Copy(tmp_path / "data", "/data"),
        Copy(tmp_path / "data", "/there"),
        Copy(tmp_path / "app.py", "/srv/app.py", folder=False),
    )
    assert found.left == ("../:/above (it lies outside the project)", "${HERE}:/here (where it lies is not known)")
    assert found.arguments == ()


POD = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {LEVEL: info, PLACE: /srv}
---
apiVersion: apps/v1
kind: Deployment
spec:
  template:
    spec:
      securityContext: {runAsUser: 1000, runAsGroup: 2000}
      initContainers: [{name: init, image: shop}]
      containers:
        - {name: proxy, image: "nginx:1.25"}
        - name: web
          image: registry.example.com/shop:1
          args: [python, app.py, --at, $(PLACE), $(OTHER)]
          envFrom: [{configMapRef: {name: settings}}]
          env:
            - {name: COST, value: 5$}
            - {name: SECRET, valueFrom: {secretKeyRef: {name: a, key: b}}}
            - {name: SHOWN, valueFrom: {configMapKeyRef: {name: settings, key: LEVEL}}}
          ports: [{containerPort: 8080}]
          volumeMounts:
            - {name: scratch, mountPath: /scratch}
            - {name: claimed, mountPath: /data}
            - {name: config, mountPath: /config}
      volumes:
        - {name: scratch, emptyDir: {}}
        - {name: claimed, persistentVolumeClaim: {claimName: x}}
        - {name: config, configMap: {name: settings}}
"""


def test_a_kubernetes_manifest_says_it_where_no_compose_file_does(tmp_path: Path) -> None:
    (tmp_path / "k8s").mkdir()
    found = manner(tmp_path, "", **{"k8s/web.yaml": POD, "k8s/chart.yaml": "a: {{ .Values.x }}\napiVersion: v1\n"})
    assert found == Manner(
        "the container web of k8s/web.yaml",
        ("LEVEL=info", "PLACE=/srv", "COST=5$", "SHOWN=info"),
        ("--user", "1000:2000", "--tmpfs", "/scratch"),
        ("python", "app.py", "--at", "/srv", "$(OTHER)"),
        (Copy(None, "/data"),),
        ("config:/config (its files are not known here)",),
        frozenset({8080}),
    )
    assert manner(tmp_path, WEB).where.startswith("the service web of ")


def test_of_several_images_the_one_of_this_folder_counts(tmp_path: Path) -> None:
    pod = "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n    - {name: a, image: api}\n    - {name: b, image: %s}\n"
    assert manner(tmp_path, "", **{"pod.yaml": pod % "other"}) == Manner()
    assert manner(tmp_path, "", **{"pod.yaml": pod % tmp_path.name}).where == "the container b of pod.yaml"
    built = {"pod.yaml": pod % "other", "Makefile": "image:\n\tdocker build -t api:1 .\n"}
    assert manner(tmp_path, "", **built).where == "the container a of pod.yaml"


def test_the_service_that_runs_the_images_own_command_is_the_one(tmp_path: Path) -> None:
    worker = "services:\n  worker:\n    build: .\n    command: work\n  web:\n    build: .\n"
    assert manner(tmp_path, worker).where.startswith("the service web of ")
