#include "k8scale/kube/protobuf_form.h"

#include "api_client.h"
#include "catch.h"
#include "k8scale/kube/list_items.h"
#include "protobuf_text.h"

namespace k8scale::kube {
namespace {

using Known = ProtobufForm::Known;

const std::string reason = R"({"kind":"Status","status":"Failure","message":"no such form"})";

struct Found {
  ProtobufForm form;
  std::vector<std::string> requests;
};

Found ask(std::vector<net::fake::Script> scripts) {
  ClientOptions options;
  options.retries = 0;
  ApiClient api(std::move(scripts));
  Configuration configuration;
  configuration.server = api.server.endpoint();
  const Collection secrets({"", "v1", "secrets", "Secret", true}, "ns");
  ProtobufForm form =
      api.shard.run(find_protobuf_form(api.shard, configuration, api.credentials, options, secrets, "r-0"));
  return {std::move(form), api.requests()};
}

net::fake::Script answers(std::vector<std::string> texts) {
  net::fake::Script script;
  for (std::string& each : texts) script.push_back(net::fake::reply(std::move(each)));
  return script;
}

std::string list_of(const std::string& items) {
  return net::fake::answer(200, envelope("SecretList", field(1, field(2, "9")) + items));
}

}  // namespace

TEST_CASE("a list in protobuf that has objects tells that they have the form") {
  const Found found = ask({answers({list_of(field(2, protobuf_object("a", 1)))})});
  CHECK(found.form.known == Known::yes);
  REQUIRE(found.requests.size() == 1);
  CHECK(found.requests[0].find("/api/v1/namespaces/ns/secrets?limit=1") != std::string::npos);
}

TEST_CASE("an empty list, or none, tells nothing, so a create is tried that keeps nothing") {
  const std::string listed = GENERATE(list_of(""), net::fake::answer(403, reason));
  const auto [code, known] = GENERATE(table<int, Known>({{201, Known::yes},
                                                         {403, Known::yes},
                                                         {404, Known::yes},
                                                         {409, Known::yes},
                                                         {422, Known::yes},
                                                         {400, Known::no},
                                                         {406, Known::no},
                                                         {415, Known::no},
                                                         {401, Known::unknown},
                                                         {405, Known::unknown},
                                                         {429, Known::unknown},
                                                         {500, Known::unknown},
                                                         {503, Known::unknown}}));
  const Found found = ask({answers({listed, net::fake::answer(code, code == 201 ? "{}" : reason)})});
  CHECK(found.form.known == known);
  CHECK((found.form.reason == "no such form") == (known != Known::yes));
  REQUIRE(found.requests.size() == 2);
  const std::string& tried = found.requests[1];
  CHECK(tried.starts_with("POST /api/v1/namespaces/ns/secrets?dryRun=All "));
  CHECK(tried.find("Content-Type: application/vnd.kubernetes.protobuf") != std::string::npos);
  const std::string metadata = field(1, "r-0") + field(3, "") + entry(11, "purpose", "scaletest");
  CHECK(tried.ends_with(envelope("Secret", field(1, metadata))));
}

TEST_CASE("admission refuses what was read") {
  const std::string webhook =
      R"({"kind":"Status","status":"Failure","message":"admission webhook \"a\" does not support dry run"})";
  CHECK(ask({answers({list_of(""), net::fake::answer(400, webhook)})}).form.known == Known::yes);
}

TEST_CASE("what a server stored though it was to store nothing is deleted") {
  const std::string stored = R"({"kind":"Secret","metadata":{"name":"r-0","resourceVersion":"7"}})";
  const Found found =
      ask({answers({list_of(""), net::fake::answer(201, stored), net::fake::answer(200, "{}")})});
  CHECK(found.form.known == Known::yes);
  REQUIRE(found.requests.size() == 3);
  CHECK(found.requests[2].starts_with("DELETE /api/v1/namespaces/ns/secrets/r-0 "));
}

TEST_CASE("a list in JSON, or refused, tells that they have not") {
  const Found json = ask({answers({net::fake::answer(200, R"({"kind":"SecretList","items":[]})")})});
  CHECK(json.form.known == Known::no);
  const Found refused = ask({answers({net::fake::answer(406, reason)})});
  CHECK(refused.form.known == Known::no);
  CHECK(refused.form.reason == "no such form");
  CHECK(json.requests.size() + refused.requests.size() == 2);
}

TEST_CASE("any other refusal, or no answer, leaves it unknown") {
  const int code = GENERATE(401, 404, 429, 500);
  CHECK(ask({answers({net::fake::answer(code, reason)})}).form.known == Known::unknown);
  const std::string no_list = envelope("SecretList", "").substr(0, 12);
  CHECK(ask({answers({net::fake::answer(200, no_list)})}).form.known == Known::unknown);
  const Found broken = ask({answers({list_of("")}), answers({}), answers({})});
  CHECK(broken.form.known == Known::unknown);
  CHECK_FALSE(broken.form.reason.empty());
}

}  // namespace k8scale::kube
