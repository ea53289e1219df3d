#include "k8scale/net/deadlines.h"

#include <cassert>

#include "k8scale/net/wait.h"

namespace k8scale::net {

Deadline::Deadline(Shard& shard, std::function<void()> on_passed)
    : shard_(shard), on_passed_(std::move(on_passed)) {
  shard.deadlines().add(shard, *this);
}

Deadline::~Deadline() { assert(shard_.owned_by_this_thread()); }

void Deadline::set(base::SteadyTime at) {
  at_ = at;
  passed_ = false;
}

void Deadlines::add(Shard& shard, Deadline& deadline) {
  all_.push_back(deadline);
  if (sweeping_) return;
  sweeping_ = true;
  shard.spawn(sweep());
}

Task<void> Deadlines::sweep() {
  while (!all_.empty()) {
    co_await sleep_for(std::chrono::milliseconds(50));
    end_those_before(std::chrono::steady_clock::now());
  }
  sweeping_ = false;
}

void Deadlines::end_those_before(base::SteadyTime now) {
  for (auto place = all_.begin(); place != all_.end();) {
    Deadline& deadline = *place++;
    if (deadline.at_ > now) continue;
    deadline.clear();
    deadline.passed_ = true;
    deadline.on_passed_();
  }
}

}  // namespace k8scale::net
