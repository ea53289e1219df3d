"""What a watch is answered: `k8scale apiserver` beside a real kube-apiserver."""

import json

import pytest
from raw_watch import CONFIG_MAPS, Client

pytestmark = pytest.mark.xdist_group("real-server")
TABLE = "application/json;as=Table;g=meta.k8s.io;v=v1"
PARTIAL = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
BINARY = "application/vnd.kubernetes.protobuf"
ANY = "resourceVersionMatch=NotOlderThan"
ONE = "fieldSelector=metadata.name=probe"


@pytest.fixture(scope="module")
def real(real_server):
    return Client(real_server.kubeconfig)


@pytest.fixture
def ours(api_server):
    return Client(api_server().kubeconfig)


def normal(value):
    """Without what differs between any two servers."""
    if isinstance(value, dict):
        gone = ("uid", "resourceVersion", "creationTimestamp", "managedFields", "columnDefinitions")
        return {name: normal(each) for name, each in value.items() if name not in gone}
    return [normal(each) for each in value] if isinstance(value, list) else value


def answers(client, options, **headers):
    """Status, type and what is in the body."""
    client.call("DELETE", f"{CONFIG_MAPS}/probe")
    client.create("probe", {"a": "b"}, k="v")
    status, head, body = client.call("GET", f"{CONFIG_MAPS}?timeoutSeconds=1&{options}", **headers)
    lines = [normal(json.loads(line)) for line in body.splitlines()]
    for line in lines:
        for row in line.get("object", {}).get("rows", []):
            row["cells"] = [row["cells"][0], *row["cells"][1:-1]]  # the last is the age
    return status, head["Content-Type"], lines


@pytest.mark.parametrize("options", [
    f"watch=true&{ONE}", f"watch=1&{ONE}&resourceVersion=0", f"watch=maybe&{ONE}", f"watch&{ONE}",
    f"watch=true&{ONE}&allowWatchBookmarks=true", f"watch=true&{ONE}&allowWatchBookmarks=False",
    f"watch=true&{ONE}&sendInitialEvents=true&allowWatchBookmarks=true&{ANY}",
    f"watch=true&{ONE}&sendInitialEvents=true&{ANY}", f"watch=true&{ONE}&sendInitialEvents=false&{ANY}",
    "watch=true&sendInitialEvents=true", "watch=true&sendInitialEvents=true&resourceVersionMatch=Exact",
    f"watch=true&{ANY}", "watch=true&resourceVersionMatch=Exact&continue=x",
    "watch=true&resourceVersion=abc", "watch=true&timeoutSeconds=abc", "watch=true&fieldSelector=foo=bar",
    "watch=true&labelSelector=a=b", "watch=true&labelSelector=a%20b",
])
def test_the_same_answers(real, ours, options):
    assert answers(ours, options) == answers(real, options)


@pytest.mark.parametrize("accept", [TABLE, PARTIAL, f"text/html,{PARTIAL}", f"{TABLE};q=0.5,{PARTIAL}"])
def test_the_same_shapes(real, ours, accept):
    options = f"watch=true&{ONE}&allowWatchBookmarks=true"
    assert answers(ours, options, Accept=accept) == answers(real, options, Accept=accept)


def test_the_same_columns_once(real, ours):
    def columns(client):
        client.call("DELETE", f"{CONFIG_MAPS}/probe")
        client.create("probe", {"a": "b"}, k="v")
        options = f"watch=true&timeoutSeconds=1&{ONE}&allowWatchBookmarks=true"
        lines = client.call("GET", f"{CONFIG_MAPS}?{options}", Accept=TABLE)[2].splitlines()
        found = [json.loads(line)["object"]["columnDefinitions"] for line in lines]
        return [each and [(column["name"], column["type"], column["priority"]) for column in each] for each in found]
    assert columns(ours) == columns(real)


def frames(body):
    while body:
        length = int.from_bytes(body[:4], "big")
        yield body[4:4 + length]
        body = body[4 + length:]


def test_the_same_frames_in_protobuf(real, ours):
    options = f"watch=true&{ONE}&allowWatchBookmarks=true&timeoutSeconds=1"
    for client in (real, ours):
        client.call("DELETE", f"{CONFIG_MAPS}/probe")
        client.create("probe", {"a": "b"}, k="v")
        status, head, body = client.call("GET", f"{CONFIG_MAPS}?{options}", Accept=BINARY)
        assert status == 200 and head["Content-Type"] == f"{BINARY};stream=watch"
        added, bookmark = frames(body)
        assert added.startswith(b"\n\x05ADDED\x12") and b"k8s\0\n\x0f\n\x02v1\x12\tConfigMap" in added
        assert b"\x12\x06\n\x01k\x12\x01v" in added
        assert bookmark.startswith(b"\n\x08BOOKMARK\x12") and b"k8s.io/initial-events-end" in bookmark
