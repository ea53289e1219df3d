"""`cmake --install`, into a prefix and below a DESTDIR."""

import os
import pathlib
import subprocess

import pytest
from conftest import BINARY
from documents import TOP, pages

BUILD = pathlib.Path(BINARY).parent
OLD_NAMES = {"cmdriver", "cmdriverclosed", "flunder-driver", "cm-logger", "flunder-logger", "flunder-watch", "httperf",
             "go_httperf"}


def install(*flags, **environment):
    finished = subprocess.run(["cmake", "--install", BUILD, *flags], capture_output=True, text=True, timeout=120,
                              env={**os.environ, **environment})
    assert finished.returncode == 0, finished.stderr


@pytest.mark.parametrize("prefix, zsh", [("/usr", "vendor-completions"), ("/opt/k8scale", "site-functions")])
def test_program_links_pages_and_completions_are_installed_below_destdir(tmp_path, prefix, zsh):
    install("--prefix", prefix, DESTDIR=str(tmp_path))
    installed = tmp_path / prefix.removeprefix("/")
    assert list(tmp_path.iterdir()) == [tmp_path / prefix.split("/")[1]]
    for name in OLD_NAMES:
        assert (installed / "bin" / name).readlink() == pathlib.Path("k8scale")
        assert (installed / "share/man/man1" / f"{name}.1").exists()
        assert (installed / "share/bash-completion/completions" / name).read_text().startswith("# bash completion")
        assert (installed / f"share/fish/vendor_completions.d/{name}.fish").read_text().startswith("# fish completion")
    assert (installed / "share/man/man1/k8scale-drive.1").exists()
    assert (installed / "share/zsh" / zsh / "_k8scale").read_text().startswith("#compdef k8scale cmdriver")
    documents = installed / "share/doc/k8scale"
    assert "Apache License" in (documents / "copyright").read_text()
    assert {path.relative_to(documents) for path in documents.rglob("*.md")} == {page.relative_to(TOP) for page in pages()}


def test_what_is_installed_runs_where_it_is_and_can_be_installed_again(tmp_path):
    for _ in range(2):
        install("--prefix", str(tmp_path))
    helped = subprocess.run([tmp_path / "bin/cm-logger", "--help"], capture_output=True, text=True, timeout=30, check=True)
    assert "k8scale cm-logger" in helped.stdout
