"""k8scale cmdriverclosed: workers, phases, files and the closing line."""

import collections
import hashlib
import json
import pathlib
import re
import shlex
import signal
import subprocess

import pytest
import real_server as envtest

from conftest import BINARY, QUICK, Run
from fake_api import fake_api
from raw_watch import Client

CLOSED = ("cmdriverclosed", "-conns", "1")
CLOSING = re.compile(r"(\d+) object lifecycles in (\S+) seconds = (\S+) writes/sec, with (\d+) errors on create, "
                     r"(\d+) on update, and (\d+) on delete")
LENGTHS = re.compile(r"Protobuf length of a created object = (\d+), protobuf length of an updated object = (\d+)")


def closing_line(run):
    return CLOSING.search(run.stderr).groups()


@pytest.mark.parametrize("flags", [[], ["-useProtobuf"]])
def test_each_object_is_created_updated_and_deleted_by_its_worker(driver, flags):
    run = driver(*CLOSED, "-n", "100", "-threads", "7", "-rate", "0", "-updates", "2", "-maxpop", "20", *flags)
    assert run.returncode == 0
    by_name = collections.defaultdict(list)
    for _, _, op, name, error in run.fields:
        assert error == ""
        by_name[name].append(op)
    assert len(by_name) == 100
    assert set(map(tuple, by_name.values())) == {("create", "update", "update", "delete")}
    assert {verb: totals["ok"] for verb, totals in run.summary["operations"].items()} == {
        "create": 100, "update": 200, "delete": 100}
    assert closing_line(run)[0] == "100" and closing_line(run)[3:] == ("0", "0", "0")
    assert not run.summary["paced"] and run.summary["asked_rate"] is None
    assert "nothing was scheduled" in run.stdout
    for totals in run.summary["operations"].values():
        assert totals["response_time"] == totals["service_time"]
    created, updated = map(int, LENGTHS.search(run.stderr).groups())
    assert 100 < created < updated


def test_the_parameter_file_says_what_was_run(driver):
    run = driver(*CLOSED, "-n", "12", "-threads", "2", "-rate", "5000", "-name-pad-length", "3", "-hack-create",
                 "-create-value-length", "7", "-update-value-length", "3", "-seed", "5")
    program = hashlib.sha256(pathlib.Path(BINARY).read_bytes()).hexdigest()
    assert "-update-value-length: found 3: going on with 10" in run.stderr
    assert run.summary["parameters"]["update-value-length"] == 10
    parameters = run.parameters
    assert parameters.pop("ENDPOINTS").startswith("[https://127.0.0.1:")
    assert parameters == {
        "PROG_SHA256": program, "KUBECONFIG": "", "N": "12", "MAXPOP": "100", "CONNS": "1", "THREADS": "2",
        "RATE": "5000", "UPDATES": "1", "NAME_PAD_LENGTH": "3", "HACK_CREATE": "true", "CREATE_VALUE_LENGTH": "7",
        "UPDATE_VALUE_LENGTH": "10", "DATAFILENAME": "r1-driver.csv", "RUNID": "r1", "SEED": "5",
        "CREATE_ONLY": "false"}
    assert {name for _, _, _, name, _ in run.fields} == {f"r1-{number:05}" for number in range(1, 13)}


@pytest.mark.parametrize("flags, more", [([], ""), (["-hack-create"], "&r=r1&i={}")])
def test_the_url_of_a_create_has_run_and_number_when_asked_for(driver, flags, more):
    with fake_api(lambda method, *_: (201 if method == "POST" else 200, {})) as fake:
        run = driver(*CLOSED, "--server", fake.url, "-n", "5", "-rate", "0", "-updates", "0", *flags, embedded=False)
    assert run.returncode == 0, run.stderr
    creates = [query for method, path, query in fake.requests
               if (method, path) == ("POST", "/api/v1/namespaces/scaletest/configmaps")]
    assert creates == ["fieldManager=cmdriverclosed" + more.format(number) for number in range(1, 6)]


