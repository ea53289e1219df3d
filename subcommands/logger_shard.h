#pragma once
#include <functional>
#include <memory>

#include "k8scale/kube/client.h"
#include "k8scale/kube/reflector.h"
#include "k8scale/measure/row_log.h"
#include "k8scale/net/shard.h"
#include "k8scale/net/wait.h"
#include "k8scale/observe/logger.h"
#include "k8scale/observe/logger_metrics.h"

namespace k8scale::subcommands {

/// Whether a logger lists once more when it is stopped, and so finds what the watch did not tell.
enum class FinalList { no, yes };

/// A logger and what it needs, on a shard. Made and destroyed by the main thread; everything else happens on
/// the shard.
class LoggerShard {
 public:
  struct Parameters {
    kube::Collection collection;
    kube::ReflectorOptions reflector;
    observe::LoggerOptions logger;
    FinalList final_list = FinalList::no;
  };

  LoggerShard(const kube::Configuration& configuration, std::shared_ptr<kube::Credentials> credentials,
              kube::ClientOptions options, const Parameters& parameters, measure::RowLog& rows);

  [[nodiscard]] net::Shard& shard() { return shard_; }
  [[nodiscard]] const kube::Client& client() const { return client_; }

  /// Runs until `stop`, and until what is queued was logged.
  [[nodiscard]] net::Task<void> run();
  void stop() { reflector_.stop(); }
  /// Why it ended without a stop.
  [[nodiscard]] const std::optional<kube::ReflectorFailure>& failure() const { return reflector_.failure(); }
  /// Whether it was to list once more at the end, and could not.
  [[nodiscard]] bool lacks_final_list() const { return lacks_final_list_; }
  /// `rows` of the result are left empty.
  [[nodiscard]] observe::LoggerState state() const { return {logger_.snapshot(), reflector_.counters(), {}}; }

 private:
  [[nodiscard]] net::Task<void> list_once_more();

  net::Shard shard_;
  kube::Client client_;
  Parameters parameters_;
  observe::Logger logger_;
  kube::Reflector reflector_;
  bool lacks_final_list_ = false;
  net::StopFirst stop_first_{shard_};
};

}  // namespace k8scale::subcommands
