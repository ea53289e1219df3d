"""Loggers and watchers as processes, and a client that gives them something to see."""

import contextlib
import json
import subprocess
import urllib.request

import kubernetes
import real_server as envtest
from conftest import BINARY


class Observer:
    """A running subcommand that watches; `end` and `stop` give its exit code, then everything else is there."""

    def __init__(self, folder, subcommand, kubeconfig, *flags, metrics="127.0.0.1:0"):
        self.rows_file, self.summary_file = folder / f"{subcommand}.csv", folder / f"{subcommand}.json"
        rows = ["-data-filname", self.rows_file] if "logger" in subcommand else []
        command = [BINARY, subcommand, "-kubeconfig", kubeconfig, *rows, "--summary", "--summary-file",
                   self.summary_file, "-metricport", metrics, *flags]
        self._errors = folder / f"{subcommand}.err"
        with self._errors.open("w") as errors:
            self.process = subprocess.Popen(list(map(str, command)), cwd=folder, text=True,
                                            stdout=subprocess.PIPE, stderr=errors)

    @property
    def rows(self):
        return self.rows_file.read_text().splitlines() if self.rows_file.exists() else []

    @property
    def errors(self):
        return self._errors.read_text()

    @property
    def summary(self):
        return json.loads(self.summary_file.read_text())

    def wait_for_rows(self, count):
        envtest.wait_until(lambda: len(self.rows) >= count, f"{count} rows")

    def wait_until_watching(self):
        self.wait_for_line("changes are watched")

    def wait_for_line(self, text):
        envtest.wait_until(lambda: text in self.errors, text)

    def end(self):
        """Waits until it ends by itself."""
        self.text, _ = self.process.communicate(timeout=60)
        return self.process.returncode

    def stop(self, number):
        self.process.send_signal(number)
        return self.end()


@contextlib.contextmanager
def observing(folder, subcommand, kubeconfig, *flags, **options):
    observer = Observer(folder, subcommand, kubeconfig, *flags, **options)
    try:
        yield observer
    finally:
        if observer.process.poll() is None:
            observer.process.kill()
        observer.process.communicate()


def scrape(port, path="/metrics"):
    """What is served there; empty while nothing is."""
    with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}{path}") as answer:
        return answer.read().decode()
    return ""


class Writer:
    """Creates, changes and deletes ConfigMaps, or Flunders, in namespace default."""

    def __init__(self, kubeconfig):
        api = kubernetes.config.new_client_from_config(str(kubeconfig))
        self.core = kubernetes.client.CoreV1Api(api)
        self._custom = kubernetes.client.CustomObjectsApi(api)
        self._flunders = ("wardle.example.com", "v1alpha1", "default", "flunders")

    def create(self, name, **annotations):
        body = {"metadata": {"name": name, "annotations": annotations}, "data": {"k": "v"}}
        self.core.create_namespaced_config_map("default", body)

    def update(self, name, value, **annotations):
        body = {"metadata": {"annotations": annotations}, "data": {"k": value}}
        self.core.patch_namespaced_config_map(name, "default", body)

    def delete(self, name):
        self.core.delete_namespaced_config_map(name, "default")

    def create_flunder(self, name):
        body = {"apiVersion": "wardle.example.com/v1alpha1", "kind": "Flunder", "metadata": {"name": name}, "spec": {}}
        self._custom.create_namespaced_custom_object(*self._flunders, body)

    def delete_flunder(self, name):
        self._custom.delete_namespaced_custom_object(*self._flunders, name)
