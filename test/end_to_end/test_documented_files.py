"""What docs/files.md says of rows, JSON, metrics and exit codes is what the program makes, both ways."""

import csv
import json
import re
import shlex
import signal
import subprocess

import documents
import pytest
import real_server as envtest
import yaml
from conftest import BINARY, QUICK
from documents import TOP, codes
from httperf import ask, httperf
from prometheus_client.parser import text_string_to_metric_families
from relay import Relay
from watching import Writer, observing, scrape

TABLES = documents.tables(TOP / "docs/files.md")
SCALARS = {
    "string": str, "boolean": bool, "integer": int, "ns": int, "bytes": int, "number": (int, float),
    "per second": (int, float), "moment": str, "value": object, "null": type(None)}
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
FORMS = {
    "time": r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}", "second": r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "word": r"[a-z]+",
    "quoted": r".+", "quoted, or empty": r".*", "integer": r"\d+", "integer, or empty": r"\d*"}


class Schema:
    """The JSON tables of the page, and which of their keys some JSON had."""

    def __init__(self, page_tables):
        self.seen = set()
        self._keys = {}  # table -> key -> type
        for note, rows in page_tables.items():
            kind, _, name = note.partition(": ")
            if kind != "json":
                continue
            name, *others = name.split(", with ")
            keys = {key: row["type"] for row in rows for key in codes(row["key"])}
            self._keys[name] = {**keys, **(self._keys[others[0]] if others else {})}

    def check(self, table, value, path=""):
        """One line for each thing in `value` that the table does not allow."""
        assert isinstance(value, dict), f"{path}: no object"
        return self._object(table, "", value, path or table)

    def unseen(self, *tables):
        return [f"{table}: {key}" for table in tables for key in self._keys[table] if (table, key) not in self.seen]

    def _object(self, table, prefix, value, path):
        found = []
        for name, member in value.items():
            key = prefix + name
            if key in self._keys[table]:
                self.seen.add((table, key))
                found += self._value(self._keys[table][key], member, f"{path}.{name}")
            elif isinstance(member, dict) and any(each.startswith(key + ".") for each in self._keys[table]):
                found += self._object(table, key + ".", member, f"{path}.{name}")
            else:
                found.append(f"{path}.{name} is not documented")
        return found

    def _value(self, kind, value, path):
        if kind.endswith(" or null"):
            return [] if value is None else self._value(kind.removesuffix(" or null"), value, path)
        if kind.startswith("list of "):
            parts = list(enumerate(value)) if isinstance(value, list) else None
        elif kind.startswith("map of "):
            parts = list(value.items()) if isinstance(value, dict) else None
        elif kind in SCALARS:
            wrong = not isinstance(value, SCALARS[kind]) or (kind == "moment" and not MOMENT.fullmatch(value))
            return [f"{path} is {value}, documented as {kind}"] if wrong else []
        else:
            return self._object(kind, "", value, path) if isinstance(value, dict) else [f"{path} is no {kind}"]
        if parts is None:
            return [f"{path} is {value}, documented as {kind}"]
        inner = kind.split(" of ", 1)[1]
        return [line for name, part in parts for line in self._value(inner, part, f"{path}[{name}]")]


@pytest.fixture
def schema():
    return Schema(TABLES)


def check_rows(table, lines):
    columns = TABLES[f"csv: {table}"]
    assert [row["column"] for row in columns] == [str(number + 1) for number in range(len(columns))]
    rows = list(csv.reader(lines, escapechar="\\"))
    assert rows
    for row in rows:
        for column, field in zip(columns, row, strict=True):
            assert re.fullmatch(FORMS[column["form"]], field), f"{table}: {column['name']}: {field}"


MIX = ["--rate", "400", "-n", "400", "--mix", "create=4,update=2,patch=2,get=2,list=1,delete=1", "--initial", "60"]


