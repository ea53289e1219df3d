#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "k8scale/net/message_parser.h"
#include "k8scale/net/pool.h"
#include "net/byte_buffer.h"
#include "net/connection_log.h"
#include "net/stream.h"

namespace k8scale::net {

/// The client's end of one connection. Carries one request after the other. Belongs to its pool's shard.
class Connection {
 public:
  /// `open` counts the connections that exist.
  Connection(Shard& shard, std::shared_ptr<const PoolOptions> options, std::shared_ptr<std::size_t> open);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// TCP, the proxy's CONNECT, TLS.
  [[nodiscard]] Task<base::Result<void>> open();
  [[nodiscard]] bool resumed() const {
    return stream_.ssl() != nullptr && SSL_session_reused(stream_.ssl()) == 1;
  }

  /// What the answer to one request is read into.
  struct Answer {
    ResponseHead& head;
    std::string& body;
    Timing& timing;
    std::uint64_t& bytes_received;
  };

  /// Sends `request` and reads the answer's head, and whatever of its body came along. `timing.sent`,
  /// `sent_wall` and `first_byte` are filled in. From `sent` on the request's time limit counts; what is late
  /// when it is over is called `expected`.
  [[nodiscard]] Task<base::Result<void>> ask(const Request& request, Answer answer,
                                             std::string_view expected);
  /// Takes in what is there of the body, without waiting; false when that is nothing.
  [[nodiscard]] base::Result<bool> read_body_now(std::uint64_t& bytes_received);
  /// Returns when there may be more of it. Holds no memory meanwhile.
  [[nodiscard]] Task<base::Result<void>> wait_for_body();
  /// Reads more of the body: at least one byte, or its end.
  [[nodiscard]] Task<base::Result<void>> read_body(std::uint64_t& bytes_received);
  [[nodiscard]] bool answer_done() const { return parser_ && parser_->done(); }

  /// Makes ready for the next request; false when there can be none.
  [[nodiscard]] bool rest();
  /// Whether the server has neither closed the connection nor sent something unasked since.
  [[nodiscard]] bool is_quiet();

  [[nodiscard]] std::uint64_t bytes_written() const { return stream_.bytes_written(); }
  /// Ends what is waiting, with kind cancelled.
  void cancel() { stream_.cancel(); }
  /// See ResponseStream.
  void wake_at(std::size_t bytes) { stream_.wake_at(bytes); }
  /// For the log: what comes next is its destruction.
  void ends_because(std::string_view why) {
    if (log_) log_->ends_because(why);
  }
  void set_limit(base::Nanoseconds limit, std::string_view expected) { stream_.set_limit(limit, expected); }

  base::SteadyTime idle_since;
  std::uint64_t generation = 0;  ///< of the pool, when it was opened
  bool used_before = false;

 private:
  [[nodiscard]] Task<base::Result<void>> connect();
  [[nodiscard]] Task<base::Result<void>> ask_proxy(const Proxy& proxy);
  [[nodiscard]] Task<base::Result<void>> write(const Request& request);
  [[nodiscard]] Task<base::Result<void>> read_head(const Request& request, Answer& answer);
  /// Interim answers (100, 103) that were read: parses what came behind them.
  [[nodiscard]] base::Result<void> pass_over_interim(const Request& request, Answer& answer);
  /// Reads once and hands it to the parser.
  [[nodiscard]] Task<base::Result<void>> read_more(std::uint64_t& bytes_received);
  /// Hands what was just read to the parser; nothing is the end of the stream.
  [[nodiscard]] base::Result<void> take(std::size_t count, std::uint64_t& bytes_received);
  [[nodiscard]] base::Result<void> parse();
  [[nodiscard]] base::Result<bool> parse_rest();
  [[nodiscard]] base::Result<void> parse_end();
  void write_head(const Request& request);
  // While an answer is read.
  [[nodiscard]] MessageParser& parser() { return *parser_; }  // NOLINT(bugprone-unchecked-optional-access)

  std::shared_ptr<const PoolOptions> options_;
  std::shared_ptr<std::size_t> open_;
  std::unique_ptr<ConnectionLog> log_;  ///< when somebody listens
  Stream stream_;
  ByteBuffer received_;
  std::string sending_;
  bool drained_ = false;  ///< probably nothing more is there to be read
  std::optional<MessageParser> parser_;
};

}  // namespace k8scale::net
