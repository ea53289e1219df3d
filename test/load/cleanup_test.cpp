#include "k8scale/load/cleanup.h"

#include <fmt/format.h>

#include <map>
#include <mutex>
#include <set>

#include "catch.h"
#include "fake_api.h"

namespace k8scale::load {
namespace {

using namespace std::chrono_literals;
using Names = std::vector<std::string>;

// The ConfigMaps of a server; its members may be replaced to make it misbehave.
class Objects {
 public:
  std::set<std::string> names;
  std::map<std::string, std::string> held;  // names of those with a deletionTimestamp, and a finalizer
  std::uint64_t lists = 0;
  std::uint64_t deletes = 0;

  net::Response answer(const net::ServerRequest& request) {
    if (request.method == "GET") return list(request.target);
    return remove(request.target.substr(maps.size() + 1));
  }

  net::Response list(const std::string& target) {
    ++lists;
    const std::size_t limit = std::stoul(target.substr(target.find("limit=") + 6));
    const std::size_t token = target.find("continue=");
    auto next = token == std::string::npos ? names.begin() : names.lower_bound(target.substr(token + 9));
    std::string items;
    for (std::size_t i = 0; i < limit && next != names.end(); ++i, ++next) {
      items += (items.empty() ? "" : ",") + item(*next);
    }
    const std::string more = next == names.end() ? "" : *next;
    return reply(
        200,
        fmt::format(R"({{"kind":"PartialObjectMetadataList","metadata":{{"continue":"{}"}},"items":[{}]}})",
                    more, items));
  }

  net::Response remove(const std::string& name) {
    ++deletes;
    if (held.contains(name)) return reply(200, item(name));
    return names.erase(name) > 0 ? reply(200, R"({"kind":"Status","status":"Success"})") : reply(404);
  }

 private:
  [[nodiscard]] std::string item(const std::string& name) const {
    if (!held.contains(name)) return fmt::format(R"({{"metadata":{{"name":"{}"}}}})", name);
    return fmt::format(
        R"({{"metadata":{{"name":"{}","deletionTimestamp":"2026-11-24T15:04:05Z","finalizers":["{}"]}}}})",
        name, held.at(name));
  }
};

Objects with(std::size_t count) {
  Objects objects;
  for (std::size_t i = 0; i < count; ++i) objects.names.insert(fmt::format("a-{:04}", i));
  return objects;
}

Cleanup::Options options_of(const std::string& run_id) {
  Cleanup::Options options;
  options.run_id = run_id;
  options.label_selector = "purpose=test";
  options.concurrency = 3;
  options.page_size = 10;
  options.first_pause = 1us;
  return options;
}

class Cleaning {
 public:
  explicit Cleaning(FakeApi::Script script, const std::string& run_id = "a")
      : api(std::move(script)),
        cleanup(api.shard, api.servers->client(0), kube::Collection(kube::config_maps(), "space"),
                options_of(run_id)) {}
  CleanupResult remove() {
    api.shard.run(cleanup.remove());
    return cleanup.result();
  }
  CleanupResult look() {
    api.shard.run(cleanup.look());
    return cleanup.result();
  }

