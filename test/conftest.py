"""Fixtures that every folder of Python tests may use."""

import pytest
import real_server as envtest
from lacking import lack


@pytest.fixture(scope="session")
def real_server(tmp_path_factory):
    """One real API server for a worker's tests. Users that share an `xdist_group` share the server."""
    if reason := envtest.missing_reason():
        lack(reason)
    with envtest.RealServer(tmp_path_factory.mktemp("real-server")) as server:
        yield server


def pytest_terminal_summary(terminalreporter):
    if (reason := envtest.missing_reason()) and terminalreporter.stats.get("skipped"):
        terminalreporter.write_line(f"skipped tests of a real server: {reason}")
