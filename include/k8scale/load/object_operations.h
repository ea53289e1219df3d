#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "k8scale/base/time.h"
#include "k8scale/kube/client.h"
#include "k8scale/load/distribution.h"
#include "k8scale/load/object_text.h"
#include "k8scale/load/operation_recorder.h"
#include "k8scale/load/run_id.h"
#include "k8scale/load/server_set.h"
#include "k8scale/net/task.h"

namespace k8scale::load {

/// The objects of a run: how they are named, where they are and what they look like. Immutable, so that
/// shards share it.
struct ObjectFamily {
  std::vector<std::string> namespaces;        ///< at least one
  std::vector<kube::Collection> collections;  ///< one for each namespace
  NamespaceSpread spread{1, 0, 0};
  ObjectNames names;
  ObjectText text;
  std::string field_manager;
  std::string numbered_creates;  ///< when not empty: creates carry `r=` this and `i=` the object's number

  [[nodiscard]] const kube::Collection& collection_of(std::uint64_t number) const {
    return collections[spread.of(number)];
  }
  [[nodiscard]] const std::string& namespace_of(std::uint64_t number) const {
    return namespaces[spread.of(number)];
  }
};

/// Which objects a list asks for.
struct ListParameters {
  std::string label_selector;  ///< empty: all
  std::uint64_t limit = 500;   ///< 0: no limit
};

/// Whether the population has the object that is deleted.
enum class Counted { yes, no };
/// Whether a delete is recorded and has a row.
enum class Recorded { yes, no };

/// The operations of one shard on its objects, each recorded from the moment that the schedule wanted it, and
/// what they may have left on the servers. Belongs to the shard.
class ObjectOperations {
 public:
  ObjectOperations(ServerSet& servers, std::shared_ptr<const ObjectFamily> family,
                   OperationRecorder::Sinks sinks);

  /// The server that one worker always uses; nothing: each operation is given one.
  using Server = std::optional<std::size_t>;

  [[nodiscard]] net::Task<kube::Answer> create(std::uint64_t number, Begin begin, Server server = {});
  /// Creates an object of before the run, without a record.
  [[nodiscard]] net::Task<kube::Answer> prepare(std::uint64_t number);
  /// The object's update `phase`, as a PATCH; recorded as `verb`.
  [[nodiscard]] net::Task<kube::Answer> patch(std::uint64_t number, std::uint64_t phase, Begin begin,
                                              measure::Verb verb, Server server = {});
  /// The same as a PUT of version `resource_version`; empty: of any.
  [[nodiscard]] net::Task<kube::Answer> replace(std::uint64_t number, std::uint64_t phase,
                                                std::string_view resource_version, Begin begin);
  [[nodiscard]] net::Task<kube::Answer> get(std::uint64_t number, Begin begin);
  /// Lists the namespace of that place. Its row's name says how many items and bytes came.
  [[nodiscard]] net::Task<kube::Answer> list(std::size_t place, const ListParameters& parameters,
                                             Begin begin);
  [[nodiscard]] net::Task<kube::Answer> remove(std::uint64_t number, Begin begin,
                                               Counted counted = Counted::yes, Server server = {});
  /// From now on operations are counted, but their times are no part of the measurement.
  void stop_measuring() { sinks_.measured = false; }
  /// Deletes later, in `clean_up`; first on `server`.
  void leave_to_clean_up(std::uint64_t number, Recorded recorded, Server server = {});

  /// Deletes what may still be there: objects whose create brought no clear answer, whose delete failed, or
  /// that were left to it. Tries several times, on each server in turn, until `deadline`. Not part of the
  /// measurement, so it leaves no records but those that were asked for, of each object's first delete.
  [[nodiscard]] net::Task<void> clean_up(net::Shard& shard, base::SteadyTime deadline);
  /// Objects that may be left on the server although the population does not count them.
  [[nodiscard]] std::size_t uncounted() const;

  [[nodiscard]] const ObjectFamily& family() const { return *family_; }
  [[nodiscard]] std::size_t servers() const { return servers_.size(); }
  [[nodiscard]] Crowd crowd() const { return servers_.crowd(); }

 private:
  struct Leftover {
    std::uint64_t number = 0;
    std::size_t server = 0;  // that was asked last
    bool counted = false;    // in the population
    Recorded recorded = Recorded::no;
    bool gone = false;
    bool may_be_our_doing = false;  // a delete of the clean-up, which may have brought no answer
  };
  [[nodiscard]] std::string create_query(std::uint64_t number) const;
  [[nodiscard]] std::string text_of(std::uint64_t number, std::string_view name) const;
  [[nodiscard]] net::Task<void> remove_leftovers(std::size_t& next);
  void note_cleaned_up(std::string name);

  ServerSet& servers_;
  std::shared_ptr<const ObjectFamily> family_;
  OperationRecorder::Sinks sinks_;
  std::string field_manager_query_;
  std::vector<Leftover> leftovers_;
  std::size_t clean_up_round_ = 0;
};

}  // namespace k8scale::load
