"""Write ``knowledge/brought.toml``: the modules that come along with managers of Python packages which pip installs.

Each of the versions is installed by pip into an environment of its own, and what lies there is read. With ``--check`` the
table is compared instead.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

TABLE = Path(__file__).parents[1] / "refactor" / "dockfix" / "knowledge" / "brought.toml"
# A version of each time in which what it is made of was another
VERSIONS = {
    "pdm": ("2.15.4", "2.26.2"),
    "pipenv": ("2023.12.1", "2026.10.3"),
    "poetry": ("1.1.15", "1.8.3", "2.2.1"),
}
HEAD = """\
# The modules that come along with a manager of Python packages where pip installs it, each with its distribution.
# Made by scripts/make_brought.py of the versions {versions}.
"""
READ = """
import importlib.metadata as m, json, re
found = {}
for module, names in m.packages_distributions().items():
    if module.isidentifier() and not module.startswith("_"):
        found[module] = re.sub(r"[-_.]+", "-", names[0]).lower()
print(json.dumps(found))
"""
# what the environment has of its own, what no program imports, and names that many distributions share
PASSED_OVER = {"backports", "benchmarks", "docs", "examples", "jaraco", "pip", "scripts", "test", "tests"}


def brought(manager: str, version: str) -> dict[str, str]:
    """The modules of one version."""
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder)
        python = str(Path(folder) / "bin" / "python")
        install = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet", f"{manager}=={version}"]
        subprocess.run(install, check=True)
        read = subprocess.run([python, "-c", READ], check=True, capture_output=True, text=True)
        found: dict[str, str] = json.loads(read.stdout)
    return {module: name for module, name in found.items() if module not in PASSED_OVER}


def text() -> str:
    """The whole table."""
    named = ", ".join(f"{manager} {' '.join(versions)}" for manager, versions in VERSIONS.items())
    lines = [HEAD.format(versions=named)]
    for manager, versions in VERSIONS.items():
        modules: dict[str, str] = {}
        for version in versions:
            modules |= brought(manager, version)
        lines += [f"[{manager}]", *(f'{module} = "{name}"' for module, name in sorted(modules.items())), ""]
    return "\n".join(lines)


def main() -> int:
    """Write or compare the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    new = text()
    if parser.parse_args().check:
        return int(TABLE.read_text() != new)
    TABLE.write_text(new)
    return 0


if __name__ == "__main__":
    sys.exit(main())
