"""With a real engine: a credential reaches the commands that use it, and stays nowhere."""

from __future__ import annotations

import base64
import io
import tarfile
import threading
import zipfile
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from dockfix.engine import Settings, run
from dockfix.verify.engines import Engine

pytestmark = pytest.mark.build

FETCH = """\
import sys
import urllib.request

url, *words = sys.argv[1:]
request = urllib.request.Request(url, headers=dict(word.split(": ", 1) for word in words if ": " in word))
print(urllib.request.urlopen(request).read().decode(), len(words))
"""
DOCKERFILE = """\
FROM python:3.11-slim
WORKDIR /app
COPY requirements.txt fetch.py ./

# for the index
ARG INDEX_TOKEN
ARG API_TOKEN=
ARG USER_PASSWORD
RUN pip install --no-cache-dir --index-url "http://ci:${INDEX_TOKEN:-nobody}@127.0.0.1:PORT/simple" first-package
RUN pip install --no-cache-dir -r requirements.txt && \\
    python fetch.py http://127.0.0.1:PORT/both "X-Index: $INDEX_TOKEN" "X-Api: $API_TOKEN" > both.txt
RUN mkdir -p /srv/data && chown nobody /srv/data
USER nobody
RUN python fetch.py "http://127.0.0.1:PORT/user" "X-User: ${USER_PASSWORD}." > /srv/data/user.txt
"""
SECRETS = {
    "INDEX_TOKEN": "t0ken-of-the-index",
    "API_TOKEN": "t0ken of/the+api",
    "USER_PASSWORD": "passw0rd'of'the\"user",
}


class Index:
    """Serves packages and texts to everyone, and keeps what it was asked with."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, ...]] = []
        index = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                index.seen.append((self.path, *index.credentials(self.headers)))
                body = index.body(self.path)
                self.send_response(200)
                self.send_header("Content-Type", "application/zip" if self.path.endswith(".whl") else "text/html")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @staticmethod
    def credentials(headers: Mapping[str, str]) -> Iterator[str]:
        kind, _, word = headers.get("Authorization", "").partition(" ")
        yield base64.b64decode(word).decode() if kind == "Basic" else ""
        yield from (f"{name}: {value}" for name, value in headers.items() if name.startswith("X-"))

    @staticmethod
    def body(path: str) -> bytes:
        name = path.strip("/").split("/")[-1]
        if path.startswith("/simple/"):
            wheel = f"{name.replace('-', '_')}-1.0-py3-none-any.whl"
            return f'<a href="/files/{wheel}">{wheel}</a>'.encode()
        if not name.endswith(".whl"):
            return b"a-text-that-is-kept"
        module = name.split("-")[0]
        data = io.BytesIO()
        with zipfile.ZipFile(data, "w") as archive:
            info = f"{module}-1.0.dist-info"
            archive.writestr(f"{module}.py", "")
            archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
            archive.writestr(
                f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
            )
            archive.writestr(f"{info}/RECORD", "")
        return data.getvalue()


@pytest.fixture
def index() -> Iterator[Index]:
    made = Index()
    yield made
    made.server.shutdown()


def build(engine: Engine, index: Index, folder: Path, name: str, *words: str) -> list[tuple[str, ...]]:
    """Builds an image, and what the index was asked for meanwhile."""
    index.seen.clear()
    # the engine keeps a RUN's layer whatever its secrets hold
    engine.call(
        "build",
        "--no-cache",
        "--network=host",
        "--label",
        engine.label,
        "-t",
        f"{engine.session}:{name}",
        *words,
        str(folder),
        timeout=300,
    )
    return sorted(index.seen)


def history(engine: Engine, name: str) -> bytes:
    """How the image was made, and its configuration."""
    tag = f"{engine.session}:{name}"
    return b"".join(
        engine.call(*words, tag).out.encode() for words in (("history", "--no-trunc"), ("image", "inspect"))
    )


def layers(engine: Engine, folder: Path, name: str) -> bytes:
    """The files of all the image's layers, and what describes them."""
    archive = folder.parent / f"{name}.tar"
    engine.call("save", "-o", str(archive), f"{engine.session}:{name}", timeout=300)
    found = []
    with tarfile.open(archive) as outer:
        for member in outer:
            data = file.read() if (file := outer.extractfile(member)) else b""
            found.append(data)
            if data[:2] == b"\x1f\x8b":
                with tarfile.open(fileobj=io.BytesIO(data)) as layer:
                    found += [file.read() for each in layer if (file := layer.extractfile(each))]
    archive.unlink()
    return b"\n".join(found)


