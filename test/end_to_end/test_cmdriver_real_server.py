"""cmdriver against a real kube-apiserver."""

import json

import pytest

pytestmark = pytest.mark.xdist_group("real-server")


@pytest.fixture(scope="module")
def namespace(real_server):
    real_server.kubectl_run("create", "namespace", "scaletest")
    return real_server


def test_the_drawn_schedule_is_kept_and_nothing_is_left(cmdriver, namespace):
    run = cmdriver("-kubeconfig", namespace.kubeconfig, "-lambda", "50", "-n", "300", "-maxpop", "20", embedded=False)
    assert run.returncode == 0, run.stderr
    assert len(run.rows) == 600
    assert all(row.endswith(',""') for row in run.rows)
    create = run.summary["operations"]["create"]
    assert create["rate"] == pytest.approx(create["scheduled_rate"], rel=0.02)
    assert run.summary["server"]["version"].startswith("v1.")
    left = namespace.kubectl_run("get", "configmaps", "-n", "scaletest", "-l", "purpose=scaletest", "-o", "json")
    assert json.loads(left)["items"] == []


def test_watchers_show_every_write_once_and_in_order(cmdriver, namespace):
    run = cmdriver("-kubeconfig", namespace.kubeconfig, "-lambda", "50", "-n", "200", "-maxpop", "20", "--observe=2",
                   run_id="r2", embedded=False)
    assert run.returncode == 0, run.stderr
    for verb in ("create", "delete"):
        totals = run.summary["operations"][verb]
        assert (totals["seen"], totals["missed"], totals["seen_without_answer"]) == (200, 0, 0)
    watch = run.summary["watch"]
    assert (watch["events"], watch["duplicated"], watch["reordered"], watch["relists"]) == (800, 0, 0, 0)
