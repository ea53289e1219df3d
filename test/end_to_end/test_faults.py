"""Each fault that the built-in server can inject, and what a user of cmdriver sees of it."""

import json

import pytest

SMALL = ["-lambda", "200", "-n", "40", "-maxpop", "10"]


def operations(run, verb):
    return run.summary["operations"][verb]


def test_latency_is_service_time(cmdriver):
    run = cmdriver("-lambda", "100", "-n", "100", "-maxpop", "10", "--fault", "verbs=create,latency=20ms")
    assert run.returncode == 0
    assert run.times("create", "service_time", "min") >= 20 > run.times("delete", "service_time", "min")


def test_exponential_latency_has_its_mean(cmdriver):
    run = cmdriver("-lambda", "400", "-n", "800", "-maxpop", "10", "--fault", "verbs=create,latency=exp:10ms")
    assert run.times("create", "service_time", "mean") > 8
    assert run.times("create", "service_time", "min") < 5


def test_a_stall_shows_in_response_time(cmdriver):
    run = cmdriver("-lambda", "200", "-n", "300", "-maxpop", "10", "--fault", "verbs=create,every=200,stall=1s")
    assert operations(run, "create")["ok"] == 300
    assert run.times("create", "response_time", "p99") > 900
    assert run.times("create", "response_time", "p50") < 900


def test_errors_are_counted_by_reason_and_the_run_goes_on(cmdriver):
    run = cmdriver(*SMALL, "--fault", "verbs=create,every=4,status=503")
    assert run.returncode == 0
    create = operations(run, "create")
    assert (create["ok"], create["failed"], create["errors"]) == (30, 10, {"ServiceUnavailable": 10})
    assert operations(run, "delete")["done"] == 30
    assert sum('"injected fault' in row for row in run.rows) == 10


def test_a_retry_is_an_attempt_of_its_own(cmdriver):
    run = cmdriver(*SMALL, "--fault", "verbs=create,every=5,status=429,retry-after=0")
    create = operations(run, "create")
    assert create["ok"] == 40
    assert create["retries"] == create["retried"]["TooManyRequests"] == create["attempts"] - 40 > 0


def test_retries_can_be_turned_off(cmdriver):
    run = cmdriver(*SMALL, "--retries", "0", "--fault", "verbs=create,every=4,status=429,retry-after=0")
    create = operations(run, "create")
    assert (create["ok"], create["failed"], create["retries"]) == (30, 10, 0)


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_reset_is_a_lost_connection(cmdriver, moment):
    run = cmdriver(*SMALL, "--fault", f"verbs=create,every=4,reset={moment}")
    create = operations(run, "create")
    assert create["failed"] == 10
    assert create["outcomes"]["connection_lost"] == 10
    assert not any("left on the server" in warning for warning in run.summary["warnings"])


def test_a_cut_body_is_a_lost_connection(cmdriver):
    run = cmdriver(*SMALL, "--fault", "verbs=create,every=4,cut")
    assert operations(run, "create")["outcomes"] == {"ok": 30, "connection_lost": 10}


def test_a_delete_that_fails_is_made_good(cmdriver):
    run = cmdriver(*SMALL, "--fault", "verbs=delete,every=4,status=500")
    assert operations(run, "delete")["failed"] == 10
    assert not any("left on the server" in warning for warning in run.summary["warnings"])


def test_too_many_requests_at_a_time_are_throttled(cmdriver):
    run = cmdriver("-lambda", "1000", "-n", "100", "-maxpop", "10", "--retries", "0", "--max-inflight", "1",
                   "--fault", "verbs=create,latency=5ms")
    create = operations(run, "create")
    assert create["outcomes"]["throttled"] > 0
    assert create["errors"] == {"TooManyRequests": create["failed"]}


def test_the_summary_says_how_often_each_rule_hit(cmdriver):
    rules = ["verbs=create,every=4,status=503", "resource=configmaps,every=1000,swallow"]
    run = cmdriver(*SMALL, "--observe", "--fault", rules[0], "--fault", rules[1])
    assert run.summary["faults"] == [{"rule": rules[0], "met": 40, "injected": 10}, {"rule": rules[1], "met": 60, "injected": 0}]
    assert f"fault {rules[0]}: injected 10 of 40\n" in run.stdout
    assert cmdriver(*SMALL, run_id="r2").summary["faults"] == []


@pytest.mark.parametrize("subcommand, flags", [("logger", ["-data-filname", "rows.csv"]), ("watch", ["--watches", "3"]), ("watch", [])])
def test_the_summaries_of_those_who_watch_say_so_too(program, tmp_path, subcommand, flags):
    rule = "verbs=watch,latency=1ms"
    finished = program(subcommand, "--embedded", "--resource", "v1/configmaps", "--until-idle", "100ms", "--summary", "--summary-file", "seen.json",
                       "-metricport", "127.0.0.1:0", "--fault", rule, *flags)
    assert finished.returncode == 0, finished.stderr
    [fault] = json.loads((tmp_path / "seen.json").read_text())["faults"]
    assert fault["rule"] == rule and fault["injected"] == fault["met"] >= 1
    assert f"fault {rule}: injected {fault['met']} of {fault['met']}\n" in finished.stdout


@pytest.mark.parametrize("command", [["apiserver", "--secure-port", "0"], ["cmdriver", "--embedded"], ["logger", "--embedded"]])
def test_a_rule_about_a_resource_that_nobody_serves_is_refused(program, tmp_path, command):
    finished = program(*command, "--fault", "resource=configmap,every=2,status=503")
    assert finished.returncode == 1 and finished.stderr.count("\n") == 1
    assert "--fault: found resource=configmap in \"resource=configmap,every=2,status=503\", expected one of configmaps, " in finished.stderr
    assert ", namespaces, " in finished.stderr and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("rule, expected", [
    ("", "verbs="), ("verbs=eat,cut", "verbs=V"), ("latency=fast", "latency=20ms"), ("status=200", "400 to 599"),
    ("every=0,cut", "every=N"), ("p=2,cut", "p=P"), ("verbs=create", "at least one of"), ("retry-after=1,cut", "status="),
    ("reset=now", "reset=before"), ("stall=-1s", "stall=1s"),
])
def test_a_bad_rule_is_named(program, rule, expected):
    finished = program("apiserver", "--secure-port", "0", "--fault", rule)
    assert finished.returncode == 1
    assert finished.stderr.startswith("k8scale apiserver: --fault: found") and expected in finished.stderr
    assert finished.stderr.count("\n") == 1
