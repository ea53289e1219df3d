#include "k8scale/base/files.h"

#include <sys/stat.h>
#include <unistd.h>

#include "catch.h"

using namespace k8scale::base;

namespace {
struct TemporaryFolder {
  std::filesystem::path path;
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "k8scale-files-XXXXXX").string();
    path = ::mkdtemp(name.data());
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path); }
};
}  // namespace

TEST_CASE("a file is written whole, with its mode, and read back") {
  const TemporaryFolder folder;
  const auto path = folder.path / "secret";
  REQUIRE(write_file_whole(path, "one", FileMode::secret).has_value());
  REQUIRE(write_file_whole(path, "two", FileMode::secret).has_value());
  CHECK(read_file(path).value() == "two");
  struct stat facts {};
  REQUIRE(::stat(path.c_str(), &facts) == 0);
  CHECK((facts.st_mode & 0777U) == 0600);
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path), {}) == 1);
}

TEST_CASE("a failure names the path and the reason and leaves nothing behind") {
  const TemporaryFolder folder;
  const auto missing = folder.path / "no" / "file";
  CHECK(read_file(missing).error().detail() == missing.string() + ": No such file or directory");
  CHECK(write_file_whole(missing, "x").error().kind() == FailureKind::io);
  CHECK(read_file(folder.path).error().message().find("Is a directory") != std::string::npos);
  CHECK(write_file_whole(folder.path, "x").has_error());
  CHECK_FALSE(std::filesystem::exists(folder.path / "no"));
}

TEST_CASE("a device is written to and stays what it is") {
  const TemporaryFolder folder;
  for (const char* device : {"null", "full"}) {
    const auto path = folder.path / device;
    std::filesystem::create_symlink(std::filesystem::path("/dev") / device, path);
    CHECK(check_writable(path).has_value());
    const Result<void> written = write_file_whole(path, "x");
    CHECK(written.has_value() == (device == std::string_view("null")));
    CHECK(std::filesystem::is_symlink(path));
    CHECK(std::filesystem::is_character_file(path));
  }
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path), {}) == 2);
}
