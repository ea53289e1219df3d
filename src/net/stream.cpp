#include "net/stream.h"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <optional>

#include "k8scale/net/as_result.h"
#include "k8scale/net/name_lookup.h"
#include "k8scale/net/wait.h"
#include "net/tls_state.h"

namespace k8scale::net {
namespace asio = boost::asio;
using asio::ip::tcp;
using base::Failure;
using base::FailureKind;

namespace {

Failure failure_of(int error) {
  const bool lost = error == ECONNRESET || error == EPIPE;
  return {lost ? FailureKind::reset : FailureKind::io, std::strerror(error)};
}

// A peer that vanished is noticed within a minute though nothing is sent: a watch may say nothing for long.
void keep_alive(int socket) {
  const auto set = [socket](int level, int option, int value) {
    ::setsockopt(socket, level, option, &value, sizeof value);
  };
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, 30);
  set(IPPROTO_TCP, TCP_KEEPINTVL, 10);
  set(IPPROTO_TCP, TCP_KEEPCNT, 3);
}

}  // namespace

Stream::Stream(Shard& shard) : Stream(shard, Socket(shard.executor())) {}

Stream::Stream(Shard& shard, Socket socket)
    : shard_(shard), socket_(std::move(socket)), deadline_(shard, [this] { wake(); }) {}

Stream::~Stream() { shut_down_writing(); }

void Stream::set_limit(base::Nanoseconds limit, std::string_view expected) {
  limit_ = limit;
  expected_ = expected;
  if (limit > base::Nanoseconds(0)) {
    deadline_.set(std::chrono::steady_clock::now() + limit);
  } else {
    deadline_.clear();
  }
}

Failure Stream::timed_out() const {
  return {FailureKind::timeout, std::string(expected_) + " within " + base::format_duration(limit_)};
}

Task<base::Result<void>> Stream::connect(const Endpoint& endpoint) {
  NameLookup lookup(shard_);
  lookup_ = &lookup;
  const auto addresses = co_await lookup.find(endpoint.host, endpoint.port);
  lookup_ = nullptr;
  if (deadline_.passed()) co_return timed_out();
  if (addresses.has_error()) co_return addresses.error();
  boost::system::error_code last;
  for (const auto& address : *addresses) {
    if (deadline_.passed()) break;
    boost::system::error_code ignored;
    socket_.close(ignored);
    auto [error] = co_await socket_.async_connect(address, as_result);
    last = error;
    if (!error) break;
  }
  if (deadline_.passed()) co_return timed_out();
  if (last) co_return Failure(FailureKind::connect, endpoint.authority() + ": " + last.message());
  socket_.set_option(tcp::no_delay(true), last);
  keep_alive(socket_.native_handle());
  socket_.native_non_blocking(true, last);
  co_return base::Result<void>();
}

Task<base::Result<void>> Stream::handshake(TlsClient& client, const Endpoint& endpoint) {
  ssl_ = client.state().connect(endpoint);
  SSL_set_fd(ssl_.get(), socket_.native_handle());
  base::Result<void> outcome = co_await finish_handshake();
  co_return outcome;
}

Task<base::Result<void>> Stream::handshake(TlsServer& server) {
  boost::system::error_code ignored;
  socket_.native_non_blocking(true, ignored);
  ssl_.reset(SSL_new(server.context()));
  SSL_set_fd(ssl_.get(), socket_.native_handle());
  SSL_set_accept_state(ssl_.get());
  base::Result<void> outcome = co_await finish_handshake();
  co_return outcome;
}

Task<base::Result<void>> Stream::finish_handshake() {
  for (;;) {
    openssl::clear_errors();
    const int outcome = SSL_do_handshake(ssl_.get());
    if (outcome == 1) co_return base::Result<void>();
    const Attempt attempt = after_tls(outcome);
    if (attempt.progress == Progress::failed || attempt.progress == Progress::done)
      co_return handshake_failed();
    base::Result<void> ready = co_await wait(attempt.progress);
    if (ready.has_error()) co_return ready.error();
  }
}

Failure Stream::handshake_failed() {
  broken_ = true;
  const long verdict = SSL_get_verify_result(ssl_.get());
  const bool verifies = SSL_get_verify_mode(ssl_.get()) != SSL_VERIFY_NONE;
  if (verifies && verdict != X509_V_OK && !SSL_is_server(ssl_.get())) {
    return {FailureKind::tls, std::string("the server's certificate is not trusted: ") +
                                  X509_verify_cert_error_string(verdict)};
  }
  if (failure_.kind() == FailureKind::tls) return failure_;
  return {FailureKind::tls, "the connection ended during the handshake"};
}

