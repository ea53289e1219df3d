"""Where the server and the credentials come from, and what is told when that goes wrong."""

import base64
import json
import os
import signal
import socket
import subprocess
import sys
import threading

import pytest
import real_server as envtest
import yaml
from conftest import QUICK

FEW = [*QUICK, "-runid", "r1", "-lambda", "500", "-n", "5", "-maxpop", "1"]


@pytest.fixture
def server(api_server):
    running = api_server()
    running.config = yaml.safe_load(running.kubeconfig.read_text())
    running.cluster = running.config["clusters"][0]["cluster"]
    running.user = running.config["users"][0]["user"]
    running.kubectl("create", "namespace", "scaletest")
    return running


def drive(program, tmp_path, config, *flags, **options):
    (tmp_path / "config").write_text(yaml.safe_dump(config))
    return program("cmdriver", *FEW, "-kubeconfig", "config", *flags, **options)


def ok(finished):
    assert finished.returncode == 0, finished.stderr
    return '"failed": 0' in finished.stdout or "create" in finished.stdout


def test_a_token_alone_or_a_certificate_alone(program, tmp_path, server):
    token = server.user.pop("token")
    assert ok(drive(program, tmp_path, server.config))
    server.config["users"][0]["user"] = {"token": token}
    assert ok(drive(program, tmp_path, server.config))


def test_files_beside_the_kubeconfig(program, tmp_path, server):
    for owner, name in ((server.cluster, "certificate-authority"), (server.user, "client-certificate"), (server.user, "client-key")):
        (tmp_path / name).write_bytes(base64.b64decode(owner.pop(name + "-data")))
        owner[name] = name
    server.user["tokenFile"] = "token"
    (tmp_path / "token").write_text(server.user.pop("token"))
    assert ok(drive(program, tmp_path, server.config))


def test_several_files_in_the_variable(program, tmp_path, server):
    users = {"users": server.config.pop("users")}
    (tmp_path / "one").write_text(yaml.safe_dump(server.config))
    (tmp_path / "two").write_text(yaml.safe_dump(users))
    finished = program("cmdriver", *FEW, env={"KUBECONFIG": f"{tmp_path}/one:{tmp_path}/missing:{tmp_path}/two", "HOME": str(tmp_path)})
    assert ok(finished)


@pytest.mark.parametrize("command, flags", [
    (["cmdriver", *FEW], "-kubeconfig or --server, or try the built-in one with --embedded"),
    (["flunder-logger"], "-kubeconfig or --server, or try the built-in one with --embedded"),
    (["merge", "--run", "a"], "-kubeconfig or --server"),
])
def test_without_any_configuration_the_flags_of_the_subcommand_are_advised(program, command, flags):
    finished = program(*command)
    assert finished.returncode == 20 and finished.stdout == "" and finished.stderr.count("\n") == 1
    assert "no API server: -kubeconfig is not given" in finished.stderr
    assert finished.stderr.endswith(f"; name one with {flags}\n")


def exec_user(tmp_path, script, version="v1"):
    plugin = tmp_path / "plugin.sh"
    plugin.write_text("#!/bin/sh\n" + script)
    plugin.chmod(0o755)
    return {"exec": {"apiVersion": f"client.authentication.k8s.io/{version}", "command": "./plugin.sh",
                     "interactiveMode": "Never", "installHint": "get it somewhere"}}


@pytest.mark.parametrize("version", ["v1", "v1beta1"])
def test_an_exec_plugin_gives_the_token(program, tmp_path, server, version):
    credential = {"kind": "ExecCredential", "apiVersion": f"client.authentication.k8s.io/{version}",
                  "status": {"token": server.user["token"]}}
    server.config["users"][0]["user"] = exec_user(tmp_path, f"echo '{json.dumps(credential)}'\n", version)
    assert ok(drive(program, tmp_path, server.config))


def test_an_exec_plugin_ignores_no_signal_because_this_program_does(program, tmp_path, server):
    server.config["users"][0]["user"] = exec_user(tmp_path, "grep SigIgn /proc/self/status > ignored; exit 3\n")
    drive(program, tmp_path, server.config)
    ignored = int((tmp_path / "ignored").read_text().split()[1], 16)
    assert not ignored & (1 << (signal.SIGPIPE - 1) | 1 << (signal.SIGXFSZ - 1))


@pytest.mark.parametrize("script, told", [
    ("exit 3\n", "ended with exit code 3"),
    ("echo nonsense\n", "no JSON object"),
    ("echo '{\"kind\":\"ExecCredential\"}'\n", "apiVersion"),
    ("echo '{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/v1\",\"status\":{}}'\n", "neither a token"),
])
def test_an_exec_plugin_that_fails_is_named(program, tmp_path, server, script, told):
    server.config["users"][0]["user"] = exec_user(tmp_path, script)
    finished = drive(program, tmp_path, server.config)
    assert finished.returncode == 20 and told in finished.stderr and "plugin.sh" in finished.stderr
    assert finished.stderr.strip().count("\n") == 0


