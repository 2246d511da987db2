"""What shell scripts run."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dockfix.context.scripts import ScriptFacts, commands_in_script, is_shell_script


def facts(text: str) -> ScriptFacts:
    found = commands_in_script(text)
    assert found is not None
    return found


COMMANDS = [
    ("gcc -c x\nmake && git log || curl x | wget", "gcc make git curl wget"),
    ("exec gunicorn app", "exec gunicorn"),
    ("exec env A=1 -u B nohup gosu app tini -- gunicorn", "exec env nohup gosu tini gunicorn"),
    ("A=1 B=2 gcc", "gcc"),
    ("sudo -u www -E A=1 gcc", "sudo gcc"),
    ("timeout -k 3 10 curl x; nice -n 5 make; xargs -n 1 rm", "timeout curl nice make xargs rm"),
    ('echo $(git log) `date` "x $(hostname)"', "echo git date hostname"),
    ("(gcc) & { make; }", "gcc make"),
    ("if [ -f x ]; then gcc; elif make; then :; else curl; fi", "gcc make : curl"),
    ("for x in a b; do gcc $x; done < <(git ls)", "gcc git"),
    ("while read x; do gcc; done", "read gcc"),
    ("case $1 in a|b) gcc;; *) make;; esac", "gcc make"),
    ("run() { gcc; }\nfunction other { make; }\nrun; other", "gcc make"),
    ("bash -c 'gcc x && make'", "bash gcc make"),
    ('bash -o pipefail -ec "gcc"', "bash gcc"),
    ("su - app -c 'gcc'", "su gcc"),
    ("sh <<EOF\ngcc\nEOF", "sh gcc"),
    ("cat <<EOF\n$(git log)\nmake\nEOF", "cat git"),
    ("cat <<'EOF'\n$(git log)\nEOF", "cat"),
    ("trap 'kill 1' TERM; eval make all", "trap kill eval make"),
    ("find . -name x -exec gcc {} \\;", "find gcc"),
    ("wait-for-it db:1 -t 3 -- gunicorn app", "wait-for-it gunicorn"),
    (
        "poetry run gunicorn x; uv run --frozen celery; conda run -n env python",
        "poetry gunicorn uv celery conda python",
    ),
    ("\"/usr/bin/gcc\" x; g'c'c; \\make", "/usr/bin/gcc gcc make"),
    ("[[ $(id -u) = 0 ]] && ! gcc", "id gcc"),
    (". ./env.sh; source x", ". source"),
    ("X=$(git log)", "git"),
    ("a=(1 $(gcc))", "gcc"),
    ("# gcc\n", ""),
    ("", ""),
    ("gcc \\\n  -c x \\\n  && make\r\n", "gcc make"),
    ("time gcc", "gcc"),
    ("export X=1; local y=$(gcc)", "gcc"),
    ("git commit -- make; grep -- gcc x", "git grep"),
    ("f() { if [ x ]; then gcc; fi }\nf", "gcc"),
    ("setpriv --reuid=1 --init-groups gcc", "setpriv gcc"),
    ("dumb-init -- gcc; s6-setuidgid app make", "dumb-init gcc s6-setuidgid make"),
    ("busybox sh -c 'gcc x'; busybox httpd -f", "busybox sh gcc httpd"),
    ("uv run --env-file .env --with x gcc; uvx --from y make", "uv gcc uvx make"),
    ("pnpm --dir x exec gcc; npx -p y make; aws-vault exec p -- git x", "pnpm gcc npx make aws-vault git"),
    ("uv pip install gcc; npm start", "uv npm"),
    ("python -m pip install gcc; python3.11 -u -X dev -m gunicorn gcc", "python pip python3.11 gunicorn"),
    ("python -um celery; python -m app.gcc; python -c 'x' -m pip", "python celery"),
    ("python gcc.py -m pip; python -B -m pytest -m pip", "python pytest"),
]


@pytest.mark.parametrize(("text", "commands"), COMMANDS, ids=[repr(case[0]) for case in COMMANDS])
def test_commands(text: str, commands: str) -> None:
    found = facts(text)
    assert found.commands - {"time", "[", "test"} == set(commands.split())
    assert not found.dynamic


@pytest.mark.parametrize(
    "text",
    [
        "$CMD x",
        '"${CMD:-gcc}"',
        "exec $CMD",
        'eval "$X"',
        'bash -c "$X"',
        "sh $FILE",
        "`cat x` y",
        "bash -c 'if'",
        "sudo $X",
    ],
)
def test_dynamic(text: str) -> None:
    assert facts(text).dynamic


@pytest.mark.parametrize(
    "text",
    [
        'exec "$@"',
        "$@",
        'gosu app "$@"',
        'exec tini -- "$@"',
        '"$1" x',
        'su-exec "$U:$G" "$@"',
        "exec ${@:-x}",
        'bash "$@"',
        "if [ $# -gt 0 ]; then exec $*; fi",
    ],
)
def test_what_the_script_is_given(text: str) -> None:
    found = facts(text)
    assert found.runs_arguments
    assert not found.dynamic


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("x > /data/a 2>/dev/null", {"/data/a"}),
        ('x >> "/var/log/y"', {"/var/log/y"}),
        ("x < /data/a", set()),
        ("mkdir -p /srv/a b", {"/srv/a"}),
        ('mkdir "/srv/$X/y"', {"/srv"}),
        ("cp a /data/b", {"/data/b"}),
        ("cp /a b", set()),
        ("tee /etc/x", {"/etc/x"}),
        ("x &> /l", {"/l"}),
        ("echo > relative", set()),
        ("ln -s /a /b", {"/b"}),
        ("chown -R a:b /data", {"/data"}),
        ("cat <<EOF > /data/x\nEOF", {"/data/x"}),
    ],
)
def test_writes(text: str, paths: set[str]) -> None:
    assert facts(text).writes == paths


@pytest.mark.parametrize(
    ("text", "outputs"),
    [
        ("wget -q -O /a/b http://x", {"/a/b"}),
        ('wget --warc-file="$1.warc" x', {"$.warc"}),
        ("wget http://x/y", set()),
        ("curl --output=x/y http://x", {"x/y"}),
        ("curl -o - x", set()),
        ('ffmpeg -i a "${B}/c.mp4"', {"$/c.mp4"}),
        ("ffmpeg -version", set()),
        ('exec "$DIR/twistd" --pidfile /x', set()),
        ("twistd -n --pidfile /run/x.pid", {"/run/x.pid"}),
        ("tar -xf x -C /srv", {"/srv"}),
        ("grep -o x y", set()),
    ],
)
def test_outputs_of_well_known_programs(text: str, outputs: set[str]) -> None:
    facts = commands_in_script(text)
    assert facts is not None
    assert facts.outputs == outputs
    assert facts.writes == {path for path in outputs if path.startswith("/")}


@pytest.mark.parametrize(
    ("text", "login"),
    [
        ("bash -l x", True),
        ("bash -lc x", True),
        ("bash --login", True),
        ("su - app", True),
        ("su -l app", True),
        ("su --login app", True),
        ("sudo -i gcc", True),
        ("sudo -iu app x", True),
        ("sudo -u app -i x", True),
        ("sudo -u app sed -i x", False),
        ("#!/bin/bash -l\nx", True),
        ("#!/usr/bin/env -S bash -l\nx", True),
        ("exec bash -l", True),
        ("bash -c 'ls -l'", False),
        ("ls -l", False),
        ("bash x -l", False),
        ("su app -c 'ls -l'", False),
        ("#!/bin/bash\n", False),
        ("#!/bin/mksh -l\n", True),
        ("#!/usr/bin/python -l\n", False),
        ("sudo ls -l", False),
        ("bash -euo pipefail x", False),
        ("su app - x", True),
    ],
)
def test_login_shell(text: str, login: bool) -> None:
    assert facts(text).login_shell == login


def test_words() -> None:
    assert facts("APP=/app/run.sh\nexec python 'manage py' $X \"$APP\" -m a.b").words == (
        "/app/run.sh",
        "exec",
        "python",
        "manage py",
        "-m",
        "a.b",
    )


@pytest.mark.parametrize("text", ['( "', "if x", "x <<", "case", "x" * ((1 << 20) + 1), ")"])
def test_unparsable(text: str) -> None:
    assert commands_in_script(text) is None


def test_deep_nesting() -> None:
    assert facts("( " * 300 + "gcc" + " )" * 300).commands == {"gcc"}
    nested = "gcc"
    for _ in range(3):
        nested = "bash -c '" + nested.replace("'", "'\\''") + "'"
    assert facts(nested).commands == {"bash", "gcc"}


@settings(deadline=None)  # the first example imports a library
@given(
    st.one_of(
        st.text(max_size=80), st.text(st.sampled_from("ab $(){}[]'\"`\\|&;<>\n-=#!@EOF\udc80\ud800"), max_size=60)
    )
)
def test_never_raises(text: str) -> None:
    found = commands_in_script(text)
    assert found is None or all(isinstance(name, str) for name in found.commands | set(found.words) | found.writes)


@pytest.mark.parametrize(
    ("name", "text", "script"),
    [
        ("run.sh", "", True),
        ("bin/run.KSH", "", True),
        ("run", "#!/bin/bash -eu\nx", True),
        ("run", "#!/usr/bin/env -S sh -e\n", True),
        ("run", "#!/command/with-contenv bash\n", True),
        ("run", "#!/usr/bin/env python3\n", False),
        ("run", "#! /bin/dash", True),
        ("run", "echo\n#!/bin/sh\n", False),
        ("sh", "", False),
        ("run.py", "", False),
    ],
)
def test_what_is_a_shell_script(name: str, text: str, script: bool) -> None:
    assert is_shell_script(name, text) is script


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("cp a b", ["(", "cp a b", ")"]),
        ("A=1\nexec cp $A b > c", ["(", "A=1", "exec cp $A b", "cp $A b", "> c", ")"]),
        ("(cd x && rm y); rm z", ["(", "(", "cd x", "rm y", ")", "rm z", ")"]),
        ("B=$(cat x); A=1 rm y", ["(", "B=$(cat x)", "(", "cat x", ")", "rm y", ")"]),
        ("for f in *; do rm $f; done; N+=1", ["(", "f=$()", "rm $f", "N=$()", ")"]),
        ("sh -c 'rm x' && y", ["(", "sh -c 'rm x'", "(", "rm x", ")", "y", ")"]),
        ("ls | xargs rm -f", ["(", "ls", "xargs rm -f", "rm -f $()", ")"]),
        ("find a -exec rm {} +", ["(", "find a -exec rm {} +", "rm", "rm $() +", ")"]),
    ],
)
def test_steps(text: str, found: list[str]) -> None:
    assert [each.text for each in facts(text).steps] == found
