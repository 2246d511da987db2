from __future__ import annotations

import pytest
from test_commands import effects

from dockfix.managers.pip import PIP
from dockfix.model.actions import Provide

URL = "https://bootstrap.pypa.io/get-pip.py"


@pytest.mark.parametrize(
    "text",
    [
        f"curl -sS {URL} | python3",
        f"curl -sSL {URL} | python3.12 - --break-system-packages",
        "curl https://bootstrap.pypa.io/pip/3.8/get-pip.py | python3.8 - 'pip<25'",
        f"wget -qO- {URL} | python3",
        f"wget -O - {URL} | python3",
        "python3.12 get-pip.py --no-cache-dir",
        "python3 /tmp/get-pip.py pip==24.0 setuptools wheel",
    ],
)
def test_the_script_brings_pip(text: str) -> None:
    found = effects(text)
    assert found.action == Provide(PIP, ("/usr/local/bin/pip",))
    assert found.writes == ("/usr/local",)


@pytest.mark.parametrize(
    "text",
    [
        "curl -sS https://example.com/get-pip.py | python3",
        f"curl -o get-pip.py {URL} | python3",
        f"wget {URL} | python3",
        f"curl {URL} | python3 - --user",
        f"curl {URL} | python3 - flask",
        "python3 get-pip.py --target /x",
    ],
)
def test_other_scripts_and_options_are_not_known(text: str) -> None:
    found = effects(text)
    assert found.opaque
    assert found.action is None


def test_another_user_installs_elsewhere() -> None:
    assert effects(f"curl {URL} | python3", user="app").opaque
