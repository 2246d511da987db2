"""Credentials that stay in the image."""

from __future__ import annotations

import pytest

from dockfix.engine import FileResult
from results import Project, refusal, text_of

HEAD = "FROM python:3.11-slim\n"
KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIB\n"


def warned(result: FileResult) -> str:
    return "; ".join(note.message for note in result.warnings if note.transform == "secrets")


@pytest.mark.parametrize(("lines", "said"), [
    ("ENV DB_PASSWORD=hunter22\n", "the value of DB_PASSWORD stays"),
    ("ENV A=1 \\\n    API_KEY='sk 12 34'\n", "the value of API_KEY stays"),
    ("ENV DB_PASS hunter22\n", "the value of DB_PASS stays"),
    ("ARG NPM_TOKEN=abcdef0123\n", "the value of NPM_TOKEN stays"),
    ("ARG NPM_TOKEN\n", "what is given for NPM_TOKEN shows"),
    ("ARG NPM_TOKEN\nENV AUTH_TOKEN=$NPM_TOKEN\n", "AUTH_TOKEN takes the value of an ARG"),
    ("ENV DATABASE_URL=postgres://app:hunter22@db.corp.org/app\n", "the password for db.corp.org stays"),
    ("RUN pip install git+https://ci:0123abcd@git.corp.org/x.git\n", "the password for git.corp.org stays"),
    ("RUN aws configure set x AKIAIOSFODNN7ABCDEFG\n", "a key stands in the Dockerfile"),
    ("COPY id_rsa /root/.ssh/id_rsa\n", "id_rsa stays in the image"),
    ("ADD keys/server.pem /etc/\n", "server.pem stays in the image"),
    ("COPY .npmrc .\n", ".npmrc stays in the image"),
    ("COPY . .\nCOPY .netrc /root/\n", ".netrc stays in the image"),
])
def test_warnings(project: Project, lines: str, said: str) -> None:
    files = {"id_rsa": KEY, "keys/server.pem": KEY, ".npmrc": "//r.org/:_authToken=0123456789\n", ".netrc": ""}
    result = project(HEAD + lines, files, only="secrets")
    assert said in warned(result)
    assert not result.files


@pytest.mark.parametrize("lines", [
    "ENV DB_PASSWORD=\n", "ENV DB_PASSWORD changeme\n", "ENV DB_PASSWORD=<password>\n", "ENV DB_PASSWORD=your-password\n",
    "ENV DB_PASSWORD_FILE=/run/secrets/db\n", "ENV SECRET_KEY=/run/secrets/key\n", "ENV TOKENIZERS_PARALLELISM=false\n",
    "ENV MAX_TOKENS=4096\n", "ENV MYSQL_ALLOW_EMPTY_PASSWORD=yes\n", "ENV GPG_KEY=A035C8C19219BA821ECEA86B64E628F8D684696D\n",
    "ENV TOKEN_URL=https://login.corp.org/token\n", "ENV AWS_ACCESS_KEY_ID=AKIA\n", "ENV SECRET_KEY_BASE=dummy-for-build\n",
    "ENV DB_PASSWORD=$DB_PASSWORD\n", "ENV PASSWORD_HASHERS=argon2\n", "ENV PUBLIC_KEY=abcdefgh\n", "ENV PWD=/app\n",
    "ENV URL=postgres://app:hunter22@localhost/app\n", "ENV URL=postgres://app:hunter22@db/app\n", "ENV URL=https://u:$PASS@e.org\n",
    "ENV URL=https://u:PASSWORD@e.org\n", "COPY id_rsa.pub /root/.ssh/\n", "COPY cert.pem /etc/\n", "COPY .npmrc.empty /root/.npmrc\n",
    "COPY --from=x id_rsa /\n", "ADD https://e.org/id_rsa.pub /\n", "ARG VERSION\n",
])
def test_no_false_alarm(project: Project, lines: str) -> None:
    files = {"id_rsa.pub": "ssh-rsa\n", "cert.pem": "-----BEGIN CERTIFICATE-----\n", ".npmrc.empty": "_authToken=${NPM_TOKEN}\n"}
    assert warned(project(HEAD + lines, files, only="secrets")) == ""


def test_a_stage_that_is_not_in_the_image(project: Project) -> None:
    assert warned(project(f"{HEAD}ENV DB_PASSWORD=hunter22\n{HEAD}RUN x\n", only="secrets")) == ""


MOUNT = {"secrets.mount": True}


@pytest.mark.parametrize(("lines", "expected"), [
    ("ARG TOKEN\nRUN pip install -i https://ci:$TOKEN@e.org x\n",
     "RUN --mount=type=secret,id=TOKEN \\\n    export TOKEN=\"$(cat /run/secrets/TOKEN)\" \\\n    && pip install -i https://ci:$TOKEN@e.org x\n"),
    ("# for the index\nARG TOKEN\nRUN --network=host  fetch $TOKEN && \\\n    rm -f /x\nRUN mkdir /y\n",
     "# for the index\nRUN --mount=type=secret,id=TOKEN --network=host \\\n    export TOKEN=\"$(cat /run/secrets/TOKEN)\" && \\\n    fetch $TOKEN && \\\n"
     "    rm -f /x\nRUN mkdir /y\n"),
    ("ARG TOKEN\nRUN fetch ${TOKEN}\nRUN fetch --more ${TOKEN}\n",
     "RUN --mount=type=secret,id=TOKEN \\\n    export TOKEN=\"$(cat /run/secrets/TOKEN)\" \\\n    && fetch ${TOKEN}\n"
     "RUN --mount=type=secret,id=TOKEN \\\n    export TOKEN=\"$(cat /run/secrets/TOKEN)\" \\\n    && fetch --more ${TOKEN}\n"),
])
def test_mount(project: Project, lines: str, expected: str) -> None:
    result = project(HEAD + lines, only="secrets", options=MOUNT)
    assert text_of(result).removeprefix(HEAD) == expected
    assert "--secret id=TOKEN,env=TOKEN" in result.changes[0].message


@pytest.mark.parametrize(("lines", "reason"), [
    ("ARG TOKEN\nRUN fetch $TOKEN\nRUN make\n", "make in line 4 may read TOKEN too"),
    ("ARG TOKEN\nUSER web\nRUN fetch $TOKEN\n", "could not read the secret"),
    ("ARG TOKEN\nRUN make\n", "no RUN names TOKEN"),
    ("ARG TOKEN\nRUN fetch $TOKEN\nENV X=$TOKEN\n", "ENV in line 4 uses TOKEN"),
    ("ARG TOKEN\nRUN fetch $TOKEN\nCMD echo $TOKEN\n", "CMD in line 4 uses TOKEN"),
    ("ARG TOKEN\nRUN fetch $TOKEN; true\n", "joined by &&"),
    ("ARG TOKEN\nRUN <<E\nfetch $TOKEN\nE\n\n", "joined by &&"),
    ("ARG TOKEN\nCOPY . .\nRUN fetch $TOKEN\n", "conf.ini:1 names TOKEN too"),
    ("ARG TOKEN VERSION\nRUN fetch $TOKEN\n", "not the only one"),
    ("RUN fetch $TOKEN\nARG TOKEN\nRUN fetch $TOKEN\n", "line 2 names TOKEN too"),
])
def test_unclear(project: Project, lines: str, reason: str) -> None:
    result = project(HEAD + lines, {"conf.ini": "${TOKEN}\n"}, only="secrets", options=MOUNT)
    assert text_of(result) == ""
    assert reason in refusal(result, "secrets")
    assert "shows in docker history" in warned(result)
