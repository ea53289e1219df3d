#pragma once
#include <openssl/ssl.h>

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
#include "k8scale/net/name_lookup.h"
#include "k8scale/net/shard.h"
#include "k8scale/net/task.h"
#include "k8scale/net/tls.h"
#include "k8scale/net/url.h"

namespace k8scale::blocks {

using Socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, net::Executor>;

/// What the kernel knows of a TCP connection.
struct TcpFigures {
  std::uint64_t retransmits = 0;         ///< segments that were sent again, from this side
  base::Nanoseconds round_trip_time{0};  ///< smoothed
};

/// What it means that the peer closed its side of a TCP connection without TLS, which may be half-closed. In
/// TLS, it is the end.
enum class HalfClose { end, peer_may_read };

/// A TCP connection made for many bytes, in TLS or not. OpenSSL reads from the socket itself, many records at
/// a time, and what it writes is gathered so that several records leave in one system call; without TLS,
/// large pieces go from where they are to the kernel. At most one coroutine reads or writes at a time.
/// Belongs to its shard.
class Stream {
 public:
  explicit Stream(net::Shard& shard);
  Stream(net::Shard& shard, Socket socket);
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  /// Resolves the name and connects to the first address that answers.
  [[nodiscard]] net::Task<base::Result<void>> connect(const net::Endpoint& endpoint);
  [[nodiscard]] net::Task<base::Result<void>> handshake(net::TlsClient& client,
                                                        const net::Endpoint& endpoint);
  /// A client that speaks HTTP without TLS is told so.
  [[nodiscard]] net::Task<base::Result<void>> handshake(net::TlsServer& server);

  /// Reads what is there: nothing when `wait_readable` has to be awaited first, 0 at the end of the stream.
  [[nodiscard]] base::Result<std::optional<std::size_t>> read_now(std::span<char> buffer);
  /// Lets others have their turn, if there is something to read already.
  [[nodiscard]] net::Task<base::Result<void>> wait_readable();
  /// Succeeds at once.
  [[nodiscard]] static net::Task<base::Result<void>> ready();

  /// Takes bytes to be sent, in their order, and returns how many: 0 when `flush` has to be awaited first.
  /// The bytes need not stay. What was taken may wait for `flush`, or for more.
  [[nodiscard]] base::Result<std::size_t> offer(std::string_view bytes);
  /// Returns when all that was taken is with the kernel, and when it is ready for more.
  [[nodiscard]] net::Task<base::Result<void>> flush();
  /// `offer` and `flush` until all is sent.
  [[nodiscard]] net::Task<base::Result<void>> write(std::string_view bytes);
  /// What was taken and is not with the kernel yet.
  [[nodiscard]] std::size_t unsent() const { return outgoing_.size() - sent_; }

  /// From now on everything fails with kind timeout after `limit`; the failure's detail is
  /// "`expected` within LIMIT". Zero takes the limit away.
  void set_limit(base::Nanoseconds limit, std::string_view expected);
  /// Ends what is waiting, with kind cancelled.
  void cancel();
  /// No more is written; the peer sees a proper end.
  void shut_down_writing();
  /// Gives back memory that a connection at rest does not need.
  void release_memory();
  /// Calls `ended`, once, when the peer closes the connection; stops looking at the first byte that it sends
  /// instead, and when a null function is given. Nothing else may read meanwhile. A peer that closed its side
  /// and may still read is gone when the kernel says so: after the next byte that is sent, or within two
  /// minutes.
  void when_peer_ends(std::function<void()> ended, HalfClose half_close = HalfClose::end);

  [[nodiscard]] TcpFigures tcp_figures() const;
  [[nodiscard]] SSL* ssl() const { return ssl_.get(); }
  [[nodiscard]] Socket& socket() { return socket_; }

 private:
  struct FreeSsl {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };

  struct Watch {
    std::function<void()> ended;
    HalfClose half_close;
  };
  enum class Peer { silent, speaks, half_closed, ended };
  [[nodiscard]] Peer look_at_peer();
  void look_out_for_the_end(const std::shared_ptr<Watch>& watch);
  void look_out_for_a_reset(const std::shared_ptr<Watch>& watch);
  void use(SSL* ssl);
  void become_ready();
  [[nodiscard]] net::Task<base::Result<void>> finish_handshake();
  [[nodiscard]] base::Failure handshake_failed();
  void answer_plain_http();
  [[nodiscard]] bool peer_speaks_text() const;
  [[nodiscard]] base::Result<void> flush_now();
  [[nodiscard]] base::Result<std::size_t> offer_plain(std::string_view bytes);
  [[nodiscard]] base::Result<std::size_t> offer_tls(std::string_view bytes);
  [[nodiscard]] base::Result<std::optional<std::size_t>> after_read(int outcome);
  [[nodiscard]] net::Task<base::Result<void>> take_turns();
  [[nodiscard]] net::Task<base::Result<void>> wait(Socket::wait_type kind);
  [[nodiscard]] base::Failure timed_out() const;
  [[nodiscard]] base::Result<void> still_wanted() const;

  void wake();

  net::Shard& shard_;
  net::NameLookup* lookup_ = nullptr;  // that runs
  Socket socket_;
  std::unique_ptr<SSL, FreeSsl> ssl_;
  std::string outgoing_;  // what is to be sent, from sent_ on
  std::size_t sent_ = 0;
  bool blocked_ = false;  // the kernel did not take all of the last piece
  bool broken_ = false;   // TLS forbids SSL_shutdown after a fatal error
  bool cancelled_ = false;
  bool lacks_bytes_ = false;  // OpenSSL holds half a record at most, and can do nothing without the rest
  char first_byte_ = 0;       // of a client, before the handshake
  net::Deadline deadline_;
  base::Nanoseconds limit_{0};
  std::string_view expected_;
  std::shared_ptr<Watch> watch_;
};

}  // namespace k8scale::blocks
