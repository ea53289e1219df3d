#include "blocks/server_connection.h"

#include <fmt/format.h>

#include "blocks/server_shard.h"
#include "k8scale/base/log.h"
#include "k8scale/base/number.h"
#include "k8scale/base/text.h"

namespace k8scale::blocks {
using base::Failure;
using base::FailureKind;
using net::Task;

namespace {

// A body is held whole; only /pprof/symbol has a use for one.
constexpr net::MessageLimits request_limits{64 * 1024, 64 * 1024};
// How long, and for how much, a client that was refused is listened to, so that it reads the refusal before
// its own writes fail.
constexpr auto linger_time = std::chrono::seconds(1);
constexpr std::size_t linger_bytes = 16 * 1024 * 1024;

// The parser finds it out with the first byte of the body.
bool is_too_large(const net::Request& request) {
  const auto length = base::parse_number<std::uint64_t>(request.headers.find("Content-Length").value_or(""));
  return length && *length > request_limits.body;
}

bool waits_for_continue(const net::MessageParser& parser, const net::Request& request) {
  if (!parser.head_done() || parser.done() || !parser.is_1_1()) return false;
  return base::equals_ignoring_case(request.headers.find("Expect").value_or(""), "100-continue");
}

}  // namespace

ServerConnection::ServerConnection(ServerShard& shard, Socket socket, std::unique_ptr<Place> place,
                                   Admission admission)
    : shard_(shard),
      stream_(shard.shard, std::move(socket)),
      place_(std::move(place)),
      admission_(admission) {}

Task<void> ServerConnection::serve() {
  bool open = co_await greet();
  while (open) {
    // Here, and not within the next call: it keeps the memory of a connection at rest small.
    const base::Result<void> came = co_await request_begins();
    open = came.has_value();
    if (open) open = co_await serve_one();
  }
  shard_.figures.retransmits += stream_.tcp_figures().retransmits;
}

Task<bool> ServerConnection::greet() {
  boost::system::error_code error;
  const auto peer = stream_.socket().remote_endpoint(error);
  if (error) co_return false;
  peer_ = net::peer_at(peer);
  peer_name_ = net::Endpoint{peer_.address, peer.port(), false}.authority();
  if (!shard_.tls) co_return true;
  stream_.set_limit(shard_.options.request_timeout, "no TLS handshake");
  const base::Result<void> greeted = co_await stream_.handshake(*shard_.tls);
  if (greeted.has_value()) co_return true;
  ++shard_.figures.failed_handshakes;
  base::log_verbose(1, peer_name_ + ": " + greeted.error().message());
  co_return false;
}

// There may be one already, behind the last.
Task<base::Result<void>> ServerConnection::request_begins() {
  if (!received_.empty()) return stream_.ready();
  stream_.release_memory();
  const bool welcome = admission_ == Admission::welcome;
  stream_.set_limit(welcome ? shard_.options.idle_timeout : shard_.options.request_timeout, "no request");
  return stream_.wait_readable();
}

Task<bool> ServerConnection::serve_one() {
  net::ServerRequest request;
  const bool found = co_await read_request(request);
  if (!found) co_return false;
  const bool too_many = admission_ == Admission::too_many;
  if (too_many) keep_alive_ = false;
  if (too_many && net::split_target(request.target).first != "/stats") {
    co_await refuse(503, fmt::format("there are {} connections already (--max-connections)",
                                     shard_.options.most_connections));
    co_return false;
  }
  request.peer_address = peer_.address;
  request.from_loopback = peer_.from_loopback;
  head_only_ = request.method == "HEAD";
  if (base::verbosity() >= 4) {
    base::log_info(fmt::format("{}: {} {}", peer_name_, request.method, base::go_quote(request.target)));
  }
  const base::SteadyTime began = std::chrono::steady_clock::now();
  const base::Result<void> answered = co_await answer(request);
  if (answered.has_value()) {
    log_answer(began);
    co_return keep_alive_;
  }
  ++shard_.figures.broken_off;
  base::log_verbose(
      1, fmt::format("{}: {}: {}", peer_name_, base::go_quote(request.target), answered.error().message()));
  co_return false;
}

Task<bool> ServerConnection::read_request(net::ServerRequest& request) {
  stream_.set_limit(shard_.options.request_timeout, "no whole request");
  net::MessageParser parser(request, request_limits);
  const base::Result<void> read = co_await read_to_the_end(parser, request);
  if (read.has_error()) {
    co_await refuse_malformed(parser.error(), read.error());
    co_return false;
  }
  keep_alive_ = parser.keep_alive();
  is_1_1_ = parser.is_1_1();
  co_return true;
}

Task<void> ServerConnection::refuse_malformed(net::ParseError error, Failure failure) {
  if (error == net::ParseError::head_too_large) {
    co_await refuse(431, "the request's head is larger than 64 KiB");
  } else if (error == net::ParseError::body_too_large || failure.kind() == FailureKind::limit) {
    co_await refuse(413, "the request's body is larger than 64 KiB");
  } else if (error == net::ParseError::malformed) {
    co_await refuse(400, failure.detail());
  } else if (failure.kind() == FailureKind::timeout) {
    co_await refuse(408, "the request did not come in time");
  }
}

Task<base::Result<void>> ServerConnection::read_to_the_end(net::MessageParser& parser,
                                                           const net::Request& request) {
  base::Result<void> outcome = parse(parser, {});
  bool continued = false;
  while (outcome.has_value() && !parser.done()) {
    if (!continued && waits_for_continue(parser, request)) {
      continued = true;
      if (is_too_large(request)) co_return Failure(FailureKind::limit, "the body is larger than allowed");
      outcome = co_await stream_.write("HTTP/1.1 100 Continue\r\n\r\n");
      continue;
    }
    const auto read = stream_.read_now(shard_.received);
    if (read.has_error()) co_return read.error();
    if (!read->has_value()) {
      outcome = co_await stream_.wait_readable();
      continue;
    }
    const std::size_t bytes = read->value_or(0);
    if (bytes == 0) co_return Failure(FailureKind::closed, "the client went away");
    outcome = parse(parser, {shard_.received.data(), bytes});
  }
  co_return outcome;
}

// Most requests come whole and alone, and are parsed where they were read.
base::Result<void> ServerConnection::parse(net::MessageParser& parser, std::string_view bytes) {
  const bool alone = received_.empty();
  if (!alone) received_ += bytes;
  const std::string_view whole = alone ? bytes : std::string_view(received_);
  std::size_t used = 0;
  while (used < whole.size() && !parser.done()) {
    const base::Result<std::size_t> taken = parser.put(whole.substr(used));
    if (taken.has_error()) return taken.error();
    if (*taken == 0) break;
    used += *taken;
  }
  if (alone) {
    received_ = whole.substr(used);
  } else {
    received_.erase(0, used);
  }
  return {};
}

Task<base::Result<void>> ServerConnection::answer(const net::ServerRequest& request) {
  const auto [path, query] = net::split_target(request.target);
  const bool reads = request.method == "GET" || request.method == "HEAD";
  base::Result<void> outcome;
  if (path == "/blocks" && reads) {
    outcome = co_await answer_blocks(query);
    co_return outcome;
  }
  net::Response response;
  if (path == "/stats" && reads) {
    response = co_await statistics();
  } else if (path == "/blocks" || path == "/stats") {
    response.status = 405;
    response.headers.add("Allow", "GET, HEAD");
    response.body = "expected GET\n";
  } else if (shard_.options.other) {
    response = co_await ask_other(request);
  } else {
    response.status = 404;
    response.body = "expected /blocks or /stats\n";
  }
  outcome = co_await send(std::move(response));
  co_return outcome;
}

Task<net::Response> ServerConnection::statistics() {
  if (!keep_alive_) place_.reset();
  const ServerFigures figures = co_await shard_.all_figures();
  net::Response response;
  response.status = 200;
  response.headers.add("Content-Type", "application/json");
  response.body = to_json(figures).dump(2) + "\n";
  co_return response;
}

Task<net::Response> ServerConnection::ask_other(const net::ServerRequest& request) {
  net::Signal gone(shard_.shard);
  stream_.set_limit(base::Nanoseconds(0), {});  // the answer takes its time
  stream_.when_peer_ends([&gone] { gone.raise(); });
  net::Response response = co_await shard_.options.other(request, gone);
  stream_.when_peer_ends(nullptr);
  co_return response;
}

void ServerConnection::log_answer(base::SteadyTime began) const {
  if (base::verbosity() < 3) return;
  base::log_info(fmt::format("{}: {} in {}", peer_name_, told_,
                             base::format_duration(std::chrono::steady_clock::now() - began)));
}

std::string ServerConnection::head_of(const net::ResponseHead& head, std::uint64_t length) {
  std::string text;
  text.reserve(256);
  fmt::format_to(std::back_inserter(text), "HTTP/1.1 {} {}\r\n", head.status,
                 net::standard_reason(head.status));
  head.headers.append_to(text);
  text += shard_.date_line();
  fmt::format_to(std::back_inserter(text), "Content-Length: {}\r\n", length);
  if (!keep_alive_) {
    text += "Connection: close\r\n";
  } else if (!is_1_1_) {
    text += "Connection: keep-alive\r\n";
  }
  return text += "\r\n";
}

Task<base::Result<void>> ServerConnection::send(net::Response response) {
  if (response.status >= 400) ++shard_.figures.refused;
  if (base::verbosity() >= 3) told_ = fmt::format("{}, {} bytes", response.status, response.body.size());
  std::string text = head_of(response, response.body.size());
  if (!head_only_) text += response.body;
  stream_.set_limit(shard_.options.stall_timeout, "the client took nothing");
  base::Result<void> outcome = co_await stream_.write(text);
  co_return outcome;
}

Task<void> ServerConnection::refuse(int status, std::string_view reason) {
  net::Response response;
  response.status = status;
  response.headers.add("Content-Type", "text/plain; charset=utf-8");
  if (status == 503) response.headers.add("Retry-After", "1");
  response.body = std::string(reason) + "\n";
  keep_alive_ = false;
  head_only_ = false;
  const base::Result<void> sent = co_await send(std::move(response));
  if (sent.has_error()) co_return;
  stream_.shut_down_writing();
  stream_.set_limit(linger_time, "no end");
  std::size_t discarded = 0;
  while (discarded < linger_bytes) {
    const auto read = stream_.read_now(shard_.received);
    if (read.has_error() || read->value_or(1) == 0) co_return;
    discarded += read->value_or(0);
    if (read->has_value()) continue;
    const base::Result<void> ready = co_await stream_.wait_readable();
    if (ready.has_error()) co_return;
  }
}

}  // namespace k8scale::blocks
