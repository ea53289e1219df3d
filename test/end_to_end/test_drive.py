"""k8scale drive: mixes, ramps, namespaces, sizes and load files."""

import collections
import json
import math
import re
import signal
import socket
import subprocess

import pytest
import real_server as envtest

from conftest import BINARY
from fake_api import discovery, fake_api

MIX = {"create": 1, "update": 2, "patch": 2, "get": 10, "list": 1, "delete": 1}


def test_each_operation_of_a_mix_gets_its_weight(driver):
    run = driver("drive", "--rate", "4000", "-n", "8000", "--mix", ",".join(f"{k}={v}" for k, v in MIX.items()),
                 "--initial", "500", "--data-length", "100", "-seed", "7")
    assert run.returncode == 0
    operations = run.summary["operations"]
    assert sum(each["done"] for each in operations.values()) == 8000
    # What is under way when its object is deleted finds none; a server that falls behind meets two writes of an object at a time.
    assert {reason for each in operations.values() for reason in each["errors"]} <= {"NotFound", "Conflict"}
    total = sum(MIX.values())
    for verb, weight in MIX.items():
        share = weight / total
        margin = 2.576 * math.sqrt(8000 * share * (1 - share))  # the 99 % interval; the seed is fixed
        assert abs(operations[verb]["done"] - 8000 * share) <= margin, verb
    assert operations["list"]["items"] > 0 and "lists:" in run.stdout
    lists = [name for _, _, op, name, _ in run.fields if op == "list"]
    assert len(lists) == operations["list"]["ok"] and all("items" in name for name in lists)


def test_a_load_files_mix_keeps_its_weights(driver, tmp_path):
    (tmp_path / "load.yaml").write_text("\n".join([
        "rate: 2000", "n: 6000", "seed: 11", "initial: 200", "data-length: 100", "mix:",
        *[f"  {verb}: {weight}" for verb, weight in MIX.items()]]))
    run = driver("drive", "-f", "load.yaml")
    assert run.returncode == 0, run.stderr
    operations = run.summary["operations"]
    done = collections.Counter(op for _, _, op, _, _ in run.fields)
    assert done == {verb: each["done"] for verb, each in operations.items()} and done.total() == 6000
    for verb, weight in MIX.items():
        share = weight / sum(MIX.values())
        margin = 2.576 * math.sqrt(6000 * share * (1 - share))  # the 99 % interval; the seed is fixed
        assert abs(done[verb] - 6000 * share) <= margin, verb


def test_a_mix_cleans_up_unless_it_is_told_to_keep(driver, api_server):
    server = api_server()
    server.kubectl("create", "namespace", "scaletest")
    flags = ["-kubeconfig", server.kubeconfig, "--rate", "2000", "-n", "200", "--mix", "create=1,get=1", "--initial", "10"]
    count = lambda: len(server.kubectl("get", "configmaps", "-n", "scaletest", "-o", "name", "-l",  # noqa: E731
                                       "purpose=scaletest").split())
    driver("drive", *flags, embedded=False)
    assert count() == 0
    kept = driver("drive", *flags, "--keep", run_id="r2", embedded=False)
    assert count() == 10 + kept.summary["operations"]["create"]["ok"]


def test_objects_written_in_protobuf_are_those_of_json(driver, api_server):
    server = api_server()
    server.kubectl("create", "namespace", "scaletest")
    objects = {}
    for encoding, flags in (("json", []), ("protobuf", ["-useProtobuf"])):
        run = driver("drive", "-kubeconfig", server.kubeconfig, "--resource", "v1/secrets", "--data-length", "50", *flags, "--mix",
                     "update=1", "--rate", "400", "-n", "60", "--initial", "5", "--keep", "-seed", "7", run_id=f"r-{encoding[:4]}",
                     embedded=False)
        assert run.returncode == 0 and run.summary["operations"]["update"]["ok"] == 60, run.stderr
        items = json.loads(server.kubectl("get", "secrets", "-n", "scaletest", "-o", "json"))["items"]
        assert run.summary["parameters"].get("encoding", "json") == encoding
        objects[encoding] = [each for each in items if each["metadata"]["name"].startswith(f"r-{encoding[:4]}")]
    assert len(objects["json"]) == 5
    for each, other in zip(*objects.values(), strict=True):
        assert each["metadata"]["annotations"].keys() == other["metadata"]["annotations"].keys()
        assert other["metadata"]["annotations"]["scaletest/data"] == "0" * 50
        assert each["metadata"]["labels"] == other["metadata"]["labels"] == {"purpose": "scaletest"}
        assert each.keys() == other.keys()


