#include "k8scale/net/shard.h"

#include <chrono>
#include <optional>

#include "catch.h"
#include "k8scale/net/wait.h"

namespace k8scale::net {
namespace {

// Counts down when a coroutine that has it goes.
class Holder {
 public:
  explicit Holder(int& held) : held_(held) { ++held_; }
  ~Holder() { --held_; }
  Holder(const Holder&) = delete;
  Holder& operator=(const Holder&) = delete;

 private:
  int& held_;
};

Task<void> wait_for_ever(Signal& signal, int& held) {
  const Holder holder(held);
  co_await signal.wait();
}

Task<void> sleep_for_ever(Signal& signal, int& held) {
  const Holder holder(held);
  static_cast<void>(co_await signal.wait_until(std::chrono::steady_clock::now() + std::chrono::hours(1)));
}

Task<void> until_held(const int& held, int wanted) {
  while (held < wanted) co_await yield_turn();
}

TEST_CASE("coroutines that are suspended when their shard stops go while what they use is there") {
  Shard shard("stopped");
  int held = 0;
  std::optional<Signal> signal;
  signal.emplace(shard);
  shard.spawn(wait_for_ever(*signal, held));
  shard.spawn(sleep_for_ever(*signal, held));
  shard.run(until_held(held, 2));

  shard.stop();

  CHECK(held == 0);
  signal.reset();
}

}  // namespace
}  // namespace k8scale::net
