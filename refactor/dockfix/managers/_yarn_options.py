"""The words of Yarn's command line: of version 1, https://classic.yarnpkg.com/lang/en/docs/cli, and of Berry, https://yarnpkg.com/cli."""

from __future__ import annotations

from dockfix.lazy import regex

_TELLS = "audit bin check help info licenses list outdated owner tag team version versions whoami why explain search stage login logout"
_OTHERS = """
autoclean constraints create dedupe import init link pack patch patch-commit plugin policies publish remove
self-update set unlink unplug up upgrade upgrade-interactive generate-lock-entry
"""
_VALUED = """
--cache-folder --cwd --emoji --global-folder --https-proxy --link-folder --loglevel --mode --modules-folder --mutex
--network-concurrency --network-timeout --otp --preferred-cache-folder --prefix --proxy --registry --update-checksums
--use-yarnrc --preset --tag
"""
_FLAGS = """
--audit --check-cache --check-files --check-resolutions --dev --disable-pnp --exact --flat --focus --force
--frozen-lockfile --har --ignore-engines --ignore-optional --ignore-platform --ignore-scripts
--ignore-workspace-root-check --immutable --immutable-cache --inline-builds --json --link-duplicates --no-bin-links
--no-color --no-default-rc --no-emoji --no-immutable --no-lockfile --no-node-version-check --no-optional --no-progress
--non-interactive --no-production --offline --optional --peer --prefer-offline --pnp --prod --production
--pure-lockfile --refresh-lockfile --s --scripts-prepend-node-path --silent --skip-integrity-check --strict-semver
--tilde --verbose --verify-files -A -D -E -O -P -R -T -W -s
"""
TELLS = frozenset(_TELLS.split())
OTHERS = frozenset(_OTHERS.split())
VALUED = frozenset(_VALUED.split())
FLAGS = frozenset(_FLAGS.split())
# Options that alone make another thing of an install
ODD = (
    "--modules-folder",
    "--focus",
    "--flat",
    "--pnp",
    "--global-folder",
    "--prefix",
    "--link-folder",
    "--use-yarnrc",
    "--dev",
)
# Options of an install with which Yarn 1 has to take the development packages away again: it works out the same tree
KEPT = frozenset(
    [
        "--ignore-engines",
        "--ignore-optional",
        "--ignore-platform",
        "--non-interactive",
        "--no-progress",
        "--silent",
        "-s",
    ]
)
# Variables that change what is installed, or where: how packages are linked and where the cache lies is asked elsewhere
CHANGING = regex(
    r"yarn_(?:production|modules_folder|ignore_scripts|flat|virtual_folder|pnp_\w+|lockfile_filename|rc_filename|yarn_path|nm_\w+|enable_scripts"
    r"|supported_architectures|install_state_path|frozen_lockfile|offline|ignore_path)"
)
# Settings that change neither
HARMLESS = regex(
    r"registry|network-(?:timeout|concurrency)|strict-ssl|cafile|ca|(?:https?-)?proxy|no-progress|ignore-engines|disable-self-update-check"
    r"|npm(?:RegistryServer|RegistryServers|Auth\w+|Scopes\b.*|AlwaysAuth)|http(?:s?Proxy|Timeout|Retry|sCaFilePath|sCertFilePath)"
    r"|enable(?:Telemetry|ProgressBars|StrictSsl|Colors|Network|ImmutableInstalls|Hyperlinks|MessageNames|Timers|InlineBuilds)"
    r"|networkConcurrency|unsafeHttpWhitelist|compressionLevel|checksumBehavior|//.*|@.*|'?@.*"
)
