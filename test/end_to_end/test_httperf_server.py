"""The server of httperf, asked by curl, Python and raw connections."""

import contextlib
import http.client
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import time

import pytest
import real_server as envtest
from conftest import BINARY

from httperf import expected, httperf


@pytest.mark.parametrize("flags", [[], ["--plain"], ["--tls-max", "1.2"]])
def test_blocks_have_their_letters_and_their_number(tmp_path, flags):
    with httperf(tmp_path, *flags) as server:
        for size, count in [(1, 3), (2, 2), (5, 4), (16384, 3), (100_000, 20), (1 << 20, 2)]:
            assert server.get(f"/blocks?size={size}&n={count}&periodMS=0") == (200, expected(size, count))


def test_a_connection_of_http_client_serves_many_requests(tmp_path):
    with httperf(tmp_path) as server:
        client = http.client.HTTPSConnection("127.0.0.1", server.port, context=ssl._create_unverified_context(), timeout=20)
        for count in range(1, 6):
            client.request("GET", f"/blocks?size=700&n={count}&periodMS=1")
            answer = client.getresponse()
            assert answer.getheader("Content-Length") == str(700 * count)
            assert answer.read() == expected(700, count)
        client.request("HEAD", "/blocks?size=4294967296&n=4294967000&periodMS=0")
        answer = client.getresponse()
        assert answer.status == 400 and not answer.read()  # a block above --max-block
        client.request("HEAD", "/blocks?size=1000000000&n=1000000000&periodMS=0")
        answer = client.getresponse()
        assert answer.getheader("Content-Length") == "1000000000000000000" and not answer.read()
        client.request("POST", "/blocks?size=1&n=1&periodMS=0", body=b"x")
        assert client.getresponse().status == 405


@pytest.mark.parametrize("query, words", [
    ("", "size: found nothing"),
    ("size=1&n=1", "periodMS: found nothing"),
    ("size=1&n=1&periodMS=0&n=2", "n: found it 2 times"),
    ("size=%zz&n=1&periodMS=0", 'found "size=%zz", expected two hexadecimal digits after each %'),
    ("size=0&n=1&periodMS=0", 'size: found "0"'),
    ("size=-5&n=1&periodMS=0", 'size: found "-5"'),
    ("size=abc&n=1&periodMS=0", 'size: found "abc"'),
    ("size=1.5&n=1&periodMS=0", 'size: found "1.5"'),
    ("size=1&n=99999999999999999999&periodMS=0", "n: found"),
    ("size=1&n=1&periodMS=-1", "periodMS: found"),
    ("size=1&n=1&periodMS=", "periodMS: found"),
    ("size=2000&n=1&periodMS=0", "--max-block"),
    ("size=1000&n=9223372036854775807&periodMS=0", "size and n"),
    ("size=1&n=9223372036854775807&periodMS=1000", "periodMS"),
])
def test_what_is_wrong_with_a_parameter_is_said(tmp_path, query, words):
    with httperf(tmp_path, "--max-block", "1000") as server:
        status, body = server.get("/blocks?" + query)
        assert status == 400
        assert words in body.decode()


