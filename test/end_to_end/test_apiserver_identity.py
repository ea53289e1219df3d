"""`k8scale apiserver --identity`: a server that its clients know again."""

import shutil

import real_server as envtest


def listed(program, kubeconfig, *flags):
    return program("cleanup", "--all", "--dry-run", "-kubeconfig", kubeconfig, *flags)


def test_the_old_kubeconfig_works_after_a_restart(api_server, program, tmp_path):
    [port] = envtest.free_ports(1)
    flags = ["--identity", tmp_path / "identity", "--secure-port", str(port)]
    first = api_server(*flags)
    old = shutil.copy(first.kubeconfig, tmp_path / "old")
    first.stop()
    second = api_server(*flags)
    assert second.kubeconfig.read_text() == first.kubeconfig.read_text()
    finished = listed(program, old)
    assert finished.returncode == 0, finished.stderr


def test_token_and_certificate_work_each_alone_after_a_restart(api_server, program, tmp_path):
    [port] = envtest.free_ports(1)
    flags = ["--identity", tmp_path / "identity", "--secure-port", str(port)]
    first = api_server(*flags)
    lines = first.kubeconfig.read_text().splitlines(keepends=True)
    first.stop()
    api_server(*flags)
    for credential in ("token:", "client-"):
        alone = tmp_path / "alone"
        alone.write_text("".join(line for line in lines if credential not in line))
        assert alone.read_text() != "".join(lines)
        finished = listed(program, alone)
        assert finished.returncode == 0, finished.stderr


def test_two_servers_of_one_identity_are_trusted_alike(api_server, program, tmp_path):
    first, second = (api_server("--identity", tmp_path / "identity") for _ in range(2))
    assert first.url != second.url
    finished = listed(program, first.kubeconfig, "--server", second.url)
    assert finished.returncode == 0 and second.url in finished.stdout, finished.stderr
    stranger = api_server()
    refused = listed(program, first.kubeconfig, "--server", stranger.url)
    assert refused.returncode == 20 and "certificate" in refused.stderr


def test_a_broken_file_is_refused_by_name(api_server, program, tmp_path):
    folder = tmp_path / "identity"
    api_server("--identity", folder).stop()
    (folder / "ca.key").write_text("broken")
    finished = program("apiserver", "--secure-port", "0", "--identity", folder)
    assert (finished.returncode, finished.stdout) == (1, "")
    assert f"--identity: {folder}/ca.key: not a PEM key" in finished.stderr and finished.stderr.count("\n") == 1


def test_a_disk_that_is_full_leaves_no_identity(program, tmp_path):
    folder = tmp_path / "identity"
    finished = program("apiserver", "--secure-port", "0", "--identity", folder, preexec_fn=no_large_files)
    assert finished.returncode == 1 and "--identity: " in finished.stderr
    assert not (folder / "ca.crt").exists()


def no_large_files():
    """As a full disk: no file can grow beyond a few bytes."""
    import resource
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
