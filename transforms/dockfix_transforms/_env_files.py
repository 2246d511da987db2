"""Who reads a ``.env`` file by itself when the container runs."""

from __future__ import annotations

import posixpath
import re

from dockfix.context.application import Application, Mention, application
from dockfix.facts import Facts
from dockfix.facts.build_scripts import behind
from dockfix.knowledge.node_packages import env_readers
from dockfix.knowledge.node_programs import hands_env_file
from dockfix.lazy import regex
from dockfix.model.actions import Build
from dockfix.syntax import encode

from ._env_names import names_env
from ._shared_ignore import Taken

QUOTES = "'\""
# A name in quotes that is not that of a .env file: who names another one does not read it
_OTHER = rb"(?!\s*(?:\w+\s*=\s*)?[rbuf]*['\"](?!(?:[^'\"]*[/\\])?\.env['\"]))"
_FILE = rb"[rbuf]*['\"](?:[^'\"\n]*[/\\])?\.env['\"]"
# What finds and reads it without being told where it lies: https://pypi.org/project/python-dotenv/, …/environs/, …/django-environ/,
# …/python-decouple/, …/prettyconf/, …/dynaconf/, …/pydantic-settings/; or is given its name. In a table or list it is only a word.
_PYTHON = (
    rb"\b(?:load_dotenv|dotenv_values|find_dotenv|read_env|read_envfile)\s*\(" + _OTHER + rb"|\bload_dotenv\s*=\s*True\b"
    rb"|^\s*(?:from|import)\s+(?:decouple|prettyconf)\b|\b_?env_file['\"]?\s*[=:](?!=)\s*(?:[\[(]\s*)?" + _FILE
    # (what a variable or a call says, where the line names no other file)
    + rb"|\b_?env_file\s*=(?!=)\s*(?!(?:None|False|str|Path)\b|[rbuf]*['\"])(?![^\n]*\.env\.\w)[A-Za-z_]"
)  # fmt: skip
# Who imports these and is not seen to call them may do so by another name
_IMPORT = rb"^\s*(?:from|import)\s+(?:dotenv|environs)\b"
_CALL = regex(rb"\b(?:load_dotenv|dotenv_values|find_dotenv|Env)\s*\(")
_SHELL = (
    rb"(?:^|[;&|(]|\bthen|\bdo|\belse)[ \t]*(?:\.|source)[ \t]+['\"]?(?:[^\s'\";&|]*/)?\.env\b(?![\w.-])"
    rb"|\b(?:cat|grep|xargs|sed|export|env)\b[^\n;]*?[\s'\"/]\.env\b(?![\w.-])"
    rb"|(?:--env-file[= ]|<[ \t]*|^[ \t]*\w+=)['\"]?(?:[^\s'\"=]*/)?\.env\b(?![\w.-])|\bdotenv[ \t]+(?:-\S+[ \t]+)*run\b"
)
# The same in JavaScript; https://docs.nestjs.com/techniques/configuration reads one, and so does Node.js where it is told to
# (https://nodejs.org/api/process.html#processloadenvfilepath, https://nextjs.org/docs/app/guides/environment-variables, TypeORM where it
# is given no settings: https://orkhan.gitbook.io/typeorm/docs/using-ormconfig, and Fastify's plugin)
_SCRIPT = (
    rb"['\"](?:%b)(?:/[\w./-]*)?['\"]"
    % b"|".join(re.escape(encode(name)) for name in env_readers())
    + rb"|\bConfigModule\s*\.\s*forRoot\s*\(|--env-file(?:-if-exists)?[= ]|\bloadEnv(?:File|Config)?\s*\(|\bdotenv\s*:\s*true\b"
    rb"|\b(?:createConnections?|getConnectionOptions)\s*\(\s*\)"
)
_CODE = regex(r"(?i).*\.py[wx]?")
_JAVASCRIPT = regex(r"(?i).*\.[cm]?[jt]sx?|(?:.*/)?package\.json")
_NEEDS = regex(r"(?i)(?:requirements[^/]*|requirements/[^/]*)\.(?:txt|in)|pyproject\.toml|Pipfile|setup\.(?:py|cfg)")
_DOTENV = regex(r"(?i)\bpython[-_.]dotenv\b")
# A setting that whoever builds has to give, none that Node.js, a framework or a server's platform brings
_ASKS_SETTING = (
    rb"\bprocess\.env(?:\.|\[['\"])(?!(?:NODE_ENV|PORT|HOST|HOSTNAME|CI|ANALYZE|DEBUG|TZ|npm_\w+|NEXT_RUNTIME|NEXT_PHASE|VERCEL\w*|__\w+)\b)[A-Z]"
    rb"|\bimport\.meta\.env\.(?!(?:MODE|DEV|PROD|SSR|BASE_URL)\b)[A-Z]|%(?:REACT_APP|VITE)_\w+%|\bruntimeConfig\b"
)
# Programs that read one where they are started; Flask does where python-dotenv is installed
_PROGRAMS = ("honcho", "foreman", "pipenv", "dotenv")
_SETTING = regex(r"(?m)^[ \t]*(?:export[ \t]+)?([A-Za-z_]\w*)[ \t]*=")


