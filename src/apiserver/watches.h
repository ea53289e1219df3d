#pragma once
#include <boost/intrusive/list.hpp>
#include <vector>

#include "frame_cache.h"
#include "k8scale/net/shard.h"
#include "k8scale/net/wait.h"

namespace k8scale::apiserver {

/// All watches of the server, which rest here until there is something for them. A change wakes only those of
/// its resource, a few at a time, so that requests are answered between them however many there are; what
/// changes meanwhile, a watch finds all at once. Belongs to the server's shard.
class Watches {
 public:
  using Hook = boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

  /// A watch, as long as it lives.
  class Member : public Hook {
   public:
    Member(Watches& watches, std::size_t resource) : resource_(resource) {
      watches.running_.push_back(*this);
    }

    std::uint64_t seen = 0;  ///< the revision up to which the watch has shown everything

   private:
    friend class Watches;
    std::size_t resource_;
    bool rests_ = false;
    base::SteadyTime until_;
    net::Parking parking_;
  };

  Watches(net::Shard& shard, const Store& store, FrameCache& frames);

  /// Returns after a change of the member's resource, at `until` (up to 100 ms late), or when it is woken.
  /// The member has seen everything.
  [[nodiscard]] net::Task<void> rest(Member& member, base::SteadyTime until);

  /// After the store changed.
  void changed();
  /// After the store forgot the past: who has seen everything loses nothing.
  void compacted();
  void wake(Member& member);
  void wake_all();

 private:
  using List = boost::intrusive::list<Member, boost::intrusive::constant_time_size<false>>;

  void start_waking();
  void wake_some();
  void wake_those_before(base::SteadyTime now);
  [[nodiscard]] net::Task<void> keep_time();
  [[nodiscard]] bool all_awake() const;
  void release_frames();

  net::Shard& shard_;
  const Store& store_;
  FrameCache& frames_;
  std::vector<List> resting_;  // by resource
  List due_;                   // resting, but to be woken
  List running_;
  std::uint64_t told_;  // changes up to this revision have made their watches due
  base::SteadyTime earliest_ = base::SteadyTime::max();  // no resting one is due by its time before this
  bool waking_ = false;
  bool keeping_time_ = false;
};

}  // namespace k8scale::apiserver
