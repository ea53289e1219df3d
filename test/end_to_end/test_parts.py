"""Several processes as one run: how they part the work, begin together, and are merged."""

import csv
import datetime
import json
import os
import signal

import pytest
from conftest import QUICK
from parts import RUN, config_maps, end, faulty
from real_server import wait_until


@pytest.fixture
def server(parts_server):
    """A server that all parts see."""
    return parts_server


def summary(folder, part):
    return json.loads((folder / f"r1-driver-{part}.json").read_text())


def rows(folder, parts):
    return [row for part in parts for row in csv.reader((folder / f"r1-driver-{part}.csv").open())]


def test_a_pod_of_an_indexed_job_is_the_part_of_its_index(tmp_path, start_part):
    for index in range(3):
        end(start_part("auto", JOB_COMPLETION_INDEX=str(index), K8SCALE_PARTS="3"))
    for part in (1, 2, 3):
        assert summary(tmp_path, part)["part"] | {"count": 3, "index": part} == summary(tmp_path, part)["part"]
        assert summary(tmp_path, part)["parameters"]["part"] == f"{part}/3"
    created = sorted(row[3] for row in rows(tmp_path, (1, 2, 3)) if row[2] == "create")
    assert created == [f"r1-{number:03}" for number in range(1, 201)]


@pytest.mark.parametrize("environment, told", [
    ({}, "$JOB_COMPLETION_INDEX is not set, expected a pod of a Job with completionMode: Indexed"),
    ({"JOB_COMPLETION_INDEX": "0"}, "$K8SCALE_PARTS is not set, expected the Job's completions"),
    ({"JOB_COMPLETION_INDEX": "3", "K8SCALE_PARTS": "3"}, '$JOB_COMPLETION_INDEX is "3", expected 0 to 2'),
])
def test_what_a_pod_lacks_to_be_a_part_is_told(program, environment, told):
    finished = program("cmdriver", *QUICK, *RUN, "--embedded", "--part", "auto", env={**os.environ, **environment})
    assert finished.returncode == 1
    assert told in finished.stderr and finished.stderr.count("\n") == 1


@pytest.fixture
def parts(tmp_path, start_part):
    """The summaries of a run of three parts."""
    for process in [start_part(f"{part}/3") for part in (1, 2, 3)]:
        end(process)
    return [f"r1-driver-{part}.json" for part in (1, 2, 3)]


def shift(file, milliseconds):
    """As of a part that began so much later."""
    made = json.loads(file.read_text())
    made["started_ns"] += milliseconds * 1_000_000
    file.write_text(json.dumps(made))