def reader_of_env(facts: Facts, files: list[str]) -> str:
    """What reads a ``.env`` file, "" where nothing is seen to: the container, or the program while the image is built.

    ``files`` are those that are there.
    Who runs the image by a Compose file that gives the same settings loses nothing without the file.
    """
    return (
        ""
        if _given(facts, files)
        else _by_start(facts)
        or started_reader(facts, ("asked", "always") if files else ("always",))
        or reads_in_code(facts.application)
        or (build_reader(facts) if files else "")
    )


def build_reader(facts: Facts) -> str:
    """What makes output of the source while the image is built: builders of web pages read a ``.env`` by themselves. "" for nothing."""
    units = (each for stage in facts.model.stages for each in stage.units)
    found = next(((step, unit) for step, unit in units if isinstance(unit.effects.action, Build)), None)
    return f"{found[1].command.shown} in line {found[0].line}" if found is not None else ""


def builder_of_pages(facts: Facts, sources: Application) -> str:
    """What puts settings of a ``.env`` into pages that it builds or serves, where the sources ask for any; "" for nothing.

    That none is there shows nothing: git ignores it, and who builds has one.
    """
    for stage in facts.model.stages:
        for step, unit in stage.units:
            if isinstance(unit.effects.action, Build) and any(
                each.known is not None and each.known.env_file == "asked" for each in behind(facts, unit).commands
            ):
                return f"{unit.command.shown} in line {step.line}" if sources.search(_ASKS_SETTING) else ""
    started = started_reader(facts, ("asked",))
    return started if started and sources.search(_ASKS_SETTING) else ""


def started_reader(facts: Facts, kinds: tuple[str, ...]) -> str:
    """What the container starts of Node.js that takes settings out of a ``.env``, of these kinds; "" for nothing."""
    if not facts.is_javascript:
        return ""
    for each in facts.javascript.started.commands:
        reads = each.known is not None and each.known.env_file in kinds
        if reads or ("always" in kinds and hands_env_file(each.program, each.arguments)):
            return f"{each.program} in {each.where}"
    return ""


def reader_behind(sources: Application) -> str:
    """What may read a ``.env`` in an image of which only the sources are known: their code, or what it is given them by; "" for nothing."""
    asking = sources.search(_ASKS_SETTING)
    return reads_in_code(sources) or (f"what gives {asking[0].file}:{asking[0].line} its settings" if asking else "")


def reader_elsewhere(others: Taken, sources: Application) -> str:
    """What the Dockerfile builds that copies all of the same context, where that or its builds may read a ``.env``; "" for nothing."""
    builds = any("build" in text for text in others.texts) and bool(sources.search(_ASKS_SETTING))
    return f"what {others.whole} builds" if others.whole and (builds or reads_in_code(sources)) else ""


def _by_start(facts: Facts) -> str:
    started = facts.startup.programs
    program = next((name for name in _PROGRAMS if name in started), "")
    if not program and "flask" in started and _has_dotenv(facts):
        program = "flask"
    if program:
        return f"{program} in {started[program]}"
    shell = regex(_SHELL.decode(), re.MULTILINE)
    return next((where for where, text in facts.startup.texts.items() if shell.search(text)), "")


def _has_dotenv(facts: Facts) -> bool:
    """Whether python-dotenv is asked for: by an install, or by a file that says what the program needs."""
    return "python-dotenv" in facts.distributions or any(
        _DOTENV.search(facts.context.read(name) or "") for name in facts.context.named(_NEEDS)
    )


def reads_in_code(code: Application) -> str:
    """Where code reads a ``.env`` by itself, "" where none is seen to."""
    python = [found for found in code.search(b"(?m)" + _PYTHON) if _CODE.fullmatch(found.file)] or [
        found for found in code.search(b"(?m)" + _IMPORT) if not _CALL.search(code.texts[found.file])
    ]
    # (a pattern of many names is slow, and all other files hold none of what it finds)
    script = list(application(code.context, code.files & code.context.named(_JAVASCRIPT)).search(_SCRIPT))
    shell = code.search(b"(?m)" + _SHELL, kind="script")
    # package.json only asks for what reads it: the line of code that loads it says more
    script.sort(key=lambda found: posixpath.basename(found.file) == "package.json")
    first: Mention | None = next(iter((*python, *shell, *script)), None)
    if first is None:
        return next((f"{file}:{line}" for file, line in code.asked(names_env)), "")
    asked = posixpath.basename(first.file) == "package.json" and first.word[:1] in {"'", '"'}
    where = f"{first.file}:{first.line}"
    return f"the package {first.word.strip(QUOTES)} ({where})" if asked else where


def _given(facts: Facts, files: list[str]) -> bool:
    """Whether a Compose file gives the program what stands in its ``.env``; what runs it while the image is built is given nothing."""
    if build_reader(facts) or any(unit.effects.application for stage in facts.model.stages for _, unit in stage.units):
        return False
    services = facts.located.services
    names = {name for file in files for name in _SETTING.findall(facts.context.read(file) or "")}
    for service in services:
        settings = {setting.partition("=")[0] for setting in service.settings}
        named = any(posixpath.basename(file) == ".env" for file in service.env_files)
        if not named and not (names and names <= settings):
            return False
    return bool(services)
