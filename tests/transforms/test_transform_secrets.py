"""Credentials that stay in the image."""

from __future__ import annotations

import pytest

from dockfix.engine import FileResult
from results import Project, refusal, text_of

HEAD = "FROM python:3.11-slim\n"
KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIB\n"


def warned(result: FileResult) -> str:
    return "; ".join(note.message for note in result.warnings if note.transform == "secrets")


@pytest.mark.parametrize(
    ("lines", "said"),
    [
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
        ("ARG A_TOKEN B_TOKEN\n", "what is given for B_TOKEN shows"),
        ("ARG NPM_TOKEN=\n", "what is given for NPM_TOKEN shows"),
        ("ARG NPM_TOKEN=changeme\n", "what is given for NPM_TOKEN shows"),
        (
            "ARG NPM_TOKEN\nENV PIP_EXTRA_INDEX_URL=https://ci:${NPM_TOKEN}@e.org/simple\n",
            "PIP_EXTRA_INDEX_URL takes the value of an ARG",
        ),
        ('ARG NPM_TOKEN\nLABEL by="$NPM_TOKEN"\n', "by takes the value of an ARG"),
        ("RUN curl -H 'Authorization: Bearer 0123abcd' https://e.org\n", "what a request is authorised with stays"),
        ("RUN curl -fsS -u ci:0123abcd https://e.org -o x\n", "what a request is authorised with stays"),
        ("RUN wget --header='PRIVATE-TOKEN: 0123abcd' https://e.org\n", "what a request is authorised with stays"),
        ("COPY pip.conf /etc/\n", "pip.conf stays in the image"),
        ("COPY .env /srv/\n", ".env stays in the image"),
        ("COPY .ssh /root/.ssh\n", "id_ed25519 stays in the image"),
        ("COPY . .\n", ".env and 6 others stay in the image, even where a later RUN removes them"),
        (
            'ARG T_TOKEN\nRUN echo "machine e.org password $T_TOKEN" > ~/.netrc\nRUN rm ~/.netrc\n',
            "T_TOKEN stays in /root/.netrc, which echo writes",
        ),
        (
            "ARG T_TOKEN\nRUN git clone https://$T_TOKEN@e.org/x/y.git /srv/y\n",
            "T_TOKEN stays in /srv/y, which git writes",
        ),
        (
            "ARG T_TOKEN\nWORKDIR /a\nRUN git clone --depth 1 https://$T_TOKEN@e.org/x/y.git && rm -rf z\n",
            "T_TOKEN stays in /a/y, which git writes",
        ),
        (
            'ARG T_TOKEN\nRUN git config --global url."https://$T_TOKEN@e.org".insteadOf https://e.org\n',
            "T_TOKEN stays in /root/.gitconfig",
        ),
        (
            "ARG T_TOKEN\nRUN pip config set global.index-url https://$T_TOKEN@e.org\n",
            "T_TOKEN stays in /root/.config/pip",
        ),
    ],
)
def test_warnings(project: Project, lines: str, said: str) -> None:
    files = {
        "id_rsa": KEY,
        "keys/server.pem": KEY,
        ".npmrc": "//r.org/:_authToken=0123456789\n",
        ".netrc": "",
        "pip.conf": "[global]\nindex-url = https://ci:0123abcd@e.org/simple\n",
        ".env": "DEBUG=1\nexport API_KEY='sk-12-34'\n",
        ".ssh/id_ed25519": KEY,
        ".ssh/config": "Host *\n",
    }
    result = project(HEAD + lines, files, only="secrets")
    assert said in warned(result)
    assert not result.files


