"""The histograms of a summary file, read back by the library of another project."""

import json
import subprocess

import pytest
from conftest import BINARY
from hdrh.histogram import HdrHistogram

PERCENTILES = {"p50": 50, "p90": 90, "p99": 99, "p99.9": 99.9}


@pytest.fixture(scope="module")
def summary(tmp_path_factory):
    folder = tmp_path_factory.mktemp("histogram")
    command = [BINARY, "cmdriver", "--embedded", "-lambda", "500", "-n", "200", "-maxpop", "20",
               "-waitBeforeTerminate", "0", "-runid", "histogram", "-metricport", "127.0.0.1:0"]
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL, timeout=60)
    return json.loads((folder / "histogram-driver.json").read_text())


@pytest.mark.parametrize("verb", ["create", "delete"])
@pytest.mark.parametrize("kind", ["response_time", "service_time", "send_lag"])
def test_hdrhistogram_reads_the_counts_and_percentiles_that_the_summary_shows(summary, verb, kind):
    times = summary["operations"][verb][kind]
    decoded = HdrHistogram.decode(times["histogram"])
    assert decoded.get_total_count() == times["count"] == 200
    for key, percentile in PERCENTILES.items():
        assert decoded.get_value_at_percentile(percentile) == pytest.approx(times[key], rel=0.001)
    assert decoded.get_max_value() == pytest.approx(times["max"], rel=0.001)
    assert decoded.get_min_value() == pytest.approx(times["min"], rel=0.001)