Task<base::Result<void>> Stream::wait_readable() {
  const bool buffered = ssl_ && !lacks_bytes_ && SSL_has_pending(ssl_.get()) == 1;
  if (buffered) {
    co_await yield_turn();
    co_return still_wanted();
  }
  base::Result<void> ready = co_await wait(Progress::wants_read);
  co_return ready;
}

Task<base::Result<std::size_t>> Stream::read_some(std::span<char> buffer) {
  for (;;) {
    const Attempt attempt = try_read(buffer);
    if (attempt.progress == Progress::done) co_return attempt.bytes;
    if (attempt.progress == Progress::failed) co_return failure_;
    base::Result<void> ready = co_await wait(attempt.progress);
    if (ready.has_error()) co_return ready.error();
  }
}

base::Result<std::optional<std::size_t>> Stream::read_now(std::span<char> buffer) {
  std::size_t total = 0;
  bool more = true;  // a record of TLS is at most 16 KiB, but several may have come at once
  while (more && total < buffer.size()) {
    const Attempt attempt = try_read(buffer.subspan(total));
    total += attempt.bytes;
    if (total == 0 && attempt.progress == Progress::failed) return failure_;
    if (total == 0 && attempt.progress != Progress::done) return std::optional<std::size_t>();
    more =
        attempt.progress == Progress::done && attempt.bytes > 0 && ssl_ && SSL_has_pending(ssl_.get()) == 1;
  }
  return std::optional(total);
}

Task<base::Result<void>> Stream::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const Attempt attempt = try_write(bytes);
    if (attempt.progress == Progress::failed) co_return failure_;
    if (attempt.progress == Progress::done) {
      bytes_written_ += attempt.bytes;
      bytes.remove_prefix(attempt.bytes);
      continue;
    }
    base::Result<void> ready = co_await wait(attempt.progress);
    if (ready.has_error()) co_return ready.error();
  }
  co_return base::Result<void>();
}

base::Result<void> Stream::still_wanted() const {
  if (deadline_.passed()) return timed_out();
  if (cancelled_) return Failure(FailureKind::cancelled, "given up");
  return {};
}

Task<base::Result<void>> Stream::wait(Progress progress) {
  base::Result<void> wanted = still_wanted();
  if (wanted.has_error()) co_return wanted;
  const auto kind = progress == Progress::wants_write ? Socket::wait_write : Socket::wait_read;
  auto [error] = co_await socket_.async_wait(kind, as_result);
  wanted = still_wanted();
  if (wanted.has_error()) co_return wanted;
  if (error) co_return failure_of(error.value());
  co_return base::Result<void>();
}

Stream::Attempt Stream::try_read(std::span<char> buffer) {
  if (!ssl_) {
    const ssize_t count = ::recv(socket_.native_handle(), buffer.data(), buffer.size(), 0);
    return after_system_call(count, Progress::wants_read);
  }
  openssl::clear_errors();
  std::size_t bytes = 0;
  const int outcome = SSL_read_ex(ssl_.get(), buffer.data(), buffer.size(), &bytes);
  const Attempt attempt = outcome == 1 ? Attempt{Progress::done, bytes} : after_tls(outcome);
  lacks_bytes_ = attempt.progress == Progress::wants_read;
  return attempt;
}

