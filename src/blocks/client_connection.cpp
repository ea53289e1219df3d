#include "blocks/client_connection.h"

#include <fmt/format.h>

#include <algorithm>

#include "blocks/answer.h"
#include "blocks/client_shard.h"
#include "k8scale/base/log.h"

namespace k8scale::blocks {
using base::Failure;
using base::FailureKind;
using net::Task;
using Clock = std::chrono::steady_clock;

namespace {

constexpr std::size_t most_pipelined = 64;  // requests of 100 bytes always fit into the sockets' buffers
constexpr base::Nanoseconds first_pause = std::chrono::milliseconds(100);
constexpr base::Nanoseconds longest_pause = std::chrono::seconds(5);
// What is read before others on the shard have their turn.
constexpr std::size_t turn = 4 * 1024 * 1024;
// After fewer bytes than these there is probably nothing more for now, and asking the kernel is in vain.
constexpr std::size_t worth_another_look = 4 * 1024;

}  // namespace

ClientConnection::ClientConnection(ClientShard& shard, std::size_t number, bool own_times) : shard_(shard) {
  figures_.number = number;
  if (own_times) figures_.times.emplace();
}

void ClientConnection::add_thread(std::size_t number) {
  Asker asker{number, base::Random(shard_.options.seed, fmt::format("blocks of thread {}", number)),
              {},     {},
              {},     false,
              false};
  asker.request.size = shard_.options.block_size;
  asker.request.period = shard_.options.period;
  draw(asker);
  waiting_.push_back(asker);
}

void ClientConnection::draw(Asker& asker) {
  asker.request.count =
      shard_.options.blocks_per_request + asker.random.below(shard_.options.blocks_per_request);
  asker.asked = Clock::now();
}

Task<void> ClientConnection::run() {
  base::Nanoseconds pause = first_pause;
  while (has_request() && !shard_.stop.raised()) {
    const std::uint64_t before = figures_.requests;
    base::Result<void> outcome = co_await open();
    if (outcome.has_value()) outcome = co_await converse();
    keep_tcp_figures();
    stream_.reset();
    received_.clear();
    if (outcome.has_value() || shard_.stop.raised()) continue;
    count_failure(outcome.error());
    pause = figures_.requests > before ? first_pause : pause;
    static_cast<void>(co_await shard_.stop.wait_until(Clock::now() + pause));
    pause = std::min(2 * pause, longest_pause);
  }
}

// Whether one of the waiting threads may send; those that may not are done.
bool ClientConnection::has_request() {
  while (!waiting_.empty() && !waiting_.front().budgeted) {
    if (shard_.may_begin()) {
      waiting_.front().budgeted = true;
    } else {
      waiting_.pop_front();
    }
  }
  return !waiting_.empty();
}

Task<base::Result<void>> ClientConnection::open() {
  const ClientOptions& options = shard_.options;
  stream_ = std::make_unique<Stream>(shard_.shard);
  retransmits_before_ = 0;
  now_opened_ = now_resumed_ = 0;
  keep_alive_ = true;
  stream_->set_limit(options.connect_timeout, "no connection");
  base::Result<void> outcome = co_await stream_->connect(options.server);
  if (outcome.has_error()) co_return outcome;
  now_opened_ = 1;
  ++figures_.opened;
  if (!options.server.tls) co_return outcome;
  stream_->set_limit(options.connect_timeout, "no TLS handshake");
  outcome = co_await stream_->handshake(*options.tls, options.server);
  if (outcome.has_error()) co_return outcome;
  now_resumed_ = SSL_session_reused(stream_->ssl()) == 1 ? 1 : 0;
  figures_.resumed += now_resumed_;
  figures_.protocol =
      fmt::format("{} {}", SSL_get_version(stream_->ssl()), SSL_get_cipher_name(stream_->ssl()));
  co_return outcome;
}

// Succeeds when the server wants no more requests on this connection, or there are no more.
Task<base::Result<void>> ClientConnection::converse() {
  while (keep_alive_) {
    base::Result<void> outcome = co_await send_requests();
    if (outcome.has_error() || in_flight_.empty()) co_return outcome;
    Answer answer(in_flight_.front().request, figures_.bytes, lateness_);
    outcome = co_await read_answer(answer);
    keep_lateness();
    if (outcome.has_value()) outcome = verdict_on(answer);
    if (outcome.has_error()) co_return outcome;
    count(answer);
  }
  take_back();
  co_return base::Result<void>();
}

base::Result<void> ClientConnection::verdict_on(const Answer& answer) const {
  base::Result<void> verdict = answer.verdict();
  const bool last = in_flight_.size() == 1;
  if (verdict.has_value() && last && !received_.empty()) {
    verdict = Failure(FailureKind::protocol, "behind the answer came bytes that nobody asked for");
  }
  return verdict;
}

Task<base::Result<void>> ClientConnection::send_requests() {
  const std::size_t most = shard_.options.sharing == Sharing::pipelined ? most_pipelined : 1;
  std::string text;
  while (in_flight_.size() < most && has_request()) {
    Asker& asker = waiting_.front();
    text += request_text(asker);
    asker.sent = Clock::now();
    if (asker.resend) {
      ++figures_.resent;
    } else if (asker.asked >= shard_.measured_from) {
      times().wait.record(asker.sent - asker.asked);
    }
    in_flight_.push_back(asker);
    waiting_.pop_front();
  }
  if (text.empty()) co_return base::Result<void>();
  stream_->set_limit(shard_.options.answer_timeout, "the server did not take a request");
  base::Result<void> sent = co_await stream_->write(text);
  co_return sent;
}

std::string ClientConnection::request_text(const Asker& asker) const {
  const std::string target = shard_.options.path_prefix + asker.request.target();
  base::log_verbose(4, base::verbosity() < 4 ? std::string()
                                             : fmt::format("thread {}: GET {}{}", asker.thread,
                                                           shard_.options.server.url(), target));
  return fmt::format("GET {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: k8scale httperf\r\n\r\n", target,
                     shard_.options.server.authority());
}

Task<base::Result<void>> ClientConnection::read_answer(Answer& answer) {
  const base::Nanoseconds limit = shard_.options.answer_timeout + shard_.options.period;
  std::size_t in_this_turn = 0;
  bool more_is_there = false;  // probably
  base::Result<bool> whole = received_.empty() ? base::Result<bool>(false) : use(answer, {});
  while (whole.has_value() && !*whole) {
    if (!more_is_there || in_this_turn > turn) {
      stream_->set_limit(limit, "no bytes of the answer");
      in_this_turn = 0;
      const base::Result<void> ready = co_await stream_->wait_readable();
      if (ready.has_error()) co_return ready.error();
    }
    const base::Result<std::optional<std::size_t>> read = stream_->read_now(shard_.received);
    if (read.has_error()) co_return read.error();
    if (*read == std::size_t{0}) co_return end_of_stream(answer);
    const std::size_t bytes = read->value_or(0);
    more_is_there = bytes >= worth_another_look;
    if (bytes == 0) continue;
    in_this_turn += bytes;
    whole = use(answer, {shard_.received.data(), bytes});
  }
  if (whole.has_error()) co_return whole.error();
  co_return base::Result<void>();
}

base::Result<void> ClientConnection::end_of_stream(Answer& answer) {
  keep_alive_ = false;
  if (!answer.final_begun())
    return Failure(FailureKind::closed, "the server closed the connection before it answered");
  return answer.parser().put_end();
}

// Whether the answer is whole. Answers are parsed where they were read; only what is left over is kept.
base::Result<bool> ClientConnection::use(Answer& answer, std::string_view bytes) {
  const bool first = !answer.begun();
  answer.set_now(Clock::now());
  if (first) note_first_byte(answer);
  const std::uint64_t position_before = answer.position();
  const bool alone = received_.empty();
  if (!alone) received_ += bytes;
  std::string_view rest = alone ? bytes : std::string_view(received_);
  while (!rest.empty() && !answer.parser().done()) {
    const base::Result<std::size_t> taken = answer.take(rest);
    if (taken.has_error()) return answer.good() ? taken.error() : answer.wrong_bytes();
    if (*taken == 0) break;
    rest.remove_prefix(*taken);
  }
  if (base::verbosity() >= 5) log_blocks(position_before, answer);
  if (alone) {
    received_ = rest;
  } else {
    received_.erase(0, received_.size() - rest.size());
  }
  const bool done = answer.parser().done();
  if (done) keep_alive_ = answer.parser().keep_alive();
  return done;
}

}  // namespace k8scale::blocks
