#pragma once
#include <CLI/CLI.hpp>
#include <string>
#include <vector>

/// What a subcommand says of its flags, read out of its CLI11 options: completion scripts and man pages are
/// views of this.
namespace k8scale::subcommands {

enum class ValueUse { none, optional, required };

/// What a value is, for those who complete it.
enum class ValueKind { text, file, folder, choice, subcommand };

struct Value {
  ValueUse use = ValueUse::none;
  ValueKind kind = ValueKind::text;
  std::string name;                  ///< "NUMBER", "auto|plain|none"; empty when there is no value
  std::vector<std::string> choices;  ///< of kind choice
};

struct Flag {
  std::vector<std::string> names;  ///< without dashes; those of one letter last
  Value value;
  std::string default_value;  ///< empty: none, or `help` says it
  std::string help;
  bool repeats = false;
};

/// An argument without a flag.
struct Argument {
  Value value;
  std::string help;
  bool required = false;
  bool repeats = false;
};

struct FlagTable {
  std::string program;      ///< "k8scale cmdriver"
  std::string description;  ///< one or more sentences
  std::vector<Argument> arguments;
  std::vector<Flag> flags;
  std::string footer;
};

[[nodiscard]] FlagTable read_flag_table(const CLI::App& app);

/// "-v", "--lambda".
[[nodiscard]] std::string with_dashes(const std::string& name);

}  // namespace k8scale::subcommands
