#include "k8scale/measure/operation.h"

#include <set>

#include "catch.h"
#include "measure/sample.h"

namespace k8scale::measure {
namespace {

TEST_CASE("response time counts from the schedule, service time from sending, lag from when it was due") {
  Operation retry = sample_create();
  retry.attempt = 2;
  retry.due = retry.scheduled + 1s;
  retry.sent = retry.due + 30us;
  retry.done = retry.sent + 4ms;
  CHECK(response_time(retry) == 1s + 30us + 4ms);
  CHECK(service_time(retry) == 4ms);
  CHECK(send_lag(retry) == 30us);
  CHECK(was_sent(retry));
  CHECK_FALSE(was_sent(Operation()));
}

TEST_CASE("every verb and outcome has a name of its own") {
  std::set<std::string_view> names;
  for (const Verb verb : all_verbs) names.insert(name(verb));
  CHECK(names.size() == all_verbs.size());
  CHECK(name(Verb::remove) == "delete");
  names.clear();
  for (std::size_t i = 0; i < all_outcomes.size(); ++i) {
    CHECK(static_cast<std::size_t>(all_outcomes[i]) == i);
    names.insert(name(all_outcomes[i]));
  }
  CHECK(names.size() == all_outcomes.size());
}

TEST_CASE("HTTP statuses and failures have their outcomes") {
  CHECK(outcome_of_status(201) == Outcome::ok);
  CHECK(outcome_of_status(409) == Outcome::refused);
  CHECK(outcome_of_status(503) == Outcome::refused);
  CHECK(outcome_of_status(429) == Outcome::throttled);
  CHECK(outcome_of_status(302) == Outcome::protocol_error);
  CHECK(outcome_of(base::FailureKind::resolve) == Outcome::not_connected);
  CHECK(outcome_of(base::FailureKind::tls) == Outcome::tls_failed);
  CHECK(outcome_of(base::FailureKind::timeout) == Outcome::timed_out);
  CHECK(outcome_of(base::FailureKind::closed) == Outcome::connection_lost);
  CHECK(outcome_of(base::FailureKind::limit) == Outcome::protocol_error);
  CHECK(outcome_of(base::FailureKind::cancelled) == Outcome::cancelled);
  CHECK(outcome_of(base::FailureKind::io) == Outcome::local_error);
}

TEST_CASE("an error without a reason is known by its outcome") {
  CHECK(error_reason(failed(sample_create(), Outcome::refused, "AlreadyExists")) == "AlreadyExists");
  CHECK(error_reason(failed(sample_create(), Outcome::timed_out, "")) == "timed_out");
}

}  // namespace
}  // namespace k8scale::measure
