"""The client of httperf, against its own server, nginx and servers that fail."""

import json
import os
import re
import signal
import socket
import subprocess
import threading
import time

import pytest
import real_server as envtest
from conftest import BINARY
from lacking import lack
from relay import Relay

from httperf import FAST, answer_of, ask, expected, httperf, make_certificate, nginx, result, scripted_server


def test_it_counts_what_came_and_hears_the_servers_side(tmp_path):
    with httperf(tmp_path) as server:
        finished = ask(tmp_path, server.url, "--json", "-block-size", 1000, "-period", 0, "-blocks-per-request", 10,
                       "-connections", 3, "-threads", 5, "--requests", 40, "--seed", 7)
        report = result(finished)
    assert finished.returncode == 0
    total = report["total"]
    assert total["requests"] == 40 and total["failures"] == 0
    assert 40 * 10_000 <= total["bytes"] < 40 * 20_000
    assert total["bytes"] == report["server_side"]["bytes"] == sum(each["bytes"] for each in report["connections"])
    assert report["server_side"]["requests"] == 40
    assert total["times"]["request"]["count"] == total["times"]["wait"]["count"] == 40
    assert total["bytes_per_second"] == pytest.approx(total["bytes"] / (report["duration"] / 1e9))
    assert [each["opened"] for each in report["connections"]] == [1, 1, 1]


def test_one_seed_asks_for_the_same_blocks(tmp_path):
    with httperf(tmp_path) as server:
        flags = ["--json", "-period", 0, "-blocks-per-request", 1000, "--requests", 5]
        runs = [result(ask(tmp_path, server.url, *flags, "--seed", seed))["total"]["bytes"] for seed in (3, 3, 4)]
    assert runs[0] == runs[1] != runs[2]


@pytest.mark.parametrize("flags", [[], ["--pipeline"], ["--plain"], ["--plain", "--pipeline"], ["--io-threads", "2"]])
def test_threads_share_connections(tmp_path, flags):
    with httperf(tmp_path, *[each for each in flags if each == "--plain"]) as server:
        finished = ask(tmp_path, server.url, "--json", *flags, "-block-size", 3000, "-period", 0, "-blocks-per-request", 20,
                       "-connections", 2, "-threads", 9, "--requests", 300)
    report = result(finished)
    assert finished.returncode == 0, finished.stderr
    assert report["total"]["requests"] == 300
    assert [each["opened"] for each in report["connections"]] == [1, 1]


def test_paced_blocks_have_a_lateness(tmp_path):
    with httperf(tmp_path) as server:
        report = result(ask(tmp_path, server.url, "--json", "-period", 0.001, "-blocks-per-request", 50, "--requests", 2, "--seed", 1))
    blocks = report["total"]["bytes"] // 500
    assert report["total"]["times"]["lateness"]["count"] == report["server_side"]["lateness"]["count"] == blocks
    assert report["duration"] >= (blocks - 2) * 1_000_000


@pytest.mark.parametrize("ending", ["whole", "broken off", "under way"])
@pytest.mark.parametrize("connections", [1, 65])
def test_blocks_that_are_late_at_the_beginning_of_an_answer_are_told(tmp_path, ending, connections):
    asked = ["--seed", 7, "--requests", 1, "-block-size", 1, "-blocks-per-request", 40]
    with httperf(tmp_path) as server:
        blocks = result(ask(tmp_path, server.url, "--json", "-period", 0, *asked))["total"]["bytes"]
    ended = threading.Event()
    sent = blocks if ending == "whole" else blocks - 1

    def answer(connection, number):
        if number != 1:  # these are for /stats
            return True
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        start = time.monotonic()
        connection.sendall(answer_of(b"", blocks))
        for block in range(sent):
            time.sleep(max(0, start + max(0.2, block * 0.01) - time.monotonic()))
            connection.sendall(b"A")
        if ending == "under way":
            ended.wait(60)
        return True

    with scripted_server(answer) as url:
        flags = ["-listen", "127.0.0.1:0", "-base-url", url, "--json-stream", "-log-period", "50ms", "-period", 0.01, *asked]
        with subprocess.Popen([BINARY, "httperf", *map(str, flags), "-connections", str(connections)], cwd=tmp_path,
                              env={**os.environ, "TMPDIR": str(tmp_path)}, stdout=subprocess.PIPE, text=True) as client:
            missing = sent
            for line in map(json.loads, client.stdout):
                if missing and "interval" in line:
                    missing -= line["interval"]["bytes"]
                    if not missing and ending == "under way":
                        client.send_signal(signal.SIGINT)
        ended.set()
    lateness = line["end"]["total"]["times"]["lateness"]
    assert lateness["count"] == sent
    assert lateness["max"] > 150_000_000 and lateness["p90"] > 80_000_000


