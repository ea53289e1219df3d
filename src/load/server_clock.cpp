#include "k8scale/load/server_clock.h"

#include <algorithm>

#include "k8scale/base/http_date.h"

namespace k8scale::load {
namespace {

constexpr base::Nanoseconds second = std::chrono::seconds(1);
constexpr base::Nanoseconds close_enough = std::chrono::milliseconds(5);
constexpr base::Nanoseconds shortest_pause = std::chrono::milliseconds(1);
constexpr int questions = 9;  // or so, while the server's second may end

}  // namespace

void ServerClock::add(base::WallTime date, base::WallTime sent, base::WallTime received) {
  at_least_ = std::max<base::Nanoseconds>(at_least_, date - received);
  at_most_ = std::min<base::Nanoseconds>(at_most_, date + second - sent);
}

void ServerClock::add(const kube::Attempt& attempt) {
  if (attempt.exchange.failure) return;
  const auto field = attempt.exchange.response.headers.find("Date");
  const auto date = field ? base::parse_http_date(*field) : std::nullopt;
  if (!date) return;
  const net::Timing& timing = attempt.exchange.timing;
  add(*date, timing.sent_wall, timing.sent_wall + (timing.first_byte - timing.sent));
}

std::optional<measure::ClockDifference> ServerClock::difference() const {
  if (at_most_ == base::Nanoseconds::max() || at_least_ > at_most_) return std::nullopt;
  return measure::ClockDifference{at_least_, at_most_};
}

bool ServerClock::is_known() const {
  const auto known = difference();
  return known && known->at_most - known->at_least <= close_enough;
}

base::WallTime ServerClock::next_question(base::WallTime now) const {
  const auto known = difference();
  if (!known) return now;
  const base::Nanoseconds step =
      std::max<base::Nanoseconds>((known->at_most - known->at_least) / questions, shortest_pause);
  // The server's next second begins between these two.
  auto next = std::chrono::ceil<std::chrono::seconds>(now + known->at_least);
  if (next - known->at_least - now < step) next += std::chrono::seconds(1);
  const base::WallTime earliest = next - known->at_most;
  return std::max(now, earliest) + step;
}

}  // namespace k8scale::load
