#pragma once
#include <CLI/CLI.hpp>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "driver_flags.h"
#include "k8scale/load/arrivals.h"
#include "k8scale/load/closed_loop.h"

namespace k8scale::subcommands {

/// Annotations of an object hold 256 KiB together.
inline constexpr std::uint64_t most_annotation = 250'000;

/// The flags of `k8scale drive`.
struct DriveFlags {
  std::string arrival = "poisson";
  double rate = 10;
  std::string ramp;
  std::uint64_t n = 300;
  std::uint64_t workers = 1;
  std::uint64_t maxpop = 100;
  std::uint64_t updates = 0;
  std::uint64_t update_length = 100;
  std::string resource = "v1/configmaps";
  std::uint64_t data_length = 2000;
  double data_sigma = 0;
  std::string mix;
  std::uint64_t initial = 100;
  std::string list_selector = "purpose=scaletest";
  std::uint64_t list_limit = 500;
  std::uint64_t namespaces = 1;
  double zipf = 0;
  bool keep = false;
  bool clientlb = false;
  DriverFlags driver;

  bool whole_ramp = false;  ///< a ramp that `n` does not cut

  void declare(CLI::App& app);
  /// To be called once all flags of `app` were read: a ramp without -n has all of its arrivals.
  void settle(const CLI::App& app);
  /// Throws base::Error, also for a flag that `app` was given and that changes nothing, unless `excused`.
  void check(const CLI::App& app, std::span<const std::string> excused = {}) const;

  /// A flag that changes nothing beside the others.
  struct Idle {
    std::string flag;  ///< "--workers"
    std::string why;   ///< "has no effect without --arrival closed"
  };
  [[nodiscard]] std::vector<Idle> idle() const;

  [[nodiscard]] bool closed() const { return arrival == "closed"; }
  [[nodiscard]] bool is_ramp() const { return arrival == "ramp"; }
  [[nodiscard]] bool mixed() const { return !mix.empty(); }
  /// Whether objects are updated or patched.
  [[nodiscard]] bool changes() const;
  [[nodiscard]] load::ArrivalPlan arrival_plan() const;
  /// When -n cuts the ramp; nothing when it does not.
  [[nodiscard]] std::optional<base::Nanoseconds> cut(std::uint64_t seed) const;
  /// Arrivals per second, over the whole plan.
  [[nodiscard]] double average_rate() const;
  /// The same up to where -n cuts it.
  [[nodiscard]] double asked_rate(std::uint64_t seed) const;
  /// Of all steps, in seconds.
  [[nodiscard]] double ramp_length() const;
  /// The loop of closed workers, without a mix.
  [[nodiscard]] load::ClosedLoopParameters closed_loop() const;
  /// Object names are padded to the digits of this.
  [[nodiscard]] std::uint64_t objects() const { return n + (mixed() ? initial : 0); }
  /// The largest number of an object.
  [[nodiscard]] std::uint64_t largest_number() const;
  /// Which part of a run has object `number`: the one whose lane takes this.
  [[nodiscard]] std::uint64_t place_in_schedule(std::uint64_t number) const;
  [[nodiscard]] nlohmann::ordered_json summary_parameters() const;
};

/// Reads "100x30s,200x1m"; nothing when it is none.
[[nodiscard]] std::optional<std::vector<load::RateStep>> parse_ramp(std::string_view text);

}  // namespace k8scale::subcommands
