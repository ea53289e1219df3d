"""cmdriver as its users run it."""

import contextlib
import csv
import os
import re
import signal
import socket
import subprocess
import time
import urllib.request

import pytest
import real_server as envtest
from conftest import BINARY, QUICK
from prometheus_client.parser import text_string_to_metric_families

SMALL = ["-lambda", "500", "-n", "100", "-maxpop", "20"]
MOMENT = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}"


def test_every_object_is_created_and_deleted(cmdriver):
    run = cmdriver(*SMALL)
    assert run.returncode == 0, run.stderr
    rows = list(csv.reader(run.rows))
    assert len(rows) == 200
    names = {f"r1-{number:03}" for number in range(1, 101)}
    for verb in ("create", "delete"):
        assert {row[3] for row in rows if row[2] == verb} == names
    assert all(re.fullmatch(rf'{MOMENT},{MOMENT},(create|delete),"r1-\d{{3}}",""', row) for row in run.rows)
    assert "response time" in run.stdout and "send lag" in run.stdout


def test_the_parameter_file_is_read_by_a_shell(cmdriver, tmp_path):
    cmdriver(*SMALL, "-seed", "7")
    script = '. ./r1-driver.parms; echo "$LAMBDA $N $MAXPOP $DATALEN $DATEFILENAME $RUNID $SEED [$KUBECONFIG]"'
    told = subprocess.run(["sh", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert told == "500 100 20 2000 r1-driver.csv r1 7 []\n"


def test_one_dash_or_two_and_a_chosen_data_file(cmdriver, tmp_path):
    run = cmdriver("--lambda=500", "-n=10", "--maxpop", "5", "-datalen=0", "-datafile", "out-{{.RunID}}.csv")
    assert run.returncode == 0
    assert len((tmp_path / "out-r1.csv").read_text().splitlines()) == 20


def test_parts_and_shards_together_do_what_one_would(cmdriver):
    def creates(run):
        return {row[3] for row in csv.reader(run.rows) if row[2] == "create"}

    def scheduled_rate(run):
        return run.summary["operations"]["create"]["scheduled_rate"]

    whole = cmdriver(*SMALL, "-seed", "3", run_id="whole")
    sharded = cmdriver(*SMALL, "-seed", "3", "--shards", "3", run_id="sharded")
    assert len(creates(whole)) == len(creates(sharded)) == 100
    assert scheduled_rate(whole) == pytest.approx(scheduled_rate(sharded))
    parts = []
    for index in (1, 2):
        cmdriver(*SMALL, "-seed", "3", "--part", f"{index}/2", "-datafile", f"part{index}.csv", run_id="parts")
        with open(f"{os.environ['HOME']}/part{index}-{index}.csv", newline="") as rows:
            parts.append({row[3] for row in csv.reader(rows) if row[2] == "create"})
    assert len(parts[0]) == len(parts[1]) == 50 and not parts[0] & parts[1]


def start(tmp_path, *flags):
    return subprocess.Popen([BINARY, "cmdriver", *QUICK, "-runid", "r1", "--embedded", *flags], cwd=tmp_path,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for_rows(tmp_path, count):
    rows = tmp_path / "r1-driver.csv"
    envtest.wait_until(lambda: rows.exists() and rows.read_bytes().count(b"\n") >= count, f"{count} rows")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_deletes_what_exists_and_tells(api_server, tmp_path, number):
    server = api_server()
    server.kubectl("create", "namespace", "scaletest")
    with subprocess.Popen([BINARY, "cmdriver", *QUICK, "-runid", "r1", "-kubeconfig", server.kubeconfig,
                           "-lambda", "100", "-n", "100000", "-maxpop", "10000"], cwd=tmp_path,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        wait_for_rows(tmp_path, 50)
        process.send_signal(number)
        out, _ = process.communicate(timeout=30)
    assert process.returncode == 128 + number
    assert f"interrupted by {number.name}" in out
    assert server.kubectl("get", "configmaps", "-n", "scaletest", "-o", "name") == ""
    with open(tmp_path / "r1-driver.csv", newline="") as file:
        rows = list(csv.reader(file))
    made, gone = ({row[3] for row in rows if row[2] == verb} for verb in ("create", "delete"))
    assert made == gone and len(made) >= 50


def test_a_second_signal_ends_at_once_with_rows_on_disk(tmp_path):
    process = start(tmp_path, "-lambda", "100", "-n", "10000", "-maxpop", "10000",
                    "--fault", "verbs=delete,latency=60s")
    with process:
        wait_for_rows(tmp_path, 20)
        process.send_signal(signal.SIGINT)
        assert "no new objects" in process.stderr.readline()
        sent = time.monotonic()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=20)
    assert process.returncode == 130
    assert time.monotonic() - sent < 10  # the deletes would take 60 s, and --grace is 30 s
    assert "a second signal: ending at once" in errors  # and nothing is left: the server ends too
    written = (tmp_path / "r1-driver.csv").read_text()
    rows = list(csv.reader(written.splitlines()))
    assert written.endswith('""\n') and len(rows) >= 20
    assert {row[2] for row in rows} == {"create"} and len({row[3] for row in rows}) == len(rows)


def test_the_grace_time_ends_a_stop_that_hangs(tmp_path):
    process = start(tmp_path, "-lambda", "100", "-n", "10000", "-maxpop", "10000", "--grace", "500ms",
                    "--fault", "verbs=delete,latency=60s")
    with process:
        wait_for_rows(tmp_path, 20)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "may be left on the server" in out and "gave up" in out


def test_metrics_are_served(tmp_path):
    port = envtest.free_ports(1)[0]
    command = [BINARY, "cmdriver", "--embedded", "-runid", "r1", *SMALL, "--progress", "none", "-metricport", str(port)]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL) as process:
        def families():
            with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
                found = {family.name: family for family in text_string_to_metric_families(answer.read().decode())}
                done = [sample.value for sample in found["k8scale_operations"].samples
                        if sample.labels == {"verb": "delete", "outcome": "ok"}] if "k8scale_operations" in found else []
                return found if done == [100] else None
        try:
            found = envtest.wait_until(families, "metrics of 100 deletes", seconds=20)
        finally:
            process.terminate()
    assert {"process_cpu_seconds", "process_resident_memory_bytes", "process_open_fds", "process_start_time_seconds",
            "k8scale_response_time_seconds", "k8scale_service_time_seconds", "k8scale_send_lag_seconds",
            "k8scale_in_flight", "k8scale_population", "k8scale_asked_rate"} <= set(found)


def has_ipv6():
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET6) as probe:
        probe.bind(("::1", 0))
        return True
    return False


@pytest.mark.parametrize("given, served, refused", [
    ("{}", ["127.0.0.1", "[::1]"], []), ("[::1]:{}", ["[::1]"], ["127.0.0.1"]), ("127.0.0.1:{}", ["127.0.0.1"], ["[::1]"]),
    ("localhost:{}", ["localhost"], [])])
def test_metrics_are_served_where_the_flag_says(tmp_path, given, served, refused):
    if not has_ipv6():
        pytest.skip("no IPv6 here")
    port = envtest.free_ports(1)[0]
    command = [BINARY, "cmdriver", "--embedded", "-runid", "r1", "-lambda", "1", "-n", "1000", "--progress", "none",
               "-metricport", given.format(port)]

    def answers(host):
        with contextlib.suppress(OSError), urllib.request.urlopen(f"http://{host}:{port}/healthz") as answer:
            return answer.read() == b"ok\n"
        return False
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            for host in served:
                envtest.wait_until(lambda host=host: answers(host), f"{host} to answer", seconds=20)
            assert not any(answers(host) for host in refused)
        finally:
            process.terminate()


def test_plain_progress_goes_to_stderr(tmp_path):
    command = [BINARY, "cmdriver", "--embedded", "-runid", "r1", "-lambda", "20", "-n", "220", "-maxpop", "1",
               "-seed", "1", "--progress", "plain", "-waitBeforeTerminate", "0", "-metricport", "127.0.0.1:0"]
    finished = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True)
    assert re.search(r"\d+/440 done .* population \d+ .* p99", finished.stderr)


def test_a_metric_port_in_use_is_an_error_only_when_it_was_asked_for(cmdriver, api_server):
    run = cmdriver(*SMALL, "-metricport", f"127.0.0.1:{api_server().port}")
    assert run.returncode == 1 and "in use" in run.stderr


@pytest.mark.parametrize("name, ending", [("--help", 0), ("-h", 0), ("--nothing", 2)])
def test_the_program_explains_itself(program, name, ending):
    finished = program(name)
    assert finished.returncode == ending
    assert ("cmdriver" in finished.stdout) if ending == 0 else ("see k8scale --help" in finished.stderr)


def test_it_takes_a_second_at_most_to_start(cmdriver):
    def run():
        before = time.monotonic()
        assert cmdriver("-lambda", "1000", "-n", "1", "-maxpop", "1").returncode == 0
        return time.monotonic() - before
    assert any(run() < 1 for _ in range(10))  # others may need the machine meanwhile
