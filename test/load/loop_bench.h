#pragma once
#include <memory>

#include "fake_api.h"
#include "k8scale/load/loop.h"

namespace k8scale::load {

/// What a loop needs, against a server that answers as it is told.
class LoopBench {
 public:
  explicit LoopBench(FakeApi::Script script, Lane lane = {})
      : api(std::move(script)), log_(folder_.path() / "rows"), lane_(lane) {}

  [[nodiscard]] LoopContext context() { return {api.shard, operations_, recorder_, lane_, stop}; }
  void run(Loop& loop) {
    api.shard.run(loop.prepare());
    api.shard.run(loop.run(std::chrono::steady_clock::now()));
  }
  void clean_up() {
    api.shard.run(
        operations_.clean_up(api.shard, std::chrono::steady_clock::now() + std::chrono::seconds(10)));
  }
  [[nodiscard]] const measure::Snapshot& totals() const { return recorder_.snapshot(); }
  [[nodiscard]] const measure::VerbTotals& of(measure::Verb verb) const { return totals().of(verb); }

 private:
  Folder folder_;

 public:
  FakeApi api;
  net::Signal stop{api.shard};

 private:
  measure::Recorder recorder_;
  measure::OperationLog log_;
  Lane lane_;
  ObjectOperations operations_{*api.servers, config_map_family(), {recorder_, log_}};
};

}  // namespace k8scale::load
