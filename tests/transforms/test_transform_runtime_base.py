"""The last stage on an image without a shell: what is mended, and what stands in the way."""

from __future__ import annotations

import json

import pytest

from checks import check_noop, check_transformed, dockfix
from dockfix.engine import Settings
from dockfix.facts.runs_only import runs_only
from dockfix.knowledge.runtime_images import runtime_image

IMAGE = "gcr.io/distroless/python3-debian12"
NODE = "gcr.io/distroless/nodejs20-debian12"
ONLY = {"select": ["runtime-base"], "unsafe": True}


def on(image: str, **more: str) -> dict[str, object]:
    return {"runtime-base.image": image} | {f"runtime-base.{name}": value for name, value in more.items()}


BUILDER = """\
FROM python:3.11-slim-bookworm AS builder
RUN python -m venv /opt/venv
ENV PATH="/opt/venv/bin:$PATH"
COPY requirements.txt .
RUN pip install -r requirements.txt
"""
LINKED = f"""
# {IMAGE} has its Python at /usr/bin/python3.11
RUN ln -sf /usr/bin/python3.11 /opt/venv/bin/python \\
    && ln -sf python /opt/venv/bin/python3 \\
    && ln -sf python /opt/venv/bin/python3.11 \\
    && sed -i 's|^home = .*|home = /usr/bin|' /opt/venv/pyvenv.cfg
"""
CARRIED = 'COPY --from=builder /opt/venv /opt/venv\nENV PATH="/opt/venv/bin:$PATH"\n'
START = 'CMD ["python", "app.py"]\n'


def staged(last: str) -> str:
    return f"{BUILDER}\nFROM python:3.11-slim-bookworm AS runtime\n{last}"


def test_the_environment_leads_to_the_interpreter_of_the_image() -> None:
    body = f"WORKDIR /app\n{CARRIED}COPY . .\n"
    check_transformed(
        staged(f"{body}{START}"),
        f"{BUILDER}{LINKED}\nFROM {IMAGE} AS runtime\n{body}ENTRYPOINT []\n{START}",
        options=on(IMAGE),
        **ONLY,
    )


def test_a_user_is_a_number_and_owns_what_it_owned() -> None:
    check_transformed(
        staged(
            "WORKDIR /app\nRUN useradd --create-home --uid 10001 app && mkdir -p /data && chown app:app /app /data\n"
            f"{CARRIED}COPY --chown=app:app . .\nUSER 10001:10001\n{START}"
        ),
        f"{BUILDER}{LINKED}\nFROM {IMAGE} AS runtime\nUSER 65532:65532\nWORKDIR /app\nWORKDIR /data\nWORKDIR /app\n"
        f"{CARRIED}COPY --chown=65532:65532 . .\nENTRYPOINT []\n{START}",
        options=on(IMAGE),
        **ONLY,
    )


def test_the_home_of_a_user_who_is_made_is_the_users() -> None:
    check_transformed(
        staged(
            f"RUN adduser --disabled-password app\nUSER app\nWORKDIR /home/app\n{CARRIED}COPY --chown=app . .\n{START}"
        ),
        f"{BUILDER}{LINKED}\nFROM {IMAGE} AS runtime\nUSER 65532:65532\nWORKDIR /home/app\n{CARRIED}"
        f"COPY --chown=65532:65532 . .\nENTRYPOINT []\n{START}",
        options=on(IMAGE),
        **ONLY,
    )


def test_an_argument_chooses_the_version() -> None:
    text = f"ARG V=3.11\nFROM python:${{V}}-slim\nWORKDIR /app\nCOPY . .\n{START}"
    check_noop(text, options=on(IMAGE), refused="a build argument chooses the version", **ONLY)


def test_what_a_run_hands_over_copy_gives_to_the_user() -> None:
    check_transformed(
        staged(f"WORKDIR /app\n{CARRIED}COPY . .\nRUN adduser --uid 7 app && chown -R app /app\nUSER app\n{START}"),
        f"{BUILDER}{LINKED}\nFROM {IMAGE} AS runtime\nUSER 65532:65532\nWORKDIR /app\n{CARRIED}"
        f"COPY --chown=65532:65532 . .\nENTRYPOINT []\n{START}",
        options=on(IMAGE),
        **ONLY,
    )


