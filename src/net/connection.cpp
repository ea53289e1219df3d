#include "net/connection.h"

#include <charconv>
#include <utility>

#include "k8scale/base/log.h"

namespace k8scale::net {
using base::Failure;
using base::FailureKind;

namespace {

// A body up to this goes out in one piece with its head.
constexpr std::size_t small_body = 16 * 1024;
// After a read of less, to look for more at once is most often in vain.
constexpr std::size_t small_read = 8 * 1024;

bool has_length(const Request& request) {
  const std::string& method = request.method;
  return !request.body.empty() || method == "POST" || method == "PUT" || method == "PATCH";
}

void append_number(std::string& out, std::size_t number) {
  char digits[20];
  const auto result = std::to_chars(std::begin(digits), std::end(digits), number);
  out.append(digits, result.ptr);
}

BodyRule body_rule(const Request& request) {
  return request.method == "HEAD" || request.method == "CONNECT" ? BodyRule::none
                                                                 : BodyRule::as_the_head_says;
}

}  // namespace

Connection::Connection(Shard& shard, std::shared_ptr<const PoolOptions> options,
                       std::shared_ptr<std::size_t> open)
    : options_(std::move(options)), open_(std::move(open)), stream_(shard) {
  ++*open_;
}

Connection::~Connection() { --*open_; }

Task<base::Result<void>> Connection::open() {
  if (base::verbosity() >= ConnectionLog::verbosity) {
    log_ = std::make_unique<ConnectionLog>(options_->server.url());
  }
  base::Result<void> outcome = co_await connect();
  if (log_ && outcome.has_error()) log_->failed(outcome.error());
  if (log_ && outcome.has_value()) {
    boost::system::error_code ignored;
    log_->opened(stream_.socket().local_endpoint(ignored).port(), stream_.ssl());
  }
  co_return outcome;
}

Task<base::Result<void>> Connection::connect() {
  const PoolOptions& options = *options_;
  stream_.set_limit(options.connect_timeout, "no connection");
  base::Result<void> outcome =
      co_await stream_.connect(options.proxy ? options.proxy->endpoint : options.server);
  if (outcome.has_error() && options.proxy) {
    const std::string at = options.proxy->endpoint.authority();
    const Failure failure = outcome.error();
    const bool says_where = failure.detail().starts_with(at);
    co_return Failure(failure.kind(),
                      "cannot reach proxy " + (says_where ? "" : at + ": ") + failure.detail(),
                      base::Peer::proxy);
  }
  if (outcome.has_error()) co_return outcome.error();
  if (options.proxy && options.server.tls) {
    outcome = co_await ask_proxy(*options.proxy);
    if (outcome.has_error()) co_return outcome.error();
  }
  if (options.server.tls) {
    stream_.set_limit(options.handshake_timeout, "no TLS handshake");
    outcome = co_await stream_.handshake(*options.tls, options.server);
    if (outcome.has_error()) co_return outcome.error();
  }
  stream_.set_limit(base::Nanoseconds(0), "");
  co_return base::Result<void>();
}

Task<base::Result<void>> Connection::ask_proxy(const Proxy& proxy) {
  const Endpoint& server = options_->server;
  const bool is_v6 = server.host.find(':') != std::string::npos;
  const std::string target =
      (is_v6 ? "[" + server.host + "]" : server.host) + ":" + std::to_string(server.port);
  sending_ = "CONNECT " + target + " HTTP/1.1\r\nHost: " + target + "\r\n";
  if (!proxy.authorization.empty()) sending_ += "Proxy-Authorization: " + proxy.authorization + "\r\n";
  sending_ += "\r\n";
  base::Result<void> outcome = co_await stream_.write(sending_);
  sending_.clear();
  ResponseHead head;
  std::string body;
  parser_.emplace(head, body, BodyRule::none, MessageLimits());
  std::uint64_t bytes_received = 0;
  while (outcome.has_value() && !parser_->head_done()) outcome = co_await read_more(bytes_received);
  parser_.reset();
  const std::string name = "proxy " + proxy.endpoint.authority();
  if (outcome.has_error()) {
    const Failure failure = outcome.error();
    co_return Failure(failure.kind(), name + ": " + failure.detail(), base::Peer::proxy);
  }
  if (head.status / 100 != 2) {
    co_return Failure(FailureKind::connect,
                      name + " refused the connection: " + std::to_string(head.status) + " " + head.reason,
                      base::Peer::proxy);
  }
  if (!received_.empty()) {
    co_return Failure(FailureKind::protocol, name + " sent something unasked", base::Peer::proxy);
  }
  co_return base::Result<void>();
}

Task<base::Result<void>> Connection::ask(const Request& request, Answer answer, std::string_view expected) {
  parser_.emplace(answer.head, answer.body, body_rule(request), MessageLimits());
  answer.timing.sent_wall = std::chrono::system_clock::now();
  answer.timing.sent = std::chrono::steady_clock::now();
  stream_.set_limit(options_->request_timeout, expected);
  const base::Result<void> written = co_await write(request);
  const bool lost = written.has_error();
  // A server that refuses a large body answers and closes before it has read all of it.
  if (lost && written.error().kind() != FailureKind::reset) co_return written.error();
  base::Result<void> read = co_await read_head(request, answer);
  if (lost && answer.bytes_received == 0) co_return written.error();
  co_return read;
}

Task<base::Result<void>> Connection::write(const Request& request) {
  write_head(request);
  const bool apart = request.body.size() > small_body;
  if (!apart) sending_ += request.body;
  base::Result<void> outcome = co_await stream_.write(sending_);
  sending_.clear();
  if (apart && outcome.has_value()) outcome = co_await stream_.write(request.body);
  co_return outcome;
}

void Connection::write_head(const Request& request) {
  const PoolOptions& options = *options_;
  const bool through_proxy = options.proxy && !options.server.tls;
  sending_ += request.method;
  sending_ += ' ';
  if (through_proxy) sending_ += options.server.url();
  sending_ += request.target;
  sending_ += " HTTP/1.1\r\nHost: ";
  sending_ += options.server.authority();
  sending_ += "\r\n";
  if (through_proxy && !options.proxy->authorization.empty()) {
    sending_ += "Proxy-Authorization: " + options.proxy->authorization + "\r\n";
  }
  request.headers.append_to(sending_);
  if (has_length(request)) {
    sending_ += "Content-Length: ";
    append_number(sending_, request.body.size());
    sending_ += "\r\n";
  }
  sending_ += "\r\n";
}

Task<base::Result<void>> Connection::read_head(const Request& request, Answer& answer) {
  base::Result<void> outcome = co_await stream_.wait_readable();
  while (outcome.has_value() && !parser().head_done()) {
    outcome = co_await read_more(answer.bytes_received);
    if (answer.timing.first_byte == base::SteadyTime() && answer.bytes_received > 0) {
      answer.timing.first_byte = std::chrono::steady_clock::now();
    }
    if (outcome.has_value()) outcome = pass_over_interim(request, answer);
  }
  co_return outcome;
}

base::Result<void> Connection::pass_over_interim(const Request& request, Answer& answer) {
  base::Result<void> outcome;
  while (outcome.has_value() && parser().done() && answer.head.status / 100 == 1) {
    if (answer.head.status == 101) return Failure(FailureKind::protocol, "the server left HTTP unasked");
    answer.head.headers.clear();
    parser_.emplace(answer.head, answer.body, body_rule(request), MessageLimits());
    outcome = parse();
  }
  return outcome;
}

Task<base::Result<void>> Connection::read_body(std::uint64_t& bytes_received) {
  const base::Result<bool> parsed = parse_rest();
  if (parsed.has_error()) co_return parsed.error();
  if (*parsed) co_return base::Result<void>();
  base::Result<void> outcome = co_await read_more(bytes_received);
  co_return outcome;
}

base::Result<bool> Connection::read_body_now(std::uint64_t& bytes_received) {
  base::Result<bool> parsed = parse_rest();
  if (parsed.has_error() || *parsed) return parsed;
  if (std::exchange(drained_, false)) return false;
  const base::Result<std::optional<std::size_t>> count = stream_.read_now(received_.prepare());
  if (count.has_error()) return count.error();
  const std::optional<std::size_t>& read = *count;
  if (!read) return false;
  drained_ = *read < small_read;
  const base::Result<void> taken = take(*read, bytes_received);
  if (taken.has_error()) return taken.error();
  return true;
}

Task<base::Result<void>> Connection::wait_for_body() {
  received_.release();
  std::string().swap(sending_);
  stream_.release_memory();
  return stream_.wait_readable();
}

// What came with the head may hold more than the parser took. True when it took some.
base::Result<bool> Connection::parse_rest() {
  const std::size_t before = received_.data().size();
  if (before == 0) return false;
  const base::Result<void> parsed = parse();
  if (parsed.has_error()) return parsed.error();
  return parser().done() || received_.data().size() < before;
}

Task<base::Result<void>> Connection::read_more(std::uint64_t& bytes_received) {
  base::Result<std::size_t> count = co_await stream_.read_some(received_.prepare());
  if (count.has_error()) co_return count.error();
  co_return take(*count, bytes_received);
}

base::Result<void> Connection::take(std::size_t count, std::uint64_t& bytes_received) {
  if (count == 0) return parse_end();
  bytes_received += count;
  received_.commit(count);
  return parse();
}

base::Result<void> Connection::parse() {
  if (received_.empty()) return {};
  const base::Result<std::size_t> taken = parser().put(received_.data());
  if (taken.has_error()) return taken.error();
  received_.consume(*taken);
  return {};
}

base::Result<void> Connection::parse_end() {
  if (!parser().head_done() && received_.empty()) {
    return Failure(FailureKind::closed, "the server closed the connection before it answered");
  }
  return parser().put_end();
}

bool Connection::rest() {
  const bool fit = parser_ && parser_->done() && parser_->keep_alive() && received_.empty();
  parser_.reset();
  received_.shrink();
  used_before = true;
  stream_.set_limit(base::Nanoseconds(0), "");
  if (log_) log_->request_ended();
  if (!fit) ends_because("the answer was its last");
  return fit;
}

bool Connection::is_quiet() {
  const bool quiet = stream_.is_quiet();
  if (!quiet) ends_because("the server closed it");
  return quiet;
}

}  // namespace k8scale::net
