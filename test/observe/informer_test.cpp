#include "k8scale/observe/informer.h"

#include <algorithm>
#include <set>

#include "catch.h"
#include "k8scale/base/random.h"
#include "observe/views.h"

namespace k8scale::observe {
namespace {

using Words = std::vector<std::string>;

class Heard final : public ChangeHandler {
 public:
  void changed(Change change, std::string_view key) override {
    static constexpr std::array words = {"+", "~", "-"};
    heard_.push_back(words.at(static_cast<std::size_t>(change)) + std::string(key));
  }
  Words take() { return std::exchange(heard_, {}); }

 private:
  Words heard_;
};

struct Fixture {
  Heard heard;
  Informer informer{heard};
  Teller tell{informer};
};

TEST_CASE("lists and events become adds, updates and deletes") {
  Fixture f;
  CHECK_FALSE(f.informer.synced());
  f.tell.list("10", SampleObject{"a", "3"}, SampleObject{"b", "7"});
  CHECK(f.informer.synced());
  CHECK(f.heard.take() == Words{"+n/a", "+n/b"});
  f.tell.added({"c", "11"});
  f.tell.modified({"a", "12"});
  f.tell.deleted({"b", "13"});
  CHECK(f.heard.take() == Words{"+n/c", "~n/a", "-n/b"});
  CHECK(f.informer.objects() == 2);
  CHECK(f.informer.last_version() == 13);
  CHECK(f.informer.events().listed == 2);
  CHECK(f.informer.events().of_watch() == 3);
  CHECK(f.informer.audit().total() == 0);
}

TEST_CASE("a deleted object is known until its reader forgets it") {
  Fixture f;
  f.tell.list("10", SampleObject{"a", "3"});
  f.informer.forget("n/a");
  REQUIRE(f.informer.find("n/a") != nullptr);
  f.tell.deleted({"a", "11"});
  REQUIRE(f.informer.find("n/a") != nullptr);
  CHECK_FALSE(f.informer.find("n/a")->exists);
  f.informer.forget("n/a");
  CHECK(f.informer.find("n/a") == nullptr);
}

TEST_CASE("a list that is older than what events told shows no missed update") {
  Fixture f;
  f.tell.list("10", SampleObject{"a", "3"});
  f.tell.modified({"a", "12"});
  f.tell.list("11", SampleObject{"a", "3"});
  CHECK(f.informer.audit().missed.updates == 0);
}

TEST_CASE("a later list tells only what is new, and deletes what vanished; all of it was missed") {
  Fixture f;
  f.tell.list("10", SampleObject{"same", "3"}, SampleObject{"changed", "4"}, SampleObject{"gone", "5"});
  f.heard.take();
  f.tell.list("20", SampleObject{"same", "3"}, SampleObject{"changed", "15"}, SampleObject{"new", "16"});
  CHECK(f.heard.take() == Words{"~n/changed", "+n/new", "-n/gone"});
  CHECK(f.informer.audit().missed.creates == 1);
  CHECK(f.informer.audit().missed.updates == 1);
  CHECK(f.informer.audit().missed.deletes == 1);
  f.tell.list("30", SampleObject{"same", "3"}, SampleObject{"changed", "15"}, SampleObject{"new", "16"});
  CHECK(f.heard.take().empty());
  CHECK(f.informer.audit().missed.total() == 3);
}

TEST_CASE("a list that breaks off is no list") {
  Fixture f;
  f.informer.list_begun();
  f.informer.listed(SampleObject{"a", "3"}.view(), {});
  CHECK_FALSE(f.informer.synced());
  f.tell.list("10", SampleObject{"b", "4"});
  CHECK(f.heard.take() == Words{"+n/a", "+n/b", "-n/a"});
  CHECK(f.informer.objects() == 1);
  CHECK(f.informer.audit().total() == 0);
}

TEST_CASE("what is deleted while it is listed is not held against the watch") {
  Fixture f;
  f.informer.list_begun();
  f.informer.listed(SampleObject{"a", "3"}.view(), {});
  f.tell.deleted({"a", "11"});
  f.tell.deleted({"b", "12"});
  f.informer.list_ended("12");
  CHECK(f.heard.take() == Words{"+n/a", "-n/a"});
  CHECK(f.informer.audit().total() == 0);
}

TEST_CASE("the annotations of drivers are read") {
  Fixture f;
  f.tell.list("1");
  f.tell.added({"a", "2", {"2025-11-24 16:04:05.123 +0000", ""}});
  CHECK(f.informer.find("n/a")->create_stamp.get() ==
        base::WallTime(std::chrono::milliseconds(1764000245123)));
  CHECK_FALSE(f.informer.find("n/a")->update_stamp.get());
  f.tell.modified({"a", "3", {"nonsense", "2025-11-24 17:04:06.123 +0100"}});
  CHECK_FALSE(f.informer.find("n/a")->create_stamp.get());
  CHECK(f.informer.find("n/a")->update_stamp.get() ==
        base::WallTime(std::chrono::milliseconds(1764000246123)));
}

TEST_CASE("an event that comes twice is counted, and handed on as an update") {
  Fixture f;
  f.tell.list("1");
  f.tell.added({"a", "2"});
  f.tell.added({"a", "2"});
  f.tell.modified({"a", "3"});
  f.tell.modified({"a", "3"});
  f.tell.deleted({"a", "4"});
  f.tell.deleted({"a", "4"});
  CHECK(f.heard.take() == Words{"+n/a", "~n/a", "~n/a", "~n/a", "-n/a"});
  CHECK(f.informer.audit().duplicated == 3);
  CHECK(f.informer.audit().total() == 3);
}

TEST_CASE("an event that comes twice is found after events of other objects too") {
  Fixture f;
  f.tell.list("1");
  f.tell.added({"a", "2"});
  f.tell.added({"b", "3"});
  f.tell.added({"a", "2"});
  f.tell.deleted({"a", "4"});
  f.tell.added({"c", "5"});
  f.tell.deleted({"a", "4"});
  CHECK(f.informer.audit().duplicated == 2);
  CHECK(f.informer.audit().total() == 2);
}

TEST_CASE("a swallowed creation shows when something else happens to the object") {
  Fixture f;
  f.tell.list("1");
  f.tell.modified({"a", "3"});
  f.tell.deleted({"b", "5"});
  CHECK(f.informer.audit().missed.creates == 2);
  CHECK(f.informer.audit().total() == 2);
  CHECK(f.heard.take() == Words{"+n/a"});
}

TEST_CASE("a swallowed deletion shows when the name is used again") {
  Fixture f;
  f.tell.list("1", SampleObject{"a", "1"});
  f.tell.added({"a", "3"});
  CHECK(f.informer.audit().missed.deletes == 1);
  CHECK(f.informer.audit().total() == 1);
}

TEST_CASE("events that changed places are backwards, not missed") {
  Fixture f;
  f.tell.list("1");
  SECTION("of different objects") {
    f.tell.added({"b", "3"});
    f.tell.added({"a", "2"});
    CHECK(f.informer.objects() == 2);
  }
  SECTION("a change before the creation") {
    f.tell.modified({"a", "3"});
    f.tell.added({"a", "2"});
    CHECK(f.informer.find("n/a")->version == 3);
  }
  SECTION("the deletion before the creation") {
    f.tell.deleted({"a", "3"});
    f.tell.added({"a", "2"});
    CHECK(f.informer.objects() == 0);
  }
  SECTION("the deletion before a change") {
    f.tell.added({"a", "2"});
    f.tell.deleted({"a", "4"});
    f.tell.modified({"a", "3"});
    CHECK(f.informer.objects() == 0);
  }
  SECTION("a new creation before the deletion") {
    f.tell.added({"a", "2"});
    f.tell.added({"a", "4"});
    f.tell.deleted({"a", "3"});
    CHECK(f.informer.objects() == 1);
  }
  CHECK(f.informer.audit().reordered == 1);
  CHECK(f.informer.audit().total() == 1);
}

TEST_CASE("versions that are no numbers are not held against each other") {
  Fixture f;
  f.tell.list("x");
  f.tell.added({"a", "z"});
  f.tell.modified({"a", "y"});
  f.tell.deleted({"a", "w"});
  CHECK(f.heard.take() == Words{"+n/a", "~n/a", "-n/a"});
  CHECK(f.informer.audit().total() == 0);
}

TEST_CASE("an object in no namespace is known by its name") {
  Fixture f;
  f.informer.list_begun();
  const SampleObject sample{"node-1", "1"};
  kube::ObjectView object = sample.view();
  object.namespace_name = "";
  f.informer.listed(object, {});
  CHECK(f.heard.take() == Words{"+node-1"});
}

// A history of objects, some of whose events are swallowed, doubled or swapped with their neighbour.
class History {
 public:
  explicit History(std::uint64_t seed) : random_(seed, "history") {}