@pytest.mark.parametrize(
    "check",
    [
        "CMD curl -f http://localhost:80/health || exit 1",
        "CMD curl -fsS http://localhost:80/health",
        "CMD curl --fail --silent http://localhost:80/health > /dev/null",
        'CMD ["curl", "-f", "http://localhost:80/health"]',
        "CMD wget -q --spider http://localhost:80/health || exit 1",
        "CMD wget -qO- http://localhost:80/health",
    ],
)
def test_a_health_check_asks_by_the_interpreter(check: str) -> None:
    asked = "import urllib.request as r; r.urlopen('http://localhost:80/health', timeout=4)"
    curl = "RUN apt-get update && apt-get install -y curl wget && rm -rf /var/lib/apt/lists/*\n"
    check_transformed(
        staged(f"WORKDIR /app\n{curl}{CARRIED}COPY . .\nHEALTHCHECK --timeout=3s {check}\n{START}"),
        f"{BUILDER}{LINKED}\nFROM {IMAGE} AS runtime\nWORKDIR /app\n{CARRIED}COPY . .\n"
        f'HEALTHCHECK --timeout=3s \\\n    CMD ["python", "-c", "{asked}"]\nENTRYPOINT []\n{START}',
        options=on(IMAGE),
        **ONLY,
    )


def test_packages_that_the_image_has_are_not_asked_for() -> None:
    check_transformed(
        staged(
            f"WORKDIR /app\nRUN apt-get update && apt-get install -y tzdata ca-certificates\n{CARRIED}COPY . .\n{START}"
        ),
        f"{BUILDER}{LINKED}\nFROM {IMAGE} AS runtime\nWORKDIR /app\n{CARRIED}COPY . .\nENTRYPOINT []\n{START}",
        options=on(IMAGE),
        **ONLY,
    )


def test_a_file_without_packages_needs_no_builder() -> None:
    check_transformed(
        f"FROM python:3.11\nCOPY app.py /\n{START}",
        f"FROM {IMAGE}\nWORKDIR /\nCOPY app.py /\nENTRYPOINT []\n{START}",
        options=on(IMAGE),
        **ONLY,
    )


def test_a_relative_folder_starts_where_it_did() -> None:
    check_transformed(
        f"FROM python:3.11\nWORKDIR app\nCOPY app.py .\n{START}",
        f"FROM {IMAGE}\nWORKDIR /\nWORKDIR app\nCOPY app.py .\nENTRYPOINT []\n{START}",
        options=on(IMAGE),
        **ONLY,
    )


def test_what_is_handed_over_and_carried_whole() -> None:
    check_transformed(
        "FROM node:20-slim AS builder\nWORKDIR /app\nCOPY package.json .\nRUN npm install\n\nFROM node:20-slim AS runtime\n"
        "WORKDIR /app\nRUN chown node:node /app\nCOPY --from=builder /app /app\nUSER 1000:1000\n"
        'CMD ["node", "server.js"]\n',
        "FROM node:20-slim AS builder\nWORKDIR /app\nCOPY package.json .\nRUN npm install\n\n"
        f'FROM {NODE} AS runtime\nENV PATH="/nodejs/bin:$PATH"\nUSER 65532:65532\nWORKDIR /app\n'
        'COPY --chown=65532:65532 --from=builder /app /app\nENTRYPOINT []\nCMD ["node", "server.js"]\n',
        files={"package.json": "{}"},
        options=on(NODE),
        **ONLY,
    )


def test_node_comes_on_path() -> None:
    check_transformed(
        'FROM node:20-slim\nWORKDIR /app\nCOPY server.js .\nUSER node\nCMD ["node", "server.js"]\n',
        f'FROM {NODE}\nENV PATH="/nodejs/bin:$PATH"\nWORKDIR /app\nCOPY server.js .\nUSER 65532:65532\n'
        'ENTRYPOINT []\nCMD ["node", "server.js"]\n',
        files={"server.js": "require('http').createServer().listen(3000)\n", "package.json": "{}"},
        options=on(NODE),
        **ONLY,
    )


@pytest.mark.parametrize(
    ("check", "words"),
    [
        ("python -c 'import app' || exit 1", '"python", "-c", "import app"'),
        ('python3 /app/check.py "a b"', '"python3", "/app/check.py", "a b"'),
        ("python -c \"import os; print('x')\"", '"python", "-c", "import os; print(\'x\')"'),
    ],
)
def test_a_health_check_by_the_interpreter_needs_no_shell(check: str, words: str) -> None:
    check_transformed(
        staged(f"WORKDIR /app\n{CARRIED}COPY . .\nHEALTHCHECK CMD {check}\n{START}"),
        f"{BUILDER}{LINKED}\nFROM {IMAGE} AS runtime\nWORKDIR /app\n{CARRIED}COPY . .\n"
        f"HEALTHCHECK CMD [{words}]\nENTRYPOINT []\n{START}",
        options=on(IMAGE),
        **ONLY,
    )


BODY = f"WORKDIR /app\n{CARRIED}COPY . .\n"


