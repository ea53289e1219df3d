#include "unknown_word.h"

#include <fmt/format.h>

#include "k8scale/base/nearest.h"
#include "k8scale/base/text.h"
#include "subcommands.h"

namespace k8scale::subcommands {

base::Error unknown_word(const std::string& word) {
  std::vector<std::string> words = {"help", "version"};
  if (word.starts_with('-')) {
    words = {"--help", "--version", "--install"};
  } else {
    for (const Subcommand& each : all()) words.emplace_back(each.name);
  }
  const auto meant = base::nearest(word, words);
  const std::string suggestion = meant ? fmt::format("did you mean {}? ", *meant) : "";
  return base::Error(
      fmt::format("found {}, expected a subcommand; {}see k8scale --help", base::go_quote(word), suggestion),
      unknown_exit_code);
}

}  // namespace k8scale::subcommands
