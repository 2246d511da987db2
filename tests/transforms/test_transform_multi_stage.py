"""What the split moves, keeps and refuses."""

from __future__ import annotations

import pytest

from dockfix.facts import Hints
from dockfix.knowledge import Linter, linters
from results import Project, refusal, stages, text_of, unsafe

BASIC = """FROM python:3.11-slim
WORKDIR /app
RUN apt-get update && apt-get install -y gcc libffi-dev curl && rm -rf /var/lib/apt/lists/*
COPY requirements.txt .
RUN pip install -r requirements.txt
COPY . .
{more}CMD ["python", "app.py"]
"""
ONLY = "virtualenv,multi-stage"


def basic(more: str = "") -> str:
    return BASIC.format(more=more)


def test_compilers_stay_in_the_builder(project: Project) -> None:
    builder, runtime = stages(text_of(project(basic(), only=ONLY)))
    assert "apt-get install -y gcc libffi-dev &&" in builder
    assert (
        'ENV PIP_PYTHON="/opt/venv/bin/python"\nRUN python -m venv --system-site-packages --without-pip /opt/venv\n'
        'ENV PATH="/opt/venv/bin:$PATH"\nCOPY requirements.txt .\nRUN pip install' in builder
    )
    assert "apt-get install -y curl &&" in runtime
    assert 'COPY --from=builder /opt/venv /opt/venv\nENV PATH="/opt/venv/bin:$PATH"\nCOPY . .\nCMD' in runtime
    assert "pip install" not in runtime


def test_an_apt_run_of_build_packages_alone_leaves_the_runtime_stage(project: Project) -> None:
    _, runtime = stages(text_of(project(basic().replace(" curl", ""), only=ONLY)))
    assert "apt-get" not in runtime


@pytest.mark.parametrize(
    ("tag", "package", "expected"),
    [
        ("3.11-slim", "libpq-dev", "install -y libpq5 curl"),
        ("3.11-slim-bookworm", "libpq-dev", "install -y libpq5 curl"),
        ("3.11-slim-bookworm", "libcurl4-openssl-dev", "install -y libcurl4 curl"),
        ("3.13-slim-trixie", "libcurl4-openssl-dev", "install -y libcurl4t64 curl"),
        ("3.11-slim", "libcurl4-openssl-dev", "install -y libcurl4-openssl-dev curl"),
        ("3.11-slim", "libssl-dev", "install -y curl"),
        ("3.11-slim", "gfortran", "install -y libgfortran5 curl"),
        ("3.11-slim", "no-such-dev", "install -y no-such-dev curl"),
    ],
)
def test_dev_packages_give_way_to_libraries_that_are_certain(
    project: Project, tag: str, package: str, expected: str
) -> None:
    text = basic().replace("3.11-slim", tag).replace("libffi-dev", package)
    assert expected in stages(text_of(project(text, only=ONLY)))[1]


@pytest.mark.parametrize(
    ("install", "requirements", "stays"),
    [
        ("pip install --no-binary scikit-learn -r requirements.txt", "scikit-learn\n", True),
        ("pip install --no-binary=numpy,scikit_learn -r requirements.txt", "scikit-learn\n", True),
        ("pip install --no-binary :all: -r requirements.txt", "flask\n", True),
        ("pip install -r requirements.txt", "--no-binary scikit-learn\nscikit-learn\n", True),
        ("pip install -r requirements.txt", "scikit-learn\n", False),
        ("pip install --no-binary lxml -r requirements.txt", "lxml\nscikit-learn\n", False),
    ],
)
def test_what_pip_has_to_compile_keeps_the_compilers_library(
    project: Project, install: str, requirements: str, stays: bool
) -> None:
    text = basic().replace("pip install -r requirements.txt", install)
    result = project(text, {"requirements.txt": requirements}, only=ONLY)
    assert ("libgomp1" in stages(text_of(result))[1]) == stays


def test_pip_no_binary_in_the_environment_keeps_the_compilers_library(project: Project) -> None:
    text = basic().replace("WORKDIR /app\n", "WORKDIR /app\nENV PIP_NO_BINARY=scikit-learn\n")
    assert "libgomp1" in stages(text_of(project(text, {"requirements.txt": "scikit-learn\n"}, only=ONLY)))[1]


