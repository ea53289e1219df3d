#include "apiserver/store.h"

#include "catch.h"

namespace k8scale::apiserver {
namespace {

Json document(std::string_view space, std::string_view name, std::string_view value = "") {
  return {{"kind", "ConfigMap"},
          {"apiVersion", "v1"},
          {"metadata", {{"namespace", space}, {"name", name}, {"uid", "u"}}},
          {"data", {{"key", value}}}};
}

std::vector<std::string> names_at(const Store& store, std::uint64_t revision, KeyView from = {},
                                  std::size_t resource = 0) {
  std::vector<std::string> names;
  store.scan(resource, revision, from, [&](const ObjectPointer& object) {
    const std::string value(text_member(object->document()["data"], "key"));
    names.push_back(object->key().name + (value.empty() ? "" : "=" + value));
    return true;
  });
  return names;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("every change gets the next revision, whatever the resource") {
  Store store(2, EventWindow());
  const std::uint64_t before = store.revision();
  CHECK(store.put(0, document("d", "a"))->revision() == before + 1);
  CHECK(store.put(1, document("d", "a"))->revision() == before + 2);
  CHECK(store.put(0, document("d", "a", "2"))->revision() == before + 3);
  CHECK(store.remove(0, {"d", "a"}));
  CHECK(store.revision() == before + 4);
  CHECK_FALSE(store.remove(0, {"d", "a"}));
  CHECK(store.revision() == before + 4);
  CHECK(store.find(0, {"d", "a"}) == nullptr);
  CHECK(store.find(1, {"d", "a"}) != nullptr);
}

TEST_CASE("events tell what was there before and after") {
  Store store(1, EventWindow());
  const ObjectPointer first = store.put(0, document("d", "a"));
  const ObjectPointer second = store.put(0, document("d", "a", "2"));
  store.remove(0, {"d", "a"});
  const auto& events = store.events();
  REQUIRE(events.size() == 3);
  CHECK(events[0].previous == nullptr);
  CHECK(events[0].current == first);
  CHECK(events[1].previous == first);
  CHECK(events[1].current == second);
  CHECK(events[2].previous == second);
  CHECK(events[2].current == nullptr);
  CHECK(events[2].key().name == "a");
  CHECK(events[2].revision == store.revision());
}

TEST_CASE("a scan shows the past as it was") {
  Store store(2, EventWindow());
  store.put(0, document("d", "b", "1"));
  store.put(0, document("d", "d", "1"));
  const std::uint64_t then = store.revision();
  store.put(0, document("d", "a", "1"));
  store.put(0, document("d", "b", "2"));
  store.put(0, document("d", "b", "3"));
  store.remove(0, {"d", "d"});
  store.put(0, document("d", "d", "new"));
  store.put(1, document("d", "c", "other resource"));
  store.remove(0, {"d", "d"});
  CHECK(names_at(store, then) == Names{"b=1", "d=1"});
  CHECK(names_at(store, then + 2) == Names{"a=1", "b=2", "d=1"});
  CHECK(names_at(store, then + 5) == Names{"a=1", "b=3", "d=new"});
  CHECK(names_at(store, store.revision()) == Names{"a=1", "b=3"});
  CHECK(names_at(store, then, {"d", "c"}) == Names{"d=1"});
}

TEST_CASE("a scan is ordered by namespace, then name, and ends when asked to") {
  Store store(1, EventWindow());
  for (const char* space : {"b", "a", "a-b"}) {
    for (const char* name : {"y", "x"}) store.put(0, document(space, name, space));
  }
  CHECK(names_at(store, store.revision()) == Names{"x=a", "y=a", "x=a-b", "y=a-b", "x=b", "y=b"});
  int seen = 0;
  store.scan(0, store.revision(), {"", ""}, [&](const ObjectPointer&) { return ++seen < 2; });
  CHECK(seen == 2);
}

TEST_CASE("the window forgets the oldest events when there are too many") {
  Store store(1, EventWindow{3, 1 << 20});
  const std::uint64_t first = store.revision();
  CHECK(store.oldest_revision() == first);
  for (int i = 0; i < 5; ++i) store.put(0, document("d", "a", std::to_string(i)));
  CHECK(store.events().size() == 3);
  CHECK(store.oldest_revision() == first + 2);
  CHECK(names_at(store, store.oldest_revision()) == Names{"a=1"});
}

TEST_CASE("the window forgets the oldest events when they hold too much") {
  Store store(1, EventWindow{1000, 50'000});
  for (int i = 0; i < 20; ++i) store.put(0, document("d", "a", std::string(10'000, 'x')));
  CHECK(store.event_bytes() <= 50'000);
  CHECK(store.events().size() < 5);
  CHECK_FALSE(store.events().empty());
  CHECK(store.oldest_revision() == store.events().front().revision - 1);
  store.compact();
  CHECK(store.event_bytes() == 0);
}

TEST_CASE("a compaction forgets the past, not the objects") {
  Store store(1, EventWindow());
  store.put(0, document("d", "a"));
  store.put(0, document("d", "b"));
  store.compact();
  CHECK(store.oldest_revision() == store.revision());
  CHECK(store.events().empty());
  CHECK(names_at(store, store.revision()) == Names{"a", "b"});
  const std::uint64_t then = store.revision();
  store.put(0, document("d", "c"));
  CHECK(names_at(store, then) == Names{"a", "b"});
}

TEST_CASE("an object is written with its version, and can be shown with another one") {
  const Object object(document("d", "a", "v"), 42);
  CHECK(object.revision() == 42);
  CHECK(object.key() == Key{"d", "a"});
  CHECK(object.uid() == "u");
  const Json read = object.document();
  CHECK(read["metadata"]["resourceVersion"] == "42");
  CHECK(read["data"]["key"] == "v");
  CHECK(parse_json(object.metadata()).value == read["metadata"]);
  const ObjectPointer later = object.at(1234567);
  CHECK(later->revision() == 1234567);
  Json expected = read;
  expected["metadata"]["resourceVersion"] = "1234567";
  CHECK(later->document() == expected);
  CHECK(parse_json(later->metadata()).value == expected["metadata"]);
  CHECK(parse_json("{" + std::string(object.encoded_without_kind())).value ==
        Json({{"metadata", read["metadata"]}, {"data", read["data"]}}));
  const Object draft(document("d", "a"), 0);
  CHECK_FALSE(draft.document()["metadata"].contains("resourceVersion"));
  CHECK(parse_json(draft.encoded()).error.empty());
}

}  // namespace k8scale::apiserver
