#include "k8scale/load/operation_recorder.h"

#include "catch.h"
#include "fake_api.h"
#include "k8scale/base/files.h"

namespace k8scale::load {
namespace {

using namespace std::chrono_literals;
using measure::Outcome;
using measure::Verb;

constexpr base::SteadyTime second{1s};

net::Exchange exchange(base::Nanoseconds after_second) {
  net::Exchange made;
  made.timing.started = made.timing.sent = second + after_second;
  made.timing.first_byte = made.timing.sent + 1ms;
  made.timing.done = made.timing.sent + 2ms;
  made.timing.sent_wall = base::WallTime(std::chrono::hours(24)) + after_second;
  made.bytes_sent = 100;
  made.bytes_received = 200;
  return made;
}
net::Exchange answered(int status, base::Nanoseconds after_second = 0ns) {
  net::Exchange made = exchange(after_second);
  made.response.status = status;
  return made;
}
net::Exchange failed(base::FailureKind kind, std::uint64_t bytes_sent) {
  net::Exchange made = exchange(0ns);
  made.failure = base::Failure(kind, "detail");
  made.bytes_sent = bytes_sent;
  return made;
}

// One operation on object 5, which the schedule wanted at 1 s.
struct Recording {
  Folder folder;
  measure::Recorder recorder;
  measure::OperationLog log{folder.path() / "rows"};
  FakeApi api{[](const net::ServerRequest&) { return reply(200); }};
  ServerSet::Use use{*api.servers, 0};
  OperationRecorder operation{{recorder, log, 2}, Verb::create, 5, "o-5", second, use};

