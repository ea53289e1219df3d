"""What README.md and docs/ say to other programs than k8scale is run too: inline code that begins with a program's name, and
lines to ./dev. What cannot run here is listed, with the place where it is run instead, or with the reason."""

import datetime
import json
import re
import signal
import subprocess

import documents
import documents_shell
import pytest
from conftest import ASSETS, MISSING
from documents import TOP, is_of_dev
from documents_shell import own_real_server, shell
from lacking import lack

__all__ = ["own_real_server", "shell"]  # fixtures
pytestmark = documents_shell.MARKS
# What begins a command in inline code, beside k8scale.
PROGRAMS = ("kubectl ", "curl ", "./dev ", "python3 ", "cmake ", "kind ", "docker ", "sudo ", "apt-get ", "source ", "build/release/k8scale ")
# Which file runs it, by which words.
RUN_ELSEWHERE = {
    "./dev demo": ("test/end_to_end/test_dev.py", '"demo"'),
    "./dev test": (".ci/run", "./dev test"),
    "./dev lint": (".ci/run", "./dev lint"),
    "./dev envtest": (".ci/run", "./dev envtest"),
    "./dev build": (".ci/run", "./dev build"),
    "./dev package": ("test/image/test_package.py", 'dev("package")'),
    "./dev image": ("test/image/conftest.py", 'dev("image"'),
    "./dev image --tag k8scale:test": ("test/image/conftest.py", 'dev("image", "--tag"'),
    "./dev publish": ("test/image/test_publish.py", 'dev("publish"'),
    "./dev publish DOCKERPFX=REGISTRY/NAMESPACE": ("test/image/test_publish.py", 'dev("publish", f"DOCKERPFX='),
}
NOT_RUN = {
    "./dev image-test": "makes file systems and mounts them, as root",
    "./dev bench": "measures for minutes, where nothing else may run",
    "./dev bench httperf": "measures for minutes, where nothing else may run",
    "./dev build debug": "compiles for long what ./dev build compiles",
    "./dev test 'cleanup|faults'": "is a run of the tests within a test",
    "kind load docker-image k8scale:latest": "needs a cluster of containers",
    "kubectl apply -k": "lacks its folder: part of a command",
    "kubectl delete -k": "lacks its folder: part of a command",
}


def commands_beside_k8scale():
    """Inline code that begins with another program, and what blocks say to dev."""
    inline_commands = {code for _, _, code in documents.inline_code() if code.startswith(PROGRAMS) and "…" not in code}
    said_to_dev = {line.split("#")[0].strip() for block in documents.blocks() for line in block.text.splitlines() if is_of_dev(line)}
    return inline_commands | said_to_dev


OTHERS = sorted(commands_beside_k8scale() - set(RUN_ELSEWHERE) - set(NOT_RUN))
UNTIL_CTRL_C = "python3 test/envtest/real_server.py"


@pytest.mark.parametrize("command", [each for each in OTHERS if not each.startswith("kubectl ") and each != UNTIL_CTRL_C])
def test_an_inline_command_of_another_program_runs(shell, command):
    finished = shell(command)
    assert finished.returncode == 0, finished.stdout


def complete(job):
    """What the controller writes when all pods of a Job have ended well."""
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"startTime": now, "completionTime": now, "succeeded": job["spec"]["completions"],
            "completedIndexes": f"0-{job['spec']['completions'] - 1}", "uncountedTerminatedPods": {},
            "conditions": [{"type": kind, "status": "True", "lastTransitionTime": now} for kind in ("SuccessCriteriaMet", "Complete")]}


@pytest.mark.parametrize("command", [each for each in OTHERS if each.startswith("kubectl ")])
def test_an_inline_command_of_kubectl_runs_when_the_job_has_ended(shell, command, own_real_server):
    kubectl = own_real_server.kubectl_run
    kubectl("apply", "-k", TOP / "deploy/drive")
    job = json.loads(kubectl("get", "job", "drive", "-n", "scaletest", "-o", "json"))
    kubectl("patch", "job", "drive", "-n", "scaletest", "--subresource=status", "-p", json.dumps({"status": complete(job)}))
    finished = shell(command, own_real_server.kubeconfig)
    assert finished.returncode == 0, finished.stdout


def test_the_real_server_runs_until_ctrl_c(tmp_path):
    if MISSING:
        lack(MISSING)
    assert UNTIL_CTRL_C in OTHERS
    with subprocess.Popen(UNTIL_CTRL_C.split(), cwd=TOP, stdout=subprocess.PIPE, text=True) as process:
        try:
            kubeconfig = re.search(r"/\S+", process.stdout.readline())[0]
            asked = subprocess.run([ASSETS / "kubectl", "--kubeconfig", kubeconfig, "get", "--raw", "/readyz"], capture_output=True,
                                   text=True, timeout=60)
            assert asked.stdout == "ok", asked.stderr
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=60) == 0
        finally:
            process.kill()


def test_a_command_that_is_not_run_here_stands_in_the_pages_and_is_run_where_the_list_says():
    assert set(RUN_ELSEWHERE) | set(NOT_RUN) <= commands_beside_k8scale()
    for command, (file, words) in RUN_ELSEWHERE.items():
        assert words in (TOP / file).read_text(), command
