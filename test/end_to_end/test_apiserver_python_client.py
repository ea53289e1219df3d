"""The official Python client against `k8scale apiserver`."""

import kubernetes
import pytest
import requests
from kubernetes.client.exceptions import ApiException


@pytest.fixture
def core(api_server):
    return kubernetes.client.CoreV1Api(kubernetes.config.new_client_from_config(str(api_server().kubeconfig)))


def config_map(name, **labels):
    return {"metadata": {"name": name, "labels": labels}, "data": {"k": "v"}}


def test_objects_live_and_end(core):
    made = core.create_namespaced_config_map("default", config_map("a"))
    assert made.metadata.uid and made.metadata.resource_version
    made.data = {"k": "w"}
    assert core.replace_namespaced_config_map("a", "default", made).data == {"k": "w"}
    with pytest.raises(ApiException) as conflict:
        core.replace_namespaced_config_map("a", "default", made)
    assert conflict.value.status == 409
    core.delete_namespaced_config_map("a", "default")
    with pytest.raises(ApiException) as missing:
        core.read_namespaced_config_map("a", "default")
    assert missing.value.status == 404


def test_lists_come_in_pages(core):
    names = [f"p{i}" for i in range(7)]
    for name in names:
        core.create_namespaced_config_map("default", config_map(name, page="yes"))
    found, token = [], None
    while token != "":
        page = core.list_namespaced_config_map("default", limit=3, _continue=token, label_selector="page=yes")
        found += [item.metadata.name for item in page.items]
        token = page.metadata._continue or ""
    assert found == names


def test_generated_names_dry_runs_and_a_deleted_collection(core):
    generated = core.create_namespaced_config_map("default", {"metadata": {"generateName": "g-"}})
    assert generated.metadata.name.startswith("g-") and len(generated.metadata.name) == 7
    core.create_namespaced_config_map("default", config_map("dry"), dry_run="All")
    assert [item.metadata.name for item in core.list_namespaced_config_map("default").items] == [generated.metadata.name]
    core.delete_collection_namespaced_config_map("default")
    assert core.list_namespaced_config_map("default").items == []


def test_a_watch_sees_what_happens(core):
    version = core.list_namespaced_config_map("default").metadata.resource_version
    core.create_namespaced_config_map("default", config_map("w"))
    core.delete_namespaced_config_map("w", "default")
    watch = kubernetes.watch.Watch()
    events = []
    for event in watch.stream(core.list_namespaced_config_map, "default", resource_version=version, timeout_seconds=20):
        events.append((event["type"], event["object"].metadata.name))
        if len(events) == 2:
            watch.stop()
    assert events == [("ADDED", "w"), ("DELETED", "w")]


@pytest.mark.parametrize("path, status, reason", [
    ("/api/v1/namespaces/default/pods", 404, "NotFound"),
    ("/apis/nothing.example.com/v1/things", 404, "NotFound"),
    ("/api/v1/namespaces/default/configmaps/missing", 404, "NotFound"),
])
def test_what_is_not_there_is_a_status(api_server, path, status, reason):
    server = api_server()
    configuration = kubernetes.client.Configuration()
    kubernetes.config.load_kube_config(str(server.kubeconfig), client_configuration=configuration)
    answer = requests.get(server.url + path, verify=configuration.ssl_ca_cert, timeout=20,
                          headers={"Authorization": configuration.api_key["authorization"]})
    assert answer.status_code == status
    assert answer.json()["kind"] == "Status" and answer.json()["reason"] == reason


def test_nobody_gets_more_than_health_and_version(api_server):
    server = api_server()
    get = lambda path: requests.get(server.url + path, verify=False, timeout=20).status_code  # noqa: E731
    assert [get(path) for path in ("/healthz", "/livez", "/readyz", "/version")] == [200] * 4
    assert [get(path) for path in ("/api", "/api/v1/namespaces", "/nothing")] == [401] * 3
