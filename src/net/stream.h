#pragma once
#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "k8scale/base/result.h"
#include "k8scale/net/deadlines.h"
#include "k8scale/net/shard.h"
#include "k8scale/net/task.h"
#include "k8scale/net/tls.h"
#include "k8scale/net/url.h"
#include "net/openssl.h"

namespace k8scale::net {

using Socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, Executor>;

class NameLookup;

/// A TCP connection, in TLS or not. OpenSSL works on the socket itself, and the event loop is asked only when
/// the socket has nothing to give or take: one system call for most reads and writes.
/// At most one read and one write run at a time. Belongs to its shard.
class Stream {
 public:
  explicit Stream(Shard& shard);
  Stream(Shard& shard, Socket socket);
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  /// Resolves the name and connects to the first address that answers.
  [[nodiscard]] Task<base::Result<void>> connect(const Endpoint& endpoint);
  [[nodiscard]] Task<base::Result<void>> handshake(TlsClient& client, const Endpoint& endpoint);
  [[nodiscard]] Task<base::Result<void>> handshake(TlsServer& server);

  /// Returns when there may be something to read. Lets others have their turn, if there is something already.
  [[nodiscard]] Task<base::Result<void>> wait_readable();
  /// Reads what is there, at least one byte; 0 at the end of the stream.
  [[nodiscard]] Task<base::Result<std::size_t>> read_some(std::span<char> buffer);
  /// Reads what is there without waiting for more: nothing when `wait_readable` has to be awaited first, 0 at
  /// the end of the stream.
  [[nodiscard]] base::Result<std::optional<std::size_t>> read_now(std::span<char> buffer);
  /// Hands all of `bytes` to the kernel.
  [[nodiscard]] Task<base::Result<void>> write(std::string_view bytes);

  /// From now on everything fails with kind timeout after `limit`; the failure's detail is
  /// "`expected` within LIMIT". Zero takes the limit away.
  void set_limit(base::Nanoseconds limit, std::string_view expected);

  /// Whether the handshake failed because the client spoke HTTP without TLS.
  [[nodiscard]] bool peer_spoke_http() const { return peer_spoke_http_; }
  /// What is written from now on goes out as it is.
  void leave_tls();

  /// Gives back memory that a connection at rest does not need.
  void release_memory();
  /// See ResponseStream.
  void wake_at(std::size_t bytes);
  /// Whether a connection at rest is still open and has nothing unexpected to say.
  [[nodiscard]] bool is_quiet();
  /// Calls `ended`, once, when the peer closes the connection; stops looking at the first byte that it sends
  /// instead, and when a null function is given. Nothing else may read meanwhile.
  void when_peer_ends(std::function<void()> ended);
  [[nodiscard]] std::uint64_t bytes_written() const { return bytes_written_; }
  [[nodiscard]] SSL* ssl() const { return ssl_.get(); }
  [[nodiscard]] Socket& socket() { return socket_; }

  /// No more is written; the peer sees a proper end.
  void shut_down_writing();
  /// Ends what is waiting, with kind cancelled.
  void cancel();
  /// Ends with a TCP reset.
  void reset();

 private:
  enum class Progress { done, wants_read, wants_write, failed };
  struct Attempt {
    Progress progress = Progress::done;
    std::size_t bytes = 0;
  };

  enum class Peer { silent, speaks, ended };
  [[nodiscard]] Peer look_at_peer();
  void look_out_for_the_end(const std::shared_ptr<std::function<void()>>& ended);
  [[nodiscard]] Attempt try_read(std::span<char> buffer);
  [[nodiscard]] Attempt try_write(std::string_view bytes);
  [[nodiscard]] Attempt after_tls(int outcome);
  [[nodiscard]] Attempt after_system_call(ssize_t outcome, Progress when_blocked);
  [[nodiscard]] Task<base::Result<void>> wait(Progress progress);
  [[nodiscard]] base::Result<void> still_wanted() const;
  [[nodiscard]] Task<base::Result<void>> finish_handshake();
  [[nodiscard]] base::Failure timed_out() const;
  [[nodiscard]] base::Failure handshake_failed();
  [[nodiscard]] base::Failure tls_failure();

  void wake();

  Shard& shard_;
  NameLookup* lookup_ = nullptr;  // that runs
  Socket socket_;
  openssl::Connection ssl_;
  Deadline deadline_;
  base::Nanoseconds limit_{0};
  std::string_view expected_;
  base::Failure failure_;
  std::uint64_t bytes_written_ = 0;
  bool cancelled_ = false;
  bool lacks_bytes_ = false;  // OpenSSL holds half a record at most, and can do nothing without the rest
  bool peer_spoke_http_ = false;
  bool broken_ = false;  // TLS forbids SSL_shutdown after a fatal error
  std::shared_ptr<std::function<void()>> peer_ended_;
};

}  // namespace k8scale::net