def test_a_rate_is_kept(driver):
    run = driver(*CLOSED, "-n", "200", "-threads", "8", "-rate", "1000")
    count, seconds, rate = closing_line(run)[:3]
    assert count == "200" and float(seconds) >= 600 / 1000 * 0.99
    assert float(rate) == pytest.approx(600 / float(seconds))
    assert run.summary["asked_rate"] == 1000 and run.summary["paced"]


def test_the_closing_line_counts_no_time_of_the_cleaning_up(driver):
    run = driver(*CLOSED, "-n", "64", "-threads", "8", "-rate", "0", "-updates", "0", "--retries", "0",
                 "--fault", "verbs=delete,every=2,status=500")
    count, seconds, rate, *failures = closing_line(run)
    assert (count, failures) == ("64", ["0", "0", "32"])
    assert float(rate) == pytest.approx(len(run.rows) / float(seconds)) and len(run.rows) == 128
    # Deleting the 32 again takes rounds, with pauses of 200 ms.
    assert run.summary["duration"] / 1e9 - float(seconds) > 0.2


def interrupted_run(server, folder, rate):
    """A run that gets SIGINT after 100 rows, before it deletes anything."""
    command = [BINARY, *CLOSED, *QUICK, "-kubeconfig", server.kubeconfig, "-runid", "r1", "-n", "100000", "-maxpop", "90000",
               "-rate", str(rate)]
    rows = folder / "r1-driver.csv"
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        envtest.wait_until(lambda: rows.exists() and rows.read_bytes().count(b"\n") >= 100, "100 rows")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    return Run(folder, "r1", subprocess.CompletedProcess(command, process.returncode, out, err))


def test_after_a_signal_what_exists_is_deleted_and_has_its_row(parts_server, tmp_path):
    server, run = parts_server, interrupted_run(parts_server, tmp_path, rate=500)
    assert run.returncode == 130 and "interrupted by SIGINT" in run.stdout
    assert server.kubectl("get", "configmaps", "-n", "scaletest", "-o", "name") == ""
    made, gone = ([name for _, _, op, name, _ in run.fields if op == verb] for verb in ("create", "delete"))
    assert sorted(made) == sorted(gone) and closing_line(run)[0] == str(len(made))
    _, seconds, rate = map(float, closing_line(run)[:3])
    assert rate * seconds == pytest.approx(len(made))  # no update had begun, and the deletes came later


def test_what_a_signal_lets_be_deleted_is_no_part_of_the_rate(parts_server, tmp_path):
    summary = interrupted_run(parts_server, tmp_path, rate=200).summary
    assert summary["operations"]["delete"]["ok"] >= 100
    assert summary["achieved_rate"] < 250 and summary["schedule_length"] <= summary["duration"]


def test_after_a_signal_what_is_kept_stays(api_server, tmp_path):
    server = api_server()
    server.kubectl("create", "namespace", "scaletest")
    command = [BINARY, *CLOSED, *QUICK, "-kubeconfig", server.kubeconfig, "-runid", "r1", "-n", "100000", "-create-only"]
    rows = tmp_path / "r1-driver.csv"
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        envtest.wait_until(lambda: rows.exists() and rows.read_bytes().count(b"\n") >= 20, "20 rows")
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 130 and "SIGINT: no new objects; those that exist stay" in err and "deleting" not in err
    assert len(server.kubectl("get", "configmaps", "-n", "scaletest", "-o", "name").split()) >= 10


def test_a_slow_server_is_the_bottleneck_and_not_this_program(driver):
    run = driver(*CLOSED, "-n", "60", "-threads", "2", "-rate", "200", "--fault", "latency=50ms")
    assert run.summary["operations"]["delete"]["response_time"]["p99"] > 1e9
    assert run.summary["send_lag"]["p50"] < 50e6
    assert not any("bottleneck" in each for each in run.summary["warnings"]), run.summary["warnings"]


