"""The drivers against a real kube-apiserver, and a sample-apiserver behind its aggregator."""

import csv
import json
import re

import pytest
from watching import observing

pytestmark = pytest.mark.xdist_group("real-server")


@pytest.fixture(scope="module")
def namespace(real_server):
    if real_server.get("/api/v1/namespaces/scaletest")[0] == 404:
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


def test_a_closed_loop_and_the_real_lengths_of_its_objects(driver, namespace):
    """An object has the same length however it came: ours, computed from JSON, and the server's own protobuf."""
    lengths = {}
    for encoding, flags in (("json", []), ("protobuf", ["-useProtobuf"])):
        run = driver("cmdriverclosed", "-kubeconfig", namespace.kubeconfig, "-conns", "1", "-n", "100", "-threads", "8",
                     "-rate", "100000", *flags, run_id=f"c-{encoding[:4]}", embedded=False)
        assert run.returncode == 0, run.stderr
        assert len(run.rows) == 300 and not any(error for *_, error in run.fields)
        assert "100 object lifecycles in" in run.stderr
        assert "0 errors on create, 0 on update, and 0 on delete" in run.stderr
        lengths[encoding] = re.search(r"created object = (\d+), .* updated object = (\d+)", run.stderr).groups()
    versions = 2  # the digits of resourceVersion may become more between the two runs
    for ours, theirs in zip(*lengths.values(), strict=True):
        assert abs(int(ours) - int(theirs)) <= versions


def test_a_mix_of_all_operations(driver, namespace):
    run = driver("drive", "-kubeconfig", namespace.kubeconfig, "--rate", "200", "-n", "400", "--initial", "100", "--mix",
                 "create=1,update=1,patch=1,get=1,list=1,delete=1", run_id="m1", embedded=False)
    assert run.returncode == 0, run.stderr
    gone = [row for row in run.fields if row[4] and "not found" not in row[4]]  # by a delete meanwhile
    assert gone == [] and len(run.rows) == 400
    left = namespace.kubectl_run("get", "configmaps", "-n", "scaletest", "-l", "purpose=scaletest", "-o", "name")
    assert left.split() == []


@pytest.mark.parametrize("resource", ["v1/secrets", "v1/serviceaccounts", "coordination.k8s.io/v1/leases"])
def test_any_built_in_kind_in_protobuf(driver, namespace, resource):
    run = driver("drive", "-kubeconfig", namespace.kubeconfig, "--resource", resource, "-useProtobuf", "--data-length", "100",
                 "--rate", "200", "-n", "60", "--initial", "20", "--mix", "create=1,update=1,patch=1,get=1,delete=1",
                 run_id="p1", embedded=False)
    assert run.returncode == 0, run.stderr
    assert run.summary["parameters"]["encoding"] == "protobuf" and [row for row in run.fields if row[4] and "not found" not in row[4]] == []


@pytest.mark.usefixtures("flunder_server")
@pytest.mark.parametrize("flags", [[], ["-useProtobuf"]])
def test_flunders_have_no_protobuf(driver, namespace, flags):
    """An empty list of them has: they are there or not, which must not matter."""
    for number, population in enumerate((["--maxpop", "1"], ["--keep"], ["--maxpop", "1"])):
        run = driver("drive", "--resource", "wardle.example.com/v1alpha1/flunders", "-kubeconfig", namespace.kubeconfig,
                     "--rate", "50", "-n", "5", *flags, *population, run_id=f"f{number}",
                     embedded=False)
        assert run.returncode == 0 and not any(error for *_, error in run.fields), run.stderr
        assert ("has no protobuf form of flunders.wardle.example.com" in run.stderr) == bool(flags)
    namespace.kubectl_run("delete", "flunders", "--all", "-n", "scaletest")


CUSTOM_RESOURCE = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: widgets, singular: widget, kind: Widget, listKind: WidgetList}
  versions:
  - name: v1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
"""


def test_custom_resources_have_no_protobuf(driver, namespace):
    """kube-apiserver breaks the connection on which it is sent one in protobuf."""
    namespace.kubectl_run("apply", "-f", "-", input=CUSTOM_RESOURCE)
    namespace.kubectl_run("wait", "--for", "condition=Established", "crd/widgets.example.com")
    try:
        run = driver("drive", "--resource", "example.com/v1/widgets", "-kubeconfig", namespace.kubeconfig, "-useProtobuf",
                     "--rate", "50", "-n", "10", "--maxpop", "2", "--updates", "1", run_id="w1", embedded=False)
    finally:
        namespace.kubectl_run("delete", "crd", "widgets.example.com")
    assert run.returncode == 0 and not any(error for *_, error in run.fields), run.stderr
    assert "has no protobuf form of widgets.example.com" in run.stderr


@pytest.mark.usefixtures("flunder_server")
def test_flunders_behind_the_aggregator_are_driven_and_seen(driver, namespace, tmp_path):
    with observing(tmp_path, "flunder-logger", namespace.kubeconfig, "--until-idle", "4s") as logger:
        logger.wait_until_watching()
        run = driver("flunder-driver", "-kubeconfig", namespace.kubeconfig, "-lambda", "50", "-n", "100", "-maxpop", "10",
                     run_id="f1", embedded=False)
        assert logger.end() == 0
    assert run.returncode == 0, run.stderr
    driven = {name for _, _, op, name, error in run.fields if op == "create" and not error}
    seen = {op: {row[2].removeprefix("scaletest/") for row in csv.reader(logger.rows) if row[1] == op}
            for op in ("create", "delete")}
    assert len(driven) == 100 and driven <= seen["create"] and driven <= seen["delete"]
