"""`k8scale cleanup` after drivers that were killed in the middle."""

import contextlib
import json
import os
import pty
import re
import signal
import subprocess

import kubernetes
import pytest
import real_server as envtest
import urllib3
from conftest import BINARY, QUICK
from fake_api import discovery, fake_api

LABEL = {"purpose": "scaletest"}


class Cluster:
    """What a server holds, and what is put there."""

    def __init__(self, kubeconfig):
        self.kubeconfig = kubeconfig
        client = kubernetes.config.new_client_from_config(str(kubeconfig))
        self.core = kubernetes.client.CoreV1Api(client)
        self.custom = kubernetes.client.CustomObjectsApi(client)
        with contextlib.suppress(kubernetes.client.ApiException):  # a real server is shared
            self.core.create_namespace({"metadata": {"name": "scaletest"}})

    def create(self, name, namespace="scaletest", labels=LABEL, finalizers=()):
        metadata = {"name": name, "labels": labels, "finalizers": list(finalizers)}
        self.core.create_namespaced_config_map(namespace, {"metadata": metadata})

    def flunder(self, name, labels=LABEL):
        body = {"apiVersion": "wardle.example.com/v1alpha1", "kind": "Flunder", "spec": {},
                "metadata": {"name": name, "labels": labels}}
        self.custom.create_namespaced_custom_object("wardle.example.com", "v1alpha1", "scaletest", "flunders", body)

    def names(self, namespace="scaletest"):
        for _ in range(5):  # the server may be one that fails at times
            with contextlib.suppress(kubernetes.client.ApiException, urllib3.exceptions.HTTPError):
                maps = self.core.list_namespaced_config_map(namespace).items
                return {each.metadata.name for each in maps} - {"kube-root-ca.crt"}
        raise AssertionError("the server lists nothing")

    def flunder_names(self):
        found = self.custom.list_namespaced_custom_object("wardle.example.com", "v1alpha1", "scaletest", "flunders")
        return {each["metadata"]["name"] for each in found["items"]}


@pytest.fixture
def cluster(api_server):
    """A separate `k8scale apiserver` with these flags."""
    return lambda *flags, **options: Cluster(api_server(*flags, **options).kubeconfig)


@pytest.fixture
def cleanup(program, tmp_path):
    """Runs cleanup; the process with what --json wrote as `told`."""
    def run(cluster, *flags):
        finished = program("cleanup", "-kubeconfig", cluster.kubeconfig, "--json", "told.json", "--settle", "0s", *flags)
        file = tmp_path / "told.json"
        finished.told = json.loads(file.read_text()) if file.exists() else None
        file.unlink(missing_ok=True)
        return finished
    return run


