"""`k8scale check` against the built-in server and a real one, whole and broken."""

import contextlib
import http.server
import json
import pathlib
import resource
import shlex
import socket
import subprocess
import threading

import pytest
import yaml
from real_server import free_ports, wait_until


@pytest.fixture
def check(program):
    """Runs check with --json; its findings by name and its exit code."""
    def run(*arguments, **options):
        finished = program("check", "--json", *arguments, **options)
        assert finished.stdout, finished.stderr
        report = json.loads(finished.stdout)
        report["checks"] = {each["check"]: each for each in report["checks"]}
        return finished.returncode, report
    return run


def verdicts(report):
    return {name: each["verdict"] for name, each in report["checks"].items()}


def test_all_is_well_with_the_built_in_server(check):
    code, report = check("--embedded")
    assert code == 0 and report["failed"] is False
    found = verdicts(report)
    found.pop("open files")  # depends on the machine
    assert set(found.values()) == {"ok"}, report
    assert {"configuration", "reachable", "TLS", "API server", "credentials", "clock", "round trip", "namespace", "cmdriver",
            "cm-logger", "flunder-watch", "drive"} <= set(found)
    assert report["user"] == "kubernetes-admin" and report["server_version"].startswith("v1.")
    assert report["server"].startswith("https://127.0.0.1:")
    assert abs(report["clock"]["offset_seconds"]) <= report["clock"]["uncertainty_seconds"] + 0.01 < 1.1
    assert 0 < report["round_trip"]["least_seconds"] <= report["round_trip"]["median_seconds"] < 1


def test_who_needs_rights_for_a_flag_only_is_told_them(check):
    for named in (["merge"], []):
        told = check("--embedded", *named)[1]["checks"]["merge --run"]
        assert told["verdict"] == "ok" and told["found"] == "may list configmaps in namespace scaletest"


def test_rights_for_a_flag_have_a_row_of_their_own_where_they_lack_or_were_asked_for(check):
    named, all_of_them = (check("--embedded", *words)[1]["checks"] for words in (["drive", "cleanup"], []))
    assert named["drive --observe"]["found"] == "may list, watch configmaps in namespace scaletest"
    assert "create, delete configmaps in all namespaces" in named["drive --namespaces"]["found"]
    assert {"drive", "cleanup"} <= set(all_of_them) and not {"drive --observe", "cleanup everywhere"} & set(all_of_them)


def test_cleanup_needs_what_it_removes(check, api_server):
    server = api_server()
    report = check("--kubeconfig", server.kubeconfig, "cleanup")[1]["checks"]
    both = "may list, delete configmaps in {0}; list, delete flunders.wardle.example.com in {0}"
    assert report["cleanup"]["found"] == both.format("namespace scaletest")
    assert report["cleanup everywhere"]["found"] == both.format("all namespaces") + "; list, delete namespaces in all namespaces"


def test_the_table_says_the_same_as_the_json(program):
    finished = program("check", "--embedded", "cmdriver")
    assert finished.returncode == 0 and finished.stderr == ""
    rows = {line.split("  ")[0]: line.split()[-1] for line in finished.stdout.splitlines()}
    assert {"configuration", "reachable", "TLS", "credentials", "clock", "round trip", "cmdriver"} <= set(rows)
    assert "cm-logger" not in rows and "may create, delete configmaps in namespace scaletest" in finished.stdout


def test_a_clock_that_is_off_is_a_warning(check, api_server, tmp_path, monkeypatch):
    library = tmp_path / "clock.c"
    library.write_text("""#define _GNU_SOURCE
#include <dlfcn.h>
#include <time.h>
int clock_gettime(clockid_t clock, struct timespec* out) {
  static int (*real)(clockid_t, struct timespec*);
  if (!real) *(void**)&real = dlsym(RTLD_NEXT, "clock_gettime");
  int result = real(clock, out);
  if (clock == CLOCK_REALTIME) out->tv_sec += 100;
  return result;
}
""")
    subprocess.run(["cc", "-shared", "-fPIC", "-o", tmp_path / "clock.so", library], check=True, timeout=60)
    with monkeypatch.context() as patch:
        patch.setenv("LD_PRELOAD", str(tmp_path / "clock.so"))
        server = api_server()
    server.kubectl("create", "namespace", "scaletest")
    code, report = check("-kubeconfig", server.kubeconfig, "cmdriver")
    assert code == 0 and verdicts(report)["clock"] == "warning"
    assert abs(report["clock"]["offset_seconds"] - 100) <= report["clock"]["uncertainty_seconds"] + 0.01
    assert "NTP" in report["checks"]["clock"]["remedy"]


