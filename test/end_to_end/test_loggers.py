"""cm-logger, flunder-logger and logger against `k8scale apiserver`."""

import contextlib
import csv
import http.server
import re
import signal
import threading
import time

import pytest
import real_server as envtest
from prometheus_client.parser import text_string_to_metric_families
from relay import Relay
from watching import Writer, observing, scrape

MOMENT = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}"
ROW = re.compile(rf'{MOMENT},(create|update|delete),"[^"]*",\d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d,\d+,\d+,\d+,'
                 rf"{MOMENT},{MOMENT}(,[023])?")


def test_each_change_is_a_row_of_the_originals_shape(server, writer, tmp_path):
    writer.create("old")
    with observing(tmp_path, "cm-logger", server.kubeconfig) as logger:
        logger.wait_until_watching()
        writer.create("a")
        logger.wait_for_rows(2)
        writer.update("a", "w")
        logger.wait_for_rows(3)
        writer.delete("a")
        logger.wait_for_rows(4)
        assert logger.stop(signal.SIGTERM) == 143
        rows = list(csv.reader(logger.rows))
    assert all(ROW.fullmatch(row) for row in logger.rows)
    assert [(row[1], row[2], *row[4:7], row[9]) for row in rows] == [
        ("create", "default/old", "1", "0", "0", "0"), ("create", "default/a", "1", "0", "0", "0"),
        ("update", "default/a", "0", "1", "0", "3"), ("delete", "default/a", "0", "0", "1", "0")]
    assert rows[3][3] == "2000-01-01 00:00:00" and rows[0][3] != rows[3][3]
    assert "interrupted by SIGTERM" in logger.text and logger.summary["interrupted"] == "SIGTERM"
    assert logger.summary["events"] == {"added": 1, "modified": 1, "deleted": 1, "bookmarks": 1, "listed": 1}
    assert logger.summary["dequeues"]["create"] == 2 and logger.summary["rows"]["written"] == 4


def test_flunders_have_nine_columns(server, writer, tmp_path):
    with observing(tmp_path, "flunder-logger", server.kubeconfig, "--until-idle", "2s") as logger:
        logger.wait_until_watching()
        writer.create_flunder("f")
        logger.wait_for_rows(1)
        writer.delete_flunder("f")
        assert logger.end() == 0
        assert [row.split(",")[1:3] for row in logger.rows] == [["create", '"default/f"'], ["delete", '"default/f"']]
        assert all(ROW.fullmatch(row) and row.count(",") == 8 for row in logger.rows)


@pytest.mark.parametrize("flags", [[], ["-useProtobuf"]])
def test_half_a_record_of_tls_keeps_nothing_from_its_end(server, writer, tmp_path, flags):
    for number in range(100):
        writer.create(f"a-{number}", filler="x" * 2000)
    relay = Relay(server.port, most_answered=100_000)
    with observing(tmp_path, "cm-logger", server.kubeconfig, "--server", relay.url, *flags) as logger:
        assert relay.held.wait(timeout=20)
        assert logger.stop(signal.SIGTERM) == 143
        assert logger.summary["objects"] < 100
    relay.kill()


def test_any_resource_can_be_logged(server, writer, tmp_path):
    flags = ["--resource", "v1/namespaces", "--until-idle", "1s", "-threads", "4"]
    with observing(tmp_path, "logger", server.kubeconfig, *flags) as logger:
        assert logger.end() == 0
        names = {next(csv.reader([row]))[2] for row in logger.rows}
        assert {"default", "kube-system"} <= names
        assert logger.summary["resource"] == "namespaces"


