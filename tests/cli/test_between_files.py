"""What a file leaves is freed before many others were worked on."""

from __future__ import annotations

import gc
from pathlib import Path

from dockfix.batch.run import Job, work
from dockfix.engine import Settings
from dockfix.facts import Facts


def test_what_files_leave_is_freed(tmp_path: Path) -> None:
    jobs = []
    for number in range(20):
        path = tmp_path / str(number) / "Dockerfile"
        path.parent.mkdir()
        path.write_text("FROM python:3.11-slim\nRUN pip install flask\nCOPY . .\nCMD ['python', 'app.py']\n")
        jobs.append(Job(str(path), Settings()))
    gc.collect()
    before = _count()
    gc.disable()
    try:
        for job in jobs:
            assert work(job).result.failures == ()
        # of the last file, and of what lived while another was worked on
        assert _count() - before < 3 * _left_by(jobs[0])
    finally:
        gc.enable()


def _left_by(job: Job) -> int:
    gc.collect()
    before = _count()
    work(job)
    return _count() - before


def _count() -> int:
    return sum(isinstance(each, Facts) for each in gc.get_objects())