def test_a_low_limit_of_open_files_is_a_warning(check):
    def lower():
        resource.setrlimit(resource.RLIMIT_NOFILE, (512, 512))
    code, report = check("--embedded", "cmdriver", preexec_fn=lower)
    assert code == 0 and verdicts(report)["open files"] == "warning"
    assert "512" in report["checks"]["open files"]["found"] and "ulimit" in report["checks"]["open files"]["remedy"]


def last(report):
    return list(report["checks"].values())[-1]


def test_a_port_where_nobody_listens_is_told(check):
    [port] = free_ports(1)
    code, report = check("--server", f"https://127.0.0.1:{port}")
    assert code == 20 and report["failed"] and last(report)["check"] == "reachable"
    assert "refused" in last(report)["found"] and "that the server runs" in last(report)["remedy"]
    assert report["server_version"] is None and report["clock"] is None


def test_the_flag_that_gave_the_url_is_named_and_not_the_file(check, server):
    [port] = free_ports(1)
    code, report = check("--kubeconfig", server.kubeconfig, "--server", f"https://127.0.0.1:{port}")
    assert code == 20 and last(report)["remedy"] == "check the server's URL in --server, and that the server runs"


def test_a_port_that_does_not_speak_tls_is_told(check):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        def end_each():
            with contextlib.suppress(OSError):
                while True:
                    listener.accept()[0].close()
        threading.Thread(target=end_each, daemon=True).start()
        code, report = check("--server", f"https://127.0.0.1:{listener.getsockname()[1]}")
        assert code == 20 and last(report)["check"] == "TLS"
        assert "expected a server that speaks TLS there" in last(report)["remedy"]
        listener.shutdown(socket.SHUT_RDWR)


def test_an_authority_that_nobody_configured_is_told(check, server):
    code, report = check("--server", server.url)
    assert code == 20 and last(report)["check"] == "TLS" and "use a kubeconfig" in last(report)["remedy"]


def test_a_name_that_has_no_address_is_told(check):
    code, report = check("--server", "https://no-such-host.invalid")
    assert code == 20 and last(report)["verdict"] == "failed" and "DNS" in last(report)["remedy"]


def test_a_configuration_that_cannot_be_read_is_told(check, tmp_path):
    (tmp_path / "broken").write_text("clusters: 5\n")
    code, report = check("--kubeconfig", "broken")
    assert code == 20 and last(report)["check"] == "configuration" and "broken" in last(report)["found"]
    assert last(report)["remedy"] == "correct what it names, or name another server"


def test_where_nothing_is_configured_the_remedy_names_flags(check):
    code, report = check()
    assert code == 20 and last(report)["check"] == "configuration" and last(report)["verdict"] == "failed"
    assert last(report)["found"].startswith("no API server: ") and last(report)["found"].endswith("a service account")
    assert last(report)["remedy"] == "name one with -kubeconfig or --server, or try the built-in one with --embedded"


def changed(kubeconfig, tmp_path, change):
    """A copy of a kubeconfig whose cluster and user were changed."""
    document = yaml.safe_load(pathlib.Path(kubeconfig).read_text())
    change(document["clusters"][0]["cluster"], document["users"][0]["user"])
    path = tmp_path / "changed.conf"
    path.write_text(yaml.safe_dump(document))
    return path


@pytest.fixture(params=["built-in", pytest.param("real", marks=pytest.mark.xdist_group("real-server"))])
def kubeconfig(request):
    """Of an administrator."""
    if request.param == "real":
        return request.getfixturevalue("real_server").kubeconfig
    return request.getfixturevalue("api_server")().kubeconfig


