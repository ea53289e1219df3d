#pragma once
#include <openssl/ssl.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "k8scale/base/result.h"
#include "k8scale/base/time.h"

namespace k8scale::net {

/// What the log says of one connection of a client at -v 4: how it opened, and at its destruction what came
/// of it.
class ConnectionLog {
 public:
  static constexpr int verbosity = 4;

  /// `server` is its URL.
  explicit ConnectionLog(std::string server);
  ~ConnectionLog();
  ConnectionLog(const ConnectionLog&) = delete;
  ConnectionLog& operator=(const ConnectionLog&) = delete;

  void failed(const base::Failure& failure) const;
  /// `ssl` is null without TLS.
  void opened(std::uint16_t local_port, const SSL* ssl);
  void request_ended() { ++requests_; }
  /// The first reason that is given counts.
  void ends_because(std::string_view why);

 private:
  std::string server_;
  base::SteadyTime start_;
  std::uint16_t local_port_ = 0;  // 0: it never opened
  std::uint64_t requests_ = 0;
  std::string end_;
};

}  // namespace k8scale::net
