"""The completion scripts in the shells that they are for."""

import subprocess

import pytest
from conftest import BINARY
from shells import Shell, bash_candidates

SHELLS = ["bash", "zsh", "fish"]


@pytest.fixture
def script(program, tmp_path):
    """The path of a shell's script."""
    def write(shell):
        finished = program("completion", shell)
        assert (finished.returncode, finished.stderr) == (0, "")
        path = tmp_path / f"k8scale.{shell}"
        path.write_text(finished.stdout)
        return path
    return write


@pytest.mark.parametrize("shell", SHELLS)
def test_each_shell_reads_its_script_without_a_complaint(script, shell):
    finished = subprocess.run([shell, "-n", script(shell)], capture_output=True, text=True, timeout=30)
    assert (finished.returncode, finished.stdout, finished.stderr) == (0, "", "")


@pytest.mark.parametrize("line, offered", [
    ("k8scale cmd", ["cmdriver", "cmdriverclosed"]),
    ("k8scale --ver", ["--version"]),
    ("k8scale help cmdriverc", ["cmdriverclosed"]),
    ("k8scale man apis", ["apiserver"]),
    ("k8scale completion ", ["bash", "zsh", "fish", "--help", "-h"]),
    ("k8scale cmdriver --lam", ["--lambda"]),
    ("k8scale cmdriver -lam", ["-lambda"]),
    ("cmdriver --max", ["--maxpop", "--max-inflight"]),
    ("go_httperf --tls", ["--tls-max"]),
    ("k8scale cmdriver --progress ", ["auto", "plain", "none"]),
    ("k8scale cmdriver --progress p", ["plain"]),
    ("k8scale cmdriver -progress=p", ["plain"]),
    ("k8scale cmdriver -progress=", ["auto", "plain", "none"]),
    ("k8scale cmdriver --embedded=", ["true", "false"]),
    ("k8scale cmdriver --embedded --lam", ["--lambda"]),
    ("k8scale cmdriver --lambda ", []),
    ("k8scale cmdriver --nothing", []),
    ("k8scale nothing --lam", []),
])
def test_bash_offers_what_fits(script, line, offered):
    assert bash_candidates(script("bash"), line.split(" ")) == offered


def test_bash_offers_every_flag_that_help_shows(script, program):
    shown = {word.split(",")[-1] for line in program("drive", "--help").stdout.splitlines()
             if line.startswith("  -") for word in line.split()[:1]}
    offered = set(bash_candidates(script("bash"), ["k8scale", "drive", "-"]))
    shown = {flag.replace("--", "-") if len(flag) == 3 else flag for flag in shown}  # --n is offered as -n
    assert shown <= offered and {"--rate", "-f", "-n"} <= shown


INTERACTIVE = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], "source <(k8scale completion bash)"),
    "zsh": (["zsh", "-f", "-i"], "unsetopt zle_bracketed_paste; source <(k8scale completion zsh)"),
    "zsh after compinit": (["zsh", "-f", "-i"], "unsetopt zle_bracketed_paste; autoload -U compinit; compinit -u; "
                                                "source <(k8scale completion zsh)"),
    "zsh that loads the function": (["zsh", "-f", "-i"], "unsetopt zle_bracketed_paste; k8scale completion zsh > _k8scale; "
                                                         "fpath+=$PWD; autoload -U compinit; compinit -u"),
}


@pytest.fixture(params=INTERACTIVE)
def shell(request, tmp_path):
    """An interactive shell with the completions, by the commands that --help names."""
    home = tmp_path / "home"
    home.mkdir()
    command, setup = INTERACTIVE[request.param]
    (home / "admin config.yaml").touch()
    (home / "keys").mkdir()
    with Shell(command, f"k8scale() {{ {BINARY} \"$@\"; }}; {setup}", home) as running:
        yield running


@pytest.mark.parametrize("typed, words", [
    ("k8scale cmdriverc", ["k8scale", "cmdriverclosed"]),
    ("k8scale cmdriver --embedded -maxpo", ["k8scale", "cmdriver", "--embedded", "-maxpop"]),
    ("cmdriver --progress=pl", ["cmdriver", "--progress=plain"]),
    ("cmdriver -progress pl", ["cmdriver", "-progress", "plain"]),
    ("k8scale drive -kubeconfig adm", ["k8scale", "drive", "-kubeconfig", "admin config.yaml"]),
    ("k8scale drive --kubeconfig=adm", ["k8scale", "drive", "--kubeconfig=admin config.yaml"]),
    ("k8scale apiserver --identity k", ["k8scale", "apiserver", "--identity", "keys/"]),
    ("k8scale completion fi", ["k8scale", "completion", "fish"]),
    ("k8scale help httpe", ["k8scale", "help", "httperf"]),
    ("k8scale merge first.json adm", ["k8scale", "merge", "first.json", "admin config.yaml"]),
    ("k8scale check cmdriver apis", ["k8scale", "check", "cmdriver", "apiserver"]),
    ("k8scale --vers", ["k8scale", "--version"]),
    ("k8scale --install ke", ["k8scale", "--install", "keys/"]),
])
def test_the_tab_key_completes(shell, typed, words):
    completed = shell.completed(typed)
    # zsh puts a "=" behind a flag with a value, and takes the "/" behind a folder back when the cursor moves on.
    assert completed[:-1] == words[:-1] and completed[-1].rstrip("=/") == words[-1].rstrip("/")


@pytest.mark.parametrize("line, offered", [
    ("k8scale cmdriverc", {"cmdriverclosed"}),
    ("k8scale cmdriver --lam", {"--lambda"}),
    ("k8scale cmdriver -lam", {"-lambda"}),
    ("cmdriver --maxp", {"--maxpop"}),
    ("k8scale cmdriver --progress ", {"auto", "plain", "none"}),
    ("k8scale cmdriver --progress=p", {"--progress=plain"}),
    ("k8scale completion ", {"bash", "zsh", "fish"}),
    ("k8scale help cmdriverc", {"cmdriverclosed"}),
    ("k8scale drive --rate ", set()),
    ("k8scale --ver", {"--version"}),
    ("k8scale check cmdriver --progres", set()),
    ("k8scale check cmdriver --json", {"--json"}),
])
def test_fish_offers_what_fits(script, tmp_path, line, offered):
    command = f"source {script('fish')}; complete -C '{line}'"
    finished = subprocess.run(["fish", "--no-config", "-c", command], capture_output=True, text=True, timeout=30, cwd=tmp_path)
    assert finished.stderr == ""
    assert {shown.split("\t")[0] for shown in finished.stdout.splitlines()} == offered


@pytest.mark.parametrize("arguments, told", [
    ([], "k8scale completion: found no shell, expected bash, zsh or fish\n"),
    (["tcsh"], 'k8scale completion: found "tcsh", expected bash, zsh or fish\n'),
    (["bash", "more"], "unexpected argument more"),
])
def test_other_shells_are_refused(program, arguments, told):
    finished = program("completion", *arguments)
    assert finished.returncode == 1 and finished.stdout == ""
    assert told in finished.stderr and finished.stderr.count("\n") == 1
