"""/debug/pprof of the subcommands that run for long; profiles are read here field by field."""

import gzip
import os
import re
import ssl
import subprocess
import threading
import urllib.error
import urllib.request

import pytest

import real_server as envtest
from conftest import BINARY
from documents import TOP
from httperf import httperf
from lacking import lack
from watching import scrape


def fields(message):
    """(number, value) of each field: whole numbers, and bytes of what has a length."""
    def varint(at):
        value = shift = 0
        while True:
            byte = message[at]
            value |= (byte & 127) << shift
            shift, at = shift + 7, at + 1
            if byte < 128:
                return value, at
    at = 0
    while at < len(message):
        key, at = varint(at)
        assert key & 7 in (0, 2), "another wire type than varint or length"
        value, at = varint(at)
        if key & 7 == 2:
            value, at = message[at:at + value], at + value
        yield key >> 3, value


class Profile:
    """profile.proto (github.com/google/pprof): the fields that pprof needs to show functions and lines."""

    def __init__(self, packed):
        all_fields = list(fields(gzip.decompress(packed)))
        self.strings = [value.decode() for number, value in all_fields if number == 6]
        self.samples = [dict(fields(value)) for number, value in all_fields if number == 2]
        self.mappings = [dict(fields(value)) for number, value in all_fields if number == 3]
        self.locations = {dict(fields(value))[1]: dict(fields(value)) for number, value in all_fields if number == 4}
        self.functions = {dict(fields(value))[1]: dict(fields(value)) for number, value in all_fields if number == 5}

    def names(self):
        return {self.strings[function[2]] for function in self.functions.values()}

    def sources(self):
        """File and line of each location that has both."""
        lines = [dict(fields(each[4])) for each in self.locations.values() if 4 in each]
        return {(self.strings[self.functions[line[1]].get(4, 0)], line.get(2, 0)) for line in lines}


def test_a_cpu_profile_has_functions_lines_and_build_ids(tmp_path):
    with httperf(tmp_path) as server:
        flags = ["-base-url", server.url, "-period", 0, "-block-size", 1, "-blocks-per-request", 100, "-threads", 8]
        with httperf(tmp_path, *flags):
            status, body = server.get("/debug/pprof/profile?seconds=2")
        _, errors, _ = server.stop()
    assert "PROFILE" not in errors
    profile = Profile(body)
    assert status == 200 and profile.strings[0] == "" and profile.samples
    assert any("k8scale::blocks::" in name for name in profile.names())
    assert any(file.endswith(".cpp") and line > 0 for file, line in profile.sources())
    own, = [each for each in profile.mappings if profile.strings[each[5]] == os.path.realpath(BINARY)]
    notes = subprocess.run(["readelf", "-n", BINARY], capture_output=True, text=True, check=True).stdout
    assert f"Build ID: {profile.strings[own[6]]}" in notes
    for sample in profile.samples:
        numbers = list(fields_of_packed(sample[1]))
        assert numbers and all(number in profile.locations for number in numbers)


def fields_of_packed(packed):
    value = shift = 0
    for byte in packed:
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            yield value
            value = shift = 0


def test_functions_that_were_inlined_are_there(tmp_path):
    with httperf(tmp_path) as server, httperf(tmp_path, "-base-url", server.url, "-period", 0, "-block-size", 1):
        _, body = server.get("/debug/pprof/profile?seconds=2")
    profile = Profile(body)
    lines = [[dict(fields(value)) for number, value in fields(raw) if number == 4]
             for field, raw in fields(gzip.decompress(body)) if field == 4]
    inlined = [each for each in lines if len(each) > 1]
    assert inlined and all(line.get(1) in profile.functions for each in inlined for line in each)


def test_pprof_itself_reads_a_profile(tmp_path):
    built = subprocess.run([TOP / "test/pprof/build"], capture_output=True, text=True)
    if built.returncode != 0:
        lack("no pprof here: " + built.stderr.strip())
    with httperf(tmp_path) as server, httperf(tmp_path, "-base-url", server.url, "-period", 0, "-block-size", 1):
        shown = subprocess.run([built.stdout.split()[-1], "-top", "-seconds", "2", "https+insecure" + server.url.removeprefix("https") +
                                "/debug/pprof/profile"], cwd=tmp_path, env={**os.environ, "PPROF_TMPDIR": str(tmp_path)},
                               capture_output=True, text=True, timeout=60)
    assert shown.returncode == 0, shown.stderr
    assert re.search(r"^Duration: 2.*, Total samples = ", shown.stdout, re.MULTILINE)
    assert re.search(r"^ +\S+ +\S+% .*k8scale::blocks::", shown.stdout, re.MULTILINE), shown.stdout


