#include "flag_table.h"

#include "k8scale/base/text.h"

namespace k8scale::subcommands {
namespace {

ValueUse use_of(const CLI::Option& option) {
  if (option.get_type_name().empty()) return ValueUse::none;
  return option.get_items_expected_min() > 0 ? ValueUse::required : ValueUse::optional;
}

// What the type's name tells, as --help shows it.
Value option_value(const CLI::Option& option) {
  Value value;
  value.use = use_of(option);
  value.name = option.get_type_name();
  if (value.name == "FILE") value.kind = ValueKind::file;
  if (value.name == "DIR") value.kind = ValueKind::folder;
  if (value.name == "SUBCOMMAND") value.kind = ValueKind::subcommand;
  if (value.name == "BOOLEAN") value.choices = {"true", "false"};
  if (value.name.find('|') != std::string::npos) value.choices = base::split(value.name, '|');
  if (!value.choices.empty()) value.kind = ValueKind::choice;
  return value;
}

Flag flag_of(const CLI::Option& option) {
  Flag flag;
  flag.names = option.get_lnames();
  flag.names.insert(flag.names.end(), option.get_snames().begin(), option.get_snames().end());
  flag.value = option_value(option);
  flag.default_value = option.get_default_str();
  flag.help = option.get_description();
  flag.repeats = option.get_items_expected_max() > 1;
  return flag;
}

}  // namespace

FlagTable read_flag_table(const CLI::App& app) {
  FlagTable table;
  table.program = app.get_name();
  table.description = app.get_description();
  table.footer = app.get_footer();
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_positional()) {
      table.arguments.push_back({option_value(*option), option->get_description(), option->get_required(),
                                 option->get_items_expected_max() > 1});
    } else {
      table.flags.push_back(flag_of(*option));
    }
  }
  return table;
}

std::string with_dashes(const std::string& name) { return (name.size() == 1 ? "-" : "--") + name; }

}  // namespace k8scale::subcommands