@pytest.fixture(scope="session")
def strange_authority(tmp_path_factory):
    """PEM of an authority that has signed nothing here."""
    folder = tmp_path_factory.mktemp("strange")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                    "/CN=strange", "-keyout", folder / "key", "-out", folder / "crt"], check=True, capture_output=True, timeout=60)
    return folder / "crt"


def test_an_authority_that_did_not_sign_is_told(check, kubeconfig, strange_authority, tmp_path):
    def change(cluster, user):
        del cluster["certificate-authority-data"]
        cluster["certificate-authority"] = str(strange_authority)
    code, report = check("--kubeconfig", changed(kubeconfig, tmp_path, change))
    assert code == 20 and verdicts(report)["reachable"] == "ok"
    assert last(report)["check"] == "TLS" and last(report)["verdict"] == "failed"
    assert "changed.conf:" in last(report)["remedy"] and "certificate-authority" in last(report)["remedy"]


def test_a_name_that_the_certificate_does_not_carry_is_told(check, kubeconfig, tmp_path):
    path = changed(kubeconfig, tmp_path, lambda cluster, user: cluster.update({"tls-server-name": "elsewhere.example.com"}))
    code, report = check("--kubeconfig", path)
    assert code == 20 and last(report)["check"] == "TLS" and "tls-server-name" in last(report)["remedy"]


def test_tls_that_is_not_verified_is_a_warning(check, kubeconfig, tmp_path):
    def change(cluster, user):
        del cluster["certificate-authority-data"]
        cluster["insecure-skip-tls-verify"] = True
    report = check("--kubeconfig", changed(kubeconfig, tmp_path, change), "cm-logger")[1]
    assert verdicts(report)["TLS"] == "warning" and verdicts(report)["cm-logger"] == "ok"


def test_a_token_that_is_wrong_is_told(check, kubeconfig, tmp_path):
    def change(cluster, user):
        user.clear()
        user["token"] = "wrong-" + "0" * 32
    path = changed(kubeconfig, tmp_path, change)
    code, report = check("--kubeconfig", path)
    assert code == 20 and last(report)["check"] == "credentials" and last(report)["verdict"] == "failed"
    assert "Unauthorized" in last(report)["found"] and str(path) in last(report)["remedy"]
    assert "wrong-" not in json.dumps(report)


@pytest.mark.xdist_group("real-server")
def test_who_has_no_credentials_is_told(check, real_server, tmp_path):
    path = changed(real_server.kubeconfig, tmp_path, lambda cluster, user: user.clear())
    code, report = check("--kubeconfig", path)
    assert code == 20 and last(report)["check"] == "credentials" and last(report)["verdict"] == "failed"


def test_something_that_is_no_api_server_is_told(check, program, tmp_path):
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        code, report = check("--server", f"http://127.0.0.1:{server.server_port}")
        server.shutdown()
    assert code == 20 and verdicts(report)["reachable"] == "ok" and verdicts(report)["TLS"] == "warning"
    assert last(report)["check"] == "API server" and last(report)["verdict"] == "failed"


@pytest.fixture
def account(real_server, tmp_path):
    """A kubeconfig of a ServiceAccount that may do nothing yet."""
    real_server.kubectl_run("create", "serviceaccount", "poor", "-n", "default")
    token = real_server.kubectl_run("create", "token", "poor", "-n", "default")

    def change(cluster, user):
        user.clear()
        user["token"] = token
    yield changed(real_server.kubeconfig, tmp_path, change)
    real_server.kubectl_run("delete", "serviceaccount", "poor", "-n", "default")


@pytest.fixture
def scaletest(real_server):
    real_server.kubectl_run("apply", "-f", "-", input=json.dumps({"apiVersion": "v1", "kind": "Namespace",
                                                                  "metadata": {"name": "scaletest"}}))


