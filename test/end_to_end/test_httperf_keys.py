"""The TLS keys that httperf writes decrypt what was said."""

import os
import stat
import subprocess

import pytest
import real_server as envtest

from httperf import FAST, ask, expected, httperf, need, nginx
from recording_relay import recording_relay


def decrypted(capture, keys):
    """URIs of requests and status codes of answers that tshark finds in a capture with these keys."""
    command = ["tshark", "-r", capture, "-o", f"tls.keylog_file:{keys}", "-d", "tcp.port==443,tls", "-Y", "http", "-T", "fields",
               "-e", "http.request.uri", "-e", "http.response.code"]
    finished = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return finished.stdout.split()


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_the_servers_keys_decrypt_what_curl_asked(tmp_path, version):
    need("tshark")
    with httperf(tmp_path) as server:
        with recording_relay(server.port, tmp_path / "capture.pcap") as port:
            subprocess.run(["curl", "-sk", "--tls-max", version, "-o", tmp_path / "body",
                            f"https://127.0.0.1:{port}/blocks?size=100&n=7&periodMS=0"], check=True, timeout=20)
        assert decrypted(tmp_path / "capture.pcap", server.keys) == ["/blocks?size=100&n=7&periodMS=0", "200"]
        assert stat.S_IMODE(os.stat(server.keys).st_mode) == 0o600


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_the_clients_keys_decrypt_what_nginx_answered(tmp_path, version):
    need("tshark")
    client_folder = tmp_path / "client"
    client_folder.mkdir()
    with nginx(tmp_path, expected(100, 1)) as url:
        # Its first connection asks for statistics, and is relayed; the one for blocks is refused.
        with recording_relay(int(url.rsplit(":", 1)[1]), tmp_path / "capture.pcap") as port:
            ask(client_folder, f"https://127.0.0.1:{port}", *FAST, "-block-size", 100, "--requests", 1, "--tls-max", version)
        keys, = client_folder.glob("*.keys")
        assert decrypted(tmp_path / "capture.pcap", keys) == ["/stats", "404"]


def test_the_client_writes_its_keys_to_both_files(tmp_path, monkeypatch):
    another = tmp_path / "another.keys"
    monkeypatch.setenv("SSLKEYLOGFILE", str(another))
    with httperf(tmp_path) as server:
        before = server.keys.read_text()
        ask(tmp_path, server.url, *FAST, "--requests", 1)
        own = [path for path in tmp_path.glob("*.keys") if path not in (another, server.keys)]
        assert len(own) == 1
        secrets = {line.split()[2] for line in own[0].read_text().splitlines() if line.startswith("CLIENT_TRAFFIC_SECRET_0")}
        assert secrets
        assert all(secret in another.read_text() and secret in server.keys.read_text() for secret in secrets)
        assert server.keys.read_text().startswith(before)


def test_keys_are_written_through_no_link_but_where_the_user_says(program, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    port, = envtest.free_ports(1)
    target = tmp_path / "target"
    (tmp_path / f"{port}.keys").symlink_to(target)
    refused = program("httperf", "-listen", f"127.0.0.1:{port}", "--duration", "10ms")
    assert refused.returncode == 1 and f"{port}.keys: is a link" in refused.stderr
    (tmp_path / f"{port}.keys").unlink()
    (tmp_path / "chosen").symlink_to(target)
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "chosen"))
    with httperf(tmp_path) as server:
        assert server.get("/blocks?size=1&n=1&periodMS=0")[0] == 200
        own = set(server.keys.read_text().splitlines())
        assert own and own <= set(target.read_text().splitlines())  # curl writes there too


def test_a_key_file_that_others_could_read_is_closed_to_them(program, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    port, = envtest.free_ports(1)
    keys = tmp_path / f"{port}.keys"
    keys.touch()
    keys.chmod(0o666)
    assert program("httperf", "-listen", f"127.0.0.1:{port}", "--duration", "10ms").returncode == 0
    assert stat.S_IMODE(keys.stat().st_mode) == 0o600


def test_keys_that_are_lost_are_told_once(tmp_path, monkeypatch):
    monkeypatch.setenv("SSLKEYLOGFILE", "/dev/full")
    with httperf(tmp_path) as server:
        for _ in range(2):
            assert server.get("/blocks?size=1&n=1&periodMS=0")[0] == 200
        _, errors, _ = server.stop()
    assert errors.count("/dev/full: TLS keys are lost: No space left on device") == 1 == errors.count("\n")


@pytest.mark.parametrize("chosen", [True, False])
def test_a_fifo_takes_keys_only_while_it_is_read(program, tmp_path, monkeypatch, chosen):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    port, = envtest.free_ports(1)
    fifo = tmp_path / ("fifo" if chosen else f"{port}.keys")
    os.mkfifo(fifo)
    if chosen:
        monkeypatch.setenv("SSLKEYLOGFILE", str(fifo))
    refused = program("httperf", "-listen", f"127.0.0.1:{port}", "--duration", "10ms")
    assert refused.returncode == 1 and f"{fifo}: is a FIFO that nobody reads" in refused.stderr
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    try:
        with httperf(tmp_path, "-listen", f"127.0.0.1:{port}") as server:
            server.connect().close()
            flags = open_flags(server.process.pid, fifo)
            os.set_blocking(reader, True)
            read = b""
            while b"CLIENT_TRAFFIC_SECRET_0" not in read:
                more = os.read(reader, 1 << 16)
                assert more
                read += more
        assert flags & os.O_APPEND and not flags & os.O_NONBLOCK
    finally:
        os.close(reader)


def open_flags(process, path):
    """Of the descriptor by which a process has the file open."""
    descriptor, = [each for each in os.listdir(f"/proc/{process}/fd") if os.path.realpath(f"/proc/{process}/fd/{each}") == str(path)]
    told, = [line for line in open(f"/proc/{process}/fdinfo/{descriptor}") if line.startswith("flags:")]
    return int(told.split()[1], 8)
