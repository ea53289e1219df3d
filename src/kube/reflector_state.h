#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "k8scale/kube/reflector.h"
#include "k8scale/net/wait.h"
#include "kube/backoff.h"
#include "kube/body.h"
#include "kube/list_watch_query.h"
#include "kube/shared_by_reflectors.h"

namespace k8scale::kube {

/// How a list or a watch ended.
struct Ending {
  enum class Kind {
    complete,  ///< a list is whole, or a watch ended in good order
    lost,      ///< no connection, or it broke: `detail`
    refused,   ///< `status` says why, by HTTP or by an ERROR event
    stalled,   ///< a streamed list was not whole in time, or will never be
    garbage,   ///< `detail`
  };
  Kind kind = Kind::complete;
  Status status;
  std::string detail;
  std::string_view reason;  ///< of a loss: the kind of failure
  bool in_stream = false;   ///< an ERROR event
};

/// What a reflector does next.
enum class Step { list, watch };

struct Reflector::State {
  State(net::Shard& on, Client& with, Collection what, ReflectorOptions how, ReflectorSink& to,
        base::Random random_source);

  [[nodiscard]] static net::Task<void> run(std::shared_ptr<State> self);
  [[nodiscard]] net::Task<Ending> take_step();
  [[nodiscard]] net::Task<Ending> list();
  [[nodiscard]] net::Task<Ending> read_pages(ListStart start);
  [[nodiscard]] net::Task<Ending> watch(InitialEvents initial);
  [[nodiscard]] net::Task<Ending> read(net::ResponseStream& stream, Body& body, base::SteadyTime deadline);
  /// How long the next bytes of a watch are waited for.
  [[nodiscard]] base::Nanoseconds time_to_read(base::SteadyTime deadline) const;
  [[nodiscard]] std::optional<Ending> take_all(Body& body, base::SteadyTime received);
  [[nodiscard]] std::optional<Ending> take(const Finding& finding, const Body& body,
                                           base::SteadyTime received);
  /// What the server answers in, which need not be what it was asked for.
  void note_encoding(Encoding found);
  void tell_encoding();
  /// JSON told something.
  void end_trial();
  void take_change(const Finding& finding, base::SteadyTime received);
  [[nodiscard]] std::optional<Ending> take_bookmark(const Finding& finding);
  void go_on_to(std::string_view resource_version);
  void begin_list();
  void end_list(std::string_view resource_version);
  [[nodiscard]] std::string_view list_version() const;

  /// Whether `ending` ends it all.
  [[nodiscard]] bool gives_up(const Ending& ending);
  /// Decides on `step` and returns how long to wait before it.
  [[nodiscard]] base::Nanoseconds plan(const Ending& ending, base::SteadyTime now);
  [[nodiscard]] base::Nanoseconds plan_after_refusal(const Ending& ending, base::SteadyTime now);
  [[nodiscard]] base::Nanoseconds plan_after_garbage(base::SteadyTime now);
  [[nodiscard]] base::Nanoseconds plan_too_large(const Status& status, base::SteadyTime now);
  /// What the server asks for, but no less than the next pause.
  [[nodiscard]] base::Nanoseconds pause_after_refusal(const Status& status, base::SteadyTime now);
  /// None, unless that happened a moment ago.
  [[nodiscard]] base::Nanoseconds pause_if_often(base::SteadyTime now);
  [[nodiscard]] bool protobuf_seems_broken(base::SteadyTime now);
  [[nodiscard]] bool is_fallback(const Ending& ending) const;
  void report(const Ending& ending, base::SteadyTime now);

  net::Shard& shard;
  Client& client;
  const Collection collection;
  const ReflectorOptions options;
  ReflectorSink& sink;
  base::Random random;
  ReflectorCounters counters;
  Backoff backoff;
  net::Signal stopped;
  net::Cancellation cancellation;

  Step step;
  std::optional<ReflectorFailure> failure;
  std::string version;  ///< the last one seen; empty before the first list
  bool version_lost;    ///< list without it: the server does not know it any more, or nobody asks for it
  bool stream_lists;
  Encoding encoding;
  bool listing = false;  ///< what comes now is there, rather than changes
  bool resuming = false;
  bool list_whole = false;  ///< the list of this step has ended
  bool opened = false;      ///< this step is a watch, and it was opened
  std::uint64_t told = 0;   ///< findings of this step
  bool news = false;        ///< an event or a bookmark of this step has taken `version` further
  std::string list_token;   ///< for the next page
  base::SteadyTime began;   ///< this step
  base::SteadyTime last_immediate;
  std::string garbage_after;  ///< the version after which garbage came last
  int too_large_in_a_row = 0;
  int silent_ends = 0;         ///< in a row, of watches that told nothing
  bool json_on_trial = false;  ///< protobuf told nothing; does JSON?
};

}  // namespace k8scale::kube
