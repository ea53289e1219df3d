"""A shell that runs what the pages say, in a folder of its own and in front of an API server of its own."""

import os
import pathlib
import re
import shutil
import subprocess

import documents
import pytest
import real_server as envtest
from conftest import ASSETS, BINARY, MISSING
from documents import TOP
from lacking import lack

CREATES_NAMESPACE = "create namespace scaletest"
# A network of its own has all ports free.
OWN_NETWORK = ["unshare", "--net", "--map-root-user", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]

PRELUDE = r"""
set -euo pipefail
ulimit -n "$(ulimit -Hn)"
background=()
trap '[ ${#background[@]} = 0 ] || kill "${background[@]}"' EXIT
started() {
  background+=("$1")
  until grep -q -e 'listens on' -e 'changes are watched' "$2"; do
    kill -0 "$1" || { cat "$2" >&2; exit 1; }
    sleep 0.05
  done
}
end() { # fails when one of those in the background failed
  local each code
  for each in "${background[@]}"; do
    kill -TERM "$each"
    code=0
    wait "$each" || code=$?
    [ "$code" = 0 ] || [ "$code" = 143 ] || { echo "a command in the background ended with $code" >&2; exit 1; }
  done
  background=()
}
"""
SERVER = r"""
k8scale apiserver --namespace NAMESPACE --secure-port 0 --kubeconfig-out admin.conf >server.out &
started $! server.out
"""
IN_BACKGROUND = re.compile(r"^(?P<command>\S.*?) &\s*(#.*)?$", re.MULTILINE)


def has_own_network():
    return subprocess.run([*OWN_NETWORK, "true"], capture_output=True).returncode == 0


# Without that, blocks take turns.
NETWORK = OWN_NETWORK if has_own_network() else []
MARKS = [] if NETWORK else [pytest.mark.xdist_group("documentation")]


def shell_script(commands, server=True):
    """What bash runs for a block."""
    numbers = iter(range(1000))

    def started(match):
        out = f"background-{next(numbers)}.out"
        return f"{match['command']} >{out} 2>&1 &\nstarted $! {out}"

    commands = "".join(line for line in commands.splitlines(keepends=True) if not documents.is_of_dev(line))
    own_namespace = "scaletest" if CREATES_NAMESPACE not in commands else "another"
    first = SERVER.replace("NAMESPACE", own_namespace) if server else ""
    return f"{PRELUDE}{first}\nexport KUBECONFIG=$PWD/admin.conf\n{IN_BACKGROUND.sub(started, commands)}\nend\n"


@pytest.fixture
def shell(tmp_path):
    """Runs the commands of a block; the finished process, with both outputs in one."""
    programs, folder = tmp_path / "programs", tmp_path / "folder"
    programs.mkdir()
    folder.mkdir()
    (programs / "k8scale").symlink_to(BINARY)
    (folder / "build").mkdir()
    (folder / "build/release").symlink_to(pathlib.Path(BINARY).resolve().parent)
    for name in ("deploy", "test"):
        (folder / name).symlink_to(TOP / name)
    shutil.copy(TOP / "README.md", folder)  # some commands write to the pages
    shutil.copytree(TOP / "docs", folder / "docs")
    path = [str(programs), *([str(ASSETS)] if ASSETS else []), os.environ["PATH"]]

    def run(commands, kubeconfig=None):
        if "kubectl " in commands and not shutil.which("kubectl", path=":".join(path)):
            lack(MISSING or "no kubectl here")
        if kubeconfig:
            shutil.copy(kubeconfig, folder / "admin.conf")
        script = shell_script(commands, server=not kubeconfig)
        return subprocess.run([*([] if kubeconfig else NETWORK), "bash", "-c", script], cwd=folder, text=True, timeout=180,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              env={**os.environ, "PATH": ":".join(path), "HOME": str(tmp_path), "TMPDIR": str(tmp_path)})
    return run


@pytest.fixture
def own_real_server(tmp_path_factory):
    """A real API server that nobody else writes to."""
    if MISSING:
        lack(MISSING)
    with envtest.RealServer(tmp_path_factory.mktemp("real-server")) as server:
        yield server
