#include "k8scale/observe/work_queue.h"

#include <algorithm>
#include <set>
#include <vector>

#include "catch.h"
#include "k8scale/base/random.h"

namespace k8scale::observe {
namespace {

using namespace std::chrono_literals;

Moment at(base::Nanoseconds offset) {
  return {base::SteadyTime(1000s + offset), base::WallTime(1'700'000'000s + offset)};
}

TEST_CASE("a key is queued once however often it is added, and carries what was added") {
  WorkQueue queue;
  queue.add("a", Change::add, at(1ms));
  queue.add("b", Change::remove, at(2ms));
  queue.add("a", Change::update, at(3ms));
  queue.add("a", Change::update, at(4ms));
  CHECK(queue.ready() == 2);
  const auto item = queue.take(at(5ms));
  REQUIRE(item);
  CHECK(item->key == "a");
  CHECK(item->changes.adds == 1);
  CHECK(item->changes.updates == 2);
  CHECK(item->changes.deletes == 0);
  CHECK(item->first.steady == at(1ms).steady);
  CHECK(item->last.wall == at(4ms).wall);
  CHECK(queue.take(at(5ms))->changes.deletes == 1);
  CHECK_FALSE(queue.take(at(5ms)));
}

TEST_CASE("a key that is added while it is processed is processed once more afterwards") {
  WorkQueue queue;
  queue.add("a", Change::add, at(0ms));
  REQUIRE(queue.take(at(0ms)));
  queue.add("a", Change::update, at(1ms));
  queue.add("a", Change::update, at(2ms));
  CHECK_FALSE(queue.take(at(3ms)));
  queue.done("a");
  const auto again = queue.take(at(4ms));
  REQUIRE(again);
  CHECK(again->changes.adds == 0);
  CHECK(again->changes.updates == 2);
  CHECK(again->first.steady == at(1ms).steady);
  queue.done("a");
  CHECK(queue.ready() == 0);
  CHECK(queue.processing() == 0);
}

TEST_CASE("a key that failed comes back after its pause with what was queued for it") {
  WorkQueue queue;
  queue.add("a", Change::add, at(0ms));
  const auto failed = queue.take(at(1ms));
  queue.requeue(*failed, at(1ms));
  queue.done("a");
  CHECK(queue.resting() == 1);
  CHECK(queue.next_due() == at(6ms).steady);
  CHECK_FALSE(queue.take(at(5ms)));
  const auto back = queue.take(at(6ms));
  REQUIRE(back);
  CHECK(back->changes.adds == 1);
  CHECK(back->first.steady == at(0ms).steady);
  CHECK_FALSE(queue.next_due());
}

TEST_CASE("what is added to a key that rests makes it ready at once") {
  WorkQueue queue;
  queue.add("a", Change::add, at(0ms));
  queue.requeue(*queue.take(at(0ms)), at(0ms));
  queue.done("a");
  queue.add("a", Change::update, at(1ms));
  const auto item = queue.take(at(1ms));
  REQUIRE(item);
  CHECK(item->changes.adds == 1);
  CHECK(item->changes.updates == 1);
  CHECK(item->first.steady == at(0ms).steady);
  CHECK(item->last.steady == at(1ms).steady);
}

TEST_CASE("after the shutdown nothing is added, and what was ready can be taken") {
  WorkQueue queue;
  for (const char* key : {"ready", "rests", "processed"}) queue.add(key, Change::add, at(0ms));
  const auto ready = queue.take(at(0ms));
  const auto rests = queue.take(at(0ms));
  queue.requeue(*rests, at(0ms));
  queue.done(rests->key);
  queue.done(ready->key);
  queue.add("ready", Change::update, at(1ms));
  queue.shut_down();
  CHECK(queue.shutting_down());
  CHECK(queue.resting() == 0);
  queue.add("late", Change::add, at(2ms));
  queue.requeue(*ready, at(2ms));
  CHECK(queue.take(at(1h))->key == "processed");
  CHECK(queue.take(at(1h))->key == "ready");
  CHECK_FALSE(queue.take(at(2h)));
}

TEST_CASE("a key's pause doubles with each failure, from 5 ms to 1000 s, until it is forgotten") {
  RequeueLimiter limiter;
  base::Nanoseconds now{0};
  base::Nanoseconds expected = 5ms;
  for (int failure = 0; failure < 40; ++failure) {
    now += 1h;
    CHECK(limiter.pause("a", at(now).steady) == std::min<base::Nanoseconds>(expected, 1000s));
    expected = std::min<base::Nanoseconds>(2 * expected, 2000s);
  }
  CHECK(limiter.failures("a") == 40);
  limiter.forget("a");
  CHECK(limiter.failures("a") == 0);
  CHECK(limiter.pause("a", at(now + 1h).steady) == 5ms);
}

TEST_CASE("after a burst of 100 failures all keys together come back 10 a second") {
  RequeueLimiter limiter;
  for (int i = 0; i < 100; ++i) CHECK(limiter.pause(std::to_string(i), at(0s).steady) == 5ms);
  for (int i = 1; i <= 50; ++i) {
    CHECK(limiter.pause("more" + std::to_string(i), at(0s).steady) ==
          std::max<base::Nanoseconds>(5ms, i * 100ms));
  }
  // Five seconds later those are paid for, and ten seconds after that the burst is whole again.
  CHECK(limiter.pause("later", at(5s).steady) == 100ms);
  for (int i = 0; i < 100; ++i) CHECK(limiter.pause("b" + std::to_string(i), at(16s).steady) == 5ms);
  CHECK(limiter.pause("over", at(16s).steady) == 100ms);
}

// The obvious queue: a list of what is ready, sets, and every failure's moment.
class Model {
 public:
  void add(const std::string& key, Change change) {
    if (!shut) {
      changes[key].count(change);
      queue(key);
    }
  }
  std::optional<std::string> take(Moment now) {
    for (bool found = true; found;) {
      found = false;
      auto soonest = due.end();
      for (auto each = due.begin(); each != due.end(); ++each) {
        if (each->second <= now.steady && (soonest == due.end() || each->second < soonest->second))
          soonest = each;
      }
      if (soonest != due.end()) {
        const std::string key = soonest->first;
        due.erase(soonest);
        queue(key);
        found = true;
      }
    }
    if (ready.empty()) return std::nullopt;
    const std::string key = ready.front();
    ready.erase(ready.begin());
    dirty.erase(key);
    processing.insert(key);
    taken[key] = changes[key];
    changes.erase(key);
    return key;
  }
  void done(const std::string& key) {
    if (processing.erase(key) == 1 && dirty.count(key) == 1) ready.push_back(key);
  }
  void requeue(const std::string& key, Moment now) {
    if (shut) return;
    changes[key].adds += taken[key].adds;
    changes[key].updates += taken[key].updates;
    changes[key].deletes += taken[key].deletes;
    const auto when = now.steady + limiter.pause(key, now.steady);
    if (due.count(key) == 0 || when < due[key]) due[key] = when;
  }
  void shut_down() {
    shut = true;
    due.clear();
  }

  std::vector<std::string> ready;
  std::set<std::string> dirty, processing;
  std::map<std::string, ChangeCounts> changes, taken;
  std::map<std::string, base::SteadyTime> due;
  RequeueLimiter limiter;
  bool shut = false;

 private:
  void queue(const std::string& key) {
    if (dirty.insert(key).second && processing.count(key) == 0) ready.push_back(key);
  }
};

class SideBySide {
 public:
  explicit SideBySide(std::uint64_t seed) : random_(seed, "work queue") {}

  void step() {
    // Odd steps keep the moments of different failures apart, so that their order is not a matter of taste.
    now_ += base::Nanoseconds(1 + random_.below(random_.below(4) == 0 ? 400'000'000 : 2'000'000));
    const std::string key(1, static_cast<char>('a' + random_.below(6)));
    switch (random_.below(8)) {
      case 0:
      case 1:
      case 2:
        add(key);
        break;
      case 3:
      case 4:
      case 5:
        take();
        break;
      case 6:
        finish(random_.below(2) == 0);
        break;
      default:
        queue_.forget(key);
        model_.limiter.forget(key);
    }
    compare();
  }

  void drain() {
    queue_.shut_down();
    model_.shut_down();
    add("late");
    while (!held_.empty() || queue_.ready() > 0) {
      take();
      finish(false);
      compare();
    }
    CHECK(model_.ready.empty());
  }

 private:
  void add(const std::string& key) {
    const auto change = static_cast<Change>(random_.below(3));
    queue_.add(key, change, at(now_));
    model_.add(key, change);
  }
  void take() {
    const auto item = queue_.take(at(now_));
    const auto expected = model_.take(at(now_));
    REQUIRE(item.has_value() == expected.has_value());
    if (!item) return;
    CHECK(item->key == *expected);
    const ChangeCounts& counts = model_.taken[*expected];
    CHECK(item->changes.adds == counts.adds);
    CHECK(item->changes.updates == counts.updates);
    CHECK(item->changes.deletes == counts.deletes);
    CHECK(item->first.steady <= item->last.steady);
    held_.push_back(*item);
  }
  void finish(bool failed) {
    if (held_.empty()) return;
    const auto which = held_.begin() + static_cast<std::ptrdiff_t>(random_.below(held_.size()));
    if (failed) {
      queue_.requeue(*which, at(now_));
      model_.requeue(which->key, at(now_));
    }
    queue_.done(which->key);
    model_.done(which->key);
    held_.erase(which);
  }
  void compare() {
    REQUIRE(queue_.ready() == model_.ready.size());
    REQUIRE(queue_.processing() == model_.processing.size());
    REQUIRE(queue_.resting() == model_.due.size());
  }

  base::Random random_;
  base::Nanoseconds now_{0};
  WorkQueue queue_;
  Model model_;
  std::vector<WorkItem> held_;
};

TEST_CASE("the queue and an obvious model agree on random operations") {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    CAPTURE(seed);
    SideBySide both(seed);
    for (int step = 0; step < 500; ++step) both.step();
    both.drain();
  }
}

}  // namespace
}  // namespace k8scale::observe
