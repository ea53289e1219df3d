#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "k8scale/base/time.h"

namespace k8scale::apiserver {

enum class ResetMoment { never, before_the_write, after_the_write };

/// What becomes of an event that a watch was about to send.
enum class EventFault {
  none,
  swallow,    ///< it is not sent
  duplicate,  ///< it is sent twice
  reorder,    ///< the next event of that watch is sent before it
  delay,      ///< it, and what follows it, is sent later
  drop,       ///< it is sent, then the connection is reset
};

/// A way in which the server misbehaves, on purpose, for some of the requests for objects, or for some of the
/// events that watches send (those of changes, not the objects that a watch begins with).
struct Fault {
  std::string text;                ///< the rule as it was written
  std::vector<std::string> verbs;  ///< "create", "deletecollection", …; empty: all
  std::string resource;            ///< plural; empty: all
  std::uint64_t every = 1;         ///< of the requests or events it applies to, each n-th
  double probability = 1;          ///< and of those, each with this probability

  EventFault event =
      EventFault::none;        ///< anything else: the rule is about events, and nothing of what follows
  base::Nanoseconds delay{0};  ///< with EventFault::delay

  base::Nanoseconds latency{0};  ///< before the request is handled
  bool exponential = false;      ///< `latency` or `delay` is the mean of an exponential distribution
  int status = 0;                ///< refuse with this code; 0: do not
  int retry_after = -1;          ///< seconds, with `status`; -1: no such field
  ResetMoment reset = ResetMoment::never;
  bool cut = false;            ///< only half of the answer's body, or of a watch's first events, is sent
  bool compact = false;        ///< all past events are forgotten before the request is handled
  base::Nanoseconds stall{0};  ///< the whole server answers nothing for this long
};

/// Reads a rule: a comma list of `verbs=create+delete`, `resource=configmaps`, `every=10`, `p=0.1`, then
/// either `latency=20ms`, `latency=exp:20ms`, `status=503`, `retry-after=2`, `reset=before`, `reset=after`,
/// `cut`, `compact`, `stall=1s`, or one of `swallow`, `duplicate`, `reorder`, `drop`, `delay=20ms`,
/// `delay=exp:20ms`. Throws base::Error that says what was found and what is expected.
[[nodiscard]] Fault parse_fault(std::string_view text);

}  // namespace k8scale::apiserver
