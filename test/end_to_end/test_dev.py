"""./dev in a folder where everything is built and installed already."""

import os
import pwd
import re
import shutil
import subprocess

import pytest
from conftest import BINARY
from documents import TOP

STUB = "#!/bin/sh\n"
ALL_IS_INSTALLED = STUB + 'shift 3; for each; do echo "installed $each"; done\n'  # dpkg-query -W -f FORMAT PACKAGE...
NOTHING_TO_BUILD = STUB
BUILDER = STUB + """echo "${0##*/} $*" >>"$CALLS"
case "$1 $2" in
  "info ") case " $WORKING " in *" ${0##*/} "*) ;; *) exit 1 ;; esac ;;
  "image inspect") echo 20400000 ;;
  "images --format") echo "20.4 MB" ;;
esac
"""
BUILDERS = ("docker", "podman", "buildah")


@pytest.fixture
def dev(tmp_path):
    """Runs dev there: output and exit code. `calls` has what it said to builders of images; $WORKING are those that work."""
    programs = tmp_path / "programs"
    programs.mkdir()
    for name, text in {"dpkg-query": ALL_IS_INSTALLED, "apt-get": STUB + "exit 1\n", "cmake": NOTHING_TO_BUILD,
                       **dict.fromkeys(BUILDERS, BUILDER)}.items():
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    folder = tmp_path / "checkout"
    (folder / "build/release").mkdir(parents=True)
    for name in ("dev", "CMakeLists.txt", "CMakePresets.json"):
        shutil.copy(TOP / name, folder)
    (folder / "build/release/build.ninja").touch()
    (folder / "build/release/k8scale").symlink_to(BINARY)

    def run(*arguments, program=folder / "dev", check=True, **environment):
        finished = subprocess.run([program, *arguments], cwd=folder, capture_output=True, text=True, timeout=120,
                                  env={**os.environ, "PATH": f"{programs}:{os.environ['PATH']}", "BUILDER": "docker",
                                       "DOCKERPFX": "", "CALLS": str(tmp_path / "calls"), "WORKING": "",
                                       "GIT_CEILING_DIRECTORIES": str(tmp_path), **environment})
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
    git("add", "dev", "CMakeLists.txt", "CMakePresets.json")
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
    assert calls[0].startswith(f"docker build -t {name}:latest ") and f"--build-arg COMMIT={commit} " in calls[0]
    assert calls[-3:] == [f"docker tag {name}:latest {name}:{commit}", f"docker push {name}:latest", f"docker push {name}:{commit}"]


@pytest.mark.parametrize("named, prefix", [
    ({"LOGNAME": "somebody"}, "somebody"),
    ({"LOGNAME": ""}, pwd.getpwuid(os.geteuid()).pw_name),
    ({"LOGNAME": "somebody", "DOCKERPFX": "registry.example/team"}, "registry.example/team"),
])
def test_without_a_prefix_an_image_is_published_under_the_name_of_its_user(dev, clone, named, prefix):
    dev("publish", **named)
    assert f"docker push {prefix}/k8scale:latest" in dev.calls.read_text().splitlines()


def test_an_image_of_a_changed_tree_is_tagged_as_dirty(dev, clone):
    tag = clone("rev-parse", "HEAD").strip() + "-dirty"
    clone("rm", "-q", "--cached", "CMakePresets.json")
    dev("publish", "DOCKERPFX=team")
    calls = dev.calls.read_text().splitlines()
    assert f" --build-arg COMMIT={tag} " in calls[0]
    assert calls[-3:] == [f"docker tag team/k8scale:latest team/k8scale:{tag}", "docker push team/k8scale:latest",
                          f"docker push team/k8scale:{tag}"]


@pytest.mark.parametrize("builder, prefix, flags", [
    ("docker", "127.0.0.1:5000/team", ""), # which knows by itself that this host needs no TLS
    *[("podman", f"{host}:5000/team", "--tls-verify=false ") for host in ("localhost", "127.0.0.1", "[::1]")],
    ("buildah", "localhost:5000/team", "--tls-verify=false "),
    ("podman", "registry.example/team", ""),
])
def test_only_a_registry_on_this_host_is_spoken_to_without_tls(dev, clone, builder, prefix, flags):
    dev("publish", f"DOCKERPFX={prefix}", BUILDER=builder)
    pushed = [line for line in dev.calls.read_text().splitlines() if " push " in line]
    assert len(pushed) == 2 and all(line.startswith(f"{builder} push {flags}{prefix}/k8scale:") for line in pushed)


@pytest.mark.parametrize("chosen, size, flags", [("docker", "21MB", ""), ("podman", "21MB", ""),
                                                 ("buildah", "20.4 MB", "--layers --isolation chroot ")])
def test_the_first_builder_that_works_builds_and_the_size_is_told(dev, chosen, size, flags):
    tried = BUILDERS[:BUILDERS.index(chosen) + 1]
    shown = dev("image", BUILDER="", BUILDAH_ISOLATION="", WORKING=" ".join(BUILDERS[len(tried) - 1:])).stdout
    calls = dev.calls.read_text().splitlines()
    assert calls[:len(tried)] == [f"{each} info" for each in tried]
    assert calls[len(tried)].startswith(f"{chosen} build {flags}-t k8scale:latest ") and len(calls) == len(tried) + 2
    assert shown == f"k8scale:latest: {size} unpacked\n"


def test_without_a_builder_that_works_an_image_is_refused(dev):
    finished = dev("image", BUILDER="", check=False)
    assert finished.returncode == 1 and finished.stdout == "" and finished.stderr.count("\n") == 1
    assert finished.stderr.startswith("dev: none of docker, podman and buildah works here")


def test_publishing_without_a_clone_is_refused_before_anything_is_built(dev):
    finished = dev("publish", check=False)
    assert finished.returncode == 1 and finished.stdout == "" and not dev.calls.exists()
    assert finished.stderr.startswith("dev: publish tags the image with the git commit, and there is none: fatal: not a git repository")
    assert finished.stderr.count("\n") == 1


def test_an_image_needs_no_clone(dev):
    assert "k8scale:here: 21MB unpacked" in dev("image", "--tag", "k8scale:here").stdout
    assert "--build-arg COMMIT=unknown " in dev.calls.read_text()