def test_a_driver(driver, tmp_path, schema):
    faults = ["--fault", "verbs=create,every=10,status=429,retry-after=0", "--fault", "verbs=get,every=3,status=500"]
    run = driver("drive", *MIX, *faults, "--observe=2")
    assert run.returncode == 0, run.stderr
    assert schema.check("summary", run.summary) == []
    tables = ["summary", "totals", "watch", "times", "rows", "file", "fault"]
    assert schema.unseen(*tables) == []
    check_rows("driver", run.rows)
    check_rows("seen", (tmp_path / "r1-driver-seen.csv").read_text().splitlines())
    assert {row["content"] for row in run.summary["files"]} <= set(codes(TABLES["json: file"][0]["what"]))


def test_a_driver_of_several_servers(driver, schema, api_server):
    server = api_server()
    servers = ["-kubeconfig", server.kubeconfig, "--server-list", f"{server.url},{server.url.replace('127.0.0.1', 'localhost')}"]
    run = driver("drive", "--namespaces", "2", "--rate", "200", "-n", "40", "--maxpop", "4", *servers, embedded=False)
    assert run.returncode == 0, run.stderr
    assert schema.check("summary", run.summary) == [] and run.summary["servers"]
    assert schema.unseen("server") == []


@pytest.mark.parametrize("row", TABLES["parameters"], ids=lambda row: codes(row["driver"])[0])
def test_parameters_of(driver, tmp_path, row):
    driver(codes(row["driver"])[0], "-n", "2", "-maxpop", "0")
    lines = shlex.split((tmp_path / "r1-driver.parms").read_text())
    assert [line.split("=")[0] for line in lines] == codes(row["names"])


def test_parts_and_what_is_merged_of_them(driver, parts_server, program, tmp_path, schema):
    run = driver("drive", "-n", "5", "--rate", "100", "--maxpop", "1", "--start-together", "-kubeconfig", parts_server.kubeconfig,
                 embedded=False)
    assert run.returncode == 0, run.stderr
    assert schema.check("summary", run.summary) == [] and schema.unseen("part", "clock") == []
    assert program("merge", "r1-driver.json", "--json", "merged.json").returncode == 0
    assert schema.check("summary", json.loads((tmp_path / "merged.json").read_text())) == []
    assert schema.unseen("parts", "merged part") == []


def test_a_driver_without_a_rate(driver, schema):
    run = driver("cmdriverclosed", "-conns", "1", "-rate", "0", "-n", "50")
    assert schema.check("summary", run.summary) == [] and run.summary["asked_rate"] is None


@pytest.fixture
def failing_server(api_server):
    """An API server whose next watch fails, and then every second one."""
    server = api_server("--fault", "verbs=watch,resource=configmaps,every=2,status=500")
    first = {"watch": True, "timeout_seconds": 1, "_preload_content": False}
    Writer(server.kubeconfig).core.list_namespaced_config_map("default", **first).release_conn()
    return server


@pytest.mark.parametrize("subcommand", ["cm-logger", "logger"])
def test_a_logger(tmp_path, failing_server, schema, subcommand):
    writer = Writer(failing_server.kubeconfig)
    with observing(tmp_path, subcommand, failing_server.kubeconfig, "--resource", "v1/configmaps") as logger:
        logger.wait_until_watching()
        writer.create("a")
        logger.wait_for_rows(1)
        writer.update("a", "1")
        logger.wait_for_rows(2)
        writer.delete("a")
        logger.wait_for_rows(3)
        logger.stop(signal.SIGTERM)
    assert schema.check("logger", logger.summary) == [] and logger.summary["watch"]["errors"]
    assert schema.unseen("logger", "latency") == []
    check_rows("logger", logger.rows)


def test_rows_of_flunder_logger_have_no_comparison(tmp_path, api_server):
    server = api_server()
    with observing(tmp_path, "flunder-logger", server.kubeconfig) as logger:
        logger.wait_until_watching()
        Writer(server.kubeconfig).create_flunder("a")
        logger.wait_for_rows(1)
        logger.stop(signal.SIGTERM)
    assert len(next(csv.reader(logger.rows))) == len(TABLES["csv: logger"]) - 1


