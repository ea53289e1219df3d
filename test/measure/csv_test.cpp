#include "k8scale/measure/csv.h"

#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <fstream>
#include <thread>
#include <vector>

#include "catch.h"
#include "k8scale/base/error.h"
#include "k8scale/base/text.h"
#include "measure/row_file.h"
#include "measure/sample.h"

namespace k8scale::measure {
namespace {

std::string content(const std::filesystem::path& path) {
  auto read = base::read_file(path);
  REQUIRE(read.has_value());
  return *read;
}

TEST_CASE("a row has start, end, verb, name and error, quoted as Go does") {
  const TemporaryFolder folder;
  OperationLog log(folder / "rows.csv");
  Operation operation = sample_create();
  log.append(wall_start - 1s, operation);
  operation.verb = Verb::remove;
  operation.error = "configmaps \"run-1\"\tnot\nfound \x01 \\ é";
  log.append(operation.sent_wall, operation);
  const auto totals = log.close();
  CHECK(totals.rows_written == 2);
  CHECK(totals.rows_lost == 0);
  CHECK(totals.first_error.empty());
  CHECK(content(folder / "rows.csv") ==
        "2026-11-24 15:04:04.123,2026-11-24 15:04:05.125,create,\"run-1\",\"\"\n"
        "2026-11-24 15:04:05.123,2026-11-24 15:04:05.125,delete,\"run-1\","
        "\"configmaps \\\"run-1\\\"\\tnot\\nfound \\x01 \\\\ é\"\n");
}

TEST_CASE("a row of what was seen has the write, and times in nanoseconds after it was sent") {
  const TemporaryFolder folder;
  SeenLog log(folder / "seen.csv");
  Operation write = sample_create();
  write.resource_version = "1042";
  log.append(seen(write, 1500us, 3ms, 3));
  log.append(seen(write, 0s, 0s, 0, 3));
  log.append(seen(failed(write, Outcome::connection_lost, "closed"), 10ms, 10ms, 1));
  Operation unsent = failed(write, Outcome::not_connected, "refused");  // after a first attempt that was lost
  unsent.sent = {};
  log.append(seen(unsent, 10ms, 10ms, 1));
  CHECK(log.close().rows_written == 4);
  CHECK(content(folder / "seen.csv") ==
        "2026-11-24 15:04:05.123,create,\"run-1\",1042,2000000,1500000,3000000,3,\"\"\n"
        "2026-11-24 15:04:05.123,create,\"run-1\",1042,2000000,,,0,\"\"\n"
        "2026-11-24 15:04:05.123,create,\"run-1\",1042,2000000,10000000,10000000,1,\"failed: closed\"\n"
        "2026-11-24 15:04:05.123,create,\"run-1\",1042,,,,1,\"failed: refused\"\n");
}

TEST_CASE("an older file of that name is emptied") {
  const TemporaryFolder folder;
  std::ofstream(folder / "rows.csv") << "older\n";
  OperationLog(folder / "rows.csv").close();
  CHECK(content(folder / "rows.csv").empty());
}

TEST_CASE("after a flush the rows are in the file") {
  const TemporaryFolder folder;
  OperationLog log(folder / "rows.csv");
  for (int i = 1; i <= 3; ++i) {
    log.append(wall_start, sample_create());
    REQUIRE(log.flush(10s));
    CHECK(base::split(content(folder / "rows.csv"), '\n').size() == static_cast<std::size_t>(i) + 1);
  }
  CHECK(log.totals().rows_written == 3);
}

TEST_CASE("rows of several threads all arrive, whole") {
  const TemporaryFolder folder;
  OperationLog log(folder / "rows.csv");
  constexpr int each = 5000;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&log] {
      for (int k = 0; k < each; ++k) log.append(wall_start, sample_create());
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(log.close().rows_written == 4 * each);
  auto rows = base::split(content(folder / "rows.csv"), '\n');
  REQUIRE(rows.size() == 4 * each + 1);
  rows.pop_back();
  CHECK(std::all_of(rows.begin(), rows.end(), [&](const std::string& row) { return row == rows.front(); }));
}

TEST_CASE("a full disk loses rows, which are counted, and nothing else") {
  OperationLog log("/dev/full");
  for (int i = 0; i < 10; ++i) log.append(wall_start, sample_create());
  REQUIRE(log.flush(10s));
  CHECK(log.totals().rows_lost == 10);
  log.append(wall_start, sample_create());
  const auto totals = log.close();
  CHECK(totals.rows_written == 0);
  CHECK(totals.rows_lost == 11);
  CHECK(totals.first_error == "/dev/full: No space left on device");
}

TEST_CASE("rows after the close are lost and counted") {
  const TemporaryFolder folder;
  OperationLog log(folder / "rows.csv");
  log.close();
  log.append(wall_start, sample_create());
  CHECK(log.close().rows_lost == 1);
}

TEST_CASE("a data file in a missing folder is refused with flag, path and reason") {
  const TemporaryFolder folder;
  const auto path = folder / "missing/rows.csv";
  try {
    const OperationLog log(path, 5);
    FAIL("no error");
  } catch (const base::Error& error) {
    CHECK(error.what() == "-datafile: cannot write " + path.string() + ": No such file or directory");
    CHECK(error.exit_code() == 5);
  }
}

// The largest size that this process may give a file; a write that crosses it is cut there.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    ::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() { ::setrlimit(RLIMIT_FSIZE, &before_); }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit before_{};
};

TEST_CASE("a disk that fills within a row leaves whole rows, also of those that fit again later") {
  const TemporaryFolder folder;
  RowFile file(folder / "rows.csv");
  {
    const FileSizeLimit limit(10);
    CHECK(file.write("one\ntwo\nthree\nfour\n", 4) == 2);
    CHECK(file.error() == EFBIG);
    CHECK(content(folder / "rows.csv") == "one\ntwo\n");
  }
  CHECK(file.write("five\n", 1) == 1);
  file.close();
  CHECK(content(folder / "rows.csv") == "one\ntwo\nfive\n");
  CHECK(file.error() == EFBIG);
}

}  // namespace
}  // namespace k8scale::measure
