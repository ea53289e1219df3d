"""Measures what watchers must reach: `./dev bench watch`. Each figure is the median of several rounds, beside its bar."""

import contextlib
import csv
import datetime
import json
import pathlib
import statistics
import subprocess
import tempfile

from bars import STATED, at_least, at_most, exactly, main, make_namespace
import real_server as envtest  # on the path that bars makes

OBJECTS, WATCHES = 20_000, 10_000


@contextlib.contextmanager
def started(*command, folder):
    """A process that ends, at the latest, with the block; its output goes nowhere."""
    with subprocess.Popen(list(map(str, command)), cwd=folder, stdout=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def driver(binary, kubeconfig, *flags):
    return [binary, "cmdriver", "-kubeconfig", kubeconfig, "-waitBeforeTerminate", 0, "--progress", "none",
            "-metricport", "127.0.0.1:0", *flags]


def watcher(binary, subcommand, kubeconfig, *flags):
    return [binary, subcommand, "-kubeconfig", kubeconfig, "-metricport", "127.0.0.1:0", "--summary-file", "seen.json", *flags]


def summary(folder, name="seen.json"):
    return json.loads((folder / name).read_text())


def resident_megabytes(process):
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:")) * 1024 / 1e6


def fill(binary, server, folder):
    """Leaves OBJECTS ConfigMaps of 2 KB on the server: those of a driver that is killed before it deletes."""
    make_namespace(server.kubeconfig)
    flags = ["-runid", "fill", "-lambda", 400, "-n", OBJECTS, "-maxpop", 10 ** 7]
    rows = folder / "fill-driver.csv"
    with started(*driver(binary, server.kubeconfig, *flags), folder=folder):
        envtest.wait_until(lambda: rows.exists() and rows.read_bytes().count(b"\n") >= OBJECTS, "the objects", seconds=200)


def sync(binary):
    with tempfile.TemporaryDirectory(prefix="k8scale-bench-") as name, envtest.RealServer(f"{name}/server") as server:
        folder = pathlib.Path(name)
        fill(binary, server, folder)
        for encoding, most_cpu in (("JSON", 0.25), ("protobuf", 0.15)):
            flags = ["-data-filname", "rows.csv", "--until-idle", "2s", "-useProtobuf=" + str(encoding != "JSON").lower()]
            subprocess.run(list(map(str, watcher(binary, "cm-logger", server.kubeconfig, *flags))), cwd=folder, check=True)
            seen = summary(folder)
            yield f"2 {OBJECTS:,} ConfigMaps of 2 KB, {encoding}: objects", at_least(OBJECTS), seen["objects"]
            yield f"2 {encoding}: CPU to sync and log, s", at_most(most_cpu), seen["client"]["process_cpu"] / 1e9
            yield f"2 {encoding}: peak resident memory, MB", at_most(25), seen["client"]["peak_resident_bytes"] / 1e6


def moment(text):
    return datetime.datetime.strptime(text, "%Y-%m-%d %H:%M:%S.%f").timestamp()


def deletes_apart(folder, rows):
    """For each delete, how many ms after --observe saw it cm-logger queued it. Rows have whole milliseconds."""
    queued = {row[2].removeprefix("scaletest/"): moment(row[7]) for row in rows if row[1] == "delete" and row[4:7] == ["0", "0", "1"]}
    seen = {row[2]: moment(row[0]) + int(row[5]) / 1e9 for row in csv.reader((folder / "eyes-driver-seen.csv").open())
            if row[1] == "delete" and row[5]}
    return [(queued[name] - seen[name]) * 1e3 for name in queued.keys() & seen.keys()]


def both_eyes(binary):
    """cm-logger and --observe look at the same writes to a real server, 200/s for 30 s."""
    with tempfile.TemporaryDirectory(prefix="k8scale-bench-") as name, envtest.RealServer(f"{name}/server") as server:
        folder = pathlib.Path(name)
        make_namespace(server.kubeconfig)
        flags = ["-data-filname", "rows.csv", "--until-idle", "4s", "--final-list"]
        with started(*watcher(binary, "cm-logger", server.kubeconfig, *flags), folder=folder) as logger:
            envtest.wait_until(lambda: (folder / "rows.csv").exists(), "the logger")
            run = ["-runid", "eyes", "-lambda", 200, "-n", 6000, "-maxpop", 50, "--observe"]
            subprocess.run(list(map(str, driver(binary, server.kubeconfig, *run))), cwd=folder, check=True,
                           stdout=subprocess.DEVNULL)
            logger.wait(timeout=60)
        rows = [row for row in csv.reader((folder / "rows.csv").open()) if row[2].startswith("scaletest/eyes-")]
        yield "3 real server: creates in the logger's rows", exactly(6000), sum(int(row[4]) for row in rows)
        yield "3 real server: deletes in the logger's rows", exactly(6000), sum(int(row[6]) for row in rows)
        observed = summary(folder, "eyes-driver.json")["operations"]["create"]["notification_time"]["first"]
        logged = summary(folder)["notification_latency"]["create"]
        yield "3 create, p50 of cm-logger minus of --observe, ms", at_most(1), abs(logged["p50"] - observed["p50"]) / 1e6
        yield "3 create, p99 of cm-logger minus of --observe, ms", STATED, abs(logged["p99"] - observed["p99"]) / 1e6
        apart = deletes_apart(folder, rows)
        yield "3 deletes that both saw alone", STATED, len(apart)
        yield "3 delete, median of cm-logger minus --observe, ms", at_most(1), abs(statistics.median(apart))
        yield "3 delete, p99 of cm-logger minus --observe, ms", STATED, statistics.quantiles(apart, n=100)[98]


def fan_out(binary):
    with tempfile.TemporaryDirectory(prefix="k8scale-bench-") as name:
        folder = pathlib.Path(name)
        kubeconfig = folder / "kubeconfig"
        serve = [binary, "apiserver", "--secure-port", 0, "--kubeconfig-out", kubeconfig]
        with started(*serve, folder=folder) as server:
            envtest.wait_until(kubeconfig.exists, "the kubeconfig of k8scale apiserver", seconds=10)
            make_namespace(kubeconfig)
            before = resident_megabytes(server)
            flags = ["--resource", "v1/configmaps", "--watches", WATCHES, "--until-idle", "5s"]
            with started(*watcher(binary, "watch", kubeconfig, *flags), folder=folder) as watch:
                connected = f"/proc/{server.pid}/fd"
                envtest.wait_until(lambda: len(list(pathlib.Path(connected).iterdir())) > WATCHES, "the watches", seconds=90)
                each = (resident_megabytes(server) - before) * 1000 / WATCHES
                run = ["-runid", "fan", "-lambda", 25, "-n", 250, "-maxpop", 25, "-datalen", 20]
                subprocess.run(list(map(str, driver(binary, kubeconfig, *run))), cwd=folder, check=True, stdout=subprocess.DEVNULL)
                watch.wait(timeout=120)
        seen = summary(folder)
        yield f"5 {WATCHES:,} watches: opened", exactly(WATCHES), seen["opened"]
        yield f"5 {WATCHES:,} watches: s to open", at_most(60), seen["open_time"] / 1e9
        yield "5 client: resident for each watch, kB", at_most(30), seen["resident_for_each"] / 1e3
        yield "5 server: resident for each watch, kB", STATED, each
        yield "5 50 writes/s: events on all watches", exactly(500 * WATCHES), seen["events"]
        yield "5 50 writes/s: events/s", STATED, seen["event_rate"]
        lost = seen["audit"]["missed"] + seen["audit"]["behind"]
        yield "5 events lost", exactly(0), lost
        yield "5 events doubled", exactly(0), seen["audit"]["duplicated"]


if __name__ == "__main__":
    scenarios = [fan_out]
    if reason := envtest.missing_reason():
        print(f"2, 3 real server: not measured: {reason}")
    else:
        scenarios += [both_eyes, sync]
    main(__doc__, scenarios)
