"""What one proof has seen, later previews know: a fleet of services without locks that share requirements."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dockfix.cli.app import cli
from dockfix.knowledge.releases import Release
from dockfix.knowledge.seen import Seen, read_seen
from dockfix.verify.engines import Engine
from dockfix.verify.remembered import remember

DOCKERFILE = """\
FROM python:3.11-bookworm
WORKDIR /app
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
COPY . .
CMD ["python", "app.py"]
"""
WEB = "flask==3.0.3 blinker==1.9.0 click==8.1.7 itsdangerous==2.2.0 jinja2==3.1.4 markupsafe==2.1.5 werkzeug==3.0.4"
FETCH = "requests==2.32.3 certifi==2024.8.30 charset-normalizer==3.3.2 idna==3.8 urllib3==2.2.2"
SERVER, DATABASE, DOCUMENTS = "gunicorn==22.0.0 packaging==24.1", "psycopg2==2.9.9", "lxml==5.2.2"
# The first two are proved; together they hold all that the others ask for
SERVICES = {
    "a-web": (WEB, SERVER, DATABASE),
    "b-feeds": (FETCH, DOCUMENTS),
    "c-shop": (WEB, DATABASE),
    "d-mail": (FETCH,),
    "e-pages": (WEB, DOCUMENTS),
    "f-store": (DATABASE,),
    "g-search": (WEB, FETCH, SERVER),
    "h-import": (DOCUMENTS, DATABASE),
    "i-admin": (WEB, SERVER),
    "j-proxy": (FETCH, WEB),
    "k-report": (DOCUMENTS, WEB, DATABASE),
    "l-all": (WEB, FETCH, SERVER, DATABASE, DOCUMENTS),
}
MODULES = {WEB: "flask", FETCH: "requests", SERVER: "gunicorn", DATABASE: "psycopg2", DOCUMENTS: "lxml.etree"}
REQUIRES = {
    "flask": ("Werkzeug>=3.0.0", "Jinja2>=3.1.2", "itsdangerous>=2.1.2", "click>=8.1.3", "blinker>=1.6.2"),
    "jinja2": ("MarkupSafe>=2.0", 'Babel>=2.7; extra == "i18n"'),
    "werkzeug": ("MarkupSafe>=2.1.1",),
    "click": ('colorama; platform_system == "Windows"',),
    "requests": ("charset-normalizer<4,>=2", "idna<4,>=2.5", "urllib3<3,>=1.21.1", "certifi>=2017.4.17"),
    "gunicorn": ("packaging",),
}
PROVED = ("a-web", "b-feeds")
SETTINGS = 'knowledge = "dockfix.knowledge.toml"\n[slim-base]\nplatforms = ["linux/amd64"]\n'


@pytest.fixture
def fleet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, released: Callable[[Iterable[Release]], None]) -> Path:
    released(())  # what is known of these packages is to come from the proofs alone
    for name, groups in SERVICES.items():
        folder = tmp_path / "services" / name
        folder.mkdir(parents=True)
        (folder / "Dockerfile").write_text(DOCKERFILE)
        (folder / "requirements.txt").write_text("".join(f"{pin}\n" for group in groups for pin in group.split()))
        (folder / "app.py").write_text("".join(f"import {MODULES[group]}\n" for group in groups) + f"print('{name}')\n")
    (tmp_path / "dockfix.toml").write_text(SETTINGS)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def dockfix(*words: str) -> Result:
    return CliRunner().invoke(cli, [*words], prog_name="dockfix")


def verify(*names: str) -> Result:
    paths = [f"services/{name}" for name in names]
    return dockfix("verify", "--select", "virtualenv,multi-stage,slim-base", "--unsafe", *paths)


def slimmed() -> set[str]:
    """The services that are made slim without being asked to do what is unsafe."""
    dockfix("--apply", "services")
    texts = {name: Path("services", name, "Dockerfile") for name in SERVICES}
    found = {name for name, file in texts.items() if "FROM python:3.11-slim-bookworm" in file.read_text()}
    for file in texts.values():
        file.write_text(DOCKERFILE)
    return found


def entry(pin: str) -> Seen:
    """What the image of the one service that asks for it would show of a package."""
    name, _, version = pin.partition("==")
    needs = {"psycopg2": ("libpq.so.5",), "lxml": ("libz.so.1",), "markupsafe": (), "charset-normalizer": ()}
    kind = "compiled" if name == "psycopg2" else "binary" if name in needs else "pure"
    requires = REQUIRES.get(name, ())
    return Seen(name, version, "3.11", "glibc", "x86_64", "bookworm", kind, needs.get(name, ()), requires)


def test_what_two_images_hold_makes_the_rest_certain(fleet: Path) -> None:
    file = fleet / "dockfix.knowledge.toml"
    assert slimmed() == set()
    for name, expected in (("a-web", {"c-shop", "f-store", "i-admin", "a-web"}), ("b-feeds", set(SERVICES))):
        pins = " ".join(SERVICES[name]).split()
        assert remember(file, [(fleet / "services" / name / "Dockerfile", map(entry, pins))]) == len(pins)
        assert slimmed() == expected
    file.write_text(file.read_text().replace("libpq.so.5", "libz.so.1"))
    assert slimmed() == set()


@pytest.mark.build
def test_two_proofs_make_the_rest_certain(fleet: Path, engine: Engine) -> None:
    assert slimmed() == set()
    proof = verify(*PROVED)
    assert proof.exit_code == 0, proof.output
    assert "need was seen, and is kept in" in proof.output
    kept = {entry.name: entry for entry in read_seen(fleet / "dockfix.knowledge.toml")}
    assert (kept["psycopg2"].kind, kept["psycopg2"].needs) == ("compiled", ("libpq.so.5",))
    assert (kept["lxml"].kind, kept["flask"].kind) == ("binary", "pure")
    assert kept["flask"].where.endswith(" services/a-web/Dockerfile")
    assert slimmed() == set(SERVICES)
    # and it was right, of the one that holds what all the others do
    rest = verify("l-all")
    assert rest.exit_code == 0, rest.output
    altered = fleet / "dockfix.knowledge.toml"
    altered.write_text(altered.read_text().replace('"libpq.so.5"', '"libz.so.1"'))
    said = dockfix("services/f-store")
    assert "what it says is not used: an entry was altered" in said.output
    assert slimmed() == set()
