#include <thread>

#include "captured.h"
#include "protobuf_text.h"
#include "recorded.h"

using namespace k8scale::kube;
using namespace k8scale::kube::test;
using namespace std::chrono_literals;
using Words = std::vector<std::string>;

namespace {

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

// Long enough for a pause to show.
ReflectorOptions pausing_options() {
  ReflectorOptions options = quick_options();
  options.times.first_pause = 300ms;
  options.times.longest_pause = 300ms;
  return options;
}

const std::string expired = status(410, "Expired", "too old resource version: 10 (20)");

}  // namespace

TEST_CASE("a watch from a version that is too old is followed by a list from there") {
  const bool in_stream = GENERATE(false, true);
  const Reply refusal = in_stream ? Reply({event("ERROR", expired)}) : Reply(410, expired);
  Running running({{{list(object("a", 3), 10)}}, refusal, {{list(object("b", 30), 40)}}});
  running.server.wait_for_requests(4);
  CHECK(running.told.words() == Words{"begin", "listed:a@3", "end@10", "begin", "listed:b@30", "end@40"});
  CHECK(has(running.server.targets()[2], "configmaps?resourceVersion=10"));
  CHECK(has(running.server.targets()[3], "resourceVersion=40&"));
  CHECK(running.counters().expired == 1);
  CHECK(running.counters().lists == 2);
}

TEST_CASE("a resource that the server does not have ends it when it is told so, but not once it was listed") {
  ReflectorOptions options = quick_options();
  options.gives_up_on_unknown = true;
  options.stream_lists = GENERATE(false, true);
  const std::string unknown = status(404, "NotFound", "the server could not find the requested resource");
  {
    Running running({{404, unknown}}, options);
    running.wait_for_end();
    REQUIRE(running.failure().has_value());
    CHECK(has(running.failure()->message, "could not find the requested resource"));
  }
  options.stream_lists = false;
  Running running({{503, status(503, "ServiceUnavailable", "not yet")},
                   {{list("", 10)}},
                   {404, unknown},
                   {{list("", 20)}}},
                  options);
  running.told.wait_for("end@20");
  CHECK_FALSE(running.failure().has_value());
}

TEST_CASE("a list from a version that is too old is followed by one of the newest") {
  Running running({{{list("", 10)}}, {410, expired}, {410, expired}, {{list("", 40)}}});
  running.server.wait_for_requests(5);
  CHECK(has(running.server.targets()[2], "configmaps?resourceVersion=10"));
  CHECK(has(running.server.targets()[3], "configmaps?limit=500"));
  CHECK(!has(running.server.targets()[3], "resourceVersion"));
  CHECK(running.counters().expired == 2);
}

TEST_CASE("a version that the server has not reached is tried again when it says, then given up") {
  const std::string too_large =
      status(504, "Timeout", "Too large resource version: 10, current: 5",
             R"({"causes":[{"reason":"ResourceVersionTooLarge","message":"Too large resource version"}],)"
             R"("retryAfterSeconds":1})");
  Running running({{{list("", 10)}}, {504, too_large}, {{event("ERROR", too_large)}}, {{list("", 6)}}});
  running.server.wait_for_requests(5);
  const auto targets = running.server.targets();
  const auto times = running.server.times();
  CHECK(has(targets[2], "watch=true"));
  CHECK(times[2] - times[1] >= 1s);
  CHECK(targets[3] == "/api/v1/namespaces/ns/configmaps?limit=500");
  CHECK(has(targets[4], "resourceVersion=6&"));
}

TEST_CASE("Retry-After is honoured") {
  Running running({{{list("", 10)}},
                   Reply(429, "slow down").with("Retry-After", "1"),
                   {{event("ADDED", object("a", 11))}, Then::hold}});
  running.told.wait_for("added:a@11");
  const auto times = running.server.times();
  CHECK(times[2] - times[1] >= 1s);
  CHECK(has(running.server.targets()[2], "resourceVersion=10&"));
}

TEST_CASE("a server that wants to be asked again at once is asked after a pause all the same") {
  const std::string too_large =
      status(504, "Timeout", "Too large resource version: 10, current: 5", R"({"retryAfterSeconds":0})");
  const Reply refusal = GENERATE_COPY(Reply(429, "slow down"), Reply(503, "no"), Reply(504, too_large));
  Running running({{{list("", 10)}},
                   Reply(refusal).with("Retry-After", "0"),
                   {{event("ADDED", object("a", 11))}, Then::hold}},
                  pausing_options());
  running.told.wait_for("added:a@11");
  const auto times = running.server.times();
  CHECK(times[2] - times[1] >= 300ms);
}

TEST_CASE("errors of the server are tried again after a pause") {
  const int code = GENERATE(429, 500, 503);
  Running running({{{list("", 10)}}, {code, "no"}, {{event("ADDED", object("a", 11))}, Then::hold}},
                  pausing_options());
  running.told.wait_for("added:a@11");
  const auto times = running.server.times();
  CHECK(times[2] - times[1] >= 300ms);
  CHECK(running.counters().lists == 1);
}