def test_a_secret_reaches_its_uses_and_stays_nowhere(
    engine: Engine, index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = str(index.server.server_address[1])
    folder = tmp_path / "app"
    folder.mkdir()
    (folder / "fetch.py").write_text(FETCH)
    (folder / "requirements.txt").write_text(
        "--extra-index-url http://ci:${INDEX_TOKEN}@127.0.0.1:PORT/simple\nsecond-package\n".replace("PORT", port)
    )
    path = folder / "Dockerfile"
    path.write_text(DOCKERFILE.replace("PORT", port))
    result = run(path, Settings(select=frozenset({"secrets"}), options={"secrets.mount": True}))
    assert {note.message.split()[0] for note in result.changes} == set(SECRETS)
    before = [
        build(engine, index, folder, "before-without"),
        build(
            engine,
            index,
            folder,
            "before",
            *(word for name in SECRETS for word in ("--build-arg", f"{name}={SECRETS[name]}")),
        ),
    ]
    path.write_text(result.files[0].after)
    for name, value in SECRETS.items():
        monkeypatch.setenv(f"MY_{name}", value)
    given = [word for name in SECRETS for word in ("--secret", f"id={name},env=MY_{name}")]
    after = [build(engine, index, folder, "after-without"), build(engine, index, folder, "after", *given)]

    asked = {word for request in after[1] for word in request}
    assert {
        "ci:t0ken-of-the-index",
        "X-Index: t0ken-of-the-index",
        "X-Api: t0ken of/the+api",
        "X-User: passw0rd'of'the\"user.",
    } <= asked
    assert {"ci:nobody", "X-Api: ", "X-User: ."} <= {word for request in after[0] for word in request}
    assert after == before
    old, new = history(engine, "before"), history(engine, "after") + layers(engine, folder, "after")
    assert b"a-text-that-is-kept" in new
    for value in SECRETS.values():
        forms = {value.encode(), value.replace('"', '\\"').encode()}
        assert any(form in old for form in forms)
        assert not any(form in new for form in forms)


FOR_PIP_ALONE = """\
FROM python:3.11-slim-bookworm
ARG INDEX_USER
ARG INDEX_PASSWORD
WORKDIR /srv
RUN apt-get update && apt-get install -y gcc && rm -rf /var/lib/apt/lists/*
COPY requirements.txt .
RUN pip install --no-cache-dir --index-url http://$INDEX_USER:$INDEX_PASSWORD@127.0.0.1:PORT/simple -r requirements.txt
COPY app.py .
CMD ["python", "app.py"]
"""


def test_a_build_argument_for_pip_alone_is_in_no_layer_and_no_history_of_the_split_image(
    engine: Engine, index: Index, tmp_path: Path
) -> None:
    folder = tmp_path / "app"
    folder.mkdir()
    (folder / "requirements.txt").write_text("first-package\n")
    (folder / "app.py").write_text("import first_package\n\nprint('it is there')\n")
    path = folder / "Dockerfile"
    path.write_text(FOR_PIP_ALONE.replace("PORT", str(index.server.server_address[1])))
    given = [word for each in ("INDEX_USER=ci", "INDEX_PASSWORD=t0ken-of-the-index") for word in ("--build-arg", each)]
    before = build(engine, index, folder, "pip-before", *given)
    result = run(path, Settings())
    assert "multi-stage" in {note.transform for note in result.changes}
    assert not any("INDEX_PASSWORD" in note.message for note in result.warnings)
    path.write_text(result.files[0].after)
    after = build(engine, index, folder, "pip-after", *given)

    assert after == before
    assert "ci:t0ken-of-the-index" in {word for request in after for word in request}
    assert b"t0ken-of-the-index" in history(engine, "pip-before")
    assert b"t0ken-of-the-index" not in history(engine, "pip-after") + layers(engine, folder, "pip-after")
    assert "it is there" in engine.call("run", "--rm", f"{engine.session}:pip-after").out
