#include "k8scale/load/parameter_file.h"

#include <array>
#include <cstdio>

#include "catch.h"
#include "fake_api.h"
#include "k8scale/base/error.h"
#include "k8scale/base/files.h"

namespace k8scale::load {
namespace {

// What a shell has in variable X after it has read the file.
std::string as_shell_reads(const std::filesystem::path& file) {
  const std::string command = ". '" + file.string() + R"('; printf %s "$X")";
  FILE* const shell = ::popen(command.c_str(), "r");
  REQUIRE(shell != nullptr);
  std::string text;
  std::array<char, 256> part{};
  while (const std::size_t count = std::fread(part.data(), 1, part.size(), shell))
    text.append(part.data(), count);
  CHECK(::pclose(shell) == 0);
  return text;
}

int exit_code(const std::filesystem::path& path, const Parameters& parameters) {
  try {
    write_parameter_file(path, parameters);
  } catch (const base::Error& error) {
    CHECK(std::string(error.what()).starts_with("parameter file " + path.string() + ": cannot "));
    return error.exit_code();
  }
  return 0;
}

}  // namespace

TEST_CASE("a shell reads every string back") {
  const Folder folder;
  for (const char* text : {"", "plain", "two words", "\"quoted\"", "'single'", "$HOME `id` $(id)",
                           "back\\slash", "a=b;c", "line\nbreak", "!bang", "ä€"}) {
    write_parameter_file(folder.path() / "p", {{"BEFORE", true}, {"X", std::string(text)}, {"AFTER", 1.0}});
    CHECK(as_shell_reads(folder.path() / "p") == text);
  }
}

TEST_CASE("numbers and booleans are written as they are, in order") {
  const Folder folder;
  write_parameter_file(folder.path() / "p", {{"Z", std::uint64_t{18446744073709551615U}},
                                             {"A", std::int64_t{-1}},
                                             {"RATE", 0.1},
                                             {"WHOLE", 100.0},
                                             {"YES", true},
                                             {"NO", false}});
  CHECK(base::read_file(folder.path() / "p").value() ==
        "Z=18446744073709551615\nA=-1\nRATE=0.1\nWHOLE=100\nYES=true\nNO=false\n");
}

TEST_CASE("a parameter file that cannot be created or written whole is an error of its own") {
  const Folder folder;
  CHECK(exit_code(folder.path() / "missing" / "p", {}) == 10);
  CHECK(exit_code(folder.path(), {}) == 10);
  CHECK(exit_code("/dev/full", {{"N", std::int64_t{1}}}) == 11);
  CHECK(exit_code(folder.path() / "p", {}) == 0);
}

}  // namespace k8scale::load