def test_a_watcher(tmp_path, api_server, schema):
    server = api_server()
    for flags in (["--watches", "1"], ["--watches", "2"]):
        with observing(tmp_path, "watch", server.kubeconfig, "--resource", "v1/configmaps", *flags) as watch:
            watch.wait_until_watching()
            watch.stop(signal.SIGTERM)
        assert schema.check("watcher", watch.summary) == []
    assert schema.unseen("watcher", "latencies") == []


def test_cleanup(program, tmp_path, api_server, schema):
    server = api_server()
    core = Writer(server.kubeconfig).core
    core.create_namespace({"metadata": {"name": "scaletest"}})
    metadata = {"labels": {"purpose": "scaletest"}}
    core.create_namespaced_config_map("scaletest", {"metadata": {**metadata, "name": "r1-1"}})
    core.create_namespaced_config_map("scaletest", {"metadata": {**metadata, "name": "r1-2", "finalizers": ["example.com/stay"]}})
    for flags in (["--dry-run", "--all"], ["-runid", "r1"]):
        program("cleanup", "-kubeconfig", server.kubeconfig, "--json", "told.json", *flags)
        told = json.loads((tmp_path / "told.json").read_text())
        assert schema.check("cleanup", told) == [] and told["left"] > 0
    assert schema.unseen("cleanup", "cleaned", "leftover") == []


def test_check(program, schema):
    for flags, code in ((["cmdriver"], 0), (["drive", "--resource", "example.com/v1/absentees"], 3)):
        run = program("check", "--embedded", "--json", *flags)
        assert run.returncode == code and schema.check("check", json.loads(run.stdout)) == []
    assert schema.unseen("check", "offset", "journey", "finding") == []


@pytest.mark.parametrize("row", TABLES["load file"], ids=lambda row: row["key"])
def test_a_line_of_a_load_file_is_what_the_flag_is(program, tmp_path, row):
    [[key], [value], [flags]] = map(codes, row.values())
    (tmp_path / "load.yaml").write_text(f"{key}: {value}\n")
    besides = {"ramp": ["--arrival", "ramp"], "fault": ["--embedded"]}.get(key, [])
    read, typed, usual = (program("drive", *words, "--print-config")
                          for words in (["-f", "load.yaml", *besides], [*shlex.split(flags), *besides], []))
    assert read.returncode == typed.returncode == 0 and read.stdout == typed.stdout, read.stderr + typed.stderr
    assert yaml.safe_load(read.stdout)[key] != yaml.safe_load(usual.stdout).get(key)


@pytest.mark.parametrize("text", ["rates: 5", "rate: 5\nrate: 6", "rate:", "rate: much", "rate: 5\n---\nrate: 6"])
def test_what_is_wrong_in_a_load_file_ends_the_program(program, tmp_path, text):
    (tmp_path / "load.yaml").write_text(text)
    finished = program("drive", "-f", "load.yaml", "--print-config")
    assert finished.returncode == 1 and re.match(r"k8scale drive: load.yaml:\d", finished.stderr) and finished.stderr.count("\n") == 1


def test_version(program, schema):
    assert schema.check("version", json.loads(program("--version", "--json").stdout)) == []
    assert schema.unseen("version") == []


def test_httperf(program, tmp_path, schema):
    served = program("httperf", "-listen", "127.0.0.1:0", "--json", "--duration", "50ms")
    assert schema.check("served", json.loads(served.stdout)) == []
    with httperf(tmp_path) as server:
        stats = json.loads(server.get("/stats")[1])
        assert schema.check("figures", stats) == []
        asked = ask(tmp_path, server.url, "--json", "--requests", "3", "-blocks-per-request", "2", "-period", "0.001")
        assert schema.check("asked", json.loads(asked.stdout)) == []
        stream = ask(tmp_path, server.url, "--json-stream", "--duration", "100ms", "-log-period", "50ms", "-period", "0")
        lines = [json.loads(line) for line in stream.stdout.splitlines()]
        assert [list(line) for line in lines[:-1]] == [["interval"]] * (len(lines) - 1) and len(lines) > 1
        assert schema.check("asked", lines[-1]["end"]) == []
        assert [line for each in lines[:-1] for line in schema.check("interval", each["interval"])] == []
    assert schema.unseen("asked", "request times", "connection", "server side", "served", "figures", "interval") == []


