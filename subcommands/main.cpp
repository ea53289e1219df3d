#include <fmt/format.h>
#include <malloc.h>
#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "k8scale/base/error.h"
#include "subcommands.h"

namespace {

using k8scale::subcommands::Subcommand;

constexpr std::string_view program = "k8scale";
constexpr int output_lost_exit_code = 12;

// One line on standard error; where that cannot be written, the exit code has to do.
void say(std::string_view text, std::string_view subcommand = "") {
  const char* const blank = subcommand.empty() ? "" : " ";
  std::fputs(fmt::format("{}{}{}: {}\n", program, blank, subcommand, text).c_str(), stderr);
}

std::string usage() {
  std::string text =
      "k8scale measures the Kubernetes API machinery.\n\n"
      "Usage: k8scale SUBCOMMAND [FLAGS]\n\n"
      "Subcommands (each has --help):\n";
  for (const Subcommand& each : k8scale::subcommands::all()) {
    text += fmt::format("  {:<14} {}\n", each.name, each.summary);
  }
  text +=
      "\nOther uses:\n"
      "  k8scale --version       print the version\n"
      "  k8scale --install DIR   make links in DIR named like the subcommands; each link is that "
      "subcommand\n";
  return text;
}

const Subcommand* find(std::string_view name) {
  for (const Subcommand& each : k8scale::subcommands::all()) {
    if (each.name == name) return &each;
  }
  return nullptr;
}

// Links DIR/cmdriver and so on to this very file.
int install(const std::filesystem::path& folder) {
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::path self = fs::read_symlink("/proc/self/exe", error);
  if (error) throw k8scale::base::Error("--install: cannot find this program's file: " + error.message());
  fs::create_directories(folder, error);
  if (error) throw k8scale::base::Error(fmt::format("--install: {}: {}", folder.string(), error.message()));
  for (const Subcommand& each : k8scale::subcommands::all()) {
    const fs::path link = folder / each.name;
    const bool ours = fs::is_symlink(link, error);
    if (!ours && fs::exists(link, error)) {
      throw k8scale::base::Error(
          fmt::format("--install: {} exists and is not a link; remove it first", link.string()));
    }
    fs::remove(link, error);
    fs::create_symlink(self, link, error);
    if (error) throw k8scale::base::Error(fmt::format("--install: {}: {}", link.string(), error.message()));
    std::fputs(fmt::format("{} -> {}\n", link.string(), self.string()).c_str(), stdout);
  }
  return 0;
}

int run(const Subcommand& subcommand, const std::vector<std::string>& arguments) {
  try {
    return subcommand.run(arguments);
  } catch (const k8scale::base::Error& error) {
    say(error.what(), subcommand.name);
    return error.exit_code();
  } catch (const std::exception& error) {
    say(fmt::format("internal error: {}", error.what()), subcommand.name);
    return 1;
  }
}

int run_general(const std::vector<std::string>& arguments) {
  const std::string& first = arguments.front();
  if (first == "-h" || first == "--help" || first == "-help" || first == "help") {
    std::fputs(usage().c_str(), stdout);
    return 0;
  }
  if (first == "--version" || first == "version") {
    std::fputs("k8scale " K8SCALE_VERSION "\n", stdout);
    return 0;
  }
  if (first == "--install" && arguments.size() == 2) {
    try {
      return install(arguments[1]);
    } catch (const k8scale::base::Error& error) {
      say(error.what());
      return error.exit_code();
    }
  }
  std::string names;
  for (const Subcommand& each : k8scale::subcommands::all()) names += fmt::format(", {}", each.name);
  const std::string found = first == "--install" ? "--install without a folder" : "\"" + first + "\"";
  say(fmt::format("found {}, expected one of{}; see {} --help", found, names.substr(1), program));
  return 2;
}

// A connection is a file: thousands of watches need more than the 1,024 that shells allow at first.
void raise_file_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

int run_named(const char* own_path, std::vector<std::string> arguments) {
  const std::string own_name = std::filesystem::path(own_path).filename().string();
  if (const Subcommand* subcommand = find(own_name)) return run(*subcommand, arguments);
  if (arguments.empty()) {
    std::fputs(usage().c_str(), stderr);
    return 2;
  }
  const Subcommand* subcommand = find(arguments.front());
  if (subcommand == nullptr) return run_general(arguments);
  arguments.erase(arguments.begin());
  return run(*subcommand, arguments);
}

}  // namespace

int main(int count, char* values[]) {
  // Shards allocate and free all the time: do not hand memory back to the system and ask for it again in
  // pages.
  mallopt(M_TOP_PAD, 1 << 20);
  mallopt(M_TRIM_THRESHOLD, 16 << 20);
  raise_file_limit();
  std::signal(SIGPIPE, SIG_IGN);  // whoever reads our output may leave; the run goes on
  const int exit_code = run_named(count > 0 ? values[0] : "", {values + std::min(count, 1), values + count});
  const bool written = std::fflush(stdout) == 0 && std::ferror(stdout) == 0;
  if (written || exit_code != 0) return exit_code;
  say("standard output cannot be written");
  return output_lost_exit_code;
}