def test_each_block_is_told_at_5(tmp_path):
    with httperf(tmp_path) as server:
        finished = ask(tmp_path, server.url, *FAST, "-block-size", 20_000, "--requests", 2, "-v=5")
    assert finished.returncode == 0
    told = re.findall(r"thread 0: block (\d) of 20000 bytes, \S+ after the request", finished.stderr)
    assert told == ["0", "0"]


def test_a_scheme_that_the_server_does_not_speak_is_hinted_at(tmp_path):
    with httperf(tmp_path, "--plain") as server:
        finished = ask(tmp_path, server.url.replace("http:", "https:"), *FAST, "--requests", 1)
    assert finished.returncode == 1 and "the server does not speak TLS: http:// instead of https://?" in finished.stderr
    with httperf(tmp_path) as server:
        finished = ask(tmp_path, server.url.replace("https:", "http:"), *FAST, "--requests", 1)
    assert finished.returncode == 1 and "this is a TLS port: use https://" in finished.stderr


@pytest.mark.parametrize("flags, version", [(["--tls-max", "1.2"], "TLSv1.2 ECDHE-ECDSA-AES128-GCM-SHA256"),
                                            ([], "TLSv1.3 TLS_AES_128_GCM_SHA256")])
def test_version_and_cipher_can_be_chosen(tmp_path, flags, version):
    with httperf(tmp_path) as server:
        ciphers = "TLS_AES_128_GCM_SHA256:ECDHE-ECDSA-AES128-GCM-SHA256"
        report = result(ask(tmp_path, server.url, "--json", *FAST, "--requests", 1, "--ciphers", ciphers, *flags))
    assert report["connections"][0]["protocol"] == version


def test_it_verifies_only_by_ca(tmp_path):
    certificate, key = make_certificate(tmp_path)
    with httperf(tmp_path, "--cert", certificate, "--key", key) as server, httperf(tmp_path) as stranger:
        assert ask(tmp_path, server.url, *FAST, "--requests", 1, "--ca", certificate).returncode == 0
        assert ask(tmp_path, stranger.url, *FAST, "--requests", 1).returncode == 0
        refused = ask(tmp_path, stranger.url, *FAST, "--requests", 1, "--ca", certificate)
        assert refused.returncode == 1 and "not trusted" in refused.stderr


def test_it_resumes_only_when_asked_to(tmp_path):
    with nginx(tmp_path, expected(5, 1), "keepalive_requests 1; ssl_session_tickets on;") as url:
        flags = ["--json", *FAST, "-block-size", 5, "--requests", 5]
        assert result(ask(tmp_path, url, *flags))["connections"][0]["resumed"] == 0
        resuming = result(ask(tmp_path, url, *flags, "--resume"))["connections"][0]
        assert resuming["opened"] == 5 and resuming["resumed"] >= 4


