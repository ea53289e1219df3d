#pragma once
#include <mutex>

namespace k8scale::subcommands {

/// A value that one thread changes while others look at it.
template <class T>
class Latest {
 public:
  /// `change` is called with the value, which nobody looks at meanwhile.
  template <class Change>
  void update(Change change) {
    const std::lock_guard lock(mutex_);
    change(value_);
  }
  /// What `look` makes of the value, which does not change meanwhile.
  template <class Look>
  [[nodiscard]] auto look(Look look) const {
    const std::lock_guard lock(mutex_);
    return look(value_);
  }

 private:
  mutable std::mutex mutex_;
  T value_;
};

}  // namespace k8scale::subcommands