  void run(Fixture& f) {
    f.tell.list("1");
    for (int i = 0; i < 400; ++i) step(f);
    std::vector<SampleObject> left;
    for (const auto& [name, version] : alive_) left.push_back({name, std::to_string(version)});
    f.informer.list_begun();
    for (const SampleObject& object : left) f.informer.listed(object.view(), {});
    f.informer.list_ended(std::to_string(version_));
    CHECK(f.informer.objects() == alive_.size());
  }
  std::uint64_t doubled() const { return doubled_; }
  std::uint64_t swapped() const { return swapped_; }
  std::uint64_t swallowed() const { return swallowed_; }

 private:
  using Event = std::pair<kube::EventType, SampleObject>;

  // Each object lives once.
  Event next() {
    ++version_;
    if (alive_.size() > 10) {
      const std::string name = alive_.begin()->first;
      alive_.erase(alive_.begin());
      return {kube::EventType::deleted, {name, std::to_string(version_)}};
    }
    const std::string name = "o" + std::to_string(version_);
    alive_[name] = version_;
    return {kube::EventType::added, {name, std::to_string(version_)}};
  }
  void tell(Fixture& f, const Event& event) { f.informer.changed(event.first, event.second.view(), {}); }

  void step(Fixture& f) {
    const Event event = next();
    switch (random_.below(10)) {
      case 0:
        // Of an object whose creation and deletion are both swallowed nobody can know.
        if (event.first == kube::EventType::deleted && untold_.count(event.second.name) == 1) {
          tell(f, event);
        } else {
          untold_.insert(event.second.name);
          ++swallowed_;
        }
        break;
      case 1:
        ++doubled_;
        tell(f, event);
        tell(f, event);
        break;
      case 2: {
        ++swapped_;
        const Event after = next();
        tell(f, after);
        tell(f, event);
        break;
      }
      default:
        tell(f, event);
    }
  }

  base::Random random_;
  std::map<std::string, std::uint64_t> alive_;
  std::set<std::string> untold_;
  std::uint64_t version_ = 1;
  std::uint64_t doubled_ = 0;
  std::uint64_t swapped_ = 0;
  std::uint64_t swallowed_ = 0;
};

TEST_CASE("swallowed, doubled and swapped events are each counted exactly, once a list has ended") {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    CAPTURE(seed);
    Fixture f;
    History history(seed);
    history.run(f);
    CHECK(f.informer.audit().duplicated == history.doubled());
    CHECK(f.informer.audit().reordered == history.swapped());
    CHECK(f.informer.audit().missed.total() == history.swallowed());
  }
}

}  // namespace
}  // namespace k8scale::observe