@pytest.mark.parametrize(
    ("last", "reason"),
    [
        (
            f"{BODY}RUN apt-get update && apt-get install -y libpq5\n{START}",
            "has no libpq5, and nothing that could install it",
        ),
        (f"{BODY}RUN python manage.py migrate\n{START}", "a RUN needs a shell"),
        (f"{BODY}RUN useradd app && chown app /var/log\nUSER app\n{START}", "chown app /var/log"),
        (f"{BODY}RUN useradd app && chown -R app /app/static\nUSER app\n{START}", "chown -R app /app/static"),
        (f"{BODY}RUN mkdir -m 700 /data\n{START}", "mkdir -m 700 /data"),
        (f"{BODY}RUN mkdir '/my data'\n{START}", "mkdir '/my data'"),
        (f"{BODY}RUN chmod +x app.py\n{START}", "chmod +x app.py"),
        (f"{BODY}CMD python app.py\n", "in shell form"),
        (f'{BODY}CMD ["sh", "-c", "python app.py"]\n', "has no sh"),
        (f'{BODY}ENTRYPOINT ["tini", "--"]\n{START}', "has no tini"),
        (f'{BODY}ENTRYPOINT ["./start.sh"]\n{START}', "start.sh, which sh runs"),
        (f"{BODY}HEALTHCHECK CMD curl http://localhost/ | grep ok\n{START}", "HEALTHCHECK is in shell form"),
        (f"{BODY}HEALTHCHECK CMD python check.py $PORT\n{START}", "HEALTHCHECK is in shell form"),
        (f"{BODY}HEALTHCHECK CMD python check.py && true\n{START}", "HEALTHCHECK is in shell form"),
        (f'{BODY}CMD ["/usr/local/bin/python", "app.py"]\n', "starts /usr/local/bin/python"),
        (f"{BODY}COPY --from=builder /usr/local/bin /usr/local/bin\n{START}", "copied into /usr/local/bin"),
        (f'{BODY}CMD ["python", "runs.py"]\n', "has no ffmpeg: runs.py:2 runs it"),
        (f'SHELL ["/bin/bash", "-c"]\n{BODY}{START}', "counts on a shell"),
        (BODY, "nothing says what is started"),
    ],
)
def test_what_stands_in_the_way(last: str, reason: str) -> None:
    files = {"start.sh": '#!/bin/sh\nexec "$@"\n'} if "start.sh" in last else {}
    files |= {"runs.py": 'import subprocess\nsubprocess.run(["ffmpeg", "-version"])\n'} if "runs.py" in last else {}
    check_noop(staged(last), files=files, options=on(IMAGE), refused=reason, **ONLY)


@pytest.mark.parametrize(
    ("base", "image", "reason"),
    [
        ("python:3.12-slim", IMAGE, "has Python 3.11, and python:3.12-slim has 3.12"),
        ("python:3", IMAGE, "python:3 has 3"),
        ("python:3.11-alpine", IMAGE, "the C library musl"),
        ("python:3.11-slim", NODE, "has Node.js, and python:3.11-slim has not"),
        ("python:3.11-slim", "cgr.dev/chainguard/python:latest", "runtime-base.version has to say it"),
        ("python:3.11-slim", "example.org/own:1", "runtime-base.interpreter has to say"),
        ("python:3.11-slim", "python:3.11-alpine", "another C library than python:3.11-slim"),
        ("python:3.11-slim", "python:3.11-slim-bookworm", "has a shell: FROM can name it"),
        ("company/base", IMAGE, "what company/base has is not known"),
    ],
)
def test_another_interpreter(base: str, image: str, reason: str) -> None:
    check_noop(f"FROM {base}\nWORKDIR /app\nCOPY . .\n{START}", options=on(image), refused=reason, **ONLY)


def test_root_stays_root_only_where_the_image_starts_so() -> None:
    text = f"FROM python:3.11-slim-bookworm\nWORKDIR /app\nCOPY . .\n{START}"
    check_noop(text, options=on(f"{IMAGE}:nonroot"), refused="starts as the user 65532", **ONLY)


def test_what_is_compiled_with_a_newer_c_library() -> None:
    builder = BUILDER.replace("-bookworm", "-trixie").replace("pip install", "pip install --no-binary=:all:")
    text = f"{builder}\nFROM python:3.11-slim-trixie AS runtime\n{BODY}{START}"
    files = {"requirements.txt": "markupsafe==2.1.5 --hash=sha256:" + "0" * 64 + "\n"}
    check_noop(text, files=files, options=on(IMAGE), refused="newer C library", **ONLY)


