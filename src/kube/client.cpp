#include "k8scale/kube/client.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "k8scale/base/log.h"
#include "k8scale/base/text.h"
#include "kube/client_state.h"

namespace k8scale::kube {
namespace {

constexpr std::string_view json_type = "application/json";
constexpr std::string_view protobuf_type = "application/vnd.kubernetes.protobuf";
constexpr std::string_view protobuf_or_json = "application/vnd.kubernetes.protobuf, application/json";

std::string_view type_of(Encoding encoding) {
  return encoding == Encoding::protobuf ? protobuf_type : json_type;
}
std::string_view accepted_by(const ClientOptions& options) {
  return options.encoding == Encoding::protobuf ? protobuf_or_json : json_type;
}
// Distinct warnings of the server that are logged.
constexpr std::size_t most_warnings = 100;

std::string_view content_type(PatchType type) {
  switch (type) {
    case PatchType::json:
      return "application/json-patch+json";
    case PatchType::merge:
      return "application/merge-patch+json";
    case PatchType::strategic:
      break;
  }
  return "application/strategic-merge-patch+json";
}

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

Collection::Collection(Resource resource, std::string_view namespace_name) : resource_(std::move(resource)) {
  path_ = resource_.root();
  if (!namespace_name.empty()) path_ += "/namespaces/" + base::percent_encode(namespace_name);
  path_ += "/" + resource_.plural;
  qualified_ = resource_.group.empty() ? resource_.plural : resource_.plural + "." + resource_.group;
}

std::string Collection::path_of(std::string_view name) const {
  return path_ + "/" + base::percent_encode(name);
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

Client::Client(net::Shard& shard, const Configuration& configuration,
               std::shared_ptr<Credentials> credentials, ClientOptions options)
    : state_(std::make_unique<State>(shard, configuration, std::move(credentials), std::move(options))) {}

Client::~Client() = default;

const std::string& Client::server() const { return state_->server; }

namespace {

std::string with_query(std::string path, std::string_view query) {
  if (!query.empty()) path.append("?").append(query);
  return path;
}

Call call_of(std::string_view method, const Collection& collection, std::string_view name,
             std::string target) {
  Call call;
  call.method = method;
  call.target = std::move(target);
  call.subject = {collection.qualified(), std::string(name)};
  return call;
}

}  // namespace

net::Task<Answer> Client::get(const Collection& collection, std::string_view name,
                              const AttemptObserver& observe) {
  return state_->send(call_of("GET", collection, name, collection.path_of(name)), observe);
}

net::Task<Answer> Client::list(const Collection& collection, std::string_view query,
                               const AttemptObserver& observe) {
  return state_->send(call_of("GET", collection, "", with_query(collection.path(), query)), observe);
}

net::Task<Answer> Client::create(const Collection& collection, std::string_view name, std::string body,
                                 std::string_view query, const AttemptObserver& observe) {
  Call call = call_of("POST", collection, name, with_query(collection.path(), query));
  call.content_type = type_of(state_->options.encoding);
  call.body = std::move(body);
  return state_->send(std::move(call), observe);
}

net::Task<Answer> Client::update(const Collection& collection, std::string_view name, std::string body,
                                 std::string_view query, const AttemptObserver& observe) {
  Call call = call_of("PUT", collection, name, with_query(collection.path_of(name), query));
  call.content_type = type_of(state_->options.encoding);
  call.body = std::move(body);
  return state_->send(std::move(call), observe);
}

net::Task<Answer> Client::patch(const Collection& collection, std::string_view name, PatchType type,
                                std::string body, std::string_view query, const AttemptObserver& observe) {
  Call call = call_of("PATCH", collection, name, with_query(collection.path_of(name), query));
  call.body = std::move(body);
  call.content_type = content_type(type);
  return state_->send(std::move(call), observe);
}

net::Task<Answer> Client::remove(const Collection& collection, std::string_view name, std::string options,
                                 const AttemptObserver& observe) {
  Call call = call_of("DELETE", collection, name, collection.path_of(name));
  call.body = std::move(options);
  return state_->send(std::move(call), observe);
}

net::Task<Answer> Client::remove_collection(const Collection& collection, std::string_view query,
                                            const AttemptObserver& observe) {
  return state_->send(call_of("DELETE", collection, "", with_query(collection.path(), query)), observe);
}

net::Task<Answer> Client::get_path(std::string_view path, const AttemptObserver& observe) {
  Call call;
  call.method = "GET";
  call.target = path;
  return state_->send(std::move(call), observe);
}

net::Task<base::Result<void>> Client::prewarm(std::size_t count) { return state_->pool->prewarm(count); }

net::PoolCounters Client::connections() const { return state_->pool->counters(); }

SharedByReflectors& Client::shared_by_reflectors() { return state_->shared_by_reflectors; }

void Client::stop_retrying() {
  state_->options.retries = 0;
  state_->stopped.raise();
}

}  // namespace k8scale::kube