def test_it_reads_blocks_from_nginx(tmp_path):
    with nginx(tmp_path, expected(100_000, 1)) as url:
        finished = ask(tmp_path, url, "--json", *FAST, "-block-size", 100_000, "-connections", 4, "-threads", 4, "--requests", 50)
        assert finished.returncode == 0, finished.stderr
        assert result(finished)["total"]["bytes"] == 5_000_000
        assert result(finished)["server_side"] is None
        assert ask(tmp_path, url, *FAST, "-block-size", 99_999, "--requests", 1).returncode == 1


GOOD = answer_of(expected(100, 1))


@pytest.mark.parametrize("bad, words", [
    (answer_of(expected(100, 1)[:60], length=100), "the connection ended within the body"),
    (answer_of(expected(99, 1)), "a wrong byte at 98 of 100"),
    (answer_of(expected(100, 1)[:-1]), "the answer has 99 bytes of 100"),
    (answer_of(expected(100, 1) + b"A"), "the answer has 101 bytes of 100"),
    (answer_of(expected(100, 3), 10_000_000), "the answer has 10000000 bytes of 100"),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n65\r\n" + expected(100, 1) + b"A\r\n0\r\n\r\n",
     "the answer has more than 100 bytes of 100"),
    (answer_of(expected(50, 4)), "a wrong byte at 49 of 100"),
    (answer_of(b"A" + bytes(50) + b"x" + bytes(47) + b"Z"), "a wrong byte at 51 of 100"),
    (b"HTTP/1.1 503 Busy\r\nContent-Length: 5\r\n\r\nso\x1b[y", 'the server answered 503 "so\\x1b[y"'),
    (b"HTTP/1.1 503 Busy\r\nContent-Length: 1000000000\r\n\r\n" + b"busy " * 20_000, 'the server answered 503 "busy busy'),
    (answer_of(expected(100, 1)) * 2, "bytes that nobody asked for"),
    (b"", "closed the connection before it answered"),
    (b"nonsense\r\n\r\n", "not HTTP/1.1"),
    (b"HTTP/1.1 100 Continue\r\n\r\n", "closed the connection before it answered"),
    (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: other\r\n\r\n", "the server answered 101"),
])
def test_a_bad_answer_is_counted_and_asked_again(tmp_path, bad, words):
    def answer(connection, number):
        connection.sendall(bad if number == 3 else GOOD)
        return number == 3
    with scripted_server(answer) as url:
        finished = ask(tmp_path, url, "--json", *FAST, "-block-size", 100, "--requests", 6)
    total = result(finished)["total"]
    assert finished.returncode == 1
    assert (total["requests"], total["failures"]) == (5, 1)
    assert "connection 0: " in finished.stderr and words in finished.stderr


@pytest.mark.parametrize("head, words", [(b"Content-Length: 100\r\n", "the connection ended within the body"),
                                         (b"Connection: close\r\n", "the answer has 60 bytes of 100")])
def test_an_answer_that_tls_cuts_short_is_no_answer(tmp_path, head, words):
    def answer(connection, number):
        if number != 3:
            connection.sendall(GOOD)
            return False
        connection.sendall(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n" + expected(100, 1)[:60])
        connection.shutdown(socket.SHUT_RDWR)  # without TLS' own end
        return True
    with scripted_server(answer, make_certificate(tmp_path)) as url:
        finished = ask(tmp_path, url, "--json", *FAST, "-block-size", 100, "--requests", 6)
    total = result(finished)["total"]
    assert finished.returncode == 1 and words in finished.stderr
    assert (total["requests"], total["failures"]) == (5, 1)


def test_a_connection_that_fails_does_not_stop_the_others(tmp_path):
    def answer(connection, number):
        connection.sendall(GOOD)
        return number % 2
    with scripted_server(answer) as url:
        flags = ["--json", *FAST, "-block-size", 100, "-connections", 4, "-threads", 4, "--requests", 20]
        report = result(ask(tmp_path, url, *flags))
    assert report["total"]["requests"] + report["total"]["failures"] == 20
    assert report["total"]["requests"] >= 10


def test_chunks_and_a_closed_connection_are_no_failures(tmp_path):
    def answer(connection, number):
        body = expected(100, 1)
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
                           b"3c\r\n" + body[:60] + b"\r\n28\r\n" + body[60:] + b"\r\n0\r\n\r\n")
        return True
    with scripted_server(answer) as url:
        report = result(ask(tmp_path, url, "--json", *FAST, "-block-size", 100, "--requests", 6))
    assert report["total"]["requests"] == 6 and report["total"]["failures"] == 0
    assert report["connections"][0]["opened"] == 6


