#include "k8scale/net/key_log.h"

#include <sys/resource.h>

#include <csignal>

#include "captured.h"
#include "catch.h"
#include "k8scale/base/files.h"
#include "temporary_folder.h"

namespace k8scale::net {
using test::TemporaryFolder;

namespace {

// While it lives, this process's files get no larger.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit now{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &now);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit before_{};
  sighandler_t handler_;
};

}  // namespace

TEST_CASE("a line of keys that a full disk cut is told with the reason, and what comes later is whole") {
  const TemporaryFolder folder;
  KeyLog keys;
  REQUIRE(keys.add({folder / "keys"}).has_value());
  const std::string line(600, 'a');
  const std::string warning = test::captured([&] {
    const FileSizeLimit limit(1000);
    keys.write(line);
    keys.write(line);
    keys.write(line);
  });
  CHECK_THAT(warning, Catch::EndsWith("keys: TLS keys are lost: File too large\n"));
  keys.write("later");
  CHECK(base::read_file(folder / "keys").value() == line + "\n" + line.substr(0, 399) + "\nlater\n");
}

}  // namespace k8scale::net
