"""Makes small FastAPI services with their code, to measure on: varied, and the same for the same arguments.

    python scripts/make_services.py FOLDER [--count 600] [--layout apart|repository|context]
    python scripts/make_services.py FOLDER --layout code [--bytes 1300000]
    python scripts/make_services.py FOLDER --layout vendored

apart: each service in a folder of its own. repository: all in one git repository with libraries, documents and --files more
files; each service's folder is its build context. context: the same, and the repository's root is the build context of all
(a Compose file says so). code: one service with a large code base. vendored: one that brings C sources with their configure
scripts. FOLDER must not exist yet, or be empty.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

Files = dict[str, str]

_NOUNS = """
account article asset audit badge basket booking branch budget campaign carrier catalog channel claim comment contact
contract coupon course customer delivery device document donation driver event expense feature feedback fleet forecast
gift grade guest hotel invoice issue job journal keyword label lead lesson license listing loan location lot machine
market meal measure member menu message meter milestone note notice offer order outlet page parcel partner patient
payment permit person photo plan player policy post price product profile project promotion quote rating receipt
recipe refund region report request reservation review reward role room route sale schedule season sensor session
shift shipment shop signal site slot stock store student subscription supplier survey table tag task team template
tenant ticket topic tour track trade transfer trip unit user vehicle vendor venue visit voucher wallet warehouse
widget worker zone
"""
_ATTRIBUTES = """
name title owner state amount currency kind colour weight height region country street city zip phone mail priority
rank score level quota limit total tax discount reference source target remark summary language category channel width
depth unit factor version digest origin balance
"""
_SUBJECTS, _FIELDS = tuple(_NOUNS.split()), tuple(_ATTRIBUTES.split())
_TYPES = ("str", "int", "float", "bool", "datetime", "str | None", "int | None")


class Service:
    """One service: its names, and the choices that its files have in common."""

    def __init__(self, number: int, seed: int) -> None:
        self.random = random.Random(f"{seed}/{number}")
        pick = self.random
        self.subjects = pick.sample(_SUBJECTS, pick.randint(1, 5))
        self.name = f"{self.subjects[0]}-{number:04}"
        self.package = pick.choice(("app", "app", "app", "src", self.subjects[0] + "s"))
        self.port = pick.choice((8000, 8000, 8080, 80, 5000, 8000 + number % 97))
        self.database = pick.random() < 0.45
        self.compiles = self.database and pick.random() < 0.7  # psycopg2 from source: gcc and libpq-dev
        self.redis = pick.random() < 0.3
        self.uploads = pick.random() < 0.15
        self.tests = pick.random() < 0.8
        self.script = pick.random() < 0.15
        self.python = pick.choice(("3.10", "3.11", "3.11", "3.12", "3.12", "3.13"))

    def files(self, prefix: str = "") -> Files:
        """The files, by path; ``prefix`` is where the service's folder lies in the build context."""
        package = self.package
        found: Files = {
            "Dockerfile": _dockerfile(self, prefix),
            "requirements.txt": _requirements(self),
            f"{package}/__init__.py": "",
            f"{package}/main.py": _main(self),
            f"{package}/settings.py": _settings(self),
            "README.md": f"# {self.name}\n\nKeeps {', '.join(each + 's' for each in self.subjects)}.\n",
            ".gitignore": "__pycache__/\n*.pyc\n.env\n.venv/\n",
        }
        for subject in self.subjects:
            found[f"{package}/routers/{subject}s.py"] = _router(self, subject)
        found[f"{package}/routers/__init__.py"] = ""
        if self.database:
            found[f"{package}/db.py"] = _database(self)
        if self.tests:
            found["tests/test_api.py"] = _test(self)
        if self.uploads:
            found[f"{package}/storage.py"] = _storage(self)
        if self.script:
            found["docker-entrypoint.sh"] = _entrypoint(self)
        if self.random.random() < 0.6:
            found["docker-compose.yml"] = _compose(self)
        if self.random.random() < 0.5:
            found[".env.example"] = (
                f"LOG_LEVEL=info\nPORT={self.port}\n" + "REDIS_URL=redis://cache:6379/0\n" * self.redis
            )
        return found


