#include "handler.h"

#include <fmt/format.h>
#include <openssl/crypto.h>

#include "documents.h"
#include "k8scale/net/wait.h"
#include "preparation.h"
#include "table.h"
#include "watch.h"

namespace k8scale::apiserver {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::string_view bearer = "Bearer ";

bool equal_secrets(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

bool may_be_read_by_anybody(std::string_view path) { return path == "/version" || is_health_path(path); }

RowObject row_object(const Call& call) {
  const std::string_view asked = call.option("includeObject");
  if (asked == "None") return RowObject::none;
  return asked == "Object" ? RowObject::whole : RowObject::metadata;
}

Json list_metadata(const List& list) {
  Json metadata = {{"resourceVersion", std::to_string(list.revision)}};
  if (!list.continue_token.empty()) metadata["continue"] = list.continue_token;
  if (list.remaining >= 0) metadata["remainingItemCount"] = list.remaining;
  return metadata;
}

std::string list_text(const ResourceInfo& resource, const List& list) {
  std::size_t size = 256;
  for (const ObjectPointer& object : list.items) size += object->encoded_without_kind().size() + 2;
  std::string text;
  text.reserve(size);
  text += fmt::format(R"({{"kind":"{}List","apiVersion":"{}","metadata":)", resource.kind,
                      resource.api_version());
  append_json(text, list_metadata(list));
  text += ",\"items\":[";
  for (const ObjectPointer& object : list.items) {
    if (object != list.items.front()) text += ',';
    text += '{';
    text += object->encoded_without_kind();
  }
  text += "]}";
  return text;
}

std::string metadata_list_text(const List& list) {
  Json items = Json::array();
  for (const ObjectPointer& object : list.items) {
    Json item = metadata_only(object->document());
    items.push_back(std::move(item));
  }
  return to_text({{"kind", "PartialObjectMetadataList"},
                  {"apiVersion", "meta.k8s.io/v1"},
                  {"metadata", list_metadata(list)},
                  {"items", std::move(items)}});
}

std::string deleted_text(const ResourceInfo& resource, const Object& object) {
  Json details = {{"name", object.key().name}, {"kind", resource.plural}, {"uid", object.uid()}};
  if (!resource.group.empty()) details["group"] = resource.group;
  return to_text({{"kind", "Status"},
                  {"apiVersion", "v1"},
                  {"metadata", Json::object()},
                  {"status", "Success"},
                  {"details", std::move(details)}});
}

Refusal injected(int status, int retry_after) {
  Refusal refusal = internal_error("injected fault");
  refusal.code = status;
  refusal.has_details = true;
  if (status == 429) refusal.reason = "TooManyRequests";
  if (status == 500) refusal.reason = "InternalError";
  if (status == 503) refusal.reason = "ServiceUnavailable";
  if (status == 504) refusal.reason = "Timeout";
  if (status == 409) refusal.reason = "Conflict";
  if (status == 403) refusal.reason = "Forbidden";
  if (status == 401) refusal.reason = "Unauthorized";
  refusal.retry_after = retry_after;
  return refusal;
}

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
      changed_(shard),
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
  return json_answer(200, to_text(*document));
}

net::Task<void> ApiHandler::handle_call(const Call& call, net::Responder& responder) {
  const InFlight counted(in_flight_);
  const bool too_many = options_.max_in_flight > 0 && in_flight_ > options_.max_in_flight;
  const Effects effects = too_many ? Effects() : faults_.next(call);
  co_await wait_out(effects.stall, effects.latency);
  if (effects.reset == ResetMoment::before_the_write) {
    responder.reset();
    co_return;
  }
  net::Response response;
  if (too_many) {
    response = refusal_answer(too_many_requests());
  } else if (effects.status != 0) {
    response = refusal_answer(injected(effects.status, effects.retry_after));
  } else {
    const std::uint64_t before = core_.store.revision();
    response = perform(call);
    if (!call.resource->deprecation.empty()) add_warnings(response, {call.resource->deprecation});
    if (core_.store.revision() != before) {
      changed_.raise();
      changed_.lower();
    }
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
  if (effects.reset != ResetMoment::never) {
    responder.reset();
    co_return;
  }
  const Answer<void> valid = check_watch(core_, call);
  std::optional<net::Response> refused;
  if (effects.status != 0) {
    refused = refusal_answer(injected(effects.status, effects.retry_after));
  } else if (valid.has_error()) {
    refused = refusal_answer(valid.error());
  }
  if (refused) {
    co_await deliver(responder, std::move(*refused));
    co_return;
  }
  net::Response head = json_answer(200, "");
  co_await watch(core_, call, responder, std::move(head), changed_);
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
  changed_.raise();
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
  if (const auto readable = check_version(core_, call); !readable) return refusal_answer(readable.error());
  if (!object) return refusal_answer(not_found(*call.resource, call.name));
  return object_answer(call, object, 200);
}

net::Response ApiHandler::read_list(const Call& call) {
  const Answer<List> found = list(core_, call);
  if (!found) return refusal_answer(found.error());
  return list_answer(call, *found);
}

net::Response ApiHandler::removed_collection(const Call& call) {
  const Answer<List> removed = remove_collection(core_, call);
  if (!removed) return refusal_answer(removed.error());
  return list_answer(call, *removed);
}

net::Response ApiHandler::written(const Call& call, const Answer<Written>& outcome, int status) {
  if (!outcome) return refusal_answer(outcome.error());
  if (outcome->created) status = 201;
  net::Response response = outcome->gone ? json_answer(status, deleted_text(*call.resource, *outcome->object))
                                         : object_answer(call, outcome->object, status);
  add_warnings(response, outcome->warnings);
  return response;
}

net::Response ApiHandler::object_answer(const Call& call, const ObjectPointer& object, int status) {
  switch (call.view) {
    case View::object:
      return json_answer(status, object->encoded());
    case View::metadata_only:
      return json_answer(status, to_text(metadata_only(object->document())));
    case View::table:
      break;
  }
  const Json metadata = {{"resourceVersion", std::to_string(object->revision())}};
  return json_answer(status,
                     table_text(*call.resource, {&object, 1}, metadata, row_object(call), core_.clock()));
}

net::Response ApiHandler::list_answer(const Call& call, const List& list) {
  switch (call.view) {
    case View::object:
      return json_answer(200, list_text(*call.resource, list));
    case View::metadata_only:
      return json_answer(200, metadata_list_text(list));
    case View::table:
      break;
  }
  return json_answer(
      200, table_text(*call.resource, list.items, list_metadata(list), row_object(call), core_.clock()));
}

net::Response ApiHandler::json_answer(int status, std::string body) {
  net::Response response;
  response.status = status;
  response.headers.add("Audit-Id", make_uid(random_));
  response.headers.add("Cache-Control", "no-cache, private");
  response.headers.add("Content-Type", "application/json");
  response.headers.add("X-Kubernetes-Pf-Flowschema-Uid", flow_schema_);
  response.headers.add("X-Kubernetes-Pf-Prioritylevel-Uid", priority_level_);
  response.body = std::move(body);
  return response;
}

net::Response ApiHandler::refusal_answer(const Refusal& refusal) {
  if (refusal.is_plain_text) return plain_answer(refusal.code, text_type, refusal.message);
  net::Response response = json_answer(refusal.code, to_text(refusal.status()));
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
