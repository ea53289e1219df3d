"""A real kube-apiserver with its etcd on loopback, for tests. `./dev envtest` builds the programs."""

import argparse
import base64
import contextlib
import ctypes
import http.client
import json
import os
import pathlib
import secrets
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time

_libc = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1
_PROGRAMS = ("etcd", "kube-apiserver", "kubectl")
_HOW_TO_GET = "`./dev envtest` gets it"


def find_assets():
    """The folder with etcd, kube-apiserver and kubectl: $KUBEBUILDER_ASSETS, else what ./build made; or None."""
    cache = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    folder = pathlib.Path(os.environ.get("KUBEBUILDER_ASSETS") or pathlib.Path(cache) / "k8scale" / "envtest")
    return folder if all(os.access(folder / program, os.X_OK) for program in _PROGRAMS) else None


def missing_reason():
    """Why no real server can be started, in one line with the remedy; None when one can be."""
    if find_assets():
        return None
    if folder := os.environ.get("KUBEBUILDER_ASSETS"):
        return f"KUBEBUILDER_ASSETS is {folder}, which lacks one of {', '.join(_PROGRAMS)}"
    return f"no real API server here: {_HOW_TO_GET}"


def wait_until(condition, what, seconds=60):
    """Polls `condition` every 0.1 s; its first true value, or a TimeoutError that names `what`."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {seconds} s")
        time.sleep(0.1)
    return value


def free_ports(count):
    """Ports of 127.0.0.1 that nobody listens on now, all different."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


class _Process:
    """A child whose output goes to NAME.log; it dies with us."""

    def __init__(self, program, directory, *flags):
        self.name = program.name
        self.log = directory / f"{self.name}.log"
        with open(self.log, "wb") as log:
            self._child = subprocess.Popen(
                [program, *flags], stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=directory,
                preexec_fn=lambda: _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL))

    def check(self):
        """Raises with the end of the log when the process is gone."""
        if self._child.poll() is not None:
            end = "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])
            raise RuntimeError(f"{self.name} ended with {self._child.returncode}:\n{end}")

    def kill(self):
        self._child.kill()
        self._child.wait()

    def stop(self):
        self._child.terminate()
        try:
            self._child.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.kill()


class _Keys:
    """Certificates of one server, made by the openssl command."""

    def __init__(self, directory):
        self.directory = directory
        self._config = directory / "openssl.cnf"
        self._config.write_text("[req]\ndistinguished_name = name\n[name]\n")
        self._authority("ca")
        self._authority("front-proxy-ca")
        names = "subjectAltName=DNS:localhost,DNS:kubernetes,IP:127.0.0.1,IP:10.0.0.1"
        self._leaf("server", "ca", "/CN=kube-apiserver", names, "extendedKeyUsage=serverAuth")
        self._leaf("admin", "ca", "/O=system:masters/CN=admin", "extendedKeyUsage=clientAuth")
        self._leaf("front-proxy", "front-proxy-ca", "/CN=front-proxy", "extendedKeyUsage=clientAuth")
        self._openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048",
                      "-out", "service-account.key")
        self._openssl("pkey", "-in", "service-account.key", "-pubout", "-out", "service-account.pub")

    def path(self, name):
        return self.directory / name

    def base64(self, name):
        return base64.b64encode(self.path(name).read_bytes()).decode()

    def _openssl(self, *arguments):
        done = subprocess.run(["openssl", *arguments], cwd=self.directory, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"openssl {' '.join(arguments)}: {done.stderr.strip()}")

    def _certificate(self, name, subject, *arguments):
        self._openssl("req", "-config", str(self._config), "-x509", "-newkey", "ec",
                      "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", subject,
                      "-keyout", f"{name}.key", "-out", f"{name}.crt", *arguments)

    def _authority(self, name):
        self._certificate(name, f"/CN={name}", "-addext", "basicConstraints=critical,CA:TRUE",
                          "-addext", "keyUsage=critical,keyCertSign,digitalSignature",
                          "-addext", "subjectKeyIdentifier=hash")

    def _leaf(self, name, authority, subject, *extensions):
        added = [word for extension in extensions for word in ("-addext", extension)]
        self._certificate(name, subject, "-CA", f"{authority}.crt", "-CAkey", f"{authority}.key", *added)


