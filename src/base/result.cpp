#include "k8scale/base/result.h"

#include <stdexcept>

namespace k8scale::base {

std::string_view name(FailureKind kind) {
  switch (kind) {
    case FailureKind::resolve:
      return "resolve";
    case FailureKind::connect:
      return "connect";
    case FailureKind::tls:
      return "tls";
    case FailureKind::timeout:
      return "timeout";
    case FailureKind::reset:
      return "reset";
    case FailureKind::closed:
      return "closed";
    case FailureKind::protocol:
      return "protocol";
    case FailureKind::limit:
      return "limit";
    case FailureKind::cancelled:
      return "cancelled";
    case FailureKind::io:
      return "io";
  }
  return "unknown";
}

std::string Failure::message() const {
  std::string text(name(kind_));
  if (!detail_.empty()) text.append(": ").append(detail_);
  return text;
}

void throw_exception_from_error(const Failure& failure, const boost::source_location&) {
  throw std::runtime_error(failure.message());
}

}  // namespace k8scale::base
