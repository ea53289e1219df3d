"""What a person at the terminal meets first: help, version, suggestions, links."""

import json
import os
import pathlib
import re
import shutil
import subprocess

import pytest
from conftest import BINARY

OLD_NAMES = {"cmdriver", "cmdriverclosed", "flunder-driver", "cm-logger", "flunder-logger", "flunder-watch", "httperf",
             "go_httperf"}
TOP = pathlib.Path(__file__).resolve().parents[2]


def test_help_shows_every_subcommand_on_one_line_below_the_heading_of_its_group(program):
    shown = program("--help").stdout
    groups = {paragraph.split("\n")[0]: paragraph.split("\n")[1:] for paragraph in shown.strip().split("\n\n")[2:]}
    assert "Put load on an API server:" in groups and "Serve the Kubernetes API:" in groups
    names = [line.split()[0] for line in groups["Put load on an API server:"]]
    assert {"cmdriver", "cmdriverclosed", "drive", "cleanup"} <= set(names)
    lines = shown.splitlines()
    assert all(sum(line.startswith(f"  {name} ") for line in lines) == 1 for name in OLD_NAMES | {"apiserver"})
    assert max(map(len, lines)) <= 100


def test_help_of_a_subcommand_is_what_the_subcommand_says_itself(program):
    assert program("help", "drive").stdout == program("drive", "--help").stdout != ""
    assert program("help").stdout == program("--help").stdout == program("-h").stdout


@pytest.mark.parametrize("arguments, told", [
    (["cmdrivre"], 'k8scale: found "cmdrivre", expected a subcommand; did you mean cmdriver? see k8scale --help'),
    (["help", "httprf"], 'k8scale: found "httprf", expected a subcommand; did you mean httperf? see k8scale --help'),
    (["help", "chekc"], 'k8scale: found "chekc", expected a subcommand; did you mean check? see k8scale --help'),
    (["help", "version"], 'k8scale: found "version", expected a subcommand; see k8scale --help'),
    (["man", "chekc"], 'k8scale man: found "chekc", expected a subcommand; did you mean check? see k8scale --help'),
    (["man", "help"], 'k8scale man: found "help", expected a subcommand; see k8scale --help'),
    (["check", "help"], 'k8scale check: found "help", expected a subcommand; see k8scale --help'),
    (["--verison"], 'k8scale: found "--verison", expected a subcommand; did you mean --version? see k8scale --help'),
    (["kubernetes"], 'k8scale: found "kubernetes", expected a subcommand; see k8scale --help'),
    (["help", "drive", "more"], 'k8scale: help: found "more", expected nothing more'),
    (["--version", "--yaml"], 'k8scale: --version: found "--yaml", expected nothing more'),
    (["--install"], "k8scale: --install: found no folder, expected --install DIR"),
    (["--install="], "k8scale: --install: found no folder, expected --install DIR"),
    ([""], 'k8scale: found "", expected a subcommand; see k8scale --help'),
])
def test_what_is_not_known_is_told_with_the_nearest_that_is(program, arguments, told):
    finished = program(*arguments)
    assert (finished.returncode, finished.stdout, finished.stderr) == (2, "", told + "\n")


@pytest.mark.parametrize("arguments", ["completion bash", "completion zsh", "completion fish", "--help", "drive --help",
                                       "man drive", "--version --json", "check --embedded"])
def test_a_reader_that_has_seen_enough_is_no_failure(tmp_path, arguments):
    source, sink = os.pipe()
    os.close(source)
    with open(sink, "w") as closed:
        finished = subprocess.run([BINARY, *arguments.split()], cwd=tmp_path, stdout=closed, stderr=subprocess.PIPE,
                                  text=True, timeout=60)
    assert (finished.returncode, finished.stderr) == (0, "")


