"""flunder-watch and watch against `k8scale apiserver`."""

import signal

import pytest
import real_server as envtest
from watching import observing, scrape


def test_events_are_told_one_by_one(server, writer, tmp_path):
    writer.create_flunder("old")
    with observing(tmp_path, "flunder-watch", server.kubeconfig) as watch:
        watch.wait_until_watching()
        assert "listed 1 objects at version" in watch.errors
        writer.create_flunder("f")
        watch.wait_for_line("ADDED default/f version")
        writer.delete_flunder("f")
        watch.wait_for_line("DELETED default/f version")
        assert watch.stop(signal.SIGINT) == 130
        assert "interrupted by SIGINT" in watch.text
        assert watch.summary["events"] == 2 and watch.summary["watches"] == watch.summary["opened"] == 1
        assert "of those 1 ADDED, 0 MODIFIED, 1 DELETED" in watch.text
        assert watch.summary["events_by_type"] == {"added": 1, "modified": 0, "deleted": 1, "bookmarks": 0}


def test_a_namespace_is_watched_alone(server, writer, tmp_path):
    writer.core.create_namespace({"metadata": {"name": "elsewhere"}})
    writer.core.create_namespaced_config_map("elsewhere", {"metadata": {"name": "b"}})
    writer.create("a")
    with observing(tmp_path, "watch", server.kubeconfig, "-namespace", "elsewhere", "--until-idle", "1s") as watch:
        assert watch.end() == 0
        assert "listed 1 objects" in watch.errors


def test_a_list_that_fails_is_exit_10(server, tmp_path):
    with observing(tmp_path, "flunder-watch", server.kubeconfig, "-master", "https://127.0.0.1:1") as watch:
        assert watch.end() == 10
        assert "list of flunders.wardle.example.com failed" in watch.errors
    flags = ["--resource", "v1/nothings", "--watches", "3"]
    with observing(tmp_path, "watch", server.kubeconfig, *flags) as watch:
        assert watch.end() == 10


def test_a_watch_that_cannot_be_opened_is_exit_12(api_server, tmp_path):
    server = api_server("--fault", "verbs=watch,status=500")
    with observing(tmp_path, "flunder-watch", server.kubeconfig) as watch:
        assert watch.end() == 12
        assert "watch of flunders.wardle.example.com failed" in watch.errors


@pytest.mark.parametrize("subcommand, flags, told", [
    ("cm-logger", [], []),
    ("logger", ["--final-list"], ["--final-list: no list was complete"]),
    ("watch", [], []),
    ("watch", ["--watches", "3"], []),
])
def test_an_end_that_nothing_watched_is_told(api_server, tmp_path, subcommand, flags, told):
    server = api_server()
    [port] = envtest.free_ports(1)
    with observing(tmp_path, subcommand, server.kubeconfig, *flags, metrics=f"127.0.0.1:{port}") as watch:
        watch.wait_until_watching()
        server.process.kill()
        envtest.wait_until(lambda: "k8scale_watch_errors_total{" in scrape(port), "an error of the watch")
        assert watch.stop(signal.SIGINT) == 130
        blind, *others = watch.summary["warnings"]
        assert blind.startswith("nothing, or not all, was watched in the last ") and others == told
        assert all(f"WARNING: {each}" in watch.text for each in watch.summary["warnings"])


def test_many_watches_show_every_event_once(server, writer, tmp_path):
    [port] = envtest.free_ports(1)
    flags = ["--watches", "50", "--shards", "2", "--resource", "v1/configmaps", "--until-idle", "3s"]
    with observing(tmp_path, "watch", server.kubeconfig, *flags, metrics=f"127.0.0.1:{port}") as watch:
        watch.wait_until_watching()
        assert "k8scale_opened_watches 50\n" in scrape(port)
        for i in range(10):
            writer.create(f"o{i}")
        assert watch.end() == 0
        summary = watch.summary
    assert summary["watches"] == summary["opened"] == 50 and summary["open_time"] > 0
    assert summary["events"] == 500 and summary["versions"] == 10 and summary["event_rate"] > 0
    assert summary["audit"] == {"duplicated": 0, "reordered": 0, "missed": 0, "behind": 0, "relists": 0}
    assert summary["events_by_type"] == {"added": 500, "modified": 0, "deleted": 0, "bookmarks": 0}
    assert summary["notification_latency"] is None
    assert summary["spread"]["count"] == 500 and summary["warnings"] == []


def test_many_watches_say_once_that_there_is_no_protobuf(server, tmp_path):
    flags = ["--watches", "8", "--shards", "4", "-useProtobuf", "--until-idle", "1s"]
    with observing(tmp_path, "flunder-watch", server.kubeconfig, *flags) as watch:
        assert watch.end() == 0
        assert watch.errors.count("the server has no protobuf") == 1
        assert watch.summary["opened"] == 8


@pytest.mark.parametrize("flags, told", [
    (["--watches", "0"], "--watches: found 0"),
    (["--watches", "1000000"], "open files"),
    (["--shards", "0"], "--shards: found 0"),
])
def test_bad_flags_are_one_line(program, server, flags, told):
    finished = program("watch", "-kubeconfig", server.kubeconfig, "-metricport", "127.0.0.1:0", *flags)
    assert finished.returncode == 1, finished.stderr
    assert told in finished.stderr and finished.stderr.count("\n") == 1
