#pragma once
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "k8scale/base/time.h"
#include "k8scale/kube/client.h"
#include "k8scale/load/lane.h"
#include "k8scale/load/run_object.h"
#include "k8scale/load/server_clock.h"
#include "k8scale/net/shard.h"
#include "k8scale/net/task.h"
#include "k8scale/net/wait.h"

namespace k8scale::load {

/// What meeting came to: a start, or a failure, or neither when it was stopped.
struct Meeting {
  std::optional<base::WallTime> start;  ///< whole milliseconds
  std::string failure;                  ///< one line for people
};

/// Where the parts of a run meet before their schedules begin: the ConfigMap RUNID-start. Each part adds a
/// key to its data; who finds the keys of all first adds the moment at which they begin. Belongs to the
/// shard; what is passed by reference must outlive it.
///
/// | key of the data | value |
/// |---|---|
/// | `run` | what the parts must have in common, JSON |
/// | `part-I.TOKEN` | when part I joined; the token tells two processes that say they are the same part |
/// | `start` | the moment of the start, RFC 3339 |
///
/// A ConfigMap of that name that goes with another Job than ours is what a Job left that was deleted: it is
/// removed.
class StartBarrier {
 public:
  struct Options {
    std::string run_id;
    Part part;
    std::string token;                                     ///< of this process: letters and digits
    nlohmann::ordered_json run;                            ///< an object: what all parts must have in common
    std::optional<JobOwner> owner;                         ///< nothing: the ConfigMap belongs to nobody
    base::Nanoseconds deadline = std::chrono::minutes(5);  ///< for all to join
    base::Nanoseconds margin = std::chrono::seconds(5);    ///< from the last that joins to the start
    base::Nanoseconds period = std::chrono::milliseconds(200);  ///< of looking
    base::Nanoseconds longest_leave = std::chrono::seconds(5);  ///< then no other try to leave begins
  };

  StartBarrier(net::Shard& shard, kube::Client& client, std::string_view namespace_name, Options options);

  /// Joins, and waits until all parts have. After a failure this part has left.
  [[nodiscard]] net::Task<Meeting> meet();
  /// `meet` ends soon.
  void stop() { stop_.raise(); }
  /// Takes back that this part joined, if it did; the last one to leave removes the ConfigMap.
  [[nodiscard]] net::Task<void> leave();

  /// What the answers told of the server's clock.
  [[nodiscard]] ServerClock& clock() { return clock_; }
  [[nodiscard]] const ServerClock& clock() const { return clock_; }

 private:
  // What is seen of the others.
  struct View {
    std::string resource_version;
    std::vector<std::uint64_t> missing;
    std::string rival;  // when another process says that it is this part: since when
    std::string run;
    std::optional<base::WallTime> start;
    bool joined = false;  // this process
    bool empty = true;    // nobody is there
    std::string former;   // the ConfigMap's uid when it goes with another Job
  };

  void read_key(std::string_view key, const std::string& value, View& view) const;
  [[nodiscard]] View view_of(const RunObject& object) const;
  [[nodiscard]] net::Task<std::optional<View>> ask(net::Task<kube::Answer> call);
  void note(const kube::Answer& answer);
  [[nodiscard]] net::Task<void> remove(std::string options);
  [[nodiscard]] net::Task<std::optional<View>> try_to_join(std::string text);
  [[nodiscard]] net::Task<std::optional<View>> join();
  [[nodiscard]] net::Task<std::optional<View>> patch(std::string body);
  [[nodiscard]] net::Task<Meeting> wait_for_all(View view);
  [[nodiscard]] net::Task<bool> agree(View& view);
  [[nodiscard]] net::Task<Meeting> withdraw(View view);
  [[nodiscard]] net::Task<bool> pause();
  [[nodiscard]] std::string objection(const View& view) const;
  [[nodiscard]] Meeting too_late(const View& view) const;
  [[nodiscard]] bool over() const;

  net::Shard& shard_;
  kube::Client& client_;
  kube::Collection collection_;
  Options options_;
  std::string name_;
  std::string key_;
  net::Signal stop_;
  base::SteadyTime give_up_;
  bool joined_ = false;
  bool not_found_ = false;     // the last answer
  bool conflict_ = false;      // the last answer
  std::string trouble_;        // what kept the last call from doing what it should
  bool vanished_ = false;      // what was there already when this part tried to join
  bool hopeless_ = false;      // and will keep the next
  std::string start_trouble_;  // what kept the last start from being set, but for another part
  ServerClock clock_;
  kube::AttemptObserver observe_;
};

}  // namespace k8scale::load
