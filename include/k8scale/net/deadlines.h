#pragma once
#include <boost/intrusive/list.hpp>
#include <functional>

#include "k8scale/base/time.h"
#include "k8scale/net/shard.h"

namespace k8scale::net {

class Deadlines;

/// A moment after which some input or output is given up. Moving it costs nothing, so that each request can
/// set one; it is noticed within 50 ms. Belongs to its shard and goes on its thread, or after it has stopped,
/// which builds with assertions check.
class Deadline
    : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
 public:
  /// `on_passed` is called once for each time that is set and passes.
  Deadline(Shard& shard, std::function<void()> on_passed);
  ~Deadline();
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;

  void set(base::SteadyTime at);
  void clear() { at_ = base::SteadyTime::max(); }
  [[nodiscard]] bool passed() const { return passed_; }

 private:
  friend class Deadlines;

  [[maybe_unused]] const Shard& shard_;
  base::SteadyTime at_ = base::SteadyTime::max();
  bool passed_ = false;
  std::function<void()> on_passed_;
};

/// The deadlines of one shard, looked through 20 times a second while there are any.
class Deadlines {
 public:
  void add(Shard& shard, Deadline& deadline);

 private:
  Task<void> sweep();
  void end_those_before(base::SteadyTime now);

  boost::intrusive::list<Deadline, boost::intrusive::constant_time_size<false>> all_;
  bool sweeping_ = false;
};

}  // namespace k8scale::net