def test_a_block_is_never_early_and_a_stalled_reader_does_not_move_the_schedule(tmp_path):
    with httperf(tmp_path, "--plain") as server, server.connect() as client:
        size, count, stall = 1_000_000, 100, 2
        start = time.monotonic()
        client.sendall(f"GET /blocks?size={size}&n={count}&periodMS=10 HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        client.recv(1000)
        time.sleep(stall)  # the sockets' buffers hold less than the answer
        received = 0
        while received < size * count - 1000:
            received += len(client.recv(1 << 20))
        elapsed = time.monotonic() - start
        assert (count - 1) * 0.010 <= elapsed < stall + count * 0.010 * 0.9


def test_http_on_the_tls_port_is_told_so(tmp_path):
    with httperf(tmp_path) as server:
        finished = subprocess.run(["curl", "-si", server.url.replace("https", "http")], capture_output=True, text=True, timeout=20)
        assert finished.stdout.startswith("HTTP/1.1 400 Bad Request")
        assert "this is a TLS port" in finished.stdout


@pytest.mark.parametrize("method", ["DELETE", "OPTIONS", "PATCH", "BREW"])
def test_any_method_on_the_tls_port_is_told_so(tmp_path, method):
    with httperf(tmp_path) as server:
        finished = subprocess.run(["curl", "-si", "-X", method, server.url.replace("https", "http")], capture_output=True, text=True,
                                  timeout=20)
        assert finished.stdout.startswith("HTTP/1.1 400 Bad Request") and "this is a TLS port" in finished.stdout


def test_ten_megabytes_of_head_are_refused(tmp_path):
    with httperf(tmp_path, "--plain") as server, server.connect() as client:
        try:
            client.sendall(b"GET / HTTP/1.1\r\nX: " + b"x" * 10_000_000)
        except OSError:
            pass  # it need not listen to all of it
        assert client.recv(100).startswith(b"HTTP/1.1 431")
        assert server.get("/blocks?size=1&n=1&periodMS=0") == (200, b"A")


def test_stuck_clients_hold_nobody_up(tmp_path):
    with httperf(tmp_path) as server:
        stuck = [server.connect() for _ in range(50)]
        for number, each in enumerate(stuck):
            each.sendall(b"GET /blocks?si" if number % 2 else b"GET /blocks?size=1000000&n=1000&periodMS=0 HTTP/1.1\r\nHost: x\r\n\r\n")
        for _ in range(10):
            assert server.get("/blocks?size=3&n=1&periodMS=0") == (200, b"A\0Z")
        for each in stuck:
            each.close()


def test_half_a_record_of_tls_holds_nobody_up(tmp_path):
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = ssl._create_unverified_context().wrap_bio(incoming, outgoing)
    with httperf(tmp_path) as server, socket.create_connection(("127.0.0.1", server.port), timeout=20) as client:
        while True:
            try:
                tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                client.sendall(outgoing.read())
                incoming.write(client.recv(65536))
        tls.write(b"GET /blocks?size=3&n=1&periodMS=0 HTTP/1.1\r\nHost: x\r\n\r\n")
        record = outgoing.read()
        client.sendall(record[:-10])
        for _ in range(10):
            assert server.get("/blocks?size=3&n=1&periodMS=0") == (200, b"A\0Z")
        assert json.loads(server.get("/stats")[1])["cpu"] < 2e9
        client.sendall(record[-10:])
        answer = b""
        while not answer.endswith(b"A\0Z"):
            incoming.write(client.recv(65536))
            with contextlib.suppress(ssl.SSLWantReadError):
                answer += tls.read()


@pytest.mark.parametrize("tls, half", [
    (False, b"GET / HTTP/1.1\r\nX: " + b"x" * 50_000),
    (False, b"POST /pprof/symbol HTTP/1.1\r\nHost: x\r\nContent-Length: 65536\r\n\r\n" + b"x" * 65_535),
    (True, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
])
def test_half_requests_and_half_handshakes_hold_little(tmp_path, tls, half):
    count = 200
    with httperf(tmp_path, *([] if tls else ["--plain"])) as server:
        assert server.get("/blocks?size=1&n=1&periodMS=0")[0] == 200
        before = resident(server.process)
        stuck = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(count)]
        for each in stuck:
            each.sendall(half)

        def all_there():
            return json.loads(server.get("/stats")[1])["open_connections"] > count
        envtest.wait_until(all_there, "the connections")
        for _ in range(20):  # in turn with what they sent
            assert server.get("/blocks?size=1&n=1&periodMS=0") == (200, b"A")
        assert (resident(server.process) - before) / count < 100_000
        for each in stuck:
            each.close()


def resident(process):
    """Bytes."""
    return int(re.search(r"VmRSS:\s+(\d+)", open(f"/proc/{process.pid}/status").read())[1]) * 1024


def test_one_connection_too_many_is_answered(tmp_path):
    with httperf(tmp_path, "--max-connections", "2") as server:
        first, second = server.connect(), server.connect()
        for each in (first, second):
            each.sendall(b"GET /blocks?size=1&n=1&periodMS=0 HTTP/1.1\r\nHost: x\r\n\r\n")
            assert each.recv(1000).startswith(b"HTTP/1.1 200")
        status, body = server.get("/blocks?size=1&n=1&periodMS=0")
        assert status == 503 and b"--max-connections" in body


def test_a_client_that_leaves_between_two_blocks_is_noticed_in_tls_too(tmp_path):
    with httperf(tmp_path) as server:
        with server.connect() as client:
            client.sendall(b"GET /blocks?size=10&n=2&periodMS=3600000 HTTP/1.1\r\nHost: x\r\n\r\n")
            assert client.recv(1000).startswith(b"HTTP/1.1 200")

        def broken_off():
            return json.loads(server.get("/stats")[1])["broken_off"]
        envtest.wait_until(lambda: broken_off() == 1, "the end of the answer")


@pytest.mark.parametrize("level, told", [(2, []), (3, ["200, 6 bytes in"]), (4, ['GET "/blocks?size=3&n=2&periodMS=0"', "200, 6 bytes in"])])
def test_requests_are_told_at_3_and_their_urls_at_4(tmp_path, level, told):
    with httperf(tmp_path, f"-v={level}") as server:
        assert server.get("/blocks?size=3&n=2&periodMS=0")[0] == 200
        _, errors, _ = server.stop()
    lines = re.findall(r"127\.0\.0\.1:\d+: (.*)", errors)
    assert len(lines) == len(told) and all(line.startswith(words) for line, words in zip(lines, told))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "localhost"])