@pytest.mark.xdist_group("real-server")
@pytest.mark.parametrize("subcommand, flags", [
    ("cmdriver", ["--observe", "--start-together", "--store-summary", "-clientlb"]),
    ("cmdriverclosed", ["--observe", "--start-together", "--store-summary"]),
    ("drive", ["--observe", "--start-together", "--store-summary", "--updates", "--mix", "--namespaces", "--clientlb"]),
    ("merge", ["--run"]),
    ("cleanup", ["everywhere"]),
    ("cm-logger", []),
])
def test_what_is_not_granted_is_told_and_the_remedy_grants_it(check, real_server, account, scaletest, subcommand, flags):
    rows = [f"{subcommand} {flag}" for flag in flags]
    needs_none = subcommand == "merge"
    code, report = check("--kubeconfig", account, subcommand)
    found = verdicts(report)
    assert code == (0 if needs_none else 3) and report["user"] == "system:serviceaccount:default:poor"
    assert needs_none or found[subcommand] == "failed"
    assert {name for name in found if name.startswith(f"{subcommand} ")} == set(rows)
    assert all(found[row] == "warning" for row in rows)
    made = []
    try:
        for row in [*([] if needs_none else [subcommand]), *rows]:
            for command in report["checks"][row]["remedy"].split(" && "):
                words = shlex.split(command)
                assert words[:2] == ["kubectl", "create"]
                place = ["-n", words[words.index("-n") + 1]] if "-n" in words else []
                real_server.kubectl_run(*words[1:])
                made.append([*words[2:4], *place])
            wait_until(lambda row=row: verdicts(check("--kubeconfig", account, subcommand)[1])[row] == "ok", f"{row} to be granted")
        assert check("--kubeconfig", account, subcommand)[0] == 0
    finally:
        for each in made:
            real_server.kubectl_run("delete", *each)


@pytest.mark.xdist_group("real-server")
def test_a_real_server_is_well_for_its_administrator(check, real_server, scaletest):
    code, report = check("--kubeconfig", real_server.kubeconfig)
    assert code == 0, report
    found = verdicts(report)
    assert {name: found[name] for name in ("TLS", "credentials", "clock", "namespace", "cmdriver", "cm-logger", "drive")} == dict.fromkeys(
        ("TLS", "credentials", "clock", "namespace", "cmdriver", "cm-logger", "drive"), "ok")
    assert report["user"] == "admin"
    assert abs(report["clock"]["offset_seconds"]) <= report["clock"]["uncertainty_seconds"] + 0.05


@pytest.mark.xdist_group("real-server")
def test_a_resource_that_the_server_does_not_have_is_a_failure_only_for_who_asks(check, real_server, scaletest):
    absent = ["--kubeconfig", real_server.kubeconfig, "--resource", "example.com/v1/absentees"]
    code, report = check(*absent)
    assert code == 0 and verdicts(report)["drive"] == "skipped" and verdicts(report)["cmdriver"] == "ok"
    code, report = check(*absent, "drive")
    assert code == 3 and verdicts(report)["drive"] == "failed" and "absentees.example.com" in report["checks"]["drive"]["found"]


def test_a_namespace_that_is_missing_is_told(check, api_server):
    server = api_server()
    code, report = check("--kubeconfig", server.kubeconfig, "cmdriver")
    if verdicts(report)["namespace"] == "ok":  # the server brings it
        server.kubectl("delete", "namespace", "scaletest")
        code, report = check("--kubeconfig", server.kubeconfig, "cmdriver")
    assert code == 3 and verdicts(report)["namespace"] == "failed"
    assert report["checks"]["namespace"]["remedy"] == "kubectl create namespace scaletest"


@pytest.mark.parametrize("arguments, code, told", [
    (["cmdrivre"], 2, "did you mean cmdriver?"),
    (["httperf"], 1, "httperf talks to no API server"),
    (["--resource", "x"], 1, "--resource"),
])
def test_a_flag_that_cannot_be_is_told(program, arguments, code, told):
    finished = program("check", "--embedded", *arguments)
    assert finished.returncode == code and finished.stdout == ""
    assert told in finished.stderr and finished.stderr.count("\n") == 1


def test_kubectl_asks_the_built_in_server_what_it_may_and_who_it_is(api_server):
    server = api_server()
    assert server.kubectl("auth", "can-i", "delete", "configmaps", "-n", "scaletest").strip() == "yes"
    assert "kubernetes-admin" in server.kubectl("auth", "whoami")
