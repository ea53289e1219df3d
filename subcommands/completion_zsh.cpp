#include <fmt/format.h>
#include <fmt/ranges.h>

#include "completion_scripts.h"

namespace k8scale::subcommands {
namespace {

// Where `$words` begins with the subcommand, or with a link that is named like it.
constexpr std::string_view zsh_functions = R"(
_k8scale() {
  local subcommand=$service
  if [[ $service == k8scale ]]; then
    if ((CURRENT == 2)); then
      if [[ $words[2] == -* ]]; then compadd -- --help --version --install; else _k8scale_subcommands; fi
      return
    fi
    shift words
    ((CURRENT--))
    subcommand=$words[1]
  fi
  _k8scale_flags $subcommand
}

if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
  _k8scale "$@"
else
  (($+functions[compdef])) || { autoload -Uz compinit && compinit -i -D }
)";

std::string in_single_quotes(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? "'\\''" : std::string(1, c);
  return out + "'";
}

// `special` get a backslash: what ends a text in a specification of _arguments or _describe.
std::string escaped(std::string_view text, std::string_view special) {
  std::string out;
  for (const char c : text) {
    if (special.find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

std::string action_of(const Value& value) {
  switch (value.kind) {
    case ValueKind::file:
      return "_files";
    case ValueKind::folder:
      return "_files -/";
    case ValueKind::choice:
      return fmt::format("({})", fmt::join(value.choices, " "));
    case ValueKind::subcommand:
      return "_k8scale_subcommands";
    case ValueKind::text:
      break;
  }
  return " ";
}

// ":message:action", with one more colon in front when the value may be absent.
std::string value_specification(const Value& value) {
  if (value.use == ValueUse::none) return "";
  return fmt::format("{}{}:{}", value.use == ValueUse::optional ? "::" : ":", escaped(value.name, ":\\"),
                     action_of(value));
}

// Each name with one dash and with two; a value may follow after `=` or, when there must be one, a blank.
std::vector<std::string> spellings_of(const Flag& flag) {
  std::vector<std::string> spellings;
  for (const std::string& name : flag.names) {
    spellings.push_back("-" + name);
    if (name.size() > 1) spellings.push_back("--" + name);
  }
  return spellings;
}

std::string flag_lines(const Flag& flag) {
  const std::vector<std::string> spellings = spellings_of(flag);
  const std::string once = fmt::format("({})", fmt::join(spellings, " "));
  std::string_view ending;
  if (flag.value.use == ValueUse::required) ending = "=";
  if (flag.value.use == ValueUse::optional) ending = "=-";
  std::string lines;
  for (const std::string& spelling : spellings) {
    const std::string specification =
        fmt::format("{}{}{}[{}]{}", flag.repeats ? "*" : once, spelling, ending, escaped(flag.help, "[]\\"),
                    value_specification(flag.value));
    lines += fmt::format(" \\\n        {}", in_single_quotes(specification));
  }
  return lines;
}

std::string zsh_case_of(const Page& page) {
  std::string lines = fmt::format("    {})\n      _arguments", page.subcommand->name);
  for (const Flag& flag : page.table.flags) lines += flag_lines(flag);
  for (const Argument& argument : page.table.arguments) {
    const std::string place = argument.repeats ? "*" : "1";
    lines += fmt::format(" \\\n        {}", in_single_quotes(place + value_specification(argument.value)));
  }
  return lines + "\n      ;;\n";
}

std::string subcommands_function(std::span<const Page> pages) {
  std::string text =
      "_k8scale_subcommands() {\n  local -a subcommands=(\n    'help:show the flags of a subcommand'\n";
  for (const Page& page : pages) {
    const std::string entry =
        fmt::format("{}:{}", page.subcommand->name, escaped(page.subcommand->summary, ":\\"));
    text += fmt::format("    {}\n", in_single_quotes(entry));
  }
  return text + "  )\n  _describe -t subcommands subcommand subcommands\n}\n\n";
}

}  // namespace

std::string zsh_completion(std::span<const Page> pages) {
  std::string links;
  for (const Page& page : pages) {
    if (page.subcommand->link == Link::yes) links += fmt::format(" {}", page.subcommand->name);
  }
  std::string script = fmt::format(
      "#compdef k8scale{}\n# zsh completion of k8scale and of the links to it: source <(k8scale completion "
      "zsh)\n\n",
      links);
  script += subcommands_function(pages);
  script +=
      "_k8scale_flags() {\n  case $1 in\n    help) _arguments '1:SUBCOMMAND:_k8scale_subcommands' ;;\n"
      "    --install) _files -/ ;;\n";
  for (const Page& page : pages) script += zsh_case_of(page);
  script += "  esac\n}\n";
  script += zsh_functions;
  return script + fmt::format("  compdef _k8scale k8scale{}\nfi\n", links);
}

}  // namespace k8scale::subcommands
