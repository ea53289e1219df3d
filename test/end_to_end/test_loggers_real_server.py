"""Loggers and watchers against a real kube-apiserver, and a sample-apiserver behind its aggregator."""

import csv

import pytest
import real_server as envtest
from watching import Writer, observing

pytestmark = pytest.mark.xdist_group("real-server")

NOTHING = {"duplicated": 0, "reordered": 0, "missed": {"creates": 0, "updates": 0, "deletes": 0}}


@pytest.fixture
def writer(real_server):
    return Writer(real_server.kubeconfig)


def rows_of(logger, name):
    return [row[1] for row in csv.reader(logger.rows) if row[2] == f"default/{name}"]


@pytest.mark.parametrize("encoding", ["json", "protobuf"])
def test_config_maps_are_logged(real_server, writer, tmp_path, encoding):
    flags = ["-useProtobuf"] if encoding == "protobuf" else []
    name = f"logged-{encoding}"
    with observing(tmp_path, "cm-logger", real_server.kubeconfig, *flags) as logger:
        logger.wait_until_watching()
        for step in (lambda: writer.create(name), lambda: writer.update(name, "w"), lambda: writer.delete(name)):
            before = len(rows_of(logger, name))
            step()
            envtest.wait_until(lambda before=before: len(rows_of(logger, name)) > before, "a row")
        logger.stop(15)
        assert rows_of(logger, name) == ["create", "update", "delete"]
        assert logger.summary["audit"] == NOTHING and logger.summary["watch"]["errors"] == {}


@pytest.mark.parametrize("flags", [[], ["-useProtobuf"], ["--gzip"], ["--metadata-only"],
                                   ["-useProtobuf", "--metadata-only"]])
def test_a_drivers_run_is_seen_whole(real_server, cmdriver, tmp_path, flags):
    envtest.wait_until(lambda: real_server.get("/api/v1/namespaces/scaletest")[0] == 200 or
                       real_server.kubectl_run("create", "namespace", "scaletest"), "the namespace")
    with observing(tmp_path, "cm-logger", real_server.kubeconfig, *flags, "--until-idle", "3s",
                   "--final-list") as logger:
        logger.wait_until_watching()
        run = cmdriver("-kubeconfig", real_server.kubeconfig, "-lambda", "100", "-n", "200", "-maxpop", "10",
                       embedded=False)
        assert run.returncode == 0, run.stderr
        assert logger.end() == 0
        rows = [row for row in csv.reader(logger.rows) if row[2].startswith("scaletest/r1-")]
        assert sum(int(row[4]) for row in rows) == sum(int(row[6]) for row in rows) == 200
        assert logger.summary["audit"] == NOTHING
        assert logger.summary["notification_latency"]["create"]["count"] > 0


@pytest.mark.parametrize("encoding", ["json", "protobuf"])
def test_flunders_are_logged_and_have_no_protobuf(flunder_server, tmp_path, encoding):
    writer = Writer(flunder_server.kubeconfig)
    flags = ["-useProtobuf"] if encoding == "protobuf" else []
    name = f"flunder-{encoding}"
    with observing(tmp_path, "flunder-logger", flunder_server.kubeconfig, *flags, "--until-idle", "4s") as logger:
        writer.create_flunder(name)
        envtest.wait_until(lambda: rows_of(logger, name) == ["create"], "the creation")
        writer.delete_flunder(name)
        assert logger.end() == 0, logger.errors
        assert rows_of(logger, name) == ["create", "delete"]
        assert all(row.count(",") == 8 for row in logger.rows)
        assert logger.errors.count("no protobuf") == (1 if flags else 0)


def test_flunders_are_watched(flunder_server, tmp_path):
    writer = Writer(flunder_server.kubeconfig)
    with observing(tmp_path, "flunder-watch", flunder_server.kubeconfig) as watch:
        watch.wait_until_watching()
        writer.create_flunder("watched")
        watch.wait_for_line("ADDED default/watched version")
        writer.delete_flunder("watched")
        watch.wait_for_line("DELETED default/watched version")
        assert watch.stop(2) == 130


def test_many_watches_of_a_real_server(real_server, writer, tmp_path):
    flags = ["--watches", "100", "-namespace", "default", "--until-idle", "3s"]
    with observing(tmp_path, "watch", real_server.kubeconfig, *flags) as watch:
        watch.wait_until_watching()
        for i in range(20):
            writer.create(f"fanned-{i}")
        assert watch.end() == 0
        for i in range(20):
            writer.delete(f"fanned-{i}")
        summary = watch.summary
    assert summary["opened"] == 100 and summary["events"] == 100 * summary["versions"]
    assert summary["audit"] == {"duplicated": 0, "reordered": 0, "missed": 0, "behind": 0, "relists": 0}
