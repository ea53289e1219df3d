#include "blocks/stream.h"

#include <netinet/tcp.h>
#include <openssl/err.h>
#include <sys/socket.h>

#include <cerrno>

#include "blocks/stream_errors.h"
#include "k8scale/net/as_result.h"
#include "k8scale/net/wait.h"

namespace k8scale::blocks {
namespace asio = boost::asio;
using asio::ip::tcp;
using base::Failure;
using base::FailureKind;
using net::Task;

namespace {

// A call to the kernel is worth its price from here on.
constexpr std::size_t gather_size = 64 * 1024;
constexpr std::size_t record_size = 16 * 1024;
// Of a peer that may be gone.
constexpr int probe_period = 10;  // seconds
constexpr int most_probes = 6;    // without an answer

}  // namespace

Stream::Stream(net::Shard& shard) : Stream(shard, Socket(shard.executor())) {}

Stream::Stream(net::Shard& shard, Socket socket)
    : shard_(shard), socket_(std::move(socket)), deadline_(shard, [this] { wake(); }) {
  if (socket_.is_open()) become_ready();
}

Stream::~Stream() { shut_down_writing(); }

void Stream::become_ready() {
  boost::system::error_code ignored;
  socket_.set_option(tcp::no_delay(true), ignored);
  socket_.native_non_blocking(true, ignored);
}

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

base::Result<std::optional<std::size_t>> Stream::read_now(std::span<char> buffer) {
  if (!ssl_) {
    const ssize_t count = ::recv(socket_.native_handle(), buffer.data(), buffer.size(), 0);
    if (count >= 0) return std::optional(static_cast<std::size_t>(count));
    if (errno == EAGAIN || errno == EINTR) return std::optional<std::size_t>();
    return failure_of(errno);
  }
  ERR_clear_error();
  std::size_t bytes = 0;
  const int outcome = SSL_read_ex(ssl_.get(), buffer.data(), buffer.size(), &bytes);
  lacks_bytes_ = false;
  if (outcome == 1) return std::optional(bytes);
  return after_read(outcome);
}

base::Result<std::optional<std::size_t>> Stream::after_read(int outcome) {
  const int system_error = errno;
  const int error = SSL_get_error(ssl_.get(), outcome);
  lacks_bytes_ = error == SSL_ERROR_WANT_READ;
  if (lacks_bytes_) return std::optional<std::size_t>();
  if (error == SSL_ERROR_ZERO_RETURN) return std::optional<std::size_t>(0);
  broken_ = true;
  if (error == SSL_ERROR_SYSCALL && system_error != 0) return failure_of(system_error);
  if (error == SSL_ERROR_SYSCALL || ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
    ERR_clear_error();
    return std::optional<std::size_t>(0);
  }
  return Failure(FailureKind::tls, take_tls_error());
}

Task<base::Result<void>> Stream::wait_readable() {
  const bool buffered = ssl_ && !lacks_bytes_ && SSL_has_pending(ssl_.get()) == 1;
  return buffered ? take_turns() : wait(Socket::wait_read);
}

Task<base::Result<void>> Stream::take_turns() {
  co_await net::yield_turn();
  co_return still_wanted();
}

Task<base::Result<void>> Stream::ready() { co_return base::Result<void>(); }

base::Result<std::size_t> Stream::offer(std::string_view bytes) {
  if (unsent() >= gather_size) {
    const base::Result<void> flushed = flush_now();
    if (flushed.has_error()) return flushed.error();
    if (unsent() >= gather_size) return std::size_t{0};
  }
  return ssl_ ? offer_tls(bytes) : offer_plain(bytes);
}

base::Result<std::size_t> Stream::offer_tls(std::string_view bytes) {
  ERR_clear_error();
  std::size_t written = 0;
  const int outcome = SSL_write_ex(ssl_.get(), bytes.data(), std::min(bytes.size(), record_size), &written);
  if (outcome == 1) return written;
  broken_ = true;
  return Failure(FailureKind::tls, take_tls_error());
}

base::Result<std::size_t> Stream::offer_plain(std::string_view bytes) {
  if (bytes.size() < record_size) {
    outgoing_ += bytes;
    return bytes.size();
  }
  if (unsent() > 0) {
    const base::Result<void> flushed = flush_now();
    if (flushed.has_error()) return flushed.error();
    if (unsent() > 0) return std::size_t{0};
  }
  const ssize_t count = ::send(socket_.native_handle(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  blocked_ = count < static_cast<ssize_t>(bytes.size());
  if (count >= 0) return static_cast<std::size_t>(count);
  if (errno == EAGAIN || errno == EINTR) return std::size_t{0};
  return failure_of(errno);
}

base::Result<void> Stream::flush_now() {
  while (unsent() > 0) {
    const ssize_t count = ::send(socket_.native_handle(), outgoing_.data() + sent_, unsent(), MSG_NOSIGNAL);
    blocked_ = count < static_cast<ssize_t>(unsent());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) return {};
    if (count < 0) return failure_of(errno);
    sent_ += static_cast<std::size_t>(count);
  }
  outgoing_.clear();
  sent_ = 0;
  return {};
}

Task<base::Result<void>> Stream::flush() {
  for (;;) {
    const base::Result<void> flushed = flush_now();
    if (flushed.has_error()) co_return flushed.error();
    if (!blocked_) co_return base::Result<void>();
    blocked_ = false;
    base::Result<void> ready = co_await wait(Socket::wait_write);
    if (ready.has_error()) co_return ready.error();
  }
}

Task<base::Result<void>> Stream::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const base::Result<std::size_t> taken = offer(bytes);
    if (taken.has_error()) co_return taken.error();
    bytes.remove_prefix(*taken);
    if (*taken > 0) continue;
    base::Result<void> flushed = co_await flush();
    if (flushed.has_error()) co_return flushed.error();
  }
  base::Result<void> flushed = co_await flush();
  co_return flushed;
}