TEST_CASE("a refusal is tried again after a pause, for ever") {
  Running running({{403, status(403, "Forbidden", "no")}, {404, "no"}, {403, ""}, {{list("", 10)}}});
  running.told.wait_for("end@10");
  CHECK(running.counters().errors.at("Forbidden") == 2);
  CHECK(running.counters().errors.at("NotFound") == 1);
}

TEST_CASE("reasons without end are counted without end, but kept in bounds") {
  std::vector<Reply> replies;
  for (int i = 0; i < 100; ++i) {
    replies.push_back({403, status(403, "Reason" + std::to_string(i) + std::string(50'000, 'x'), "no")});
  }
  replies.push_back({{list("", 10)}});
  Running running(replies);
  running.told.wait_for("end@10");
  const ErrorCounts& errors = running.counters().errors;
  CHECK(errors.size() == 65);
  CHECK(errors.at("other") == 36);
  for (const auto& [reason, count] : errors) CHECK(reason.size() <= 64);
}

TEST_CASE("reasons are counted as words that a log and a metric can show") {
  ErrorCounts errors;
  CHECK(count_error(errors, "Forbidden") == "Forbidden");
  CHECK(count_error(errors, "For\nbid\"\xff") == "For?bid\"?");
  CHECK(count_error(errors, "Forbidden", 5) == "Forbidden");
  CHECK(errors.at("Forbidden") == 6);
}

TEST_CASE("a server's words are one line of the log, of bounded length") {
  const std::string forged = "E1124 15:04:05.000000 1 main.cpp:1] all is lost";
  const std::string message = R"(no\n)" + forged + R"(\n)" + std::string(3'000, 'x');
  const std::string log = k8scale::test::captured([&] {
    Running running({{403, status(403, "Forbidden", message)}, {{list("", 10)}}});
    running.told.wait_for("end@10");
    running.stop();
  });
  CHECK(has(log, "no " + forged));
  CHECK(!has(log, "\n" + forged));
  CHECK(has(log, std::string(400, 'x')));
  CHECK(!has(log, std::string(513, 'x')));
}

TEST_CASE("a watch that is refused for what it asks is followed by a pause and a list of the newest") {
  const int code = GENERATE(400, 404, 422);
  Running running({{{list("", 10)}}, {code, "no"}, {{list(object("b", 30), 40)}}}, pausing_options());
  running.told.wait_for("end@40");
  const auto targets = running.server.targets();
  const auto times = running.server.times();
  CHECK(has(targets[1], "watch=true"));
  CHECK(targets[2] == "/api/v1/namespaces/ns/configmaps?limit=500");
  CHECK(times[2] - times[1] >= 300ms);
}

TEST_CASE("a watch that is refused for who asks is asked for again") {
  const int code = GENERATE(401, 403, 429);
  Running running({{{list("", 10)}}, {code, "no"}, {{bookmark(11)}, Then::hold}});
  running.told.wait_for("bookmark@11");
  CHECK(has(running.server.targets()[2], "resourceVersion=10&"));
  CHECK(running.counters().lists == 1);
}

TEST_CASE("a lost connection is followed by a watch from the last version seen") {
  Running running({{{list("", 10)}},
                   {{event("ADDED", object("a", 11))}, Then::cut},
                   {{event("ADDED", object("b", 12))}, Then::hold}});
  running.told.wait_for("added:b@12");
  CHECK(has(running.server.targets()[2], "resourceVersion=11&"));
  CHECK(running.counters().lists == 1);
  CHECK(running.counters().resumes == 1);
}

TEST_CASE("connections that break again and again, each after some news, are followed by no pause") {
  ReflectorOptions options = quick_options();
  options.times.short_watch = 1h;
  options.times.first_pause = 1h;
  options.times.longest_pause = 1h;
  std::vector<Reply> replies = {{{list("", 10)}}};
  for (int i = 11; i < 31; ++i) replies.push_back({{event("ADDED", object("a", i))}, Then::cut});
  Running running(replies, options);
  running.told.wait_for("added:a@30");
  running.server.wait_for_requests(22);
  CHECK(running.counters().lists == 1);
}

TEST_CASE("connections that break again and again without news are followed by a pause") {
  ReflectorOptions options = pausing_options();
  options.times.short_watch = 1h;
  Running running({{{list("", 10)}},
                   {{bookmark(10)}, Then::cut},
                   {{bookmark(10)}, Then::cut},
                   {{bookmark(10)}, Then::cut},
                   {{bookmark(11)}, Then::hold}},
                  options);
  running.told.wait_for("bookmark@11");
  const auto times = running.server.times();
  CHECK(times[3] - times[2] >= 300ms);
  CHECK(times[4] - times[3] >= 300ms);
}

TEST_CASE("news end a run of pauses that become longer") {
  ReflectorOptions options = quick_options();
  options.times.first_pause = 50ms;
  options.times.longest_pause = 1h;
  std::vector<Reply> replies = {{{list("", 10)}}};
  for (int i = 11; i < 26; ++i) {
    replies.push_back({503, "no"});
    replies.push_back({{event("ADDED", object("a", i))}});
  }
  Running running(replies, options);
  running.told.wait_for("added:a@25");
}

TEST_CASE("a watch that ends at once and tells nothing is followed by a pause") {
  ReflectorOptions options = pausing_options();
  options.times.short_watch = 1s;
  Running running({{{list("", 10)}}, Reply(std::vector<std::string>()), {{bookmark(11)}}}, options);
  running.told.wait_for("bookmark@11");
  const auto times = running.server.times();
  CHECK(times[2] - times[1] >= 300ms);
}

TEST_CASE("an ERROR event of the server's own making is followed by a watch") {
  Running running({{{list("", 10)}},
                   {{event("ADDED", object("a", 11)), event("ERROR", status(500, "InternalError", "oops"))}},
                   {{bookmark(12)}, Then::hold}});
  running.told.wait_for("bookmark@12");
  CHECK(has(running.server.targets()[2], "resourceVersion=11&"));
  CHECK(running.counters().errors.at("InternalError") == 1);
}

TEST_CASE("an ERROR event of another kind is followed by a list") {
  Running running({{{list("", 10)}}, {{event("ERROR", status(400, "BadRequest", "no"))}}, {{list("", 12)}}});
  running.told.wait_for("end@12");
  CHECK(running.counters().errors.at("BadRequest") == 1);
}

TEST_CASE("a watch that carries garbage is opened again from the last version seen, after a pause") {
  const std::string piece =
      GENERATE(as<std::string>(), "nonsense\n", "{}\n", R"({"type":"ADDED","object":{"kind":)",
               R"({"type":"ADDED","object":{"data":{}}})"
               "\n");
  Running running({{{list("", 10)}},
                   {{event("ADDED", object("a", 11)), piece}},
                   {{event("ADDED", object("b", 12))}, Then::hold}},
                  pausing_options());
  running.told.wait_for("added:b@12");
  const auto times = running.server.times();
  CHECK(has(running.server.targets()[2], "resourceVersion=11&"));
  CHECK(times[2] - times[1] >= 300ms);
  CHECK(running.counters().garbage == 1);
  CHECK(running.counters().errors.at("garbage") == 1);
  CHECK(running.counters().lists == 1);
}

TEST_CASE("a protobuf frame of 4 GB is garbage") {
  ReflectorOptions options = quick_options();
  options.encoding = Encoding::protobuf;
  Running running({{{list("", 10)}},
                   Reply({std::string("\xff\xff\xff\xff", 4)}, Then::hold)
                       .as("application/vnd.kubernetes.protobuf;stream=watch"),
                   {{bookmark(12)}, Then::hold}},
                  options);
  running.told.wait_for("bookmark@12");
  CHECK(running.counters().garbage == 1);
}

TEST_CASE("garbage at the same version again is followed by a list") {
  Running running({{{list("", 10)}}, {{"nonsense\n"}}, {{"nonsense\n"}}, {{list("", 12)}}});
  running.told.wait_for("end@12");
  CHECK(running.counters().garbage == 2);
  CHECK(running.counters().lists == 2);
}

TEST_CASE("a server that nobody runs is tried again") {
  std::optional<Running> running;
  running.emplace(std::vector<Reply>{{{list("", 10)}}, {{bookmark(11)}, Then::cut}});
  running->told.wait_for("bookmark@11");
  running->server.shut_down();
  for (int i = 0; i < 20'000 && running->errors("connect") < 3; ++i) std::this_thread::sleep_for(1ms);
  CHECK(running->errors("connect") >= 3);
}

TEST_CASE("a reflector stops at once, whatever it waits for") {
  SECTION("the answer's head") {
    Running running({Reply::silence()});
    running.server.wait_for_requests(1);
    running.stop();
  }
  SECTION("the rest of a list") {
    Running running({{{R"({"items":[)" + object("a", 1)}, Then::hold}});
    running.told.wait_for("listed:a@1");
    running.stop();
  }
  SECTION("an event") {
    Running running({{{list("", 10)}}, {{bookmark(11)}, Then::hold}});
    running.told.wait_for("bookmark@11");
    running.stop();
    CHECK(running.counters().errors.empty());
  }
  SECTION("the end of a pause") {
    ReflectorOptions options = quick_options();
    options.times.first_pause = 1h;
    options.times.longest_pause = 1h;
    Running running({{500, ""}}, options);
    running.server.wait_for_requests(1);
    running.stop();
  }
}
