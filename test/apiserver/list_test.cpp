#include "apiserver/list.h"

#include "api.h"
#include "apiserver/continue_token.h"
#include "catch.h"

namespace k8scale::apiserver {
namespace {

// Config maps a … `last` in namespace default.
void fill(Api& api, char last) {
  for (char name = 'a'; name <= last; ++name) api.post(config_maps, config_map(std::string(1, name)));
}

std::string continue_of(const Reply& reply) {
  return std::string(text_member(member(reply.body, "metadata"), "continue"));
}

Reply page(Api& api, const std::string& token, const std::string& more = "") {
  return api.get(config_maps + "?limit=2&continue=" + token + more);
}

std::string option_cause(Api& api, const std::string& query) {
  const Reply reply = api.get(config_maps + "?" + query);
  CHECK(reply.status == 422);
  CHECK(reply.message().starts_with("ListOptions.meta.k8s.io \"\" is invalid: "));
  return reply.causes().empty() ? "" : reply.causes().front();
}

}  // namespace

TEST_CASE("a list has its items in order, without their kind, and the version of now") {
  Api api;
  for (const char* name : {"b", "c", "a"}) api.post(config_maps, config_map(name, {{"k", name}}));
  const Reply list = api.get(config_maps);
  CHECK(list.body["kind"] == "ConfigMapList");
  CHECK(list.body["apiVersion"] == "v1");
  CHECK(list.names() == Names{"a", "b", "c"});
  CHECK(list.version() == std::to_string(api.revision()));
  CHECK(list.body["items"][0]["data"]["k"] == "a");
  CHECK_FALSE(list.body["items"][0].contains("kind"));
  CHECK_FALSE(list.body["metadata"].contains("continue"));
  CHECK_FALSE(list.body["metadata"].contains("remainingItemCount"));
  const Reply none = api.get("/api/v1/namespaces/nowhere/configmaps");
  CHECK(none.status == 200);
  CHECK(none.body["items"] == Json::array());
}

TEST_CASE("a list of all namespaces is ordered by namespace") {
  Api api;
  for (const char* space : {"zz", "aa"}) api.post("/api/v1/namespaces", {{"metadata", {{"name", space}}}});
  for (const char* space : {"zz", "default", "aa"}) {
    api.post(std::string("/api/v1/namespaces/") + space + "/configmaps",
             config_map(std::string("in-") + space));
  }
  const Names all = {"in-aa", "in-default", "in-zz"};
  CHECK(api.get("/api/v1/configmaps").names() == all);
  const Reply first = api.get("/api/v1/configmaps?limit=1");
  CHECK(first.names() == Names{"in-aa"});
  const Reply rest = api.get("/api/v1/configmaps?continue=" + continue_of(first));
  CHECK(rest.names() == Names{"in-default", "in-zz"});
  CHECK(api.get("/api/v1/configmaps?fieldSelector=metadata.namespace%3Daa").names() == Names{"in-aa"});
}

TEST_CASE("pages together are the whole list as it was when it began") {
  Api api;
  fill(api, 'e');
  const Reply first = page(api, "");
  CHECK(first.names() == Names{"a", "b"});
  CHECK(first.body["metadata"]["remainingItemCount"] == 3);
  api.remove(config_maps + "/c");
  api.put(config_maps + "/d", config_map("d", {{"new", "1"}}));
  api.post(config_maps, config_map("cc"));
  const Reply second = page(api, continue_of(first));
  CHECK(second.names() == Names{"c", "d"});
  CHECK_FALSE(second.body["items"][1].contains("data"));
  CHECK(second.version() == first.version());
  CHECK(second.body["metadata"]["remainingItemCount"] == 1);
  const Reply last = page(api, continue_of(second));
  CHECK(last.names() == Names{"e"});
  CHECK(continue_of(last).empty());
  CHECK(api.get(config_maps + "?limit=0").names() == Names{"a", "b", "cc", "d", "e"});
}

TEST_CASE("pages of a selection do not say how many remain") {
  Api api;
  for (const char* name : {"a", "b", "c", "d"}) api.post(config_maps, config_map(name, {}, {{"l", name}}));
  const std::string selector = "&labelSelector=l%20in%20(a,c,d)";
  const Reply first = page(api, "", selector);
  CHECK(first.names() == Names{"a", "c"});
  CHECK_FALSE(first.body["metadata"].contains("remainingItemCount"));
  const Reply last = page(api, continue_of(first), selector);
  CHECK(last.names() == Names{"d"});
  CHECK(continue_of(last).empty());
}

TEST_CASE("an expired continue token comes back as one that goes on with what is there now") {
  Api api;
  fill(api, 'e');
  const Reply first = page(api, "");
  api.remove(config_maps + "/c");
  api.core().store.compact();
  const Reply gone = page(api, continue_of(first));
  CHECK(gone.status == 410);
  CHECK(gone.reason() == "Expired");
  CHECK(
      gone.message().starts_with("The provided continue parameter is too old to display a consistent list"));
  const Reply inconsistent = page(api, continue_of(gone));
  CHECK(inconsistent.status == 200);
  CHECK(inconsistent.names() == Names{"d", "e"});
  CHECK(inconsistent.version() == std::to_string(api.revision()));
}

TEST_CASE("a list at a version that is gone starts over, without a token") {
  Api api;
  fill(api, 'b');
  const std::string old = api.get(config_maps).version();
  api.post(config_maps, config_map("c"));
  const std::string at = config_maps + "?resourceVersion=" + old;
  CHECK(api.get(at + "&resourceVersionMatch=Exact").names() == Names{"a", "b"});
  api.core().store.compact();
  for (const char* exact : {"&resourceVersionMatch=Exact", "&limit=1"}) {
    const Reply gone = api.get(at + exact);
    CHECK(gone.status == 410);
    CHECK(gone.reason() == "Expired");
    CHECK(gone.message() == "The resourceVersion for the provided list is too old.");
    CHECK(continue_of(gone).empty());
  }
  CHECK(api.get(at).names() == Names{"a", "b", "c"});
}

TEST_CASE("what a list's version means depends on the match") {
  Api api;
  fill(api, 'b');
  const std::string old = api.get(config_maps).version();
  api.post(config_maps, config_map("c"));
  const Names before = {"a", "b"}, now = {"a", "b", "c"};
  const auto names_at = [&](const std::string& version, const std::string& more) {
    return api.get(config_maps + "?resourceVersion=" + version + more).names();
  };
  CHECK(names_at(old, "&resourceVersionMatch=Exact") == before);
  CHECK(names_at(old, "&limit=9") == before);
  CHECK(names_at(old, "") == now);
  CHECK(names_at(old, "&resourceVersionMatch=NotOlderThan") == now);
  CHECK(names_at(old, "&resourceVersionMatch=NotOlderThan&limit=9") == now);
  CHECK(names_at("0", "") == now);
  CHECK(names_at("0", "&resourceVersionMatch=NotOlderThan") == now);
  CHECK(names_at("0", "&limit=9") == now);
  const Reply exact = api.get(config_maps + "?resourceVersionMatch=Exact&resourceVersion=" + old);
  CHECK(exact.version() == old);
}

TEST_CASE("options of a list that exclude each other are refused") {
  Api api;
  fill(api, 'c');
  const std::string token = continue_of(page(api, ""));
  const std::string forbidden = "resourceVersionMatch: Forbidden: resourceVersionMatch ";
  CHECK(option_cause(api, "resourceVersionMatch=Exact") ==
        forbidden + "is forbidden unless resourceVersion is provided (FieldValueForbidden)");
  CHECK(option_cause(api, "resourceVersionMatch=Exact&resourceVersion=1&continue=" + token) ==
        forbidden + "is forbidden when continue is provided (FieldValueForbidden)");
  CHECK(option_cause(api, "resourceVersionMatch=Exact&resourceVersion=0") ==
        forbidden + "\"exact\" is forbidden for resourceVersion \"0\" (FieldValueForbidden)");
  CHECK(option_cause(api, "resourceVersionMatch=x&resourceVersion=1") ==
        "resourceVersionMatch: Unsupported value: \"x\": supported values: \"Exact\", \"NotOlderThan\", \"\" "
        "(FieldValueNotSupported)");
  CHECK(option_cause(api, "sendInitialEvents=true") ==
        "sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list (FieldValueForbidden)");
  CHECK(api.get(config_maps + "?resourceVersionMatch=x").causes().size() == 2);
  CHECK(page(api, token, "&resourceVersion=5").message() ==
        "specifying resource version is not allowed when using continue");
}

TEST_CASE("numbers in a list's options are read as Go reads them") {
  Api api;
  fill(api, 'b');
  const auto message = [&](const std::string& query) {
    const Reply reply = api.get(config_maps + "?" + query);
    CHECK(reply.status == 400);
    return std::string(reply.message());
  };
  CHECK(message("limit=x") == "strconv.ParseInt: parsing \"x\": invalid syntax");
  CHECK(message("limit=1x") == "strconv.ParseInt: parsing \"1x\": invalid syntax");
  CHECK(message("timeoutSeconds=1.5") == "strconv.ParseInt: parsing \"1.5\": invalid syntax");
  CHECK(message("limit=99999999999999999999") ==
        "strconv.ParseInt: parsing \"99999999999999999999\": value out of range");
  CHECK(message("resourceVersion=x") ==
        "invalid resource version: resourceVersion: Invalid value: \"x\": strconv.ParseUint: parsing \"x\": "
        "invalid syntax");
  CHECK(message("resourceVersion=-1").starts_with("invalid resource version"));
  CHECK(api.get(config_maps + "?limit=-1").names() == Names{"a", "b"});
}

TEST_CASE("a version that is yet to come is too large, for now") {
  Api api;
  fill(api, 'a');
  for (const std::string& target : {config_maps, config_maps + "/a"}) {
    const Reply reply = api.get(target + "?resourceVersion=9999");
    CHECK(reply.status == 504);
    CHECK(reply.reason() == "Timeout");
    CHECK(reply.message() ==
          "Timeout: Too large resource version: 9999, current: " + std::to_string(api.revision()));
    CHECK(reply.causes() == Names{": Too large resource version (ResourceVersionTooLarge)"});
    CHECK(reply.body["details"]["retryAfterSeconds"] == 1);
    CHECK(reply.headers.find("Retry-After") == "1");
  }
  CHECK(api.get(config_maps + "/a?resourceVersion=0").status == 200);
  CHECK(api.get(config_maps + "/a?resourceVersion=1").status == 200);
  CHECK(api.get(config_maps + "/a?resourceVersion=x").status == 500);
}

TEST_CASE("a continue token goes on behind the last object") {
  const std::string token = continue_token(42, {"space", "name"}, false);
  CHECK(token.find_first_of("+/=") == std::string::npos);
  const auto all = read_continue_token(token, "");
  REQUIRE(all.has_value());
  CHECK(all->revision == 42);
  CHECK(all->start == Key{"space", std::string("name\0", 5)});
  const auto within = read_continue_token(continue_token(-1, {"space", "name"}, true), "space");
  CHECK(within->revision == -1);
  CHECK(within->start == all->start);
}

TEST_CASE("a continue token that is none is refused") {
  const auto why = [](std::string_view token) {
    const auto read = read_continue_token(token, "space");
    const std::string start = "invalid continue token: continue key is not valid: ";
    return read.has_value() ? "" : read.error().message.substr(start.size());
  };
  CHECK(why("!").starts_with("illegal base64 data"));
  CHECK(why("eA") == "invalid character 'x' looking for beginning of value");
  CHECK(why("e30") == "server does not recognize this encoded version ");
  CHECK(why("eyJ2IjoieCJ9") == "server does not recognize this encoded version x");
  CHECK(why("eyJ2IjoibWV0YS5rOHMuaW8vdjEifQ") ==
        "incorrect encoded start resourceVersion (version meta.k8s.io/v1)");
  CHECK(why("eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6NX0") == "encoded start key empty (version meta.k8s.io/v1)");
  CHECK(why("eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6NSwic3RhcnQiOiIuLi94In0") == "../x");
}

TEST_CASE("a list may be of metadata only") {
  Api api;
  api.post(config_maps, config_map("a", {{"k", "1"}}, {{"l", "1"}}));
  const Reply list = api.get(
      config_maps, "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json");
  CHECK(list.body["kind"] == "PartialObjectMetadataList");
  CHECK(list.body["apiVersion"] == "meta.k8s.io/v1");
  const Json& item = list.body["items"][0];
  CHECK(item["kind"] == "PartialObjectMetadata");
  CHECK(item["metadata"]["labels"]["l"] == "1");
  CHECK_FALSE(item.contains("data"));
  const Reply one =
      api.get(config_maps + "/a", "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1");
  CHECK(one.body == item);
}

}  // namespace k8scale::apiserver
