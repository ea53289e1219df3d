#include "k8scale/load/run_id.h"

#include <string>

#include "catch.h"
#include "k8scale/base/error.h"

namespace load = k8scale::load;
namespace base = k8scale::base;

namespace {

// The exit code that `work` throws; 0 when it does not.
template <class Work>
int exit_code(Work work) {
  try {
    work();
  } catch (const base::Error& error) {
    return error.exit_code();
  }
  return 0;
}

}  // namespace

TEST_CASE("run IDs that begin an object name are taken, others refused") {
  for (const char* good : {"a", "1124.1504.0007", "run-", "a-b.c"}) {
    CHECK(exit_code([&] { load::check_run_id(good, 5); }) == 0);
  }
  for (const char* bad : {"", ".a", "a.", "a..b", "-a", "a.-b", "a-.b", "A", "a/b", "a b", "a!", "ä"}) {
    CHECK(exit_code([&] { load::check_run_id(bad, 5); }) == 1);
  }
  CHECK(exit_code([&] { load::check_run_id(std::string(248, 'a'), 5); }) == 0);
  CHECK(exit_code([&] { load::check_run_id(std::string(249, 'a'), 5); }) == 17);
}

TEST_CASE("the default run ID can be used") {
  base::Random random(1, "run id");
  const std::string run_id = load::default_run_id(std::chrono::system_clock::now(), random);
  CHECK(run_id.size() == 14);
  CHECK(exit_code([&] { load::check_run_id(run_id, 5); }) == 0);
}

TEST_CASE("the data file's name has the run ID in it") {
  CHECK(load::data_file_name("{{.RunID}}-driver.csv", "r1") == "r1-driver.csv");
  CHECK(load::data_file_name("x/{{.RunID}}/{{.RunID}}", "r1") == "x/r1/r1");
  CHECK(exit_code([] { static_cast<void>(load::data_file_name("a b", "r1")); }) == 5);
  CHECK(exit_code([] { static_cast<void>(load::data_file_name("", "r1")); }) == 5);
}

TEST_CASE("object names are padded to the digits of the largest") {
  CHECK(load::ObjectNames("r1", 300).name(7) == "r1-007");
  CHECK(load::ObjectNames("r1", 9).name(9) == "r1-9");
}

TEST_CASE("the number of an object is read back from its name, and from no other") {
  const load::ObjectNames names("run.1", 1200);
  for (const std::uint64_t number : {1, 12, 1200}) CHECK(names.number(names.name(number)) == number);
  for (const char* other :
       {"", "run.1-", "run.1-12", "run.1-00012", "run.2-0012", "run.1-001a", "run.1-0000"}) {
    CHECK(names.number(other) == 0);
  }
}
