#include "k8scale/load/part_text.h"

#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>
#include <random>

#include "catch.h"
#include "fake_api.h"

namespace k8scale::load {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::json;

// A server of ConfigMaps, and how it may fail.
class Server : public ScriptedAnswers {
 public:
  std::map<std::string, Json> objects;

  net::Response serve(const net::ServerRequest& request) override {
    if (request.method == "POST") return create(request);
    const bool is_list = request.target.starts_with(maps + "?");
    if (is_list) return list(request.target);
    const std::string name = request.target.substr(maps.size() + 1);
    if (!objects.contains(name)) return reply(404);
    if (request.method == "GET") return reply(200, objects[name].dump());
    if (Json::parse(request.body)["preconditions"]["uid"] != objects[name]["metadata"]["uid"])
      return reply(409);
    objects.erase(name);
    return reply(200);
  }
  void put(const std::string& name, const std::string& job, const std::string& text) {
    objects[name] = {{"metadata", {{"name", name}, {"uid", "u-" + name}}},
                     {"data", {{"summary.json", text}}}};
    if (!job.empty()) objects[name]["metadata"]["ownerReferences"] = {{{"uid", job}}};
  }

 private:
  net::Response create(const net::ServerRequest& request) {
    Json made = Json::parse(request.body);
    const std::string name = made["metadata"]["name"];
    if (objects.contains(name)) return reply(409);
    if (request.target.ends_with("?dryRun=All")) return reply(201, made.dump());
    made["metadata"]["uid"] = "u-" + name;
    return reply(201, (objects[name] = made).dump());
  }
  // Two on each page.
  net::Response list(const std::string& target) {
    const std::size_t at = target.find("&continue=");
    const std::string from = at == std::string::npos ? "" : target.substr(at + 10);
    Json made = {{"metadata", Json::object()}, {"items", Json::array()}};
    for (auto each = objects.lower_bound(from); each != objects.end(); ++each) {
      if (made["items"].size() == 2) made["metadata"]["continue"] = each->first;
      if (made["items"].size() == 2) break;
      made["items"].push_back(each->second);
    }
    return reply(200, made.dump());
  }
};

struct StoringPart {
  explicit StoringPart(Server& server, std::uint64_t part = 1)
      : api([&server](const net::ServerRequest& request) { return server.answer(request); }) {
    options.run_id = "r";
    options.part = part;
    options.owner = JobOwner{"drive", "job 2"};
    options.longest_piece = 10;
    options.first_pause = 1ms;
  }
  base::Result<void> check() {
    PartText text(api.servers->client(0), "space", options);
    return api.shard.run(text.check());
  }
  base::Result<void> store(const std::string& text, base::Nanoseconds longest = 20s) {
    PartText place(api.servers->client(0), "space", options);
    return api.shard.run(place.store(text, std::chrono::steady_clock::now() + longest));
  }
  base::Result<std::vector<StoredText>> read() {
    return api.shard.run(stored_texts(api.servers->client(0), "space", "r"));
  }
  FakeApi api;
  PartText::Options options;
};

net::Response refusal(int status, const std::string& message) {
  return reply(status, Json{{"kind", "Status"}, {"code", status}, {"message", message}}.dump());
}

}  // namespace

TEST_CASE("texts that parts stored are read again, by part, whatever their length") {
  Server server;
  const std::string long_text = "0123456789abcdefghijABCDE";  // three pieces
  for (const auto& [part, text] : std::map<std::uint64_t, std::string>{
           {10, "ten"}, {2, long_text}, {1, ""}, {3, std::string(10, 'x')}}) {
    StoringPart one(server, part);
    REQUIRE(one.check().has_value());
    REQUIRE(one.store(text).has_value());
  }
  CHECK(server.objects.size() == 6);
  const auto texts = StoringPart(server).read();
  REQUIRE(texts.has_value());
  REQUIRE(texts->size() == 4);
  CHECK(texts->at(0).text.empty());
  CHECK(texts->at(1).text == long_text);
  CHECK(texts->at(1).name == "r-summary-2");
  CHECK(texts->at(2).text == "xxxxxxxxxx");
  CHECK(texts->at(3).name == "r-summary-10");
}

TEST_CASE("a piece that is missing is told") {
  Server server;
  StoringPart part(server);
  REQUIRE(part.store("0123456789abcdefghijABCDE").has_value());
  const std::string lost = GENERATE("", ".2", ".3");
  server.objects.erase("r-summary-1" + lost);
  const auto texts = part.read();
  REQUIRE(texts.has_error());
  CHECK_THAT(texts.error().detail(),
             Catch::Contains(lost.empty()   ? "piece 1 of"
                             : lost == ".2" ? "r-summary-1: piece 2 of 3 is missing"
                                            : "r-summary-1: piece 3 of 3 is missing"));
}

TEST_CASE(
    "a server that fails for a while gets the text all the same, and answers that were lost do no harm") {
  Server server;
  std::mt19937 random(3);
  server.instead = [&](const net::ServerRequest& request) -> std::optional<net::Response> {
    const auto fate = random() % 8;
    if (fate == 0) return refusal(503, "busy");
    if (fate == 1) return refusal(429, "slow down");
    if (fate == 2) return refusal(500, "no leader");
    if (fate > 3) return std::nullopt;
    static_cast<void>(server.serve(request));  // and not told
    return net::Response();
  };
  StoringPart part(server);
  const base::Result<void> stored = part.store("0123456789abcdefghijABCDE");
  INFO(stored.error().detail());
  CHECK(stored.has_value());
  CHECK(server.objects.size() == 3);
}

TEST_CASE("a server that does not get better is given up at its time") {
  Server server;
  server.instead = [](const net::ServerRequest&) { return refusal(500, "no leader"); };
  StoringPart part(server);
  CHECK(part.store("text", 50ms).error().detail() == "no leader");
  CHECK(part.api.count("POST") > 1);
}

TEST_CASE("what the server forbids, and a namespace that is missing, are told at once") {
  Server server;
  const int status = GENERATE(403, 404);
  server.instead = [status](const net::ServerRequest&) { return refusal(status, "cannot create"); };
  StoringPart part(server);
  CHECK(part.check().error().detail() == "cannot create");
  CHECK(part.store("text").error().detail() == "cannot create");
  CHECK(part.api.count("POST") == 2);
}

TEST_CASE("what another process stored stays") {
  Server server;
  const std::string job = GENERATE("", "job 2");
  server.put("r-summary-1", job, "another");
  StoringPart part(server);
  CHECK_THAT(part.check().error().detail(),
             Catch::Contains("part 1 of run r has a summary already") &&
                 Catch::Contains("kubectl delete configmaps -n space -l scaletest/run=r"));
  CHECK(part.store("mine").has_error());
  CHECK(server.objects["r-summary-1"]["data"]["summary.json"] == "another");
}

TEST_CASE("what a deleted Job left makes way") {
  Server server;
  server.put("r-summary-1", "job 1", "old");
  server.put("r-summary-1.2", "job 1", "old");
  StoringPart part(server);
  REQUIRE(part.check().has_value());
  CHECK_FALSE(server.objects.contains("r-summary-1"));
  REQUIRE(part.store("0123456789new").has_value());
  CHECK(server.objects["r-summary-1.2"]["data"]["summary.json"] == "new");
}

}  // namespace k8scale::load