def test_it_says_where_it_listens(tmp_path, host):
    with httperf(tmp_path, "-listen", f"{host}:0") as server:
        assert server.told_url == f"https://{host}:{server.port}"


def test_statistics_are_answered_though_there_are_too_many_connections(tmp_path):
    with httperf(tmp_path, "--max-connections", "1") as server, server.connect() as first:
        first.sendall(b"GET /blocks?size=1&n=1&periodMS=0 HTTP/1.1\r\nHost: x\r\n\r\n")
        assert first.recv(1000).startswith(b"HTTP/1.1 200")
        assert server.get("/stats")[0] == 200
        assert server.get("/blocks?size=1&n=1&periodMS=0")[0] == 503


def test_raw_bytes_of_a_query_come_back_quoted(tmp_path):
    with httperf(tmp_path) as server:
        status, body = server.get("/blocks?size=%1b%5bm%ff&n=1&periodMS=0")
        assert status == 400 and rb'size: found "\x1b[m\xff"' in body


def test_each_block_is_told_at_5(tmp_path):
    with httperf(tmp_path, "-v=5") as server:
        assert server.get("/blocks?size=10&n=3&periodMS=10")[0] == 200
        assert server.get("/blocks?size=10&n=2&periodMS=0")[0] == 200
        _, errors, _ = server.stop()
    assert re.findall(r"127.0.0.1:\d+: sent block (\d) of 10 bytes", errors) == ["0", "1", "2", "0", "1"]


def test_it_listens_where_a_name_points_to(tmp_path):
    with httperf(tmp_path, "-listen", "localhost:0") as server:
        assert server.get("/blocks?size=1&n=1&periodMS=0") == (200, b"A")


def test_a_port_in_use_and_keys_that_cannot_be_written_are_errors(program, tmp_path, monkeypatch):
    with httperf(tmp_path) as server:
        taken = program("httperf", "-listen", f"127.0.0.1:{server.port}")
        assert taken.returncode == 1 and "Address already in use" in taken.stderr
    monkeypatch.setenv("TMPDIR", str(tmp_path / "missing"))
    lost = program("go_httperf", "-listen", "127.0.0.1:0")
    assert lost.returncode == 1 and "cannot write TLS keys" in lost.stderr and "missing" in lost.stderr
    assert "$TMPDIR names another folder" in lost.stderr
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "nowhere" / "keys"))
    lost = program("httperf", "-listen", "127.0.0.1:0")
    assert lost.returncode == 1 and f"{tmp_path}/nowhere/keys: No such file or directory; $SSLKEYLOGFILE names it" in lost.stderr
    assert "$TMPDIR" not in lost.stderr