def test_a_second_signal_says_what_removes_the_rest(api_server, tmp_path):
    server = api_server("--fault", "verbs=delete,latency=60s")
    server.kubectl("create", "namespace", "scaletest")
    kubeconfig = tmp_path / "a folder" / "config"
    kubeconfig.parent.mkdir()
    kubeconfig.write_text(server.kubeconfig.read_text())
    context = server.kubectl("config", "current-context").strip()
    command = [BINARY, *CLOSED, *QUICK, "-kubeconfig", kubeconfig, "--context", context, "--server", server.url, "-runid", "r1",
               "-n", "1000", "-updates", "0", "-maxpop", "1000"]
    rows = tmp_path / "r1-driver.csv"
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as process:
        envtest.wait_until(lambda: rows.exists() and rows.read_bytes().count(b"\n") >= 5, "5 rows")
        process.send_signal(signal.SIGINT)
        assert "no new objects" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        err = process.stderr.read()
    assert process.returncode == 130
    assert shlex.split(err.partition("to delete them: ")[2]) == [
        "k8scale", "cleanup", "-runid", "r1", "-kubeconfig", str(kubeconfig), "--context", context, "--server", server.url]


def test_create_only_leaves_the_objects_and_says_so(driver, api_server):
    server = api_server()
    server.kubectl("create", "namespace", "scaletest")
    run = driver(*CLOSED, "-kubeconfig", server.kubeconfig, "-n", "20", "-create-only", "-rate", "0", embedded=False)
    left = server.kubectl("get", "configmaps", "-n", "scaletest", "-l", "purpose=scaletest", "-o", "name")
    assert len(left.splitlines()) == 20
    assert "delete" not in run.summary["operations"]
    assert run.summary["warnings"] == [] and "up to 20 objects stay on the server" in run.stderr
    command = shlex.split(run.stderr.partition("to delete them: ")[2].splitlines()[0])
    assert command == ["k8scale", "cleanup", "-runid", "r1", "-kubeconfig", str(server.kubeconfig)]
    subprocess.run([BINARY, *command[1:]], check=True, capture_output=True, timeout=60)
    assert server.kubectl("get", "configmaps", "-n", "scaletest", "-l", "purpose=scaletest", "-o", "name") == ""


def test_what_a_worker_writes_is_the_originals(driver, api_server):
    server = api_server()
    server.kubectl("create", "namespace", "scaletest")
    driver(*CLOSED, "-kubeconfig", server.kubeconfig, "-n", "1", "-create-only", "-rate", "0", "-updates", "2",
           "-create-value-length", "5", "-update-value-length", "12", embedded=False)
    found = server.kubectl("get", "configmap", "r1-1", "-n", "scaletest", "-o",
                           "jsonpath={.data.foo} {.data.baz}")
    assert found == "XXXXX 000000000002"


def test_failures_are_counted_where_they_happen(driver):
    run = driver(*CLOSED, "-n", "60", "-threads", "4", "-rate", "0", "--retries", "0",
                 "--fault", "verbs=patch,every=3,status=500", "--fault", "verbs=create,every=10,status=503")
    failed = collections.Counter(op for _, _, op, _, error in run.fields if error)
    assert failed["create"] > 0 and failed["update"] > 0 and failed["delete"] > 0
    assert closing_line(run)[3:] == tuple(str(failed[op]) for op in ("create", "update", "delete"))
    assert run.returncode == 0


@pytest.mark.parametrize("pad", [0, 249])
def test_numbers_have_the_digits_of_n_and_more_when_they_go_beyond_it(driver, pad):
    run = driver(*CLOSED, "-n", "8", "-threads", "5", "-rate", "0", "-name-pad-length", pad)
    assert {name for *_, name, error in run.fields if not error} == {
        f"r1-{number:0{1 + pad}}" for number in (1, 2, 3, 4, 5, 8, 9, 10)}


