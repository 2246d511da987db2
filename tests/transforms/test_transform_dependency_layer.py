"""What is copied and installed before the source."""

from __future__ import annotations

import pytest

from results import Project, broken, refusal, text_of

BASIC = """FROM python:3.11-slim
WORKDIR /app
# the source
COPY . .
RUN pip install -r requirements.txt
CMD ["python", "app.py"]
"""

VENV = 'RUN python -m venv {0}\nENV PATH="{0}/bin:$PATH"'


def run(project: Project, text: str = BASIC, files: dict[str, str] | None = None) -> str:
    return text_of(project(text, files, only="dependency-layer"))


def test_the_manifest_goes_first(project: Project) -> None:
    assert (
        run(project)
        == """FROM python:3.11-slim
WORKDIR /app
COPY requirements.txt .
RUN pip install -r requirements.txt
# the source
COPY . .
CMD ["python", "app.py"]
"""
    )


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("COPY . .", "COPY . /app", "COPY requirements.txt /app/\nRUN"),
        ("COPY . .", "ADD . /app/", "COPY requirements.txt /app/\nRUN"),
        ("COPY . .", "COPY --chown=5:5 . ./", "COPY requirements.txt ./\nRUN"),
        (
            "RUN pip",
            "RUN apt-get update && apt-get install -y gcc\nRUN pip",
            "gcc\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\n",
        ),
        (
            "RUN pip",
            "ENV A=1\nRUN pip install --upgrade pip\nRUN pip",
            "RUN pip install --upgrade pip\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\n",
        ),
        (
            "WORKDIR /app\n# the source\nCOPY . .\n",
            "# the source\nCOPY . /app\nWORKDIR /app\n",
            "COPY requirements.txt /app/\nWORKDIR /app\nRUN",
        ),
        # a WORKDIR below changes nothing of where this goes: it is absolute once its variables are known, or the same folder is named again
        (
            "WORKDIR /app\n# the source\nCOPY . .\n",
            'ENV HERE="/app"\n# the source\nCOPY . ${HERE}\nWORKDIR ${HERE}\n',
            "COPY requirements.txt ${HERE}/\nWORKDIR ${HERE}\nRUN",
        ),
        (
            "WORKDIR /app\n# the source\nCOPY . .\n",
            "ARG HERE=/app\n# the source\nCOPY . $HERE/\nWORKDIR /app\n",
            "COPY requirements.txt $HERE/\nWORKDIR /app\nRUN",
        ),
        ("COPY . .\n", "COPY . .\nWORKDIR /app\n", "COPY requirements.txt .\nWORKDIR /app\nRUN"),
        ("COPY . .\n", "COPY . .\nWORKDIR ./\n", "COPY requirements.txt .\nWORKDIR ./\nRUN"),
        # over the root folder: the code has no folder in which the packages lie
        ("/app\n# the source\nCOPY . .", "/\n# the source\nCOPY . .", "WORKDIR /\nCOPY requirements.txt .\nRUN"),
        ("/app\n# the source\nCOPY . .", ".\n# the source\nCOPY . .", "WORKDIR .\nCOPY requirements.txt .\nRUN"),
        ("WORKDIR /app\n# the source\nCOPY . .", "# the source\nCOPY . /", "slim\nCOPY requirements.txt /\nRUN"),
        (
            "WORKDIR /app\n# the source\nCOPY . .\n",
            'RUN python -m venv /opt/venv\nENV PATH="/opt/venv/bin:$PATH"\n# the source\nCOPY . .\n',
            "COPY requirements.txt .\nRUN",
        ),
        (
            "WORKDIR /app\n# the source\nCOPY . .\n",
            '# the source\nCOPY [".", "/app"]\nWORKDIR /app\n',
            "COPY requirements.txt /app/\nWORKDIR /app\nRUN",
        ),
    ],
)
def test_forms(project: Project, old: str, new: str, expected: str) -> None:
    result = run(project, BASIC.replace(old, new))
    assert expected in result
    assert result.index("RUN pip install -r") < result.index("# the source")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        # the blank line of the source goes with it, and the install keeps its comment
        (
            "# the source\nCOPY . .\n",
            "\n# the source\nCOPY . .\n\n# system\nRUN apt-get update && apt-get install -y gcc\n\n# packages\n",
            "WORKDIR /app\n\n# system\nRUN apt-get update && apt-get install -y gcc\n\n# packages\nCOPY requirements.txt .\n"
            "RUN pip install -r requirements.txt\n\n# the source\nCOPY . .\nCMD",
        ),
        # what a linter reads right above a RUN stays there
        (
            "# the source\nCOPY . .\n",
            "COPY . .\nRUN apt-get update && apt-get install -y gcc\n# packages\n# hadolint ignore=DL3042\n",
            "gcc\n# packages\nCOPY requirements.txt .\n# hadolint ignore=DL3042\nRUN pip install -r requirements.txt\nCOPY . .\n",
        ),
        # several installs: the manifests are copied once, above the first that reads them
        (
            "COPY . .\n",
            "COPY . /app\nRUN pip install -U pip\nRUN pip install wheel\nENV A=1\nRUN pip install -r requirements.txt\n",
            "RUN pip install wheel\nENV A=1\nCOPY requirements.txt /app/\nRUN pip install -r requirements.txt\n"
            "RUN pip install -r requirements.txt\n# the source\nCOPY . /app\n",
        ),
        # the COPY may have to make the folder that a RUN goes to
        (
            "COPY . .\n",
            "COPY . /srv/\nRUN cd /srv && pip install wheel\nWORKDIR /srv\n",
            "COPY requirements.txt /srv/\nRUN cd /srv && pip install wheel\nWORKDIR /srv\nRUN pip install -r requirements.txt\n",
        ),
        # no RUN is between: it stands where the source stood
        (
            "COPY . .\n",
            "COPY . .\nENV A=1\nEXPOSE 1\n",
            "COPY requirements.txt .\nENV A=1\nEXPOSE 1\nRUN pip install -r",
        ),
    ],
)
def test_a_change_of_a_manifest_runs_nothing_again_that_does_not_read_it(
    project: Project, old: str, new: str, expected: str
) -> None:
    assert expected in run(project, BASIC.replace(old, new))


