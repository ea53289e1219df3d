#include "k8scale/apiserver/fault.h"

#include "api.h"
#include "catch.h"
#include "k8scale/base/error.h"

namespace k8scale::apiserver {
namespace {

using namespace std::chrono_literals;

std::string error_of(std::string_view rule) {
  try {
    static_cast<void>(parse_fault(rule));
  } catch (const base::Error& error) {
    return error.what();
  }
  return "";
}

// How many of `times` calls the rule applies to.
int count(std::string_view rule, int times, Verb verb = Verb::create, std::uint64_t seed = 1) {
  static const ResourceTable table({});
  FaultInjector injector({parse_fault(rule)}, base::Random(seed, "faults"));
  Call call;
  call.verb = verb;
  call.resource = table.find("", "v1", "configmaps");
  int applied = 0;
  for (int i = 0; i < times; ++i) applied += injector.next(call).status != 0 ? 1 : 0;
  return applied;
}

Api api_with(std::string_view rule) {
  ApiSetting setting;
  setting.faults = {parse_fault(rule)};
  return Api(setting);
}

}  // namespace

TEST_CASE("a rule says for what, how often and what") {
  const Fault fault = parse_fault(
      "verbs=create+delete, resource=configmaps, every=10, p=0.25, latency=exp:20ms, status=503, "
      "retry-after=2");
  CHECK(fault.verbs == Names{"create", "delete"});
  CHECK(fault.resource == "configmaps");
  CHECK(fault.every == 10);
  CHECK(fault.probability == 0.25);
  CHECK(fault.latency == 20ms);
  CHECK(fault.exponential);
  CHECK(fault.status == 503);
  CHECK(fault.retry_after == 2);
  CHECK(parse_fault("reset=before").reset == ResetMoment::before_the_write);
  CHECK(parse_fault("reset=after").reset == ResetMoment::after_the_write);
  CHECK(parse_fault("cut").cut);
  CHECK(parse_fault("stall=1.5s").stall == 1500ms);
  CHECK_FALSE(parse_fault("latency=1us").exponential);
}

TEST_CASE("a rule that cannot be read is refused in one line") {
  for (const char* wrong : {"",
                            "nonsense",
                            "latency",
                            "latency=",
                            "latency=20",
                            "latency=-1ms",
                            "latency=0s",
                            "latency=exp:",
                            "status=399",
                            "status=600",
                            "status=x",
                            "status=503,retry-after=-1",
                            "retry-after=1",
                            "reset=during",
                            "cut=1",
                            "stall=0s",
                            "every=0,cut",
                            "every=1.5,cut",
                            "p=1.1,cut",
                            "p=-0.1,cut",
                            "p=nan,cut",
                            "p=,cut",
                            "verbs=,cut",
                            "verbs=creat,cut",
                            "resource=,cut",
                            "verbs=create",
                            "latency=1ms,,cut",
                            "status=500,status=501",
                            "verbs=create,verbs=get,cut",
                            "STATUS=503"}) {
    INFO(wrong);
    const std::string error = error_of(wrong);
    CHECK(error.starts_with("--fault: found "));
    CHECK(error.find("expected ") != std::string::npos);
    CHECK(error.find('\n') == std::string::npos);
  }
}

TEST_CASE("every n-th means of the requests that the rule is about") {
  CHECK(count("every=10,status=503", 100) == 10);
  CHECK(count("status=503", 7) == 7);
  CHECK(count("verbs=create+get,status=503", 7) == 7);
  CHECK(count("verbs=delete,status=503", 7) == 0);
  CHECK(count("resource=secrets,status=503", 7) == 0);
  CHECK(count("p=0,status=503", 100) == 0);
  CHECK(count("verbs=deletecollection,status=503", 3, Verb::remove_collection) == 3);
}

TEST_CASE("a probability is met in the long run, and a seed fixes which requests it hits") {
  // Four standard deviations of a binomial count.
  CHECK(count("p=0.25,status=503", 10'000) == Approx(2'500).margin(173));
  CHECK(count("every=2,p=0.5,status=503", 10'000) == Approx(2'500).margin(173));
  CHECK(count("p=0.25,status=503", 10'000, Verb::create, 5) ==
        count("p=0.25,status=503", 10'000, Verb::create, 5));
}

TEST_CASE("rules that apply to the same request add up") {
  static const ResourceTable table({});
  FaultInjector injector({parse_fault("latency=10ms"), parse_fault("latency=5ms,cut"),
                          parse_fault("status=429,retry-after=3"), parse_fault("verbs=get,reset=before")},
                         base::Random(1, "faults"));
  Call call;
  call.verb = Verb::create;
  call.resource = &table.namespaces();
  const Effects effects = injector.next(call);
  CHECK(effects.latency == 15ms);
  CHECK(effects.cut);
  CHECK(effects.status == 429);
  CHECK(effects.retry_after == 3);
  CHECK(effects.reset == ResetMoment::never);
}

TEST_CASE("exponential latencies have the mean that was asked for") {
  static const ResourceTable table({});
  FaultInjector injector({parse_fault("latency=exp:10ms")}, base::Random(3, "faults"));
  Call call;
  call.resource = &table.namespaces();
  base::Nanoseconds sum{0};
  constexpr int times = 10'000;
  for (int i = 0; i < times; ++i) sum += injector.next(call).latency;
  // Four standard deviations of the mean.
  CHECK(base::to_seconds(sum) / times == Approx(0.010).margin(0.0004));
}

TEST_CASE("an injected status is a refusal, and nothing is written") {
  Api api = api_with("verbs=create,status=503,retry-after=7");
  const Reply refused = api.post(config_maps, config_map("a"));
  CHECK(refused.status == 503);
  CHECK(refused.reason() == "ServiceUnavailable");
  CHECK(refused.headers.find("Retry-After") == "7");
  CHECK(refused.body["details"]["retryAfterSeconds"] == 7);
  CHECK(refused.body["status"] == "Failure");
  CHECK(api.get(config_maps).names().empty());
}

TEST_CASE("a reset comes before the write happened, or after it") {
  Api before = api_with("verbs=create,reset=before");
  CHECK(before.post(config_maps, config_map("a")).reset);
  CHECK(before.get(config_maps).names().empty());
  Api after = api_with("verbs=create,reset=after");
  CHECK(after.post(config_maps, config_map("a")).reset);
  CHECK(after.get(config_maps).names() == Names{"a"});
}

TEST_CASE("half of a body is sent when it is cut") {
  Api api = api_with("verbs=list,cut");
  const Reply cut = api.get(config_maps);
  CHECK(cut.cut_at == cut.text.size() / 2);
}

TEST_CASE("latency and stalls delay the answer") {
  const auto elapsed = [](std::string_view rule) {
    Api api = api_with(rule);
    const auto start = std::chrono::steady_clock::now();
    CHECK(api.get(config_maps).status == 200);
    return std::chrono::steady_clock::now() - start;
  };
  CHECK(elapsed("latency=30ms") >= 30ms);
  CHECK(elapsed("stall=30ms") >= 30ms);
}

TEST_CASE("a stall holds up the whole server") {
  Api api = api_with("verbs=list,every=2,stall=50ms");
  const auto start = std::chrono::steady_clock::now();
  const std::vector<net::ServerRequest> requests = {request("GET", config_maps), request("GET", config_maps),
                                                    request("GET", "/api/v1/namespaces/default")};
  const std::vector<Reply> replies = api.send_together(requests);
  CHECK(std::chrono::steady_clock::now() - start >= 50ms);
  for (const Reply& reply : replies) CHECK(reply.status == 200);
}

TEST_CASE("more requests in flight than allowed are answered with 429") {
  ApiSetting setting;
  setting.max_in_flight = 2;
  setting.faults = {parse_fault("latency=20ms")};
  Api api(setting);
  const std::vector<net::ServerRequest> requests(5, request("GET", config_maps));
  int refused = 0;
  for (const Reply& reply : api.send_together(requests)) {
    if (reply.status == 200) continue;
    ++refused;
    CHECK(reply.status == 429);
    CHECK(reply.reason() == "TooManyRequests");
    CHECK(reply.headers.find("Retry-After") == "1");
    CHECK(reply.message() == "Too many requests, please try again later.");
  }
  CHECK(refused == 3);
  CHECK(api.get(config_maps).status == 200);
}

}  // namespace k8scale::apiserver
