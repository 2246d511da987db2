"""The scripts that run inside images, run here by the Python of the tests."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from dockfix.runtimes.probes import MARK
from dockfix.runtimes.python import PYTHON


def answer(what: Any, **environment: str) -> dict[str, Any]:
    """What a script prints behind the mark; without the packages of the tests, which take long to import."""
    done = subprocess.run(
        [sys.executable, "-IS", "-"],
        input=PYTHON.probe(what),
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    (line,) = (line for line in done.stdout.splitlines() if line.startswith(MARK))
    found: dict[str, Any] = json.loads(line.removeprefix(MARK))
    return found


def test_what_is_installed() -> None:
    said = answer("packages", DOCKFIX_MODULES="json this.is.not.there")
    assert set(said) == {"executable", "version", "packages", "modules", "data", "seen", "made_of", "libc", "machine"}
    assert (said["executable"], said["version"]) == (sys.executable, ".".join(map(str, sys.version_info[:3])))
    assert said["packages"] == {}
    assert said["modules"]["json"] == said["modules"]["zlib"] == ""
    assert said["modules"]["this.is.not.there"].startswith("ModuleNotFoundError: ")


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/health" else 404)
        self.end_headers()
        self.wfile.write(b"I am fine")

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the output of the tests is not for this."""


@pytest.fixture
def port() -> Iterator[int]:
    server = HTTPServer(("127.0.0.1", 0), _Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


def test_what_ports_answer(port: int) -> None:
    requests = [
        {"port": port, "path": "/health", "statuses": [200], "expect": "fine"},
        {"port": port, "path": "/health", "statuses": [], "expect": "ill"},
        {"port": port, "path": "/no", "statuses": [200], "expect": ""},
    ]
    wanted = {
        "seconds": 0.5,
        "ports": [port],
        "requests": requests,
        "roots": True,
        "holds": 0,
        "routes": ["/health", "/no"],
    }
    said = answer("ports", DOCKFIX_PROBE=json.dumps(wanted))
    assert said["open"] == [port]
    assert said["roots"] == {str(port): 404}
    assert said["good"] == [True, False, False]
    assert (said["routes"], said["web"]) == ({"/health": 200, "/no": 404}, port)
    assert [each["status"] for each in said["answers"]] == [200, 200, 404]
    assert said["answers"][0]["body"] == "I am fine"


def test_what_listens_and_runs_beside_it() -> None:
    with socket.create_server(("127.0.0.1", _ordinary_port())) as server:
        said = answer(
            "ports",
            DOCKFIX_PROBE=json.dumps(
                {"ports": [], "requests": [], "seconds": 0.1, "roots": False, "holds": 0, "routes": ["/health"]}
            ),
        )
        assert server.getsockname()[1] in said["listening"]
    me = next(each for each in said["processes"] if each["pid"] == os.getpid())
    assert me["command"][0] == sys.executable
    assert me["ticks"] > 0


def asked_packages(call: str, folder: Path) -> Any:
    """What a function of the probe of packages says where they lie in a folder."""
    script = PYTHON.probe("packages").replace("\nmain()\n", f"\nprint(json.dumps({call}))\n")
    done = subprocess.run(
        [sys.executable, "-S", "-"],
        input=script,
        env={"PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return json.loads(done.stdout)


def distribution(folder: Path, name: str, **files: str) -> None:
    """Puts the metadata of a distribution into a folder: names of files, with ``_`` in place of the dot, and what is in them."""
    info = folder / name
    info.mkdir()
    written = "PKG-INFO" if name.endswith(".egg-info") else "METADATA"
    (info / written).write_text(f"Metadata-Version: 2.1\nName: {name.partition('-')[0]}\nVersion: 1.0\n")
    for file, text in files.items():
        (info / file.replace("_txt", ".txt").replace("_json", ".json").replace("__", "-")).write_text(text)


def test_only_what_an_index_may_have_is_seen(tmp_path: Path) -> None:
    wheel = "Wheel-Version: 1.0\nTag: py3-none-any\n"
    distribution(tmp_path, "wheel-1.0.dist-info", RECORD="a.py,,\n", WHEEL=wheel)
    distribution(tmp_path, "old-1.0-py3.9.egg-info", SOURCES_txt="old.py\n", installed__files_txt="../old.py\n")
    # None of these comes from an index
    distribution(tmp_path, "source.egg-info", SOURCES_txt="source.py\n")
    distribution(tmp_path, "project-1.0.dist-info", RECORD="b.py,,\n", WHEEL=wheel, direct_url_json="{}")
    distribution(tmp_path, "system-1.0.egg-info")
    said = {each["name"]: each["kind"] for each in asked_packages("seen()", tmp_path)}
    assert said == {"wheel": "pure", "old": "compiled"}


def test_what_distributions_are_made_of(tmp_path: Path) -> None:
    info = tmp_path / "Some_App-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        'Metadata-Version: 2.1\nName: Some.App\nVersion: 1.0\nRequires-Dist: flask; extra == "web"\n'
    )
    (info / "RECORD").write_text(
        "some/__init__.py,,\n_some.cpython-311-x86_64-linux-gnu.so,,\nalone.py,,\n../../bin/some,,\nSome_App-1.0.dist-info/METADATA,,\n"
    )
    assert asked_packages("made_of()", tmp_path) == {
        "some-app": {"requires": ['flask; extra == "web"'], "modules": ["_some", "alone", "some"]}
    }


def _ordinary_port() -> int:
    """A free port of those that are not given out by chance."""
    for port in range(20000, 30000):
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise OSError("no port is free")


def test_where_nothing_listens(port: int) -> None:
    with HTTPServer(("127.0.0.1", 0), _Handler, bind_and_activate=False) as closed:
        closed.server_bind()  # a port that nobody else gets, and that takes no connection
        free = closed.server_port
        request = {"port": free, "path": "/", "statuses": [], "expect": ""}
        wanted = {
            "seconds": 0.1,
            "ports": [free, port],
            "requests": [request],
            "roots": False,
            "holds": 0,
            "routes": ["/health"],
        }
        said = answer("ports", DOCKFIX_PROBE=json.dumps(wanted))
    assert (said["open"], said["roots"], said["routes"], said["good"]) == ([port], {}, {}, [False])
    assert said["answers"] == [{"status": 0, "body": "nothing listens"}]


def test_what_the_loader_says_of_files() -> None:
    name = f"{sys.base_prefix}/lib/libpython3.so"
    library = next((path for path in (*Path("/lib").glob("*-linux-gnu/libz.so.1"), Path(name)) if path.exists()), None)
    if library is None:
        pytest.skip("no shared library is where Debian has them")
    said = answer("libraries", DOCKFIX_FILES=f"{library}\n/not/there")
    assert said["loads"]
    assert "libc.so.6 => " in said["said"][str(library)]
    assert "cannot open shared object file" in said["said"]["/not/there"]
