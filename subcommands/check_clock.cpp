#include "check_clock.h"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "k8scale/base/http_date.h"

namespace k8scale::subcommands {
namespace {

using base::Nanoseconds;
using namespace std::chrono_literals;

constexpr std::size_t most_requests = 64;
constexpr Nanoseconds time_between = 20ms;
constexpr Nanoseconds precise_enough = 50ms;
constexpr Nanoseconds far_off = 2s;
constexpr Nanoseconds far_away = 100ms;

// What the answers so far leave possible for the server's clock less ours.
class OffsetBounds {
 public:
  void add(base::WallTime date, base::WallTime sent, Nanoseconds round_trip) {
    low_ = std::max(low_, Nanoseconds(date - (sent + round_trip)));
    high_ = std::min(high_, Nanoseconds(date + 1s - sent));
  }
  [[nodiscard]] bool contradictory() const { return low_ > high_; }
  [[nodiscard]] bool known() const { return low_ > Nanoseconds::min() && !contradictory(); }
  [[nodiscard]] bool precise() const { return known() && high_ - low_ <= precise_enough; }
  [[nodiscard]] ClockOffset middle() const {
    const Nanoseconds half = (high_ - low_) / 2;
    return {low_ + half, half};
  }

 private:
  Nanoseconds low_ = Nanoseconds::min();
  Nanoseconds high_ = Nanoseconds::max();
};

struct Samples {
  OffsetBounds bounds;
  std::vector<Nanoseconds> round_trips;  // on connections that were open
};

void add_sample(Samples& samples, const net::Exchange& exchange) {
  if (exchange.failure) return;
  const net::Timing& timing = exchange.timing;
  const Nanoseconds round_trip = timing.first_byte - timing.sent;
  if (exchange.reused_connection) samples.round_trips.push_back(round_trip);
  const auto date = base::parse_http_date(exchange.response.headers.find("Date").value_or(""));
  if (date) samples.bounds.add(*date, timing.sent_wall, round_trip);
}

Samples sample(net::Shard& shard, kube::Client& client) {
  Samples samples;
  const kube::AttemptObserver observe = [&](const kube::Attempt& attempt) {
    add_sample(samples, attempt.exchange);
  };
  const kube::Collection namespaces(kube::namespaces(), "");
  for (std::size_t i = 0; i < most_requests && !samples.bounds.contradictory(); ++i) {
    if (samples.bounds.precise() && samples.round_trips.size() > 8) break;
    if (i > 0) std::this_thread::sleep_for(time_between);
    const kube::Answer answer = shard.run(client.get(namespaces, "default", observe));
    if (answer.failure) break;
  }
  return samples;
}

void add_clock(CheckReport& report, const OffsetBounds& bounds) {
  if (!bounds.known()) {
    report.add(
        "clock", Verdict::warning,
        bounds.contradictory() ? "one of the clocks jumped meanwhile" : "the server's answers have no Date");
    return;
  }
  report.clock = bounds.middle();
  const Nanoseconds offset = report.clock->offset;
  const bool far = std::chrono::abs(offset) > far_off;
  report.add(
      "clock", far ? Verdict::warning : Verdict::ok,
      fmt::format("the server's is {} {} ours, give or take {}",
                  base::format_duration(std::chrono::abs(offset)), offset.count() < 0 ? "behind" : "ahead of",
                  base::format_duration(report.clock->uncertainty)),
      far ? "synchronize the clocks (NTP): timestamps of different hosts are compared" : "");
}

void add_round_trip(CheckReport& report, std::vector<Nanoseconds> times) {
  if (times.empty()) {
    report.add("round trip", Verdict::warning, "the server closes the connection after each answer",
               "look for a proxy in between that does so: each request will pay for a handshake");
    return;
  }
  std::ranges::sort(times);
  report.round_trip = {times.front(), times[times.size() / 2]};
  const bool far = report.round_trip->median > far_away;
  report.add("round trip", far ? Verdict::warning : Verdict::ok,
             fmt::format("{} at best, {} in the median of {}", base::format_duration(times.front()),
                         base::format_duration(report.round_trip->median), times.size()),
             far ? "run closer to the server, or expect service times to be mostly the network's" : "");
}

}  // namespace

void check_clock(CheckReport& report, net::Shard& shard, kube::Client& client) {
  const Samples samples = sample(shard, client);
  add_round_trip(report, samples.round_trips);
  add_clock(report, samples.bounds);
}

}  // namespace k8scale::subcommands
