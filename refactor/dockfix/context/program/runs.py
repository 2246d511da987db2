"""Programs that Python starts, and libraries that it loads."""

from __future__ import annotations

import ast
import re

from dockfix.context.program.calls import Call, Findings, plain
from dockfix.context.program.environments import read_environment
from dockfix.context.program.model import UNKNOWN, Use, Write
from dockfix.context.program.paths import CODE, HOLE, PACKAGES, TEMP, Value, shown
from dockfix.context.program.scopes import Scope
from dockfix.context.program.values import Evaluator
from dockfix.context.scripts import commands_in_script
from dockfix.lazy import regex
from dockfix.syntax.shell import quoted

RUNS = frozenset(
    {
        "run",
        "call",
        "check_call",
        "check_output",
        "Popen",
        "popen",
        "getoutput",
        "getstatusoutput",
        "system",
        "which",
        "find_executable",
        "create_subprocess_exec",
        "create_subprocess_shell",
        "run_process",
        "open_process",
        "spawn",
        "spawnu",
        "runu",
        "startfile",
        "subprocess_exec",
        "subprocess_shell",
        "posix_spawn",
        "posix_spawnp",
        "sudo",
        "local",
        "execv",
        "execve",
        "execvp",
        "execvpe",
        "execl",
        "execle",
        "execlp",
        "execlpe",
        "spawnv",
        "spawnve",
        "spawnvp",
        "spawnvpe",
        "spawnl",
        "spawnle",
        "spawnlp",
        "spawnlpe",
        "popen_spawn",
        "PopenSpawn",
    }
)
LOADS = frozenset({"CDLL", "PyDLL", "LoadLibrary", "find_library", "dlopen", "load_library"})
_SUBPROCESS = regex(
    r"(?:.*\.)?(?:subprocess|sp|subprocess32|gevent\.subprocess|eventlet\.green\.subprocess|psutil|_subprocess)\.\w+"
    r"|(?:asyncio\.|loop\.|\(\)\.)?(?:create_subprocess_(?:exec|shell)|subprocess_(?:exec|shell))"
    r"|(?:.*\.)?(?:getoutput|getstatusoutput|check_output|check_call|Popen|run_process|open_process)"
)
_SHELL = regex(
    r"(?:os|posix|commands)\.(?:system|popen)|(?:.*\.)?(?:getoutput|getstatusoutput|create_subprocess_shell"
    r"|subprocess_shell)"
    r"|(?:pexpect|envoy|delegator|sarge|invoke|fabric)(?:\.\w+)*(?:\(\))?\.(?:run|runu|spawn|spawnu|local|sudo|popen|PopenSpawn)"
    r"|pexpect\.popen_spawn\.PopenSpawn|(?:c|ctx|context|conn|connection)\.(?:run|sudo|local)|os\.startfile"
)
# What a shell does itself
_BUILTINS = frozenset(
    {
        "cd",
        "echo",
        "export",
        "set",
        "unset",
        "exit",
        "return",
        "source",
        ".",
        ":",
        "[",
        "[[",
        "test",
        "true",
        "false",
        "read",
        "eval",
        "exec",
        "trap",
        "umask",
        "ulimit",
        "wait",
        "shift",
        "type",
        "command",
        "builtin",
        "local",
        "declare",
        "printf",
        "alias",
        "if",
        "!",
        "break",
        "continue",
        "pwd",
        "kill",
        "jobs",
        "fg",
        "bg",
        "let",
        "time",
        "hash",
        "getopts",
        "readonly",
    }
)
_MAX_LISTS = 8
_STANDIN = '"$DOCKFIX"'


def read_run(call: Call, found: Findings) -> None:
    """Reads a call that may start a program."""
    before = len(found.runs)
    _read_run(call, found)
    read_environment(call, found.runs[before:], found)


