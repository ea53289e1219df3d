#include "k8scale/measure/process.h"

#include <fcntl.h>
#include <unistd.h>

#include <vector>

#include "catch.h"

namespace k8scale::measure {
namespace {

using namespace std::chrono_literals;

TEST_CASE("the figures of this process are plausible") {
  const ProcessFigures figures = read_process();
  CHECK(figures.resident_bytes > 1'000'000);
  CHECK(figures.peak_resident_bytes >= figures.resident_bytes);
  CHECK(figures.virtual_bytes >= figures.resident_bytes);
  CHECK(figures.most_files >= figures.open_files);
  const auto age = std::chrono::system_clock::now() - figures.started;
  CHECK(age > -2s);
  CHECK(age < 1h);
}

TEST_CASE("an open file counts until it is closed") {
  const std::uint64_t before = read_process().open_files;
  const int opened = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  CHECK(read_process().open_files == before + 1);
  ::close(opened);
  CHECK(read_process().open_files == before);
}

TEST_CASE("CPU time grows with work and resident memory with use") {
  const ProcessFigures before = read_process();
  std::vector<char> used(50'000'000, 'x');
  while (read_process().cpu < before.cpu + 20ms) used[used.size() / 2]++;
  CHECK(read_process().resident_bytes > before.resident_bytes + 40'000'000);
}

}  // namespace
}  // namespace k8scale::measure
