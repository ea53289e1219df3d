#pragma once
#include <CLI/CLI.hpp>
#include <cstdint>
#include <memory>
#include <string>

#include "driver.h"
#include "k8scale/load/object_operations.h"

namespace k8scale::subcommands {

inline constexpr std::uint64_t most_objects = 1'000'000'000;
/// A ConfigMap holds 1 MiB.
inline constexpr std::uint64_t most_data = 1 << 20;

/// The flags that cmdriver and flunder-driver share.
struct OpenLoopFlags {
  double lambda = 1;
  std::uint64_t n = 300;
  std::uint64_t maxpop = 100;

  void declare(CLI::App& app);
  /// Throws base::Error.
  void check() const;
  /// The loop, its rate, and what the summary says of it.
  void fill(DriverPlan& plan, const DriverSettings& settings) const;
};

/// Objects of the run in namespace scaletest, all with `data_length` bytes of data.
[[nodiscard]] std::shared_ptr<load::ObjectFamily> make_family(const DriverSettings& settings,
                                                              std::uint64_t largest_number,
                                                              std::string field_manager,
                                                              load::ObjectShape shape,
                                                              std::size_t data_length);

}  // namespace k8scale::subcommands
