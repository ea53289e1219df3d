#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "k8scale/base/random.h"
#include "k8scale/load/loop.h"
#include "k8scale/load/open_loop.h"

namespace k8scale::load {

/// How often each kind of operation is chosen.
class OperationMix {
 public:
  /// Reads "create=1,get=10,delete=1"; nothing when it is none, has a word twice, or the weights are all 0.
  [[nodiscard]] static std::optional<OperationMix> parse(std::string_view text);
  /// Whether that is one part of such a text, "get=10", with any weight.
  [[nodiscard]] static bool is_part(std::string_view text);
  /// The text that `parse` reads.
  [[nodiscard]] std::string text() const;

  [[nodiscard]] measure::Verb choose(base::Random& random) const;
  [[nodiscard]] double weight(measure::Verb verb) const { return weights_[static_cast<std::size_t>(verb)]; }

 private:
  std::array<double, measure::all_verbs.size()> weights_{};
  double sum_ = 0;
};

/// The objects that exist, any of which can be drawn.
class LivingObjects {
 public:
  struct Object {
    std::uint64_t number = 0;
    std::uint64_t updates = 0;     ///< so far
    std::string resource_version;  ///< the newest that is known; empty: none is
    bool written = false;          ///< a write of it is under way
  };

  void add(Object object);
  [[nodiscard]] bool empty() const { return objects_.empty(); }
  [[nodiscard]] const std::vector<Object>& all() const { return objects_; }
  /// The one that a random number stands for.
  [[nodiscard]] Object& draw(std::uint64_t random) { return objects_[random % objects_.size()]; }
  /// The same, or one that follows, so that no write of it is under way, unless that holds for all.
  [[nodiscard]] Object& draw_unwritten(std::uint64_t random);
  /// Null when it is gone.
  [[nodiscard]] Object* find(std::uint64_t number);
  /// The object had that version; nothing changes when a newer one is known, or it is gone.
  void learn(std::uint64_t number, std::string_view resource_version);
  void remove(std::uint64_t number);

 private:
  std::vector<Object> objects_;
  std::unordered_map<std::uint64_t, std::size_t> places_;  // by number
};

/// Whether objects stay after the run.
enum class Keep { yes, no };

/// Each arrival is one operation, chosen by weight. What is not a create or a list is about an object of this
/// shard, any of those that exist. Which operation the k-th is depends on the seed alone.
///
/// An update is a PUT of the newest version that answers have shown. When it fails as a conflict, somebody
/// else has changed the object, or another of these operations has, where fewer objects exist than are
/// written at a time: one with data is then put whatever its version, the next time.
class MixedLoop final : public Loop {
 public:
  struct Parameters {
    OpenLoopParameters arrivals;
    std::uint64_t workers = 0;  ///< when not 0: so many do one operation after the other instead,
                                ///< `arrivals.count` in all
    double rate = 0;  ///< of these workers' operations, all together, per second; 0: as fast as they go
    OperationMix mix;
    std::uint64_t initial = 0;  ///< objects of the whole run that exist before it begins
    ListParameters list;
    Keep keep = Keep::no;
  };
  MixedLoop(const LoopContext& context, Parameters parameters);
  [[nodiscard]] net::Task<void> prepare() override;
  [[nodiscard]] net::Task<void> run(base::SteadyTime start) override;

  /// Operations that found no object to be about, and were not begun.
  [[nodiscard]] std::uint64_t without_object() const { return without_object_; }

  /// Objects that were to exist before the run, and could not be made.
  struct Unprepared {
    std::uint64_t count = 0;
    std::string first_error;
  };
  [[nodiscard]] const Unprepared& unprepared() const { return unprepared_; }

 private:
  struct Choice {
    measure::Verb verb;
    std::uint64_t object;  // a random number
  };
  [[nodiscard]] Choice choice_of(std::uint64_t number) const;
  [[nodiscard]] net::Task<void> perform(std::uint64_t number, Begin begin);
  [[nodiscard]] net::Task<void> create(std::uint64_t number, Begin begin);
  [[nodiscard]] net::Task<void> use_object(Choice choice, Begin begin);
  [[nodiscard]] net::Task<void> change(Choice choice, Begin begin);
  [[nodiscard]] net::Task<void> prepare_some(std::uint64_t& next);
  [[nodiscard]] net::Task<void> work(std::uint64_t worker, base::SteadyTime start);
  [[nodiscard]] std::uint64_t own_part_of(std::uint64_t count) const;

  LoopContext context_;
  Parameters parameters_;
  LivingObjects living_;
  std::uint64_t without_object_ = 0;
  Unprepared unprepared_;
};

}  // namespace k8scale::load
