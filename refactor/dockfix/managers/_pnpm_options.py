"""The words of pnpm's command line: https://pnpm.io/pnpm-cli."""

from __future__ import annotations

_RUNS = "run run-script start stop test t restart exec dlx create rebuild rb"
_TELLS = (
    "list ls la ll why outdated audit licenses root bin help version doctor view info show prefix ping whoami search"
)
_OTHERS = """
approve-builds ci-info completion deploy env fetch import init link ln unlink pack patch patch-commit patch-remove
publish self-update server setup uninstall un remove rm up update upgrade dedupe login logout owner token unpublish
deprecate dist-tag
"""
_VALUED = """
--aggregate-output --changed-files-ignore-pattern --child-concurrency --config --cpu --dir --fetch-retries
--fetch-retry-factor --fetch-retry-maxtimeout --fetch-retry-mintimeout --fetch-timeout --filter --filter-prod
--global-dir --hoist-pattern --libc --lockfile-dir --loglevel --modules-dir --network-concurrency --node-linker
--node-options --os --package --package-import-method --public-hoist-pattern --registry --reporter --resume-from
--script-shell --sort --store-dir --test-pattern --trust-policy --use-node-version --virtual-store-dir
--workspace-concurrency -C -F
"""
_FLAGS = """
--color --dangerously-allow-all-builds --dev --fix-lockfile --force --frozen-lockfile --global --hoist
--ignore-pnpmfile --ignore-scripts --ignore-workspace --ignore-workspace-root-check --lockfile --lockfile-only
--merge-git-branch-lockfiles --no-color --no-frozen-lockfile --no-hoist --no-lockfile --no-optional
--no-prefer-frozen-lockfile --no-strict-peer-dependencies --no-verify-store-integrity --offline --optional
--prefer-frozen-lockfile --prefer-offline --prod --production --recursive --resolution-only --save-dev --save-exact
--save-optional --save-peer --save-prod --shamefully-hoist --side-effects-cache --silent --stream
--strict-peer-dependencies --unsafe-perm --use-stderr --verbose --workspace --workspace-root --yes -D -E -O -P -S -g
-r -s -w
"""
INSTALLS = frozenset({"install", "i", "add"})
RUNS = frozenset(_RUNS.split())
TELLS = frozenset(_TELLS.split())
OTHERS = frozenset(_OTHERS.split())
VALUED = frozenset(_VALUED.split())
FLAGS = frozenset(_FLAGS.split())
# Options that alone make another thing of an install
ODD = (
    "--dev",
    "-D",
    "--lockfile-only",
    "--resolution-only",
    "--modules-dir",
    "--virtual-store-dir",
    "--lockfile-dir",
    "--global-dir",
    "--config",
)
