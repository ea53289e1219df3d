"""cmdriver --observe: the driver sees its own writes."""

import contextlib
import csv
import json
import re
import signal
import subprocess
import urllib.request

import pytest
import real_server as envtest
from conftest import BINARY, QUICK
from prometheus_client.parser import text_string_to_metric_families

SMALL = ["-lambda", "500", "-n", "100", "-maxpop", "20"]
MOMENT = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}"
COLUMNS = ["sent", "op", "name", "version", "done", "first", "last", "watchers", "error"]


def seen_rows(tmp_path, files="r1-driver"):
    with open(tmp_path / f"{files}-seen.csv", newline="") as file:
        return [dict(zip(COLUMNS, row, strict=True)) for row in csv.reader(file)]


def counts(run, *keys):
    """Of creates and of deletes."""
    return [tuple(run.summary["operations"][verb][key] for key in keys) for verb in ("create", "delete")]


def test_every_write_is_seen(cmdriver, tmp_path):
    run = cmdriver(*SMALL, "--observe")
    assert run.returncode == 0, run.stderr
    assert counts(run, "seen", "missed", "seen_without_answer") == [(100, 0, 0), (100, 0, 0)]
    watch = run.summary["watch"]
    assert (watch["watchers"], watch["events"]) == (1, 200)
    assert watch["duplicated"] == watch["reordered"] == watch["relists"] == watch["missed"] == watch["not_followed"] == 0
    assert watch["rows"] == {"written": 200, "lost": 0, "error": None}
    for verb in ("create", "delete"):
        times = run.summary["operations"][verb]["notification_time"]
        assert times["first"]["count"] == times["last"]["count"] == 100
        assert times["first"]["min"] > 0
    assert "notification time" in run.stdout and "1 watcher: 200 events" in run.stdout
    assert {"content": "seen", "path": "r1-driver-seen.csv"} in run.summary["files"]


def test_each_write_has_a_row(cmdriver, tmp_path):
    cmdriver(*SMALL, "--observe")
    lines = (tmp_path / "r1-driver-seen.csv").read_text().splitlines()
    assert all(re.fullmatch(rf'{MOMENT},(create|delete),"r1-\d{{3}}",\d+,\d+,\d+,\d+,1,""', line) for line in lines)
    rows = seen_rows(tmp_path)
    for verb in ("create", "delete"):
        assert {row["name"] for row in rows if row["op"] == verb} == {f"r1-{number:03}" for number in range(1, 101)}
    assert len({row["version"] for row in rows}) == 200
    assert all(row["first"] == row["last"] for row in rows)


def test_of_three_watchers_the_first_and_the_last_count(cmdriver, tmp_path):
    run = cmdriver(*SMALL, "--observe=3", "--shards", "2")
    assert counts(run, "seen", "missed") == [(100, 0), (100, 0)]
    assert run.summary["watch"]["events"] == 600
    rows = seen_rows(tmp_path)
    assert len(rows) == 200
    assert all(row["watchers"] == "3" and int(row["first"]) <= int(row["last"]) for row in rows)
    times = run.summary["operations"]["create"]["notification_time"]
    assert times["first"]["p50"] <= times["last"]["p50"]
    assert "notification time, first" in run.stdout and "notification time, last" in run.stdout


def test_without_the_flag_nothing_is_watched(cmdriver, tmp_path):
    run = cmdriver(*SMALL)
    assert run.summary["watch"] is None
    assert "seen" not in run.summary["operations"]["create"]
    assert not (tmp_path / "r1-driver-seen.csv").exists()
    assert "notification" not in run.stdout


def test_a_slow_server_shows_in_notification_time(cmdriver):
    run = cmdriver(*SMALL, "--observe", "--fault", "verbs=create,latency=20ms")
    assert run.summary["operations"]["create"]["notification_time"]["first"]["min"] >= 20e6


def test_each_part_of_a_run_follows_its_own_writes(api_server, tmp_path):
    server = api_server()
    server.kubectl("create", "namespace", "scaletest")
    flags = ["cmdriver", *QUICK, "-kubeconfig", server.kubeconfig, *SMALL, "-runid", "r1", "-seed", "3", "--observe"]
    with contextlib.ExitStack() as stack:
        parts = [stack.enter_context(subprocess.Popen([BINARY, *flags, "--part", f"{index}/2"], cwd=tmp_path,
                                                      stdout=subprocess.PIPE, text=True)) for index in (1, 2)]
        for part in parts:
            out, _ = part.communicate(timeout=60)
            assert part.returncode == 0
            assert re.search(r"^create +50 +0 +0$", out, re.M) and re.search(r"^delete +50 +0 +0$", out, re.M)
    names = [{row["name"] for row in seen_rows(tmp_path, f"r1-driver-{index}")} for index in (1, 2)]
    assert len(names[0]) == len(names[1]) == 50 and not names[0] & names[1]