def kill_after_rows(cluster, folder, run_id, count, *command):
    """Runs a driver, and kills it when it has written `count` rows or more."""
    command = [BINARY, *command, *QUICK, "-runid", run_id, "-kubeconfig", cluster.kubeconfig]
    rows = folder / f"{run_id}-driver.csv"
    with subprocess.Popen(list(map(str, command)), cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as driver:
        try:
            envtest.wait_until(lambda: rows.exists() and rows.read_bytes().count(b"\n") >= count, f"{count} rows")
        finally:
            driver.kill()


def crash(cluster, folder, run_id, count):
    """A cmdriver that is killed when it has created `count` objects or more."""
    kill_after_rows(cluster, folder, run_id, count, "cmdriver", "-lambda", "2000", "-n", "9999", "-maxpop", "1000000",
                    "-datalen", "10")
    left = settled(cluster, rf"{re.escape(run_id)}-\d{{4}}")
    assert len(left) >= count
    return left


def settled(cluster, pattern):
    """The names that match, once the server has done what the driver had sent before its end."""
    seen = []

    def same_three_times():
        seen.append({name for name in cluster.names() if re.fullmatch(pattern, name)})
        return len(seen) > 2 and seen[-1] == seen[-2] == seen[-3]
    envtest.wait_until(same_three_times, "the end of what was sent")
    return seen[-1]


def put_what_must_stay(cluster):
    for name in ("a-b-1", "a-1-1", "a-1x", "a-", "a", "aa-1", "b-1", "a.c-1"):
        with contextlib.suppress(kubernetes.client.ApiException):  # "a-" is no name
            cluster.create(name)
    cluster.create("a-100000", labels={"purpose": "another"})
    cluster.create("a-100001", labels={})
    cluster.create("a-1", namespace="default", labels={"purpose": "another"})
    return {"a-b-1", "a-1-1", "a-1x", "a", "aa-1", "b-1", "a.c-1", "a-100000", "a-100001"}


def test_nothing_is_left_of_a_killed_run_and_nothing_else_is_touched(cluster, cleanup, tmp_path):
    server = cluster()
    others = put_what_must_stay(server)
    server.flunder("a-7")
    server.flunder("b-7")
    left = crash(server, tmp_path, "a", 300)
    finished = cleanup(server, "-runid", "a", "-v", "1")
    assert finished.returncode == 0, finished.stderr
    assert server.names() == others and "a-1" in server.names("default")
    assert server.flunder_names() == {"b-7"}
    told = finished.told
    assert (told["run_id"], told["removed"], told["left"], told["certain"]) == ("a", len(left) + 1, 0, True)
    maps, flunders = told["resources"]
    assert (maps["resource"], maps["found"], maps["removed"]) == ("configmaps", len(left), len(left))
    assert (flunders["resource"], flunders["removed"]) == ("flunders.wardle.example.com", 1)
    assert f"removed of configmaps: {', '.join(sorted(left)[:10])}, and {len(left) - 10} more" in finished.stderr
    assert re.search(rf"configmaps +{len(left)} +{len(left)} +0\n", finished.stdout)
    assert cleanup(server, "-runid", "a").told["resources"][0]["found"] == 0


@pytest.mark.xdist_group("real-server")
def test_a_real_server_is_cleaned(real_server, cleanup, tmp_path):
    server = Cluster(real_server.kubeconfig)
    others = put_what_must_stay(server) | {name for name in server.names() if not name.startswith("a-")}
    left = crash(server, tmp_path, "a", 100)
    server.create("a-999999", finalizers=["example.com/wait"])
    finished = cleanup(server, "-runid", "a")
    assert finished.returncode == 3, finished.stderr
    assert server.names() == others | {"a-999999"}
    assert "held by its finalizers: example.com/wait" in finished.stdout
    assert finished.told["resources"][0]["removed"] == len(left)
    server.core.patch_namespaced_config_map("a-999999", "scaletest", {"metadata": {"finalizers": None}})
    assert cleanup(server, "--all", "--namespace", "scaletest").returncode == 0
    assert server.names() <= {"a", "a-1x", "a-100000", "a-100001"}
    server.core.delete_namespaced_config_map("a-1", "default")  # others use this server too
    for name in ("a", "a-1x"):
        server.core.delete_namespaced_config_map(name, "scaletest")


def test_all_takes_every_run_and_only_what_has_label_and_number(cluster, cleanup):
    server = cluster()
    put_what_must_stay(server)
    server.flunder("b-7")
    finished = cleanup(server, "--all")
    assert finished.returncode == 0, finished.stderr
    assert server.names() == {"a", "a-1x", "a-100000", "a-100001"} and server.flunder_names() == set()
    assert finished.told["run_id"] is None and "a-1" in server.names("default")


def test_all_namespaces_are_looked_through_unless_some_are_named(cluster, cleanup):
    server = cluster()
    for number, place in enumerate(("scaletest", "scaletest-1", "scaletest-2", "default")):
        if place.startswith("scaletest-"):
            server.core.create_namespace({"metadata": {"name": place}})
        server.create(f"a-{number}", namespace=place)
    listed = cleanup(server, "-runid", "a", "--dry-run")
    assert "configmaps a-0\n" in listed.stdout and "configmaps a-2 in namespace scaletest-2\n" in listed.stdout
    assert "run a in all namespaces of" in listed.stdout and listed.told["namespace"] is None
    named = cleanup(server, "-runid", "a", "--namespace", "scaletest,scaletest-2")
    assert (named.returncode, named.told["removed"], named.told["namespace"]) == (0, 2, "scaletest,scaletest-2")
    assert named.told["resources"][0]["found"] == 2 and len(named.told["resources"]) == 2
    assert server.names("scaletest-1") == {"a-1"} and server.names("default") == {"a-3"}
    everywhere = cleanup(server, "-runid", "a")
    assert (everywhere.returncode, everywhere.told["removed"]) == (0, 2)
    assert server.names("scaletest-1") == server.names("default") == set()


def test_who_may_not_list_all_namespaces_cleans_the_usual_one(program):
    objects = {"a-1", "a-2"}

    def answer(method, path, _):
        if path == "/api/v1":
            return 200, discovery(configmaps="ConfigMap")
        if path == "/api/v1/configmaps":
            return 403, None
        if path == "/api/v1/namespaces/scaletest/configmaps":
            items = [{"metadata": {"name": name, "namespace": "scaletest"}} for name in sorted(objects)]
            return 200, {"kind": "ConfigMapList", "metadata": {}, "items": items}
        if method == "DELETE" and path.startswith("/api/v1/namespaces/scaletest/configmaps/"):
            objects.discard(path.rsplit("/", 1)[1])
            return 200, {"kind": "Status", "status": "Success"}
        return 404, None
    with fake_api(answer) as fake:
        finished = program("cleanup", "--server", fake.url, "-runid", "a")
    assert finished.returncode == 0 and objects == set(), finished.stdout + finished.stderr
    assert "all namespaces: it could not be listed: scripted 403; looking in scaletest alone" in finished.stderr


def test_a_dry_run_lists_what_would_go_and_removes_nothing(cluster, cleanup, tmp_path):
    server = cluster()
    put_what_must_stay(server)
    left = crash(server, tmp_path, "a", 50)
    before = server.names()
    finished = cleanup(server, "-runid", "a", "--dry-run")
    assert finished.returncode == 0 and server.names() == before
    listed = finished.stdout.splitlines()[:len(left)]
    assert listed == [f"configmaps {name}" for name in sorted(left)]
    assert "nothing was removed" in finished.stdout
    told = finished.told
    assert (told["dry_run"], told["removed"], told["left"]) == (True, 0, len(left))
    assert [each["name"] for each in told["resources"][0]["left"]] == sorted(left)


def made_namespaces(server):
    return {each.metadata.name for each in server.core.list_namespace(label_selector="purpose=scaletest").items}


def test_namespaces_of_a_killed_run_go_when_nothing_is_left_in_them(cluster, cleanup, tmp_path):
    server = cluster()
    server.core.create_namespace({"metadata": {"name": "scaletest-9", "labels": LABEL}})
    kill_after_rows(server, tmp_path, "a", 50, "drive", "--rate", "2000", "-n", "9999", "--maxpop", "1000000", "--namespaces",
                    "3", "--data-length", "10")
    server.create("other", namespace="scaletest-2", labels={})
    listed = cleanup(server, "-runid", "a", "--dry-run")
    assert listed.told["resources"][-1]["found"] == 3 and "namespaces scaletest-1\n" in listed.stdout
    assert "namespaces scaletest-2: stays: has configmaps other\n" in listed.stdout
    assert cleanup(server, "-runid", "b").told["left"] == 0
    finished = cleanup(server, "-runid", "a")
    assert finished.returncode == 3 and "left: namespaces scaletest-2: has configmaps other" in finished.stdout
    assert made_namespaces(server) == {"scaletest-2", "scaletest-9"}
    server.core.delete_namespaced_config_map("other", "scaletest-2")
    finished = cleanup(server, "--all")
    assert (finished.returncode, finished.told["resources"][-1]["removed"]) == (0, 1), finished.stdout
    assert made_namespaces(server) == {"scaletest-9"}  # no run's


def test_an_object_of_any_kind_keeps_the_namespace_of_a_killed_run(cluster, cleanup, tmp_path):
    server = cluster()
    kill_after_rows(server, tmp_path, "a", 50, "drive", "--rate", "2000", "-n", "9999", "--maxpop", "1000000", "--namespaces",
                    "2", "--data-length", "10")
    server.core.create_namespaced_secret("scaletest-1", {"metadata": {"name": "mine"}})
    finished = cleanup(server, "-runid", "a")
    assert finished.returncode == 3 and "left: namespaces scaletest-1: has secrets mine" in finished.stdout
    assert made_namespaces(server) == {"scaletest-1"}


def test_what_a_killed_driver_had_asked_for_is_waited_for(cluster, program, tmp_path):
    server = cluster("--fault", "verbs=create,resource=configmaps,latency=500ms")
    kill_after_rows(server, tmp_path, "a", 50, "cmdriverclosed", "-conns", "1", "-threads", "50", "-n", "500", "-rate", "0")
    finished = program("cleanup", "-kubeconfig", server.kubeconfig, "-runid", "a", "--settle", "1500ms")
    assert finished.returncode == 0, finished.stdout
    assert settled(server, r"a-\d+") == set()


def test_who_finds_nothing_hears_of_other_kinds(cluster, cleanup):
    server = cluster()
    finished = cleanup(server, "-runid", "nothing")
    assert finished.returncode == 0
    assert "found nothing; a run that drove other kinds of objects needs --resource for each" in finished.stdout


def test_many_pages_are_listed_and_removed(cluster, cleanup, tmp_path):
    server = cluster()
    left = crash(server, tmp_path, "many", 1700)
    assert cleanup(server, "-runid", "many", "--dry-run").told["left"] == len(left)
    finished = cleanup(server, "-runid", "many", "--concurrency", "3")
    assert (finished.returncode, finished.told["removed"]) == (0, len(left))
    assert server.names() == set()


@pytest.mark.parametrize("rule", [
    "verbs=delete,every=3,status=429,retry-after=0",
    "verbs=delete,every=100,status=429,retry-after=1",
    "verbs=delete,every=3,status=500",
    "verbs=delete,p=0.5,status=503",
    "verbs=delete,every=3,reset=before",
    "verbs=delete,every=3,reset=after",
    "verbs=delete,every=3,cut",
    "verbs=list,every=2,status=500",
    "verbs=list,every=2,status=429,retry-after=1",
    "verbs=list,every=2,reset=before",
    "verbs=list,every=2,cut",
])
def test_a_server_that_fails_at_times_is_cleaned(cluster, cleanup, tmp_path, rule):
    server = cluster("--fault", "resource=configmaps," + rule)
    server.create("b-1")
    left = crash(server, tmp_path, "a", 600)
    finished = cleanup(server, "-runid", "a")
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert server.names() == {"b-1"}
    assert (finished.told["removed"], finished.told["left"]) == (len(left), 0)


def test_a_list_whose_token_expired_begins_anew(cluster, cleanup, tmp_path):
    server = cluster("--fault", "resource=configmaps,verbs=list,every=7,status=410")
    left = crash(server, tmp_path, "a", 1100)
    assert len(left) <= 2500  # six pages at most: a list that begins anew comes to its end
    for _ in range(7):
        assert cleanup(server, "-runid", "a", "--dry-run").told["left"] == len(left)
    finished = cleanup(server, "-runid", "a")
    assert (finished.returncode, finished.told["removed"]) == (0, len(left)), finished.stdout
    assert server.names() == set()


def test_what_a_finalizer_holds_is_reported(cluster, cleanup):
    server = cluster()
    server.create("a-1", finalizers=["example.com/x", "example.com/y"])
    server.create("a-2")
    for _ in range(2):
        finished = cleanup(server, "-runid", "a")
        assert finished.returncode == 3
        assert "a-1: is being deleted, and held by its finalizers: example.com/x, example.com/y" in finished.stdout
        [left] = finished.told["resources"][0]["left"]
        assert left["name"] == "a-1" and server.names() == {"a-1"}


def test_what_may_not_be_removed_is_reported_with_the_reason(cluster, cleanup):
    server = cluster("--fault", "verbs=delete,status=403")
    for number in range(12):
        server.create(f"a-{number}")
    finished = cleanup(server, "-runid", "a")
    assert finished.returncode == 3 and len(server.names()) == 12
    assert "left: configmaps a-0: injected fault" in finished.stdout and "left: 2 more configmaps" in finished.stdout
    assert finished.told["removed"] == 0 and len(finished.told["resources"][0]["left"]) == 12


def test_what_cannot_be_listed_is_not_called_clean(cluster, cleanup):
    server = cluster("--fault", "verbs=list,resource=flunders,status=403")
    server.create("a-1")
    finished = cleanup(server, "-runid", "a")
    assert finished.returncode == 3 and server.names() == set()
    assert "flunders.wardle.example.com: what is left is not known: it could not be listed" in finished.stdout
    assert finished.told["certain"] is False


def test_other_resources_are_removed_when_named(cluster, cleanup):
    server = cluster("--resource", "example.com/v1/gadgets=Gadget")
    server.core.create_namespaced_secret("scaletest", {"metadata": {"name": "a-1", "labels": LABEL}})
    server.custom.create_namespaced_custom_object("example.com", "v1", "scaletest", "gadgets", {
        "apiVersion": "example.com/v1", "kind": "Gadget", "metadata": {"name": "a-1", "labels": LABEL}})
    flags = ["--resource", "v1/secrets", "--resource", "example.com/v1/gadgets", "--resource", "v1/configmaps"]
    finished = cleanup(server, "-runid", "a", *flags)
    assert finished.returncode == 0, finished.stderr
    removed = {each["resource"]: each["removed"] for each in finished.told["resources"]}
    assert removed == {"configmaps": 0, "secrets": 1, "gadgets.example.com": 1, "flunders.wardle.example.com": 0}


def cleaning(server, folder, *flags, **options):
    command = [BINARY, "cleanup", "-kubeconfig", server.kubeconfig, "-runid", "a", "--json", "told.json", *flags]
    return subprocess.Popen(command, cwd=folder, text=True, **options)


def test_a_signal_ends_it_and_it_says_what_remains(cluster, tmp_path):
    server = cluster("--fault", "verbs=delete,latency=20ms")
    left = crash(server, tmp_path, "a", 500)
    with cleaning(server, tmp_path, "--concurrency", "2", stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        envtest.wait_until(lambda: len(server.names()) < len(left) - 5, "some deletes")
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=30)
    assert process.returncode == 130 and "interrupted by SIGINT" in out
    remain = server.names()
    told = json.loads((tmp_path / "told.json").read_text())
    assert told["interrupted"] == "SIGINT" and told["certain"]
    assert 0 < told["left"] == len(remain) and told["removed"] == len(left) - len(remain)


@contextlib.contextmanager
def on_terminal(server, folder, *flags):
    """A clean-up whose stderr is a terminal, and what gives what it draws there until a pattern, or its end, comes."""
    master, slave = pty.openpty()
    drawn = b""

    def draw(pattern=None):
        nonlocal drawn
        with contextlib.suppress(OSError):  # the other end is closed
            while not (pattern and re.search(pattern, drawn)) and (piece := os.read(master, 4096)):
                drawn += piece
        return drawn

    try:
        with cleaning(server, folder, *flags, stdout=subprocess.PIPE, stderr=slave) as process:
            os.close(slave)
            yield process, draw
    finally:
        os.close(master)


def test_progress_is_drawn_on_a_terminal(cluster, tmp_path):
    server = cluster("--fault", "verbs=delete,latency=20ms")
    crash(server, tmp_path, "a", 150)
    with on_terminal(server, tmp_path, "--concurrency", "2") as (process, draw):
        drawn = draw()
        process.communicate(timeout=20)
    assert process.returncode == 0
    assert re.search(rb"\r\x1b\[K\d\.\ds  configmaps: [1-9]\d*/\d+ deleted  errors 0", drawn)


def test_the_grace_time_ends_a_stop_that_hangs(cluster, tmp_path):
    server = cluster("--fault", "verbs=delete,latency=60s")
    server.create("a-1")
    with on_terminal(server, tmp_path, "--grace", "300ms") as (process, draw):
        draw(b"0/1 deleted")
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=20)
    assert process.returncode == 130 and "what is left is not known: it was not listed again" in out


