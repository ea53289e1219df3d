"""Watches of `k8scale apiserver`: on the wire, with kubectl and with the official Python client."""

import gzip
import json
import os
import subprocess
import time

import kubernetes
import pytest
import real_server as envtest
from conftest import ASSETS, MISSING
from kubernetes.client.exceptions import ApiException
from lacking import lack
from raw_watch import CONFIG_MAPS, Client


@pytest.fixture
def client(server):
    return Client(server.kubeconfig)


def test_events_come_as_they_happen(client):
    with client.watch(f"resourceVersion={client.version()}") as events:
        client.create("a")
        assert events.names(1) == ["ADDED a"]
        client.call("DELETE", f"{CONFIG_MAPS}/a")
        assert events.names(1) == ["DELETED a"]


def test_a_watch_ends_in_order_when_its_time_is_over_and_when_the_server_stops(server, client):
    with client.watch("timeoutSeconds=1") as timed:
        assert timed.names() == [] and timed.end == "in order"
    with client.watch("") as stopped:
        assert server.stop() == 0
        assert stopped.names() == [] and stopped.end == "in order"


def test_a_client_that_left_is_noticed(server, client):
    def sockets():
        return len(os.listdir(f"/proc/{server.process.pid}/fd"))

    before = sockets()
    with client.watch(""), client.watch(""):
        assert sockets() == before + 2
    envtest.wait_until(lambda: sockets() == before, "the end of both connections")


def test_a_slow_reader_costs_no_memory_and_misses_nothing_it_was_sent(api_server):
    server = api_server("--watch-window", "50")
    client = Client(server.kubeconfig)
    text = "x" * 100_000
    told = [f"{event} o{i:03}" for i in range(500) for event in ("ADDED", "DELETED")]
    options = f"resourceVersion={client.version()}"
    with client.watch(options) as slow, client.watch(options) as quick:
        for i in range(500):
            client.create(f"o{i:03}", k=text)
            client.call("DELETE", f"{CONFIG_MAPS}/o{i:03}")
            assert quick.names(2) == told[2 * i:2 * i + 2]
        received = slow.names()
        assert slow.end == "in order"
    # What the sockets' buffers held came, in order and without a gap; then the window had moved on.
    assert received == told[:len(received)]
    assert 0 < len(received) < 1000
    memory = next(line for line in open(f"/proc/{server.process.pid}/status") if line.startswith("VmHWM"))
    assert int(memory.split()[1]) < 120_000


def test_lists_are_compressed_on_demand(client):
    for i in range(20):
        client.create(f"o{i}", k="x" * 10_000)
    _, headers, zipped = client.call("GET", CONFIG_MAPS, Accept_Encoding="gzip")
    assert headers["Content-Encoding"] == "gzip" and len(zipped) < 20_000
    assert len(json.loads(gzip.decompress(zipped))["items"]) == 20


def injected(server, errors):
    """What the log of a server that ends says of its faults."""
    server.stop()
    return [line.split("] fault ", 1)[1] for line in errors.read_text().splitlines() if "] fault " in line]


@pytest.fixture
def faulty(api_server, tmp_path):
    """A server with this fault, its client, and what its log says at its end."""
    def start(*rules):
        log = tmp_path / "log"
        with log.open("w") as errors:
            server = api_server(*(flag for rule in rules for flag in ("--fault", rule)), errors=errors)
        return Client(server.kubeconfig), lambda: injected(server, log)
    return start


def names(*numbers):
    return [f"ADDED o{i}" for i in numbers]


@pytest.mark.parametrize("rule, expected, hits", [
    ("every=3,swallow", names(0, 1, 3, 4, 6), 2),
    ("every=3,duplicate", names(0, 1, 2, 2, 3, 4, 5, 5, 6), 2),
    ("every=3,reorder", names(0, 1, 3, 2, 4, 6, 5), 2),
])
def test_events_are_tampered_with_at_every_nth(faulty, rule, expected, hits):
    client, log = faulty(f"resource=configmaps,{rule}")
    with client.watch(f"timeoutSeconds=20&resourceVersion={client.version()}") as events:
        for i in range(7):
            client.create(f"o{i}")
        assert events.names(len(expected)) == expected
    assert log() == [f"resource=configmaps,{rule}: injected {hits} of 7"]


def test_an_event_is_delayed(faulty):
    client, log = faulty("every=2,delay=300ms")
    with client.watch(f"resourceVersion={client.version()}") as events:
        client.create("o0")
        assert events.names(1) == names(0)
        began = time.monotonic()
        client.create("o1")
        client.create("o2")
        assert events.names(2) == names(1, 2)
        assert time.monotonic() - began >= 0.3
    assert log() == ["every=2,delay=300ms: injected 1 of 3"]


def test_a_watch_is_dropped_after_an_event(faulty):
    client, log = faulty("every=2,drop")
    with client.watch(f"resourceVersion={client.version()}") as events:
        client.create("o0")
        client.create("o1")
        assert events.names() == names(0, 1)
        assert events.end == "broken"
    assert log() == ["every=2,drop: injected 1 of 2"]