def test_every_json_table_is_checked():
    checked = set(re.findall(r'"([a-z ]+)"', (TOP / "test/end_to_end/test_documented_files.py").read_text()))
    assert {note.removeprefix("json: ").split(", with ")[0] for note in TABLES if note.startswith("json: ")} <= checked


@pytest.fixture
def metrics_of(tmp_path):
    """The families that a subcommand shows once it shows one of name `last`."""
    def read(subcommand, *flags, last=""):
        [port] = envtest.free_ports(1)
        command = [BINARY, subcommand, "-metricport", f"127.0.0.1:{port}", *map(str, flags)]

        def families():
            found = {family.name: family for family in text_string_to_metric_families(scrape(port))}
            return found if found.get(last) and found[last].samples else None
        with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            try:
                return envtest.wait_until(families, f"metrics of {subcommand}", seconds=30)
            finally:
                process.terminate()
    return read


def documented_metrics(*tables, plural=""):
    """Type and labels of each family, by its name without the ending that the parser takes off counters."""
    found = {}
    for table in tables:
        for row in TABLES[f"metrics: {table}"]:
            for name in codes(row["metric"]):
                name = name.replace("PLURAL", plural)
                found[name.removesuffix("_total")] = (row["type"], set(codes(row["labels"])))
    return found


def shape_of(families):
    return {name: (family.type, {label for sample in family.samples for label in sample.labels} - {"le"})
            for name, family in families.items()}


WAITING = ["--embedded", "-n", "20", "-lambda", "200", "-maxpop", "5", "-waitBeforeTerminate", "60"]


def test_metrics_of_a_driver(metrics_of):
    families = metrics_of("cmdriver", *WAITING, "--observe", last="k8scale_notification_time_seconds")
    assert shape_of(families) == documented_metrics("process", "driver", "observing driver")
    outcomes = {sample.labels["outcome"] for sample in families["k8scale_operations"].samples}
    assert outcomes == {name for row in TABLES["outcomes"] for name in codes(row["outcome"])}
    families = metrics_of("cmdriver", *WAITING, "-runid", "r2", last="k8scale_operations")
    assert shape_of(families) == documented_metrics("process", "driver")


def test_metrics_of_a_driver_of_several_servers(metrics_of, server):
    server.kubectl("create", "namespace", "scaletest")
    relay = Relay(server.port)
    families = metrics_of("cmdriver", *WAITING[1:], "-kubeconfig", server.kubeconfig, "--server-list",
                          f"{server.url},{relay.url}", last="k8scale_server_operations")
    relay.kill()
    assert shape_of(families) == documented_metrics("process", "driver", "driver of several servers")


def test_metrics_of_a_logger(metrics_of, failing_server, tmp_path):
    flags = ["-kubeconfig", failing_server.kubeconfig, "-data-filname", tmp_path / "rows.csv"]
    families = metrics_of("cm-logger", *flags, last="k8scale_watch_errors")
    assert shape_of(families) == documented_metrics("process", "logger", plural="configmaps")


def test_metrics_of_a_watcher(metrics_of, failing_server):
    documented = documented_metrics("process", "watcher")
    flags = ["--resource", "v1/configmaps"]
    single = shape_of(metrics_of("watch", *flags, "--embedded", last="k8scale_create_notification_seconds"))
    assert single == {name: shape for name, shape in documented.items() if name != "k8scale_watch_errors"}
    several = shape_of(metrics_of("watch", *flags, "--watches", "2", "-kubeconfig", failing_server.kubeconfig,
                                  last="k8scale_watch_errors"))
    assert several == {name: shape for name, shape in documented.items() if not name.endswith("_notification_seconds")}


