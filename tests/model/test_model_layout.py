"""Which file lies where in an image: by hand, and against a small file system that does what BuildKit does."""

from __future__ import annotations

import posixpath
import string
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dockfix.context.build_context import BuildContext
from dockfix.managers.commands import model_of
from dockfix.model.layout import Layout, Layouts
from dockfix.syntax import parse

FILES = ("a.py", "b.txt", "src/a.py", "src/sub/c.py", "src/sub/run.sh", "conf/app.conf", "conf/b.txt", "x.tar.gz")
Lay = Callable[..., Layout]


def layouts(root: Path, text: str) -> Layouts:
    """The layouts of a Dockerfile, given without its FROM, whose context is ``root``."""
    model = model_of(parse(text if text.startswith("FROM") else f"FROM python:3.11-slim\n{text}\n"))
    context = BuildContext(root)
    copies = {
        step: context.copied(step.copy.sources, context.ignore)
        for stage in model.stages
        for step in stage.of("COPY", "ADD")
        if step.copy is not None
        and step.copy.origin is None
        and not step.copy.inline
        and "://" not in step.copy.sources[0]
    }
    return Layouts(model.stages, copies)


@pytest.fixture(scope="session")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("context")
    for name in FILES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name, "utf-8")
    return folder


@pytest.fixture(scope="session")
def lay(root: Path) -> Lay:
    """The layout of the last stage of a Dockerfile."""

    def make(text: str) -> Layout:
        made = layouts(root, text)
        return made.of(made.stages[-1])

    return make


@pytest.mark.parametrize(
    ("copy", "lies"),
    [
        ("COPY a.py /srv/x.py", {"/srv/x.py": "a.py"}),
        ("COPY a.py /new", {"/new": "a.py"}),
        ("COPY a.py /new/", {"/new/a.py": "a.py"}),
        ("WORKDIR /new\nCOPY a.py /new", {"/new/a.py": "a.py"}),
        ("RUN mkdir -p /new/x\nCOPY a.py /new", {"/new/a.py": "a.py"}),
        ("RUN install -d /new /newer\nCOPY a.py /new", {"/new/a.py": "a.py"}),
        ("COPY a.py /tmp", {"/tmp/a.py": "a.py"}),
        ("COPY src /new\nCOPY a.py /new/sub", {"/new/sub/a.py": "a.py", "/new/sub/c.py": "src/sub/c.py"}),
        ("COPY src /new\nCOPY b.txt /new/sub/c.py", {"/new/sub/c.py": "b.txt"}),
        ("COPY a.py b.txt /x/", {"/x/a.py": "a.py", "/x/b.txt": "b.txt"}),
        ("COPY src /x", {"/x/a.py": "src/a.py", "/x/sub/c.py": "src/sub/c.py"}),
        ("COPY src/sub/ /x", {"/x/c.py": "src/sub/c.py"}),
        ("COPY src conf /x/", {"/x/a.py": "src/a.py", "/x/app.conf": "conf/app.conf", "/x/sub/c.py": "src/sub/c.py"}),
        ("COPY *.py /x/", {"/x/a.py": "a.py"}),
        ("COPY src/* /x/", {"/x/a.py": "src/a.py", "/x/c.py": "src/sub/c.py"}),
        ("COPY . /x", {"/x/a.py": "a.py", "/x/src/a.py": "src/a.py"}),
        ("WORKDIR /x\nCOPY . .", {"/x/a.py": "a.py"}),
        ("WORKDIR /x\nWORKDIR y\nCOPY src/a.py ./z/", {"/x/y/z/a.py": "src/a.py"}),
        ("WORKDIR /x\nCOPY a.py b.py", {"/x/b.py": "a.py"}),
        ("ENV D=/x\nCOPY a.py $D/", {"/x/a.py": "a.py"}),
        ("COPY a.py /", {"/a.py": "a.py"}),
        ("COPY . /", {"/a.py": "a.py", "/src/a.py": "src/a.py"}),
        ('COPY ["a.py", "/x y/"]', {"/x y/a.py": "a.py"}),
        ("ADD a.py /x/", {"/x/a.py": "a.py"}),
        ("COPY a.py /x/\nCOPY src /x/", {"/x/a.py": "src/a.py"}),
        ("COPY src /x/\nCOPY a.py /x/", {"/x/a.py": "a.py", "/x/sub/c.py": "src/sub/c.py"}),
        ("COPY conf/b.txt . /x/", {"/x/b.txt": "b.txt", "/x/conf/b.txt": "conf/b.txt"}),
        ("COPY . conf/b.txt /x/", {"/x/b.txt": "conf/b.txt", "/x/conf/b.txt": "conf/b.txt"}),
        ("COPY src/a.py . /x/", {"/x/a.py": "a.py", "/x/src/a.py": "src/a.py"}),
    ],
)
def test_copy(lay: Lay, copy: str, lies: dict[str, str]) -> None:
    layout = lay(copy)
    assert {path: layout.file(path) for path in lies} == lies
    assert dict(layout.below("/")).keys() >= lies.keys()
    assert all(path in layout.of(file) for path, file in lies.items())


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("COPY a.py /new", "/new/a.py"),
        ("COPY a.py /tmp", "/tmp"),
        ("WORKDIR /new\nCOPY a.py /new", "/new"),
        ("COPY a.py b.txt /x/", "/x"),
        ("COPY src /x", "/x/src/a.py"),
        ("COPY src/* /x/", "/x/sub/c.py"),
        ("COPY src/* /x/", "/x/src/a.py"),
        ("ADD x.tar.gz /x/", "/x/x.tar.gz"),
        ("COPY gone.py /x/", "/x/gone.py"),
        ("COPY a.py $UNKNOWN/x.py", "/x.py"),
        ("COPY --parents src/a.py /x/", "/x/a.py"),
        ("FROM scratch\nCOPY a.py /tmp", "/tmp/a.py"),
        ("FROM a AS one\nCOPY a.py /x/\nFROM a\nCOPY b.txt /x/", "/x/a.py"),
        ("COPY . /x", "/y/a.py"),
        ("COPY src /x/src", "/x/srcs"),
    ],
)
def test_where_nothing_lies(lay: Lay, text: str, path: str) -> None:
    layout = lay(text)
    assert layout.at(path) is None
    assert path not in dict(layout.below("/"))
    assert not any(path in layout.of(file) for file in FILES)


