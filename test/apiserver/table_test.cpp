#include "apiserver/table.h"

#include "api.h"
#include "apiserver/columns.h"
#include "catch.h"

namespace k8scale::apiserver {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view as_table = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";

// The names of a table's columns; those for `-o wide` in brackets.
std::vector<std::string> columns(const Reply& table) {
  std::vector<std::string> names;
  for (const Json& each : table.body["columnDefinitions"]) {
    const std::string name = each["name"];
    names.push_back(each["priority"] == 0 ? name : "[" + name + "]");
  }
  return names;
}

Json cells(const Reply& table) { return table.body["rows"][0]["cells"]; }

}  // namespace

TEST_CASE("ages are shown as kubectl shows them") {
  const std::vector<std::pair<std::chrono::seconds, std::string>> ages = {{-5s, "<invalid>"},
                                                                          {-1s, "0s"},
                                                                          {0s, "0s"},
                                                                          {119s, "119s"},
                                                                          {2min, "2m"},
                                                                          {2min + 5s, "2m5s"},
                                                                          {9min + 59s, "9m59s"},
                                                                          {10min, "10m"},
                                                                          {10min + 30s, "10m"},
                                                                          {179min, "179m"},
                                                                          {3h, "3h"},
                                                                          {3h + 5min, "3h5m"},
                                                                          {8h, "8h"},
                                                                          {47h, "47h"},
                                                                          {48h, "2d"},
                                                                          {49h, "2d1h"},
                                                                          {8 * 24h, "8d"},
                                                                          {729 * 24h, "729d"},
                                                                          {730 * 24h, "2y"},
                                                                          {731 * 24h, "2y1d"},
                                                                          {8 * 365 * 24h, "8y"},
                                                                          {9 * 365 * 24h + 24h, "9y"}};
  for (const auto& [age, text] : ages) CHECK(age_text(age) == text);
}

TEST_CASE("a table has a row for each object") {
  Api api;
  api.post(config_maps, config_map("a", {{"x", "1"}, {"y", "2"}}));
  api.post(config_maps, config_map("b"));
  api.now += 90s;
  const Reply table = api.get(config_maps, as_table);
  CHECK(table.body["kind"] == "Table");
  CHECK(table.body["apiVersion"] == "meta.k8s.io/v1");
  CHECK(table.version() == std::to_string(api.revision()));
  CHECK(columns(table) == Names{"Name", "Data", "Age"});
  CHECK(table.body["columnDefinitions"][0]["format"] == "name");
  CHECK(table.names() == Names{"a", "b"});
  CHECK(cells(table) == Json({"a", 2, "90s"}));
  const Json& object = table.body["rows"][0]["object"];
  CHECK(object["kind"] == "PartialObjectMetadata");
  CHECK_FALSE(object.contains("data"));
  CHECK(api.get(config_maps + "?limit=1", as_table).body["metadata"]["remainingItemCount"] == 1);
}

TEST_CASE("the rows of a table carry as much of the object as is asked for") {
  Api api;
  api.post(config_maps, config_map("a", {{"x", "1"}}));
  const auto object = [&](const std::string& query) {
    return member(api.get(config_maps + "/a" + query, as_table).body["rows"][0], "object");
  };
  CHECK(object("?includeObject=None").is_null());
  CHECK(object("?includeObject=Object")["data"]["x"] == "1");
  CHECK(object("?includeObject=Metadata")["kind"] == "PartialObjectMetadata");
  const Reply wrong = api.get(config_maps + "?includeObject=x", as_table);
  CHECK(wrong.status == 400);
  CHECK(wrong.message() ==
        "Unable to convert to Table as requested: includeObject: Invalid value: \"x\": must be 'Metadata', "
        "'Object', 'None', or empty");
}

TEST_CASE("what is created or deleted may be answered as a table") {
  Api api;
  net::ServerRequest create = request("POST", config_maps, to_text(config_map("a")));
  create.headers.add("Accept", as_table);
  const Reply made = api.send(create);
  CHECK(made.status == 201);
  CHECK(made.names() == Names{"a"});
}