def exit_codes():
    """Subcommand -> the codes that the page says it ends with."""
    found, names = {}, []
    for row in TABLES["exit codes"]:
        names = codes(row["subcommand"]) or names
        for name in names:
            found.setdefault(name, []).append(int(row["code"]))
    return found


EXIT_CODES = exit_codes()
ANY_OUTPUT_LOST = 12
EMBEDDED = ["--embedded", "--progress", "none", "-metricport", "127.0.0.1:0"]
SHORT = [*EMBEDDED, "-n", "1", "-maxpop", "0", "-waitBeforeTerminate", "0", "-runid", "r1"]
LONG = [*EMBEDDED, "-n", "1000000", "-waitBeforeTerminate", "0", "-runid", "r1"]
WATCH = ["--embedded", "-metricport", "127.0.0.1:0"]
LOG = [*WATCH, "-data-filname", "rows.csv"]
PART_OF_TWO = ["-seed", "1", "-runid", "p"]
LISTED = ["--until-idle", "10ms"]
LONG_RUN_ID = ["-runid", "a" * 260]
NO_CONFIGURATION = ["-kubeconfig", "missing"]
NO_ENDPOINTS = ["--fault", "resource=endpoints,status=500", "--fault", "resource=endpointslices,status=500", "--retries", "0"]
SERVE = ["-listen", "127.0.0.1:0"]
# Arguments that end a subcommand with that code; for the codes of signals, those that keep it running.
ENDINGS = {
    "k8scale": {0: ["--version"], 1: ["--install", "/dev/null/links"], 2: ["nothing"], 12: ["--help"]},
    "driver": {
        0: SHORT, 1: ["--nothing"], 5: [*SHORT, "-datafile", "a b"], 10: [*SHORT, "-runid", "folder"],
        11: [*SHORT, "-runid", "full"], 12: [*SHORT, "-datafile", "/dev/full"],
        17: [*EMBEDDED, *LONG_RUN_ID], 20: NO_CONFIGURATION,
        24: ["--part", "1/2", "--start-together", "--start-deadline", "10ms", *PART_OF_TWO, *QUICK, "-kubeconfig", "admin.conf"],
        130: LONG, 143: LONG},
    "merge": {
        0: ["r1-driver.json"], 1: [], 3: ["p-driver-1.json"], 4: ["p-driver-1.json", "p-driver-2.json"], 5: ["missing.json"],
        6: ["r1-driver.json", "r1-driver.json"], 12: ["r1-driver.json", "--json", "full"], 20: ["--run", "r1", *NO_CONFIGURATION]},
    "cleanup": {
        0: ["--all", "--embedded"], 1: [], 3: ["--all", "--embedded", "--fault", "verbs=list,resource=configmaps,status=403"],
        12: ["--all", "--embedded", "--json", "full"], 17: [*LONG_RUN_ID, "--embedded"], 20: ["--all", *NO_CONFIGURATION],
        **dict.fromkeys((130, 143), ["--all", "--embedded", "--grace", "0s", "--fault", "verbs=list,latency=60s"])},
    "logger": {
        0: [*LOG, *LISTED], 1: ["--nothing"], 2: [*WATCH, "-data-filname", "missing/rows.csv"],
        10: [*LOG, "--resource", "v1/nothing"], 12: [*LOG, *LISTED, "--summary-file", "full"],
        20: [*NO_CONFIGURATION, "-data-filname", "rows.csv"], 130: LOG, 143: LOG},
    "watch": {
        0: [*WATCH, *LISTED], 1: ["--nothing"], 10: [*WATCH, "--fault", "verbs=list,status=403"],
        12: [*WATCH, "--fault", "verbs=watch,status=403"], 13: [*WATCH, *LISTED, "--summary-file", "full"],
        20: NO_CONFIGURATION, 130: WATCH, 143: WATCH},
    "httperf": {0: [*SERVE, "--duration", "10ms"], 1: ["--nothing"], 12: [*SERVE, "--duration", "10ms"], 130: SERVE, 143: SERVE},
    "check": {0: ["--embedded"], 1: ["--nothing"], 2: ["nothing"],
              3: ["--embedded", "drive", "--resource", "example.com/v1/absentees"], 12: ["--embedded"], 20: NO_CONFIGURATION},
    "completion": {0: ["bash"], 1: ["tcsh"], 12: ["zsh"]},
    "man": {0: ["drive"], 1: ["--nothing"], 2: ["nothing"], 12: ["--output", "/dev/null/folder"]},
    "apiserver": {0: ["--secure-port", "0"], 1: ["--nothing"], 12: ["--secure-port", "0"]},
}
OF_ONE = {
    ("cmdriver", 22): [*SHORT, "-clientlb", *NO_ENDPOINTS], ("drive", 22): [*SHORT, "--clientlb", *NO_ENDPOINTS],
    ("cmdriverclosed", 22): [*SHORT, *NO_ENDPOINTS]}
