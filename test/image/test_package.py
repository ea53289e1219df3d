"""The archives of `./dev package`, installed as a user would."""

import re
import tarfile

import pytest
from conftest import TOP, run


MOST_KILOBYTES = 10_000


@pytest.fixture(scope="module")
def packages(dev):
    dev("package")
    version = re.search(r"project\(k8scale VERSION (\S+)", (TOP / "CMakeLists.txt").read_text())[1]
    folder = TOP / "build/package"
    architecture = run("dpkg", "--print-architecture").strip()
    return folder / f"k8scale_{version}_{architecture}.deb", folder / f"k8scale-{version}-Linux.tar.gz"


def test_the_debian_package_brings_all_it_needs(packages, base_image, tmp_path):
    container = run("buildah", "from", base_image).strip()
    try:
        run("buildah", "copy", "-q", container, packages[0], "/k8scale.deb")

        def inside(*command):
            return run("buildah", "run", "--isolation", "chroot", container, "--", *command)
        inside("apt-get", "update", "-q")
        inside("apt-get", "install", "-qy", "--no-install-recommends", "/k8scale.deb")
        assert inside("k8scale", "--version").startswith("k8scale ")
        assert int(inside("dpkg-query", "-W", "-f", "${Installed-Size}", "k8scale")) < MOST_KILOBYTES
        printed = inside("cmdriver", "--embedded", "-lambda", "200", "-n", "200", "-maxpop", "10", "-waitBeforeTerminate", "0")
        assert re.search(r"^create +200 +200 +200 +0 ", printed, re.MULTILINE), printed
        files = set(inside("dpkg", "-L", "k8scale").split())
        assert {"/usr/bin/k8scale", "/usr/bin/cm-logger", "/usr/share/man/man1/cm-logger.1",
                "/usr/share/man/man1/k8scale-drive.1", "/usr/share/bash-completion/completions/cm-logger",
                "/usr/share/zsh/vendor-completions/_k8scale", "/usr/share/fish/vendor_completions.d/k8scale.fish",
                "/usr/share/doc/k8scale/copyright", "/usr/share/doc/k8scale/README.md", "/usr/share/doc/k8scale/docs/files.md"} <= files
    finally:
        run("buildah", "rm", container)


def test_the_archive_can_be_unpacked_anywhere(packages, tmp_path):
    with tarfile.open(packages[1]) as archive:
        archive.extractall(tmp_path)
    [folder] = tmp_path.iterdir()
    assert run(folder / "bin/go_httperf", "--help") == run(folder / "bin/k8scale", "httperf", "--help")
    assert (folder / "share/man/man1/k8scale.1").exists()
