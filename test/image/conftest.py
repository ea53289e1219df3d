"""An image built from this tree with what works here, and its root file system run as a pod would be."""

import contextlib
import json
import os
import pathlib
import shutil
import subprocess

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
BASE = "localhost/k8scale-test-base:bookworm"
ACCOUNT_FOLDER = "var/run/secrets/kubernetes.io/serviceaccount"
USER = 65532


def run(*command, **options):
    """What it prints; its failure fails the test with what it said."""
    finished = subprocess.run([str(each) for each in command], capture_output=True, text=True, **options)
    assert finished.returncode == 0, f"{command}: {finished.stdout[-2000:]}\n{finished.stderr[-4000:]}"
    return finished.stdout


@pytest.fixture(scope="session", autouse=True)
def as_root():
    """Who may mount file systems and make devices."""
    if os.geteuid() != 0:
        pytest.fail("./dev image-test makes file systems and mounts them: run it as root", pytrace=False)


@pytest.fixture(scope="session")
def base_image(tmp_path_factory):
    """Debian, made by debootstrap where there is no registry to pull it from; kept for the next run."""
    if subprocess.run(["buildah", "inspect", "--type", "image", BASE], capture_output=True).returncode:
        tree = tmp_path_factory.mktemp("debian") / "root"
        run("debootstrap", "--variant=minbase", "bookworm", tree)
        container = run("buildah", "from", "scratch").strip()
        run("buildah", "copy", "-q", container, tree, "/")
        run("buildah", "commit", "-q", "--rm", container, BASE)
        shutil.rmtree(tree)
    return BASE


@pytest.fixture(scope="session")
def dev(base_image):
    """Runs ./dev with buildah, on the base image; what it prints."""
    def call(*arguments, **environment):
        return run(TOP / "dev", *arguments, cwd=TOP,
                   env={**os.environ, "BUILDER": "buildah", "BASE_IMAGE": base_image, **environment})
    return call


@pytest.fixture(scope="session")
def image(dev):
    """Name of the image, and the line that ./dev says of it."""
    name = "localhost/k8scale-test:latest"
    return name, dev("image", "--tag", name, SOURCE_URL="https://example.com/k8scale").splitlines()[-1]


@pytest.fixture(scope="session")
def configuration(image):
    """What a container runtime reads of the image."""
    return json.loads(run("buildah", "inspect", "--type", "image", image[0]))["OCIv1"]["config"]


@pytest.fixture(scope="session")
def root(image):
    """The image's file system, mounted."""
    container = run("buildah", "from", image[0]).strip()
    yield pathlib.Path(run("buildah", "mount", container).strip())
    run("buildah", "rm", container)


class Pod:
    """The image's file system as a container with a read-only root sees it: user 65532, the volume `volume` at /tmp, a
    ServiceAccount's files where Kubernetes puts them, and a process that knows nothing of the host's environment."""

    def __init__(self, root, folder, volume, account, server):
        self.volume = volume
        self._folder = folder
        self._root, self._account = root, account
        address, port = server.url.removeprefix("https://").split(":")
        self._environment = {"KUBERNETES_SERVICE_HOST": address, "KUBERNETES_SERVICE_PORT": port}
        volume.mkdir()
        os.chown(volume, USER, USER)
        for folder in ("proc", "dev", ACCOUNT_FOLDER):  # as the runtime makes them
            (root / folder).mkdir(parents=True, exist_ok=True)

    def command(self, *arguments):
        """To be run by subprocess; the mounts end with it."""
        script = """set -e
mount --bind "$1" "$1"
mount -o remount,bind,ro "$1"
mount --bind "$2" "$1/tmp"
mount --bind -o ro "$3" "$1/%s"
mount --rbind /dev "$1/dev"
mount -t proc proc "$1/proc"
root=$1
shift 3
exec unshare --root "$root" --wd "%s" --setuid %d --setgid %d "$@"
""" % (ACCOUNT_FOLDER, self._folder, USER, USER)
        return ["unshare", "--mount", "sh", "-c", script, "sh", self._root, self.volume, self._account, *map(str, arguments)]

    def options(self):
        return {"env": self._environment, "text": True, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}

    def run(self, *arguments, timeout=120):
        return subprocess.run(self.command(*arguments), timeout=timeout, **self.options())

    @contextlib.contextmanager
    def start(self, *arguments):
        """A process that is asked to end with the block."""
        process = subprocess.Popen(self.command(*arguments), **self.options())
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()


@pytest.fixture
def pod_of(root, configuration, real_server, tmp_path):
    """Makes a pod of a ServiceAccount in the namespace scaletest, which may do what `role` says."""
    def make(name, role, kind="role"):
        kubectl = real_server.kubectl_run
        kubectl("create", "serviceaccount", name, "-n", "scaletest")
        place = ["-n", "scaletest"] if kind == "role" else []
        kubectl("create", kind, name, *place, *role)
        kubectl("create", f"{kind}binding", name, *place, f"--{kind}={name}", f"--serviceaccount=scaletest:{name}")
        account = tmp_path / f"{name}-account"
        account.mkdir()
        (account / "token").write_text(kubectl("create", "token", name, "-n", "scaletest"))
        (account / "ca.crt").write_text(real_server.ca_file.read_text())
        (account / "namespace").write_text("scaletest")
        return Pod(root, configuration["WorkingDir"], tmp_path / f"{name}-volume", account, real_server)
    return make
