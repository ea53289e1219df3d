#include "apiserver/call.h"

#include "api.h"
#include "catch.h"

namespace k8scale::apiserver {
namespace {

// "VERB plural NAMESPACE/NAME", or the code of the refusal.
std::string read(const std::string& method, const std::string& target) {
  static const ResourceTable table({});
  net::Request asked;
  asked.method = method;
  asked.target = target;
  const Answer<Call> call = read_call(table, asked);
  if (!call) return std::to_string(call.error().code);
  return std::string(name(call->verb)) + " " + call->resource->plural + " " + call->namespace_name + "/" +
         call->name;
}

}  // namespace

TEST_CASE("a path and a method name the verb, the resource and the object") {
  CHECK(read("GET", "/api/v1/namespaces/d/configmaps/a") == "get configmaps d/a");
  CHECK(read("GET", "/api/v1/namespaces/d/configmaps") == "list configmaps d/");
  CHECK(read("GET", "/api/v1/namespaces/d/configmaps/") == "list configmaps d/");
  CHECK(read("GET", "/api/v1/configmaps") == "list configmaps /");
  CHECK(read("GET", "/api/v1/namespaces") == "list namespaces /");
  CHECK(read("GET", "/api/v1/namespaces/d") == "get namespaces /d");
  CHECK(read("GET", "/apis/wardle.example.com/v1alpha1/fischers/f") == "get fischers /f");
  CHECK(read("POST", "/api/v1/namespaces/d/configmaps?dryRun=All") == "create configmaps d/");
  CHECK(read("PUT", "/api/v1/namespaces/d/configmaps/a") == "update configmaps d/a");
  CHECK(read("PATCH", "/api/v1/namespaces/d/configmaps/a") == "patch configmaps d/a");
  CHECK(read("DELETE", "/api/v1/namespaces/d/configmaps/a") == "delete configmaps d/a");
  CHECK(read("DELETE", "/api/v1/namespaces/d/configmaps") == "deletecollection configmaps d/");
  CHECK(read("GET", "/api/v1/namespaces/d/configmaps/a%2Db") == "get configmaps d/a-b");
}

TEST_CASE("true is whatever is not false: a list becomes a watch") {
  for (const char* yes : {"watch=true", "watch=1"}) {
    CHECK(read("GET", std::string("/api/v1/configmaps?") + yes) == "watch configmaps /");
  }
  for (const char* no : {"watch=false", "watch=0", "watch=False", "limit=1"}) {
    CHECK(read("GET", std::string("/api/v1/configmaps?") + no) == "list configmaps /");
  }
}

TEST_CASE("what is not served is not found or not allowed") {
  for (const char* unknown :
       {"/api/v1/pods", "/api/v1/namespaces/d/pods", "/api/v1/namespaces/d/configmaps/a/status",
        "/api/v1/namespaces/d/finalize", "/api/v1/configmaps/a", "/api/v2/configmaps", "/api/v1x/configmaps",
        "/apis/apps/v1/deployments", "/apis/wardle.example.com/v1/flunders", "/nonsense", "/", "/apis//v1/x",
        "/apis/wardle.example.com/v1alpha1/namespaces/d/fischers/f"}) {
    INFO(unknown);
    CHECK(read("GET", unknown) == "404");
  }
  CHECK(read("POST", "/api/v1/configmaps") == "405");
  CHECK(read("POST", "/api/v1/namespaces/d/configmaps/a") == "405");
  CHECK(read("PUT", "/api/v1/namespaces/d/configmaps") == "405");
  CHECK(read("PATCH", "/api/v1/namespaces/d/configmaps") == "405");
  CHECK(read("DELETE", "/api/v1/configmaps") == "405");
  CHECK(read("DELETE", "/api/v1/namespaces") == "405");
  CHECK(read("FOO", "/api/v1/namespaces/d/configmaps/a") == "405");
}

TEST_CASE("refusals before the resource is known are Status objects") {
  Api api;
  for (const char* path : {"/api/v1/namespaces/default/pods", "/api/v2/configmaps", "/nonsense",
                           "/apis/nonsense", "/apis/nonsense/v1", "/apis/nonsense/v1/things"}) {
    const Reply missing = api.get(path);
    CHECK(missing.status == 404);
    CHECK(missing.reason() == "NotFound");
    CHECK(missing.message() == "the server could not find the requested resource");
  }
  const Reply method = api.send(request("PUT", config_maps));
  CHECK(method.status == 405);
  CHECK(method.reason() == "MethodNotAllowed");
  CHECK(method.message() == "the server does not allow this method on the requested resource");
}

TEST_CASE("an answer has the form that is asked for first, of those that are served") {
  Api api;
  api.post(config_maps, config_map("a"));
  const auto kind = [&](const std::string& target, std::string_view accept) {
    const Reply reply = api.get(target, accept);
    return reply.status == 200 ? reply.body["kind"].get<std::string>() : std::to_string(reply.status);
  };
  const std::string one = config_maps + "/a";
  for (const char* json : {"application/json", "*/*", "", "application/json; q=0.9",
                           "text/html, application/json", "application/yaml,*/*"}) {
    CHECK(kind(one, json) == "ConfigMap");
  }
  CHECK(kind(one, "application/json;as=Table;g=meta.k8s.io;v=v1,application/json") == "Table");
  CHECK(kind(one, "application/json;as=Table;g=meta.k8s.io;v=v9,application/json") == "ConfigMap");
  CHECK(kind(one, "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1") == "PartialObjectMetadata");
  CHECK(kind(config_maps, "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1") ==
        "PartialObjectMetadataList");
  for (const char* other :
       {"text/html", "application/yaml", "application/json;as=Nonsense;g=meta.k8s.io;v=v1"}) {
    CHECK(kind(one, other) == "406");
  }
  const Reply refused = api.get(one, "text/html");
  CHECK(refused.reason() == "NotAcceptable");
  CHECK(refused.message().starts_with("only the following media types are accepted: application/json"));
}

TEST_CASE("options are the first of their name, decoded") {
  Call call;
  call.query = net::query_values("a=1&b=x%20y+z&a=2&c&dryRun=All");
  CHECK(call.option("a") == "1");
  CHECK(call.option("b") == "x y z");
  CHECK(call.option("c").empty());
  CHECK(call.has_option("c"));
  CHECK_FALSE(call.has_option("d"));
  CHECK(call.dry_run());
}

}  // namespace k8scale::apiserver