def _dockerfile(service: Service, prefix: str) -> str:
    pick = service.random
    tag = pick.choice(("-slim", "-slim", "-slim", "-slim-bookworm", ""))
    comments = pick.random() < 0.5
    lines = [f"FROM python:{service.python}{tag}", ""]
    if pick.random() < 0.6:
        lines += ["ENV PYTHONUNBUFFERED=1" + " \\\n    PYTHONDONTWRITEBYTECODE=1" * (pick.random() < 0.5), ""]
    lines += ["WORKDIR /" + pick.choice(("app", "app", "code", "usr/src/app", f"srv/{service.subjects[0]}")), ""]
    check = pick.random() < 0.55
    packages = ["gcc", "libpq-dev"] * service.compiles + ["curl"] * check
    packages += pick.sample(
        ["git", "build-essential", "libffi-dev", "ca-certificates", "tzdata"], pick.choice((0, 0, 1, 2))
    )
    if packages:
        pick.shuffle(packages)
        lines += ["# System packages"] * comments
        glue, options = (
            pick.choice((" ", " \\\n    ")),
            pick.choice(("-y", "-y", "-y --no-install-recommends", "-qq -y")),
        )
        command = f"apt-get update && apt-get install {options}{glue}{glue.join(packages)}"
        lines += [f"RUN {command}" + " && rm -rf /var/lib/apt/lists/*" * (pick.random() < 0.7), ""]
    lines += ["# Python packages"] * comments
    quiet = pick.choice(("", "--no-cache-dir ", "--no-cache-dir ", "--upgrade "))
    install = f"RUN pip install {quiet}-r requirements.txt"
    if pick.random() < 0.2:
        install = f"RUN pip install {quiet}--upgrade pip && \\\n    pip install {quiet}-r requirements.txt"
    everything = f"COPY {prefix or '.'} ."
    if pick.random() < 0.3:
        lines += [everything, install, ""]
    else:
        lines += [f"COPY {prefix}requirements.txt .", install, "", *["# The program"] * comments, everything, ""]
    if pick.random() < 0.2:
        lines += [f"RUN useradd -m {service.subjects[0]}", f"USER {service.subjects[0]}", ""]
    lines += [f"EXPOSE {service.port}", ""]
    if check:
        lines += [f"HEALTHCHECK --interval=30s CMD curl -f http://localhost:{service.port}/health || exit 1", ""]
    server = ["uvicorn", f"{service.package}.main:app", "--host", "0.0.0.0", "--port", str(service.port)]
    if pick.random() < 0.25:
        server = [
            "gunicorn",
            "-k",
            "uvicorn.workers.UvicornWorker",
            "-b",
            f"0.0.0.0:{service.port}",
            f"{service.package}.main:app",
        ]
    exec_form = "[" + ", ".join(f'"{word}"' for word in server) + "]"
    if service.script:
        lines += ["RUN chmod +x docker-entrypoint.sh", 'ENTRYPOINT ["./docker-entrypoint.sh"]', f"CMD {exec_form}"]
    else:
        lines.append("CMD " + (" ".join(server) if pick.random() < 0.25 else exec_form))
    return "\n".join(lines) + "\n"


def _requirements(service: Service) -> str:
    pick = service.random
    names = ["fastapi", "uvicorn[standard]", "pydantic-settings", "gunicorn"]
    names += (["psycopg2" if service.compiles else "psycopg2-binary", "sqlalchemy", "alembic"]) * service.database
    names += ["redis"] * service.redis + ["python-multipart"] * service.uploads
    names += pick.sample(
        ["httpx", "structlog", "tenacity", "orjson", "python-jose", "prometheus-client"], pick.randint(0, 4)
    )
    return "".join(f"{name}=={pick.randint(0, 3)}.{pick.randint(0, 30)}.{pick.randint(0, 9)}\n" for name in names)


