"""The manifests in deploy/ on a real kube-apiserver, and what their roles grant: enough, and nothing more."""

import copy
import json
import os
import re
import signal
import subprocess

import pytest
import yaml
from conftest import BINARY
from pods import DEPLOY, NAMESPACE, OVERLAYS, Cluster, Role, render, templates
from real_server import wait_until

pytestmark = pytest.mark.xdist_group("real-server-for-deploy") # one of its own: its tests take as long as all others of a real server

SHORT = ["-waitBeforeTerminate", "0", "--progress", "none", "-metricport", "127.0.0.1:0"]
FEW = [*SHORT, "-lambda", "200", "-n", "20", "-maxpop", "5"]
ROLES = {
    "cm-logger": Role("clusterrole", "k8scale-cm-logger", "cm-logger", "configmaps"),
    "flunder-logger": Role("clusterrole", "k8scale-flunder-logger", "flunder-logger", "flunders.wardle.example.com"),
    "flunder-watch": Role("clusterrole", "k8scale-flunder-logger", "flunder-logger", "flunders.wardle.example.com"),
    "cmdriver": Role("role", "cmdriver", "cmdriver", "configmaps"),
    "cmdriverclosed": Role("role", "cmdriverclosed", "cmdriverclosed", "configmaps"),
    "flunder-driver": Role("role", "flunder-driver", "flunder-driver", "flunders.wardle.example.com"),
    "drive": Role("role", "drive", "drive", "configmaps"),
}
# Flags that make a run short.
DRIVERS = {
    "cmdriver": [*FEW],
    "cmdriver-job": [*FEW],
    "flunder-driver": [*FEW],
    "cmdriverclosed": [*SHORT, "-conns", "1", "-n", "20", "-threads", "4", "-rate", "1000"],
    "drive": [*SHORT, "--rate", "400", "-n", "200", "--initial", "60"],
}
JOB = {"metadata.labels['batch.kubernetes.io/job-name']": "drive",
       "metadata.labels['batch.kubernetes.io/controller-uid']": "0b5a2c0e-5a1c-4f6d-9c0e-000000000001"}


@pytest.fixture(scope="module")
def namespace(real_server):
    real_server.kubectl_run("apply", "-f", str(DEPLOY / "base" / "namespace.yaml"))
    return real_server


def applied(server, overlay, *flags):
    return server.kubectl_run("apply", "-k", str(DEPLOY / overlay), *flags)


def with_roles(server, folder, resources):
    """That server with all roles of the manifests, of which those of the resources are in force."""
    applied(server, "base")
    cluster = Cluster(server, folder)
    for role in ROLES.values():
        if role.resource.split(".")[0] in resources:
            wait_until(lambda r=role: any(cluster.may(r, verb) for verb in ("list", "create")), role.name)
    return cluster


@pytest.fixture
def cluster(namespace, tmp_path):
    """The real server with the roles of the manifests."""
    return with_roles(namespace, tmp_path, ["configmaps"])


@pytest.fixture
def flunder_cluster(namespace, flunder_server, tmp_path):
    """The same with flunders behind it."""
    return with_roles(namespace, tmp_path, ["configmaps", "flunders"])


def workload(overlay):
    [template] = templates(render(DEPLOY / overlay)).values()
    return template


def test_there_is_an_overlay_for_each_piece():
    assert OVERLAYS == sorted([*ROLES, "cmdriver-job", "httperf"])


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_server_takes_a_manifest_and_makes_what_it_says(namespace, overlay):
    tried = applied(namespace, overlay, "--dry-run=server")
    assert tried.splitlines() and all("server dry run" in line for line in tried.splitlines())
    applied(namespace, overlay)
    try:
        for each in render(DEPLOY / overlay):
            place = ["-n", each["metadata"]["namespace"]] if "namespace" in each["metadata"] else []
            made = json.loads(namespace.kubectl_run("get", each["kind"], each["metadata"]["name"], *place, "-o", "json"))
            if "template" in each.get("spec", {}):
                [container], [wanted] = (it["spec"]["template"]["spec"]["containers"] for it in (made, each))
                assert container["args"] == wanted["args"]
    finally:
        for each in render(DEPLOY / overlay):
            if each["kind"] in ("Job", "Deployment", "ReplicaSet", "Service"):
                namespace.kubectl_run("delete", each["kind"], each["metadata"]["name"], "-n", NAMESPACE, "--cascade=background")


def pod_of(template, name):
    return {"apiVersion": "v1", "kind": "Pod", "spec": template["spec"],
            "metadata": {"name": name, "namespace": NAMESPACE, "labels": template["metadata"]["labels"]}}