def test_included_files_come_along(project: Project) -> None:
    files = {
        "requirements.txt": "-r req/base.txt\n-c limits.txt\n",
        "req/base.txt": "-r more.txt\n",
        "req/more.txt": "requests\n",
        "limits.txt": "requests<3\n",
    }
    result = run(project, BASIC, files)
    assert "COPY requirements.txt limits.txt ./\n" in result
    assert "COPY req/base.txt req/more.txt ./req/\n" in result


@pytest.mark.parametrize(
    ("old", "new", "files", "reason"),
    [
        ("install -r requirements.txt", "install .", {}, "builds the project itself"),
        ("install -r requirements.txt", "install -e .", {}, "builds the project itself"),
        ("-r requirements.txt", "-r other.txt", {}, "nothing of the build context lies at"),
        ("-r requirements.txt", "-r requirements.txt --find-links wheels", {}, "may come with the source"),
        ("RUN pip", "RUN make\nRUN pip", {}, "make may need the source"),
        ("RUN pip", "RUN chmod +x app.py && pip", {}, "works on the source"),
        ("RUN pip", "ENV PIP_CONSTRAINT=c.txt\nRUN pip", {}, "may come with the source"),
        (
            "WORKDIR /app\n# the source\nCOPY . .",
            "COPY . app\nWORKDIR /app",
            {},
            "WORKDIR changes where the source goes",
        ),
        ("COPY . .", "ENV D=/app\nCOPY . $D\nENV D=/srv", {}, "ENV changes where the source goes"),
        ("COPY . .", "ARG D=/app\nCOPY . $D\nENV D=/srv", {}, "ENV changes where the source goes"),
        ("COPY . .", "ENV D=.\nCOPY $D /app\nENV D=/srv", {}, "ENV changes where the source goes"),
        ("WORKDIR /app", "WORKDIR /", {"usr/local/bin/start": "#!/bin/sh\n"}, "system folders of its own"),
        ("WORKDIR /app", VENV.format("/opt/venv"), {"opt/venv/pyvenv.cfg": "\n"}, "may bring another /opt/venv"),
        ("WORKDIR /app", VENV.format("/venv"), {}, "may bring another /venv"),
        ("", "", {"requirements.txt": "-e .\n"}, "local project"),
        ("", "", {"requirements.txt": "./vendored\n"}, "local project"),
        ("", "", {"requirements.txt": "-r gone.txt\n"}, "names gone.txt, which is not in the build context"),
        ("", "", {".dockerignore": "requirements.txt\n"}, "nothing of the build context lies at"),
    ],
)
def test_refusals(project: Project, old: str, new: str, files: dict[str, str], reason: str) -> None:
    result = project(BASIC.replace(old, new), files, only="dependency-layer")
    assert text_of(result) == ""
    assert reason in refusal(result, "dependency-layer")


