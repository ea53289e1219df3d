"""Runs `k8scale httperf` for tests, and servers that are not it."""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import socket
import ssl
import subprocess
import threading

import real_server as envtest
from conftest import BINARY
from lacking import lack

FAST = ["-period", "0", "-blocks-per-request", "1"]


class Httperf:
    """A running `k8scale httperf`: its port, and the folder that its keys are in."""

    def __init__(self, folder, *flags):
        self.folder = folder
        self.plain = "--plain" in flags
        self.process = subprocess.Popen(
            [BINARY, "httperf", "-listen", "127.0.0.1:0", *map(str, flags)], cwd=folder, text=True,
            env={**os.environ, "TMPDIR": str(folder)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.told_url = self.process.stdout.readline().split(" listens on ")[1].strip()
        self.url = self.told_url.replace("localhost", "127.0.0.1")
        self.port = int(self.url.rsplit(":", 1)[1])
        self.keys = folder / f"{self.port}.keys"

    def connect(self, protocol=None):
        """A connection to it, in TLS unless --plain."""
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=20)
        if self.plain:
            return connection
        context = ssl._create_unverified_context()
        if protocol:
            context.maximum_version = protocol
        return context.wrap_socket(connection)

    def get(self, path):
        """Status and body, by curl."""
        finished = subprocess.run(["curl", "-sk", "-w", "\n%{http_code}", self.url + path], capture_output=True, timeout=30)
        body, status = finished.stdout.rsplit(b"\n", 1)
        return int(status), body

    def stop(self, number=signal.SIGTERM):
        """What it prints after the first line, on both outputs, and its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        out, errors = self.process.communicate(timeout=20)
        return out, errors, self.process.returncode


@contextlib.contextmanager
def httperf(folder, *flags):
    running = Httperf(folder, *flags)
    try:
        yield running
    finally:
        if not running.process.stdout.closed:
            running.stop()


def ask(folder, url, *flags, timeout=60):
    """A finished client; its result when --json was given."""
    command = [BINARY, "httperf", "-listen", "127.0.0.1:0", "-base-url", url, *map(str, flags)]
    return subprocess.run(command, cwd=folder, env={**os.environ, "TMPDIR": str(folder)}, capture_output=True, text=True,
                          timeout=timeout)


def result(finished):
    return json.loads(finished.stdout)


def need(program):
    """The test goes on only with `program`: it is skipped without, or fails in CI."""
    if not shutil.which(program):
        lack(f"no {program} here")


def expected(size, count):
    block = b"A" if size == 1 else b"A" + bytes(size - 2) + b"Z"
    return block * count


def read_request(connection):
    """The head of one request, or nothing at the end."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = connection.recv(1)
        if not byte:
            return b""
        head += byte
    return head


@contextlib.contextmanager
def scripted_server(answer, certificate=None):
    """An HTTP server, in TLS with a certificate and key: `answer(connection, number)` is called for the number-th request of all; it closes when that is true."""
    listener = socket.create_server(("127.0.0.1", 0))
    numbers = iter(range(10 ** 9))

    def serve(connection):
        with contextlib.suppress(OSError), connection:
            if certificate:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(*certificate)
                connection = context.wrap_socket(connection, server_side=True)
            while read_request(connection):
                if answer(connection, next(numbers)):
                    return

    def accept():
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"http{'s' if certificate else ''}://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.close()


def answer_of(body, length=None):
    return f"HTTP/1.1 200 OK\r\nContent-Length: {len(body) if length is None else length}\r\n\r\n".encode() + body


NGINX = """
daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;
events {{ }}
http {{
  access_log off; root {folder}; {settings}
  client_body_temp_path {folder}/1; proxy_temp_path {folder}/2; fastcgi_temp_path {folder}/3;
  uwsgi_temp_path {folder}/4; scgi_temp_path {folder}/5;
  server {{ listen 127.0.0.1:{port} ssl; ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem; }}
}}
"""


def make_certificate(folder):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                    "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", folder / "key.pem", "-out",
                    folder / "cert.pem"], check=True, capture_output=True)
    return folder / "cert.pem", folder / "key.pem"


@contextlib.contextmanager
def nginx(folder, body, settings=""):
    """nginx in TLS, whose `/blocks` is `body`."""
    need("nginx")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    make_certificate(folder)
    (folder / "blocks").write_bytes(body)
    configuration = pathlib.Path(folder) / "nginx.conf"
    configuration.write_text(NGINX.format(folder=folder, port=port, settings=settings))
    with subprocess.Popen(["nginx", "-e", folder / "error.log", "-c", configuration], stderr=subprocess.DEVNULL) as process:
        try:
            def listens():
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                    return True
                return False
            envtest.wait_until(listens, "nginx", seconds=20)
            yield f"https://127.0.0.1:{port}"
        finally:
            process.terminate()