def test_a_run_of_a_driver_is_logged_whole(server, writer, program, tmp_path):
    writer.core.create_namespace({"metadata": {"name": "scaletest"}})
    with observing(tmp_path, "cm-logger", server.kubeconfig, "--until-idle", "2s", "--final-list") as logger:
        logger.wait_until_watching()
        driven = program("cmdriver", "-kubeconfig", server.kubeconfig, "-lambda", "200", "-n", "100", "-maxpop", "20",
                         "-waitBeforeTerminate", "0", "-metricport", "127.0.0.1:0", "--progress", "none")
        assert driven.returncode == 0, driven.stderr
        assert logger.end() == 0
        rows = list(csv.reader(logger.rows))
        summary = logger.summary
    for operation, column in (("create", 4), ("delete", 6)):
        assert sum(int(row[column]) for row in rows if row[2].startswith("scaletest/")) == 100, operation
    latency = summary["notification_latency"]["create"]
    assert latency["count"] == 100 - sum(row[1] == "create" and row[6] == "1" for row in rows)
    assert latency["p99"] < 10e9 and summary["queue_wait"]["count"] == len(rows)
    assert summary["audit"] == {"duplicated": 0, "reordered": 0, "missed": {"creates": 0, "updates": 0, "deletes": 0}}
    assert summary["objects"] == 0 and summary["watch"]["relists"] == 0 and summary["watch"]["bytes"] > 0
    assert summary["parameters"]["resource"] == "v1/configmaps" and summary["parameters"]["final-list"] is True
    assert summary["parameters"]["no-compare"] is False


def families(text):
    return list(text_string_to_metric_families(text))


def samples(text):
    return {(sample.name, sample.labels.get("le", "")): sample for family in text_string_to_metric_families(text)
            for sample in family.samples}


def test_the_originals_metrics_are_there(server, writer, tmp_path):
    stamp = time.strftime("%Y-%m-%d %H:%M:%S.000 +0000", time.gmtime(time.time() - 3))
    [port] = envtest.free_ports(1)
    with observing(tmp_path, "cm-logger", server.kubeconfig, metrics=f"127.0.0.1:{port}") as logger:
        envtest.wait_until(lambda: re.search(r"_resourceVersion{.*} [1-9]", scrape(port)), "the version of the list")
        before = samples(scrape(port))
        writer.create("a", **{"scaletest/createTimestamp": stamp})
        logger.wait_for_rows(1)
        writer.update("a", "w", **{"scaletest/updateTimestamp": stamp})
        logger.wait_for_rows(2)
        now = envtest.wait_until(
            lambda: (found := samples(scrape(port)))[("scaletest_configmaps_updates_total", "")].value == 1 and found,
            "1 update")
        assert re.search(r'^scaletest_configmaps_updates{logger="[0-9a-f.:]+"} 1$', scrape(port), re.MULTILINE)
        assert scrape(port, "/healthz") == "ok\n"
        assert scrape(port, "/nothing") == ""
    prefix = "scaletest_configmaps_"
    for kind in ("create", "update"):
        name = f"{prefix}{kind}_latency_seconds"
        bounds = [float(le) for (series, le) in now if series == f"{name}_bucket"]
        assert bounds == [-0.1, 0, 0.03125, 0.0625, 0.125, 0.25, 0.5, 1, 2, 4, 8, float("inf")]
        assert before[(f"{name}_count", "")].value == 1 and before[(f"{name}_sum", "")].value == 0
        assert now[(f"{name}_count", "")].value == 2 and 2 < now[(f"{name}_sum", "")].value < 60
        assert now[(f"{name}_bucket", "-0.1")].value == 0 and now[(f"{name}_bucket", "0")].value == 1
    for name in ("updates_total", "stranges_total", "duplicates_total"):  # the parser's names of counters
        assert before[(prefix + name, "")].value == 0
        assert set(now[(prefix + name, "")].labels) == {"logger"}
    assert now[(prefix + "resourceVersion", "")].value > before[(prefix + "resourceVersion", "")].value > 0
    assert now[("process_cpu_seconds_total", "")].value > 0 and now[("k8scale_objects", "")].value == 1