def test_what_is_right_already_is_left_alone(project: Project) -> None:
    right = run(project)
    assert right != BASIC and run(project, right) == ""


def test_a_folder_of_manifests_is_not_the_source(project: Project) -> None:
    text = BASIC.replace("COPY . .", "COPY requirements/ .").replace("-r requirements.txt", "-r base.txt")
    assert text != BASIC and run(project, text, {"requirements/base.txt": "requests\n"}) == ""


UPGRADE = "RUN pip install --upgrade pip"


@pytest.mark.parametrize(
    ("text", "files", "expected"),
    [
        (
            f"{UPGRADE}\nRUN pip install pipenv\nRUN pipenv install --deploy\n",
            {
                "Pipfile": '[packages]\nsix = "*"\n',
                "Pipfile.lock": '{"_meta": {}, "default": {"six": {"version": "==1.0"}}}',
            },
            f"{UPGRADE}\nRUN pip install pipenv\nCOPY Pipfile Pipfile.lock ./\nRUN pipenv install --deploy\nCOPY . .\n",
        ),
        (
            "RUN pip install -U setuptools wheel && python -m venv /venv\nRUN /venv/bin/pip install -r requirements.txt\n",
            {},
            "python -m venv /venv\nCOPY requirements.txt .\nRUN /venv/bin/pip install -r requirements.txt\nCOPY . .\n",
        ),
        (
            f"{UPGRADE}\nRUN python -m venv /venv && /venv/bin/pip install -U pip && /venv/bin/pip install -r requirements.txt\n",
            {},
            f"{UPGRADE}\nCOPY requirements.txt .\nRUN python -m venv /venv && /venv/bin/pip install -U pip && "
            "/venv/bin/pip install -r requirements.txt\nCOPY . .\n",
        ),
        (
            "RUN python -m venv /venv\nRUN /venv/bin/pip install -r requirements.txt\nRUN python -m pip install -U pip\n",
            {},
            "RUN /venv/bin/pip install -r requirements.txt\nRUN python -m pip install -U pip\nCOPY . .\n",
        ),
        (
            "RUN pip install -U pip && pip install poetry && poetry install --no-root\n",
            {
                "pyproject.toml": '[project]\nname = "a"\nversion = "1"\ndependencies = ["six"]\n',
                "poetry.lock": 'package = []\n[metadata]\nlock-version = "2.1"\npython-versions = "*"\ncontent-hash = "0"\n',
            },
            "RUN pip install -U pip && pip install poetry && poetry install --no-root\nCOPY . .\n",
        ),
    ],
)
def test_an_installer_that_another_environment_does_not_need_is_brought_up_to_date(
    project: Project, text: str, files: dict[str, str], expected: str
) -> None:
    result = project(f"FROM python:3.11\nWORKDIR /app\nCOPY . .\n{text}", files or None, only="dependency-layer")
    assert expected in text_of(result)
    assert broken(result) == []


_PRISMA = {
    "package.json": '{"name": "a", "dependencies": {"@prisma/client": "5.0.0"}}',
    "package-lock.json": '{"lockfileVersion": 3, "packages": {"": {"dependencies": {"@prisma/client": "5.0.0"}},'
    ' "node_modules/@prisma/client": {"version": "5.0.0", "hasInstallScript": true}}}',
    "index.js": "console.log(1)\n",
    "prisma/schema.prisma": 'generator client { provider = "prisma-client-js" }\n',
    "prisma/migrations/1/migration.sql": "select 1;\n",
    ".dockerignore": "node_modules\n",
}
_NODE = 'FROM node:20\nWORKDIR /app\nCOPY package*.json ./\n{}\nCMD ["node", "index.js"]\n'