@pytest.mark.parametrize(
    ("pyproject", "code", "stays"),
    [
        ("dependencies = []", "", False),
        ('dependencies = ["setuptools-scm"]', "", True),
        ("dependencies = []", "import subprocess\nsubprocess.run(['git', 'log'])\n", True),
    ],
)
def test_git_for_the_version_of_a_local_project(project: Project, pyproject: str, code: str, stays: bool) -> None:
    text = """FROM python:3.11-slim
RUN apt-get update && apt-get install -y git gcc
WORKDIR /app
COPY . .
RUN pip install .
CMD ["tool"]
"""
    data = f'[build-system]\nrequires = ["setuptools", "setuptools-scm"]\n[project]\nname = "tool"\n{pyproject}\n'
    result = project(text, {"pyproject.toml": data, "app.py": code or "print()\n"}, only=ONLY)
    builder, runtime = stages(text_of(result))
    assert "git" in builder
    assert ("install -y git" in runtime) == stays


@pytest.mark.parametrize(
    ("reference", "works"),
    [
        ("python:3.11", False),  # it brings gcc itself
        ("python:3.11-slim@sha256:" + "a" * 64, True),
        ("docker.io/library/python:3.12-slim", True),
        ("registry.example.com/python:3.12-slim-bookworm", True),
        ("--platform=linux/amd64 python:3.11-slim", True),
        ("python:3.11-alpine", False),
        ("bitnami/python:3.11", False),
        ("debian:bookworm-slim", True),
        ("python:mine", False),
    ],
)
def test_bases(project: Project, reference: str, works: bool) -> None:
    text = text_of(project(basic().replace("python:3.11-slim", reference), only=ONLY))
    assert bool(text) == works
    if works:
        assert f"FROM {reference} AS builder" in text
        assert f"FROM {reference} AS runtime" in text


def test_a_tag_from_an_arg(project: Project) -> None:
    text = basic().replace("FROM python:3.11-slim", "ARG V=3.12\nFROM python:${V}-slim")
    assert "FROM python:${V}-slim AS builder" in text_of(project(text, only=ONLY))
    assert "build argument V, whose value is not known here" in refusal(
        project(text.replace("=3.12", ""), only=ONLY), "multi-stage"
    )


@pytest.mark.parametrize(
    ("more", "files", "package"),
    [
        ("RUN gcc -o x x.c\n", {}, "gcc stays: what the RUN"),
        ("RUN make install\n", {}, "gcc stays: what the RUN"),
        ("HEALTHCHECK CMD gcc --version\n", {}, "gcc stays"),
        ('ENTRYPOINT ["./run.sh"]\n', {"run.sh": "#!/bin/sh\nexec cc x.c\n"}, "gcc stays"),
        ("", {"app.py": "import subprocess\nsubprocess.run(['gcc', 'x.c'])\n"}, "gcc stays"),
        ("", {"app.py": "import os\nos.system('cd /x && g++ y')\n", "requirements.txt": "cmdstanpy\n"}, "gcc stays: "),
        ("", {"requirements.txt": "pytensor==2.0\n"}, "gcc stays: "),
    ],
)
def test_a_package_stays_where_something_needs_it(
    project: Project, more: str, files: dict[str, str], package: str
) -> None:
    result = project(basic(more), files, only=ONLY, options={"multi-stage.always": True})
    assert package in refusal(result, "multi-stage")


def test_a_mention_in_a_comment_or_docstring_is_no_use(project: Project) -> None:
    files = {"app.py": '"""Needs gcc to build."""\nimport subprocess  # gcc\nsubprocess.run(["ls"])\n'}
    assert "gcc" not in stages(text_of(project(basic(), files, only=ONLY)))[1]


@pytest.mark.covers("apt-packages/library-of-the-compiler")
def test_a_library_that_came_with_the_compiler_is_kept(project: Project) -> None:
    _, runtime = stages(text_of(project(basic(), {"requirements.txt": "lightgbm==4.5.0\n"}, only=ONLY)))
    assert "install -y libgomp1 curl" in runtime


def test_git_goes_only_where_pip_is_the_one_that_needs_it(project: Project) -> None:
    text = basic().replace("libffi-dev", "git")
    vcs = {"requirements.txt": "git+https://example.com/x/y.git#egg=y\n"}
    assert " git" not in stages(text_of(project(text, vcs, only=ONLY)))[1]
    assert " git " in stages(text_of(project(text, only=ONLY)))[1]
    calls = {**vcs, "app.py": "import subprocess\nsubprocess.check_output(['git', 'log'])\n"}
    assert " git " in stages(text_of(project(text, calls, only=ONLY)))[1]