def begin_together(folder, parts):
    starts = [json.loads((folder / part).read_text())["started_ns"] for part in parts]
    for part, start in zip(parts, starts, strict=True):
        shift(folder / part, (starts[0] - start) // 1_000_000)


def test_parts_are_merged_into_one_summary(program, tmp_path, parts):
    begin_together(tmp_path, parts)
    merged = program("merge", *parts, "--json", "merged.json")
    assert merged.returncode == 0, merged.stderr
    assert "merged from parts 1-3 of 3" in merged.stdout
    made = json.loads((tmp_path / "merged.json").read_text())
    assert made["schema"] == "k8scale.summary/1"
    assert made["warnings"][0] == "the clocks of parts 1-3 are not known: the parts may have begun further apart than they say"
    assert (made["part"], made["parts"]["missing"]) == (None, [])
    for verb in ("create", "delete"):
        totals = made["operations"][verb]
        assert (totals["asked"], totals["done"], totals["ok"], totals["response_time"]["count"]) == (200,) * 4
        assert totals["response_time"]["max"] == max(
            json.loads((tmp_path / part).read_text())["operations"][verb]["response_time"]["max"] for part in parts)
    assert made["asked_rate"] == pytest.approx(400)


def test_a_missing_part_is_told(program, tmp_path, parts):
    begin_together(tmp_path, parts)
    merged = program("merge", parts[2], parts[0])
    assert merged.returncode == 3
    assert "WARNING: part 2 of 3 is missing" in merged.stdout


def test_parts_that_began_at_different_moments_are_told(program, tmp_path, parts):
    begin_together(tmp_path, parts)
    shift(tmp_path / parts[1], 2500)
    merged = program("merge", *parts)
    assert merged.returncode == 4
    assert "WARNING: the parts did not begin together: part 2 began 2.50s after part" in merged.stdout


def test_what_are_not_parts_of_one_run_is_refused(program, tmp_path, parts):
    assert program("cmdriver", *QUICK, "--embedded", "-runid", "other", "-n", "5", "-lambda", "500").returncode == 0
    merged = program("merge", *parts, parts[0], "other-driver.json", "--json", "merged.json")
    assert merged.returncode == 6 and merged.stdout == "" and not (tmp_path / "merged.json").exists()
    assert f"{parts[0]}: part 1 again" in merged.stderr
    assert 'other-driver.json: run_id is "other" instead of "r1"' in merged.stderr
    assert "nothing is merged" in merged.stderr.splitlines()[-1]


def test_what_is_no_summary_is_named(program, tmp_path):
    (tmp_path / "x.json").write_text("{}")
    for arguments, told in [(["absent.json"], "absent.json: No such file"), (["x.json"], "x.json: not the summary of")]:
        merged = program("merge", *arguments)
        assert merged.returncode == 5 and told in merged.stderr
    for flags, told in [([], "expected the summaries of a run's parts"), (["x.json", "-kubeconfig", "a"], "are for --run"),
                        (["--run", "a", "--embedded"], "unknown flag --embedded")]:
        merged = program("merge", *flags)
        assert merged.returncode == 1 and told in merged.stderr


def test_parts_begin_together_and_leave_nothing(tmp_path, start_part, server, program):
    processes = [start_part(f"{part}/4", "--start-together") for part in (1, 2, 3, 4)]
    for process in processes:
        end(process)
    made = [summary(tmp_path, part) for part in (1, 2, 3, 4)]
    assert len({each["part"]["agreed_start"] for each in made}) == 1
    starts = [each["started_ns"] for each in made]
    assert max(starts) - min(starts) < 10_000_000
    for each in made:
        clock = each["part"]["server_clock_ahead"]
        assert clock["at_least"] <= 0 <= clock["at_most"]  # one machine
    assert config_maps(server) == []
    assert program("merge", *(f"r1-driver-{part}.json" for part in (1, 2, 3, 4))).returncode == 0


def test_a_part_begins_at_the_moment_that_it_is_told(tmp_path, start_part):
    at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=2)
    end(start_part("1/1", "--start-at", at.isoformat()))
    made = json.loads((tmp_path / "r1-driver.json").read_text())
    assert abs(made["started_ns"] / 1e9 - at.timestamp()) < 0.001
    first = min(row[0] for row in csv.reader((tmp_path / "r1-driver.csv").open()))
    assert datetime.datetime.fromisoformat(first).timestamp() >= at.timestamp() - 0.001


@pytest.mark.parametrize("flags, told", [
    (["--start-at", "tomorrow"], "expected a moment such as 2026-11-24T15:04:05Z"),
    (["--start-at", "2020-01-01T00:00:00Z"], "expected a moment to come"),
    (["--start-at", "2050-01-01T00:00:00Z", "--start-together"], "expected one of them"),
    (["--start-together", "--start-deadline", "0s"], "--start-deadline: found 0"),
    (["--start-deadline", "1m"], "--start-deadline is for --start-together"),
    (["--embedded", "--start-together"], "--start-together is for others at the same server"),
    (["--embedded", "--store-summary"], "--store-summary is for others at the same server"),
])
def test_a_start_that_cannot_be_is_told(program, flags, told):
    finished = program("cmdriver", *QUICK, *RUN, *flags)
    assert finished.returncode == 1
    assert told in finished.stderr and finished.stderr.count("\n") == 1