@pytest.mark.parametrize("flags, words", [
    (["-period", "-1"], "-period"), (["-period", "0.0001"], "-period"), (["-period", "nan"], "-period"),
    (["-connections", "0"], "-connections"), (["-threads", "-3"], "-3"), (["-listen", "host:port"], "-listen"),
    (["-block-size", "0"], "-block-size"), (["--tls-max", "1.1"], "--tls-max"), (["--ciphers", "NONSENSE"], "NONSENSE"),
    (["--cert", "/nowhere"], "/nowhere"), (["--key", "x"], "--cert"), (["-log-period", "0s"], "-log-period"),
    (["-log-period", "-1s"], "-log-period: found -1.00s, expected more than 0"), (["--duration", "-1s"], "--duration: found -1.00s"),
    (["--json", "--json-stream"], "--json: found with --json-stream"),
    (["-base-url", "ftp://x"], "-base-url"), (["--plain", "-base-url", "https://x"], "--plain"),
    (["--ciphers", "TLS_AES_128_GCM_SHA256:TLS_NOPE"], '--ciphers: found no cipher that is called "TLS_NOPE"'),
    (["--ciphers", ":"], "--ciphers: found no cipher's name"), (["--ciphers", "TLS_AES_128_GCM_SHA256", "--tls-max", "1.2"], "--ciphers"),
    (["--plain", "--ciphers", "NONSENSE"], "--ciphers"), (["--plain", "--ciphers", "TLS_AES_128_GCM_SHA256"], "--ciphers: found with --plain"),
    (["--plain", "--cert", "/nowhere"], "--cert: found with --plain"), (["--plain", "--tls-max", "1.2"], "--tls-max: found with --plain"),
    (["--requests", "3"], "--requests: found without -base-url"), (["--warmup", "1s"], "--warmup: found without -base-url"),
    (["--pipeline"], "--pipeline: found without -base-url"), (["--resume"], "--resume: found without -base-url"),
    (["--ca", "x"], "--ca: found without -base-url"), (["-base-url", "http://x", "--ca", "x"], "--ca: found with http://"),
    (["-base-url", "x", "--ca", __file__], "--ca: the certificate authority"), (["--cert", __file__], "--cert, --key: the certificate"),
    (["-period", "1000000", "-blocks-per-request", "10000000"], "-blocks-per-request"),
])
def test_a_wrong_flag_is_one_line_that_names_it(program, tmp_path, monkeypatch, flags, words):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    finished = program("httperf", "-listen", "127.0.0.1:0", *flags)
    assert finished.returncode == 1
    assert words in finished.stderr and finished.stderr.count("\n") == 1
    assert finished.stdout == ""  # no port is told


@pytest.mark.parametrize("flags, told", [
    (["-connections", "4"], "-connections needs -base-url: without it this is a server only"),
    (["-blocks-per-request=7", "--threads", "1", "-connections", "4", "-block-size=5", "-period", "0", "-seed", "7"],
     "-connections, -block-size, -period, -blocks-per-request, -threads, --seed need -base-url: without it this is a server only"),
    (["-log-period", "1s", "--io-threads", "1", "-v", "0"], ""),
])
def test_a_server_alone_tells_which_flags_need_a_server_to_ask(program, tmp_path, monkeypatch, flags, told):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    finished = program("go_httperf", "-listen", "127.0.0.1:0", "--duration", "10ms", *flags)
    assert finished.returncode == 0 and "server only" in finished.stdout
    assert finished.stderr.count("\n") == (1 if told else 0) and told in finished.stderr


def test_who_left_is_told_at_1_with_its_port(tmp_path):
    with httperf(tmp_path, "-v=1") as server:
        with server.connect() as client:
            port = client.getsockname()[1]
            client.sendall(b"GET /blocks?size=10&n=2&periodMS=3600000 HTTP/1.1\r\nHost: x\r\n\r\n")
            assert client.recv(1000).startswith(b"HTTP/1.1 200")
        envtest.wait_until(lambda: json.loads(server.get("/stats")[1])["broken_off"] == 1, "the end of the answer")
        _, errors, _ = server.stop()
    assert f'127.0.0.1:{port}: "/blocks?size=10&n=2&periodMS=3600000": ' in errors


def test_a_server_alone_tells_its_last_interval(tmp_path):
    server = subprocess.run([BINARY, "httperf", "-listen", "127.0.0.1:0", "--json-stream", "--duration", "50ms"], cwd=tmp_path,
                            env={**os.environ, "TMPDIR": str(tmp_path)}, capture_output=True, text=True, timeout=20)
    interval, end = [json.loads(line) for line in server.stdout.splitlines()]
    assert 0.05 <= interval["interval"]["end"] == pytest.approx(end["end"]["duration"] / 1e9)


def test_a_server_ends_with_totals(tmp_path):
    with httperf(tmp_path) as server:
        server.get("/blocks?size=1000&n=5&periodMS=0")
        out, _, code = server.stop(signal.SIGINT)
        assert code == 130
        assert out.startswith("httperf, server only: ")
        assert "5.00 kB" in out and "interrupted by SIGINT" in out
