"""The words of npm's command line: https://docs.npmjs.com/cli/v11/commands and https://docs.npmjs.com/cli/v11/using-npm/config."""

from __future__ import annotations

_INSTALLS = "install i in ins inst insta instal isnt isnta isntal isntall add"
_CLEAN_INSTALLS = "ci clean-install ic install-clean isntall-clean"
_RUNS = "run run-script rum urn start test t tst stop restart exec x rebuild rb"
_TELLS = "ls ll list la view info show v outdated audit fund doctor ping help root bin prefix query why explain"
_VALUED = """
--also --arch --before --cache --cpu --depth --fetch-retries --fetch-retry-maxtimeout --fetch-retry-mintimeout --fetch-timeout --include
--install-strategy --libc --location --loglevel --maxsockets --network-timeout --omit --only --os --platform --prefix --registry
--script-shell --tag --target_arch --target_platform --userconfig --workspace -C -w
"""
_FLAGS = """
--all --audit --build-from-source --color --dry-run --force --foreground-scripts --frozen-lockfile --fund --global --global-style
--if-present --ignore-scripts --include-workspace-root --json --legacy-bundling --legacy-peer-deps --no-audit --no-bin-links --no-cache
--no-color --no-fund --no-optional --no-package-lock --no-production --no-progress --no-save --no-shrinkwrap --no-update-notifier --offline
--optional --package-lock --package-lock-only --prefer-offline --prefer-online --production --progress --quiet --save --save-bundle
--save-dev --save-exact --save-optional --save-prod --silent --strict-peer-deps --unsafe-perm --update-notifier --verbose --workspaces
--yes -B -D -E -O -P -S -d -dd -ddd -f -g -q -s -ws -y
"""
INSTALLS = frozenset(_INSTALLS.split())
CLEAN_INSTALLS = frozenset(_CLEAN_INSTALLS.split())
RUNS = frozenset(_RUNS.split())
TELLS = frozenset(_TELLS.split())
VALUED = frozenset(_VALUED.split())
FLAGS = frozenset(_FLAGS.split())
