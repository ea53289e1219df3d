"""Adds up JUnit reports: the last line of `./dev test`. Fails when a test failed, none ran, or a report is missing."""

import pathlib
import sys
import xml.etree.ElementTree


def did_not_run(case):
    """Whether ctest could not run it: a program or a fixture was missing, and nobody decided to skip it."""
    skipped = case.find("skipped")
    return case.get("status") == "notrun" and (skipped is None or not skipped.get("message", "").startswith("SKIP_"))


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
            elif did_not_run(case):
                total["failed"] += 1
            elif case.find("skipped") is not None or case.get("status") == "disabled":
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
