#include "logger_shard.h"

#include "k8scale/base/log.h"

namespace k8scale::subcommands {
namespace {

constexpr auto longest_final_list = std::chrono::seconds(10);

base::Random logger_random() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return {static_cast<std::uint64_t>(now.count()), "reflector"};
}

// Hands on the first list, and nothing after it.
class OneList final : public kube::ReflectorSink {
 public:
  OneList(kube::ReflectorSink& sink, net::Signal& ended) : sink_(sink), ended_(ended) {}

  void list_begun() override {
    if (!ended_.raised()) sink_.list_begun();
  }
  void listed(const kube::ObjectView& object, base::SteadyTime received) override {
    if (!ended_.raised()) sink_.listed(object, received);
  }
  void list_ended(std::string_view resource_version) override {
    if (!ended_.raised()) sink_.list_ended(resource_version);
    ended_.raise();
  }
  void changed(kube::EventType /*type*/, const kube::ObjectView& /*object*/,
               base::SteadyTime /*received*/) override {}

 private:
  kube::ReflectorSink& sink_;
  net::Signal& ended_;
};

}  // namespace

LoggerShard::LoggerShard(const kube::Configuration& configuration,
                         std::shared_ptr<kube::Credentials> credentials, kube::ClientOptions options,
                         const Parameters& parameters, measure::RowLog& rows)
    : shard_("logger"),
      client_(shard_, configuration, std::move(credentials), std::move(options)),
      parameters_(parameters),
      logger_(shard_, parameters.logger, rows),
      reflector_(shard_, client_, parameters.collection, parameters.reflector, logger_.sink(),
                 logger_random()) {}

net::Task<void> LoggerShard::list_once_more() {
  net::Signal ended(shard_);
  OneList sink(logger_.sink(), ended);
  kube::Reflector reflector(shard_, client_, parameters_.collection, parameters_.reflector, sink,
                            logger_random());
  net::TaskGroup listing(shard_);
  listing.spawn(reflector.run());
  const bool whole = co_await ended.wait_until(std::chrono::steady_clock::now() + longest_final_list);
  lacks_final_list_ = !whole;
  reflector.stop();
  co_await listing.wait_until_done();
}

net::Task<void> LoggerShard::run() {
  net::TaskGroup workers(shard_);
  workers.spawn(logger_.run());
  co_await reflector_.run();
  const bool lists_again = parameters_.final_list == FinalList::yes && !reflector_.failure();
  if (lists_again) co_await list_once_more();
  logger_.stop();
  co_await workers.wait_until_done();
}

}  // namespace k8scale::subcommands
