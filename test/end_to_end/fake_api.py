"""An API server without TLS that a test scripts, for what neither ours nor the real one can be made to do."""

import contextlib
import http.server
import json
import threading
import urllib.parse


PROTOBUF = "application/vnd.kubernetes.protobuf"


class FakeApi:
    """Answers each request with what `answer(method, path, query)` gives: a status and an object, or bytes of protobuf."""

    def __init__(self, answer):
        self.requests = []  # (method, path, query), as they came
        self.written = []  # (Content-Type, Accept, body) of those with a body
        fake = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                if body:
                    fake.written.append((self.headers["Content-Type"], self.headers["Accept"], body))
                url = urllib.parse.urlsplit(self.path)
                request = (self.command, url.path, url.query)
                fake.requests.append(request)
                status, content = (200, {"gitVersion": "v1.99.0"}) if url.path == "/version" else answer(*request)
                if status >= 400:
                    content = {"kind": "Status", "status": "Failure", "code": status, "message": f"scripted {status}"}
                is_protobuf = isinstance(content, bytes)
                text = content if is_protobuf else json.dumps(content).encode()
                self.send_response(status)
                self.send_header("Content-Type", PROTOBUF if is_protobuf else "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)
            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def close(self):
        self._server.shutdown()
        self._server.server_close()


@contextlib.contextmanager
def fake_api(answer):
    fake = FakeApi(answer)
    try:
        yield fake
    finally:
        fake.close()


def discovery(**served):
    """A list of resources, plural=Kind."""
    return {"kind": "APIResourceList", "resources": [
        {"name": plural, "kind": kind, "namespaced": True} for plural, kind in served.items()]}
