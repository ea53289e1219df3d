#pragma once
#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "k8scale/base/result.h"
#include "k8scale/base/time.h"

/// What happened, and every view of it: counts and histograms, rows, summary, metrics, progress.
namespace k8scale::measure {

enum class Verb { get, list, create, update, patch, remove, delete_collection };
inline constexpr std::array all_verbs = {Verb::get,   Verb::list,   Verb::create,           Verb::update,
                                         Verb::patch, Verb::remove, Verb::delete_collection};
/// As Kubernetes spells it: "create", "delete", "deletecollection", …
[[nodiscard]] std::string_view name(Verb verb);
/// The verb that is spelled so.
[[nodiscard]] std::optional<Verb> parse_verb(std::string_view text);

/// Whether it changes objects, one at a time.
[[nodiscard]] bool writes(Verb verb);

/// How an attempt ended.
enum class Outcome {
  ok,               ///< 2xx, and the answer was whole
  refused,          ///< 4xx or 5xx but 429: the server's Status has the reason
  throttled,        ///< 429
  timed_out,        ///< a deadline of ours passed
  not_connected,    ///< no address, or no connection could be made
  connection_lost,  ///< the connection broke or was closed before the answer was whole
  tls_failed,       ///< handshake or certificate
  protocol_error,   ///< the answer makes no sense, or is larger than allowed
  cancelled,        ///< given up on purpose, as when the run is interrupted
  local_error,      ///< something on this machine failed
};
inline constexpr std::array all_outcomes = {
    Outcome::ok,         Outcome::refused,        Outcome::throttled,
    Outcome::timed_out,  Outcome::not_connected,  Outcome::connection_lost,
    Outcome::tls_failed, Outcome::protocol_error, Outcome::cancelled,
    Outcome::local_error};
/// In lower case with "_": "timed_out".
[[nodiscard]] std::string_view name(Outcome outcome);
/// The outcome that a failure of the network or of this machine stands for.
[[nodiscard]] Outcome outcome_of(base::FailureKind kind);
/// The outcome that an answer's HTTP status stands for.
[[nodiscard]] Outcome outcome_of_status(int http_status);

/// What watchers showed of a write.
struct Seen {
  base::SteadyTime first;     ///< by the first watcher that showed it
  base::SteadyTime last;      ///< by the last one
  std::size_t watchers = 0;   ///< how many showed it
  std::size_t missed_by = 0;  ///< and how many did not
};

/// One attempt of an operation: a request that was sent once, or that could not be sent. Everything else in
/// this room is a view of these records. Moments that were not reached are the clock's epoch.
struct Operation {
  Verb verb = Verb::get;
  std::uint64_t object_number = 0;  ///< from 1; 0 when the operation is not about a numbered object
  std::string object_name;
  int shard = 0;
  std::string server;            ///< URL of the server that was asked
  std::size_t server_index = 0;  ///< its place among the run's servers
  int attempt = 1;               ///< from 1
  bool final_attempt = true;     ///< the operation ended with this attempt

  bool measured = true;        ///< false: after a stop, when all objects are deleted at once
  base::SteadyTime scheduled;  ///< the schedule wanted the operation to begin
  base::SteadyTime due;   ///< this attempt should have been sent: `scheduled`, or the moment of the retry
  base::SteadyTime sent;  ///< its first byte was handed to TLS
  /// Of the time from `due` to `sent`: without a connection to send it on, or held back because many had
  /// none, though we had CPU time to open one.
  base::Nanoseconds connecting{0};
  base::SteadyTime first_byte;  ///< the first byte of the answer came
  base::SteadyTime done;        ///< the answer was whole, or the attempt had failed
  base::WallTime sent_wall;     ///< beside `sent`; when nothing was sent, beside the try
  base::WallTime done_wall;     ///< `sent_wall`, and as much later as the steady clock says that `done` was

  Outcome outcome = Outcome::ok;
  int http_status = 0;  ///< 0: no answer
  std::string reason;   ///< the Status's reason ("AlreadyExists"), or a word for what failed; empty when ok
  std::string error;    ///< for people, as the rows show it; empty when ok
  std::uint64_t bytes_sent = 0;      ///< of HTTP, before TLS
  std::uint64_t bytes_received = 0;  ///< of HTTP, after TLS
  bool reused_connection = false;

  std::string warning;  ///< of the server
  std::string audit_id;
  std::string flow_schema;     ///< UID from X-Kubernetes-PF-FlowSchema-UID; empty: exempt
  std::string priority_level;  ///< UID from X-Kubernetes-PF-PriorityLevel-UID
  std::optional<std::chrono::seconds> retry_after;

  std::uint64_t items = 0;       ///< of a list's answer
  std::string resource_version;  ///< of the object as a write left it; empty when the answer has none
  Seen seen;                     ///< when the run watches what it writes
};

/// Whether any byte of the request was handed to TLS.
[[nodiscard]] inline bool was_sent(const Operation& operation) {
  return operation.sent != base::SteadyTime();
}
/// What a user waits: from the scheduled moment to the end of this attempt, all attempts before it included.
[[nodiscard]] inline base::Nanoseconds response_time(const Operation& operation) {
  return operation.done - operation.scheduled;
}
/// What the server and the network took. Means nothing unless `was_sent`.
[[nodiscard]] inline base::Nanoseconds service_time(const Operation& operation) {
  return operation.done - operation.sent;
}
/// How late this program sent. Means nothing unless `was_sent`.
[[nodiscard]] inline base::Nanoseconds send_lag(const Operation& operation) {
  return operation.sent - operation.due;
}
/// How late this program's own doing made it. Means nothing unless `was_sent`.
[[nodiscard]] inline base::Nanoseconds own_lag(const Operation& operation) {
  return std::max(send_lag(operation) - operation.connecting, base::Nanoseconds(0));
}
/// What it takes until a controller knows of a write. Less than `service_time` when the event came before the
/// answer. Means nothing unless some watcher showed it.
[[nodiscard]] inline base::Nanoseconds first_notification_time(const Operation& write) {
  return write.seen.first - write.sent;
}
/// The same until the last of the watchers knows.
[[nodiscard]] inline base::Nanoseconds last_notification_time(const Operation& write) {
  return write.seen.last - write.sent;
}
/// `reason`, or the outcome's name when there is none: what errors are counted by.
[[nodiscard]] std::string_view error_reason(const Operation& operation);

}  // namespace k8scale::measure