@pytest.mark.parametrize(
    "between",
    [
        "COPY prisma ./prisma\nRUN npm ci\nCOPY . .",
        "COPY prisma/ prisma/\nRUN npm ci\nCOPY . .\nRUN npx prisma generate",
        "COPY prisma ./prisma\nRUN npm ci\nCOPY index.js ./",
        "RUN npm install\nCOPY . .\nRUN npm install",
        "COPY prisma ./prisma\nRUN npm ci\nCOPY . .\nRUN npm ci",
    ],
)
def test_a_layer_that_is_there_already(project: Project, between: str) -> None:
    assert text_of(project(_NODE.format(between), _PRISMA, only="dependency-layer")) == ""


@pytest.mark.parametrize(
    ("between", "after"),
    [
        ("COPY prisma ./prisma\nCOPY . .\nRUN npm ci", "COPY prisma ./prisma\nRUN npm ci\nCOPY . ."),
        (
            "RUN npm install -g npm@10\nCOPY . .\nRUN npm ci",
            "RUN npm install -g npm@10\nCOPY prisma/schema.prisma ./prisma/\nRUN npm ci\nCOPY . .",
        ),
    ],
)
def test_what_is_there_is_copied_once(project: Project, between: str, after: str) -> None:
    result = project(_NODE.format(between), _PRISMA, only="dependency-layer")
    assert text_of(result) == _NODE.format(after)


def test_a_folder_of_members_is_source(project: Project) -> None:
    files = {
        "package.json": '{"name": "a", "workspaces": ["packages/*"]}',
        "packages/b/package.json": '{"name": "b", "version": "1.0.0"}',
        "packages/b/index.js": "console.log(1)\n",
        ".dockerignore": "**/node_modules\n",
    }
    text = _NODE.format("COPY packages ./packages\nRUN npm install")
    assert "COPY packages/b/package.json ./packages/b/\nRUN npm install\nCOPY packages ./packages\n" in text_of(
        project(text, files, only="dependency-layer")
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        # what was parted stays so, what stood close together does too
        ("COPY . .\n\nRUN pip install -r requirements.txt\n\n", "COPY requirements.txt .\n\nRUN pip install -r requirements.txt\n\nCOPY . .\n\n"),
        ("COPY . .\nRUN pip install -r requirements.txt\n", "COPY requirements.txt .\nRUN pip install -r requirements.txt\nCOPY . .\n"),
        (
            "COPY . .\n\n# what it needs\nRUN pip install -r requirements.txt\n\n",
            "COPY requirements.txt .\n\n# what it needs\nRUN pip install -r requirements.txt\n\nCOPY . .\n\n",
        ),
        (
            "\n# the source\nCOPY . .\nRUN pip install -r requirements.txt\n\n",
            "\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\n\n# the source\nCOPY . .\n\n",
        ),
        (
            "\n# the source\nCOPY . .\n\nRUN pip install wheel\nRUN pip install -r requirements.txt\n",
            "\nRUN pip install wheel\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\n\n# the source\nCOPY . .\n",
        ),
    ],
)  # fmt: skip
def test_blank_lines(project: Project, before: str, after: str) -> None:
    text = 'FROM python:3.11-slim\nWORKDIR /app\n{}CMD ["python", "app.py"]\n'
    assert text_of(project(text.format(before), only="dependency-layer")) == text.format(after)


@pytest.mark.parametrize("gap", ["", "\n"])
def test_several_folders_keep_their_order(project: Project, gap: str) -> None:
    files = {
        "package.json": '{"name": "a", "workspaces": ["backend", "web", "lib"]}',
        ".dockerignore": "**/node_modules\n",
        **{f"{name}/package.json": f'{{"name": "{name}", "version": "1.0.0"}}' for name in ("backend", "web", "lib")},
        **{f"{name}/index.js": "console.log(1)\n" for name in ("backend", "web", "lib")},
    }
    source = "COPY backend/ ./backend\nCOPY web/ ./web\nCOPY lib/ ./lib\n"
    manifests = "".join(f"COPY {name}/package.json ./{name}/\n" for name in ("backend", "web", "lib"))
    before = _NODE.format(f"{source}{gap}RUN npm install{gap and chr(10)}")
    after = _NODE.format(f"{manifests}{gap}RUN npm install\n{gap}{source}".rstrip("\n") + (gap and chr(10)))
    result = project(before, files, only="dependency-layer")
    assert text_of(result) == after
