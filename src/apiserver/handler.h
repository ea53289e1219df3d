#pragma once
#include <string>

#include "call.h"
#include "core.h"
#include "fault_injector.h"
#include "k8scale/net/server.h"
#include "k8scale/net/wait.h"
#include "list.h"
#include "watch_options.h"
#include "watches.h"
#include "writes.h"

namespace k8scale::apiserver {

/// Answers each request: who asks, what goes wrong on purpose, and what the store says. Belongs to the
/// server's shard.
class ApiHandler {
 public:
  struct Options {
    std::string token;              ///< of the administrator
    std::string server_address;     ///< "host:port"
    std::size_t max_in_flight = 0;  ///< requests for objects at a time, 429 beyond; 0: no limit
    std::vector<Fault> faults;
  };

  ApiHandler(net::Shard& shard, Core& core, Options options, base::Random random);

  [[nodiscard]] net::Task<void> handle(const net::ServerRequest& request, net::Responder& responder);
  /// Ends what waits: injected latencies and stalls, and watches.
  void stop();
  /// Changes whose events are held in their encoded form, for watches that have not shown them.
  [[nodiscard]] std::size_t encoded_changes() const { return frames_.revisions(); }
  /// What the faults did so far.
  [[nodiscard]] std::vector<measure::FaultCount> fault_counts() const { return faults_.counts(); }

 private:
  /// Whoever shows a token that is not the administrator's is refused even what anybody may read.
  enum class Asker { administrator, anonymous, refused };
  [[nodiscard]] Asker asker_of(const net::ServerRequest& request) const;
  [[nodiscard]] std::optional<net::Response> general_answer(const net::ServerRequest& request,
                                                            std::string_view path);
  [[nodiscard]] net::Task<void> handle_call(const Call& call, net::Responder& responder);
  [[nodiscard]] net::Task<void> handle_watch(const Call& call, net::Responder& responder);
  [[nodiscard]] Answer<WatchOptions> watch_options(const Call& call, const Effects& effects) const;
  void compact();
  [[nodiscard]] net::Task<void> wait_out(base::Nanoseconds stall, base::Nanoseconds latency);
  [[nodiscard]] net::Response answer_to(const Call& call);
  [[nodiscard]] net::Response perform(const Call& call);
  [[nodiscard]] net::Response read_one(const Call& call);
  [[nodiscard]] net::Response read_list(const Call& call);
  [[nodiscard]] net::Response removed_collection(const Call& call);
  [[nodiscard]] net::Response written(const Call& call, const Answer<Written>& outcome, int status);

  [[nodiscard]] net::Response call_answer(const Call& call, int status, std::string body);
  [[nodiscard]] net::Response answer(int status, std::string_view type, std::string body);
  [[nodiscard]] net::Response refusal_answer(const Refusal& refusal, Encoding encoding = Encoding::json);

  Core& core_;
  Options options_;
  FaultInjector faults_;
  base::Random random_;
  std::string flow_schema_;
  std::string priority_level_;
  std::size_t in_flight_ = 0;
  base::SteadyTime stalled_until_;
  FrameCache frames_;
  Watches watches_;
  net::Signal stopped_;
};

/// The Status for what the HTTP server refuses by itself: 400, 408, 413, 431.
[[nodiscard]] net::Response transport_refusal(int status, std::string_view reason, std::size_t body_limit);

}  // namespace k8scale::apiserver