def namespace_names(server):
    return set(server.kubectl("get", "namespaces", "-o", "name").split())


def test_a_namespace_that_others_use_stays(program, api_server, tmp_path):
    server = api_server()
    command = ["drive", "-kubeconfig", server.kubeconfig, "-metricport", "127.0.0.1:0", "--progress", "none", "--namespaces", "2",
               "--rate", "200", "--maxpop", "5", "-runid"]
    with subprocess.Popen([BINARY, *command, "r1", "-n", "100000"], cwd=tmp_path, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, text=True) as first:
        envtest.wait_until(lambda: (tmp_path / "r1-driver.csv").exists(), "rows of the first run")
        second = program(*command, "r2", "-n", "50")
        assert second.returncode == 0 and "stays" not in second.stderr  # it made none
        server.kubectl("create", "secret", "generic", "mine", "-n", "scaletest-2")
        first.send_signal(signal.SIGINT)
        _, err = first.communicate(timeout=60)
    assert first.returncode == 130 and "namespace scaletest-2 stays: has secrets mine" in err
    assert namespace_names(server) & {"namespace/scaletest-1", "namespace/scaletest-2"} == {"namespace/scaletest-2"}


def test_closed_workers_do_a_mix_at_its_rate(driver):
    run = driver("drive", "--arrival", "closed", "--workers", "5", "--rate", "200", "-n", "100", "--mix", "create=1,get=3",
                 "--initial", "20")
    assert run.returncode == 0 and run.summary["asked_rate"] == run.summary["parameters"]["rate"] == 200
    assert sum(each["done"] for each in run.summary["operations"].values()) == 100
    assert run.summary["duration"] >= 0.4e9  # the last is due at 99 / 200 s


def test_objects_of_before_the_run_that_cannot_be_made_are_told(driver):
    run = driver("drive", "--rate", "500", "-n", "20", "--mix", "get=1", "--initial", "9", "--fault", "verbs=create,status=500")
    told = "9 of the 9 objects of --initial could not be made before the run: injected fault"
    assert told in run.stdout and any(told in each for each in run.summary["warnings"])
    assert "20 operations found no object to be about" in run.stdout and "larger --initial" not in run.stdout


def test_the_bytes_of_lists_are_the_same_everywhere(driver):
    run = driver("drive", "--rate", "500", "-n", "20", "--mix", "list=1", "--initial", "5")
    rows = [int(re.search(r"(\d+) bytes", name)[1]) for _, _, op, name, _ in run.fields if op == "list"]
    assert len(rows) == 20 and sum(rows) == run.summary["operations"]["list"]["bytes_received"]


def test_a_signal_before_the_run_leaves_nothing(api_server, tmp_path):
    server = api_server()
    server.kubectl("create", "namespace", "scaletest")
    command = [BINARY, "drive", "-kubeconfig", server.kubeconfig, "-metricport", "127.0.0.1:0", "-runid", "r1", "--mix",
               "get=1", "--initial", "100000", "--progress", "none"]
    # In one piece: between two pages the versions of the first may go out of the server's window.
    names = lambda: server.kubectl("get", "configmaps", "-n", "scaletest", "-o", "name", "-l",  # noqa: E731
                                   "purpose=scaletest", "--chunk-size", "0").split()
    with subprocess.Popen(list(map(str, command)), cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True) as process:
        envtest.wait_until(lambda: len(names()) > 100, "objects of before the run", seconds=20)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130 and "the run does not begin" in err and "interrupted by SIGINT" in out
    assert names() == [] and list(tmp_path.glob("r1*")) == []


