"""The same requests to `k8scale apiserver` and to a real kube-apiserver: what a client gets is the same."""

import base64
import http.client
import itertools
import json
import re
import ssl

import pytest

pytestmark = pytest.mark.xdist_group("real-server")
_names = itertools.count(1)
UID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
JSON_PATCH, MERGE, STRATEGIC = (f"application/{kind}-patch+json" for kind in ("json", "merge", "strategic-merge"))


def config_map(name, data=None, **metadata):
    return {"metadata": {"name": name, **metadata}, **({"data": data} if data else {})}


class Client:
    """Sends requests as administrator; "$rv" and "$continue" in them stand for those of the last answer."""

    def __init__(self, url, ca, token):
        self._address = url.removeprefix("https://")
        self._context = ssl.create_default_context(cadata=ca)
        self._token = token
        self._last = {"rv": "", "continue": ""}

    def ask(self, method, path, body=None, content_type="application/json", accept="application/json",
            authorization="Bearer $token"):
        text = body if body is None or isinstance(body, (str, bytes)) else json.dumps(body)
        for name, value in self._last.items():
            path = path.replace("$" + name, value)
            text = text.replace("$" + name, value) if isinstance(text, str) else text
        connection = http.client.HTTPSConnection(self._address, context=self._context, timeout=60)
        headers = {"Authorization": authorization.replace("$token", self._token), "Accept": accept}
        connection.request(method, path, text, {**headers, **({"Content-Type": content_type} if text is not None else {})})
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        try:
            document = json.loads(content)
        except ValueError:
            document = content.decode()
        if isinstance(document, dict):
            metadata = document.get("metadata", {})
            self._last = {"rv": metadata.get("resourceVersion", ""), "continue": metadata.get("continue", "")}
        return answer.status, comparable(document), answer.headers.get_all("Warning"), answer.headers["Content-Type"]


def comparable(value):
    """Without what each server makes up by itself."""
    if isinstance(value, dict):
        made_up = {"resourceVersion", "creationTimestamp", "deletionTimestamp", "continue"}
        kept = {key: key if key in made_up and each else comparable(each)
                for key, each in value.items() if key not in ("managedFields", "description")}
        if "causes" in kept:
            kept["causes"].sort(key=json.dumps)
        return kept
    if isinstance(value, list):
        return [comparable(each) for each in value]
    if isinstance(value, str):
        value = re.sub(r"current: \d+", "current: N", UID.sub("UID", value))
        return re.sub(r' in scheme "[^"]*"', "", value)
    return value


@pytest.fixture
def both(api_server, real_server):
    """Sends the same requests to both servers, in a namespace of their own, and compares."""
    ours = api_server()
    ours_config = json.loads(ours.kubectl("config", "view", "--raw", "-o", "json"))
    ca = base64.b64decode(ours_config["clusters"][0]["cluster"]["certificate-authority-data"]).decode()
    clients = [Client(ours.url, ca, ours_config["users"][0]["user"]["token"]),
               Client(real_server.url, real_server.ca_file.read_text(), real_server.token)]
    space = f"same-{next(_names)}"

    def ask(method, path, *arguments, **options):
        path = path.replace("$ns", f"/api/v1/namespaces/{space}")
        answers = [client.ask(method, path, *arguments, **options) for client in clients]
        assert answers[0] == answers[1], (method, path, *arguments)
        return answers[0]
    ask("POST", "/api/v1/namespaces", {"metadata": {"name": space}})
    return ask


@pytest.mark.parametrize("body", [
    "", "{", "{}x", '{"metadata":{"name":"a",}}', '{"data":{"a":01}}', '{"kind":5}', "null", "{}",
    '{"kind":"Secret","apiVersion":"v1"}', '{"kind":"Nonsense","apiVersion":"v1"}', '{"apiVersion":"v2"}',
    '{"apiVersion":"a/b/c"}', '{"data":5}', '{"data":{"a":1}}', '{"data":["a"]}', '{"immutable":"yes"}',
    '{"metadata":"x"}', '{"metadata":{"labels":{"a":1}}}', '{"metadata":{"generation":1.5}}',
    '{"metadata":{"creationTimestamp":"yesterday"}}', '{"binaryData":{"b":"e!"}}',
    '{"metadata":{"name":"a","labels":{},"annotations":null},"data":{},"immutable":false}',
    b'{"metadata":{"name":"a"},"data":{"a":"\xff\xc3"}}', '{"metadata":{"name":"a"},"extra":1}',
    '{"metadata":{"name":"a"},"data":{"k":"1","k":"2"}}'])
