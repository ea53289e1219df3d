#include "k8scale/base/gzip.h"
#include "protobuf_text.h"
#include "recorded.h"

using namespace k8scale::kube;
using namespace k8scale::kube::test;
using Words = std::vector<std::string>;

namespace {

const std::string protobuf = "application/vnd.kubernetes.protobuf";
const std::string protobuf_watch = protobuf + ";stream=watch";

ReflectorOptions protobuf_options() {
  ReflectorOptions options = quick_options();
  options.encoding = Encoding::protobuf;
  return options;
}

std::string protobuf_list(const std::string& items, int version, const std::string& token = "") {
  return envelope("ConfigMapList", field(1, field(2, std::to_string(version)) + field(3, token)) + items);
}

std::string gzip(std::string_view text) {
  return k8scale::base::gzip(text, k8scale::base::GzipEffort::usual);
}

// One byte in each chunk.
std::vector<std::string> single_bytes(const std::string& text) {
  std::vector<std::string> pieces;
  for (const char byte : text) pieces.emplace_back(1, byte);
  return pieces;
}

}  // namespace

TEST_CASE("lists and watches are read in protobuf") {
  const std::string created = entry(12, "scaletest/createTimestamp", "now");
  ReflectorOptions options = protobuf_options();
  options.annotations = {"scaletest/createTimestamp"};
  Running running(
      {Reply({protobuf_list(field(2, protobuf_object("a", 3, created)), 10, "token")}).as(protobuf),
       Reply(single_bytes(protobuf_list(field(2, protobuf_object("b", 4)), 10))).as(protobuf),
       Reply(single_bytes(protobuf_event("ADDED", envelope("ConfigMap", protobuf_object("c", 11, created))) +
                          protobuf_event("DELETED", envelope("ConfigMap", protobuf_object("a", 12)))),
             Then::hold)
           .as(protobuf_watch)},
      options);
  running.told.wait_for("deleted:a@12/");
  CHECK(running.told.words() ==
        Words{"begin", "listed:a@3/now", "listed:b@4/", "end@10", "added:c@11/now", "deleted:a@12/"});
  const auto accepts = running.server.accepts();
  CHECK(accepts[0] == "application/vnd.kubernetes.protobuf,application/json");
  CHECK(accepts[2] == "application/vnd.kubernetes.protobuf;stream=watch,application/json");
}

TEST_CASE("a list is streamed in protobuf") {
  ReflectorOptions options = protobuf_options();
  options.stream_lists = true;
  const std::string end = field(6, "10") + entry(12, "k8s.io/initial-events-end", "true");
  Running running({Reply({protobuf_event("ADDED", envelope("ConfigMap", protobuf_object("a", 3))) +
                          protobuf_event("BOOKMARK", envelope("ConfigMap", field(1, end)))},
                         Then::hold)
                       .as(protobuf_watch)},
                  options);
  running.told.wait_for("end@10");
  CHECK(running.told.words() == Words{"begin", "listed:a@3", "end@10"});
}

TEST_CASE("a refusal is understood in protobuf") {
  const std::string cause = field(4, field(1, "ResourceVersionTooLarge"));
  const std::string refusal =
      envelope("Status", field(3, "Too large resource version: 10") + field(4, "Timeout") + field(5, cause) +
                             number_field(6, 504));
  Running running({Reply({protobuf_list("", 10)}).as(protobuf), Reply(504, refusal).as(protobuf),
                   Reply({protobuf_list("", 6)}).as(protobuf)},
                  protobuf_options());
  running.told.wait_for("end@6");
  CHECK(running.counters().errors.at("Timeout") == 1);
}

TEST_CASE("a server that has no protobuf is asked for JSON from then on") {
  Running running({{406, status(406, "NotAcceptable", "only JSON here")},
                   {{list(object("a", 3), 10)}},
                   {{bookmark(11)}, Then::hold}},
                  protobuf_options());
  running.told.wait_for("bookmark@11");
  const auto accepts = running.server.accepts();
  CHECK(accepts[1] == "application/json");
  CHECK(accepts[2] == "application/json");
}

TEST_CASE("a server that answers in JSON though asked for protobuf is understood") {
  Running running({{{list(object("a", 3), 10)}}, {{bookmark(11)}, Then::hold}}, protobuf_options());
  running.told.wait_for("bookmark@11");
  CHECK(running.told.words() == Words{"begin", "listed:a@3", "end@10", "bookmark@11"});
}

