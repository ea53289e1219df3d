"""A new user's path: a bare Debian, a clone of what is committed here, and the commands of README.md with nothing else typed.

It takes about ten minutes: all packages are fetched, and all is compiled."""

import os
import pathlib
import platform
import re
import shutil
import subprocess
import time

import pytest
from conftest import TOP, run

SCRIPT = """set -e
mount -t proc proc "$1/proc"
mount --rbind /dev "$1/dev"
exec chroot "$1" bash -c "cd && cd k8scale && $2"
"""
ENVIRONMENT = {"HOME": "/root", "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM": "dumb",
               "LANG": "C.UTF-8"}
PROXIES = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")


def commands():
    """Those in the first block of README.md that are for a shell."""
    block = (TOP / "README.md").read_text().split("```sh\n")[1].split("```")[0]
    return [line.split("#")[0].strip() for line in block.splitlines()]


def ways_to_the_net():
    """The files by which this machine reaches it: its name servers, its proxy and mirror, authorities of its own."""
    yield from pathlib.Path("/usr/local/share/ca-certificates").glob("*.crt")
    yield from (path for path in pathlib.Path("/etc/apt/apt.conf.d").iterdir() if re.search("Acquire::(http|Check)", path.read_text()))
    if platform.freedesktop_os_release().get("VERSION_CODENAME") == "bookworm":
        yield from map(pathlib.Path, ("/etc/apt/sources.list", "/etc/apt/sources.list.d/debian.sources"))
    yield from map(pathlib.Path, ("/etc/apt/apt.conf", "/etc/pip.conf", "/etc/resolv.conf"))


class Machine:
    """A root file system whose user types in the folder of the clone."""

    def __init__(self, root):
        self._root = root
        self._environment = ENVIRONMENT | {name: os.environ[name] for name in PROXIES if name in os.environ}
        (root / "etc/hosts").write_text("127.0.0.1 localhost\n::1 localhost\n")
        for path in filter(pathlib.Path.exists, ways_to_the_net()):
            place = root / path.relative_to("/")
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, place)
        run("git", "clone", "-q", TOP, root / "root/k8scale")

    def type(self, line):
        """What the command prints; mounts and processes end with it."""
        return run("unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", SCRIPT, "sh", self._root, line,
                   env=self._environment, stdin=subprocess.DEVNULL, timeout=3600)


@pytest.fixture
def machine(base_image):
    container = run("buildah", "from", base_image).strip()
    try:
        yield Machine(pathlib.Path(run("buildah", "mount", container).strip()))
    finally:
        run("buildah", "rm", container)


def test_the_commands_of_the_readme_are_all_that_a_new_user_types(machine):
    assert commands() == ["./dev demo", "./dev test"]
    demo, test = commands()
    for most_seconds in (3600, 15):
        start = time.monotonic()
        shown = machine.type(demo)
        seconds = time.monotonic() - start
        assert re.search(r"^create +1000 +1000 +1000 +0 ", shown, re.MULTILINE)
        print(f"{demo}: {seconds:.1f} s")
        assert seconds < most_seconds
    print(f"{test}: {machine.type(test).splitlines()[-1]}")