def _read_run(call: Call, found: Findings) -> None:
    dotted = call.dotted
    node, scope = call.node, call.scope
    if call.name in {"which", "find_executable"}:
        for value in call.values(0, "cmd", "executable"):
            found.run(value.text, node, scope, call.name)
    elif re.fullmatch(r"(?:os|posix)\.(?:(?:exec|spawn)\w+|posix_spawnp?)|(?:exec|spawn)[lv]p?e?", dotted):
        for value in call.values(1 if ".spawn" in dotted or dotted.startswith("spawn") else 0, "file", "path"):
            found.run(value.text, node, scope, dotted)
    elif _SHELL.fullmatch(dotted):
        _shell(call, call.values(0, "cmd", "command"), found)
    elif _SUBPROCESS.fullmatch(dotted) and not (call.name == "run" and not node.args and not call.arg(-1, "args")):
        if call.name.endswith("_exec"):
            words = ast.List([*node.args], ast.Load())
            _command(call, words, found)
            return
        executable = call.arg(-1, "executable")
        for value in call.evaluate(executable, scope):
            found.run(value.text, node, scope, dotted)
        _command(call, call.arg(0, "args", "command", "popenargs", "cmd"), found)


def _command(call: Call, node: ast.expr | None, found: Findings) -> None:
    """A command given as a list of words or as a text, also by the callers of the function that runs it."""
    if node is None:
        found.run(UNKNOWN, call.node, call.scope, call.dotted)
        return
    bounds = call.scope.lookup(node.id) if isinstance(node, ast.Name) else None
    passed = any(isinstance(value, ast.arg) for value, _ in bounds or ())
    for each, scope in call.evaluate.expanded(bounds) if passed else [(node, call.scope)]:
        if not isinstance(each, ast.expr):
            found.run(UNKNOWN, call.node, call.scope, call.dotted)
            continue
        lists = word_lists(call.evaluate, each, scope, 0)
        if not lists:
            _shell(call, call.evaluate(each, scope), found)
        for words in lists:
            shown = " ".join(_STANDIN if HOLE in word else quoted([word]) for word in words)
            _script(call, shown, found) if words and HOLE not in words[0] else found.run(
                _name(words[0]) if words else UNKNOWN, call.node, call.scope, call.dotted
            )


def _name(word: str) -> str:
    """A program's name where only the folder that it lies in is unknown."""
    last = word.rpartition("/")[2]
    return last if last and HOLE not in last and "/" in word else UNKNOWN


def _shell(call: Call, values: tuple[Value, ...], found: Findings) -> None:
    for value in values:
        if value.text.strip(HOLE + " "):
            _script(call, value.text.replace(HOLE, "$DOCKFIX"), found)
    if not values or any(not value.text.strip(HOLE + " ") for value in values):
        found.run(UNKNOWN, call.node, call.scope, call.dotted)


def _script(call: Call, text: str, found: Findings) -> None:
    facts = commands_in_script(text)
    if facts is None:
        found.run(UNKNOWN, call.node, call.scope, call.dotted)
        return
    found.scripts.append(Use(_where(call) + text, call.scope.module.file, call.node.lineno, call.dotted))
    for name in sorted(facts.commands - _BUILTINS):
        found.run(name, call.node, call.scope, call.dotted)
    if facts.dynamic or facts.runs_arguments:
        found.run(UNKNOWN, call.node, call.scope, call.dotted)
    for path in sorted(facts.writes):
        found.writes.append(Write(path, "root", call.scope.module.file, call.node.lineno, call.dotted))
    found.write(
        tuple(Value(path.replace("$", HOLE)) for path in sorted(facts.outputs)),
        call.node,
        call.scope,
        call.dotted,
        missing=False,
    )


def _where(call: Call) -> str:
    """The way to the folder in which a call has a program run, as a shell would go there; "" for one that is not known."""
    folders = {value.text.replace(TEMP, "/tmp") for value in call.values(-1, "cwd")}
    folder = next(iter(folders)) if len(folders) == 1 else ""
    return f"cd {quoted([folder])} && " if folder and not {HOLE, CODE, PACKAGES} & set(folder) else ""


