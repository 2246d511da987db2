"""What holds for every Dockerfile: nothing breaks, nothing is lost, a second run changes nothing."""

from __future__ import annotations

from pathlib import Path

import dockerfile
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from dockfix.engine import FileResult, Settings, run
from dockfix.engine.invariants import comments
from dockfix.engine.registry import ids
from dockfix.syntax import decode, encode, parse, problems, template_sign

BASES = [
    "python:3.11-slim",
    "python:3.12",
    "python:3.13-slim-trixie",
    "--platform=linux/amd64 python:3.9-slim AS web",
    "python:3.11-alpine",
    "debian:bookworm-slim",
    "python:${V}-slim",
]
STEPS = [
    "RUN apt-get update && apt-get install -y gcc libpq-dev curl && rm -rf /var/lib/apt/lists/*\n",
    "RUN apt-get update && \\\n    apt-get install -y --no-install-recommends \\\n    # compiler\n    gcc \\\n\n    # tools\n    git libffi-dev && \\\n"
    "    pip install --no-cache-dir x && \\\n    rm -rf /root/.cache\n",
    "RUN apt-get install -y build-essential; pip3 install z; mkdir /data\n",
    "RUN apt-get update\n",
    "RUN apt-get install -y $PACKAGES gcc\n",
    "RUN apt-get purge -y gcc && apt-get clean\n",
    "RUN <<EOF\nset -e\napt-get update\n# why\napt-get install -y g++ curl\npip install y\nEOF\n",
    'RUN ["pip", "install", "x"]\n',
    "RUN make install\n",
    "run pip install -r requirements.txt\n",
    "RUN cd /tmp && pip install -r requirements.txt\n",
    "RUN python -m venv /v\nENV PATH=/v/bin:$PATH\n",
    "RUN python manage.py migrate || true\n",
    "RUN pip install --user x\n",
    "RUN pip install -e .\n",
    "RUN --mount=type=cache,target=/root/.cache/pip pip install x\n",
    "RUN chmod +x app.py && pip install .\n",
    "RUN curl -o /usr/bin/x https://e.com\n",
    "# about the manifest\nCOPY requirements.txt /tmp/\n",
    "COPY . .\n",
    "COPY --chown=5 app.py ./x/\n",
    "ADD . /\n",
    "COPY gone* /x\n",
    "COPY <<EOF /etc/pip.conf\n[global]\nEOF\n",
    "WORKDIR /app\n",
    "WORKDIR sub\n",
    "USER web\n",
    "USER root\n",
    'ENV A=1 B="$A x"\n',
    "ARG V=3.12\n",
    "LABEL a=$V\n",
    "VOLUME /data\n",
    "EXPOSE 80 8000/udp\n",
    'SHELL ["/bin/bash", "-c"]\n',
    "HEALTHCHECK CMD curl -f http://localhost || exit 1\n",
    'ENTRYPOINT ["./run.sh"]\n',
    'CMD ["python", "app.py"]\n',
    "CMD gunicorn app\n",
    "ONBUILD RUN x\n",
    "STOPSIGNAL SIGINT\n",
    "\n",
    "# alone\n\n",
    "RUN apt-get update\nRUN apt-get install -y curl\n",
    "# lists\nRUN rm -rf /var/lib/apt/lists/*\n",
    "RUN apt-get clean # now\n",
    "RUN apt-get update && \\\n\tapt-get install -y jq && \\\n\trm -rf /var/lib/apt/lists/* \n",
    "RUN curl -O http://e.com/a.tgz\nRUN tar xf a.tgz\nRUN rm a.tgz\n",
    "CMD gunicorn \\\n  # port\n  --bind ':80' app\n",
    "ENTRYPOINT python app.py\n",
    "CMD python $X 'a\"b'\n",
    'ENTRYPOINT ["tini", "--"]\n',
    "ARG API_TOKEN\n",
    "RUN fetch $API_TOKEN && echo\n",
    "ENV DB_PASSWORD=hunter22 PYTHONUNBUFFERED=0\n",
    "COPY id_rsa /root/.ssh/\n",
    "# dockfix: ignore[merge-runs,apt-hygiene,exec-form] why\n",
    "# dockfix: ignore[multi-stage] why\n",
    "# hadolint ignore=DL3008\n",
    "FROM scratch\n",
    "RUN useradd x\n",
    "MAINTAINER me\n",
    'RUN echo "가" > /가\n',
]


EVERYTHING = {
    "apt-hygiene.no-recommends": True,
    "secrets.mount": True,
    "python-env.no-bytecode": True,
    "multi-stage.always": True,
    "pin-base.to": ["python:3.11-slim=sha256:" + "0" * 64, "python:3.12=3.12.4"],
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("project")
    for name, text in {
        "requirements.txt": "requests\n",
        "app.py": "print()\n",
        "run.sh": '#!/bin/sh\nexec "$@"\n',
        "README.md": "x\n",
    }.items():
        (root / name).write_text(text, encoding="utf-8")
    return root


def run_on(folder: Path, text: str, options: Settings) -> FileResult:
    return run(folder / "Dockerfile", options, data=encode(text))


@settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(BASES),
    st.lists(st.sampled_from(STEPS), min_size=1, max_size=12),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)
@example(
    "python:3.11-slim", [STEPS[0], "COPY . .\n", "run pip install -r requirements.txt\n"], False, False, False, False
)
def test_any_dockerfile(
    folder: Path, base: str, steps: list[str], crlf: bool, unsafe: bool, always: bool, everything: bool
) -> None:
    text = f"# header\nARG V=3.11\nFROM {base}\n{''.join(steps)}"
    text = text.replace("\n", "\r\n") if crlf else text
    options = (
        Settings(frozenset(ids()), unsafe=unsafe, options=EVERYTHING)
        if everything
        else Settings(unsafe=unsafe, options={"multi-stage.always": always})
    )
    result = run_on(folder, text, options)
    assert bool(result.failures) == bool(problems(parse(text)))
    assert not [
        note
        for note in result.warnings
        if any(words in note.message for words in ("please report", "rolled back", "it failed"))
    ]
    beside = {Path(change.path): change.after for change in result.files}
    final = beside.pop(folder / "Dockerfile", None)
    if final is None:
        return
    dockerfile.parse_string(final)
    assert not problems(parse(final))
    before, after = comments(parse(text)), comments(parse(final))
    assert not [comment for comment in before if not after[comment]]
    try:
        for path, content in beside.items():
            path.write_text(content, "utf-8")
        assert not run_on(folder, final, options).files
    finally:
        for path in beside:
            path.unlink()


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200))
@example(b"{#")
@example(b"FROM x\n{{ if }}\n")
def test_any_bytes_give_a_result(folder: Path, data: bytes) -> None:
    path = folder / "Dockerfile"
    result = run(path, Settings(), data=data)
    tree = parse(decode(data))
    found = problems(tree)
    if template_sign(tree, str(path), found):
        assert not result.failures
        assert not result.files
        assert ["it is a template" in note.message for note in result.warnings] == [True]
    else:
        assert bool(result.failures) == bool(found)
