#pragma once
#include <CLI/CLI.hpp>
#include <string>
#include <vector>

/// Go-style flags on CLI11: `-lambda 5`, `-lambda=5`, `--lambda 5`, `--lambda=5`, `-ok`, `-ok=false`.
namespace k8scale::base {

/// Rewrites Go-style arguments into the `--name=value` form that CLI11 reads. `app` is the subcommand whose
/// options are known; a value is joined to its flag only when that flag takes one, so `-lambda -5` works.
/// Single letters that are declared as such (`-v 2`, `-v=2`) work too. Arguments after `--` stay as they are.
[[nodiscard]] std::vector<std::string> normalize_go_arguments(const CLI::App& app,
                                                              const std::vector<std::string>& arguments);

/// Declares a boolean that takes `-name`, `-name=true`, `-name=false`; its help shows the default.
CLI::Option* add_bool(CLI::App& app, const std::string& name, bool& value, const std::string& help);

/// Declares `-name value`; its help shows the default and, from `help`, the unit.
template <class T>
CLI::Option* add_value(CLI::App& app, const std::string& name, T& value, const std::string& help) {
  return app.add_option(name, value, help)->capture_default_str();
}

/// Declares a flag that takes a Go duration ("300ms", "1m").
CLI::Option* add_duration(CLI::App& app, const std::string& name, std::chrono::nanoseconds& value,
                          const std::string& help);

/// Parses and returns; help and errors become `Exit` with what to print and where.
struct ParseOutcome {
  bool proceed = true;       ///< run the subcommand
  int exit_code = 0;         ///< when not: exit with this
  std::string text;          ///< and print this: stdout when exit_code is 0, else stderr
};
[[nodiscard]] ParseOutcome parse_go_arguments(CLI::App& app, const std::vector<std::string>& arguments);

}  // namespace k8scale::base
