#pragma once
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "k8scale/base/random.h"
#include "k8scale/base/time.h"
#include "k8scale/kube/client.h"
#include "k8scale/kube/encoding.h"
#include "k8scale/net/shard.h"
#include "k8scale/net/task.h"

namespace k8scale::kube {

enum class EventType { added, modified, deleted };

/// An object as a list or an event shows it. Views last until the call that passes it returns.
struct ObjectView {
  std::string_view namespace_name;
  std::string_view name;
  std::string_view uid;
  std::string_view resource_version;
  std::optional<base::WallTime> created;  ///< metadata.creationTimestamp
  /// The values of ReflectorOptions::annotations, in that order; empty for one that is absent.
  std::span<const std::string_view> annotations;
  /// Of uid, resourceVersion, labels, annotations and data: the same for what is equal in these.
  std::uint64_t content_hash = 0;
};

/// What a reflector tells, in the order of the wire. Called on the reflector's shard.
class ReflectorSink {
 public:
  virtual ~ReflectorSink() = default;
  /// A list begins: objects that are not `listed` until it has ended exist no more. When a list breaks off,
  /// another `list_begun` follows instead of its end.
  virtual void list_begun() = 0;
  virtual void listed(const ObjectView& object, base::SteadyTime received) = 0;
  virtual void list_ended(std::string_view resource_version) = 0;
  /// An event of the watch.
  virtual void changed(EventType type, const ObjectView& object, base::SteadyTime received) = 0;
  virtual void bookmark(std::string_view /*resource_version*/) {}
  /// A watch was opened: what happens from now on comes as an event.
  virtual void watch_opened(base::SteadyTime /*now*/) {}
  /// It ended, or broke: nobody watches until the next one is opened.
  virtual void watch_closed() {}
};

/// How long a reflector waits for what; client-go's times. Tests shorten them.
struct ReflectorTimes {
  base::Nanoseconds first_pause = std::chrono::milliseconds(800);  ///< after a failure; then doubled
  base::Nanoseconds longest_pause = std::chrono::seconds(30);
  base::Nanoseconds calm = std::chrono::minutes(2);  ///< without a failure: the next pause is the first again
  /// A watch that ended sooner and told nothing, and whatever else fails again this soon, is followed by a
  /// pause; a watch that broke after it had brought news is not.
  base::Nanoseconds short_watch = std::chrono::seconds(1);
  base::Nanoseconds list_progress = std::chrono::seconds(10);     ///< longest silence of a streamed list
  base::Nanoseconds list_whole = std::chrono::seconds(60);        ///< until it is whole: then plain ones
  base::Nanoseconds page_progress = std::chrono::seconds(60);     ///< longest silence of another one
  std::chrono::seconds shortest_watch = std::chrono::minutes(5);  ///< asked for: 1 to 2 times this, random
};

/// What a reflector does when a watch has ended.
enum class AfterWatch {
  resume,      ///< goes on from the last version seen; what fails is tried again
  list_again,  ///< begins anew; a list that fails and a watch that cannot be opened end `run`
};

struct ReflectorOptions {
  Encoding encoding = Encoding::json;  ///< protobuf falls back to JSON when the server has none (406)
  bool gzip = false;                   ///< ask for compressed lists
  bool metadata_only = false;          ///< ask for PartialObjectMetadata
  bool stream_lists = true;            ///< WatchList where the server has it
  std::vector<std::string> annotations;
  std::string label_selector;
  std::string field_selector;
  std::uint64_t page_size = 500;  ///< of a list that is not streamed
  AfterWatch after_watch = AfterWatch::resume;
  bool gives_up_on_unknown = false;  ///< `run` ends when the server has no such resource from the start (404)
  std::string start_version;         ///< not empty: begin with a watch from there, without a list
  ReflectorTimes times;
};

/// How often what happened, by the reason in the server's words, or the kind of failure.
using ErrorCounts = std::map<std::string, std::uint64_t, std::less<>>;

/// Counts an error. A reason is cut to 64 characters, and what is not printable ASCII becomes '?'; when there
/// are 64 reasons, further ones are counted under "other". What it was counted under.
std::string_view count_error(ErrorCounts& errors, std::string_view reason, std::uint64_t times = 1);

/// What happened so far.
struct ReflectorCounters {
  std::uint64_t lists = 0;    ///< that were complete; the second and later ones are relists
  std::uint64_t watches = 0;  ///< that were opened, streamed lists among them
  std::uint64_t resumes = 0;  ///< of them, those that went on from the last version seen
  std::uint64_t expired = 0;  ///< 410, in both its forms
  std::uint64_t bookmarks = 0;
  std::uint64_t garbage = 0;  ///< events or lists that made no sense
  std::uint64_t bytes = 0;    ///< of HTTP bodies, as they came over the wire
  ErrorCounts errors;
};

/// Why a reflector gave up.
struct ReflectorFailure {
  enum class Step { list, watch };
  Step step = Step::list;
  std::string message;
};

/// Keeps up with the objects of a collection as client-go's reflector does: a list, streamed by a watch where
/// the server can do that; then a watch from the list's version, resumed from the last version seen whenever
/// it ends, and a new list when that version is too old. Failures are tried again for ever, after an
/// exponential pause of 0.8 s to 30 s, lengthened by a random part of itself, or the longer one that
/// Retry-After asks for. What makes no sense is logged once for each kind and LogMemory, other errors at most
/// every 10 s. Objects are parsed as they stream in: no more than one of them is in memory, at most 32 MiB.
/// Belongs to the shard; what is passed by reference must outlive `run`.
class Reflector {
 public:
  Reflector(net::Shard& shard, Client& client, Collection collection, ReflectorOptions options,
            ReflectorSink& sink, base::Random random);
  ~Reflector();
  Reflector(const Reflector&) = delete;
  Reflector& operator=(const Reflector&) = delete;

  /// Runs until `stop`, or until it gives up (AfterWatch::list_again, gives_up_on_unknown).
  [[nodiscard]] net::Task<void> run();
  /// `run` returns soon: a watch is dropped where it stands.
  void stop();
  [[nodiscard]] const ReflectorCounters& counters() const;
  [[nodiscard]] const std::optional<ReflectorFailure>& failure() const;

  struct State;

 private:
  std::shared_ptr<State> state_;
};

}  // namespace k8scale::kube
