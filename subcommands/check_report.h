#pragma once
#include <iosfwd>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "k8scale/base/time.h"

/// What `k8scale check` found, as a table and as JSON.
namespace k8scale::subcommands {

enum class Verdict {
  ok,
  warning,  ///< it works, but not as it should
  failed,
  skipped,  ///< not looked at, because of what failed before, or because nobody needs it here
};

struct Finding {
  std::string check;  ///< "TLS", "may run cmdriver"
  Verdict verdict = Verdict::ok;
  std::string found;   ///< what was seen
  std::string remedy;  ///< what to do about it; empty when there is nothing to do
};

/// How far the server's clock is ahead of ours: `offset` ± `uncertainty`.
struct ClockOffset {
  base::Nanoseconds offset{};
  base::Nanoseconds uncertainty{};
};

/// From the first byte of a request to the first of its answer, on an open connection.
struct RoundTrip {
  base::Nanoseconds least{};
  base::Nanoseconds median{};
};

struct CheckReport {
  std::string server;          ///< empty: not known
  std::string server_version;  ///< empty: not known
  std::string user;            ///< empty: not known
  std::optional<ClockOffset> clock;
  std::optional<RoundTrip> round_trip;
  std::vector<Finding> findings;

  void add(std::string check, Verdict verdict, std::string found, std::string remedy = "");
  [[nodiscard]] bool has_failed() const;
};

void print_text(std::ostream& out, const CheckReport& report);
/// {"version", "server", "server_version", "user", "clock": {"offset_seconds", "uncertainty_seconds"},
/// "round_trip": {"least_seconds", "median_seconds"}, "failed",
/// "checks": [{"check", "verdict", "found", "remedy"}]}; what is not known is null.
[[nodiscard]] nlohmann::ordered_json to_json(const CheckReport& report);

}  // namespace k8scale::subcommands