def _main(service: Service) -> str:
    package = service.package
    imports = "".join(f"from {package}.routers import {each}s\n" for each in service.subjects)
    routers = "".join(
        f'app.include_router({each}s.router, prefix="/{each}s", tags=["{each}"])\n' for each in service.subjects
    )
    return f'''"""The application of {service.name}."""

import logging
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from fastapi.middleware.cors import CORSMiddleware

{imports}from {package}.settings import settings

logging.basicConfig(level=settings.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s %(message)s")
logger = logging.getLogger("{service.name}")


@asynccontextmanager
async def lifespan(app: FastAPI):
    logger.info("starting %s", settings.title)
    yield
    logger.info("stopped")


app = FastAPI(title=settings.title, version="1.{len(service.subjects)}.0", lifespan=lifespan)
app.add_middleware(CORSMiddleware, allow_origins=settings.origins, allow_methods=["*"], allow_headers=["*"])
{routers}

@app.middleware("http")
async def log_requests(request: Request, call_next):
    response = await call_next(request)
    logger.info("%s %s -> %s", request.method, request.url.path, response.status_code)
    return response


@app.get("/health")
async def health() -> dict[str, str]:
    return {{"status": "ok", "service": settings.title}}


@app.get("/")
async def root() -> dict[str, str]:
    return {{"name": settings.title, "docs": "/docs"}}
'''


def _settings(service: Service) -> str:
    lines = [
        '"""Settings, from the environment."""', "", "from pydantic_settings import BaseSettings, SettingsConfigDict", "", "",
        "class Settings(BaseSettings):", '    model_config = SettingsConfigDict(env_file=".env", extra="ignore")', "",
        f'    title: str = "{service.name}"', '    log_level: str = "info"', f"    port: int = {service.port}",
        '    origins: list[str] = ["*"]',
    ]  # fmt: skip
    if service.database:
        lines.append(f'    database_url: str = "postgresql+psycopg2://app:app@db:5432/{service.subjects[0]}"')
    if service.redis:
        lines.append('    redis_url: str = "redis://cache:6379/0"')
    if service.uploads:
        lines.append('    upload_dir: str = "uploads"')
    return "\n".join([*lines, "", "", "settings = Settings()"]) + "\n"


def _router(service: Service, subject: str) -> str:
    pick = service.random
    title, fields = subject.title(), pick.sample(_FIELDS, pick.randint(3, 9))
    declared = "\n".join(f"    {name}: {pick.choice(_TYPES)}" for name in fields)
    summary = "\n".join(
        f'''

@router.get("/by-{name}/{{value}}")
async def by_{name}(value: str, limit: int = Query({pick.randint(10, 90)}, le=500)) -> list[{title}]:
    """The {subject}s with this {name}, {pick.choice(("newest", "oldest", "largest", "best"))} first."""
    found = [each for each in _{subject}s.values() if str(each.{name}) == value]
    return sorted(found, key=lambda each: each.id, reverse={pick.random() < 0.5})[:limit]'''
        for name in fields[: pick.randint(1, 4)]
    )
    return f'''"""What can be asked of {subject}s."""

from __future__ import annotations

import logging
from datetime import datetime, timezone
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, HTTPException, Query, status
from pydantic import BaseModel, Field

from {service.package}.settings import Settings, settings

router = APIRouter()
logger = logging.getLogger(__name__)


class {title}In(BaseModel):
{declared}


class {title}({title}In):
    id: UUID = Field(default_factory=uuid4)
    created: datetime = Field(default_factory=lambda: datetime.now(timezone.utc))


_{subject}s: dict[UUID, {title}] = {{}}


def given() -> Settings:
    return settings


@router.get("/")
async def list_{subject}s(skip: int = 0, limit: int = {pick.randint(20, 200)}) -> list[{title}]:
    return list(_{subject}s.values())[skip : skip + limit]


@router.post("/", status_code=status.HTTP_201_CREATED)
async def add_{subject}(body: {title}In, config: Settings = Depends(given)) -> {title}:
    made = {title}(**body.model_dump())
    _{subject}s[made.id] = made
    logger.info("added {subject} %s in %s", made.id, config.title)
    return made


@router.get("/{{key}}")
async def get_{subject}(key: UUID) -> {title}:
    if key not in _{subject}s:
        raise HTTPException(status.HTTP_404_NOT_FOUND, f"no {subject} {{key}}")
    return _{subject}s[key]


@router.delete("/{{key}}", status_code=status.HTTP_204_NO_CONTENT)
async def delete_{subject}(key: UUID) -> None:
    _{subject}s.pop(key, None)
{summary}
'''


