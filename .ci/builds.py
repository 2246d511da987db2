"""Prints what the real builds of a test run gave, from its JUnit file, and fails where they did not run.

python .ci/builds.py JUNIT-FILE
"""

from __future__ import annotations

import json
import sys
from xml.etree import ElementTree

from dockfix.report.verification import table_of_json

AT_LEAST = 12


def main(path: str) -> int:
    """The exit status for the JUnit file at ``path``."""
    cases = list(ElementTree.parse(path).iter("testcase"))
    skipped = [
        case.get("name")
        for case in cases
        if (found := case.find("skipped")) is not None and "no container engine" in found.get("message", "")
    ]
    records = [
        json.loads(each.get("value", "{}"))
        for case in cases
        for each in case.iter("property")
        if each.get("name") == "verification"
    ]
    print(
        table_of_json(json.dumps({"version": 1, "verifications": sorted(records, key=lambda record: record["path"])}))
    )
    held = sum(record["verdict"] == "equal" for record in records)
    print(
        f"golden cases verified by real builds: {held} of {len(records)}; tests skipped for want of an engine: {len(skipped)}"
    )
    return 1 if skipped or held < AT_LEAST else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
