#include "handler.h"

#include <fmt/format.h>
#include <openssl/crypto.h>

#include "answers.h"
#include "documents.h"
#include "gzip.h"
#include "preparation.h"
#include "reviews.h"
#include "watch.h"

namespace k8scale::apiserver {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::string_view bearer = "Bearer ";

bool equal_secrets(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

bool may_be_read_by_anybody(std::string_view path) { return path == "/version" || is_health_path(path); }

void add_warnings(net::Response& response, const std::vector<std::string>& warnings) {
  for (const std::string& warning : warnings) {
    std::string escaped;
    for (const char c : warning) {
      if (c == '"' || c == '\\') escaped += '\\';
      escaped += c;
    }
    response.headers.add("Warning", fmt::format("299 - \"{}\"", escaped));
  }
}

constexpr std::string_view text_type = "text/plain; charset=utf-8";

net::Response plain_answer(int status, std::string_view type, std::string body) {
  net::Response response;
  response.status = status;
  response.headers.add("Content-Type", type);
  response.body = std::move(body);
  return response;
}

// Reads are compressed for clients that ask for it, where it pays.
net::Response compressed(const Call& call, net::Response response) {
  constexpr std::size_t least = 128 * 1024;
  if (!call.takes_gzip || response.body.size() <= least) return response;
  response.body = gzip(response.body);
  response.headers.add("Content-Encoding", "gzip");
  response.headers.add("Vary", "Accept-Encoding");
  return response;
}

// A client that is gone is no matter.
net::Task<void> deliver(net::Responder& responder, net::Response response) {
  const base::Result<void> sent = co_await responder.send(std::move(response));
  static_cast<void>(sent);
}

// Counts a request as long as it lives.
class InFlight {
 public:
  explicit InFlight(std::size_t& count) : count_(count) { ++count_; }
  ~InFlight() { --count_; }
  InFlight(const InFlight&) = delete;
  InFlight& operator=(const InFlight&) = delete;

 private:
  std::size_t& count_;
};

}  // namespace

ApiHandler::ApiHandler(net::Shard& shard, Core& core, Options options, base::Random random)
    : core_(core),
      options_(std::move(options)),
      faults_(options_.faults, random),
      random_(random),
      flow_schema_(make_uid(random_)),
      priority_level_(make_uid(random_)),
      frames_(core),
      watches_(shard, core.store, frames_),
      stopped_(shard) {}

bool ApiHandler::is_administrator(const net::ServerRequest& request) const {
  if (request.client_certificate) return true;
  const std::string_view authorization = request.headers.find("Authorization").value_or("");
  return authorization.starts_with(bearer) &&
         equal_secrets(authorization.substr(bearer.size()), options_.token);
}

net::Task<void> ApiHandler::handle(const net::ServerRequest& request, net::Responder& responder) {
  const std::string_view path = net::split_target(request.target).first;
  std::optional<net::Response> answer;
  if (!may_be_read_by_anybody(path) && !is_administrator(request)) {
    answer = refusal_answer(unauthorized());
  } else {
    answer = general_answer(request, path);
  }
  if (!answer) {
    const Answer<Call> call = read_call(core_.table, request);
    if (call.has_value() && call->verb == Verb::watch) {
      co_await handle_watch(*call, responder);
      co_return;
    }
    if (call.has_value()) {
      co_await handle_call(*call, responder);
      co_return;
    }
    answer = refusal_answer(call.error());
  }
  co_await deliver(responder, std::move(*answer));
}

// Nothing when the path is about objects, or unknown.
std::optional<net::Response> ApiHandler::general_answer(const net::ServerRequest& request,
                                                        std::string_view path) {
  const bool reads = request.method == "GET" || request.method == "HEAD";
  if (is_health_path(path)) {
    if (!reads) return refusal_answer(method_not_allowed());
    return plain_answer(200, text_type, "ok");
  }
  if (const ReviewKind* kind = review_at(path)) {
    if (request.method != "POST") return refusal_answer(method_not_allowed());
    const Answer<ReviewAnswer> review = reviewed(core_.schema, *kind, request);
    if (!review) return refusal_answer(review.error());
    return answer(201, content_type(review->encoding, AnswerKind::object),
                  document_body(core_, review->encoding, review->document));
  }
  const std::optional<Json> document = document_at(core_.table, path, options_.server_address);
  if (!document) return std::nullopt;
  if (!reads) return refusal_answer(method_not_allowed());
  const std::string_view accept = request.headers.find("Accept").value_or("");
  if (path == "/openapi/v2" && accept.find("proto-openapi.spec.v2@v1.0+protobuf") != std::string_view::npos) {
    return plain_answer(200, openapi_v2_protobuf_type, openapi_v2_protobuf());
  }
  const bool takes_json = accept.empty() || accept.find("json") != std::string_view::npos ||
                          accept.find("*/*") != std::string_view::npos;
  if (!takes_json) return refusal_answer(not_acceptable("only application/json is served here"));
  return answer(200, content_type(Encoding::json, AnswerKind::object), to_text(*document));
}

net::Task<void> ApiHandler::handle_call(const Call& call, net::Responder& responder) {
  const InFlight counted(in_flight_);
  const bool too_many = options_.max_in_flight > 0 && in_flight_ > options_.max_in_flight;
  const Effects effects = too_many ? Effects() : faults_.next(call);
  co_await wait_out(effects.stall, effects.latency);
  if (effects.compact) compact();
  if (effects.reset == ResetMoment::before_the_write) {
    responder.reset();
    co_return;
  }
  net::Response response;
  if (too_many) {
    response = refusal_answer(too_many_requests(), call.encoding);
  } else if (effects.status != 0) {
    response = refusal_answer(injected_fault(effects.status, effects.retry_after), call.encoding);
  } else {
    const std::uint64_t before = core_.store.revision();
    response = perform(call);
    if (!call.resource->deprecation.empty()) add_warnings(response, {call.resource->deprecation});
    if (core_.store.revision() != before) watches_.changed();
  }
  if (effects.reset == ResetMoment::after_the_write) {
    responder.reset();
    co_return;
  }
  if (effects.cut) {
    const std::size_t half = response.body.size() / 2;
    const base::Result<void> cut = co_await responder.send_cut_short(std::move(response), half);
    static_cast<void>(cut);
    co_return;
  }
  co_await deliver(responder, std::move(response));
}

net::Task<void> ApiHandler::handle_watch(const Call& call, net::Responder& responder) {
  const Effects effects = faults_.next(call);
  co_await wait_out(effects.stall, effects.latency);
  if (effects.compact) compact();
  if (effects.reset != ResetMoment::never) {
    responder.reset();
    co_return;
  }
  const Answer<WatchOptions> options = watch_options(call, effects);
  if (options.has_error()) {
    net::Response refused = refusal_answer(options.error(), call.encoding);
    co_await deliver(responder, std::move(refused));
    co_return;
  }
  net::ResponseHead head = answer(200, content_type(call.encoding, AnswerKind::stream), "");
  WatchContext context{core_, frames_, watches_, faults_, stopped_, random_};
  const WatchEnd end = effects.cut ? WatchEnd::cut : WatchEnd::regular;
  co_await watch(context, call, *options, responder, std::move(head), end);
}

Answer<WatchOptions> ApiHandler::watch_options(const Call& call, const Effects& effects) const {
  if (effects.status != 0) return injected_fault(effects.status, effects.retry_after);
  Answer<WatchOptions> options = read_watch_options(call);
  const std::uint64_t now = core_.store.revision();
  if (options.has_value() && !options->initial_events && options->revision > now) {
    return version_too_large(options->revision, now);
  }
  return options;
}

void ApiHandler::compact() {
  core_.store.compact();
  watches_.compacted();
}

net::Task<void> ApiHandler::wait_out(base::Nanoseconds stall, base::Nanoseconds latency) {
  if (latency.count() > 0) static_cast<void>(co_await stopped_.wait_until(Clock::now() + latency));
  if (stall.count() > 0) stalled_until_ = std::max(stalled_until_, Clock::now() + stall);
  while (stalled_until_ > Clock::now() && !stopped_.raised()) {
    static_cast<void>(co_await stopped_.wait_until(stalled_until_));
  }
}

void ApiHandler::stop() {
  stopped_.raise();
  watches_.wake_all();
}

net::Response ApiHandler::perform(const Call& call) {
  switch (call.verb) {
    case Verb::get:
      return read_one(call);
    case Verb::list:
      return read_list(call);
    case Verb::create:
      return written(call, create(core_, call), 201);
    case Verb::update:
      return written(call, update(core_, call), 200);
    case Verb::patch:
      return written(call, patch(core_, call), 200);
    case Verb::remove:
      return written(call, remove(core_, call), 200);
    case Verb::remove_collection:
      return removed_collection(call);
    case Verb::watch:
      break;
  }
  return refusal_answer(method_not_allowed());
}

net::Response ApiHandler::read_one(const Call& call) {
  const std::size_t index = core_.table.index_of(*call.resource);
  const ObjectPointer object = core_.store.find(index, {call.namespace_name, call.name});
  if (const auto readable = check_version(core_, call); !readable) {
    return refusal_answer(readable.error(), call.encoding);
  }
  if (!object) return refusal_answer(not_found(*call.resource, call.name), call.encoding);
  return compressed(call, call_answer(call, 200, object_body(core_, call, object)));
}

net::Response ApiHandler::read_list(const Call& call) {
  const Answer<List> found = list(core_, call);
  if (!found) return refusal_answer(found.error(), call.encoding);
  return compressed(call, call_answer(call, 200, list_body(core_, call, *found)));
}

net::Response ApiHandler::removed_collection(const Call& call) {
  const Answer<List> removed = remove_collection(core_, call);
  if (!removed) return refusal_answer(removed.error(), call.encoding);
  return call_answer(call, 200, list_body(core_, call, *removed));
}

net::Response ApiHandler::written(const Call& call, const Answer<Written>& outcome, int status) {
  if (!outcome) return refusal_answer(outcome.error(), call.encoding);
  if (outcome->created) status = 201;
  const ObjectPointer& object = outcome->object;
  net::Response response = call_answer(
      call, status, outcome->gone ? deleted_body(core_, call, *object) : object_body(core_, call, object));
  add_warnings(response, outcome->warnings);
  return response;
}

net::Response ApiHandler::call_answer(const Call& call, int status, std::string body) {
  return answer(status, content_type(call.encoding, AnswerKind::object), std::move(body));
}

net::Response ApiHandler::answer(int status, std::string_view type, std::string body) {
  net::Response response;
  response.status = status;
  response.headers.add("Audit-Id", make_uid(random_));
  response.headers.add("Cache-Control", "no-cache, private");
  response.headers.add("Content-Type", type);
  response.headers.add("X-Kubernetes-Pf-Flowschema-Uid", flow_schema_);
  response.headers.add("X-Kubernetes-Pf-Prioritylevel-Uid", priority_level_);
  response.body = std::move(body);
  return response;
}

net::Response ApiHandler::refusal_answer(const Refusal& refusal, Encoding encoding) {
  net::Response response = answer(refusal.code, content_type(encoding, AnswerKind::object),
                                  document_body(core_, encoding, refusal.status()));
  if (refusal.retry_after >= 0) {
    response.headers.add("Retry-After", std::to_string(refusal.retry_after));
  }
  return response;
}

net::Response transport_refusal(int status, std::string_view reason, std::size_t body_limit) {
  Refusal refusal =
      status == 413 ? too_large(fmt::format("limit is {}", body_limit)) : bad_request(std::string(reason));
  refusal.code = status;
  net::Response response;
  response.status = status;
  response.headers.add("Content-Type", "application/json");
  response.body = to_text(refusal.status());
  return response;
}

}  // namespace k8scale::apiserver
