"""Which folder a Dockerfile is built in."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dockfix.context.compose import compose_file, substitute
from dockfix.context.locate import Located, find_context


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    root = tmp_path / "repository"
    (root / ".git").mkdir(parents=True)
    return root


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def test_the_users_word_counts(repository: Path) -> None:
    write(repository, {"docker/Dockerfile": "", "app.py": ""})
    assert find_context(repository / "docker/Dockerfile", ["nothing"], repository) == Located(
        repository, True, "it was given"
    )


@pytest.mark.parametrize("sources", [["app.py", "."], ["./app.py"], ["/src"], ["*.py"], ["src/*.py"], []])
def test_the_dockerfiles_folder(repository: Path, sources: list[str]) -> None:
    write(repository, {"a/Dockerfile": "", "a/app.py": "", "a/src/x.py": "", "app.py": "", "src/x.py": ""})
    found = find_context(repository / "a/Dockerfile", sources, None)
    assert (found.root, found.certain) == (repository / "a", True)


@pytest.mark.parametrize("sources", [["requirements.txt", "."], ["src/*.py"], ["src", "docker/entrypoint.sh"]])
def test_a_folder_above(repository: Path, sources: list[str]) -> None:
    write(
        repository, {"deploy/docker/Dockerfile": "", "docker/entrypoint.sh": "", "requirements.txt": "", "src/x.py": ""}
    )
    found = find_context(repository / "deploy/docker/Dockerfile", sources, None)
    assert (found.root, found.certain) == (repository, True)


@pytest.mark.parametrize(
    ("sources", "certain"),
    [
        (["run", "whoogle.env*"], True),
        (["run", "src/*.env"], True),
        (["requirements.txt", ".", "*.cfg"], True),
        (["whoogle.env*"], False),  # no file is named that would show the folder
        (["run", "lib/*.so"], False),
        (["start", "whoogle.env*"], False),
    ],
)
def test_a_pattern_that_finds_nothing(repository: Path, sources: list[str], certain: bool) -> None:
    write(repository, {"a/Dockerfile": "", "a/run": "", "a/src/x.py": "", "a/requirements.txt": ""})
    found = find_context(repository / "a/Dockerfile", sources, None)
    assert (found.root, found.certain) == (repository / "a", certain)


def test_a_folder_above_in_which_the_pattern_finds_something(repository: Path) -> None:
    write(repository, {"a/Dockerfile": "", "a/run": "", "run": "", "shop.env.sample": ""})
    assert find_context(repository / "a/Dockerfile", ["run", "shop.env*"], None).root == repository


def test_not_above_the_repository(repository: Path) -> None:
    write(repository, {"docker/Dockerfile": ""})
    write(repository.parent, {"requirements.txt": ""})
    found = find_context(repository / "docker/Dockerfile", ["requirements.txt"], None)
    assert (found.root, found.certain) == (repository / "docker", False)
    assert "requirements.txt" in found.reason


def test_at_most_four_levels_without_a_repository(tmp_path: Path) -> None:
    write(tmp_path, {"a/b/c/d/e/Dockerfile": "", "here.txt": "", "a/near.txt": ""})
    dockerfile = tmp_path / "a/b/c/d/e/Dockerfile"
    assert find_context(dockerfile, ["near.txt"], None).root == tmp_path / "a"
    assert not find_context(dockerfile, ["here.txt"], None).certain


def test_a_lonely_dockerfile_that_copies_its_folder_tells_nothing(repository: Path) -> None:
    write(repository, {"docker/Dockerfile": "", "docker/README.md": "", "docker/.dockerignore": "", "app.py": ""})
    dockerfile = repository / "docker/Dockerfile"
    assert not find_context(dockerfile, ["."], None).certain
    write(repository, {"docker/app.py": ""})
    found = find_context(dockerfile, ["./"], None)
    assert (found.root, found.certain) == (repository / "docker", True)


def test_paths_stay_as_they_were_given(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(repository, {"docker/Dockerfile": "", "app.py": "", "compose.yaml": ""})
    monkeypatch.chdir(repository)
    assert find_context(Path("docker/Dockerfile"), ["app.py"], None).root == Path()
    monkeypatch.chdir(repository / "docker")
    assert find_context(Path("Dockerfile"), [], None).root == Path()
    assert find_context(Path("Dockerfile"), ["app.py"], None).root == Path("..")


COMPOSE = """
x-common: &common
  restart: always
  volumes:
    - .:/app
