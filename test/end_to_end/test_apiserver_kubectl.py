"""kubectl, as it comes, against `k8scale apiserver`."""

import json

MAP = """
apiVersion: v1
kind: ConfigMap
metadata: {name: applied, labels: {p: q}}
data: {k: "%s"}
"""


def data(kubectl, name):
    return json.loads(kubectl("get", "configmap", name, "-o", "json")).get("data")


def test_create_and_get_in_every_form(kubectl):
    assert kubectl("create", "configmap", "probe", "--from-literal=a=b") == "configmap/probe created\n"
    table = kubectl("get", "configmaps").splitlines()
    assert table[0].split() == ["NAME", "DATA", "AGE"]
    assert table[1].split()[:2] == ["probe", "1"]
    assert "kind: ConfigMap" in kubectl("get", "configmap", "probe", "-o", "yaml")
    kubectl("label", "configmap", "probe", "x=y")
    kubectl("annotate", "configmap", "probe", "n=v")
    assert kubectl("get", "cm", "-l", "x=y", "-o", "name") == "configmap/probe\n"
    assert kubectl("get", "cm", "-l", "x!=y", "-o", "name") == ""
    assert kubectl("get", "cm", "--field-selector", "metadata.name=probe", "-o", "name") == "configmap/probe\n"
    assert kubectl("get", "cm", "--field-selector", "metadata.name!=probe", "-o", "name") == ""
    assert kubectl("get", "cm", "probe", "-o", "jsonpath={.metadata.annotations.n}") == "v"


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


def test_delete_one_all_and_a_namespace(kubectl):
    for name in ("one", "two", "three"):
        kubectl("create", "configmap", name)
    assert "deleted" in kubectl("delete", "configmap", "one")
    kubectl("delete", "configmaps", "--all")
    assert kubectl("get", "configmaps", "-o", "name") == ""
    kubectl("create", "namespace", "gone")
    kubectl("create", "configmap", "inside", "-n", "gone")
    kubectl("delete", "namespace", "gone")
    assert "NotFound" in kubectl("get", "configmap", "inside", "-n", "gone", check=False).stderr
    refused = kubectl("create", "configmap", "inside", "-n", "gone", check=False)
    assert 'namespaces "gone" not found' in refused.stderr


def test_discovery_and_version(kubectl):
    resources = kubectl("api-resources", "-o", "name").split()
    assert {"configmaps", "leases.coordination.k8s.io", "flunders.wardle.example.com"} <= set(resources)
    assert "Server Version: v1." in kubectl("version")
    assert kubectl("get", "--raw", "/readyz") == "ok"


def test_unknown_fields_are_refused(kubectl):
    wrong = (MAP % 1).replace("\ndata:", "\ndataa:")
    refused = kubectl("apply", "-f", "-", stdin=wrong, check=False)
    assert 'unknown field "dataa"' in refused.stderr


def test_the_service_kubernetes_names_the_server(api_server):
    server = api_server()
    port = server.url.rsplit(":", 1)[1]
    assert f"127.0.0.1:{port}" in server.kubectl("get", "endpoints", "kubernetes")
    assert port in server.kubectl("get", "endpointslices", "-o", "wide")


def test_other_resources_are_served_on_demand(api_server):
    server = api_server("--resource", "example.com/v1/widgets=Widget")
    server.kubectl("create", "-f", "-", stdin="{apiVersion: example.com/v1, kind: Widget, metadata: {name: w}, spec: {a: 1}}")
    assert server.kubectl("get", "widgets", "-o", "jsonpath={.items[0].spec.a}") == "1"


def test_a_signal_ends_it_cleanly(api_server):
    server = api_server()
    assert server.kubeconfig.stat().st_mode & 0o777 == 0o600
    assert server.stop() == 0
