"""Every command in README.md and docs/ is run as it stands.

Blocks marked `sh` and inline code that begins with `k8scale ` run in a folder of their own, in front of an API server that
`admin.conf` and $KUBECONFIG name. A line that ends with `&` is waited for until it listens or watches, and ended at the end.
A block behind `<!-- real server -->` has a real API server there. `./dev …` is not run, but must be a command of dev.
"""

import os
import re
import shutil
import subprocess

import documents
import pytest
import real_server as envtest
from conftest import ASSETS, BINARY, MISSING
from documents import TOP

REAL = "real server"
TYPED = ("$ ", "> ")
CREATES_NAMESPACE = "create namespace scaletest"
COMMANDS = ("k8scale ", "kubectl ", "curl ", "./dev", "build/", "python3 ", "$ ")
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
k8scale apiserver --secure-port 0 --kubeconfig-out admin.conf >server.out &
started $! server.out
field() { sed -n "s/^ *$1: //p" admin.conf; }
curl -fsSk -o server.out -H "Authorization: Bearer $(field token)" -H 'Content-Type: application/json' \
  --data '{"metadata":{"name":"NAMESPACE"}}' "$(field server)/api/v1/namespaces"
"""
# Digits and what may stand about them: units, dates, addresses.
NUMBER = re.compile(r"\d[\d.,:-]*(ns|µs|ms|s|/s)?|\b[KMG]i?B\b")
IN_BACKGROUND = re.compile(r"^(?P<command>\S.*?) &\s*(#.*)?$", re.MULTILINE)


def has_own_network():
    return subprocess.run([*OWN_NETWORK, "true"], capture_output=True).returncode == 0


# Without that, blocks take turns.
NETWORK = OWN_NETWORK if has_own_network() else []
pytestmark = [] if NETWORK else [pytest.mark.xdist_group("documentation")]


def shell_script(commands, server=True):
    """What bash runs for a block."""
    numbers = iter(range(1000))

    def started(match):
        out = f"background-{next(numbers)}.out"
        return f"{match['command']} >{out} 2>&1 &\nstarted $! {out}"

    commands = re.sub(r"^\./dev\b.*\n", "", commands, flags=re.MULTILINE)
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
    (folder / "build/release").mkdir(parents=True)
    (folder / "build/release/k8scale").symlink_to(BINARY)
    for name in ("deploy", "test"):
        if (TOP / name).exists():
            (folder / name).symlink_to(TOP / name)
    path = [str(programs), *([str(ASSETS)] if ASSETS else []), os.environ["PATH"]]

    def run(commands, kubeconfig=None):
        if "kubectl " in commands and not shutil.which("kubectl", path=":".join(path)):
            (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(MISSING or "no kubectl here")
        if kubeconfig:
            shutil.copy(kubeconfig, folder / "admin.conf")
        script = shell_script(commands, server=not kubeconfig)
        return subprocess.run([*([] if kubeconfig else NETWORK), "bash", "-c", script], cwd=folder, text=True, timeout=180,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              env={**os.environ, "PATH": ":".join(path), "HOME": str(tmp_path), "TMPDIR": str(tmp_path)})
    return run


def blocks(language, note=""):
    chosen = [each for each in documents.blocks() if each.language == language and each.note == note]
    return [pytest.param(each, id=each.place) for each in chosen]


@pytest.mark.parametrize("block", blocks("sh"))
def test_a_block_runs_as_it_stands(shell, block):
    finished = shell(block.text)
    assert finished.returncode == 0, finished.stdout


@pytest.fixture
def own_real_server(tmp_path_factory):
    """A real API server that nobody else writes to."""
    if MISSING:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(MISSING)
    with envtest.RealServer(tmp_path_factory.mktemp("real-server")) as server:
        yield server


@pytest.mark.parametrize("block", blocks("sh", REAL))
def test_a_block_runs_against_a_real_server(shell, block, own_real_server):
    if CREATES_NAMESPACE not in block.text:
        own_real_server.kubectl_run("create", "namespace", "scaletest")
    finished = shell(block.text, own_real_server.kubeconfig)
    assert finished.returncode == 0, finished.stdout


def inline(beginning):
    found = {code: f"{page.name}:{line}" for page, line, code in documents.inline_code() if code.startswith(beginning)}
    return [pytest.param(code, id=place) for code, place in found.items() if "…" not in code]


@pytest.mark.parametrize("command", inline("k8scale "))
def test_inline_code_runs_as_it_stands(shell, command):
    words = command.split()
    finished = shell(command if len(words) > 2 else f"{command} --help")  # a mere name
    assert finished.returncode == 0, finished.stdout


@pytest.mark.parametrize("fault", inline("--fault "))
def test_an_example_of_a_fault_hits(shell, fault):
    rule = fault.split()[1]
    finished = shell(f"k8scale cmdriver --embedded --observe --fault '{rule}' -lambda 200 -n 50 -maxpop 10 -waitBeforeTerminate 0")
    assert finished.returncode == 0, finished.stdout
    hit = re.search(rf"fault {re.escape(rule)}: injected (\d+) of (\d+)", finished.stdout)
    assert hit and int(hit[1]) > 0, finished.stdout


def test_parts_of_faults_are_those_of_the_program(program):
    page = documents.split(TOP / "docs/apiserver.md")[1]
    rows = [documents.cells(line) for _, line in page if "`--fault " in line]
    parts = {code.split("=")[0] for part, *_ in rows for code in documents.codes(part)}
    told = program("apiserver", "--fault", "nothing").stderr.split("expected ")[1]
    assert parts == {part.strip().rstrip("=") for part in re.split(", | or ", told)}


def outline(line):
    """A line of output without its numbers, and with single blanks: what every run prints alike."""
    return " ".join(NUMBER.sub("#", line).split())


@pytest.mark.parametrize("block", blocks("console"))
def test_a_session_is_what_the_program_prints(shell, block):
    lines = block.text.splitlines()
    commands = [line[2:] for line in lines if line.startswith(TYPED)]
    finished = shell("\n".join(commands) + "\n")
    assert finished.returncode == 0, finished.stdout
    printed = {outline(line) for line in finished.stdout.splitlines()}
    shown = [outline(line) for line in lines if line and not line.startswith(TYPED)]
    assert commands and shown and [line for line in shown if line not in printed] == [], finished.stdout


def test_commands_stand_in_blocks_that_are_run():
    others = [f"{block.place}: {line}" for block in documents.blocks() if block.language not in ("sh", "console")
              for line in block.text.splitlines() if line.startswith(COMMANDS)]
    assert others == []


def test_commands_of_dev_are_there():
    usage = subprocess.run([TOP / "dev", "help"], capture_output=True, text=True, check=True).stdout
    verbs = set(re.findall(r"^\./dev (\w+)", usage, re.MULTILINE))
    text = "\n".join(page.read_text() for page in documents.pages())
    named = set(re.findall(r"\./dev (\w+)", text))
    assert named and named <= verbs
    areas = set(re.findall(r"\./dev bench (\w+)", text))
    assert all((TOP / f"test/bench/{area}.py").exists() for area in areas)


def anchors(page):
    """The places of a page that a link may name, as GitHub makes them of headings."""
    headings = [line.lstrip("#").strip() for _, line in documents.split(page)[1] if line.startswith("#")]
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_links_lead_somewhere():
    broken = []
    for page in documents.pages():
        for number, line in documents.split(page)[1]:
            for link in re.findall(r"\]\(([^)\s]+)\)", line):
                name, _, anchor = link.partition("#")
                target = page.parent / name if name else page
                if "://" not in link and not (target.exists() and (not anchor or anchor in anchors(target))):
                    broken.append(f"{page.name}:{number}: {link}")
    assert broken == []


@pytest.mark.parametrize("commands", [
    "k8scale cmdriver --embedded --no-such-flag\n",
    "k8scale nothing\n",
    "false\ntrue\n",
    "k8scale cleanup --all -kubeconfig missing | cat\n",
    "k8scale httperf -listen nowhere &\ntrue\n",
    "k8scale cm-logger --for 1ms -data-filname /dev/full --summary-file missing/it &\nsleep 1\n",
])
def test_a_block_that_fails_is_noticed(shell, commands):
    assert shell(commands).returncode != 0
