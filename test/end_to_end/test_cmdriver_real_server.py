"""cmdriver against a real kube-apiserver."""

import json

import pytest

pytestmark = pytest.mark.xdist_group("real-server")


def test_the_drawn_schedule_is_kept_and_nothing_is_left(cmdriver, real_server):
    real_server.kubectl_run("create", "namespace", "scaletest")
    run = cmdriver("-kubeconfig", real_server.kubeconfig, "-lambda", "50", "-n", "300", "-maxpop", "20", embedded=False)
    assert run.returncode == 0, run.stderr
    assert len(run.rows) == 600
    assert all(row.endswith(',""') for row in run.rows)
    create = run.summary["operations"]["create"]
    assert create["rate"] == pytest.approx(create["scheduled_rate"], rel=0.02)
    assert run.summary["server"]["version"].startswith("v1.")
    left = real_server.kubectl_run("get", "configmaps", "-n", "scaletest", "-l", "purpose=scaletest", "-o", "json")
    assert json.loads(left)["items"] == []
