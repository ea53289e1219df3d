"""Flags out of range: one line that names the flag, what was found and what is expected, and nothing left behind."""

import pytest
from conftest import QUICK

NOT_WHOLE = "expected a whole number from 0 to 18446744073709551615"
NOT_INT = "expected a whole number from -2147483648 to 2147483647"
NO_DURATION = "expected a duration such as 300ms, 5s or 1m"


@pytest.mark.parametrize("flag, value, told", [
    *[("-lambda", value, f"-lambda: found {shown}, expected 0.000001 to 10000000 per second") for value, shown in (
        ("0", "0"), ("-1", "-1"), ("nan", "nan"), ("NaN", "nan"), ("inf", "inf"), ("-inf", "-inf"), ("1e999", "inf"),
        ("1e-7", "1e-07"), ("1e8", "100000000"))],
    *[("-lambda", value, f'-lambda: found "{value}", expected a number') for value in ("abc", "5x", "")],
    ("-n", "0", "-n: found 0, expected 1 to 1000000000"),
    ("-n", "1000000001", "-n: found 1000000001, expected 1 to"),
    *[("-n", value, f'-n: found "{value}", {NOT_WHOLE}') for value in ("-5", "1.5", "nan", "", "99999999999999999999")],
    ("-maxpop", "1000000001", "-maxpop: found 1000000001, expected 0 to"),
    ("-maxpop", "-1", NOT_WHOLE),
    ("-datalen", "1048577", "-datalen: found 1048577, expected 0 to 1048576 bytes"),
    ("-datalen", "-1", NOT_WHOLE),
    ("-seed", "-1", NOT_WHOLE),
    ("-seed", "18446744073709551616", NOT_WHOLE),
    ("-waitBeforeTerminate", "1000001", "-waitBeforeTerminate: found 1000001, expected 0 to 1000000 seconds"),
    ("-waitBeforeTerminate", "-1", NOT_WHOLE),
    ("--retries", "-1", "--retries: found -1, expected 0 to 1000"),
    ("--retries", "1001", "--retries: found 1001, expected 0 to 1000"),
    ("--retries", "99999999999", NOT_INT),
    *[("--request-timeout", value, "--request-timeout: found ") for value in ("0", "-1s", "1000001s", "2540400h")],
    *[("--request-timeout", value, NO_DURATION) for value in ("5", "1e400s", "nan", "", "9999999999999h")],
    *[("--grace", value, "--grace: found ") for value in ("-1s", "1000001s")],
    ("--grace", "soon", NO_DURATION),
    *[("--shards", value, f"--shards: found {value}, expected 1 to 256") for value in ("0", "257")],
    ("--shards", "-1", NOT_WHOLE),
    *[("--part", value, f'--part: found "{value}", expected auto, or i/n') for value in
      ("3/2", "0/2", "1/0", "1", "a/b", "-1/2", "1/99999999999999999999", "")],
    ("--part", "1/2", "expected -seed and -runid"),
    ("--progress", "loud", '--progress: found "loud", expected auto, plain or none'),
    ("-v", "99999999999", NOT_INT),
    ("-v", "high", NOT_INT),
    ("--max-inflight", "-1", NOT_WHOLE),
    *[("-metricport", value, f'-metricport: found "{value}", expected PORT or HOST:PORT') for value in ("65536", "nowhere:x", "-1")],
    ("-runid", "Upper", "-runid: found"),
    ("-runid", ".a", "-runid: found"),
    ("-runid", "a/b", "-runid: found"),
    ("-datafile", "missing/rows.csv", "missing/rows.csv: No such file or directory"),
    *[("-datafile", name, "which the run writes something else to") for name in
      ("{{.RunID}}-driver.json", "./{{.RunID}}-driver.parms")],
    ("-datafile", "/", "-datafile: cannot write /: Is a directory"),
    ("--fault", "nonsense", "--fault: found"),
])
def test_a_value_out_of_range_is_named(program, tmp_path, flag, value, told):
    finished = program("cmdriver", "--embedded", *QUICK, f"{flag}={value}")
    assert finished.returncode == (5 if flag == "-datafile" else 1), finished.stderr
    assert told in finished.stderr and finished.stderr.count("\n") == 1, finished.stderr
    assert finished.stdout == "" and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("flags, code, told", [
    (["-lambda", "0.000001", "-maxpop", "1000000000"], 1, "so that objects live 1000000000000000 s; expected at most"),
    (["-lambda", "0.000001", "-n", "1000000000"], 1, "so that the run takes 1000000000000000 s; expected at most"),
    (["-datafile", "a b"], 5, '-datafile: found "a b", expected a file name'),
    (["-datafile", ""], 5, "-datafile: found"),
    (["-runid", "a" * 250], 17, "-runid: found 250 characters, expected at most 249"),
    (["--unknown"], 1, "--unknown"),
    (["-lambda", "100", "-lambda", "abc"], 1, '-lambda: found "abc", expected a number'),
    (["-metricport", "no..such..host:1"], 1, "-metricport: cannot listen on no..such..host:1: "),
    (["-lambda"], 1, "-lambda: found no value, expected a number"),
    (["stray"], 1, "unexpected argument stray"),
    (["-kubeconfig", "x"], 1, "--embedded is a server of its own"),
    (["-clientlb=maybe"], 1, '-clientlb: found "maybe", expected true or false'),
])
def test_what_does_not_go_together_is_named(program, tmp_path, flags, code, told):
    finished = program("cmdriver", "--embedded", *QUICK, *flags)
    assert finished.returncode == code, finished.stderr
    assert told in finished.stderr and finished.stderr.count("\n") == 1, finished.stderr
    assert finished.stdout == "" and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("flags, told", [
    (["--bind-address", "foo"], '--bind-address: found "foo", expected an IP address'),
    (["--bind-address", "192.0.2.1"], "--bind-address 192.0.2.1 --secure-port 0: cannot listen on 192.0.2.1:0: Cannot assign requested address"),
    (["--secure-port", "65536"], "--secure-port: found 65536, expected 0 to 65535"),
    *[(["--namespace=a", f"--namespace={value}"], f'--namespace: found "{value}", expected 1 to 63 lower-case letters, digits and "-"')
      for value in ("", "Upper", "a.b", "a/b", "-a", "a-", "a" * 64)],
])
def test_what_the_api_server_cannot_have_is_named(program, tmp_path, flags, told):
    finished = program("apiserver", "--secure-port", "0", *flags)
    assert finished.returncode == 1 and told in finished.stderr and finished.stderr.count("\n") == 1
    assert finished.stdout == "" and list(tmp_path.iterdir()) == []


def test_a_port_that_another_has_is_named(program, api_server):
    port = api_server().url.rsplit(":", 1)[1]
    finished = program("apiserver", "--secure-port", port)
    assert finished.returncode == 1 and finished.stderr.count("\n") == 1
    assert f"--secure-port {port}: cannot listen on 127.0.0.1:{port}: Address already in use" in finished.stderr


@pytest.mark.parametrize("flag", [["--fault", "cut"], ["--max-inflight", "1"]])
def test_faults_are_for_the_built_in_server(program, flag):
    finished = program("cmdriver", *QUICK, *flag)
    assert finished.returncode == 1 and "expected --embedded too" in finished.stderr
