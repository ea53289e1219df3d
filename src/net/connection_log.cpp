#include "net/connection_log.h"

#include <fmt/format.h>

#include "k8scale/base/log.h"

namespace k8scale::net {
namespace {

using Clock = std::chrono::steady_clock;

std::string tls_text(const SSL* ssl) {
  if (ssl == nullptr) return "without TLS";
  return fmt::format("{}, {} session", SSL_get_version(ssl),
                     SSL_session_reused(ssl) == 1 ? "a resumed" : "a new");
}

}  // namespace

ConnectionLog::ConnectionLog(std::string server) : server_(std::move(server)), start_(Clock::now()) {}

ConnectionLog::~ConnectionLog() {
  if (local_port_ == 0) return;
  base::log_info(fmt::format("connection to {} from port {}: closed after {} requests and {}{}", server_,
                             local_port_, requests_, base::format_duration(Clock::now() - start_),
                             end_.empty() ? "" : ": " + end_));
}

void ConnectionLog::failed(const base::Failure& failure) const {
  base::log_info(fmt::format("connection to {}: {}", server_, failure.message()));
}

void ConnectionLog::opened(std::uint16_t local_port, const SSL* ssl) {
  local_port_ = local_port;
  base::log_info(fmt::format("connection to {} from port {}: open after {}, {}", server_, local_port,
                             base::format_duration(Clock::now() - start_), tls_text(ssl)));
}

void ConnectionLog::ends_because(std::string_view why) {
  if (end_.empty()) end_ = why;
}

}  // namespace k8scale::net