def word_lists(evaluate: Evaluator, node: ast.expr, scope: Scope, depth: int) -> list[list[str]]:
    """The lists of words that an expression may be, holes for unknown words; nothing where it is no list."""
    if depth > 6:
        return []
    match node:
        case ast.List(elts=parts) | ast.Tuple(elts=parts):
            found: list[str] = []
            for part in parts:
                if isinstance(part, ast.Starred):
                    inner = word_lists(evaluate, part.value, scope, depth + 1)
                    found += inner[0] if inner else [HOLE]
                else:
                    found.append(_one(evaluate, part, scope))
            if parts and not isinstance(parts[0], ast.Starred):  # the program may be one of several
                return [[value.text, *found[1:]] for value in evaluate(parts[0], scope)] or [found]
            return [found]
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            first = word_lists(evaluate, left, scope, depth + 1)
            second = word_lists(evaluate, right, scope, depth + 1)
            if not first and not second:
                return []
            return [one + (second[0] if second else [HOLE]) for one in first or [[HOLE]]]
        case ast.Name() | ast.Attribute():
            return [
                words
                for value, inner in evaluate.expanded(evaluate.bounds(node, scope))[:_MAX_LISTS]
                if isinstance(value, ast.expr)
                for words in word_lists(evaluate, value, inner, depth + 1)
            ]
        case ast.IfExp(body=body, orelse=orelse):
            return word_lists(evaluate, body, scope, depth + 1) + word_lists(evaluate, orelse, scope, depth + 1)
        case ast.Call(func=ast.Attribute(attr="split"), args=[argument, *_]):
            return [value.text.split() for value in evaluate(argument, scope)]
        case ast.Call(func=ast.Attribute(attr="split", value=text), args=[]):
            return [value.text.split() for value in evaluate(text, scope)]
        case ast.Call(func=ast.Name(id="list" | "tuple"), args=[argument]):
            return word_lists(evaluate, argument, scope, depth + 1)
        case ast.Call() if (function := evaluate.callee(node, scope)[0]) is not None:
            called = function.called(evaluate.arguments(node, scope), node.keywords, scope)
            return [
                words
                for value, _ in function.names.get("return", [])[:_MAX_LISTS]
                if isinstance(value, ast.expr)
                for words in word_lists(evaluate, value, called, depth + 1)
            ]
    return []


def _one(evaluate: Evaluator, node: ast.expr, scope: Scope) -> str:
    values = evaluate(node, scope)
    known = [value.text for value in values if HOLE not in value.text]
    return known[0] if known else values[0].text if values else HOLE


def read_load(call: Call, found: Findings) -> None:
    """Reads a call that loads a shared library."""
    if call.name == "load_library" and not call.dotted.startswith(("numpy.ctypeslib", "npct", "np.ctypeslib")):
        return
    if call.name == "dlopen" and "ffi" not in call.dotted.lower() and not call.dotted.startswith((".", "cffi")):
        return
    values = call.values(0, "name")
    if call.name == "load_library":
        names = [value.text for value in values]
    else:
        # CDLL(find_library("x") or "libx.so.1"), CDLL(None) for the program itself
        argument = call.arg(0, "name")
        names = [value.text for value in values if value.text] or (
            [] if argument is None or _nothing(argument) else [HOLE]
        )
        if (
            isinstance(argument, ast.Call)
            and call.dotted != "find_library"
            and names == [HOLE]
            and call.evaluate.dotted(argument.func, call.scope).endswith("find_library")
        ):
            return  # counted by itself
    for name in names:
        found.loads.append(Use(shown(name), call.scope.module.file, call.node.lineno, call.name))


def _nothing(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def read_names(call: Call, found: Findings) -> None:
    """Reads ``sh.git(...)``: a program of the name of a function."""
    name = call.dotted.removeprefix("plumbum.cmd.").removeprefix("sh.").partition(".")[0]
    name = plain(call.arg(0)) or UNKNOWN if name == "Command" else name
    found.run(name.replace("_", "-"), call.node, call.scope, "sh")