def test_the_metrics_say_what_the_watch_did_wrong(api_server, tmp_path):
    server = api_server("--fault", "resource=configmaps,every=3,duplicate", "--fault", "resource=configmaps,every=4,swallow")
    writer = Writer(server.kubeconfig)
    [port] = envtest.free_ports(1)
    with observing(tmp_path, "cm-logger", server.kubeconfig, metrics=f"127.0.0.1:{port}") as logger:
        logger.wait_until_watching()
        for i in range(1, 9):  # events 3 and 6 come twice, 4 and 8 do not come
            writer.create(f"o{i}")
        writer.delete("o4")  # event 9 comes twice, and tells of an object that nobody knew of

        def told():
            found = {(sample.name, *sample.labels.values()): sample.value for family in families(scrape(port))
                     for sample in family.samples}
            return found if found.get(("k8scale_duplicated_events_total",)) == 3 else None
        found = envtest.wait_until(told, "the last event")
        kinds = {family.name: family.type for family in families(scrape(port))}
        logger.stop(signal.SIGTERM)
        summary = logger.summary
    assert [found[("k8scale_missed_changes", change)] for change in ("create", "update", "delete")] == [1, 0, 0]
    assert summary["audit"] == {"duplicated": 3, "reordered": 0, "missed": {"creates": 1, "updates": 0, "deletes": 0}}
    assert found[("k8scale_events_total", "ADDED")] == 8 and found[("k8scale_events_total", "DELETED")] == 2
    assert found[("k8scale_rows_total", "lost")] == found[("k8scale_garbage_total",)] == 0
    assert kinds["k8scale_missed_changes"] == "gauge"  # what comes late counts no more
    assert {kinds[name] for name in ("k8scale_duplicated_events", "k8scale_reordered_events", "k8scale_relists", "k8scale_rows",
                                     "k8scale_watches", "k8scale_garbage", "k8scale_received_bytes")} == {"counter"}


def test_the_user_agents_are_the_originals(api_server, tmp_path):
    agents = {"cm-logger": r"obj-logger@[0-9a-f.:]+", "flunder-logger": r"flunder-logger@[0-9a-f.:]+@\d{6}",
              "flunder-watch": r"flunder-watcher@[0-9a-f.:]+@\d{6}"}
    for subcommand, agent in agents.items():
        with recording_proxy_kubeconfig(tmp_path) as (kubeconfig, seen):
            with observing(tmp_path, subcommand, kubeconfig) as observer:
                envtest.wait_until(lambda: seen, "a request", seconds=10)
                observer.stop(signal.SIGINT)
            assert re.fullmatch(agent, seen[0]), seen


@contextlib.contextmanager
def recording_proxy_kubeconfig(folder):
    """A server that notes the User-Agent of each request and refuses it."""
    seen = []

    class Refuse(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            seen.append(self.headers["User-Agent"])
            self.send_error(403)

        def log_message(self, *_):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Refuse) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        kubeconfig = folder / "plain-http"
        kubeconfig.write_text(
            "{apiVersion: v1, kind: Config, current-context: c, users: [],"
            f" clusters: [{{name: c, cluster: {{server: 'http://127.0.0.1:{server.server_address[1]}'}}}}],"
            " contexts: [{name: c, context: {cluster: c}}]}")
        try:
            yield kubeconfig, seen
        finally:
            server.shutdown()


def test_it_ends_after_the_given_time(server, tmp_path):
    with observing(tmp_path, "cm-logger", server.kubeconfig, "--for", "1s") as logger:
        assert logger.end() == 0
        assert logger.summary["interrupted"] is None and logger.summary["duration"] >= 1e9
        assert "interrupted" not in logger.text


def test_sigint_is_130(server, tmp_path):
    with observing(tmp_path, "cm-logger", server.kubeconfig) as logger:
        logger.wait_until_watching()
        assert logger.stop(signal.SIGINT) == 130
        assert "interrupted by SIGINT" in logger.text and "interrupted by SIGINT" in logger.errors


def test_another_url_than_the_kubeconfigs(server, tmp_path):
    with observing(tmp_path, "cm-logger", server.kubeconfig, "-master", "https://127.0.0.1:1", "--for", "1s") as logger:
        assert logger.end() == 10 and "--resource v1/configmaps: no list was complete" in logger.errors
        assert logger.summary["server"]["url"] == "https://127.0.0.1:1" and not logger.summary["synced"]
        assert logger.summary["watch"]["errors"] and "WARNING: no list was complete" in logger.text


def test_an_overridden_server_that_is_not_verified(server, writer, tmp_path):
    writer.create_flunder("f")
    elsewhere = tmp_path / "elsewhere"
    text = server.kubeconfig.read_text().replace(server.url, "https://127.0.0.1:1")
    elsewhere.write_text(re.sub(r"certificate-authority-data: \S+", "", text))
    host = server.url.removeprefix("https://")
    with observing(tmp_path, "flunder-logger", elsewhere, "-override-server", host, "--for", "1s") as logger:
        assert logger.end() == 10 and not logger.summary["synced"]
    with observing(tmp_path, "flunder-logger", elsewhere, "-override-server", host, "-insecure",
                   "--until-idle", "1s") as logger:
        assert logger.end() == 0 and len(logger.rows) == 1


