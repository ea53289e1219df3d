#pragma once
#include <vector>

#include "call.h"
#include "k8scale/apiserver/fault.h"
#include "k8scale/base/random.h"

namespace k8scale::apiserver {

/// What shall go wrong with one request.
struct Effects {
  base::Nanoseconds latency{0};
  base::Nanoseconds stall{0};
  int status = 0;
  int retry_after = -1;
  ResetMoment reset = ResetMoment::never;
  bool cut = false;
};

/// Decides, request by request. Belongs to the server's thread.
class FaultInjector {
 public:
  FaultInjector(std::vector<Fault> faults, base::Random random);
  /// Several rules that apply add up.
  [[nodiscard]] Effects next(const Call& call);

 private:
  struct Rule {
    Fault fault;
    std::uint64_t met = 0;  // requests that it applied to
  };
  [[nodiscard]] bool applies(Rule& rule, const Call& call);

  std::vector<Rule> rules_;
  base::Random random_;
};

}  // namespace k8scale::apiserver