def test_a_signal_while_namespaces_are_made_deletes_them(api_server, tmp_path):
    server = api_server()
    made = lambda: [each for each in server.kubectl("get", "namespaces", "-o", "name", "--chunk-size",  # noqa: E731
                                                "0").split()
                    if "scaletest-" in each]
    command = [BINARY, "drive", "-kubeconfig", server.kubeconfig, "-metricport", "127.0.0.1:0", "-runid", "r1",
               "--namespaces", "10000"]
    with subprocess.Popen(list(map(str, command)), cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True) as process:
        envtest.wait_until(made, "a namespace", seconds=20)
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 143 and "SIGTERM: ended before the run began" in err and out == ""
    assert made() == [] and list(tmp_path.glob("r1*")) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_nobody_answers_leaves_nothing(tmp_path, number):
    with socket.create_server(("127.0.0.1", 0)) as mute:
        command = [BINARY, "drive", "--server", f"http://127.0.0.1:{mute.getsockname()[1]}", "-runid", "r1", "-metricport",
                   "127.0.0.1:0"]
        with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            connection, _ = mute.accept()
            process.send_signal(number)
            out, err = process.communicate(timeout=30)
            connection.close()
    assert process.returncode == 128 + number and f"{number.name}: ended before the run began" in err and out == ""
    assert list(tmp_path.glob("r1*")) == []


def test_what_is_kept_keeps_its_namespaces(driver, api_server):
    server = api_server()
    run = driver("drive", "-kubeconfig", server.kubeconfig, "--rate", "1000", "-n", "20", "--mix", "create=1",
                 "--namespaces", "2", "--keep", embedded=False)
    assert run.returncode == 0 and any("namespaces were made and stay" in each for each in run.summary["warnings"])
    kept = server.kubectl("get", "configmaps", "--all-namespaces", "-o", "name", "-l", "purpose=scaletest").split()
    assert len(kept) == 120


def test_objects_of_an_earlier_run_are_not_taken_for_ours(driver, api_server):
    server = api_server()
    server.kubectl("create", "namespace", "scaletest")
    for _ in range(2):
        driver("drive", "-kubeconfig", server.kubeconfig, "--rate", "1000", "-n", "10", "--mix", "get=1", "--initial",
               "10", "--keep", embedded=False)
    kept = server.kubectl("get", "configmaps", "-n", "scaletest", "-o", "name", "-l", "purpose=scaletest").split()
    assert len(kept) == 10


def test_the_same_run_in_parts_does_the_same_operations(driver):
    flags = ["--rate", "4000", "-n", "400", "--mix", "create=2,get=1,list=1", "-seed", "3", "--initial", "40"]
    asked = lambda run: {verb: each["asked"] for verb, each in run.summary["operations"].items()}  # noqa: E731
    whole = asked(driver("drive", *flags))
    assert asked(driver("drive", *flags, "--shards", "3", run_id="r2")) == whole
    parts = [driver("drive", *flags, "--part", f"{i}/2", run_id="r3") for i in (1, 2)]
    assert all(part.returncode == 0 for part in parts)


def test_a_ramp_ends_by_itself(driver):
    run = driver("drive", "--arrival", "ramp", "--ramp", "100x500ms,1000x500ms", "-n", "100000", "--maxpop", "10",
                 "-seed", "2")
    creates = run.summary["operations"]["create"]["ok"]
    assert abs(creates - 550) <= 5 * math.sqrt(550)
    assert run.summary["asked_rate"] == 550


