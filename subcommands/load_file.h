#pragma once
#include <CLI/CLI.hpp>
#include <filesystem>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "k8scale/base/error.h"

namespace k8scale::subcommands {

/// Why that is no element of a list or map, for a message; empty when it is one.
using ElementFault = std::function<std::string(std::string_view)>;

/// A YAML file of flags: a map from their names, without dashes, to their values. A list of scalars means
/// them joined by ","; a list of maps of `rate` and `for`, and a map of weights, mean what --ramp and --mix
/// take.
class LoadFile {
 public:
  /// No file.
  LoadFile() = default;
  /// Fills in the options of `app` that were not given on the command line. Lists and maps of the flags in
  /// `faults` are checked element by element. Throws base::Error that names file, line and key.
  LoadFile(CLI::App& app, const std::filesystem::path& path,
           const std::map<std::string, ElementFault>& faults);

  /// Whether the option has its value from the file.
  [[nodiscard]] bool gave(const CLI::Option& option) const;
  /// Gives `app`, which has the same options, what the file has, also where the command line won.
  void fill(CLI::App& app) const;
  /// The same error with file, line and key in front, when it names a flag whose value is the file's.
  [[nodiscard]] base::Error located(const base::Error& error) const;

 private:
  std::map<std::string, std::vector<std::string>> values_;  // of keys, as they stand in the file
  std::map<std::string, std::string> places_;  // of keys, by each name of their flag: "load.yaml:3: rate"
};

/// The file that equals the options of `app` as they are now, but for those that change nothing ("--rate"),
/// and with what was found for others in place of what they are ("seed").
[[nodiscard]] std::string print_load_file(const CLI::App& app, std::span<const std::string> idle,
                                          const std::map<std::string, std::string>& found = {});

}  // namespace k8scale::subcommands
