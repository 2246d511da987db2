import os
import subprocess
from pathlib import Path

ROOT = Path(os.environ.get("REPOSITORIES", "repositories"))


def _git(*args, cwd=None):
    done = subprocess.run(["git", *args], cwd=cwd, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def version():
    return _git("--version")


def ensure(name):
    """The repository of that name, made with a first commit if it is not there."""
    path = ROOT / name
    if not path.exists():
        path.mkdir(parents=True)
        _git("init", "--quiet", cwd=path)
        _git("-c", "user.name=changelog", "-c", "user.email=changelog@localhost",
             "commit", "--quiet", "--allow-empty", "-m", "Start the log", cwd=path)
    return path


def log(path):
    return _git("log", "--format=%s", cwd=path).splitlines()
