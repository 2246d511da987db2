from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dockfix.managers.apt import APT
from dockfix.managers.commands import effects_of, model_of
from dockfix.managers.pip import PIP
from dockfix.managers.venv import environment
from dockfix.model.actions import Clean, Install, Make, Refresh, Remove, ShellState, Upgrade
from dockfix.model.commands import state_after
from dockfix.model.effects import Effects
from dockfix.model.state import State
from dockfix.syntax import parse
from dockfix.syntax.shell import parse_script


def effects(text: str, **state: object) -> Effects:
    """The effects of the last command of a script that runs in /app."""
    current = State(workdir="/app", **state)  # type: ignore[arg-type]
    result = Effects()
    for command in parse_script(text).commands:
        result = effects_of(command, current)
        current = state_after(command, result, current)
    return result


@pytest.mark.parametrize(
    ("text", "packages"),
    [
        ("apt-get install -y gcc curl", ["gcc", "curl"]),
        (
            "apt-get -qq install --no-install-recommends -y gcc=4:12.2.0-3 libpq-dev:amd64 git/bookworm",
            ["gcc", "libpq-dev", "git"],
        ),
        ("apt install -yt bookworm-backports g++", ["g++"]),
        ("apt-get -o Dpkg::Options::=--force-confold install libstdc++6", ["libstdc++6"]),
        ("DEBIAN_FRONTEND=noninteractive apt-get install -y tzdata", ["tzdata"]),
    ],
)
def test_apt_install(text: str, packages: list[str]) -> None:
    action = effects(text).action
    assert isinstance(action, Install)
    assert action.manager is APT
    assert [package.name for package in action.asked] == packages
    assert not action.dynamic


def test_apt_install_of_names_that_only_the_shell_knows() -> None:
    action = effects("apt-get install -y gcc $EXTRA").action
    assert isinstance(action, Install)
    assert action.dynamic
    assert [package.name for package in action.asked] == ["gcc"]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("apt-get update", Refresh),
        ("apt-get purge -y gcc", Remove),
        ("apt-get upgrade -y", Upgrade),
        ("cd /x", ShellState),
        ("export A=1", ShellState),
        ('export A="$(cat /run/secrets/A)"', ShellState),
        ("set -eux", ShellState),
        ("python -m venv /opt/venv", Make),
    ],
)
def test_actions(text: str, kind: type) -> None:
    assert isinstance(effects(text).action, kind)


@pytest.mark.parametrize(
    ("text", "manager", "what", "writes"),
    [
        ("apt-get clean", APT, {"downloads"}, ()),
        ("apt-get distclean", APT, {"downloads", "index"}, ()),
        ("rm -rf /var/lib/apt/lists/*", APT, {"index"}, ()),
        ("rm -rf /var/lib/apt/* /var/cache/apt", APT, {"index", "downloads"}, ()),
        ("rm -rf /var/lib/apt/lists/* /tmp/* /var/tmp/*", APT, {"index"}, ("/tmp", "/var/tmp")),
        ("rm -rf /root/.cache", PIP, {"cache"}, ()),
        ("rm -rf ~/.cache/pip", PIP, {"cache"}, ()),
        ("pip cache purge", PIP, {"cache"}, ()),
    ],
)
def test_what_leaves_nothing_that_a_program_needs(
    text: str, manager: object, what: set[str], writes: tuple[str, ...]
) -> None:
    found = effects(text)
    assert isinstance(found.action, Clean)
    assert manager in found.action.managers
    assert found.action.what == what
    assert found.writes == writes


@pytest.mark.parametrize(
    "text",
    [
        "rm -rf /tmp/x",
        "rm -rf /root/.cache /tmp",
        "rm -rf /root/.cache /var/lib/apt/lists",
        "rm -rf /var/lib/apt/lists /app",
    ],
)
def test_a_removal_of_more_is_only_a_removal(text: str) -> None:
    found = effects(text)
    assert found.action is None
    assert found.writes


@pytest.mark.parametrize(
    "url", ["https://$TOKEN@e.org/a/y.git", '"https://ci:${TOKEN:-none}@e.org/y"', "https://e.org/y/"]
)
def test_git_clones_to_the_last_name_of_a_url(url: str) -> None:
    assert effects(f"git clone --depth 1 {url}").writes == ("/app/y",)


