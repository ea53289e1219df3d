#include "general.h"

#include <fmt/format.h>

#include <array>
#include <cstdio>
#include <optional>

#include "install_links.h"
#include "k8scale/base/error.h"
#include "k8scale/base/text.h"
#include "subcommands.h"
#include "unknown_word.h"
#include "version.h"

namespace k8scale::subcommands {
namespace {

void print(const std::string& text) { std::fputs(text.c_str(), stdout); }

// The flag's name when it is written with one dash or two, else the word itself.
std::string_view without_dashes(std::string_view word) {
  for (int i = 0; i < 2 && word.starts_with('-'); ++i) word.remove_prefix(1);
  return word;
}

void expect_no_more(const std::vector<std::string>& arguments, std::size_t count) {
  if (arguments.size() <= count) return;
  throw base::Error(
      fmt::format("{}: found {}, expected nothing more", arguments.front(), base::go_quote(arguments[count])),
      unknown_exit_code);
}

bool is_help(const std::string& word) { return word == "-h" || without_dashes(word) == "help"; }

int help(const std::vector<std::string>& arguments) {
  expect_no_more(arguments, 2);
  if (arguments.size() < 2 || is_help(arguments[1])) {
    print(usage());
    return 0;
  }
  const Subcommand* subcommand = find(arguments[1]);
  if (subcommand == nullptr) throw unknown_subcommand(arguments[1]);
  return subcommand->run({{"--help"}});
}

int version(const std::vector<std::string>& arguments) {
  const bool json = arguments.size() > 1 && without_dashes(arguments[1]) == "json";
  expect_no_more(arguments, json ? 2 : 1);
  print(json ? version_json().dump(2) + "\n" : version_text());
  return 0;
}

int install(const std::vector<std::string>& arguments) {
  std::vector<std::string> words = arguments;
  const std::size_t equals = words[0].find('=');
  if (equals != std::string::npos) words.insert(words.begin() + 1, words[0].substr(equals + 1));
  expect_no_more(words, 2);
  if (words.size() < 2 || words[1].empty()) {
    throw base::Error("--install: found no folder, expected --install DIR", unknown_exit_code);
  }
  install_links(words[1]);
  return 0;
}

}  // namespace

std::span<const OtherUse> other_uses() {
  static constexpr std::array uses = {
      OtherUse{"help SUBCOMMAND", "its flags, as SUBCOMMAND --help"},
      OtherUse{"--version [--json]", "version, commit, compiler and libraries"},
      OtherUse{"--install DIR", "make links in DIR named like the older programs: cmdriver and so on"}};
  return uses;
}

std::string usage() {
  std::string text = fmt::format("{}\n\nUsage: k8scale SUBCOMMAND [FLAGS]\n", program_description);
  std::optional<Group> group;
  for (const Subcommand& each : all()) {
    if (group != each.group) text += fmt::format("\n{}:\n", heading(each.group));
    group = each.group;
    text += fmt::format("  {:<15} {}\n", each.name, each.summary);
  }
  text += "\nOther uses:\n";
  for (const OtherUse& each : other_uses())
    text += fmt::format("  k8scale {:<19} {}\n", each.words, each.summary);
  return text;
}

int run_general(const std::vector<std::string>& arguments) {
  const std::string& first = arguments.front();
  const std::string_view name = without_dashes(first);
  if (is_help(first)) return help(arguments);
  if (name == "version") return version(arguments);
  const std::string_view flag = name.substr(0, name.find('='));
  if (first.starts_with('-') && flag == "install") return install(arguments);
  throw unknown_word(first);
}

}  // namespace k8scale::subcommands
