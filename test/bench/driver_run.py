"""Runs a driver once, for the benches."""

import collections
import csv
import json
import pathlib
import subprocess
import sys
import tempfile

from bars import peak_memory


class Run:
    """One finished run of a driver: its summary, what it said, how many rows and errors it wrote, its peak memory."""

    def __init__(self, binary, *flags, subcommand="cmdriver", during=lambda process, rows: None):
        with tempfile.TemporaryDirectory(prefix="k8scale-bench-") as name:
            folder = pathlib.Path(name)
            command = [binary, subcommand, "-waitBeforeTerminate", "0", "--progress", "none", "-runid", "bench",
                       "-metricport", "127.0.0.1:0", *flags]
            with (open(folder / "errors", "w+") as errors,
                  subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=errors) as process):
                try:
                    during(process, folder / "bench-driver.csv")
                    self.peak_megabytes = peak_memory(process) / 1e6
                except BaseException:
                    process.kill()
                    raise
            self.said = (folder / "errors").read_text()
            if process.returncode:
                sys.exit(f"{' '.join(map(str, command))}: exit code {process.returncode}: {self.said}")
            self.summary = json.loads((folder / "bench-driver.json").read_text())
            with open(folder / "bench-driver.csv", newline="") as rows:
                outcomes = collections.Counter(bool(row[4]) for row in csv.reader(rows))
        self.rows = outcomes.total()
        self.errors = outcomes[True]

    def time(self, verb, kind, point, unit):
        """A percentile of "response_time", "service_time" or "send_lag", in units of `unit` nanoseconds."""
        return self.summary["operations"][verb][kind][point] / unit
