import pathlib

import pytest
import rooms
import total
import usage


def complaints(tmp_path, name, include):
    path = tmp_path / name
    path.parent.mkdir(parents=True)
    path.write_text(f"// A file.\n#include {include}\n")
    return rooms.check(tmp_path)


@pytest.mark.parametrize("name, include", [
    ("src/base/text.cpp", '"k8scale/net/url.h"'),
    ("src/kube/client.cpp", '"k8scale/measure/csv.h"'),
    ("include/k8scale/apiserver/store.h", '"k8scale/kube/client.h"'),
    ("src/apiserver/store.cpp", '"kube/resource.h"'),
    ("src/load/driver.cpp", '"net/connection.h"'),
    ("src/load/driver.cpp", '"k8scale/nowhere/thing.h"'),
    ("src/kube/client.cpp", "<boost/beast/core.hpp>"),
    ("src/net/connection.h", "<boost/asio/ssl.hpp>"),
    ("subcommands/cmdriver.cpp", "<boost/asio/ssl/stream.hpp>"),
    ("src/cellar/wine.cpp", "<vector>"),
])
def test_an_include_that_breaks_the_table_is_found(tmp_path, name, include):
    [line] = complaints(tmp_path, name, include)
    assert line.startswith(name)


@pytest.mark.parametrize("name, include", [
    ("src/kube/client.cpp", '"k8scale/net/pool.h"'),
    ("src/kube/client.cpp", '"kube/merge.h"'),
    ("src/net/connection.cpp", "<boost/beast/core.hpp>"),
    ("src/net/task.h", "<boost/asio/awaitable.hpp>"),
    ("src/apiserver/store.cpp", '"k8scale/kube/resource.h"'),
    ("subcommands/main.cpp", '"k8scale/load/cmdriver.h"'),
    ("src/base/random.cpp", "<random>"),
])
def test_an_include_that_the_table_allows_passes(tmp_path, name, include):
    assert complaints(tmp_path, name, include) == []


README = "Text.\n<!-- usage: one -->\nold\n<!-- /usage -->\nMore.\n"


def test_a_usage_block_that_differs_from_help_is_found_and_refreshed():
    def help_of(subcommand):
        return f"usage of {subcommand}  \n"
    assert usage.stale(README, help_of) == ["one"]
    fresh = usage.refresh(README, help_of)
    assert fresh == "Text.\n<!-- usage: one -->\n```\nusage of one\n```\n<!-- /usage -->\nMore.\n"
    assert usage.stale(fresh, help_of) == []


def report(tmp_path, name, cases):
    path = pathlib.Path(tmp_path, name)
    path.write_text(f"<testsuite>{cases}</testsuite>")
    return path


def test_reports_of_tests_add_up(tmp_path):
    first = report(tmp_path, "a.xml", '<testcase status="run"/><testcase status="fail"><failure/></testcase>')
    second = report(tmp_path, "b.xml", "<testcase/><testcase><skipped/></testcase><testcase><error/></testcase>")
    assert total.count([first, second]) == {"passed": 2, "failed": 2, "skipped": 1}


def test_what_ctest_could_not_run_is_a_failure_unless_it_was_skipped(tmp_path):
    cases = report(tmp_path, "a.xml", '<testcase status="notrun"><skipped message="Unable to find executable"/></testcase>'
                                      '<testcase status="notrun"><skipped message="Fixture dependency failed"/></testcase>'
                                      '<testcase status="notrun"><skipped message="SKIP_RETURN_CODE=77"/></testcase>'
                                      '<testcase status="disabled"/>')
    assert total.count([cases]) == {"passed": 0, "failed": 2, "skipped": 2}


def test_a_missing_report_of_tests_is_a_failure(tmp_path):
    assert total.count([tmp_path / "absent.xml"]) == {"passed": 0, "failed": 1, "skipped": 0}