def test_a_missing_plugin_tells_how_to_get_it(program, tmp_path, server):
    server.config["users"][0]["user"] = exec_user(tmp_path, "")
    (tmp_path / "plugin.sh").unlink()
    finished = drive(program, tmp_path, server.config)
    assert finished.returncode == 20 and "get it somewhere" in finished.stderr


@pytest.mark.parametrize("named_by", ["kubeconfig", "variable"])
def test_a_proxy_that_cannot_be_reached_is_not_taken_for_the_server(program, tmp_path, server, monkeypatch, named_by):
    [closed] = envtest.free_ports(1)
    if named_by == "kubeconfig":
        server.config["clusters"][0]["cluster"]["proxy-url"] = f"http://127.0.0.1:{closed}"
    else:
        monkeypatch.setenv("HTTPS_PROXY", f"http://user:secret@127.0.0.1:{closed}")
        server.config["clusters"][0]["cluster"]["server"] = "https://192.0.2.1:6443"  # loopback needs no proxy
    finished = drive(program, tmp_path, server.config)
    assert finished.returncode == 20 and finished.stderr.count("\n") == 1
    assert f"cannot reach proxy 127.0.0.1:{closed}: Connection refused; check the proxy: " in finished.stderr and "secret" not in finished.stderr


def without(mapping, *names):
    return {name: value for name, value in mapping.items() if name not in names}


@pytest.mark.parametrize("change, told", [
    (lambda config: config.update({"current-context": "nowhere"}), "nowhere"),
    (lambda config: config.pop("current-context"), "current-context"),
    (lambda config: config["contexts"][0]["context"].update(cluster="other"), "other"),
    (lambda config: config["contexts"][0]["context"].update(user="other"), "other"),
    (lambda config: config["clusters"][0]["cluster"].update(server="ftp://x"), "ftp://x"),
    (lambda config: config["clusters"][0]["cluster"].pop("server"), "no server"),
    (lambda config: config["clusters"][0]["cluster"].update({"certificate-authority-data": "?"}), "base64"),
    (lambda config: config["clusters"][0]["cluster"].update({"certificate-authority-data": "YWJj"}), "certificate-authority-data"),
    (lambda config: config["clusters"][0]["cluster"].update({"proxy-url": "socks5://x"}), "proxy"),
    (lambda config: config["users"][0].update(user={"tokenFile": "nowhere"}), "users[admin].user.tokenFile: token file"),
    (lambda config: config["users"][0]["user"].pop("client-key-data"), "client-key"),
    (lambda config: config["users"][0]["user"].update({"client-key-data": "YWJj"}), "client-key-data"),
    (lambda config: config.update(users=5), "users"),
])
def test_a_wrong_kubeconfig_is_one_line_with_the_place(program, tmp_path, server, change, told):
    change(server.config)
    finished = drive(program, tmp_path, server.config)
    assert finished.returncode == 20 and told in finished.stderr, finished.stderr
    assert finished.stderr.count("\n") == 1 and "config" in finished.stderr
    assert server.user.get("token", "no token") not in finished.stderr
    assert not list(tmp_path.glob("r1-*"))


def test_text_that_is_not_yaml_has_a_line(program, tmp_path):
    (tmp_path / "config").write_text("a: 1\nb: [\n")
    finished = program("cmdriver", *FEW, "-kubeconfig", "config")
    assert finished.returncode == 20 and "config:" in finished.stderr and "YAML" in finished.stderr


def test_no_configuration_names_what_was_looked_for(program):
    finished = program("cmdriver", *FEW)
    assert finished.returncode == 20
    for word in ("-kubeconfig", "KUBECONFIG", ".kube/config", "service account", "--embedded"):
        assert word in finished.stderr


@pytest.mark.parametrize("make, told", [
    (lambda path: None, "No such file or directory"),
    (lambda path: path.mkdir(), "Is a directory"),
    (lambda path: path.write_bytes(bytes(range(256))), "expected a map"),
    (lambda path: path.write_text(""), "current-context"),
    (lambda path: path.write_text("<html>"), "expected a map"),
])
def test_a_file_that_is_no_kubeconfig(program, tmp_path, make, told):
    make(tmp_path / "config")
    finished = program("cmdriver", *FEW, "-kubeconfig", "config")
    assert finished.returncode == 20 and told in finished.stderr and "config" in finished.stderr
    assert finished.stderr.count("\n") == 1 and not list(tmp_path.glob("r1-*"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_kubeconfig_that_may_not_be_read(program, tmp_path):
    (tmp_path / "config").write_text("{}")
    (tmp_path / "config").chmod(0)
    finished = program("cmdriver", *FEW, "-kubeconfig", "config")
    assert finished.returncode == 20 and "config: Permission denied" in finished.stderr


@pytest.mark.parametrize("flags, told", [
    (["--context", "nowhere"], '--context: found no context named "nowhere", expected one of: k8scale'),
    (["--server", "ftp://x"], '--server: found "ftp://x", expected a URL'),
    (["--server", "https://127.0.0.1:port"], "expected a port from 1 to 65535"),
    (["--server", "https://no..such..host"], "resolve: no..such..host"),
])
def test_a_context_or_a_server_that_cannot_be_used(program, tmp_path, server, flags, told):
    finished = drive(program, tmp_path, server.config, *flags)
    assert finished.returncode == 20 and told in finished.stderr, finished.stderr
    assert finished.stderr.count("\n") == 1 and not list(tmp_path.glob("r1-*"))


def test_a_certificate_that_the_server_does_not_accept(program, tmp_path, server):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1",
                    "-subj", "/CN=me", "-keyout", tmp_path / "key", "-out", tmp_path / "cert"], check=True, capture_output=True)
    server.config["users"][0]["user"] = {"client-certificate": "cert", "client-key": "key"}
    finished = drive(program, tmp_path, server.config)
    assert finished.returncode == 20 and "the server refuses the credentials" in finished.stderr
    assert finished.stderr.count("\n") == 1 and not list(tmp_path.glob("r1-*"))