class RealServer:
    """etcd and kube-apiserver in `directory`; a context manager.

    kubeconfig   path of an admin kubeconfig with a client certificate
    url          https://127.0.0.1:PORT
    token        the bearer token of the same administrator
    ca_file      what signed the server's certificate
    kubectl      path of the program
    """

    def __init__(self, directory, extra_apiserver_flags=()):
        if reason := missing_reason():
            raise RuntimeError(reason)
        self._assets = find_assets()
        self._directory = pathlib.Path(directory).resolve()
        self._extra_flags = extra_apiserver_flags
        self._stack = contextlib.ExitStack()
        self.kubectl = self._assets / "kubectl"
        self.kubeconfig = self._directory / "kubeconfig"
        self.token = secrets.token_hex(16)

    def __enter__(self):
        self._directory.mkdir(parents=True, exist_ok=True)
        with self._stack:
            self._keys = _Keys(self._directory)
            self.ca_file = self._keys.path("ca.crt")
            self._start_etcd()
            self._start_apiserver()
            self._stack = self._stack.pop_all()
        return self

    def __exit__(self, *_):
        self._stack.close()

    def restart_apiserver(self):
        """Ends kube-apiserver as `kill -9` does, and starts it again on the same port. etcd stays."""
        self._apiserver.kill()
        self._start_apiserver(self._port)

    def get(self, path):
        """Status and body of a GET as administrator; (0, b"") while nobody listens."""
        context = ssl.create_default_context(cafile=self.ca_file)
        connection = http.client.HTTPSConnection("127.0.0.1", self._port, timeout=10, context=context)
        with contextlib.closing(connection):
            try:
                connection.request("GET", path, headers={"Authorization": f"Bearer {self.token}"})
                response = connection.getresponse()
                return response.status, response.read()
            except (OSError, http.client.HTTPException):
                return 0, b""

    def kubectl_run(self, *arguments, input=None):
        """Runs kubectl as administrator; its stdout. Raises with its stderr when it fails."""
        # Its discovery cache must not outlive this server: another one may get the same port.
        command = [self.kubectl, "--kubeconfig", self.kubeconfig, "--cache-dir", self._directory / "kubectl-cache"]
        done = subprocess.run([*command, *arguments], input=input, capture_output=True, text=True, timeout=120)
        if done.returncode:
            raise RuntimeError(f"kubectl {' '.join(arguments)}: {done.stderr.strip()}")
        return done.stdout

    def start_sample_apiserver(self):
        """Serves flunders and fischers (wardle.example.com/v1alpha1) through the aggregator."""
        program = self._assets / "sample-apiserver"
        if not os.access(program, os.X_OK):
            raise RuntimeError(f"{self._assets} has no sample-apiserver: unset KUBEBUILDER_ASSETS and {_HOW_TO_GET}")
        authentication = "/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication"
        self._wait(lambda: self.get(authentication)[0] == 200, "the aggregator's configuration")
        [port] = free_ports(1)
        kubeconfigs = [f"--{prefix}kubeconfig={self.kubeconfig}" for prefix in ("", "authentication-", "authorization-")]
        sample = self._start(program, f"--etcd-servers={self._etcd_url}", f"--secure-port={port}",
                             "--bind-address=127.0.0.1", *self._serving_certificate(), *kubeconfigs)
        self.kubectl_run("apply", "-f", "-", input=json.dumps(_aggregation(port)))
        served = "/apis/wardle.example.com/v1alpha1/flunders"
        self._wait(lambda: self.get(served)[0] == 200, "the sample API server", sample)

    def _start(self, program, *flags):
        process = _Process(program, self._directory, *flags)
        self._stack.callback(process.stop)
        return process

    def _wait(self, condition, what, *processes):
        def alive_and_condition():
            for process in processes:
                process.check()
            return condition()
        wait_until(alive_and_condition, what)

    def _start_etcd(self):
        client, peer = (f"http://127.0.0.1:{port}" for port in free_ports(2))
        self._etcd_url = client
        self._etcd = self._start(
            self._assets / "etcd", f"--data-dir={self._directory / 'etcd'}",
            f"--listen-client-urls={client}", f"--advertise-client-urls={client}",
            f"--listen-peer-urls={peer}", f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=default={peer}", "--quota-backend-bytes=8589934592", "--unsafe-no-fsync",
            "--log-level=error")

    def _start_apiserver(self, port=None):
        self._port = port or free_ports(1)[0]
        self.url = f"https://127.0.0.1:{self._port}"
        tokens = self._directory / "tokens.csv"
        tokens.write_text(f"{self.token},admin,admin,system:masters\n")
        self._write_kubeconfig()
        path = self._keys.path
        self._apiserver = self._start(
            self._assets / "kube-apiserver", f"--etcd-servers={self._etcd_url}", f"--secure-port={self._port}",
            "--bind-address=127.0.0.1", *self._serving_certificate(), f"--client-ca-file={path('ca.crt')}",
            f"--requestheader-client-ca-file={path('front-proxy-ca.crt')}",
            "--requestheader-username-headers=X-Remote-User", "--requestheader-group-headers=X-Remote-Group",
            "--requestheader-extra-headers-prefix=X-Remote-Extra-",
            f"--proxy-client-cert-file={path('front-proxy.crt')}", f"--proxy-client-key-file={path('front-proxy.key')}",
            f"--service-account-key-file={path('service-account.pub')}",
            f"--service-account-signing-key-file={path('service-account.key')}",
            "--service-account-issuer=https://kubernetes.default.svc", f"--token-auth-file={tokens}",
            "--authorization-mode=RBAC", "--service-cluster-ip-range=10.0.0.0/24",
            "--disable-admission-plugins=ServiceAccount",
            # Else default/kubernetes names the host's own address, where this server does not listen.
            "--endpoint-reconciler-type=none", *self._extra_flags)
        for ready in ("/readyz", "/api/v1/namespaces/default", "/api/v1/namespaces/kube-system"):
            self._wait(lambda path=ready: self.get(path)[0] == 200, f"{self.url}{ready}", self._etcd, self._apiserver)

    def _serving_certificate(self):
        path = self._keys.path
        return f"--tls-cert-file={path('server.crt')}", f"--tls-private-key-file={path('server.key')}"

    def _write_kubeconfig(self):
        self.kubeconfig.touch(mode=0o600)
        self.kubeconfig.write_text(f"""\
apiVersion: v1
kind: Config
clusters:
- name: envtest
  cluster:
    server: {self.url}
    certificate-authority-data: {self._keys.base64("ca.crt")}
users:
- name: admin
  user:
    client-certificate-data: {self._keys.base64("admin.crt")}
    client-key-data: {self._keys.base64("admin.key")}
contexts:
- name: envtest
  context: {{cluster: envtest, user: admin}}
current-context: envtest
""")


