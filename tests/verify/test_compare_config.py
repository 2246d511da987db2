from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from verify_images import image

from dockfix.model.reason import Declared
from dockfix.verify.compare import compare_config
from dockfix.verify.image import Image


def messages(before: dict[str, Any], after: dict[str, Any], *declared: Declared) -> list[str]:
    return [finding.message for finding in compare_config(image(**before), image(**after), frozenset(declared))]


@pytest.mark.covers("comparison/configuration")
@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ({"Cmd": ["python", "app.py"]}, {"Cmd": ["python"]}, 'CMD is ["python"] instead of ["python", "app.py"]'),
        ({"Entrypoint": ["/run"]}, {"Entrypoint": None}, 'ENTRYPOINT is not set instead of ["/run"]'),
        ({"Env": ["A=1"]}, {"Env": ["A=2"]}, "ENV A is 2 instead of 1"),
        ({"Env": ["A="]}, {"Env": []}, 'ENV A is not set instead of ""'),
        (
            {},
            {"Env": ["PATH=/x"]},
            "ENV PATH is /x instead of /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        ),
        ({"ExposedPorts": {"80/tcp": {}}}, {}, 'EXPOSE is not set instead of ["80/tcp"]'),
        (
            {"Healthcheck": {"Test": ["CMD", "x"]}},
            {"Healthcheck": {"Test": ["CMD", "x"], "Retries": 2}},
            'HEALTHCHECK is {"Test": ["CMD", "x"], "Retries": 2} instead of {"Test": ["CMD", "x"]}',
        ),
        ({"Labels": {"a": "1"}}, {"Labels": {"a": "2"}}, "LABEL a is 2 instead of 1"),
        ({"OnBuild": ["RUN x"]}, {}, 'ONBUILD is not set instead of ["RUN x"]'),
        ({"Shell": ["/bin/bash", "-c"]}, {}, 'SHELL is not set instead of ["/bin/bash", "-c"]'),
        ({"StopSignal": "SIGINT"}, {}, "STOPSIGNAL is not set instead of SIGINT"),
        ({"User": ""}, {"User": "app"}, "USER is app instead of not set"),
        ({"Volumes": {"/b": {}, "/a": {}}}, {"Volumes": {"/a": {}}}, 'VOLUME is ["/a"] instead of ["/a", "/b"]'),
        ({"WorkingDir": "/app"}, {}, "WORKDIR is / instead of /app"),
    ],
)
def test_each_setting(before: dict[str, Any], after: dict[str, Any], message: str) -> None:
    assert messages(before, after) == [message]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            {"Cmd": None, "Env": None, "Labels": None, "Volumes": {}, "WorkingDir": "", "User": ""},
            {"Cmd": [], "Env": [], "Labels": {}, "WorkingDir": "/"},
        ),
        ({"Env": ["A=1", "B=2"]}, {"Env": ["B=2", "A=1"]}),
        ({"Labels": {}}, {"Labels": {"dockfix.version": "1"}}),
        ({}, {"Healthcheck": {"Test": ["NONE"]}}),
        ({"Healthcheck": {"Test": ["CMD", "x"]}}, {"Healthcheck": {"Test": ["CMD", "x"], "Interval": 0}}),
    ],
)
def test_what_means_the_same(before: dict[str, Any], after: dict[str, Any]) -> None:
    assert messages(before, after) == []


@pytest.mark.covers("comparison/configuration")
def test_what_is_declared_may_differ() -> None:
    before = {"Env": ["A=1", "PATH=/usr/bin:/bin"], "User": ""}
    after = {"Env": ["A=2", "PATH=/venv/bin:/usr/bin:/bin", "VIRTUAL_ENV=/venv"], "User": "app"}
    assert messages(before, after, Declared("USER"), Declared("ENV", "PATH"), Declared("ENV", "VIRTUAL_ENV")) == [
        "ENV A is 2 instead of 1"
    ]


@pytest.mark.covers("comparison/configuration")
@pytest.mark.parametrize(("path", "folder"), [("/venv/bin:/bin", "/usr/bin"), ("/bin:/usr/bin", "/bin")])
def test_a_declared_path_keeps_the_old_folders_in_order(path: str, folder: str) -> None:
    assert messages({"Env": ["PATH=/usr/bin:/bin"]}, {"Env": [f"PATH={path}"]}, Declared("ENV", "PATH")) == [
        f"PATH no longer has {folder} where it was: {path}"
    ]


WORDS = st.lists(st.text(max_size=5), max_size=3)
CONFIG = st.fixed_dictionaries(
    {},
    optional={
        "Cmd": st.none() | WORDS,
        "Env": WORDS,
        "User": st.text(max_size=3),
        "WorkingDir": st.text(max_size=5),
        "Labels": st.none() | st.dictionaries(st.text(), st.text(), max_size=3),
        "Volumes": st.none() | st.dictionaries(st.text(), st.just({}), max_size=3),
        "Healthcheck": st.none() | st.fixed_dictionaries({"Test": WORDS}),
    },
)


@given(CONFIG, CONFIG, st.booleans())
def test_any_configuration_is_equal_to_itself_and_differences_are_mutual(
    before: dict[str, Any], after: dict[str, Any], path: bool
) -> None:
    declared = frozenset({Declared("ENV", "PATH")} if path else ())
    one, other = Image(before, image().snapshot), Image(after, image().snapshot)
    assert compare_config(one, one, declared) == []
    if not path:
        assert [found.subject for found in compare_config(one, other, declared)] == [
            found.subject for found in compare_config(other, one, declared)
        ]


OFFICIAL = [
    "PATH=/usr/local/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LANG=C.UTF-8",
    "GPG_KEY=1",
]
OTHER = [
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt",
]
FROM = Declared("FROM", "python:3.11-slim")


def test_another_base_image_has_variables_of_its_own() -> None:
    there, gone = {"Env": OFFICIAL}, {"Env": [*OTHER, "LANG=C.UTF-8"]}
    assert messages(there, gone, FROM) == []
    assert messages(there, gone)[0] == "ENV GPG_KEY is not set instead of 1"


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        (["LANG=C.UTF-8"], [], "ENV LANG is not set instead of C.UTF-8"),
        (["A=1"], [], "ENV A is not set instead of 1"),
        (["LANG=C.UTF-8"], ["LANG=C"], "ENV LANG is C instead of C.UTF-8"),
        (["PATH=/own/bin:/bin"], ["PATH=/bin"], "PATH no longer has /own/bin where it was: /bin"),
    ],
)
def test_what_another_base_image_may_not_change(before: list[str], after: list[str], message: str) -> None:
    assert messages({"Env": before}, {"Env": after}, FROM) == [message]