def test_a_server_that_is_not_there(program, tmp_path, server):
    server.stop()
    finished = drive(program, tmp_path, server.config)
    assert finished.returncode == 20 and "refused" in finished.stderr and server.url in finished.stderr


def test_a_wrong_authority_refused_credentials_and_a_missing_namespace(program, tmp_path, server, api_server):
    other = yaml.safe_load(api_server().kubeconfig.read_text())
    right = server.cluster["certificate-authority-data"]
    server.cluster["certificate-authority-data"] = other["clusters"][0]["cluster"]["certificate-authority-data"]
    finished = drive(program, tmp_path, server.config)
    assert finished.returncode == 20 and "not trusted" in finished.stderr
    server.cluster["certificate-authority-data"] = right
    server.config["users"][0]["user"] = {"token": "wrong"}
    finished = drive(program, tmp_path, server.config)
    assert finished.returncode == 20 and "credentials" in finished.stderr and "wrong" not in finished.stderr
    finished = drive(program, tmp_path, other)
    assert finished.returncode == 20 and "kubectl create namespace scaletest" in finished.stderr


@pytest.mark.parametrize("scheme, told", [("http", "expected a Kubernetes API server there"), ("https", "does not speak TLS: http:// instead of https://?\n")])
def test_a_server_that_is_no_kubernetes(program, tmp_path, scheme, told):
    with subprocess.Popen([sys.executable, "-u", "-m", "http.server", "--bind", "127.0.0.1", "0"], cwd=tmp_path,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as other:
        address = other.stdout.readline().split("(http://")[1].split("/")[0]
        finished = program("cmdriver", *FEW, "--server", f"{scheme}://{address}")
        other.terminate()
    assert finished.returncode == 20 and told in finished.stderr and f"{scheme}://{address}: " in finished.stderr
    assert finished.stderr.count("\n") == 1


def test_http_to_a_server_of_https_is_hinted_at(program, api_server):
    url = api_server().url.replace("https", "http")
    finished = program("cmdriver", *FEW, "--server", url)
    assert finished.returncode == 20 and finished.stderr.count("\n") == 1
    assert f"{url}: /version answered 400; does the server speak TLS, so that https:// is expected?" in finished.stderr


@pytest.mark.parametrize("scheme, limit, told", [
    ("http", "300ms", "no whole answer within 300ms"),
    ("https", "1500ms", "no TLS handshake within 1.50s"),
])
def test_a_server_that_says_nothing(program, scheme, limit, told):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"{scheme}://127.0.0.1:{silent.getsockname()[1]}"
        finished = program("cmdriver", *FEW, "--server", url, "--request-timeout", limit)
    assert finished.returncode == 20 and finished.stderr.count("\n") == 1
    assert f"{url}: timeout: {told}" in finished.stderr


@pytest.mark.parametrize("insecure", [False, True])
def test_a_handshake_that_breaks_off_is_not_the_certificate_s_fault(program, tmp_path, server, insecure):
    if insecure:
        server.cluster.pop("certificate-authority-data")
        server.cluster["insecure-skip-tls-verify"] = True
    def break_off():
        with listener.accept()[0] as client, socket.create_connection(("127.0.0.1", port)) as upstream:
            upstream.sendall(client.recv(65536))
            client.sendall(upstream.recv(65536)[:-20])
    port = int(server.cluster["server"].rsplit(":", 1)[1])
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server.cluster["server"] = f"https://127.0.0.1:{listener.getsockname()[1]}"
        breaking = threading.Thread(target=break_off)
        breaking.start()
        finished = drive(program, tmp_path, server.config)
        breaking.join()
    assert finished.returncode == 20 and "tls: the connection ended during the handshake; " in finished.stderr


def test_a_server_that_the_system_does_not_trust_needs_a_kubeconfig(program, api_server):
    url = api_server().url
    finished = program("cmdriver", *FEW, "--server", url)
    assert finished.returncode == 20 and f"{url}: tls: " in finished.stderr
    assert "; use a kubeconfig whose certificate-authority signed the server's certificate: none is configured\n" in finished.stderr


def test_a_certificate_of_another_name_needs_tls_server_name(program, tmp_path, server):
    server.cluster["tls-server-name"] = "elsewhere"
    finished = drive(program, tmp_path, server.config)
    assert finished.returncode == 20 and "mismatch; set tls-server-name in " in finished.stderr
