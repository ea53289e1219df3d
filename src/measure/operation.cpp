#include "k8scale/measure/operation.h"

#include <algorithm>

namespace k8scale::measure {

std::string_view name(Verb verb) {
  switch (verb) {
    case Verb::get:
      return "get";
    case Verb::list:
      return "list";
    case Verb::create:
      return "create";
    case Verb::update:
      return "update";
    case Verb::patch:
      return "patch";
    case Verb::remove:
      return "delete";
    case Verb::delete_collection:
      return "deletecollection";
  }
  return "unknown";
}

std::optional<Verb> parse_verb(std::string_view text) {
  const auto found =
      std::find_if(all_verbs.begin(), all_verbs.end(), [text](Verb verb) { return name(verb) == text; });
  return found == all_verbs.end() ? std::nullopt : std::optional(*found);
}

bool writes(Verb verb) {
  return verb == Verb::create || verb == Verb::update || verb == Verb::patch || verb == Verb::remove;
}

std::string_view name(Outcome outcome) {
  switch (outcome) {
    case Outcome::ok:
      return "ok";
    case Outcome::refused:
      return "refused";
    case Outcome::throttled:
      return "throttled";
    case Outcome::timed_out:
      return "timed_out";
    case Outcome::not_connected:
      return "not_connected";
    case Outcome::connection_lost:
      return "connection_lost";
    case Outcome::tls_failed:
      return "tls_failed";
    case Outcome::protocol_error:
      return "protocol_error";
    case Outcome::cancelled:
      return "cancelled";
    case Outcome::local_error:
      return "local_error";
  }
  return "unknown";
}

Outcome outcome_of(base::FailureKind kind) {
  switch (kind) {
    case base::FailureKind::resolve:
    case base::FailureKind::connect:
      return Outcome::not_connected;
    case base::FailureKind::tls:
      return Outcome::tls_failed;
    case base::FailureKind::timeout:
      return Outcome::timed_out;
    case base::FailureKind::reset:
    case base::FailureKind::closed:
      return Outcome::connection_lost;
    case base::FailureKind::protocol:
    case base::FailureKind::limit:
      return Outcome::protocol_error;
    case base::FailureKind::cancelled:
      return Outcome::cancelled;
    case base::FailureKind::io:
      return Outcome::local_error;
  }
  return Outcome::local_error;
}

Outcome outcome_of_status(int http_status) {
  if (http_status >= 200 && http_status < 300) return Outcome::ok;
  if (http_status == 429) return Outcome::throttled;
  return http_status >= 400 && http_status < 600 ? Outcome::refused : Outcome::protocol_error;
}

std::string_view error_reason(const Operation& operation) {
  return operation.reason.empty() ? name(operation.outcome) : std::string_view(operation.reason);
}

}  // namespace k8scale::measure