@pytest.mark.parametrize(
    "lines",
    [
        "ENV DB_PASSWORD=\n",
        "ENV DB_PASSWORD changeme\n",
        "ENV DB_PASSWORD=<password>\n",
        "ENV DB_PASSWORD=your-password\n",
        "ENV DB_PASSWORD_FILE=/run/secrets/db\n",
        "ENV SECRET_KEY=/run/secrets/key\n",
        "ENV TOKENIZERS_PARALLELISM=false\n",
        "ENV MAX_TOKENS=4096\n",
        "ENV MYSQL_ALLOW_EMPTY_PASSWORD=yes\n",
        "ENV GPG_KEY=A035C8C19219BA821ECEA86B64E628F8D684696D\n",
        "ENV TOKEN_URL=https://login.corp.org/token\n",
        "ENV AWS_ACCESS_KEY_ID=AKIA\n",
        "ENV SECRET_KEY_BASE=dummy-for-build\n",
        "ENV DB_PASSWORD=$DB_PASSWORD\n",
        "ENV PASSWORD_HASHERS=argon2\n",
        "ENV PUBLIC_KEY=abcdefgh\n",
        "ENV PWD=/app\n",
        "ENV URL=postgres://app:hunter22@localhost/app\n",
        "ENV URL=postgres://app:hunter22@db/app\n",
        "ENV URL=https://u:$PASS@e.org\n",
        "ENV URL=https://u:PASSWORD@e.org\n",
        "COPY id_rsa.pub /root/.ssh/\n",
        "COPY cert.pem /etc/\n",
        "COPY .npmrc.empty /root/.npmrc\n",
        "COPY --from=x id_rsa /\n",
        "ADD https://e.org/id_rsa.pub /\n",
        "ARG VERSION\n",
        "ARG VERSION\nENV APP_VERSION=$VERSION\n",
        "ARG API_TOKEN_FILE\nLABEL x=$API_TOKEN_FILE\n",
        'RUN curl -H "Authorization: Bearer $T" https://e.org\n',
        "RUN curl -u $U:$P https://e.org\n",
        "RUN curl -u ci: https://e.org\n",
        "RUN curl -fsS https://e.org && chown -R 1000:100000 /srv\n",
        "RUN curl -H 'Authorization: Bearer <token>' https://e.org\n",
        "COPY . .\n",
        "COPY .env.example .env\n",
        "COPY .env-example .env_sample .env.docker.template .env.sample.local ./\n",
        "COPY .env.test .\n",
        "COPY pip.conf /etc/\n",
        "COPY .ssh /root/.ssh\n",
    ],
)
def test_no_false_alarm(project: Project, lines: str) -> None:
    files = {
        "id_rsa.pub": "ssh-rsa\n",
        "cert.pem": "-----BEGIN CERTIFICATE-----\n",
        ".npmrc.empty": "_authToken=${NPM_TOKEN}\n",
        **dict.fromkeys(
            (".env.example", ".env-example", ".env_sample", ".env.docker.template", ".env.sample.local"),
            "API_KEY=sk-12-34\n",
        ),
        ".env.test": "API_KEY=changeme\nDB_PASSWORD=\nTOKEN=$OTHER\n",
        "pip.conf": "[global]\nindex-url = https://e.org/simple\n",
        ".ssh/config": "Host *\n",
    }
    assert warned(project(HEAD + lines, files, only="secrets")) == ""


@pytest.mark.parametrize(
    "command",
    [
        'echo "password $TOKEN" > ~/.netrc && fetch && rm -f ~/.netrc',
        "git clone https://$TOKEN@e.org/y.git && rm -rf y/.git",
        "git clone https://$TOKEN@e.org/y.git && make -C y && rm -r y",
        "pip install git+https://$TOKEN@e.org/y.git",
        "git config --global url.https://$TOKEN@e.org.insteadOf https://e.org && fetch && git config --global --unset url.https://$TOKEN@e.org.insteadOf",
        'curl -H "Authorization: Bearer $TOKEN" https://e.org -o /x',
        "echo $TOKEN > /dev/null",
        "echo $OTHER_TOKEN > /x",
    ],
)
def test_what_is_removed_at_once_does_not_stay(project: Project, command: str) -> None:
    assert "stays in /" not in warned(project(f"{HEAD}ARG TOKEN\nRUN {command}\n", only="secrets"))


def test_keys_that_the_ignore_file_keeps_out(project: Project) -> None:
    text = f"{HEAD}COPY . .\nRUN pip install -r requirements.txt\n"
    files = {"tls.key": KEY, ".env": "API_KEY=sk-12-34\n", ".npmrc": "//r.org/:_authToken=0123456789\n"}
    both = project(text, files, only="secrets,dockerignore")
    assert warned(both).startswith(".npmrc stays in the image")
    assert "**/*.key" in both.files[0].after
    assert warned(project(text, files, only="secrets")).startswith(".env and 2 others stay")


def test_a_stage_that_is_not_in_the_image(project: Project) -> None:
    assert warned(project(f"{HEAD}ENV DB_PASSWORD=hunter22\n{HEAD}RUN x\n", only="secrets")) == ""


