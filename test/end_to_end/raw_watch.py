"""A watch read from the wire, event by event, by nothing but Python's own HTTP."""

import base64
import contextlib
import http.client
import json
import ssl
import urllib.parse

import yaml

CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"


class Client:
    """Talks to the server of a kubeconfig as its user."""

    def __init__(self, kubeconfig):
        content = yaml.safe_load(kubeconfig.read_text())
        cluster, user = content["clusters"][0]["cluster"], content["users"][0]["user"]
        url = urllib.parse.urlparse(cluster["server"])
        self._address = (url.hostname, url.port)
        self._context = ssl.create_default_context(
            cadata=base64.b64decode(cluster["certificate-authority-data"]).decode())
        certificate = kubeconfig.with_name("client.pem")
        certificate.write_bytes(base64.b64decode(user["client-key-data"]) + base64.b64decode(user["client-certificate-data"]))
        self._context.load_cert_chain(certificate)

    def open(self, method, path, body=None, **headers):
        """The connection and the head of the answer."""
        connection = http.client.HTTPSConnection(*self._address, context=self._context, timeout=30)
        names = {"Content-Type": "application/json"} if body is not None else {}
        names |= {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, None if body is None else json.dumps(body), names)
        return connection, connection.getresponse()

    def call(self, method, path, body=None, **headers):
        """Status, headers and body of an answer."""
        connection, answer = self.open(method, path, body, **headers)
        with contextlib.closing(connection):
            return answer.status, answer.headers, answer.read()

    def create(self, name, labels=None, **data):
        body = {"metadata": {"name": name, "labels": labels or {}}, "data": data}
        status, _, text = self.call("POST", CONFIG_MAPS, body)
        assert status == 201, text
        return json.loads(text)["metadata"]["resourceVersion"]

    def version(self):
        return json.loads(self.call("GET", CONFIG_MAPS + "?limit=1")[2])["metadata"]["resourceVersion"]

    @contextlib.contextmanager
    def watch(self, options, path=CONFIG_MAPS, **headers):
        connection, answer = self.open("GET", f"{path}?watch=true&{options}", **headers)
        with contextlib.closing(connection):
            yield Events(answer)


class Events:
    """The events of a watch, as an iterator, read chunk by chunk; then how it ended: in order or "broken"."""

    def __init__(self, answer):
        self.status, self.headers, self._body = answer.status, answer.headers, answer.fp
        self.end = None
        self.rest = b""  # behind the last whole event
        self._events = self._read()

    def __iter__(self):
        return self._events

    def _read(self):
        for chunk in self._chunks():
            *lines, self.rest = (self.rest + chunk).split(b"\n")
            yield from map(json.loads, lines)

    def _chunks(self):
        self.end = "broken"
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            while head := self._body.readline():
                size = int(head, 16)
                data = self._body.read(size + len(b"\r\n"))
                if size == 0 and data == b"\r\n":
                    self.end = "in order"
                if size == 0 or len(data) < size:
                    return
                yield data[:size]

    def names(self, count=None):
        """"ADDED a" and so on: the next `count`, or all to the end."""
        found = []
        for event in self:
            found.append(f"{event['type']} {event['object']['metadata'].get('name', '')}".strip())
            if len(found) == count:
                break
        return found