def _database(service: Service) -> str:
    return f'''"""The database."""

from collections.abc import Iterator

from sqlalchemy import create_engine, text
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker

from {service.package}.settings import settings

engine = create_engine(settings.database_url, pool_size={service.random.randint(2, 20)}, pool_pre_ping=True)
SessionLocal = sessionmaker(engine, expire_on_commit=False)


class Base(DeclarativeBase):
    pass


def session() -> Iterator[Session]:
    with SessionLocal() as made:
        yield made


def ready() -> bool:
    with engine.connect() as connection:
        return connection.execute(text("select 1")).scalar() == 1
'''


def _storage(service: Service) -> str:
    return f'''"""Files that users send."""

import os
import shutil
from pathlib import Path

from fastapi import UploadFile

from {service.package}.settings import settings

FOLDER = Path(os.environ.get("UPLOAD_DIR", settings.upload_dir))
FOLDER.mkdir(parents=True, exist_ok=True)


def keep(upload: UploadFile) -> Path:
    target = FOLDER / os.path.basename(upload.filename or "{service.subjects[0]}")
    with open(target, "wb") as stream:
        shutil.copyfileobj(upload.file, stream)
    return target
'''


def _test(service: Service) -> str:
    cases = "\n\n".join(
        f"""def test_{each}s():
    assert client.get("/{each}s/").status_code == 200
    assert client.get("/{each}s/{service.random.getrandbits(64):016x}").status_code in (404, 422)
"""
        for each in service.subjects
    )
    return f"""from fastapi.testclient import TestClient

from {service.package}.main import app

client = TestClient(app)


def test_health():
    assert client.get("/health").json()["status"] == "ok"


{cases}"""


def _entrypoint(service: Service) -> str:
    wait = 'until pg_isready -h "${DB_HOST:-db}" -p 5432; do\n    sleep 1\ndone\n' * service.database
    return f'#!/bin/sh\nset -e\n\n{wait}echo "starting {service.name}"\nexec "$@"\n'


def _compose(service: Service) -> str:
    lines = [
        "services:",
        f"  {service.subjects[0]}:",
        "    build: .",
        "    ports:",
        f'      - "{service.port}:{service.port}"',
    ]
    if service.database:
        lines += ["    depends_on:", "      - db", "  db:", f"    image: postgres:{service.random.randint(13, 17)}"]
        lines += ["    environment:", "      POSTGRES_USER: app", "      POSTGRES_PASSWORD: app"]
    if service.redis:
        lines += ["  cache:", "    image: redis:7-alpine"]
    return "\n".join(lines) + "\n"


def _worker(service: Service, subject: str) -> str:
    """A module that does what dockfix asks about: it runs programs, writes files, reads the environment."""
    pick = service.random
    functions = "\n\n".join(
        pick.choice(
            (
                f'''def export_{field}(rows: list[dict], folder: Path = OUTPUT) -> Path:
    """Writes the {field} of all {subject}s, one a line."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{subject}-{field}-{{date.today():%Y%m%d}}.csv"
    with target.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["id", "{field}"])
        for row in rows:
            writer.writerow([row["id"], row.get("{field}")])
    return target
''',
                f'''def convert_{field}(source: Path) -> bytes:
    """The {field} as the other side wants it."""
    done = subprocess.run(["gzip", "-c", str(source)], capture_output=True, check=True, timeout={pick.randint(5, 99)})
    logger.info("%s: %d bytes", source.name, len(done.stdout))
    return done.stdout
''',
                f'''def total_{field}(rows: list[dict]) -> dict[str, float]:
    """Sums of the {field} by day, without those that were taken back."""
    sums: dict[str, float] = {{}}
    for row in rows:
        if row.get("cancelled") or row["{field}"] is None:
            continue
        day = str(row["created"])[:10]
        sums[day] = sums.get(day, 0.0) + float(row["{field}"]) * {pick.randint(2, 90)} / 100
    return dict(sorted(sums.items()))
''',
                f'''class {field.title()}Policy:
    """What holds for the {field} of a {subject}."""

    limit = int(os.environ.get("{subject.upper()}_{field.upper()}_LIMIT", "{pick.randint(10, 9999)}"))

    def __init__(self, strict: bool = False) -> None:
        self.strict = strict
        self.seen: set[str] = set()

    def check(self, value: str) -> str:
        if len(value) > self.limit or (self.strict and value in self.seen):
            raise ValueError(f"{field} {{value!r}} is not allowed here")
        self.seen.add(value)
        return value.strip().lower()
''',
            )
        )
        for field in pick.sample(_FIELDS, pick.randint(8, 20))
    )
    return f'''"""What is done with {subject}s in the background."""

import csv
import logging
import os
import subprocess
from datetime import date
from pathlib import Path

logger = logging.getLogger(__name__)
OUTPUT = Path(os.environ.get("OUTPUT_DIR", "/var/lib/{subject}s"))


{functions}'''


