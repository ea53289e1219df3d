import json
import ssl
import urllib.request

import pytest
import real_server as envtest

pytestmark = pytest.mark.xdist_group("real-server")


@pytest.fixture(scope="module")
def flunder_server(real_server):
    real_server.start_sample_apiserver()
    return real_server


def test_the_server_is_ready_for_a_bearer_of_the_token(real_server):
    request = urllib.request.Request(real_server.url + "/readyz", headers={"Authorization": f"Bearer {real_server.token}"})
    context = ssl.create_default_context(cafile=real_server.ca_file)
    with urllib.request.urlopen(request, context=context, timeout=30) as answer:
        assert answer.read() == b"ok"


def test_kubectl_reads_the_version_of_the_server(real_server):
    versions = json.loads(real_server.kubectl_run("version", "-o", "json"))
    assert versions["serverVersion"]["gitVersion"].startswith("v1.")


def test_kubectl_creates_reads_and_deletes_a_config_map(real_server):
    real_server.kubectl_run("create", "configmap", "envtest-probe", "--from-literal=key=value")
    made = json.loads(real_server.kubectl_run("get", "configmap", "envtest-probe", "-o", "json"))
    assert made["data"] == {"key": "value"}
    real_server.kubectl_run("delete", "configmap", "envtest-probe")
    assert real_server.get("/api/v1/namespaces/default/configmaps/envtest-probe")[0] == 404


def test_kubectl_creates_reads_and_deletes_a_flunder(flunder_server):
    flunder = {"apiVersion": "wardle.example.com/v1alpha1", "kind": "Flunder", "metadata": {"name": "probe"}, "spec": {}}
    flunder_server.kubectl_run("create", "-f", "-", input=json.dumps(flunder))
    assert "probe" in flunder_server.kubectl_run("get", "flunders", "-o", "name")
    flunder_server.kubectl_run("delete", "flunder", "probe")
    assert flunder_server.kubectl_run("get", "flunders", "-o", "name") == ""


def test_what_is_missing_is_said_with_its_remedy(monkeypatch, tmp_path):
    monkeypatch.delenv("KUBEBUILDER_ASSETS", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert envtest.find_assets() is None
    assert "./dev envtest" in envtest.missing_reason()
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(tmp_path))
    assert str(tmp_path) in envtest.missing_reason()