def test_an_opaque_step_before_the_install_runs_in_both_stages(project: Project) -> None:
    text = (
        basic()
        .replace("COPY requirements", "COPY lib lib\nRUN make -C lib install\nCOPY requirements")
        .replace(
            "COPY requirements.txt .", "RUN apt-get update && apt-get install -y libpq-dev\nCOPY requirements.txt ."
        )
    )
    options = {"multi-stage.always": True}
    builder, runtime = stages(text_of(project(text, {"lib/Makefile": "install:\n"}, only=ONLY, options=options)))
    for stage in (builder, runtime):
        assert "gcc libffi-dev" in stage
        assert "RUN make -C lib install" in stage
    assert "install -y libpq5" in runtime


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('CMD ["python"', 'CMD ["/usr/local/bin/python"', "/usr/local/bin/python"),
        ('CMD ["python"', 'ENV PATH=/usr/bin\nCMD ["python"', "ENV PATH"),
        ('CMD ["python", "app.py"]', 'CMD ["bash", "-lc", "python app.py"]', "login shell"),
        ('CMD ["python", "app.py"]', 'CMD ["cron", "-f"]', "cron"),
        ('CMD ["python", "app.py"]', "CMD pip install x && python app.py", "pip"),
        ("pip install -r", "pip install --root /x -r", "--root"),
        ("pip install -r requirements.txt", "pip install -e .", "editable"),
        ("RUN pip install -r", "RUN make lib && pip install -r", "make"),
        ("RUN pip install -r", "RUN pip install x\nRUN ./configure\nRUN pip install -r", "between two pip installs"),
        ("RUN pip install -r", "USER app\nRUN pip install -r", "another user"),
        ("RUN pip install -r", "RUN poetry update\nRUN pip install -r", "does not know"),
        (
            "curl && rm",
            "curl && apt-get purge -y gcc && rm",
            "removes packages",
        ),
        ("WORKDIR /app", "WORKDIR /app\nONBUILD COPY . .", "ONBUILD"),
        ("apt-get update && apt-get install -y gcc libffi-dev curl", "true", "no gain"),
        ("pip install -r requirements.txt", "hatch env create", "hatch"),
        ("pip install -r requirements.txt", "poetry install", "nothing of the build context lies at /"),
    ],
)
def test_refusals(project: Project, old: str, new: str, reason: str) -> None:
    result = project(basic().replace(old, new), only=ONLY)
    assert text_of(result) == ""
    assert reason in refusal(result, "multi-stage")


@pytest.mark.covers("virtual-environment/own-script-below-usr-local")
def test_a_script_that_the_file_puts_into_usr_local_bin_is_no_obstacle(project: Project) -> None:
    text = basic('COPY run.sh /usr/local/bin/run.sh\nENTRYPOINT ["/usr/local/bin/run.sh"]\n')
    assert " AS runtime" in text_of(project(text, {"run.sh": '#!/bin/sh\nexec "$@"\n'}, only=ONLY))


def test_code_that_names_the_base_images_python_is_an_obstacle(project: Project) -> None:
    tool = {
        "app.py": "import subprocess\nsubprocess.run(['./tool.py'])\n",
        "tool.py": "#!/usr/local/bin/python3\nprint()\n",
    }
    result = project(basic(), tool, only=ONLY)
    assert "tool.py:1 names /usr/local/bin/python3" in refusal(result, "multi-stage")


def test_without_the_code_the_split_is_unsafe(project: Project) -> None:
    text = basic().replace("COPY . .", "COPY src/ .")
    result = project(text, only=ONLY)
    assert text_of(result) == ""
    assert "src was found neither" in unsafe(result, "virtualenv")
    assert "gcc and libffi-dev stay in the builder" in unsafe(result, "multi-stage")
    assert refusal(result, "multi-stage") == ""
    assert " AS runtime" in text_of(project(text, only=ONLY, unsafe=True))


def test_always(project: Project) -> None:
    text = basic().replace("gcc libffi-dev ", "")
    assert text_of(project(text, only=ONLY)) == ""
    assert " AS runtime" in text_of(project(text, only=ONLY, options={"multi-stage.always": True}))


def test_an_environment_that_nothing_fills_stays_in_the_image(project: Project) -> None:
    text = basic().replace("COPY req", "RUN python -m venv /spare\nCOPY req", 1)
    _, runtime = stages(text_of(project(text, only=ONLY)))
    assert "RUN python -m venv /spare\n" in runtime
    assert "COPY --from=builder /opt/venv /opt/venv" in runtime


