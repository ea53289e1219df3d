"""kubectl, as it comes, against `k8scale apiserver` and a real kube-apiserver: what its user sees is the same."""

import functools
import itertools
import json
import re
import shlex

import pytest
from conftest import run_kubectl

MAP = """
apiVersion: v1
kind: ConfigMap
metadata: {name: applied, labels: {p: q}}
data: {k: "%s"}
"""
LEASE = "{apiVersion: coordination.k8s.io/v1, kind: Lease, metadata: {name: l}, spec: {holderIdentity: me}}"
_names = itertools.count(1)


def servers(test):
    """Runs the test against each of the servers."""
    real = pytest.param("real", marks=pytest.mark.xdist_group("real-server"))
    return pytest.mark.parametrize("kubectl", ["embedded", real], indirect=True)(test)


@pytest.fixture
def kubectl(request, api_server):
    """kubectl, in a namespace of its own."""
    kubeconfig = api_server().kubeconfig if request.param == "embedded" else request.getfixturevalue("real_server").kubeconfig
    namespace = f"kubectl-{next(_names)}"
    run_kubectl(kubeconfig, "create", "namespace", namespace)
    return functools.partial(run_kubectl, kubeconfig, "--namespace", namespace)


def data(kubectl, name):
    return json.loads(kubectl("get", "configmap", name, "-o", "json")).get("data")


@servers
def test_create_and_get_in_every_form(kubectl):
    assert kubectl("create", "configmap", "probe", "--from-literal=a=b") == "configmap/probe created\n"
    table = kubectl("get", "configmaps").splitlines()
    assert table[0].split() == ["NAME", "DATA", "AGE"]
    assert ["probe", "1"] in [line.split()[:2] for line in table]
    assert "kind: ConfigMap" in kubectl("get", "configmap", "probe", "-o", "yaml")
    assert kubectl("label", "configmap", "probe", "x=y") == "configmap/probe labeled\n"
    assert kubectl("annotate", "configmap", "probe", "n=v") == "configmap/probe annotated\n"
    assert kubectl("get", "cm", "-l", "x=y", "-o", "name") == "configmap/probe\n"
    assert "probe" not in kubectl("get", "cm", "-l", "x!=y", "-o", "name")
    assert kubectl("get", "cm", "--field-selector", "metadata.name=probe", "-o", "name") == "configmap/probe\n"
    assert "probe" not in kubectl("get", "cm", "--field-selector", "metadata.name!=probe", "-o", "name")
    assert kubectl("get", "cm", "probe", "-o", "jsonpath={.metadata.annotations.n}") == "v"


@servers
def test_apply_patch_replace_and_edit(kubectl, tmp_path):
    assert "created" in kubectl("apply", "-f", "-", stdin=MAP % 1)
    assert "unchanged" in kubectl("apply", "-f", "-", stdin=MAP % 1)
    assert "configured" in kubectl("apply", "-f", "-", stdin=MAP % 2)
    kubectl("patch", "cm", "applied", "-p", '{"data":{"s":"1"}}')
    kubectl("patch", "cm", "applied", "--type", "merge", "-p", '{"data":{"m":"1","s":null}}')
    kubectl("patch", "cm", "applied", "--type", "json", "-p", '[{"op":"add","path":"/data/j","value":"1"}]')
    assert data(kubectl, "applied") == {"k": "2", "m": "1", "j": "1"}
    kubectl("replace", "-f", "-", stdin=MAP % 3)
    assert data(kubectl, "applied") == {"k": "3"}
    editor = tmp_path / "editor"
    editor.write_text("#!/bin/sh\nsed -i 's/k: \"3\"/k: \"4\"/' \"$1\"\n")
    editor.chmod(0o755)
    assert "edited" in kubectl("edit", "cm", "applied", EDITOR=str(editor))
    assert data(kubectl, "applied") == {"k": "4"}


@servers
def test_delete_one_and_all(kubectl):
    for name in ("one", "two", "three"):
        kubectl("create", "configmap", name)
    assert "deleted" in kubectl("delete", "configmap", "one")
    kubectl("delete", "configmaps", "--all")
    assert kubectl("get", "configmaps", "-o", "name") == ""


@servers
def test_discovery_and_version(kubectl):
    resources = kubectl("api-resources", "-o", "name").split()
    assert {"configmaps", "endpointslices.discovery.k8s.io", "leases.coordination.k8s.io"} <= set(resources)
    assert "Server Version: v1." in kubectl("version")
    assert kubectl("get", "--raw", "/readyz") == "ok"


@servers
def test_unknown_fields_are_refused(kubectl):
    wrong = (MAP % 1).replace("\ndata:", "\ndataa:")
    refused = kubectl("apply", "-f", "-", stdin=wrong, check=False)
    assert refused.returncode == 1
    assert 'strict decoding error: unknown field "dataa"' in refused.stderr


