"""Runs that go to several API servers: their addresses, how operations are dealt over them, and one that dies."""

import collections
import json
import re
import subprocess

import pytest
import real_server as envtest

from conftest import BINARY, QUICK, Run
from fake_api import fake_api
from relay import Relay


def port_of(server):
    return int(server.url.rsplit(":", 1)[1])


@pytest.fixture
def server(api_server):
    server = api_server()
    server.kubectl("create", "namespace", "scaletest")
    return server


@pytest.fixture
def relays(server):
    """Two more addresses of the server, which are its endpoints."""
    pair = [Relay(port_of(server)), Relay(port_of(server))]
    subsets = ",".join(f'{{"addresses":[{{"ip":"127.0.0.1"}}],"ports":[{{"name":"https","port":{each.port}}}]}}'
                       for each in pair)
    server.kubectl("patch", "endpoints", "kubernetes", "-n", "default", "--type", "merge", "-p",
                   f'{{"subsets":[{subsets}]}}')
    yield pair
    for each in pair:
        each.kill()


def done_by_server(run):
    return {each["url"]: sum(verb["done"] for verb in each["operations"].values()) for each in run.summary["servers"]}


def left_on(server):
    return server.kubectl("get", "configmaps", "-n", "scaletest", "-l", "purpose=scaletest", "-o", "name").split()


def test_client_load_balancing_uses_every_endpoint(driver, server, relays):
    run = driver("cmdriver", "-kubeconfig", server.kubeconfig, "-clientlb", "-lambda", "500", "-n", "300", "-maxpop",
                 "20", embedded=False)
    shares = done_by_server(run)
    assert set(shares) == {each.url for each in relays} and sum(shares.values()) == 600
    assert min(shares.values()) > 200  # 300 +- 8 standard deviations
    assert all(url in run.stdout for url in shares)


def test_endpoint_slices_will_do_where_endpoints_are_gone(driver, api_server):
    server = api_server("--fault", "verbs=get,resource=endpoints,status=404")
    server.kubectl("create", "namespace", "scaletest")
    pair = [Relay(port_of(server)), Relay(port_of(server))]
    for number, each in enumerate(pair):
        server.kubectl("create", "-n", "default", "-f", "-", stdin=json.dumps({
            "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
            "metadata": {"name": f"kubernetes-{number}", "labels": {"kubernetes.io/service-name": "kubernetes"}},
            "endpoints": [{"addresses": ["127.0.0.1"], "conditions": {"ready": True}}],
            "ports": [{"name": "https", "port": each.port, "protocol": "TCP"}]}))
    run = driver("cmdriverclosed", "-kubeconfig", server.kubeconfig, "-n", "20", "-threads", "2", "-rate", "0",
                 embedded=False)
    for each in pair:
        each.kill()
    assert run.returncode == 0, run.stderr
    shares = done_by_server(run)
    assert {each.url for each in pair} <= set(shares) and sum(shares.values()) == 60


def test_waiting_for_a_connection_is_send_lag(driver):
    run = driver("cmdriver", "-lambda", "200", "-n", "40", "-maxpop", "0", "--connections", "1",
                 "--fault", "verbs=create,latency=20ms")
    # One connection takes at most 50 creates a second: the last one waits for most of the run.
    create = run.summary["operations"]["create"]
    assert create["send_lag"]["max"] > 300e6 and create["response_time"]["max"] > 300e6
    assert 20e6 <= create["service_time"]["p50"] < create["send_lag"]["max"] / 3
    assert re.search(r"\d+ operations waited because all 1 connections of their shard were in use, which is send lag",
                     run.stdout)


def test_workers_are_dealt_over_the_connections(driver, server, relays):
    run = driver("cmdriverclosed", "-kubeconfig", server.kubeconfig, "-n", "90", "-threads", "3", "-rate", "0",
                 embedded=False)
    assert done_by_server(run) == {relays[0].url: 180, relays[1].url: 90}
    assert run.parameters["CONNS"] == "2" and run.parameters["ENDPOINTS"] == f"[{relays[0].url} {relays[1].url}]"


def test_more_connections_than_endpoints_are_a_warning(driver, server, relays):
    run = driver("cmdriverclosed", "-kubeconfig", server.kubeconfig, "-conns", "3", "-n", "10", embedded=False)
    assert run.returncode == 0 and "has 2 endpoints" in run.stderr and run.parameters["CONNS"] == "2"


@pytest.mark.parametrize("balance", ["round-robin", "least-outstanding", "random"])
def test_a_list_of_servers_is_balanced(driver, server, relays, balance):
    run = driver("cmdriver", "-kubeconfig", server.kubeconfig, "--server-list", ",".join(each.url for each in relays),
                 "--balance", balance, "-lambda", "500", "-n", "200", "-maxpop", "20", embedded=False)
    shares = done_by_server(run).values()
    assert sum(shares) == 400 and min(shares) > (198 if balance == "round-robin" else 100)


