#pragma once
#include <atomic>
#include <deque>
#include <vector>

#include "blocks/client_connection.h"
#include "blocks/failure_log.h"
#include "k8scale/base/log.h"
#include "k8scale/blocks/client.h"
#include "k8scale/net/shard.h"
#include "k8scale/net/wait.h"

namespace k8scale::blocks {

/// How many requests may still be begun, by all threads of a client.
class RequestBudget {
 public:
  /// `limit` 0: any number.
  explicit RequestBudget(std::uint64_t limit) : limited_(limit > 0), left_(limit) {}

  [[nodiscard]] bool take() {
    if (!limited_) return true;
    std::uint64_t left = left_;
    while (left > 0 && !left_.compare_exchange_weak(left, left - 1)) {
    }
    return left > 0;
  }

 private:
  bool limited_;
  std::atomic<std::uint64_t> left_;
};

/// What the connections of one thread of a client share. Belongs to its shard, options and budget aside.
struct ClientShard {
  ClientShard(int index, const ClientOptions& client_options, RequestBudget& request_budget)
      : options(client_options),
        budget(request_budget),
        received(256 * 1024),
        shard("ask", index),
        stop(shard) {}

  /// Whether one more request may be begun.
  [[nodiscard]] bool may_begin() { return !measuring || budget.take(); }

  const ClientOptions& options;
  RequestBudget& budget;
  std::vector<char> received;  // one read's bytes; a connection takes over what it cannot use at once
  RequestTimes times;          // of connections that keep none of their own
  FailureLog failures{[](const std::string& line) { base::log_warning(line); }};
  std::deque<ClientConnection> connections;
  bool measuring = true;  // else what is done now is forgotten later
  base::SteadyTime measured_from;
  net::Shard shard;  // goes before those: coroutines that it still holds use them
  net::Signal stop;
};

}  // namespace k8scale::blocks
