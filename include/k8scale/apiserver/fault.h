#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "k8scale/base/time.h"

namespace k8scale::apiserver {

enum class ResetMoment { never, before_the_write, after_the_write };

/// A way in which the server misbehaves, on purpose, for some of the requests for objects.
struct Fault {
  std::vector<std::string> verbs;  ///< "create", "deletecollection", …; empty: all
  std::string resource;            ///< plural; empty: all
  std::uint64_t every = 1;         ///< of the requests it applies to, each n-th
  double probability = 1;          ///< and of those, each with this probability

  base::Nanoseconds latency{0};  ///< before the request is handled
  bool exponential = false;      ///< `latency` is the mean of an exponential distribution
  int status = 0;                ///< refuse with this code; 0: do not
  int retry_after = -1;          ///< seconds, with `status`; -1: no such field
  ResetMoment reset = ResetMoment::never;
  bool cut = false;            ///< only half of the answer's body is sent
  base::Nanoseconds stall{0};  ///< the whole server answers nothing for this long
};

/// Reads a rule: a comma list of `verbs=create+delete`, `resource=configmaps`, `every=10`, `p=0.1`,
/// `latency=20ms`, `latency=exp:20ms`, `status=503`, `retry-after=2`, `reset=before`, `reset=after`, `cut`,
/// `stall=1s`. Throws base::Error that says what was found and what is expected.
[[nodiscard]] Fault parse_fault(std::string_view text);

}  // namespace k8scale::apiserver