@pytest.mark.parametrize("pieces", [
    [b"HTTP/1.1 100 Continue\r\n\r\n", GOOD],
    [b"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + GOOD],
    [bytes([byte]) for byte in b"HTTP/1.1 100 Continue\r\n\r\n" + GOOD],
])
def test_interim_answers_are_passed_over(tmp_path, pieces):
    def answer(connection, number):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for each in pieces:
            connection.sendall(each)
    with scripted_server(answer) as url:
        finished = ask(tmp_path, url, "--json", *FAST, "-block-size", 100, "--requests", 4)
    total = result(finished)["total"]
    assert finished.returncode == 0, finished.stderr
    assert (total["requests"], total["failures"], total["bytes"]) == (4, 0, 400)
    assert total["times"]["first_byte"]["count"] == 4


def test_no_server_is_a_failure_of_each_request(tmp_path):
    with scripted_server(lambda connection, number: True) as url:
        pass
    finished = ask(tmp_path, url, *FAST, "--requests", 3)
    assert finished.returncode == 1
    assert "3 failures, the last: connect" in finished.stdout


def test_intervals_are_told_and_the_end_is_a_line_of_its_own(tmp_path):
    with httperf(tmp_path) as server:
        finished = ask(tmp_path, server.url, "--json-stream", "-v=2", "-log-period", "100ms", "--duration", "1s", *FAST)
    lines = [json.loads(line) for line in finished.stdout.splitlines()]
    intervals, end = [line["interval"] for line in lines[:-1]], lines[-1]["end"]
    assert len(intervals) >= 3
    assert intervals[0]["start"] == 0
    assert all(a["end"] == b["start"] for a, b in zip(intervals, intervals[1:]))
    assert end["total"]["bytes"] > 0
    for key in ("bytes", "requests"):
        assert sum(each[key] for each in intervals) == end["total"][key]
    assert "clientBytes=" in finished.stderr and "serverBytes=" in finished.stderr


def test_a_warm_up_is_not_measured(tmp_path):
    with httperf(tmp_path) as server:
        finished = ask(tmp_path, server.url, "--json-stream", "-log-period", "10ms", "--warmup", "500ms", "--requests", 50, *FAST)
        answered = json.loads(server.get("/stats")[1])["requests"]
    lines = [json.loads(line) for line in finished.stdout.splitlines()]
    intervals, end = [line["interval"] for line in lines[:-1]], lines[-1]["end"]
    assert finished.returncode == 0
    assert intervals[0]["start"] == 0 and all(each["start"] < each["end"] for each in intervals)
    assert end["total"]["requests"] == 50 == sum(each["requests"] for each in intervals) < answered
    assert end["connections"][0]["opened"] == 1 and end["warmup_failures"] == 0


@pytest.mark.parametrize("flags", [FAST, ["-blocks-per-request", 100_000]])
def test_a_signal_during_the_warm_up_leaves_nothing_measured(tmp_path, flags):
    def interrupted(*more):
        with httperf(tmp_path) as server:
            command = [BINARY, "httperf", "-listen", "127.0.0.1:0", "-base-url", server.url, "--warmup", "60s", *flags, *more]
            with subprocess.Popen([*map(str, command)], cwd=tmp_path, env={**os.environ, "TMPDIR": str(tmp_path)},
                                  stdout=subprocess.PIPE, text=True) as client:
                envtest.wait_until(lambda: json.loads(server.get("/stats")[1])["bytes"] > 0, "the warm-up")
                client.send_signal(signal.SIGINT)
                out, _ = client.communicate(timeout=20)
            assert client.returncode == 130
            return out
    told = interrupted()
    assert ", interrupted by SIGINT during the warm-up: nothing was measured\n" in told
    assert "no request has ended" not in told
    assert "server: no figures, as nothing was measured\n" in told
    report = json.loads(interrupted("--json"))
    assert report["interrupted"] == "SIGINT" and report["server_side"] is None


def test_failures_of_the_warm_up_are_told_apart(tmp_path):
    def answer(connection, number):
        connection.sendall(answer_of(b"x") if number == 2 else GOOD)  # the first asks for statistics
        return number == 2
    with scripted_server(answer) as url:
        finished = ask(tmp_path, url, *FAST, "-block-size", 100, "--warmup", "1s", "--requests", 3, "--json")
    report = result(finished)
    assert finished.returncode == 1
    assert (report["warmup_failures"], report["total"]["failures"], report["total"]["requests"]) == (1, 0, 3)


@pytest.mark.parametrize("flags", [["--requests", 5], ["--duration", "300ms"]])
def test_the_round_trip_time_is_known_however_it_ends(tmp_path, flags):
    with httperf(tmp_path) as server:
        finished = ask(tmp_path, server.url, "--json", *FAST, *flags, "-connections", 2, "-threads", 1)
    first, second = result(finished)["connections"]
    assert first["round_trip_time"] > 0 and second["round_trip_time"] is None
    assert "-connections 2, -threads 1" in finished.stderr


def test_what_is_under_way_at_the_end_is_told_and_has_a_first_byte(tmp_path):
    with httperf(tmp_path) as server:
        finished = ask(tmp_path, server.url, "--json", "--duration", "500ms")
    total = result(finished)["total"]
    assert finished.returncode == 0
    assert (total["requests"], total["under_way"], total["times"]["first_byte"]["count"]) == (0, 1, 1)


@pytest.mark.parametrize("flags, told", [(["-blocks-per-request", 1000], True), (["-blocks-per-request", 1], False)])
def test_it_is_told_when_no_request_could_end(tmp_path, flags, told):
    with httperf(tmp_path) as server:
        out = ask(tmp_path, server.url, "--duration", "300ms", *flags).stdout
    assert ("no request has ended: the answers asked for take longer than this" in out) == told


def test_the_tables_have_a_mean(tmp_path):
    with httperf(tmp_path) as server:
        told = ask(tmp_path, server.url, *FAST, "--requests", 5).stdout
    assert re.search(r"time +min +mean +p50 +p90 +p99 +p99.9 +max\n", told)
    assert re.search(r"^request +(\S+ +){6}\S+$", told, re.MULTILINE)


def test_requests_that_are_sent_again_are_counted(tmp_path):
    def answer(connection, number):
        connection.sendall(GOOD)
        return number == 9  # with others behind it that are not answered
    with scripted_server(answer) as url:
        finished = ask(tmp_path, url, "--json", *FAST, "-block-size", 100, "-threads", 8, "--pipeline", "--requests", 40)
    total = result(finished)["total"]
    assert total["requests"] + total["failures"] == 40
    assert total["resent"] >= 1 and total["times"]["wait"]["count"] == 40


def test_a_server_that_does_not_answer_is_given_up_in_time(tmp_path):
    with httperf(tmp_path) as server:
        server.process.send_signal(signal.SIGSTOP)
        try:
            start = time.monotonic()
            finished = ask(tmp_path, server.url, *FAST, "--duration", "1s")
            assert time.monotonic() - start < 4.5
        finally:
            server.process.send_signal(signal.SIGCONT)
    assert finished.returncode == 1 and f"no answer came from {server.url}" in finished.stderr
    assert "server: it gave no figures" in finished.stdout


def test_half_a_record_of_tls_keeps_nothing_from_its_end(tmp_path):
    long = ["-block-size", 1_000_000, "-period", 0]
    with httperf(tmp_path) as server:
        relay = Relay(server.port, most_answered=100_000)
        timed = result(ask(tmp_path, relay.url, "--json", *long, "--duration", "500ms"))
        assert relay.held.is_set() and timed["total"]["under_way"] == 1
        assert timed["total"]["cpu"] < timed["duration"] / 2
        relay.held.clear()
        with httperf(tmp_path, "-base-url", relay.url, *long) as client:
            assert relay.held.wait(timeout=20)
            out, _, code = client.stop(signal.SIGINT)
        assert code == 130 and "total" in out
        relay.kill()


def test_a_signal_ends_the_wait_for_a_server_that_does_not_answer(tmp_path):
    with httperf(tmp_path) as server:
        server.process.send_signal(signal.SIGSTOP)
        try:
            with httperf(tmp_path, "-base-url", server.url, *FAST) as client:
                start = time.monotonic()
                out, _, code = client.stop(signal.SIGINT)
                assert time.monotonic() - start < 1.5
        finally:
            server.process.send_signal(signal.SIGCONT)
    assert code == 130 and "interrupted by SIGINT" in out


def test_a_name_that_nobody_resolves_is_given_up_in_time(tmp_path):
    address = f"127.{os.getpid() >> 16 & 255}.{os.getpid() >> 8 & 255}.{os.getpid() & 255}"
    (tmp_path / "resolv.conf").write_text(f"nameserver {address}\noptions timeout:30\n")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        try:
            silent.bind((address, 53))
        except OSError as error:
            lack(f"no name server can be played here: {error}")
        script = f'mount --bind {tmp_path}/resolv.conf /etc/resolv.conf && echo mounted && exec "$0" "$@"'
        client = [BINARY, "httperf", "-listen", "127.0.0.1:0", "-base-url", "http://nobody.example:1", "--duration", "1s", *FAST]
        start = time.monotonic()
        finished = subprocess.run(["unshare", "--mount", "sh", "-c", script, *map(str, client)], env={**os.environ, "TMPDIR": str(tmp_path)},
                                  capture_output=True, text=True, timeout=60)
    if not finished.stdout.startswith("mounted"):
        lack("this machine does not let a test mount a file: " + finished.stderr.strip())
    assert time.monotonic() - start < 10
    assert finished.returncode == 1 and "no answer came from http://nobody.example:1" in finished.stderr


@pytest.mark.parametrize("flags", [[], ["--plain"]])
def test_a_busy_server_tells_of_itself(tmp_path, flags):
    with httperf(tmp_path, *flags) as server:
        finished = ask(tmp_path, server.url, "--json", *FAST, *flags, "-block-size", 1 << 20, "-connections", 300, "-threads", 300,
                       "--duration", "2s")
    assert finished.returncode == 0, finished.stderr
    assert result(finished)["server_side"]["bytes"] >= result(finished)["total"]["bytes"] > 0


@pytest.mark.parametrize("flags", [[], ["--json"], ["--json-stream"]])
def test_a_result_that_nobody_reads_is_an_error(tmp_path, flags):
    with httperf(tmp_path) as server:
        client = subprocess.Popen([BINARY, "httperf", "-listen", "127.0.0.1:0", "-base-url", server.url, *FAST, "--requests", "3", *flags],
                                  cwd=tmp_path, env={**os.environ, "TMPDIR": str(tmp_path)}, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, text=True)
        client.stdout.close()
        errors = client.stderr.read()
        assert client.wait(timeout=20) == 12
    assert "the result cannot be written to standard output" in errors


def test_a_server_that_was_restarted_gives_no_figures(tmp_path):
    port, = envtest.free_ports(1)
    serve = ["-listen", f"127.0.0.1:{port}"]
    with httperf(tmp_path, *serve) as first:
        with httperf(tmp_path, "-base-url", first.url, *FAST) as client:
            envtest.wait_until(lambda: json.loads(first.get("/stats")[1])["requests"] > 1000, "some requests")
            first.stop(signal.SIGKILL)
            with httperf(tmp_path, *serve) as second:
                envtest.wait_until(lambda: json.loads(second.get("/stats")[1])["requests"] > 10, "some requests")
                out, _, _ = client.stop(signal.SIGINT)
    assert "server: no figures, as it was restarted meanwhile" in out


def test_statistics_take_no_connection_from_those_that_are_measured(tmp_path):
    with httperf(tmp_path, "--max-connections", 4) as server:
        finished = ask(tmp_path, server.url, "--json", *FAST, "-connections", 4, "-threads", 4, "--requests", 100)
    assert finished.returncode == 0, finished.stderr
    assert result(finished)["server_side"]["requests"] == 100


def test_first_connections_resume_nothing(tmp_path):
    with httperf(tmp_path) as server:
        report = result(ask(tmp_path, server.url, "--json", *FAST, "--resume", "--requests", 5))
    assert [(each["opened"], each["resumed"]) for each in report["connections"]] == [(1, 0)]


def test_a_failure_that_repeats_is_not_told_each_time(tmp_path):
    with scripted_server(lambda connection, number: True) as url:
        pass
    finished = ask(tmp_path, url, *FAST, "-connections", 50, "-threads", 50, "--requests", 200)
    failures, = re.findall(r"^total +(?:\S+ +\S+ +){1}\S+ +\d+ +(\d+)", finished.stdout, re.MULTILINE)
    assert failures == "200"
    lines = [line for line in finished.stderr.splitlines() if "Connection refused" in line]
    assert len(lines) < 50
    told = re.findall(r"connections? (\d[\d, ]*):", "\n".join(lines))
    assert {int(number) for each in told for number in each.split(",")} == set(range(50))


def test_failures_of_connections_are_told_with_each(tmp_path):
    with scripted_server(lambda connection, number: True) as url:
        finished = ask(tmp_path, url, *FAST, "-connections", 3, "-threads", 3, "--requests", 3)
    assert sorted(re.findall(r"connection (\d): closed: the server closed", finished.stderr)) == ["0", "1", "2"]


def test_the_first_cause_is_in_the_report(tmp_path):
    def answer(connection, number):
        connection.sendall(b"nonsense\r\n\r\n" if number == 1 else b"")  # 0 is for /stats
        return True
    with scripted_server(answer) as url:
        finished = ask(tmp_path, url, *FAST, "--requests", 2)
    assert re.search(r"connection 0: 2 failures, the first: [^;]*not HTTP/1.1[^;]*; the last: closed: the server closed", finished.stdout)


@pytest.mark.parametrize("ciphers, version", [("ECDHE-ECDSA-AES128-GCM-SHA256", "TLSv1.2 ECDHE-ECDSA-AES128-GCM-SHA256"),
                                              ("TLS_AES_256_GCM_SHA384", "TLSv1.3 TLS_AES_256_GCM_SHA384")])
def test_ciphers_of_one_version_choose_that_version(tmp_path, ciphers, version):
    with httperf(tmp_path) as server:
        report = result(ask(tmp_path, server.url, "--json", *FAST, "--requests", 1, "--ciphers", ciphers))
    assert report["connections"][0]["protocol"] == version


def test_sigint_ends_with_the_table(tmp_path):
    with httperf(tmp_path) as server, httperf(tmp_path, "-base-url", server.url, "-v=3", *FAST) as client:
        envtest.wait_until(lambda: json.loads(server.get("/stats")[1])["requests"] > 10, "some requests")
        out, errors, code = client.stop(signal.SIGINT)
    assert code == 130
    assert "interrupted by SIGINT" in out and "total" in out and "per GB" in out
    assert "bytes in" in errors
