"""The manual pages, as groff and man-db read them."""

import re
import subprocess

import pytest
from documents import TOP

OLD_NAMES = {"cmdriver", "cmdriverclosed", "flunder-driver", "cm-logger", "flunder-logger", "flunder-watch", "httperf",
             "go_httperf"}


@pytest.fixture
def pages(program, tmp_path):
    """The folder with all pages, which was not there before."""
    folder = tmp_path / "all" / "pages"
    finished = program("man", "--output", folder)
    assert (finished.returncode, finished.stdout, finished.stderr) == (0, "", "")
    return folder


def tool(*command, **options):
    finished = subprocess.run(command, capture_output=True, text=True, timeout=60, **options)
    assert finished.stderr == "", command
    assert finished.returncode == 0, command
    return finished.stdout


def test_there_is_a_page_for_the_program_each_subcommand_and_each_link(program, pages):
    subcommands = {line.split()[0] for line in program("--help").stdout.split("Other uses")[0].splitlines()
                   if re.match("  [a-z]", line)}
    assert OLD_NAMES < subcommands
    expected = {"k8scale", *OLD_NAMES, *(f"k8scale-{name}" for name in subcommands)}
    assert {path.name for path in pages.iterdir()} == {f"{name}.1" for name in expected}


def test_groff_has_no_warning_for_any_page_at_any_width(pages):
    for path in pages.glob("k8scale*.1"):
        for width in ("60n", "80n", "200n"):
            tool("groff", "-ww", "-man", "-Tutf8", "-rHY=0", f"-rLL={width}", path)


def test_man_db_finds_the_name_of_every_page(pages):
    for path in pages.glob("k8scale*.1"):
        assert re.fullmatch(rf'{re.escape(str(path))}: "{path.stem} - .+"\n', tool("lexgrog", path))


def test_man_shows_what_help_shows(program, pages):
    shown = " ".join(tool("man", "--warnings", "--nh", "--nj", "-E", "UTF-8", "-P", "cat", pages / "k8scale-cmdriver.1",
                          env={"MANWIDTH": "120", "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}).split())
    shown = re.sub(".\b", "", shown)
    assert "k8scale-cmdriver - create and delete ConfigMaps in an open loop" in shown
    assert "--lambda NUMBER creations per second, on average (default 1)" in shown
    assert "--progress auto|plain|none" in shown and "--observe[=N]" in shown and "--embedded[=BOOLEAN]" in shown
    assert "EXIT STATUS 0 the run came to its end, whatever the server answered;" in shown
    flags = re.findall(r"^  (?:-h,)?(--?\S+)", program("cmdriver", "--help").stdout, re.MULTILINE)
    assert len(flags) > 20 and all(re.search(rf" -?{flag}\b", shown) for flag in flags if len(flag) > 3)
    assert " -n INTEGER" in shown and " -v INTEGER" in shown


@pytest.mark.parametrize("subcommand, synopsis", [
    ("merge", "k8scale merge [FLAGS] [FILE...]"),
    ("check", "k8scale check [FLAGS] [SUBCOMMAND...]"),
    ("completion", "k8scale completion [FLAGS] bash|zsh|fish"),
])
def test_the_synopsis_tells_what_may_be_left_out_and_what_repeats(pages, subcommand, synopsis):
    shown = tool("groff", "-man", "-Tascii", "-P-c", pages / f"k8scale-{subcommand}.1")
    assert synopsis in re.sub(".\b", "", shown)


def environment_of(page):
    section = re.split(r"^\.SH ", page.read_text(), flags=re.MULTILINE)
    [text] = [each for each in section if each.startswith("ENVIRONMENT")]
    return set(re.findall(r"\\fB([A-Z0-9_]+)\\fR", text))


def test_pages_tell_the_environment_variables_that_the_program_reads(pages):
    sources = "".join(path.read_text() for folder in ("src", "subcommands") for path in (TOP / folder).rglob("*.cpp"))
    read = set(re.findall(r'(?:environment_variable|getenv|either_case)\("(\w+)"\)', sources))
    openssl = {"SSL_CERT_FILE", "SSL_CERT_DIR"}
    assert environment_of(pages / "k8scale.1") == read | openssl
    drivers = {name for name in read if name.startswith(("K8SCALE_", "JOB_"))}
    assert environment_of(pages / "k8scale-httperf.1") == {"TMPDIR", "SSLKEYLOGFILE"}
    assert environment_of(pages / "k8scale-cmdriver.1") == (read | openssl) - environment_of(pages / "k8scale-httperf.1")
    assert drivers - environment_of(pages / "k8scale-check.1") == drivers - {"K8SCALE_SERVICEACCOUNT_DIR"}


def test_a_page_of_a_link_is_that_of_its_subcommand(pages, tmp_path):
    for name in OLD_NAMES:
        assert (pages / f"{name}.1").read_text() == (pages / f"k8scale-{name}.1").read_text()
    pages.rename(tmp_path / "all" / "man1")
    shown = tool("man", "-P", "cat", "-M", tmp_path / "all", "go_httperf", env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"})
    assert "k8scale-go_httperf" in re.sub(".\b", "", shown)


def test_one_page_is_printed(program, pages):
    assert program("man", "cleanup").stdout == (pages / "k8scale-cleanup.1").read_text()
    assert program("man").stdout == (pages / "k8scale.1").read_text()


@pytest.mark.parametrize("arguments, code, told", [
    (["cmdrivr"], 2, "did you mean cmdriver?"),
    (["cmdriver", "--output", "."], 1, "expected no subcommand beside it"),
    (["--output", "/dev/null/folder"], 12, "k8scale man: --output: /dev/null/folder: Not a directory\n"),
])
def test_what_cannot_be_printed_is_told(program, arguments, code, told):
    finished = program("man", *arguments)
    assert finished.returncode == code and finished.stdout == ""
    assert told in finished.stderr and finished.stderr.count("\n") == 1