def test_at_the_deadline_the_missing_parts_are_named_and_nothing_is_left(tmp_path, start_part, server):
    processes = [start_part(f"{part}/4", "--start-together", "--start-deadline", "2s") for part in (1, 3)]
    told = [process.communicate(timeout=60)[1] for process in processes]
    assert [process.returncode for process in processes] == [24, 24]
    # To the second one, the first may be missing too.
    assert any("not all parts joined within 2.00s (--start-deadline): missing 2, 4 of 4" in each for each in told), told
    assert config_maps(server) == []
    assert list(tmp_path.glob("r1-driver*")) == []


def test_objects_made_before_the_start_go_when_it_fails(start_part, server):
    process = start_part("1/2", "--rate", "100", "-n", "10", "--initial", "20", "--mix", "get=1", "--start-together",
                         "--start-deadline", "1s", subcommand="drive", run=["-runid", "r1", "-seed", "7"])
    process.communicate(timeout=60)
    assert process.returncode == 24
    assert config_maps(server) == []


def test_objects_that_stay_after_a_failed_start_are_told(start_part, api_server):
    server = faulty(api_server, "verbs=delete,resource=flunders,status=403")
    process = start_part("1/2", "--resource", "wardle.example.com/v1alpha1/flunders", "--rate", "100", "-n", "10", "--initial", "5",
                         "--mix", "get=1", "--start-together", "--start-deadline", "1s", subcommand="drive",
                         run=["-runid", "r1", "-seed", "7"], server=server)
    stderr = process.communicate(timeout=60)[1]
    assert process.returncode == 24
    assert "up to 3 objects may be left on the server; to delete them: k8scale cleanup -runid r1" in stderr, stderr


def test_a_part_of_a_closed_loop_asks_for_the_rate_of_its_workers(tmp_path, start_part):
    run = ["-runid", "r1", "-seed", "7", "-n", "40", "-threads", "10", "-rate", "1000", "-conns", "1", "-maxpop", "10"]
    for part, rate in ((1, 300), (4, 200)):
        end(start_part(f"{part}/4", subcommand="cmdriverclosed", run=run))
        assert summary(tmp_path, part)["asked_rate"] == rate


def test_a_part_that_is_stopped_before_its_moment_did_not_begin_then(start_part):
    at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
    process = start_part("1/1", "--start-at", at.isoformat())
    assert "the run begins at" in process.stderr.readline()
    process.send_signal(signal.SIGTERM)
    stdout, _ = process.communicate(timeout=30)
    assert process.returncode == 143
    assert "started 2" in stdout and f"started {at:%Y-%m-%d %H:%M}" not in stdout


def test_a_part_that_is_stopped_while_it_waits_leaves_nothing(start_part, server):
    process = start_part("1/2", "--start-together")
    wait_until(lambda: config_maps(server) == ["configmap/r1-start"], "the ConfigMap")
    process.send_signal(signal.SIGTERM)
    stdout, _ = process.communicate(timeout=30)
    assert process.returncode == 143 and "interrupted by SIGTERM" in stdout
    assert config_maps(server) == []


def test_cleanup_removes_what_a_killed_part_left(start_part, server, program):
    process = start_part("1/2", "--start-together")
    wait_until(lambda: config_maps(server) == ["configmap/r1-start"], "the ConfigMap")
    process.kill()
    process.wait()
    again = start_part("1/2", "--start-together")
    assert "part 1 of run r1 joined already" in again.communicate(timeout=30)[1]
    other = program("cleanup", "-runid", "r2", "-kubeconfig", server.kubeconfig)
    assert other.returncode == 0 and config_maps(server) == ["configmap/r1-start"]
    cleaned = program("cleanup", "-runid", "r1", "-kubeconfig", server.kubeconfig)
    assert cleaned.returncode == 0, cleaned.stderr
    assert config_maps(server) == []