@pytest.mark.parametrize("load", [
    ["--rate", "500", "--mix", "create=2,update=1,patch=1,delete=1", "--initial", "60"],
    ["--arrival", "closed", "--workers", "3", "--rate", "0", "--mix", "create=2,patch=1,delete=1", "--initial", "60"],
    ["--arrival", "closed", "--workers", "3", "--rate", "0", "--updates", "1", "--maxpop", "30"],
])
def test_each_part_of_a_drive_follows_its_own_writes_in_shared_namespaces(api_server, tmp_path, load):
    server = api_server()
    flags = ["drive", *QUICK, "-kubeconfig", server.kubeconfig, *load, "-n", "300", "--namespaces", "2", "-runid", "r1",
             "-seed", "3", "--observe"]
    with contextlib.ExitStack() as stack:
        parts = [stack.enter_context(subprocess.Popen([BINARY, *flags, "--part", f"{index}/2"], cwd=tmp_path,
                                                      stdout=subprocess.PIPE, text=True)) for index in (1, 2)]
        for part in parts:
            part.communicate(timeout=60)
            assert part.returncode == 0
    written, asked = [], 0
    for index in (1, 2):
        summary = json.loads((tmp_path / f"r1-driver-{index}.json").read_text())
        assert summary["watch"]["not_followed"] == 0
        for verb, totals in summary["operations"].items():
            assert (totals["seen"], totals["missed"]) == (totals["ok"], 0), verb
            asked += totals["asked"]
        written.append({row["name"] for row in seen_rows(tmp_path, f"r1-driver-{index}")})
    assert written[0] and written[1] and not written[0] & written[1]
    assert asked == (300 if "--mix" in load else 900)


def test_an_interrupted_run_sees_its_last_deletes(tmp_path):
    with subprocess.Popen([BINARY, "cmdriver", *QUICK, "-runid", "r1", "--embedded", "--observe", "-lambda", "100",
                           "-n", "100000", "-maxpop", "10000"], cwd=tmp_path, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True) as process:
        rows = tmp_path / "r1-driver-seen.csv"
        envtest.wait_until(lambda: rows.exists() and rows.read_bytes().count(b"\n") >= 50, "50 rows")
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=30)
    assert process.returncode == 130 and "interrupted by SIGINT" in out
    written = seen_rows(tmp_path)
    made, gone = ({row["name"] for row in written if row["op"] == verb} for verb in ("create", "delete"))
    assert made == gone and len(made) >= 50
    assert all(row["watchers"] == "1" for row in written)


@pytest.mark.parametrize("fault, seen", [("reset=after", 10), ("cut", 10), ("reset=before", 0)])
def test_a_write_whose_answer_was_lost_counts_when_it_is_seen(cmdriver, tmp_path, fault, seen):
    run = cmdriver("-lambda", "200", "-n", "40", "-maxpop", "10", "--observe", "--fault", f"verbs=create,every=4,{fault}")
    assert counts(run, "seen", "missed", "seen_without_answer") == [(30, 0, seen), (30, 0, 0)]
    assert sum(row["error"] != "" for row in seen_rows(tmp_path)) == seen


@pytest.mark.parametrize("fault, seen", [("reset=after", True), ("status=503", False)])
def test_a_delete_that_the_clean_up_had_to_repeat_was_not_seen(cmdriver, fault, seen):
    run = cmdriver("-lambda", "200", "-n", "40", "-maxpop", "10", "--observe", "--fault", f"verbs=delete,every=2,{fault}")
    delete = run.summary["operations"]["delete"]
    assert delete["failed"] > 0 and delete["seen"] + delete["failed"] == 40 and delete["missed"] == 0
    # The fault also hits the clean-up, which then cannot know whose delete it was.
    assert delete["failed"] / 2 < delete["seen_without_answer"] <= delete["failed"] if seen else delete["seen_without_answer"] == 0


def test_metrics_have_notification_times(tmp_path):
    port = envtest.free_ports(1)[0]
    command = [BINARY, "cmdriver", "--embedded", "-runid", "r1", *SMALL, "--observe=2", "--progress", "none",
               "-metricport", str(port)]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL) as process:
        def families():
            with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
                found = {family.name: family for family in text_string_to_metric_families(answer.read().decode())}
                events = found.get("k8scale_events")
                return found if events and events.samples[0].value == 400 else None
        try:
            found = envtest.wait_until(families, "metrics of 400 events", seconds=20)
        finally:
            process.terminate()

    def value(family, **labels):
        return next(sample.value for sample in found[family].samples
                    if labels.items() <= sample.labels.items() and not sample.name.endswith("_bucket"))
    for family in ("k8scale_notification_time_seconds", "k8scale_last_notification_time_seconds"):
        assert value(family, verb="create") == value(family, verb="delete") == 100
    assert value("k8scale_missed_events", verb="create") == 0
    assert value("k8scale_duplicated_events") == value("k8scale_reordered_events") == value("k8scale_relists") == 0