SESSION = [
    ("create configmap probe --from-literal=a=b", None), ("create configmap probe --from-literal=a=b", None),
    ("create configmap Bad_Name", None), ("create configmap c --from-literal=a=b --dry-run=server -o yaml", None),
    ("create configmap c --from-literal=a=b -n nowhere", None),
    ("get configmaps", None), ("get cm probe -o wide", None), ("get cm nope", None), ("get cm probe -o yaml", None), ("get cm -o yaml", None),
    ("get cm -o custom-columns=N:.metadata.name,D:.data.a", None), ("get cm probe --show-labels", None), ("get cm --chunk-size=1 -o name", None),
    ("label cm probe x=y", None), ("label cm probe x=y", None), ("label cm probe x=z", None), ("label cm probe x=z --overwrite", None),
    ("label cm probe bad@=1", None), ("label cm nope x=y", None), ("annotate cm probe n=v", None), ("annotate cm probe n-", None),
    ("get cm -l 'x in (y,z)' -o name", None), ("get cm -l '!x' -o name", None), ("get cm -l x===", None), ("get cm -l x,zz", None),
    ("get cm --field-selector metadata.name=probe", None), ("get cm --field-selector data.a=b", None),
    ("apply -f -", MAP % 1), ("apply -f -", MAP % 1), ("apply -f -", MAP % 2), ("apply -f - --dry-run=server", MAP % 3),
    ("apply -f -", MAP.replace("data:", "dataa:") % 3), ("create -f -", "{apiVersion: v1, kind: Nonsense, metadata: {name: x}}"),
    ("""patch cm applied -p '{"data":{"s":"1"}}'""", None), ("""patch cm applied -p '{"data":{"s":"1"}}'""", None),
    ("""patch cm applied --type json -p '[{"op":"test","path":"/data/k","value":"9"}]'""", None), ("patch cm nope -p {}", None),
    ("replace -f -", MAP % 4), ("replace -f -", MAP.replace("applied", "nope") % 4), ("replace --force -f -", MAP % 5), ("get cm applied -o jsonpath={.data}", None),
    ("describe cm applied", None), ("create secret generic s --from-literal=k=v", None), ("get secrets", None), ("describe secret s", None),
    ("create -f -", LEASE), ("get leases", None), ("create service externalname e --external-name x.io", None), ("get svc -o wide", None),
    ("get events", None), ("get endpoints", None), ("get endpointslices", None), ("get cm,secrets", None), ("get nonsense", None), ("get --raw /nonsense", None),
    ("delete cm probe", None), ("delete cm probe", None), ("delete cm probe --ignore-not-found", None), ("delete cm -l a=b", None),
    ("delete configmaps --all", None), ("delete namespace default", None), ("wait --for=delete cm/applied --timeout=5s", None)]


def as_seen(finished):
    """Exit code and output, without what each server makes up by itself and the time that has passed."""
    text = f"{finished.returncode}\n{finished.stdout}\n{finished.stderr}"
    text = re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "UID", text)
    text = re.sub(r'resourceVersion: "\d+"', "resourceVersion: N", text)
    text = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "TIME", text)
    return re.sub(r"\b\d+s\b", "AGE", text)


@pytest.mark.xdist_group("real-server")
def test_a_session_is_the_same_on_both_servers(api_server, real_server):
    namespace = f"kubectl-{next(_names)}"
    both = [functools.partial(run_kubectl, each.kubeconfig, "--namespace", namespace) for each in (api_server(), real_server)]
    for kubectl in both:
        kubectl("create", "namespace", namespace)
        kubectl("delete", "configmap", "kube-root-ca.crt", "--ignore-not-found")
    for command, stdin in SESSION:
        ours, real = (as_seen(kubectl(*shlex.split(command), stdin=stdin, check=False)) for kubectl in both)
        assert ours == real, command


def test_delete_of_a_namespace_removes_what_is_in_it(api_server):
    kubectl = api_server().kubectl
    kubectl("create", "namespace", "gone")
    kubectl("create", "configmap", "inside", "-n", "gone")
    kubectl("delete", "namespace", "gone")
    assert "NotFound" in kubectl("get", "configmap", "inside", "-n", "gone", check=False).stderr
    refused = kubectl("create", "configmap", "inside", "-n", "gone", check=False)
    assert 'namespaces "gone" not found' in refused.stderr


def test_the_service_kubernetes_names_the_server(api_server):
    server = api_server()
    assert f"127.0.0.1:{server.port}" in server.kubectl("get", "endpoints", "kubernetes")
    assert str(server.port) in server.kubectl("get", "endpointslices", "-o", "wide")


def test_other_resources_are_served_on_demand(api_server):
    server = api_server("--resource", "example.com/v1/widgets=Widget")
    assert "flunders.wardle.example.com" in server.kubectl("api-resources", "-o", "name")
    server.kubectl("create", "-f", "-", stdin="{apiVersion: example.com/v1, kind: Widget, metadata: {name: w}, spec: {a: 1}}")
    assert server.kubectl("get", "widgets", "-o", "jsonpath={.items[0].spec.a}") == "1"


def test_a_signal_ends_it_cleanly(api_server):
    server = api_server()
    assert server.kubeconfig.stat().st_mode & 0o777 == 0o600
    assert server.stop() == 0
