"""./dev in a folder where everything is built and installed already."""

import os
import re
import shutil
import subprocess

import pytest
from conftest import BINARY
from documents import TOP

STUB = "#!/bin/sh\n"
ALL_IS_INSTALLED = STUB + 'shift 3; for each; do echo "installed $each"; done\n'  # dpkg-query -W -f FORMAT PACKAGE...
NOTHING_TO_BUILD = STUB
BUILDER = STUB + 'echo "$*" >>"$CALLS"; [ "$2" != inspect ] || echo 20400000\n'


@pytest.fixture
def dev(tmp_path):
    """Runs dev there: output and exit code. `builder_calls` has what it said to the builder of images."""
    programs = tmp_path / "programs"
    programs.mkdir()
    for name, text in {"dpkg-query": ALL_IS_INSTALLED, "apt-get": STUB + "exit 1\n", "cmake": NOTHING_TO_BUILD, "builder": BUILDER}.items():
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    folder = tmp_path / "checkout"
    (folder / "build/release").mkdir(parents=True)
    for name in ("dev", "CMakeLists.txt", "CMakePresets.json"):
        shutil.copy(TOP / name, folder)
    (folder / "build/release/build.ninja").touch()
    (folder / "build/release/k8scale").symlink_to(BINARY)

    def run(*arguments, program=folder / "dev", check=True):
        finished = subprocess.run([program, *arguments], cwd=folder, capture_output=True, text=True, timeout=120,
                                  env={**os.environ, "PATH": f"{programs}:{os.environ['PATH']}", "BUILDER": "builder",
                                       "CALLS": str(tmp_path / "calls"), "GIT_CEILING_DIRECTORIES": str(tmp_path)})
        assert finished.returncode == 0 or not check, finished.stderr
        return finished
    run.calls = tmp_path / "calls"
    return run


@pytest.fixture
def clone(dev):
    """Makes the folder a repository with one commit; runs git there."""
    def git(*arguments):
        return dev("-c", "user.name=a", "-c", "user.email=a@example.com", *arguments, program="git").stdout
    git("init", "-q")
    git("add", "dev", "CMakeLists.txt")
    git("commit", "-qm", "all")
    return git


def test_the_demo_drives_and_watches(dev):
    shown = dev("demo").stdout
    assert re.search(r"^create +1000 +1000 +1000 +0 ", shown, re.MULTILINE) and "rate asked 200.0/s" in shown
    assert re.search(r"^1 watcher: 2000 events", shown, re.MULTILINE)


def test_the_commit_has_forty_digits_and_tells_changes(dev, clone):
    commit = clone("rev-parse", "HEAD").strip()
    assert dev("commit-id").stdout.strip() == commit and re.fullmatch("[0-9a-f]{40}", commit)
    clone("mv", "CMakeLists.txt", "another.txt")
    assert dev("commit-id").stdout.strip() == f"{commit}-dirty"


def test_an_image_is_published_as_latest_and_with_the_commit(dev, clone):
    name, commit = "registry.example/team/k8scale", clone("rev-parse", "HEAD").strip()
    assert f"{name}:latest: 21MB unpacked" in dev("publish", "DOCKERPFX=registry.example/team").stdout
    calls = dev.calls.read_text().splitlines()
    assert calls[0].startswith(f"build -t {name}:latest ") and f"--build-arg COMMIT={commit} " in calls[0]
    assert calls[-3:] == [f"tag {name}:latest {name}:{commit}", f"push {name}:latest", f"push {name}:{commit}"]


def test_publishing_without_a_clone_is_refused_before_anything_is_built(dev):
    finished = dev("publish", check=False)
    assert finished.returncode == 1 and finished.stdout == "" and not dev.calls.exists()
    assert finished.stderr.startswith("dev: publish tags the image with the git commit, and there is none: fatal: not a git repository")
    assert finished.stderr.count("\n") == 1


def test_an_image_needs_no_clone(dev):
    assert "k8scale:here: 21MB unpacked" in dev("image", "--tag", "k8scale:here").stdout
    assert "--build-arg COMMIT=unknown " in dev.calls.read_text()