def test_a_compaction_makes_a_watch_too_old(faulty):
    client, log = faulty("verbs=watch,every=2,compact")
    version = client.version()
    client.create("o0")
    with client.watch(f"resourceVersion={version}") as running, client.watch(f"resourceVersion={version}") as late:
        [error] = list(late)
        assert late.status == 200 and error["type"] == "ERROR"
        assert error["object"]["code"] == 410 and error["object"]["reason"] == "Expired"
        client.create("o1")
        assert running.names(2) == names(0, 1)
    assert log() == ["verbs=watch,every=2,compact: injected 1 of 2"]


def test_a_watch_is_cut_in_the_middle_of_an_event(faulty):
    client, _ = faulty("verbs=watch,cut")
    client.create("o0")
    with client.watch("") as events:
        assert events.names() == [] and events.end == "broken"
        assert events.rest.startswith(b'{"type":"ADDED"')


@pytest.fixture
def core(server):
    return kubernetes.client.CoreV1Api(kubernetes.config.new_client_from_config(str(server.kubeconfig)))


def test_the_python_client_watches_with_selectors_bookmarks_and_across_reconnects(core):
    watch = kubernetes.watch.Watch()
    seen = []
    core.create_namespaced_config_map("default", {"metadata": {"name": "a", "labels": {"x": "y"}}})
    stream = watch.stream(core.list_namespaced_config_map, "default", label_selector="x=y", timeout_seconds=3,
                          allow_watch_bookmarks=True)
    for event in stream:
        seen.append((event["type"], event["object"].metadata.name if event["type"] != "BOOKMARK" else None))
        if seen == [("ADDED", "a"), ("BOOKMARK", None)]:
            core.patch_namespaced_config_map("a", "default", {"metadata": {"labels": {"x": "z"}}})
    assert seen[:3] == [("ADDED", "a"), ("BOOKMARK", None), ("DELETED", "a")]


def test_the_python_client_is_told_that_its_version_is_too_old(api_server):
    server = api_server("--watch-window", "2")
    core = kubernetes.client.CoreV1Api(kubernetes.config.new_client_from_config(str(server.kubeconfig)))
    version = core.list_namespaced_config_map("default").metadata.resource_version
    for i in range(4):
        core.create_namespaced_config_map("default", {"metadata": {"name": f"o{i}"}})
    with pytest.raises(ApiException) as expired:
        for _ in kubernetes.watch.Watch().stream(core.list_namespaced_config_map, "default", resource_version=version):
            pass
    assert expired.value.status == 410


class Kubectl:
    """A kubectl that goes on, and the lines that it prints."""

    def __init__(self, server, *arguments):
        if MISSING:
            lack(MISSING)
        self._log = server.kubeconfig.with_name("kubectl.log")
        with self._log.open("w") as log:
            command = [ASSETS / "kubectl", "--kubeconfig", server.kubeconfig, "-v=6", *arguments]
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.communicate()

    def wait_until_it_watches(self):
        envtest.wait_until(lambda: "watch=true" in self._log.read_text(), "kubectl's watch")

    def words(self):
        """Of the next line."""
        return self.process.stdout.readline().split()


def test_kubectl_get_watches(server, client):
    client.create("a", k="v")
    with Kubectl(server, "get", "configmaps", "-w") as watch:
        assert watch.words() == ["NAME", "DATA", "AGE"]
        assert watch.words()[:2] == ["a", "1"]
        client.create("b")
        assert watch.words()[:2] == ["b", "0"]


def test_kubectl_get_watches_with_a_selector(server, client):
    client.create("a", {"x": "y"})
    with Kubectl(server, "get", "configmaps", "-w", "-l", "x=y", "-o", "name") as watch:
        assert watch.words() == ["configmap/a"]
        client.create("b")
        client.create("c", {"x": "y"})
        assert watch.words() == ["configmap/c"]


def test_kubectl_get_shows_the_kinds_of_events(server, client):
    client.create("a")
    with Kubectl(server, "get", "configmaps", "-w", "--output-watch-events") as watch:
        assert watch.words() == ["EVENT", "NAME", "DATA", "AGE"]
        assert watch.words()[:2] == ["ADDED", "a"]
        client.call("DELETE", f"{CONFIG_MAPS}/a")
        assert watch.words()[:2] == ["DELETED", "a"]


def test_kubectl_waits_for_a_change_and_for_an_end(server, client):
    client.create("a", k="v")
    with Kubectl(server, "wait", "configmap/a", "--for=jsonpath={.data.k}=w", "--timeout=30s") as change:
        change.wait_until_it_watches()
        server.kubectl("patch", "configmap", "a", "-p", '{"data":{"k":"w"}}')
        assert change.words() == ["configmap/a", "condition", "met"]
    with Kubectl(server, "wait", "configmap/a", "--for=delete", "--timeout=30s") as end:
        end.wait_until_it_watches()
        server.kubectl("delete", "configmap", "a")
        assert end.words() == ["configmap/a", "condition", "met"]
