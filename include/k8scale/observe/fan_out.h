#pragma once
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <vector>

#include "k8scale/base/time.h"
#include "k8scale/kube/reflector.h"
#include "k8scale/measure/histogram.h"
#include "k8scale/measure/recorder.h"
#include "k8scale/observe/log_totals.h"

namespace k8scale::observe {

/// What many watches of the same objects showed, all together.
struct FanOutTotals {
  std::uint64_t watches = 0;
  std::uint64_t open = 0;      ///< of them, those that were opened at least once
  std::uint64_t watching = 0;  ///< of them, those that are open now
  std::uint64_t events = 0;    ///< on all watches
  std::uint64_t added = 0;     ///< of them, by type
  std::uint64_t modified = 0;
  std::uint64_t deleted = 0;
  std::uint64_t versions = 0;    ///< different events
  std::uint64_t duplicated = 0;  ///< events that the same watch had shown before
  std::uint64_t reordered = 0;   ///< events that the same watch showed after later ones
  std::uint64_t missed = 0;      ///< for each event, watches that went past it without showing it
  std::uint64_t behind = 0;      ///< for each event, watches that have not come to it
  std::uint64_t relists = 0;     ///< lists that watches needed, since their version was too old
  measure::Span opened;          ///< from the first watch to the last, each for the first time
  base::SteadyTime last_opened;  ///< of any watch, also for another time
  measure::Span received;        ///< from the first event to the last
  measure::Histogram spread;     ///< from the first watch that showed an event to each that did
  /// Of a single watch, where the drivers' annotations give them.
  NotificationLatency create_latency;
  NotificationLatency update_latency;

  void count(kube::EventType type);
  void merge(const FanOutTotals& other);
};

/// Holds many watches of the same objects against each other. All begin at the same version, so each has to
/// show the same events in the same order: they are kept once, and of a watch only how far it has come. A
/// million events are kept at most; older ones are taken for shown. An event that a watch missed and shows
/// late after all is told from a duplicate as long as no more than 10,000 are missed on that watch, and a
/// million on all. Belongs to one shard.
class FanOut {
 public:
  using Watch = std::uint32_t;

  explicit FanOut(std::size_t watches) : positions_(watches) {}

  void opened(Watch watch, base::SteadyTime now);
  void closed() { --totals_.watching; }
  void event(Watch watch, kube::EventType type, std::uint64_t version, base::SteadyTime received);
  /// Nothing up to that version is left for this watch to show.
  void reached(Watch watch, std::uint64_t version);
  /// The watch had to list again, and goes on from that version.
  void relisted(Watch watch, std::uint64_t version);

  /// Up to now.
  [[nodiscard]] FanOutTotals totals() const;
  /// The versions that some watch showed and that are still kept, in their order.
  [[nodiscard]] std::vector<std::uint64_t> versions() const;

 private:
  struct Shown {
    std::uint64_t version;
    base::SteadyTime first;  // when the first watch showed it
  };
  struct Position {
    std::uint64_t next = 0;  // number of the event to come, from the first that was ever shown
    bool open = false;
  };

  [[nodiscard]] std::uint64_t end() const { return dropped_ + shown_.size(); }
  [[nodiscard]] std::uint64_t find(std::uint64_t version) const;
  [[nodiscard]] const Shown& at(std::uint64_t number) const { return shown_[number - dropped_]; }
  void unexpected(Watch watch, std::uint64_t version, base::SteadyTime received);
  void insert(Watch finder, std::uint64_t number, const Shown& event);
  void miss(Watch watch, std::uint64_t version);
  [[nodiscard]] bool came_late(Watch watch, std::uint64_t version);
  void skip_to(Watch watch, std::uint64_t number);
  void drop_old();

  std::deque<Shown> shown_;
  std::uint64_t dropped_ = 0;
  std::vector<Position> positions_;
  std::map<Watch, std::vector<std::uint64_t>> missed_;  // that may still come, in their order
  std::size_t awaited_ = 0;                             // of all watches
  FanOutTotals totals_;
};

/// The totals of several shards that watched the same objects, each event of one held against the others'.
[[nodiscard]] FanOutTotals merge(const std::vector<const FanOut*>& shards);

/// One watch of many, as a reflector sees it: two words.
class FanOutSink final : public kube::ReflectorSink {
 public:
  FanOutSink(FanOut& fan_out, FanOut::Watch watch) : fan_out_(fan_out), watch_(watch) {}

  void watch_opened(base::SteadyTime now) override { fan_out_.opened(watch_, now); }
  void watch_closed() override { fan_out_.closed(); }
  void list_begun() override {}
  void listed(const kube::ObjectView& /*object*/, base::SteadyTime /*received*/) override {}
  void list_ended(std::string_view resource_version) override;
  void changed(kube::EventType type, const kube::ObjectView& object, base::SteadyTime received) override;
  void bookmark(std::string_view resource_version) override;

 private:
  FanOut& fan_out_;
  FanOut::Watch watch_;
};

}  // namespace k8scale::observe
