#pragma once
#include <openssl/err.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "k8scale/base/result.h"

namespace k8scale::blocks {

/// What went wrong with a socket, by its errno.
inline base::Failure failure_of(int error) {
  const bool lost = error == ECONNRESET || error == EPIPE;
  return {lost ? base::FailureKind::reset : base::FailureKind::io, std::strerror(error)};
}

/// OpenSSL's words for its first error; empties its queue.
inline std::string take_tls_error() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return reason == nullptr ? "unknown error" : reason;
}

}  // namespace k8scale::blocks
