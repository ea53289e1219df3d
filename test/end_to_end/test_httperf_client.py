"""The client of httperf, against its own server, nginx and servers that fail."""

import json
import re
import signal

import pytest
import real_server as envtest

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
    (answer_of(expected(99, 1)), "wrong byte, or one too many, at 98 of 100"),
    (answer_of(expected(100, 1)[:-1]), "the answer has 99 bytes of 100"),
    (answer_of(expected(100, 2)), "one too many, at 0 of 100"),
    (answer_of(b"A" + bytes(50) + b"x" + bytes(47) + b"Z"), "wrong byte, or one too many, at 51 of 100"),
    (b"HTTP/1.1 503 Busy\r\nContent-Length: 5\r\n\r\nsorry", "the server answered 503 sorry"),
    (b"", "closed the connection before it answered"),
    (b"nonsense\r\n\r\n", "not HTTP/1.1"),
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
    intervals = [line["interval"] for line in lines[:-1]]
    assert len(intervals) >= 3
    assert all(a["end"] == b["start"] for a, b in zip(intervals, intervals[1:]))
    assert lines[-1]["end"]["total"]["bytes"] > 0
    assert "clientBytes=" in finished.stderr and "serverBytes=" in finished.stderr


def test_sigint_ends_with_the_table(tmp_path):
    with httperf(tmp_path) as server, httperf(tmp_path, "-base-url", server.url, "-v=3", *FAST) as client:
        envtest.wait_until(lambda: json.loads(server.get("/stats")[1])["requests"] > 10, "some requests")
        out, errors, code = client.stop(signal.SIGINT)
    assert code == 130
    assert "interrupted by SIGINT" in out and "total" in out and "per GB" in out
    assert "bytes in" in errors
