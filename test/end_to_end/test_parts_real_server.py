"""Done when: four processes as one run against a real kube-apiserver, and their merged summary."""

import collections
import csv
import datetime
import json
import math
import os
import subprocess

import pytest
from conftest import BINARY, QUICK
from hdrh.histogram import HdrHistogram

pytestmark = pytest.mark.xdist_group("real-server")

PARTS = (1, 2, 3, 4)
TIMES = "%Y-%m-%d %H:%M:%S.%f"


@pytest.fixture(scope="module")
def namespace(real_server):
    if real_server.get("/api/v1/namespaces/scaletest")[0] == 404:
        real_server.kubectl_run("create", "namespace", "scaletest")
    return real_server


def run_parts(namespace, folder, *flags):
    command = [BINARY, "cmdriver", *QUICK, "-kubeconfig", namespace.kubeconfig, "-runid", "p4", "-seed", "11",
               "-lambda", "100", "-n", "600", "-maxpop", "50", *flags]
    processes = [subprocess.Popen([*map(str, command), "--part", f"{part}/4"], cwd=folder, text=True, env=dict(os.environ),
                                  stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) for part in PARTS]
    for process in processes:
        errors = process.communicate(timeout=120)[1]
        assert process.returncode == 0, errors


def milliseconds(text):
    moment = datetime.datetime.strptime(text, TIMES).replace(tzinfo=datetime.timezone.utc)
    return moment.timestamp() * 1000


def quantile(values, q):
    """The smallest value such that at least the fraction q is not larger."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(q * len(ordered)) - 1)]


def slots(times):
    """How many values each slot of an encoded histogram has."""
    return {each.value_iterated_to: each.count_added_in_this_iter_step
            for each in HdrHistogram.decode(times["histogram"]).get_recorded_iterator()}


def distributions(summary):
    """Everything in a summary that has a histogram, by its place."""
    found, ahead = {}, [((), summary)]
    while ahead:
        place, value = ahead.pop()
        if isinstance(value, dict) and "histogram" in value:
            found[place] = value
        elif isinstance(value, dict):
            ahead += [((*place, key), each) for key, each in value.items()]
    return found


def check_histograms_are_sums(merged, parts):
    """Each distribution is that of the parts, slot by slot."""
    whole = distributions(merged)
    each = [distributions(part) for part in parts]
    assert {("operations", "delete", kind) for kind in ("response_time", "service_time", "send_lag")} < set(whole)
    assert set(whole) == {place for one in each for place in one}
    for place, times in whole.items():
        total = sum((collections.Counter(slots(one[place])) for one in each if place in one), collections.Counter())
        assert slots(times) == dict(total) and sum(total.values()) == times["count"] > 0, place


def check_histogram_is_of_rows(times, took):
    """Rows have whole milliseconds at both ends: no value may be further from its row, in order, than they allow."""
    decoded = [value / 1e6 for value, count in sorted(slots(times).items()) for _ in range(count)]
    assert len(decoded) == len(took)
    assert all(abs(a - b) <= 1.01 + 0.001 * b for a, b in zip(decoded, sorted(took), strict=True))


def test_four_parts_are_one_run(namespace, program, tmp_path):
    run_parts(namespace, tmp_path, "--start-together", "--store-summary")
    try:
        merged = program("merge", "--run", "p4", "-kubeconfig", namespace.kubeconfig, "--json", "merged.json")
    finally:
        namespace.kubectl_run("delete", "configmaps", "-n", "scaletest", "-l", "scaletest/run=p4")
    assert merged.returncode == 0, merged.stdout + merged.stderr
    made = json.loads((tmp_path / "merged.json").read_text())
    starts = [each["started_ns"] for each in made["parts"]["merged"]]
    assert max(starts) - min(starts) < 10_000_000
    for each in made["parts"]["merged"]:
        clock = each["server_clock_ahead"]  # of one machine
        assert clock["at_least"] <= 0 <= clock["at_most"] and clock["at_most"] - clock["at_least"] < 50_000_000

    check_histograms_are_sums(made, [json.loads((tmp_path / f"p4-driver-{part}.json").read_text()) for part in PARTS])

    # One CSV made of the four.
    rows = [row for part in PARTS for row in csv.reader((tmp_path / f"p4-driver-{part}.csv").open())]
    for verb in ("create", "delete"):
        own = [row for row in rows if row[2] == verb]
        totals = made["operations"][verb]
        assert totals["asked"] == totals["done"] == totals["service_time"]["count"] == len(own) == 600
        assert totals["failed"] == sum(1 for row in own if row[4]) == 0
        assert totals["retries"] == 0
        took = [milliseconds(row[1]) - milliseconds(row[0]) for row in own]
        check_histogram_is_of_rows(totals["service_time"], took)
        for point, q in (("min", 0), ("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999), ("max", 1)):
            # Rows have whole milliseconds at both ends, the histogram 0.1 %.
            assert totals["service_time"][point] / 1e6 == pytest.approx(quantile(took, q), abs=1.01, rel=0.001), (verb, point)
        ends = sorted(milliseconds(row[1]) for row in own)
        assert totals["rate"] == pytest.approx(599_000 / (ends[-1] - ends[0]), rel=0.002)
    assert min(milliseconds(row[0]) for row in rows) >= min(starts) / 1e6 - 1
    names = [row[3] for row in rows if row[2] == "create"]
    assert sorted(names) == [f"p4-{number:03}" for number in range(1, 601)]


def test_four_parts_of_a_given_start_begin_together(namespace, program, tmp_path):
    at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=4)
    run_parts(namespace, tmp_path, "--start-at", at.isoformat())
    merged = program("merge", *(f"p4-driver-{part}.json" for part in PARTS), "--json", "merged.json")
    assert merged.returncode == 0, merged.stdout + merged.stderr
    starts = [each["started_ns"] for each in json.loads((tmp_path / "merged.json").read_text())["parts"]["merged"]]
    assert all(abs(start / 1e9 - at.timestamp()) < 0.010 for start in starts)
    left = namespace.kubectl_run("get", "configmaps", "-n", "scaletest", "-l", "scaletest/run=p4", "-o", "name")
    assert left == ""
