"""A real kube-apiserver that is killed and started again while a logger watches."""

import csv

import pytest
import real_server as envtest
from lacking import lack
from watching import Writer, observing

pytestmark = pytest.mark.xdist_group("real-server")


@pytest.fixture
def own_server(tmp_path):
    """A server that no other test uses."""
    if reason := envtest.missing_reason():
        lack(reason)
    with envtest.RealServer(tmp_path / "server") as server:
        yield server


def test_a_logger_carries_on_after_kill_9_of_the_server_and_misses_nothing(own_server, tmp_path):
    writer = Writer(own_server.kubeconfig)
    with observing(tmp_path, "cm-logger", own_server.kubeconfig, "--final-list") as logger:
        logger.wait_until_watching()
        for i in range(50):
            writer.create(f"before-{i}")
        envtest.wait_until(lambda: sum('"default/before-' in row for row in logger.rows) == 50, "the creates before")
        own_server.restart_apiserver()
        writer = Writer(own_server.kubeconfig)
        for i in range(50):
            writer.create(f"after-{i}")
            writer.delete(f"before-{i}")
        envtest.wait_until(lambda: sum('"default/before-' in row and ",delete," in row for row in logger.rows) == 50,
                           "the last delete")
        logger.stop(15)
        created = [row[2] for row in csv.reader(logger.rows) if row[1] == "create" and row[2].startswith("default/")]
        wanted = {f"default/{when}-{i}" for when in ("before", "after") for i in range(50)}
        assert wanted <= set(created) and len(created) == len(set(created))
        summary = logger.summary
        assert summary["audit"]["missed"] == {"creates": 0, "updates": 0, "deletes": 0}
        assert summary["watch"]["resumes"] + summary["watch"]["relists"] >= 1
        assert summary["watch"]["errors"] != {}
        assert summary["objects"] == len(own_server.kubectl_run("get", "configmaps", "-A", "-o", "name").splitlines())