def test_an_origin_names_step_and_stage(root: Path) -> None:
    made = layouts(
        root, "FROM a AS one\nCOPY src /src\nRUN touch /made\nFROM a\nCOPY --from=one /src /made /x/\nCOPY a.py /y/"
    )
    one, two = made.stages
    layout = made.of(two)
    origins = [layout.at(path) for path in ("/x/a.py", "/x/made", "/y/a.py")]
    assert [(each.file, each.step, each.stage) for each in origins if each] == [
        ("src/a.py", two.steps[0], one),
        ("", two.steps[0], one),
        ("a.py", two.steps[1], two),
    ]


STAGES = "FROM a AS Base\nWORKDIR /b\nCOPY . .\nRUN curl -o /b/tool https://x\nFROM base\n"


@pytest.mark.parametrize(
    ("text", "path", "file"),
    [
        (STAGES, "/b/a.py", "a.py"),
        (f"{STAGES}COPY a.py ./src/", "/b/src/a.py", "a.py"),
        (f"{STAGES}COPY b.txt /b", "/b/b.txt", "b.txt"),
        (f"{STAGES}FROM x\nCOPY --from=base /b/src /app", "/app/sub/c.py", "src/sub/c.py"),
        (f"{STAGES}FROM x\nCOPY --from=0 b/src /app", "/app/sub/c.py", "src/sub/c.py"),
        (f"{STAGES}FROM x\nCOPY --from=1 /b/src/a.py /app", "/app", "src/a.py"),
        (f"{STAGES}FROM x\nCOPY --from=1 /b/src/a.py /app/", "/app/a.py", "src/a.py"),
        (f"{STAGES}FROM x\nCOPY --from=base /b/*.py /app/", "/app/a.py", "a.py"),
        (f"{STAGES}FROM x\nCOPY --from=base /b/*.py /app/", "/app/b.txt", None),
        (f"{STAGES}FROM x\nCOPY --from=base / /", "/b/a.py", "a.py"),
        (f"{STAGES}FROM x\nCOPY --from=base /b /app\nCOPY conf /app/src", "/app/src/b.txt", "conf/b.txt"),
        (f"{STAGES}FROM x\nCOPY --from=base /b /app\nCOPY b.txt /app/src", "/app/src/b.txt", "b.txt"),
        (f"{STAGES}FROM x AS y\nCOPY --from=base /b /c\nFROM z\nCOPY --from=y /c /d", "/d/a.py", "a.py"),
        (f"{STAGES}FROM x\nCOPY --from=other /b /app", "/app/a.py", None),
        (f"{STAGES}FROM x\nCOPY --from=7 /b /app", "/app/a.py", None),
    ],
)
def test_other_stages(lay: Lay, text: str, path: str, file: str | None) -> None:
    layout = lay(text)
    assert layout.file(path) == file
    assert (path in dict(layout.below("/app" if path.startswith("/app") else "/"))) == (file is not None)
    assert file is None or path in layout.of(file)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (f"{STAGES}FROM x\nCOPY --from=base /b/tool /usr/local/bin/", "/usr/local/bin/tool"),
        (f"{STAGES}FROM x\nCOPY --from=base /b/tool /usr/local/bin/t", "/usr/local/bin/t"),
        (f"{STAGES}FROM x\nCOPY --from=base /b /c", "/c/tool"),
        (f"{STAGES}FROM x\nCOPY --from=base /never/seen /c", "/c"),
        ("RUN python -m venv /v && /v/bin/pip install x\nFROM x\nCOPY --from=0 /v /v", "/v"),
        ("RUN python -m venv /opt/v && /opt/v/bin/pip install x\nFROM x\nCOPY --from=0 /opt /opt", "/opt/v"),
        ("COPY --from=ghcr.io/astral-sh/uv:latest /uv /usr/local/bin/", "/usr/local/bin/uv"),
        ("COPY --from=ghcr.io/astral-sh/uv:latest /uv /usr/local/bin/uv", "/usr/local/bin/uv"),
        ("COPY <<EOF /etc/x.conf\n[x]\nEOF", "/etc/x.conf"),
        ("COPY <<one.conf /etc/\n[x]\none.conf", "/etc/one.conf"),
        ("ADD https://example.com/tool /usr/local/bin/tool", "/usr/local/bin/tool"),
        ("RUN curl -o /usr/local/bin/tool https://x", "/usr/local/bin/tool"),
        ("COPY a.py /x/\nRUN echo x > /x/a.py", "/x/a.py"),
    ],
)
def test_what_a_step_made_lies_there_without_a_file(lay: Lay, text: str, path: str) -> None:
    layout = lay(text)
    origin = layout.at(path)
    assert origin is not None
    assert origin.file == ""
    assert layout.file(path) is None
    assert layout.written(path)