Stream::Attempt Stream::try_write(std::string_view bytes) {
  if (!ssl_) {
    const ssize_t count = ::send(socket_.native_handle(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    return after_system_call(count, Progress::wants_write);
  }
  openssl::clear_errors();
  std::size_t written = 0;
  const int outcome = SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &written);
  if (outcome == 1) return {Progress::done, written};
  const Attempt attempt = after_tls(outcome);
  if (attempt.progress != Progress::done) return attempt;
  failure_ = Failure(FailureKind::reset, "the peer closed the connection");
  return {Progress::failed, 0};
}

Stream::Attempt Stream::after_system_call(ssize_t outcome, Progress when_blocked) {
  if (outcome >= 0) return {Progress::done, static_cast<std::size_t>(outcome)};
  if (errno == EAGAIN || errno == EINTR) return {when_blocked, 0};
  failure_ = failure_of(errno);
  return {Progress::failed, 0};
}

// `done` with no bytes is the end of the stream, announced or not.
Stream::Attempt Stream::after_tls(int outcome) {
  const int system_error = errno;
  switch (SSL_get_error(ssl_.get(), outcome)) {
    case SSL_ERROR_WANT_READ:
      return {Progress::wants_read, 0};
    case SSL_ERROR_WANT_WRITE:
      return {Progress::wants_write, 0};
    case SSL_ERROR_ZERO_RETURN:
      return {Progress::done, 0};
    case SSL_ERROR_SYSCALL:
      broken_ = true;
      if (system_error == 0) return {Progress::done, 0};
      failure_ = failure_of(system_error);
      return {Progress::failed, 0};
    default:
      break;
  }
  broken_ = true;
  if (ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
    openssl::clear_errors();
    return {Progress::done, 0};
  }
  failure_ = tls_failure();
  return {Progress::failed, 0};
}

Failure Stream::tls_failure() {
  const int reason = ERR_GET_REASON(ERR_peek_error());
  peer_spoke_http_ = reason == SSL_R_HTTP_REQUEST;
  std::string text = openssl::take_error();
  const bool plain = reason == SSL_R_WRONG_VERSION_NUMBER && SSL_is_server(ssl_.get()) == 0;
  if (plain) text = "the server does not speak TLS: http:// instead of https://?";
  return {FailureKind::tls, std::move(text)};
}

void Stream::leave_tls() { ssl_.reset(); }

void Stream::wake_at(std::size_t bytes) {
  boost::system::error_code ignored;
  socket_.set_option(asio::socket_base::receive_low_watermark(static_cast<int>(bytes)), ignored);
}

// OpenSSL releases what a read or write needed; but a session ticket that came in leaves a buffer behind.
void Stream::release_memory() {
  if (ssl_) SSL_free_buffers(ssl_.get());
}

bool Stream::is_quiet() { return look_at_peer() == Peer::silent; }

Stream::Peer Stream::look_at_peer() {
  char byte = 0;
  const ssize_t count = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  if (count < 0) return errno == EAGAIN || errno == EINTR ? Peer::silent : Peer::ended;
  if (count == 0) return Peer::ended;
  if (!ssl_) return Peer::speaks;
  // Bytes of TLS may be a session ticket; SSL_peek takes those in.
  openssl::clear_errors();
  const int outcome = SSL_peek(ssl_.get(), &byte, 1);
  lacks_bytes_ = outcome <= 0 && after_tls(outcome).progress == Progress::wants_read;
  if (outcome > 0) return Peer::speaks;
  return lacks_bytes_ ? Peer::silent : Peer::ended;
}

void Stream::when_peer_ends(std::function<void()> ended) {
  peer_ended_.reset();
  if (!ended) return;
  peer_ended_ = std::make_shared<std::function<void()>>(std::move(ended));
  look_out_for_the_end(peer_ended_);
}

// The stream may be gone when the socket has something to say: then nobody else holds `ended`.
void Stream::look_out_for_the_end(const std::shared_ptr<std::function<void()>>& ended) {
  socket_.async_wait(Socket::wait_read,
                     [this, watched = std::weak_ptr(ended)](const boost::system::error_code& error) {
                       auto still = watched.lock();
                       if (!still || error) return;
                       const Peer peer = look_at_peer();
                       if (peer == Peer::silent) look_out_for_the_end(still);
                       if (peer == Peer::ended) (*still)();
                     });
}

void Stream::shut_down_writing() {
  if (!socket_.is_open()) return;
  if (ssl_ && !broken_ && SSL_is_init_finished(ssl_.get())) {
    SSL_shutdown(ssl_.get());
    openssl::clear_errors();
  }
  boost::system::error_code ignored;
  socket_.shutdown(Socket::shutdown_send, ignored);
}

void Stream::cancel() {
  cancelled_ = true;
  wake();
}

void Stream::wake() {
  if (lookup_ != nullptr) lookup_->give_up();
  boost::system::error_code ignored;
  socket_.cancel(ignored);
}

void Stream::reset() {
  broken_ = true;
  boost::system::error_code ignored;
  socket_.set_option(asio::socket_base::linger(true, 0), ignored);
  socket_.close(ignored);
}

}  // namespace k8scale::net