def test_bodies(both, body):
    both("POST", "$ns/configmaps?dryRun=All", body)
    both("POST", "$ns/configmaps?dryRun=All&fieldValidation=Strict", body)


def test_names_labels_and_sizes(both):
    for name in ("A_b", "x" * 254, "-x", "a..b", "", "x" * 253):
        both("POST", "$ns/configmaps?dryRun=All", config_map(name))
    for key, value in (("a b", "c"), ("a", "c d"), ("a", "c" * 64), ("a/b/c", ""), ("/c", ""), ("A_/c", ""), ("x.io/", ""),
                       ("", ""), ("a" * 64, ""), ("X.io/C", "")):
        both("POST", "$ns/configmaps?dryRun=All", config_map("a", labels={key: value}))
        both("POST", "$ns/configmaps?dryRun=All", config_map("a", annotations={key: value}))
    both("POST", "$ns/configmaps?dryRun=All", config_map("a", annotations={"a": "x" * 300_000}))
    for key in ("a b", "..", "..a", ".", "", "a" * 254):
        both("POST", "$ns/configmaps?dryRun=All", config_map("a", {key: "v"}))
    both("POST", "$ns/configmaps?dryRun=All", config_map("a", {"a": "x" * 1_048_577}))
    for owner in ({"apiVersion": "v1", "kind": "", "name": "", "uid": ""}, {"apiVersion": "a/b/c", "kind": "K", "name": "n", "uid": "u"},
                  {"apiVersion": "v1", "kind": "Event", "name": "n", "uid": "u"}):
        both("POST", "$ns/configmaps?dryRun=All", config_map("a", ownerReferences=[owner]))
    for finalizers in (["nonsense"], ["orphan", "foregroundDeletion"], ["x.io/a"]):
        both("POST", "$ns/configmaps?dryRun=All", config_map("a", finalizers=finalizers))


def test_creates_updates_and_deletes(both):
    both("POST", "$ns/configmaps", config_map("a", {"k": "1"}, uid="x", generation=7))
    both("POST", "$ns/configmaps", config_map("a"))
    both("POST", "$ns/configmaps", config_map("b", resourceVersion="5"))
    both("POST", "$ns/configmaps", config_map("b", namespace="other"))
    for options in ("dryRun=x", "dryRun=", "fieldValidation=x", "fieldManager=%01", "fieldManager=" + "m" * 129):
        both("POST", f"$ns/configmaps?{options}", config_map("b"))
    both("POST", "/api/v1/namespaces/nowhere/configmaps", config_map("a"))
    both("GET", "$ns/configmaps/a")
    both("PUT", "$ns/configmaps/a", config_map("a", {"k": "2"}, resourceVersion="$rv"))
    both("PUT", "$ns/configmaps/a", config_map("a", {"k": "3"}, resourceVersion="1"))
    both("PUT", "$ns/configmaps/a", config_map("a", {"k": "3"}, resourceVersion="x"))
    both("PUT", "$ns/configmaps/a", config_map("a", {"k": "3"}, resourceVersion="0"))
    both("PUT", "$ns/configmaps/a", config_map("b"))
    both("PUT", "$ns/configmaps/a", {"data": {}})
    both("PUT", "$ns/configmaps/c", config_map("c"))
    both("PUT", "$ns/configmaps/a", {**config_map("a", {"k": "4"}), "immutable": True})
    both("PUT", "$ns/configmaps/a", config_map("a", {"k": "5"}))
    for options in ({"preconditions": {"uid": "x"}}, {"dryRun": ["All"]}, {"dryRun": ["x"]}, {"propagationPolicy": "x"},
                    {"propagationPolicy": "Orphan", "orphanDependents": True}, {"gracePeriodSeconds": "x"}, {"kind": "ConfigMap", "apiVersion": "v1"}):
        both("DELETE", "$ns/configmaps/a", options)
    both("DELETE", "$ns/configmaps/a?dryRun=x")
    both("DELETE", "$ns/configmaps/a")
    both("DELETE", "$ns/configmaps/a")
    both("POST", "$ns/configmaps", config_map("f", finalizers=["x.io/a"]))
    both("DELETE", "$ns/configmaps/f")
    both("DELETE", "$ns/configmaps/f")
    both("PATCH", "$ns/configmaps/f", {"metadata": {"finalizers": ["x.io/a", "x.io/b"]}}, MERGE)
    both("PATCH", "$ns/configmaps/f", {"metadata": {"finalizers": None}}, MERGE)
    both("GET", "$ns/configmaps/f")
    for name in ("x", "y", "z"):
        both("POST", "$ns/configmaps", config_map(name, labels={"l": name}))
    both("DELETE", "$ns/configmaps?labelSelector=l+in+(x,z)")
    both("DELETE", "$ns/configmaps?labelSelector=a+b")
    both("DELETE", "/api/v1/namespaces/default")