def test_a_second_signal_ends_it_at_once(cluster, tmp_path):
    server = cluster("--fault", "verbs=delete,latency=60s")
    server.create("a-1")
    with on_terminal(server, tmp_path) as (process, draw):
        draw(b"0/1 deleted")
        process.send_signal(signal.SIGINT)
        draw(b"no more deletes")
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 143


@pytest.mark.parametrize("flags, code, told", [
    ([], 1, "found neither -runid nor --all, expected one of them"),
    (["-runid", ""], 1, "found neither -runid nor --all"),
    (["-runid", "a", "--all"], 1, "--all means all runs: expected no -runid beside it"),
    (["-runid", "A"], 1, "-runid: found"),
    (["-runid", "a/b"], 1, "-runid: found"),
    (["-runid", "a" * 252], 17, "-runid: found 252 characters"),
    (["--all", "--concurrency", "0"], 1, "--concurrency: found 0, expected 1 to 1000"),
    (["--all", "--concurrency", "-1"], 1, "expected a whole number from 0 to 18446744073709551615"),
    (["--all", "--grace", "-1s"], 1, "--grace: found"),
    (["--all", "--progress", "loud"], 1, "--progress: found"),
    (["--all", "--resource", "configmaps"], 1, "--resource: found"),
    (["--all", "--namespace", "a,,b"], 1, '--namespace: found "a,,b", expected names with commas between'),
    (["--all", "--resource", "v1/gadgets"], 20, "has no v1/gadgets"),
    (["--all", "--resource", "none.example/v1/gadgets"], 20, "has no none.example/v1/gadgets"),
    (["--all", "--resource", "v1/namespaces"], 1, "which is in no namespace"),
    (["--all", "-kubeconfig", "missing"], 1, "--embedded is a server of its own"),
    (["--all", "stray"], 1, "unexpected argument stray"),
])
def test_wrong_input_is_named(program, tmp_path, flags, code, told):
    finished = program("cleanup", "--embedded", *flags)
    assert finished.returncode == code, finished.stderr
    assert told in finished.stderr and finished.stderr.count("\n") == 1, finished.stderr
    assert finished.stdout == "" and list(tmp_path.iterdir()) == []


def test_configuration_errors_end_with_20(program, cluster, tmp_path):
    assert program("cleanup", "--all", "-kubeconfig", "missing").returncode == 20
    [port] = envtest.free_ports(1)
    server = cluster()
    nobody = program("cleanup", "--all", "-kubeconfig", server.kubeconfig, "--server", f"https://127.0.0.1:{port}")
    assert nobody.returncode == 20 and "Connection refused" in nobody.stderr
    refused = tmp_path / "refused"
    text = re.sub("    (token|client-.*): .*\n", "", server.kubeconfig.read_text())
    refused.write_text(text.replace("  user:\n", "  user:\n    token: wrong\n"))
    finished = program("cleanup", "--all", "-kubeconfig", refused)
    assert finished.returncode == 20 and "Unauthorized" in finished.stderr, finished.stderr


def test_an_empty_server_has_nothing_left(program):
    finished = program("cleanup", "--embedded", "--all")
    assert finished.returncode == 0, finished.stderr


def test_a_json_file_that_cannot_be_written_is_told(program):
    finished = program("cleanup", "--embedded", "--all", "--json", "missing/told.json")
    assert finished.returncode == 12 and "--json: cannot write missing/told.json" in finished.stderr
    assert finished.stdout == ""  # it did not begin