def _apart(options: argparse.Namespace) -> Files:
    found: Files = {}
    for number in range(options.count):
        service = Service(number, options.seed)
        found |= {f"{service.name}/{path}": text for path, text in service.files().items()}
    return found


def _repository(options: argparse.Namespace) -> Files:
    """All in one repository, each in a build context of its own."""
    return {".git/HEAD": "ref: refs/heads/main\n", **_below("services/", _apart(options)), **_around(options)}


def _context(options: argparse.Namespace) -> Files:
    """All in one repository whose root is everyone's build context."""
    found: Files = {".git/HEAD": "ref: refs/heads/main\n", **_around(options)}
    compose = ["services:"]
    for number in range(options.count):
        service = Service(number, options.seed)
        folder = f"services/{service.name}/"
        files = service.files(folder)
        files.pop("docker-compose.yml", None)
        found |= _below(folder, files)
        compose += [f"  {service.name}:", "    build:", "      context: .", f"      dockerfile: {folder}Dockerfile"]
    return {**found, "docker-compose.yml": "\n".join(compose) + "\n"}


def _around(options: argparse.Namespace) -> Files:
    """What else lies in such a repository: a front end, documents, libraries."""
    pick = random.Random(options.seed)
    makers: tuple[Callable[[int], tuple[str, str]], ...] = (
        lambda number: (
            f"web/src/{number % 40}/view{number}.tsx",
            f"export const View{number} = () => <p>{number}</p>\n" * 40,
        ),
        lambda number: (f"docs/{number % 20}/page{number}.md", f"# Page {number}\n\n" + "Some words on it.\n" * 60),
        lambda number: (
            f"libs/common{number % 9}/part{number}.py",
            _worker(Service(number, -1), pick.choice(_SUBJECTS)),
        ),
    )
    return dict(pick.choice(makers)(number) for number in range(options.files))


def _code(options: argparse.Namespace) -> Files:
    """One service with a large code base."""
    service = Service(0, options.seed)
    found, size, number = service.files(), 0, 0
    while size < options.bytes:
        other = Service(number, options.seed + 1)
        other.package = service.package
        for subject in other.subjects:
            for kind, text in (("api", _router(other, subject)), ("jobs", _worker(other, subject))):
                found[f"{service.package}/area{number % 12}/{subject}{number}/{kind}.py"] = text
                size += len(text)
        number += 1
    return found


def _vendored(options: argparse.Namespace) -> Files:
    """A service that brings a database in C in one file, and a library with its configure scripts."""
    service = Service(0, options.seed)
    pick = random.Random(options.seed)
    source = lambda size: _repeat(size, lambda number: _C.format(name=pick.choice(_FIELDS), number=number))  # noqa: E731
    script = lambda size: _repeat(size, lambda number: _CONFIGURE.format(name=pick.choice(_FIELDS), number=number))  # noqa: E731
    found = service.files() | {
        "vendor/sqlite/sqlite3.c": source(9_000_000),
        "vendor/sqlite/shell.c": source(1_000_000),
        "vendor/sqlite/sqlite3.h": source(640_000),
        "vendor/lib/configure": "#! /bin/sh\n" + script(950_000),
        "vendor/lib/ltmain.sh": "#! /bin/sh\n" + script(330_000),
        "vendor/lib/config.guess": "#! /bin/sh\n" + script(50_000),
        "vendor/lib/config.sub": "#! /bin/sh\n" + script(35_000),
        "vendor/lib/aclocal.m4": script(400_000),
        "vendor/lib/Makefile.in": script(60_000),
    }
    return found | {f"vendor/lib/src/part{number}.{kind}": source(30_000) for number in range(150) for kind in "ch"}