@pytest.mark.parametrize("flags, code, told", [
    (["-data-filname", "missing/rows.csv"], 2, "-data-filname: cannot write missing/rows.csv"),
    (["-threads", "0"], 1, "-threads: found 0"),
    (["--for", "soon"], 1, "--for: found"),
    (["--until-idle", "-1s"], 1, "--until-idle: found"),
    (["--resource", "configmaps"], 1, "--resource: found"),
    (["--resource", "a/b/c/d"], 1, "--resource: found"),
    (["-no-such-flag"], 1, "--no-such-flag"),
    (["-metricport", "nowhere:x"], 1, "-metricport"),
    (["-kubeconfig", "missing"], 20, "missing"),
    (["--summary-file", "missing/summary.json"], 1, "--summary-file: cannot write missing/summary.json: No such file"),
    (["--summary-file", "."], 1, "--summary-file: cannot write .: Is a directory"),
])
def test_bad_flags_are_one_line(program, server, flags, code, told):
    given = [] if "-kubeconfig" in flags else ["-kubeconfig", server.kubeconfig]
    rows = [] if "-data-filname" in flags else ["-data-filname", "rows.csv"]
    finished = program("cm-logger", "-metricport", "127.0.0.1:0", *given, *rows, *flags)
    assert finished.returncode == code, finished.stderr
    assert told in finished.stderr.replace("unknown flag -no", "unknown flag --no") and finished.stderr.count("\n") == 1


def test_the_flag_that_gave_a_bad_server_is_named(program, server):
    flags = ["-kubeconfig", server.kubeconfig, "-metricport", "127.0.0.1:0", "-data-filname", "rows.csv"]
    finished = program("flunder-logger", *flags, "-override-server", "ftp://x")
    assert finished.returncode == 20 and finished.stderr.startswith("k8scale flunder-logger: -override-server: found")
    finished = program("flunder-logger", "--embedded", *flags[2:], "-override-server", "host")
    assert finished.returncode == 1 and "-override-server" in finished.stderr


@pytest.mark.parametrize("flags", [[], ["-useProtobuf"], ["--final-list"]])
def test_a_resource_that_the_server_does_not_have_ends_it(server, tmp_path, flags):
    started = time.monotonic()
    with observing(tmp_path, "logger", server.kubeconfig, "--resource", "v1/nosuch", "--for", "60s", *flags) as logger:
        assert logger.end() == 10
    assert time.monotonic() - started < 30
    assert "--resource v1/nosuch: the list failed: the server could not find the requested resource" in logger.errors


def test_a_full_disk_loses_rows_and_says_so(server, writer, tmp_path):
    for name in ("a", "b", "c"):
        writer.create(name)
    flags = ["-data-filname", "/dev/full", "--until-idle", "1s"]
    with observing(tmp_path, "cm-logger", server.kubeconfig, *flags) as logger:
        assert logger.end() == 12
        assert logger.summary["rows"]["lost"] == 3 and logger.summary["dequeues"]["create"] == 3
        assert "3 of 3 rows were lost: /dev/full: No space left on device" in logger.text


def test_rows_are_on_the_disk_before_a_kill(server, writer, tmp_path):
    with observing(tmp_path, "cm-logger", server.kubeconfig) as logger:
        writer.create("a")
        logger.wait_for_rows(1)
        logger.process.kill()
        logger.process.wait()
        assert ROW.fullmatch(logger.rows[0])


def test_metadata_is_enough_for_rows(server, writer, tmp_path):
    writer.create("a")
    flags = ["--metadata-only", "--gzip", "--until-idle", "1s"]
    with observing(tmp_path, "cm-logger", server.kubeconfig, *flags) as logger:
        assert logger.end() == 0 and len(logger.rows) == 1


def test_protobuf_says_the_same(server, writer, tmp_path):
    writer.create("a")
    with observing(tmp_path, "cm-logger", server.kubeconfig, "-useProtobuf", "--until-idle", "2s") as logger:
        logger.wait_until_watching()
        writer.update("a", "w")
        logger.wait_for_rows(2)
        assert logger.end() == 0
        assert [row.split(",")[1] for row in logger.rows] == ["create", "update"]
