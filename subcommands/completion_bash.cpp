#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "completion_scripts.h"

namespace k8scale::subcommands {
namespace {

// bash gives the word at the cursor as $2 and the one before as $3. Where `=` ends a word, as it does unless
// the user changed that, `--flag=va` is three of them.
constexpr std::string_view bash_functions = R"(
_k8scale() {
  local word=$2 flag= equals= head= names= kind= words= arguments=
  COMPREPLY=()
  local current=${COMP_WORDS[COMP_CWORD]} subcommand=${COMP_WORDS[0]##*/} place=1
  if [[ $subcommand == k8scale ]]; then
    subcommand=${COMP_WORDS[1]} place=2
  fi
  if ((COMP_CWORD < place)); then
    mapfile -t COMPREPLY < <(compgen -W "$_k8scale_subcommands --help --version --install" -- "$word")
    return
  fi
  if [[ $current == '=' ]]; then
    flag=${COMP_WORDS[COMP_CWORD - 1]} word= equals=1
  elif [[ $3 == '=' ]]; then
    flag=${COMP_WORDS[COMP_CWORD - 2]} equals=1
  elif [[ $current == -*=* ]]; then
    flag=${current%%=*} head=${current%%=*}= word=${current#*=} equals=1
  elif [[ $3 == -* ]]; then
    flag=$3
  fi
  flag=${flag#-}
  _k8scale_table "$subcommand" "${flag#-}"
  if [[ $kind == optional ]]; then
    if [[ $equals ]]; then kind=words; else kind=; fi
  fi
  if [[ ! $kind && $arguments == FILE && $word != -* ]]; then kind=file; fi
  case $kind in
    file | folder)
      compopt -o filenames
      if [[ $kind == file ]]; then kind=-f; else kind=-d; fi
      mapfile -t COMPREPLY < <(compgen "$kind" -P "$head" -- "$word")
      ;;
    words) mapfile -t COMPREPLY < <(compgen -W "$words" -P "$head" -- "$word") ;;
    '')
      if [[ $word == -[!-]* ]]; then names=${names//--/-}; fi
      mapfile -t COMPREPLY < <(compgen -W "$arguments $names" -- "$word")
      ;;
  esac
}
)";

std::string table_kind(const Value& value) {
  if (value.kind == ValueKind::file) return "kind=file";
  if (value.kind == ValueKind::folder) return "kind=folder";
  if (value.kind == ValueKind::subcommand) return "kind=words words=$_k8scale_subcommands";
  const std::string_view kind = value.use == ValueUse::optional ? "optional" : "words";
  if (value.kind == ValueKind::choice) {
    return fmt::format("kind={} words='{}'", kind, fmt::join(value.choices, " "));
  }
  return value.use == ValueUse::optional ? "kind=optional" : "kind=text";
}

std::string arguments_line(const FlagTable& table) {
  if (table.arguments.empty()) return "";
  const Value& value = table.arguments.front().value;
  if (value.kind == ValueKind::subcommand) return "      arguments=$_k8scale_subcommands\n";
  if (value.kind == ValueKind::file) return "      arguments=FILE\n";
  return fmt::format("      arguments='{}'\n", fmt::join(value.choices, " "));
}

std::string bash_case_of(const Page& page) {
  std::vector<std::string> names;
  std::string values;
  for (const Flag& flag : page.table.flags) {
    for (const std::string& name : flag.names) names.push_back(with_dashes(name));
    if (flag.value.use == ValueUse::none) continue;
    values += fmt::format("        {}) {} ;;\n", fmt::join(flag.names, " | "), table_kind(flag.value));
  }
  return fmt::format("    {})\n      names='{}'\n{}      case $2 in\n{}      esac\n      ;;\n",
                     page.subcommand->name, fmt::join(names, " "), arguments_line(page.table), values);
}

}  // namespace

std::string bash_completion(std::span<const Page> pages) {
  std::string script = fmt::format(
      "# bash completion of k8scale and of the links to it: source <(k8scale completion bash)\n"
      "_k8scale_subcommands='{}'\n\n"
      "# Sets what there is to know of the flags of subcommand $1, and of the value of its flag $2.\n"
      "_k8scale_table() {{\n  case $1 in\n    help) arguments=$_k8scale_subcommands ;;\n    --install) "
      "kind=folder ;;\n",
      fmt::join(words_after_program(), " "));
  for (const Page& page : pages) script += bash_case_of(page);
  script += "  esac\n}\n";
  script += bash_functions;
  script += "\ncomplete -F _k8scale k8scale";
  for (const Page& page : pages) {
    if (page.subcommand->link == Link::yes) script += fmt::format(" {}", page.subcommand->name);
  }
  return script + "\n";
}

}  // namespace k8scale::subcommands