_C = """
/*
** Move the {name} of page {number} to the list of free ones. Return SQLITE_OK, or an error code where /var/tmp is full.
** See https://www.sqlite.org/fileformat.html#{name}
*/
static int {name}Page{number}(Pager *pPager, DbPage *pPg, u32 iFlags){{
  int rc = SQLITE_OK;
  const char *zFile = "/tmp/etilqs_{name}";
  if( pPager->{name}!=0 && (pPg->flags & PGHDR_DIRTY)==0x{number:x} ){{
    rc = sqlite3OsOpen(pPager->pVfs, zFile, pPager->fd, iFlags|{number}, 0);
    memcpy(&pPager->aSave[{number} % 64], pPg->pData, pPager->pageSize);
    if( rc!=SQLITE_OK ) return sqlite3LogError(rc, "cannot open file %s at line {number} of [%.10s]", zFile);
  }}
  return rc;
}}
"""
_CONFIGURE = """
{{ printf "%s\\n" "$as_me:${{as_lineno-$LINENO}}: checking for {name}{number}" >&5
printf %s "checking for {name}{number}... " >&6; }}
if test ${{ac_cv_func_{name}{number}+y}}
then :
  printf %s "(cached) " >&6
else case e in #(
  e) cat confdefs.h - <<_ACEOF >conftest.$ac_ext
/* end confdefs.h.  */
#include <stdio.h>
char {name}{number} (void);
int main (void) {{ return {name}{number} (); }}
_ACEOF
if ac_fn_c_try_link "$LINENO"
then :
  ac_cv_func_{name}{number}=yes
else case e in #(
  e) ac_cv_func_{name}{number}=no ;;
esac
fi
rm -f core conftest.err conftest.$ac_objext conftest.beam conftest$ac_exeext conftest.$ac_ext ;;
esac
fi
for ac_dir in /usr/local/lib /opt/lib /var/lib/{name}; do
  gcc -c -o conftest.o conftest.c && as_fn_error $? "cannot run {name}" "$LINENO" 5
done
"""


def _repeat(size: int, piece: Callable[[int], str]) -> str:
    found, length = [], 0
    while length < size:
        found.append(piece(len(found)))
        length += len(found[-1])
    return "".join(found)


def _below(folder: str, files: Mapping[str, str]) -> Files:
    return {folder + path: text for path, text in files.items()}


LAYOUTS: dict[str, Callable[[argparse.Namespace], Files]] = {
    "apart": _apart,
    "repository": _repository,
    "context": _context,
    "code": _code,
    "vendored": _vendored,
}


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("folder", type=Path)
    made.add_argument("--layout", choices=sorted(LAYOUTS), default="apart")
    made.add_argument("--count", type=int, default=600, help="services")
    made.add_argument("--files", type=int, default=3000, help="other files of a repository")
    made.add_argument("--bytes", type=int, default=1_300_000, help="of Python, for --layout code")
    made.add_argument("--seed", type=int, default=1)
    return made


def make(folder: Path, arguments: tuple[str, ...] = ()) -> None:
    """Writes the files that the options in ``arguments`` ask for below a folder."""
    options = parser().parse_args([str(folder), *arguments])
    for path, text in LAYOUTS[options.layout](options).items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, "utf-8")


def main() -> int:
    folder: Path = parser().parse_args().folder
    if folder.exists() and any(folder.iterdir()):
        print(f"{folder} is not empty")
        return 2
    make(folder, tuple(sys.argv[2:]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