  FakeApi api;
  Cleanup cleanup;
};

Names names_of(const std::vector<Leftover>& left) {
  Names names;
  for (const Leftover& each : left) names.push_back(each.name);
  return names;
}

}  // namespace

TEST_CASE("a run has the names that go on with a dash and digits only") {
  const std::string name = GENERATE("a-1", "a-0001", "a-12345678901234567890123");
  CHECK(is_name_of_run(name, "a"));
  CHECK(is_name_of_run("1124.1504.0007-300", "1124.1504.0007"));
  CHECK(is_name_of_run("a-b-1", "a-b"));
  CHECK(is_name_of_run("a-1-2", "a-1"));
}

TEST_CASE("a run has no other names") {
  const std::string name = GENERATE("", "a", "a-", "a1", "a-b-1", "a-1-2", "a-1x", "a-x1", "a-1.2", "aa-1",
                                    "b-1", "a--1", "a-+1", "a- 1", "A-1");
  CHECK_FALSE(is_name_of_run(name, "a"));
}

TEST_CASE("some run has the names that end in a dash and digits") {
  for (const char* name : {"a-1", "a-b-1", "1124.1504.0007-300"}) CHECK(is_name_of_any_run(name));
  for (const char* name : {"", "a", "a-", "-1", "a-1x", "a-b", "a1"}) CHECK_FALSE(is_name_of_any_run(name));
}

TEST_CASE("what is listed page by page is deleted, and a last list finds nothing") {
  Objects objects = with(25);
  objects.names.insert({"b-1", "a-b-1"});
  Cleaning cleaning([&](const net::ServerRequest& request) { return objects.answer(request); });
  const CleanupResult result = cleaning.remove();
  CHECK(objects.names == std::set<std::string>{"b-1", "a-b-1"});
  CHECK(result.found == 25);
  CHECK(result.removed() == 25);
  CHECK(result.left.empty());
  CHECK(result.doubt.empty());
  CHECK(result.first_removed.size() == 10);
  CHECK(result.first_removed.front() == "a-0000");
  CHECK(objects.lists == 4);
  CHECK(objects.deletes == 25);
  CHECK(cleaning.api.requests().front() == "GET " + maps + "?labelSelector=purpose%3Dtest&limit=10");
}

TEST_CASE("without a run ID what any run names so is removed") {
  Objects objects = with(3);
  objects.names.insert({"b-x", "c-1"});
  Cleaning cleaning([&](const net::ServerRequest& request) { return objects.answer(request); }, "");
  CHECK(cleaning.remove().removed() == 4);
  CHECK(objects.names == std::set<std::string>{"b-x"});
}

TEST_CASE("what may be called anything is removed as the selector gives it") {
  Objects objects = with(3);
  objects.names.insert("b-x");
  FakeApi api([&](const net::ServerRequest& request) { return objects.answer(request); });
  Cleanup::Options options = options_of("");
  options.named = Cleanup::Named::anything;
  Cleanup cleanup(api.shard, api.servers->client(0), {kube::config_maps(), "space"}, options);
  api.shard.run(cleanup.remove());
  CHECK(cleanup.result().removed() == 4);
  CHECK(objects.names.empty());
}

TEST_CASE("no more deletes are in flight than were asked for") {
  Objects objects = with(200);
  Cleaning cleaning([&](const net::ServerRequest& request) { return objects.answer(request); });
  CHECK(cleaning.remove().removed() == 200);
  std::promise<std::uint64_t> opened;
  cleaning.api.shard.post(
      [&] { opened.set_value(cleaning.api.servers->client(0).connections().connections_opened); });
  CHECK(opened.get_future().get() <= 3);
}

TEST_CASE("a look lists and deletes nothing") {
  Objects objects = with(12);
  objects.held["a-0003"] = "x/y";
  Cleaning cleaning([&](const net::ServerRequest& request) { return objects.answer(request); });
  const CleanupResult result = cleaning.look();
  CHECK(result.found == 12);
  CHECK(result.left.size() == 12);
  CHECK(result.removed() == 0);
  CHECK(result.left[3].why == "is being deleted, and held by its finalizers: x/y");
  CHECK(cleaning.api.count("DELETE") == 0);
}

TEST_CASE("what somebody else deleted meanwhile is gone") {
  Objects objects = with(5);
  Cleaning cleaning([&](const net::ServerRequest& request) {
    if (request.method == "DELETE") objects.names.erase("a-0004");
    return objects.answer(request);
  });
  const CleanupResult result = cleaning.remove();
  CHECK(result.removed() == 5);
  CHECK(result.left.empty());
  CHECK(cleaning.cleanup.progress().errors == 0);
}

TEST_CASE("what is made meanwhile is removed too") {
  Objects objects = with(5);
  int more = 3;
  Cleaning cleaning([&](const net::ServerRequest& request) {
    if (request.method == "DELETE" && more > 0) objects.names.insert(fmt::format("a-9{}", more--));
    return objects.answer(request);
  });
  const CleanupResult result = cleaning.remove();
  CHECK(result.found == 8);
  CHECK(result.removed() == 8);
  CHECK(objects.names.empty());
}

TEST_CASE("what a finalizer holds is deleted once and left") {
  Objects objects = with(3);
  objects.held["a-0001"] = "example.com/wait";
  Cleaning cleaning([&](const net::ServerRequest& request) { return objects.answer(request); });
  const CleanupResult result = cleaning.remove();
  CHECK(names_of(result.left) == Names{"a-0001"});
  CHECK(result.left.front().why == "is being deleted, and held by its finalizers: example.com/wait");
  CHECK(result.removed() == 2);
  CHECK(objects.deletes == 2);
}

TEST_CASE("a finalizer that lets go before the last list leaves nothing") {
  Objects objects = with(3);
  Cleaning cleaning([&](const net::ServerRequest& request) {
    const bool last = request.target.ends_with("a-0001");
    if (last) objects.held["a-0001"] = "x/y";
    net::Response response = objects.answer(request);
    if (last) objects.held.clear();
    if (last) objects.names.erase("a-0001");
    return response;
  });
  const CleanupResult result = cleaning.remove();
  CHECK(result.left.empty());
  CHECK(result.removed() == 3);
}

TEST_CASE("deletes that fail at times are made good in further sweeps") {
  Objects objects = with(25);
  const int status = GENERATE(0, 409, 429, 500, 503);
  int count = 0;
  Cleaning cleaning([&](const net::ServerRequest& request) {
    const bool fails = request.method == "DELETE" && ++count % 3 == 0;
    return fails ? reply(status) : objects.answer(request);
  });
  const CleanupResult result = cleaning.remove();
  CHECK(result.removed() == 25);
  CHECK(result.left.empty());
  CHECK(objects.names.empty());
}

TEST_CASE("a delete that happened although its answer was lost is counted") {
  Objects objects = with(4);
  Cleaning cleaning([&](const net::ServerRequest& request) {
    net::Response response = objects.answer(request);
    return request.method == "DELETE" ? reply(0) : response;
  });
  CHECK(cleaning.remove().removed() == 4);
}

TEST_CASE("what the server refuses for good is asked for once and left with its words") {
  Objects objects = with(4);
  Cleaning cleaning([&](const net::ServerRequest& request) {
    return request.method == "GET"
               ? objects.answer(request)
               : reply(403, R"({"kind":"Status","message":"never","reason":"Forbidden"})");
  });
  const CleanupResult result = cleaning.remove();
  CHECK(result.left.size() == 4);
  CHECK(result.left.front().why == "never");
  CHECK(cleaning.api.count("DELETE") == 4);
}

TEST_CASE("it ends when every delete fails") {
  Objects objects = with(2);
  Cleaning cleaning([&](const net::ServerRequest& request) {
    return request.method == "GET" ? objects.answer(request) : reply(500);
  });
  const CleanupResult result = cleaning.remove();
  CHECK(result.left.size() == 2);
  CHECK_FALSE(result.left.front().why.empty());
  CHECK(cleaning.api.count("DELETE") == 40);
}

TEST_CASE("a list whose continue token expired begins anew") {
  Objects objects = with(25);
  int lists = 0;
  Cleaning cleaning([&](const net::ServerRequest& request) {
    return request.method == "GET" && ++lists == 3 ? reply(410) : objects.answer(request);
  });
  const CleanupResult result = cleaning.remove();
  CHECK(result.found == 25);
  CHECK(result.removed() == 25);
  const Names requests = cleaning.api.requests();
  CHECK(requests[2].find("continue=") != std::string::npos);
  CHECK(requests[3].find("continue=") == std::string::npos);
}

TEST_CASE("a token that expires again and again is a doubt") {
  Objects objects = with(25);
  Cleaning cleaning([&](const net::ServerRequest& request) {
    return request.target.find("continue=") != std::string::npos ? reply(410) : objects.answer(request);
  });
  const CleanupResult result = cleaning.remove();
  CHECK(result.doubt.starts_with("it could not be listed: "));
  CHECK(cleaning.api.count("DELETE") == 0);
  CHECK(cleaning.api.count("GET") == 20);
}

TEST_CASE("pages that fail at times are asked for again") {
  Objects objects = with(25);
  const int status = GENERATE(0, 429, 500);
  int lists = 0;
  Cleaning cleaning([&](const net::ServerRequest& request) {
    return request.method == "GET" && ++lists % 3 != 0 ? reply(status) : objects.answer(request);
  });
  const CleanupResult result = cleaning.look();
  CHECK(result.left.size() == 25);
  CHECK(result.doubt.empty());
}

TEST_CASE("a page is asked for again when Retry-After is over") {
  Objects objects = with(1);
  int lists = 0;
  Cleaning cleaning([&](const net::ServerRequest& request) {
    if (++lists > 1) return objects.answer(request);
    net::Response busy = reply(429);
    busy.headers.add("Retry-After", "1");
    return busy;
  });
  const auto start = std::chrono::steady_clock::now();
  CHECK(cleaning.look().left.size() == 1);
  CHECK(std::chrono::steady_clock::now() - start >= 1s);
}

TEST_CASE("a list that the server refuses is a doubt") {
  const int status = GENERATE(0, 403, 404, 500);
  Cleaning cleaning([=](const net::ServerRequest&) { return reply(status); });
  const CleanupResult result = cleaning.remove();
  CHECK(result.doubt.starts_with("it could not be listed: "));
  CHECK(result.found == 0);
  CHECK(cleaning.api.count("GET") <= 20);
  CHECK(cleaning.api.count("DELETE") == 0);
}

TEST_CASE("whether a list is forbidden is told") {
  const int status = GENERATE(403, 404);
  Cleaning cleaning([=](const net::ServerRequest&) { return reply(status); });
  CHECK(cleaning.look().may_not_list == (status == 403));
}

TEST_CASE("an object is deleted in its own namespace") {
  std::vector<std::string> deleted;
  FakeApi api([&](const net::ServerRequest& request) {
    if (request.method == "DELETE") deleted.push_back(request.target);
    const char* const objects = deleted.size() < 2 ? R"({"metadata":{"name":"a-1","namespace":"two"}},)"
                                                     R"({"metadata":{"name":"a-1","namespace":"one"}})"
                                                   : "";
    return reply(200, fmt::format(R"({{"kind":"ConfigMapList","metadata":{{}},"items":[{}]}})", objects));
  });
  Cleanup::Options options = options_of("a");
  options.concurrency = 1;
  Cleanup cleanup(api.shard, api.servers->client(0), kube::Collection(kube::config_maps(), ""), options);
  api.shard.run(cleanup.remove());
  CHECK(api.requests().front() == "GET /api/v1/configmaps?labelSelector=purpose%3Dtest&limit=10");
  CHECK(deleted == Names{"/api/v1/namespaces/one/configmaps/a-1", "/api/v1/namespaces/two/configmaps/a-1"});
  CHECK(cleanup.result().found == 2);
  CHECK(cleanup.result().left.empty());
}

TEST_CASE("results of several clean-ups add up") {
  CleanupResult one{3, {{"x", "a-1", "held"}}, "", false, Names(8, "a-2")};
  one.merge({2, {{"y", "a-3", ""}}, "not listed", true, Names(8, "a-4")});
  CHECK(one.found == 5);
  CHECK(one.removed() == 3);
  CHECK(names_of(one.left) == Names{"a-1", "a-3"});
  CHECK(one.doubt == "not listed");
  CHECK(one.may_not_list);
  CHECK(one.first_removed.size() == 10);
}

TEST_CASE("a last list that fails leaves a doubt, and what was not deleted") {
  Objects objects = with(5);
  bool refuses = false;
  Cleaning cleaning([&](const net::ServerRequest& request) {
    if (request.method == "GET") return refuses ? reply(403) : objects.answer(request);
    refuses = true;
    return request.target.ends_with("2") ? reply(403) : objects.answer(request);
  });
  const CleanupResult result = cleaning.remove();
  CHECK(result.doubt.starts_with("it could not be listed: "));
  CHECK(names_of(result.left) == Names{"a-0002"});
  CHECK(result.removed() == 4);
}

TEST_CASE("once stopped it begins no delete and lists what remains") {
  Objects objects = with(200);
  Cleaning* self = nullptr;
  Cleaning cleaning([&](const net::ServerRequest& request) {
    if (request.method == "DELETE" && request.target.ends_with("a-0050"))
      self->api.shard.post([&] { self->cleanup.stop(); });
    return objects.answer(request);
  });
  self = &cleaning;
  const CleanupResult result = cleaning.remove();
  CHECK(result.doubt.empty());
  CHECK(result.found == 200);
  CHECK(result.removed() >= 48);
  CHECK(result.left.size() == objects.names.size());
  CHECK(result.left.size() > 0);
}

TEST_CASE("stopped before it began it only lists") {
  Objects objects = with(25);
  Cleaning cleaning([&](const net::ServerRequest& request) { return objects.answer(request); });
  cleaning.api.shard.post([&] { cleaning.cleanup.stop(); });
  const CleanupResult result = cleaning.remove();
  CHECK(result.left.size() == 25);
  CHECK(cleaning.api.count("DELETE") == 0);
  CHECK(cleaning.api.count("GET") == 3);
}

}  // namespace k8scale::load