def test_one_profile_runs_at_a_time(tmp_path):
    with httperf(tmp_path) as server:
        answers = []
        both = [threading.Thread(target=lambda: answers.append(server.get("/debug/pprof/profile?seconds=2"))) for _ in range(2)]
        for each in both:
            each.start()
        for each in both:
            each.join()
    assert sorted(status for status, _ in answers) == [200, 503]
    assert b"one at a time" in next(body for status, body in answers if status == 503)


def test_a_profile_ends_when_its_asker_leaves(tmp_path):
    with httperf(tmp_path) as server:
        with server.connect() as asker:
            asker.sendall(b"GET /debug/pprof/profile?seconds=3000 HTTP/1.1\r\nHost: x\r\n\r\n")
            def busy():
                headers = subprocess.run(["curl", "-ski", server.url + "/debug/pprof/profile?seconds=1"], capture_output=True, text=True,
                                         timeout=20).stdout
                return headers if headers.startswith("HTTP/1.1 503") else None
            told = envtest.wait_until(busy, "the profile to run")
            assert 2900 < int(re.search(r"Retry-After: (\d+)", told)[1]) <= 3000
        envtest.wait_until(lambda: server.get("/debug/pprof/profile?seconds=1")[0] == 200, "the end of the profile", seconds=20)