TEST_CASE("each kind has the columns that kubectl shows") {
  Api api;
  const std::string core = "/api/v1/namespaces/default/";
  const Json meta = {{"name", "x"}};

  CHECK(columns(api.get("/api/v1/namespaces", as_table)) == Names{"Name", "Status", "Age"});
  api.post(core + "secrets", {{"metadata", meta}, {"stringData", {{"k", "v"}}}});
  const Reply secrets = api.get(core + "secrets", as_table);
  CHECK(columns(secrets) == Names{"Name", "Type", "Data", "Age"});
  CHECK(cells(secrets) == Json({"x", "Opaque", 1, "0s"}));

  api.post(
      core + "services",
      {{"metadata", meta},
       {"spec",
        {{"type", "NodePort"},
         {"selector", {{"app", "a"}, {"b", "c"}}},
         {"externalIPs", {"1.2.3.4", "5.6.7.8"}},
         {"ports", {{{"port", 80}, {"name", "h"}, {"nodePort", 30000}}, {{"port", 81}, {"name", "i"}}}}}}});
  const Reply service = api.get(core + "services/x", as_table);
  CHECK(columns(service) ==
        Names{"Name", "Type", "Cluster-IP", "External-IP", "Port(s)", "Age", "[Selector]"});
  CHECK(cells(service) ==
        Json({"x", "NodePort", "<none>", "1.2.3.4,5.6.7.8", "80:30000/TCP,81/TCP", "0s", "app=a,b=c"}));

  const std::string leases = "/apis/coordination.k8s.io/v1/namespaces/default/leases";
  api.post(leases, {{"metadata", meta}, {"spec", {{"holderIdentity", "me"}}}});
  CHECK(cells(api.get(leases, as_table)) == Json({"x", "me", "0s"}));

  const std::string flunders = "/apis/wardle.example.com/v1alpha1/namespaces/default/flunders";
  api.post(flunders, {{"metadata", meta}});
  const Reply flunder = api.get(flunders, as_table);
  CHECK(columns(flunder) == Names{"Name", "Created At"});
  CHECK(cells(flunder) == Json({"x", "2026-11-24T15:04:05Z"}));
}

TEST_CASE("endpoints are shown up to three, and how many more there are") {
  Api api;
  const std::string core = "/api/v1/namespaces/default/";
  CHECK(cells(api.get(core + "endpoints/kubernetes", as_table)) ==
        Json({"kubernetes", "127.0.0.1:6443", "0s"}));
  const Json addresses = {{{"ip", "10.0.0.1"}}, {{"ip", "fd00::2"}}, {{"ip", "10.0.0.3"}}};
  api.post(core + "endpoints",
           {{"metadata", {{"name", "x"}}},
            {"subsets",
             {{{"addresses", addresses},
               {"ports", {{{"port", 80}, {"name", "a"}}, {{"port", 81}, {"name", "b"}}}}}}}});
  CHECK(cells(api.get(core + "endpoints/x", as_table))[1] ==
        "10.0.0.1:80,[fd00::2]:80,10.0.0.3:80 + 3 more...");
  const std::string slices = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices";
  CHECK(cells(api.get(slices + "/kubernetes", as_table)) ==
        Json({"kubernetes", "IPv4", "6443", "127.0.0.1", "0s"}));
  api.post(slices, {{"metadata", {{"name", "none"}}}, {"addressType", "FQDN"}});
  CHECK(cells(api.get(slices + "/none", as_table)) == Json({"none", "FQDN", "<unset>", "<unset>", "0s"}));
}

TEST_CASE("events are shown by when they were seen last") {
  Api api;
  const std::string events = "/api/v1/namespaces/default/events";
  api.post(events, {{"metadata", {{"name", "e"}}},
                    {"involvedObject",
                     {{"kind", "Pod"}, {"name", "p"}, {"namespace", "default"}, {"fieldPath", "f"}}},
                    {"source", {{"component", "kubelet"}, {"host", "node"}}},
                    {"reason", "Pulled"},
                    {"message", " text\n"},
                    {"type", "Normal"},
                    {"count", 3},
                    {"firstTimestamp", "2026-11-24T15:03:05Z"},
                    {"lastTimestamp", "2026-11-24T15:04:00Z"}});
  const Reply table = api.get(events, as_table);
  CHECK(columns(table) == Names{"Last Seen", "Type", "Reason", "Object", "[Subobject]", "[Source]", "Message",
                                "[First Seen]", "[Count]", "[Name]"});
  CHECK(cells(table) ==
        Json({"5s", "Normal", "Pulled", "pod/p", "f", "kubelet, node", "text", "60s", 3, "e"}));
}

}  // namespace k8scale::apiserver
