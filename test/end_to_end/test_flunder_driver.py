"""k8scale flunder-driver, against the built-in server, and with flunder-logger."""

import csv
import json

import pytest
from fake_api import PROTOBUF, discovery, fake_api
from watching import observing

FAST = ("-lambda", "400", "-n", "200", "-maxpop", "20")


def test_flunders_are_created_and_deleted(driver):
    run = driver("flunder-driver", *FAST)
    assert run.returncode == 0
    assert {verb: totals["ok"] for verb, totals in run.summary["operations"].items()} == {"create": 200, "delete": 200}
    assert set(run.parameters) == {"KUBECONFIG", "LAMBDA", "N", "MAXPOP", "DATEFILENAME", "RUNID", "SEED"}


def test_a_flunder_has_an_empty_spec_and_no_timestamp(driver, api_server):
    server = api_server("--fault", "verbs=delete,resource=flunders,status=403")
    server.kubectl("create", "namespace", "scaletest")
    driver("flunder-driver", "-kubeconfig", server.kubeconfig, "-lambda", "100", "-n", "1", "-maxpop", "0",
           "--grace", "0s", embedded=False)
    flunder = json.loads(server.kubectl("get", "flunder", "r1-1", "-n", "scaletest", "-o", "json"))
    assert flunder["spec"] == {} and flunder["metadata"]["labels"] == {"purpose": "scaletest"}
    assert "annotations" not in flunder["metadata"]


def test_flunder_logger_sees_every_create_and_delete(driver, api_server, tmp_path):
    server = api_server()
    server.kubectl("create", "namespace", "scaletest")
    with observing(tmp_path, "flunder-logger", server.kubeconfig, "--until-idle", "2s") as logger:
        logger.wait_until_watching()
        run = driver("flunder-driver", "-kubeconfig", server.kubeconfig, *FAST, embedded=False)
        assert logger.end() == 0
    seen = {"create": set(), "delete": set()}
    for row in csv.reader(logger.rows):
        if row[1] in seen:
            seen[row[1]].add(row[2].removeprefix("scaletest/"))
    assert {name for _, _, op, name, _ in run.fields if op == "create"} == seen["create"] and len(seen["create"]) == 200
    assert seen["delete"] == seen["create"]


def test_another_resource_needs_no_spec(driver):
    run = driver("flunder-driver", *FAST, "--resource", "v1/configmaps")
    assert run.returncode == 0 and run.summary["operations"]["create"]["ok"] == 200


def protobuf_field(number, content):
    return bytes([number << 3 | 2, len(content)]) + content


def protobuf_list(*items):
    kind = protobuf_field(1, b"example.com/v1") + protobuf_field(2, b"WidgetList")
    raw = protobuf_field(1, b"") + b"".join(protobuf_field(2, each) for each in items)
    return b"k8s\0" + protobuf_field(1, kind) + protobuf_field(2, raw)


def drive_widgets(driver, subcommand, flags, listed, tried=(500, {})):
    """Runs -useProtobuf against a server that answers so when it is asked for a list and for a dry run."""
    def answer(method, path, query):
        if path == "/apis/example.com/v1":
            return 200, discovery(widgets="Widget")
        if query == "limit=1":
            return listed
        if "dryRun" in query:
            return tried
        return (201 if method == "POST" else 200), {"kind": "Widget", "metadata": {"name": "w", "resourceVersion": "1"}}
    with fake_api(answer) as fake:
        run = driver(subcommand, "--server", fake.url, "--resource", "example.com/v1/widgets", "-useProtobuf", "--retries", "0",
                     *flags, "-n", "10", embedded=False)
    return run, fake


DRIVERS = pytest.mark.parametrize("subcommand, flags", [("flunder-driver", ["-lambda", "400", "-maxpop", "2"]),
                                                        ("drive", ["--rate", "400", "--maxpop", "2", "--updates", "1"])])


@DRIVERS
@pytest.mark.parametrize("listed, tried, asked", [
    ((200, protobuf_list(protobuf_field(1, protobuf_field(1, b"w")))), None, 0),
    ((200, protobuf_list()), (201, {"kind": "Widget", "metadata": {"name": "r1-0"}}), 1),
    ((403, None), (404, None), 1),
])
def test_protobuf_is_written_where_the_server_has_it(driver, subcommand, flags, listed, tried, asked):
    run, fake = drive_widgets(driver, subcommand, flags, listed, tried)
    assert run.returncode == 0 and "JSON" not in run.stderr, run.stderr
    assert run.summary["parameters"]["encoding"] == "protobuf"
    written = [each for each in fake.written if not each[2].startswith(b'{"metadata"')]  # patches are JSON
    assert len(written) == 10 + asked
    for content_type, accept, body in written:
        assert content_type == PROTOBUF and accept.startswith(PROTOBUF)
        assert body.startswith(b"k8s\0") and b"example.com/v1" in body and b"Widget" in body and b"scaletest" in body
    assert not any(path.endswith("/r1-0") for _, path, _ in fake.requests)


