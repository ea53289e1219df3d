#pragma once
#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdint>
#include <limits>
#include <string>
#include <type_traits>
#include <vector>

#include "k8scale/base/number.h"

/// Go-style flags on CLI11: `-lambda 5`, `-lambda=5`, `--lambda 5`, `--lambda=5`, `-ok`, `-ok=false`.
namespace k8scale::base {

/// Rewrites Go-style arguments into the forms that CLI11 reads. `app` is the subcommand whose options are
/// known: what follows a flag is its value only when that flag takes one, so `-lambda -5` and `-kubeconfig
/// ""` work. Single letters that are declared as such (`-v 2`, `-v=2`) work too. Arguments after `--` stay as
/// they are.
[[nodiscard]] std::vector<std::string> normalize_go_arguments(const CLI::App& app,
                                                              const std::vector<std::string>& arguments);

/// What an option's type name means, for a sentence: "a number".
[[nodiscard]] std::string lower_type_name(const CLI::Option& option);

/// Declares a boolean that takes `-name`, `-name=true`, `-name=false`; its help shows the default.
CLI::Option* add_bool(CLI::App& app, const std::string& name, bool& value, const std::string& help);

/// What keeps `text` from being a T, for a message; empty when nothing does. CLI11 itself lets some
/// values wrap around. As for Go, a 0 in front makes it octal, so that 08 is none, and 0x hexadecimal; + is
/// taken too.
template <class T>
std::string whole_number_fault(const std::string& text) {
  const std::string_view unsigned_text = std::string_view(text).substr(text.starts_with('+') ? 1 : 0);
  const std::size_t digit = text.starts_with('-') ? 1 : 0;
  const bool octal = unsigned_text.size() > digit + 1 && unsigned_text[digit] == '0';
  const bool readable = !octal || unsigned_text.find_first_of("89") == std::string_view::npos;
  if (readable && parse_number<T>(unsigned_text)) return {};
  const bool hexadecimal = unsigned_text.starts_with("0x") || unsigned_text.starts_with("0X");
  if (hexadecimal && parse_number<T>(unsigned_text.substr(2), 16)) return {};
  return "found \"" + text + "\", expected a whole number from " +
         std::to_string(std::numeric_limits<T>::min()) + " to " +
         std::to_string(std::numeric_limits<T>::max());
}

/// The same for a number: CLI11 takes no text for 0.
inline std::string empty_number_fault(const std::string& text) {
  return text.empty() ? "found \"\", expected a number" : "";
}

/// Declares `-name value`; its help shows the default and, from `help`, the unit. The last one given counts.
template <class T>
CLI::Option* add_value(CLI::App& app, const std::string& name, T& value, const std::string& help) {
  CLI::Option* option = app.add_option(name, value, help)->capture_default_str();
  if constexpr (std::is_floating_point_v<T>) {
    option->type_name("NUMBER")->check(CLI::Validator(empty_number_fault, ""));
  }
  if constexpr (std::is_integral_v<T>) {
    option->type_name("INTEGER")->check(CLI::Validator(whole_number_fault<T>, ""));
  }
  if constexpr (std::is_arithmetic_v<T> || std::is_same_v<T, std::string>) {
    option->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  }
  return option;
}

/// Declares `-name`, which means 1, and `-name=N`.
CLI::Option* add_count(CLI::App& app, const std::string& name, std::uint64_t& value, const std::string& help);

/// Declares a flag that takes a Go duration ("300ms", "1m").
CLI::Option* add_duration(CLI::App& app, const std::string& name, std::chrono::nanoseconds& value,
                          const std::string& help);

/// What parsing came to: go on, or print and exit.
struct ParseOutcome {
  bool proceed = true;  ///< run the subcommand
  int exit_code = 0;    ///< when not: exit with this
  std::string text;     ///< and print this: stdout when exit_code is 0, else stderr, one line
};
[[nodiscard]] ParseOutcome parse_go_arguments(CLI::App& app, const std::vector<std::string>& arguments);

}  // namespace k8scale::base