def test_patches(both):
    target = "$ns/configmaps/a"
    both("POST", "$ns/configmaps", config_map("a", {"k": "1", "l": "2"}, labels={"l": "1"}))
    for operations in ([{"op": "add", "path": "/data/n", "value": "1"}, {"op": "remove", "path": "/data/l"}],
                       [{"op": "test", "path": "/data/n", "value": "2"}], [{"op": "test", "path": "/data/n", "value": "1"}],
                       [{"op": "remove", "path": "/data/zzz"}], [{"op": "nonsense", "path": "/data/n"}], [{"op": "add", "value": "1"}],
                       [{"op": "move", "from": "/data/n", "path": "/data/o"}], [{"op": "add", "path": "/metadata/labels/x.io~1y", "value": "1"}],
                       [{"op": "replace", "path": "/metadata/resourceVersion", "value": "1"}], [], [5], {"op": "add"}, "{", "5"):
        both("PATCH", target, operations, JSON_PATCH)
    for change in ({"data": {"k": None, "m": "3"}}, {}, "[]", "5", "{", "", {"data": None}, {"metadata": {"labels": {"a b": "1"}}},
                   {"metadata": {"name": "b"}}, {"metadata": {"namespace": "b"}}, {"metadata": {"uid": "b"}},
                   {"metadata": {"resourceVersion": "1"}, "data": {"z": "1"}}, {"nonsense": 1}):
        both("PATCH", target, change, MERGE)
        both("PATCH", target, change, STRATEGIC)
    for change in ({"finalizers": ["x.io/a", "x.io/b"]}, {"finalizers": ["x.io/c"]}, {"$deleteFromPrimitiveList/finalizers": ["x.io/a"]},
                   {"$setElementOrder/finalizers": ["x.io/d", "x.io/b"], "finalizers": ["x.io/d"]}, {"finalizers": None},
                   {"ownerReferences": [{"apiVersion": "v1", "kind": "K", "name": "n", "uid": "u1"}]},
                   {"ownerReferences": [{"apiVersion": "v1", "kind": "K", "name": "n", "uid": "u2"}]},
                   {"ownerReferences": [{"$patch": "delete", "uid": "u1"}]}):
        both("PATCH", target, {"metadata": change}, STRATEGIC)
    both("PATCH", target + "?force=true", {}, MERGE)
    both("PATCH", "$ns/configmaps/b", {}, MERGE)


def test_lists(both):
    for name in ("a", "b", "c", "d", "e"):
        both("POST", "$ns/configmaps", config_map(name, labels={"l": name, "n": str(ord(name))}))
    for query in ("", "limit=2", "limit=-1", "limit=x", "limit=99999999999999999999", "labelSelector=a+b", "labelSelector=a,,b",
                  "labelSelector=-a", "labelSelector=a%3D-b", "labelSelector=l+in+b", "labelSelector=,", "labelSelector=n%3E99",
                  "labelSelector=n%3Ex", "labelSelector=%21l%3Db", "labelSelector=l+notin+(a,b),n", "labelSelector=l+in+(a,=)",
                  "fieldSelector=x", "fieldSelector=x%3Dy", "fieldSelector=metadata.name%21%3Da", "fieldSelector=metadata.name%3Da%3Db",
                  "fieldSelector=metadata.name%3Da%5Cb", "resourceVersion=0", "resourceVersion=x",
                  "resourceVersion=99999999&resourceVersionMatch=Exact", "resourceVersionMatch=Exact", "resourceVersionMatch=x",
                  "resourceVersion=0&resourceVersionMatch=Exact", "resourceVersion=1&resourceVersionMatch=NotOlderThan",
                  "sendInitialEvents=true", "continue=e30", "continue=eyJ2IjoieCJ9", "continue=eyJ2IjoibWV0YS5rOHMuaW8vdjEifQ",
                  "continue=eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6NX0", "watch=false&limit=1"):
        both("GET", f"$ns/configmaps?{query}")
    both("GET", "$ns/configmaps?limit=2")
    both("GET", "$ns/configmaps?limit=2&continue=$continue")
    both("GET", "$ns/configmaps?limit=2&continue=$continue")
    both("GET", "$ns/configmaps?limit=2")
    both("GET", "$ns/configmaps?limit=2&continue=$continue&resourceVersion=5")
    both("GET", "$ns/configmaps?limit=1")
    both("GET", "$ns/configmaps?limit=1&continue=$continue&resourceVersionMatch=Exact&resourceVersion=1")
    both("GET", "$ns/configmaps/a?resourceVersion=x")
    both("GET", "$ns/configmaps/a?resourceVersion=99999999")
    both("GET", "$ns/configmaps", accept="application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1")
    both("GET", "$ns/configmaps/a", accept="application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1")
    for kind in ("namespaces", "secrets", "events", "services"):
        both("GET", f"/api/v1/{kind}?fieldSelector=x%3Dy")