def test_a_profile_of_a_metrics_port_ends_when_its_asker_leaves(tmp_path):
    port, = envtest.free_ports(1)
    with subprocess.Popen([BINARY, "cm-logger", "--embedded", "-metricport", f"127.0.0.1:{port}", "-data-filname", "rows.csv"],
                          cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            envtest.wait_until(lambda: scrape(port, "/healthz") == "ok\n", "the port")
            url = f"http://127.0.0.1:{port}/debug/pprof/profile?seconds="
            askers = []

            def status():
                return subprocess.run(["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", url + "1"], capture_output=True,
                                      timeout=20).stdout

            def asker_is_served():
                if not askers or askers[-1].poll() is not None:  # it may come while we are served ourselves
                    askers.append(subprocess.Popen(["curl", "-s", url + "3000"], stdout=subprocess.DEVNULL))
                return status() == b"503"
            envtest.wait_until(asker_is_served, "the profile to run", seconds=20)
            askers[-1].kill()
            askers[-1].wait()
            envtest.wait_until(lambda: status() == b"200", "the end of the profile", seconds=20)
        finally:
            process.terminate()


@pytest.mark.parametrize("prefix", ["/debug/pprof", "/pprof"])
def test_both_prefixes_have_an_index_arguments_and_symbols(tmp_path, prefix):
    with httperf(tmp_path) as server:
        assert b"profile?seconds=30" in server.get(prefix + "/")[1]
        assert server.get(prefix + "/cmdline")[1].split(b"\0")[1:3] == [b"httperf", b"-listen"]
        assert server.get(prefix + "/symbol?0x1+zzz") == (200, b"num_symbols: 1\n")
        for bad in ("0", "3601", "0.5", "x"):
            told = f'seconds: found "{bad}", expected a whole number from 1 to 3600\n'
            assert server.get(prefix + "/profile?seconds=" + bad) == (400, told.encode())
        told = b"seconds: found it 2 times, expected it at most once\n"
        assert server.get(prefix + "/profile?seconds=1&seconds=2") == (400, told)
        assert server.get(prefix + "/nothing")[0] == 404


def test_the_heap_is_known_to_who_asked_for_samples_of_it(tmp_path, monkeypatch):
    with httperf(tmp_path) as server:
        status, body = server.get("/debug/pprof/heap")
        assert status == 501 and b"start it with\nTCMALLOC_SAMPLE_PARAMETER=524288" in body
    monkeypatch.setenv("TCMALLOC_SAMPLE_PARAMETER", "64")
    with httperf(tmp_path) as server:
        status, body = server.get("/debug/pprof/heap")
    profile = Profile(body)
    assert status == 200 and {"inuse_space", "bytes"} <= set(profile.strings) and profile.samples
    assert any("k8scale::" in name for name in profile.names())


def test_the_api_server_and_metrics_ports_answer_too(api_server, program):
    server = api_server()
    finished = subprocess.run(["curl", "-sk", server.url + "/debug/pprof/"], capture_output=True, text=True, timeout=20)
    assert "profile?seconds=30" in finished.stdout
    assert program("cmdriver", "--embedded", "--debug-from", "nobody").returncode == 1


@pytest.mark.parametrize("subcommand, flags, own_function", [
    ("cmdriver", ["-lambda", "2000", "-n", "1000000", "-maxpop", "100", "--progress", "none"], "k8scale::load::"),
    ("cm-logger", ["-data-filname", "rows.csv"], ""),  # it may have nothing to do
])
def test_a_driver_and_a_logger_are_profiled_while_they_run(tmp_path, subcommand, flags, own_function):
    port = envtest.free_ports(1)[0]
    with subprocess.Popen([BINARY, subcommand, "--embedded", "-metricport", f"127.0.0.1:{port}", *flags], cwd=tmp_path,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            envtest.wait_until(lambda: scrape(port, "/healthz") == "ok\n", "the port")
            url = f"http://127.0.0.1:{port}/debug/pprof/"
            with urllib.request.urlopen(url + "cmdline", timeout=20) as answer:
                assert answer.read().split(b"\0")[1] == subcommand.encode()

            def shows_its_functions():  # one second of a driver that is not busy may miss them
                with urllib.request.urlopen(url + "profile?seconds=1", timeout=40) as answer:
                    profile = Profile(answer.read())
                assert profile.strings[0] == ""
                assert any(profile.strings[each[5]] == os.path.realpath(BINARY) for each in profile.mappings)
                return not own_function or any(own_function in name for name in profile.names())

            envtest.wait_until(shows_its_functions, own_function, seconds=30)
        finally:
            process.terminate()


@pytest.fixture
def outside():
    """An address of this host that is not loopback's."""
    addresses = subprocess.run(["hostname", "-I"], capture_output=True, text=True, check=True).stdout.split()
    others = [each for each in addresses if ":" not in each and not each.startswith("127.")]
    if not others:
        pytest.skip("this host has no other address than that of loopback")
    return others[0]


def check_asked_from_outside(url, allowed):
    context = ssl._create_unverified_context()
    try:
        with urllib.request.urlopen(url + "/debug/pprof/", timeout=20, context=context) as answer:
            assert allowed and b"profile?seconds=30" in answer.read()
    except urllib.error.HTTPError as refused:
        assert not allowed and refused.code == 403
        assert "--debug-from any" in refused.read().decode()


FROM = pytest.mark.parametrize("flags, allowed", [([], False), (["--debug-from", "any"], True)])


@FROM
def test_only_this_host_may_ask_httperf_unless_all_may(tmp_path, outside, flags, allowed):
    with httperf(tmp_path, "--plain", "-listen", "0.0.0.0:0", *flags) as server:
        check_asked_from_outside(f"http://{outside}:{server.port}", allowed)


@FROM
def test_only_this_host_may_ask_the_api_server_unless_all_may(api_server, outside, flags, allowed):
    server = api_server("--bind-address", "0.0.0.0", *flags)
    check_asked_from_outside(f"https://{outside}:{server.url.rsplit(':', 1)[1]}", allowed)


@FROM
@pytest.mark.parametrize("subcommand", ["cmdriver", "cm-logger"])
def test_only_this_host_may_ask_a_metrics_port_unless_all_may(tmp_path, outside, subcommand, flags, allowed):
    port, = envtest.free_ports(1)
    special = ["-n", "1000000", "--progress", "none"] if subcommand == "cmdriver" else ["-data-filname", "rows.csv"]
    with subprocess.Popen([BINARY, subcommand, "--embedded", "-metricport", f"0.0.0.0:{port}", *special, *flags], cwd=tmp_path,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            envtest.wait_until(lambda: scrape(port, "/healthz") == "ok\n", "the port")
            check_asked_from_outside(f"http://{outside}:{port}", allowed)
        finally:
            process.terminate()
