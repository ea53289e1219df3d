#include "install_links.h"

#include <fmt/format.h>

#include <cstdio>

#include "k8scale/base/error.h"
#include "subcommands.h"

namespace k8scale::subcommands {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const fs::path& path, const std::string& why) {
  throw base::Error(fmt::format("--install: {}: {}", path.string(), why));
}

void check_outcome(const fs::path& path, const std::error_code& error) {
  if (error) fail(path, error.message());
}

fs::path own_file() {
  std::error_code error;
  fs::path file = fs::read_symlink("/proc/self/exe", error);
  if (error) throw base::Error("--install: cannot find this program's file: " + error.message());
  return file;
}

// Where the links should lead to.
fs::path target_from(const fs::path& folder, const fs::path& program) {
  std::error_code error;
  const bool beside = fs::equivalent(folder, program.parent_path(), error);
  return beside ? program.filename() : program;
}

// A link of ours may be replaced, whichever version of the program it leads to.
void check_place(const fs::path& link, const fs::path& program) {
  std::error_code error;
  const fs::file_status there = fs::symlink_status(link, error);
  if (there.type() == fs::file_type::not_found) return;
  check_outcome(link, error);
  if (there.type() != fs::file_type::symlink) fail(link, "exists and is not a link; expected no such file");
  const fs::path target = fs::read_symlink(link, error);
  check_outcome(link, error);
  if (target.filename() == program.filename()) return;
  fail(link, fmt::format("is a link to {}; expected no such file, or a link to {}", target.string(),
                         program.filename().string()));
}

void make_link(const fs::path& link, const fs::path& target) {
  std::error_code error;
  fs::remove(link, error);
  check_outcome(link, error);
  fs::create_symlink(target, link, error);
  check_outcome(link, error);
  std::fputs(fmt::format("{} -> {}\n", link.string(), target.string()).c_str(), stdout);
}

}  // namespace

void install_links(const fs::path& folder) {
  const fs::path program = own_file();
  std::error_code error;
  fs::create_directories(folder, error);
  check_outcome(folder, error);
  for (const Subcommand& each : all()) {
    if (each.link == Link::yes) check_place(folder / each.name, program);
  }
  const fs::path target = target_from(folder, program);
  for (const Subcommand& each : all()) {
    if (each.link == Link::yes) make_link(folder / each.name, target);
  }
}

}  // namespace k8scale::subcommands
