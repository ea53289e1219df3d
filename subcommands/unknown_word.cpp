#include "unknown_word.h"

#include <fmt/format.h>

#include "k8scale/base/nearest.h"
#include "k8scale/base/text.h"
#include "subcommands.h"

namespace k8scale::subcommands {
namespace {

std::vector<std::string> subcommand_names() {
  std::vector<std::string> names;
  for (const Subcommand& each : all()) names.emplace_back(each.name);
  return names;
}

base::Error error_of(const std::string& word, const std::vector<std::string>& words) {
  const auto meant = base::nearest(word, words);
  const std::string suggestion = meant ? fmt::format("did you mean {}? ", *meant) : "";
  return base::Error(
      fmt::format("found {}, expected a subcommand; {}see k8scale --help", base::go_quote(word), suggestion),
      unknown_exit_code);
}

}  // namespace

base::Error unknown_word(const std::string& word) {
  if (word.starts_with('-')) return error_of(word, {"--help", "--version", "--install"});
  std::vector<std::string> words = subcommand_names();
  words.insert(words.begin(), {"help", "version"});
  return error_of(word, words);
}

base::Error unknown_subcommand(const std::string& word) { return error_of(word, subcommand_names()); }

}  // namespace k8scale::subcommands
