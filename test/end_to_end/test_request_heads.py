"""Heads of requests that few clients send, to both HTTP servers: httperf's and that of the Kubernetes API."""

import json
import socket
import ssl

import pytest

from httperf import httperf


def ask(port, head):
    """What the server says in TLS until it closes."""
    context = ssl._create_unverified_context()
    with socket.create_connection(("127.0.0.1", port), timeout=20) as plain, context.wrap_socket(plain) as connection:
        connection.sendall(head.encode())
        return b"".join(iter(lambda: connection.recv(65536), b"")).decode()


def test_a_whole_url_is_served_as_its_path(tmp_path, server):
    with httperf(tmp_path) as blocks:
        answer = ask(blocks.port, f"GET {blocks.url}/blocks?size=2&n=2&periodMS=0 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert answer.startswith("HTTP/1.1 200 ") and answer.endswith("\r\n\r\nAZAZ")
        answer = ask(blocks.port, f"GET {blocks.url}/debug/pprof/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert answer.startswith("HTTP/1.1 200 ") and "profile?seconds=30" in answer
    answer = ask(server.port, f"GET {server.url}/healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert answer.startswith("HTTP/1.1 200 ") and answer.endswith("\r\n\r\nok")


@pytest.mark.parametrize("fields, found", [("", "nothing"), ("Host: x\r\nHost: x\r\n", "it 2 times")])
def test_a_request_has_one_host(tmp_path, server, fields, found):
    told = f"Host: found {found}, expected it exactly once"
    with httperf(tmp_path) as blocks:
        head, body = ask(blocks.port, f"GET /blocks?size=1&n=1&periodMS=0 HTTP/1.1\r\n{fields}\r\n").split("\r\n\r\n")
        assert head.startswith("HTTP/1.1 400 ") and "Content-Type: text/plain" in head and body == told + "\n"
    head, body = ask(server.port, f"GET /healthz HTTP/1.1\r\n{fields}\r\n").split("\r\n\r\n")
    assert head.startswith("HTTP/1.1 400 ") and "Content-Type: application/json" in head
    status = json.loads(body)
    assert (status["kind"], status["code"], status["reason"]) == ("Status", 400, "BadRequest") and told in status["message"]


def test_http_1_0_needs_no_host(tmp_path, server):
    with httperf(tmp_path) as blocks:
        answer = ask(blocks.port, "GET /blocks?size=2&n=2&periodMS=0 HTTP/1.0\r\n\r\n")
        assert answer.startswith("HTTP/1.1 200 ") and answer.endswith("\r\n\r\nAZAZ")
    answer = ask(server.port, "GET /healthz HTTP/1.0\r\n\r\n")
    assert answer.startswith("HTTP/1.1 200 ") and answer.endswith("\r\n\r\nok")
