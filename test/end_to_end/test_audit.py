"""What the server does wrong on purpose is counted by those who watch, exactly."""

import csv
import datetime

import pytest
from watching import Writer, observing

NOTHING = {"creates": 0, "updates": 0, "deletes": 0}


def drive(folder, server, *flags, objects=41, subcommand="cm-logger"):
    """Creates and deletes that many objects, one after the other, under a logger's eyes; its summary."""
    writer = Writer(server.kubeconfig)
    flags = ["--until-idle", "2s", "--final-list", *flags]
    with observing(folder, subcommand, server.kubeconfig, *flags) as logger:
        logger.wait_until_watching()
        for i in range(objects):
            writer.create(f"o{i:03}")
        for i in range(objects):
            writer.delete(f"o{i:03}")
        assert logger.end() == 0
        return logger.summary


@pytest.mark.parametrize("fault, duplicated, reordered, missed", [
    ("duplicate,every=10", 8, 0, 0),
    ("swallow,every=10", 0, 0, 8),
    ("reorder,every=10", 0, 8, 0),
])
def test_events_that_go_wrong_are_counted(api_server, tmp_path, fault, duplicated, reordered, missed):
    audit = drive(tmp_path, api_server("--fault", f"resource=configmaps,{fault}"))["audit"]
    assert (audit["duplicated"], audit["reordered"]) == (duplicated, reordered)
    assert sum(audit["missed"].values()) == missed


def test_an_event_that_comes_twice_is_a_duplicate_row(api_server, tmp_path):
    server = api_server("--fault", "resource=configmaps,duplicate")
    writer = Writer(server.kubeconfig)
    with observing(tmp_path, "cm-logger", server.kubeconfig, "--until-idle", "2s") as logger:
        logger.wait_until_watching()
        for i in range(10):
            writer.create(f"o{i}")
        assert logger.end() == 0
        assert logger.summary["audit"]["duplicated"] == 10
        duplicates = logger.summary["dequeues"]["duplicates"]
        assert sum(row.endswith(",2") for row in logger.rows) == duplicates
        # A pair that came in one piece is one row of two events.
        assert duplicates + logger.summary["dequeues"]["stranges"] == 10


def test_a_watch_that_is_dropped_goes_on_where_it_was(api_server, tmp_path):
    summary = drive(tmp_path, api_server("--fault", "resource=configmaps,drop,every=20"))
    assert summary["watch"]["resumes"] >= 3
    assert summary["audit"] == {"duplicated": 0, "reordered": 0, "missed": NOTHING}
    assert summary["dequeues"]["create"] == 41 and summary["dequeues"]["delete"] == 41


def test_a_logger_whose_versions_were_compacted_lists_again_and_loses_nothing(api_server, tmp_path):
    server = api_server("--fault", "resource=configmaps,every=20,drop", "--fault", "verbs=watch,resource=configmaps,compact,latency=300ms")
    writer = Writer(server.kubeconfig)
    with observing(tmp_path, "cm-logger", server.kubeconfig, "--until-idle", "3s", "--final-list") as logger:
        logger.wait_until_watching()
        for i in range(60):
            writer.create(f"o{i:02}")
        assert logger.end() == 0
        rows, summary = list(csv.reader(logger.rows)), logger.summary
    assert summary["watch"]["expired"] >= 1 and summary["watch"]["relists"] >= 1
    assert sorted(row[2] for row in rows if row[1] == "create") == [f"default/o{i:02}" for i in range(60)]
    # What a list had to tell was missed by the watch, and is not missing.
    assert summary["objects"] == 60 and summary["audit"]["duplicated"] == summary["audit"]["reordered"] == 0
    assert summary["audit"]["missed"]["updates"] == summary["audit"]["missed"]["deletes"] == 0
    assert summary["events"]["added"] + summary["audit"]["missed"]["creates"] == 60


def test_events_that_come_late_are_notification_latency(api_server, tmp_path):
    server = api_server("--fault", "resource=configmaps,delay=300ms")
    writer = Writer(server.kubeconfig)
    with observing(tmp_path, "cm-logger", server.kubeconfig, "--until-idle", "2s", "--final-list") as logger:
        logger.wait_until_watching()
        for i in range(5):
            now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3] + " +0000"
            writer.create(f"o{i}", **{"scaletest/createTimestamp": now})
        assert logger.end() == 0
        summary = logger.summary
    latency = summary["notification_latency"]["create"]
    assert latency["count"] == 5 and latency["negative"] == 0 and latency["min"] >= 299e6
    assert summary["queue_wait"]["p50"] < 300e6
    assert summary["audit"] == {"duplicated": 0, "reordered": 0, "missed": NOTHING}


def test_watches_that_lose_events_are_told_from_those_that_do_not(api_server, tmp_path):
    server = api_server("--fault", "resource=configmaps,swallow,every=7")
    writer = Writer(server.kubeconfig)
    with observing(tmp_path, "watch", server.kubeconfig, "--watches", "5", "--until-idle", "2s") as watch:
        watch.wait_until_watching()
        for i in range(14):
            writer.create(f"o{i}")
        assert watch.end() == 0
        summary = watch.summary
    assert summary["events"] == 60 and summary["versions"] == 14
    assert summary["audit"]["missed"] + summary["audit"]["behind"] == 10


def test_a_watch_that_ends_is_followed_by_a_list(api_server, tmp_path):
    server = api_server("--fault", "resource=flunders,drop,every=2")
    writer = Writer(server.kubeconfig)
    with observing(tmp_path, "flunder-watch", server.kubeconfig, "--until-idle", "2s") as watch:
        watch.wait_for_line("listed 0 objects")
        for i in range(2):
            writer.create_flunder(f"f{i}")
        watch.wait_for_line("listed 2 objects")
        assert watch.end() == 0
        assert watch.summary["watch"]["lists"] == 2 and watch.summary["watch"]["resumes"] == 0