services:
  web:
    <<: *common
    build:
      context: .
      dockerfile: docker/Dockerfile
    image: ours
    ports: ["8000:80", {target: 90, published: 9000}]
    command: run
  worker:
    image: ours
    user: "1000"
    entrypoint: work
  other:
    image: postgres
    privileged: true
  unrelated:
    build: ./unrelated
"""


def test_a_compose_file_says(repository: Path) -> None:
    write(
        repository,
        {
            "docker/Dockerfile": "",
            "docker/app.py": "",
            "docker-compose.yml": COMPOSE,
            "docker-compose.override.yml": "services: {web: {devices: ['/dev/x:/dev/x']}}",
        },
    )
    found = find_context(repository / "docker/Dockerfile", ["app.py"], None)
    assert (found.root, found.certain, found.reason) == (repository, True, "../docker-compose.yml says so")
    services = {(service.file, service.name): service for service in found.services}
    assert set(services) == {
        ("docker-compose.yml", "web"),
        ("docker-compose.yml", "worker"),
        ("docker-compose.override.yml", "web"),
    }
    web = services["docker-compose.yml", "web"]
    assert web.volumes == ((".", "/app", "bind"),)
    assert (web.command, web.entrypoint, web.user, web.needs_root) == (True, False, None, None)
    assert web.ports == ("8000:80", "9000:90")
    worker = services["docker-compose.yml", "worker"]
    assert (worker.command, worker.entrypoint, worker.user) == (False, True, "1000")
    assert services["docker-compose.override.yml", "web"].needs_root == "the device /dev/x"


@pytest.mark.parametrize(
    "build",
    [
        "./app",
        "app/",
        "{context: app}",
        "{context: ./app, dockerfile: Dockerfile}",
        "{context: '${CONTEXT:-app}'}",
        "{context: app, dockerfile: ./Dockerfile}",
    ],
)
def test_ways_to_name_a_context(repository: Path, build: str) -> None:
    write(repository, {"app/Dockerfile": "", "compose.yaml": f"services:\n  web:\n    build: {build}\n"})
    found = find_context(repository / "app/Dockerfile", ["nothing"], None)
    assert (found.root, found.certain) == (repository / "app", True)


@pytest.mark.parametrize(
    "build",
    [
        "https://example.org/x.git#main",
        "git@example.org:x",
        "{context: app, dockerfile: Other}",
        "{context: app, dockerfile_inline: FROM x}",
        "other",
        "[]",
        "",
        "{context: .}",
    ],
)
def test_builds_of_something_else(repository: Path, build: str) -> None:
    write(repository, {"app/Dockerfile": "", "app/x": "", "compose.yml": f"services:\n  web:\n    build: {build}\n"})
    found = find_context(repository / "app/Dockerfile", ["x"], None)
    assert (found.root, found.certain, found.services) == (repository / "app", True, ())


def test_what_a_service_extends(repository: Path) -> None:
    write(
        repository,
        {
            "Dockerfile": "",
            "compose.yml": """
services:
  base: {build: ., volumes: ["data:/data"], privileged: "true"}
  web: {extends: {service: base}, volumes: [./x:/x]}
  loop: {extends: loop}
