"""What commands that run containers say; see context/run_commands.py and context/development_container.py."""

from __future__ import annotations

import json

import pytest

from dockfix.context.development_container import development_container
from dockfix.context.run_commands import RunCommand, run_commands


def runs(text: str, file: str = "run.sh") -> tuple[RunCommand, ...]:
    found = run_commands(file, text.encode())
    return found.runs if found is not None else ()


def test_the_options_of_docker_run() -> None:
    (run,) = runs(
        "docker run -it -eA=1 --env B='two words' -e C --env-file x.env -dp 80:8000 -w /srv --tmpfs /run:size=1m \\\n"
        "  -v $(pwd)/data:/data:ro --mount type=bind,src=x,dst=/x --name one --entrypoint sh shop:1 -c 'a && b' # c\n"
    )
    service = run.service
    assert (run.kind, run.image, run.name, service.file) == ("image", "shop:1", "one", "run.sh:1")
    assert service.settings == ("A=1", "B=two words", "C")
    assert service.env_files == ("x.env",)
    assert (service.workdir, service.ports) == ("/srv", ("80:8000",))
    assert service.volumes == (("", "/run", "tmpfs"), ("", "/data", "bind"), ("x", "/x", "bind"))
    assert service.words[:2] == ("-c", "a && b")
    assert service.entry == ("sh",)


@pytest.mark.parametrize(
    ("text", "kind", "target", "words"),
    [
        ("docker exec -it -u root web make ext", "container", "web", ("make", "ext")),
        ("docker container exec web ls", "container", "web", ("ls",)),
        ("docker compose -f a.yml --profile dev run --rm -e A=1 web make", "service", "web", ("make",)),
        ("docker-compose exec -T web make", "service", "web", ("make",)),
        ("docker: ;\n\t$(DOCKER_COMPOSE) exec web make", "service", "web", ("make",)),
        ("docker: ;\n\t${DOCKER} run web make", "image", "web", ("make",)),
        ("podman-compose run web make", "service", "web", ("make",)),
        ("docker compose --env-file run.env exec web make | tee log", "service", "web", ("make",)),
    ],
)
def test_what_is_started_where(text: str, kind: str, target: str, words: tuple[str, ...]) -> None:
    (run,) = runs(text)
    assert (run.kind, run.target, run.service.words) == (kind, target, words)


def test_a_command_within_a_sentence_ends_with_its_mark() -> None:
    (run,) = runs("Use `docker run shop`, make sure that it runs.", "README.md")
    assert (run.image, run.service.words) == ("shop", ())


def test_a_shell_that_is_opened_starts_nothing() -> None:
    (run,) = runs("docker run -it shop bash -l")
    assert run.service.runs == ()


@pytest.mark.parametrize("text", ["{", "[]", '"x"', "{}", '{"image": "python:3.11"}', '{"build": 3, "runArgs": "x"}'])
def test_what_is_no_development_container_of_a_dockerfile(text: str) -> None:
    assert development_container(".devcontainer/devcontainer.json", text.encode()) is None


def test_a_development_container() -> None:
    given = {
        "build": {"dockerfile": "../Dockerfile"},
        "runArgs": ["--cap-add=SYS_PTRACE", "-e", "A=1"],
        "containerEnv": {"B": "2", "PATH": "/x:${containerEnv:PATH}"},
        "mounts": ["source=data,target=/data,type=volume", {"source": "x", "target": "/x"}],
        "initializeCommand": "on the host",
        "postCreateCommand": {"one": "make a", "two": ["make", "b"]},
        "url": "https://example.org/*not*/a//comment",
    }
    text = "// for editors\n" + json.dumps(given)[:-1] + ', /* the last */ "remoteUser": "root",}'
    found = development_container(".devcontainer/devcontainer.json", text.encode())
    assert found is not None
    service = found.service
    assert (found.dockerfile, service.user, service.needs_root) == ("Dockerfile", "root", "the capability SYS_PTRACE")
    assert service.settings == ("A=1", "B=2")
    assert service.runs == ("make a", "'make' 'b'")
    assert [target for _, target, _ in service.volumes] == ["/data", "/x", "/workspaces"]
