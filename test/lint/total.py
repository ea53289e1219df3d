"""Adds up JUnit reports: the last line of `./dev test`. Fails when a test failed, none ran, or a report is missing."""

import pathlib
import sys
import xml.etree.ElementTree


def count(reports):
    """Passed, failed and skipped over the given report files; a missing one counts as one failure."""
    total = {"passed": 0, "failed": 0, "skipped": 0}
    for report in reports:
        if not report.exists():
            total["failed"] += 1
            continue
        for case in xml.etree.ElementTree.parse(report).iter("testcase"):
            if case.find("failure") is not None or case.find("error") is not None:
                total["failed"] += 1
            elif case.find("skipped") is not None or case.get("status") in ("notrun", "disabled"):
                total["skipped"] += 1
            else:
                total["passed"] += 1
    return total


def main():
    total = count([pathlib.Path(name) for name in sys.argv[1:]])
    print(", ".join(f"{number} {outcome}" for outcome, number in total.items()))
    sys.exit(0 if total["passed"] and not total["failed"] else 1)


if __name__ == "__main__":
    main()
