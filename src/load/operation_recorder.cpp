#include "k8scale/load/operation_recorder.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "k8scale/kube/list_items.h"
#include "k8scale/kube/resource_version.h"

namespace k8scale::load {
namespace {

std::string text_of(const net::Headers& headers, std::string_view name) {
  return std::string(headers.find(name).value_or(""));
}

void describe_failure(measure::Operation& operation, const base::Failure& failure) {
  operation.outcome = measure::outcome_of(failure.kind());
  operation.reason = base::name(failure.kind());
  operation.error = failure.message();
}

void describe_answer(measure::Operation& operation, const net::Response& response,
                     const kube::Status* status) {
  operation.http_status = response.status;
  operation.outcome = measure::outcome_of_status(response.status);
  operation.reason = status != nullptr ? status->reason : std::string();
  operation.error = status != nullptr ? status->text() : std::string();
  operation.retry_after = kube::retry_after_of(response.headers);
  operation.warning = text_of(response.headers, "Warning");
  operation.audit_id = text_of(response.headers, "Audit-Id");
  operation.flow_schema = text_of(response.headers, "X-Kubernetes-PF-FlowSchema-UID");
  operation.priority_level = text_of(response.headers, "X-Kubernetes-PF-PriorityLevel-UID");
}

}  // namespace

OperationRecorder::OperationRecorder(Sinks sinks, measure::Verb verb, std::uint64_t object_number,
                                     const std::string& object_name, Begin begin, const ServerSet::Use& use)
    : sinks_(sinks), left_alone_(use.left_alone()), begin_(begin) {
  operation_.verb = verb;
  operation_.object_number = object_number;
  operation_.object_name = object_name;
  operation_.shard = sinks.shard;
  operation_.server = use.client().server();
  operation_.server_index = use.server();
  operation_.scheduled = begin.scheduled;
  operation_.measured = sinks.measured;
  sinks_.recorder.started(verb);
}

kube::Answer OperationRecorder::not_sent() {
  net::Exchange exchange;
  exchange.failure = left_alone_;
  exchange.timing.started = std::chrono::steady_clock::now();
  exchange.timing.done = exchange.timing.started;
  exchange.timing.sent_wall = std::chrono::system_clock::now();
  observe({1, true, operation_.scheduled, exchange, nullptr});
  kube::Answer answer;
  answer.failure = left_alone_;
  return answer;
}

kube::AttemptObserver OperationRecorder::observer() {
  return [this](const kube::Attempt& attempt) { observe(attempt); };
}

void OperationRecorder::observe(const kube::Attempt& attempt) {
  const net::Exchange& exchange = attempt.exchange;
  measure::Operation& operation = operation_;
  operation.attempt = attempt.number;
  operation.final_attempt = attempt.last;
  const bool first = attempt.number == 1;
  operation.due = first ? begin_.due : attempt.due;
  operation.sent = exchange.timing.sent;
  const base::Nanoseconds waited = operation.sent - exchange.timing.started;
  operation.connecting = std::max(waited - exchange.short_of_time, base::Nanoseconds(0));
  if (first) operation.connecting += begin_.crowded_out;
  operation.first_byte = exchange.timing.first_byte;
  operation.done = exchange.timing.done;
  operation.sent_wall = exchange.timing.sent_wall;
  const base::SteadyTime began = measure::was_sent(operation) ? operation.sent : exchange.timing.started;
  operation.done_wall = operation.sent_wall + (operation.done - began);
  operation.bytes_sent = exchange.bytes_sent;
  operation.bytes_received = exchange.bytes_received;
  operation.reused_connection = exchange.reused_connection;
  if (first) {
    first_sent_ = operation.sent_wall;
    if (!sinks_.paced)
      operation.scheduled = exchange.nothing_sent() ? exchange.timing.started : operation.sent;
  }
  if (exchange.failure) {
    operation.http_status = 0;
    describe_failure(operation, *exchange.failure);
  } else {
    describe_answer(operation, exchange.response, attempt.status);
  }
  const bool listed = operation.verb == measure::Verb::list && operation.outcome == measure::Outcome::ok;
  if (listed) describe_list(exchange);
  const bool uncertain = exchange.failure ? !exchange.nothing_sent() : exchange.response.status >= 500;
  may_have_happened_ = may_have_happened_ || uncertain;
  sinks_.recorder.record(operation);
  if (!attempt.last) return;
  sinks_.log.append(first_sent_, operation);
  if (sinks_.writes != nullptr && measure::writes(operation.verb)) hand_over(exchange);
}

// Its row says how much came.
void OperationRecorder::describe_list(const net::Exchange& exchange) {
  operation_.items = kube::items_of_list(exchange.response.body).value_or(0);
  operation_.object_name += fmt::format(": {} items, {} bytes", operation_.items, operation_.bytes_received);
}

void OperationRecorder::hand_over(const net::Exchange& exchange) {
  FinishedWrite write;
  write.fate = may_have_happened_ ? WriteFate::unknown : WriteFate::did_not_happen;
  if (operation_.outcome == measure::Outcome::ok) {
    write.fate = WriteFate::happened;
    if (operation_.verb != measure::Verb::remove) {
      operation_.resource_version = kube::resource_version_of(exchange.response.body);
    }
  }
  write.operation = std::move(operation_);
  sinks_.writes->add(std::move(write));
}

}  // namespace k8scale::load
