#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "k8scale/base/result.h"

/// The Status object in which a Kubernetes API server says why it refused a request (meta/v1).
namespace k8scale::kube {

/// A server that asks for a longer pause is taken to ask for this one.
constexpr std::chrono::seconds longest_retry_after = std::chrono::hours(1);

struct StatusCause {
  std::string reason;
  std::string message;
  std::string field;
};

struct Status {
  int code = 0;
  std::string reason;   ///< "AlreadyExists", "Conflict", …; "Unknown" when the answer does not say
  std::string message;  ///< as the server wrote it, or what client-go says in its place
  std::optional<std::chrono::seconds>
      retry_after;  ///< details.retryAfterSeconds, at most `longest_retry_after`
  std::vector<StatusCause> causes;

  /// One line, the text that client-go's error has.
  [[nodiscard]] std::string text() const;
};

/// What the request was about, for the message of an answer that has none of its own.
struct StatusSubject {
  std::string_view method;    ///< "POST"
  std::string_view resource;  ///< "configmaps", "flunders.wardle.example.com"; empty: none
  std::string_view name;      ///< empty: none
};

/// Reads the body of an answer that is not 2xx: a Status in JSON, or whatever came instead (plain text, an
/// HTML page of a proxy, nothing). Never fails.
[[nodiscard]] Status parse_status(int http_status, std::string_view body, const StatusSubject& subject = {});

/// Whether the same request may fare better later: no answer came, or the server was busy or broken.
[[nodiscard]] inline bool may_do_better(const std::optional<base::Failure>& failure,
                                        const std::optional<Status>& status) {
  return failure || (status && (status->code == 429 || status->code >= 500));
}

}  // namespace k8scale::kube