@pytest.mark.parametrize(
    ("run", "path", "file"),
    [
        ("cp src/sub/run.sh /usr/bin/go", "/usr/bin/go", "src/sub/run.sh"),
        ("cp src/sub/run.sh a.py /usr/bin", "/usr/bin/run.sh", "src/sub/run.sh"),
        ("cp -t /usr/bin src/sub/run.sh", "/usr/bin/run.sh", "src/sub/run.sh"),
        ("cp -r src /srv/s", "/srv/s/sub/c.py", "src/sub/c.py"),
        ("cp -r src /srv", "/srv/src/sub/c.py", "src/sub/c.py"),
        ("cp -r src /srv/s", "/app/src/a.py", "src/a.py"),
        ("mv src /srv/s", "/srv/s/a.py", "src/a.py"),
        ("mv src /srv/s", "/app/src/a.py", None),
        ("mv -t /srv a.py", "/srv/a.py", "a.py"),
        ("mv a.py old.py && cp b.txt a.py", "/app/old.py", "a.py"),
        ("mv a.py old.py && cp b.txt a.py", "/app/a.py", "b.txt"),
        ("install -m 755 src/sub/run.sh /usr/local/bin/go", "/usr/local/bin/go", "src/sub/run.sh"),
        ("ln -s /app/src/sub/run.sh /usr/local/bin/go", "/usr/local/bin/go", "src/sub/run.sh"),
        ("ln -sf /app/src/sub/run.sh /usr/local/bin/", "/usr/local/bin/run.sh", "src/sub/run.sh"),
        ("ln -s sub/run.sh src/go", "/app/src/go", "src/sub/run.sh"),
        ("ln -s run.sh /usr/local/bin/go", "/usr/local/bin/go", None),
        ("ln a.py /x.py", "/x.py", "a.py"),
        ("ln -s /opt/go /usr/bin/go && ln -s /app/a.py /opt/go", "/usr/bin/go", "a.py"),
        ("ln -s /y /x && ln -s /x /y", "/x", None),
        ("ln -s /app/late.py /go && cp a.py late.py", "/go", "a.py"),
        ("rm a.py", "/app/a.py", None),
        ("rm src", "/app/src/a.py", "src/a.py"),
        ("rm -rf src", "/app/src/a.py", None),
        ("rm -f *.txt", "/app/b.txt", "b.txt"),
        ("chmod +x a.py && chown 5 a.py && sed -i s/a/b/ a.py && touch a.py", "/app/a.py", "a.py"),
        ("echo x >> a.py", "/app/a.py", "a.py"),
        ("echo x | tee a.py", "/app/a.py", None),
        ("make install", "/app/a.py", "a.py"),
        ("cp $(ls) /x", "/x/a.py", None),
    ],
)
def test_commands(lay: Lay, run: str, path: str, file: str | None) -> None:
    assert lay(f"WORKDIR /app\nCOPY . .\nRUN {run}").file(path) == file