GROUPS = {"cmdriver": "driver", "cmdriverclosed": "driver", "flunder-driver": "driver", "drive": "driver",
          "cm-logger": "logger", "flunder-logger": "logger", "flunder-watch": "watch"}


def make_summaries(folder):
    """Of a whole run, and of two parts that did not begin together."""
    for flags in ([], [*PART_OF_TWO, "--part", "1/2"], [*PART_OF_TWO, "--part", "2/2"]):
        subprocess.run([BINARY, "cmdriver", *SHORT, *flags], cwd=folder, check=True, stdout=subprocess.DEVNULL, timeout=60)


def arguments_for(subcommand, code):
    return OF_ONE.get((subcommand, code)) or ENDINGS[GROUPS.get(subcommand, subcommand)][code]


def catches(process, number):
    """Whether the process handles that signal by now."""
    masks = re.findall(r"^Sig(?:Blk|Cgt):\s+([0-9a-f]+)", open(f"/proc/{process.pid}/status").read(), re.MULTILINE)
    return any(int(mask, 16) >> (number - 1) & 1 for mask in masks)


@pytest.mark.parametrize("subcommand, code", [(name, code) for name, found in EXIT_CODES.items() for code in found])
def test_an_exit_code_is_what_the_program_ends_with(request, tmp_path, subcommand, code):
    if "admin.conf" in arguments_for(subcommand, code):
        (tmp_path / "admin.conf").symlink_to(request.getfixturevalue("parts_server").kubeconfig)
    (tmp_path / "folder-driver.parms").mkdir()
    for name in ("full", "full-driver.parms"):
        (tmp_path / name).symlink_to("/dev/full")
    if subcommand == "merge":
        make_summaries(tmp_path)
    words = [] if subcommand == "k8scale" else [subcommand]
    number = code - 128 if code > 128 else signal.SIGTERM if subcommand == "apiserver" and code != 1 else None
    full = code == ANY_OUTPUT_LOST and subcommand in ("k8scale", "httperf", "apiserver", "check", "completion")
    with open("/dev/full" if full else "/dev/null", "w") as out, \
            subprocess.Popen([BINARY, *words, *arguments_for(subcommand, code)], cwd=tmp_path, stdout=out,
                             stderr=subprocess.PIPE, text=True) as process:
        try:
            if number:
                envtest.wait_until(lambda: catches(process, number), f"{subcommand} to handle signals")
                process.send_signal(number)
            _, errors = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == code, errors


@pytest.mark.parametrize("subcommand", [name for name in EXIT_CODES if name not in ("k8scale", "apiserver")])
def test_exit_codes_are_those_of_the_help(program, subcommand):
    told = program(subcommand, "--help").stdout.split("Exit codes:")[1]
    numbers = re.findall(r"(?:^|[;.\n])\s*((?:\d+, )*\d+):? (?=\S)", told)
    helped = {int(number) for each in numbers for number in each.split(", ")}
    assert helped | {ANY_OUTPUT_LOST} == set(EXIT_CODES[subcommand])