def _aggregation(port):
    """What makes the aggregator forward wardle.example.com to a local port, without a cluster network."""
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "wardle"}}
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "api", "namespace": "wardle"},
               "spec": {"type": "ExternalName", "externalName": "localhost",
                        "ports": [{"port": port, "protocol": "TCP"}]}}
    registration = {"apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService",
                    "metadata": {"name": "v1alpha1.wardle.example.com"},
                    "spec": {"group": "wardle.example.com", "version": "v1alpha1", "insecureSkipTLSVerify": True,
                             "groupPriorityMinimum": 1000, "versionPriority": 15,
                             "service": {"name": "api", "namespace": "wardle", "port": port}}}
    return {"apiVersion": "v1", "kind": "List", "items": [namespace, service, registration]}


def main():
    parser = argparse.ArgumentParser(description="Runs etcd and kube-apiserver until a signal comes.")
    parser.add_argument("--directory", help="where data, keys and logs go (default: a temporary one)")
    parser.add_argument("--sample-apiserver", action="store_true", help="serve flunders and fischers too")
    parser.add_argument("apiserver_flags", nargs="*", metavar="-- FLAG", help="more flags for kube-apiserver")
    arguments = parser.parse_args()
    if reason := missing_reason():
        sys.exit(reason)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: sys.exit(0))
    with contextlib.ExitStack() as stack:
        directory = arguments.directory or stack.enter_context(tempfile.TemporaryDirectory(prefix="k8scale-"))
        server = stack.enter_context(RealServer(directory, arguments.apiserver_flags))
        if arguments.sample_apiserver:
            server.start_sample_apiserver()
        print(server.kubeconfig, flush=True)
        while True:
            signal.pause()


if __name__ == "__main__":
    main()