def test_a_ramp_without_n_has_all_of_its_arrivals(driver):
    run = driver("drive", "--arrival", "ramp", "--ramp", "800x500ms,200x1s", "--maxpop", "1", "-seed", "2")
    creates = run.summary["operations"]["create"]["asked"]
    assert abs(creates - 600) <= 5 * math.sqrt(600)
    assert run.summary["asked_rate"] == 400 and "n" not in run.summary["parameters"]
    assert not any("ramp" in each for each in run.summary["warnings"])


def test_a_ramp_that_n_cuts_says_so(driver):
    run = driver("drive", "--arrival", "ramp", "--ramp", "800x500ms,200x100s", "--maxpop", "1", "-seed", "2", "-n", "100")
    assert run.summary["operations"]["create"]["done"] == 100
    assert run.summary["asked_rate"] == pytest.approx(800)
    assert any(re.match("-n 100 cut the ramp after .*ms of ", each) for each in run.summary["warnings"])


def test_constant_arrivals_keep_their_distance(driver):
    run = driver("drive", "--arrival", "constant", "--rate", "500", "-n", "100", "--maxpop", "1")
    assert run.summary["operations"]["create"]["scheduled_rate"] == pytest.approx(500)


def test_closed_workers_update_flunders_in_namespaces_of_their_own(driver, api_server):
    server = api_server()
    run = driver("drive", "-kubeconfig", server.kubeconfig, "--arrival", "closed", "--rate", "0", "--workers", "4",
                 "-n", "90", "--updates", "1", "--namespaces", "3", "--zipf", "1", "--data-length", "50",
                 "--data-sigma", "1", "--resource", "wardle.example.com/v1alpha1/flunders", embedded=False)
    assert run.returncode == 0
    assert {verb: each["ok"] for verb, each in run.summary["operations"].items()} == {
        "create": 90, "patch": 90, "delete": 90}
    namespaces = server.kubectl("get", "namespaces", "-o", "name")
    assert "scaletest" not in namespaces  # made by the run, and deleted with it


def test_flags_win_over_the_file_and_the_file_can_be_printed(program, tmp_path):
    (tmp_path / "load.yaml").write_text("n: 7\nmix: {create: 1, get: 3}\nramp:\n- {rate: 5, for: 2s}\n"
                                        "arrival: ramp\nkeep: true\n")
    printed = program("drive", "-f", "load.yaml", "-n", "9", "--print-config").stdout
    (tmp_path / "again.yaml").write_text(printed)
    assert "n: 9\n" in printed and "rate:" not in printed and "mix: create=1,get=3\n" in printed and "ramp: 5x2s\n" in printed
    assert "keep: true\n" in printed
    assert program("drive", "-f", "again.yaml", "--print-config").stdout == printed


@pytest.mark.parametrize("text, flags", [
    ("arrival: ramp\nramp: 5x1s\n", ["--arrival", "constant"]),
    ("mix: {list: 1}\nlist-selector: a=b\nlist-limit: 7\n", ["--mix", "create=1"]),
    ("arrival: closed\nworkers: 3\n", ["--arrival", "poisson"]),
    ("updates: 2\nupdate-length: 50\n", ["--updates", "0"]),
])
def test_flags_win_though_they_leave_the_file_without_effect(program, tmp_path, text, flags):
    (tmp_path / "load.yaml").write_text(text)
    assert program("drive", "-f", "load.yaml", *flags, "--print-config").returncode == 0
    refused = program("drive", "-f", "load.yaml", *flags, "--zipf", "1", "--print-config")
    assert refused.returncode == 1 and "--zipf: has no effect on one namespace" in refused.stderr
    (tmp_path / "load.yaml").write_text(text + "initial: 5\n" if "mix" not in text else text + "maxpop: 5\n")
    refused = program("drive", "-f", "load.yaml", *flags, "--print-config")
    assert refused.returncode == 1 and "has no effect with" in refused.stderr and "load.yaml:" in refused.stderr


