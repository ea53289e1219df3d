#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "k8scale/base/result.h"
#include "k8scale/base/time.h"
#include "k8scale/net/http.h"
#include "k8scale/net/shard.h"
#include "k8scale/net/task.h"
#include "k8scale/net/tls.h"
#include "k8scale/net/url.h"
#include "k8scale/net/wait.h"

namespace k8scale::net {

/// An HTTP proxy that is itself reached without TLS: CONNECT for https targets, absolute request targets for
/// http ones.
struct Proxy {
  Endpoint endpoint;
  std::string authorization;  ///< value of Proxy-Authorization, empty for none; a secret
};

struct PoolOptions {
  Endpoint server;
  std::shared_ptr<TlsClient> tls;  ///< required when server.tls
  std::optional<Proxy> proxy;
  base::Nanoseconds connect_timeout = std::chrono::seconds(10);    ///< resolve, TCP, and the proxy's answer
  base::Nanoseconds handshake_timeout = std::chrono::seconds(10);  ///< TLS
  base::Nanoseconds request_timeout = std::chrono::seconds(65);    ///< first byte sent to last byte read
  base::Nanoseconds idle_timeout = std::chrono::seconds(80);       ///< idle longer than this: not reused
  std::size_t most_connections = 256;                              ///< requests beyond wait for one of these
  std::size_t enough_when_busy = 16;  ///< connections in use: beyond, a busy thread opens one at a time
  /// CPU time that the shard's thread has used; null: what the shard says.
  std::function<base::Nanoseconds()> thread_cpu_time;
};

/// The moments of one attempt. Those that were not reached are the clock's epoch.
struct Timing {
  base::SteadyTime started;     ///< the pool was asked
  base::SteadyTime sent;        ///< the first byte was handed to TLS, on a connection that is ready
  base::SteadyTime first_byte;  ///< the answer's first bytes arrived
  base::SteadyTime done;        ///< the answer was whole, or the attempt failed
  base::WallTime sent_wall;     ///< wall clock beside `sent` (beside `started` when nothing was sent)
};

/// One attempt: a request that was sent once, or not at all.
struct Exchange {
  Timing timing;
  std::optional<base::Failure> failure;  ///< empty: `response` is whole
  Response response;
  std::uint64_t bytes_sent = 0;      ///< of HTTP, before TLS
  std::uint64_t bytes_received = 0;  ///< of HTTP, after TLS
  bool reused_connection = false;
  /// Of its wait for a connection: while the shard's thread had no time to open many.
  base::Nanoseconds short_of_time{0};

  /// Whether a failure came before any byte of the request left and any byte of an answer came.
  [[nodiscard]] bool nothing_sent() const { return bytes_sent == 0; }
  [[nodiscard]] bool nothing_received() const { return bytes_received == 0; }
};

/// Whether a failed attempt may be tried again on a fresh connection: it failed on a reused connection before
/// any byte of an answer, and its method is idempotent (RFC 9110, 9.2.2) or none of it was sent. PATCH and
/// POST are not idempotent.
[[nodiscard]] bool may_retry_on_fresh_connection(const Request& request, const Exchange& exchange);

/// An answer whose body is read as it comes (watches, large lists). Belongs to the pool's shard; gives the
/// connection back to the pool when its body was read to the end, closes it otherwise.
class ResponseStream {
 public:
  virtual ~ResponseStream() = default;
  [[nodiscard]] virtual const ResponseHead& head() const = 0;
  [[nodiscard]] virtual const Timing& timing() const = 0;
  /// The next bytes of the body, valid until the next call; empty at its end. `idle` is the longest time
  /// without a byte, zero for no limit. No memory for bytes is held while there are none.
  [[nodiscard]] virtual Task<base::Result<std::string_view>> read_some(base::Nanoseconds idle) = 0;
  [[nodiscard]] virtual std::uint64_t bytes_received() const = 0;
  /// Until so many bytes have come, fewer wake nobody (SO_RCVLOWAT); 1 at first. For a pause after which they
  /// are read together.
  virtual void wake_at(std::size_t bytes) = 0;
};

struct PoolCounters {
  std::uint64_t connections_opened = 0;
  std::uint64_t sessions_resumed = 0;
  std::size_t open = 0;
  std::size_t idle = 0;
  std::size_t waiting = 0;             ///< requests that have no connection yet
  std::uint64_t waited_for_limit = 0;  ///< requests that found `most_connections` in use
  base::Nanoseconds short_of_time{0};  ///< while requests waited and the thread had no time to open many
};

/// Connections of one shard to one server, HTTP/1.1 with keep-alive, TCP_NODELAY; the one that became idle
/// last is used first. A request that finds none idle takes the first that becomes so, or that is opened for
/// it meanwhile. A burst must not drown in handshakes: for those that wait at most 8 connections are being
/// opened at a time, and 1 while `enough_when_busy` are in use, not by streams, and the shard's thread is at
/// work for more than 3/4 of its time. Must outlive its exchanges. All members belong to the shard.
class Pool {
 public:
  Pool(Shard& shard, PoolOptions options);
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  [[nodiscard]] const PoolOptions& options() const;

  /// Sends once and reads the whole answer. `fresh` refuses idle connections. `request` must outlive the
  /// call.
  [[nodiscard]] Task<Exchange> exchange(const Request& request, bool fresh = false);

  /// Sends once and returns when the head of the answer is there. `fresh` refuses idle connections.
  /// `cancellation` ends this call and reads of the stream that it returns, with kind cancelled; it must
  /// outlive both, and serves one stream at a time.
  [[nodiscard]] Task<base::Result<std::unique_ptr<ResponseStream>>> open_stream(
      const Request& request, bool fresh = false, Cancellation* cancellation = nullptr);

  /// Opens connections until `count` are idle; stops at the first failure.
  [[nodiscard]] Task<base::Result<void>> prewarm(std::size_t count);

  [[nodiscard]] PoolCounters counters() const;
  /// Closes the idle connections; those in use are closed as they end. For new credentials.
  void close_idle();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace k8scale::net
