#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "k8scale/base/time.h"
#include "k8scale/measure/histogram.h"

namespace k8scale::blocks {

struct RequestTimes {
  /// From a thread's wish to its first sending: the connection was in use, or not open.
  measure::Histogram wait;
  measure::Histogram first_byte;  ///< from sending to the first byte of any answer, taken when it comes
  measure::Histogram request;     ///< from sending to the last byte of an answer as it should be
  /// How late a block's first byte came, of paced requests: block i is due `i * period` after the schedule's
  /// start, which is the latest moment by which no block of the answer came early. To within 1 µs or 1 %.
  measure::Histogram lateness;

  void merge(const RequestTimes& other);
};

/// What one connection did since the measurement began, over all the times that it was opened.
struct ConnectionFigures {
  std::size_t number = 0;
  std::uint64_t bytes = 0;               ///< of blocks
  std::uint64_t requests = 0;            ///< answered to the end, as they should be
  std::uint64_t failures = 0;            ///< requests that were not
  std::uint64_t under_way = 0;           ///< requests that are sent and not answered to the end yet
  std::uint64_t resent = 0;              ///< requests that were sent anew: their connection ended
  std::uint64_t opened = 0;              ///< TCP connections, with the one that was open at the begin
  std::uint64_t resumed = 0;             ///< of those: with an earlier TLS session
  std::uint64_t retransmits = 0;         ///< TCP segments that this side sent again
  base::Nanoseconds round_trip_time{0};  ///< TCP's own estimate, of the last connection; 0: not known
  std::string first_failure;             ///< empty: none
  std::string last_failure;              ///< empty: none
  std::string protocol;                  ///< "TLSv1.3 TLS_AES_128_GCM_SHA256", empty without TLS
  std::optional<RequestTimes> times;     ///< not kept for each when there are many
};

struct ClientFigures {
  std::vector<ConnectionFigures> connections;
  RequestTimes times;        ///< of all connections
  base::Nanoseconds cpu{0};  ///< of the threads that ask
  std::uint64_t bytes = 0;   ///< sums over the connections
  std::uint64_t requests = 0;
  std::uint64_t failures = 0;
  std::uint64_t under_way = 0;
  std::uint64_t resent = 0;
  std::uint64_t retransmits = 0;
};

}  // namespace k8scale::blocks