def test_an_image_of_ones_own() -> None:
    own = on("example.org/own:1", interpreter="/opt/python/bin/python3.11", libc="glibc-2.36", user="7")
    body = f"WORKDIR /app\n{CARRIED}COPY . .\n"
    linked = LINKED.replace(IMAGE, "example.org/own:1").replace("/usr/bin", "/opt/python/bin")
    check_transformed(
        staged(f"{body}USER nobody\n{START}"),
        f"{BUILDER}{linked}\nFROM example.org/own:1 AS runtime\n{body}USER 7:7\nENTRYPOINT []\n{START}",
        options=own,
        **ONLY,
    )


def test_it_waits_for_a_build(tmp_path) -> None:  # type: ignore[no-untyped-def]
    text = staged(f"{BODY}{START}")
    result = dockfix(tmp_path, text, settings=Settings(frozenset({"runtime-base"}), options=on(IMAGE)))
    assert not result.files
    assert "shows only in a build" in result.unsafe[0].message


def test_without_the_setting_nothing_is_done() -> None:
    check_noop(staged(f"{BODY}{START}"), **ONLY)


@pytest.mark.parametrize(
    ("name", "version", "as_root"),
    [
        ("gcr.io/distroless/python3-debian12:nonroot", "3.11", False),
        ("gcr.io/distroless/python3-debian12:debug-amd64", "3.11", True),
        ("mirror.example.org/gcr.io/distroless/python3-debian13", "3.13", True),
        ("gcr.io/distroless/nodejs22-debian13", "22", True),
        ("dhi.io/python:3.12.14-debian12", "3.12", False),
        ("dhi.io/python:3.13", "3.13", False),
        ("dhi.io/node:22.23.2-debian12", "22", False),
    ],
)
def test_the_table(name: str, version: str, as_root: bool) -> None:
    image = runs_only(name)
    assert image is not None
    assert (image.version, image.as_root) == (version, as_root)


@pytest.mark.parametrize(
    "name", ["dhi.io/python:3.12-dev", "dhi.io/python:3.12-alpine3.22", "gcr.io/distroless/python3-debian12:x"]
)
def test_other_tags_are_not_known(name: str) -> None:
    assert runs_only(name) is None


def test_a_digest_alone_says_nothing() -> None:
    assert runs_only(f"{IMAGE}@sha256:{'0' * 64}") is None
    assert runtime_image("gcr.io/distroless/base-debian12", "latest") is None


def test_it_is_split_where_nothing_else_would_leave_the_image() -> None:
    check_transformed(
        """
        FROM python:3.11-slim-bookworm
        COPY requirements.txt .
        RUN pip install -r requirements.txt
        COPY app.py .
        CMD ["python", "app.py"]
        """,
        f"""\
FROM python:3.11-slim-bookworm AS builder
RUN python -m venv --system-site-packages /opt/venv
ENV PATH="/opt/venv/bin:$PATH"
COPY requirements.txt .
RUN pip install -r requirements.txt
{LINKED}
FROM {IMAGE} AS runtime
WORKDIR /
COPY --from=builder /opt/venv /opt/venv
ENV PATH="/opt/venv/bin:$PATH"
COPY requirements.txt .
COPY app.py .
ENTRYPOINT []
CMD ["python", "app.py"]
""",
        select=["virtualenv", "multi-stage", "runtime-base"],
        unsafe=True,
        options=on(IMAGE),
    )


def test_an_image_of_node_that_could_stay_one_stage_is_split() -> None:
    ms = {"version": "2.1.3", "resolved": "https://registry.npmjs.org/ms/-/ms-2.1.3.tgz", "integrity": "sha512-x"}
    own = {"name": "x", "dependencies": {"ms": "2.1.3"}}
    lock = json.dumps({"name": "x", "lockfileVersion": 3, "packages": {"": own, "node_modules/ms": ms}})
    check_transformed(
        """
        FROM node:20
        WORKDIR /app
        COPY package.json package-lock.json ./
        RUN npm ci
        COPY server.js .
        USER node
        CMD ["node", "server.js"]
        """,
        f"""\
FROM node:20 AS builder
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci

FROM {NODE} AS runtime
ENV PATH="/nodejs/bin:$PATH"
WORKDIR /app
COPY --from=builder /app /app
COPY server.js .
USER 65532:65532
ENTRYPOINT []
CMD ["node", "server.js"]
""",
        files={
            "package.json": '{"name": "x", "dependencies": {"ms": "2.1.3"}}\n',
            "package-lock.json": lock,
            "server.js": 'require("http").createServer().listen(3000)\n',
        },
        select=["multi-stage", "slim-base", "runtime-base"],
        unsafe=True,
        options=on(NODE),
    )
