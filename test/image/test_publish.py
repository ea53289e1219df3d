"""`./dev publish` to a registry on loopback, and back from there."""

import contextlib
import http.client
import json
import os
import signal
import subprocess
import time

import pytest
from conftest import TOP, run
from real_server import free_ports


def answers(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    with contextlib.closing(connection):
        try:
            connection.request("GET", "/v2/")
            return connection.getresponse().status == 200
        except OSError:
            return False


@pytest.fixture
def registry(tmp_path):
    """host:port of an empty one."""
    [port] = free_ports(1)
    configuration = tmp_path / "registry.yml"
    configuration.write_text(json.dumps({
        "version": "0.1", "log": {"level": "error"}, "http": {"addr": f"127.0.0.1:{port}"},
        "storage": {"filesystem": {"rootdirectory": str(tmp_path / "registry")}}}))
    with subprocess.Popen(["docker-registry", "serve", configuration], stderr=subprocess.DEVNULL) as process:
        end = time.monotonic() + 30
        while not answers(port):
            assert time.monotonic() < end and process.poll() is None
            time.sleep(0.05)
        yield f"127.0.0.1:{port}"
        process.send_signal(signal.SIGTERM)


def test_what_is_pushed_can_be_pulled_by_both_tags(dev, image, registry, tmp_path):
    dev("publish", f"DOCKERPFX={registry}/team", SOURCE_URL="https://example.com/k8scale")
    commit = run(TOP / "dev", "commit-id").strip()
    tags = json.loads(run("skopeo", "list-tags", "--tls-verify=false", f"docker://{registry}/team/k8scale"))["Tags"]
    assert sorted(tags) == sorted(["latest", commit])
    configurations = [run("skopeo", "inspect", "--config", "--tls-verify=false", f"docker://{registry}/team/k8scale:{tag}")
                      for tag in tags]
    assert configurations[0] == configurations[1]
    assert json.loads(configurations[0])["config"]["Labels"]["org.opencontainers.image.revision"] == commit

    pulled = f"docker://{registry}/team/k8scale:{commit}"
    run("skopeo", "copy", "--src-tls-verify=false", pulled, f"oci:{tmp_path / 'pulled'}:latest")
    container = run("buildah", "from", f"oci:{tmp_path / 'pulled'}:latest").strip()
    try:
        root = run("buildah", "mount", container).strip()
        assert commit in run("chroot", root, "/k8scale", "--version", env={"PATH": os.environ["PATH"]})
    finally:
        run("buildah", "rm", container)