base::Result<void> Stream::still_wanted() const {
  if (deadline_.passed()) return timed_out();
  if (cancelled_) return Failure(FailureKind::cancelled, "given up");
  return {};
}

Task<base::Result<void>> Stream::wait(Socket::wait_type kind) {
  base::Result<void> wanted = still_wanted();
  if (wanted.has_error()) co_return wanted;
  auto [error] = co_await socket_.async_wait(kind, net::as_result);
  wanted = still_wanted();
  if (wanted.has_error()) co_return wanted;
  if (error) co_return failure_of(error.value());
  co_return base::Result<void>();
}

Stream::Peer Stream::look_at_peer() {
  char byte = 0;
  const ssize_t count = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  if (count < 0) return errno == EAGAIN || errno == EINTR ? Peer::silent : Peer::ended;
  if (count == 0) return ssl_ ? Peer::ended : Peer::half_closed;
  if (!ssl_) return Peer::speaks;
  // Bytes of TLS may be its end; SSL_peek takes that in.
  ERR_clear_error();
  const int outcome = SSL_peek(ssl_.get(), &byte, 1);
  lacks_bytes_ = false;
  if (outcome > 0) return Peer::speaks;
  const base::Result<std::optional<std::size_t>> read = after_read(outcome);
  return read.has_value() && !read->has_value() ? Peer::silent : Peer::ended;
}

void Stream::when_peer_ends(std::function<void()> ended, HalfClose half_close) {
  watch_.reset();
  if (!ended) return;
  watch_ = std::make_shared<Watch>(Watch{std::move(ended), half_close});
  look_out_for_the_end(watch_);
}

// The stream may be gone when the socket has something to say: then nobody else holds the watch.
void Stream::look_out_for_the_end(const std::shared_ptr<Watch>& watch) {
  socket_.async_wait(Socket::wait_read,
                     [this, watched = std::weak_ptr(watch)](const boost::system::error_code& error) {
                       auto still = watched.lock();
                       if (!still || error) return;
                       Peer peer = look_at_peer();
                       const bool may_read = still->half_close == HalfClose::peer_may_read;
                       if (peer == Peer::half_closed && !may_read) peer = Peer::ended;
                       if (peer == Peer::silent) look_out_for_the_end(still);
                       if (peer == Peer::half_closed) look_out_for_a_reset(still);
                       if (peer == Peer::ended) still->ended();
                     });
}

// The kernel of a peer that has closed both sides answers anything that comes with a reset, a probe at the
// latest when it has forgotten the connection: after a minute.
void Stream::look_out_for_a_reset(const std::shared_ptr<Watch>& watch) {
  const int descriptor = socket_.native_handle();
  const int on = 1;
  ::setsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  for (const int option : {TCP_KEEPIDLE, TCP_KEEPINTVL}) {
    ::setsockopt(descriptor, IPPROTO_TCP, option, &probe_period, sizeof probe_period);
  }
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_KEEPCNT, &most_probes, sizeof most_probes);
  socket_.async_wait(Socket::wait_error,
                     [watched = std::weak_ptr(watch)](const boost::system::error_code& error) {
                       const auto still = watched.lock();
                       if (still && !error) still->ended();
                     });
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

void Stream::shut_down_writing() {
  if (!socket_.is_open()) return;
  if (ssl_ && !broken_ && SSL_is_init_finished(ssl_.get()) == 1) {
    SSL_shutdown(ssl_.get());
    ERR_clear_error();
    const base::Result<void> told = flush_now();
    static_cast<void>(told);
  }
  boost::system::error_code ignored;
  socket_.shutdown(Socket::shutdown_send, ignored);
}

void Stream::release_memory() {
  if (ssl_) SSL_free_buffers(ssl_.get());
  if (outgoing_.empty()) std::string().swap(outgoing_);
}

TcpFigures Stream::tcp_figures() const {
  tcp_info info{};
  socklen_t size = sizeof info;
  const int descriptor = const_cast<Socket&>(socket_).native_handle();
  if (::getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return {};
  return {info.tcpi_total_retrans, std::chrono::microseconds(info.tcpi_rtt)};
}

}  // namespace k8scale::blocks