def namespace_server(answers):
    """Answers to who looks for a namespace, one after the other and the last one for ever; it has all that is made."""
    made, left = set(), list(answers)

    def answer(method, path, _):
        if path == "/api/v1":
            return 200, discovery(configmaps="ConfigMap")
        if path == "/api/v1/namespaces" and method == "POST":
            made.add(method)
            return 201, {}
        if re.fullmatch("/api/v1/namespaces/[^/]*", path) and method == "GET":
            return left.pop(0) if len(left) > 1 else left[0]
        return (201 if method == "POST" else 200), {"metadata": {"resourceVersion": "1"}}
    return made, answer


GOING = 200, {"metadata": {"name": "scaletest-1", "deletionTimestamp": "2026-11-24T15:04:05Z"}}


def test_a_namespace_that_is_being_deleted_is_waited_for_and_made_again(driver):
    made, answer = namespace_server([GOING, GOING, (404, None)])
    with fake_api(answer) as fake:
        run = driver("drive", "--server", fake.url, "--namespaces", "2", "--rate", "1000", "-n", "10", embedded=False)
    assert run.returncode == 0 and made and "namespace scaletest-1 is being deleted: waiting" in run.stderr, run.stderr


def test_a_signal_ends_the_wait_for_a_namespace(tmp_path):
    _, answer = namespace_server([GOING])
    with fake_api(answer) as fake:
        command = [BINARY, "drive", "--server", fake.url, "--namespaces", "2", "-runid", "r1", "-metricport", "127.0.0.1:0"]
        with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            assert "is being deleted: waiting" in process.stderr.readline()
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=30)
    assert process.returncode == 130 and "ended before the run began" in err


@pytest.mark.parametrize("text, error", [
    ("rate: 5\nbogus: 1\n", "load.yaml:2: bogus: found no such flag"),
    ("rate: fast\n", 'load.yaml:1: rate: found "fast", expected a number'),
    ("mix: create=1\nn: 1.5\n", 'load.yaml:2: n: found "1.5", expected a whole number from 0 to 18446744073709551615'),
    ("keep: perhaps\n", 'load.yaml:1: keep: found "perhaps", expected true or false'),
    ("grace: soon\n", 'load.yaml:1: grace: found "soon", expected a duration'),
    ("n:\n", "load.yaml:1: n: found nothing, expected a value"),
    ("n: [1, 2]\n", 'load.yaml:1: n: found "1,2", expected a whole number from 0 to 18446744073709551615'),
    ("n: 5\nrate: -1\n", "load.yaml:2: rate: found -1, expected 0.000001 to 10000000 per second"),
    ("\nzipf: 101\n", "load.yaml:2: zipf: found 101, expected 0 to 100"),
    ("retries: 1001\n", "load.yaml:1: retries: found 1001, expected 0 to 1000"),
    ("runid: A\n", 'load.yaml:1: runid: found "A", expected what can begin'),
    ("resource: v1/nothings\n", "load.yaml:1: resource: https://127.0.0.1"),
    ("n: 5\nworkers: 2\n", "load.yaml:2: workers: has no effect without --arrival closed"),
    ("max-inflight: 1\nembedded: false\n", "load.yaml:1: max-inflight: --fault, --max-inflight and --watch-window are for"),
    ("rate: 1\nrate: 2\n", "load.yaml:2: rate: found twice"),
    ("- a\n", "load.yaml:1: found no map"),
    ("rate: [1\n", "load.yaml:2"),
    ("n: 1\n\trate: 2\n", "load.yaml:2"),
    ("n: 1\n---\nn: 2\n", "load.yaml:3: found a second document, expected one"),
    ("{a: b}: 1\n", "load.yaml:1: found no such flag"),
    ("ramp:\n- {rate: 5}\n", "load.yaml:2: ramp: found a list's element that is neither"),
    ("arrival: ramp\nramp:\n- {rate: 5, for: 1s}\n- {rate: 5, for: x}\n", 'load.yaml:4: ramp: found "5xx", expected a step'),
    ("arrival: ramp\nramp: [5x1s, 7]\n", 'load.yaml:2: ramp: found "7", expected a step'),
    ("mix:\n  create: 1\n  fly: 2\n", 'load.yaml:3: mix: found "fly=2", expected a weight of create'),
    ("mix:\n  create: 1\n  get: many\n", 'load.yaml:3: mix: found "get=many", expected a weight'),
    ("mix:\n  create: [1]\n", "load.yaml:2: mix: found an entry that is no `name: value`"),
    ("mix: {create: 0}\n", 'load.yaml:1: mix: found "create=0", expected weights'),
    ("fault:\n- verbs=create,status=503\n- nonsense\n", 'load.yaml:3: fault: found "nonsense", expected'),
    ("print-config: true\n", "load.yaml:1: print-config: found no such flag"),
])
def test_an_error_in_a_load_file_names_file_line_and_key(program, tmp_path, text, error):
    (tmp_path / "load.yaml").write_text(text)
    embedded = [] if "embedded" in text else ["--embedded"]
    finished = program("drive", "-f", "load.yaml", "-metricport", "127.0.0.1:0", *embedded)
    assert finished.returncode in (1, 20) and error in finished.stderr and finished.stderr.count("\n") == 1
    assert not list(tmp_path.glob("*-driver*"))


