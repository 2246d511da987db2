"""uv's own options (uv 0.13, ``uv sync --help``, ``uv pip install --help`` and the like); those of older versions as well."""

from __future__ import annotations

_VALUED = """
--allow-insecure-host --cache-dir --color --config-file --config-setting --config-settings-package --default-index --directory
--exclude-newer --exclude-newer-package --extra --extra-index-url --find-links --fork-strategy --group --index --index-strategy
--index-url --keyring-provider --link-mode --no-build-isolation-package --no-editable-package --no-sources-package --output-format
--prerelease --prerelease-package --project --python --python-platform --refresh-package --reinstall-package --resolution
--upgrade-group --upgrade-package -C -P -f -i -p --trusted-host
"""
_PROJECT = (
    "--no-binary-package --no-build-package --no-extra --no-group --only-group --package --no-install-package --script"
)
_PIP = """
--build-constraint --build-constraints --cert --constraint --constraints --editable --excludes --no-binary --only-binary --override
--overrides --prefix --python-version --requirement --requirements --target --torch-backend -b -c -e -r -t
"""
# options that take a value, by verb
VALUED = {
    "sync": frozenset((_VALUED + _PROJECT).split()),
    "export": frozenset((_VALUED + _PROJECT).split())
    | {"--format", "--output-file", "-o", "--prune", "--no-emit-package"},
    "pip": frozenset((_VALUED + _PIP).split())
    | {"--no-emit-package", "--output-file", "-o", "--custom-compile-command"},
    "venv": frozenset(_VALUED.split()) | {"--prompt", "--index-strategy"},
    "run": frozenset((_VALUED + _PROJECT).split())
    | {"--env-file", "--with", "--with-editable", "--with-requirements", "-w", "-s"},
}
_ANY = """
--compile-bytecode --config-settings --help --managed-python --no-build --no-build-isolation --no-cache --no-cache-dir --no-config
--no-index --no-managed-python --no-progress --no-python-downloads --no-require-build-hashes --no-sources --native-tls --system-certs
--offline --preview --quiet --refresh --reinstall --force-reinstall --require-build-hashes --upgrade --verbose -U -h -n -q -v
"""
# those that take none, for what installs; any other is not modelled
FLAGS = {
    "sync": frozenset(
        (
            _ANY
            + """
            --active --all-extras --all-groups --all-packages --dev --exact --frozen --inexact --locked --no-binary
            --no-default-groups --no-dev --no-editable --no-install-local --no-install-project --no-install-workspace --only-dev
            """
        ).split()
    ),
    "pip": frozenset(
        (
            _ANY
            + """
            --all-extras --allow-empty-requirements --break-system-packages --exact --no-break-system-packages --no-deps --no-editable
            --no-verify-hashes --pre --require-hashes --strict --system
            """
        ).split()
    ),
}
# Options of ``uv pip install`` that choose for which machine packages are, or what builds them: the install cannot be moved then
BLOCKERS = {
    "--python-platform": "--python-platform installs for another machine",
    "--no-build-isolation": "--no-build-isolation builds with the packages of the base image",
    "--no-build-isolation-package": "--no-build-isolation-package builds with the packages of the base image",
}
