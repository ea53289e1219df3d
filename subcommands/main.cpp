#include <fmt/format.h>
#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "exit_codes.h"
#include "general.h"
#include "k8scale/base/error.h"
#include "k8scale/profile/allocator.h"
#include "subcommands.h"
#include "unknown_word.h"

namespace {

using k8scale::subcommands::output_lost_exit_code;
using k8scale::subcommands::Subcommand;

constexpr std::string_view program = "k8scale";

// One line on standard error; where that cannot be written, the exit code has to do.
void say(std::string_view text, std::string_view subcommand = "") {
  const char* const blank = subcommand.empty() ? "" : " ";
  std::fputs(fmt::format("{}{}{}: {}\n", program, blank, subcommand, text).c_str(), stderr);
}

// Runs `work`; what keeps it from starting is told as one line.
template <class Work>
int run(std::string_view subcommand, Work work) {
  try {
    return work();
  } catch (const k8scale::base::Error& error) {
    say(error.what(), subcommand);
    return error.exit_code();
  } catch (const std::exception& error) {
    say(fmt::format("internal error: {}", error.what()), subcommand);
    return 1;
  }
}

int run(const Subcommand& subcommand, const std::vector<std::string>& arguments) {
  return run(subcommand.name, [&] { return subcommand.run({arguments}); });
}

// A connection is a file: thousands of watches need more than the 1,024 that shells allow at first.
void raise_file_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

// As `head` does, which has seen enough: nothing that it wanted is lost.
bool reader_has_left() {
  pollfd output{STDOUT_FILENO, POLLOUT, 0};
  return poll(&output, 1, 0) == 1 && (output.revents & (POLLERR | POLLHUP)) != 0;
}

int run_named(const char* own_path, std::vector<std::string> arguments) {
  using namespace k8scale::subcommands;
  const std::string own_name = std::filesystem::path(own_path).filename().string();
  if (const Subcommand* subcommand = find(own_name)) return run(*subcommand, arguments);
  if (arguments.empty()) {
    std::fputs(usage().c_str(), stderr);
    return unknown_exit_code;
  }
  const Subcommand* subcommand = find(arguments.front());
  if (subcommand == nullptr) return run("", [&] { return run_general(arguments); });
  arguments.erase(arguments.begin());
  return run(*subcommand, arguments);
}

}  // namespace

int main(int count, char* values[]) {
  k8scale::profile::give_back_empty_pages();
  raise_file_limit();
  std::signal(SIGPIPE, SIG_IGN);  // whoever reads our output may leave; the run goes on
  std::signal(SIGXFSZ, SIG_IGN);  // a file at its limit (ulimit -f) is as one on a full disk
  const int exit_code = run_named(count > 0 ? values[0] : "", {values + std::min(count, 1), values + count});
  const bool written = std::fflush(stdout) == 0 && std::ferror(stdout) == 0;
  if (written || exit_code != 0 || reader_has_left()) return exit_code;
  say("standard output cannot be written");
  return output_lost_exit_code;
}