MOUNT = {"secrets.mount": True}


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (
            "ARG TOKEN\nRUN pip install -i https://ci:$TOKEN@e.org x\n",
            'RUN --mount=type=secret,id=TOKEN \\\n    export TOKEN="$(cat /run/secrets/TOKEN)" \\\n    && pip install -i https://ci:$TOKEN@e.org x\n',
        ),
        (
            "# for the index\nARG TOKEN\nRUN --network=host  fetch $TOKEN && \\\n    rm -f /x\nRUN mkdir /y\n",
            '# for the index\nRUN --mount=type=secret,id=TOKEN --network=host \\\n    export TOKEN="$(cat /run/secrets/TOKEN)" && \\\n    fetch $TOKEN && \\\n'
            "    rm -f /x\nRUN mkdir /y\n",
        ),
        (
            "ARG TOKEN\nRUN fetch ${TOKEN}\nRUN fetch --more ${TOKEN}\n",
            'RUN --mount=type=secret,id=TOKEN \\\n    export TOKEN="$(cat /run/secrets/TOKEN)" \\\n    && fetch ${TOKEN}\n'
            'RUN --mount=type=secret,id=TOKEN \\\n    export TOKEN="$(cat /run/secrets/TOKEN)" \\\n    && fetch --more ${TOKEN}\n',
        ),
        (
            'ARG TOKEN=""\nRUN fetch ${TOKEN-none}\n',
            'RUN --mount=type=secret,id=TOKEN \\\n    export TOKEN="$(cat /run/secrets/TOKEN)" \\\n    && fetch ${TOKEN-none}\n',
        ),
        (
            "ARG TOKEN\nUSER web\nRUN fetch $TOKEN\n",
            'USER web\nRUN --mount=type=secret,id=TOKEN,mode=0444 \\\n    export TOKEN="$(cat /run/secrets/TOKEN)" \\\n    && fetch $TOKEN\n',
        ),
        (
            "ARG TOKEN\nRUN fetch $TOKEN\nRUN echo $MY_TOKEN; true\n",
            'RUN --mount=type=secret,id=TOKEN \\\n    export TOKEN="$(cat /run/secrets/TOKEN)" \\\n    && fetch $TOKEN\nRUN echo $MY_TOKEN; true\n',
        ),
        (
            "ARG A_TOKEN\nARG B_TOKEN\nRUN fetch $A_TOKEN $B_TOKEN && \\\n    rm -f /x\n",
            'RUN --mount=type=secret,id=A_TOKEN --mount=type=secret,id=B_TOKEN \\\n    export A_TOKEN="$(cat /run/secrets/A_TOKEN)" && \\\n'
            '    export B_TOKEN="$(cat /run/secrets/B_TOKEN)" && \\\n    fetch $A_TOKEN $B_TOKEN && \\\n    rm -f /x\n',
        ),
    ],
)
def test_mount(project: Project, lines: str, expected: str) -> None:
    result = project(HEAD + lines, only="secrets", options=MOUNT)
    assert text_of(result).removeprefix(HEAD) == expected
    assert all("--secret id=" in note.message for note in result.changes)


def test_a_requirements_file_uses_it(project: Project) -> None:
    text = f"{HEAD}WORKDIR /app\nCOPY requirements.txt app.py ./\nARG TOKEN\nRUN pip install -r requirements.txt\nRUN python app.py\n"
    files = {"requirements.txt": "git+https://${TOKEN}@e.org/x.git\n"}
    result = project(text, files, only="secrets", options=MOUNT)
    assert (
        'RUN --mount=type=secret,id=TOKEN \\\n    export TOKEN="$(cat /run/secrets/TOKEN)" \\\n    && pip install -r'
        in text_of(result)
    )
    result = project(
        text, {**files, "app.py": "import os\nprint(os.environ['TOKEN'])\n"}, only="secrets", options=MOUNT
    )
    assert "app.py:2 names TOKEN too" in refusal(result, "secrets")


