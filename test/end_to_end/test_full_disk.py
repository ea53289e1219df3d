"""Files that cannot be made, and disks that become full while a run goes on."""

import shutil
import subprocess

from conftest import BINARY, QUICK
from lacking import lack

SMALL = ["-lambda", "500", "-n", "100", "-maxpop", "20"]


def test_a_full_disk_loses_rows_and_says_so(cmdriver):
    run = cmdriver(*SMALL, "-datafile", "/dev/full")
    assert run.returncode == 12
    assert run.summary["rows"]["lost"] == 200
    assert "No space left on device" in run.stdout
    assert run.summary["operations"]["create"]["ok"] == 100


def test_a_parameter_file_that_cannot_be_made(program, tmp_path):
    (tmp_path / "r1-driver.parms").mkdir()
    finished = program("cmdriver", "--embedded", *QUICK, "-runid", "r1")
    assert finished.returncode == 10 and "r1-driver.parms" in finished.stderr


def test_a_parameter_file_that_cannot_be_written(program, tmp_path):
    (tmp_path / "r1-driver.parms").symlink_to("/dev/full")
    finished = program("cmdriver", "--embedded", *QUICK, "-runid", "r1")
    assert finished.returncode == 11
    assert "r1-driver.parms" in finished.stderr and "No space left on device" in finished.stderr
    assert finished.stderr.count("\n") == 1


def test_a_summary_that_cannot_be_written_is_still_printed(program, tmp_path):
    (tmp_path / "r1-driver.json").mkdir()
    finished = program("cmdriver", "--embedded", *QUICK, "-runid", "r1", *SMALL)
    assert finished.returncode == 12
    assert "cannot write the summary" in finished.stderr and "r1-driver.json" in finished.stderr
    assert "response time" in finished.stdout
    assert "WARNING: the summary in JSON could not be written" in finished.stdout and "r1-driver.json" not in finished.stdout
    assert len((tmp_path / "r1-driver.csv").read_text().splitlines()) == 200


def small_disk(folder, command):
    """Runs the command in an empty file system of 8 KiB and copies what it left there to `folder`."""
    script = ('mount -t tmpfs -o size=8k small "$1" && cd "$1" || exit 99; shift; out=$1; shift; "$@"; code=$?; '
              'cp * "$out"; exit $code')
    (folder / "disk").mkdir()
    (folder / "left").mkdir()
    return subprocess.run(["unshare", "--mount", "--map-root-user", "sh", "-c", script, "sh", folder / "disk", folder / "left",
                           *command], capture_output=True, text=True, timeout=60)


def test_a_disk_that_becomes_full_keeps_whole_rows(tmp_path):
    if not shutil.which("unshare"):
        lack("no unshare here, which would mount a small disk")
    finished = small_disk(tmp_path, [BINARY, "cmdriver", "--embedded", *QUICK, "-runid", "r1", *SMALL])
    if finished.returncode in (1, 99) and ("unshare" in finished.stderr or "mount" in finished.stderr):
        lack("this machine does not let a test mount a small disk: " + finished.stderr.strip())
    assert finished.returncode == 12, finished.stderr
    assert "No space left on device" in finished.stdout
    rows = (tmp_path / "left/r1-driver.csv").read_text()
    assert rows.endswith('""\n') and 0 < rows.count("\n") < 200
    assert f"{200 - rows.count(chr(10))} " in finished.stdout


def test_a_limit_on_the_size_of_files_is_as_a_full_disk(tmp_path):
    run = [BINARY, "cmdriver", "--embedded", *QUICK, "-runid", "r1", *SMALL]
    finished = subprocess.run(["bash", "-c", 'ulimit -f 8; exec "$@"', "bash", *run], cwd=tmp_path, capture_output=True, text=True,
                              timeout=60)
    assert finished.returncode == 12, finished.stderr
    rows = (tmp_path / "r1-driver.csv").read_text()
    assert rows.endswith('""\n') and 0 < rows.count("\n") < 200
    assert f"{200 - rows.count(chr(10))} " in finished.stdout and "File too large" in finished.stdout
