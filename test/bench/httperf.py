"""Measures what httperf must reach, beside wrk, nginx and iperf3: `./dev bench httperf`.

Each figure is the median of several rounds, beside its bar; rivals are measured in the same round.
"""

import contextlib
import json
import pathlib
import re
import socket
import ssl
import subprocess
import tempfile
import time

from bars import STATED, at_least, at_most, main
import real_server as envtest  # on the path that bars makes

SUITE = "TLS_AES_128_GCM_SHA256"
MIB = 1 << 20
SECONDS = 3

NGINX = """
worker_processes 1; daemon off; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 2048; }}
http {{
  access_log off; sendfile on; keepalive_requests 1000000000; open_file_cache max=10;
  client_body_temp_path {folder}/1; proxy_temp_path {folder}/2; fastcgi_temp_path {folder}/3;
  uwsgi_temp_path {folder}/4; scgi_temp_path {folder}/5;
  server {{
    listen 127.0.0.1:{port} ssl; root {folder}; ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem;
    ssl_protocols TLSv1.3; ssl_conf_command Ciphersuites {suite};
  }}
}}
"""


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def listens(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


@contextlib.contextmanager
def running(command, port):
    """A server that listens on `port` and ends with the block."""
    with subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            envtest.wait_until(lambda: listens(port), command[0], seconds=10)
            yield process
        finally:
            process.terminate()
            process.wait(timeout=10)


@contextlib.contextmanager
def nginx(folder):
    port = free_port()
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                    "/CN=localhost", "-keyout", folder / "key.pem", "-out", folder / "cert.pem"], check=True, capture_output=True)
    (folder / "large").write_bytes(bytes(MIB))
    (folder / "small").write_bytes(bytes(100))
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, port=port, suite=SUITE))
    folder.chmod(0o755)  # its worker is another user
    with running(["nginx", "-e", folder / "error.log", "-c", folder / "nginx.conf"], port):
        yield f"https://127.0.0.1:{port}"


@contextlib.contextmanager
def server(binary, *flags):
    port = free_port()
    with running([binary, "httperf", "-listen", f"127.0.0.1:{port}", *flags], port) as process:
        yield ("http" if "--plain" in flags else "https") + f"://127.0.0.1:{port}", process


def ask(binary, url, *flags, seconds=SECONDS):
    command = [binary, "httperf", "-listen", "127.0.0.1:0", "-base-url", url, "--json",
               "--warmup", "500ms", "--duration", f"{seconds}s", *flags]
    if url.startswith("https:"):
        command += ["--ciphers", SUITE]
    finished = subprocess.run(list(map(str, command)), check=True, capture_output=True, text=True)
    return json.loads(finished.stdout)


def wrk(url, connections):
    """Requests per second."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{SECONDS}", url]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return float(re.search(r"Requests/sec:\s+([\d.]+)", printed)[1])


def iperf():
    """Bytes per second of one stream without TLS."""
    port = free_port()
    with running(["iperf3", "-s", "-p", port], port):
        time.sleep(0.2)  # the look at its port was a client to it
        command = ["iperf3", "-J", "-c", "127.0.0.1", "-p", str(port), "-t", str(SECONDS)]
        result = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return result["end"]["sum_received"]["bits_per_second"] / 8


def threads(count):
    return ["-connections", count, "-threads", count]


def large_blocks(binary):
    flags = ["-block-size", MIB, "-period", 0, "-blocks-per-request", 1]
    with tempfile.TemporaryDirectory(prefix="k8scale-bench-") as name, nginx(pathlib.Path(name)) as rival:
        with server(binary, "--ciphers", SUITE) as (url, _):
            theirs = wrk(rival + "/large", 1) * MIB
            one = ask(binary, url, *flags)["total"]["bytes_per_second"]
            two = ask(binary, url, *flags, *threads(2))["total"]["bytes_per_second"]
    yield "1 1 MiB blocks, one connection, MB/s", STATED, one / 1e6
    yield "1 wrk reading 1 MiB files from nginx, MB/s", STATED, theirs / 1e6
    yield "1 one connection / wrk and nginx", at_least(0.95), one / theirs
    yield "1 two connections / one", at_least(1), two / one


def plain(binary):
    flags = ["--plain", "-block-size", MIB, "-period", 0, "-blocks-per-request", 1000]
    with server(binary, "--plain") as (url, _):
        ours = ask(binary, url, *flags)["total"]["bytes_per_second"]
        theirs = iperf()
    yield "2 --plain, one connection, MB/s", STATED, ours / 1e6
    yield "2 --plain / iperf3", at_least(0.9), ours / theirs


def small_requests(binary):
    flags = ["-block-size", 100, "-period", 0, "-blocks-per-request", 1, *threads(16)]
    with tempfile.TemporaryDirectory(prefix="k8scale-bench-") as name, nginx(pathlib.Path(name)) as rival:
        with server(binary, "--ciphers", SUITE) as (url, _):
            of_nginx = wrk(rival + "/small", 16)
            of_ours = wrk(url + "/blocks?size=100&n=1&periodMS=0", 16)
            asked = ask(binary, url, *flags)["total"]["requests_per_second"]
    yield "3 size=100, 16 connections: requests/s", STATED, asked
    yield "3 client / wrk, both against our server", at_least(0.8), asked / of_ours
    yield "3 our server / nginx, both under wrk", at_least(0.8), of_ours / of_nginx


def paced(binary):
    flags = ["-block-size", 500, "-period", 0.01, "-blocks-per-request", 1000, *threads(200)]
    with server(binary) as (url, _):
        result = ask(binary, url, *flags, seconds=5)
    seconds = result["duration"] / 1e9
    yield "4 blocks/s on 200 connections", at_least(19_000), result["total"]["bytes_per_second"] / 500
    yield "4 block lateness p99 at the client, ms", at_most(1), result["total"]["times"]["lateness"]["p99"] / 1e6
    yield "4 block lateness p99 at the server, ms", at_most(1), result["server_side"]["lateness"]["p99"] / 1e6
    yield "4 CPU of the client, cores", STATED, result["total"]["cpu"] / 1e9 / seconds
    yield "4 CPU of the server, cores", STATED, result["server_side"]["cpu"] / 1e9 / seconds


def resident_megabytes(process):
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) * 1024 / 1e6


def memory(binary):
    context = ssl._create_unverified_context()
    flags = ["-block-size", 10_000, "-period", 0.01, "-blocks-per-request", 1000, *threads(100)]
    with server(binary) as (url, process), contextlib.ExitStack() as stack:
        address = ("127.0.0.1", int(url.rsplit(":", 1)[1]))
        for _ in range(1000):
            connection = stack.enter_context(context.wrap_socket(socket.create_connection(address)))
            connection.sendall(b"GET /blocks?size=100&n=1&periodMS=0 HTTP/1.1\r\nHost: localhost\r\n\r\n")
            connection.recv(4096)
        command = [binary, "httperf", "-listen", "127.0.0.1:0", "-base-url", url, "--duration", "5s", *flags]
        with subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL) as busy:
            largest = 0
            while busy.poll() is None:
                largest = max(largest, resident_megabytes(process))
                time.sleep(0.1)
    yield "5 1,000 idle and 100 busy connections: resident, MB", at_most(40), largest


if __name__ == "__main__":
    main(__doc__, [large_blocks, plain, small_requests, paced, memory])
