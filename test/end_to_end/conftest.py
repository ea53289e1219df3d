"""Runs the built program: as a driver, and as a server that kubectl and client libraries use."""

import contextlib
import csv
import functools
import json
import os
import pathlib
import shlex
import subprocess

import pytest
import real_server as envtest
from lacking import lack
from parts import RUN

BINARY = os.environ.get("K8SCALE_BINARY", str(pathlib.Path(__file__).resolve().parents[2] / "build/release/k8scale"))
# Looked up before a test has a HOME of its own.
ASSETS, MISSING = envtest.find_assets(), envtest.missing_reason()
if ASSETS:
    os.environ["KUBEBUILDER_ASSETS"] = str(ASSETS)
QUICK = ["-waitBeforeTerminate", "0", "--progress", "none", "-metricport", "127.0.0.1:0"]


@pytest.fixture(autouse=True)
def no_cluster(monkeypatch, tmp_path):
    """Nothing of the machine's own configuration reaches a test."""
    for name in ("KUBECONFIG", "HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy", "KUBERNETES_SERVICE_HOST"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


class Run:
    """A finished run of a driver and the files that it wrote."""

    def __init__(self, folder, run_id, finished):
        self.returncode, self.stdout, self.stderr = finished.returncode, finished.stdout, finished.stderr
        self._base = folder / f"{run_id}-driver"

    @property
    def summary(self):
        return json.loads(self._base.with_suffix(".json").read_text())

    @property
    def rows(self):
        return self._base.with_suffix(".csv").read_text().splitlines()

    @property
    def fields(self):
        """The rows, split: start, end, op, name, error."""
        return list(csv.reader(self.rows))

    @property
    def parameters(self):
        """The parameter file, as a shell reads it."""
        lines = self._base.with_suffix(".parms").read_text().splitlines()
        return dict(shlex.split(line)[0].split("=", 1) for line in lines)

    def times(self, verb, kind, point):
        """In milliseconds."""
        return self.summary["operations"][verb][kind][point] / 1e6


@pytest.fixture
def program(tmp_path):
    """Runs k8scale with these arguments in an empty folder, which may hold files of the test."""
    def run(*arguments, timeout=60, **options):
        return subprocess.run([BINARY, *map(str, arguments)], cwd=tmp_path, capture_output=True, text=True,
                              timeout=timeout, **options)
    return run


@pytest.fixture
def driver(program, tmp_path):
    """Runs a driver, by default against the built-in server, with a run ID of its own."""
    def run(subcommand, *flags, run_id="r1", embedded=True):
        flags = [*QUICK, "-runid", run_id, *(["--embedded"] if embedded else []), *flags]
        return Run(tmp_path, run_id, program(subcommand, *flags))
    return run


@pytest.fixture
def cmdriver(driver):
    """Runs cmdriver."""
    return functools.partial(driver, "cmdriver")


def run_kubectl(kubeconfig, *arguments, check=True, stdin=None, **environment):
    """What kubectl prints; without a kubectl the test is skipped, or fails in CI."""
    if MISSING:
        lack(MISSING)
    finished = subprocess.run(
        [ASSETS / "kubectl", *arguments], input=stdin, capture_output=True, text=True, timeout=60,
        env={**os.environ, "KUBECONFIG": str(kubeconfig), **environment})
    if check:
        assert finished.returncode == 0, finished.stderr
        return finished.stdout
    return finished


class ApiServer:
    """A running `k8scale apiserver`."""

    def __init__(self, folder, *flags, errors=None):
        self.kubeconfig = folder / "kubeconfig"
        self.process = subprocess.Popen(
            [BINARY, "apiserver", "--secure-port", "0", "--kubeconfig-out", self.kubeconfig, *flags],
            stdout=subprocess.PIPE, stderr=errors, text=True)
        self.first_line = self.process.stdout.readline()
        self.url = self.first_line.split(" listens on ")[1].split(",")[0]
        self.port = int(self.url.rsplit(":", 1)[1])

    def kubectl(self, *arguments, **options):
        return run_kubectl(self.kubeconfig, *arguments, **options)

    def stop(self):
        self.process.terminate()
        return self.process.wait(timeout=20)


@pytest.fixture
def api_server(tmp_path_factory):
    """Starts `k8scale apiserver` with these flags."""
    with contextlib.ExitStack() as stack:
        def start(*flags, **options):
            server = ApiServer(tmp_path_factory.mktemp("apiserver"), *flags, **options)
            stack.callback(server.stop)
            return server
        yield start


@pytest.fixture
def server(api_server):
    """A `k8scale apiserver` as it is without flags."""
    return api_server()


@pytest.fixture
def parts_server(api_server):
    """A `k8scale apiserver` with the drivers' namespace."""
    return api_server("--namespace", "scaletest")


@pytest.fixture
def start_part(tmp_path, parts_server):
    """Starts a part of a run as a process of its own."""
    with contextlib.ExitStack() as stack:
        def start(part, *flags, subcommand="cmdriver", run=RUN, server=parts_server, **environment):
            command = [BINARY, subcommand, *QUICK, *run, "-kubeconfig", server.kubeconfig, "--part", part, *flags]
            process = subprocess.Popen(list(map(str, command)), cwd=tmp_path, stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE, text=True, env={**os.environ, **environment})
            stack.callback(process.kill)
            return process
        yield start


@pytest.fixture
def writer(server):
    """A client that gives those who watch the server something to see."""
    from watching import Writer  # which imports this file
    return Writer(server.kubeconfig)


@pytest.fixture(scope="session")
def flunder_server(real_server):
    """The real server, with a sample-apiserver behind its aggregator."""
    real_server.start_sample_apiserver()
    return real_server