""",
        },
    )
    services = {service.name: service for service in find_context(repository / "Dockerfile", [], None).services}
    assert set(services) == {"base", "web"}
    assert services["web"].volumes == (("data", "/data", "volume"), ("./x", "/x", "bind"))
    assert services["web"].needs_root == "privileged mode"


@pytest.mark.parametrize(
    ("compose", "context", "build", "root"),
    [
        ("back/infra", "back/infra", "{context: ., dockerfile: infra/Dockerfile}", "back"),
        ("infra", "infra", "{context: ., dockerfile: infra/Dockerfile}", "."),
        ("deploy", "api", "./api", "api"),
        ("back/deploy", "back/api", "{context: api}", "back/api"),
        ("back/infra", "back/infra", "{context: back, dockerfile: infra/Dockerfile}", "back"),
    ],
)
def test_a_file_that_is_run_from_a_folder_above(
    repository: Path, compose: str, context: str, build: str, root: str
) -> None:
    write(
        repository,
        {
            f"{context}/Dockerfile": "",
            f"{compose}/docker-compose.yml": f"services:\n  worker:\n    build: {build}\n    command: uv run work\n",
        },
    )
    found = find_context(repository / context / "Dockerfile", ["."], None)
    assert (found.root, [service.given for service in found.services]) == (repository / root, ["uv run work"])


def test_a_file_of_another_folder_of_which_a_dockerfile_is_not_there(repository: Path) -> None:
    services = "services:\n  worker:\n    build: {context: ., dockerfile: other/Dockerfile}\n"
    write(repository, {"infra/Dockerfile": "", "infra/app.py": "", "infra/docker-compose.yml": services})
    assert find_context(repository / "infra/Dockerfile", ["app.py"], None).services == ()


def test_two_contexts_are_decided_by_the_sources_or_not_at_all(repository: Path) -> None:
    text = "services: {a: {build: {context: ., dockerfile: d/Dockerfile}}, b: {build: d}}"
    write(repository, {"d/Dockerfile": "", "compose.yml": text, "app.py": ""})
    found = find_context(repository / "d/Dockerfile", ["app.py"], None)
    assert (found.root, found.certain, len(found.services)) == (repository, True, 2)
    assert not find_context(repository / "d/Dockerfile", ["nothing"], None).certain


@pytest.mark.parametrize(
    "text",
    [
        "services: [",
        "a: b: c",
        "\t- x",
        "services: {web: {build: {context: '${X}'}}}",
        "\x00",
        "[" * 5000,
        "a:\n" + "".join(" " * depth + "a:\n" for depth in range(200)),
        "\udcff",
    ],
)
def test_what_cannot_be_read_is_a_problem(repository: Path, text: str) -> None:
    write(repository, {"Dockerfile": "", "app.py": ""})
    (repository / "docker-compose.prod.yaml").write_bytes(text.encode("utf-8", "surrogateescape"))
    found = find_context(repository / "Dockerfile", ["app.py"], None)
    assert (found.root, found.certain) == (repository, False)
    assert len(found.problems) == 1
    assert found.problems[0].startswith("docker-compose.prod.yaml could not be ")
    assert found.reason == found.problems[0]


def test_a_link_that_loops_instead_of_a_compose_file(repository: Path) -> None:
    write(repository, {"Dockerfile": "", "app.py": ""})
    (repository / "compose.yml").symlink_to("compose.yml")
    assert find_context(repository / "Dockerfile", ["app.py"], None).certain


def test_a_change_of_a_compose_file_is_seen(repository: Path) -> None:
    write(repository, {"Dockerfile": "", "app.py": ""})
    assert find_context(repository / "Dockerfile", ["app.py"], None).services == ()
    write(repository, {"compose.yml": "services: {web: {build: .}}"})
    assert len(find_context(repository / "Dockerfile", ["app.py"], None).services) == 1


VOLUMES = [
    ("./data:/data", (("./data", "/data", "bind"),)),
    ("/a:/b:ro", (("/a", "/b", "bind"),)),
    ("data:/data", (("data", "/data", "volume"),)),
    ("/data", (("", "/data", "volume"),)),
    ("~/x:/x", (("~/x", "/x", "bind"),)),
    ("${DIR:-./d}:/d:rw", (("${DIR:-./d}", "/d", "bind"),)),
    ("'C:\\x:/x'", (("C:\\x", "/x", "bind"),)),
    ("{type: bind, source: ., target: /app}", ((".", "/app", "bind"),)),
    ("{type: tmpfs, target: /run}", (("", "/run", "tmpfs"),)),
    ("{source: v, target: /v}", (("v", "/v", "volume"),)),
    ("[]", ()),
]


@pytest.mark.parametrize(("entry", "volumes"), VOLUMES, ids=[case[0] for case in VOLUMES])
def test_volumes(repository: Path, entry: str, volumes: tuple[tuple[str, str, str], ...]) -> None:
    write(
        repository, {"Dockerfile": "", "compose.yml": f"services:\n  web:\n    build: .\n    volumes:\n    - {entry}\n"}
    )
    assert find_context(repository / "Dockerfile", [], None).services[0].volumes == volumes


NEEDS = [
    ("privileged: true", "privileged mode"),
    ("privileged: false", None),
    ("cap_add: [NET_ADMIN]", "the capability NET_ADMIN"),
    ("cap_add: [NET_BIND_SERVICE]", None),
    ("devices: ['/dev/ttyUSB0:/dev/ttyUSB0']", "the device /dev/ttyUSB0"),
    ("network_mode: host", "the host's network"),
    ("pid: host", "the host's pid"),
    ("user: root", "the user root"),
    ("user: '0:0'", "the user root"),
    ("user: '${UID:-1000}'", None),
    ("network_mode: bridge", None),
    ("volumes: ['/var/run/docker.sock:/var/run/docker.sock']", "the socket of the Docker engine"),
]


@pytest.mark.parametrize(("entry", "needs"), NEEDS, ids=[case[0] for case in NEEDS])
def test_needs_root(repository: Path, entry: str, needs: str | None) -> None:
    write(repository, {"Dockerfile": "", "compose.yml": f"services:\n  web:\n    build: .\n    {entry}\n"})
    assert find_context(repository / "Dockerfile", [], None).services[0].needs_root == needs


def test_tmpfs_and_tags(repository: Path) -> None:
    text = "services: {web: {build: ., tmpfs: [/run, '/tmp:size=1m'], command: !reset null, entrypoint: !override [a]}}"
    write(repository, {"Dockerfile": "", "compose.yml": text})
    service = find_context(repository / "Dockerfile", [], None).services[0]
    assert service.volumes == (("", "/run", "tmpfs"), ("", "/tmp", "tmpfs"))
    assert (service.command, service.entrypoint) == (False, True)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a", "a"),
        ("$$a", "$a"),
        ("${A:-b}", "b"),
        ("${A-b}/c", "b/c"),
        ("${A:-}", ""),
        ("$A", None),
        ("${A}", None),
        ("${A:?no}", None),
        ("$", "$"),
    ],
)
def test_substitute(text: str, value: str | None) -> None:
    assert substitute(text) == value


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(
        st.binary(max_size=200),
        st.text(st.sampled_from("services:web build{}[]&*<-\n '\"!|>?,.#$"), max_size=120).map(
            lambda text: b"services:\n  web:\n    build: .\n    " + text.encode()
        ),
    )
)
def test_reading_a_compose_file_never_raises(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "compose.yml"
    path.write_bytes(data)
    compose_file.cache_clear()
    found = compose_file(str(path), 0)
    assert found.path == str(path)
    assert not (found.problem and found.builds)


@pytest.mark.parametrize(
    ("file", "service", "found"),
    [
        ("compose.yaml", "backend:\n    image: shop:1", True),  # called what the folder is
        ("compose.yaml", "api:\n    image: ghcr.io/me/shop-backend:1", True),
        ("docker-compose.production.yml", "backend:\n    image: me/shop_backend", True),
        ("infra/docker-compose.yml", "backend:\n    image: me/shop_backend", True),
        ("compose.yaml", "worker:\n    image: me/shop_worker", False),
        ("compose.yaml", "nginx:\n    image: nginx:1.27", False),
        ("other/compose.yaml", "backend:\n    image: me/shop_backend", False),  # no folder for what runs images
    ],
)
@pytest.mark.parametrize("built", [True, False])
def test_services_that_only_name_an_image_called_what_the_folder_is(
    repository: Path, file: str, service: str, found: bool, built: bool
) -> None:
    files = {"backend/Dockerfile": "", "backend/app.py": "", file: f"services:\n  {service}\n"}
    if built:
        files["docker-compose.dev.yml"] = "services:\n  dev:\n    build: backend\n"
    write(repository, files)
    located = find_context(repository / "backend/Dockerfile", ["app.py"], None)
    assert [each.name for each in located.services] == ["dev"] * built
    assert bool(located.others) is found


@pytest.mark.parametrize(
    ("dockerfile", "image", "found"),
    [
        ("docker/Dockerfile.worker", "me/shop-worker", True),  # the Dockerfile's name says what it is
        ("docker/Dockerfile.worker", "me/docker", False),  # a folder for Dockerfiles says nothing
        ("services/api/docker/Dockerfile", "me/shop-api", True),
    ],
)
def test_what_an_image_is_called_by(repository: Path, dockerfile: str, image: str, found: bool) -> None:
    write(repository, {dockerfile: "", "app.py": "", "deploy/compose.yaml": f"services:\n  run:\n    image: {image}\n"})
    assert bool(find_context(repository / dockerfile, ["app.py"], None).others) is found
