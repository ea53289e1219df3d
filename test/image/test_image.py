"""The image of `./dev image`: what is in it, and that it does its job as a pod's user against a real API server."""

import csv
import json
import re
import subprocess

import pytest
from conftest import TOP, USER, run

pytestmark = pytest.mark.xdist_group("real-server")
OLD_NAMES = {"cmdriver", "cmdriverclosed", "flunder-driver", "cm-logger", "flunder-logger", "flunder-watch", "httperf",
             "go_httperf"}
MOST_BYTES = 25_000_000


@pytest.fixture(scope="module", autouse=True)
def namespace(real_server):
    real_server.kubectl_run("create", "namespace", "scaletest")


def test_it_says_what_it_is(configuration):
    assert configuration["User"] == f"{USER}:{USER}"
    assert configuration["Entrypoint"] == ["/k8scale"]
    labels = {key.removeprefix("org.opencontainers.image."): value for key, value in configuration["Labels"].items()}
    commit = run(TOP / "dev", "commit-id").strip()
    version = re.search(r"project\(k8scale VERSION (\S+)", (TOP / "CMakeLists.txt").read_text())[1]
    assert labels["version"] == version and labels["revision"] == commit
    assert labels["licenses"] == "Apache-2.0" and labels["source"] == "https://example.com/k8scale"


def test_it_has_the_program_libraries_and_authorities_and_nothing_else(root):
    files = {str(path.relative_to(root)) for path in root.rglob("*") if not path.is_dir()}
    rest = {name for name in files if not re.fullmatch(r"(usr/)?lib(64)?/.*\.so[.0-9]*", name)}
    assert rest == {"k8scale", *OLD_NAMES, "etc/ssl/certs/ca-certificates.crt", "usr/lib/ssl/cert.pem"}


def test_it_is_small_and_its_size_is_told(root, image):
    size = sum(path.stat().st_size for path in root.rglob("*") if path.is_file() and not path.is_symlink())
    told = re.fullmatch(re.escape(image[0]) + r": ([\d.]+) MB unpacked", image[1])
    assert told, image[1]
    print(f"{size} bytes, told as {told[1]} MB")
    assert size <= MOST_BYTES and float(told[1]) <= MOST_BYTES / 1e6
    assert abs(size / 1e6 - float(told[1])) < 1


def test_cmdriver_drives_and_cm_logger_sees_it_under_the_least_rights(pod_of, real_server):
    watcher = pod_of("cm-logger", ["--verb=get,list,watch", "--resource=configmaps"], "clusterrole")
    driver = pod_of("cmdriver", ["--verb=create,delete", "--resource=configmaps"])
    rows = watcher.volume / "obj-log.csv"
    with watcher.start("/cm-logger", "--until-idle", "5s", "--summary") as logger:
        finished = driver.run("/cmdriver", "-lambda", "100", "-n", "200", "-maxpop", "20", "-runid", "image",
                              "-waitBeforeTerminate", "0")
        assert finished.returncode == 0, finished.stderr
        assert logger.wait(timeout=60) == 0, logger.stderr.read()
    driven = list(csv.reader((driver.volume / "image-driver.csv").open()))
    assert sorted(row[2] for row in driven) == ["create"] * 200 + ["delete"] * 200
    assert all(row[4] == "" for row in driven)
    seen = {row[2] for row in csv.reader(rows.open()) if row[2].startswith("scaletest/image-")}
    assert seen == {f"scaletest/{row[3]}" for row in driven}
    assert (driver.volume / "image-driver.csv").stat().st_uid == USER
    assert real_server.kubectl_run("get", "configmaps", "-n", "scaletest", "-o", "name") == ""


def test_without_the_right_to_delete_the_driver_says_so_and_objects_stay(pod_of, real_server):
    driver = pod_of("no-delete", ["--verb=create", "--resource=configmaps"])
    finished = driver.run("/k8scale", "cmdriver", "-lambda", "100", "-n", "5", "-maxpop", "1", "-runid", "kept",
                          "-waitBeforeTerminate", "0")
    assert finished.returncode == 0, finished.stderr
    errors = [row[4] for row in csv.reader((driver.volume / "kept-driver.csv").open()) if row[2] == "delete"]
    assert len(errors) == 5 and all("forbidden" in error for error in errors)
    real_server.kubectl_run("delete", "configmaps", "-n", "scaletest", "-l", "purpose=scaletest")


def test_httperf_serves_and_asks(pod_of):
    server = pod_of("httperf-server", ["--verb=get", "--resource=configmaps"])
    client = pod_of("httperf-client", ["--verb=get", "--resource=configmaps"])
    with server.start("/httperf", "-listen", "127.0.0.1:0") as serving:
        url = re.search(r"https://\S+", serving.stdout.readline())[0]
        finished = client.run("/go_httperf", "-listen", "127.0.0.1:0", "-base-url", url, "-period", "0", "--duration", "1s", "--json")
    assert finished.returncode == 0, finished.stderr
    assert json.loads(finished.stdout)["total"]["bytes_per_second"] > 1e6
    assert [path.suffix for path in server.volume.iterdir()] == [".keys"]


def test_a_public_certificate_is_trusted_where_no_authority_is_configured(root):
    bundle = (root / "usr/lib/ssl/cert.pem").readlink()
    assert (root / str(bundle).removeprefix("/")).read_text().count("BEGIN CERTIFICATE") > 100


def test_check_in_a_pod_finds_what_the_role_grants(pod_of):
    pod = pod_of("checked", ["--verb=create,delete", "--resource=configmaps"])
    finished = pod.run("/k8scale", "check", "cmdriver", "cm-logger", "--json")
    found = {each["check"]: each["verdict"] for each in json.loads(finished.stdout)["checks"]}
    assert finished.returncode == 3 and found["cm-logger"] == "failed"
    assert found["cmdriver"] == "ok" and found["cmdriver --observe"] == "warning"
    assert json.loads(finished.stdout)["user"] == "system:serviceaccount:scaletest:checked"