def test_the_stage_keeps_its_name(project: Project) -> None:
    text = text_of(project(basic().replace("3.11-slim", "3.11-slim AS web"), only=ONLY))
    assert "FROM python:3.11-slim AS builder\n" in text
    assert "FROM python:3.11-slim AS web\n" in text


def test_args_and_env_stand_in_both_stages_and_the_rest_only_in_one(project: Project) -> None:
    text = basic().replace("WORKDIR /app", "ARG A=1\nENV B=$A\nLABEL c=$A\nEXPOSE 80\nWORKDIR /app")
    builder, runtime = stages(text_of(project(text, only=ONLY)))
    for line in ("ARG A=1", "ENV B=$A", "WORKDIR /app"):
        assert line in builder
        assert line in runtime
    for line in ("LABEL c=$A", "EXPOSE 80", "CMD"):
        assert line not in builder
        assert line in runtime


def test_pip_configuration_goes_to_the_builder_alone(project: Project) -> None:
    text = basic().replace("COPY req", "COPY pip.conf /etc/pip.conf\nCOPY nginx.conf /etc/nginx/nginx.conf\nCOPY req")
    builder, runtime = stages(text_of(project(text, {"pip.conf": "", "nginx.conf": ""}, only=ONLY)))
    assert "pip.conf" in builder
    assert "nginx.conf" not in builder
    assert "pip.conf" not in runtime
    assert "nginx.conf" in runtime


def test_a_manifest_that_no_later_copy_brings_stays(project: Project) -> None:
    _, runtime = stages(text_of(project(basic().replace("COPY . .", "COPY app.py ."), only=ONLY)))
    assert "COPY requirements.txt .\n" in runtime


def test_comments_travel_with_what_they_are_about(project: Project) -> None:
    text = (
        basic()
        .replace("RUN apt", "# system\nRUN apt")
        .replace("COPY req", "# python\nCOPY req")
        .replace("COPY . .", "# code\nCOPY . .")
    )
    builder, runtime = stages(text_of(project(text, only=ONLY)))
    assert "# system\nRUN apt-get" in builder
    assert "# python\nCOPY requirements.txt" in builder
    assert "# system\nRUN apt-get" in runtime  # both have packages of the system
    assert "# code\nCOPY . ." in runtime
    assert runtime.count("#") == 2


@pytest.mark.parametrize("linter", linters(), ids=lambda linter: linter.example)
def test_a_comment_that_a_linter_reads_stands_in_both_stages(project: Project, linter: Linter) -> None:
    text = basic().replace("RUN apt", f"# system\n# {linter.example}\nRUN apt")
    builder, runtime = stages(text_of(project(text, only=ONLY)))
    assert f"# system\n# {linter.example}\nRUN apt-get" in builder
    assert "# system\n" in runtime
    assert (f"# {linter.example}\nRUN apt-get" in runtime) == (linter.reads != "file")


def test_commands_of_one_run_are_placed_one_by_one(project: Project) -> None:
    text = """FROM python:3.11-slim
COPY requirements.txt /tmp/
RUN apt-get update && \\
    apt-get install -y gcc curl && \\
    mkdir -p /data && \\
    pip install -r /tmp/requirements.txt && \\
    rm -rf /root/.cache /var/lib/apt/lists/*
WORKDIR /app
COPY . .
CMD ["python", "app.py"]
"""
    builder, runtime = stages(text_of(project(text, only=ONLY)))
    assert "mkdir -p /data" in runtime
    assert "mkdir -p /data" not in builder
    assert "pip install" in builder
    assert "pip install" not in runtime
    assert "apt-get install -y curl && \\\n" in runtime
    assert "apt-get install -y gcc && \\\n" in builder


@pytest.mark.covers("virtual-environment/setuptools-and-wheel")
@pytest.mark.parametrize(
    ("tag", "options"),
    [
        ("3.8-slim", "--system-site-packages "),
        ("3.11", "--system-site-packages "),
        ("3.12-slim", ""),
        ("3.13", ""),
        ("slim", ""),
    ],
)
def test_the_environment_sees_wheel_where_the_image_brings_it(project: Project, tag: str, options: str) -> None:
    text = basic().replace("3.11-slim", tag).replace("gcc", "cmake")
    result = project(text, only=ONLY, options={"virtualenv.installer": True})
    assert f"RUN python -m venv {options}/opt/venv\n" in text_of(result)


