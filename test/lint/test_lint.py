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


def test_the_documented_table_is_that_of_the_rooms():
    design = pathlib.Path(__file__).resolve().parents[2] / "docs/design.md"
    table = design.read_text().split("<!-- rooms -->")[1].split("\n\n")[0]
    found = {}
    for line in table.strip().splitlines()[2:]:
        room, _, used = [cell.strip() for cell in line.strip("|").split("|")]
        found[room.strip("`/")] = set(rooms.MAY_USE) if used == "all" else set(used.replace("none", "").split(", ")) - {""}
    found["subcommands"].discard("subcommands")
    assert found == rooms.MAY_USE


ONE = "Text.\n<!-- usage: one -->\n```\nusage of one\n```\n<!-- /usage -->\nMore.\n"
OLD = ONE.replace("usage of one", "old")
TWO = ONE.replace("one", "two")
HELPS = {"one": "usage of one  \n", "two": "usage of two\n"}


def test_a_usage_block_is_refreshed():
    assert usage.refresh(OLD + TWO, HELPS) == ONE + TWO


def test_usage_blocks_may_be_spread_over_files():
    assert usage.complaints({"a.md": ONE, "b.md": "Nothing.\n", "c.md": TWO}, HELPS) == []


def test_a_subcommand_with_the_help_of_another_needs_no_block():
    assert usage.complaints({"a.md": ONE + TWO}, {**HELPS, "also-two": HELPS["two"]}) == []


@pytest.mark.parametrize("texts, told", [
    ({"a.md": OLD, "b.md": TWO}, "a.md: usage of one differs from --help"),
    ({"a.md": ONE}, "usage of two stands nowhere"),
    ({"a.md": ONE, "b.md": ONE + TWO}, "usage of one stands in a.md and b.md, expected one place"),
    ({"a.md": ONE + TWO + TWO}, "usage of two stands in a.md and a.md, expected one place"),
    ({"a.md": ONE + TWO + TWO.replace("two", "three")}, "a.md: usage of three, which is no subcommand"),
    ({"a.md": ONE + TWO + "<!-- usage: two -->\n"}, "a.md: a usage block that is not closed, or lies in another"),
])
def test_a_usage_block_that_is_wrong_is_named(texts, told):
    assert usage.complaints(texts, HELPS) == [told]


def test_subcommands_are_read_from_the_help_of_the_program():
    general = ("k8scale measures.\n\nPut load on an API server:\n  cmdriver       create\n\nMore:\n  flunder-driver create\n"
               "\nOther uses:\n  k8scale --version       print the version\n  k8scale help SUBCOMMAND its flags\n  subcommand\n")
    assert usage.subcommands(general) == ["cmdriver", "flunder-driver"]


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