  void observe(const net::Exchange& made, int number = 1, bool last = true,
               const kube::Status* status = nullptr, base::SteadyTime due = second) {
    operation.observer()({number, last, due, made, status});
  }
  const measure::VerbTotals& totals() const { return recorder.snapshot().of(Verb::create); }
  std::string rows() {
    log.close();
    return base::read_file(folder.path() / "rows").value();
  }
};

}  // namespace

TEST_CASE("an answered attempt is a record with its times, and a row") {
  Recording recorded;
  CHECK(recorded.totals().started == 1);
  CHECK(recorded.totals().done == 0);
  recorded.observe(answered(201, 3ms));
  CHECK(recorded.totals().ok() == 1);
  CHECK(recorded.totals().response_time.max() == 5ms);
  CHECK(recorded.totals().service_time.max() == 2ms);
  CHECK(recorded.totals().send_lag.max() == 3ms);
  CHECK(recorded.totals().bytes_sent == 100);
  CHECK(recorded.totals().bytes_received == 200);
  CHECK_FALSE(recorded.operation.may_have_happened());
  const std::string rows = recorded.rows();
  CHECK(rows.starts_with("1970-01-02 00:00:00.003,1970-01-02 00:00:00.005,"));
  CHECK(rows.ends_with(",create,\"o-5\",\"\"\n"));
}

TEST_CASE("every attempt is a record, the operation is one row from its first attempt") {
  Recording recorded;
  kube::Status throttled;
  throttled.code = 429;
  throttled.reason = "TooManyRequests";
  recorded.observe(answered(429), 1, false, &throttled);
  CHECK(recorded.totals().done == 0);
  recorded.observe(answered(201, 1s), 2, true, nullptr, second + 990ms);
  CHECK(recorded.totals().attempts == 2);
  CHECK(recorded.totals().retries == 1);
  CHECK(recorded.totals().done == 1);
  CHECK(recorded.totals().ok() == 1);
  CHECK(recorded.totals().retried.at("TooManyRequests") == 1);
  CHECK(recorded.totals().response_time.max() >= 1002ms);
  CHECK(recorded.totals().service_time.count() == 2);
  // Lag is from the moment at which the retry was due.
  CHECK(base::to_seconds(recorded.totals().send_lag.max()) == Approx(0.010).epsilon(0.01));
  const std::string rows = recorded.rows();
  CHECK(rows.starts_with("1970-01-02 00:00:00.000,"));
  CHECK(rows.find('\n') == rows.size() - 1);
}

TEST_CASE(
    "without a schedule response time begins when an operation is sent, and the wait before is send lag") {
  Recording recorded;
  OperationRecorder::Sinks sinks{recorded.recorder, recorded.log};
  sinks.paced = false;
  OperationRecorder operation(sinks, Verb::update, 5, "o-5", second, recorded.use);
  const net::Exchange throttled = answered(429, 3ms), done = answered(200, 500ms);
  operation.observer()({1, false, second, throttled, nullptr});
  operation.observer()({2, true, second + 500ms, done, nullptr});
  const measure::VerbTotals& updates = recorded.recorder.snapshot().of(Verb::update);
  CHECK(base::to_seconds(updates.response_time.max()) == Approx(0.499).epsilon(0.01));  // 502 - 3
  CHECK(base::to_seconds(updates.send_lag.max()) == Approx(0.003).epsilon(0.01));
}

TEST_CASE(
    "lag counts from when somebody was free, and is this program's own without the wait for a connection") {
  Recording recorded;
  const Begin begin(second, second + 10ms);
  OperationRecorder operation({recorded.recorder, recorded.log}, Verb::update, 5, "o-5", begin, recorded.use);
  net::Exchange late = answered(200, 40ms);
  late.timing.started = second + 11ms;
  operation.observer()({1, true, second, late, nullptr});
  const measure::VerbTotals& updates = recorded.recorder.snapshot().of(Verb::update);
  CHECK(updates.response_time.max() == 42ms);
  CHECK(updates.send_lag.max() == 30ms);
  CHECK(updates.late == 0);
  OperationRecorder other({recorded.recorder, recorded.log}, Verb::update, 5, "o-5", begin, recorded.use);
  late.timing.started = second + 13ms;
  other.observer()({1, true, second, late, nullptr});
  CHECK(updates.late == 1);
  Begin crowded = begin;
  crowded.crowded_out = 2ms;
  OperationRecorder held({recorded.recorder, recorded.log}, Verb::update, 5, "o-5", crowded, recorded.use);
  held.observer()({1, true, second, late, nullptr});
  CHECK(updates.late == 1);
  late.short_of_time = 27ms;
  OperationRecorder busy({recorded.recorder, recorded.log}, Verb::update, 5, "o-5", crowded, recorded.use);
  busy.observer()({1, true, second, late, nullptr});
  CHECK(updates.late == 2);
  CHECK(Begin(second, second - 1ms).due == second);
}

TEST_CASE("a refusal is counted by its reason and shown with its text") {
  Recording recorded;
  kube::Status status;
  status.code = 409;
  status.reason = "AlreadyExists";
  status.message = "configmaps \"o-5\" already exists";
  recorded.observe(answered(409), 1, true, &status);
  CHECK(recorded.totals().errors.at("AlreadyExists") == 1);
  CHECK(recorded.totals().ended_as(Outcome::refused) == 1);
  CHECK(recorded.rows().find(R"(configmaps \"o-5\" already exists)") != std::string::npos);
}

TEST_CASE("a failure is counted by its kind") {
  Recording recorded;
  recorded.observe(failed(base::FailureKind::timeout, 100));
  CHECK(recorded.totals().ended_as(Outcome::timed_out) == 1);
  CHECK(recorded.totals().errors.at("timeout") == 1);
  CHECK(recorded.rows().find("timeout: detail") != std::string::npos);
}

TEST_CASE("only what reached the server without a clear answer may have happened") {
  const auto may_have_happened = [](const net::Exchange& made) {
    Recording recorded;
    recorded.observe(made);
    return recorded.operation.may_have_happened();
  };
  CHECK(may_have_happened(answered(500)));
  CHECK(may_have_happened(answered(504)));
  CHECK(may_have_happened(failed(base::FailureKind::reset, 100)));
  CHECK(may_have_happened(failed(base::FailureKind::timeout, 1)));
  CHECK_FALSE(may_have_happened(answered(201)));
  CHECK_FALSE(may_have_happened(answered(409)));
  CHECK_FALSE(may_have_happened(answered(429)));
  CHECK_FALSE(may_have_happened(failed(base::FailureKind::connect, 0)));
  Recording retried;
  retried.observe(answered(503), 1, false);
  retried.observe(answered(409), 2);
  CHECK(retried.operation.may_have_happened());
}

}  // namespace k8scale::load
