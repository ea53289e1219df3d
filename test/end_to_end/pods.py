"""Pods of the manifests in deploy/, as processes on this machine."""

import contextlib
import dataclasses
import json
import os
import pathlib
import subprocess

import yaml
from conftest import ASSETS, BINARY, run_kubectl
from real_server import wait_until

DEPLOY = pathlib.Path(__file__).resolve().parents[2] / "deploy"
OVERLAYS = sorted(path.parent.name for path in DEPLOY.glob("*/kustomization.yaml") if path.parent.name != "base")
NAMESPACE = "scaletest"


@dataclasses.dataclass
class Role:
    """One rule of a Role or ClusterRole, and a service account that is bound to it."""
    kind: str
    name: str
    account: str
    resource: str
    namespace: str = NAMESPACE
    rule: int = 0

    @property
    def place(self):
        return [self.kind, self.name] + (["-n", self.namespace] if self.kind == "role" else [])


def render(overlay, kubeconfig="/dev/null"):
    """The objects of an overlay, as kubectl applies them."""
    return list(yaml.safe_load_all(run_kubectl(kubeconfig, "kustomize", str(overlay))))


def templates(objects):
    """The pod templates among them, by the name of their workload."""
    return {each["metadata"]["name"]: each["spec"]["template"] for each in objects if "template" in each.get("spec", {})}


def expand(text, environment):
    for name, value in environment.items():
        text = text.replace(f"$({name})", value)
    return text


class Cluster:
    """A real server on which a manifest's pods run as processes, with the rights of their service accounts."""

    def __init__(self, server, folder):
        self.server, self.folder = server, folder

    def account(self, name):
        """A folder as pods have it, with a token of that service account."""
        folder = self.folder / f"serviceaccount-{name}"
        folder.mkdir(exist_ok=True)
        token = self.server.kubectl_run("create", "token", name, "-n", NAMESPACE)
        (folder / "token").write_text(token)
        (folder / "ca.crt").write_bytes(self.server.ca_file.read_bytes())
        (folder / "namespace").write_text(NAMESPACE)
        return folder

    def environment(self, template, variables):
        """What the kubelet would set: `variables` are those that come from the pod itself."""
        port = self.server.url.rsplit(":", 1)[1]
        made = {"KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": port}
        for each in template["spec"]["containers"][0].get("env", []):
            value = each["value"] if "value" in each else variables[each["valueFrom"]["fieldRef"]["fieldPath"]]
            made[each["name"]] = value
        if account := template["spec"].get("serviceAccountName"):
            made["K8SCALE_SERVICEACCOUNT_DIR"] = str(self.account(account))
        return made

    def start(self, template, *flags, variables=None, **more):
        """Starts the pod's program with its arguments and, behind them, `flags`."""
        environment = self.environment(template, variables or {}) | more
        arguments = [expand(each, environment) for each in template["spec"]["containers"][0]["args"]]
        return subprocess.Popen([BINARY, *arguments, *map(str, flags)], cwd=self.folder, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, "TMPDIR": str(self.folder), **environment})

    def may(self, role, verb):
        """Whether the server lets the account of that role do it."""
        who = f"system:serviceaccount:{NAMESPACE}:{role.account}"
        kubectl = [ASSETS / "kubectl", "--kubeconfig", self.server.kubeconfig]
        answer = subprocess.run([*kubectl, "auth", "can-i", verb, role.resource, "-n", role.namespace, "--as", who],
                                capture_output=True, text=True, timeout=60)
        return answer.stdout.strip() == "yes"

    def rules(self, role):
        return json.loads(self.server.kubectl_run("get", *role.place, "-o", "json"))["rules"]

    @contextlib.contextmanager
    def without(self, role, verb):
        """While it lasts, the role lacks a verb."""
        rules = self.rules(role)
        less = [{**rule, "verbs": [each for each in rule["verbs"] if each != verb]} if place == role.rule else rule
                for place, rule in enumerate(rules)]
        assert less != rules

        def put(new):
            new = [each for each in new if each["verbs"]]
            self.server.kubectl_run("patch", *role.place, "--type=merge", "-p", json.dumps({"rules": new}))
        put(less)
        try:
            wait_until(lambda: not self.may(role, verb), f"{role.account} may not {verb}")
            yield
        finally:
            put(rules)
            wait_until(lambda: self.may(role, verb), f"{role.account} may {verb}")
