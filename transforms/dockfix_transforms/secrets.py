"""The ``secrets`` transform."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import ClassVar

from dockfix.engine.transform import Edit, Outcome, Safety
from dockfix.facts import Facts, from_context
from dockfix.model.stages import Stage, Step
from dockfix.syntax import Instruction, pairs

from ._runs import layout, plain

_NAME = re.compile(r"(?i)(?:.*_)?(?:PASSWORD|PASSWD|PASSPHRASE|PASS|PWD|SECRET|SECRET_?KEY|SECRET_ACCESS_KEY|TOKEN|API_?KEY|PRIVATE_KEY"
                   r"|AUTH_?TOKEN|SECRET_KEY_BASE|CREDENTIALS)")
_NOT_A_NAME = re.compile(r"(?i)PWD|PASS|OLD_?PWD|.*(?:ALLOW|DISABLE|ENABLE|USE|REQUIRE|RANDOM|EMPTY|PUBLIC|CSRF|TRUSTED|BY)_.*")
# Values that say that they are none
_PLACEHOLDER = re.compile(
    r"(?i).{0,3}|\d{1,5}|true|false|null|none|dummy.*|.*change.?(?:me|this|it)\W*|.*change.?in.?production.*|placeholder.*|.*example.*"
    r"|unused|not.?used|not.?set|unset|fake.*|tests?|testing|x+|\*+|\.+|<.*>|\[.*\]|\{.*\}|your?[-_ ].*|.*[-_]here|todo|tbd|build"
    r"|undefined|ignored?|\*\*.*|[0-]+|.*not.?a.?secret.*|do?n.?t.*|(?-i:[A-Z_]*(?:PASSWORD|TOKEN|SECRET|KEY)[A-Z_]*)"
    r"|(?:/|\./|~/|file:).*|https?://[^@]*")
_URL = re.compile(r"\b[a-z][a-z0-9+.-]*://[^/\s:@$'\"{}]*:(?P<word>[^/\s@$'\"{}]+)@(?P<host>[\w-]+\.[\w.-]+)")
_LOCAL = re.compile(r"localhost|127\..*|0\.0\.0\.0|example\.\w+|[\w.]+\.example(?:\.\w+)?")
# Keys whose form says what they are: AWS, GitHub, GitLab, Slack, npm, PyPI, Stripe; private keys
_KEY = re.compile(r"\b(?:AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36}|github_pat_\w{50,}|glpat-[\w-]{20}|xox[bp]-\d+-[\w-]{20,}"
                  r"|npm_[A-Za-z0-9]{36}|pypi-AgEI[\w-]{50,}|sk_live_\w{20,})|-----BEGIN (?:\w+ )?PRIVATE KEY-----")
_KEY_FILE = re.compile(r"(?:.*/)?(?:id_(?:rsa|dsa|ecdsa|ed25519)|\.netrc|_netrc|\.git-credentials|\.pypirc|\.aws/credentials)")
_MAYBE_FILE = re.compile(r"(?i)(?:.*/)?(?:\.npmrc|\.yarnrc(?:\.yml)?|pip\.conf|\.env[^/]*|\.dockercfg|config\.json|[^/]*\.(?:pem|key|p8))")
_IN_FILE = re.compile(r"(?i)_authToken\s*=\s*[\"']?(?!\$)[\w-]{8,}|_password\s*=\s*[\"']?(?!\$)\S{4,}|npmAuthToken:\s*[\"']?(?!\$)[\w-]{8,}"
                      r"|\"auth\":\s*\"[\w+/=]{8,}\"")


class Secrets:
    """Point out passwords, tokens and keys that stay in the image.

    What it does
        Warns of credentials in ENV and ARG, in URLs, and of key files that are copied. With ``secrets.mount=true`` an ARG
        that is clearly a credential, has no default and is used by plain RUNs alone becomes a secret of BuildKit.

    Why
        Whoever has the image has them: ``docker history`` shows ARG and ENV, and a file that a later RUN removes is still in
        its layer.

    Example
        ARG INDEX_TOKEN                         RUN --mount=type=secret,id=INDEX_TOKEN \\
        RUN fetch $INDEX_TOKEN                      export INDEX_TOKEN="$(cat /run/secrets/INDEX_TOKEN)" \\
                                                    && fetch $INDEX_TOKEN

    Fix safety
        By default nothing is changed. The change asks for another build command: ``--secret id=INDEX_TOKEN,env=INDEX_TOKEN`` in
        place of ``--build-arg``. Placeholders, empty values, paths and values that come from elsewhere are passed over.
        An ARG is left where another instruction, a file or a command that is not known may read it too.
    """

    id: ClassVar[str] = "secrets"
    title: ClassVar[str] = "point out credentials that stay in the image"
    safety: ClassVar[Safety] = "safe"
    order: ClassVar[int] = 2
    atomic: ClassVar[bool] = True
    options: ClassVar[Mapping[str, str]] = {
        "mount": "true: turns an ARG whose use is clear into a secret mount; the image is then built with --secret",
    }

    def apply(self, facts: Facts) -> Outcome:
        """Looks through the stages whose layers are in the image."""
        warnings: list[tuple[int, str]] = []
        refusals: list[tuple[int, str]] = []
        edits: list[Edit] = []
        for stage in _image(facts.final):
            for step in stage.steps:
                warnings += [(step.line, text) for text in dict.fromkeys(_found(facts, step))]
                name = _credential(step)
                if not name:
                    continue
                reason = _unclear(facts, stage, step, name) if facts.option("secrets.mount") else "no"
                if not reason:
                    edits += _mounts(facts, stage, step, name)
                    continue
                if facts.option("secrets.mount"):
                    refusals.append((step.line, reason))
                warnings.append((step.line, f"what is given for {name} shows in docker history: "
                                            "a secret of BuildKit (RUN --mount=type=secret) does not"))
        return Outcome(edits, warnings=warnings, refusals=refusals)


def _image(stage: Stage) -> list[Stage]:
    return [*(_image(stage.parent) if stage.parent else []), stage]


def _is_name(name: str) -> bool:
    return bool(_NAME.fullmatch(name)) and not _NOT_A_NAME.fullmatch(name)


def _found(facts: Facts, step: Step) -> Iterator[str]:
    """The credentials that stand in an instruction or in a file that it copies."""
    node = step.instruction
    if node.keyword in {"ENV", "ARG"}:
        for name, value in pairs(node, {}):
            if value is not None and _is_name(name) and not _PLACEHOLDER.fullmatch(value) and "://" not in value:
                yield f"the value of {name} stays in the image, for everyone who has it to read"
            elif value is None and node.keyword == "ENV" and _is_name(name) and _from_argument(step, name):
                yield f"{name} takes the value of an ARG and keeps it in the image"
    for match in _URL.finditer(node.logical.text):
        if not _PLACEHOLDER.fullmatch(match["word"]) and not _LOCAL.fullmatch(match["host"]):
            yield f"the password for {match['host']} stays in the image, for everyone who has it to read"
    if _KEY.search(node.text):
        yield "a key stands in the Dockerfile, and stays in the image"
    if from_context(step):
        for word in step.copy.sources if step.copy else ():
            if _KEY_FILE.fullmatch(word) or (_MAYBE_FILE.fullmatch(word) and _has_key(facts, word)):
                yield f"{posixpath.basename(word)} stays in the image, even where a later RUN removes it"


def _from_argument(step: Step, name: str) -> bool:
    """Whether an ENV takes a credential from an ARG in scope."""
    text = step.instruction.args
    return any(_is_name(argument) and re.search(rf"\b{re.escape(name)}[= ][\"']?\$\{{?{re.escape(argument)}\b", text)
               for argument in step.state.args)


def _has_key(facts: Facts, name: str) -> bool:
    text = facts.context.read(name)
    return text is not None and (bool(_KEY.search(text)) or bool(_IN_FILE.search(text)))


def _credential(step: Step) -> str:
    """The name of an ARG without default that is a credential by its name; "" for any other instruction."""
    assigned = pairs(step.instruction, {}) if step.keyword == "ARG" else ()
    return next((name for name, value in assigned if value is None and _is_name(name) and "=" not in step.instruction.args), "")


def _unclear(facts: Facts, stage: Stage, step: Step, name: str) -> str:
    """Why it is not clear what a credential is used for, "" where only plain RUNs of the stage use it."""
    word = re.compile(rf"(?<![A-Za-z0-9_]){re.escape(name)}(?![A-Za-z0-9_])")
    if len(pairs(step.instruction, {})) != 1:
        return f"{name} is not the only one in its ARG"
    if name in facts.model.global_args or any(other.parent is stage for other in facts.model.stages):
        return f"{name} is seen by other stages too"
    below = stage.steps[stage.steps.index(step) + 1:]
    using = [each for each in below if word.search(each.instruction.text)]
    if not using:
        return f"no RUN names {name}, so what reads it is not known"
    for each in below:
        if each in using and (not plain(each) and not _only_mounts(each)):
            return f"{each.keyword} in line {each.line} uses {name}, and is not commands joined by &&"
        if each in using and not each.state.is_root:
            return f"the RUN in line {each.line} may not run as root, and could not read the secret then"
        if each not in using and any(unit.effects.unbounded for unit in each.units):
            return f"{each.units[0].command.text.split()[0]} in line {each.line} may read {name} too"
    others = [node for node in facts.tree.instructions if node is not step.instruction and word.search(node.text)
              and node not in [each.instruction for each in using]]
    if others:
        return f"line {others[0].line} names {name} too"
    mention = next((each for each in facts.application.search(word.pattern.encode())
                    if not posixpath.basename(each.file).lower().startswith("dockerfile")), None)
    return f"{mention.file}:{mention.line} names {name} too" if mention else ""


def _only_mounts(step: Step) -> bool:
    """Whether a RUN would be plain but for its flags."""
    node = step.instruction
    bare = not node.heredocs and node.json is None and not step.state.shell and bool(step.units)
    return bare and node.args.endswith(step.units[-1].command.text) and all(unit.command.separator in {"", "&&"} for unit in step.units)


def _mounts(facts: Facts, stage: Stage, step: Step, name: str) -> list[Edit]:
    """The edits that take the ARG away and give each RUN that uses it the secret."""
    node = step.instruction
    reason = f"{name} is no longer in docker history; build with --secret id={name},env={name} in place of --build-arg {name}"
    edits = [Edit(node, (), step.line, reason)]
    for each in stage.steps[stage.steps.index(step) + 1:]:
        run = each.instruction
        if name not in run.text or each.keyword != "RUN":
            continue
        end = run.keyword_span[1]
        start = run.logical.raw(run.args_start)
        joint = f" {facts.tree.escape}{facts.tree.newline}    "
        new = f"{run.text[:end]} --mount=type=secret,id={name}{run.text[end:start].rstrip(' ')}{joint}"
        ends = " &&" if layout(facts.tree, run)[1] is False else ""
        export = f'export {name}="$(cat /run/secrets/{name})"{ends}{joint}{"" if ends else "&& "}'
        edits.append(Edit(run, (Instruction(new + export + run.text[start:], run.line, run.escape),), each.line, ""))
    return edits
