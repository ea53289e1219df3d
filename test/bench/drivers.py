"""Measures what the closed loop must reach: `./dev bench drivers`. Each figure is the median of several rounds."""

import re
import tempfile

from bars import at_least, at_most, exactly, main, make_namespace
from driver_run import Run
import real_server as envtest  # on the path that bars makes

CLOSED = ("-conns", "1", "-threads", "32", "-rate", "100000")


def disagreements(run):
    """How many figures of the closing line are not those of the rows."""
    said = re.search(r"(\d+) object lifecycles .* with (\d+) errors on create, (\d+) on update, and (\d+) on delete",
                     run.said)
    lives, *errors = map(int, said.groups())
    return (lives != run.rows / 3) + (sum(errors) != run.errors)


def real_server(binary):
    with tempfile.TemporaryDirectory(prefix="k8scale-bench-") as folder, envtest.RealServer(folder) as server:
        make_namespace(server.kubeconfig)
        run = Run(binary, "-kubeconfig", server.kubeconfig, "-n", "10000", *CLOSED, subcommand="cmdriverclosed")
    yield "1 real server, closed loop: errors", exactly(0), run.errors
    yield "1 real server, closed loop: rows", exactly(30000), run.rows
    yield "1 real server, closed loop: client CPU per write, us", at_most(35), run.summary["cpu_per_operation"] / 1e3
    yield "1 real server: closing line against rows", exactly(0), disagreements(run)


def embedded(binary):
    run = Run(binary, "--embedded", "-n", "300000", *CLOSED, subcommand="cmdriverclosed")
    yield "2 embedded, closed loop: errors", exactly(0), run.errors
    yield "2 embedded, closed loop: writes/s", at_least(20000), run.summary["achieved_rate"]


if __name__ == "__main__":
    scenarios = [embedded]
    if reason := envtest.missing_reason():
        print(f"1 real server: not measured: {reason}")
    else:
        scenarios.insert(0, real_server)
    main(__doc__, scenarios)
