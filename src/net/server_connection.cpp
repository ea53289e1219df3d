#include "net/server_connection.h"

#include <fmt/chrono.h>
#include <fmt/compile.h>
#include <fmt/format.h>

#include <ctime>

#include "k8scale/base/text.h"

namespace k8scale::net {
using base::Failure;
using base::FailureKind;

namespace {

// How long, and for how much, a client that was refused is listened to, so that it reads the refusal before
// its own writes fail.
constexpr auto linger_time = std::chrono::seconds(1);
constexpr std::size_t linger_bytes = 8 * 1024 * 1024;
// What a connection keeps of the memory that an answer was written in.
constexpr std::size_t kept_at_rest = 1024;
// A body up to this goes out in one piece with its head.
constexpr std::size_t small_answer = 64 * 1024;

bool has_body(int status) { return status / 100 != 1 && status != 204 && status != 304; }

}  // namespace

const std::string& ServerShared::date_line() {
  // Not std::time, which may show the last second for some milliseconds more.
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  if (now != date_second_) {
    date_second_ = now;
    date_line_ = fmt::format("Date: {:%a, %d %b %Y %H:%M:%S} GMT\r\n", fmt::gmtime(now));
  }
  return date_line_;
}

ServerConnection::ServerConnection(Shard& shard, std::shared_ptr<ServerShared> shared, Socket socket)
    : shared_(std::move(shared)), stream_(shard, std::move(socket)) {}

Task<void> ServerConnection::serve() {
  bool open = co_await greet();
  while (open) open = co_await serve_one();
}

void ServerConnection::end_if_idle() {
  if (idle_) stream_.cancel();
}

void ServerConnection::cut() {
  answer_ = Answer::broken;
  stream_.cancel();
}

Task<bool> ServerConnection::greet() {
  boost::system::error_code error;
  stream_.socket().set_option(boost::asio::ip::tcp::no_delay(true), error);
  stream_.socket().native_non_blocking(true, error);
  const auto peer = stream_.socket().remote_endpoint(error);
  if (error) co_return false;
  peer_ = peer_at(peer);
  if (!shared_->options.tls) co_return true;
  stream_.set_limit(shared_->options.read_timeout, "no TLS handshake");
  const base::Result<void> greeted = co_await stream_.handshake(*shared_->options.tls);
  if (greeted.has_error()) {
    if (stream_.peer_spoke_http()) co_await refuse_plain_http();
    co_return false;
  }
  const openssl::Certificate certificate(SSL_get1_peer_certificate(stream_.ssl()));
  if (certificate && SSL_get_verify_result(stream_.ssl()) == X509_V_OK) {
    client_certificate_ = openssl::subject_of(certificate.get());
  }
  co_return true;
}

Task<bool> ServerConnection::serve_one() {
  ServerRequest request;
  const bool found = co_await read_request(request);
  if (!found) co_return false;
  request.client_certificate = client_certificate_;
  request.peer_address = peer_.address;
  request.from_loopback = peer_.from_loopback;
  head_only_ = request.method == "HEAD";
  stream_.set_limit(base::Nanoseconds(0), "");
  co_await shared_->handler(request, *this);
  stream_.when_peer_ends(nullptr);
  if (answer_ == Answer::none || answer_ == Answer::streaming) reset();
  co_return answer_ == Answer::whole&& keep_alive_ && !shared_->stopping;
}

Task<bool> ServerConnection::read_request(ServerRequest& request) {
  answer_ = Answer::none;
  if (received_.empty()) {
    received_.shrink();
    stream_.set_limit(shared_->options.idle_timeout, "no request");
    idle_ = true;
    base::Result<void> came = co_await stream_.wait_readable();
    if (came.has_value()) came = co_await read_more();
    idle_ = false;
    if (came.has_error() || received_.empty()) co_return false;
  }
  stream_.set_limit(shared_->options.read_timeout, "no whole request");
  const MessageLimits limits{shared_->options.head_limit, shared_->options.body_limit};
  MessageParser parser(request, limits);
  const base::Result<void> read = co_await read_to_the_end(parser, request);
  if (read.has_value()) {
    keep_alive_ = parser.keep_alive();
    is_1_1_ = parser.is_1_1();
    co_return true;
  }
  const bool asked = parser.error() != ParseError::none;
  if (parser.error() == ParseError::head_too_large) {
    co_await refuse(431, "the request's head is larger than allowed");
  } else if (parser.error() == ParseError::body_too_large) {
    co_await refuse(413, "the request's body is larger than allowed");
  } else if (asked) {
    co_await refuse(400, read.error().detail());
  } else if (read.error().kind() == FailureKind::timeout) {
    co_await refuse(408, "the request did not come in time");
  }
  co_return false;
}

Task<base::Result<void>> ServerConnection::read_to_the_end(MessageParser& parser, ServerRequest& request) {
  base::Result<void> outcome = parse(parser);
  bool invited = false;
  while (outcome.has_value() && !parser.done()) {
    if (parser.head_done() && !invited) {
      invited = true;
      const auto expected = request.headers.find("Expect");
      if (expected && base::equals_ignoring_case(*expected, "100-continue")) {
        outcome = co_await stream_.write("HTTP/1.1 100 Continue\r\n\r\n");
        if (outcome.has_error()) break;
      }
    }
    const std::size_t before = received_.data().size();
    outcome = co_await read_more();
    if (outcome.has_error()) break;
    if (received_.data().size() == before) co_return Failure(FailureKind::closed, "the client went away");
    outcome = parse(parser);
  }
  co_return outcome;
}

Task<base::Result<void>> ServerConnection::read_more() {
  const base::Result<std::size_t> count = co_await stream_.read_some(received_.prepare());
  if (count.has_error()) co_return count.error();
  received_.commit(*count);
  co_return base::Result<void>();
}

base::Result<void> ServerConnection::parse(MessageParser& parser) {
  while (!received_.empty() && !parser.done()) {
    const base::Result<std::size_t> taken = parser.put(received_.data());
    if (taken.has_error()) return taken.error();
    if (*taken == 0) break;
    received_.consume(*taken);
  }
  return {};
}

Task<void> ServerConnection::refuse(int status, std::string_view reason) {
  Response response;
  if (shared_->options.refusal) {
    response = shared_->options.refusal(status, reason);
  } else {
    response.headers.add("Content-Type", "text/plain; charset=utf-8");
    response.body = std::string(reason) + "\n";
  }
  response.status = status;
  co_await send_last(std::move(response));
}

// In the words of Go's servers, kube-apiserver among them.
Task<void> ServerConnection::refuse_plain_http() {
  stream_.leave_tls();
  Response response;
  response.status = 400;
  response.headers.add("Content-Type", "text/plain; charset=utf-8");
  response.body = "Client sent an HTTP request to an HTTPS server.\n";
  co_await send_last(std::move(response));
}

Task<void> ServerConnection::send_last(Response response) {
  keep_alive_ = false;
  head_only_ = false;
  const base::Result<void> sent = co_await send(std::move(response));
  if (sent.has_error()) co_return;
  stream_.shut_down_writing();
  stream_.set_limit(linger_time, "no end");
  std::size_t discarded = 0;
  while (discarded < linger_bytes) {
    received_.consume(received_.data().size());
    const base::Result<void> read = co_await read_more();
    if (read.has_error() || received_.empty()) co_return;
    discarded += received_.data().size();
  }
}

void ServerConnection::write_head(const ResponseHead& head) {
  fmt::format_to(std::back_inserter(sending_), FMT_COMPILE("HTTP/1.1 {} {}\r\n"), head.status,
                 head.reason.empty() ? standard_reason(head.status) : std::string_view(head.reason));
  head.headers.append_to(sending_);
  sending_ += shared_->date_line();
  if (!keep_alive_ || shared_->stopping) {
    sending_ += "Connection: close\r\n";
    keep_alive_ = false;
  } else if (!is_1_1_) {
    sending_ += "Connection: keep-alive\r\n";
  }
}

void ServerConnection::write_length(const Response& response) {
  if (has_body(response.status)) {
    fmt::format_to(std::back_inserter(sending_), FMT_COMPILE("Content-Length: {}\r\n"), response.body.size());
  }
  sending_ += "\r\n";
}

// A deadline that stood on would end what rests until the next write.
Task<base::Result<void>> ServerConnection::hand_over(std::string_view bytes) {
  if (answer_ == Answer::broken) co_return Failure(FailureKind::cancelled, "the server is stopping");
  stream_.set_limit(shared_->options.write_timeout, "the client took nothing");
  base::Result<void> outcome = co_await stream_.write(bytes);
  stream_.set_limit(base::Nanoseconds(0), "");
  if (outcome.has_error()) answer_ = Answer::broken;
  co_return outcome;
}

Task<base::Result<void>> ServerConnection::send_out() {
  base::Result<void> outcome = co_await hand_over(sending_);
  // Thousands of watches rest between two writes.
  if (sending_.capacity() > kept_at_rest) sending_ = std::string();
  sending_.clear();
  co_return outcome;
}

Task<base::Result<void>> ServerConnection::send(Response response) {
  write_head(response);
  write_length(response);
  const bool with_body = has_body(response.status) && !head_only_;
  const bool apart = response.body.size() > small_answer;
  if (with_body && !apart) sending_ += response.body;
  base::Result<void> outcome = co_await send_out();
  if (outcome.has_value() && with_body && apart) outcome = co_await hand_over(response.body);
  if (outcome.has_value()) answer_ = Answer::whole;
  co_return outcome;
}

Task<base::Result<void>> ServerConnection::begin(ResponseHead head) {
  received_.release();
  // HTTP/1.0 knows no chunks: the end of the connection is the end of the body.
  if (!is_1_1_) keep_alive_ = false;
  write_head(head);
  if (is_1_1_) sending_ += "Transfer-Encoding: chunked\r\n";
  sending_ += "\r\n";
  base::Result<void> outcome = co_await send_out();
  if (outcome.has_value()) answer_ = Answer::streaming;
  co_return outcome;
}

Task<base::Result<void>> ServerConnection::write(std::string_view bytes) {
  if (bytes.empty() || head_only_) co_return base::Result<void>();
  if (is_1_1_) fmt::format_to(std::back_inserter(sending_), "{:x}\r\n", bytes.size());
  sending_ += bytes;
  if (is_1_1_) sending_ += "\r\n";
  base::Result<void> outcome = co_await send_out();
  co_return outcome;
}

Task<base::Result<void>> ServerConnection::finish() {
  if (is_1_1_ && !head_only_) sending_ += "0\r\n\r\n";
  base::Result<void> outcome = co_await send_out();
  if (outcome.has_value()) answer_ = Answer::whole;
  co_return outcome;
}

Task<base::Result<void>> ServerConnection::send_cut_short(Response response, std::size_t bytes) {
  write_head(response);
  write_length(response);
  sending_ += std::string_view(response.body).substr(0, bytes);
  base::Result<void> outcome = co_await send_out();
  keep_alive_ = false;
  if (outcome.has_value()) answer_ = Answer::whole;
  co_return outcome;
}

void ServerConnection::reset() {
  answer_ = Answer::broken;
  stream_.reset();
}

}  // namespace k8scale::net
