"""Runs that go to several API servers: their addresses, how operations are dealt over them, and one that dies."""

import collections
import json
import re
import signal
import socket
import subprocess
import threading
import time

import pytest
import real_server as envtest

from conftest import BINARY, QUICK, Run
from fake_api import fake_api
from relay import Relay


@pytest.fixture
def server(parts_server):
    return parts_server


@pytest.fixture
def separate(api_server, tmp_path):
    """Two servers that share credentials and nothing else."""
    return [api_server("--identity", tmp_path / "identity") for _ in range(2)]


@pytest.fixture
def relays(server):
    """Two more addresses of the server, which are its endpoints."""
    pair = [Relay(server.port), Relay(server.port)]
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



def test_a_server_that_froze_is_not_taken_for_a_slow_program(driver, api_server, tmp_path):
    server = api_server()
    server.kubectl("create", "namespace", "scaletest")
    rows = tmp_path / "r1-driver.csv"
    def freeze():
        envtest.wait_until(lambda: rows.exists() and rows.stat().st_size > 0, "rows")
        server.process.send_signal(signal.SIGSTOP)
        time.sleep(2)  # as long as the server is to be frozen
        server.process.send_signal(signal.SIGCONT)
    freezing = threading.Thread(target=freeze)
    freezing.start()
    try:
        run = driver("cmdriver", "-kubeconfig", server.kubeconfig, "-lambda", "300", "-n", "1050", "-maxpop", "30", embedded=False)
    finally:
        freezing.join()
    create = run.summary["operations"]["create"]
    assert create["response_time"]["p99"] > 0.5e9 and create["send_lag"]["p99"] > 0.5e9
    assert not any("bottleneck" in each for each in run.summary["warnings"]), run.summary["warnings"]


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
    pair = [Relay(server.port), Relay(server.port)]
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


def test_a_server_that_got_nothing_to_do_is_in_the_table(driver, server):
    [closed] = envtest.free_ports(1)
    gone = f"https://127.0.0.1:{closed}"
    run = driver("cmdriver", "-kubeconfig", server.kubeconfig, "--server-list", f"{server.url},{gone}",
                 "--balance", "least-outstanding", "-lambda", "200", "-n", "1", "-maxpop", "0", embedded=False)
    [idle] = [each["url"] for each in run.summary["servers"] if not each["operations"]]
    assert re.search(rf"^{re.escape(idle)} +none$", run.stdout, re.M), run.stdout


def test_an_address_that_the_certificate_does_not_carry_is_verified_by_name(driver, server):
    relay = Relay(server.port, address="127.0.0.2")
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
    assert re.search(f"{doomed.url} (create|update|delete) errors:.* [0-9]+ connect", out)  # behind those of requests under way
    assert left_on(server) == []


def test_of_two_servers_one_is_killed(separate, tmp_path):
    """Each has the objects of its workers, every other one."""
    servers = separate
    for each in servers:
        each.kubectl("create", "namespace", "scaletest")
    subsets = [{"addresses": [{"ip": "127.0.0.1"}], "ports": [{"name": "https", "port": each.port}]} for each in servers]
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


def test_a_namespace_that_only_the_second_server_lacks_is_told_before_the_run(driver, separate, tmp_path):
    separate[0].kubectl("create", "namespace", "scaletest")
    urls = [each.url for each in separate]
    run = driver("cmdriver", "-kubeconfig", separate[0].kubeconfig, "--server-list", ",".join(urls), embedded=False)
    assert run.returncode == 20 and not list(tmp_path.glob("r1*"))
    assert run.stderr.splitlines()[-1].endswith(
        f"{urls[1]} has no namespace scaletest; make it: kubectl --server {urls[1]} create namespace scaletest")


def test_namespaces_are_made_on_each_server_and_deleted_again(driver, separate):
    run = driver("drive", "-kubeconfig", separate[0].kubeconfig, "--server-list", ",".join(each.url for each in separate),
                 "--namespaces", "3", "--arrival", "closed", "--workers", "4", "--rate", "0", "-n", "60", embedded=False)
    assert run.returncode == 0, run.stderr
    for each in run.summary["servers"]:
        assert each["operations"]["create"]["ok"] == 30
    for each in separate:
        envtest.wait_until(lambda: "scaletest" not in each.kubectl("get", "namespaces", "-o", "name"), "no namespace left")


def any_write(method, *_):
    return (201 if method == "POST" else 200), {"metadata": {"resourceVersion": "1"}}


def test_a_list_of_servers_needs_no_kubeconfig(driver):
    with fake_api(any_write) as one, fake_api(any_write) as two:
        run = driver("cmdriverclosed", "--server-list", f"{one.url},{two.url}", "-n", "20", "-threads", "2",
                     "-rate", "0", "-create-only", embedded=False)
    assert run.returncode == 0, run.stderr
    assert done_by_server(run) == {one.url: 20, two.url: 20}
    assert f"k8scale cleanup -runid r1 --server {one.url}\n" in run.stderr