TEST_CASE("a server that ends its watches in protobuf without a word is asked for JSON from then on") {
  Running running({Reply({protobuf_list("", 10)}).as(protobuf),
                   Reply(std::vector<std::string>()).as(protobuf_watch),
                   Reply(std::vector<std::string>()).as(protobuf_watch),
                   {{event("ADDED", object("a", 11))}, Then::hold}},
                  protobuf_options());
  running.told.wait_for("added:a@11");
  CHECK(running.server.accepts()[3] == "application/json");
  CHECK(running.counters().lists == 1);
}

TEST_CASE("a server that tells nothing in JSON either is asked for protobuf again") {
  const Reply silent = Reply(std::vector<std::string>()).as(protobuf_watch);
  Running running(
      {Reply({protobuf_list("", 10)}).as(protobuf), silent, silent, Reply(std::vector<std::string>()),
       Reply({protobuf_event("ADDED", envelope("ConfigMap", protobuf_object("a", 11)))}, Then::hold)
           .as(protobuf_watch)},
      protobuf_options());
  running.told.wait_for("added:a@11");
  CHECK(running.server.accepts()[3] == "application/json");
  CHECK(running.server.accepts()[4].find(protobuf) == 0);
}

TEST_CASE("a server that streams no list in protobuf is asked for one in JSON") {
  ReflectorOptions options = protobuf_options();
  options.stream_lists = true;
  Running running({Reply(std::vector<std::string>()).as(protobuf_watch),
                   {{bookmark(10, R"(,"annotations":{"k8s.io/initial-events-end":"true"})")}, Then::hold}},
                  options);
  running.told.wait_for("end@10");
  CHECK(running.server.targets()[1].find("sendInitialEvents=true") != std::string::npos);
  CHECK(running.server.accepts()[1] == "application/json");
}

TEST_CASE("metadata alone is asked for, with whole objects as what will do instead") {
  ReflectorOptions options = quick_options();
  options.metadata_only = true;
  Running running({{{list("", 10)}}}, options);
  running.server.wait_for_requests(2);
  CHECK(running.server.accepts() ==
        Words{"application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json",
              "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json"});
}

TEST_CASE("metadata alone is asked for in protobuf") {
  ReflectorOptions options = protobuf_options();
  options.metadata_only = true;
  Running running({Reply({protobuf_list("", 10)}).as(protobuf)}, options);
  running.server.wait_for_requests(2);
  const std::string as_list = ";as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
  const std::string as_object = ";as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
  CHECK(running.server.accepts() ==
        Words{protobuf + as_list + ",application/json" + as_list + "," + protobuf + ",application/json",
              protobuf + as_object + ";stream=watch,application/json" + as_object + "," + protobuf_watch +
                  ",application/json"});
}

TEST_CASE("a list may be packed by gzip, in several members") {
  ReflectorOptions options = quick_options();
  options.gzip = true;
  const std::string text =
      list(object("a", 3) + "," + object("b", 4, R"(,"data":")" + std::string(200'000, 'x') + "\""), 10);
  const std::string packed = gzip(text.substr(0, 40)) + gzip("") + gzip(text.substr(40));
  Running running({Reply(single_bytes(packed)).with("Content-Encoding", "gzip")}, options);
  running.told.wait_for("end@10");
  CHECK(running.told.words() == Words{"begin", "listed:a@3", "listed:b@4", "end@10"});
  CHECK(running.counters().bytes == packed.size());
}

TEST_CASE("a streamed list may be packed by gzip") {
  ReflectorOptions options = quick_options();
  options.gzip = options.stream_lists = true;
  const std::string end = bookmark(10, R"(,"annotations":{"k8s.io/initial-events-end":"true"})");
  Running running(
      {Reply({gzip(event("ADDED", object("a", 3))), gzip(end)}, Then::hold).with("Content-Encoding", "gzip")},
      options);
  running.told.wait_for("end@10");
  CHECK(running.told.words() == Words{"begin", "listed:a@3", "end@10"});
}

TEST_CASE("broken gzip is garbage") {
  const std::string packed = gzip(list(object("a", 3), 10));
  std::string damaged = packed;
  damaged[packed.size() / 2] = static_cast<char>(damaged[packed.size() / 2] ^ 0x55);
  Running running({Reply({packed.substr(0, packed.size() - 9)}).with("Content-Encoding", "gzip"),
                   Reply({damaged}).with("Content-Encoding", "gzip"),
                   Reply({"nonsense"}).with("Content-Encoding", "gzip"),
                   Reply({packed}).with("Content-Encoding", "br"),
                   Reply({packed}).with("Content-Encoding", "gzip")});
  running.told.wait_for("end@10");
  CHECK(running.counters().garbage == 4);
}
