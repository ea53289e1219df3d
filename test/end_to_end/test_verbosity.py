"""What -v tells."""

import re

import pytest
from watching import Writer

SMALL = ["-lambda", "500", "-n", "10", "-maxpop", "5"]
PAUSE = ["verbs=create,every=5,status=503,retry-after=0"]


@pytest.fixture
def server(api_server):
    server = api_server("--fault", *PAUSE)
    Writer(server.kubeconfig).core.create_namespace({"metadata": {"name": "scaletest"}})
    return server


def told(run):
    """The texts of the log's lines, without klog's header."""
    return [line.split("] ", 1)[1] for line in run.stderr.splitlines()]


def test_without_it_nothing_is_told(cmdriver, server):
    assert cmdriver(*SMALL, "-kubeconfig", server.kubeconfig, embedded=False).stderr == ""


def test_at_2_the_configuration_and_the_server(cmdriver, server):
    run = cmdriver(*SMALL, "-kubeconfig", server.kubeconfig, "-v", "2", embedded=False)
    configuration, version, *rest = (line for line in told(run) if not line.startswith("metrics on port"))
    assert configuration.startswith(f'configuration: {server.kubeconfig}, context "k8scale"; server {server.url}; '
                                    f"server verified by {server.kubeconfig}:")
    assert "; credentials: token, client certificate from " in configuration
    assert version.startswith(f"{server.url} is Kubernetes v1.") and rest == []


def test_at_4_connections_and_retries(cmdriver, server):
    run = cmdriver(*SMALL, "-kubeconfig", server.kubeconfig, "-v", "4", embedded=False)
    lines = told(run)
    opened = re.findall(rf"connection to {server.url} from port (\d+): open after .*, TLSv1.3, a (?:new|resumed) session",
                        run.stderr)
    closed = re.findall(rf"connection to {server.url} from port (\d+): closed after (\d+) requests", run.stderr)
    assert sorted(opened) == sorted(port for port, _ in closed) and len(opened) == len(set(opened)) >= 1
    again = [line for line in lines if "sent again" in line]
    assert len(again) == 2
    assert all(re.fullmatch(rf"POST {server.url}/api/v1/namespaces/scaletest/configmaps\?fieldManager=cmdriver: 503, \d+ bytes "
                            r"in [\d.]+[mµ]?s; sent again after 0s", line) for line in again)
    assert not any(line.startswith("DELETE") for line in lines)


def test_at_6_each_request_and_no_secret(cmdriver, server):
    run = cmdriver(*SMALL, "-kubeconfig", server.kubeconfig, "-v", "6", embedded=False)
    lines = told(run)
    assert sum(line.startswith("POST ") and ": 201, " in line for line in lines) == 10
    assert sum(line.startswith("DELETE ") and ": 200, " in line for line in lines) == 10
    assert sum(line.startswith("POST ") and ": 503, " in line for line in lines) == 2
    token = re.search(r"token: (\w+)", server.kubeconfig.read_text())[1]
    assert token not in run.stderr and "Bearer" not in run.stderr and "PRIVATE KEY" not in run.stderr


def test_a_watch_is_told_too(program):
    finished = program("logger", "--embedded", "--resource", "v1/configmaps", "--until-idle", "100ms", "-v", "6",
                       "-metricport", "127.0.0.1:0", "-data-filname", "rows.csv")
    assert "configuration: --embedded; server https://127.0.0.1:" in finished.stderr
    assert re.search(r"GET https://\S+/api/v1/configmaps\?\S*watch=\S*: 200 in ", finished.stderr)


def test_a_connection_that_fails_says_why(cmdriver):
    run = cmdriver(*SMALL, "--server", "https://127.0.0.1:1", "-v", "4", embedded=False)
    assert "connection to https://127.0.0.1:1: connect: 127.0.0.1:1: Connection refused" in run.stderr


def test_the_built_in_server_tells_each_request_at_6(api_server, tmp_path):
    with open(tmp_path / "log", "w+") as log:
        server = api_server("-v", "6", errors=log)
        Writer(server.kubeconfig).create("probe")
        server.stop()
        log.seek(0)
        told = log.read()
    assert re.search(r"POST /api/v1/namespaces/default/configmaps\S* from 127.0.0.1: 201, \d+ bytes in [\d.]+[mµ]?s", told)