@pytest.mark.parametrize("flags, code, text", [
    (["-name-pad-length", "248"], 17, "-name-pad-length: found 248, expected at most 247, so that"),
    (["-name-pad-length", str(2 ** 64 - 1)], 17, "-name-pad-length: found 18446744073709551615, expected at most 247"),
    (["-runid", "a" * 250, "-name-pad-length", "1"], 17, "-name-pad-length: found 1, expected at most 0"),
    (["-runid", "a" * 252], 17, "-runid: found 252 characters, expected at most 249"),
    (["-runid", "a" * 251, "-n", "9", "-threads", "10"], 17, "-runid: found 251 characters, expected at most 250"),
    (["-threads", "0"], 1, "-threads: found 0"),
    (["-rate", "-1"], 1, "-rate: found -1, expected 0.000001 to 10000000 per second, or 0"),
    (["-rate", "nan"], 1, "-rate: found nan"),
    (["-updates", "1000001"], 1, "-updates: found 1000001"),
    (["-updates", "1000000", "-threads", "1000"], 1, "--updates: found 1000000 with -threads 1000, expected at most 19 "),
    (["-n", "1000000000", "-rate", "0.000001"], 1, "so that the run takes 3000000000000000 s; expected at most"),
    (["-n", str(2 ** 64)], 1, "expected a whole number from 0 to 18446744073709551615"),
    (["-create-value-length", "1048577"], 1, "-create-value-length: found 1048577, expected 0 to 1048576"),
    (["-conns", "2", "--server-list", "https://a"], 1, "-conns and --server-list both choose servers"),
    (["-conns", "1", "--server-list", "https://a"], 1, "-conns and --server-list both choose servers"),
    (["--server-list", "https://a"], 1, "--embedded is a server of its own: expected no --server-list"),
    (["--balance", "any"], 1, '--balance: found "any"'),
    (["-create-value-length", "1048000", "-update-value-length", "577"], 1,
     "-update-value-length: found 577 with -create-value-length 1048000, expected at most 576"),
    (["--connections", "0"], 1, "--connections: found 0"),
])
def test_bad_flags_are_named(driver, flags, code, text, tmp_path):
    run = driver("cmdriverclosed", *flags)
    assert run.returncode == code and text in run.stderr and run.stderr.count("\n") == 1
    assert not list(tmp_path.glob("r1*"))


def raw_length(envelope):
    """The bytes of the object in Kubernetes' protobuf envelope: field 2 of its message Unknown."""
    assert envelope[:4] == b"k8s\0"
    rest = envelope[4:]

    def varint():
        nonlocal rest
        value, shift = 0, 0
        while True:
            byte, rest = rest[0], rest[1:]
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value
    while rest:
        field, length = varint() >> 3, varint()
        if field == 2:
            return length
        rest = rest[length:]
    raise AssertionError("no object")


@pytest.mark.parametrize("encoding", [[], ["-useProtobuf"]])
@pytest.mark.parametrize("updates", [0, 1])
def test_the_lengths_are_those_of_the_first_good_answers(driver, api_server, encoding, updates):
    """Object 1 is there already and lets nothing be changed: its create and its update fail."""
    server = api_server()
    server.kubectl("create", "namespace", "scaletest")
    server.kubectl("create", "-n", "scaletest", "-f", "-", stdin=json.dumps(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "r1-1"}, "immutable": True}))
    run = driver(*CLOSED, "-kubeconfig", server.kubeconfig, "-n", "2", "-maxpop", "1", "-rate", "0", "-create-only",
                 "-updates", updates, *encoding, embedded=False)
    assert closing_line(run)[3:] == ("1", str(updates), "0")
    status, _, stored = Client(server.kubeconfig).call("GET", "/api/v1/namespaces/scaletest/configmaps/r1-2",
                                                       Accept="application/vnd.kubernetes.protobuf")
    assert status == 200
    created, updated = map(int, LENGTHS.search(run.stderr).groups())
    # Of JSON the length is that of Go's encoding, which has three empty fields of two bytes that this server leaves out.
    assert (updated if updates else created) == raw_length(stored) + (0 if encoding else 6)
    assert updated > created if updates else updated == 0
