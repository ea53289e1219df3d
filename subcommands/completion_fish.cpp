#include <fmt/format.h>
#include <fmt/ranges.h>

#include "completion_scripts.h"

namespace k8scale::subcommands {
namespace {

std::string in_quotes(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

std::string candidates_of(const Value& value) {
  switch (value.kind) {
    case ValueKind::file:
      return " -F";
    case ValueKind::folder:
      return " -xa '(__fish_complete_directories)'";
    case ValueKind::choice:
      return fmt::format(" -xa '{}'", fmt::join(value.choices, " "));
    case ValueKind::subcommand:
      return fmt::format(" -xa '{}'", fmt::join(words_after_program(), " "));
    case ValueKind::text:
      break;
  }
  return " -x";
}

// fish has no way to say that a value can only follow after `=`, so an optional one is left to the user.
std::string fish_value(const Value& value) {
  if (value.use != ValueUse::required) return " -f";
  return " -r" + candidates_of(value);
}

std::string line(std::string_view subcommand, const Flag& flag) {
  std::string names;
  for (const std::string& name : flag.names) {
    names += name.size() == 1 ? fmt::format(" -s {}", name) : fmt::format(" -l {} -o {}", name, name);
  }
  return fmt::format("complete -c k8scale -n '__k8scale_subcommand_is {}'{}{} -d {}\n", subcommand, names,
                     fish_value(flag.value), in_quotes(flag.help));
}

std::string argument_line(std::string_view subcommand, const Value& value) {
  return fmt::format("complete -c k8scale -n '__k8scale_subcommand_is {}'{}\n", subcommand,
                     candidates_of(value));
}

}  // namespace

std::string fish_completion(std::span<const Page> pages) {
  std::string script =
      "# fish completion of k8scale and of the links to it: k8scale completion fish | source\n"
      "function __k8scale_subcommand_is\n"
      "    set -l words (commandline -opc)\n"
      "    test (count $words) -gt 1; and test $words[2] = $argv[1]\n"
      "end\n"
      "complete -c k8scale -f\n"
      "complete -c k8scale -n __fish_is_first_token -l help -d 'show the subcommands'\n"
      "complete -c k8scale -n __fish_is_first_token -l version -d 'show version, commit and libraries'\n"
      "complete -c k8scale -n __fish_is_first_token -l install -r -xa '(__fish_complete_directories)' "
      "-d 'make links named like the older programs'\n"
      "complete -c k8scale -n __fish_use_subcommand -a help -d 'show the flags of a subcommand'\n";
  for (const Page& page : pages) {
    script += fmt::format("complete -c k8scale -n __fish_use_subcommand -a {} -d {}\n", page.subcommand->name,
                          in_quotes(page.subcommand->summary));
  }
  Value name;
  name.kind = ValueKind::subcommand;
  script += argument_line("help", name);
  for (const Page& page : pages) {
    const std::string_view subcommand = page.subcommand->name;
    for (const Argument& each : page.table.arguments) script += argument_line(subcommand, each.value);
    for (const Flag& flag : page.table.flags) script += line(subcommand, flag);
    if (page.subcommand->link == Link::yes) {
      script += fmt::format("complete -c {0} -w 'k8scale {0}'\n", subcommand);
    }
  }
  return script;
}

}  // namespace k8scale::subcommands
