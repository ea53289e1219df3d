// What a server does with a request for blocks.
#include <fmt/format.h>

#include <algorithm>

#include "blocks/server_connection.h"
#include "blocks/server_shard.h"
#include "k8scale/base/log.h"
#include "k8scale/net/wait.h"

namespace k8scale::blocks {
using net::Task;

namespace {

constexpr int block_verbosity = 5;
// An answer up to this goes out in one piece with its head: one record of TLS.
constexpr std::size_t small_answer = 16 * 1024;
// What a connection sends before others have their turn. Whoever has just come waits for a round of them all.
constexpr std::size_t turn = 64 * 1024;

}  // namespace

Task<base::Result<void>> ServerConnection::answer_blocks(std::string_view query) {
  const auto request = parse_blocks_query(query, shard_.options.largest_block);
  base::Result<void> outcome;
  if (request.has_error()) {
    net::Response response;
    response.status = 400;
    response.headers.add("Content-Type", "text/plain; charset=utf-8");
    response.body = request.error().detail() + "\n";
    outcome = co_await send(std::move(response));
    co_return outcome;
  }
  net::ResponseHead head;
  head.status = 200;
  head.headers.add("Content-Type", "application/octet-stream");
  std::string text = head_of(head, request->bytes());
  if (base::verbosity() >= 3) told_ = fmt::format("200, {} bytes", request->bytes());
  const bool paced = request->period.count() > 0 && request->count > 1;
  if (head_only_) {
    outcome = co_await stream_.write(text);
  } else if (!paced && text.size() + request->bytes() <= small_answer) {
    outcome = co_await send_small(*request, std::move(text));
  } else {
    const base::Result<std::size_t> taken = stream_.offer(text);  // nothing is unsent: all is taken
    if (taken.has_error()) co_return taken.error();
    if (paced) {
      outcome = co_await send_paced(*request);
    } else {
      outcome = co_await send_bytes(request->size, 0, request->bytes());
    }
  }
  if (outcome.has_value()) ++shard_.figures.requests;
  co_return outcome;
}

// Those whose last byte is among the bytes `from` to `to` that were sent.
void ServerConnection::log_blocks(std::uint64_t size, std::uint64_t from, std::uint64_t to) const {
  if (base::verbosity() < block_verbosity) return;
  for (std::uint64_t block = from / size; block < to / size; ++block) {
    base::log_info(fmt::format("{}: sent block {} of {} bytes", peer_name_, block, size));
  }
}

Task<base::Result<void>> ServerConnection::send_small(const BlocksRequest& request, std::string head) {
  for (std::uint64_t offset = 0; offset < request.bytes();) {
    const std::string_view piece = shard_.source.piece(request.size, offset, request.bytes() - offset);
    head += piece;
    offset += piece.size();
  }
  stream_.set_limit(shard_.options.stall_timeout, "the client took nothing");
  base::Result<void> outcome = co_await stream_.write(head);
  if (outcome.has_value()) {
    shard_.figures.bytes += request.bytes();
    log_blocks(request.size, 0, request.bytes());
  }
  co_return outcome;
}

Task<base::Result<void>> ServerConnection::send_paced(const BlocksRequest& request) {
  net::Signal gone(shard_.shard);
  stream_.when_peer_ends([&gone] { gone.raise(); }, HalfClose::peer_may_read);
  base::Result<void> outcome = co_await send_on_schedule(request, gone);
  stream_.when_peer_ends(nullptr);
  co_return outcome;
}

Task<base::Result<void>> ServerConnection::send_on_schedule(const BlocksRequest& request, net::Signal& gone) {
  const base::SteadyTime start = std::chrono::steady_clock::now();
  const std::uint64_t at_once = std::max<std::uint64_t>(1, small_answer / request.size);
  std::uint64_t sent = 0;
  const auto due = [&](std::uint64_t block) {
    return start + request.period * static_cast<std::int64_t>(block);
  };
  while (sent < request.count) {
    const base::SteadyTime now = std::chrono::steady_clock::now();
    if (now < due(sent)) {
      stream_.release_memory();
      stream_.set_limit(base::Nanoseconds(0), {});  // which would end the look-out for the peer's end
      const bool left = co_await gone.wait_until(due(sent));
      if (left) co_return base::Failure(base::FailureKind::closed, "the client went away");
      continue;
    }
    const auto late = static_cast<std::uint64_t>((now - due(sent)) / request.period);
    const std::uint64_t end = std::min(sent + 1 + std::min(late, at_once - 1), request.count);
    for (std::uint64_t block = sent; block < end; ++block) shard_.figures.lateness.record(now - due(block));
    const base::Result<void> outcome =
        co_await send_bytes(request.size, sent * request.size, end * request.size);
    if (outcome.has_error()) co_return outcome.error();
    sent = end;
  }
  co_return base::Result<void>();
}

Task<base::Result<void>> ServerConnection::send_bytes(std::uint64_t size, std::uint64_t from,
                                                      std::uint64_t to) {
  std::size_t in_this_turn = 0;
  while (from < to) {
    const base::Result<std::size_t> taken = stream_.offer(shard_.source.piece(size, from, to - from));
    if (taken.has_error()) co_return taken.error();
    log_blocks(size, from, from + *taken);
    from += *taken;
    in_this_turn += *taken;
    shard_.figures.bytes += *taken;
    if (*taken == 0) {
      stream_.set_limit(shard_.options.stall_timeout, "the client took nothing");
      const base::Result<void> flushed = co_await stream_.flush();
      if (flushed.has_error()) co_return flushed.error();
      in_this_turn = 0;
    } else if (in_this_turn >= turn) {
      in_this_turn = 0;
      co_await net::yield_turn();
    }
  }
  stream_.set_limit(shard_.options.stall_timeout, "the client took nothing");
  base::Result<void> flushed = co_await stream_.flush();
  co_return flushed;
}

}  // namespace k8scale::blocks
