#include "handler.h"

#include <openssl/crypto.h>

#include "answers.h"
#include "documents.h"
#include "k8scale/base/text.h"
#include "preparation.h"
#include "reviews.h"
#include "watch.h"

namespace k8scale::apiserver {
namespace {

using Clock = std::chrono::steady_clock;

bool equal_secrets(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

// As kube-apiserver reads it: what follows the token is of no account. Empty: there is none.
std::string bearer_token(const net::ServerRequest& request) {
  const std::string_view field = base::trim(request.headers.find("Authorization").value_or(""));
  const std::vector<std::string> parts = base::split(field, ' ');
  return parts.size() > 1 && base::equals_ignoring_case(parts[0], "bearer") ? parts[1] : "";
}

bool may_be_read_by_anybody(std::string_view path) {
  return path == "/version" || path == "/healthz" || path == "/livez" || path == "/readyz";
}

constexpr std::string_view text_type = "text/plain; charset=utf-8";

net::Response plain_answer(int status, std::string_view type, std::string body) {
  net::Response response;
  response.status = status;
  response.headers.add("Content-Type", type);
  response.body = std::move(body);
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

ApiHandler::Asker ApiHandler::asker_of(const net::ServerRequest& request) const {
  if (request.client_certificate) return Asker::administrator;
  const std::string token = bearer_token(request);
  if (token.empty()) return Asker::anonymous;
  return equal_secrets(token, options_.token) ? Asker::administrator : Asker::refused;
}

net::Task<void> ApiHandler::handle(const net::ServerRequest& request, net::Responder& responder) {
  const std::string_view path = net::split_target(request.target).first;
  const Asker asker = asker_of(request);
  const bool may_ask =
      asker == Asker::administrator || (asker == Asker::anonymous && may_be_read_by_anybody(path));
  if (!may_ask) {
    net::Response refused = refusal_answer(unauthorized());
    co_await deliver(responder, std::move(refused));
    co_return;
  }
  const Answer<Call> call = read_call(core_.table, request);
  if (call.has_value() && call->verb == Verb::watch) {
    co_await handle_watch(*call, responder);
    co_return;
  }
  if (call.has_value()) {
    co_await handle_call(*call, responder);
    co_return;
  }
  std::optional<net::Response> answer = general_answer(request, path);
  if (!answer) answer = refusal_answer(call.error());
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
    response = answer_to(call);
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

}  // namespace k8scale::apiserver