def test_a_link_leads_to_what_is_copied_later(lay: Lay) -> None:
    assert lay("RUN ln -s /app/a.py /usr/bin/go\nCOPY . /app").file("/usr/bin/go") == "a.py"
    assert lay("RUN cp /app/a.py /usr/bin/go\nCOPY . /app").file("/usr/bin/go") is None


def test_before_a_step_and_before_a_command_of_it(root: Path) -> None:
    made = layouts(
        root, "FROM a\nCOPY a.py /x.py\nRUN cp /x.py /y.py && rm /x.py && echo\nCOPY b.txt /x.py\nCOPY conf /x"
    )
    layout, (first, run, second, last) = made.of(made.stages[0]), made.stages[0].steps
    assert [layout.file("/x.py", step) for step in (first, run, second, last)] == [None, "a.py", None, "b.txt"]
    assert [layout.file("/x.py", run, number) for number in range(3)] == ["a.py", "a.py", None]
    assert [layout.file("/y.py", run, number) for number in range(3)] == [None, "a.py", "a.py"]
    assert layout.file("/x.py") == "b.txt"
    assert [(each.file, each.step) for each in layout.written("/x.py")] == [("a.py", first), ("b.txt", second)]
    assert [(each.file, each.step) for each in layout.written("/x/b.txt")] == [("conf/b.txt", last)]
    assert layout.of("a.py") == ("/y.py",)
    assert layout.by(first, "a.py") == ("/x.py",)
    assert layout.by(second, "a.py") == ()


def test_of_says_where_a_folder_lies_and_what_is_not_there_would(lay: Lay) -> None:
    layout = lay("COPY src /x\nCOPY . /y\nRUN rm -r /y/src/sub && mv /x/a.py /z.py")
    assert layout.of("src") == ("/x", "/y/src")
    assert layout.of("src/new.py") == ("/x/new.py", "/y/src/new.py")
    assert layout.of("src/sub/new.py") == ("/x/sub/new.py",)
    assert layout.of("src/a.py") == ("/y/src/a.py", "/z.py")
    assert layout.of(".") == ("/y",)
    assert lay("COPY a.py /x\nCOPY a.py /y\nCOPY a.py /x").of("a.py") == ("/y", "/x")


def test_folders_that_are_not_listed_lie_there_as_such(tmp_path: Path) -> None:
    (tmp_path / "node_modules" / "x").mkdir(parents=True)
    (tmp_path / "node_modules" / "x" / "y.js").write_text("")
    (tmp_path / "a.js").write_text("")
    made = layouts(tmp_path, "COPY . /x")
    layout = made.of(made.stages[0])
    assert {path: origin.file for path, origin in layout.below("/")} == {
        "/x/a.js": "a.js",
        "/x/node_modules": "node_modules",
    }


