#pragma once
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>

#include "k8scale/base/result.h"
#include "k8scale/net/http.h"

namespace k8scale::net {

struct MessageLimits {
  std::size_t head = 256 * 1024;  ///< also of a chunk's line, and of the trailers
  std::uint64_t body = std::numeric_limits<std::uint64_t>::max();
};

/// Which limit an answer broke, or that it makes no sense.
enum class ParseError { none, malformed, head_too_large, body_too_large };

/// Whether the message may have a body at all: an answer to HEAD or CONNECT has none.
enum class BodyRule { as_the_head_says, none };

/// Takes a body as it comes, in pieces that are valid during the call. False: it is not what was expected,
/// and reading ends.
class BodySink {
 public:
  virtual ~BodySink() = default;
  [[nodiscard]] virtual bool put(std::string_view piece) = 0;
};

/// Reads one HTTP/1.1 message from bytes as they come (RFC 9112). Chunk extensions and trailers are passed
/// over. What it fills in must outlive it.
class MessageParser {
 public:
  /// For an answer; its body is appended to `body`.
  MessageParser(ResponseHead& head, std::string& body, BodyRule rule, const MessageLimits& limits);
  /// For an answer whose body is not kept.
  MessageParser(ResponseHead& head, BodySink& body, const MessageLimits& limits);
  /// For a request; its target becomes path and query, also where it came as a whole URL.
  MessageParser(Request& request, const MessageLimits& limits);
  ~MessageParser();
  MessageParser(const MessageParser&) = delete;
  MessageParser& operator=(const MessageParser&) = delete;

  /// Takes in what it can, up to the message's end, and returns how many bytes that was: an unfinished line
  /// or head is not taken. A failure is of kind protocol or limit, see `error()`; its detail says so when the
  /// peer speaks TLS instead. Also a failure: a request of HTTP/1.1 without a Host, and any with several.
  [[nodiscard]] base::Result<std::size_t> put(std::string_view bytes);
  /// The connection ended. Fails when the message is not whole.
  [[nodiscard]] base::Result<void> put_end();

  [[nodiscard]] bool head_done() const;
  [[nodiscard]] bool done() const;
  /// Whether the connection may carry another message after this one.
  [[nodiscard]] bool keep_alive() const;
  /// Whether this is HTTP/1.1, which knows chunks.
  [[nodiscard]] bool is_1_1() const;
  [[nodiscard]] ParseError error() const { return error_; }

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
  std::size_t head_limit_;
  bool begun_ = false;
  ParseError error_ = ParseError::none;
};

}  // namespace k8scale::net