def test_a_list_is_all_that_is_asked(driver, api_server, tmp_path):
    """The kubeconfig's own server is another one, and is down."""
    identity = ["--identity", tmp_path / "identity"]
    gone, server = api_server(*identity), api_server(*identity)
    server.kubectl("create", "namespace", "scaletest")
    gone.stop()
    relay = Relay(server.port)
    run = driver("cmdriverclosed", "-kubeconfig", gone.kubeconfig, "--server-list", f"{gone.url},{server.url},{relay.url}",
                 "-n", "40", "-threads", "6", "-rate", "0", "-create-only", "-updates", "0", "--observe", embedded=False)
    relay.kill()
    assert run.returncode == 0, run.stderr
    assert run.summary["server"]["url"] == server.url and f"against {server.url} (v" in run.stdout
    assert done_by_server(run).keys() == {gone.url, server.url, relay.url} and f"{gone.url}: cannot be reached now" in run.stderr
    create = run.summary["operations"]["create"]
    assert create["seen"] == create["ok"] > 20 and run.summary["watch"]["missed"] == 0
    assert f"-kubeconfig {gone.kubeconfig} --server {server.url}\n" in run.stderr
    one = driver("cmdriver", "-kubeconfig", gone.kubeconfig, "--server-list", server.url, "-lambda", "500", "-n", "10",
                 "-maxpop", "1", run_id="r2", embedded=False)
    assert one.returncode == 0 and one.summary["server"]["url"] == server.url
    nobody = driver("cmdriver", "-kubeconfig", server.kubeconfig, "--server-list", gone.url, run_id="r3", embedded=False)
    assert nobody.returncode == 20 and gone.url in nobody.stderr


def test_the_only_endpoint_has_a_table_when_it_is_another_address(driver, server, relays):
    run = driver("cmdriverclosed", "-kubeconfig", server.kubeconfig, "-conns", "0", "-n", "10", "-rate", "0", embedded=False)
    assert len(done_by_server(run)) == 2
    server.kubectl("patch", "endpoints", "kubernetes", "-n", "default", "--type", "merge", "-p", json.dumps({"subsets": [
        {"addresses": [{"ip": "127.0.0.1"}], "ports": [{"name": "https", "port": relays[0].port}]}]}))
    run = driver("cmdriverclosed", "-kubeconfig", server.kubeconfig, "-n", "10", "-rate", "0", run_id="r2", embedded=False)
    assert done_by_server(run) == {relays[0].url: 30} and relays[0].url in run.stdout
    run = driver("cmdriverclosed", "-kubeconfig", server.kubeconfig, "-conns", "2", "-n", "1", run_id="r3", embedded=False)
    assert "service default/kubernetes has 1 endpoint: going on with that\n" in run.stderr


def test_a_server_that_takes_requests_and_never_answers_is_left_alone(driver):
    with fake_api(any_write) as good, socket.create_server(("127.0.0.1", 0), backlog=500) as mute:
        silent = f"http://127.0.0.1:{mute.getsockname()[1]}"
        run = driver("cmdriverclosed", "--server-list", f"{good.url},{silent}", "-n", "300", "-threads", "8", "-rate", "400",
                     "--request-timeout", "500ms", embedded=False)
    assert run.returncode == 0, run.stderr
    assert f"{silent}: timeout: " in run.stderr and "tried again in" in run.stderr
    # 450 of its operations, 4 at a time: a minute if each were tried.
    assert run.summary["duration"] < 30e9
    operations = {each["url"]: each["operations"] for each in run.summary["servers"]}
    assert all(each["failed"] == 0 for each in operations[good.url].values())
    assert operations[silent]["create"]["errors"]["connect"] > operations[silent]["create"]["errors"]["timeout"] > 0
    assert not any("bottleneck" in each for each in run.summary["warnings"])


def test_after_a_signal_each_server_deletes_what_it_has(tmp_path):
    with fake_api(any_write) as one, fake_api(any_write) as two:
        command = [BINARY, "cmdriverclosed", *QUICK, "-runid", "r1", "--server-list", f"{one.url},{two.url}", "-n", "100000",
                   "-maxpop", "90000", "-threads", "3", "-rate", "200"]
        rows = tmp_path / "r1-driver.csv"
        with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            envtest.wait_until(lambda: rows.exists() and rows.read_bytes().count(b"\n") >= 60, "60 rows")
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=30)
        assert process.returncode == 130
        for each in (one, two):
            verbs = collections.Counter(method for method, *_ in each.requests)
            assert verbs["POST"] == verbs["DELETE"] > 10


def test_a_bad_list_is_named(driver, server, tmp_path):
    run = driver("cmdriver", "-kubeconfig", server.kubeconfig, "--server-list", "ftp://x", embedded=False)
    assert run.returncode == 1 and "--server-list" in run.stderr and not list(tmp_path.glob("r1*"))
    twice = driver("cmdriver", "-kubeconfig", server.kubeconfig, "--server-list", f"{server.url},{server.url}/",
                   embedded=False)
    assert twice.returncode == 1 and f"--server-list: found {server.url} twice" in twice.stderr
    both = driver("cmdriver", "--server", server.url, "--server-list", server.url, embedded=False)
    assert both.returncode == 1 and "--server and --server-list both choose servers" in both.stderr
