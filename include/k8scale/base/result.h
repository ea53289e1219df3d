#pragma once
#include <boost/system/result.hpp>
#include <string>
#include <string_view>

/// Outcomes of the data path, where nothing throws.
namespace k8scale::base {

/// What kind of thing went wrong between us and a peer.
enum class FailureKind {
  resolve,    ///< the name has no address
  connect,    ///< no connection could be made
  tls,        ///< handshake or certificate
  timeout,    ///< a deadline passed
  reset,      ///< the connection broke in the middle
  closed,     ///< the peer closed before it answered
  protocol,   ///< the peer's bytes make no sense
  limit,      ///< a head or a body is larger than allowed
  cancelled,  ///< we gave up, on purpose
  io,         ///< a file or a local resource
};

/// The kind in one lower-case word, as records and summaries show it.
[[nodiscard]] std::string_view name(FailureKind kind);

/// Who it went wrong with.
enum class Peer { server, proxy };

/// A failure and what a person needs to know of it. Never carries a secret.
class [[nodiscard]] Failure {
 public:
  /// What `Result::error()` gives for a success.
  Failure() : kind_(FailureKind::io) {}
  Failure(FailureKind kind, std::string detail, Peer peer = Peer::server)
      : kind_(kind), peer_(peer), detail_(std::move(detail)) {}

  [[nodiscard]] FailureKind kind() const { return kind_; }
  [[nodiscard]] Peer peer() const { return peer_; }
  [[nodiscard]] const std::string& detail() const { return detail_; }
  /// "timeout: no answer within 5s"
  [[nodiscard]] std::string message() const;

 private:
  FailureKind kind_;
  Peer peer_ = Peer::server;
  std::string detail_;
};

/// Called by `Result::value()` on a failure; the data path asks `has_value()` first.
[[noreturn]] void throw_exception_from_error(const Failure& failure, const boost::source_location& where);

template <class T>
using Result = boost::system::result<T, Failure>;

}  // namespace k8scale::base