@pytest.mark.parametrize(
    "text",
    [
        "apt-get install -y gcc-",
        "apt-get source x",
        "apt-get install --purge x",
        "make install",
        "a | b",
        "eval x",
        "$CMD x",
        "pip install --strange x",
        "pip uninstall x",
        "python setup.py install",
        "python -m venv $X",
        "cd $X",
        ". /x/env",
        "curl -K conf",
        "mkdir $X/y",
        "git pull",
        "git clone $URL",
        "git clone https://e.org/$NAME.git",
        "cp a",
        "python -m ensurepip",
        "virtualenv --python=/usr/bin/python3 /v",
        "virtualenv --system-site-packages /v",
        "mkdir a > $X",
    ],
)
def test_what_is_not_known_is_opaque(text: str) -> None:
    assert effects(text).opaque


def pip(text: str, **state: object) -> Install:
    action = effects(text, **state).action
    assert isinstance(action, Install)
    assert action.manager is PIP
    return action


def test_pip_install() -> None:
    action = pip(
        "pip install --no-cache-dir -r requirements.txt -c ../c.txt 'a>=1' ./pkg git+https://x/y.git --find-links wheels"
    )
    assert action.manifests == ("/app/requirements.txt",)
    assert action.constraints == ("/c.txt",)
    assert [package.word.value for package in action.asked] == ["a>=1", "git+https://x/y.git"]
    assert action.asked[0].name == "a"
    assert action.projects == ("/app/pkg",)
    assert action.folders == ("/app/wheels",)
    assert [word.text for word in action.cache_off] == ["--no-cache-dir"]
    assert not action.blocked


@pytest.mark.parametrize(
    "text",
    [
        "python -m pip install x",
        "pip3 install x",
        "pip3.11 install x",
        "python3 -m pip install -qU x",
        "python3.11 -m pip install --upgrade x",
        "/usr/local/bin/pip install x",
    ],
)
def test_pip_by_any_name(text: str) -> None:
    assert [package.name for package in pip(text).asked] == ["x"]
    assert pip(text).into.carried is None


def test_bundled_short_options_take_the_value_of_the_last() -> None:
    assert pip("pip install -Ur requirements.txt").manifests == ("/app/requirements.txt",)


@pytest.mark.parametrize(
    "option",
    ["--target=/usr/lib/x", "-t /", "--prefix /usr/local", "--root /x", "--user --target /x", "--no-build-isolation"],
)
def test_pip_installs_that_cannot_move(option: str) -> None:
    assert pip(f"pip install {option} x").blocked


@pytest.mark.parametrize(
    ("option", "folder"),
    [("--user", "/root/.local"), ("--target=/x", "/x"), ("-t lib", "/app/lib"), ("--prefix /srv/x", "/srv/x")],
)
def test_pip_fills_the_folder_that_it_is_told_to(option: str, folder: str) -> None:
    install = pip(f"pip install {option} x")
    assert install.blocked is None
    assert install.into.carried is not None
    assert dict(install.into.carried.paths) == {folder: folder}


def test_pip_as_another_user_cannot_move() -> None:
    assert pip("pip install x", user="app").blocked
    assert not pip("pip install x", user="root").blocked
    assert not pip("pip install x", user="0:0").blocked


@pytest.mark.parametrize(
    "text",
    [
        "python -m venv /v && /v/bin/pip install x",
        "python -m venv /v && . /v/bin/activate && pip install x",
        "python -m venv /v && /v/bin/python -m pip install x",
    ],
)
def test_pip_in_a_virtual_environment(text: str) -> None:
    assert pip(text).into.root == "/v"


def test_pip_follows_path() -> None:
    assert (
        pip("pip install x", environments=(environment("/v"),), env={"PATH": "/v/bin:/usr/local/bin"}).into.root == "/v"
    )
    assert (
        pip("pip install x", environments=(environment("/v"),), env={"PATH": "/usr/local/bin:/v/bin"}).into.carried
        is None
    )


def test_a_virtual_environment_that_nobody_saw_being_made_blocks() -> None:
    assert pip("pip install x", env={"PATH": "/venv/bin:/usr/local/bin"}).blocked
    assert pip("pip install x", env={"PATH": "/usr/local/bin", "VIRTUAL_ENV": "/venv"}).blocked
    assert not pip("pip install x", env={"PATH": "/root/.local/bin:/usr/local/bin"}).blocked