@DRIVERS
@pytest.mark.parametrize("listed, tried", [
    ((200, {"kind": "WidgetList", "metadata": {}, "items": []}), None),
    ((406, None), None),
    ((200, protobuf_list()), (400, None)),
    ((200, protobuf_list()), (415, None)),
])
def test_what_has_no_protobuf_is_written_in_json(driver, subcommand, flags, listed, tried):
    """A list that comes in JSON ends the asking: kube-apiserver breaks the connection on a custom resource in protobuf."""
    run, fake = drive_widgets(driver, subcommand, flags, listed, tried)
    note = "has no protobuf form of widgets.example.com, so JSON is written"
    assert run.returncode == 0 and note in run.stderr and any(note in each for each in run.summary["warnings"])
    assert run.summary["parameters"]["encoding"] == "json"
    in_protobuf = [each for each in fake.written if each[0] == PROTOBUF]
    assert len(in_protobuf) == (1 if tried else 0)
    created = [body for content_type, _, body in fake.written if content_type == "application/json" and b'"purpose"' in body]
    assert len(created) == 10 and all(body.startswith(b"{") for body in created)


@pytest.mark.parametrize("listed, tried", [((401, None), None), ((429, None), None), ((500, None), None),
                                           ((200, protobuf_list()), (503, None))])
def test_a_server_that_does_not_say_whether_it_has_protobuf(driver, tmp_path, listed, tried):
    run, _ = drive_widgets(driver, "drive", [], listed, tried)
    assert run.returncode == 20 and run.stderr.count("\n") == 1 and not list(tmp_path.glob("r1*"))
    assert "does not say whether it has widgets.example.com in protobuf: scripted" in run.stderr


@pytest.mark.parametrize("resource, encoding", [("v1/secrets", "protobuf"), ("wardle.example.com/v1alpha1/flunders", "json")])
def test_the_built_in_server_is_asked_by_no_request_that_a_fault_could_hit(driver, resource, encoding):
    run = driver("drive", "--resource", resource, "-useProtobuf", "-n", "10", "--rate", "400", "--maxpop", "2", "--fault",
                 "verbs=list,status=500", "--fault", "verbs=create,every=10,status=503")
    assert run.returncode == 0 and run.summary["parameters"]["encoding"] == encoding, run.stderr
    assert [each["met"] for each in run.summary["faults"]] == [0, 10]


@pytest.mark.parametrize("groups, chosen", [
    (["wardle.example.com", "wardle.k8s.io"], "wardle.example.com"),
    (["wardle.k8s.io"], "wardle.k8s.io"),
    ([], None),
])
def test_the_group_of_flunders_is_found_by_discovery(driver, tmp_path, groups, chosen):
    def answer(method, path, _):
        if path.startswith("/apis/") and path.count("/") == 3:
            return (200, discovery(flunders="Flunder")) if path.split("/")[2] in groups else (404, None)
        return (201 if method == "POST" else 200), {"metadata": {"resourceVersion": "1"}}
    with fake_api(answer) as fake:
        run = driver("flunder-driver", "--server", fake.url, "-lambda", "400", "-n", "10", "-maxpop", "2", embedded=False)
    written = {path.split("/")[2] for method, path, _ in fake.requests if method in ("POST", "DELETE")}
    if chosen:
        assert run.returncode == 0 and written == {chosen}, run.stderr
        return
    assert run.returncode == 20 and not written and run.stderr.count("\n") == 1
    assert "neither in wardle.example.com nor in wardle.k8s.io" in run.stderr
    assert "k8s.io/sample-apiserver" in run.stderr and not list(tmp_path.glob("r1*"))


@pytest.mark.parametrize("subcommand, flags", [("flunder-logger", ["-data-filname", "rows.csv"]), ("flunder-watch", [])])
def test_watchers_look_in_the_older_group_too(program, subcommand, flags):
    def answer(method, path, _):
        return (200, discovery(flunders="Flunder")) if path == "/apis/wardle.k8s.io/v1alpha1" else (404, None)
    with fake_api(answer) as fake:
        finished = program(subcommand, "--server", fake.url, "-metricport", "127.0.0.1:0", *flags)
    assert finished.returncode == 10, finished.stderr
    assert {path.split("?")[0] for _, path, _ in fake.requests if "/flunders" in path} == {"/apis/wardle.k8s.io/v1alpha1/flunders"}


def test_the_version_of_flunders_is_found_by_discovery(driver):
    def answer(method, path, _):
        if path == "/apis/wardle.example.com":
            return 200, {"kind": "APIGroup", "versions": [{"version": "v2"}, {"version": "v1beta1"}, {"version": "v1"}]}
        if path.startswith("/apis/") and path.count("/") == 3:
            version = path.split("/")[3]
            return (404, None) if version == "v1alpha1" else (200, discovery(**{} if version == "v2" else {"flunders": "Flunder"}))
        return (201 if method == "POST" else 200), {"metadata": {"resourceVersion": "1"}}
    with fake_api(answer) as fake:
        run = driver("flunder-driver", "--server", fake.url, "-lambda", "400", "-n", "10", "-maxpop", "2", embedded=False)
    written = {"/".join(path.split("/")[2:4]) for method, path, _ in fake.requests if method in ("POST", "DELETE")}
    assert run.returncode == 0 and written == {"wardle.example.com/v1beta1"}, run.stderr


def test_a_server_without_flunders_gets_an_explanation(driver, api_server, tmp_path):
    server = api_server("--fault", "verbs=get,resource=configmaps,status=500")  # an API server like any other
    run = driver("flunder-driver", "-kubeconfig", server.kubeconfig, "--resource", "v1/nothings", embedded=False)
    assert run.returncode == 20 and "has no v1/nothings" in run.stderr
    assert not list(tmp_path.glob("r1*"))
