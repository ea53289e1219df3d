#include "k8scale/kube/client.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "k8scale/base/log.h"
#include "k8scale/base/text.h"
#include "kube/client_state.h"
#include "kube/request_log.h"

namespace k8scale::kube {
namespace {

constexpr std::string_view json_type = "application/json";
constexpr std::string_view protobuf_or_json = "application/vnd.kubernetes.protobuf, application/json";

std::string_view accepted_by(const ClientOptions& options) {
  return options.encoding == Encoding::protobuf ? protobuf_or_json : json_type;
}
// Distinct warnings of the server that are logged.
constexpr std::size_t most_warnings = 100;

// "299 - \"text\"" without its code and agent.
std::string warning_text(std::string_view field) {
  const std::size_t first = field.find('"');
  const std::size_t last = field.rfind('"');
  if (first == std::string_view::npos || last <= first) return std::string(field);
  std::string text;
  for (std::size_t i = first + 1; i < last; ++i) {
    if (field[i] == '\\' && i + 1 < last) ++i;
    text += field[i];
  }
  return text;
}

void add_impersonation(const Impersonation& impersonation, net::Headers& headers) {
  if (impersonation.user.empty()) return;
  headers.add("Impersonate-User", impersonation.user);
  if (!impersonation.uid.empty()) headers.add("Impersonate-Uid", impersonation.uid);
  for (const std::string& group : impersonation.groups) headers.add("Impersonate-Group", group);
  for (const auto& [key, values] : impersonation.extra) {
    for (const std::string& value : values) {
      headers.add("Impersonate-Extra-" + base::percent_encode(key), value);
    }
  }
}

Answer answer_of(net::Exchange exchange, std::optional<Status> status) {
  Answer answer;
  if (!exchange.failure) answer.http_status = exchange.response.status;
  answer.nothing_sent = exchange.failure && exchange.nothing_sent();
  answer.failure = std::move(exchange.failure);
  answer.status = std::move(status);
  answer.body = std::move(exchange.response.body);
  return answer;
}

}  // namespace

std::optional<std::chrono::seconds> retry_after(const net::ResponseHead& response) {
  const bool may_retry = response.status == 429 || response.status >= 500;
  return may_retry ? retry_after_of(response.headers) : std::nullopt;
}

std::optional<std::chrono::seconds> retry_after_of(const net::Headers& headers) {
  const auto text = headers.find("Retry-After");
  if (!text) return std::nullopt;
  constexpr std::uint64_t longest = longest_retry_after.count();
  std::uint64_t seconds = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), seconds);
  if (error == std::errc::invalid_argument || end != text->data() + text->size()) return std::nullopt;
  if (error == std::errc::result_out_of_range) seconds = longest;
  return std::chrono::seconds(std::min(seconds, longest));
}

std::string Answer::error() const {
  if (failure) return failure->message();
  return status ? status->text() : std::string();
}

void Client::State::use_current_credential() {
  std::shared_ptr<const Credential> now = credentials->current();
  if (credential && now->generation == credential->generation) return;
  if (!pool || now->tls != credential->tls) {
    net::PoolOptions pool_options;
    pool_options.server = configuration.server;
    pool_options.tls = now->tls;
    pool_options.proxy = proxy;
    pool_options.connect_timeout = options.connect_timeout;
    pool_options.handshake_timeout = options.connect_timeout;
    pool_options.request_timeout = options.request_timeout;
    pool_options.most_connections = options.most_connections;
    pool_options.enough_when_busy = options.enough_when_busy;
    pool = std::make_unique<net::Pool>(shard, std::move(pool_options));
  }
  credential = std::move(now);
  headers.clear();
  headers.add("User-Agent", options.user_agent);
  if (!credential->authorization.empty()) headers.add("Authorization", credential->authorization);
  add_impersonation(configuration.impersonation, headers);
}

net::Headers Client::State::headers_for(std::string_view accept) const {
  net::Headers all = headers;
  all.add("Accept", accept);
  return all;
}

void Client::State::log_warnings(const net::ResponseHead& response) {
  if (!response.headers.find("Warning")) return;
  for (const std::string_view field : response.headers.all("Warning")) {
    const bool room = warnings.size() < most_warnings;
    if (room && warnings.emplace(field).second) base::log_warning("the server warns: " + warning_text(field));
  }
}

net::Request Client::State::request_of(Call& call) {
  net::Request request;
  request.method = std::move(call.method);
  request.target = configuration.path_prefix + call.target;
  request.headers = headers_for(accepted_by(options));
  if (!call.body.empty()) request.headers.add("Content-Type", call.content_type);
  request.body = std::move(call.body);
  return request;
}