@pytest.mark.parametrize("flag, meant", [("-lamda", "-lambda"), ("--max-pop", "--maxpop"), ("-useprotobuf", "-useProtobuf")])
def test_a_mistyped_flag_is_told_with_the_nearest_one(program, flag, meant):
    finished = program("cmdriver", flag, "5")
    assert finished.returncode == 1
    assert finished.stderr == f"k8scale cmdriver: unknown flag {flag}; did you mean {meant}? --help lists the flags\n"


def test_the_version_names_commit_compiler_and_libraries(program):
    told = json.loads(program("--version", "--json").stdout)
    assert told["version"] == re.search(r"project\(k8scale VERSION (\S+)", (TOP / "CMakeLists.txt").read_text())[1]
    assert re.fullmatch(r"[0-9a-f]{40}(-dirty)?|unknown", told["commit"])
    assert re.match(r"\S+ \d+\.\d", told["compiler"])
    assert {"OpenSSL", "Boost", "fmt", "simdjson", "zlib"} <= set(told["libraries"])
    assert all(re.match(r"\d+\.\d", version) for version in told["libraries"].values())
    text = program("--version").stdout
    assert text.splitlines()[0] == f"k8scale {told['version']}" and told["commit"] in text
    assert all(f"{name} {version}" in text for name, version in told["libraries"].items())


@pytest.fixture
def installed(tmp_path):
    """A folder with a copy of the program, and a function that has it make links."""
    folder = tmp_path / "bin"
    folder.mkdir()
    copy = folder / "k8scale"
    shutil.copy(BINARY, copy)

    def install(into):
        return subprocess.run([copy, "--install", into], cwd=folder, capture_output=True, text=True, timeout=30)
    return folder, install


def links_in(folder):
    return {path.name for path in folder.iterdir() if path.is_symlink()}


def test_links_beside_the_program_can_be_moved_with_it(installed, tmp_path):
    folder, install = installed
    assert install(".").returncode == 0
    assert links_in(folder) == OLD_NAMES
    moved = folder.rename(tmp_path / "moved")
    helped = subprocess.run([moved / "go_httperf", "--help"], capture_output=True, text=True, timeout=30, check=True)
    assert "k8scale httperf" in helped.stdout


@pytest.mark.parametrize("arguments", [["--install=links"], ["-install=links"], ["-install", "links"]])
def test_the_folder_may_follow_an_equals_sign(installed, arguments):
    folder, _ = installed
    (folder / "links").mkdir()
    finished = subprocess.run([folder / "k8scale", *arguments], cwd=folder, capture_output=True, text=True, timeout=30)
    assert finished.returncode == 0 and links_in(folder / "links") == OLD_NAMES


def test_links_elsewhere_lead_to_the_program_and_are_renewed(installed, tmp_path):
    folder, install = installed
    links = tmp_path / "a/b"
    links.mkdir(parents=True)
    (links / "cmdriver").symlink_to("/opt/older/k8scale")  # a link of an older installation, which is gone
    for _ in range(2):
        assert install(links).returncode == 0
        assert links_in(links) == OLD_NAMES
        assert all((links / name).readlink() == folder / "k8scale" for name in OLD_NAMES)


@pytest.mark.parametrize("make", [
    lambda path: path.write_text("#!/bin/sh\n"),
    lambda path: path.symlink_to("/usr/bin/true"),
    lambda path: path.mkdir(),
])
def test_a_file_of_someone_else_is_left_alone_and_no_link_is_made(installed, tmp_path, make):
    links = tmp_path / "links"
    links.mkdir()
    make(links / "httperf")
    untouched = lambda: [getattr((links / "httperf").lstat(), f"st_{name}") for name in  # noqa: E731
                         ("ino", "mode", "size", "mtime_ns", "ctime_ns")]
    before = untouched()
    finished = installed[1](links)
    assert finished.returncode == 1 and finished.stdout == ""
    assert str(links / "httperf") in finished.stderr and finished.stderr.count("\n") == 1
    assert [path.name for path in links.iterdir()] == ["httperf"] and untouched() == before
