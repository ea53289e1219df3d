"""Heads of requests that few clients send, to both HTTP servers: httperf's and that of the Kubernetes API."""

import socket
import ssl

from httperf import httperf


def ask(port, head):
    """What the server says in TLS until it closes."""
    context = ssl._create_unverified_context()
    with socket.create_connection(("127.0.0.1", port), timeout=20) as plain, context.wrap_socket(plain) as connection:
        connection.sendall(head.encode())
        return b"".join(iter(lambda: connection.recv(65536), b"")).decode()


def port_of(server):
    return int(server.url.rsplit(":", 1)[1])


def test_a_whole_url_is_served_as_its_path(tmp_path, server):
    with httperf(tmp_path) as blocks:
        answer = ask(blocks.port, f"GET {blocks.url}/blocks?size=2&n=2&periodMS=0 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert answer.startswith("HTTP/1.1 200 ") and answer.endswith("\r\n\r\nAZAZ")
        answer = ask(blocks.port, f"GET {blocks.url}/debug/pprof/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert answer.startswith("HTTP/1.1 200 ") and "profile?seconds=30" in answer
    answer = ask(port_of(server), f"GET {server.url}/healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert answer.startswith("HTTP/1.1 200 ") and answer.endswith("\r\n\r\nok")