def try_pod(server, pod):
    return server.kubectl_run("create", "--dry-run=server", "-f", "-", input=json.dumps(pod))


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_pods_satisfy_the_restricted_standard(namespace, overlay):
    for name, template in templates(render(DEPLOY / overlay)).items():
        pod = pod_of(template, name)
        assert "created" in try_pod(namespace, pod)
        loose = copy.deepcopy(pod)
        del loose["spec"]["containers"][0]["securityContext"]["allowPrivilegeEscalation"]
        with pytest.raises(RuntimeError, match="violates PodSecurity"):
            try_pod(namespace, loose)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_pods_have_bounds_probes_and_a_place_to_write(overlay):
    objects = render(DEPLOY / overlay)
    ports = {}
    for name, template in templates(objects).items():
        [container] = template["spec"]["containers"]
        assert set(container["resources"]) == {"requests", "limits"}
        assert container["securityContext"]["readOnlyRootFilesystem"]
        assert [mount["mountPath"] for mount in container["volumeMounts"]] == ["/tmp"]
        named = {port["name"]: port["containerPort"] for port in container.get("ports", [])}
        ports |= named
        if "metrics" in named:
            said = subprocess.run([BINARY, container["args"][0], "--help"], capture_output=True, text=True, check=True).stdout
            [port] = [line for line in said.splitlines() if line.lstrip().startswith("--metricport ")]
            assert str(named["metrics"]) in re.findall(r"\d+", port) # the program's default
            assert container["readinessProbe"]["httpGet"] == {"path": "/healthz", "port": "metrics"}
    for service in (each for each in objects if each["kind"] == "Service" and "annotations" in each["metadata"]):
        assert service["spec"]["clusterIP"] == "None"
        assert service["metadata"]["annotations"] == {"prometheus.io/scrape": "true",
                                                      "prometheus.io/port": str(ports["metrics"])}
        assert service["spec"]["selector"]["app"] in [it["metadata"]["labels"]["app"] for it in templates(objects).values()]


def test_the_number_of_parts_stands_in_one_place(tmp_path):
    for folder in ("base", "components", "drive"):
        subprocess.run(["cp", "-r", DEPLOY / folder, tmp_path], check=True)
    job = tmp_path / "drive" / "job.yaml"
    job.write_text(job.read_text().replace("completions: 4", "completions: 7"))
    [made] = [each for each in render(tmp_path / "drive") if each["kind"] == "Job"]
    assert (made["spec"]["completions"], made["spec"]["parallelism"]) == (7, 7)
    variables = {each["name"]: each.get("value") for each in made["spec"]["template"]["spec"]["containers"][0]["env"]}
    assert variables["K8SCALE_PARTS"] == "7"


def test_the_pod_monitor_is_one(namespace, tmp_path):
    crd = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
           "metadata": {"name": "podmonitors.monitoring.coreos.com"},
           "spec": {"group": "monitoring.coreos.com", "scope": "Namespaced",
                    "names": {"kind": "PodMonitor", "plural": "podmonitors", "singular": "podmonitor"},
                    "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": {
                        "type": "object", "x-kubernetes-preserve-unknown-fields": True}}}]}}
    namespace.kubectl_run("apply", "-f", "-", input=json.dumps(crd))
    namespace.kubectl_run("wait", "--for=condition=established", "crd/podmonitors.monitoring.coreos.com", "--timeout=30s")
    overlay, component = (os.path.relpath(DEPLOY / name, tmp_path) for name in ("cm-logger", "components/pod-monitor"))
    (tmp_path / "kustomization.yaml").write_text(yaml.safe_dump({"resources": [overlay], "components": [component]}))
    try:
        assert "podmonitor.monitoring.coreos.com/k8scale created (server dry run)" in namespace.kubectl_run(
            "apply", "-k", str(tmp_path), "--dry-run=server")
    finally:
        namespace.kubectl_run("delete", "crd", "podmonitors.monitoring.coreos.com")


class Driven:
    """Processes of a driver's pods, that have ended."""

    def __init__(self, folder, processes):
        self.codes, self.errors = [], ""
        for process in processes:
            self.errors += process.communicate(timeout=90)[1]
            self.codes.append(process.returncode)
        self.summaries = [json.loads(file.read_text()) for file in folder.glob("*-driver*.json")]

    @property
    def reasons(self):
        """Why operations failed, and of which verbs."""
        return {(verb, reason) for summary in self.summaries for verb, totals in summary["operations"].items()
                for reason in totals["errors"]}


def drive(cluster, overlay):
    """Runs the workload of a driver, as its pods."""
    template = workload(overlay)
    if overlay != "drive":
        return Driven(cluster.folder, [cluster.start(template, *DRIVERS[overlay])])
    flags = [*DRIVERS["drive"], "--start-deadline", "6s"]
    processes = [cluster.start(template, *flags, variables=JOB, JOB_COMPLETION_INDEX=str(index)) for index in range(4)]
    try:
        return Driven(cluster.folder, processes)
    finally:
        cluster.server.kubectl_run("delete", "configmaps", "-n", NAMESPACE, "-l", "scaletest/run=drive")


