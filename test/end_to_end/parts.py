"""Processes that are parts of one run."""

RUN = ["-runid", "r1", "-seed", "7", "-n", "200", "-lambda", "400", "-maxpop", "40", "-datalen", "100"]


def end(process):
    """What it printed; it must have ended well."""
    stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 0, stderr
    return stdout


def config_maps(server, *selector):
    names = server.kubectl("get", "configmaps", "-n", "scaletest", "-o", "name", *selector).split()
    return [name for name in names if "kube-root-ca" not in name]


def faulty(api_server, *rules):
    """A `k8scale apiserver` with the drivers' namespace and these rules of --fault."""
    server = api_server(*(word for rule in rules for word in ("--fault", rule)))
    server.kubectl("create", "namespace", "scaletest")
    return server
