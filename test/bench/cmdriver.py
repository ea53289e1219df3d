"""Measures what cmdriver must reach: `./dev bench cmdriver`. Each figure is the median of several rounds, beside its bar."""

import contextlib
import pathlib
import resource
import signal
import subprocess
import sys
import tempfile

from bars import STATED, at_least, at_most, exactly, main, make_namespace, within
from driver_run import Run
import httperf
import real_server as envtest  # on the path that bars makes


MILLISECONDS, MICROSECONDS = 1e6, 1e3  # of the summary, which has nanoseconds


def yardstick(binary):
    """What one request costs a client in C on this machine. Where the bars were set it was 14 to 17 us."""
    with tempfile.TemporaryDirectory(prefix="k8scale-bench-") as name, httperf.nginx(pathlib.Path(name)) as server:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        requests = httperf.wrk(server + "/small", 16) * httperf.SECONDS
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    yield "yardstick: wrk, 100 bytes over TLS, CPU per request, us", STATED, seconds / requests * 1e6


def embedded_at_10000(binary):
    run = Run(binary, "--embedded", "-lambda", "10000", "-n", "100000", "-maxpop", "1000")
    yield "4 embedded, 10,000/s: errors", exactly(0), run.errors
    yield "4 embedded, 10,000/s: creates/s", at_least(9900), run.summary["operations"]["create"]["rate"]
    yield "4 embedded, 10,000/s: send lag p99, ms", at_most(1), run.time("create", "send_lag", "p99", MILLISECONDS)
    yield "4 embedded, 10,000/s: client CPU per write, us", at_most(30), run.summary["cpu_per_operation"] / MICROSECONDS
    yield "4 embedded, 10,000/s: peak resident memory, MB", at_most(60), run.peak_megabytes


def embedded_at_1000(binary):
    run = Run(binary, "--embedded", "-lambda", "1000", "-n", "10000", "-maxpop", "100")
    yield "4 embedded, 1,000/s: send lag p99, us", at_most(200), run.time("create", "send_lag", "p99", MICROSECONDS)


def known_latency(binary):
    run = Run(binary, "--embedded", "-lambda", "200", "-n", "1000", "-maxpop", "50",
              "--fault", "verbs=create,latency=20ms")
    service = run.time("create", "service_time", "p50", MILLISECONDS)
    yield "5 creates delayed by 20 ms: service time p50, ms", within(20, 1), service


def stopped_server(binary):
    """A server that stands still for 1 s, one fifth of the run: 5 % of that fifth must lie above p99."""
    with tempfile.TemporaryDirectory(prefix="k8scale-bench-") as folder, contextlib.ExitStack() as stack:
        kubeconfig = pathlib.Path(folder) / "kubeconfig"
        server = subprocess.Popen([binary, "apiserver", "--secure-port", "0", "--kubeconfig-out", kubeconfig],
                                  stdout=subprocess.DEVNULL)
        stack.callback(server.wait)
        stack.callback(server.terminate)
        envtest.wait_until(kubeconfig.exists, "the kubeconfig of k8scale apiserver", seconds=10)
        make_namespace(kubeconfig)

        def stop_for_a_second(driver, rows):
            envtest.wait_until(lambda: rows.exists() and rows.read_bytes().count(b"\n") > 500, "500 rows")
            server.send_signal(signal.SIGSTOP)
            try:
                driver.wait(timeout=1)
            except subprocess.TimeoutExpired:
                pass
            finally:
                server.send_signal(signal.SIGCONT)

        run = Run(binary, "-kubeconfig", kubeconfig, "-lambda", "200", "-n", "1000", "-maxpop", "50",
                  during=stop_for_a_second)
    yield "5 server stopped for 1 s: rows", exactly(2000), run.rows
    response = run.time("create", "response_time", "p99", MILLISECONDS)
    yield "5 server stopped for 1 s: response time p99, ms", at_least(900), response


def real_server(binary):
    with tempfile.TemporaryDirectory(prefix="k8scale-bench-") as folder, envtest.RealServer(folder) as server:
        make_namespace(server.kubeconfig)
        run = Run(binary, "-kubeconfig", server.kubeconfig, "-lambda", "100", "-n", "2000", "-maxpop", "50")
        left = server.kubectl_run("get", "configmaps", "-n", "scaletest", "-l", "purpose=scaletest", "-o", "name")
    yield "3 real server: rows", exactly(4000), run.rows
    yield "3 real server: errors", exactly(0), run.errors
    yield "3 real server: objects left", exactly(0), len(left.splitlines())
    create = run.summary["operations"]["create"]
    yield "3 real server: achieved/scheduled rate", within(1, 0.01), create["rate"] / create["scheduled_rate"]


if __name__ == "__main__":
    scenarios = [yardstick, embedded_at_10000, embedded_at_1000, known_latency, stopped_server]
    if reason := envtest.missing_reason():
        print(f"3 real server: not measured: {reason}")
    else:
        scenarios.append(real_server)
    main(__doc__, scenarios)