def test_what_is_not_served(both):
    # Where there is no API at all, a real server answers in text, this one with a Status.
    for path in ("/api/v1/nonsense", "$ns/nonsense", "/api/v2/configmaps", "$ns/configmaps/a/status", "/api/v1/configmaps/a"):
        both("GET", path)
    for method, path in (("POST", "/api/v1/configmaps"), ("POST", "$ns/configmaps/a"), ("PUT", "$ns/configmaps"),
                         ("DELETE", "/api/v1/configmaps"), ("DELETE", "/api/v1/namespaces"), ("FOO", "$ns/configmaps/a"), ("POST", "/version")):
        both(method, path)
    both("POST", "$ns/configmaps?dryRun=All", config_map("a"), "application/json; charset=utf-8")
    both("POST", "$ns/configmaps?dryRun=All", config_map("a"), "APPLICATION/JSON")


@pytest.mark.parametrize("authorization, anonymous", [
    ("", True), ("Bearer", True), ("Bearer ", True), ("Basic eDp5", True), ("$token", True),
    ("Bearer wrong", False), ("bearer wrong", False), ("bearer $token", False), ("Bearer $token and more", False)])
def test_who_asks(both, authorization, anonymous):
    both("GET", "/healthz", authorization=authorization)
    if not anonymous:  # to whom a real server says what he may not do, and this one that he is nobody
        both("GET", "/livez/ping", authorization=authorization)
        both("GET", "$ns/configmaps/nothing", authorization=authorization)


def test_other_kinds(both):
    both("POST", "$ns/secrets", {"metadata": {"name": "a"}, "stringData": {"a": "b"}, "data": {"c": "ZA=="}})
    both("PATCH", "$ns/secrets/a", {"type": "other"}, MERGE)
    for kind in ("tls", "basic-auth", "dockerconfigjson"):
        both("POST", "$ns/secrets", {"metadata": {"name": "b"}, "type": f"kubernetes.io/{kind}"})
    both("POST", "$ns/events", {"metadata": {"name": "a"}, "involvedObject": {"namespace": "other"}})
    both("POST", "$ns/endpoints", {"metadata": {"name": "a"}, "subsets": [{"addresses": [{"ip": "10.0.0.1"}], "ports": [{"port": 80}]}]})
    both("POST", "$ns/services", {"metadata": {"name": "a"}})
    both("POST", "$ns/services", {"metadata": {"name": "a"}, "spec": {"type": "ExternalName", "externalName": "x.io"}})


@pytest.mark.parametrize("body", [
    {"spec": {"holderIdentity": "x", "leaseDurationSeconds": 10, "renewTime": "2020-01-01T00:00:00.123456Z"}},
    {"spec": {"leaseDurationSeconds": 0}}, {"spec": {"leaseDurationSeconds": 99_999_999_999}}, {}])
def test_leases(both, body):
    leases = "/apis/coordination.k8s.io/v1/namespaces/default/leases"
    lease = {"metadata": {"name": f"same-{next(_names)}"}, **body}
    both("POST", leases, lease)
    both("PUT", f"{leases}/{lease['metadata']['name']}", lease)