def test_long_chains_and_wide_graphs_take_no_time(root: Path) -> None:
    chain = "FROM a AS s0\nCOPY . /x\n" + "".join(
        f"FROM a AS s{n}\nCOPY --from=s{n - 1} /x /x\n" for n in range(1, 400)
    )
    copies = "FROM a\nCOPY . /x\n" + "".join(f"RUN cp -r /x /x{n} && mv /x{n} /y && mv /y /x{n}\n" for n in range(300))
    links = "FROM a\n" + "".join(f"RUN ln -s /a{n} /a{n + 1} && ln -s /a{n + 1} /a{n}\n" for n in range(200))
    wide = "FROM a AS s0\nCOPY . /x\n" + "".join(
        f"FROM a AS s{n}\n" + "".join(f"COPY --from=s{m} / /\n" for m in range(n)) for n in range(1, 25)
    )
    for text in (chain, copies, links, wide):
        one, two = (layouts(root, text) for _ in range(2))
        layout = one.of(one.stages[-1])
        assert layout.key == two.of(two.stages[-1]).key
        assert layout.file("/x/a.py") in {"a.py", None}
        assert {path for path, _ in layout.below("/x")} >= {*layout.of("a.py")} & {"/x/a.py"}
        assert not layout.is_folder("/x/nowhere")
        assert layout.at("/a7/x") is None


# --- against a file system ---------------------------------------------------------------------------------------------

STANDARD = {"/", "/tmp", "/srv", "/usr", "/usr/bin"}
TARGETS = ("/x", "/x/", ".", "./", "y", "y/", "/srv", "/tmp/z", "/x/a.py", "/new/deep", "/x/src/")
SOURCES = (
    "a.py",
    "b.txt",
    ".",
    "src",
    "src/sub",
    "conf",
    "*.py",
    "src/*",
    "a.py b.txt",
    "src conf",
    ". conf/b.txt",
    "conf/b.txt .",
)


class Disk:
    """What BuildKit and coreutils make of an image; methods are False where the build would fail, or its outcome is odd."""

    def __init__(self) -> None:
        self.files: dict[str, str] = {}
        self.folders = set(STANDARD)
        self.moved: set[str] = set()
        self.workdir = "/"

    def path(self, name: str) -> str:
        return posixpath.normpath(posixpath.join(self.workdir, name))

    def make(self, folder: str) -> bool:
        parents = [folder]
        while parents[-1] != "/":
            parents.append(posixpath.dirname(parents[-1]))
        if self.files.keys() & set(parents) or folder in self.moved:
            return False
        self.folders.update(parents)
        return True

    def put(self, file: str, path: str) -> bool:
        if path in self.folders or not self.make(posixpath.dirname(path)):
            return False
        self.files[path] = file
        return True

    def workdir_is(self, name: str) -> bool:
        self.workdir = self.path(name)
        return self.make(self.workdir)

    def copy(self, sources: str, target: str) -> bool:
        names = [name for source in sources.split() for name in self.matching(source)]
        to = self.path(target)
        if (len(sources.split()) > 1 or "*" in sources) and not target.endswith("/"):
            return False
        into = target.endswith(("/", ".")) or to in self.folders
        for name in names:
            if name in FILES:
                if not self.put(name, posixpath.join(to, posixpath.basename(name)) if into else to):
                    return False
                continue
            if not self.make(to):
                return False
            start = "" if name == "." else f"{name}/"
            for file in FILES:
                if file.startswith(start) and not self.put(file, posixpath.join(to, file[len(start) :])):
                    return False
        return True

    @staticmethod
    def matching(source: str) -> Iterator[str]:
        if source == "*.py":
            yield "a.py"
        elif source == "src/*":
            yield from ("src/a.py", "src/sub")
        else:
            yield source

    def take(self, tool: str, source: str, target: str) -> bool:
        if source in self.folders:
            inside = {path: file for path, file in self.files.items() if path.startswith(f"{source}/")}
            start = posixpath.join(target, posixpath.basename(source)) if target in self.folders else target
            if source in STANDARD or start in self.folders or start in self.files or target.startswith(source):
                return False
            if source == self.workdir or self.workdir.startswith(f"{source}/") or not self.make(start):
                return False
            self.moved |= {start, source}
            found = all(self.put(file, start + path[len(source) :]) for path, file in inside.items())
        elif source in self.files:
            inside = {source: self.files[source]}
            to = posixpath.join(target, posixpath.basename(source)) if target in self.folders else target
            if to == source or posixpath.dirname(to) not in self.folders:
                return False
            found = self.put(self.files[source], to)
        else:
            return False
        if tool == "mv":
            self.drop(source)
        return found

    def drop(self, path: str) -> bool:
        gone = [each for each in self.files if each == path or each.startswith(f"{path}/")]
        folders = {each for each in self.folders if each == path or each.startswith(f"{path}/")}
        if not gone or folders & STANDARD or self.workdir in folders:
            return False
        for each in gone:
            del self.files[each]
        self.folders -= folders
        self.moved |= folders
        return True