@pytest.mark.parametrize("text, error", [
    ("n: 5\nbalance: foo\n", 'load.yaml:2: balance: found "foo", expected random, round-robin or least-outstanding'),
    ("n: 5\npart: 3/2\n", 'load.yaml:2: part: found "3/2", expected auto, or i/n'),
    ("progress: much\n", 'load.yaml:1: progress: found "much", expected auto'),
    ("shards: 0\n", "load.yaml:1: shards: found 0, expected"),
    ("server-list: ftp://x\n", "load.yaml:1: server-list: "),
    ("debug-from: me\n", 'load.yaml:1: debug-from: found "me", expected loopback or any'),
    ("runid: A\n", 'load.yaml:1: runid: found "A", expected what can begin'),
    ("start-at: noon\n", 'load.yaml:1: start-at: found "noon", expected a moment'),
])
def test_what_would_not_run_is_not_printed(program, tmp_path, text, error):
    (tmp_path / "load.yaml").write_text(text)
    finished = program("drive", "-f", "load.yaml", "--print-config")
    assert finished.returncode == 1 and finished.stdout == "" and finished.stderr.count("\n") == 1
    assert error in finished.stderr


def test_the_part_of_a_job_can_be_printed_elsewhere(program):
    finished = program("drive", "--part", "auto", "-seed", "1", "-runid", "r1", "--start-together", "--print-config")
    assert finished.returncode == 0 and "part: auto\n" in finished.stdout


def test_a_part_that_would_not_run_is_not_printed(program):
    finished = program("drive", "--part", "1/2", "-runid", "r1", "--print-config")
    assert finished.returncode == 1 and "--part: the processes of a run need the same schedule" in finished.stderr