def check_driver(cluster, overlay):
    role = ROLES[overlay]
    run = drive(cluster, overlay)
    assert set(run.codes) == {0}, run.errors
    assert not any(reason == "Forbidden" for _, reason in run.reasons) and "forbidden" not in run.errors.lower()
    for verb in cluster.rules(role)[0]["verbs"]:
        for file in cluster.folder.glob("*-driver*.*"):
            file.unlink()
        with cluster.without(role, verb):
            run = drive(cluster, overlay)
        refused = any(reason == "Forbidden" for _, reason in run.reasons)
        assert refused or (0 not in run.codes and "is forbidden: User" in run.errors), (verb, run.codes, run.errors)
        cluster.server.kubectl_run("delete", role.resource, "-n", NAMESPACE, "-l", "purpose=scaletest")


@pytest.mark.parametrize("overlay", ["cmdriver", "cmdriverclosed", "drive"])
def test_a_driver_may_do_what_it_needs_and_needs_what_it_may(cluster, overlay):
    check_driver(cluster, overlay)


def test_the_job_of_cmdriver_ends_well(cluster):
    run = drive(cluster, "cmdriver-job")
    assert run.codes == [0] and not run.reasons, run.errors
    [summary] = run.summaries
    assert summary["operations"]["create"]["ok"] == summary["operations"]["delete"]["ok"] == 20


def test_flunder_driver_may_do_what_it_needs_and_needs_what_it_may(flunder_cluster):
    check_driver(flunder_cluster, "flunder-driver")


def start_watching(cluster, overlay, *flags):
    """Starts the workload of a logger or watcher."""
    rows = [] if overlay == "flunder-watch" else ["-data-filname", cluster.folder / "obj-log.csv"]
    return cluster.start(workload(overlay), "-metricport", "127.0.0.1:0", "-v", "2", *rows, *flags)


def watch_until_told(cluster, overlay, words):
    """Runs it until it has said `words`, or 30 s; what it said."""
    said = ""
    with start_watching(cluster, overlay, "--for", "30s") as process:
        for line in process.stderr:
            if words in line and words not in said:
                process.terminate()
            said += line
    return said


def check(cluster, overlay):
    """What `k8scale check` finds in a pod of the workload, and its exit code."""
    template = copy.deepcopy(workload(overlay))
    template["spec"]["containers"][0]["args"] = ["check", overlay]
    process = cluster.start(template)
    return process.communicate(timeout=60)[0], process.returncode


def check_watcher(cluster, overlay):
    said = start_watching(cluster, overlay, "--until-idle", "500ms").communicate(timeout=60)[1]
    assert "forbidden" not in said.lower()
    found, code = check(cluster, overlay)
    assert code == 0, found
    for verb in cluster.rules(ROLES[overlay])[0]["verbs"]:
        with cluster.without(ROLES[overlay], verb):
            found, code = check(cluster, overlay)
            assert code == 3 and f"may not {verb} " in found, found
            if verb == "list" and overlay != "flunder-watch":
                continue  # loggers let this server stream the list, which is a watch; an older one cannot
            said = watch_until_told(cluster, overlay, "is forbidden: User")
        assert "is forbidden: User" in said and f'cannot {verb} resource' in said, said


def test_cm_logger_may_do_what_it_needs_and_needs_what_it_may(cluster):
    check_watcher(cluster, "cm-logger")


@pytest.mark.parametrize("overlay", ["flunder-logger", "flunder-watch"])
def test_watchers_of_flunders_may_do_what_they_need_and_need_what_they_may(flunder_cluster, overlay):
    check_watcher(flunder_cluster, overlay)


def test_addresses_of_servers_may_be_read_but_are_not_there(cluster):
    """The test server has no endpoints of its own; who may not ask is told so instead."""
    def told(overlay, *flags):
        process = cluster.start(workload(overlay), *flags)
        said = process.communicate(timeout=60)[1]
        assert process.returncode == 22
        return said
    assert "found no ready endpoint" in told("cmdriver", *FEW, "-clientlb")
    assert "found no ready endpoint" in told("cmdriverclosed", *SHORT)
    where = {"kind": "role", "name": "k8scale-endpoints", "namespace": "default", "account": "cmdriver"}
    with cluster.without(Role(**where, resource="endpoints/kubernetes"), "get"):
        assert "cannot get resource" in told("cmdriver", *FEW, "-clientlb")
    with cluster.without(Role(**where, resource="endpointslices.discovery.k8s.io", rule=1), "list"):
        assert "cannot list resource" in told("cmdriver", *FEW, "-clientlb")


def test_httperf_measures_between_its_two_pods(cluster):
    [server, client] = [templates(render(DEPLOY / "httperf"))[name] for name in ("httperf", "httperf-client")]
    serving = cluster.start(server, "-listen", "127.0.0.1:0")
    url = serving.stdout.readline().split(" listens on ")[1].strip()
    asking = cluster.start(client, "-listen", "127.0.0.1:0", "--base-url", url, "--duration", "300ms", "--json")
    result = json.loads(asking.communicate(timeout=60)[0])
    serving.send_signal(signal.SIGTERM)
    serving.communicate(timeout=30)
    assert asking.returncode == 0 and json.dumps(result).count("bytes") > 0