def test_apt_update_goes_where_nothing_is_installed_any_more(project: Project) -> None:
    text = basic().replace(
        "RUN apt-get update && apt-get install -y gcc libffi-dev curl && rm -rf /var/lib/apt/lists/*",
        "RUN apt-get update\nRUN apt-get install -y gcc\nRUN rm -rf /var/lib/apt/lists/*",
    )
    builder, runtime = stages(text_of(project(text, only=ONLY)))
    assert "RUN apt-get update\nRUN apt-get install -y gcc\n" in builder
    assert "apt" not in runtime


def test_a_tool_that_the_builder_uses_stays_in_it(project: Project) -> None:
    text = basic().replace("COPY req", "RUN curl -o /usr/local/bin/x https://example.com/x\nCOPY req")
    builder, runtime = stages(text_of(project(text, only=ONLY)))
    assert "gcc libffi-dev curl" in builder
    assert "RUN curl -o /usr/local/bin/x" in builder
    assert "RUN curl -o /usr/local/bin/x" in runtime


def test_an_unknown_manifest_makes_the_split_unsafe(project: Project) -> None:
    text = (
        basic().replace("-r requirements.txt", "-r /elsewhere.txt").replace("COPY req", "RUN python make.py\nCOPY req")
    )
    assert "lies at /elsewhere.txt" in unsafe(project(text, only=ONLY), "virtualenv")


def test_a_manifest_that_is_missing_is_an_obstacle(project: Project) -> None:
    text = basic().replace("-r requirements.txt", "-r /elsewhere.txt")
    assert "nothing of the build context lies at /elsewhere.txt" in refusal(project(text, only=ONLY), "multi-stage")


def test_what_a_local_project_depends_on_counts(project: Project) -> None:
    text = basic().replace("COPY requirements.txt .\n", "COPY . .\n").replace("-r requirements.txt", ".")
    files = {"pyproject.toml": "[project]\nname = 'x'\ndependencies = ['cmdstanpy>=1']\n"}
    assert "gcc: the Python package cmdstanpy" in refusal(project(text, files, only=ONLY), "multi-stage")


def test_a_step_that_may_use_the_environment_early_is_an_obstacle(project: Project) -> None:
    text = basic().replace(
        "COPY requirements.txt .",
        "RUN python -m venv /v\nENV PATH=/v/bin:$PATH\nRUN ln -s /v/bin/python /py\nCOPY requirements.txt .",
    )
    assert "before anything is installed" in refusal(project(text, only=ONLY), "multi-stage")


def test_a_manifest_that_is_removed_again_leaves_the_runtime_stage(project: Project) -> None:
    text = (
        basic()
        .replace("COPY requirements.txt .", "COPY requirements.txt /tmp/requirements.txt")
        .replace(
            "pip install -r requirements.txt", "pip install -r /tmp/requirements.txt && rm -r /tmp/requirements.txt"
        )
    )
    _, runtime = stages(text_of(project(text, only=ONLY)))
    assert "/tmp/requirements.txt" not in runtime
    kept = text.replace("rm -r /tmp/requirements.txt", "cp /tmp/requirements.txt /x && rm -r /tmp/requirements.txt")
    assert "cp /tmp/requirements.txt /x && rm -r /tmp/requirements.txt" in stages(text_of(project(kept, only=ONLY)))[1]


def test_a_package_that_is_kept_says_which_setting_asks_for_it(project: Project) -> None:
    result = project(basic(), options={"multi-stage.keep": "gcc", "multi-stage.always": True})
    assert refusal(result, "multi-stage") == "gcc stays: multi-stage.keep names it"
    assert Hints(keep=frozenset({"gcc"})).keeps == "it is to be kept"  # where no setting is known to say so


@pytest.mark.parametrize(
    ("base", "script"),
    [("node:20", "nodemon index.js"), ("node:20-alpine", "ts-node index.ts"), ("oven/bun:1", "nodemon index.js")],
)
def test_an_environment_of_python_is_no_matter_of_an_image_of_node(project: Project, base: str, script: str) -> None:
    manifest = f'{{"scripts": {{"start": "{script}"}}, "devDependencies": {{"nodemon": "3", "ts-node": "10"}}}}'
    text = f'FROM {base}\nWORKDIR /app\nCOPY package.json .\nRUN npm install\nCOPY . .\nCMD ["npm", "start"]\n'
    result = project(text, {"package.json": manifest, "index.js": "", "index.ts": ""}, only="virtualenv")
    assert not refusal(result, "virtualenv")