@st.composite
def programs(draw: st.DrawFn) -> tuple[list[str], dict[str, str], set[str]]:
    """Steps that build, the files that lie in the image, and the folders."""
    import copy

    disk, lines = Disk(), list[str]()
    for _ in range(draw(st.integers(1, 8))):
        trial = copy.deepcopy(disk)
        kind = draw(st.sampled_from(["copy", "copy", "copy", "workdir", "mkdir", "cp", "mv", "rm"]))
        known = sorted({*trial.files, *(trial.folders - STANDARD), "/nothing"})
        if kind == "copy":
            sources, target = draw(st.sampled_from(SOURCES)), draw(st.sampled_from(TARGETS))
            line, good = f"COPY {sources} {target}", trial.copy(sources, target)
        elif kind == "workdir":
            name = draw(st.sampled_from(["/x", "/w", "y"]))
            line, good = f"WORKDIR {name}", trial.workdir_is(name)
        elif kind == "mkdir":
            name = draw(st.sampled_from(["/x/y", "/m", "y"]))
            line, good = f"RUN mkdir -p {name}", trial.make(trial.path(name))
        elif kind == "rm":
            name = draw(st.sampled_from(known))
            line, good = f"RUN rm -r {name}", trial.drop(name)
        else:
            name, target = draw(st.sampled_from(known)), draw(st.sampled_from(["/x", "/q", "/x/b.txt", "/srv"]))
            line, good = f"RUN {kind} -r {name} {target}".replace("mv -r", "mv"), trial.take(kind, name, target)
        if good:
            disk = trial
            lines.append(line)
    return lines, disk.files, disk.folders


@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(programs())
def test_any_program_leaves_the_files_that_it_would_on_a_disk(
    lay: Lay, program: tuple[list[str], dict[str, str], set[str]]
) -> None:
    lines, files, _ = program
    layout = lay("\n".join(lines))
    found = {path: origin.file for path, origin in layout.below("/") if origin.file}
    # what lies below a file would do so only if that were a folder, which no layout can rule out
    assert {path: file for path, file in found.items() if not below_a_file(path, files)} == files
    for file in FILES:
        assert {path for path in layout.of(file) if not below_a_file(path, files)} == {
            path for path, name in files.items() if name == file
        }


def below_a_file(path: str, files: dict[str, str]) -> bool:
    return any(path.startswith(f"{file}/") for file in files)


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(programs())
def test_what_a_stage_leaves_arrives_whole_in_another(
    lay: Lay, program: tuple[list[str], dict[str, str], set[str]]
) -> None:
    text = "\n".join(program[0])
    alone = {path: origin.file for path, origin in lay(text).below("/")}
    for more in (
        "FROM first",
        "FROM scratch\nCOPY --from=first / /",
        "FROM scratch\nCOPY --from=0 / /there\nFROM x\nCOPY --from=1 /there /",
    ):
        layout = lay(f"FROM python:3.11-slim AS first\n{text}\n{more}")
        assert {path: origin.file for path, origin in layout.below("/") if origin.file} == {
            path: file for path, file in alone.items() if file
        }


@given(st.text(alphabet=string.ascii_lowercase + "/.*", max_size=12), st.text(alphabet="abx/.", max_size=12))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_path_can_be_asked_for(lay: Lay, source: str, path: str) -> None:
    layout = lay(f"COPY . /x\nCOPY --from=b /{source} /y\nRUN cp /x/a.py /{source.replace('*', '')}")
    assert layout.at(path) is None or layout.written(path)
    assert layout.file(path) in {None, *FILES}