@pytest.mark.parametrize("flags, text", [
    (["-f", "nothing.yaml"], "nothing.yaml cannot be read"),
    (["-f", "."], "-f: . is a folder; expected a YAML file of flags"),
    (["--arrival", "sometimes"], '--arrival: found "sometimes"'),
    (["--mix", "create=1,create=2"], "get, list and delete, each once, as create=1,get=10"),
    (["--mix", "get=0"], "--mix: found"),
    (["--arrival", "ramp"], "--ramp: found"),
    (["--arrival", "ramp", "--ramp", "5x"], "--ramp: found"),
    (["--zipf", "-1"], "--zipf: found -1"),
    (["--data-sigma", "nan"], "--data-sigma: found nan"),
    (["--maxpop", "1000000000", "--rate", "0.5"], "so that objects live 2000000000 s; expected at most"),
    (["-n", "1000000000", "--rate", "0.5"], "so that the run takes 2000000000 s; expected at most"),
    (["-n", "1000000000", "--rate", "0.5", "--arrival", "closed"], "so that the run takes 4000000000 s"),
    (["--updates", "1000000", "--workers", "30", "--arrival", "closed"], "--updates: found 1000000 with --workers 30"),
    (["--arrival", "ramp", "--ramp", "1x300000h"], "so that the run takes 1080000000 s; expected at most"),
    (["--arrival", "ramp", "--ramp", "1e-9x1s", "--maxpop", "2"], "so that objects live 2000000000 s"),
    (["--mix", "list=1", "--list-limit", "18446744073709551615"], "--list-limit: found"),
    (["--resource", "wardle.example.com/v1alpha1/flunders", "--update-length", "250001"], "--update-length: found 250001"),
    (["--data-length", "1048577"], "--data-length: found 1048577, expected 0 to 1048576"),
    (["--updates", "1", "--data-length", "1048000", "--update-length", "577"],
     "--update-length: found 577 with --data-length 1048000, expected at most 576"),
    (["--resource", "pods"], "--resource: found"),
    (["--resource", "v1/nothings"], "has no v1/nothings"),
    (["--resource", "v1/namespaces"], "which is in no namespace"),
    (["-runid", "a" * 251, "--arrival", "closed", "-n", "9", "--workers", "10"], "expected at most 250"),
])
def test_bad_flags_are_named(program, tmp_path, flags, text):
    finished = program("drive", "--embedded", "-metricport", "127.0.0.1:0", *flags)
    assert finished.returncode in (1, 17, 20) and text in finished.stderr and finished.stderr.count("\n") == 1
    assert not list(tmp_path.glob("*-driver*"))


IDLE = [
    ("--rate", ["--arrival", "ramp", "--ramp", "5x1s"], "with --arrival ramp"),
    ("--ramp", [], "without --arrival ramp"),
    ("--workers", [], "without --arrival closed"),
    ("--maxpop", ["--mix", "create=1"], "with --mix"),
    ("--maxpop", ["--keep"], "with --keep and without --updates"),
    ("--updates", ["--mix", "create=1"], "with --mix"),
    ("--update-length", ["--updates", "0"], "without --updates"),
    ("--update-length", ["--mix", "create=1"], "on a --mix without update and patch"),
    ("--data-sigma", ["--data-length", "0"], "on a --data-length of 0"),
    ("--initial", [], "without --mix"),
    ("--list-selector", ["--mix", "get=1"], "without a --mix with list"),
    ("--list-limit", [], "without a --mix with list"),
    ("--zipf", [], "on one namespace"),
]


@pytest.mark.parametrize("flag, others, why", IDLE)
def test_a_flag_without_effect_is_refused(program, flag, others, why):
    value = "5x1s" if flag == "--ramp" else "1"
    finished = program("drive", *others, flag, value, "--print-config")
    assert finished.returncode == 1 and finished.stdout == "" and finished.stderr.count("\n") == 1
    assert f"{flag}: has no effect {why}" in finished.stderr


@pytest.mark.parametrize("flags", [
    [], ["--arrival", "ramp", "--ramp", "5x1s"], ["--arrival", "closed", "--rate", "0"], ["--updates", "2", "--keep"],
    ["--arrival", "closed", "--mix", "create=1", "--rate", "0"], ["--mix", "patch=1,list=1", "--update-length", "7"],
    ["--namespaces", "3", "--zipf", "1", "--data-sigma", "2"],
])
def test_what_is_printed_can_be_read_again(program, tmp_path, flags):
    printed = program("drive", *flags, "--print-config").stdout
    (tmp_path / "load.yaml").write_text(printed)
    assert printed and program("drive", "-f", "load.yaml", "--print-config").stdout == printed


def test_the_help_names_the_presets():
    helped = subprocess.run([BINARY, "drive", "--help"], capture_output=True, text=True, check=True).stdout
    assert all(name in helped for name in ("cmdriver ", "cmdriverclosed", "flunder-driver"))
