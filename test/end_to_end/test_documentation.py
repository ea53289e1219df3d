"""Every command in README.md and docs/ is run as it stands.

Blocks marked `sh` and inline code that begins with `k8scale ` run in a folder of their own, in front of an API server that
`admin.conf` and $KUBECONFIG name. A line that ends with `&` is waited for until it listens or watches, and ended at the end.
A block behind `<!-- real server -->` has a real API server there. Commands of other programs: test_documented_commands.py.
"""

import re
import subprocess

import documents
import documents_shell
import pytest
from documents import TOP, is_of_dev
from documents_shell import CREATES_NAMESPACE, own_real_server, shell

__all__ = ["own_real_server", "shell"]  # fixtures
pytestmark = documents_shell.MARKS

REAL = "real server"
TYPED = ("$ ", "> ")
COMMANDS = ("k8scale ", "kubectl ", "curl ", "./dev", "build/", "python3 ", "$ ")
# Digits and what may stand about them: units, dates, addresses.
NUMBER = re.compile(r"\d[\d.,:-]*(ns|µs|ms|s|/s)?|\b[KMG]i?B\b")


def blocks(language, note=""):
    """Those with something to run."""
    chosen = [each for each in documents.blocks() if each.language == language and each.note == note]
    return [pytest.param(each, id=each.place) for each in chosen if not all(map(is_of_dev, each.text.splitlines()))]


@pytest.mark.parametrize("block", blocks("sh"))
def test_a_block_runs_as_it_stands(shell, block):
    finished = shell(block.text)
    assert finished.returncode == 0, finished.stdout


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


def test_readme_brings_a_server_with_what_a_driver_needs(shell):
    said = [code for page, _, code in documents.inline_code() if page.name == "README.md"]
    [serve], [configure], [drive] = ([code for code in said if code.startswith(beginning)]
                                     for beginning in ("k8scale apiserver ", "export KUBECONFIG=", "k8scale drive "))
    finished = shell(f"rm admin.conf\n{serve}\n{configure}\n{drive}\n")
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


def test_the_tag_of_the_image_is_as_dev_makes_it():
    [tag] = re.findall(r"newTag: (\w+)", (TOP / "docs/cluster.md").read_text())
    assert re.fullmatch(r"[0-9a-f]{40}", tag)


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
