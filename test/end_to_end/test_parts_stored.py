"""What the parts of a run leave on the server for `k8scale merge`, and what a run that was killed left before."""

import json
import signal

import pytest
from parts import config_maps, end, faulty
from real_server import wait_until

TOGETHER = ["--start-together", "--store-summary"]
ALONE = ["-runid", "r1", "-seed", "7", "-lambda", "500", "-n", "20", "-maxpop", "5"]


def job(number):
    """The environment of a pod of that Job."""
    return {"K8SCALE_JOB_NAME": "drive", "K8SCALE_JOB_UID": f"0b5a2c0e-5a1c-4f6d-9c0e-{number:012}"}


def test_stored_summaries_are_merged_from_the_server(tmp_path, start_part, parts_server, program):
    processes = [start_part(f"{part}/3", *TOGETHER, **job(1)) for part in (1, 2, 3)]
    for process in processes:
        end(process)
    assert sorted(config_maps(parts_server)) == [f"configmap/r1-summary-{part}" for part in (1, 2, 3)]
    stored = json.loads(parts_server.kubectl("get", "configmap", "-n", "scaletest", "r1-summary-2", "-o", "json"))
    assert json.loads(stored["data"]["summary.json"]) == json.loads((tmp_path / "r1-driver-2.json").read_text())
    [owner] = stored["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["name"]) == ("Job", "drive")
    from_server = program("merge", "--run", "r1", "-kubeconfig", parts_server.kubeconfig, "--json", "a.json")
    assert from_server.returncode == 0, from_server.stderr
    assert program("merge", *sorted(tmp_path.glob("r1-driver-*.json")), "--json", "b.json").returncode == 0
    a, b = (json.loads((tmp_path / name).read_text()) for name in ("a.json", "b.json"))
    assert a["operations"] == b["operations"]
    again = start_part("2/3", "--store-summary")
    assert "part 2 of run r1 has a summary already" in again.communicate(timeout=30)[1] and again.returncode == 20
    assert program("cleanup", "-runid", "r1", "-kubeconfig", parts_server.kubeconfig).returncode == 0
    assert len(config_maps(parts_server)) == 3


def test_a_run_without_stored_summaries_is_told(parts_server, program):
    merged = program("merge", "--run", "none", "-kubeconfig", parts_server.kubeconfig)
    assert merged.returncode == 5 and "has no summary of run none" in merged.stderr


def owners(server, name):
    stored = json.loads(server.kubectl("get", name, "-n", "scaletest", "-o", "json"))
    return [each["uid"] for each in stored["metadata"]["ownerReferences"]]


def start_of(server):
    """The ConfigMap of the start, or nothing."""
    return server.kubectl("get", "configmap", "-n", "scaletest", "r1-start", "-o", "yaml", check=False).stdout


def test_what_a_deleted_job_left_makes_way(start_part, parts_server, program):
    end(start_part("2/4", "--store-summary", **job(1)))
    for part in (1, 2):
        killed = start_part(f"{part}/4", "--start-together", **job(1))
        wait_until(lambda key=f"part-{part}.": key in start_of(parts_server), "the part's key")
        killed.kill()
        killed.wait()
    # The two that complete those that are gone must not begin without the others.
    processes = [start_part(f"{part}/4", *TOGETHER, **job(2)) for part in (3, 4)]
    wait_until(lambda: "part-3." in start_of(parts_server) and "part-1." not in start_of(parts_server), "a new ConfigMap")
    processes += [start_part(f"{part}/4", *TOGETHER, **job(2)) for part in (1, 2)]
    for process in processes:
        end(process)
    assert sorted(config_maps(parts_server)) == [f"configmap/r1-summary-{part}" for part in (1, 2, 3, 4)]
    for part in (1, 2, 3, 4):
        assert owners(parts_server, f"configmap/r1-summary-{part}") == [job(2)["K8SCALE_JOB_UID"]]
    merged = program("merge", "--run", "r1", "-kubeconfig", parts_server.kubeconfig)
    assert merged.returncode == 0, merged.stdout + merged.stderr


@pytest.mark.parametrize("flag", ["--store-summary", "--start-together"])
def test_a_missing_namespace_is_told_before_the_run(start_part, api_server, tmp_path, flag):
    run = ["-runid", "r1", "-seed", "7", "--namespaces", "2", "--rate", "100", "-n", "10"]
    process = start_part("1/1", flag, subcommand="drive", run=run, server=api_server())
    assert "has no namespace scaletest" in process.communicate(timeout=30)[1] and process.returncode == 20
    assert list(tmp_path.glob("r1-driver*")) == []


def test_a_summary_that_is_larger_than_a_config_map_is_stored_in_pieces(start_part, parts_server, program, tmp_path):
    (tmp_path / "load.yaml").write_text("list-selector: a=" + "b" * 1_500_000 + "\n")
    run = ["-runid", "r1", "-seed", "7", "--rate", "100", "-n", "10", "--initial", "5", "--mix", "get=1000,list=0.001", "-f", "load.yaml"]
    end(start_part("1/1", "--store-summary", subcommand="drive", run=run))
    assert sorted(config_maps(parts_server)) == ["configmap/r1-summary-1", "configmap/r1-summary-1.2"]
    merged = program("merge", "--run", "r1", "-kubeconfig", parts_server.kubeconfig, "--json", "merged.json")
    assert merged.returncode == 0, merged.stderr
    made, own = (json.loads((tmp_path / name).read_text()) for name in ("merged.json", "r1-driver.json"))
    assert made["operations"] == own["operations"]
    assert len(made["parameters"]["list-selector"]) == 1_500_002


def test_a_summary_reaches_a_server_that_refuses_for_a_while(start_part, api_server, program):
    server = faulty(api_server, "verbs=create,resource=configmaps,every=2,status=500")
    end(start_part("1/1", "--store-summary", subcommand="flunder-driver", run=ALONE, server=server))
    assert program("merge", "--run", "r1", "-kubeconfig", server.kubeconfig).returncode == 0


def test_a_second_signal_ends_a_run_that_cannot_store_its_summary(start_part, api_server, tmp_path):
    # The first is but a try, before the run.
    server = faulty(api_server, "verbs=create,resource=configmaps,every=2,latency=1m")
    process = start_part("1/1", "--store-summary", subcommand="flunder-driver", run=ALONE, server=server)
    wait_until((tmp_path / "r1-driver.json").exists, "the summary")
    process.send_signal(signal.SIGTERM)
    assert any("SIGTERM: the run is over, and being reported" in line for line in process.stderr)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=5) == 143


def test_what_may_not_be_stored_is_told_before_the_run(start_part, api_server, tmp_path):
    server = faulty(api_server, "verbs=create,resource=configmaps,status=403")
    process = start_part("1/1", "--store-summary", subcommand="flunder-driver", run=ALONE, server=server)
    assert "--store-summary: " in process.communicate(timeout=30)[1] and process.returncode == 20
    assert list(tmp_path.glob("r1-driver*")) == []
