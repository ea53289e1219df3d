// What a client's connection counts and tells.
#include <fmt/format.h>

#include <algorithm>

#include "blocks/answer.h"
#include "blocks/client_connection.h"
#include "blocks/client_shard.h"
#include "k8scale/base/log.h"

namespace k8scale::blocks {
using base::Failure;
using Clock = std::chrono::steady_clock;

RequestTimes& ClientConnection::times() { return figures_.times ? *figures_.times : shard_.times; }

void ClientConnection::note_first_byte(const Answer& answer) {
  const base::SteadyTime sent = in_flight_.front().sent;
  if (sent >= shard_.measured_from) times().first_byte.record(answer.first_byte() - sent);
}

// Of an answer that has ended, well or not.
void ClientConnection::keep_lateness() {
  lateness_.record_in(times().lateness);
  lateness_ = BlockLateness();
}

void ClientConnection::record_lateness_in(RequestTimes& shared) const {
  if (!figures_.times) lateness_.record_in(shared.lateness);
}

// Those whose last byte has come since `position`.
void ClientConnection::log_blocks(std::uint64_t position, const Answer& answer) const {
  const Asker& asker = in_flight_.front();
  const std::uint64_t size = asker.request.size;
  for (std::uint64_t block = position / size; block < answer.position() / size; ++block) {
    base::log_info(fmt::format("thread {}: block {} of {} bytes, {} after the request", asker.thread, block,
                               size, base::format_duration(answer.now() - asker.sent)));
  }
}

void ClientConnection::count(const Answer& answer) {
  Asker& asker = in_flight_.front();
  if (asker.budgeted) ++figures_.requests;  // else one of the warm-up, beyond those to measure
  if (asker.sent >= shard_.measured_from) times().request.record(answer.now() - asker.sent);
  if (base::verbosity() >= 3) {
    base::log_info(fmt::format("thread {}: {} bytes in {}", asker.thread, answer.position(),
                               base::format_duration(answer.now() - asker.sent)));
  }
  draw(asker);
  asker.budgeted = asker.resend = false;
  waiting_.push_back(asker);
  in_flight_.pop_front();
}

void ClientConnection::count_failure(const Failure& failure) {
  ++figures_.failures;
  if (figures_.failures == 1) figures_.first_failure = failure.message();
  figures_.last_failure = failure.message();
  shard_.failures.tell(figures_.number, failure.message(), Clock::now());
  take_back();
  // The first one failed, be it that there was no connection.
  waiting_.front().budgeted = waiting_.front().resend = false;
  waiting_.front().asked = Clock::now();
}

// What was sent and not answered is asked again, on another connection.
void ClientConnection::take_back() {
  while (!in_flight_.empty()) {
    waiting_.push_front(in_flight_.back());
    waiting_.front().resend = true;
    in_flight_.pop_back();
  }
}

void ClientConnection::cut() {
  if (stream_) stream_->cancel();
}

void ClientConnection::start_measuring() {
  ConnectionFigures fresh;
  fresh.number = figures_.number;
  fresh.protocol = figures_.protocol;
  fresh.opened = now_opened_;
  fresh.resumed = now_resumed_;
  if (figures_.times) fresh.times.emplace();
  figures_ = std::move(fresh);
  lateness_.forget_blocks();
  if (stream_) retransmits_before_ = stream_->tcp_figures().retransmits;
  for (Asker& each : in_flight_) each.budgeted = shard_.may_begin();
  for (Asker& each : waiting_) each.budgeted = each.budgeted && shard_.may_begin();
}

// Before the TCP connection goes.
void ClientConnection::keep_tcp_figures() {
  const ConnectionFigures now = look();
  figures_.retransmits = now.retransmits;
  figures_.round_trip_time = now.round_trip_time;
  now_opened_ = now_resumed_ = 0;
}

// Of the TCP connection that is open, since measuring began.
std::uint64_t ClientConnection::retransmits() const {
  const std::uint64_t all = stream_ ? stream_->tcp_figures().retransmits : 0;
  return all - std::min(all, retransmits_before_);
}

ConnectionFigures ClientConnection::look() const {
  ConnectionFigures now = figures_;
  now.under_way = in_flight_.size();
  if (now.times) lateness_.record_in(now.times->lateness);
  if (!stream_) return now;
  now.retransmits += retransmits();
  const base::Nanoseconds round_trip_time = stream_->tcp_figures().round_trip_time;
  if (round_trip_time > base::Nanoseconds(0)) now.round_trip_time = round_trip_time;
  return now;
}

}  // namespace k8scale::blocks