// A call and what its attempts came to so far.
struct Client::State::Course {
  Subject subject;
  net::Request request;
  base::SteadyTime due = std::chrono::steady_clock::now();  // of the next attempt
  int attempts = 0;
  int retries = 0;
  bool fresh = false;     // idle connections are no longer trusted
  bool replaced = false;  // the credentials were, or could not be
  Answer answer;          // when it has ended
};

// What follows an attempt. Counts it in the course of its call.
Client::State::Next Client::State::next_step(const net::Exchange& exchange, Course& course) const {
  if (!course.fresh && net::may_retry_on_fresh_connection(course.request, exchange)) {
    course.fresh = true;
    return Next::at_once;
  }
  if (exchange.failure) return Next::end;
  if (exchange.response.status == 401 && !course.replaced) {
    course.replaced = true;
    return Next::with_new_credentials;
  }
  if (course.retries >= options.retries || stopped.raised() || !retry_after(exchange.response))
    return Next::end;
  ++course.retries;
  return Next::after_pause;
}

// Nothing when the server did as it was asked.
std::optional<Status> Client::State::refusal_of(const net::Exchange& exchange, const Course& course) {
  if (exchange.failure) return std::nullopt;
  log_warnings(exchange.response);
  if (exchange.response.status / 100 == 2) return std::nullopt;
  return parse_status(exchange.response.status, exchange.response.body,
                      {course.request.method, course.subject.resource, course.subject.name});
}

// What follows an attempt that is not the last, for the log.
std::string Client::State::text_of(Next next, const net::Exchange& exchange) {
  switch (next) {
    case Next::end:
      break;
    case Next::at_once:
      return "sent again on a fresh connection";
    case Next::with_new_credentials:
      return "sent again with new credentials";
    case Next::after_pause:
      return fmt::format("sent again after {}s",
                         retry_after(exchange.response).value_or(std::chrono::seconds(0)).count());
  }
  return {};
}

void Client::State::authorize_again(net::Request& request) {
  use_current_credential();
  const std::string type(request.headers.find("Content-Type").value_or(""));
  request.headers = headers_for(accepted_by(options));
  if (!type.empty()) request.headers.add("Content-Type", type);
}

// False when the call has ended.
net::Task<bool> Client::State::attempt(Course& course, const AttemptObserver& observe) {
  const std::uint64_t generation = credential->generation;
  net::Exchange exchange = co_await pool->exchange(course.request, course.fresh);
  std::optional<Status> status = refusal_of(exchange, course);
  Next next = next_step(exchange, course);
  base::SteadyTime next_due = exchange.timing.done;
  if (next == Next::with_new_credentials) {
    const bool replaced = co_await credentials->replace(shard, generation);
    if (!replaced) next = Next::end;
    if (replaced) authorize_again(course.request);
    next_due = std::chrono::steady_clock::now();
  } else if (next == Next::after_pause) {
    next_due += retry_after(exchange.response).value_or(std::chrono::seconds(0));
  }
  if (base::verbosity() >= retry_verbosity) {
    log_attempt(configuration.server, course.request, exchange, course.attempts + 1, text_of(next, exchange));
  }
  const bool last = next == Next::end;
  const Attempt attempt{++course.attempts, last, course.due, exchange, status ? &*status : nullptr};
  if (observe) observe(attempt);
  if (last) course.answer = answer_of(std::move(exchange), std::move(status));
  course.due = next_due;
  if (next != Next::after_pause) co_return !last;
  const bool stopped_meanwhile = co_await stopped.wait_until(next_due);
  if (stopped_meanwhile) give_up(course, observe);
  co_return !stopped_meanwhile;
}

// Instead of the attempt that would have followed the pause.
void Client::State::give_up(Course& course, const AttemptObserver& observe) {
  net::Exchange exchange;
  exchange.failure =
      base::Failure(base::FailureKind::cancelled, "not sent again, because the run was stopped");
  exchange.timing.started = std::chrono::steady_clock::now();
  exchange.timing.done = exchange.timing.started;
  exchange.timing.sent_wall = std::chrono::system_clock::now();
  const Attempt attempt{++course.attempts, true, exchange.timing.started, exchange, nullptr};
  if (observe) observe(attempt);
  course.answer = answer_of(std::move(exchange), std::nullopt);
}

net::Task<Answer> Client::State::send(Call call, const AttemptObserver& observe) {
  use_current_credential();
  Course course;
  course.request = request_of(call);
  course.subject = std::move(call.subject);
  bool again = true;
  while (again) again = co_await attempt(course, observe);
  co_return std::move(course.answer);
}

}  // namespace k8scale::kube
