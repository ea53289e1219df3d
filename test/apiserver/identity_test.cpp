#include "apiserver/identity.h"

#include <sys/stat.h>

#include <algorithm>
#include <map>
#include <thread>

#include "catch.h"
#include "k8scale/base/error.h"
#include "k8scale/base/files.h"
#include "temporary_folder.h"

namespace k8scale::apiserver {
namespace {

namespace fs = std::filesystem;

bool operator==(const Identity& a, const Identity& b) {
  return a.token == b.token && a.authority.certificate_pem == b.authority.certificate_pem &&
         a.authority.key_pem == b.authority.key_pem &&
         a.administrator.certificate_pem == b.administrator.certificate_pem &&
         a.administrator.key_pem == b.administrator.key_pem;
}

std::string identity_error(const fs::path& folder) {
  try {
    static_cast<void>(open_identity(folder));
  } catch (const base::Error& error) {
    return error.what();
  }
  return "";
}

mode_t mode_of(const fs::path& path) {
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  return status.st_mode & 0777U;
}

std::string text_of(const fs::path& path) { return base::read_file(path).value(); }

const std::vector<std::string> files = {"admin.crt", "admin.key", "ca.crt", "ca.key", "token"};

}  // namespace

TEST_CASE("an identity is made where there is none, for nobody else to read") {
  const test::TemporaryFolder folder;
  const Identity made = open_identity(folder / "identity");
  CHECK(made.token.size() == 64);
  CHECK(mode_of(folder / "identity") == 0700);
  std::vector<std::string> found;
  for (const auto& each : fs::directory_iterator(folder / "identity")) {
    found.push_back(each.path().filename());
    CHECK(mode_of(each.path()) == 0600);
  }
  std::sort(found.begin(), found.end());
  CHECK(found == files);
}

TEST_CASE("an identity that is there is used") {
  const test::TemporaryFolder folder;
  const Identity made = open_identity(folder / "identity");
  const bool same = open_identity(folder / "identity") == made;
  CHECK(same);
}

TEST_CASE("servers that start together make one identity") {
  const test::TemporaryFolder folder;
  std::vector<Identity> opened(4);
  std::vector<std::thread> servers;
  for (Identity& each : opened) {
    servers.emplace_back([&] { each = open_identity(folder / "identity"); });
  }
  for (std::thread& each : servers) each.join();
  CHECK(std::all_of(opened.begin(), opened.end(),
                    [&](const Identity& each) { return each == opened.front(); }));
}

TEST_CASE("what a server that crashed had begun is made anew") {
  const test::TemporaryFolder folder;
  const Identity made = open_identity(folder / "identity");
  fs::remove(folder / "identity/ca.crt");
  const Identity again = open_identity(folder / "identity");
  CHECK(again.authority.certificate_pem != made.authority.certificate_pem);
  CHECK(again.token != made.token);
}

TEST_CASE("a file that is missing is named") {
  const test::TemporaryFolder folder;
  static_cast<void>(open_identity(folder.path()));
  const std::string name = GENERATE("ca.key", "admin.crt", "admin.key", "token");
  fs::remove(folder / name);
  CHECK(identity_error(folder.path()) ==
        "--identity: " + (folder / name).string() + ": No such file or directory");
}

TEST_CASE("a file that is broken is named, and nothing of what it holds") {
  const test::TemporaryFolder folder;
  static_cast<void>(open_identity(folder.path()));
  const std::string name = GENERATE("ca.crt", "ca.key", "admin.crt", "admin.key", "token");
  folder.write(name, GENERATE("", "secret words"));
  const std::string error = identity_error(folder.path());
  CHECK(error.starts_with("--identity: " + (folder / name).string() + ": "));
  CHECK(error.find("secret") == std::string::npos);
  CHECK(error.find('\n') == std::string::npos);
}

TEST_CASE("files of another identity are named") {
  const test::TemporaryFolder folder;
  const test::TemporaryFolder other;
  static_cast<void>(open_identity(folder.path()));
  static_cast<void>(open_identity(other.path()));
  const auto [replaced, told] = GENERATE(
      table<std::string, std::string>({{"ca.crt", "ca.key: the key does not belong to the certificate"},
                                       {"ca.key", "ca.key: the key does not belong"},
                                       {"admin.crt", "admin.crt: "},
                                       {"admin.key", "admin.key: the key does not belong"}}));
  folder.write(replaced, text_of(other / replaced));
  CHECK_THAT(identity_error(folder.path()), Catch::Matchers::Contains((folder / told).string()));
}

TEST_CASE("an authority that is over is named") {
  const test::TemporaryFolder folder;
  static_cast<void>(open_identity(folder.path()));
  const auto old = net::make_authority("ca", std::chrono::hours(-24)).value();
  folder.write("ca.crt", old.certificate_pem);
  folder.write("ca.key", old.key_pem);
  CHECK(identity_error(folder.path()) ==
        "--identity: " + (folder / "ca.crt").string() + ": certificate has expired");
}

TEST_CASE("keys are not put where others can look") {
  const test::TemporaryFolder folder;
  fs::permissions(folder.path(), fs::perms::owner_all | fs::perms::others_read);
  CHECK(identity_error(folder.path()) ==
        "--identity: " + folder.path().string() + ": found mode 0704, expected 0700 to put keys there");
  CHECK(fs::is_empty(folder.path()));
}

TEST_CASE("a folder that cannot be made, and a file in its place, are named") {
  const test::TemporaryFolder folder;
  CHECK(identity_error(folder / "missing/identity").ends_with("missing/identity: No such file or directory"));
  folder.write("file", "");
  CHECK(identity_error(folder / "file").ends_with("file: Not a directory"));
}

}  // namespace k8scale::apiserver