def test_an_address_that_the_certificate_does_not_carry_is_verified_by_name(driver, server):
    relay = Relay(port_of(server), address="127.0.0.2")
    run = driver("cmdriver", "-kubeconfig", server.kubeconfig, "--server-list", f"{relay.url},{server.url}",
                 "-lambda", "500", "-n", "100", "-maxpop", "20", embedded=False)
    relay.kill()
    assert f"{relay.url}: its certificate does not carry that address: verifying it as 127.0.0.1" in run.stderr
    assert done_by_server(run)[relay.url] > 0 and not any(row[4] for row in run.fields)


@pytest.mark.parametrize("command", [
    ["cmdriver", "-clientlb", "-lambda", "400", "-n", "1200", "-maxpop", "40"],
    ["cmdriverclosed", "-n", "600", "-threads", "8", "-rate", "1000"],
])
def test_one_of_two_servers_dies(server, relays, tmp_path, command):
    doomed = relays[1]
    flags = ["-kubeconfig", server.kubeconfig, *QUICK, "-runid", "r1", *command[1:]]
    process = subprocess.Popen([BINARY, command[0], *map(str, flags)], cwd=tmp_path, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    rows = tmp_path / "r1-driver.csv"
    with process:
        envtest.wait_until(lambda: rows.exists() and rows.read_bytes().count(b"\n") > 200, "200 rows")
        doomed.kill()
        out, err = process.communicate(timeout=60)
    run = Run(tmp_path, "r1", subprocess.CompletedProcess(process.args, process.returncode, out, err))
    assert run.returncode == 0
    failed = {each["url"]: sum(verb["failed"] for verb in each["operations"].values())
              for each in run.summary["servers"]}
    assert failed[relays[0].url] == 0
    assert failed[doomed.url] == sum(1 for row in run.fields if row[4]) > 50
    in_total = collections.Counter(row[2] for row in run.fields if row[4])
    assert {verb: totals["failed"] for verb, totals in run.summary["operations"].items()} == {
        verb: in_total[verb] for verb in run.summary["operations"]}
    assert f"{doomed.url}: connect" in err and "tried again in" in err
    assert left_on(server) == []


def test_of_two_servers_one_is_killed(api_server, tmp_path):
    """Two separate servers: each has the objects of its workers, every other one."""
    servers = [api_server("--identity", tmp_path / "identity") for _ in range(2)]
    for each in servers:
        each.kubectl("create", "namespace", "scaletest")
    subsets = [{"addresses": [{"ip": "127.0.0.1"}], "ports": [{"name": "https", "port": port_of(each)}]} for each in servers]
    servers[0].kubectl("patch", "endpoints", "kubernetes", "-n", "default", "--type", "merge", "-p",
                       json.dumps({"subsets": subsets}))
    flags = ["-kubeconfig", servers[0].kubeconfig, *QUICK, "-runid", "r1", "-n", "600", "-threads", "4", "-rate", "600"]
    rows = tmp_path / "r1-driver.csv"
    with subprocess.Popen([BINARY, "cmdriverclosed", *map(str, flags)], cwd=tmp_path, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True) as process:
        envtest.wait_until(lambda: rows.exists() and rows.read_bytes().count(b"\n") > 300, "300 rows")
        servers[1].process.kill()
        out, err = process.communicate(timeout=60)
    run = Run(tmp_path, "r1", subprocess.CompletedProcess(process.args, process.returncode, out, err))
    assert run.returncode == 0, err
    operations = {each["url"]: each["operations"] for each in run.summary["servers"]}
    assert set(operations) == {each.url for each in servers} and all(each.url in out for each in servers)
    assert sum(each["failed"] for each in operations[servers[0].url].values()) == 0
    failed = [row for row in run.fields if row[4]]
    lost = collections.Counter(op for _, _, op, _, _ in failed)
    assert lost == {verb: each["failed"] for verb, each in operations[servers[1].url].items() if each["failed"]}
    assert len(failed) > 100 and all(int(name.removeprefix("r1-")) % 2 == 0 for *_, name, _ in failed)
    assert len(run.fields) == 1800
    left = servers[0].kubectl("get", "configmaps", "-n", "scaletest", "-l", "purpose=scaletest", "-o", "name")
    assert left == ""


def any_write(method, *_):
    return (201 if method == "POST" else 200), {"metadata": {"resourceVersion": "1"}}


def test_a_list_of_servers_needs_no_kubeconfig(driver):
    with fake_api(any_write) as one, fake_api(any_write) as two:
        run = driver("cmdriverclosed", "-conns", "1", "--server-list", f"{one.url},{two.url}", "-n", "20", "-threads", "2",
                     "-rate", "0", "-create-only", embedded=False)
    assert run.returncode == 0, run.stderr
    assert done_by_server(run) == {one.url: 20, two.url: 20}
    assert any(each.endswith(f"k8scale cleanup -runid r1 --server {one.url}") for each in run.summary["warnings"])


def test_a_bad_list_is_named(driver, server, tmp_path):
    run = driver("cmdriver", "-kubeconfig", server.kubeconfig, "--server-list", "ftp://x", embedded=False)
    assert run.returncode == 1 and "--server-list" in run.stderr and not list(tmp_path.glob("r1*"))