@pytest.mark.parametrize("flag, told", [
    ("--observe=x", '--observe: found "x", expected a whole number'),
    ("--observe=257", "--observe: found 257, expected 1 to 256"),
])
def test_bad_numbers_of_watchers_are_refused(program, tmp_path, flag, told):
    finished = program("cmdriver", "--embedded", *QUICK, flag)
    assert finished.returncode == 1 and told in finished.stderr and finished.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_watch_that_is_refused_at_the_start_is_an_error(program):
    finished = program("cmdriver", "--embedded", *QUICK, "-runid", "r1", "--observe", "--fault", "verbs=list+watch,status=403")
    assert finished.returncode == 20
    assert re.search(r"^k8scale cmdriver: --observe: no watch of /api/v1/namespaces/scaletest/configmaps within 10\.0s: "
                     r"\d+ Forbidden$", finished.stderr, re.M)


def test_rows_that_cannot_be_written(cmdriver, tmp_path):
    (tmp_path / "r1-driver-seen.csv").symlink_to("/dev/full")
    run = cmdriver(*SMALL, "--observe")
    assert run.returncode == 12
    assert run.summary["watch"]["rows"]["lost"] == 200
    assert counts(run, "seen") == [(100,), (100,)]
    (tmp_path / "r2-driver-seen.csv").mkdir()
    run = cmdriver(*SMALL, "--observe", run_id="r2")
    assert run.returncode == 1 and "--observe: cannot write r2-driver-seen.csv" in run.stderr


# 400 events of one watcher. After the last one comes none that could overtake it.
@pytest.mark.parametrize("fault, found", [
    ("swallow", {"missed": 40}),
    ("duplicate", {"duplicated": 40}),
    ("reorder", {"reordered": 39}),
])
def test_events_that_the_server_spoils_are_counted_exactly(cmdriver, tmp_path, fault, found):
    run = cmdriver("-lambda", "500", "-n", "200", "-maxpop", "20", "--observe",
                   "--fault", f"resource=configmaps,every=10,{fault}")
    watch = run.summary["watch"]
    for count in ("missed", "duplicated", "reordered"):
        assert watch[count] == found.get(count, 0), count
    assert any(f"the watches missed {watch['missed']} events, showed {watch['duplicated']} twice "
               f"and {watch['reordered']} out of order" in warning for warning in run.summary["warnings"])
    assert sum(row["watchers"] == "0" for row in seen_rows(tmp_path)) == watch["missed"]
    assert sum(create_or_delete[0] for create_or_delete in counts(run, "seen")) == 400 - watch["missed"]


def test_each_watcher_that_misses_an_event_counts(cmdriver, tmp_path):
    run = cmdriver("-lambda", "500", "-n", "200", "-maxpop", "20", "--observe=3",
                   "--fault", "resource=configmaps,every=100,swallow")
    assert run.summary["watch"]["missed"] == 12
    rows = seen_rows(tmp_path)
    assert sum(3 - int(row["watchers"]) for row in rows) == 12
    assert sum(each[0] for each in counts(run, "seen")) == sum(row["watchers"] == "3" for row in rows)


def test_a_watch_that_breaks_goes_on_and_misses_nothing(cmdriver):
    run = cmdriver("-lambda", "200", "-n", "200", "-maxpop", "20", "--observe",
                   "--fault", "resource=configmaps,every=150,drop")
    assert counts(run, "seen", "missed") == [(200, 0), (200, 0)]
    assert run.summary["watch"]["relists"] == 0
    assert "watcher 1: failed: 2 reset" in run.summary["warnings"]


# The watch comes back 50 ms after it broke: by then there are newer events, and those between are forgotten.
def test_writes_that_a_list_jumped_over_are_missed(cmdriver):
    run = cmdriver("-lambda", "500", "-n", "500", "-maxpop", "20", "--observe",
                   "--fault", "resource=configmaps,every=300,drop", "--fault", "verbs=watch,compact,latency=50ms")
    watch = run.summary["watch"]
    assert watch["relists"] > 0 and any("had to list again" in warning for warning in run.summary["warnings"])
    for seen, missed, ok in counts(run, "seen", "missed", "ok"):
        assert seen + missed == ok == 500
    assert watch["duplicated"] == watch["reordered"] == 0


def test_an_event_that_comes_late_is_notification_time_and_not_service_time(cmdriver):
    run = cmdriver("-lambda", "10", "-n", "10", "-maxpop", "5", "--observe", "--fault", "resource=configmaps,delay=50ms")
    create = run.summary["operations"]["create"]
    assert create["notification_time"]["first"]["min"] >= 50e6
    assert create["service_time"]["min"] < create["notification_time"]["first"]["min"]