@pytest.mark.parametrize(
    ("text", "reads", "writes"),
    [
        ("mkdir -p a/b /c", (), ("/app/a/b", "/c")),
        ("cp -r a b /c", ("/app/a", "/app/b"), ("/c",)),
        ("mv a b", ("/app/a",), ("/app/a", "/app/b")),
        ("ln -s /a /b", ("/a",), ("/b",)),
        ("chmod +x run.sh", ("/app/run.sh",), ("/app/run.sh",)),
        ("rm -rf /a/b*", (), ("/a",)),
        ("echo x > /etc/y", (), ("/etc/y",)),
        ("cd /z && touch x", (), ("/z/x",)),
        ("cat a >> b", ("/app/a",), ("/app/b",)),
        ("sed -i s/a/b/ f", ("/app/f",), ("/app/f",)),
        ("sed s/a/b/ f", ("/app/f",), ()),
        ("sed s/a/b/ $UNKNOWN", ("/",), ()),
        ("curl -fsSLo /x https://y/z", ("/etc/ssl",), ("/x",)),
        ("wget https://y/z", ("/etc/ssl",), ("/app",)),
        ("wget -qO /x https://y/z", ("/etc/ssl",), ("/x",)),
        ("wget -O - https://y/z", ("/etc/ssl",), ()),
        ("wget -qO- https://y/z", ("/etc/ssl",), ()),
        ("wget -q --spider https://y/z", ("/etc/ssl",), ()),
        ("wget -o /l https://y/z", ("/etc/ssl",), ("/app", "/l")),
        ("wget -P /d --save-cookies /c --tries 3 https://y/z", ("/etc/ssl",), ("/d", "/c")),
        ("curl -D /h -o - https://y/z", ("/etc/ssl",), ("/h",)),
        ("curl --max-redirs 5 --trace-ascii t -O https://y/z", ("/etc/ssl",), ("/app/t", "/app")),
        ("tar -xzf a.tar.gz -C /opt", ("/app/a.tar.gz",), ("/opt",)),
        ("/bin/tar xzf a.tgz --directory=/opt --exclude x", ("/app/a.tgz",), ("/opt",)),
        ("unzip -f a.zip -d /opt", ("/app/a.zip",), ("/opt",)),
    ],
)
def test_paths(text: str, reads: tuple[str, ...], writes: tuple[str, ...]) -> None:
    found = effects(text)
    assert not found.opaque
    assert (found.reads, found.writes) == (reads, writes)


def test_the_application_is_unbounded_and_not_opaque() -> None:
    found = effects("python manage.py collectstatic --noinput")
    assert found.application
    assert found.unbounded
    assert not found.opaque


def test_values_of_variables_are_used_where_known() -> None:
    assert effects("mkdir $D/x ${D}/y", env={"D": "/data"}).writes == ("/data/x", "/data/y")
    assert effects("mkdir '$D'", env={"D": "/data"}).writes == ("/app/$D",)


@settings(deadline=None, max_examples=300)
@given(
    st.lists(
        st.sampled_from(
            [
                "pip",
                "apt-get",
                "install",
                "update",
                "-r",
                "-y",
                "x",
                "$Y",
                "'a b'",
                "--",
                "-",
                "/a",
                "~/b",
                "cd",
                "&&",
                ";",
                "rm",
                "-rf",
                "curl",
                "-o",
                "python",
                "-m",
                "venv",
                "git",
                "clone",
                "cp",
                "ln",
                "tar",
                "-C",
                "=",
                ">",
                "sed",
                "mkdir",
                "export",
                "A=1",
                ".",
                "install",
                "-t",
                "--user",
                "-e",
                "file:x",
                "a[b]",
            ]
        ),
        max_size=9,
    )
)
def test_any_command_line_has_effects(words: list[str]) -> None:
    assert isinstance(effects(" ".join(words)), Effects)


@pytest.mark.parametrize(
    ("shell", "known"),
    [("/usr/bin/bash", True), ("/bin/ash", True), ("ksh", True), ("/bin/zsh", False), ("/usr/bin/python3", False)],
)
def test_which_shells_are_read(shell: str, known: bool) -> None:
    stage = model_of(parse(f'FROM x\nSHELL ["{shell}", "-c"]\nRUN mkdir /a\nRUN <<E\n#!{shell}\nmkdir /b\nE\n')).final
    assert [unit.effects.writes for _, unit in stage.units] == ([("/a",), ("/b",)] if known else [(), ()])