def test_what_comes_later_still_knows_the_install(project: Project) -> None:
    text = (
        f"{HEAD}WORKDIR /app\nCOPY requirements.txt .\nARG TOKEN\nRUN pip install -i https://ci:$TOKEN@e.org/simple -r requirements.txt\n"
        'COPY app.py .\nCMD ["python", "app.py"]\n'
    )
    assert "--mount=type=cache,target=/root/.cache/pip" in text_of(
        project(text, only="secrets,cache-mounts", options=MOUNT)
    )


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ("ARG TOKEN\nRUN fetch $TOKEN\nRUN make\n", "make in line 4 may read TOKEN too"),
        ("ARG TOKEN\nRUN make\n", "no RUN names TOKEN"),
        ("ARG TOKEN\nRUN fetch $TOKEN\nENV X=$TOKEN\n", "ENV in line 4 uses TOKEN"),
        ("ARG TOKEN\nRUN fetch $TOKEN\nCMD echo $TOKEN\n", "CMD in line 4 uses TOKEN"),
        ("ARG TOKEN\nRUN fetch $TOKEN; true\n", "joined by &&"),
        ("ARG TOKEN\nRUN <<E\nfetch $TOKEN\nE\n\n", "joined by &&"),
        ("ARG TOKEN\nRUN fetch $TOKEN || true\n", "joined by &&"),
        ("ARG TOKEN\nCOPY . .\nRUN fetch $TOKEN\n", "conf.ini:1 names TOKEN too"),
        ("ARG TOKEN VERSION\nRUN fetch $TOKEN\n", "not the only one"),
        ("RUN fetch $TOKEN\nARG TOKEN\nRUN fetch $TOKEN\n", "line 2 names TOKEN too"),
        ("ARG TOKEN\nRUN fetch $TOKEN\nLABEL x=$TOKEN\n", "LABEL in line 4 uses TOKEN"),
        ("ARG TOKEN=changeme\nRUN fetch $TOKEN\n", "TOKEN has a default"),
        ("ARG TOKEN\nRUN fetch ${TOKEN-none}\n", "asks whether TOKEN is set"),
        ("ARG TOKEN\nRUN set -eux && fetch $TOKEN\n", "asks whether TOKEN is set"),
        ("ARG TOKEN\nRUN --mount=type=secret,id=TOKEN fetch $TOKEN\n", "a flag of the RUN in line 3 names TOKEN"),
        ("ARG TOKEN\nRUN fetch $TOKEN\nRUN python app.py\n", "python in line 4 may read TOKEN too"),
    ],
)
def test_unclear(project: Project, lines: str, reason: str) -> None:
    result = project(HEAD + lines, {"conf.ini": "${TOKEN}\n"}, only="secrets", options=MOUNT)
    assert text_of(result) == ""
    assert reason in refusal(result, "secrets")
    assert "shows in docker history" in warned(result)


def test_one_before_from(project: Project) -> None:
    result = project(f"ARG TOKEN\n{HEAD}ARG TOKEN\nRUN fetch $TOKEN\n", only="secrets", options=MOUNT)
    assert text_of(result) == "" and "seen by other stages" in refusal(result, "secrets")
    assert warned(project(f"ARG TOKEN\n{HEAD}RUN fetch\n", only="secrets")) == ""


@pytest.mark.parametrize(
    ("lines", "option"),
    [
        ("RUN pip install --index-url https://ci:s3cr3tword@pypi.corp.org/simple x\n", "--index-url"),
        ("RUN pip install --index-url=https://ci:s3cr3tword@pypi.corp.org/simple x\n", "--index-url"),
        ("RUN pip install -i 'https://ci:s3cr3tword@pypi.corp.org/simple' x\n", "--index-url"),
        ("RUN uv pip install --extra-index-url https://ci:s3cr3tword@localhost/simple x\n", "--extra-index-url"),
        ("RUN pip install -f https://ci:s3cr3tword@wheels.example.org/ x\n", "--find-links"),
        ("ENV PIP_EXTRA_INDEX_URL=https://ci:s3cr3tword@pypi.corp.org/simple\n", "PIP_EXTRA_INDEX_URL"),
        ("RUN PIP_INDEX_URL=https://ci:s3cr3tword@pypi.corp.org/simple pip install x\n", "PIP_INDEX_URL"),
    ],
)
def test_a_password_for_an_index_of_packages_is_told_with_its_option_and_not_shown(
    project: Project, lines: str, option: str
) -> None:
    said = warned(project(HEAD + lines, only="secrets"))
    assert f" in {option} stays in the image" in said
    assert "s3cr3tword" not in said
    assert said.count("stays in the image") == 1


@pytest.mark.parametrize(
    "line",
    [
        "RUN pip install --index-url https://pypi.corp.org/simple x\n",
        "RUN pip install --index-url https://ci@pypi.corp.org/simple x\n",
        "RUN pip install --index-url https://user:password@pypi.corp.org/simple x\n".replace("password", "<password>"),
        "ARG T\nRUN pip install --index-url https://ci:${T}@pypi.corp.org/simple x\n",
    ],
)
def test_an_index_without_a_password_is_none(project: Project, line: str) -> None:
    assert " in --index-url stays" not in warned(project(HEAD + line, only="secrets"))
